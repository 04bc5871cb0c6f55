/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line, cut into options and words. Options may come before, between and after the
 * words, as with iproute2's vdpa; "--" ends them, and what looks like a negative number is a word.
 */
#ifndef VDPACTL_OPTIONS_H
#define VDPACTL_OPTIONS_H

#include <stdbool.h>

#define CTL_DEFAULT_SOCKET "/run/vdpad/rpc.sock" /* as in app/vdpad/config.c */

/* Options that only some commands take. */
enum ctl_option { CTL_FILE = 1 << 0, CTL_COUNT = 1 << 1, CTL_INTERVAL = 1 << 2 };

struct ctl_options {
	bool json, pretty, help, version;
	const char *socket;
	unsigned int timeout_s; /* how long the daemon may take for an answer */
	unsigned int given;     /* enum ctl_option */
	const char *file;
	unsigned long count; /* of monitor; 0: without end */
	double interval_s;
	int n_words;
	char **words; /* in the place of argv */
};

/* -EINVAL: said. */
int ctl_options_parse(int argc, char **argv, struct ctl_options *options);

#endif
