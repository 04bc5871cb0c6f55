/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side and the device's on a thread each, both asleep whenever there is nothing for
 * them: a barrier that is missing loses a word (ThreadSanitizer sees it too), or somebody sleeps
 * for ever.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "swring_rig.h"

enum { CHAINS = 30000, WORDS = 8, PATIENCE_S = 60 };

struct stage {
	struct rig rig;
	sem_t kick, call;
	bool polls; /* the device does not sleep, and wants no kicks */
	/* Only the main thread may fail a test. */
	unsigned int stuck, wrong;
};

/* false: nobody came. */
static bool sleep_on(struct stage *stage, sem_t *sem)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while (sem_timedwait(sem, &until) != 0) {
		if (errno == ETIMEDOUT) {
			__atomic_store_n(&stage->stuck, 1, __ATOMIC_RELAXED);
			return false;
		}
	}
	return true;
}

static bool device_waits(struct stage *stage)
{
	if (stage->polls) {
		while (!vv_swring_pending(&stage->rig.ring)) {
			if (__atomic_load_n(&stage->stuck, __ATOMIC_RELAXED))
				return false;
			sched_yield();
		}
		return true;
	}
	vv_swring_kicks(&stage->rig.ring, true);
	return vv_swring_pending(&stage->rig.ring) || sleep_on(stage, &stage->kick);
}

static void *device_main(void *arg)
{
	struct stage *stage = arg;
	struct vv_swring *ring = &stage->rig.ring;
	struct vv_swring_chain *c = &stage->rig.chain;
	uint64_t words[WORDS], sum;
	unsigned int done = 0, i;

	if (stage->polls)
		vv_swring_kicks(ring, false);
	while (done < CHAINS) {
		/* Up to three are given back together. */
		while (vv_swring_pop(ring, c) == 1) {
			stage->wrong += c->error != VV_SWRING_OK;
			stage->wrong += vv_swring_read(c, 0, words, sizeof(words)) != sizeof(words);
			for (sum = 0, i = 0; i < WORDS; i++)
				sum += words[i];
			stage->wrong += vv_swring_write(c, 0, &sum, 8) != 8;
			vv_swring_used(ring, c, 8);
			if (++done % 3 == 0)
				break;
		}
		vv_swring_publish(ring);
		if (vv_swring_call_needed(ring))
			sem_post(&stage->call);
		if (done < CHAINS && !vv_swring_pending(ring) && !device_waits(stage))
			break;
	}
	return NULL;
}

struct question {
	struct swmock_buf buf[WORDS + 1];
	uint64_t sum;
};

static void ask(struct stage *stage, struct question *q, unsigned int token)
{
	struct swmock *m = stage->rig.mock;
	unsigned int i, n = 1 + token % WORDS;

	/* The words in n buffers, the answer in the one behind them. */
	for (i = 0, q->sum = 0; i < WORDS; i++) {
		uint64_t word = (uint64_t)token * 2654435761u + i;

		memcpy(swmock_at(m, q->buf[0].gpa + 8 * i, 8), &word, 8);
		q->sum += word;
	}
	for (i = 0; i < n; i++) {
		q->buf[i].gpa = q->buf[0].gpa + 8 * i;
		q->buf[i].len = i + 1 < n ? 8 : 8 * (WORDS - i);
		q->buf[i].write = false;
	}
	q->buf[n] = (struct swmock_buf){q->buf[0].gpa + 8 * WORDS, 8, true};
	memset(swmock_at(m, q->buf[n].gpa, 8), 0, 8);
	assert_int_equal(swmock_add(m, q->buf, n + 1, 0, token), 0);
}

/* How many came back. */
static unsigned int reap(struct stage *stage, struct question *q, unsigned int window)
{
	unsigned int n = 0;
	uintptr_t token;
	uint64_t sum;
	uint32_t len;
	int ret;

	while ((ret = swmock_used(stage->rig.mock, &token, &len)) == 1) {
		memcpy(&sum,
		       swmock_at(stage->rig.mock, q[token % window].buf[0].gpa + 8 * WORDS, 8), 8);
		assert_int_equal(len, 8);
		assert_int_equal(sum, q[token % window].sum);
		n++;
	}
	assert_int_equal(ret, 0);
	return n;
}

static void drive(struct stage *stage)
{
	enum { WINDOW = 6 }; /* chains outstanding: 9 descriptors each, and a ring of 64 */
	struct swmock *m = stage->rig.mock;
	struct question q[WINDOW] = {0};
	unsigned int asked = 0, done = 0, n, i;

	for (i = 0; i < WINDOW; i++)
		q[i].buf[0].gpa = swmock_alloc(m, 8 * WORDS + 8);
	while (done < CHAINS) {
		for (i = 1 + done % 3; i > 0 && asked < CHAINS && asked - done < WINDOW; i--) {
			ask(stage, &q[asked % WINDOW], asked);
			asked++;
		}
		swmock_publish(m);
		if (swmock_kick_needed(m))
			sem_post(&stage->kick);
		n = reap(stage, q, WINDOW);
		if (n == 0 && (asked == CHAINS || asked - done == WINDOW)) {
			swmock_calls(m, true);
			n = reap(stage, q, WINDOW);
			if (n == 0 && !sleep_on(stage, &stage->call))
				break;
			swmock_calls(m, false);
		}
		done += n;
	}
	assert_int_equal(done, CHAINS);
}

static void threads(void **state, bool polls, int features)
{
	struct stage stage = {.polls = polls};
	pthread_t device;

	rig_open(&stage.rig, state, rig_is_packed(state) ? 63 : 64, features);
	sem_init(&stage.kick, 0, 0);
	sem_init(&stage.call, 0, 0);
	assert_int_equal(pthread_create(&device, NULL, device_main, &stage), 0);
	drive(&stage);
	pthread_join(device, NULL);
	assert_int_equal(stage.stuck, 0);
	assert_int_equal(stage.wrong, 0);
	sem_destroy(&stage.kick);
	sem_destroy(&stage.call);
	rig_close(&stage.rig);
}

static void nobody_sleeps_for_ever(void **state)
{
	threads(state, false, 0);
}

static void nobody_sleeps_for_ever_event_idx(void **state)
{
	threads(state, false, RIG_EVENT_IDX);
}

static void polling_device_loses_nothing(void **state)
{
	threads(state, true, RIG_EVENT_IDX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(nobody_sleeps_for_ever),
	    BOTH(nobody_sleeps_for_ever_event_idx),
	    BOTH(polling_device_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
