/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling the guest: moderation, memory behind notify that vanishes, and errors on purpose. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "rig.h"
#include "vq/dp_impl.h"

static const struct rig_queue_options split = {.size = 64, .flags = VQ_F_VERSION_1 | VQ_F_EVENTS};
static const struct rig_queue_options packed = {
    .size = 50, .flags = VQ_F_VERSION_1 | VQ_F_EVENTS, .base = 0x8000, .packed = true};

/* No test waits for so long: "never" for what is moderated. */
enum { PERIOD_MAX_US = 4095 };

static struct scene {
	struct rig rig;
	struct rig_queue *rx[2], *tx[2];
	uint32_t sent;
} s;

static void scene_create(const struct rig_queue_options *q)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};

	memset(&s, 0, sizeof(s));
	rig_create(&s.rig, &o);
	for (unsigned int i = 0; i < 2; i++)
		rig_pair(&s.rig.guest[i], q, &s.rx[i], &s.tx[i]);
	fe_ring_irq_disable(s.tx[0]->ring);
	rig_post_all(s.rx[1], 2000);
}

static void moderate(struct rig_queue *q, uint16_t period_us, uint16_t count, bool from_last)
{
	struct vq_moderation m = {period_us, count, from_last};

	dp_lock(s.rig.dp);
	vq_set_moderation(q->vq, &m);
	dp_unlock(s.rig.dp);
}

/* One pass moves them all: the doorbell rings behind the last. */
static void send(unsigned int frames)
{
	uint8_t frame[200];

	for (unsigned int i = 0; i < frames; i++) {
		rig_frame(frame, sizeof(frame), 2, 1, s.sent++);
		assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	}
	rig_ring(&s.rig.guest[0]);
}

static void receive(unsigned int frames)
{
	uint8_t frame[RIG_FRAME_MAX];

	for (unsigned int i = 0; i < frames; i++)
		rig_wait(rig_recv(s.rx[1], frame) > 0);
	rig_post_all(s.rx[1], 2000);
	rig_reap(s.tx[0]);
}

static unsigned int notified(const struct rig_queue *q)
{
	return __atomic_load_n(&q->notified, __ATOMIC_ACQUIRE);
}

/* Behind the lock no pass is half done. */
static unsigned int notified_by_now(const struct rig_queue *q)
{
	rig_stats(&s.rig);
	return notified(q);
}

static unsigned int errors(struct rig_queue *q)
{
	return __atomic_load_n(&q->errors, __ATOMIC_ACQUIRE);
}

/* ---- moderation ---- */

static void count_of_used_buffers_is_told_of(void **state)
{
	scene_create(*state);
	moderate(s.rx[1], PERIOD_MAX_US, 8, true);
	/* Fewer are told of after the period, which a busy machine may bring about now and then. */
	for (unsigned int round = 0; round < 200; round++) {
		send(8);
		receive(8);
	}
	assert_in_range(notified_by_now(s.rx[1]), 100, 400);
	rig_destroy(&s.rig);
}

static void few_used_buffers_are_told_of_after_the_period(void **state)
{
	scene_create(*state);
	for (unsigned int from_last = 0; from_last < 2; from_last++) {
		unsigned int before = notified_by_now(s.rx[1]);
		uint64_t start = rig_now_ns();

		moderate(s.rx[1], PERIOD_MAX_US, 1000, from_last);
		dp_lock(s.rig.dp);
		send(3);
		dp_unlock(s.rig.dp);
		rig_wait(notified(s.rx[1]) > before);
		/* Not before, by a clock of another kind; one percent for its measure. */
		assert_true(rig_now_ns() - start > PERIOD_MAX_US * 990ull);
		receive(3);
		/* And once. */
		assert_int_equal(notified_by_now(s.rx[1]), before + 1);
	}
	rig_destroy(&s.rig);
}

/* Told is not before the period after the last, or the first. */
static void period_starts_anew_only_from_the_last(void **state)
{
	bool seen[2] = {false, false};

	scene_create(*state);
	while (!seen[0] || !seen[1]) {
		bool from_last = seen[0];
		unsigned int before = notified_by_now(s.rx[1]);
		uint64_t first, second;

		moderate(s.rx[1], PERIOD_MAX_US, 0, from_last);
		send(1);
		receive(1);
		dp_lock(s.rig.dp);
		first = s.rx[1]->vq->notify_at;
		dp_unlock(s.rig.dp);
		send(1);
		receive(1);
		dp_lock(s.rig.dp);
		second = s.rx[1]->vq->notify_at;
		/* If the first was not told of in between. */
		if (notified(s.rx[1]) == before) {
			assert_int_equal(second > first, from_last);
			seen[from_last] = true;
		}
		dp_unlock(s.rig.dp);
		rig_wait(notified(s.rx[1]) > before);
	}
	rig_destroy(&s.rig);
}

