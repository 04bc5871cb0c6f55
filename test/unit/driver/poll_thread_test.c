/* SPDX-License-Identifier: BSD-3-Clause */
/* Control queues polled by threads: kicks, sleep, places. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_eal.h>

#include "poll_rig.h"

static void thread_serves_kicked_queues(void **state)
{
	unsigned int layout, i;

	for (layout = 0; layout < 4; layout++) {
		struct poll_guest g;

		poll_guest_open_and_start(&g, layout & 1, layout & 2);
		for (i = 0; i < 300; i++) {
			poll_guest_command(&g, true, i);
			assert_true(cvq_rig_has_vlan(&g.rig, i));
			if (i % 16 == 0)
				usleep(500); /* it may fall asleep */
		}
		assert_true(g.kicks > 0);
		poll_guest_close(&g);
	}
}

/* Times the pollers' threads have given up the processor of themselves. */
static unsigned long sleeps_of_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned long sum = 0, n;
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char path[300], line[256];
		bool ours = false;
		FILE *f;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		while (fgets(line, sizeof(line), f)) {
			if (!strncmp(line, "Name:\tvv-cvq", 12))
				ours = true;
			if (ours && sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
				sum += n;
		}
		fclose(f);
	}
	closedir(dir);
	return sum;
}

static void idle_thread_sleeps(void **state)
{
	time_t end = poll_limit();
	unsigned long before;
	struct poll_guest g;

	poll_guest_open_and_start(&g, false, false);
	poll_guest_command(&g, true, 1);
	do {
		assert_false(poll_is_over(end));
		before = sleeps_of_threads();
		usleep(100000);
	} while (!before || sleeps_of_threads() != before);
	poll_guest_close(&g);
}

static void sleeping_thread_wants_kicks(void **state)
{
	time_t end = poll_limit();
	struct poll_guest g;
	unsigned int kicks;

	poll_guest_open_and_start(&g, true, false);
	for (kicks = g.kicks; g.kicks < kicks + 3;) {
		assert_false(poll_is_over(end));
		poll_guest_command(&g, true, 1);
		usleep(2000);
	}
	poll_guest_close(&g);
}

static void queue_without_kick_descriptor_is_polled(void **state)
{
	struct poll_guest g, kicked;
	unsigned int i;

	poll_guest_open(&g, true, false);
	poll_guest_join(&g);
	cvq_rig_start(&g.rig);
	assert_int_equal(vv_poll_kick_on(g.member, -1), 0);
	poll_guest_open_and_start(&kicked, false, false);
	for (i = 0; i < 20; i++) {
		cvq_rig_send_vlan(&g.rig, true, i);
		assert_int_equal(poll_guest_wait(&g), VIRTIO_NET_OK);
		poll_guest_command(&kicked, true, i);
	}
	/* It gets one after all. */
	vv_poll_kick_off(g.member);
	assert_int_equal(vv_poll_kick_on(g.member, g.kick_fd), 0);
	for (i = 0; i < 20; i++)
		poll_guest_command(&g, false, i);
	poll_guest_close(&g);
	poll_guest_close(&kicked);
}

static void commands_from_before_the_start_are_looked_for(void **state)
{
	struct poll_guest g;
	unsigned int i;

	poll_guest_open(&g, false, true);
	poll_guest_join(&g);
	cvq_rig_send_vlan(&g.rig, true, 1);
	for (i = 0; i < 10; i++) {
		poll_guest_start(&g);
		assert_int_equal(poll_guest_wait(&g), VIRTIO_NET_OK);
		vv_poll_kick_off(g.member);
		g.rig.ring.base = vv_cvq_stop(g.rig.cvq);
		cvq_rig_send_vlan(&g.rig, true, i);
	}
	poll_guest_close(&g);
}

static void busy_device_is_visited_again(void **state)
{
	struct poll_guest g;

	poll_guest_open_and_start(&g, true, true);
	pthread_mutex_lock(&g.rig.lock);
	poll_guest_send(&g, true, 7);
	while (!cvq_rig_stats(&g.rig).polls_busy)
		usleep(1000);
	usleep(5000); /* longer than it goes without a pause */
	pthread_mutex_unlock(&g.rig.lock);
	assert_int_equal(poll_guest_wait(&g), VIRTIO_NET_OK);
	poll_guest_close(&g);
}

static void kick_that_is_no_descriptor_is_an_error(void **state)
{
	struct poll_guest g;
	int file;

	poll_guest_open(&g, true, false);
	poll_guest_join(&g);
	cvq_rig_start(&g.rig);
	file = eventfd(0, 0);
	close(file);
	assert_int_equal(vv_poll_kick_on(g.member, file), -EBADF);
	assert_int_equal(vv_poll_kick_on(g.member, g.kick_fd), 0);
	poll_guest_command(&g, true, 1);
	poll_guest_close(&g);
}

