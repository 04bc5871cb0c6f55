/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue, one thread at a time, in both layouts. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_log.h>

#include "cvq_rig.h"
#include "vv_log.h"

/* vv_driver.c's, which is not linked here. */
int vv_logtype = RTE_LOGTYPE_USER1;

enum { SIZE = 64 };

static bool packed_layout = true, split_layout;

#define SPLIT(f)                                                                                   \
	{                                                                                          \
#f "/split", f, NULL, NULL, &split_layout                                          \
	}
#define PACKED(f)                                                                                  \
	{                                                                                          \
#f "/packed", f, NULL, NULL, &packed_layout                                        \
	}
#define BOTH(f) SPLIT(f), PACKED(f)

static void open_rig(struct cvq_rig *rig, void **state)
{
	struct cvq_rig_conf conf = {.packed = *(bool *)*state, .indirect = true, .size = SIZE};

	cvq_rig_open(rig, "cvq_test", &conf);
	cvq_rig_start(rig);
}

static unsigned int poll_once(struct cvq_rig *rig)
{
	bool again;

	return vv_cvq_poll(rig->cvq, &again);
}

/* The queue still works. */
static void assert_alive(struct cvq_rig *rig)
{
	uintptr_t token = cvq_rig_send_vlan(rig, true, 99);

	assert_int_equal(poll_once(rig), 1);
	assert_int_equal(cvq_rig_reap(rig, token, 1), VIRTIO_NET_OK);
	assert_true(cvq_rig_has_vlan(rig, 99));
	assert_false(cvq_rig_stats(rig).needs_reset);
}

/* The queue takes nothing any more, until it starts again. */
static void assert_dead(struct cvq_rig *rig)
{
	unsigned int outstanding = swmock_outstanding(rig->mock);
	bool again;

	assert_true(cvq_rig_stats(rig).needs_reset);
	cvq_rig_send_vlan(rig, true, 98);
	assert_int_equal(vv_cvq_poll(rig->cvq, &again), 0);
	assert_false(again);
	assert_false(vv_cvq_want_kicks(rig->cvq, true));
	assert_false(cvq_rig_has_vlan(rig, 98));
	assert_int_equal(swmock_outstanding(rig->mock), outstanding + 1);
}

/* ---- what every command goes through ---- */

static void idle_queue_does_nothing(void **state)
{
	struct cvq_rig rig;
	bool again = true;

	open_rig(&rig, state);
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

	open_rig(&rig, state);
	rig.applying = nothing_is_used;
	for (i = 0; i < 3; i++)
		cvq_rig_send_vlan(&rig, true, 10 + i);
	assert_int_equal(poll_once(&rig), 3);
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

	open_rig(&rig, state);
	assert_alive(&rig);
	token = cvq_rig_send_vlan(&rig, true, 99);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_OK);
	assert_int_equal(rig.applied, 1);
	cvq_rig_close(&rig);
}

static void command_the_device_refuses_is_answered_err(void **state)
{
	struct cvq_rig rig;
	uintptr_t token;

	open_rig(&rig, state);
	rig.apply_err = -EIO;
	token = cvq_rig_send_vlan(&rig, true, 5);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_ERR);
	assert_false(cvq_rig_has_vlan(&rig, 5));
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_REFUSED], 1);
	rig.apply_err = 0;
	assert_alive(&rig);
	cvq_rig_close(&rig);
}

static void command_while_the_device_is_busy_waits(void **state)
{
	struct cvq_rig rig;
	uintptr_t token;
	bool again = false;

	open_rig(&rig, state);
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

	open_rig(&rig, state);
	for (i = 0; i < 4; i++)
		cvq_rig_send(&rig, commands[i], 4, 1, NULL);
	assert_int_equal(poll_once(&rig), 4);
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

	open_rig(&rig, state);
	token = cvq_rig_send(&rig, query, sizeof(query), 64, &framing);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(swmock_used(rig.mock, &token, &len), 1);
	assert_true(len > 1 && len <= 64);
	assert_int_equal(*(uint8_t *)swmock_at(rig.mock, rig.ack[token], 1), VIRTIO_NET_OK);
	/* No room for it: that is said, and no more. */
	token = cvq_rig_send(&rig, query, sizeof(query), len - 1, NULL);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_ERR);
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_NO_ROOM], 1);
	cvq_rig_close(&rig);
}

