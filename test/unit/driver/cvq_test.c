/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue, one thread at a time, in both layouts: commands, and what is no command. */
#include <errno.h>

#include "cvq_rig.h"
#include "vv_log.h"

/* vv_driver.c's, which is not linked here. */
int vv_logtype = RTE_LOGTYPE_USER1;

/* ---- what every command goes through ---- */

static void idle_queue_does_nothing(void **state)
{
	struct cvq_rig rig;
	bool again = true;

	cvq_rig_open_for(&rig, state);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), 0);
	assert_false(again);
	assert_int_equal(rig.entered, 0);
	assert_int_equal(cvq_rig_errors(&rig), 0);
	cvq_rig_close(&rig);
}

/* Nothing may have come back that is not applied yet. */
static void nothing_is_used(struct cvq_rig *rig)
{
	uintptr_t token;
	uint32_t len;
	unsigned int n = 0;

	while (swmock_used(rig->mock, &token, &len) == 1)
		n++;
	assert_int_equal(n, rig->applied ? 1 : 0);
}

static void command_is_applied_before_used(void **state)
{
	struct cvq_rig rig;
	uint8_t ack;
	unsigned int i;

	cvq_rig_open_for(&rig, state);
	rig.applying = nothing_is_used;
	for (i = 0; i < 3; i++)
		cvq_rig_send_vlan(&rig, true, 10 + i);
	assert_int_equal(cvq_rig_poll(&rig), 3);
	assert_int_equal(rig.applied, 3);
	assert_int_equal(rig.calls, 3);
	assert_true(cvq_rig_reap_one(&rig, &ack));
	assert_int_equal(ack, VIRTIO_NET_OK);
	assert_false(cvq_rig_reap_one(&rig, &ack));
	cvq_rig_close(&rig);
}

static void command_without_a_change_is_not_applied(void **state)
{
	struct cvq_rig rig;
	uintptr_t token;

	cvq_rig_open_for(&rig, state);
	cvq_rig_assert_alive(&rig);
	token = cvq_rig_send_vlan(&rig, true, 99);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_OK);
	assert_int_equal(rig.applied, 1);
	cvq_rig_close(&rig);
}

static void command_the_device_refuses_is_answered_err(void **state)
{
	struct cvq_rig rig;
	uintptr_t token;

	cvq_rig_open_for(&rig, state);
	rig.apply_err = -EIO;
	token = cvq_rig_send_vlan(&rig, true, 5);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_ERR);
	assert_false(cvq_rig_has_vlan(&rig, 5));
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_REFUSED], 1);
	rig.apply_err = 0;
	cvq_rig_assert_alive(&rig);
	cvq_rig_close(&rig);
}

static void command_while_the_device_is_busy_waits(void **state)
{
	struct cvq_rig rig;
	uintptr_t token;
	bool again = false;

	cvq_rig_open_for(&rig, state);
	token = cvq_rig_send_vlan(&rig, true, 5);
	pthread_mutex_lock(&rig.lock);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), 0);
	assert_true(again);
	assert_int_equal(cvq_rig_stats(&rig).polls_busy, 1);
	pthread_mutex_unlock(&rig.lock);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), 1);
	assert_false(again);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_OK);
	cvq_rig_close(&rig);
}

static void device_is_let_go_between_commands(void **state)
{
	struct cvq_rig rig;
	unsigned int i;

	cvq_rig_open_for(&rig, state);
	for (i = 0; i < 3; i++)
		cvq_rig_send_vlan(&rig, true, i);
	assert_int_equal(cvq_rig_poll(&rig), 3);
	assert_in_range(rig.entered, 3, 4); /* the last one finds nothing */
	cvq_rig_close(&rig);
}

static void commands_are_counted_by_verdict(void **state)
{
	static const uint8_t commands[][4] = {
	    {VIRTIO_NET_CTRL_VLAN,     VIRTIO_NET_CTRL_VLAN_ADD, 1,    0   },
	    {77,		       0,			0,    0   },
	    {VIRTIO_NET_CTRL_VLAN,     VIRTIO_NET_CTRL_VLAN_ADD, 0xff, 0xff},
	    {VIRTIO_NET_CTRL_ANNOUNCE, 0,                        0,    0   },
	};
	struct vv_cvq_stats stats;
	struct cvq_rig rig;
	unsigned int i;
	uint8_t ack;

	cvq_rig_open_for(&rig, state);
	for (i = 0; i < 4; i++)
		cvq_rig_send(&rig, commands[i], 4, 1, NULL);
	assert_int_equal(cvq_rig_poll(&rig), 4);
	for (i = 0; i < 4; i++) {
		assert_true(cvq_rig_reap_one(&rig, &ack));
		assert_int_equal(ack, i ? VIRTIO_NET_ERR : VIRTIO_NET_OK);
	}
	stats = cvq_rig_stats(&rig);
	assert_int_equal(stats.commands, 4);
	assert_int_equal(stats.verdict[VV_CTRL_OK], 1);
	assert_int_equal(stats.verdict[VV_CTRL_UNKNOWN], 1);
	assert_int_equal(stats.verdict[VV_CTRL_BAD_VALUE], 1);
	assert_int_equal(cvq_rig_errors(&rig), 3);
	cvq_rig_close(&rig);
}

