/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines are few and short but for reasons that a daemon gives; those fit too. */
enum { TEXT_MAX = 8192 };

static bool is_plain(char c, bool utf8)
{
	return c & 0x80 ? utf8 : c >= 0x20 && c != 0x7f;
}

int ctl_fail(const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;
	json_t *utf8;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = strlen(text);
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = 0;
	utf8 = json_string(text);
	fputs("vdpactl: ", stderr);
	for (const char *at = text; *at; at++) {
		if (*at == '\n')
			fputs("; ", stderr);
		else
			fputc(is_plain(*at, utf8 != NULL) ? *at : '?', stderr);
	}
	json_decref(utf8);
	fputc('\n', stderr);
	return -EINVAL;
}
