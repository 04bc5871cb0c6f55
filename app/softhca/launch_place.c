/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"

int launch_exe_dir(char dir[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX / 2);

	if (n < 0 || n == PATH_MAX / 2) {
		int err = n < 0 ? errno : ENAMETOOLONG;

		launch_complain("/proc/self/exe: %s", strerror(err));
		return -err;
	}
	dir[n] = '\0';
	*strrchr(dir, '/') = '\0';
	return 0;
}

void launch_installed(char path[PATH_MAX], const char *exe_dir, const char *dir)
{
	if (dir[0] == '/')
		snprintf(path, PATH_MAX, "%s", dir);
	else
		snprintf(path, PATH_MAX, "%.*s/../%s", PATH_MAX / 2, exe_dir, dir);
}

const char *launch_tree_parent(unsigned int i)
{
	static const char *const parents[] = {"/dev/shm", "/tmp"};
	const char *tmp = getenv("TMPDIR");

	if (tmp && *tmp)
		return i == 0 ? tmp : NULL;
	return i < sizeof(parents) / sizeof(parents[0]) ? parents[i] : NULL;
}
