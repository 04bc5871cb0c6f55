/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program unmaps what its CQs and QPs are made of: the access faults in the firmware, and the
 * queue pays for it, not the process. The datapath's guard is the real one.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fw/cq.h"
#include "fw/event.h"
#include "fw/qp.h"
#include "rig.h"
#include "vq/guard.h"

/* Each in a page of its own, to go one by one. */
enum page { PAGE_CQ, PAGE_CQ_DBR, PAGE_RQ, PAGE_RQ_DBR, PAGES, PAGE = 4096 };

struct path {
	struct rig *rig;
	struct hca_obj *cq, *queue;
	struct vq *vq;
	struct hca_chan *chan;
	int fd;
	uint8_t *mem;
};

static void subscribe(struct path *p, struct hca_obj *obj, uint16_t event, uint64_t cookie)
{
	assert_int_equal(hca_chan_subscribe(p->chan, obj, &event, 1, cookie, -1), 0);
}

/* A queue with an event path, one receive WQE posted. */
static void make_path(struct path *p, struct rig *rig)
{
	struct hca_obj *td, *tis = make_tis(rig, &td), *sw, *fw;
	struct mbox mb;
	uint32_t umem, one = htobe32(1);

	memset(p, 0, sizeof(*p));
	p->rig = rig;
	p->mem =
	    mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p->mem, MAP_FAILED);
	assert_int_equal(hca_umem_reg(rig->a, p->mem, PAGES * PAGE, 1, &umem), 0);
	good_cq(rig, &mb);
	mb_set(&mb, FLD(create_cq_in, cq_umem_id), umem);
	mb_set(&mb, FLD(create_cq_in, cq_umem_offset), PAGE_CQ * PAGE);
	mb_set(&mb, FLD(cqc, dbr_umem_id), umem);
	mb_set(&mb, FLD(cqc, dbr_addr), PAGE_CQ_DBR * PAGE);
	p->cq = mb_create(&mb, rig->a);
	good_sw_qp(rig, &mb, p->cq);
	mb_set(&mb, FLD(create_qp_in, wq_umem_id), umem);
	mb_set(&mb, FLD(create_qp_in, wq_umem_offset), PAGE_RQ * PAGE);
	mb_set(&mb, FLD(qpc, dbr_umem_id), umem);
	mb_set(&mb, FLD(qpc, dbr_addr), PAGE_RQ_DBR * PAGE);
	sw = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	fw = mb_create(&mb, rig->a);
	connect_qps(fw, sw);
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, event_mode), 1);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), fw->id);
	p->queue = mb_create(&mb, rig->a);
	set_state(p->queue, VQ_RDY);
	p->vq = double_vq(0, 0);
	memcpy(p->mem + PAGE_RQ_DBR * PAGE, &one, sizeof(one));
	assert_int_equal(hca_chan_open(rig->a, true, &p->chan, &p->fd), 0);
	assert_int_equal(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
	subscribe(p, p->cq, EVENT_CQ_ERROR, 1);
	subscribe(p, p->queue, EVENT_OBJECT_CHANGE, 2);
}

static void end_path(struct path *p)
{
	munmap(p->mem, PAGES * PAGE);
	close(p->fd);
}

static uint64_t event(struct path *p)
{
	uint64_t cookie;
	ssize_t n = read(p->fd, &cookie, sizeof(cookie));

	return n == sizeof(cookie) ? cookie : 0;
}

/* As the datapath does it. */
struct notify_guard {
	struct guard guard;
	struct vq *vq;
};

static bool blame(struct guard *guard, const void *addr)
{
	const struct vq *vq = ((struct notify_guard *)guard)->vq;

	return vq->attr.ops->owns && vq->attr.ops->owns(vq->attr.ops_arg, addr);
}

static int guarded_notify(struct vq *vq)
{
	struct notify_guard g = {.guard.blame = blame, .vq = vq};
	int err;

	if (sigsetjmp(g.guard.env, 0) != 0) {
		double_error(vq, VQ_ERROR_CQ);
		return -EFAULT;
	}
	guard_enter(&g.guard);
	err = double_notify(vq);
	guard_leave();
	return err;
}

static void notify_memory_gone_queue_error(void **state)
{
	static const enum page gone[] = {PAGE_CQ, PAGE_CQ_DBR, PAGE_RQ_DBR};
	struct rig *rig = *state;
	unsigned int i;

	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		struct hca_obj *other;
		struct path p;
		struct mbox mb;

		make_path(&p, rig);
		munmap(p.mem + gone[i] * PAGE, PAGE);
		assert_int_equal(guarded_notify(p.vq), -EFAULT);
		assert_int_equal(state_of(p.queue), VQ_ERR);
		mb_begin(&mb, "query_virtio_net_q");
		mb_query(&mb, p.queue);
		assert_int_equal(mb_answer(&mb, 0x280, FLD(virtio_q, error_type)), VQ_ERROR_CQ);
		assert_int_equal(event(&p), 1);
		assert_int_equal(event(&p), 2);
		assert_int_equal(event(&p), 0);
		/* Nobody touches it again, nor waits for its lock. */
		p.vq->status.state = VQ_RDY;
		assert_int_equal(guarded_notify(p.vq), -EIO);
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
		double_tick();
		assert_int_equal(rig->hca->ev.waiting, 0);
		/* Others go on. */
		good_cq(rig, &mb);
		other = mb_create(&mb, rig->a);
		destroy(other);
		end_path(&p);
		hca_ctx_close(rig->a);
		assert_int_equal(hca_ctx_open(rig->hca, 0, &rig->a), 0);
		rig_fill(rig);
	}
}

