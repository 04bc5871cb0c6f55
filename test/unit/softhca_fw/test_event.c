/* SPDX-License-Identifier: BSD-3-Clause */
/* From a queue's notification to the program's channel: credit, CQE, arming, errors, full channels.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fw/chan.h"
#include "fw/cq.h"
#include "fw/qp.h"
#include "rig.h"

struct path {
	struct rig *rig;
	struct hca_obj *cq, *sw, *fw, *queue;
	struct vq *vq;
	struct hca_chan *chan;
	int fd;
	volatile uint32_t *cq_dbr, *rq_dbr;
	const volatile uint8_t *cqes;
};

static void open_channel(struct path *p, bool omit_data)
{
	assert_int_equal(hca_chan_open(p->rig->a, omit_data, &p->chan, &p->fd), 0);
	assert_int_equal(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
}

static void subscribe(struct path *p, struct hca_obj *obj, uint16_t event, uint64_t cookie)
{
	assert_int_equal(hca_chan_subscribe(p->chan, obj, &event, 1, cookie, -1), 0);
}

/* CQ, QP pair, queue in RDY, channel. The doorbell records are zero. */
static void make_path(struct path *p, struct rig *rig, bool collapsed, bool overrun_ignore)
{
	struct hca_obj *td, *tis = make_tis(rig, &td);
	struct mbox mb;

	memset(p, 0, sizeof(*p));
	p->rig = rig;
	p->cqes = rig->mem + CQ_AT;
	p->cq_dbr = (uint32_t *)(rig->mem + CQ_DBR_AT);
	p->rq_dbr = (uint32_t *)(rig->mem + RQ_DBR_AT);
	memset(rig->mem + CQ_AT, 0xff, 64 << CQ_LOG);
	good_cq(rig, &mb);
	mb_set(&mb, FLD(cqc, cc), collapsed);
	mb_set(&mb, FLD(cqc, oi), overrun_ignore);
	p->cq = mb_create(&mb, rig->a);
	good_sw_qp(rig, &mb, p->cq);
	p->sw = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	p->fw = mb_create(&mb, rig->a);
	connect_qps(p->fw, p->sw);
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, event_mode), 1);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), p->fw->id);
	p->queue = mb_create(&mb, rig->a);
	set_state(p->queue, VQ_RDY);
	p->vq = double_vq(0, 0);
	open_channel(p, true);
	subscribe(p, p->cq, EVENT_COMP, 0xc00c1e);
}

static void post(struct path *p, uint32_t n)
{
	p->rq_dbr[0] = htobe32(n);
}

static void arm(struct path *p, uint32_t sn, uint32_t ci)
{
	p->cq_dbr[1] = htobe32(sn << 28 | ci);
}

/* The next event's cookie, or 0. */
static uint64_t event(struct path *p)
{
	uint8_t buf[256];
	uint64_t cookie;
	ssize_t n = read(p->fd, buf, sizeof(buf));

	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		return 0;
	}
	assert_int_equal(n, sizeof(cookie));
	memcpy(&cookie, buf, sizeof(cookie));
	return cookie;
}

/* A tick after the shortest time between two scans. */
static void tick(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	double_tick();
}

static uint16_t wqe_counter(const struct path *p, unsigned int i)
{
	return (uint16_t)(p->cqes[i * 64 + 60] << 8 | p->cqes[i * 64 + 61]);
}

