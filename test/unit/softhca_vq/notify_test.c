/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling the guest: moderation. */
#include <errno.h>

#include "notify_scene.h"
#include "vq/dp_impl.h"

/* No test waits for so long: "never" for what is moderated. */
enum { PERIOD_MAX_US = 4095 };

static void moderate(struct rig_queue *q, uint16_t period_us, uint16_t count, bool from_last)
{
	struct vq_moderation m = {period_us, count, from_last};

	dp_lock(scene.rig.dp);
	vq_set_moderation(q->vq, &m);
	dp_unlock(scene.rig.dp);
}

static void count_of_used_buffers_is_told_of(void **state)
{
	scene_create(*state);
	moderate(scene.rx[1], PERIOD_MAX_US, 8, true);
	/* Fewer are told of after the period, which a busy machine may bring about now and then. */
	for (unsigned int round = 0; round < 200; round++) {
		scene_send(8);
		scene_receive(8);
	}
	assert_in_range(scene_notified_by_now(scene.rx[1]), 100, 400);
	rig_destroy(&scene.rig);
}

static void few_used_buffers_are_told_of_after_the_period(void **state)
{
	scene_create(*state);
	for (unsigned int from_last = 0; from_last < 2; from_last++) {
		unsigned int before = scene_notified_by_now(scene.rx[1]);
		uint64_t start = rig_now_ns();

		moderate(scene.rx[1], PERIOD_MAX_US, 1000, from_last);
		dp_lock(scene.rig.dp);
		scene_send(3);
		dp_unlock(scene.rig.dp);
		rig_wait(scene_notified(scene.rx[1]) > before);
		/* Not before, by a clock of another kind; one percent for its measure. */
		assert_true(rig_now_ns() - start > PERIOD_MAX_US * 990ull);
		scene_receive(3);
		/* And once. */
		assert_int_equal(scene_notified_by_now(scene.rx[1]), before + 1);
	}
	rig_destroy(&scene.rig);
}

/* Told is not before the period after the last, or the first. */
static void period_starts_anew_only_from_the_last(void **state)
{
	bool seen[2] = {false, false};

	scene_create(*state);
	while (!seen[0] || !seen[1]) {
		bool from_last = seen[0];
		unsigned int before = scene_notified_by_now(scene.rx[1]);
		uint64_t first, second;

		moderate(scene.rx[1], PERIOD_MAX_US, 0, from_last);
		scene_send(1);
		scene_receive(1);
		dp_lock(scene.rig.dp);
		first = scene.rx[1]->vq->notify_at;
		dp_unlock(scene.rig.dp);
		scene_send(1);
		scene_receive(1);
		dp_lock(scene.rig.dp);
		second = scene.rx[1]->vq->notify_at;
		/* If the first was not told of in between. */
		if (scene_notified(scene.rx[1]) == before) {
			assert_int_equal(second > first, from_last);
			seen[from_last] = true;
		}
		dp_unlock(scene.rig.dp);
		rig_wait(scene_notified(scene.rx[1]) > before);
	}
	rig_destroy(&scene.rig);
}

/* Many times the period: were each of these told of, it would be seen. */
static void period_makes_one_of_many(void **state)
{
	unsigned int n, frames = 0;
	uint64_t start, passed;

	scene_create(*state);
	moderate(scene.rx[1], PERIOD_MAX_US, 0, false);
	start = rig_now_ns();
	do {
		scene_send(1);
		scene_receive(1);
		frames++;
		passed = rig_now_ns() - start;
	} while (passed < 50000000 || frames < 100);
	n = scene_notified_by_now(scene.rx[1]);
	assert_true(n >= 1);
	assert_true(n <= passed / (PERIOD_MAX_US * 990ull) + 1);
	rig_destroy(&scene.rig);
}

static void without_period_each_is_told_of(void **state)
{
	scene_create(*state);
	moderate(scene.rx[1], PERIOD_MAX_US, 1000, false);
	moderate(scene.rx[1], 0, 1000, false);
	for (unsigned int i = 1; i <= 20; i++) {
		scene_send(1);
		scene_receive(1);
		rig_wait(scene_notified(scene.rx[1]) == i);
	}
	rig_destroy(&scene.rig);
}

