/* SPDX-License-Identifier: BSD-3-Clause */
#include "patience.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "say.h"

/*
 * Answers wait only for one who has left hundreds of them unread, and librte_vhost goes on with the
 * next message after each.
 */
enum { READ_S = 2, WRITE_US = 20000 };

static bool is_at(int fd, const char *path,
		  int (*name)(int fd, struct sockaddr *address, socklen_t *len))
{
	struct sockaddr_un address = {.sun_family = AF_UNSPEC};
	socklen_t len = sizeof(address);

	return !name(fd, (struct sockaddr *)&address, &len) && address.sun_family == AF_UNIX &&
	       !strncmp(address.sun_path, path, sizeof(address.sun_path));
}

/* Accepted here, or made to a front-end that listens; not what listens itself. */
static bool is_connection(int fd, const char *path)
{
	socklen_t len = sizeof(int);
	int listens;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) || listens)
		return false;
	return is_at(fd, path, getsockname) || is_at(fd, path, getpeername);
}

static bool limit(int fd)
{
	const struct timeval reads = {.tv_sec = READ_S}, writes = {.tv_usec = WRITE_US};

	return !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &reads, sizeof(reads)) &&
	       !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &writes, sizeof(writes));
}

/* librte_vhost tells of a connection, but not which descriptor it is: looked for among all. */
void vdpad_patience_limit(const char *path)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	bool done = false;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && is_connection(fd, path))
			done |= limit(fd);
	}
	if (dir)
		closedir(dir);
	if (!done)
		vdpad_warn(
		    "%s: a front-end that stops in the middle of a message will be waited for",
		    path);
}
