/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

bool launch_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, base);
	if (!isdigit((unsigned char)text[0]) || *end || errno || n < min || n > max)
		return false;
	*value = n;
	return true;
}

bool launch_switch(const char *text, bool *value)
{
	static const char *const words[] = {"off", "on", "no", "yes", "false", "true", "0", "1"};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcasecmp(text, words[i])) {
			*value = i % 2;
			return true;
		}
	}
	return false;
}
