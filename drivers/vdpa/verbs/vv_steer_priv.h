/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of receive steering, from the queue back to the port. Each has what the NIC
 * holds of it, and the same verbs:
 *
 *	create	what is there from probe to remove
 *	add	what a plan needs and is not there; objects that stay are modified
 *	trim	away with what the plan does not need; cannot fail
 *	clear	all of what add made
 *	destroy	all of what create made; clear before
 *
 * Add goes from the queue to the port, trim the other way, so that a frame that is let in finds its
 * way on. What a part holds is written down command by command: add may fail anywhere, and be
 * called again with another plan.
 */
#ifndef VV_STEER_PRIV_H
#define VV_STEER_PRIV_H

#include "vv_steer.h"

/* ---- vv_steer_spread.c: class table, TIRs, receive tables ---- */

/* In the order in which they are looked for. */
enum {
	VV_CLASS_TCP4,
	VV_CLASS_UDP4,
	VV_CLASS_TCP6,
	VV_CLASS_UDP6,
	VV_CLASS_IP4,
	VV_CLASS_IP6,
	VV_CLASS_REST,
	VV_CLASSES,
};

/* Groups of classes that look at the same of a frame. */
enum { VV_CLASS_BY_L4, VV_CLASS_BY_IP, VV_CLASS_BY_NOTHING, VV_CLASS_GROUPS };

struct vv_class {
	struct vv_obj tir;
	uint8_t key[VV_STEER_KEY_LEN]; /* as tir has it */
	uint32_t rqt;                  /* number, as tir has it */
	struct vv_obj entry;           /* one of these two leads to it */
	struct vv_rule rule;
};

struct vv_spread {
	struct vv_obj ft; /* none: rules of the root table do its work */
	struct vv_obj groups[VV_CLASS_GROUPS];
	struct vv_matcher matchers[VV_CLASS_GROUPS];

	struct vv_obj table; /* RQT */
	unsigned int table_len;
	uint32_t queues[VV_STEER_TABLE_MAX];
	struct vv_obj rest; /* RQT of one queue, unless the table begins with it */
	uint32_t rest_queue;
	struct vv_class classes[VV_CLASSES];
};

/* ---- vv_steer_address.c: destination table ---- */

enum { VV_ADDRESS_SLOTS = 2 * VV_STEER_MACS_MAX }; /* two plans at once: of the old and the new */

struct vv_address {
	struct vv_obj entry;
	uint8_t mac[6];
};

enum vv_broadcast { VV_BROADCAST_AS_GROUP, VV_BROADCAST_TAKE, VV_BROADCAST_DROP };

struct vv_addresses {
	struct vv_obj ft, exact, by_kind; /* the table and its groups */
	struct vv_obj broadcast, unicast, groups;
	enum vv_broadcast broadcast_is;
	struct vv_address slots[VV_ADDRESS_SLOTS];
	unsigned int top; /* slots from here on are free */
};

/* ---- vv_steer_root.c: root rule, filter table ---- */

/* What frames are let in; in the order in which they are looked for. */
enum vv_gate_kind { VV_GATE_ALL, VV_GATE_UNTAGGED, VV_GATE_VLAN, VV_GATE_ANY, VV_GATE_KINDS };

/* One of both, if it is there: an entry of the filter table, or a root rule. */
struct vv_gate {
	struct vv_obj entry;
	struct vv_rule rule;
};

enum { VV_VLAN_SLOTS = 2 * VV_STEER_VLANS_MAX }; /* two plans at once: of the old and the new */

struct vv_vlan_gate {
	struct vv_gate gate;
	uint16_t vid;
};

struct vv_root {
	struct vv_obj ft; /* none: gates are root rules */
	struct vv_obj groups[VV_GATE_KINDS];
	struct vv_matcher matchers[VV_GATE_KINDS]; /* with a filter table the first alone */
	struct vv_rule entrance;                   /* to the filter table */
	struct vv_gate all;                        /* in front of the others */
	struct vv_gate untagged;                   /* with a VLAN filter */
	struct vv_gate any;                        /* without */
	uint64_t has[VV_VLANS / 64];
	struct vv_vlan_gate vlans[VV_VLAN_SLOTS];
	unsigned int top; /* slots from here on are free */
};

struct vv_steer {
	struct vv_hca *hca; /* borrowed from the device */
	struct vv_obj td, tis;
	bool filters; /* there are tables below the root one */
	bool shares;  /* the filter table is one of them */
	struct vv_spread spread;
	struct vv_addresses addresses;
	struct vv_root root;
	bool set; /* plan is in force; else the parts are clear */
	struct vv_steer_plan plan;
};

int vv_spread_create(struct vv_steer *s);
int vv_spread_add(struct vv_steer *s, const struct vv_steer_plan *plan);
void vv_spread_trim(struct vv_steer *s, const struct vv_steer_plan *plan);
void vv_spread_clear(struct vv_steer *s);
void vv_spread_destroy(struct vv_steer *s);

/* Only with filters. */
int vv_addresses_create(struct vv_steer *s);
int vv_addresses_add(struct vv_steer *s, const struct vv_steer_plan *plan);
void vv_addresses_trim(struct vv_steer *s, const struct vv_steer_plan *plan);
void vv_addresses_clear(struct vv_steer *s);
void vv_addresses_destroy(struct vv_steer *s);

int vv_root_create(struct vv_steer *s);
/* All frames are let in, whatever other gates there are. */
bool vv_root_is_open(const struct vv_steer *s);
/* The VLANs that the plan does not need. */
void vv_root_trim_vlans(struct vv_steer *s, const struct vv_steer_plan *plan);
int vv_root_add(struct vv_steer *s, const struct vv_steer_plan *plan);
void vv_root_trim(struct vv_steer *s, const struct vv_steer_plan *plan);
void vv_root_clear(struct vv_steer *s);
void vv_root_destroy(struct vv_steer *s);

#endif
