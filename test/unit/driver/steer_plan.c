/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "steer_plan.h"

const int plan_tags[PLAN_TAGS] = {-1, 0, 1, 5, 63, 64, 2048, 4095};

void plan_address(unsigned int address, uint8_t mac[6])
{
	if (address == PLAN_BROADCAST) {
		memset(mac, 0xff, 6);
		return;
	}
	memset(mac, 0, 6);
	mac[0] = address < PLAN_GROUPS ? 0x52 : 0x33;
	mac[5] = address;
}

void plan_mac_del(struct vv_steer_plan *plan, unsigned int address)
{
	uint8_t mac[6];
	unsigned int i;

	plan_address(address, mac);
	for (i = 0; i < plan->n_macs; i++)
		if (!memcmp(plan->macs[i], mac, 6))
			memcpy(plan->macs[i], plan->macs[--plan->n_macs], 6);
}

void plan_mac_add(struct vv_steer_plan *plan, unsigned int address)
{
	plan_mac_del(plan, address);
	plan_address(address, plan->macs[plan->n_macs++]);
}

void plan_vlan_put(struct vv_steer_plan *plan, unsigned int vid, bool on)
{
	plan->vlans[vid / 64] &= ~VV_BIT(vid % 64);
	if (on)
		plan->vlans[vid / 64] |= VV_BIT(vid % 64);
}

void plan_spread(struct vv_steer_plan *plan, uint32_t first, unsigned int n, unsigned int len,
		 uint32_t types)
{
	unsigned int i;

	plan->table_len = len;
	for (i = 0; i < len; i++)
		plan->table[i] = first + i % n;
	plan->unclassified = first;
	plan->hash_types = types;
	memset(plan->key, 0x6d, sizeof(plan->key));
}

struct vv_steer_plan plan_simple(void)
{
	struct vv_steer_plan plan;

	memset(&plan, 0, sizeof(plan));
	plan_spread(&plan, 100, 1, 1, 0);
	plan.broadcast = true;
	plan_mac_add(&plan, 0);
	return plan;
}

static unsigned int below(unsigned int *seed, unsigned int n)
{
	return (unsigned int)rand_r(seed) % n;
}

struct vv_steer_plan plan_random(unsigned int *seed)
{
	static const unsigned int sizes[] = {1, 1, 2, 4, 16, 128};
	struct vv_steer_plan plan = plan_simple();
	unsigned int i, n;

	plan.n_macs = 0;
	if (!below(seed, 20))
		plan.table_len = 0;
	else
		plan_spread(&plan, 100 + below(seed, 4), 1 + below(seed, 4), sizes[below(seed, 6)],
			    below(seed, 2) ? below(seed, 1 + PLAN_ALL_TYPES)
					   : below(seed, 2) * PLAN_ALL_TYPES);
	if (below(seed, 2))
		plan.unclassified = 100 + below(seed, 4);
	memset(plan.key, 1 + below(seed, 3), sizeof(plan.key));
	plan.all = !below(seed, 5);
	plan.vlan_filter = below(seed, 2);
	plan.all_unicast = !below(seed, 3);
	plan.all_groups = !below(seed, 3);
	plan.broadcast = below(seed, 2);
	for (i = 1; i < PLAN_TAGS; i++)
		plan_vlan_put(&plan, plan_tags[i], below(seed, 2));
	for (i = 0; i < PLAN_BROADCAST; i++)
		if (below(seed, 2))
			plan_mac_add(&plan, i);
	/* Now and then as many as there may be, most of them of nobody. */
	n = below(seed, 10) ? plan.n_macs : VV_STEER_MACS_MAX;
	while (plan.n_macs < n) {
		uint8_t *mac = plan.macs[plan.n_macs++];

		mac[0] = 0x02;
		for (i = 1; i < 5; i++)
			mac[i] = below(seed, 256);
		mac[5] = plan.n_macs;
	}
	return plan;
}
