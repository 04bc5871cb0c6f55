/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything a context owns: an object with a number, an owner and the objects it uses.
 *
 * A type's struct begins with a struct hca_obj. Life: obj_new() (has a number, is nowhere else),
 * filled in by its maker with obj_use(), then obj_publish() (found by number, in its context's
 * list) or obj_discard(). obj_destroy() refuses while others use the object.
 *
 * Threads: all under the firmware lock. Subscriptions (subs) are also read by NIC threads: they
 * change under dp_lock only.
 */
#ifndef SOFTHCA_FW_OBJ_H
#define SOFTHCA_FW_OBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "hca.h"
#include "hca_stat.h"

struct event_sub;

enum obj_type {
	OBJ_PD,
	OBJ_MKEY, /* memory regions, too: keys have one number space */
	OBJ_UMEM,
	OBJ_UAR,
	OBJ_VAR,
	OBJ_CQ,
	OBJ_QP,
	OBJ_RDMA_QP, /* carries data */
	OBJ_RDMA_SRQ,
	OBJ_TD,
	OBJ_TIS,
	OBJ_TIR,
	OBJ_RQT,
	OBJ_VIRTIO_NET_Q,
	OBJ_VIRTIO_Q_COUNTERS,
	OBJ_FLOW_COUNTER,
	OBJ_FLOW_TABLE,
	OBJ_FLOW_GROUP,
	OBJ_FLOW_ENTRY,
	OBJ_MATCHER,
	OBJ_FLOW,
	OBJ_CHAN,
	OBJ_N,
};

struct hca_obj {
	enum obj_type type;
	enum hca_stat_obj stat; /* which live figure counts it */
	uint32_t id;
	struct hca_ctx *ctx; /* owner */
	const char *made_by; /* name of the command; static */
	uint64_t made_at;    /* number of that command */
	struct origin *origin; /* owned: who sent it; NULL: not taken (leaks.h) */
	char *origin_text;     /* owned; NULL until it is needed */
	unsigned int refs;   /* objects that use this one */
	struct hca_obj *
	    *uses; /* owned array of borrowed objects; each counts one reference there */
	unsigned int n_uses;
	bool published;
	SLIST_HEAD(, event_sub) subs;
	TAILQ_ENTRY(hca_obj) in_ctx;
};

TAILQ_HEAD(obj_list, hca_obj);

/* Number space of one type in one NIC. */
struct obj_table {
	struct hca_obj **slot; /* index: number - first */
	uint32_t cap, next;
};

/* The end of an object: release what is not in uses. Called with the firmware lock. */
typedef void (*obj_fini)(struct hca_obj *obj);

const char *obj_type_name(enum obj_type type);

/* size: of the type's struct. -ENOMEM, -ENOSPC (no number free). */
int obj_new(struct hca_ctx *ctx, enum obj_type type, size_t size, struct hca_obj **obj);
int obj_use(struct hca_obj *obj, struct hca_obj *target);
void obj_unuse(struct hca_obj *obj, struct hca_obj *target);
void obj_unuse_all(struct hca_obj *obj);
/* obj uses what from used and nothing else; from uses nothing any more. */
void obj_take_uses(struct hca_obj *obj, struct hca_obj *from);
void obj_publish(struct hca_obj *obj, const char *made_by);
void obj_discard(struct hca_obj *obj); /* NULL is fine */

/* The object of that number if the context owns it, else NULL. */
struct hca_obj *obj_find(const struct hca_ctx *ctx, enum obj_type type, uint32_t id);

/* -EBUSY while used. */
int obj_destroy(struct hca_obj *obj);
/* All of a context, newest first, users before used. Returns how many there were. */
unsigned int obj_destroy_all(struct hca_ctx *ctx);

void obj_tables_free(struct hca *hca);

#endif
