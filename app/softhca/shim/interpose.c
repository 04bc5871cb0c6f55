/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C library's calls that this library answers before libc does. Each asks one question first -
 * is it ours? - and hands everything else on, with the same arguments and errno.
 *
 * What goes where:
 *   open*, fopen*        device nodes make a uverbs file; paths of our sysfs tree lead there
 *   access*, readlink*, realpath, opendir
 *                        the same paths
 *   stat*, fstat*        the same; a device node looks like one (interpose_stat.c)
 *   ioctl, close         calls on a uverbs file
 *   socket               rdma netlink does not exist, so that programs look into sysfs
 *
 * libc's own inner calls (scandir, glob) and static or setuid programs cannot be reached this way.
 *
 * Threads: any, and any moment, from before main() to after exit(); hence no initialization is
 * assumed, and calls made by the library itself (in_shim) pass straight through.
 */
/* Both names of each call are defined here; the headers must not make one the other. */
#undef _FILE_OFFSET_BITS

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rdma/rdma_user_ioctl_cmds.h>

#include "interpose.h"
#include "nic.h"
#include "sysfs.h"
#include "uverbs_file.h"

__thread unsigned int in_shim;

/* Not in the headers of a libc that inlines them. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags);
ssize_t __readlink_chk(const char *path, char *buf, size_t len, size_t buflen);
char *__realpath_chk(const char *path, char *resolved, size_t len);

const char *interpose_redirect(const char *path, char buf[PATH_MAX])
{
	const struct nic_env *env;

	if (in_shim || !path || path[0] != '/' || (path[1] != 's' && path[1] != 'd'))
		return path;
	in_shim++;
	env = nic_env();
	in_shim--;
	if (!env->tree || !sysfs_redirect(env->tree, &env->cfg.shape, path, buf, PATH_MAX))
		return path;
	return buf;
}

int interpose_node(const char *path)
{
	const struct nic_env *env;

	if (in_shim || !path || strncmp(path, "/dev/", 5))
		return -1;
	in_shim++;
	env = nic_env();
	in_shim--;
	return env->tree ? sysfs_uverbs_function(path, shape_functions(&env->cfg.shape)) : -1;
}

bool interpose_empty(const char *path)
{
	return path && path[0] == '\0';
}

/* ---- open ---- */

static int open_node(unsigned int function, int flags)
{
	int fd = -1, rc;

	in_shim++;
	rc = uverbs_open(function, flags, &fd);
	in_shim--;
	if (rc) {
		errno = -rc;
		return -1;
	}
	return fd;
}

static bool flags_have_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define OPEN_BODY(name, path, flags)                                                               \
	do {                                                                                       \
		char buf_[PATH_MAX];                                                               \
		int function_ = interpose_node(path);                                              \
		mode_t mode_ = 0;                                                                  \
		if (flags_have_mode(flags)) {                                                      \
			va_list ap_;                                                               \
			va_start(ap_, flags);                                                      \
			mode_ = va_arg(ap_, mode_t);                                               \
			va_end(ap_);                                                               \
		}                                                                                  \
		if (function_ >= 0)                                                                \
			return open_node((unsigned int)function_, flags);                          \
		return REAL(name)(interpose_redirect(path, buf_), flags, mode_);                   \
	} while (0)

EXPORT int open(const char *path, int flags, ...)
{
	OPEN_BODY(open, path, flags);
}

EXPORT int open64(const char *path, int flags, ...)
{
	OPEN_BODY(open64, path, flags);
}

#define OPENAT_BODY(name, dirfd, path, flags)                                                      \
	do {                                                                                       \
		char buf_[PATH_MAX];                                                               \
		int function_ = interpose_node(path);                                              \
		mode_t mode_ = 0;                                                                  \
		if (flags_have_mode(flags)) {                                                      \
			va_list ap_;                                                               \
			va_start(ap_, flags);                                                      \
			mode_ = va_arg(ap_, mode_t);                                               \
			va_end(ap_);                                                               \
		}                                                                                  \
		if (function_ >= 0)                                                                \
			return open_node((unsigned int)function_, flags);                          \
		return REAL(name)(dirfd, interpose_redirect(path, buf_), flags, mode_);            \
	} while (0)

EXPORT int openat(int dirfd, const char *path, int flags, ...)
{
	OPENAT_BODY(openat, dirfd, path, flags);
}

EXPORT int openat64(int dirfd, const char *path, int flags, ...)
{
	OPENAT_BODY(openat64, dirfd, path, flags);
}

