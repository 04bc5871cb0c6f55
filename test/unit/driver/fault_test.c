/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory that vanishes: the guard, and its living with handlers of others. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "vv_fault.h"

enum { PAGE = 4096 };

/* ---- memory that is not there ---- */

/* mmap()ed over the end of its file: SIGBUS. */
static void *hole_of_file(void)
{
	int fd = memfd_create("hole", MFD_CLOEXEC);
	void *p;

	assert_int_equal(ftruncate(fd, PAGE), 0);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	memset(p, 1, PAGE);
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	return p;
}

/* Not to be accessed: SIGSEGV. */
static void *hole_of_map(void)
{
	void *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static void touch(void *arg)
{
	*(volatile uint8_t *)arg = 7;
}

static int guarded_touch(void *p)
{
	struct vv_fault_range range = {.addr = p, .len = PAGE};

	return vv_fault_guarded(&range, 1, touch, p);
}

/* ---- a handler of the application's, who jumps out of its faults ---- */

static __thread sigjmp_buf app_env;
static __thread volatile sig_atomic_t app_faults, app_sent;

static void app_handler(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (info->si_code <= 0) {
		app_sent++;
		return;
	}
	app_faults++;
	siglongjmp(app_env, 1);
}

/* In each test: cmocka has handlers of its own for its time, and takes ours out with them. */
static void app_install(void)
{
	struct sigaction sa = {.sa_sigaction = app_handler, .sa_flags = SA_SIGINFO};

	sigemptyset(&sa.sa_mask);
	app_faults = app_sent = 0;
	assert_int_equal(sigaction(SIGBUS, &sa, NULL), 0);
	assert_int_equal(sigaction(SIGSEGV, &sa, NULL), 0);
}

static void assert_mask_is(const sigset_t *before)
{
	sigset_t now;
	int i;

	pthread_sigmask(SIG_BLOCK, NULL, &now);
	for (i = 1; i < 32; i++)
		assert_int_equal(sigismember(before, i), sigismember(&now, i));
}

/* A fault nobody guards reaches the application's handler, once. */
static void assert_app_gets_faults(void)
{
	void *holes[] = {hole_of_file(), hole_of_map()};
	sigset_t before;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		app_faults = 0;
		pthread_sigmask(SIG_BLOCK, NULL, &before);
		if (!sigsetjmp(app_env, 1)) {
			touch(holes[i % 2]);
			fail_msg("no fault");
		}
		assert_mask_is(&before);
		assert_int_equal(app_faults, 1);
	}
	munmap(holes[0], PAGE);
	munmap(holes[1], PAGE);
}

static void assert_guard_gets_faults(void)
{
	void *holes[] = {hole_of_file(), hole_of_map()};

	app_faults = 0;
	assert_int_equal(guarded_touch(holes[0]), -EFAULT);
	assert_int_equal(guarded_touch(holes[1]), -EFAULT);
	assert_int_equal(app_faults, 0);
	munmap(holes[0], PAGE);
	munmap(holes[1], PAGE);
}

static bool app_is_on_top(void)
{
	struct sigaction bus, segv;

	sigaction(SIGBUS, NULL, &bus);
	sigaction(SIGSEGV, NULL, &segv);
	return bus.sa_sigaction == app_handler && segv.sa_sigaction == app_handler;
}

/* ---- somebody else who guards, and passes on ---- */

static struct other {
	struct sigaction old[2];
	unsigned int passed;
} other;

static void other_handler(int number, siginfo_t *info, void *context)
{
	const struct sigaction *old = &other.old[number == SIGSEGV];

	other.passed++;
	assert_true(other.passed < 16); /* round and round */
	assert_true(old->sa_flags & SA_SIGINFO);
	old->sa_sigaction(number, info, context);
}

