/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

enum fe_log_level fe_log_level = FE_LOG_ERROR;

void fe_log(enum fe_log_level level, const char *fmt, ...)
{
	char line[512];
	va_list args;

	if (level > fe_log_level)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fprintf(stderr, "vfront: %s\n", line);
}
