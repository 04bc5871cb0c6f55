/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection: bytes in, lines out of them, answers back. Both buffers are bounded: who sends
 * without reading is not listened to until it has read. Never waits.
 *
 * Threads: main's alone.
 */
#ifndef VDPAD_RPC_CLIENT_H
#define VDPAD_RPC_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct vdpad_manager;
struct vdpad_rpc_client;

/* fd becomes the client's. NULL: no memory, and fd is still the caller's. */
struct vdpad_rpc_client *vdpad_rpc_client_create(int fd, bool may_change);
void vdpad_rpc_client_destroy(struct vdpad_rpc_client *client);

/*
 * Read, do, answer, a piece of work at most; events as of epoll, 0: to go on with what is there.
 * 1: there is more to do at once; 0; or -EPIPE: all is done and over.
 */
int vdpad_rpc_client_run(struct vdpad_rpc_client *client, struct vdpad_manager *manager,
			 uint32_t events);
/* What to wait for, as of epoll. */
uint32_t vdpad_rpc_client_events(struct vdpad_rpc_client *client);

#endif
