/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

struct fe_conn {
	struct fe_conn_config cfg;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* cfg.path points here */
	int sock;                                               /* owned */
	int channel; /* owned: our end of the back-end's channel, -1 without */
	bool reply_ack;
	unsigned int sent;
};

static int address(const char *path, struct sockaddr_un *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(addr->sun_path, path, strlen(path));
	return 0;
}

/* A back-end that is only starting has no socket yet, or one nobody listens on: try again. */
static int connect_to(const struct sockaddr_un *addr, unsigned int timeout_ms, int *sock)
{
	uint64_t deadline = fe_now_ms() + timeout_ms;
	int fd, err;

	for (;;) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0) {
			*sock = fd;
			return 0;
		}
		err = -errno;
		close(fd);
		if ((err != -ENOENT && err != -ECONNREFUSED) || fe_now_ms() >= deadline)
			return err;
		fe_sleep_ms(20);
	}
}

static int accept_from(const struct sockaddr_un *addr, unsigned int timeout_ms, int *sock)
{
	struct pollfd pfd = {.fd = -1, .events = POLLIN};
	int fd, ready, err = 0;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	unlink(addr->sun_path);
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 || listen(fd, 1) < 0) {
		err = -errno;
		goto out;
	}
	pfd.fd = fd;
	do
		ready = poll(&pfd, 1, (int)timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0) {
		err = ready ? -errno : -ETIMEDOUT;
		goto out;
	}
	*sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (*sock < 0)
		err = -errno;
out:
	close(fd);
	/* One back-end a connection; the next one binds again. */
	unlink(addr->sun_path);
	return err;
}

