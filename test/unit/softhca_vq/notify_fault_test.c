/* SPDX-License-Identifier: BSD-3-Clause */
/* Queues whose notification fails: memory behind notify that vanishes, and errors on purpose. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "notify_scene.h"

/* ---- memory behind notify ---- */

static volatile uint8_t *cq; /* a page of somebody's */

static void touch_cq(void)
{
	cq[64] = 1;
}

static bool owns_cq(const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)cq < 4096;
}

static void cq_create(struct rig_queue *q)
{
	cq = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(cq, MAP_FAILED);
	dp_lock(scene.rig.dp);
	q->owns = owns_cq;
	q->on_notify = touch_cq;
	dp_unlock(scene.rig.dp);
}

static void cq_vanish(void)
{
	assert_int_equal(mprotect((void *)(uintptr_t)cq, 4096, PROT_NONE), 0);
}

static void expect_cq_error(struct rig_queue *q)
{
	rig_wait(scene_errors(q) == 1);
	assert_int_equal(q->error, VQ_ERROR_CQ);
	assert_int_equal(rig_status(q).state, VQ_ERR);
	munmap((void *)(uintptr_t)cq, 4096);
}

static void receiver_without_cq_fails_alone(void **state)
{
	scene_create(*state);
	cq_create(scene.rx[1]);
	scene_send(1);
	scene_receive(1);
	dp_lock(scene.rig.dp);
	cq_vanish();
	scene_send(3);
	dp_unlock(scene.rig.dp);
	/* They were published before. */
	scene_receive(3);
	expect_cq_error(scene.rx[1]);
	assert_int_equal(rig_status(scene.tx[0]).state, VQ_RDY);
	scene_send(1);
	rig_wait(rig_reap(scene.tx[0]) == 1);
	assert_int_equal(rig_stats(&scene.rig).drops_no_dest, 1);
	rig_destroy(&scene.rig);
}

static void sender_without_cq_fails_alone(void **state)
{
	scene_create(*state);
	fe_ring_irq_enable(scene.tx[0]->ring);
	cq_create(scene.tx[0]);
	dp_lock(scene.rig.dp);
	cq_vanish();
	scene_send(3);
	dp_unlock(scene.rig.dp);
	expect_cq_error(scene.tx[0]);
	scene_receive(3);
	assert_int_equal(rig_status(scene.rx[1]).state, VQ_RDY);
	rig_destroy(&scene.rig);
}

/* While it is told later, and while it is told for the last time. */
static void pending_queue_without_cq_fails(void **state)
{
	for (unsigned int at_stop = 0; at_stop < 2; at_stop++) {
		scene_create(*state);
		cq_create(scene.rx[1]);
		__atomic_store_n(&scene.rx[1]->notify_result, -EAGAIN, __ATOMIC_RELAXED);
		scene_send(1);
		scene_receive(1);
		rig_wait(scene_notified(scene.rx[1]) > 2);
		dp_lock(scene.rig.dp);
		cq_vanish();
		if (at_stop)
			assert_int_equal(vq_stop(scene.rx[1]->vq), -EIO);
		dp_unlock(scene.rig.dp);
		expect_cq_error(scene.rx[1]);
		rig_destroy(&scene.rig);
	}
}

static unsigned int foreign_faults; /* atomic */

static void foreign_handler(int sig, siginfo_t *info, void *context)
{
	/* Not async-signal-safe by the book; it is for the thread that made the fault. */
	if ((uintptr_t)info->si_addr - (uintptr_t)cq < 4096) {
		__atomic_fetch_add(&foreign_faults, 1, __ATOMIC_RELEASE);
		mprotect((void *)(uintptr_t)cq, 4096, PROT_READ | PROT_WRITE);
	}
}

/* A fault in a NIC thread that is no queue's goes to who was there before us. */
static void fault_that_nobody_owns_is_passed_on(void **state)
{
	struct sigaction sa = {.sa_sigaction = foreign_handler, .sa_flags = SA_SIGINFO}, old;

	sigaction(SIGSEGV, &sa, &old);
	foreign_faults = 0;
	scene_create(*state);
	cq_create(scene.rx[1]);
	dp_lock(scene.rig.dp);
	scene.rx[1]->owns = NULL;
	dp_unlock(scene.rig.dp);
	cq_vanish();
	scene_send(1);
	scene_receive(1);
	rig_wait(scene_notified(scene.rx[1]) == 1 &&
		 __atomic_load_n(&foreign_faults, __ATOMIC_ACQUIRE) == 1);
	assert_int_equal(scene_errors(scene.rx[1]), 0);
	assert_int_equal(scene_errors(scene.tx[0]), 0);
	assert_int_equal(rig_status(scene.rx[1]).state, VQ_RDY);
	rig_destroy(&scene.rig);
	sigaction(SIGSEGV, &old, NULL);
	munmap((void *)(uintptr_t)cq, 4096);
}

