/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making files, directories and links below the root of a tree; for sysfs.c. Each call takes a path
 * below the root as a format and leaves the full path in `what`, so that a failure can be told of.
 *
 * Threads: one a tree. Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_SYSFS_TREE_H
#define SOFTHCA_SHIM_SYSFS_TREE_H

#include <stddef.h>

struct tree {
	const char *root;
	char *what; /* borrowed */
	size_t what_len;
};

/* A directory and those above it, up to the root. */
__attribute__((format(printf, 2, 3))) int tree_dir(const struct tree *t, const char *fmt, ...);
/* One attribute; the newline that sysfs has at its end is added. */
__attribute__((format(printf, 3, 4))) int tree_file(const struct tree *t, const char *content,
						    const char *fmt, ...);
/* target: as in symlink(2). */
__attribute__((format(printf, 3, 4))) int tree_link(const struct tree *t, const char *target,
						    const char *fmt, ...);

struct tree_attr {
	const char *name, *content;
};
int tree_attrs(const struct tree *t, const char *dir, const struct tree_attr *attrs, size_t n);

#endif