int fe_conn_open(const struct fe_conn_config *cfg, struct fe_conn **conn)
{
	struct sockaddr_un addr;
	struct fe_conn *c;
	struct timeval limit;
	int err;

	err = address(cfg->path, &addr);
	if (err)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->cfg = *cfg;
	c->channel = -1;
	memcpy(c->path, addr.sun_path, sizeof(c->path));
	c->cfg.path = c->path;
	err = cfg->listen ? accept_from(&addr, cfg->timeout_ms, &c->sock)
			  : connect_to(&addr, cfg->timeout_ms, &c->sock);
	if (err) {
		free(c);
		return err;
	}
	limit.tv_sec = cfg->timeout_ms / 1000;
	limit.tv_usec = cfg->timeout_ms % 1000 * 1000;
	setsockopt(c->sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	*conn = c;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void fe_conn_close(struct fe_conn *conn)
{
	if (!conn)
		return;
	close_fd(&conn->sock);
	close_fd(&conn->channel);
	free(conn);
}

void fe_conn_set_reply_ack(struct fe_conn *conn, bool on)
{
	conn->reply_ack = on;
}

const char *fe_conn_path(const struct fe_conn *conn)
{
	return conn->path;
}

unsigned int fe_conn_messages_sent(const struct fe_conn *conn)
{
	return conn->sent;
}

static int broken(int err)
{
	return err == -EPIPE ? -ECONNRESET : err == -EAGAIN ? -ETIMEDOUT : err;
}

int fe_conn_send_raw(struct fe_conn *conn, const void *buf, size_t len,
		     const struct fe_wire_fds *fds)
{
	bool cut;
	int err;

	if (conn->sock < 0)
		return -ECONNRESET;
	conn->sent++;
	cut = conn->sent == conn->cfg.cut_message;
	if (cut && conn->cfg.cut_bytes >= 0 && (size_t)conn->cfg.cut_bytes < len)
		len = (size_t)conn->cfg.cut_bytes;
	err = broken(fe_wire_send(conn->sock, buf, len, fds));
	if (cut) {
		fe_info("%s: cut on purpose at message %u", conn->path, conn->sent);
		close_fd(&conn->sock);
		return -ECANCELED;
	}
	return err;
}

static int send_request(struct fe_conn *conn, uint32_t request, uint32_t flags, const void *payload,
			uint32_t size, const struct fe_wire_fds *fds)
{
	struct fe_vu_message msg;

	if (size > sizeof(msg.payload))
		return -EMSGSIZE;
	memset(&msg, 0, sizeof(msg));
	msg.header.request = request;
	msg.header.flags = FE_VU_VERSION | flags;
	msg.header.size = size;
	if (size)
		memcpy(&msg.payload, payload, size);
	fe_trace("%s: request %u, %u bytes, %u fds", conn->path, request, size,
		 fds ? fds->count : 0);
	return fe_conn_send_raw(conn, &msg, sizeof(msg.header) + size, fds);
}

/* What the back-end asks of us; the answer goes back on the same channel. */
static int answer_backend(struct fe_conn *conn, const struct fe_vu_message *msg,
			  const struct fe_wire_fds *fds)
{
	const struct fe_conn_ops *ops = conn->cfg.ops;
	const struct fe_vu_vring_area *area = &msg->payload.area;
	bool no_fd;

	switch (msg->header.request) {
	case FE_VU_BACKEND_CONFIG_CHANGE:
		return ops && ops->config_change ? ops->config_change(conn->cfg.ops_arg) : 0;
	case FE_VU_BACKEND_HOST_NOTIFIER:
		if (msg->header.size != sizeof(*area))
			return -EPROTO;
		no_fd = area->index_flags & FE_VU_VRING_NO_FD;
		if (fds->count != (no_fd ? 0 : 1))
			return -EPROTO;
		if (!ops || !ops->host_notifier)
			return -EOPNOTSUPP;
		return ops->host_notifier(conn->cfg.ops_arg,
					  area->index_flags & FE_VU_VRING_INDEX_MASK,
					  no_fd ? -1 : fds->fd[0], area->offset, area->size);
	default:
		return -EOPNOTSUPP;
	}
}

static int serve_channel(struct fe_conn *conn)
{
	struct fe_vu_message msg;
	struct fe_wire_fds fds;
	int err, result;

	err = fe_wire_recv(conn->channel, conn->cfg.timeout_ms, &msg, &fds);
	if (err) {
		if (err != -ECONNRESET)
			fe_error("%s: back-end channel: %s", conn->path, strerror(-err));
		close_fd(&conn->channel);
		return 0;
	}
	result = answer_backend(conn, &msg, &fds);
	fe_trace("%s: back-end request %u, answered %d", conn->path, msg.header.request, result);
	if (result)
		fe_error("%s: back-end request %u refused: %s", conn->path, msg.header.request,
			 strerror(-result));
	fe_wire_close_fds(&fds);
	if (!(msg.header.flags & FE_VU_NEED_REPLY))
		return 0;
	msg.header.flags = FE_VU_VERSION | FE_VU_REPLY;
	msg.header.size = sizeof(msg.payload.u64);
	msg.payload.u64 = result ? 1 : 0;
	return broken(
	    fe_wire_send(conn->channel, &msg, sizeof(msg.header) + sizeof(uint64_t), NULL));
}

/* Waits until the main socket can be read, serving the channel; -ETIMEDOUT after timeout_ms. */
static int wait_readable(struct fe_conn *conn, unsigned int timeout_ms)
{
	uint64_t now, deadline = fe_now_ms() + timeout_ms;

	for (;;) {
		struct pollfd pfd[2] = {
		    {.fd = conn->sock,    .events = POLLIN},
                    {.fd = conn->channel, .events = POLLIN}
                };
		int ready, err;

		now = fe_now_ms();
		ready = poll(pfd, 2, now < deadline ? (int)(deadline - now) : 0);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready == 0)
			return -ETIMEDOUT;
		if (ready > 0 && pfd[1].revents) {
			err = serve_channel(conn);
			if (err)
				return err;
		}
		if (ready > 0 && pfd[0].revents)
			return 0;
	}
}

static int receive_reply(struct fe_conn *conn, uint32_t request, void *reply, uint32_t size)
{
	struct fe_vu_message msg;
	struct fe_wire_fds fds;
	int err;

	err = wait_readable(conn, conn->cfg.timeout_ms);
	if (err)
		return err;
	err = fe_wire_recv(conn->sock, conn->cfg.timeout_ms, &msg, &fds);
	if (err)
		return err;
	if (msg.header.request != request || !(msg.header.flags & FE_VU_REPLY) ||
	    (msg.header.flags & FE_VU_VERSION_MASK) != FE_VU_VERSION || msg.header.size != size ||
	    fds.count != 0) {
		fe_error("%s: reply to request %u: got request %u, flags %#x, %u bytes, %u fds; "
			 "expected %u bytes",
			 conn->path, request, msg.header.request, msg.header.flags, msg.header.size,
			 fds.count, size);
		fe_wire_close_fds(&fds);
		return -EPROTO;
	}
	if (size)
		memcpy(reply, &msg.payload, size);
	return 0;
}

int fe_conn_query(struct fe_conn *conn, uint32_t request, const void *payload, uint32_t size,
		  void *reply, uint32_t reply_size)
{
	return fe_conn_query_fds(conn, request, payload, size, NULL, reply, reply_size);
}

int fe_conn_query_fds(struct fe_conn *conn, uint32_t request, const void *payload, uint32_t size,
		      const struct fe_wire_fds *fds, void *reply, uint32_t reply_size)
{
	int err = send_request(conn, request, 0, payload, size, fds);

	return err ? err : receive_reply(conn, request, reply, reply_size);
}

int fe_conn_request(struct fe_conn *conn, uint32_t request, const void *payload, uint32_t size,
		    const struct fe_wire_fds *fds)
{
	uint64_t status;
	int err;

	err =
	    send_request(conn, request, conn->reply_ack ? FE_VU_NEED_REPLY : 0, payload, size, fds);
	if (err || !conn->reply_ack)
		return err;
	err = receive_reply(conn, request, &status, sizeof(status));
	if (err)
		return err;
	return status ? -EREMOTEIO : 0;
}

int fe_conn_open_backend_channel(struct fe_conn *conn, int *peer)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	close_fd(&conn->channel);
	conn->channel = pair[0];
	*peer = pair[1];
	return 0;
}

int fe_conn_service(struct fe_conn *conn)
{
	char byte;
	ssize_t got;
	int err;

	if (conn->sock < 0)
		return -ECONNRESET;
	for (;;) {
		struct pollfd pfd = {.fd = conn->channel, .events = POLLIN};

		if (poll(&pfd, 1, 0) <= 0)
			break;
		err = serve_channel(conn);
		if (err)
			return err;
	}
	got = recv(conn->sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) ? -ECONNRESET : 0;
}

bool fe_conn_wait_closed(struct fe_conn *conn, unsigned int timeout_ms)
{
	uint64_t deadline = fe_now_ms() + timeout_ms;

	for (;;) {
		if (fe_conn_service(conn) == -ECONNRESET)
			return true;
		if (fe_now_ms() >= deadline)
			return false;
		fe_sleep_ms(5);
	}
}
