/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering in the root receive table: matchers and rules. flow_table.h has the tables behind it.
 *
 * Rules of all contexts of a function apply together: lower priority number first, then the older.
 * Those of equal priority, mask and value are one entry with several destinations: a frame goes to
 * each of them, and to each once.
 *
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_FLOW_H
#define SOFTHCA_FW_FLOW_H

#include <sys/queue.h>

#include "../vq/dp.h"
#include "obj.h"

enum flow_l4 { FLOW_L4_ANY, FLOW_L4_TCP, FLOW_L4_UDP };

/* What a matcher or a group looks at. */
struct flow_match {
	struct flow_key mask;
	enum flow_l4 l4; /* whose ports the mask names */
};

struct matcher {
	struct hca_obj obj;
	uint16_t priority;
	struct flow_match match;
};

struct flow {
	struct hca_obj obj;
	struct matcher *matcher; /* borrowed, in obj.uses */
	struct rx_entry *entry;  /* owned; NULL: not made yet */
	LIST_ENTRY(flow) in_func; /* while there is an entry */
	/* Equal values: parts of one entry. */
	struct flow_key value;
	uint64_t order;
	bool drop;
	uint32_t tag;
	struct hca_obj *dest;       /* borrowed, in obj.uses; may be NULL */
	struct dp_counter *counter; /* borrowed; may be NULL */
	bool leads;                 /* entry has dest; no other part with the same does */
};

void flow_fini(struct hca_obj *obj);

/* fte_match_param into keys; flow_key.c. -EOPNOTSUPP: matches on what the datapath cannot. */
int flow_mask_parse(const void *mask, size_t len, uint8_t criteria, struct flow_match *match,
		    const char **why);
/* -EINVAL: cannot match anything. The result is masked. */
int flow_value_parse(const void *value, size_t len, const struct flow_match *match,
		     struct flow_key *key, const char **why);

#endif
