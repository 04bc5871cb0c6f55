/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * softhca run: make the sysfs tree in a temporary directory, start the command with the preload
 * library, wait for it, remove the directory.
 *
 * Removing is the work of a process of its own, the janitor: it is in another session and waits for
 * the end of a pipe, so the tree goes also when somebody kills the launcher and its process group.
 */
#include "launch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fw/fail.h"
#include "fw/hca.h"
#include "shim/nic.h"
#include "shim/sysfs.h"

static const char usage[] =
    "Usage: softhca run [OPTIONS] [--] COMMAND [ARGUMENTS]\n"
    "\n"
    "Run COMMAND on a software NIC. COMMAND needs no change: it sees the device through the\n"
    "system's libibverbs and libmlx5 (devices mlx5_0, mlx5_1, ...) and through DPDK's PCI bus\n"
    "(0000:3b:00.0, .1, ...; host PCI devices are hidden from DPDK). The NIC lives in the\n"
    "process that opens a device and is gone with it.\n"
    "\n"
    "  -f, --functions N      functions (devices) of the NIC, 1 to 64 (default 1)\n"
    "  -t, --threads N        threads that move frames, 1 to 16 (default 1)\n"
    "      --trace FILE       write every firmware command and what was wrong with it to\n"
    "                         FILE, or to stderr with '-'\n"
    "      --stat FILE        keep live figures in FILE, to be read by 'softhca stat FILE'\n"
    "      --fail LIST        let firmware commands fail: COMMAND[:N],... fails the Nth (default\n"
    "                         first) command of that name, as --trace prints it; 'any'\n"
    "                         counts all commands\n"
    "      --wire KIND        what is on the other end of the wire: none (frames leave for good,\n"
    "                         default) or loopback (they come back)\n"
    "      --delay-drop MS    how long a sender waits for a receiver without buffers before the\n"
    "                         frame is dropped (default 0: not at all)\n"
    "  -h, --help             this text\n"
    "\n"
    "Examples:\n"
    "  softhca run --functions 2 -- ibv_devinfo -v\n"
    "  softhca run --trace - -- my_program           watch the commands it sends\n"
    "  softhca run --fail create_cq:2 -- my_program  does it survive that?\n"
    "  softhca run -- dpdk-testpmd --no-huge -m 512 -a 0000:3b:00.0,class=vdpa\n"
    "\n"
    "The exit status is that of COMMAND, 128+N if signal N ended it; 125 if the NIC could not be\n"
    "set up, 126 or 127 if COMMAND could not be started or found. Static and setuid programs\n"
    "cannot be run this way.\n";

struct run {
	unsigned int functions, threads, delay_drop_ms;
	const char *trace, *stat, *fail, *wire;
	char **command;
	char tree[PATH_MAX];
	char library[PATH_MAX];
};

static __attribute__((format(printf, 1, 2))) void complain(const char *fmt, ...)
{
	va_list ap;

	fputs("softhca: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* ---- command line ---- */

static int parse_number(const char *option, const char *text, unsigned long min, unsigned long max,
			unsigned int *value)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || n < min || n > max) {
		complain("--%s: '%s' is not a number from %lu to %lu", option, text, min, max);
		return -EINVAL;
	}
	*value = (unsigned int)n;
	return 0;
}

/* Each item by itself, so that the message can name the one that is wrong. */
static int check_fail(const char *text)
{
	struct fail_plan *plan = NULL;
	char item[64];
	const char *p = text;

	do {
		size_t n = strcspn(p, ",");

		snprintf(item, sizeof(item), "%.*s", (int)n, p);
		if (n == 0 || n >= sizeof(item) || fail_parse(item, &plan)) {
			complain("--fail: '%s' in '%s' is not COMMAND or COMMAND:N of a firmware "
				 "command (--trace shows their names)",
				 item, text);
			return -EINVAL;
		}
		fail_free(plan);
		p += n;
	} while (*p++ == ',');
	return 0;
}

