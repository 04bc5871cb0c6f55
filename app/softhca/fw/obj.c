/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "cq.h"
#include "event.h"
#include "flow.h"
#include "flow_counter.h"
#include "flow_table.h"
#include "hca_priv.h"
#include "mem.h"
#include "qp.h"
#include "rdma.h"
#include "tir.h"
#include "trace.h"
#include "uar.h"
#include "virtq.h"

struct obj_class {
	const char *name;
	enum hca_stat_obj stat;
	uint32_t first, limit; /* numbers first .. first + limit - 1 */
	obj_fini fini;         /* NULL: nothing beyond uses and memory */
};

/* Zero is no number anywhere: drivers take it for "none". */
static const struct obj_class classes[OBJ_N] = {
    [OBJ_PD] = {"pd",                HCA_STAT_PD,                0x1,   1u << 16, NULL      },
    [OBJ_MKEY] = {"mkey",              HCA_STAT_MKEY,              0x10,  1u << 16, mkey_fini },
    [OBJ_UMEM] = {"umem",              HCA_STAT_UMEM,              0x1,   1u << 16, umem_fini },
    [OBJ_UAR] = {"uar",               HCA_STAT_UAR,               0x8,   1u << 12, NULL      },
    [OBJ_VAR] = {"var",               HCA_STAT_VAR,               0x1,   1u << 12, var_fini  },
    [OBJ_CQ] = {"cq",                HCA_STAT_CQ,                0x400, 1u << 16, cq_fini   },
    [OBJ_QP] = {"qp",                HCA_STAT_QP,                0x40,  1u << 16, qp_fini   },
    [OBJ_RDMA_QP] = {"rdma_qp",           HCA_STAT_QP,                0x20000, 1u << 16, rdma_fini },
    [OBJ_RDMA_SRQ] = {"rdma_srq",          HCA_STAT_OTHER,             0x1,   1u << 16, NULL      },
    [OBJ_TD] = {"td",                HCA_STAT_TD,                0x1,   1u << 12, NULL      },
    [OBJ_TIS] = {"tis",               HCA_STAT_TIS,               0x1,   1u << 12, NULL      },
    [OBJ_TIR] = {"tir",               HCA_STAT_TIR,               0x1,   1u << 16, tir_fini  },
    [OBJ_RQT] = {"rqt",               HCA_STAT_RQT,               0x1,   1u << 12, rqt_fini  },
    [OBJ_VIRTIO_NET_Q] = {"virtio_net_q",      HCA_STAT_VIRTIO_NET_Q,      0x1,   1u << 16, virtq_fini},
    [OBJ_VIRTIO_Q_COUNTERS] = {"virtio_q_counters", HCA_STAT_VIRTIO_Q_COUNTERS, 0x1,   1u << 16,
                NULL									},
    [OBJ_FLOW_COUNTER] = {"flow_counter", HCA_STAT_OTHER, 0x1, 1u << 16, flow_counter_fini},
    [OBJ_FLOW_TABLE] = {"flow_table",        HCA_STAT_FLOW_TABLE,        0x1,   1u << 12, flow_table_fini},
    [OBJ_FLOW_GROUP] = {"flow_group",        HCA_STAT_FLOW_GROUP,        0x1,   1u << 14, flow_group_fini},
    [OBJ_FLOW_ENTRY] = {"flow_entry",        HCA_STAT_FLOW_ENTRY,        0x1,   1u << 20, flow_entry_fini},
    [OBJ_MATCHER] = {"matcher",           HCA_STAT_MATCHER,           0x1,   1u << 16, NULL      },
    [OBJ_FLOW] = {"flow",              HCA_STAT_FLOW,              0x1,   1u << 16, flow_fini },
    [OBJ_CHAN] = {"event_channel",     HCA_STAT_CHAN,              0x1,   1u << 12, chan_fini },
};

const char *obj_type_name(enum obj_type type)
{
	return classes[type].name;
}

