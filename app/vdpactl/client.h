/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection to the daemon, made at the first call and kept: JSON-RPC 2.0, one text a line.
 */
#ifndef VDPACTL_CLIENT_H
#define VDPACTL_CLIENT_H

#include <jansson.h>

struct ctl_client {
	const char *path; /* of the daemon's socket; borrowed */
	unsigned int timeout_s;
	int fd; /* -1: not connected */
	unsigned int calls;
};

/*
 * params: an object, taken over; NULL as json_pack() returns it if a word cannot be said in JSON.
 * result: the caller's. Any failure is said in one line: no daemon, no right to it, no answer, or
 * the daemon's own error.
 */
int ctl_call(struct ctl_client *client, const char *method, json_t *params, json_t **result);
void ctl_client_close(struct ctl_client *client);

#endif
