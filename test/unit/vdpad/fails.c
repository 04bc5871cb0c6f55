/* SPDX-License-Identifier: BSD-3-Clause */
#include "fails.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int fail_nth[ALL_CALLS];
int fail_with;
int die_after = -1;
static bool died;

void fails_reset(void)
{
	memset(fail_nth, 0, sizeof(fail_nth));
	die_after = -1;
	died = false;
}

bool fails(enum call call)
{
	if (die_after >= 0 && !die_after--)
		died = true;
	if (died || (fail_nth[call] && !--fail_nth[call])) {
		errno = died ? EIO : fail_with;
		return true;
	}
	return false;
}

ssize_t __real_write(int fd, const void *from, size_t n);
ssize_t __wrap_write(int fd, const void *from, size_t n);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int a, const char *from, int b, const char *to);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __real_linkat(int a, const char *from, int b, const char *to, int flags);
int __wrap_linkat(int a, const char *from, int b, const char *to, int flags);
int __real_unlinkat(int a, const char *file, int flags);
int __wrap_unlinkat(int a, const char *file, int flags);

ssize_t __wrap_write(int fd, const void *from, size_t n)
{
	int code;

	if (fd <= STDERR_FILENO || !fails(WRITE))
		return __real_write(fd, from, n);
	/* A part of it first, as on a disk that fills up. */
	code = errno;
	if (__real_write(fd, from, n / 2) < 0)
		return -1;
	errno = code;
	return -1;
}

int __wrap_fsync(int fd)
{
	return fails(FSYNC) ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
	return fails(RENAMEAT) ? -1 : __real_renameat(a, from, b, to);
}

int __wrap_linkat(int a, const char *from, int b, const char *to, int flags)
{
	return fails(LINKAT) ? -1 : __real_linkat(a, from, b, to, flags);
}

/* It only ends to be done when the process has died. */
int __wrap_unlinkat(int a, const char *file, int flags)
{
	if (die_after >= 0 && !die_after--)
		died = true;
	if (died) {
		errno = EIO;
		return -1;
	}
	return __real_unlinkat(a, file, flags);
}
