/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vhost-user socket served by a vDPA device, from opened to closed. Thread: main; guests come and
 * go on librte_vhost's.
 */
#ifndef VDPAD_SOCKET_H
#define VDPAD_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "error.h"

struct vdpad_socket;

struct vdpad_socket_args {
	const char *path, *device; /* device: DPDK's name of it */
	bool client;               /* the front-end owns the socket, we connect */
	bool status, narrow;       /* as the options of these names (man vdpad) */
	bool restrict_access;      /* mode and group count; not with client */
	mode_t mode;
	gid_t group; /* (gid_t)-1: as it comes */
};

/*
 * ENODEV: no such device; EADDRINUSE: the path is taken; EIO: librte_vhost refuses. What is told of
 * it that is no fault is said.
 */
int vdpad_socket_open(const struct vdpad_socket_args *args, struct vdpad_socket **opened,
		      struct vdpad_error *error);

/* Guests are stopped and disconnected; the path is gone. NULL is legal. */
void vdpad_socket_close(struct vdpad_socket *socket);

/* A socket that nobody serves any more is removed; anything else is left alone. */
void vdpad_socket_remove_stale(const char *path);

#endif
