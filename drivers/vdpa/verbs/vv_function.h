/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions of NICs that this process knows, each by its verbs device's name: what it can do,
 * as it last said, and what the devices on it have taken of it. Several devices can share one:
 * their frames are told apart by address, so addresses are unique among the devices of a NIC, and
 * only a function that can filter carries more than one.
 *
 * A device has a seat, from probe to remove. Nothing here knows of functions that other processes
 * use. What is remembered of a function stays until the process ends, there are few.
 *
 * Threads: any. One lock, a leaf, held for no command. Errors: -errno, why is one line.
 */
#ifndef VV_FUNCTION_H
#define VV_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hca/vv_hca.h"

/* Devices on one function: each is a thread, a doorbell page and a context of the kernel's. */
enum { VV_FUNCTION_DEVICES_MAX = 64 };

struct vv_seat;

/* What a device wants of a function. */
struct vv_seat_wish {
	const char *device; /* its name, copied */
	unsigned int rings; /* data rings */
	uint8_t mac[6];     /* zero: it has none of its own */
	bool mac_given;     /* by the operator; else it is the port's */
};

/* What a function is. */
struct vv_function_facts {
	struct vv_hca_caps caps;
	unsigned int devices_max; /* it can carry; 1: it cannot tell frames of several apart */
	uint64_t nic;             /* a number that all functions of its NIC have; 0: not known */
	uint64_t age_ms;          /* of what vv_function_facts returns: how long ago it said so */
};

int vv_function_remember(const char *ibdev, const struct vv_function_facts *facts); /* -ENOMEM */
int vv_function_facts(const char *ibdev, struct vv_function_facts *facts); /* -ENOENT */

/* What is left now; of one that is not remembered nothing. */
struct vv_function_room {
	unsigned int rings, devices;
};

void vv_function_room(const char *ibdev, struct vv_function_room *room);

/*
 * Of a function that is remembered. -ENOSPC: it has no such room, and which limit it is; -EEXIST:
 * another device has the address; -EINVAL: it needs one, and has none.
 */
int vv_seat_take(const char *ibdev, const struct vv_seat_wish *wish, struct vv_seat **seat,
		 char *why, size_t why_len);
void vv_seat_leave(struct vv_seat *seat); /* NULL is legal */
bool vv_seat_is_alone(const struct vv_seat *seat); /* no other device has the function now */

/* Another provisioned address. -EEXIST: another device has it. */
int vv_seat_address(struct vv_seat *seat, const uint8_t mac[6], char *why, size_t why_len);
/* The guest's own; that which is provisioned, or none: it has none. -EEXIST as above. */
int vv_seat_guest_address(struct vv_seat *seat, const uint8_t mac[6], char *why, size_t why_len);

#endif
