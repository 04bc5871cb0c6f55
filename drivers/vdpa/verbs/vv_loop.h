/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The notifier thread: one per device, asleep in epoll until a guest kicks, the NIC has an event,
 * or control wants something. One device never waits for another, and an idle one costs nothing.
 *
 * Kick descriptors are watched edge-triggered and never read: every write to an eventfd is an edge,
 * so one system call a kick is saved, and a front-end that reads its own eventfd to make us block
 * has no way to. An edge before a descriptor is added counts as one.
 *
 * Threads: start and stop: control. add and remove: control, any time between them. The callbacks
 * run on the notifier thread.
 */
#ifndef VV_LOOP_H
#define VV_LOOP_H

struct vv_loop;

struct vv_loop_ops {
	/* A kick of this queue; also a stale one, just after its descriptor was removed. */
	void (*kick)(void *arg, unsigned int queue);
	/* The event descriptor is readable. Non-zero: it is dead, do not watch it any more. */
	int (*event)(void *arg);
	/* vv_loop_poke was called, once or more. */
	void (*poke)(void *arg);
};

/* name: of the device, for the thread's name. event_fd: borrowed until stop. */
int vv_loop_start(const char *name, int event_fd, const struct vv_loop_ops *ops, void *arg,
		  struct vv_loop **loop);
/* Returns when the thread has ended; NULL is legal. */
void vv_loop_stop(struct vv_loop *loop);
void vv_loop_poke(struct vv_loop *loop);

/* kick_fd: borrowed until removed, and removed before it is closed. */
int vv_loop_add(struct vv_loop *loop, unsigned int queue, int kick_fd);
void vv_loop_remove(struct vv_loop *loop, int kick_fd);

#endif
