/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * INI files, read key by key up to the first error, which is told on stderr in one line with file
 * and line number. Comments start with ';', or with '#' at the start of a line.
 */
#ifndef SOFTHCA_LAUNCH_INI_H
#define SOFTHCA_LAUNCH_INI_H

#include <stdbool.h>
#include <stdio.h>

struct launch_ini {
	const char *path;
	unsigned int line; /* of the key that is being taken */
	bool failed;       /* and said why */
	FILE *file;        /* during the call */
};

/* Take one key: 0, or -EINVAL after launch_ini_complain. section: empty before the first. */
typedef int launch_ini_take(void *arg, const char *section, const char *name, const char *value);

/* ini->path is set, all else zero. 0 or -EINVAL. option: which one named the file. */
int launch_ini_read(struct launch_ini *ini, const char *option, launch_ini_take *take, void *arg);

/* Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int launch_ini_complain(struct launch_ini *ini,
							      const char *fmt, ...);

#endif