static void notify_without_credit_eagain(void **state)
{
	struct path p;

	make_path(&p, *state, true, false);
	assert_int_equal(double_notify(p.vq), -EAGAIN);
	post(&p, 2);
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

	make_path(&p, *state, true, false);
	for (i = 0; i < 100; i++) {
		post(&p, i + 1);
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

	make_path(&p, *state, false, false);
	for (i = 0; i < 20; i++) {
		post(&p, i + 1);
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

	make_path(&p, *state, true, true);
	((struct qp *)p.sw)->rq_ci = 0xfffe;
	post(&p, 0x10001);
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

	make_path(&p, *state, true, false);
	post(&p, 16);
	arm(&p, 1, 0);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(event(&p), 0xc00c1e);
	assert_int_equal(double_notify(p.vq), 0);
	tick();
	assert_int_equal(event(&p), 0); /* not armed again */
	p.cq_dbr[0] = htobe32(2);
	arm(&p, 2, 2);
	tick();
	assert_int_equal(event(&p), 0); /* all seen */
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(event(&p), 0xc00c1e);
}

static void arm_late_fires_from_tick(void **state)
{
	struct path p;

	make_path(&p, *state, true, false);
	post(&p, 16);
	assert_int_equal(double_notify(p.vq), 0);
	tick();
	assert_int_equal(event(&p), 0);
	arm(&p, 1, 0);
	tick();
	assert_int_equal(event(&p), 0xc00c1e);
	/* Armed anew behind what is there already: at once, without another CQE. */
	arm(&p, 2, 0);
	tick();
	assert_int_equal(event(&p), 0xc00c1e);
	arm(&p, 3, 1);
	tick();
	assert_int_equal(event(&p), 0);
	assert_int_equal(p.rig->hca->ev.waiting, 0);
}

/* DPDK's first arming writes 0 over 0: the UAR page tells. */
static void arm_first_with_zero_needs_uar(void **state)
{
	struct path p;

	make_path(&p, *state, true, false);
	post(&p, 16);
	assert_int_equal(double_notify(p.vq), 0);
	tick();
	assert_int_equal(event(&p), 0);
	p.rig->uar_page[4] = htobe64(p.cq->id);
	tick();
	assert_int_equal(event(&p), 0xc00c1e);
	assert_int_equal(p.rig->uar_page[4], 0);
	/* Afterwards the record alone counts. */
	p.rig->uar_page[4] = htobe64(p.cq->id);
	tick();
	assert_int_equal(event(&p), 0);
}

static void notify_overrun_breaks_cq(void **state)
{
	struct path p;
	unsigned int i;

	make_path(&p, *state, true, false);
	subscribe(&p, p.cq, EVENT_CQ_ERROR, 0xbad);
	post(&p, 1000);
	for (i = 0; i < 1 << CQ_LOG; i++)
		assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(double_notify(p.vq), -EIO);
	assert_int_equal(event(&p), 0xbad);
	p.cq_dbr[0] = htobe32(16);
	assert_int_equal(double_notify(p.vq), -EIO); /* for good */
	assert_int_equal(event(&p), 0);
}

static void notify_overrun_ignored_goes_on(void **state)
{
	struct path p;
	unsigned int i;

	make_path(&p, *state, true, true);
	post(&p, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(wqe_counter(&p, 0), 999);
}

static void notify_disconnected_eio(void **state)
{
	struct path p;

	make_path(&p, *state, true, false);
	post(&p, 16);
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

	make_path(&p, *state, true, false);
	good_fw_qp(p.rig, &mb);
	third = mb_create(&mb, p.rig->a);
	post(&p, 16);
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

	make_path(&p, *state, true, false);
	post(&p, 3);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(double_notify(p.vq), 0);
	qp_to(p.fw, "2rst_qp", 0);
	qp_to(p.sw, "2rst_qp", 0);
	connect_qps(p.fw, p.sw);
	post(&p, 1);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(wqe_counter(&p, 0), 0);
	assert_int_equal(double_notify(p.vq), -EAGAIN);
	arm(&p, 1, 2);
	tick();
	assert_int_equal(event(&p), 0xc00c1e); /* three CQEs in all */
}

static void queue_error_object_change(void **state)
{
	struct path p;
	uint8_t buf[256];
	uint64_t cookie;
	uint32_t id;

	make_path(&p, *state, true, false);
	hca_chan_close(p.chan);
	close(p.fd);
	open_channel(&p, false);
	subscribe(&p, p.queue, EVENT_OBJECT_CHANGE, 0x1122334455667788);
	double_error(p.vq, VQ_ERROR_BAD_DESC);
	assert_int_equal(read(p.fd, buf, sizeof(buf)), 8 + 64);
	memcpy(&cookie, buf, sizeof(cookie));
	assert_int_equal(cookie, 0x1122334455667788);
	assert_int_equal(buf[8 + 1], 0x27);
	assert_int_equal(buf[8 + 32 + 3], 0x0d);
	memcpy(&id, buf + 8 + 32 + 4, sizeof(id));
	assert_int_equal(be32toh(id), p.queue->id);
	close(p.fd);
}

static void subscribe_bad_einval(void **state)
{
	struct path p;
	uint16_t ev;
	struct hca_chan *foreign;
	int fd;

	make_path(&p, *state, true, false);
	ev = EVENT_OBJECT_CHANGE;
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, NULL, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, p.queue, &ev, 0, 1, -1), -EINVAL);
	ev = EVENT_COMP;
	assert_int_equal(hca_chan_subscribe(p.chan, p.queue, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, p.sw, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, 99999), -EBADF);
	assert_int_equal(hca_chan_open(p.rig->b, true, &foreign, &fd), 0);
	assert_int_equal(hca_chan_subscribe(foreign, p.cq, &ev, 1, 1, -1), -EINVAL);
	ev = EVENT_PORT_CHANGE;
	assert_int_equal(hca_chan_subscribe(p.chan, NULL, &ev, 1, 1, -1), 0);
	close(fd);
	close(p.fd);
}

static void subscribe_redirect_to_eventfd(void **state)
{
	struct path p;
	uint16_t ev = EVENT_COMP;
	uint64_t count;
	int efd = eventfd(0, EFD_NONBLOCK);

	make_path(&p, *state, true, false);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, efd), 0);
	post(&p, 1);
	arm(&p, 1, 0);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(read(efd, &count, sizeof(count)), 8);
	assert_int_equal(count, 1);
	assert_int_equal(event(&p), 0xc00c1e); /* the first subscription, too */
	close(efd);
	close(p.fd);
}

