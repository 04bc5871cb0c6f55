/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control thread of ours: on the cores EAL left for such, by any version of DPDK, and with the
 * signals of the application blocked (vv_signals.h).
 *
 * Threads: start and join: control.
 */
#ifndef VV_THREAD_H
#define VV_THREAD_H

#include <pthread.h>

#include <rte_thread.h>
#include <rte_version.h>

struct vv_thread {
	void (*run)(void *arg);
	void *arg;
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
	rte_thread_t thread;
#else
	pthread_t thread;
#endif
};

/* thread: owned by the caller, and stays where it is until joined. -errno. */
int vv_thread_start(struct vv_thread *thread, const char *name, void (*run)(void *arg), void *arg);
void vv_thread_join(struct vv_thread *thread);

#endif
