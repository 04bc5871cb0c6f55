/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One vhost-user connection seen from the front-end: a request goes out, its reply or
 * acknowledgement comes back and is checked, and meanwhile requests of the back-end are answered.
 *
 * While a reply is awaited the back-end may itself wait for an answer on its own channel (a host
 * notifier, for one), so every wait here watches both sockets; in between, the owner calls
 * fe_conn_service() now and then.
 *
 * A connection can be told to break at a given message, whole or half: that is how tests leave a
 * back-end in every possible state.
 *
 * Owner: one device. Threads: one. Errors: 0 or -errno; -ECONNRESET peer gone, -ETIMEDOUT no
 * reply, -EPROTO a reply against the protocol, -EREMOTEIO the back-end refused, -ECANCELED we cut
 * the connection on purpose.
 */
#ifndef FRONTEND_CONN_H
#define FRONTEND_CONN_H

#include <stdbool.h>

#include "vhost_user_wire.h"
#include "wire_io.h"

struct fe_conn;

/*
 * Optional handlers for what the back-end asks for; called inside waits and fe_conn_service().
 * Return 0 or -errno, which is what the back-end is told. fd is -1 for "take it away"; it is
 * borrowed for the time of the call.
 */
struct fe_conn_ops {
	int (*host_notifier)(void *arg, unsigned int queue, int fd, uint64_t offset, uint64_t size);
	int (*config_change)(void *arg);
};

struct fe_conn_config {
	const char *path;
	bool listen;             /* we are the socket's server, the back-end connects */
	unsigned int timeout_ms; /* for the connection to come about, and for every reply */
	/* Break on purpose at the message with this number (from 1), 0: never; after cut_bytes of
	 * it when that is not negative, else after the whole of it. */
	unsigned int cut_message;
	int cut_bytes;
	const struct fe_conn_ops *ops; /* borrowed, may be NULL */
	void *ops_arg;
};

int fe_conn_open(const struct fe_conn_config *cfg, struct fe_conn **conn);
void fe_conn_close(struct fe_conn *conn);

/* From now on requests without a reply of their own ask for an acknowledgement. */
void fe_conn_set_reply_ack(struct fe_conn *conn, bool on);
/* The socket's path, for log lines. */
const char *fe_conn_path(const struct fe_conn *conn);
unsigned int fe_conn_messages_sent(const struct fe_conn *conn);

/* Sends a request without a reply of its own; waits for the acknowledgement where that was set. */
int fe_conn_request(struct fe_conn *conn, uint32_t request, const void *payload, uint32_t size,
		    const struct fe_wire_fds *fds);
/* Sends a request with a reply of exactly reply_size bytes. */
int fe_conn_query(struct fe_conn *conn, uint32_t request, const void *payload, uint32_t size,
		  void *reply, uint32_t reply_size);
/* ... with descriptors. */
int fe_conn_query_fds(struct fe_conn *conn, uint32_t request, const void *payload, uint32_t size,
		      const struct fe_wire_fds *fds, void *reply, uint32_t reply_size);
/* Sends bytes as they are, for malformed messages; counts as a message. */
int fe_conn_send_raw(struct fe_conn *conn, const void *buf, size_t len,
		     const struct fe_wire_fds *fds);

/* Creates the back-end's own channel; *peer is its end, to be sent and closed by the caller. */
int fe_conn_open_backend_channel(struct fe_conn *conn, int *peer);

/* Answers what the back-end asked. 0, or -ECONNRESET once the peer has closed the connection. */
int fe_conn_service(struct fe_conn *conn);
/* The same, but waits up to timeout_ms for the peer to close: true if it did. */
bool fe_conn_wait_closed(struct fe_conn *conn, unsigned int timeout_ms);

#endif