/* The forms that _FORTIFY_SOURCE calls when it cannot see the flags. */
EXPORT int __open_2(const char *path, int flags)
{
	return flags_have_mode(flags) ? REAL(__open_2)(path, flags) : open(path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return flags_have_mode(flags) ? REAL(__open64_2)(path, flags) : open64(path, flags);
}

EXPORT int __openat_2(int dirfd, const char *path, int flags)
{
	return flags_have_mode(flags) ? REAL(__openat_2)(dirfd, path, flags)
				      : openat(dirfd, path, flags);
}

EXPORT int __openat64_2(int dirfd, const char *path, int flags)
{
	return flags_have_mode(flags) ? REAL(__openat64_2)(dirfd, path, flags)
				      : openat64(dirfd, path, flags);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	char buf[PATH_MAX];

	return REAL(fopen)(interpose_redirect(path, buf), mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	char buf[PATH_MAX];

	return REAL(fopen64)(interpose_redirect(path, buf), mode);
}

EXPORT DIR *opendir(const char *path)
{
	char buf[PATH_MAX];

	return REAL(opendir)(interpose_redirect(path, buf));
}

/* ---- paths ---- */

EXPORT int access(const char *path, int mode)
{
	char buf[PATH_MAX];

	/* A device node is for everybody, whoever made the file that stands for it. */
	return REAL(access)(interpose_redirect(path, buf), interpose_node(path) >= 0 ? F_OK : mode);
}

EXPORT int faccessat(int dirfd, const char *path, int mode, int flags)
{
	char buf[PATH_MAX];

	return REAL(faccessat)(dirfd, interpose_redirect(path, buf),
			       interpose_node(path) >= 0 ? F_OK : mode, flags);
}

EXPORT ssize_t readlink(const char *path, char *out, size_t len)
{
	char buf[PATH_MAX];

	return REAL(readlink)(interpose_redirect(path, buf), out, len);
}

EXPORT ssize_t __readlink_chk(const char *path, char *out, size_t len, size_t out_len)
{
	char buf[PATH_MAX];

	return REAL(__readlink_chk)(interpose_redirect(path, buf), out, len, out_len);
}

EXPORT char *realpath(const char *path, char *resolved)
{
	char buf[PATH_MAX];

	return REAL(realpath)(interpose_redirect(path, buf), resolved);
}

EXPORT char *__realpath_chk(const char *path, char *resolved, size_t len)
{
	char buf[PATH_MAX];

	return REAL(__realpath_chk)(interpose_redirect(path, buf), resolved, len);
}

/* ---- descriptors ---- */

EXPORT int ioctl(int fd, unsigned long cmd, ...)
{
	va_list ap;
	void *arg;
	int rc;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (cmd == RDMA_VERBS_IOCTL && !in_shim && uverbs_any_open()) {
		in_shim++;
		rc = uverbs_ioctl_fd(fd, cmd, arg);
		in_shim--;
		if (rc != -ENOTTY) {
			if (!rc)
				return 0;
			errno = -rc;
			return -1;
		}
	}
	return REAL(ioctl)(fd, cmd, arg);
}

EXPORT int close(int fd)
{
	struct uverbs_closing closing;
	int rc, err;

	if (in_shim || !uverbs_any_open())
		return REAL(close)(fd);
	in_shim++;
	uverbs_close_begin(fd, &closing);
	rc = REAL(close)(fd);
	err = errno;
	uverbs_close_end(&closing);
	errno = err;
	in_shim--;
	return rc;
}

/*
 * DPDK switches RoCE off by devlink before it tries sysfs. Should the host have a NIC at one of our
 * addresses, that one must not be touched.
 */
static bool host_has_our_bdf(const struct nic_env *env)
{
	struct shape_function f;
	struct stat st;
	char path[64];

	for (unsigned int i = 0; i < shape_functions(&env->cfg.shape); i++) {
		shape_function(&env->cfg.shape, i, &f);
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", f.bdf);
		if (!syscall(SYS_newfstatat, AT_FDCWD, path, &st, 0))
			return true;
	}
	return false;
}

EXPORT int socket(int domain, int type, int protocol)
{
	const struct nic_env *env;
	bool refuse = false;

	if (domain == AF_NETLINK && !in_shim) {
		in_shim++;
		env = nic_env();
		if (env->tree)
			refuse = protocol == NETLINK_RDMA ||
				 (protocol == NETLINK_GENERIC && host_has_our_bdf(env));
		in_shim--;
	}
	if (refuse) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return REAL(socket)(domain, type, protocol);
}

/* ---- life of the process ---- */

static __attribute__((constructor)) void shim_init(void)
{
	bool ours;

	/* It reads a file, which may be below /dev. */
	in_shim++;
	ours = nic_env()->tree != NULL;
	in_shim--;
	if (!ours)
		return;
	pthread_atfork(uverbs_fork_prepare, uverbs_fork_parent, uverbs_fork_child);
	pthread_atfork(NULL, NULL, nic_fork_child);
}

/* The kernel cleans up after a process; what it left is gone when the statistics are read. */
static __attribute__((destructor)) void shim_fini(void)
{
	/* exit() from a signal handler that interrupted a call of ours: locks may be held. */
	if (in_shim)
		return;
	in_shim++;
	uverbs_close_all();
	nic_destroy();
	in_shim--;
}