/* virtio 1.3 5.1.6.5.8: a command with a result, which says how many commands there were. */
static void result_is_written_behind_the_ack(void **state)
{
	static const uint8_t query[] = {VV_CTRL_STATS, VV_CTRL_STATS_QUERY};
	struct cvq_rig_framing framing = {.write_ends = 0x8421};
	uintptr_t token;
	uint32_t len;
	struct cvq_rig rig;

	cvq_rig_open_for(&rig, state);
	token = cvq_rig_send(&rig, query, sizeof(query), 64, &framing);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(swmock_used(rig.mock, &token, &len), 1);
	assert_true(len > 1 && len <= 64);
	assert_int_equal(*(uint8_t *)swmock_at(rig.mock, rig.ack[token], 1), VIRTIO_NET_OK);
	/* No room for it: that is said, and no more. */
	token = cvq_rig_send(&rig, query, sizeof(query), len - 1, NULL);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_ERR);
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_NO_ROOM], 1);
	cvq_rig_close(&rig);
}

static void framed_command_works(struct cvq_rig *rig, const struct cvq_rig_framing *framing,
				 uint16_t vid)
{
	uint8_t command[] = {VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, vid & 0xff, vid >> 8};
	uintptr_t token = cvq_rig_send(rig, command, sizeof(command), 3, framing);

	assert_int_equal(cvq_rig_poll(rig), 1);
	assert_int_equal(cvq_rig_reap(rig, token, 1), VIRTIO_NET_OK);
	assert_true(cvq_rig_has_vlan(rig, vid));
}

/* virtio 1.2 2.7.4: the device must not assume anything about the framing. */
static void any_framing_is_the_same_command(void **state)
{
	struct cvq_rig_framing f;
	struct cvq_rig rig;
	unsigned int vid = 1, n;

	cvq_rig_open_for(&rig, state);
	for (f.read_ends = 0; f.read_ends < 8; f.read_ends++) {
		for (f.write_ends = 0; f.write_ends < 4; f.write_ends++) {
			n = 2 + __builtin_popcount(f.read_ends) + __builtin_popcount(f.write_ends);
			for (f.n_table = 0; f.n_table <= n; f.n_table += rig.ring.packed ? n : 1)
				framed_command_works(&rig, &f, vid++);
		}
	}
	assert_int_equal(cvq_rig_errors(&rig), 0);
	cvq_rig_close(&rig);
}

/* ---- bounds ---- */

static void poll_takes_a_burst_at_most(void **state)
{
	struct cvq_rig rig;
	unsigned int i;
	uint8_t ack;
	bool again;

	cvq_rig_open_for(&rig, state);
	for (i = 0; i < 2 * VV_CVQ_BURST + 3; i++)
		cvq_rig_send_vlan(&rig, true, i);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), VV_CVQ_BURST);
	assert_true(again);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), VV_CVQ_BURST);
	assert_true(again);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), 3);
	assert_false(again);
	for (i = 0; i < 2 * VV_CVQ_BURST + 3; i++)
		assert_true(cvq_rig_reap_one(&rig, &ack));
	cvq_rig_close(&rig);
}

static void poll_ends_when_the_device_takes_long(void **state)
{
	struct cvq_rig rig;
	uint8_t ack;
	bool again;

	cvq_rig_open_for(&rig, state);
	rig.apply_us = 2 * VV_CVQ_BURST_US;
	cvq_rig_send_vlan(&rig, true, 1);
	cvq_rig_send_vlan(&rig, true, 2);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), 1);
	assert_true(again);
	assert_int_equal(vv_cvq_poll(rig.cvq, &again), 1);
	assert_true(cvq_rig_reap_one(&rig, &ack) && cvq_rig_reap_one(&rig, &ack));
	cvq_rig_close(&rig);
}

