/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum vdpad_priority up_to = VDPAD_NOTICE;
static bool to_journal;

/* systemd names the device and inode of the stream it has made for us (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void vdpad_say_up_to(enum vdpad_priority priority)
{
	up_to = priority;
	to_journal = stderr_is_journal();
}

static void say(enum vdpad_priority priority, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
static void say(enum vdpad_priority priority, const char *fmt, va_list args)
{
	char line[1280];
	size_t len;
	int n;

	if (priority > up_to)
		return;
	len = to_journal ? snprintf(line, sizeof(line), "<%d>", priority)
			 : snprintf(line, sizeof(line), "vdpad: ");
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	if (n > 0)
		len += strlen(line + len);
	line[len++] = '\n';
	/* One write: lines of several threads do not mix. That nobody reads them is no matter. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void vdpad_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(VDPAD_NOTICE, fmt, args);
	va_end(args);
}

void vdpad_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(VDPAD_WARNING, fmt, args);
	va_end(args);
}
