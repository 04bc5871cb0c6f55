/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whom a frame is for. The destination table begins with exact addresses, the broadcast address in
 * front; behind them are one entry for all unicast addresses and one for all groups. Broadcast is a
 * group as well: where groups are wanted and it is not, the entry in front drops it.
 */
#include <assert.h>
#include <string.h>

#include "vv_steer_priv.h"

enum {
	INDEX_BROADCAST,
	INDEX_SLOTS,
	INDEX_UNICAST = INDEX_SLOTS + VV_ADDRESS_SLOTS,
	INDEX_GROUPS,
	INDICES,
	LOG_TABLE = 9,
};
_Static_assert(INDICES <= 1 << LOG_TABLE, "destination table");

static const struct vv_match exact_mask = {
    .dmac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
};
static const struct vv_match kind_mask = {.dmac = {1}};
static const struct vv_match broadcast_value = {
    .dmac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
};
static const struct vv_match unicast_value = {.dmac = {0}};
static const struct vv_match groups_value = {.dmac = {1}};

bool vv_steer_can_filter(const struct vv_hca_caps *caps)
{
	return caps->log_max_ft_size >= LOG_TABLE;
}

int vv_addresses_create(struct vv_steer *s)
{
	struct vv_addresses *a = &s->addresses;
	/* Before the class table, so that entries may lead there. */
	unsigned int level = vv_hca_caps(s->hca)->max_ft_level - 2;
	int err = vv_ft_create(s->hca, level, LOG_TABLE, &a->ft);

	if (!err)
		err = vv_fg_create(s->hca, &a->ft, &exact_mask, INDEX_BROADCAST, INDEX_UNICAST - 1,
				   &a->exact);
	if (!err)
		err = vv_fg_create(s->hca, &a->ft, &kind_mask, INDEX_UNICAST, INDEX_GROUPS,
				   &a->by_kind);
	return err;
}

void vv_addresses_destroy(struct vv_steer *s)
{
	struct vv_addresses *a = &s->addresses;

	vv_obj_destroy(&a->by_kind);
	vv_obj_destroy(&a->exact);
	vv_obj_destroy(&a->ft);
}

static int entry_create(struct vv_steer *s, const struct vv_obj *group, uint32_t index,
			const struct vv_match *value, enum vv_dest_kind kind, struct vv_obj *entry)
{
	struct vv_dest dest = {.kind = kind};

	if (kind == VV_DEST_TABLE)
		dest.obj = &s->spread.ft;
	return vv_fte_create(s->hca, &s->addresses.ft, group, index, value, &dest, entry);
}

/* ---- broadcast and kinds ---- */

static enum vv_broadcast broadcast_wanted(const struct vv_steer_plan *plan)
{
	if (plan->broadcast == plan->all_groups)
		return VV_BROADCAST_AS_GROUP;
	return plan->broadcast ? VV_BROADCAST_TAKE : VV_BROADCAST_DROP;
}

static void broadcast_clear(struct vv_addresses *a)
{
	vv_obj_destroy(&a->broadcast);
	a->broadcast_is = VV_BROADCAST_AS_GROUP;
}

/* One of the two plans does without broadcast, if an entry is replaced. */
static int broadcast_add(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_addresses *a = &s->addresses;
	enum vv_broadcast wanted = broadcast_wanted(plan);
	int err;

	if (wanted == VV_BROADCAST_AS_GROUP || wanted == a->broadcast_is)
		return 0;
	broadcast_clear(a);
	err =
	    entry_create(s, &a->exact, INDEX_BROADCAST, &broadcast_value,
			 wanted == VV_BROADCAST_TAKE ? VV_DEST_TABLE : VV_DEST_DROP, &a->broadcast);
	if (!err)
		a->broadcast_is = wanted;
	return err;
}

static int kinds_add(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_addresses *a = &s->addresses;
	int err = 0;

	if (plan->all_unicast && !a->unicast.obj)
		err = entry_create(s, &a->by_kind, INDEX_UNICAST, &unicast_value, VV_DEST_TABLE,
				   &a->unicast);
	if (!err && plan->all_groups && !a->groups.obj)
		err = entry_create(s, &a->by_kind, INDEX_GROUPS, &groups_value, VV_DEST_TABLE,
				   &a->groups);
	return err;
}

/* ---- exact addresses ---- */

/*
 * The slot of an address, or a free one, or NULL. from: where to look first; as a rule addresses
 * are found one behind the other.
 */
static struct vv_address *slot_find(struct vv_addresses *a, const uint8_t mac[6], unsigned int from)
{
	struct vv_address *free = NULL;
	unsigned int n, i;

	for (n = 0, i = from; n < a->top; n++, i++) {
		struct vv_address *slot;

		if (i >= a->top)
			i = 0;
		slot = &a->slots[i];
		if (!slot->entry.obj)
			free = free ? free : slot;
		else if (!memcmp(slot->mac, mac, sizeof(slot->mac)))
			return slot;
	}
	if (free || a->top == VV_ADDRESS_SLOTS)
		return free;
	return &a->slots[a->top];
}

/* next: where the slot of the next address may be. */
static int mac_add(struct vv_steer *s, const uint8_t mac[6], unsigned int *next)
{
	struct vv_addresses *a = &s->addresses;
	struct vv_address *slot = slot_find(a, mac, *next);
	struct vv_match value;
	unsigned int i;
	int err;

	/* At most those of two plans are there at once (vv_steer.c: bring). */
	assert(slot);
	i = slot - a->slots;
	*next = i + 1;
	if (slot->entry.obj)
		return 0;
	memset(&value, 0, sizeof(value));
	memcpy(value.dmac, mac, sizeof(value.dmac));
	err = entry_create(s, &a->exact, INDEX_SLOTS + i, &value, VV_DEST_TABLE, &slot->entry);
	if (err)
		return err;
	memcpy(slot->mac, mac, sizeof(slot->mac));
	if (i == a->top)
		a->top++;
	return 0;
}

/* next: where in the plan the next slot's address may be. */
static bool mac_is_wanted(const uint8_t mac[6], const struct vv_steer_plan *plan,
			  unsigned int *next)
{
	unsigned int n, i;

	for (n = 0, i = *next; n < plan->n_macs; n++, i++) {
		if (i >= plan->n_macs)
			i = 0;
		if (!memcmp(plan->macs[i], mac, sizeof(plan->macs[i]))) {
			*next = i + 1;
			return true;
		}
	}
	return false;
}

/* ---- plans ---- */

int vv_addresses_add(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	unsigned int i, next = 0;
	int err = broadcast_add(s, plan); /* first, lest the groups let it in */

	if (!err)
		err = kinds_add(s, plan);
	for (i = 0; i < plan->n_macs && !err; i++)
		err = mac_add(s, plan->macs[i], &next);
	return err;
}

void vv_addresses_trim(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_addresses *a = &s->addresses;
	unsigned int i, next = 0;

	for (i = 0; i < a->top; i++)
		if (a->slots[i].entry.obj && !mac_is_wanted(a->slots[i].mac, plan, &next))
			vv_obj_destroy(&a->slots[i].entry);
	while (a->top && !a->slots[a->top - 1].entry.obj)
		a->top--;
	if (!plan->all_unicast)
		vv_obj_destroy(&a->unicast);
	if (!plan->all_groups)
		vv_obj_destroy(&a->groups);
	if (broadcast_wanted(plan) == VV_BROADCAST_AS_GROUP)
		broadcast_clear(a); /* last, see above */
}

void vv_addresses_clear(struct vv_steer *s)
{
	static const struct vv_steer_plan nobody;

	vv_addresses_trim(s, &nobody);
}