/* Many times the period: were each of these told of, it would be seen. */
static void period_makes_one_of_many(void **state)
{
	unsigned int n, frames = 0;
	uint64_t start, passed;

	scene_create(*state);
	moderate(s.rx[1], PERIOD_MAX_US, 0, false);
	start = rig_now_ns();
	do {
		send(1);
		receive(1);
		frames++;
		passed = rig_now_ns() - start;
	} while (passed < 50000000 || frames < 100);
	n = notified_by_now(s.rx[1]);
	assert_true(n >= 1);
	assert_true(n <= passed / (PERIOD_MAX_US * 990ull) + 1);
	rig_destroy(&s.rig);
}

static void without_period_each_is_told_of(void **state)
{
	scene_create(*state);
	moderate(s.rx[1], PERIOD_MAX_US, 1000, false);
	moderate(s.rx[1], 0, 1000, false);
	for (unsigned int i = 1; i <= 20; i++) {
		send(1);
		receive(1);
		rig_wait(notified(s.rx[1]) == i);
	}
	rig_destroy(&s.rig);
}

static void what_waits_is_told_when_moderation_ends(void **state)
{
	static const struct vq_moderation off;

	scene_create(*state);
	dp_lock(s.rig.dp);
	vq_set_moderation(s.rx[1]->vq, &(struct vq_moderation){PERIOD_MAX_US, 0, false});
	dp_unlock(s.rig.dp);
	send(2);
	receive(2);
	dp_lock(s.rig.dp);
	vq_set_moderation(s.rx[1]->vq, &off);
	dp_unlock(s.rig.dp);
	rig_wait(notified(s.rx[1]) >= 1);
	rig_destroy(&s.rig);
}

/* The wish counts when the period is over. */
static void driver_that_looks_itself_is_not_told(void **state)
{
	uint64_t start;
	unsigned int ticks;

	scene_create(*state);
	fe_ring_irq_disable(s.rx[1]->ring);
	moderate(s.rx[1], PERIOD_MAX_US, 4, false);
	send(10);
	receive(10);
	moderate(s.rx[1], PERIOD_MAX_US, 0, false);
	send(10);
	receive(10);
	start = rig_now_ns();
	ticks = __atomic_load_n(&s.rig.ticks, __ATOMIC_RELAXED);
	rig_wait(__atomic_load_n(&s.rig.ticks, __ATOMIC_RELAXED) - ticks > 10 &&
		 rig_now_ns() - start > 2 * PERIOD_MAX_US * 1000ull);
	assert_int_equal(notified_by_now(s.rx[1]), 0);
	fe_ring_irq_enable(s.rx[1]->ring);
	send(1);
	rig_wait(notified(s.rx[1]) == 1);
	rig_destroy(&s.rig);
}

static void transmit_queue_is_moderated_too(void **state)
{
	scene_create(*state);
	fe_ring_irq_enable(s.tx[0]->ring);
	moderate(s.tx[0], PERIOD_MAX_US, 10, false);
	for (unsigned int i = 0; i < 100; i++) {
		send(10);
		receive(10);
	}
	assert_in_range(notified_by_now(s.tx[0]), 50, 300);
	rig_destroy(&s.rig);
}

static void stop_tells_what_waits(void **state)
{
	scene_create(*state);
	moderate(s.rx[1], PERIOD_MAX_US, 1000, false);
	send(1);
	receive(1);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_stop(s.rx[1]->vq), 0);
	dp_unlock(s.rig.dp);
	assert_int_equal(notified(s.rx[1]), 1);
	/* Moderation stays with the queue. */
	dp_lock(s.rig.dp);
	assert_int_equal(vq_resume(s.rx[1]->vq), 0);
	dp_unlock(s.rig.dp);
	send(1);
	receive(1);
	rig_wait(notified(s.rx[1]) == 2);
	rig_destroy(&s.rig);
}

