/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The NIC of this process: made when its first device file is opened, shared by all of them, as the
 * launcher's file in the tree has it (nic_config.h).
 *
 * Threads: any. A process made by fork() starts without a NIC and gets its own with its first
 * open(). Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_NIC_H
#define SOFTHCA_SHIM_NIC_H

#include "../fw/hca.h"
#include "nic_config.h"

struct nic_env {
	const char *tree; /* NULL: not under softhca, the library does nothing */
	struct nic_config cfg;
};

/* Read once; lives as long as the process. */
const struct nic_env *nic_env(void);

/* Borrowed. Says on stderr why there is none, once. */
int nic_get(struct hca **hca);
/* Stop the NIC at the end of the process; no contexts are left. */
void nic_destroy(void);

void nic_fork_child(void);

/* The variable that leads to the tree, shared with the launcher; all else is in the tree. */
#define NIC_ENV_TREE "SOFTHCA_TREE"

#endif
