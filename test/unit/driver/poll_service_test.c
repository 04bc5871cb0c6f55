/* SPDX-License-Identifier: BSD-3-Clause */
/* Control queues polled by service cores, handed over, and coming and going. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_service.h>

#include "poll_rig.h"

static void service_is_there_as_long_as_members(void **state)
{
	struct poll_guest g[2];
	uint32_t id;

	assert_int_equal(rte_service_get_by_name("vdpa_verbs_cvq", &id), -ENODEV);
	poll_guest_open_and_start(&g[0], true, false);
	poll_guest_open_and_start(&g[1], false, false);
	assert_int_equal(rte_service_probe_capability(poll_service(), RTE_SERVICE_CAP_MT_SAFE), 1);
	poll_guest_close(&g[0]);
	poll_service();
	poll_guest_close(&g[1]);
	assert_int_equal(rte_service_get_by_name("vdpa_verbs_cvq", &id), -ENODEV);
	vv_poll_remove(NULL);
}

/*
 * A flood is worth a burst a pass, and costs the others nothing else. The threads take over where
 * too much time passes between two passes; what they do is not counted, and another pass is made.
 */
enum { TURNS_N = 5, TURNS_FLOOD = 3 * VV_CVQ_BURST };

static struct {
	struct poll_guest guest[TURNS_N]; /* the first one floods */
	unsigned int served[TURNS_N];     /* in this pass, by it */
	pthread_t passing;
} turns;

static void turns_note(struct cvq_rig *rig)
{
	unsigned int i;

	for (i = 0; i < TURNS_N; i++) {
		if (rig == &turns.guest[i].rig && pthread_equal(pthread_self(), turns.passing))
			turns.served[i]++;
	}
}

static bool turns_pass(unsigned int pass)
{
	struct poll_guest *g = turns.guest;
	unsigned int i;
	bool all = true;

	for (i = 0; i < TURNS_FLOOD; i++)
		cvq_rig_send_vlan(&g[0].rig, pass & 1, i);
	for (i = 1; i < TURNS_N; i++)
		cvq_rig_send_vlan(&g[i].rig, pass & 1, 1);
	memset(turns.served, 0, sizeof(turns.served));
	assert_true(rte_service_run_iter_on_app_lcore(poll_service(), 0) >= 0);
	assert_in_range(turns.served[0], 0, VV_CVQ_BURST);
	for (i = 0; i < TURNS_N; i++)
		all = all && turns.served[i] == (i ? 1 : VV_CVQ_BURST);
	/* The rest, whoever does it. */
	for (i = 0; i < TURNS_FLOOD / VV_CVQ_BURST; i++)
		rte_service_run_iter_on_app_lcore(poll_service(), 0);
	for (i = 0; i < TURNS_FLOOD; i++)
		assert_int_equal(poll_guest_wait(&g[0]), VIRTIO_NET_OK);
	for (i = 1; i < TURNS_N; i++)
		assert_int_equal(poll_guest_wait(&g[i]), VIRTIO_NET_OK);
	return all;
}

static void service_visits_all_in_turn(void **state)
{
	struct poll_guest *g = turns.guest;
	time_t end = poll_limit();
	unsigned int i, pass, all = 0;

	turns.passing = pthread_self();
	for (i = 0; i < TURNS_N; i++) {
		poll_guest_open(&g[i], i & 1, false);
		poll_guest_join(&g[i]);
		poll_guest_start(&g[i]);
		g[i].rig.applying = turns_note;
	}
	for (pass = 1; all < 3; pass++) {
		assert_false(poll_is_over(end));
		/* Takes over, if it has to. */
		rte_service_run_iter_on_app_lcore(poll_service(), 0);
		all += turns_pass(pass);
	}
	for (i = 0; i < TURNS_N; i++)
		poll_guest_close(&g[i]);
}

static void service_takes_over_and_wants_no_kicks(void **state)
{
	struct poll_guest g;
	time_t end = poll_limit();
	unsigned int kicks;

	poll_guest_open_and_start(&g, true, false);
	poll_guest_command(&g, true, 1);
	poll_cores_map(1);
	poll_cores_start(1);
	do {
		assert_false(poll_is_over(end));
		kicks = g.kicks;
		poll_guest_command(&g, true, 2);
		usleep(1000);
	} while (g.kicks != kicks);
	for (kicks = 0; kicks < 50; kicks++)
		poll_guest_command(&g, kicks & 1, 3);
	poll_cores_stop(1);
	/* Nobody tells the thread; it finds out. */
	for (kicks = g.kicks; g.kicks < kicks + 3;) {
		assert_false(poll_is_over(end));
		poll_guest_command(&g, true, 1);
		usleep(2000);
	}
	poll_cores_unmap(1);
	poll_guest_close(&g);
}

static struct {
	struct poll_guest guest[3];
	bool stop;
	unsigned int commands;
} flow;

static void *flow_run(void *arg)
{
	struct poll_guest *g = arg;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&flow.stop, __ATOMIC_RELAXED); i++) {
		poll_guest_command(g, i & 1, i % 64);
		__atomic_fetch_add(&flow.commands, 1, __ATOMIC_RELAXED);
		if (i % 4 == 0)
			usleep(100 << (i / 4 % 8));
	}
	return NULL;
}