/* The program may change its directory before it opens the file. */
static int absolute(const char *option, const char *path, const char **result)
{
	char *full;

	if (path[0] == '/') {
		full = strdup(path);
	} else {
		char *cwd = getcwd(NULL, 0);

		if (!cwd || asprintf(&full, "%s/%s", cwd, path) < 0)
			full = NULL;
		free(cwd);
	}
	if (!full) {
		complain("--%s: %s: %s", option, path, strerror(errno));
		return -errno;
	}
	*result = full;
	return 0;
}

/* A file that cannot be written is better found out now than by the program. */
static int output_file(const char *option, const char *path, const char **result)
{
	int fd, rc;

	rc = absolute(option, path, result);
	if (rc)
		return rc;
	fd = open(*result, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		complain("--%s: %s: %s", option, path, strerror(errno));
		return -EACCES;
	}
	close(fd);
	return 0;
}

enum { OPT_TRACE = 256, OPT_STAT, OPT_FAIL, OPT_WIRE, OPT_DELAY_DROP };

static const struct option options[] = {
    {"functions",        required_argument, NULL, 'f'},
    {"threads",              required_argument, NULL, 't'},
    {"trace",		  required_argument, NULL, OPT_TRACE},
    {"stat",required_argument, NULL, OPT_STAT},
    {"fail",	       required_argument, NULL, OPT_FAIL},
    {"wire",            required_argument, NULL, OPT_WIRE},
    {"delay-drop",              required_argument, NULL, OPT_DELAY_DROP},
    {"help",		  no_argument, NULL, 'h'},
    {	 },
};

static int parse_option(struct run *run, int option, const char *arg)
{
	switch (option) {
	case 'f':
		return parse_number("functions", arg, 1, HCA_FUNCS_MAX, &run->functions);
	case 't':
		return parse_number("threads", arg, 1, 16, &run->threads);
	case OPT_DELAY_DROP:
		return parse_number("delay-drop", arg, 0, 60000, &run->delay_drop_ms);
	case OPT_TRACE:
		if (!strcmp(arg, "-")) {
			run->trace = "-";
			return 0;
		}
		return output_file("trace", arg, &run->trace);
	case OPT_STAT:
		return output_file("stat", arg, &run->stat);
	case OPT_FAIL:
		run->fail = arg;
		return check_fail(arg);
	case OPT_WIRE:
		run->wire = arg;
		if (!strcmp(arg, "none") || !strcmp(arg, "loopback"))
			return 0;
		complain("--wire: '%s' is neither none nor loopback", arg);
		return -EINVAL;
	default:
		return -EINVAL;
	}
}

/* 0: go on; 1: the help was printed; -EINVAL: said why. */
static int parse(struct run *run, int argc, char **argv)
{
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "+:f:t:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 1;
		}
		if (option == '?') {
			complain("'%s' is not an option, try 'softhca run --help'",
				 argv[optind - 1]);
			return -EINVAL;
		}
		if (option == ':') {
			complain("'%s' needs a value, try 'softhca run --help'", argv[optind - 1]);
			return -EINVAL;
		}
		if (parse_option(run, option, optarg))
			return -EINVAL;
	}
	if (optind >= argc) {
		complain("which command? (softhca run [OPTIONS] -- COMMAND)");
		return -EINVAL;
	}
	run->command = argv + optind;
	return 0;
}

/* ---- set-up ---- */

/*
 * Beside the executable, as in the build tree, else where an installation has it: SOFTHCA_LIBDIR,
 * which is below the prefix that bin/ is below, or absolute.
 */
