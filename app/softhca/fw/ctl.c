/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "ctl_ask.h"
#include "event.h"
#include "hca_priv.h"
#include "trace.h"

/* Between two answers: the NIC stands still for each, and it has other work. */
enum { REST_NS = 5000000, STACK = 256 * 1024 };

static long futex(uint32_t *word, int op, uint32_t value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* ---- the file ---- */

/* Also claims the disk space: a full disk is an error now, not a fault in the middle of a write. */
static int map_file(struct hca *hca, const char *path)
{
	void *p = MAP_FAILED;
	int fd, err;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = -posix_fallocate(fd, 0, sizeof(*hca->stat));
	if (!err) {
		p = mmap(NULL, sizeof(*hca->stat), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		err = p == MAP_FAILED ? -errno : 0;
	}
	close(fd);
	if (!err)
		hca->stat = p;
	return err;
}

/* In the tree, found by this process's number: the figures, or a link to where they are. */
static int open_in_tree(struct hca *hca, const char *dir, const char *elsewhere)
{
	char *path;
	int err;

	if (asprintf(&path, "%s/nic.stat.%d", dir, (int)getpid()) < 0)
		return -ENOMEM;
	unlink(path);
	err = elsewhere ? symlink(elsewhere, path) : map_file(hca, path);
	if (err) {
		unlink(path);
		free(path);
		return err;
	}
	hca->ctl.path = path;
	return 0;
}

/* What /proc has to say about this process; empty if it says nothing. */
static size_t read_proc(const char *name, char *text, size_t len)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, len - 1);

	if (fd >= 0)
		close(fd);
	n = n < 0 ? 0 : n;
	text[n] = '\0';
	return (size_t)n;
}

static void describe_process(struct hca_stat *stat)
{
	char text[1024], *at;
	size_t i, n;

	stat->pid = (uint64_t)getpid();
	read_proc("/proc/self/stat", text, sizeof(text));
	/* Field 2 is in brackets and may contain anything. */
	at = strrchr(text, ')');
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	stat->pid_started = at ? strtoull(at, NULL, 10) : 0;
	n = read_proc("/proc/self/cmdline", stat->command, sizeof(stat->command));
	for (i = 0; i + 1 < n; i++)
		if (!stat->command[i])
			stat->command[i] = ' ';
}

static void describe(struct hca *hca, const struct hca_config *cfg)
{
	struct hca_stat *stat = hca->stat;

	memset(stat, 0, sizeof(*stat));
	stat->version = HCA_STAT_VERSION;
	stat->began_ns = hca->began_ns;
	memcpy(stat->profile, hca->profile.name, sizeof(stat->profile));
	memcpy(stat->fw_version, hca->profile.fw_version, sizeof(stat->fw_version));
	stat->functions = cfg->functions;
	stat->threads = cfg->threads;
	stat->seed = hca->rng.state;
	describe_process(stat);
	call_name_figures(hca);
	ask_name_ports(hca, cfg);
	/* Who looks before this sees no figures at all. */
	__atomic_store_n(&stat->magic, HCA_STAT_MAGIC, __ATOMIC_RELEASE);
}

int ctl_open(struct hca *hca, const struct hca_config *cfg)
{
	void *p;
	int err = 0;

	if (cfg->stat_path)
		err = map_file(hca, cfg->stat_path);
	if (err)
		return err;
	if (cfg->stat_dir)
		open_in_tree(hca, cfg->stat_dir, cfg->stat_path);
	if (!hca->stat) {
		p = mmap(NULL, sizeof(*hca->stat), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return -errno;
		hca->stat = p;
	}
	describe(hca, cfg);
	return 0;
}

void ctl_close(struct hca *hca)
{
	if (hca->ctl.path)
		unlink(hca->ctl.path);
	free(hca->ctl.path);
	hca->ctl.path = NULL;
	if (hca->stat)
		munmap(hca->stat, sizeof(*hca->stat));
	hca->stat = NULL;
}

/* ---- the thread ---- */

void ctl_wake(struct hca *hca)
{
	__atomic_fetch_add(&hca->stat->bell, 1, __ATOMIC_SEQ_CST);
	futex(&hca->stat->bell, FUTEX_WAKE, INT_MAX);
}

static void answer(struct hca *hca)
{
	struct hca_stat_ask *ask = &hca->stat->ask, copy;
	uint32_t asked = __atomic_load_n(&ask->asked, __ATOMIC_ACQUIRE);

	if (asked == __atomic_load_n(&ask->answered, __ATOMIC_RELAXED))
		return;
	/* From here on the asker may do what it likes. */
	memcpy(&copy, ask, sizeof(copy));
	copy.text[sizeof(copy.text) - 1] = '\0';
	ask_handle(hca, &copy);
	memcpy(ask->text, copy.text, sizeof(ask->text));
	ask->result = copy.result;
	__atomic_store_n(&ask->answered, asked, __ATOMIC_RELEASE);
	futex(&ask->answered, FUTEX_WAKE, INT_MAX);
}

static void *run(void *arg)
{
	static const struct timespec rest = {.tv_nsec = REST_NS};
	struct hca *hca = arg;

	for (;;) {
		uint32_t bell = __atomic_load_n(&hca->stat->bell, __ATOMIC_SEQ_CST);

		if (atomic_load(&hca->ctl.stop))
			break;
		answer(hca);
		pthread_mutex_lock(&hca->lock);
		trace_drain(hca);
		pthread_mutex_unlock(&hca->lock);
		nanosleep(&rest, NULL);
		futex(&hca->stat->bell, FUTEX_WAIT, bell);
	}
	return NULL;
}

int ctl_start(struct hca *hca)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	err = pthread_create(&hca->ctl.thread, &attr, run, hca);
	pthread_attr_destroy(&attr);
	if (err)
		return -err;
	hca->ctl.running = true;
	pthread_setname_np(hca->ctl.thread, "softhca-ctl");
	return 0;
}

void ctl_stop(struct hca *hca)
{
	struct timespec limit;

	if (hca->ctl.running) {
		atomic_store(&hca->ctl.stop, true);
		/* Again and again: an asker that plays with the bell may hide one ring. */
		do {
			ctl_wake(hca);
			clock_gettime(CLOCK_REALTIME, &limit);
			limit.tv_sec++;
		} while (pthread_timedjoin_np(hca->ctl.thread, NULL, &limit));
		hca->ctl.running = false;
	}
	if (hca->stat && hca->dp) {
		ask_snapshot(hca);
		__atomic_store_n(&hca->stat->ended, 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_lock(&hca->lock);
	trace_drain(hca);
	pthread_mutex_unlock(&hca->lock);
}
