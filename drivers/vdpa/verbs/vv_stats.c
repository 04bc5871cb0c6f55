/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "vv_stats.h"

static const char *const names[] = {
    [VV_STAT_RECEIVED_DESC] = "received_descriptors",
    [VV_STAT_COMPLETED_DESC] = "completed_descriptors",
    [VV_STAT_ERROR_CQES] = "completion_errors",
    [VV_STAT_BAD_DESC] = "bad_descriptor_errors",
    [VV_STAT_EXCEED_MAX_CHAIN] = "exceed_max_chain",
    [VV_STAT_INVALID_BUFFER] = "invalid_buffer",
    [VV_STAT_KICKS] = "relayed_kicks",
    [VV_STAT_CALLS] = "calls",
    [VV_STAT_QUEUE_ERRORS] = "queue_errors",
    [VV_STAT_RECOVERIES] = "recoveries",
    [VV_STAT_COMMANDS] = "control_commands",
    [VV_STAT_COMMANDS_REFUSED] = "control_commands_refused",
    [VV_STAT_BAD_CHAINS] = "control_bad_chains",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == VV_STATS_N, "a name each");

const char *vv_stat_name(enum vv_stat stat)
{
	return names[stat];
}

void vv_counters_copy(const struct vv_counters *from, struct vv_counters *to)
{
	to->kicks = __atomic_load_n(&from->kicks, __ATOMIC_RELAXED);
	to->calls = __atomic_load_n(&from->calls, __ATOMIC_RELAXED);
	to->queue_errors = __atomic_load_n(&from->queue_errors, __ATOMIC_RELAXED);
	to->recoveries = __atomic_load_n(&from->recoveries, __ATOMIC_RELAXED);
}

void vv_stats_fill(const struct vv_virtq_counters *nic, const struct vv_counters *own,
		   uint64_t values[VV_STATS_N])
{
	memset(values, 0, VV_STATS_N * sizeof(values[0]));
	values[VV_STAT_RECEIVED_DESC] = nic->received_desc;
	values[VV_STAT_COMPLETED_DESC] = nic->completed_desc;
	values[VV_STAT_ERROR_CQES] = nic->error_cqes;
	values[VV_STAT_BAD_DESC] = nic->bad_desc;
	values[VV_STAT_EXCEED_MAX_CHAIN] = nic->exceed_max_chain;
	values[VV_STAT_INVALID_BUFFER] = nic->invalid_buffer;
	values[VV_STAT_KICKS] = __atomic_load_n(&own->kicks, __ATOMIC_RELAXED);
	values[VV_STAT_CALLS] = __atomic_load_n(&own->calls, __ATOMIC_RELAXED);
	values[VV_STAT_QUEUE_ERRORS] = __atomic_load_n(&own->queue_errors, __ATOMIC_RELAXED);
	values[VV_STAT_RECOVERIES] = __atomic_load_n(&own->recoveries, __ATOMIC_RELAXED);
}