/* ---- errors on purpose ---- */

static void injected_error_is_like_a_real_one(void **state)
{
	for (enum vq_error e = VQ_ERROR_BAD_DESC; e <= VQ_ERROR_CQ; e++) {
		struct vq_status before, after;

		scene_create(*state);
		scene_send(2);
		scene_receive(2);
		before = rig_status(scene.rx[1]);
		dp_lock(scene.rig.dp);
		assert_int_equal(vq_inject(scene.rx[1]->vq, e), 0);
		assert_int_equal(vq_inject(scene.rx[1]->vq, e), -EINVAL);
		dp_unlock(scene.rig.dp);
		after = rig_status(scene.rx[1]);
		assert_int_equal(scene_errors(scene.rx[1]), 1);
		assert_int_equal(scene.rx[1]->error, e);
		assert_int_equal(after.state, VQ_ERR);
		assert_int_equal(after.error, e);
		assert_int_equal(after.avail_index, before.avail_index);
		assert_int_equal(after.used_index, before.used_index);
		assert_int_equal(after.bad_desc_errors, e == VQ_ERROR_BAD_DESC);
		assert_int_equal(after.invalid_buffer, e == VQ_ERROR_BAD_BUFFER);
		scene_send(1);
		rig_wait(rig_reap(scene.tx[0]) == 1);
		assert_int_equal(rig_stats(&scene.rig).drops_no_dest, 1);
		rig_destroy(&scene.rig);
	}
}

static void injection_needs_a_queue_that_can_fail(void **state)
{
	struct rig_queue *q;
	struct vq_status before;

	scene_create(*state);
	q = rig_queue(&scene.rig.guest[0], 3, *state);
	dp_lock(scene.rig.dp);
	assert_int_equal(vq_inject(q->vq, VQ_ERROR_BAD_RING), -EINVAL); /* INIT */
	assert_int_equal(vq_inject(scene.tx[0]->vq, VQ_ERROR_NONE), -EINVAL);
	assert_int_equal(vq_inject(scene.tx[0]->vq, VQ_ERROR_CQ + 1), -EINVAL);
	assert_int_equal(vq_stop(scene.tx[0]->vq), 0);
	vq_status(scene.tx[0]->vq, &before);
	assert_int_equal(vq_inject(scene.tx[0]->vq, VQ_ERROR_BAD_RING), 0); /* SUSPEND */
	assert_int_equal(vq_resume(scene.tx[0]->vq), -EINVAL);
	dp_unlock(scene.rig.dp);
	assert_int_equal(scene_errors(scene.tx[0]), 1);
	assert_int_equal(rig_status(scene.tx[0]).state, VQ_ERR);
	assert_int_equal(rig_status(scene.tx[0]).avail_index, before.avail_index);
	rig_destroy(&scene.rig);
}

/* An active queue: its thread finds out, and does not touch it. */
static void injected_sender_stops_at_once(void **state)
{
	scene_create(*state);
	scene_send(5);
	scene_receive(5);
	dp_lock(scene.rig.dp);
	scene_send(5);
	assert_int_equal(vq_inject(scene.tx[0]->vq, VQ_ERROR_BAD_DESC), 0);
	dp_unlock(scene.rig.dp);
	rig_wait(__atomic_load_n(&scene.rig.guest[0].word, __ATOMIC_ACQUIRE) == DP_DOORBELL_NONE);
	rig_stats(&scene.rig);
	assert_int_equal(rig_reap(scene.tx[0]), 0);
	assert_int_equal(rig_stats(&scene.rig).frames_tx, 5);
	rig_destroy(&scene.rig);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BOTH(receiver_without_cq_fails_alone),   BOTH(sender_without_cq_fails_alone),
	    BOTH(pending_queue_without_cq_fails),    BOTH(fault_that_nobody_owns_is_passed_on),
	    BOTH(injected_error_is_like_a_real_one), BOTH(injection_needs_a_queue_that_can_fail),
	    BOTH(injected_sender_stops_at_once),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
