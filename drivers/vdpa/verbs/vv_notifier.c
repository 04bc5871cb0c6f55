/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vv_log.h"
#include "vv_notifier.h"
#include "vv_signals.h"

enum { QUEUES_MAX = 256, WORD_BITS = 64 };

struct vv_notifier {
	const char *name; /* borrowed */
	const struct vv_notifier_ops *ops; /* borrowed, static */
	void *arg;
	pthread_t thread;
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t wake;
	bool stop, done, refused, config;
	uint64_t wanted[QUEUES_MAX / WORD_BITS];
};

enum { NEXT_END = -1, NEXT_CONFIG = -2 };

/* The next queue asked for, or what else there is to do. Waits. */
static int next_request(struct vv_notifier *n)
{
	int next = NEXT_END;
	unsigned int i;

	pthread_mutex_lock(&n->mutex);
	while (!n->stop && next == NEXT_END) {
		if (n->config)
			next = NEXT_CONFIG;
		for (i = 0; i < QUEUES_MAX / WORD_BITS && next == NEXT_END; i++)
			if (n->wanted[i])
				next = i * WORD_BITS + __builtin_ctzll(n->wanted[i]);
		if (next == NEXT_END)
			pthread_cond_wait(&n->wake, &n->mutex);
		else if (next == NEXT_CONFIG)
			n->config = false;
		else
			n->wanted[next / WORD_BITS] &= ~(1ull << next % WORD_BITS);
	}
	if (n->stop)
		next = NEXT_END;
	pthread_mutex_unlock(&n->mutex);
	return next;
}

static void *notifier_main(void *arg)
{
	struct vv_notifier *n = arg;
	int next, err;

	vv_signals_block();
	/* Only where we wait for the front-end may we be canceled. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	while ((next = next_request(n)) != NEXT_END) {
		if (next >= 0 && n->refused)
			continue;
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		err = 0;
		if (next == NEXT_CONFIG)
			n->ops->config(n->arg);
		else
			err = n->ops->offer(n->arg, next);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		if (next == NEXT_CONFIG)
			continue;
		n->refused = err;
		VV_LOG(INFO, "%s/%d: host notifier: %s", n->name, next,
		       err ? "not taken, kicks are relayed" : "taken");
	}
	pthread_mutex_lock(&n->mutex);
	n->done = true;
	pthread_cond_broadcast(&n->wake);
	pthread_mutex_unlock(&n->mutex);
	return NULL;
}

int vv_notifier_start(const char *name, const struct vv_notifier_ops *ops, void *arg,
		      struct vv_notifier **notifier)
{
	struct vv_notifier *n = calloc(1, sizeof(*n));
	pthread_condattr_t clock;
	int err;

	if (!n)
		return -ENOMEM;
	n->name = name;
	n->ops = ops;
	n->arg = arg;
	pthread_mutex_init(&n->mutex, NULL);
	/* Patience is measured by a clock that nobody sets. */
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&n->wake, &clock);
	pthread_condattr_destroy(&clock);
	err = pthread_create(&n->thread, NULL, notifier_main, n);
	if (err) {
		pthread_cond_destroy(&n->wake);
		pthread_mutex_destroy(&n->mutex);
		free(n);
		return -err;
	}
	pthread_setname_np(n->thread, "vv-notifier");
	*notifier = n;
	return 0;
}

void vv_notifier_request(struct vv_notifier *notifier, unsigned int queue)
{
	if (!notifier || queue >= QUEUES_MAX)
		return;
	pthread_mutex_lock(&notifier->mutex);
	notifier->wanted[queue / WORD_BITS] |= 1ull << queue % WORD_BITS;
	pthread_cond_signal(&notifier->wake);
	pthread_mutex_unlock(&notifier->mutex);
}

void vv_notifier_config(struct vv_notifier *notifier)
{
	if (!notifier)
		return;
	pthread_mutex_lock(&notifier->mutex);
	notifier->config = true;
	pthread_cond_signal(&notifier->wake);
	pthread_mutex_unlock(&notifier->mutex);
}

bool vv_notifier_stop(struct vv_notifier *notifier)
{
	struct timespec limit;
	bool ended;

	if (!notifier)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += VV_NOTIFIER_PATIENCE_MS / 1000;
	pthread_mutex_lock(&notifier->mutex);
	notifier->stop = true;
	pthread_cond_broadcast(&notifier->wake);
	while (!notifier->done &&
	       pthread_cond_timedwait(&notifier->wake, &notifier->mutex, &limit) != ETIMEDOUT)
		;
	ended = notifier->done;
	pthread_mutex_unlock(&notifier->mutex);
	if (!ended) {
		VV_LOG(WARNING, "%s: host notifier: the front-end never answered", notifier->name);
		pthread_cancel(notifier->thread);
	}
	pthread_join(notifier->thread, NULL);
	pthread_cond_destroy(&notifier->wake);
	pthread_mutex_destroy(&notifier->mutex);
	free(notifier);
	return ended;
}
