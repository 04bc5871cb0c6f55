/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory that vanishes under an access of ours (a front-end truncates the file behind it)
 * raises SIGBUS, which would end a process that serves other guests as well. Accesses run under a
 * guard of their thread:
 *
 *	err = vv_fault_guarded(work, arg);    0: work ran to its end; -EFAULT: an access failed
 *
 * work holds no locks it would have to give back and allocates nothing: it is left where it is.
 * Guards do not nest. Handlers for SIGBUS and SIGSEGV are installed with the first user and pass on
 * every fault that is not in a guard to whoever had the signal before; a fault in a guard is told
 * from a bug of ours by its address, which must be in memory of a guest (vv_fault_range).
 *
 * An application that puts handlers of its own on top later and passes nothing on takes that away.
 *
 * Threads: install and remove: any, counted. A guard belongs to its thread.
 */
#ifndef VV_FAULT_H
#define VV_FAULT_H

#include <stddef.h>
#include <stdint.h>

/* Where work may stumble. */
struct vv_fault_range {
	const void *addr;
	size_t len;
};

int vv_fault_install(void); /* -errno of sigaction */
void vv_fault_remove(void);

/* ranges: borrowed for the call. */
int vv_fault_guarded(const struct vv_fault_range *ranges, unsigned int n, void (*work)(void *arg),
		     void *arg);

#endif
