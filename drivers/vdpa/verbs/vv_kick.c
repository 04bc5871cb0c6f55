/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vv_kick.h"

static int dup_checked(int fd, bool *is_socket)
{
	struct stat st;
	int copy;

	if (fstat(fd, &st))
		return -errno;
	*is_socket = S_ISSOCK(st.st_mode);
	/* Anonymous inodes have no file type at all. */
	if (!*is_socket && (st.st_mode & S_IFMT))
		return -EINVAL;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -errno : copy;
}

int vv_call_open(int fd, struct vv_call *call)
{
	struct vv_call c = VV_CALL_NONE;
	int flags;

	if (fd >= 0) {
		c.fd = dup_checked(fd, &c.is_socket);
		if (c.fd < 0)
			return c.fd;
		/* Shared with the front-end, to whom it makes no difference. */
		flags = fcntl(c.fd, F_GETFL);
		if (flags >= 0 && !(flags & O_NONBLOCK))
			fcntl(c.fd, F_SETFL, flags | O_NONBLOCK);
	}
	*call = c;
	return 0;
}

void vv_call_close(struct vv_call *call)
{
	if (call->fd >= 0)
		close(call->fd);
	*call = VV_CALL_NONE;
}

void vv_call_signal(const struct vv_call *call)
{
	uint64_t one = 1;
	ssize_t n;

	if (call->fd < 0)
		return;
	if (call->is_socket)
		n = send(call->fd, &one, sizeof(one), MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(call->fd, &one, sizeof(one));
	(void)n; /* full: pending already; closed: the disconnect is on its way to us */
}

int vv_kick_open(int fd, int *kick_fd)
{
	bool is_socket;
	int copy = -1;

	if (fd >= 0) {
		copy = dup_checked(fd, &is_socket);
		if (copy < 0)
			return copy;
	}
	*kick_fd = copy;
	return 0;
}

void vv_kick_close(int *kick_fd)
{
	if (*kick_fd >= 0)
		close(*kick_fd);
	*kick_fd = -1;
}
