/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands of the control queue (virtio 1.3 section 5.1.6.5) from the words a script says them
 * with; --help lists them. Nothing is checked that a device has to check: "vlan add 5000" is a
 * command. Pure functions.
 */
#ifndef FRONTEND_CONTROL_COMMAND_H
#define FRONTEND_CONTROL_COMMAND_H

#include "control_queue.h"
#include "control_words.h"

/* How a device sends flows to its queues, as the last RSS command said. */
struct fe_rss {
	uint32_t types;
	uint16_t unclassified;
	unsigned int entries;
	uint16_t table[256];
	unsigned int key_len;
	uint8_t key[64];
};

/*
 * Takes the words of the command, leaves those behind it. -ENOENT: the first word is no command;
 * -EINVAL: what follows is not for this one, *why says it. *rss is filled by an RSS command only.
 */
int fe_command_parse(struct fe_words *w, struct fe_command *command, struct fe_rss *rss,
		     const char **why);

/* What the device answered, in words: "ok", "ok 0008000040000000", "err", "empty". */
void fe_answer_text(const struct fe_answer *answer, char *text, size_t room);

#endif
