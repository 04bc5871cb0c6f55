/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a front-end may keep librte_vhost waiting in the middle of a message. Its one thread
 * serves the sockets of all guests and reads and answers without a limit of its own: half a message,
 * or answers that nobody reads, would stop the other guests' set-up, the removal of the device, and
 * the end of the daemon.
 *
 * Threads: any.
 */
#ifndef VDPAD_PATIENCE_H
#define VDPAD_PATIENCE_H

/*
 * For all connections of the socket at path; one that takes longer is closed by librte_vhost.
 * Front-ends send a message as a whole, so only those that mean it do.
 */
void vdpad_patience_limit(const char *path);

#endif
