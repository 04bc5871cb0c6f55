/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sysfs tree of the NIC: what libibverbs, DPDK's PCI and auxiliary buses and rdma tools read to
 * find it.
 *
 * Made by the launcher in a temporary directory, read by the program: SYSFS_PATH and
 * SYSFS_PCI_DEVICES point libibverbs and DPDK at it; paths that programs have hard-coded are
 * redirected into it by the preload library (sysfs_redirect).
 *
 * Threads: no state, every call may come from any thread. Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_SYSFS_H
#define SOFTHCA_SHIM_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

#include "nic_config.h"

/* libibverbs keeps paths of at most 256 bytes; what hangs below the tree's root fits in this. */
#define SYSFS_TREE_PATH_MAX 160

/*
 * Make the tree of this NIC (its shape, profile and NUMA node count) below the existing directory
 * `tree`. On failure `what` (of what_len bytes) names the file in question.
 */
int sysfs_tree_make(const char *tree, const struct nic_config *cfg, char *what, size_t what_len);

/* Remove the directory and all below it; whatever cannot be removed stays. */
void sysfs_tree_remove(const char *tree);

/*
 * Where a path that a program opens really is: true and the path below `tree` in out (of
 * out_len bytes) if it is one of ours, false if the path is to be used as it is.
 * Does not allocate; async-signal-safe.
 */
bool sysfs_redirect(const char *tree, const struct shape *shape, const char *path, char *out,
		    size_t out_len);

/* The function of "/dev/infiniband/uverbsN" or "/dev/char/MAJOR:MINOR", or -1. */
int sysfs_uverbs_function(const char *path, unsigned int functions);

#endif
