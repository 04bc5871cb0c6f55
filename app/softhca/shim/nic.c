/* SPDX-License-Identifier: BSD-3-Clause */
#include "nic.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_once_t env_once = PTHREAD_ONCE_INIT;
static struct nic_env env;

static pthread_mutex_t nic_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hca *nic; /* owned */
static int nic_error;

/* Copied, because the program may change its environment. */
static void env_read(void)
{
	const char *value = getenv(NIC_ENV_TREE);
	char *tree = value && *value ? strdup(value) : NULL;
	int rc;

	if (!tree)
		return;
	rc = nic_config_read(&env.cfg, tree);
	if (rc) {
		fprintf(stderr, "softhca: %s/nic.cfg: %s\n", tree,
			rc == -EINVAL ? "written by another version of softhca" : strerror(-rc));
		free(tree);
		return;
	}
	env.tree = tree;
}

const struct nic_env *nic_env(void)
{
	pthread_once(&env_once, env_read);
	return &env;
}

/* The NIC's threads inherit where they may run; true: had is where this thread was before. */
static bool pin(const struct nic_config *cfg, cpu_set_t *had)
{
	cpu_set_t set;
	int rc;

	if (!cfg->pinned || pthread_getaffinity_np(pthread_self(), sizeof(*had), had))
		return false;
	CPU_ZERO(&set);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE && cpu < NIC_CPUS_MAX; cpu++)
		if (cfg->cpus[cpu / 64] >> (cpu % 64) & 1)
			CPU_SET(cpu, &set);
	rc = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	if (rc)
		fprintf(stderr, "softhca: the NIC's threads cannot be pinned: %s\n", strerror(rc));
	return !rc;
}

int nic_get(struct hca **hca)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
	const struct nic_env *e = nic_env();
	struct hca_config cfg;
	sigset_t block, old;
	cpu_set_t cpus;
	bool pinned;
	int rc = 0;

	pthread_mutex_lock(&nic_lock);
	if (!nic && !nic_error) {
		/*
		 * The NIC's threads inherit the mask: the program's signals are not for them.
		 * Faults are their own: blocked, they would end the process.
		 */
		sigfillset(&block);
		for (unsigned int i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
			sigdelset(&block, faults[i]);
		pthread_sigmask(SIG_SETMASK, &block, &old);
		nic_config_hca(&e->cfg, &cfg);
		cfg.stat_dir = e->tree;
		pinned = pin(&e->cfg, &cpus);
		rc = hca_create(&cfg, &nic);
		if (pinned)
			pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (rc) {
			nic_error = rc;
			nic = NULL;
			fprintf(stderr, "softhca: cannot start the NIC: %s\n", strerror(-rc));
		}
	}
	rc = nic_error;
	if (!rc)
		*hca = nic;
	pthread_mutex_unlock(&nic_lock);
	return rc;
}

void nic_destroy(void)
{
	pthread_mutex_lock(&nic_lock);
	if (nic)
		hca_destroy(nic);
	nic = NULL;
	nic_error = -ENODEV;
	pthread_mutex_unlock(&nic_lock);
}

void nic_fork_child(void)
{
	/* The parent's NIC is lost here with its threads; its memory stays until exec or exit. */
	pthread_mutex_init(&nic_lock, NULL);
	nic = NULL;
	nic_error = 0;
}
