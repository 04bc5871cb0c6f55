/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_lcore.h>
#include <rte_thread.h>
#include <rte_version.h>

#include "vv_loop.h"
#include "vv_signals.h"

enum { BATCH = 32 };

/* epoll data: a queue number, or one of these. */
#define KEY_CONTROL UINT64_MAX
#define KEY_EVENT   (UINT64_MAX - 1)

struct vv_loop {
	const struct vv_loop_ops *ops; /* borrowed, static */
	void *arg;
	int epoll_fd, control_fd;
	bool stop;    /* atomic; read after control_fd */
	int event_fd; /* borrowed */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
	rte_thread_t thread;
#else
	pthread_t thread;
#endif
};

static int loop_pass(struct vv_loop *l)
{
	struct epoll_event ready[BATCH];
	int n = epoll_wait(l->epoll_fd, ready, BATCH, -1), i;

	for (i = 0; i < n; i++) {
		uint64_t key = ready[i].data.u64;

		if (key == KEY_CONTROL) {
			uint64_t pokes;

			if (read(l->control_fd, &pokes, sizeof(pokes)) != sizeof(pokes))
				continue;
			if (__atomic_load_n(&l->stop, __ATOMIC_ACQUIRE))
				return 1;
			l->ops->poke(l->arg);
		} else if (key == KEY_EVENT) {
			if (l->ops->event(l->arg))
				vv_loop_remove(l, l->event_fd);
		} else {
			l->ops->kick(l->arg, key);
		}
	}
	return 0;
}

static void loop_run(struct vv_loop *l)
{
	vv_signals_block();
	while (!loop_pass(l))
		;
}

static int watch(struct vv_loop *l, int fd, uint64_t key, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u64 = key};

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
static uint32_t loop_main(void *arg)
{
	loop_run(arg);
	return 0;
}

static int thread_start(struct vv_loop *l, const char *name)
{
	return rte_thread_create_internal_control(&l->thread, name, loop_main, l);
}

static void thread_join(struct vv_loop *l)
{
	rte_thread_join(l->thread, NULL);
}
#else
static void *loop_main(void *arg)
{
	loop_run(arg);
	return NULL;
}

static int thread_start(struct vv_loop *l, const char *name)
{
	/* A control thread: not on the cores of poll-mode drivers. */
	return rte_ctrl_thread_create(&l->thread, name, NULL, loop_main, l);
}

static void thread_join(struct vv_loop *l)
{
	pthread_join(l->thread, NULL);
}
#endif

static void loop_free(struct vv_loop *l)
{
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	if (l->control_fd >= 0)
		close(l->control_fd);
	free(l);
}

int vv_loop_start(const char *name, int event_fd, const struct vv_loop_ops *ops, void *arg,
		  struct vv_loop **loop)
{
	struct vv_loop *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->ops = ops;
	l->arg = arg;
	l->event_fd = event_fd;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll_fd < 0 || l->control_fd < 0) {
		err = -errno;
		goto fail;
	}
	err = watch(l, l->control_fd, KEY_CONTROL, EPOLLIN);
	if (!err)
		err = watch(l, event_fd, KEY_EVENT, EPOLLIN);
	if (!err)
		err = thread_start(l, name);
	if (err) {
		err = err < 0 ? err : -err;
		goto fail;
	}
	*loop = l;
	return 0;
fail:
	loop_free(l);
	return err;
}

void vv_loop_poke(struct vv_loop *loop)
{
	uint64_t one = 1;
	ssize_t n = write(loop->control_fd, &one, sizeof(one));

	(void)n; /* full: it is poked enough */
}

void vv_loop_stop(struct vv_loop *loop)
{
	if (!loop)
		return;
	__atomic_store_n(&loop->stop, true, __ATOMIC_RELEASE);
	vv_loop_poke(loop);
	thread_join(loop);
	loop_free(loop);
}

int vv_loop_add(struct vv_loop *loop, unsigned int queue, int kick_fd)
{
	return watch(loop, kick_fd, queue, EPOLLIN | EPOLLET);
}

void vv_loop_remove(struct vv_loop *loop, int kick_fd)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, kick_fd, NULL);
}
