/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue from start to stop: memory that goes away, what the log says, kicks and calls.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cvq_rig.h"
#include "vv_log.h"

/* vv_driver.c's, which is not linked here. */
int vv_logtype = RTE_LOGTYPE_USER1;

/* ---- memory that goes away ---- */

static void memory_gone_is_counted_and_others_go_on(void **state)
{
	unsigned int region;

	for (region = 0; region < SWMOCK_REGIONS; region++) {
		struct cvq_rig rig, other;
		unsigned int i;

		cvq_rig_open_for(&rig, state);
		cvq_rig_open_for(&other, state);
		for (i = 0; i < 3; i++)
			cvq_rig_send_vlan(&rig, true, i); /* in both regions of buffers */
		cvq_rig_truncate(&rig, region);
		for (i = 0; i < 3; i++)
			cvq_rig_poll(&rig);
		vv_cvq_want_kicks(rig.cvq, false);
		assert_int_equal(cvq_rig_stats(&rig).faults, 1);
		assert_true(cvq_rig_stats(&rig).needs_reset);
		assert_int_equal(pthread_mutex_trylock(&rig.lock), 0);
		pthread_mutex_unlock(&rig.lock);
		cvq_rig_assert_alive(&other);
		vv_cvq_stop(rig.cvq);
		/* And again: its memory is still gone; all of it, this time. */
		for (i = 0; i < SWMOCK_REGIONS; i++)
			cvq_rig_truncate(&rig, i);
		cvq_rig_start(&rig);
		cvq_rig_poll(&rig);
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

	cvq_rig_open_for(&rig, state);
	rig.applying = truncate_buffers;
	cvq_rig_send_vlan(&rig, true, 5);
	assert_int_equal(cvq_rig_poll(&rig), 0);
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
	cvq_rig_open_for(&rig, state);
	rig.conf.trusted = false;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 6; i++)
			cvq_rig_send_vlan(&rig, true, i);
		assert_int_equal(cvq_rig_poll(&rig), 6);
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
		cvq_rig_poll(&rig);
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

	cvq_rig_open_for(&rig, state);
	base = rig.ring.base;
	assert_int_equal(vv_cvq_start(rig.cvq, &rig.ring), -EALREADY);
	for (i = 0; i < 10; i++) {
		cvq_rig_send_vlan(&rig, true, i);
		assert_int_equal(cvq_rig_poll(&rig), 1);
		assert_true(cvq_rig_reap_one(&rig, &ack));
		rig.ring.base = vv_cvq_stop(rig.cvq);
		assert_int_not_equal(rig.ring.base, base);
		base = rig.ring.base;
		assert_int_equal(vv_cvq_stop(rig.cvq), base);
		cvq_rig_send_vlan(&rig, false, i);
		assert_int_equal(cvq_rig_poll(&rig), 0); /* it does not run */
		cvq_rig_start(&rig);
		assert_int_equal(cvq_rig_poll(&rig), 1);
		assert_true(cvq_rig_reap_one(&rig, &ack));
		assert_int_equal(ack, VIRTIO_NET_OK);
	}
	cvq_rig_close(&rig);
}

static void start_of_what_is_no_ring_is_refused(void **state)
{
	struct cvq_rig rig;
	uint16_t base;

	cvq_rig_open_for(&rig, state);
	base = vv_cvq_stop(rig.cvq);
	rig.ring.size = 0;
	assert_int_equal(vv_cvq_start(rig.cvq, &rig.ring), -EINVAL);
	rig.ring.size = 64;
	rig.ring.n_regions = VV_REGIONS_MAX + 1;
	assert_int_equal(vv_cvq_start(rig.cvq, &rig.ring), -EINVAL);
	assert_int_equal(vv_cvq_stop(rig.cvq), base);
	rig.ring.n_regions = SWMOCK_REGIONS;
	cvq_rig_start(&rig);
	cvq_rig_assert_alive(&rig);
	cvq_rig_close(&rig);
}

