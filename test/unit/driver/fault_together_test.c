/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver and the NIC model in one process: each has a guard with handlers of its own. Whoever
 * comes first, each gets the faults of its own memory, and an application's handler the rest.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "vq/guard.h"
#include "vv_fault.h"

enum { PAGE = 4096 };

static void *bus_hole, *segv_hole;
static sigjmp_buf app_env;
static volatile sig_atomic_t app_faults;

static void touch(void *arg)
{
	*(volatile uint8_t *)arg = 7;
}

static bool model_blame(struct guard *guard, const void *addr)
{
	return addr == bus_hole || addr == segv_hole;
}

static bool model_gets(void *hole)
{
	struct guard guard = {.blame = model_blame};

	if (sigsetjmp(guard.env, 0) == 0) {
		guard_enter(&guard);
		touch(hole);
		guard_leave();
		return false;
	}
	return true;
}

static bool driver_gets(void *hole)
{
	struct vv_fault_range range = {.addr = hole, .len = PAGE};

	return vv_fault_guarded(&range, 1, touch, hole) == -EFAULT;
}

static bool app_gets(void *hole)
{
	app_faults = 0;
	if (sigsetjmp(app_env, 1) == 0) {
		touch(hole);
		return false;
	}
	return app_faults == 1;
}

static void app_handler(int number)
{
	(void)number;
	app_faults++;
	siglongjmp(app_env, 1);
}

static void assert_all_get_theirs(bool driver, bool model)
{
	void *holes[] = {bus_hole, segv_hole};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		void *hole = holes[i % 2];

		assert_true(!driver || driver_gets(hole));
		assert_true(!model || model_gets(hole));
		assert_true(app_gets(hole));
	}
}

/* In each test: cmocka has handlers of its own for its time, and takes ours out with them. */
static void app_install(void)
{
	app_faults = 0;
	signal(SIGBUS, app_handler);
	signal(SIGSEGV, app_handler);
}

static int setup(void **state)
{
	int fd = memfd_create("hole", MFD_CLOEXEC);

	bus_hole = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	segv_hole = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	close(fd);
	return bus_hole == MAP_FAILED || segv_hole == MAP_FAILED;
}

static void driver_above_the_model(void **state)
{
	app_install();
	assert_int_equal(guard_install(), 0);
	assert_int_equal(vv_fault_install(), 0);
	assert_all_get_theirs(true, true);
	vv_fault_remove();
	assert_all_get_theirs(false, true);
	guard_remove();
	assert_all_get_theirs(false, false);
}

static void driver_under_the_model(void **state)
{
	app_install();
	assert_int_equal(vv_fault_install(), 0);
	assert_int_equal(guard_install(), 0);
	assert_all_get_theirs(true, true);
	guard_remove();
	assert_all_get_theirs(true, false);
	vv_fault_remove();
	assert_all_get_theirs(false, false);
}

static void model_removed_first_from_below(void **state)
{
	app_install();
	assert_int_equal(guard_install(), 0);
	assert_int_equal(vv_fault_install(), 0);
	guard_remove();
	assert_all_get_theirs(true, false);
	vv_fault_remove();
	assert_all_get_theirs(false, false);
}

static void driver_removed_first_from_below(void **state)
{
	unsigned int i;

	app_install();
	assert_int_equal(vv_fault_install(), 0);
	assert_int_equal(guard_install(), 0);
	vv_fault_remove();
	assert_all_get_theirs(false, true);
	for (i = 0; i < 20; i++) {
		assert_int_equal(vv_fault_install(), 0);
		assert_all_get_theirs(true, true);
		vv_fault_remove();
		assert_all_get_theirs(false, true);
	}
	guard_remove();
	assert_all_get_theirs(false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(driver_above_the_model),
	    cmocka_unit_test(driver_under_the_model),
	    cmocka_unit_test(driver_removed_first_from_below),
	    cmocka_unit_test(model_removed_first_from_below),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
