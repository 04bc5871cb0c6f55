/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "shim/sysfs.h"

static void janitor_work(const char *tree, int pipe_fd)
{
	char byte;

	setsid();
	/* Nobody shall wait for the end of our output because of it. */
	if (dup2(pipe_fd, 0) < 0)
		_exit(1);
	close_range(1, ~0u, 0);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
	sysfs_tree_remove(tree);
	_exit(0);
}

int janitor_start(struct janitor *janitor, const char *tree)
{
	int pipe_fd[2] = {-1, -1}, err;

	if (!pipe2(pipe_fd, O_CLOEXEC)) {
		janitor->pid = fork();
		if (janitor->pid == 0) {
			close(pipe_fd[1]);
			janitor_work(tree, pipe_fd[0]);
		}
		if (janitor->pid > 0) {
			close(pipe_fd[0]);
			janitor->pipe = pipe_fd[1];
			return 0;
		}
	}
	err = errno;
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	sysfs_tree_remove(tree);
	launch_complain("cannot start a process: %s", strerror(err));
	return -err;
}

void janitor_finish(struct janitor *janitor, const char *tree)
{
	close(janitor->pipe);
	while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* Should somebody have killed it. */
	sysfs_tree_remove(tree);
}
