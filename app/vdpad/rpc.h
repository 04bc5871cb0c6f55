/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON-RPC 2.0 on a Unix socket, one request (or batch) a line, one answer a line; doc/vdpad-rpc.json
 * describes the methods as a schema. Two halves: what a text means and does (rpc_call, no sockets,
 * fuzzed), and the server that brings texts and credentials to it (rpc_server).
 *
 * Errors: JSON-RPC's own numbers for what is not a request; else code is -errno, message is the
 * line for people, data has {"errno": "EINVAL", "word": "mtu"}.
 *
 * Threads: main's alone.
 */
#ifndef VDPAD_RPC_H
#define VDPAD_RPC_H

#include <stdbool.h>
#include <stddef.h>

struct vdpad_manager;

enum { VDPAD_RPC_REQUEST_MAX = 1 << 20 }; /* bytes; longer ones are refused */

/*
 * What one text asks, done. may_change: who asks is root or of the group. The answer is a line
 * without its end, to be freed; NULL: nothing is to be answered (a notification).
 */
char *vdpad_rpc_call(struct vdpad_manager *manager, bool may_change, const char *text, size_t len);

struct vdpad_rpc_server;

/* Listens at the socket the configuration names. */
int vdpad_rpc_server_create(struct vdpad_manager *manager, struct vdpad_rpc_server **server);
void vdpad_rpc_server_destroy(struct vdpad_rpc_server *server);
/* Readable: there is something to do. Then, without waiting: */
int vdpad_rpc_server_fd(const struct vdpad_rpc_server *server);
void vdpad_rpc_server_run(struct vdpad_rpc_server *server);

#endif
