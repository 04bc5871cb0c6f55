/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue with several who poll it, and control that starts and stops it meanwhile. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cvq_rig.h"
#include "vv_log.h"

/* vv_driver.c's, which is not linked here. */
int vv_logtype = RTE_LOGTYPE_USER1;

enum { POLLERS = 3, COMMANDS = 2000, LIMIT_S = 60 };

struct pollers {
	struct cvq_rig *rig;
	bool stop;
	pthread_t threads[POLLERS];
};

static void *poller_run(void *arg)
{
	struct pollers *p = arg;
	unsigned int i;
	bool again;

	for (i = 0; !__atomic_load_n(&p->stop, __ATOMIC_RELAXED); i++) {
		if (!vv_cvq_poll(p->rig->cvq, &again))
			sched_yield();
		if (i % 64 == 0)
			vv_cvq_want_kicks(p->rig->cvq, i & 64);
	}
	return NULL;
}

static void pollers_start(struct pollers *p, struct cvq_rig *rig)
{
	unsigned int i;

	p->rig = rig;
	p->stop = false;
	for (i = 0; i < POLLERS; i++)
		assert_int_equal(pthread_create(&p->threads[i], NULL, poller_run, p), 0);
}

static void pollers_stop(struct pollers *p)
{
	unsigned int i;

	__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < POLLERS; i++)
		pthread_join(p->threads[i], NULL);
}

static void reap(struct cvq_rig *rig)
{
	struct timespec begin, now;
	uint8_t ack;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (!cvq_rig_reap_one(rig, &ack)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(now.tv_sec - begin.tv_sec < LIMIT_S);
		sched_yield();
	}
	assert_int_equal(ack, VIRTIO_NET_OK);
}

/* A command a stop interrupts is done before it, or after the next start. */
static void pollers_and_control_lose_nothing(void **state)
{
	struct cvq_rig_conf conf = {
	    .packed = *(bool *)*state, .event_idx = true, .heap = true, .size = 32};
	struct pollers pollers;
	struct cvq_rig rig;
	unsigned int i;

	cvq_rig_open(&rig, "cvq_test", &conf);
	cvq_rig_start(&rig);
	pollers_start(&pollers, &rig);
	for (i = 0; i < COMMANDS; i += 2) {
		cvq_rig_send_vlan(&rig, true, i % VV_VLANS);
		cvq_rig_send_vlan(&rig, false, i % VV_VLANS);
		if (i % 16 == 0) {
			rig.ring.base = vv_cvq_stop(rig.cvq);
			cvq_rig_start(&rig);
		}
		if (i % 10 == 0 && !pthread_mutex_trylock(&rig.lock)) {
			sched_yield();
			pthread_mutex_unlock(&rig.lock);
		}
		reap(&rig);
		reap(&rig);
		assert_int_equal(cvq_rig_stats(&rig).faults, 0);
	}
	pollers_stop(&pollers);
	assert_int_equal(cvq_rig_stats(&rig).verdict[VV_CTRL_OK], COMMANDS);
	assert_int_equal(cvq_rig_errors(&rig), 0);
	cvq_rig_close(&rig);
}

/* ---- a stop in the middle of a burst ---- */

static struct {
	pid_t stopper; /* 0: not stopping yet */
	unsigned int applied;
} middle;

static unsigned long sleeps_of(pid_t tid)
{
	char path[64], line[256];
	unsigned long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
			break;
	}
	fclose(f);
	return n;
}

/* A command lasts until stop waits for it: that is all it sleeps for. */
static void last_until_stop_waits(struct cvq_rig *rig)
{
	unsigned long before;
	pid_t tid;

	__atomic_fetch_add(&middle.applied, 1, __ATOMIC_RELEASE);
	while (!(tid = __atomic_load_n(&middle.stopper, __ATOMIC_ACQUIRE)))
		usleep(1000);
	for (before = sleeps_of(tid); sleeps_of(tid) == before;)
		usleep(1000);
}

/* Not for the rest of the burst. What is applied is answered, the rest is there for the next one.
 */
static void stop_waits_for_one_command(void **state)
{
	struct cvq_rig_conf conf = {.packed = *(bool *)*state, .heap = true, .size = 32};
	struct pollers pollers;
	struct cvq_rig rig;
	unsigned int i, round;
	uint8_t ack;

	cvq_rig_open(&rig, "cvq_test", &conf);
	for (round = 0; round < 10; round++) {
		for (i = 0; i < VV_CVQ_BURST; i++)
			cvq_rig_send_vlan(&rig, !(round & 1), i);
		middle.stopper = 0;
		middle.applied = 0;
		rig.applying = last_until_stop_waits;
		cvq_rig_start(&rig);
		pollers_start(&pollers, &rig);
		while (!__atomic_load_n(&middle.applied, __ATOMIC_ACQUIRE))
			usleep(1000);
		__atomic_store_n(&middle.stopper, gettid(), __ATOMIC_RELEASE);
		rig.ring.base = vv_cvq_stop(rig.cvq);
		pollers_stop(&pollers);
		assert_int_equal(middle.applied, 1);
		rig.applying = NULL;
		assert_true(cvq_rig_reap_one(&rig, &ack));
		assert_false(cvq_rig_reap_one(&rig, &ack));
		cvq_rig_start(&rig);
		while (cvq_rig_poll(&rig))
			;
		for (i = 1; i < VV_CVQ_BURST; i++)
			assert_true(cvq_rig_reap_one(&rig, &ack));
		rig.ring.base = vv_cvq_stop(rig.cvq);
	}
	cvq_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(pollers_and_control_lose_nothing),
	    BOTH(stop_waits_for_one_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
