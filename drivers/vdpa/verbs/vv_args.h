/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator asks for: the device arguments, checked and const from then on.
 * Threads: pure functions.
 */
#ifndef VV_ARGS_H
#define VV_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of IP packets; the least any network must carry, and jumbo frames. */
enum { VV_MTU_MIN = 68, VV_MTU_MAX = 9216 };

enum vv_switch { VV_AUTO, VV_ON, VV_OFF };

struct vv_args {
	char ibdev[64];
	unsigned int queues; /* pairs; 0: as many as the device has, up to VV_PAIRS_DEFAULT */
	/* VV_AUTO: if the device can. */
	enum vv_switch packed, offloads;
	uint8_t mac[6];       /* what the guest is told, and what is for it; zero: the port's */
	uint16_t mtu;         /* 0: the port's */
	enum vv_switch trust; /* may the guest choose what it receives? VV_AUTO: yes */
	enum vv_switch cvq;   /* VV_AUTO: VV_CVQ_DEFAULT (vv_provision.h) */
	int cvq_core;         /* where control queues are polled; -1: anywhere near the NIC */
};

/* -EINVAL: why says which argument and what is known, in one line. args NULL or "" are legal. */
int vv_args_parse(const char *args, struct vv_args *parsed, char *why, size_t why_len);

#endif
