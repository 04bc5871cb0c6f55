/* SPDX-License-Identifier: BSD-3-Clause */
/* The signal mask of the driver's own threads. */
#ifndef VV_SIGNALS_H
#define VV_SIGNALS_H

#include <pthread.h>
#include <signal.h>

/*
 * The application's signal handlers may end the device: not on a thread they would wait for. What
 * an instruction of this thread raises stays open: blocked it would kill the process (signal(7)),
 * and somebody may handle it, for memory of a guest that is gone for example.
 */
static inline void vv_signals_block(void)
{
	static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	sigset_t all;

	sigfillset(&all);
	for (unsigned int i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

#endif
