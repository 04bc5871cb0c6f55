/* SPDX-License-Identifier: BSD-3-Clause */
#include "words.h"

#include <string.h>

#include "say.h"

bool ctl_matches(const char *text, const char *word)
{
	return *text && !strncmp(text, word, strlen(text));
}

static const char *key_of(const char *word)
{
	static const char *const abbreviated[] = {"name", "mgmtdev", "max_vqp"};

	for (unsigned int i = 0; i < sizeof(abbreviated) / sizeof(abbreviated[0]); i++)
		if (ctl_matches(word, abbreviated[i]))
			return abbreviated[i];
	return word;
}

/*
 * On a command line a mask is hexadecimal, with or without 0x: scripts for iproute2 write both.
 * Elsewhere (JSON, files) digits alone are decimal.
 */
static json_t *value_of(const char *key, const char *value)
{
	if (!strcmp(key, "device_features") && *value &&
	    !value[strspn(value, "0123456789abcdefABCDEF")])
		return json_sprintf("0x%s", value);
	return json_string(value);
}

int ctl_pairs(int n_words, char **words, json_t *params)
{
	for (int i = 0; i < n_words; i += 2) {
		const char *key = key_of(words[i]);

		if (i + 1 == n_words)
			return ctl_fail("%s: a value is wanted after it", words[i]);
		if (json_object_get(params, key))
			return ctl_fail("%s: given twice", key);
		/* What is not UTF-8 cannot be said in JSON. */
		if (json_object_set_new(params, key, value_of(key, words[i + 1])))
			return ctl_fail("%s %s: not text in UTF-8", key, words[i + 1]);
	}
	return 0;
}