static void what_waits_is_told_when_moderation_ends(void **state)
{
	static const struct vq_moderation off;

	scene_create(*state);
	dp_lock(scene.rig.dp);
	vq_set_moderation(scene.rx[1]->vq, &(struct vq_moderation){PERIOD_MAX_US, 0, false});
	dp_unlock(scene.rig.dp);
	scene_send(2);
	scene_receive(2);
	dp_lock(scene.rig.dp);
	vq_set_moderation(scene.rx[1]->vq, &off);
	dp_unlock(scene.rig.dp);
	rig_wait(scene_notified(scene.rx[1]) >= 1);
	rig_destroy(&scene.rig);
}

/* The wish counts when the period is over. */
static void driver_that_looks_itself_is_not_told(void **state)
{
	uint64_t start;
	unsigned int ticks;

	scene_create(*state);
	fe_ring_irq_disable(scene.rx[1]->ring);
	moderate(scene.rx[1], PERIOD_MAX_US, 4, false);
	scene_send(10);
	scene_receive(10);
	moderate(scene.rx[1], PERIOD_MAX_US, 0, false);
	scene_send(10);
	scene_receive(10);
	start = rig_now_ns();
	ticks = __atomic_load_n(&scene.rig.ticks, __ATOMIC_RELAXED);
	rig_wait(__atomic_load_n(&scene.rig.ticks, __ATOMIC_RELAXED) - ticks > 10 &&
		 rig_now_ns() - start > 2 * PERIOD_MAX_US * 1000ull);
	assert_int_equal(scene_notified_by_now(scene.rx[1]), 0);
	fe_ring_irq_enable(scene.rx[1]->ring);
	scene_send(1);
	rig_wait(scene_notified(scene.rx[1]) == 1);
	rig_destroy(&scene.rig);
}

static void transmit_queue_is_moderated_too(void **state)
{
	scene_create(*state);
	fe_ring_irq_enable(scene.tx[0]->ring);
	moderate(scene.tx[0], PERIOD_MAX_US, 10, false);
	for (unsigned int i = 0; i < 100; i++) {
		scene_send(10);
		scene_receive(10);
	}
	assert_in_range(scene_notified_by_now(scene.tx[0]), 50, 300);
	rig_destroy(&scene.rig);
}

static void stop_tells_what_waits(void **state)
{
	scene_create(*state);
	moderate(scene.rx[1], PERIOD_MAX_US, 1000, false);
	scene_send(1);
	scene_receive(1);
	dp_lock(scene.rig.dp);
	assert_int_equal(vq_stop(scene.rx[1]->vq), 0);
	dp_unlock(scene.rig.dp);
	assert_int_equal(scene_notified(scene.rx[1]), 1);
	/* Moderation stays with the queue. */
	dp_lock(scene.rig.dp);
	assert_int_equal(vq_resume(scene.rx[1]->vq), 0);
	dp_unlock(scene.rig.dp);
	scene_send(1);
	scene_receive(1);
	rig_wait(scene_notified(scene.rx[1]) == 2);
	rig_destroy(&scene.rig);
}

static void credit_that_is_missing_is_waited_for(void **state)
{
	unsigned int n;

	scene_create(*state);
	moderate(scene.rx[1], 50, 4, false);
	__atomic_store_n(&scene.rx[1]->notify_result, -EAGAIN, __ATOMIC_RELAXED);
	scene_send(4);
	scene_receive(4);
	rig_wait(scene_notified(scene.rx[1]) > 5);
	dp_lock(scene.rig.dp);
	__atomic_store_n(&scene.rx[1]->notify_result, 0, __ATOMIC_RELAXED);
	n = scene_notified(scene.rx[1]);
	dp_unlock(scene.rig.dp);
	rig_wait(scene_notified(scene.rx[1]) > n);
	/* That was it. */
	n = scene_notified_by_now(scene.rx[1]);
	scene_send(4);
	scene_receive(4);
	rig_wait(scene_notified(scene.rx[1]) == n + 1);
	rig_destroy(&scene.rig);
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
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
