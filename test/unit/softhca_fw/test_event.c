/* SPDX-License-Identifier: BSD-3-Clause */
/* From a queue's notification to an event: credit, CQE, arming, overrun, broken connections. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "fw/qp.h"
#include "path.h"

static uint16_t wqe_counter(const struct path *p, unsigned int i)
{
	return (uint16_t)(p->cqes[i * 64 + 60] << 8 | p->cqes[i * 64 + 61]);
}

static void notify_without_credit_eagain(void **state)
{
	struct path p;

	path_make(&p, *state, true, false);
	assert_int_equal(double_notify(p.vq), -EAGAIN);
	path_post(&p, 2);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(double_notify(p.vq), -EAGAIN);
	assert_int_equal(wqe_counter(&p, 0), 1);
}

static void notify_collapsed_cqe_content(void **state)
{
	struct path p;
	unsigned int i;
	uint32_t qpn;

	path_make(&p, *state, true, false);
	for (i = 0; i < 100; i++) {
		path_post(&p, i + 1);
		p.cq_dbr[0] = htobe32(i);
		assert_int_equal(double_notify(p.vq), 0);
		assert_int_equal(wqe_counter(&p, 0), i);
		/* RESP_SEND, owner bit turning every 16 */
		assert_int_equal(p.cqes[63], 2 << 4 | (i >> CQ_LOG & 1));
	}
	memcpy(&qpn, (const void *)(p.cqes + 56), sizeof(qpn));
	assert_int_equal(be32toh(qpn), p.sw->id);
	assert_int_equal(p.cqes[64], 0xff); /* the rest of the ring is untouched */
}

static void notify_ring_of_cqes(void **state)
{
	struct path p;
	unsigned int i;

	path_make(&p, *state, false, false);
	for (i = 0; i < 20; i++) {
		path_post(&p, i + 1);
		p.cq_dbr[0] = htobe32(i);
		assert_int_equal(double_notify(p.vq), 0);
		assert_int_equal(wqe_counter(&p, i % 16), i);
		assert_int_equal(p.cqes[i % 16 * 64 + 63] & 1, i / 16);
	}
	assert_int_equal(p.cqes[4 * 64 + 63], 2 << 4); /* not yet in the second round */
}

/* 16-bit WQE counters and credit wrap. */
static void notify_credit_wraps(void **state)
{
	struct path p;

	path_make(&p, *state, true, true);
	((struct qp *)p.sw)->rq_ci = 0xfffe;
	path_post(&p, 0x10001);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(wqe_counter(&p, 0), 0xffff);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(wqe_counter(&p, 0), 0);
	assert_int_equal(double_notify(p.vq), -EAGAIN);
}

static void arm_then_notify_one_event(void **state)
{
	struct path p;

	path_make(&p, *state, true, false);
	path_post(&p, 16);
	path_arm(&p, 1, 0);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(path_event(&p), PATH_COOKIE);
	assert_int_equal(double_notify(p.vq), 0);
	path_tick();
	assert_int_equal(path_event(&p), 0); /* not armed again */
	p.cq_dbr[0] = htobe32(2);
	path_arm(&p, 2, 2);
	path_tick();
	assert_int_equal(path_event(&p), 0); /* all seen */
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(path_event(&p), PATH_COOKIE);
}

static void arm_late_fires_from_tick(void **state)
{
	struct path p;

	path_make(&p, *state, true, false);
	path_post(&p, 16);
	assert_int_equal(double_notify(p.vq), 0);
	path_tick();
	assert_int_equal(path_event(&p), 0);
	path_arm(&p, 1, 0);
	path_tick();
	assert_int_equal(path_event(&p), PATH_COOKIE);
	/* Armed anew behind what is there already: at once, without another CQE. */
	path_arm(&p, 2, 0);
	path_tick();
	assert_int_equal(path_event(&p), PATH_COOKIE);
	path_arm(&p, 3, 1);
	path_tick();
	assert_int_equal(path_event(&p), 0);
	assert_int_equal(p.rig->hca->ev.waiting, 0);
}

