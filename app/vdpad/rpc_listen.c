/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc_listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "say.h"

enum { BACKLOG = 64 };

static bool answers(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return true; /* better not touched */
	yes = !connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	      errno != ECONNREFUSED;
	close(fd);
	return yes;
}

static int make_way(const struct sockaddr_un *address)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st))
		return 0; /* bind() says what is wrong */
	if (!S_ISSOCK(st.st_mode)) {
		vdpad_warn("%s: there is something that is not a socket; remove it, or choose "
			   "another path with rpc=",
			   path);
		return -EADDRINUSE;
	}
	if (answers(address)) {
		vdpad_warn(
		    "%s: another program serves this socket; stop it, or choose another path "
		    "with rpc=",
		    path);
		return -EADDRINUSE;
	}
	if (unlink(path)) {
		vdpad_warn("%s: the socket left there cannot be removed: %s", path,
			   strerror(errno));
		return -errno;
	}
	return 0;
}

/* Nobody can connect before listen(), so mode and group are right by then. */
static int open_at(int fd, const struct sockaddr_un *address, mode_t mode, gid_t group)
{
	const char *path = address->sun_path;

	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		return -errno;
	if ((group != (gid_t)-1 && lchown(path, (uid_t)-1, group)) || chmod(path, mode) ||
	    listen(fd, BACKLOG)) {
		int err = -errno;

		unlink(path);
		return err;
	}
	return 0;
}

int vdpad_rpc_listen(const char *path, mode_t mode, gid_t group, int *listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err, fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		vdpad_warn("%s: a path of a socket has at most %zu bytes", path,
			   sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	err = make_way(&address);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = fd < 0 ? -errno : open_at(fd, &address, mode, group);
	if (err) {
		vdpad_warn("%s: no socket for requests can be made here: %s", path, strerror(-err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	*listener = fd;
	return 0;
}

static bool is_among_groups(int fd, gid_t group)
{
	socklen_t len = 0;
	gid_t *groups;
	bool found = false;

	/* The size is told with the error. */
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) || errno != ERANGE)
		return false;
	groups = malloc(len);
	if (!groups)
		return false;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		for (size_t i = 0; i < len / sizeof(*groups) && !found; i++)
			found = groups[i] == group;
	free(groups);
	return found;
}

bool vdpad_rpc_may_change(int fd, gid_t group)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return false;
	if (who.uid == 0 || who.uid == geteuid())
		return true;
	return group != (gid_t)-1 && (who.gid == group || is_among_groups(fd, group));
}
