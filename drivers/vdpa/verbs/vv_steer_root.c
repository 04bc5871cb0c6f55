/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a frame enters: rules of the root table. A rule for all frames is in front of the others
 * and leads to the class table. The others lead to the destination table: one for whatever comes,
 * or with a VLAN filter one for untagged frames and one for each VLAN. Only 802.1Q tags count
 * (virtio 1.3 §5.1.6.5.3); a priority tag is VLAN 0.
 */
#include <string.h>

#include "vv_steer_priv.h"

/* Tagged and untagged frames need no order among themselves. */
enum { PRIORITY_ALL, PRIORITY_TAG, PRIORITY_ANY };

int vv_root_create(struct vv_steer *s)
{
	static const struct vv_match nothing, tag = {.tagged = true},
					      vlan = {.tagged = true, .vid = 0xfff};
	struct vv_root *r = &s->root;
	int err = vv_matcher_create(s->hca, &nothing, PRIORITY_ALL, &r->first);

	if (!err)
		err = vv_matcher_create(s->hca, &tag, PRIORITY_TAG, &r->tag);
	if (!err)
		err = vv_matcher_create(s->hca, &vlan, PRIORITY_TAG, &r->vlan);
	if (!err)
		err = vv_matcher_create(s->hca, &nothing, PRIORITY_ANY, &r->last);
	return err;
}

void vv_root_destroy(struct vv_steer *s)
{
	struct vv_root *r = &s->root;

	vv_matcher_destroy(&r->first);
	vv_matcher_destroy(&r->tag);
	vv_matcher_destroy(&r->vlan);
	vv_matcher_destroy(&r->last);
}

static int rule_add(struct vv_steer *s, const struct vv_matcher *matcher, struct vv_match value,
		    struct vv_obj *table, struct vv_rule *rule)
{
	struct vv_dest dest = {.kind = VV_DEST_TABLE, .obj = table};

	return rule->flow ? 0 : vv_rule_create(s->hca, matcher, &value, &dest, rule);
}

static int vlans_add(struct vv_steer *s, const uint64_t *vlans)
{
	struct vv_root *r = &s->root;
	unsigned int word;

	for (word = 0; word < VV_VLANS / 64; word++) {
		uint64_t missing = vlans[word] & ~r->has[word];

		for (; missing; missing &= missing - 1) {
			unsigned int bit = __builtin_ctzll(missing), vid = 64 * word + bit;
			struct vv_match value = {.tagged = true, .vid = vid};
			int err = rule_add(s, &r->vlan, value, &s->addresses.ft, &r->vlans[vid]);

			if (err)
				return err;
			r->has[word] |= VV_BIT(bit);
		}
	}
	return 0;
}

static void vlans_trim(struct vv_root *r, const uint64_t *vlans)
{
	unsigned int word;

	for (word = 0; word < VV_VLANS / 64; word++) {
		uint64_t gone = r->has[word] & (vlans ? ~vlans[word] : ~0ull);

		r->has[word] &= ~gone;
		for (; gone; gone &= gone - 1)
			vv_rule_destroy(&r->vlans[64 * word + __builtin_ctzll(gone)]);
	}
}

int vv_root_add(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	static const struct vv_match nothing;
	struct vv_root *r = &s->root;
	int err;

	if (plan->all)
		return rule_add(s, &r->first, nothing, &s->spread.ft, &r->all);
	if (!plan->vlan_filter)
		return rule_add(s, &r->last, nothing, &s->addresses.ft, &r->any);
	err = rule_add(s, &r->tag, nothing, &s->addresses.ft, &r->untagged);
	return err ? err : vlans_add(s, plan->vlans);
}

void vv_root_trim(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_root *r = &s->root;

	if (plan->all)
		return;
	if (plan->vlan_filter)
		vv_rule_destroy(&r->any);
	else
		vv_rule_destroy(&r->untagged);
	vlans_trim(r, plan->vlan_filter ? plan->vlans : NULL);
	vv_rule_destroy(&r->all);
}

void vv_root_clear(struct vv_steer *s)
{
	struct vv_root *r = &s->root;

	vv_rule_destroy(&r->all);
	vv_rule_destroy(&r->any);
	vv_rule_destroy(&r->untagged);
	vlans_trim(r, NULL);
}
