/* SPDX-License-Identifier: BSD-3-Clause */
/* Who waits for a lock goes before those who only try. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "vv_lock.h"

static struct vv_lock lock = VV_LOCK_INITIALIZER;
static bool has_it, give_back;

static void *wait_for_it(void *arg) VV_NO_ANALYSIS
{
	vv_lock(&lock);
	__atomic_store_n(&has_it, true, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&give_back, __ATOMIC_RELAXED))
		sched_yield();
	vv_unlock(&lock);
	return NULL;
}

static void who_waits_goes_before_those_who_try(void **state) VV_NO_ANALYSIS
{
	pthread_t thread;

	assert_int_equal(vv_trylock(&lock), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, NULL), 0);
	while (!__atomic_load_n(&lock.waiting, __ATOMIC_RELAXED))
		usleep(100);
	vv_unlock(&lock);
	while (!__atomic_load_n(&has_it, __ATOMIC_RELAXED))
		assert_int_not_equal(vv_trylock(&lock), 0);
	assert_int_not_equal(vv_trylock(&lock), 0);
	__atomic_store_n(&give_back, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(vv_trylock(&lock), 0);
	vv_unlock(&lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_waits_goes_before_those_who_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
