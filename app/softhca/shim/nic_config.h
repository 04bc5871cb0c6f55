/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the launcher tells the library about the NIC: one file, TREE/nic.cfg, beside the sysfs tree.
 * The launcher has checked all of it; the library checks only that it is a whole file of this
 * version and that nothing in it leads out of bounds.
 *
 * Plain data without pointers, so that writing and reading are one call each. The two ends are
 * built together: the version changes with the layout.
 *
 * Threads: no state. Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_NIC_CONFIG_H
#define SOFTHCA_SHIM_NIC_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "../fw/hca.h"
#include "../fw/hca_profile.h"
#include "../vq/dp.h"
#include "shape.h"

enum { NIC_CONFIG_MAGIC = 0x6366686e /* "nhfc" */, NIC_CONFIG_VERSION = 1, NIC_CPUS_MAX = 1024 };

struct nic_config {
	uint32_t magic, version, size; /* set by nic_config_write */
	struct shape shape;            /* together the functions */
	uint32_t threads, delay_drop_ms;
	int32_t numa_node; /* -1: none */
	bool wire_loopback, leaks;
	bool pinned;                          /* cpus counts */
	uint64_t cpus[NIC_CPUS_MAX / 64];     /* where NIC threads may run */
	uint64_t seed;                        /* 0: from the clock */
	char trace[PATH_MAX], stat[PATH_MAX]; /* empty: none */
	char fail[1024], latency[1024];       /* empty: none */
	struct hca_profile profile;
	struct hca_func_config func[HCA_FUNCS_MAX];
	uint32_t n_links;
	struct dp_link_config links[DP_LINKS_MAX];
};

/* -EOVERFLOW: does not fit the room for a file name. */
int nic_config_write(struct nic_config *cfg, const char *tree);
/* -EINVAL: not a whole file of this version. */
int nic_config_read(struct nic_config *cfg, const char *tree);
/* The same as the firmware takes it; points into cfg. */
void nic_config_hca(const struct nic_config *cfg, struct hca_config *hca);

#endif