/* virtio 1.2 2.7.4: the device must not assume anything about the framing. */
static void any_framing_is_the_same_command(void **state)
{
	enum { LEN = 4, ROOM = 3 };
	struct cvq_rig_framing framing;
	struct cvq_rig rig;
	unsigned int vid = 1;

	open_rig(&rig, state);
	for (framing.read_ends = 0; framing.read_ends < 1 << (LEN - 1); framing.read_ends++) {
		for (framing.write_ends = 0; framing.write_ends < 1 << (ROOM - 1);
		     framing.write_ends++) {
			int table;

			for (table = 0; table < 2; table++, vid++) {
				uint8_t command[LEN] = {VIRTIO_NET_CTRL_VLAN,
							VIRTIO_NET_CTRL_VLAN_ADD, vid & 0xff,
							vid >> 8};
				uintptr_t token;

				framing.table = table;
				token = cvq_rig_send(&rig, command, LEN, ROOM, &framing);
				assert_int_equal(poll_once(&rig), 1);
				assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_OK);
				assert_true(cvq_rig_has_vlan(&rig, vid));
			}
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

	open_rig(&rig, state);
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

static void overlong_command_is_answered_err(void **state)
{
	static uint8_t command[VV_CTRL_COMMAND_MAX + 1] = {VIRTIO_NET_CTRL_VLAN};
	struct cvq_rig rig;
	uintptr_t token;

	open_rig(&rig, state);
	token = cvq_rig_send(&rig, command, sizeof(command), 1, NULL);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(cvq_rig_reap(&rig, token, 1), VIRTIO_NET_ERR);
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_OVERLONG], 1);
	assert_int_equal(rig.applied, 0);
	assert_alive(&rig);
	cvq_rig_close(&rig);
}

static void no_room_for_the_ack_needs_a_reset(void **state)
{
	static const uint8_t command[] = {VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, 7, 0};
	struct cvq_rig rig;
	uintptr_t token;

	open_rig(&rig, state);
	token = cvq_rig_send(&rig, command, sizeof(command), 0, NULL);
	assert_int_equal(poll_once(&rig), 1);
	cvq_rig_reap(&rig, token, 0);
	assert_false(cvq_rig_has_vlan(&rig, 7)); /* not done what cannot be answered */
	assert_int_equal(cvq_rig_stats(&rig).short_chains, 1);
	assert_int_equal(cvq_rig_stats(&rig).commands, 0);
	assert_dead(&rig);
	cvq_rig_close(&rig);
}

static void less_than_a_header_needs_a_reset(void **state)
{
	static const uint8_t command[] = {VIRTIO_NET_CTRL_VLAN};
	uint32_t len;

	for (len = 0; len < 2; len++) {
		struct cvq_rig rig;
		uintptr_t token;

		open_rig(&rig, state);
		token = cvq_rig_send(&rig, command, len, 1, NULL);
		cvq_rig_send_vlan(&rig, true, 8); /* in the same burst: not taken */
		assert_int_equal(poll_once(&rig), 1);
		cvq_rig_reap(&rig, token, 0);
		assert_int_equal(cvq_rig_stats(&rig).short_chains, 1);
		assert_false(cvq_rig_has_vlan(&rig, 8));
		assert_dead(&rig);
		cvq_rig_close(&rig);
	}
}

static void chain_that_leads_nowhere_is_completed_and_needs_a_reset(void **state)
{
	struct swmock_buf buf = {.gpa = 0x10, .len = 8};
	struct cvq_rig rig;
	uintptr_t token;
	uint32_t len;

	open_rig(&rig, state);
	assert_int_equal(swmock_add(rig.mock, &buf, 1, 0, 3), 0);
	swmock_publish(rig.mock);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(swmock_used(rig.mock, &token, &len), 1);
	assert_int_equal(len, 0);
	assert_int_equal(cvq_rig_stats(&rig).ring_errors[VV_SWRING_BAD_ADDRESS], 1);
	assert_dead(&rig);
	cvq_rig_close(&rig);
}

static void broken_ring_needs_a_reset(void **state)
{
	struct cvq_rig rig;

	open_rig(&rig, state);
	rig.mock->avail->idx = 1000;
	assert_int_equal(poll_once(&rig), 0);
	assert_int_equal(cvq_rig_stats(&rig).ring_errors[VV_SWRING_BAD_INDEX], 1);
	assert_true(cvq_rig_stats(&rig).needs_reset);
	assert_int_equal(poll_once(&rig), 0);
	assert_int_equal(cvq_rig_errors(&rig), 1);
	cvq_rig_close(&rig);
}

/* ---- memory that goes away ---- */

