/* SPDX-License-Identifier: BSD-3-Clause */
/* dp_lock: who waits for whom. */
#include <pthread.h>

#include "rig.h"
#include "vq/dp_impl.h"

enum { THREADS = 3, ROUNDS = 300 };

static unsigned int parked(struct dp *dp)
{
	unsigned int n;

	pthread_mutex_lock(&dp->mutex);
	n = dp->parked;
	pthread_mutex_unlock(&dp->mutex);
	return n;
}

/* However soon the next one comes: a thread that was stopped gets a pass in between. */
static void stopped_thread_gets_a_pass_before_the_next_lock(void **state)
{
	static struct rig rig;
	struct rig_options o = {.ports = 1};

	rig_create(&rig, &o);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int ticks;

		dp_lock(rig.dp);
		rig_wait(parked(rig.dp) == 1);
		ticks = __atomic_load_n(&rig.ticks, __ATOMIC_RELAXED);
		dp_unlock(rig.dp);
		dp_lock(rig.dp);
		assert_true(__atomic_load_n(&rig.ticks, __ATOMIC_RELAXED) > ticks);
		dp_unlock(rig.dp);
	}
	rig_destroy(&rig);
}

struct locker {
	struct rig *rig;
	pthread_t thread;
	unsigned int *inside;
	unsigned int together;
};

static void *lock_often(void *arg)
{
	struct locker *l = arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		dp_lock(l->rig->dp);
		l->together += ++*l->inside != 1;
		--*l->inside;
		dp_unlock(l->rig->dp);
	}
	return NULL;
}

/* Lockers shut each other out and none waits for ever, nor does the thread that is stopped. */
static void lockers_take_turns(void **state)
{
	static struct rig rig;
	struct rig_options o = {.ports = 1, .threads = 2};
	struct locker locker[THREADS] = {0};
	unsigned int inside = 0, ticks;

	rig_create(&rig, &o);
	ticks = __atomic_load_n(&rig.ticks, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < THREADS; i++) {
		locker[i].rig = &rig;
		locker[i].inside = &inside;
		assert_int_equal(pthread_create(&locker[i].thread, NULL, lock_often, &locker[i]),
				 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(locker[i].thread, NULL);
		assert_int_equal(locker[i].together, 0);
	}
	/* It may have slept all the while. */
	rig_wait(__atomic_load_n(&rig.ticks, __ATOMIC_RELAXED) > ticks);
	rig_destroy(&rig);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stopped_thread_gets_a_pass_before_the_next_lock),
	    cmocka_unit_test(lockers_take_turns),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
