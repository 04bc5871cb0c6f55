/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive steering of one port: its rules, flattened.
 *
 * Rules are sorted into classes by what nearly all of them look at - IP version and protocol - when
 * the table is made. A class lists, in order of precedence, the rules that can still match, up to
 * the first that matches without looking further; so a table of catch-all or RSS rules costs one
 * look. When every frame ends in one and the same queue, frames are not even parsed.
 *
 * Threads: a table does not change; it is replaced under dp_lock.
 */
#ifndef SOFTHCA_PORT_STEER_H
#define SOFTHCA_PORT_STEER_H

#include "../vq/dp.h"

struct rx_table;

int rx_table_create(const struct dp_rx_rule *rules, unsigned int n, struct rx_table **table);
void rx_table_destroy(struct rx_table *table);

struct rx_result {
	struct vq *vq; /* borrowed; NULL: nobody takes the frame */
	bool block_self;
	struct dp_counter *counter; /* borrowed; of the rule that matched; may be NULL */
};

/* Some rule has a counter: every frame must be looked for. */
bool rx_table_counts(const struct rx_table *table);

/* The queue of all frames. False: they differ, see rx_table_find. self_mc: for group frames. */
bool rx_table_single(const struct rx_table *table, bool group, struct rx_result *result);

/* bytes: a copy of the frame's first len bytes, at least 14. */
void rx_table_find(const struct rx_table *table, const uint8_t *bytes, size_t len,
		   struct rx_result *result);

#endif
