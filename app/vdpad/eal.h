/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment as the INI file has it. Thread: main. */
#ifndef VDPAD_EAL_H
#define VDPAD_EAL_H

#include "error.h"

struct vdpad_config;

struct vdpad_eal {
	char *text;  /* owned; the arguments lie in it */
	char **argv; /* owned, ends with NULL */
	int argc;
};

/*
 * The arguments: those of the file, or a choice that works wherever nothing is known: no huge
 * pages (guests' memory is not ours), no PCI (the kernel's driver keeps the function), one thread
 * that runs on any CPU.
 */
int vdpad_eal_args(const struct vdpad_config *config, struct vdpad_eal *eal,
		   struct vdpad_error *error);
/* EAL keeps pointers to them: not before rte_eal_cleanup(). */
void vdpad_eal_destroy(struct vdpad_eal *eal);

int vdpad_eal_start(const struct vdpad_eal *eal, struct vdpad_error *error);

#endif