/* DPDK's first arming writes 0 over 0: the UAR page tells. */
static void arm_first_with_zero_needs_uar(void **state)
{
	struct path p;

	path_make(&p, *state, true, false);
	path_post(&p, 16);
	assert_int_equal(double_notify(p.vq), 0);
	path_tick();
	assert_int_equal(path_event(&p), 0);
	p.rig->uar_page[4] = htobe64(p.cq->id);
	path_tick();
	assert_int_equal(path_event(&p), PATH_COOKIE);
	assert_int_equal(p.rig->uar_page[4], 0);
	/* Afterwards the record alone counts. */
	p.rig->uar_page[4] = htobe64(p.cq->id);
	path_tick();
	assert_int_equal(path_event(&p), 0);
}

static void notify_overrun_breaks_cq(void **state)
{
	struct path p;
	unsigned int i;

	path_make(&p, *state, true, false);
	path_subscribe(&p, p.cq, EVENT_CQ_ERROR, 0xbad);
	path_post(&p, 1000);
	for (i = 0; i < 1 << CQ_LOG; i++)
		assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(double_notify(p.vq), -EIO);
	assert_int_equal(path_event(&p), 0xbad);
	p.cq_dbr[0] = htobe32(16);
	assert_int_equal(double_notify(p.vq), -EIO); /* for good */
	assert_int_equal(path_event(&p), 0);
}

static void notify_overrun_ignored_goes_on(void **state)
{
	struct path p;
	unsigned int i;

	path_make(&p, *state, true, true);
	path_post(&p, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(wqe_counter(&p, 0), 999);
}

static void notify_disconnected_eio(void **state)
{
	struct path p;

	path_make(&p, *state, true, false);
	path_post(&p, 16);
	qp_to(p.sw, "2rst_qp", 0);
	assert_int_equal(double_notify(p.vq), -EIO);
	destroy(p.sw);
	assert_int_equal(double_notify(p.vq), -EIO);
}

/* Connected one way is not connected. */
static void notify_peer_of_another_eio(void **state)
{
	struct hca_obj *third;
	struct mbox mb;
	struct path p;

	path_make(&p, *state, true, false);
	good_fw_qp(p.rig, &mb);
	third = mb_create(&mb, p.rig->a);
	path_post(&p, 16);
	qp_to(p.sw, "2rst_qp", 0);
	qp_to(p.sw, "rst2init_qp", 0);
	qp_to(p.sw, "init2rtr_qp", third->id);
	assert_int_equal(double_notify(p.vq), -EIO);
	qp_to(p.sw, "2rst_qp", 0);
	qp_to(p.sw, "rst2init_qp", 0);
	qp_to(p.sw, "init2rtr_qp", p.fw->id);
	assert_int_equal(double_notify(p.vq), 0); /* receiving is enough for this end */
}

/* A reset QP counts from zero; its CQ goes on. */
static void reset_qp_restarts_counters(void **state)
{
	struct path p;

	path_make(&p, *state, true, false);
	path_post(&p, 3);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(double_notify(p.vq), 0);
	qp_to(p.fw, "2rst_qp", 0);
	qp_to(p.sw, "2rst_qp", 0);
	connect_qps(p.fw, p.sw);
	path_post(&p, 1);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(wqe_counter(&p, 0), 0);
	assert_int_equal(double_notify(p.vq), -EAGAIN);
	path_arm(&p, 1, 2);
	path_tick();
	assert_int_equal(path_event(&p), PATH_COOKIE); /* three CQEs in all */
}

static void tick_brings_figures(void **state)
{
	struct rig *rig = *state;
	unsigned int i;

	for (i = 0; i < 64; i++)
		double_tick();
	assert_int_equal(rig->hca->stat->frames_tx, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(notify_without_credit_eagain),
	    T(notify_collapsed_cqe_content),
	    T(notify_ring_of_cqes),
	    T(notify_credit_wraps),
	    T(arm_then_notify_one_event),
	    T(arm_late_fires_from_tick),
	    T(arm_first_with_zero_needs_uar),
	    T(notify_overrun_breaks_cq),
	    T(notify_overrun_ignored_goes_on),
	    T(notify_disconnected_eio),
	    T(notify_peer_of_another_eio),
	    T(reset_qp_restarts_counters),
	    T(tick_brings_figures),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
