/* SPDX-License-Identifier: BSD-3-Clause */
/* State machines, ring positions, the limit on recoveries, counters. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "vv_index.h"
#include "vv_recovery.h"
#include "vv_state.h"
#include "vv_stats.h"

static void step_device_only_legal_ones(void **state)
{
	const enum vv_dev_state legal[][2] = {
	    {VV_DEV_IDLE,     VV_DEV_STARTING},
            {VV_DEV_STARTING, VV_DEV_RUNNING },
	    {VV_DEV_STARTING, VV_DEV_STOPPING},
            {VV_DEV_RUNNING,  VV_DEV_STOPPING},
	    {VV_DEV_STOPPING, VV_DEV_IDLE    },
	};
	unsigned int from, to, i, n = 0;

	for (from = 0; from < VV_DEV_STATE_N; from++)
		for (to = 0; to < VV_DEV_STATE_N; to++)
			n += vv_dev_state_legal(from, to);
	assert_int_equal(n, sizeof(legal) / sizeof(legal[0]));
	for (i = 0; i < n; i++)
		assert_true(vv_dev_state_legal(legal[i][0], legal[i][1]));
	assert_false(vv_dev_state_legal(VV_DEV_STATE_N, 0));
	assert_false(vv_dev_state_legal(0, VV_DEV_STATE_N));
}

static void step_queue_only_legal_ones(void **state)
{
	const enum vv_queue_state legal[][2] = {
	    {VV_QUEUE_ABSENT,    VV_QUEUE_RUNNING  },
            {VV_QUEUE_ABSENT,    VV_QUEUE_FAILED   },
	    {VV_QUEUE_RUNNING,   VV_QUEUE_SUSPENDED},
            {VV_QUEUE_RUNNING,   VV_QUEUE_ABSENT   },
	    {VV_QUEUE_SUSPENDED, VV_QUEUE_RUNNING  },
            {VV_QUEUE_SUSPENDED, VV_QUEUE_ABSENT   },
	    {VV_QUEUE_FAILED,    VV_QUEUE_ABSENT   },
	};
	unsigned int from, to, i, n = 0;

	for (from = 0; from < VV_QUEUE_STATE_N; from++)
		for (to = 0; to < VV_QUEUE_STATE_N; to++)
			n += vv_queue_state_legal(from, to);
	assert_int_equal(n, sizeof(legal) / sizeof(legal[0]));
	for (i = 0; i < n; i++)
		assert_true(vv_queue_state_legal(legal[i][0], legal[i][1]));
}

static void name_each_state_has_its_own(void **state)
{
	unsigned int i, j;

	for (i = 0; i < VV_QUEUE_STATE_N; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(vv_queue_state_name(i), vv_queue_state_name(j));
	for (i = 0; i < VV_DEV_STATE_N; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(vv_dev_state_name(i), vv_dev_state_name(j));
	assert_string_equal(vv_dev_state_name(VV_DEV_STATE_N), "?");
	assert_string_equal(vv_queue_state_name(VV_QUEUE_STATE_N), "?");
}

static void index_round_trip_keeps_position(void **state)
{
	unsigned int i;

	for (i = 0; i <= UINT16_MAX; i++) {
		assert_int_equal(vv_index_from_hw(false, vv_index_to_hw(false, i)), i);
		assert_int_equal(vv_index_from_hw(true, vv_index_to_hw(true, i)), i);
	}
	/* The choice: wrap counter in bit 15, as vhost-user has it. */
	assert_int_equal(vv_index_to_hw(true, 0x8005), 0x8005);
}

/* virtio 1.2 2.8.1: both wrap counters start at 1. */
static void spec_2_8_1_initial_position(void **state)
{
	assert_int_equal(vv_index_initial(true), 0x8000);
	assert_int_equal(vv_index_initial(false), 0);
}

static void index_outside_packed_ring_is_invalid(void **state)
{
	assert_true(vv_index_valid(true, 256, 0x80ff));
	assert_false(vv_index_valid(true, 256, 0x8100));
	assert_true(vv_index_valid(true, 32768, 0xffff));
	assert_true(vv_index_valid(false, 256, 0xffff)); /* split indices run free */
}

static void recover_more_than_three_in_three_seconds_is_refused(void **state)
{
	struct vv_recovery r = {0};

	assert_true(vv_recovery_allow(&r, 1000));
	assert_true(vv_recovery_allow(&r, 1000));
	assert_true(vv_recovery_allow(&r, 1500));
	assert_false(vv_recovery_allow(&r, 3999));
	assert_true(vv_recovery_allow(&r, 4000));  /* the first is 3 s old */
	assert_true(vv_recovery_allow(&r, 4001));  /* the second, too */
	assert_false(vv_recovery_allow(&r, 4002)); /* the third is of 1500 */
	assert_true(vv_recovery_allow(&r, 4500));
	assert_true(vv_recovery_allow(&r, 1000000));
}

static void recover_now_and_then_is_allowed_for_ever(void **state)
{
	struct vv_recovery r = {0};
	uint64_t now;

	for (now = 0; now < 1000000; now += VV_RECOVERY_WINDOW_MS / VV_RECOVERIES)
		assert_true(vv_recovery_allow(&r, now));
}

static void stats_each_value_has_a_name_and_place(void **state)
{
	const struct vv_virtq_counters nic = {1, 2, 3, 4, 5, 6};
	const struct vv_counters own = {7, 8, 9, 10};
	uint64_t values[VV_STATS_N];
	unsigned int i;

	vv_stats_fill(&nic, &own, values);
	for (i = 0; i < VV_STATS_N; i++) {
		/* A data queue has no commands. */
		assert_int_equal(values[i], i < VV_STAT_COMMANDS ? i + 1 : 0);
		assert_true(strlen(vv_stat_name(i)) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(step_device_only_legal_ones),
	    cmocka_unit_test(step_queue_only_legal_ones),
	    cmocka_unit_test(name_each_state_has_its_own),
	    cmocka_unit_test(index_round_trip_keeps_position),
	    cmocka_unit_test(spec_2_8_1_initial_position),
	    cmocka_unit_test(index_outside_packed_ring_is_invalid),
	    cmocka_unit_test(recover_more_than_three_in_three_seconds_is_refused),
	    cmocka_unit_test(recover_now_and_then_is_allowed_for_ever),
	    cmocka_unit_test(stats_each_value_has_a_name_and_place),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
