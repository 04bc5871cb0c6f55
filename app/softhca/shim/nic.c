/* SPDX-License-Identifier: BSD-3-Clause */
#include "nic.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_once_t env_once = PTHREAD_ONCE_INIT;
static struct nic_env env;

static pthread_mutex_t nic_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hca *nic; /* owned */
static int nic_error;

static unsigned int env_uint(const char *name, unsigned int fallback)
{
	const char *value = getenv(name);

	return value ? (unsigned int)strtoul(value, NULL, 10) : fallback;
}

/* A copy, because the program may change its environment. */
static const char *env_string(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? strdup(value) : NULL;
}

static void env_read(void)
{
	const char *wire = getenv(NIC_ENV_WIRE);

	env.cfg.functions = env_uint(NIC_ENV_FUNCTIONS, 1);
	env.cfg.threads = env_uint(NIC_ENV_THREADS, 1);
	env.cfg.delay_drop_ms = env_uint(NIC_ENV_DELAY_DROP, 0);
	env.cfg.wire_loopback = wire && !strcmp(wire, "loopback");
	env.cfg.trace_path = env_string(NIC_ENV_TRACE);
	env.cfg.stat_path = env_string(NIC_ENV_STAT);
	env.cfg.fail = env_string(NIC_ENV_FAIL);
	if (env.cfg.functions >= 1 && env.cfg.functions <= HCA_FUNCS_MAX)
		env.tree = env_string(NIC_ENV_TREE);
}

const struct nic_env *nic_env(void)
{
	pthread_once(&env_once, env_read);
	return &env;
}

int nic_get(struct hca **hca)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
	const struct nic_env *e = nic_env();
	sigset_t block, old;
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
		rc = hca_create(&e->cfg, &nic);
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
