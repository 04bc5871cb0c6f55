/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans to try, of a few addresses, VLANs and queues. */
#ifndef STEER_PLAN_H
#define STEER_PLAN_H

#include "vv_steer.h"

/* Six addresses of hosts, six of groups, broadcast; untagged and seven VLANs. */
enum { PLAN_ADDRESSES = 13, PLAN_GROUPS = 6, PLAN_BROADCAST = 12, PLAN_TAGS = 8 };
extern const int plan_tags[PLAN_TAGS]; /* -1: untagged */

void plan_address(unsigned int address, uint8_t mac[6]);

/* One queue, all unhashed; addresses: the first, and broadcast. */
struct vv_steer_plan plan_simple(void);
struct vv_steer_plan plan_random(unsigned int *seed);
void plan_mac_add(struct vv_steer_plan *plan, unsigned int address);
void plan_mac_del(struct vv_steer_plan *plan, unsigned int address);
void plan_vlan_put(struct vv_steer_plan *plan, unsigned int vid, bool on);
/* n queues from first on, in turn over a table of len, hashed by types. */
void plan_spread(struct vv_steer_plan *plan, uint32_t first, unsigned int n, unsigned int len,
		 uint32_t types);

enum { PLAN_ALL_TYPES = 0x3f };

#endif
