/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "launch.h"

static const char *file; /* borrowed; NULL: not in a file */
static unsigned int line;

void launch_complain(const char *fmt, ...)
{
	va_list ap;

	fputs("softhca: ", stderr);
	if (file)
		fprintf(stderr, "%s:%u: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void launch_complain_in(const char *path, unsigned int number)
{
	file = path;
	line = number;
}
