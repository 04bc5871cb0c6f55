/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a frame that shall be received to a queue: by class to a TIR, by its hash to an entry of the
 * receive table. A class that is not hashed has no entry of its own, so that its frames fall
 * through to the next one that fits (virtio 1.3 §5.1.6.4.3.1).
 */
#include <netinet/in.h>
#include <string.h>

#include "vv_steer_priv.h"

/* Priorities of root rules, where there is no class table. */
enum { PRIORITY_FIRST = 5 };

enum { LOG_CLASS_TABLE = 3 };

static const struct {
	uint32_t type; /* that asks for it; 0: always there */
	uint8_t ip, l4;
	uint8_t group;
} classes[VV_CLASSES] = {
    [VV_CLASS_TCP4] = {VIRTIO_NET_RSS_HASH_TYPE_TCPv4, 4, IPPROTO_TCP, VV_CLASS_BY_L4},
    [VV_CLASS_UDP4] = {VIRTIO_NET_RSS_HASH_TYPE_UDPv4, 4, IPPROTO_UDP, VV_CLASS_BY_L4},
    [VV_CLASS_TCP6] = {VIRTIO_NET_RSS_HASH_TYPE_TCPv6, 6, IPPROTO_TCP, VV_CLASS_BY_L4},
    [VV_CLASS_UDP6] = {VIRTIO_NET_RSS_HASH_TYPE_UDPv6, 6, IPPROTO_UDP, VV_CLASS_BY_L4},
    [VV_CLASS_IP4] = {VIRTIO_NET_RSS_HASH_TYPE_IPv4, 4, 0, VV_CLASS_BY_IP},
    [VV_CLASS_IP6] = {VIRTIO_NET_RSS_HASH_TYPE_IPv6, 6, 0, VV_CLASS_BY_IP},
    [VV_CLASS_REST] = {0, 0, 0, VV_CLASS_BY_NOTHING},
};

/* A group and its range of the class table; the index of an entry is its class. */
static const struct {
	struct vv_match mask;
	uint8_t first, last;
} groups[VV_CLASS_GROUPS] = {
    [VV_CLASS_BY_L4] = {{.ip_version = 0xf, .ip_protocol = 0xff}, VV_CLASS_TCP4, VV_CLASS_UDP6},
    [VV_CLASS_BY_IP] = {{.ip_version = 0xf}, VV_CLASS_IP4, VV_CLASS_IP6},
    [VV_CLASS_BY_NOTHING] = {.first = VV_CLASS_REST, .last = VV_CLASS_REST},
};

/* ---- there from probe to remove ---- */

int vv_spread_create(struct vv_steer *s)
{
	struct vv_spread *sp = &s->spread;
	unsigned int level = vv_hca_caps(s->hca)->max_ft_level - 1, i;
	int err = s->filters ? vv_ft_create(s->hca, level, LOG_CLASS_TABLE, &sp->ft) : 0;

	for (i = 0; i < VV_CLASS_GROUPS && !err; i++) {
		if (s->filters)
			err = vv_fg_create(s->hca, &sp->ft, &groups[i].mask, groups[i].first,
					   groups[i].last, &sp->groups[i]);
		else
			err = vv_matcher_create(s->hca, &groups[i].mask, PRIORITY_FIRST + i,
						&sp->matchers[i]);
	}
	return err;
}

void vv_spread_destroy(struct vv_steer *s)
{
	struct vv_spread *sp = &s->spread;
	unsigned int i;

	for (i = 0; i < VV_CLASS_GROUPS; i++) {
		vv_obj_destroy(&sp->groups[i]);
		vv_matcher_destroy(&sp->matchers[i]);
	}
	vv_obj_destroy(&sp->ft);
}

/* ---- receive tables ---- */

/* Without a hash, a table of the one queue there is a use for. */
static unsigned int table_len(const struct vv_steer_plan *plan)
{
	return plan->hash_types ? plan->table_len : 1;
}

static const uint32_t *table(const struct vv_steer_plan *plan)
{
	return plan->hash_types ? plan->table : &plan->unclassified;
}

/* Frames without a hash take the first entry of a table. */
static bool rest_is_apart(const struct vv_steer_plan *plan)
{
	return table(plan)[0] != plan->unclassified;
}

static unsigned int table_max(const struct vv_steer *s)
{
	unsigned int log = vv_hca_caps(s->hca)->log_max_rqt_size;

	return log < 16 && 1u << log < VV_STEER_TABLE_MAX ? 1u << log : VV_STEER_TABLE_MAX;
}

static int table_bring(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_spread *sp = &s->spread;
	unsigned int n = table_len(plan);
	size_t size = n * sizeof(*plan->table);
	int err;

	if (!sp->table.obj)
		err = vv_rqt_create(s->hca, table(plan), n, table_max(s), &sp->table);
	else if (n == sp->table_len && !memcmp(table(plan), sp->queues, size))
		return 0;
	else
		err = vv_rqt_modify(s->hca, &sp->table, table(plan), n);
	if (err)
		return err;
	memcpy(sp->queues, table(plan), size);
	sp->table_len = n;
	return 0;
}

