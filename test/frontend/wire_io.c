/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FE_VU_MAX_FDS * sizeof(int))];
};

static void attach_fds(struct msghdr *msg, union control *control, const struct fe_wire_fds *fds)
{
	size_t bytes = fds->count * sizeof(int);
	struct cmsghdr *cmsg;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control->bytes;
	msg->msg_controllen = CMSG_SPACE(bytes);
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(cmsg), fds->fd, bytes);
}

int fe_wire_send(int sock, const void *buf, size_t len, const struct fe_wire_fds *fds)
{
	const char *at = buf;
	union control control;

	while (len > 0) {
		struct iovec iov = {.iov_base = (void *)at, .iov_len = len};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
		ssize_t sent;

		if (fds && fds->count > 0)
			attach_fds(&msg, &control, fds);
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		at += sent;
		len -= (size_t)sent;
		fds = NULL;
	}
	return 0;
}

static void collect_fds(struct msghdr *msg, struct fe_wire_fds *fds)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t i, count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
			if (fds->count < FE_VU_MAX_FDS)
				fds->fd[fds->count++] = fd;
			else
				close(fd);
		}
	}
}

static int recv_exactly(int sock, unsigned int timeout_ms, void *buf, size_t len,
			struct fe_wire_fds *fds)
{
	char *at = buf;

	while (len > 0) {
		struct pollfd pfd = {.fd = sock, .events = POLLIN};
		struct iovec iov = {.iov_base = at, .iov_len = len};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
		union control control;
		ssize_t got;
		int ready;

		ready = poll(&pfd, 1, (int)timeout_ms);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return -errno;
		if (ready == 0)
			return -ETIMEDOUT;
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control);
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		collect_fds(&msg, fds);
		if (got == 0)
			return -ECONNRESET;
		at += got;
		len -= (size_t)got;
	}
	return 0;
}

int fe_wire_recv(int sock, unsigned int timeout_ms, struct fe_vu_message *msg,
		 struct fe_wire_fds *fds)
{
	int err;

	memset(msg, 0, sizeof(*msg));
	fds->count = 0;
	err = recv_exactly(sock, timeout_ms, &msg->header, sizeof(msg->header), fds);
	if (!err && msg->header.size > sizeof(msg->payload))
		err = -EMSGSIZE;
	if (!err)
		err = recv_exactly(sock, timeout_ms, &msg->payload, msg->header.size, fds);
	if (err)
		fe_wire_close_fds(fds);
	return err;
}

void fe_wire_close_fds(struct fe_wire_fds *fds)
{
	unsigned int i;

	for (i = 0; i < fds->count; i++)
		close(fds->fd[i]);
	fds->count = 0;
}