/* The program's eventfd blocks and is full: no NIC thread may wait for its reader. */
static void eventfd_full_does_not_block(void **state)
{
	uint64_t count = UINT64_MAX - 1;
	uint16_t ev = EVENT_COMP;
	int efd = eventfd(0, 0);
	struct path p;

	make_path(&p, *state, true, false);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, efd), 0);
	assert_int_equal(write(efd, &count, sizeof(count)), sizeof(count));
	post(&p, 2);
	arm(&p, 1, 0);
	alarm(20); /* ends the test, should it hang */
	assert_int_equal(double_notify(p.vq), 0);
	alarm(0);
	assert_int_equal(read(efd, &count, sizeof(count)), 8);
	assert_int_equal(count, UINT64_MAX - 1);
	/* With room again it counts again. */
	p.cq_dbr[0] = htobe32(1);
	arm(&p, 2, 1);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(read(efd, &count, sizeof(count)), 8);
	assert_int_equal(count, 1);
	close(efd);
	close(p.fd);
}

static unsigned int subscriptions(struct rig *rig)
{
	struct event_sub *sub;
	unsigned int n = 0;

	SLIST_FOREACH(sub, &rig->hca->ev.subs, in_all)
	n++;
	return n;
}

/* Both events or none: the second one finds no file descriptor. */
static void subscribe_half_leaves_nothing(void **state)
{
	uint16_t ev[] = {EVENT_COMP, EVENT_CQ_ERROR};
	struct rlimit had, tight;
	struct path p;
	int efd, next;

	make_path(&p, *state, true, false);
	efd = eventfd(0, EFD_NONBLOCK);
	next = dup(efd);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &had), 0);
	tight = had;
	tight.rlim_cur = (rlim_t)next + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, ev, 2, 1, efd), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	assert_int_equal(subscriptions(p.rig), 1); /* make_path's own */
	/* Nor is the descriptor of the first half still open. */
	assert_int_equal(dup(efd), next);
	close(next);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, ev, 2, 1, efd), 0);
	assert_int_equal(subscriptions(p.rig), 3);
	close(efd);
	close(p.fd);
}

/* A full channel loses nothing: the event comes when there is room. */
static void channel_full_event_pending(void **state)
{
	struct path p;
	int size = 1;
	uint64_t n = 0;
	uint32_t sn = 1;

	make_path(&p, *state, true, true);
	assert_int_equal(
	    setsockopt(((struct chan *)p.chan)->sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
	    0);
	post(&p, 30000);
	while (!p.rig->hca->ev.pending) {
		arm(&p, sn++ & 15, 0xfff000);
		assert_int_equal(double_notify(p.vq), 0);
		assert_true(++n < 20000);
	}
	while (event(&p))
		n--;
	assert_int_equal(n, 1);
	tick();
	assert_int_equal(event(&p), 0xc00c1e);
	assert_int_equal(p.rig->hca->ev.pending, 0);
	close(p.fd);
}

static void channel_reader_gone_ignored(void **state)
{
	struct path p;

	make_path(&p, *state, true, false);
	close(p.fd);
	post(&p, 2);
	arm(&p, 1, 0);
	assert_int_equal(double_notify(p.vq), 0);
	arm(&p, 2, 0);
	assert_int_equal(double_notify(p.vq), 0);
	hca_chan_close(p.chan);
}

/* Subscriptions end with the object and with the channel, in any order. */
static void subscriptions_end_with_either(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *cq;
	struct mbox mb;
	struct path p = {.rig = rig}, other = {.rig = rig};

	open_channel(&other, true);
	open_channel(&p, true);
	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	subscribe(&p, cq, EVENT_COMP, 1);
	subscribe(&p, cq, EVENT_COMP, 2);
	destroy(cq);
	assert_true(SLIST_EMPTY(&rig->hca->ev.subs));
	cq = mb_create(&mb, rig->a);
	subscribe(&p, cq, EVENT_COMP, 3);
	subscribe(&other, cq, EVENT_COMP, 4);
	hca_chan_close(p.chan);
	assert_int_equal(SLIST_FIRST(&cq->subs)->cookie, 4);
	assert_null(SLIST_NEXT(SLIST_FIRST(&cq->subs), in_obj));
	hca_chan_close(other.chan);
	assert_true(SLIST_EMPTY(&rig->hca->ev.subs));
	assert_true(SLIST_EMPTY(&cq->subs));
	destroy(cq);
	close(other.fd);
	close(p.fd);
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
	    T(queue_error_object_change),
	    T(subscribe_bad_einval),
	    T(subscribe_redirect_to_eventfd),
	    T(eventfd_full_does_not_block),
	    T(subscribe_half_leaves_nothing),
	    T(channel_full_event_pending),
	    T(channel_reader_gone_ignored),
	    T(subscriptions_end_with_either),
	    T(tick_brings_figures),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