static void credit_that_is_missing_is_waited_for(void **state)
{
	unsigned int n;

	scene_create(*state);
	moderate(s.rx[1], 50, 4, false);
	__atomic_store_n(&s.rx[1]->notify_result, -EAGAIN, __ATOMIC_RELAXED);
	send(4);
	receive(4);
	rig_wait(notified(s.rx[1]) > 5);
	dp_lock(s.rig.dp);
	__atomic_store_n(&s.rx[1]->notify_result, 0, __ATOMIC_RELAXED);
	n = notified(s.rx[1]);
	dp_unlock(s.rig.dp);
	rig_wait(notified(s.rx[1]) > n);
	/* That was it. */
	n = notified_by_now(s.rx[1]);
	send(4);
	receive(4);
	rig_wait(notified(s.rx[1]) == n + 1);
	rig_destroy(&s.rig);
}

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
	dp_lock(s.rig.dp);
	q->owns = owns_cq;
	q->on_notify = touch_cq;
	dp_unlock(s.rig.dp);
}

static void cq_vanish(void)
{
	assert_int_equal(mprotect((void *)(uintptr_t)cq, 4096, PROT_NONE), 0);
}

static void expect_cq_error(struct rig_queue *q)
{
	rig_wait(errors(q) == 1);
	assert_int_equal(q->error, VQ_ERROR_CQ);
	assert_int_equal(rig_status(q).state, VQ_ERR);
	munmap((void *)(uintptr_t)cq, 4096);
}

static void receiver_without_cq_fails_alone(void **state)
{
	scene_create(*state);
	cq_create(s.rx[1]);
	send(1);
	receive(1);
	dp_lock(s.rig.dp);
	cq_vanish();
	send(3);
	dp_unlock(s.rig.dp);
	/* They were published before. */
	receive(3);
	expect_cq_error(s.rx[1]);
	assert_int_equal(rig_status(s.tx[0]).state, VQ_RDY);
	send(1);
	rig_wait(rig_reap(s.tx[0]) == 1);
	assert_int_equal(rig_stats(&s.rig).drops_no_dest, 1);
	rig_destroy(&s.rig);
}

static void sender_without_cq_fails_alone(void **state)
{
	scene_create(*state);
	fe_ring_irq_enable(s.tx[0]->ring);
	cq_create(s.tx[0]);
	dp_lock(s.rig.dp);
	cq_vanish();
	send(3);
	dp_unlock(s.rig.dp);
	expect_cq_error(s.tx[0]);
	receive(3);
	assert_int_equal(rig_status(s.rx[1]).state, VQ_RDY);
	rig_destroy(&s.rig);
}

