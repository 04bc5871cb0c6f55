/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "vv_plan.h"

/*
 * The key of the RSS specification's verification suite, that most drivers use: hash values can be
 * compared with published ones.
 */
static const uint8_t default_key[VV_STEER_KEY_LEN] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* ---- where to ---- */

/*
 * The guest's own table. A queue that it names and that does not run (its ring is disabled) would
 * swallow its frames; they go to one that does.
 */
static void table_of_rss(const struct vv_ctrl_rss *rss, const struct vv_plan_queues *queues,
			 uint32_t fallback, struct vv_steer_plan *plan)
{
	unsigned int i;

	plan->table_len = rss->table_len;
	for (i = 0; i < rss->table_len; i++) {
		unsigned int pair = rss->table[i];

		plan->table[i] = queues->running[pair] ? queues->number[pair] : fallback;
	}
	plan->unclassified = queues->running[rss->unclassified] ? queues->number[rss->unclassified]
								: fallback;
	plan->hash_types = rss->hash_types;
	memcpy(plan->key, rss->key, rss->key_len);
}

/*
 * All of them in turn: the longer the table, the more even with a number that is no power of two.
 * spread: also if it is one today, so that others join by a change of the table alone.
 */
static void table_of_all(const uint32_t *numbers, unsigned int n, bool spread,
			 unsigned int table_max, struct vv_steer_plan *plan)
{
	unsigned int len = table_max < VV_STEER_TABLE_MAX ? table_max : VV_STEER_TABLE_MAX, i;

	plan->unclassified = numbers[0];
	memcpy(plan->key, default_key, sizeof(default_key));
	if (!spread) {
		plan->table_len = 1;
		plan->table[0] = numbers[0];
		return;
	}
	plan->table_len = len;
	for (i = 0; i < len; i++)
		plan->table[i] = numbers[i % n];
	plan->hash_types = VV_CTRL_HASH_TYPES;
}

static void where_to(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state,
		     bool controlled, const struct vv_plan_queues *queues,
		     struct vv_steer_plan *plan)
{
	bool mq = conf->features & (VV_BIT(VIRTIO_NET_F_MQ) | VV_BIT(VIRTIO_NET_F_RSS));
	unsigned int in_use = controlled ? vv_ctrl_pairs(conf, state) : mq ? queues->pairs : 1;
	uint32_t numbers[VV_CTRL_PAIRS_MAX];
	unsigned int i, n = 0;

	if (controlled && state->rss_active)
		in_use = queues->pairs;
	for (i = 0; i < in_use && i < queues->pairs; i++)
		if (queues->running[i])
			numbers[n++] = queues->number[i];
	if (n == 0)
		return;
	if (controlled && state->rss_active)
		table_of_rss(&state->rss, queues, numbers[0], plan);
	else
		table_of_all(numbers, n, in_use > 1 || queues->hashed, queues->table_max, plan);
}

/* ---- which ---- */

static void mac_add(struct vv_steer_plan *plan, const uint8_t mac[6])
{
	unsigned int i;

	if (!memcmp(mac, broadcast, 6))
		return;
	for (i = 0; i < plan->n_macs; i++)
		if (!memcmp(plan->macs[i], mac, 6))
			return;
	memcpy(plan->macs[plan->n_macs++], mac, 6);
}

_Static_assert(1 + 2 * VV_CTRL_MACS_MAX <= VV_STEER_MACS_MAX, "all addresses of a state fit");

static unsigned int vlans_count(const struct vv_ctrl_state *state)
{
	unsigned int word, n = 0;

	for (word = 0; word < VV_VLANS / 64; word++)
		n += __builtin_popcountll(state->vlans[word]);
	return n;
}

/* A device that is told from others of its function by its address. */
static void which_by_address(const uint8_t own[6], struct vv_steer_plan *plan)
{
	plan->broadcast = plan->all_groups = true;
	mac_add(plan, own);
}

/* Virtio 1.3 5.1.6.5.1: "no" wins over "all", and promiscuous mode over everything. */
static void which(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state,
		  bool controlled, struct vv_steer_plan *plan)
{
	static const uint8_t none[6];
	bool has_mac = memcmp(state->mac, none, 6);
	unsigned int i;

	plan->all = state->promisc;
	if (plan->all)
		return;
	/* Without a control queue nobody could ever add one. */
	plan->vlan_filter = controlled && conf->features & VV_BIT(VIRTIO_NET_F_CTRL_VLAN);
	if (plan->vlan_filter && vlans_count(state) > VV_PLAN_VLANS_MAX)
		plan->vlan_filter = false;
	if (plan->vlan_filter)
		memcpy(plan->vlans, state->vlans, sizeof(plan->vlans));
	plan->broadcast = !state->nobcast;
	if (!state->nouni) {
		plan->all_unicast = state->alluni || state->uni.overflow || !has_mac;
		if (has_mac)
			mac_add(plan, state->mac);
		for (i = 0; i < state->uni.n; i++)
			mac_add(plan, state->uni.addr[i]);
	}
	if (!state->nomulti) {
		plan->all_groups = state->allmulti || state->multi.overflow;
		for (i = 0; i < state->multi.n; i++)
			mac_add(plan, state->multi.addr[i]);
	}
}

void vv_plan_fill(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state,
		  bool controlled, const uint8_t *own, const struct vv_plan_queues *queues,
		  struct vv_steer_plan *plan)
{
	static const uint8_t none[6];

	memset(plan, 0, sizeof(*plan));
	where_to(conf, state, controlled, queues, plan);
	if (own && !controlled)
		which_by_address(memcmp(state->mac, none, 6) ? state->mac : own, plan);
	else
		which(conf, state, controlled, plan);
}
