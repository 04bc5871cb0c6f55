/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vv_loop.h"
#include "vv_thread.h"

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
	struct vv_thread thread;
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

static void loop_run(void *l)
{
	while (!loop_pass(l))
		;
}

static int watch(struct vv_loop *l, int fd, uint64_t key, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u64 = key};

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

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
		err = vv_thread_start(&l->thread, name, loop_run, l);
	if (err)
		goto fail;
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
	vv_thread_join(&loop->thread);
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
