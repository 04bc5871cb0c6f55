/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Removing the tree is the work of a process of its own, the janitor: it is in another session and
 * waits for the end of a pipe, so the tree goes also when somebody kills the launcher and its
 * process group.
 */
#ifndef SOFTHCA_LAUNCH_JANITOR_H
#define SOFTHCA_LAUNCH_JANITOR_H

#include <sys/types.h>

struct janitor {
	pid_t pid;
	int pipe; /* closed: clean up */
};

/* tree: an existing directory. On failure there is no janitor, and the tree has been removed. */
int janitor_start(struct janitor *janitor, const char *tree);
/* When this returns the tree is gone. */
void janitor_finish(struct janitor *janitor, const char *tree);

#endif