/* While it is told later, and while it is told for the last time. */
static void pending_queue_without_cq_fails(void **state)
{
	for (unsigned int at_stop = 0; at_stop < 2; at_stop++) {
		scene_create(*state);
		cq_create(s.rx[1]);
		__atomic_store_n(&s.rx[1]->notify_result, -EAGAIN, __ATOMIC_RELAXED);
		send(1);
		receive(1);
		rig_wait(notified(s.rx[1]) > 2);
		dp_lock(s.rig.dp);
		cq_vanish();
		if (at_stop)
			assert_int_equal(vq_stop(s.rx[1]->vq), -EIO);
		dp_unlock(s.rig.dp);
		expect_cq_error(s.rx[1]);
		rig_destroy(&s.rig);
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
	cq_create(s.rx[1]);
	dp_lock(s.rig.dp);
	s.rx[1]->owns = NULL;
	dp_unlock(s.rig.dp);
	cq_vanish();
	send(1);
	receive(1);
	rig_wait(notified(s.rx[1]) == 1 && __atomic_load_n(&foreign_faults, __ATOMIC_ACQUIRE) == 1);
	assert_int_equal(errors(s.rx[1]), 0);
	assert_int_equal(errors(s.tx[0]), 0);
	assert_int_equal(rig_status(s.rx[1]).state, VQ_RDY);
	rig_destroy(&s.rig);
	sigaction(SIGSEGV, &old, NULL);
	munmap((void *)(uintptr_t)cq, 4096);
}

/* ---- errors on purpose ---- */

static void injected_error_is_like_a_real_one(void **state)
{
	for (enum vq_error e = VQ_ERROR_BAD_DESC; e <= VQ_ERROR_CQ; e++) {
		struct vq_status before, after;

		scene_create(*state);
		send(2);
		receive(2);
		before = rig_status(s.rx[1]);
		dp_lock(s.rig.dp);
		assert_int_equal(vq_inject(s.rx[1]->vq, e), 0);
		assert_int_equal(vq_inject(s.rx[1]->vq, e), -EINVAL);
		dp_unlock(s.rig.dp);
		after = rig_status(s.rx[1]);
		assert_int_equal(errors(s.rx[1]), 1);
		assert_int_equal(s.rx[1]->error, e);
		assert_int_equal(after.state, VQ_ERR);
		assert_int_equal(after.error, e);
		assert_int_equal(after.avail_index, before.avail_index);
		assert_int_equal(after.used_index, before.used_index);
		assert_int_equal(after.bad_desc_errors, e == VQ_ERROR_BAD_DESC);
		assert_int_equal(after.invalid_buffer, e == VQ_ERROR_BAD_BUFFER);
		send(1);
		rig_wait(rig_reap(s.tx[0]) == 1);
		assert_int_equal(rig_stats(&s.rig).drops_no_dest, 1);
		rig_destroy(&s.rig);
	}
}

static void injection_needs_a_queue_that_can_fail(void **state)
{
	struct rig_queue *q;
	struct vq_status before;

	scene_create(*state);
	q = rig_queue(&s.rig.guest[0], 3, *state);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_inject(q->vq, VQ_ERROR_BAD_RING), -EINVAL); /* INIT */
	assert_int_equal(vq_inject(s.tx[0]->vq, VQ_ERROR_NONE), -EINVAL);
	assert_int_equal(vq_inject(s.tx[0]->vq, VQ_ERROR_CQ + 1), -EINVAL);
	assert_int_equal(vq_stop(s.tx[0]->vq), 0);
	vq_status(s.tx[0]->vq, &before);
	assert_int_equal(vq_inject(s.tx[0]->vq, VQ_ERROR_BAD_RING), 0); /* SUSPEND */
	assert_int_equal(vq_resume(s.tx[0]->vq), -EINVAL);
	dp_unlock(s.rig.dp);
	assert_int_equal(errors(s.tx[0]), 1);
	assert_int_equal(rig_status(s.tx[0]).state, VQ_ERR);
	assert_int_equal(rig_status(s.tx[0]).avail_index, before.avail_index);
	rig_destroy(&s.rig);
}

/* An active queue: its thread finds out, and does not touch it. */
static void injected_sender_stops_at_once(void **state)
{
	scene_create(*state);
	send(5);
	receive(5);
	dp_lock(s.rig.dp);
	send(5);
	assert_int_equal(vq_inject(s.tx[0]->vq, VQ_ERROR_BAD_DESC), 0);
	dp_unlock(s.rig.dp);
	rig_wait(__atomic_load_n(&s.rig.guest[0].word, __ATOMIC_ACQUIRE) == DP_DOORBELL_NONE);
	rig_stats(&s.rig);
	assert_int_equal(rig_reap(s.tx[0]), 0);
	assert_int_equal(rig_stats(&s.rig).frames_tx, 5);
	rig_destroy(&s.rig);
}

#define BOTH(f)                                                                                    \
	{#f "/split", f, NULL, NULL, (void *)&split},                                              \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&packed                                       \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BOTH(count_of_used_buffers_is_told_of),
	    BOTH(few_used_buffers_are_told_of_after_the_period),
	    BOTH(period_starts_anew_only_from_the_last),
	    BOTH(period_makes_one_of_many),
	    BOTH(without_period_each_is_told_of),
	    BOTH(what_waits_is_told_when_moderation_ends),
	    BOTH(driver_that_looks_itself_is_not_told),
	    BOTH(transmit_queue_is_moderated_too),
	    BOTH(stop_tells_what_waits),
	    BOTH(credit_that_is_missing_is_waited_for),
	    BOTH(receiver_without_cq_fails_alone),
	    BOTH(sender_without_cq_fails_alone),
	    BOTH(pending_queue_without_cq_fails),
	    BOTH(fault_that_nobody_owns_is_passed_on),
	    BOTH(injected_error_is_like_a_real_one),
	    BOTH(injection_needs_a_queue_that_can_fail),
	    BOTH(injected_sender_stops_at_once),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
