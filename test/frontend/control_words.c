/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int fe_words_split(char *line, struct fe_words *w)
{
	char *save = NULL, *word;

	w->n = 0;
	line[strcspn(line, "#\n")] = '\0';
	for (word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (w->n == FE_WORDS_MAX)
			return -E2BIG;
		w->word[w->n++] = word;
	}
	return 0;
}

void fe_words_drop(struct fe_words *w, unsigned int n)
{
	w->n -= n;
	memmove(w->word, w->word + n, w->n * sizeof(w->word[0]));
}

const char *fe_words_value(const struct fe_words *w, const char *name)
{
	size_t len = strlen(name);

	for (unsigned int i = 0; i < w->n; i++)
		if (strncmp(w->word[i], name, len) == 0 && w->word[i][len] == '=')
			return w->word[i] + len + 1;
	return NULL;
}

static int number(const char *text, uint64_t max, uint64_t *value, char **end)
{
	errno = 0;
	*value = strtoull(text, end, 0);
	return errno || *end == text || !isdigit((unsigned char)text[0]) || *value > max ? -EINVAL
											 : 0;
}

int fe_word_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	return !text || number(text, max, value, &end) || *end ? -EINVAL : 0;
}

int fe_word_numbers(const char *text, uint64_t max, uint64_t *value, unsigned int most,
		    unsigned int *n)
{
	char *end;

	for (*n = 0;; text = end + 1) {
		if (*n == most || number(text, max, &value[*n], &end))
			return -EINVAL;
		++*n;
		if (!*end)
			return 0;
		if (*end != ',')
			return -EINVAL;
	}
}

static int digit(char c)
{
	const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

int fe_word_hex(const char *text, uint8_t *bytes, size_t room, size_t *len)
{
	for (*len = 0; text[2 * *len]; ++*len) {
		int high = digit(text[2 * *len]), low = digit(text[2 * *len + 1]);

		if (*len == room || high < 0 || low < 0)
			return -EINVAL;
		bytes[*len] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
