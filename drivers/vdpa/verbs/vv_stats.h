/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters of a queue: those the NIC keeps, and our own. Both count from probe, or from the last
 * reset; a queue that is made again goes on counting. Pure functions and relaxed counters.
 */
#ifndef VV_STATS_H
#define VV_STATS_H

#include <stdint.h>

#include "hca/vv_hca.h"

enum vv_stat {
	VV_STAT_RECEIVED_DESC,
	VV_STAT_COMPLETED_DESC,
	VV_STAT_ERROR_CQES,
	VV_STAT_BAD_DESC,
	VV_STAT_EXCEED_MAX_CHAIN,
	VV_STAT_INVALID_BUFFER,
	VV_STAT_KICKS,
	VV_STAT_CALLS,
	VV_STAT_QUEUE_ERRORS,
	VV_STAT_RECOVERIES,
	/* of a control queue only */
	VV_STAT_COMMANDS,
	VV_STAT_COMMANDS_REFUSED,
	VV_STAT_BAD_CHAINS, /* descriptors, rings or memory that were wrong */
	VV_STATS_N,
};

const char *vv_stat_name(enum vv_stat stat);

/* Our own counters of one queue; each has one writer at a time. */
struct vv_counters {
	uint64_t kicks, calls, queue_errors, recoveries;
};

static inline void vv_count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

void vv_counters_copy(const struct vv_counters *from, struct vv_counters *to);
void vv_stats_fill(const struct vv_virtq_counters *nic, const struct vv_counters *own,
		   uint64_t values[VV_STATS_N]);

#endif
