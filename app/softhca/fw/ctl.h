/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The NIC's side of its file of figures (hca_stat.h), and the thread that answers who asks there.
 *
 * The control thread sleeps until the bell in the file rings: an asker's, or one of the NIC's own
 * threads that has something for the trace. It takes the firmware lock and dp_lock as a command
 * does. It ends with the NIC; a child of fork() has neither.
 *
 * Threads: ctl_wake() any, the others by who creates or destroys the NIC.
 */
#ifndef SOFTHCA_FW_CTL_H
#define SOFTHCA_FW_CTL_H

struct hca;
struct hca_config;

/*
 * Make hca->stat: in cfg->stat_path, or in the tree at cfg->stat_dir, or without a file. A file
 * that was asked for must work; the tree's need not (a program may have dropped its rights).
 */
int ctl_open(struct hca *hca, const struct hca_config *cfg);
/* Start the thread. The datapath is there. */
int ctl_start(struct hca *hca);
/* Bring the figures up to date a last time, end the thread. Legal without a start. */
void ctl_stop(struct hca *hca);
void ctl_close(struct hca *hca);

/* There is something to do for the thread. Does not block, takes no lock. */
void ctl_wake(struct hca *hca);

#endif
