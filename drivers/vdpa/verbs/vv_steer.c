/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the plan in force to the next. The parts know their objects (vv_steer_priv.h); here is the
 * order among them, and the way back.
 */
#include <errno.h>
#include <stdlib.h>

#include "vv_steer_priv.h"

static const uint32_t hash_types = VIRTIO_NET_RSS_HASH_TYPE_IPv4 | VIRTIO_NET_RSS_HASH_TYPE_TCPv4 |
				   VIRTIO_NET_RSS_HASH_TYPE_UDPv4 | VIRTIO_NET_RSS_HASH_TYPE_IPv6 |
				   VIRTIO_NET_RSS_HASH_TYPE_TCPv6 | VIRTIO_NET_RSS_HASH_TYPE_UDPv6;

int vv_steer_create(struct vv_hca *hca, struct vv_steer **steer)
{
	struct vv_steer *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->hca = hca;
	s->filters = vv_steer_can_filter(vv_hca_caps(hca));
	s->shares = vv_steer_can_share(vv_hca_caps(hca));
	err = vv_td_create(hca, &s->td);
	if (!err)
		err = vv_tis_create(hca, s->td.id, &s->tis);
	if (!err)
		err = vv_spread_create(s);
	if (!err && s->filters)
		err = vv_addresses_create(s);
	if (!err && s->filters)
		err = vv_root_create(s);
	if (err) {
		vv_steer_destroy(s);
		return err;
	}
	*steer = s;
	return 0;
}

void vv_steer_destroy(struct vv_steer *steer)
{
	if (!steer)
		return;
	vv_steer_clear(steer);
	vv_root_destroy(steer);
	vv_addresses_destroy(steer);
	vv_spread_destroy(steer);
	vv_obj_destroy(&steer->tis);
	vv_obj_destroy(&steer->td);
	free(steer);
}

uint32_t vv_steer_tisn(const struct vv_steer *steer)
{
	return steer->tis.id;
}

bool vv_steer_is_set(const struct vv_steer *steer)
{
	return steer->set;
}

void vv_steer_clear(struct vv_steer *steer)
{
	vv_root_clear(steer);
	vv_addresses_clear(steer);
	vv_spread_clear(steer);
	steer->set = false;
}

static bool vlans_fit(const struct vv_steer_plan *plan)
{
	unsigned int word, n = 0;

	for (word = 0; word < VV_VLANS / 64; word++)
		n += __builtin_popcountll(plan->vlans[word]);
	return n <= VV_STEER_VLANS_MAX;
}

static int plan_check(const struct vv_steer *s, const struct vv_steer_plan *plan)
{
	if (plan->table_len > VV_STEER_TABLE_MAX || plan->table_len & (plan->table_len - 1) ||
	    plan->hash_types & ~hash_types)
		return -EINVAL;
	if (!plan->all && plan->n_macs > VV_STEER_MACS_MAX)
		return -EINVAL;
	if (!plan->all && plan->vlan_filter && !vlans_fit(plan))
		return -EINVAL;
	if (plan->hash_types &&
	    (uint64_t)plan->table_len > 1ull << vv_hca_caps(s->hca)->log_max_rqt_size)
		return -E2BIG;
	return plan->all || s->filters ? 0 : -ENOTSUP;
}

/*
 * From whatever the parts hold to a plan. Behind the gate for all frames nothing is reached: what
 * an earlier plan, or one that was given up, has left there can go first, and makes room.
 */
static int bring(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	bool filter = s->filters && !plan->all;
	int err;

	if (filter && vv_root_is_open(s)) {
		vv_root_trim_vlans(s, plan);
		vv_addresses_trim(s, plan);
	}
	err = vv_spread_add(s, plan);
	if (!err && filter)
		err = vv_addresses_add(s, plan);
	if (!err && s->filters)
		err = vv_root_add(s, plan);
	if (err)
		return err;
	if (s->filters)
		vv_root_trim(s, plan);
	if (filter)
		vv_addresses_trim(s, plan);
	vv_spread_trim(s, plan);
	return 0;
}

int vv_steer_set(struct vv_steer *steer, const struct vv_steer_plan *plan)
{
	int err = plan_check(steer, plan);

	if (err)
		return err;
	if (!plan->table_len) {
		vv_steer_clear(steer);
		return 0;
	}
	err = bring(steer, plan);
	if (err) {
		if (!steer->set || bring(steer, &steer->plan))
			vv_steer_clear(steer);
		return err;
	}
	steer->plan = *plan;
	steer->set = true;
	return 0;
}