/* What no queue touches any more, the tick still looks at: a CQ with CQEs that is not armed. */
static void tick_memory_gone_cq_lost(void **state)
{
	struct rig *rig = *state;
	struct path p;

	make_path(&p, rig);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(rig->hca->ev.waiting, 1);
	munmap(p.mem + PAGE_CQ_DBR * PAGE, PAGE);
	nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	double_tick();
	assert_int_equal(rig->hca->ev.waiting, 0);
	assert_int_equal(event(&p), 1);
	assert_int_equal(guarded_notify(p.vq), -EIO);
	assert_int_equal(event(&p), 0);
	/* The queue tells for itself; of the CQ they know. */
	double_error(p.vq, VQ_ERROR_CQ);
	assert_int_equal(event(&p), 2);
	assert_int_equal(event(&p), 0);
	end_path(&p);
}

/* Completions of data queue pairs come from the tick, without a guard of the datapath. */
static void put_memory_gone_cq_lost(void **state)
{
	struct rig *rig = *state;
	uint8_t cqe[64] = {0};
	struct path p;
	struct cq *cq;

	make_path(&p, rig);
	cq = (struct cq *)p.cq;
	pthread_spin_lock(&cq->lock);
	assert_int_equal(cq_put(cq, cqe), 0);
	munmap(p.mem + PAGE_CQ * PAGE, PAGE);
	assert_int_equal(cq_put(cq, cqe), -EIO);
	assert_int_equal(cq_put(cq, cqe), -EIO);
	pthread_spin_unlock(&cq->lock);
	assert_int_equal(event(&p), 1);
	assert_int_equal(event(&p), 0);
	assert_int_equal(rig->hca->ev.waiting, 0);
	end_path(&p);
}

static void notify_foreign_fault_not_owned(void **state)
{
	const struct vq_ops *ops;
	struct rig *rig = *state;
	struct path p;

	make_path(&p, rig);
	ops = p.vq->attr.ops;
	assert_false(ops->owns(p.vq->attr.ops_arg, rig->mem));
	assert_false(ops->owns(p.vq->attr.ops_arg, p.mem + PAGE_RQ * PAGE));
	assert_false(ops->owns(p.vq->attr.ops_arg, p.mem + PAGE_CQ * PAGE + (64 << CQ_LOG)));
	assert_false(ops->owns(p.vq->attr.ops_arg, p.mem + PAGE_RQ_DBR * PAGE + 8));
	assert_int_equal(double_notify(p.vq), 0);
	end_path(&p);
}

static void cq_has_all_of_its_entries(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;
	unsigned int wide;

	for (wide = 0; wide < 2; wide++) {
		size_t len = (64u << wide) << CQ_LOG;
		const struct cq *cq;

		good_cq(rig, &mb);
		mb_set(&mb, FLD(cqc, cqe_sz), wide);
		cq = (const struct cq *)mb_create(&mb, rig->a);
		assert_true(cq_has(cq, rig->mem + CQ_AT));
		assert_true(cq_has(cq, rig->mem + CQ_AT + len - 1));
		assert_false(cq_has(cq, rig->mem + CQ_AT + len));
		assert_true(cq_has(cq, rig->mem + CQ_DBR_AT + 7));
		assert_false(cq_has(cq, rig->mem + CQ_DBR_AT + 8));
	}
}

static void create_cq_memory_gone_refused(void **state)
{
	struct rig *rig = *state;
	uint8_t *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t umem;
	struct mbox mb;

	assert_int_equal(hca_umem_reg(rig->a, p, PAGE, 1, &umem), 0);
	munmap(p, PAGE);
	good_cq(rig, &mb);
	mb_set(&mb, FLD(cqc, dbr_umem_id), umem);
	mb_set(&mb, FLD(cqc, dbr_addr), 0);
	mb_create_refused(&mb, rig->a, SYND(UMEM_GONE));
}

/* In the test itself: cmocka has handlers of its own around each function it calls. */
static void guarded(void **state, void (*test)(void **state))
{
	assert_int_equal(guard_install(), 0);
	test(state);
	guard_remove();
}

#define GUARDED(f)                                                                                 \
	static void guarded_##f(void **state)                                                      \
	{                                                                                          \
		guarded(state, f);                                                                 \
	}

GUARDED(notify_memory_gone_queue_error)
GUARDED(tick_memory_gone_cq_lost)
GUARDED(put_memory_gone_cq_lost)
GUARDED(create_cq_memory_gone_refused)

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(guarded_notify_memory_gone_queue_error),
	    T(guarded_tick_memory_gone_cq_lost),
	    T(guarded_put_memory_gone_cq_lost),
	    T(notify_foreign_fault_not_owned),
	    T(cq_has_all_of_its_entries),
	    T(guarded_create_cq_memory_gone_refused),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
