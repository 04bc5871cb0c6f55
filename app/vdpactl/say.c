/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines are few and short but for reasons that a daemon gives; those fit too. */
enum { TEXT_MAX = 8192 };

int ctl_fail(const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = strlen(text);
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = 0;
	fputs("vdpactl: ", stderr);
	for (const char *at = text; *at; at++) {
		if (*at == '\n')
			fputs("; ", stderr);
		else
			fputc((unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at, stderr);
	}
	fputc('\n', stderr);
	return -EINVAL;
}
