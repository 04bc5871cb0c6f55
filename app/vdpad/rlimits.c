/* SPDX-License-Identifier: BSD-3-Clause */
#include "rlimits.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "say.h"

/* For 256 devices of a pair each, with guests. */
enum { FILES_WANTED = 16384 };

static const char *text_of(rlim_t n, rlim_t unit, char text[32])
{
	if (n == RLIM_INFINITY)
		return "unlimited";
	snprintf(text, 32, "%llu", (unsigned long long)(n / unit));
	return text;
}

/* Returns what it is now. */
static rlim_t raise_limit(int resource)
{
	struct rlimit limit, all = {RLIM_INFINITY, RLIM_INFINITY};

	/* Who may have more than the hard limit has it at once. Files have another end. */
	if (resource != RLIMIT_NOFILE && !setrlimit(resource, &all))
		return RLIM_INFINITY;
	if (getrlimit(resource, &limit))
		return RLIM_INFINITY;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
	return getrlimit(resource, &limit) ? RLIM_INFINITY : limit.rlim_cur;
}

#define CAP_IPC_LOCK_BIT 14 /* capabilities(7): no limit counts */

static int may_lock_all(void)
{
	unsigned long long caps = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "CapEff:", 7))
			caps = strtoull(line + 7, NULL, 16);
	}
	if (f)
		fclose(f);
	return caps >> CAP_IPC_LOCK_BIT & 1;
}

void vdpad_rlimits_raise(void)
{
	rlim_t files = raise_limit(RLIMIT_NOFILE), locked = raise_limit(RLIMIT_MEMLOCK);
	char text[32];

	/* A write beyond it is an error to be told, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	if (files < FILES_WANTED)
		vdpad_warn("RLIMIT_NOFILE is %s: a device of a pair takes about 30 descriptors; "
			   "raise the hard limit (LimitNOFILE=)",
			   text_of(files, 1, text));
	if (locked != RLIM_INFINITY && !may_lock_all())
		vdpad_warn(
		    "RLIMIT_MEMLOCK is %s KiB, and all memory of all guests has to be locked; "
		    "raise it (LimitMEMLOCK=infinity, ulimit -l unlimited)",
		    text_of(locked, 1024, text));
}
