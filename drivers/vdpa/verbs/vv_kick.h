/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The descriptors a front-end gives for a ring: kick (guest to device) and call (device to guest).
 * librte_vhost closes and replaces its own as messages come, so we keep duplicates.
 *
 * A front-end may give us anything. Only eventfds (and other anonymous files) and sockets are
 * taken: writing to a pipe whose reader is gone would raise SIGPIPE, writing to a file would fill a
 * disk. Threads: pure system calls, any thread.
 */
#ifndef VV_KICK_H
#define VV_KICK_H

#include <stdbool.h>

struct vv_call {
	int fd; /* owned; -1: the guest polls */
	bool is_socket;
};

#define VV_CALL_NONE ((struct vv_call){.fd = -1})

/* fd: borrowed; negative: none. -EINVAL: not a kind we take. */
int vv_call_open(int fd, struct vv_call *call);
void vv_call_close(struct vv_call *call);
/* Never blocks: a guest that is not woken by what is pending already is not woken by more. */
void vv_call_signal(const struct vv_call *call);

/* kick_fd: a duplicate, or -1 for none. Errors as vv_call_open. */
int vv_kick_open(int fd, int *kick_fd);
void vv_kick_close(int *kick_fd);

#endif
