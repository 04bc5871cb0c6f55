/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of the command line, as iproute2 takes them: any beginning of a word stands for it, and the
 * first in the order of a list wins.
 */
#ifndef VDPACTL_WORDS_H
#define VDPACTL_WORDS_H

#include <jansson.h>
#include <stdbool.h>

/* Is it word, or a beginning of it? */
bool ctl_matches(const char *text, const char *word);

/*
 * Pairs of words as the members of params, values as text: the daemon knows what they mean. Of the
 * keys, those that iproute2 takes abbreviated are written out. -EINVAL: said.
 */
int ctl_pairs(int n_words, char **words, json_t *params);

#endif
