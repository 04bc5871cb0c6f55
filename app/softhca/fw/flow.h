/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering: matchers and rules of the root receive table, and what the datapath makes of them.
 *
 * Rules of all contexts of a function apply together: lower priority number first, then the older.
 *
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_FLOW_H
#define SOFTHCA_FW_FLOW_H

#include "../vq/dp.h"
#include "obj.h"
#include "tir.h"

struct hca_function;

enum flow_l4 { FLOW_L4_ANY, FLOW_L4_TCP, FLOW_L4_UDP };

struct matcher {
	struct hca_obj obj;
	uint16_t priority;
	struct flow_key mask;
	enum flow_l4 l4; /* whose ports the mask names */
};

struct flow {
	struct hca_obj obj;
	struct matcher *matcher;    /* borrowed, in obj.uses */
	struct tir *tir;            /* borrowed, in obj.uses; NULL: nobody receives */
	struct dp_counter *counter; /* of an object in obj.uses; NULL: not counted */
	struct flow_key value;
	uint64_t seq; /* age */
	bool linked;  /* in the function's list */
};

void flow_fini(struct hca_obj *obj);

/*
 * Give the datapath the rules of a function as they are now. -ENOMEM: it keeps the old ones.
 * _locked: with dp_lock held already.
 */
int rx_update(struct hca_function *func);
int rx_update_locked(struct hca_function *func);

/* fte_match_param into keys; flow_key.c. -EOPNOTSUPP: matches on what the datapath cannot. */
int flow_mask_parse(const void *mask, size_t len, uint8_t criteria, struct flow_key *key,
		    enum flow_l4 *l4, const char **why);
/* -EINVAL: cannot match anything. The result is masked. */
int flow_value_parse(const void *value, size_t len, const struct matcher *matcher,
		     struct flow_key *key, const char **why);

#endif
