/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_lcore.h>

#include "vv_signals.h"
#include "vv_thread.h"

static void thread_run(struct vv_thread *t)
{
	vv_signals_block();
	t->run(t->arg);
}

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
static uint32_t thread_main(void *arg)
{
	thread_run(arg);
	return 0;
}

static int thread_create(struct vv_thread *t, const char *name)
{
	return rte_thread_create_internal_control(&t->thread, name, thread_main, t);
}

void vv_thread_join(struct vv_thread *t)
{
	rte_thread_join(t->thread, NULL);
}
#else
static void *thread_main(void *arg)
{
	thread_run(arg);
	return NULL;
}

static int thread_create(struct vv_thread *t, const char *name)
{
	return rte_ctrl_thread_create(&t->thread, name, NULL, thread_main, t);
}

void vv_thread_join(struct vv_thread *t)
{
	pthread_join(t->thread, NULL);
}
#endif

int vv_thread_start(struct vv_thread *t, const char *name, void (*run)(void *arg), void *arg)
{
	int err;

	t->run = run;
	t->arg = arg;
	/* Versions differ in the sign. */
	err = thread_create(t, name);
	return err < 0 ? err : -err;
}
