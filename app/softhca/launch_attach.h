/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running NICs as seen from other processes: found by their files of figures (fw/hca_stat.h), which
 * `softhca run` keeps in its temporary trees, and asked through them.
 *
 * Nothing in such a file is believed beyond its size and magic number: texts are ended and cleaned
 * when they are copied, numbers are clamped by who uses them as an index.
 *
 * Errors: 0 or -errno, said on stderr in one line.
 */
#ifndef SOFTHCA_LAUNCH_ATTACH_H
#define SOFTHCA_LAUNCH_ATTACH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fw/hca_stat.h"

struct attach {
	int fd;			/* owned */
	struct hca_stat *stat;	/* owned mapping; writable if can_ask */
	bool can_ask;		/* we may write, and the process is alive */
	char path[PATH_MAX];
};

/* A file of figures in a tree, of a process that is alive. */
struct attach_found {
	pid_t pid;
	char path[PATH_MAX];
};

/* The NICs that this user may look at; root: all. *list: freed by the caller. */
int attach_list(struct attach_found **list, unsigned int *n);

/*
 * who: a file, the process with the NIC, its launcher or another process above it; NULL: the only
 * NIC there is.
 */
int attach(const char *who, struct attach *a);
void attach_end(struct attach *a);

/* Is the process that wrote it still there? */
bool attach_alive(const struct hca_stat *stat);

/*
 * Ask, and wait a few seconds for the answer, which is in ask then. -errno is that of the answer or
 * of asking; nothing is said on stderr, ask->text tells it.
 */
int attach_ask(struct attach *a, struct hca_stat_ask *ask);

/* The command of the process: its program without the directories, and its arguments. */
void attach_command(char *to, size_t len, const struct hca_stat *stat);
/* A text of the file, without what a terminal should not see. */
void attach_text(char *to, size_t len, const char *from, size_t from_len);

#endif
