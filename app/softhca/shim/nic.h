/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The NIC of this process: made when its first device file is opened, shared by all of them,
 * configured by the SOFTHCA_* variables that the launcher has set.
 *
 * Threads: any. A process made by fork() starts without a NIC and gets its own with its first
 * open(). Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_NIC_H
#define SOFTHCA_SHIM_NIC_H

#include "../fw/hca.h"

struct nic_env {
	const char *tree; /* NULL: not under softhca, the library does nothing */
	struct hca_config cfg;
};

/* Read once; the pointers live as long as the process. */
const struct nic_env *nic_env(void);

/* Borrowed. Says on stderr why there is none, once. */
int nic_get(struct hca **hca);
/* Stop the NIC at the end of the process; no contexts are left. */
void nic_destroy(void);

void nic_fork_child(void);

/* Names of the variables, shared with the launcher. */
#define NIC_ENV_TREE       "SOFTHCA_TREE"
#define NIC_ENV_FUNCTIONS  "SOFTHCA_FUNCTIONS"
#define NIC_ENV_THREADS    "SOFTHCA_THREADS"
#define NIC_ENV_TRACE      "SOFTHCA_TRACE"
#define NIC_ENV_STAT       "SOFTHCA_STAT"
#define NIC_ENV_FAIL       "SOFTHCA_FAIL"
#define NIC_ENV_WIRE       "SOFTHCA_WIRE"
#define NIC_ENV_DELAY_DROP "SOFTHCA_DELAY_DROP_MS"

#endif
