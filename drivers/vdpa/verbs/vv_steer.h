/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frame reaches which queue.
 *
 *	root rules      -> destination table -> class table -> TIR    -> RQT   -> queue
 *	untagged, VLANs    MACs, groups         IP version     hash      table
 *
 * A VLAN is one rule, a MAC one entry; hashing is independent of both. "All frames" is one root
 * rule in front of the others, that leads past the destination table; those may stay behind it
 * until they count again. The transmit side (domain and TIS), the two tables and their groups are
 * there from probe to remove; the rest follows the plan in force.
 *
 * A plan says all of what shall be received; set brings the NIC there by the difference to the plan
 * in force, adding before it takes away, so that frames that both plans take are lost at no time
 * (where several filters change at once, some that neither takes may pass for as long as it takes).
 * If the NIC refuses something, it goes back the same way and the old plan is in force; if that is
 * refused as well, nothing is received until the next set, which starts anew.
 *
 * Frames from the device to itself are not blocked: a guest may talk to another one behind the same
 * port. Threads: control.
 */
#ifndef VV_STEER_H
#define VV_STEER_H

#include <stdbool.h>

#include "hca/vv_hca.h"
#include "vv_virtio.h"

enum {
	VV_STEER_TABLE_MAX = 128,
	VV_STEER_MACS_MAX = 160, /* exact addresses, unicast and groups together */
	VV_STEER_KEY_LEN = 40,
};

/* Plain data; zeroed before it is filled. */
struct vv_steer_plan {
	/* Where to. table: queue objects by hash, a power of two; 0: nothing is received. */
	unsigned int table_len;
	uint32_t table[VV_STEER_TABLE_MAX];
	uint32_t unclassified; /* queue object of frames that are not hashed */
	uint32_t hash_types;   /* VIRTIO_NET_RSS_HASH_TYPE_*, no _EX; 0: nothing is hashed */
	uint8_t key[VV_STEER_KEY_LEN];

	/* Which. */
	bool all;         /* tagged or not, whatever address: the rest does not count */
	bool vlan_filter; /* tagged frames only of these VLANs */
	uint64_t vlans[VV_VLANS / 64];
	bool all_unicast, all_groups;
	bool broadcast; /* this alone decides on it, whatever all_groups says */
	unsigned int n_macs;
	uint8_t macs[VV_STEER_MACS_MAX][6]; /* any order, no doubles, not broadcast */
};

struct vv_steer;

/*
 * Whether a plan may be other than "all": the device has tables, and big enough ones. Without, the
 * root rules tell classes apart, and lead to TIRs.
 */
bool vv_steer_can_filter(const struct vv_hca_caps *caps);

/* 9 commands (domain, TIS, two tables, five groups), or 2 without tables. */
int vv_steer_create(struct vv_hca *hca, struct vv_steer **steer);
void vv_steer_destroy(struct vv_steer *steer); /* NULL is legal */

uint32_t vv_steer_tisn(const struct vv_steer *steer);

/*
 * Receive as plan (copied) says from now on. No command if nothing changes. The first time 3 or
 * more commands and a rule; a VLAN: one rule, a MAC: one command, a table: one command, a key: one
 * per class that is hashed, a class: two. On failure: see above. The queue objects are referred to
 * until the next set or clear.
 *
 * Of the plan itself, and then vv_hca_error() does not tell: -EINVAL: not one; -E2BIG: a table
 * bigger than the device's; -ENOTSUP: filters (see vv_steer_can_filter).
 */
int vv_steer_set(struct vv_steer *steer, const struct vv_steer_plan *plan);
/* Destroys cannot fail. */
void vv_steer_clear(struct vv_steer *steer);
/* Whether a plan is in force; not after clear, nor after a set that could not even be undone. */
bool vv_steer_is_set(const struct vv_steer *steer);

#endif
