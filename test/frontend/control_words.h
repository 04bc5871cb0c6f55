/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of a script's line and what they can be: numbers, addresses, bytes, NAME=VALUE.
 * Pure functions but for split, which cuts the line it is given.
 */
#ifndef FRONTEND_CONTROL_WORDS_H
#define FRONTEND_CONTROL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FE_WORDS_MAX = 64 };

struct fe_words {
	unsigned int n;
	char *word[FE_WORDS_MAX]; /* in the line */
};

/* Between blanks, up to a #. -E2BIG: too many. */
int fe_words_split(char *line, struct fe_words *w);
/* Takes the first words away. */
void fe_words_drop(struct fe_words *w, unsigned int n);

/* VALUE of the word NAME=VALUE, NULL if there is none. */
const char *fe_words_value(const struct fe_words *w, const char *name);

/* All of text is a number up to max, in C's notation. -EINVAL. */
int fe_word_number(const char *text, uint64_t max, uint64_t *value);
/* "1,2,0x3"; n: how many there are, at most most. -EINVAL. */
int fe_word_numbers(const char *text, uint64_t max, uint64_t *value, unsigned int most,
		    unsigned int *n);
/* An even number of hexadecimal digits. -EINVAL: no such, or more than room bytes. */
int fe_word_hex(const char *text, uint8_t *bytes, size_t room, size_t *len);

#endif
