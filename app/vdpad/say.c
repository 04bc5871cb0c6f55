/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void vdpad_say(const char *fmt, ...)
{
	static const char who[] = "vdpad: ";
	char line[1024];
	size_t len = sizeof(who) - 1;
	va_list args;
	int n;

	memcpy(line, who, len);
	va_start(args, fmt);
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	va_end(args);
	if (n > 0)
		len += strlen(line + len);
	line[len++] = '\n';
	/* One write: lines of several threads do not mix. That nobody reads them is no matter. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