/* As long as it says, which is more than is taken. */
static void overlong_command_is_answered_err(void **state)
{
	static uint8_t command[VV_CTRL_COMMAND_MAX + 2] = {VV_CTRL_STATS, VV_CTRL_STATS_GET};
	struct cvq_rig rig;
	uintptr_t token;

	cvq_rig_open_for(&rig, state);
	token = cvq_rig_send(&rig, command, sizeof(command), 1, NULL);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_ERR);
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_OVERLONG], 1);
	assert_int_equal(rig.applied, 0);
	cvq_rig_assert_alive(&rig);
	cvq_rig_close(&rig);
}

static void no_room_for_the_ack_needs_a_reset(void **state)
{
	static const uint8_t command[] = {VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, 7, 0};
	struct cvq_rig rig;
	uintptr_t token;

	cvq_rig_open_for(&rig, state);
	token = cvq_rig_send(&rig, command, sizeof(command), 0, NULL);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	cvq_rig_reap(&rig, token, 0);
	assert_false(cvq_rig_has_vlan(&rig, 7)); /* not done what cannot be answered */
	assert_int_equal(cvq_rig_stats(&rig).short_chains, 1);
	assert_int_equal(cvq_rig_stats(&rig).commands, 0);
	cvq_rig_assert_dead(&rig);
	cvq_rig_close(&rig);
}

static void less_than_a_header_needs_a_reset(void **state)
{
	static const uint8_t command[] = {VIRTIO_NET_CTRL_VLAN};
	uint32_t len;

	for (len = 0; len < 2; len++) {
		struct cvq_rig rig;
		uintptr_t token;

		cvq_rig_open_for(&rig, state);
		token = cvq_rig_send(&rig, command, len, 1, NULL);
		cvq_rig_send_vlan(&rig, true, 8); /* in the same burst: not taken */
		assert_int_equal(cvq_rig_poll(&rig), 1);
		cvq_rig_reap(&rig, token, 0);
		assert_int_equal(cvq_rig_stats(&rig).short_chains, 1);
		assert_false(cvq_rig_has_vlan(&rig, 8));
		cvq_rig_assert_dead(&rig);
		cvq_rig_close(&rig);
	}
}

static void chain_that_leads_nowhere_is_completed_and_needs_a_reset(void **state)
{
	struct swmock_buf buf = {.gpa = 0x10, .len = 8};
	struct cvq_rig rig;
	uintptr_t token;
	uint32_t len;

	cvq_rig_open_for(&rig, state);
	assert_int_equal(swmock_add(rig.mock, &buf, 1, 0, 3), 0);
	swmock_publish(rig.mock);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(swmock_used(rig.mock, &token, &len), 1);
	assert_int_equal(len, 0);
	assert_int_equal(cvq_rig_stats(&rig).ring_errors[VV_SWRING_BAD_ADDRESS], 1);
	cvq_rig_assert_dead(&rig);
	cvq_rig_close(&rig);
}

static void broken_ring_needs_a_reset(void **state)
{
	struct cvq_rig rig;

	cvq_rig_open_for(&rig, state);
	rig.mock->avail->idx = 1000;
	assert_int_equal(cvq_rig_poll(&rig), 0);
	assert_int_equal(cvq_rig_stats(&rig).ring_errors[VV_SWRING_BAD_INDEX], 1);
	assert_true(cvq_rig_stats(&rig).needs_reset);
	assert_int_equal(cvq_rig_poll(&rig), 0);
	assert_int_equal(cvq_rig_errors(&rig), 1);
	cvq_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(idle_queue_does_nothing),
	    BOTH(command_is_applied_before_used),
	    BOTH(command_without_a_change_is_not_applied),
	    BOTH(command_the_device_refuses_is_answered_err),
	    BOTH(command_while_the_device_is_busy_waits),
	    BOTH(device_is_let_go_between_commands),
	    BOTH(commands_are_counted_by_verdict),
	    BOTH(result_is_written_behind_the_ack),
	    BOTH(any_framing_is_the_same_command),
	    BOTH(poll_takes_a_burst_at_most),
	    BOTH(poll_ends_when_the_device_takes_long),
	    BOTH(overlong_command_is_answered_err),
	    BOTH(no_room_for_the_ack_needs_a_reset),
	    BOTH(less_than_a_header_needs_a_reset),
	    BOTH(chain_that_leads_nowhere_is_completed_and_needs_a_reset),
	    SPLIT(broken_ring_needs_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
