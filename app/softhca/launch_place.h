/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the launcher's own files are: in the build tree the executable runs from, else where an
 * installation has them.
 */
#ifndef SOFTHCA_LAUNCH_PLACE_H
#define SOFTHCA_LAUNCH_PLACE_H

#include <limits.h>

/* 0 or -errno, said why. */
int launch_exe_dir(char dir[PATH_MAX]);
/* An installed directory (absolute, or below the prefix that bin/ is below) as a path. */
void launch_installed(char path[PATH_MAX], const char *exe_dir, const char *dir);

/*
 * Directories that trees may be made in, the best first: TMPDIR alone if it is set; else shared
 * memory, where thousands of small files are made and removed in no time, else /tmp. i from 0;
 * NULL: no more.
 */
const char *launch_tree_parent(unsigned int i);

#endif
