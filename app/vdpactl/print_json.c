/* SPDX-License-Identifier: BSD-3-Clause */
#include "print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

static void indent(unsigned int depth)
{
	printf("\n%*s", (int)(4 * depth), "");
}

/* Of "[1,2]" and the like what is between the brackets. */
static void print_dumped(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	fputs(text ? text : "null", stdout);
	free(text);
}

static void print_pretty(const json_t *value, unsigned int depth)
{
	const char *key, *comma = "";
	json_t *item;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		putchar('{');
		json_object_foreach((json_t *)value, key, item)
		{
			json_t *quoted = json_string(key);

			fputs(comma, stdout);
			indent(depth + 1);
			print_dumped(quoted);
			json_decref(quoted);
			fputs(": ", stdout);
			print_pretty(item, depth + 1);
			comma = ",";
		}
		if (*comma)
			indent(depth);
		putchar('}');
		break;
	case JSON_ARRAY:
		fputs("[ ", stdout);
		json_array_foreach(value, i, item)
		{
			fputs(comma, stdout);
			print_pretty(item, depth + 1);
			comma = ",";
		}
		fputs(*comma ? " ]" : "]", stdout);
		break;
	default:
		print_dumped(value);
	}
}

void ctl_print_json(const json_t *value, bool pretty)
{
	if (pretty)
		print_pretty(value, 0);
	else
		print_dumped(value);
	putchar('\n');
}

int ctl_print_flush(void)
{
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		ctl_fail("standard output: %s", errno ? strerror(errno) : "it cannot be written");
		return -EIO;
	}
	return 0;
}
