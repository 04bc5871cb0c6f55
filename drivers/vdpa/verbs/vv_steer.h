/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frame reaches which queue.
 *
 *	root rule -> filter table    -> destination table -> class table -> TIR    -> RQT -> queue
 *	all          untagged, VLANs    MACs, groups         IP version     hash      table
 *
 * A VLAN is one entry, a MAC is one; hashing is independent of both. "All frames" is an entry in
 * front of the others, that leads past the destination table; those may stay behind it until they
 * count again. The transmit side (domain and TIS), the three tables and their groups are there from
 * probe to remove; the rest follows the plan in force.
 *
 * The root rule is the same for all devices, so that those of one function share it: each sees
 * every frame of the function, and takes what its own plan says. Nothing a plan says reaches the
 * root but whether there is one. A NIC that is a level of tables short has no filter table; its
 * entries are root rules then, which are in the way of another device's: vv_steer_can_share().
 *
 * A plan says all of what shall be received; set brings the NIC there by the difference to the plan
 * in force, adding before it takes away, so that frames that both plans take are lost at no time
 * (where several filters change at once, some that neither takes may pass for as long as it takes).
 * If the NIC refuses something, it goes back the same way and the old plan is in force; if that is
 * refused as well, nothing is received until the next set, which starts anew.
 *
 * What a device sends is not received by itself, neither a group's frames nor, if it takes all
 * addresses, another device's of the same function (TIRs that block their own transmit domain).
 * Threads: control.
 */
#ifndef VV_STEER_H
#define VV_STEER_H

#include <stdbool.h>

#include "hca/vv_hca.h"
#include "vv_virtio.h"

enum {
	VV_STEER_TABLE_MAX = 128,
	VV_STEER_MACS_MAX = 160, /* exact addresses, unicast and groups together */
	VV_STEER_VLANS_MAX = 256,
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
	bool vlan_filter; /* tagged frames only of these VLANs, VV_STEER_VLANS_MAX at most */
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
/*
 * Whether several devices may have one function: it can filter, has a table level more, and an
 * entry may send a frame several ways. All devices of the function must be of this driver.
 */
bool vv_steer_can_share(const struct vv_hca_caps *caps);
/* How many devices may have one function; 1: it cannot be shared. */
unsigned int vv_steer_share_max(const struct vv_hca_caps *caps);

/*
 * 14 commands (domain, TIS, three tables, nine groups), 9 without a filter table, or 2 without any.
 */
int vv_steer_create(struct vv_hca *hca, struct vv_steer **steer);
void vv_steer_destroy(struct vv_steer *steer); /* NULL is legal */

uint32_t vv_steer_tisn(const struct vv_steer *steer);

/*
 * Receive as plan (copied) says from now on. No command if nothing changes. The first time 3 or
 * more commands and a rule; a VLAN: one command (a rule, without a filter table), a MAC: one command,
 * a table: one command, a key: one per class that is hashed, a class: two. On failure: see above. The queue objects are referred to
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