/* ---- where the thread is ---- */

static cpu_set_t applied_on;

static void note_cpus(struct cvq_rig *rig)
{
	pthread_getaffinity_np(pthread_self(), sizeof(applied_on), &applied_on);
}

static void thread_is_pinned_as_told(void **state)
{
	cpu_set_t there;
	struct poll_guest g;
	char why[128];
	int core;

	pthread_getaffinity_np(pthread_self(), sizeof(there), &there);
	for (core = 0; !CPU_ISSET(core, &there); core++)
		;
	poll_guest_open(&g, true, false);
	assert_int_equal(vv_poll_add(g.rig.cvq, core, 0, &g.member, why, sizeof(why)), 0);
	g.rig.applying = note_cpus;
	poll_guest_start(&g);
	poll_guest_command(&g, true, 1);
	assert_int_equal(CPU_COUNT(&applied_on), 1);
	assert_true(CPU_ISSET(core, &applied_on));
	poll_guest_close(&g);

	/* A node nobody knows is no reason not to work. */
	poll_guest_open(&g, true, false);
	assert_int_equal(
	    vv_poll_add(g.rig.cvq, VV_POLL_ANYWHERE, 4711, &g.member, why, sizeof(why)), 0);
	poll_guest_start(&g);
	poll_guest_command(&g, true, 1);
	poll_guest_close(&g);
}

static void core_that_is_not_there_is_refused(void **state)
{
	static const int cores[] = {CPU_SETSIZE - 1, CPU_SETSIZE, 1 << 30};
	struct poll_guest g;
	char why[128];
	unsigned int i;

	poll_guest_open(&g, true, false);
	for (i = 0; i < 3; i++) {
		assert_int_equal(vv_poll_add(g.rig.cvq, cores[i], 0, &g.member, why, sizeof(why)),
				 -EINVAL);
		assert_non_null(strstr(why, "there are: "));
		assert_true(isdigit((unsigned char)why[strlen(why) - 1]));
	}
	cvq_rig_close(&g.rig);
	close(g.kick_fd);
}

/* ---- turns ---- */

/* The thread is held at the flood's first command until there is another's. */
static struct {
	struct poll_guest flood, other;
	bool held;
	unsigned int served; /* of the flood, when the other one's turn came */
} turns;

static void turns_flood(struct cvq_rig *rig)
{
	time_t end = poll_limit();

	__atomic_store_n(&turns.held, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&turns.other.kicks, __ATOMIC_ACQUIRE) && !poll_is_over(end))
		usleep(100);
}

static void turns_other(struct cvq_rig *rig)
{
	turns.served = cvq_rig_stats(&turns.flood.rig).commands;
}

static void thread_visits_all_in_turn(void **state)
{
	enum { FLOOD = 120, ROUNDS = 8 };
	uint64_t one = 1;
	unsigned int i;

	poll_guest_open_and_start(&turns.flood, true, false);
	poll_guest_open_and_start(&turns.other, true, false);
	turns.flood.rig.applying = turns_flood;
	turns.other.rig.applying = turns_other;
	for (i = 0; i < FLOOD; i++)
		poll_guest_send(&turns.flood, true, i);
	while (!__atomic_load_n(&turns.held, __ATOMIC_ACQUIRE))
		usleep(100);
	cvq_rig_send_vlan(&turns.other.rig, true, 1);
	assert_int_equal(write(turns.other.kick_fd, &one, sizeof(one)), sizeof(one));
	__atomic_store_n(&turns.other.kicks, 1, __ATOMIC_RELEASE);
	assert_int_equal(poll_guest_wait(&turns.other), VIRTIO_NET_OK);
	for (i = 0; i < FLOOD; i++)
		assert_int_equal(poll_guest_wait(&turns.flood), VIRTIO_NET_OK);
	assert_in_range(turns.served, 1, (ROUNDS + 1) * VV_CVQ_BURST);
	poll_guest_close(&turns.flood);
	poll_guest_close(&turns.other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(thread_serves_kicked_queues),
	    cmocka_unit_test(idle_thread_sleeps),
	    cmocka_unit_test(sleeping_thread_wants_kicks),
	    cmocka_unit_test(queue_without_kick_descriptor_is_polled),
	    cmocka_unit_test(commands_from_before_the_start_are_looked_for),
	    cmocka_unit_test(busy_device_is_visited_again),
	    cmocka_unit_test(kick_that_is_no_descriptor_is_an_error),
	    cmocka_unit_test(thread_is_pinned_as_told),
	    cmocka_unit_test(core_that_is_not_there_is_refused),
	    cmocka_unit_test(thread_visits_all_in_turn),
	};
	int failed;

	if (poll_eal_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