static void reset_brings_a_dead_queue_back(void **state)
{
	struct cvq_rig rig;
	uintptr_t token;

	cvq_rig_open_for(&rig, state);
	token = cvq_rig_send(&rig, "", 1, 1, NULL);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	cvq_rig_reap(&rig, token, 0);
	assert_true(cvq_rig_stats(&rig).needs_reset);
	rig.ring.base = vv_cvq_stop(rig.cvq);
	cvq_rig_start(&rig);
	cvq_rig_assert_alive(&rig);
	assert_int_equal(cvq_rig_stats(&rig).short_chains, 1); /* counters stay */
	cvq_rig_close(&rig);
}

/* ---- kicks ---- */

static void kicks_are_as_wanted(void **state)
{
	int event_idx;

	for (event_idx = 0; event_idx < 2; event_idx++) {
		struct cvq_rig_conf conf = {
		    .packed = *(bool *)*state, .event_idx = event_idx, .size = 64};
		struct cvq_rig rig;
		uint8_t ack;
		unsigned int i;

		cvq_rig_open(&rig, "cvq_test", &conf);
		cvq_rig_start(&rig);
		for (i = 0; i < 2 * 64; i++) {
			bool on = i % 3 != 0;

			assert_false(vv_cvq_want_kicks(rig.cvq, on));
			cvq_rig_send_vlan(&rig, true, i);
			assert_int_equal(swmock_kick_needed(rig.mock), on);
			/* Unannounced or not: asking for kicks finds it. */
			assert_true(vv_cvq_want_kicks(rig.cvq, true));
			assert_int_equal(cvq_rig_poll(&rig), 1);
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

/* Somebody else is at it: whoever goes to sleep on that has to come again. */
static void ask_in_between(struct cvq_rig *rig)
{
	bool again = false;

	assert_true(vv_cvq_want_kicks(rig->cvq, true));
	assert_int_equal(vv_cvq_poll(rig->cvq, &again), 0);
	assert_true(again);
}

static void kicks_wanted_during_a_poll_are_not_there_yet(void **state)
{
	struct cvq_rig rig;
	uint8_t ack;

	cvq_rig_open_for(&rig, state);
	vv_cvq_want_kicks(rig.cvq, false);
	rig.applying = ask_in_between;
	cvq_rig_send_vlan(&rig, true, 1);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(rig.applied, 1);
	assert_true(cvq_rig_reap_one(&rig, &ack));
	/* The next look asks for them. */
	assert_int_equal(cvq_rig_poll(&rig), 0);
	cvq_rig_send_vlan(&rig, true, 2);
	assert_true(swmock_kick_needed(rig.mock));
	cvq_rig_close(&rig);
}

static void call_comes_if_the_guest_wants_it(void **state)
{
	struct cvq_rig rig;
	uint8_t ack;

	cvq_rig_open_for(&rig, state);
	swmock_calls(rig.mock, false);
	cvq_rig_send_vlan(&rig, true, 1);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(rig.calls, 0);
	assert_true(cvq_rig_reap_one(&rig, &ack));
	swmock_calls(rig.mock, true);
	cvq_rig_send_vlan(&rig, true, 2);
	assert_int_equal(cvq_rig_poll(&rig), 1);
	assert_int_equal(rig.calls, 1);
	cvq_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(memory_gone_is_counted_and_others_go_on),
	    BOTH(memory_gone_before_the_answer_leaves_what_is_applied),
	    BOTH(log_says_each_kind_once),
	    BOTH(stop_says_where_the_next_one_goes_on),
	    BOTH(start_of_what_is_no_ring_is_refused),
	    BOTH(reset_brings_a_dead_queue_back),
	    BOTH(kicks_are_as_wanted),
	    BOTH(kicks_wanted_during_a_poll_are_not_there_yet),
	    BOTH(call_comes_if_the_guest_wants_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
