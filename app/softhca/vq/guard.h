/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory can vanish under an access: a file truncated (SIGBUS), a region unmapped without
 * deregistering (SIGSEGV); real hardware would have pinned it. Accesses run under a guard:
 *
 *	if (sigsetjmp(guard.env, 0) == 0) {
 *		guard_enter(&guard);
 *		... guest memory ...
 *		guard_leave();
 *	} else {
 *		... an access faulted; the guard is off again ...
 *	}
 *
 * The blame function decides in the signal handler whether the address is one the guarded code may
 * stumble over; every other fault, in this thread or another, goes to the handler that was there
 * before, or kills the process as it would have without us.
 *
 * Threads: a guard belongs to the thread that entered it; guards do not nest.
 */
#ifndef SOFTHCA_VQ_GUARD_H
#define SOFTHCA_VQ_GUARD_H

#include <setjmp.h>
#include <stdbool.h>

struct guard {
	sigjmp_buf env;
	/* Runs in a signal handler: reads memory, calls nothing unsafe. */
	bool (*blame)(struct guard *guard, const void *addr);
};

/* Install the process's handlers, counted; -errno from sigaction. */
int guard_install(void);
void guard_remove(void);
/* Are they? Somebody may have put others on top since. */
bool guard_installed(void);

extern __thread struct guard *guard_current __attribute__((tls_model("initial-exec")));

static inline void guard_enter(struct guard *guard)
{
	guard_current = guard;
	__asm__ volatile("" : : : "memory");
}

static inline void guard_leave(void)
{
	__asm__ volatile("" : : : "memory");
	guard_current = (struct guard *)0;
}

#endif
