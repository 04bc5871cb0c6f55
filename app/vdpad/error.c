/* SPDX-License-Identifier: BSD-3-Clause */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int vdpad_fail(struct vdpad_error *error, int code, const char *word, const char *fmt, ...)
{
	va_list args;

	error->code = code;
	snprintf(error->word, sizeof(error->word), "%s", word);
	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return -code;
}
