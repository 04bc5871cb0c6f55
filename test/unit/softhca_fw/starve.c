/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "starve.h"

static uint64_t fail_at, calls;
static const char *hit;
static __thread bool counting;

void starve_at(uint64_t nth)
{
	fail_at = nth;
	calls = 0;
	hit = NULL;
}

void starve_count(bool on)
{
	counting = on;
}

const char *starve_hit(void)
{
	return hit;
}

uint64_t starve_calls(void)
{
	return calls;
}

static bool refuse(const char *name, int error)
{
	if (!counting || ++calls != fail_at)
		return false;
	hit = name;
	errno = error;
	return true;
}

/* __real_NAME is the function itself; __wrap_NAME is called in its place. */
#define WRAP(type, name, params, args, failed, error)                                              \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return refuse(#name, error) ? (failed) : __real_##name args;                       \
	}

WRAP(void *, malloc, (size_t size), (size), NULL, ENOMEM)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL, ENOMEM)
WRAP(void *, realloc, (void *p, size_t size), (p, size), NULL, ENOMEM)
WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size), NULL, ENOMEM)
WRAP(char *, strdup, (const char *s), (s), NULL, ENOMEM)
WRAP(void *, mmap64, (void *p, size_t len, int prot, int flags, int fd, off64_t off),
     (p, len, prot, flags, fd, off), MAP_FAILED, ENOMEM)
WRAP(FILE *, fopen64, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
WRAP(int, socketpair, (int domain, int type, int protocol, int pair[2]),
     (domain, type, protocol, pair), -1, EMFILE)
WRAP(int, memfd_create, (const char *name, unsigned int flags), (name, flags), -1, EMFILE)
WRAP(int, eventfd, (unsigned int initval, int flags), (initval, flags), -1, EMFILE)
WRAP(int, epoll_create1, (int flags), (flags), -1, EMFILE)
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg),
     (thread, attr, start, arg), EAGAIN, EAGAIN)

/* Variadic ones: the third argument is there or not looked at. */
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return refuse("open", EMFILE) ? -1 : __real_open64(path, flags, mode);
}

int __real_fcntl64(int fd, int cmd, ...);
int __wrap_fcntl64(int fd, int cmd, ...);
int __wrap_fcntl64(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if ((cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC) && refuse("fcntl", EMFILE))
		return -1;
	return __real_fcntl64(fd, cmd, arg);
}

int __wrap_asprintf(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (refuse("asprintf", ENOMEM))
		return -1;
	va_start(ap, fmt);
	n = vasprintf(out, fmt, ap);
	va_end(ap);
	return n;
}
