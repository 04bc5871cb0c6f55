/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a frame enters. A gate lets frames in: one for all of them, in front of the others, leads
 * to the class table. The others lead to the destination table: one for whatever comes, or with a
 * VLAN filter one for untagged frames and one for each VLAN. Only 802.1Q tags count (virtio 1.3
 * §5.1.6.5.3); a priority tag is VLAN 0.
 *
 * Gates are entries of the filter table. The root table belongs to all devices of the function (and
 * to others); there, one rule leads to the filter table. It matches everything and has the same
 * priority in every device, which makes it one entry with several destinations, to all of which a
 * frame goes. Any other rule would be in front of another device's, or behind it.
 *
 * Without a filter table the gates are root rules.
 */
#include <assert.h>

#include "vv_steer_priv.h"

enum {
	INDEX_ALL,
	INDEX_UNTAGGED,
	INDEX_VLANS,
	INDEX_ANY = INDEX_VLANS + VV_VLAN_SLOTS,
	INDICES,
	LOG_TABLE = 10,
	LEVELS_MIN = 4, /* the root table's, and ours */
	SHARERS_MAX = 1 << 16,
};
_Static_assert(INDICES <= 1 << LOG_TABLE, "filter table");

/* As entries they have a range of indices, as rules a priority. */
static const struct {
	struct vv_match mask;
	uint16_t first, last;
	uint8_t priority;
} kinds[VV_GATE_KINDS] = {
    [VV_GATE_ALL] = {.first = INDEX_ALL, .last = INDEX_ALL, .priority = 0},
    [VV_GATE_UNTAGGED] = {{.tagged = true}, INDEX_UNTAGGED, INDEX_UNTAGGED, 1},
    [VV_GATE_VLAN] = {{.tagged = true, .vid = 0xfff}, INDEX_VLANS, INDEX_ANY - 1, 1},
    [VV_GATE_ANY] = {.first = INDEX_ANY, .last = INDEX_ANY, .priority = 2},
};

bool vv_steer_can_share(const struct vv_hca_caps *caps)
{
	return vv_steer_can_filter(caps) && caps->max_ft_level >= LEVELS_MIN &&
	       caps->log_max_ft_size >= LOG_TABLE && caps->log_max_ft_dests > 0;
}

unsigned int vv_steer_share_max(const struct vv_hca_caps *caps)
{
	if (!vv_steer_can_share(caps))
		return 1;
	return caps->log_max_ft_dests < 16 ? 1u << caps->log_max_ft_dests : SHARERS_MAX;
}

/* ---- there from probe to remove ---- */

static int table_create(struct vv_steer *s)
{
	struct vv_root *r = &s->root;
	/* Before the destination table, so that entries may lead there. */
	unsigned int level = vv_hca_caps(s->hca)->max_ft_level - 3, i;
	int err = vv_ft_create(s->hca, level, LOG_TABLE, &r->ft);

	for (i = 0; i < VV_GATE_KINDS && !err; i++)
		err = vv_fg_create(s->hca, &r->ft, &kinds[i].mask, kinds[i].first, kinds[i].last,
				   &r->groups[i]);
	return err;
}

int vv_root_create(struct vv_steer *s)
{
	unsigned int n = s->shares ? 1 : VV_GATE_KINDS, i;
	int err = s->shares ? table_create(s) : 0;

	for (i = 0; i < n && !err; i++)
		err = vv_matcher_create(s->hca, &kinds[i].mask, kinds[i].priority,
					&s->root.matchers[i]);
	return err;
}

void vv_root_destroy(struct vv_steer *s)
{
	struct vv_root *r = &s->root;
	unsigned int i;

	for (i = 0; i < VV_GATE_KINDS; i++) {
		vv_matcher_destroy(&r->matchers[i]);
		vv_obj_destroy(&r->groups[i]);
	}
	vv_obj_destroy(&r->ft);
}

/* ---- gates ---- */

static bool gate_is_there(const struct vv_gate *gate)
{
	return gate->entry.obj || gate->rule.flow;
}

static int gate_add(struct vv_steer *s, enum vv_gate_kind kind, unsigned int nth,
		    struct vv_match value, struct vv_gate *gate)
{
	struct vv_root *r = &s->root;
	struct vv_dest dest = {
	    .kind = VV_DEST_TABLE,
	    .obj = kind == VV_GATE_ALL ? &s->spread.ft : &s->addresses.ft,
	};

