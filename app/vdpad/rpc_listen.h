/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket that requests come to, and who may do what there. Threads: main's alone. */
#ifndef VDPAD_RPC_LISTEN_H
#define VDPAD_RPC_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A socket of that mode and group ((gid_t)-1: as it comes) that listens. One that is left there
 * without a server is replaced. -EADDRINUSE: it has one, or the path is something else. Said why.
 */
int vdpad_rpc_listen(const char *path, mode_t mode, gid_t group, int *listener);

/*
 * May who connected change things? root and the daemon's own user may, and members of the group, by
 * their first or any other of their groups at the time they connected.
 */
bool vdpad_rpc_may_change(int fd, gid_t group);

#endif
