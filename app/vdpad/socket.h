/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vhost-user socket served by a vDPA device, from opened to closed. Thread: main; guests come and
 * go on librte_vhost's.
 */
#ifndef VDPAD_SOCKET_H
#define VDPAD_SOCKET_H

#include "options.h"

struct vdpad_socket;

/*
 * pairing and options are borrowed until closed. -ENODEV: no such device; -EADDRINUSE: the path is
 * taken; -EIO: librte_vhost refuses. Said why, in each case.
 */
int vdpad_socket_open(const struct vdpad_pairing *pairing, const struct vdpad_options *options,
		      struct vdpad_socket **opened);

/* Guests are stopped and disconnected; the path is gone. NULL is legal. */
void vdpad_socket_close(struct vdpad_socket *socket);

#endif
