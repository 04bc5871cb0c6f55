/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flow counters: frames and bytes of the rules they are hung on, one or a bulk of them an object.
 *
 * A rule names the object and a place in its bulk. The datapath adds; a query may take the figures
 * away at the same time (clear). Many are read at once by having them written to memory.
 *
 * Threads: under the firmware lock; the figures themselves are atomic.
 */
#ifndef SOFTHCA_FW_FLOW_COUNTER_H
#define SOFTHCA_FW_FLOW_COUNTER_H

#include "../vq/dp.h"
#include "cmd.h"
#include "obj.h"

/* Sizes of bulks: bit n offers 128 << n counters. */
enum { FLOW_COUNTER_BULKS = 0x1f };

struct flow_counter {
	struct hca_obj obj;
	unsigned int n;
	struct dp_counter *counters; /* owned, n; rules in the datapath borrow them */
};

int flow_counter_alloc(struct cmd *cmd, struct hca_obj **obj);
int flow_counter_query(struct cmd *cmd, struct hca_obj *obj);
void flow_counter_fini(struct hca_obj *obj);

#endif
