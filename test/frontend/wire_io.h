/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole vhost-user messages over a stream socket, with file descriptors. Both ends of both
 * channels (front-end requests, back-end requests, and the back-ends that unit tests play) use it.
 *
 * Blocking with a limit; no state. Received descriptors belong to the caller.
 */
#ifndef FRONTEND_WIRE_IO_H
#define FRONTEND_WIRE_IO_H

#include <stddef.h>

#include "vhost_user_wire.h"

struct fe_wire_fds {
	unsigned int count;
	int fd[FE_VU_MAX_FDS];
};

/* Sends len bytes, descriptors with the first of them. -EPIPE/-ECONNRESET when the peer is gone. */
int fe_wire_send(int sock, const void *buf, size_t len, const struct fe_wire_fds *fds);

/*
 * Receives one message; a payload larger than any we know is -EMSGSIZE, a peer that closed
 * -ECONNRESET, one that stays silent -ETIMEDOUT. On error no descriptor is left open.
 */
int fe_wire_recv(int sock, unsigned int timeout_ms, struct fe_vu_message *msg,
		 struct fe_wire_fds *fds);

void fe_wire_close_fds(struct fe_wire_fds *fds);

#endif
