/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slow firmware (fw/latency.h) works on several commands of one file at once: a command's latency
 * passes before the file's lock is taken.
 *
 * Threads: any, no lock held.
 */
#ifndef SOFTHCA_SHIM_UVERBS_ARRIVE_H
#define SOFTHCA_SHIM_UVERBS_ARRIVE_H

#include "../fw/hca.h"

/*
 * Look which command an ioctl is, believing nothing, and let its time pass; hca_departs() follows.
 */
void uverbs_arrives(struct hca *hca, unsigned long cmd, void *arg);

#endif