	if (gate_is_there(gate))
		return 0;
	if (!s->shares)
		return vv_rule_create(s->hca, &r->matchers[kind], &value, &dest, &gate->rule);
	return vv_fte_create(s->hca, &r->ft, &r->groups[kind], kinds[kind].first + nth, &value,
			     &dest, &gate->entry);
}

static void gate_remove(struct vv_gate *gate)
{
	vv_obj_destroy(&gate->entry);
	vv_rule_destroy(&gate->rule);
}

bool vv_root_is_open(const struct vv_steer *s)
{
	return gate_is_there(&s->root.all);
}

/* ---- VLANs ---- */

/* The first free slot from here on. There is one: see vv_steer.c, bring. */
static unsigned int slot_find(const struct vv_root *r, unsigned int from)
{
	while (from < VV_VLAN_SLOTS && gate_is_there(&r->vlans[from].gate))
		from++;
	assert(from < VV_VLAN_SLOTS);
	return from;
}

static int vlans_add(struct vv_steer *s, const uint64_t *vlans)
{
	struct vv_root *r = &s->root;
	unsigned int word, slot = 0;

	for (word = 0; word < VV_VLANS / 64; word++) {
		uint64_t missing = vlans[word] & ~r->has[word];

		for (; missing; missing &= missing - 1) {
			unsigned int bit = __builtin_ctzll(missing), vid = 64 * word + bit;
			struct vv_match value = {.tagged = true, .vid = vid};
			int err;

			slot = slot_find(r, slot);
			err = gate_add(s, VV_GATE_VLAN, slot, value, &r->vlans[slot].gate);
			if (err)
				return err;
			r->vlans[slot].vid = vid;
			r->has[word] |= VV_BIT(bit);
			if (slot >= r->top)
				r->top = slot + 1;
		}
	}
	return 0;
}

/* NULL: all of them. */
static void vlans_trim(struct vv_root *r, const uint64_t *vlans)
{
	unsigned int i;

	for (i = 0; i < r->top; i++) {
		struct vv_vlan_gate *v = &r->vlans[i];

		if (!gate_is_there(&v->gate) || (vlans && vlans[v->vid / 64] >> v->vid % 64 & 1))
			continue;
		gate_remove(&v->gate);
		r->has[v->vid / 64] &= ~VV_BIT(v->vid % 64);
	}
	while (r->top && !gate_is_there(&r->vlans[r->top - 1].gate))
		r->top--;
}

void vv_root_trim_vlans(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	vlans_trim(&s->root, plan->vlan_filter ? plan->vlans : NULL);
}

/* ---- plans ---- */

static int gates_add(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	static const struct vv_match nothing;
	struct vv_root *r = &s->root;
	int err;

	if (plan->all)
		return gate_add(s, VV_GATE_ALL, 0, nothing, &r->all);
	if (!plan->vlan_filter)
		return gate_add(s, VV_GATE_ANY, 0, nothing, &r->any);
	err = gate_add(s, VV_GATE_UNTAGGED, 0, nothing, &r->untagged);
	return err ? err : vlans_add(s, plan->vlans);
}

int vv_root_add(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	static const struct vv_match nothing;
	struct vv_root *r = &s->root;
	struct vv_dest dest = {.kind = VV_DEST_TABLE, .obj = &r->ft};
	int err = gates_add(s, plan);

	if (err || !s->shares || r->entrance.flow)
		return err;
	return vv_rule_create(s->hca, &r->matchers[VV_GATE_ALL], &nothing, &dest, &r->entrance);
}

void vv_root_trim(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_root *r = &s->root;

	if (plan->all)
		return;
	if (plan->vlan_filter)
		gate_remove(&r->any);
	else
		gate_remove(&r->untagged);
	vv_root_trim_vlans(s, plan);
	gate_remove(&r->all);
}

void vv_root_clear(struct vv_steer *s)
{
	struct vv_root *r = &s->root;

	vv_rule_destroy(&r->entrance);
	gate_remove(&r->all);
	gate_remove(&r->any);
	gate_remove(&r->untagged);
	vlans_trim(r, NULL);
}
