/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator asks for: the device arguments, checked and const from then on.
 * Threads: pure functions.
 */
#ifndef VV_ARGS_H
#define VV_ARGS_H

#include <stdbool.h>
#include <stddef.h>

enum vv_switch { VV_AUTO, VV_ON, VV_OFF };

struct vv_args {
	char ibdev[64];
	unsigned int queues; /* pairs; 0: as many as the device has, up to VV_PAIRS_DEFAULT */
	/* VV_AUTO: if the device can. */
	enum vv_switch packed, offloads;
};

/* -EINVAL: why says which argument and what is known, in one line. args NULL or "" are legal. */
int vv_args_parse(const char *args, struct vv_args *parsed, char *why, size_t why_len);

#endif
