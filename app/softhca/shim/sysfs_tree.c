/* SPDX-License-Identifier: BSD-3-Clause */
#include "sysfs_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static __attribute__((format(printf, 3, 0))) int tree_path(const struct tree *t, char *path,
							   const char *fmt, va_list ap)
{
	int n = snprintf(path, PATH_MAX, "%s/", t->root);

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (vsnprintf(path + n, (size_t)(PATH_MAX - n), fmt, ap) >= PATH_MAX - n)
		return -ENAMETOOLONG;
	snprintf(t->what, t->what_len, "%s", path);
	return 0;
}

int tree_dir(const struct tree *t, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tree_path(t, path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	for (char *p = path + strlen(t->root) + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*p = c;
		if (c == '\0')
			return 0;
	}
}

static int file_write(const char *path, const char *content)
{
	size_t len = strlen(content);
	int rc = 0, fd;
	ssize_t n;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	n = write(fd, content, len);
	if (n != (ssize_t)len)
		rc = n < 0 ? -errno : -ENOSPC;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

int tree_file(const struct tree *t, const char *content, const char *fmt, ...)
{
	char path[PATH_MAX], line[1024];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tree_path(t, path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	snprintf(line, sizeof(line), "%s\n", content);
	return file_write(path, line);
}

int tree_link(const struct tree *t, const char *target, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tree_path(t, path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	return symlink(target, path) ? -errno : 0;
}

int tree_attrs(const struct tree *t, const char *dir, const struct tree_attr *attrs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = tree_file(t, attrs[i].content, "%s/%s", dir, attrs[i].name);

		if (rc)
			return rc;
	}
	return 0;
}