static void other_install(void)
{
	struct sigaction sa = {.sa_sigaction = other_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigemptyset(&sa.sa_mask);
	assert_int_equal(sigaction(SIGBUS, &sa, &other.old[0]), 0);
	assert_int_equal(sigaction(SIGSEGV, &sa, &other.old[1]), 0);
}

static bool other_is_on_top(void)
{
	struct sigaction now;

	sigaction(SIGBUS, NULL, &now);
	return now.sa_sigaction == other_handler;
}

static void other_remove(void)
{
	if (other_is_on_top()) {
		sigaction(SIGBUS, &other.old[0], NULL);
		sigaction(SIGSEGV, &other.old[1], NULL);
	}
}

/* ---- the guard ---- */

static void count(void *arg)
{
	(*(unsigned int *)arg)++;
}

static void guarded_without_fault_runs_to_its_end(void **state)
{
	unsigned int n = 0;

	app_install();
	assert_int_equal(vv_fault_install(), 0);
	assert_int_equal(vv_fault_guarded(NULL, 0, count, &n), 0);
	assert_int_equal(n, 1);
	vv_fault_remove();
}

static void guarded_fault_of_file_or_map_is_efault(void **state)
{
	void *holes[] = {hole_of_file(), hole_of_map()};
	sigset_t before;
	unsigned int i;

	app_install();
	assert_int_equal(vv_fault_install(), 0);
	pthread_sigmask(SIG_BLOCK, NULL, &before);
	for (i = 0; i < 10; i++)
		assert_int_equal(guarded_touch(holes[i % 2]), -EFAULT);
	assert_mask_is(&before);
	assert_int_equal(app_faults, 0);
	assert_app_gets_faults(); /* the guard is off again */
	vv_fault_remove();
	munmap(holes[0], PAGE);
	munmap(holes[1], PAGE);
}

struct ranges_case {
	unsigned int offset;
	bool ours;
	uint8_t *map;
};

/* A thread for each: to jump out of a guard leaves it on. */
static void *ranges_case_run(void *arg)
{
	struct ranges_case *c = arg;
	struct vv_fault_range ranges[] = {
	    {.addr = c->map + PAGE, .len = PAGE},
	    {.addr = c->map + 3 * PAGE, .len = PAGE},
	};

	if (!sigsetjmp(app_env, 1)) {
		assert_int_equal(vv_fault_guarded(ranges, 2, touch, c->map + c->offset), -EFAULT);
		assert_true(c->ours);
	} else {
		assert_false(c->ours);
		assert_int_equal(app_faults, 1);
	}
	return NULL;
}

static void guarded_fault_is_told_by_the_ranges(void **state)
{
	uint8_t *map = mmap(NULL, 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ranges_case cases[] = {
	    {.offset = 0, .ours = false},
	    {.offset = PAGE - 1, .ours = false},
	    {.offset = PAGE, .ours = true},
	    {.offset = 2 * PAGE - 1, .ours = true},
	    {.offset = 2 * PAGE, .ours = false},
	    {.offset = 3 * PAGE, .ours = true},
	    {.offset = 4 * PAGE - 1, .ours = true},
	    {.offset = 4 * PAGE, .ours = false},
	    {.offset = 5 * PAGE - 1, .ours = false},
	};
	pthread_t thread;
	unsigned int i;

	app_install();
	assert_int_equal(vv_fault_install(), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cases[i].map = map;
		assert_int_equal(pthread_create(&thread, NULL, ranges_case_run, &cases[i]), 0);
		pthread_join(thread, NULL);
	}
	vv_fault_remove();
	munmap(map, 5 * PAGE);
}

static void send_to_myself(void *arg)
{
	raise(SIGBUS);
	raise(SIGSEGV);
	(*(unsigned int *)arg)++;
}

static void signal_sent_into_a_guard_is_passed_on(void **state)
{
	struct vv_fault_range all = {.addr = NULL, .len = SIZE_MAX};
	unsigned int n = 0;

	app_install();
	assert_int_equal(vv_fault_install(), 0);
	assert_int_equal(vv_fault_guarded(&all, 1, send_to_myself, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(app_sent, 2);
	vv_fault_remove();
}

static void unguarded_fault_without_other_handlers_kills(void **state)
{
	static const int numbers[] = {SIGBUS, SIGSEGV};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (!child) {
			void *hole = i ? hole_of_map() : hole_of_file();

			signal(SIGBUS, SIG_DFL);
			signal(SIGSEGV, SIG_DFL);
			if (!vv_fault_install())
				touch(hole);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), numbers[i]);
	}
}

enum { FAULTS = 300 };

static void *fault_often(void *hole)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAULTS; i++) {
		assert_int_equal(guarded_touch(hole), -EFAULT);
		count(&n);
	}
	return NULL;
}

static void guards_of_several_threads_are_their_own(void **state)
{
	pthread_t threads[4];
	void *holes[4];
	unsigned int i;

	app_install();
	assert_int_equal(vv_fault_install(), 0);
	for (i = 0; i < 4; i++) {
		holes[i] = i % 2 ? hole_of_map() : hole_of_file();
		assert_int_equal(pthread_create(&threads[i], NULL, fault_often, holes[i]), 0);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		munmap(holes[i], PAGE);
	}
	vv_fault_remove();
}

static void *fault_on_another_stack(void *hole)
{
	stack_t stack = {.ss_size = 1 << 16}, now;

	stack.ss_sp = malloc(stack.ss_size);
	assert_int_equal(sigaltstack(&stack, NULL), 0);
	fault_often(hole);
	assert_int_equal(sigaltstack(NULL, &now), 0);
	assert_false(now.ss_flags & SS_ONSTACK);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	free(stack.ss_sp);
	return NULL;
}

