/* SPDX-License-Identifier: BSD-3-Clause */
/* What the statements of a script share: inside control_script.c and the files of its steps. */
#ifndef FRONTEND_SCRIPT_STEP_H
#define FRONTEND_SCRIPT_STEP_H

#include "control_command.h"
#include "control_script.h"
#include "scout.h"

enum { FE_SCRIPT_CHECKS = 16 };

struct fe_script {
	const struct fe_script_config *cfg;
	struct fe_ctrl_queue *control; /* of cfg->dev */
	struct fe_scout scout;
	struct fe_rss rss;      /* last accepted; entries 0: none since a reset or `pairs` */
	struct fe_rss next_rss; /* of the command under way */
	struct fe_command command;
	struct fe_answer answer;
	struct fe_command nothing; /* any command, for the peer */
	uint8_t config[256];       /* of the last `config` or `wait-config` */
	unsigned int changes_seen;
	char *check[FE_SCRIPT_CHECKS]; /* owned */
	unsigned int checks;
	char injector[512]; /* a command line with one %u */
	char socket[108];   /* where `move` went to */
	const char *rest;   /* of the statement, behind its first word, as it was written */
	char text[1024];    /* what came of the statement */
	size_t text_len;
};

/* Adds to the text. */
void fe_script_say(struct fe_script *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A step: 0 as expected, 1 not so, -EINVAL not understood (usage in the text), other negative ones
 * end the script. expect: the words behind "expect", n = 0 without.
 */
typedef int fe_step(struct fe_script *s, struct fe_words *w, const struct fe_words *expect);

fe_step fe_step_wire, fe_step_flows, fe_step_marker, fe_step_calls;     /* script_wire.c */
fe_step fe_step_config, fe_step_wait_config, fe_step_features;          /* script_config.c */
fe_step fe_step_framing, fe_step_flood, fe_step_hostile, fe_step_reset; /* script_queue.c */
fe_step fe_step_pause, fe_step_reconnect, fe_step_move, fe_step_write_config, fe_step_check, fe_step_injector, fe_step_inject, fe_step_run;

/* A whole statement, as if it stood in the script. */
int fe_script_statement(struct fe_script *s, const char *line);
/* The command in s->command, and whether its answer is as expected; ok without expectation. */
int fe_script_command(struct fe_script *s, const struct fe_words *expect);
/*
 * Whoever polls the control queue has looked at it after this began: 0. Known by the peer's queue,
 * which the same thread polls; without one, guessed by waiting.
 */
int fe_script_polled(struct fe_script *s);
/* Does a word of them say it? */
bool fe_script_expects(const struct fe_words *expect, const char *word);
/* The device begins anew: what was agreed on by commands is forgotten. */
void fe_script_forget(struct fe_script *s);

#endif
