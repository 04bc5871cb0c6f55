/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_attach.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"
#include "launch_number.h"
#include "launch_place.h"

/* How long an asker waits for its turn and for its answer. */
enum { PATIENCE_S = 5 };

/* ---- processes ---- */

/* Field n of /proc/PID/stat, from 3 on; 0: no such process. */
static uint64_t process_field(pid_t pid, unsigned int field)
{
	char path[64], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	at = strrchr(text, ')');
	for (unsigned int i = 2; at && i < field; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static bool is_below(pid_t pid, pid_t above)
{
	/* The depth ends loops that a change in between could make. */
	for (unsigned int i = 0; pid > 1 && i < 64; i++) {
		if (pid == above)
			return true;
		pid = (pid_t)process_field(pid, 4);
	}
	return false;
}

bool attach_alive(const struct hca_stat *stat)
{
	uint64_t pid = stat->pid;

	return !__atomic_load_n(&stat->ended, __ATOMIC_ACQUIRE) && pid > 0 && pid <= INT_MAX &&
	       process_field((pid_t)pid, 22) == stat->pid_started;
}

/* ---- files ---- */

/* A regular file of the right size, or not opened. */
static int open_file(const char *path, struct attach *a)
{
	struct stat st;
	char self[64];
	int fd;

	a->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (a->fd < 0 || fstat(a->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_size && (size_t)st.st_size < sizeof(*a->stat)))
		return -EINVAL;
	if (!st.st_size)
		return -ENODATA;
	/* The same file again, to write: only now that it is known to be harmless. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", a->fd);
	fd = open(self, O_RDWR | O_CLOEXEC);
	a->can_ask = fd >= 0;
	if (fd >= 0) {
		close(a->fd);
		a->fd = fd;
	}
	return 0;
}

static int map_file(struct attach *a)
{
	void *p = mmap(NULL, sizeof(*a->stat), a->can_ask ? PROT_READ | PROT_WRITE : PROT_READ,
		       MAP_SHARED, a->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	a->stat = p;
	if (__atomic_load_n(&a->stat->magic, __ATOMIC_ACQUIRE) != HCA_STAT_MAGIC ||
	    a->stat->version != HCA_STAT_VERSION)
		return -EINVAL;
	a->can_ask &= attach_alive(a->stat);
	return 0;
}

void attach_end(struct attach *a)
{
	if (a->stat)
		munmap(a->stat, sizeof(*a->stat));
	if (a->fd >= 0)
		close(a->fd);
	a->stat = NULL;
	a->fd = -1;
}

static int attach_file(const char *path, struct attach *a)
{
	int err;

	*a = (struct attach){.fd = -1};
	snprintf(a->path, sizeof(a->path), "%s", path);
	err = open_file(path, a);
	if (!err)
		err = map_file(a);
	if (err)
		attach_end(a);
	return err;
}

static void complain_file(const char *path, int err)
{
	if (err == -ENODATA)
		launch_complain("%s: empty, no program has opened a device yet", path);
	else if (err == -EINVAL)
		launch_complain("%s: not a file of softhca's figures (version %u)", path,
				HCA_STAT_VERSION);
	else
		launch_complain("%s: %s", path, strerror(-err));
}

/* ---- finding ---- */

static bool is_ours(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && (geteuid() == 0 || st.st_uid == geteuid());
}

static int add_found(const char *path, struct attach_found **list, unsigned int *n)
{
	struct attach_found *more;
	struct attach a;
	bool alive;

	if (!is_ours(path) || attach_file(path, &a))
		return 0;
	alive = attach_alive(a.stat);
	more = alive ? realloc(*list, (*n + 1) * sizeof(*more)) : NULL;
	if (more) {
		*list = more;
		more[*n].pid = (pid_t)a.stat->pid;
		snprintf(more[*n].path, sizeof(more[*n].path), "%s", path);
		(*n)++;
	}
	attach_end(&a);
	return alive && !more ? -ENOMEM : 0;
}

static int search(const char *dir, struct attach_found **list, unsigned int *n)
{
	char pattern[PATH_MAX];
	glob_t found;
	int err = 0;

	snprintf(pattern, sizeof(pattern), "%s/softhca-*/nic.stat.*", dir);
	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (size_t i = 0; !err && i < found.gl_pathc; i++)
		err = add_found(found.gl_pathv[i], list, n);
	globfree(&found);
	return err;
}

int attach_list(struct attach_found **list, unsigned int *n)
{
	const char *parent;
	int err = 0;

	*list = NULL;
	*n = 0;
	/* Where 'softhca run' makes its trees. */
	for (unsigned int i = 0; !err && (parent = launch_tree_parent(i)); i++)
		err = search(parent, list, n);
	if (err)
		launch_complain("%s", strerror(-err));
	return err;
}

/* A process with another TMPDIR than ours: its environment leads to its tree. */
static int attach_by_environment(pid_t pid, struct attach *a)
{
	static const char variable[] = "SOFTHCA_TREE=";
	char path[PATH_MAX], *entry = NULL;
	size_t size = 0;
	int err = -ESRCH;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return err;
	while (err && getdelim(&entry, &size, '\0', f) > 0) {
		if (strncmp(entry, variable, strlen(variable)))
			continue;
		snprintf(path, sizeof(path), "%.*s/nic.stat.%d", PATH_MAX - 32,
			 entry + strlen(variable), (int)pid);
		err = is_ours(path) ? attach_file(path, a) : -EACCES;
		break;
	}
	free(entry);
	fclose(f);
	return err;
}

/* pid 0: any. Exactly one must fit. */
static int attach_process(pid_t pid, struct attach *a)
{
	const struct attach_found *hit = NULL;
	struct attach_found *list;
	unsigned int n, hits = 0;
	int err = attach_list(&list, &n);

	if (err)
		return err;
	for (unsigned int i = 0; i < n; i++) {
		if (list[i].pid == pid) {
			hit = &list[i];
			hits = 1;
			break;
		}
		if (!pid || is_below(list[i].pid, pid)) {
			hit = &list[i];
			hits++;
		}
	}
	if (hits == 1) {
		err = attach_file(hit->path, a);
		if (err)
			complain_file(hit->path, err);
	} else if (hits) {
		launch_complain("%u NICs are running there: 'softhca stat' lists their processes, "
				"name one", hits);
		err = -EINVAL;
	} else if (!pid || attach_by_environment(pid, a)) {
		if (pid)
			launch_complain("process %d: no NIC of this user is running there",
					(int)pid);
		else
			launch_complain("no NIC of this user is running");
		err = -ESRCH;
	}
	free(list);
	return err;
}

int attach(const char *who, struct attach *a)
{
	uint64_t pid;
	int err;

	if (!who)
		return attach_process(0, a);
	if (launch_number(who, 1, INT_MAX, &pid) && access(who, F_OK))
		return attach_process((pid_t)pid, a);
	err = attach_file(who, a);
	if (err)
		complain_file(who, err);
	return err;
}

/* ---- asking ---- */

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void nap(void)
{
	static const struct timespec ts = {.tv_nsec = 2000000};

	nanosleep(&ts, NULL);
}

/* One asker at a time; one that dies gives its turn back. */
static int take_turn(const struct attach *a, uint64_t until)
{
	while (flock(a->fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (now_ms() > until)
			return -EBUSY;
		nap();
	}
	return 0;
}

static int wait_for_answer(struct attach *a, uint32_t asked, uint64_t until)
{
	static const struct timespec look_again = {.tv_nsec = 100000000};
	uint32_t *word = &a->stat->ask.answered;

	for (;;) {
		uint32_t answered = __atomic_load_n(word, __ATOMIC_ACQUIRE);

		if (answered == asked)
			return 0;
		if (!attach_alive(a->stat))
			return -ESRCH;
		if (now_ms() > until)
			return -ETIMEDOUT;
		syscall(SYS_futex, word, FUTEX_WAIT, answered, &look_again, NULL, 0);
	}
}

int attach_ask(struct attach *a, struct hca_stat_ask *ask)
{
	struct hca_stat_ask *shared = &a->stat->ask;
	uint64_t until = now_ms() + PATIENCE_S * 1000;
	int err = a->can_ask ? take_turn(a, until) : -EACCES;

	if (!err) {
		ask->asked = shared->asked + 1;
		shared->verb = ask->verb;
		shared->function = ask->function;
		shared->index = ask->index;
		shared->error = ask->error;
		memcpy(shared->text, ask->text, sizeof(shared->text));
		__atomic_store_n(&shared->asked, ask->asked, __ATOMIC_RELEASE);
		__atomic_fetch_add(&a->stat->bell, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &a->stat->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
		err = wait_for_answer(a, ask->asked, until);
		if (!err) {
			attach_text(ask->text, sizeof(ask->text), shared->text,
				    sizeof(shared->text));
			err = shared->result;
		} else {
			snprintf(ask->text, sizeof(ask->text), "%s",
				 err == -ESRCH ? "the process has ended"
					       : "the NIC does not answer");
		}
		flock(a->fd, LOCK_UN);
	} else {
		snprintf(ask->text, sizeof(ask->text), "%s",
			 err == -EACCES ? "the file can only be read" : strerror(-err));
	}
	return err;
}

void attach_text(char *to, size_t len, const char *from, size_t from_len)
{
	size_t i;

	for (i = 0; i + 1 < len && i < from_len && from[i]; i++)
		to[i] = isprint((unsigned char)from[i]) ? from[i] : '?';
	to[i] = '\0';
}

void attach_command(char *to, size_t len, const struct hca_stat *stat)
{
	char text[sizeof(stat->command)], *word, *slash;

	attach_text(text, sizeof(text), stat->command, sizeof(stat->command));
	word = text;
	/* The first word's last slash. */
	for (slash = text; *slash && *slash != ' '; slash++)
		if (*slash == '/')
			word = slash + 1;
	snprintf(to, len, "%s", word);
}