static int rest_bring(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_spread *sp = &s->spread;
	int err;

	if (!sp->rest.obj)
		err = vv_rqt_create(s->hca, &plan->unclassified, 1, 1, &sp->rest);
	else if (plan->unclassified == sp->rest_queue)
		return 0;
	else
		err = vv_rqt_modify(s->hca, &sp->rest, &plan->unclassified, 1);
	if (!err)
		sp->rest_queue = plan->unclassified;
	return err;
}

/* ---- classes ---- */

static bool is_wanted(unsigned int class, const struct vv_steer_plan *plan)
{
	return !classes[class].type || plan->hash_types & classes[class].type;
}

static int tir_create(struct vv_steer *s, unsigned int class, const struct vv_steer_plan *plan)
{
	struct vv_class *c = &s->spread.classes[class];
	const struct vv_obj *rqt = &s->spread.table;
	struct vv_hash hash = {.ip = classes[class].ip, .l4 = classes[class].l4};
	int err;

	if (class == VV_CLASS_REST && rest_is_apart(plan))
		rqt = &s->spread.rest;
	memcpy(hash.key, plan->key, sizeof(hash.key));
	err = vv_tir_create(s->hca, &hash, s->td.id, rqt->id, &c->tir);
	if (err)
		return err;
	memcpy(c->key, plan->key, sizeof(c->key));
	c->rqt = rqt->id;
	return 0;
}

static int tir_rehash(struct vv_steer *s, unsigned int class, const struct vv_steer_plan *plan)
{
	struct vv_class *c = &s->spread.classes[class];
	struct vv_hash hash = {.ip = classes[class].ip, .l4 = classes[class].l4};
	int err;

	if (class == VV_CLASS_REST || !memcmp(c->key, plan->key, sizeof(c->key)))
		return 0;
	memcpy(hash.key, plan->key, sizeof(hash.key));
	err = vv_tir_modify(s->hca, &c->tir, &hash, 0);
	if (!err)
		memcpy(c->key, plan->key, sizeof(c->key));
	return err;
}

static int rest_redirect(struct vv_steer *s, const struct vv_obj *rqt)
{
	struct vv_class *c = &s->spread.classes[VV_CLASS_REST];
	int err;

	if (!c->tir.obj || c->rqt == rqt->id)
		return 0;
	err = vv_tir_modify(s->hca, &c->tir, NULL, rqt->id);
	if (!err)
		c->rqt = rqt->id;
	return err;
}

static int entry_create(struct vv_steer *s, unsigned int class)
{
	struct vv_spread *sp = &s->spread;
	struct vv_class *c = &sp->classes[class];
	struct vv_match value = {
	    .ip_version = classes[class].ip,
	    .ip_protocol = classes[class].l4,
	};
	struct vv_dest dest = {.kind = VV_DEST_TIR, .obj = &c->tir};
	unsigned int group = classes[class].group;

	if (s->filters)
		return vv_fte_create(s->hca, &sp->ft, &sp->groups[group], class, &value, &dest,
				     &c->entry);
	return vv_rule_create(s->hca, &sp->matchers[group], &value, &dest, &c->rule);
}

static int class_add(struct vv_steer *s, unsigned int class, const struct vv_steer_plan *plan)
{
	struct vv_class *c = &s->spread.classes[class];
	int err;

	if (!c->tir.obj)
		err = tir_create(s, class, plan);
	else
		err = tir_rehash(s, class, plan);
	if (err || c->entry.obj || c->rule.flow)
		return err;
	return entry_create(s, class);
}

static void class_remove(struct vv_class *c)
{
	vv_obj_destroy(&c->entry);
	vv_rule_destroy(&c->rule);
	vv_obj_destroy(&c->tir);
}

/* ---- plans ---- */

int vv_spread_add(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	struct vv_spread *sp = &s->spread;
	bool apart = rest_is_apart(plan);
	unsigned int i;
	int err = 0;

	/* Frames without a hash go to no queue but the old plan's and the new one's. */
	if (apart) {
		err = rest_bring(s, plan);
		if (!err)
			err = rest_redirect(s, &sp->rest);
	}
	if (!err)
		err = table_bring(s, plan);
	if (!err && !apart)
		err = rest_redirect(s, &sp->table);
	for (i = 0; i < VV_CLASSES && !err; i++)
		if (is_wanted(i, plan))
			err = class_add(s, i, plan);
	return err;
}

void vv_spread_trim(struct vv_steer *s, const struct vv_steer_plan *plan)
{
	unsigned int i;

	for (i = 0; i < VV_CLASSES; i++)
		if (!is_wanted(i, plan))
			class_remove(&s->spread.classes[i]);
	if (!rest_is_apart(plan))
		vv_obj_destroy(&s->spread.rest);
}

void vv_spread_clear(struct vv_steer *s)
{
	unsigned int i;

	for (i = 0; i < VV_CLASSES; i++)
		class_remove(&s->spread.classes[i]);
	vv_obj_destroy(&s->spread.rest);
	vv_obj_destroy(&s->spread.table);
}