static int find_library(struct run *run)
{
	static const char name[] = "libsofthca.so";
	char exe[PATH_MAX / 2];
	ssize_t n;

	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n < 0 || n == sizeof(exe) - 1) {
		complain("/proc/self/exe: %s", strerror(n < 0 ? errno : ENAMETOOLONG));
		return -EINVAL;
	}
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	snprintf(run->library, sizeof(run->library), "%s/%s", exe, name);
	if (!access(run->library, R_OK))
		return 0;
	if (SOFTHCA_LIBDIR[0] == '/')
		snprintf(run->library, sizeof(run->library), "%s/%s", SOFTHCA_LIBDIR, name);
	else
		snprintf(run->library, sizeof(run->library), "%s/../%s/%s", exe, SOFTHCA_LIBDIR,
			 name);
	if (!access(run->library, R_OK))
		return 0;
	complain("%s: %s, and it is not in %s either", run->library, strerror(errno), exe);
	return -ENOENT;
}

static int make_directory(struct run *run)
{
	const char *tmp = getenv("TMPDIR");
	int len;

	if (!tmp || !*tmp)
		tmp = "/tmp";
	len = snprintf(run->tree, sizeof(run->tree), "%s/softhca-XXXXXX", tmp);
	if (tmp[0] != '/' || len > SYSFS_TREE_PATH_MAX) {
		complain("TMPDIR=%s: not an absolute path of at most %d bytes", tmp,
			 SYSFS_TREE_PATH_MAX - 16);
		return -EINVAL;
	}
	if (!mkdtemp(run->tree)) {
		complain("cannot make a directory in %s: %s", tmp, strerror(errno));
		return -errno;
	}
	return 0;
}

static int make_tree(struct run *run)
{
	char what[PATH_MAX] = "";
	mode_t mask;
	int rc;

	/* For programs that drop their privileges. */
	if (chmod(run->tree, 0755)) {
		complain("%s: %s", run->tree, strerror(errno));
		return -errno;
	}
	mask = umask(022);
	rc = sysfs_tree_make(run->tree, run->functions, what, sizeof(what));
	umask(mask);
	if (rc)
		complain("cannot make %s: %s", what, strerror(-rc));
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
		complain("%s: cannot be preloaded because of a space or colon in its path",
			 run->library);
		return -EINVAL;
	}
	return 0;
}

static void set_string(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void set_number(const char *name, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	setenv(name, text, 1);
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
	set_number(NIC_ENV_FUNCTIONS, run->functions);
	set_number(NIC_ENV_THREADS, run->threads);
	set_number(NIC_ENV_DELAY_DROP, run->delay_drop_ms);
	set_string(NIC_ENV_TRACE, run->trace);
	set_string(NIC_ENV_STAT, run->stat);
	set_string(NIC_ENV_FAIL, run->fail);
	set_string(NIC_ENV_WIRE, run->wire);
	return 0;
}

/* ---- the janitor ---- */

struct janitor {
	pid_t pid;
	int pipe; /* closed: clean up */
};

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

/* On failure there is none, and the tree has been removed. */
static int janitor_start(struct janitor *janitor, const char *tree)
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
	complain("cannot start a process: %s", strerror(err));
	return -err;
}

/* When this returns the tree is gone. */
static void janitor_finish(struct janitor *janitor, const char *tree)
{
	close(janitor->pipe);
	while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* Should somebody have killed it. */
	sysfs_tree_remove(tree);
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
	execvp(run->command[0], run->command);
	err = errno;
	complain("%s: %s", run->command[0], strerror(err));
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
		complain("cannot start a process: %s", strerror(errno));
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
	struct run run = {.functions = 1, .threads = 1};
	struct janitor janitor = {-1, -1};
	int status = EXIT_LAUNCH, rc;

	rc = parse(&run, argc, argv);
	if (rc)
		return rc > 0 ? 0 : EXIT_USAGE;
	if (find_library(&run) || make_directory(&run) || janitor_start(&janitor, run.tree))
		return EXIT_LAUNCH;
	if (!make_tree(&run))
		status = run_child(&run);
	janitor_finish(&janitor, run.tree);
	return status;
}