static void service_cores_come_and_go_and_no_command_is_lost(void **state)
{
	pthread_t threads[3];
	unsigned int i, round;

	for (i = 0; i < 3; i++) {
		poll_guest_open_and_start(&flow.guest[i], i & 1, i & 2);
		assert_int_equal(pthread_create(&threads[i], NULL, flow_run, &flow.guest[i]), 0);
	}
	poll_cores_map(POLL_CORES);
	for (round = 0; round < 6; round++) {
		unsigned int before;
		time_t end = poll_limit();

		poll_cores_start(1 + round % POLL_CORES);
		before = __atomic_load_n(&flow.commands, __ATOMIC_RELAXED);
		while (__atomic_load_n(&flow.commands, __ATOMIC_RELAXED) < before + 100)
			assert_false((usleep(1000), poll_is_over(end)));
		poll_cores_stop(1 + round % POLL_CORES);
		/* Until a thread serves again: then guests kick. Some stops come earlier. */
		before = __atomic_load_n(&flow.commands, __ATOMIC_RELAXED);
		while (round & 1 && __atomic_load_n(&flow.commands, __ATOMIC_RELAXED) < before + 20)
			assert_false((usleep(1000), poll_is_over(end)));
	}
	__atomic_store_n(&flow.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	poll_cores_unmap(POLL_CORES);
	for (i = 0; i < 3; i++)
		poll_guest_close(&flow.guest[i]);
}

/* ---- coming and going ---- */

enum { MANY = 1000 };

static void many_queues_come_and_go_while_polled(void **state)
{
	struct poll_guest *g = calloc(MANY, sizeof(*g));
	unsigned int i, j;

	assert_non_null(g);
	for (i = 0; i < MANY; i++) {
		struct cvq_rig_conf conf = {.packed = i & 1, .heap = true, .size = 4};

		cvq_rig_open(&g[i].rig, "poll_test", &conf);
		g[i].kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	}
	for (i = 0; i < MANY; i++) {
		poll_guest_join(&g[i]);
		poll_guest_start(&g[i]);
		poll_guest_send(&g[i], true, i);
		if (i == MANY / 3) {
			poll_cores_map(1);
			poll_cores_start(1);
		}
		/* One of ten goes again, and leaves its place to others. */
		if (i % 10 == 9) {
			j = i - 5;
			assert_int_equal(poll_guest_wait(&g[j]), VIRTIO_NET_OK);
			vv_poll_remove(g[j].member);
			g[j].member = NULL;
		}
		if (i == MANY * 2 / 3)
			poll_cores_stop(1);
	}
	for (i = 0; i < MANY; i++) {
		if (g[i].member)
			assert_int_equal(poll_guest_wait(&g[i]), VIRTIO_NET_OK);
	}
	poll_cores_unmap(1);
	for (i = 0; i < MANY; i++)
		poll_guest_close(&g[i * 7 % MANY]);
	free(g);
}

static void last_one_goes_while_a_core_polls(void **state)
{
	unsigned int i;
	uint32_t id;

	for (i = 0; i < 10; i++) {
		struct poll_guest g;

		poll_guest_open_and_start(&g, i & 1, false);
		poll_cores_map(1);
		poll_cores_start(1);
		poll_guest_command(&g, true, i);
		poll_guest_close(&g);
		assert_int_equal(rte_service_get_by_name("vdpa_verbs_cvq", &id), -ENODEV);
		poll_cores_leave(1);
		poll_guest_open_and_start(&g, i & 1, false);
		poll_guest_command(&g, true, i);
		poll_guest_close(&g);
	}
}

static bool applying;

static void note_applying(struct cvq_rig *rig)
{
	__atomic_store_n(&applying, true, __ATOMIC_SEQ_CST);
	usleep(20000);
	__atomic_store_n(&applying, false, __ATOMIC_SEQ_CST);
}

static void nobody_visits_after_remove(void **state)
{
	unsigned int i, by_service;

	for (by_service = 0; by_service < 2; by_service++) {
		struct poll_guest g, stays;

		poll_guest_open_and_start(&stays, true, false);
		poll_guest_open_and_start(&g, false, false);
		if (by_service) {
			poll_cores_map(1);
			poll_cores_start(1);
		}
		g.rig.applying = note_applying;
		for (i = 0; i < 20; i++)
			poll_guest_send(&g, true, i);
		while (!__atomic_load_n(&applying, __ATOMIC_SEQ_CST))
			usleep(100);
		vv_poll_remove(g.member);
		assert_false(__atomic_load_n(&applying, __ATOMIC_SEQ_CST));
		i = cvq_rig_stats(&g.rig).commands;
		poll_guest_command(&stays, true, 1);
		assert_int_equal(cvq_rig_stats(&g.rig).commands, i);
		cvq_rig_close(&g.rig);
		close(g.kick_fd);
		if (by_service) {
			poll_cores_stop(1);
			poll_cores_unmap(1);
		}
		poll_guest_close(&stays);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(service_is_there_as_long_as_members),
	    cmocka_unit_test(service_visits_all_in_turn),
	    cmocka_unit_test(service_takes_over_and_wants_no_kicks),
	    cmocka_unit_test(service_cores_come_and_go_and_no_command_is_lost),
	    cmocka_unit_test(many_queues_come_and_go_while_polled),
	    cmocka_unit_test(last_one_goes_while_a_core_polls),
	    cmocka_unit_test(nobody_visits_after_remove),
	};
	int failed;

	if (poll_eal_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