static int table_grow(struct obj_table *t, uint32_t limit)
{
	uint32_t cap = t->cap ? t->cap * 2 : 64;
	struct hca_obj **slot;

	if (cap > limit)
		cap = limit;
	slot = realloc(t->slot, cap * sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	memset(slot + t->cap, 0, (cap - t->cap) * sizeof(*slot));
	t->slot = slot;
	t->cap = cap;
	return 0;
}

/* Numbers go round before they are used again, so that a stale one is noticed. */
static int table_take(struct obj_table *t, const struct obj_class *class, struct hca_obj *obj)
{
	uint32_t i;

	if (t->next == t->cap && t->cap < class->limit && table_grow(t, class->limit))
		return -ENOMEM;
	for (i = 0; i < t->cap; i++) {
		uint32_t at = (t->next + i) % t->cap;

		if (!t->slot[at]) {
			t->slot[at] = obj;
			t->next = at + 1;
			obj->id = class->first + at;
			return 0;
		}
	}
	return -ENOSPC;
}

int obj_new(struct hca_ctx *ctx, enum obj_type type, size_t size, struct hca_obj **obj)
{
	struct hca_obj *o = calloc(1, size);
	int err;

	if (!o)
		return -ENOMEM;
	o->type = type;
	o->stat = classes[type].stat;
	o->ctx = ctx;
	SLIST_INIT(&o->subs);
	err = table_take(&ctx->hca->tables[type], &classes[type], o);
	if (err) {
		free(o);
		return err;
	}
	*obj = o;
	return 0;
}

int obj_use(struct hca_obj *obj, struct hca_obj *target)
{
	struct hca_obj **uses = realloc(obj->uses, (obj->n_uses + 1) * sizeof(*uses));

	if (!uses)
		return -ENOMEM;
	uses[obj->n_uses++] = target;
	obj->uses = uses;
	target->refs++;
	return 0;
}

void obj_unuse(struct hca_obj *obj, struct hca_obj *target)
{
	unsigned int i;

	for (i = 0; i < obj->n_uses; i++) {
		if (obj->uses[i] == target) {
			target->refs--;
			obj->uses[i] = obj->uses[--obj->n_uses];
			return;
		}
	}
	assert(!"not used");
}

void obj_unuse_all(struct hca_obj *obj)
{
	while (obj->n_uses)
		obj->uses[--obj->n_uses]->refs--;
	free(obj->uses);
	obj->uses = NULL;
}

void obj_take_uses(struct hca_obj *obj, struct hca_obj *from)
{
	obj_unuse_all(obj);
	obj->uses = from->uses;
	obj->n_uses = from->n_uses;
	from->uses = NULL;
	from->n_uses = 0;
}

void obj_publish(struct hca_obj *obj, const char *made_by)
{
	struct hca *hca = obj->ctx->hca;

	obj->made_by = made_by;
	obj->made_at = hca->commands;
	if (hca->call && hca->call->origin.n) {
		obj->origin = malloc(sizeof(*obj->origin));
		if (obj->origin)
			*obj->origin = hca->call->origin;
	}
	obj->published = true;
	TAILQ_INSERT_HEAD(&obj->ctx->objs, obj, in_ctx);
	STAT_ADD(hca, objects[obj->stat], 1);
	STAT_ADD(hca, objects_made[obj->stat], 1);
}

void obj_discard(struct hca_obj *obj)
{
	const struct obj_class *class;
	struct obj_table *t;

	if (!obj)
		return;
	class = &classes[obj->type];
	if (obj->published) {
		TAILQ_REMOVE(&obj->ctx->objs, obj, in_ctx);
		STAT_ADD(obj->ctx->hca, objects[obj->stat], -1);
	}
	event_forget_obj(obj);
	if (class->fini)
		class->fini(obj);
	obj_unuse_all(obj);
	t = &obj->ctx->hca->tables[obj->type];
	t->slot[obj->id - class->first] = NULL;
	free(obj->origin_text);
	free(obj->origin);
	free(obj);
}

struct hca_obj *obj_find(const struct hca_ctx *ctx, enum obj_type type, uint32_t id)
{
	const struct obj_table *t = &ctx->hca->tables[type];
	uint32_t at = id - classes[type].first;
	struct hca_obj *obj;

	if (id < classes[type].first || at >= t->cap)
		return NULL;
	obj = t->slot[at];
	return obj && obj->published && obj->ctx == ctx ? obj : NULL;
}

int obj_destroy(struct hca_obj *obj)
{
	if (obj->refs)
		return -EBUSY;
	obj_discard(obj);
	return 0;
}

unsigned int obj_destroy_all(struct hca_ctx *ctx)
{
	struct hca_obj *obj, *next;
	unsigned int n = 0;

	/* A modified object may use a newer one: go round until nothing is left. */
	while (!TAILQ_EMPTY(&ctx->objs)) {
		unsigned int before = n;

		for (obj = TAILQ_FIRST(&ctx->objs); obj; obj = next) {
			next = TAILQ_NEXT(obj, in_ctx);
			if (obj->refs)
				continue;
			trace_leak(obj);
			obj_discard(obj);
			n++;
		}
		assert(n > before); /* uses have no cycles */
	}
	return n;
}

void obj_tables_free(struct hca *hca)
{
	unsigned int i;

	for (i = 0; i < OBJ_N; i++)
		free(hca->tables[i].slot);
}