static void guarded_fault_on_an_alternate_stack_is_efault(void **state)
{
	void *hole = hole_of_file();
	pthread_t thread;

	app_install();
	assert_int_equal(vv_fault_install(), 0);
	assert_int_equal(pthread_create(&thread, NULL, fault_on_another_stack, hole), 0);
	pthread_join(thread, NULL);
	vv_fault_remove();
	munmap(hole, PAGE);
}

/* ---- the chain ---- */

static void install_is_counted(void **state)
{
	app_install();
	assert_int_equal(vv_fault_install(), 0);
	assert_int_equal(vv_fault_install(), 0);
	assert_false(app_is_on_top());
	vv_fault_remove();
	assert_guard_gets_faults();
	vv_fault_remove();
	assert_true(app_is_on_top());
	assert_app_gets_faults();
}

static void others_below_or_on_top_get_theirs(void **state)
{
	app_install();
	/* Below. */
	other_install();
	assert_int_equal(vv_fault_install(), 0);
	other.passed = 0;
	assert_guard_gets_faults();
	assert_int_equal(other.passed, 0);
	assert_app_gets_faults();
	assert_int_equal(other.passed, 4);
	vv_fault_remove();
	assert_true(other_is_on_top());
	other_remove();

	/* On top. */
	assert_int_equal(vv_fault_install(), 0);
	other_install();
	other.passed = 0;
	assert_guard_gets_faults();
	assert_int_equal(other.passed, 2);
	other.passed = 0;
	assert_app_gets_faults();
	other_remove();
	vv_fault_remove();
	assert_true(app_is_on_top());
}

static void removed_under_others_it_passes_on(void **state)
{
	app_install();
	assert_int_equal(vv_fault_install(), 0);
	other_install();
	vv_fault_remove();
	other.passed = 0;
	assert_app_gets_faults();

	/* Again on top of the other one, which passes on to us. */
	assert_int_equal(vv_fault_install(), 0);
	other.passed = 0;
	assert_guard_gets_faults();
	assert_app_gets_faults();
	assert_int_equal(other.passed, 4);
	vv_fault_remove();
	assert_true(other_is_on_top());
	other.passed = 0;
	assert_app_gets_faults();

	/* The other one goes, and leaves ours, without users. */
	other_remove();
	assert_app_gets_faults();
	assert_int_equal(vv_fault_install(), 0);
	assert_guard_gets_faults();
	vv_fault_remove();
	assert_true(app_is_on_top());
}

static void others_above_and_below_at_once_end_the_round(void **state)
{
	unsigned int i;

	app_install();
	for (i = 0; i < 20; i++) {
		/* Ours over the other one's, which is removed there and comes again on top. */
		assert_int_equal(vv_fault_install(), 0);
		other_install();
		other.passed = 0;
		assert_guard_gets_faults();
		vv_fault_remove();
		assert_int_equal(vv_fault_install(), 0);
		other.passed = 0;
		assert_guard_gets_faults();
		other.passed = 0;
		assert_app_gets_faults();
		vv_fault_remove();
		other.passed = 0;
		assert_app_gets_faults();
	}
}

/* ---- what it costs ---- */

static void print_the_cost_of_a_guard(void **state)
{
	enum { N = 1000000 };
	struct timespec begin, end;
	unsigned int i, n = 0;
	double ns;

	assert_int_equal(vv_fault_install(), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < N; i++)
		vv_fault_guarded(NULL, 0, count, &n);
	clock_gettime(CLOCK_MONOTONIC, &end);
	vv_fault_remove();
	assert_int_equal(n, N);
	ns = (end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec);
	print_message("a guard costs %.1f ns\n", ns / N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(guarded_without_fault_runs_to_its_end),
	    cmocka_unit_test(guarded_fault_of_file_or_map_is_efault),
	    cmocka_unit_test(guarded_fault_is_told_by_the_ranges),
	    cmocka_unit_test(signal_sent_into_a_guard_is_passed_on),
	    cmocka_unit_test(unguarded_fault_without_other_handlers_kills),
	    cmocka_unit_test(guards_of_several_threads_are_their_own),
	    cmocka_unit_test(guarded_fault_on_an_alternate_stack_is_efault),
	    cmocka_unit_test(install_is_counted),
	    cmocka_unit_test(others_below_or_on_top_get_theirs),
	    cmocka_unit_test(removed_under_others_it_passes_on),
	    cmocka_unit_test(print_the_cost_of_a_guard),
	    /* Last: what it leaves in the chain cannot be taken out. */
	    cmocka_unit_test(others_above_and_below_at_once_end_the_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