static void memory_gone_is_counted_and_others_go_on(void **state)
{
	unsigned int region;

	for (region = 0; region < SWMOCK_REGIONS; region++) {
		struct cvq_rig rig, other;
		unsigned int i;

		open_rig(&rig, state);
		open_rig(&other, state);
		for (i = 0; i < 3; i++)
			cvq_rig_send_vlan(&rig, true, i); /* in both regions of buffers */
		cvq_rig_truncate(&rig, region);
		for (i = 0; i < 3; i++)
			poll_once(&rig);
		vv_cvq_want_kicks(rig.cvq, false);
		assert_int_equal(cvq_rig_stats(&rig).faults, 1);
		assert_true(cvq_rig_stats(&rig).needs_reset);
		assert_int_equal(pthread_mutex_trylock(&rig.lock), 0);
		pthread_mutex_unlock(&rig.lock);
		assert_alive(&other);
		vv_cvq_stop(rig.cvq);
		/* And again: its memory is still gone; all of it, this time. */
		for (i = 0; i < SWMOCK_REGIONS; i++)
			cvq_rig_truncate(&rig, i);
		cvq_rig_start(&rig);
		poll_once(&rig);
		assert_int_equal(cvq_rig_stats(&rig).faults, 2);
		assert_false(vv_cvq_want_kicks(rig.cvq, true));
		cvq_rig_close(&rig);
		cvq_rig_close(&other);
	}
}

static struct cvq_rig *truncated;

static void truncate_buffers(struct cvq_rig *rig)
{
	cvq_rig_truncate(rig, SWMOCK_BUFFERS);
	cvq_rig_truncate(rig, SWMOCK_BUFFERS + 1);
	truncated = rig;
}

static void memory_gone_before_the_answer_leaves_what_is_applied(void **state)
{
	struct cvq_rig rig;

	open_rig(&rig, state);
	rig.applying = truncate_buffers;
	cvq_rig_send_vlan(&rig, true, 5);
	assert_int_equal(poll_once(&rig), 0);
	assert_ptr_equal(truncated, &rig);
	assert_int_equal(cvq_rig_stats(&rig).faults, 1);
	assert_true(cvq_rig_has_vlan(&rig, 5));
	assert_true(cvq_rig_stats(&rig).needs_reset);
	cvq_rig_close(&rig);
}

/* ---- trust, and what is said of it ---- */

static char said[1 << 14];

static unsigned int times_said(const char *what)
{
	unsigned int n = 0;
	const char *p;

	for (p = said; (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

static void log_says_each_kind_once(void **state)
{
	FILE *log = fmemopen(said, sizeof(said), "w");
	struct cvq_rig rig;
	unsigned int i, round;
	uint8_t ack;

	setbuf(log, NULL);
	rte_openlog_stream(log);
	rte_log_set_level(vv_logtype, RTE_LOG_WARNING);
	open_rig(&rig, state);
	rig.conf.trusted = false;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 6; i++)
			cvq_rig_send_vlan(&rig, true, i);
		assert_int_equal(poll_once(&rig), 6);
		for (i = 0; i < 6; i++) {
			assert_true(cvq_rig_reap_one(&rig, &ack));
			assert_int_equal(ack, VIRTIO_NET_ERR);
		}
		assert_int_equal(times_said("not trusted"), round + 1);
		assert_non_null(strstr(said, "cvq_test: control queue: vlan"));
		rig.ring.base = vv_cvq_stop(rig.cvq);
		cvq_rig_start(&rig); /* a new guest */
	}
	cvq_rig_truncate(&rig, SWMOCK_DRIVER);
	cvq_rig_truncate(&rig, SWMOCK_DESC);
	for (i = 0; i < 5; i++)
		poll_once(&rig);
	assert_int_equal(times_said("memory of the guest is gone"), 1);
	rte_openlog_stream(NULL);
	fclose(log);
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_NOT_TRUSTED], 12);
	cvq_rig_close(&rig);
}

/* ---- start and stop ---- */

static void stop_says_where_the_next_one_goes_on(void **state)
{
	struct cvq_rig rig;
	uint16_t base;
	uint8_t ack;
	unsigned int i;

	open_rig(&rig, state);
	base = rig.ring.base;
	assert_int_equal(vv_cvq_start(rig.cvq, &rig.ring), -EALREADY);
	for (i = 0; i < 10; i++) {
		cvq_rig_send_vlan(&rig, true, i);
		assert_int_equal(poll_once(&rig), 1);
		assert_true(cvq_rig_reap_one(&rig, &ack));
		rig.ring.base = vv_cvq_stop(rig.cvq);
		assert_int_not_equal(rig.ring.base, base);
		base = rig.ring.base;
		assert_int_equal(vv_cvq_stop(rig.cvq), base);
		cvq_rig_send_vlan(&rig, false, i);
		assert_int_equal(poll_once(&rig), 0); /* it does not run */
		cvq_rig_start(&rig);
		assert_int_equal(poll_once(&rig), 1);
		assert_true(cvq_rig_reap_one(&rig, &ack));
		assert_int_equal(ack, VIRTIO_NET_OK);
	}
	cvq_rig_close(&rig);
}

