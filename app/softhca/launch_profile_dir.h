/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory with the profiles that come with softhca. */
#ifndef SOFTHCA_LAUNCH_PROFILE_DIR_H
#define SOFTHCA_LAUNCH_PROFILE_DIR_H

#include <glob.h>
#include <limits.h>
#include <stddef.h>

struct profile_dir {
	char path[PATH_MAX];
	glob_t files; /* gl_pathc of them, sorted */
};

/* 0 or -errno, said why. */
int profile_dir_open(struct profile_dir *dir);
void profile_dir_close(struct profile_dir *dir);
/* Names without directory and suffix, separated by commas. */
void profile_dir_names(const struct profile_dir *dir, char *names, size_t len);

#endif
