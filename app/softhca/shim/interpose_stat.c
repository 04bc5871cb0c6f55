/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stat family: paths of ours lead into the sysfs tree; a device node, by its path or open as
 * a uverbs file, looks like a character device.
 */
/* Both names of each call are defined here; the headers must not make one the other. */
#undef _FILE_OFFSET_BITS

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../fw/hca_ident.h"
#include "interpose.h"
#include "uverbs_file.h"

/* Not in the headers of a libc that has them for old programs only. */
int __xstat(int ver, const char *path, struct stat *st);
int __xstat64(int ver, const char *path, struct stat64 *st);
int __lxstat(int ver, const char *path, struct stat *st);
int __lxstat64(int ver, const char *path, struct stat64 *st);
int __fxstat(int ver, int fd, struct stat *st);
int __fxstat64(int ver, int fd, struct stat64 *st);

/* The two structs are one on this platform. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "LP64");

static int as_node(int function, struct stat *st)
{
	st->st_mode = S_IFCHR | 0666;
	st->st_rdev = makedev(HCA_UVERBS_MAJOR, HCA_UVERBS_MINOR_0 + (unsigned int)function);
	st->st_size = 0;
	return 0;
}

static int stat_path(const char *path, struct stat *st, int rc)
{
	int function = rc ? -1 : interpose_node(path);

	return function >= 0 ? as_node(function, st) : rc;
}

static int stat_fd(int fd, struct stat *st, int rc)
{
	int function;

	if (rc || in_shim || !S_ISREG(st->st_mode) || !uverbs_any_open())
		return rc;
	in_shim++;
	function = uverbs_fd_function(fd);
	in_shim--;
	return function >= 0 ? as_node(function, st) : rc;
}

EXPORT int stat(const char *path, struct stat *st)
{
	char buf[PATH_MAX];

	return stat_path(path, st, REAL(stat)(interpose_redirect(path, buf), st));
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
	char buf[PATH_MAX];

	return stat_path(path, (struct stat *)st, REAL(stat64)(interpose_redirect(path, buf), st));
}

EXPORT int lstat(const char *path, struct stat *st)
{
	char buf[PATH_MAX];

	return stat_path(path, st, REAL(lstat)(interpose_redirect(path, buf), st));
}

EXPORT int lstat64(const char *path, struct stat64 *st)
{
	char buf[PATH_MAX];

	return stat_path(path, (struct stat *)st, REAL(lstat64)(interpose_redirect(path, buf), st));
}

EXPORT int fstat(int fd, struct stat *st)
{
	return stat_fd(fd, st, REAL(fstat)(fd, st));
}

EXPORT int fstat64(int fd, struct stat64 *st)
{
	return stat_fd(fd, (struct stat *)st, REAL(fstat64)(fd, st));
}

EXPORT int fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	char buf[PATH_MAX];
	int rc = REAL(fstatat)(dirfd, interpose_redirect(path, buf), st, flags);

	if ((flags & AT_EMPTY_PATH) && interpose_empty(path))
		return stat_fd(dirfd, st, rc);
	return stat_path(path, st, rc);
}

EXPORT int fstatat64(int dirfd, const char *path, struct stat64 *st, int flags)
{
	char buf[PATH_MAX];
	int rc = REAL(fstatat64)(dirfd, interpose_redirect(path, buf), st, flags);

	if ((flags & AT_EMPTY_PATH) && interpose_empty(path))
		return stat_fd(dirfd, (struct stat *)st, rc);
	return stat_path(path, (struct stat *)st, rc);
}

/* What programs built against a libc before 2.33 call. */
EXPORT int __xstat(int ver, const char *path, struct stat *st)
{
	char buf[PATH_MAX];

	return stat_path(path, st, REAL(__xstat)(ver, interpose_redirect(path, buf), st));
}

EXPORT int __xstat64(int ver, const char *path, struct stat64 *st)
{
	char buf[PATH_MAX];

	return stat_path(path, (struct stat *)st,
			 REAL(__xstat64)(ver, interpose_redirect(path, buf), st));
}

EXPORT int __lxstat(int ver, const char *path, struct stat *st)
{
	char buf[PATH_MAX];

	return stat_path(path, st, REAL(__lxstat)(ver, interpose_redirect(path, buf), st));
}

EXPORT int __lxstat64(int ver, const char *path, struct stat64 *st)
{
	char buf[PATH_MAX];

	return stat_path(path, (struct stat *)st,
			 REAL(__lxstat64)(ver, interpose_redirect(path, buf), st));
}

EXPORT int __fxstat(int ver, int fd, struct stat *st)
{
	return stat_fd(fd, st, REAL(__fxstat)(ver, fd, st));
}

EXPORT int __fxstat64(int ver, int fd, struct stat64 *st)
{
	return stat_fd(fd, (struct stat *)st, REAL(__fxstat64)(ver, fd, st));
}

EXPORT int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *st)
{
	char buf[PATH_MAX];
	int rc = REAL(statx)(dirfd, interpose_redirect(path, buf), flags, mask, st);
	bool empty = (flags & AT_EMPTY_PATH) && interpose_empty(path);
	struct stat as = {.st_mode = rc ? 0 : st->stx_mode};

	if (rc)
		return rc;
	if (empty)
		stat_fd(dirfd, &as, 0);
	else
		stat_path(path, &as, 0);
	if (S_ISCHR(as.st_mode) && !S_ISCHR(st->stx_mode)) {
		st->stx_mode = (uint16_t)as.st_mode;
		st->stx_rdev_major = major(as.st_rdev);
		st->stx_rdev_minor = minor(as.st_rdev);
		st->stx_size = 0;
	}
	return 0;
}