static void start_of_what_is_no_ring_is_refused(void **state)
{
	struct cvq_rig rig;
	uint16_t base;

	open_rig(&rig, state);
	base = vv_cvq_stop(rig.cvq);
	rig.ring.size = 0;
	assert_int_equal(vv_cvq_start(rig.cvq, &rig.ring), -EINVAL);
	rig.ring.size = SIZE;
	rig.ring.n_regions = VV_REGIONS_MAX + 1;
	assert_int_equal(vv_cvq_start(rig.cvq, &rig.ring), -EINVAL);
	assert_int_equal(vv_cvq_stop(rig.cvq), base);
	rig.ring.n_regions = SWMOCK_REGIONS;
	cvq_rig_start(&rig);
	assert_alive(&rig);
	cvq_rig_close(&rig);
}

static void reset_brings_a_dead_queue_back(void **state)
{
	struct cvq_rig rig;
	uintptr_t token;

	open_rig(&rig, state);
	token = cvq_rig_send(&rig, "", 1, 1, NULL);
	assert_int_equal(poll_once(&rig), 1);
	cvq_rig_reap(&rig, token, 0);
	assert_true(cvq_rig_stats(&rig).needs_reset);
	rig.ring.base = vv_cvq_stop(rig.cvq);
	cvq_rig_start(&rig);
	assert_alive(&rig);
	assert_int_equal(cvq_rig_stats(&rig).short_chains, 1); /* counters stay */
	cvq_rig_close(&rig);
}

/* ---- kicks ---- */

static void kicks_are_as_wanted(void **state)
{
	int event_idx;

	for (event_idx = 0; event_idx < 2; event_idx++) {
		struct cvq_rig_conf conf = {
		    .packed = *(bool *)*state, .event_idx = event_idx, .size = SIZE};
		struct cvq_rig rig;
		uint8_t ack;
		unsigned int i;

		cvq_rig_open(&rig, "cvq_test", &conf);
		cvq_rig_start(&rig);
		for (i = 0; i < 2 * SIZE; i++) {
			bool on = i % 3 != 0;

			assert_false(vv_cvq_want_kicks(rig.cvq, on));
			cvq_rig_send_vlan(&rig, true, i);
			assert_int_equal(swmock_kick_needed(rig.mock), on);
			/* Unannounced or not: asking for kicks finds it. */
			assert_true(vv_cvq_want_kicks(rig.cvq, true));
			assert_int_equal(poll_once(&rig), 1);
			assert_true(cvq_rig_reap_one(&rig, &ack));
		}
		/* What is wanted lasts over a stop. */
		vv_cvq_want_kicks(rig.cvq, false);
		rig.ring.base = vv_cvq_stop(rig.cvq);
		cvq_rig_start(&rig);
		cvq_rig_send_vlan(&rig, true, 1);
		assert_false(swmock_kick_needed(rig.mock));
		cvq_rig_close(&rig);
	}
}

static void call_comes_if_the_guest_wants_it(void **state)
{
	struct cvq_rig rig;
	uint8_t ack;

	open_rig(&rig, state);
	swmock_calls(rig.mock, false);
	cvq_rig_send_vlan(&rig, true, 1);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(rig.calls, 0);
	assert_true(cvq_rig_reap_one(&rig, &ack));
	swmock_calls(rig.mock, true);
	cvq_rig_send_vlan(&rig, true, 2);
	assert_int_equal(poll_once(&rig), 1);
	assert_int_equal(rig.calls, 1);
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
	    BOTH(commands_are_counted_by_verdict),
	    BOTH(result_is_written_behind_the_ack),
	    BOTH(any_framing_is_the_same_command),
	    BOTH(poll_takes_a_burst_at_most),
	    BOTH(overlong_command_is_answered_err),
	    BOTH(no_room_for_the_ack_needs_a_reset),
	    BOTH(less_than_a_header_needs_a_reset),
	    BOTH(chain_that_leads_nowhere_is_completed_and_needs_a_reset),
	    SPLIT(broken_ring_needs_a_reset),
	    BOTH(memory_gone_is_counted_and_others_go_on),
	    BOTH(memory_gone_before_the_answer_leaves_what_is_applied),
	    BOTH(log_says_each_kind_once),
	    BOTH(stop_says_where_the_next_one_goes_on),
	    BOTH(start_of_what_is_no_ring_is_refused),
	    BOTH(reset_brings_a_dead_queue_back),
	    BOTH(kicks_are_as_wanted),
	    BOTH(call_comes_if_the_guest_wants_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
