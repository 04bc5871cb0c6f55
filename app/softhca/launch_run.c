/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * softhca run: make the tree in a temporary directory, start the command with the preload library,
 * wait for it, have the tree removed.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch_janitor.h"
#include "launch_options.h"
#include "launch_place.h"
#include "shim/nic.h"
#include "shim/sysfs.h"

struct run {
	struct launch_options options;
	char tree[PATH_MAX];
	char library[PATH_MAX];
};

/* ---- set-up ---- */

/* Beside the executable, as in the build tree, else where an installation has it. */
static int find_library(struct run *run)
{
	static const char name[] = "libsofthca.so";
	char exe[PATH_MAX], dir[PATH_MAX];

	if (launch_exe_dir(exe))
		return -EINVAL;
	snprintf(run->library, sizeof(run->library), "%.*s/%s", PATH_MAX / 2, exe, name);
	if (!access(run->library, R_OK))
		return 0;
	launch_installed(dir, exe, SOFTHCA_LIBDIR);
	snprintf(run->library, sizeof(run->library), "%.*s/%s", PATH_MAX - 32, dir, name);
	if (!access(run->library, R_OK))
		return 0;
	launch_complain("%s: %s, and it is not in %s either", run->library, strerror(errno), exe);
	return -ENOENT;
}

static int make_directory_in(struct run *run, const char *parent)
{
	int len = snprintf(run->tree, sizeof(run->tree), "%s/softhca-XXXXXX", parent);

	if (parent[0] != '/' || len > SYSFS_TREE_PATH_MAX)
		return -EINVAL;
	return mkdtemp(run->tree) ? 0 : -errno;
}

/* Shared memory may be small in a container. */
static bool has_room(const struct run *run, const char *parent)
{
	unsigned long long need = shape_functions(&run->options.cfg.shape) * (512ull << 10);
	struct statvfs st;

	return statvfs(parent, &st) || st.f_bavail * (unsigned long long)st.f_frsize >= need;
}

static int make_directory(struct run *run)
{
	const char *parent, *last = "";
	int rc = -ENOENT;

	for (unsigned int i = 0; rc && (parent = launch_tree_parent(i)); i++) {
		if (launch_tree_parent(i + 1) && !has_room(run, parent))
			continue;
		rc = make_directory_in(run, parent);
		last = parent;
	}
	if (rc == -EINVAL)
		launch_complain("TMPDIR=%s: not an absolute path of at most %d bytes", last,
				SYSFS_TREE_PATH_MAX - 16);
	else if (rc)
		launch_complain("cannot make a directory in %s: %s", last, strerror(-rc));
	return rc;
}

static int make_tree(struct run *run)
{
	char what[PATH_MAX] = "";
	mode_t mask;
	int rc;

	/* For programs that drop their privileges. */
	if (chmod(run->tree, 0755)) {
		launch_complain("%s: %s", run->tree, strerror(errno));
		return -errno;
	}
	mask = umask(022);
	rc = sysfs_tree_make(run->tree, &run->options.cfg, what, sizeof(what));
	if (!rc) {
		snprintf(what, sizeof(what), "%.*s/nic.cfg", SYSFS_TREE_PATH_MAX, run->tree);
		rc = nic_config_write(&run->options.cfg, run->tree);
	}
	umask(mask);
	if (rc)
		launch_complain("cannot make %s: %s", what, strerror(-rc));
	return rc;
}

/*
 * ld.so splits the list at spaces and colons: give it a name without them. The directory is ours,
 * so a link in it will do.
 */
static int preload_name(struct run *run, char *name, size_t len)
{
	snprintf(name, len, "%s", run->library);
	if (!strpbrk(name, " :"))
		return 0;
	snprintf(name, len, "%.*s/libsofthca.so", SYSFS_TREE_PATH_MAX, run->tree);
	if (strpbrk(name, " :") || symlink(run->library, name)) {
		launch_complain("%s: cannot be preloaded because of a space or colon in its path",
				run->library);
		return -EINVAL;
	}
	return 0;
}

static int set_environment(struct run *run)
{
	const char *preload = getenv("LD_PRELOAD");
	char name[PATH_MAX], *list, path[PATH_MAX];
	int rc;

	rc = preload_name(run, name, sizeof(name));
	if (rc)
		return rc;
	if (asprintf(&list, "%s%s%s", preload ? preload : "", preload && *preload ? ":" : "",
		     name) < 0)
		return -ENOMEM;
	setenv("LD_PRELOAD", list, 1);
	free(list);
	setenv("SYSFS_PATH", run->tree, 1);
	snprintf(path, sizeof(path), "%.*s/bus/pci/devices", SYSFS_TREE_PATH_MAX, run->tree);
	setenv("SYSFS_PCI_DEVICES", path, 1);
	setenv(NIC_ENV_TREE, run->tree, 1);
	return 0;
}

/* ---- the child ---- */

static volatile sig_atomic_t child_pid;

static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

/* What the terminal sends goes to the whole process group: the child has it already. */
static void forward(int sig, siginfo_t *info, void *ucontext)
{
	if (child_pid > 0 && info->si_code != SI_KERNEL)
		kill((pid_t)child_pid, sig);
}

static int exec_child(struct run *run, const sigset_t *mask, pid_t parent)
{
	int err;

	/* Nobody cleans up behind a program that outlives its launcher. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_LAUNCH);
	if (set_environment(run))
		_exit(EXIT_LAUNCH);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(run->options.command[0], run->options.command);
	err = errno;
	launch_complain("%s: %s", run->options.command[0], strerror(err));
	_exit(err == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC);
}

static int run_child(struct run *run)
{
	struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};
	pid_t parent = getpid(), pid;
	sigset_t block, old;
	int status;

	/* Signals wait until there is somebody to forward them to. */
	sigemptyset(&block);
	for (unsigned int i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&block, forwarded[i]);
	sigprocmask(SIG_BLOCK, &block, &old);
	pid = fork();
	if (pid < 0) {
		launch_complain("cannot start a process: %s", strerror(errno));
		return EXIT_LAUNCH;
	}
	if (pid == 0)
		exec_child(run, &old, parent);
	child_pid = pid;
	for (unsigned int i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
		struct sigaction had;

		/* nohup and the like: what was ignored stays so, here and in the child. */
		if (!sigaction(forwarded[i], NULL, &had) && had.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_LAUNCH;
	child_pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int launch_run(int argc, char **argv)
{
	static struct run run; /* large */
	struct janitor janitor = {-1, -1};
	int status = EXIT_LAUNCH, rc;

	rc = launch_options_parse(argc, argv, &run.options);
	if (rc)
		return rc > 0 ? 0 : EXIT_USAGE;
	if (find_library(&run) || make_directory(&run) || janitor_start(&janitor, run.tree))
		return EXIT_LAUNCH;
	if (!make_tree(&run))
		status = run_child(&run);
	janitor_finish(&janitor, run.tree);
	return status;
}
