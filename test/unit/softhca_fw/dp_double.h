/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A datapath that does nothing by itself: it stores what the firmware gives it, and a test plays
 * the NIC thread. The same contract as the real one (vq/dp.h); single-threaded.
 */
#ifndef SOFTHCA_FW_TEST_DP_DOUBLE_H
#define SOFTHCA_FW_TEST_DP_DOUBLE_H

#include "vq/dp.h"

struct dp_mem {
	unsigned int refs, n;
	struct dp_seg *segs;
};

struct vq {
	struct vq_attr attr;
	struct vq_status status;
	struct vq_dirty_log log;
	struct vq_moderation moderation;
	struct dp_port *port;
	struct vq *next;
};

enum { DOUBLE_RULES = 80, DOUBLE_QUEUES = 2048, DOUBLE_WORDS = 8 };

/* An entry of a table, as it is now. */
struct double_rule {
	struct flow_key mask, value;
	uint64_t order;
	bool drop;
	struct rx_table *table; /* where it leads, or NULL */
	struct dp_counter *counter;
	struct dp_tir tir; /* queues: those of this rule */
	struct vq *queues[16];
};

struct rx_table {
	struct dp_port *port;
	unsigned int level;
	struct rx_entry *entries; /* by order */
	struct rx_table *next;    /* of the port's */
};

struct dp_port {
	unsigned int index;
	struct dp *dp;
	struct rx_table root, *tables;
	struct rx_rqt *rqts;
	/* Of the root table. */
	unsigned int n_rules;
	struct double_rule rules[DOUBLE_RULES];
	uint32_t *words[DOUBLE_WORDS];
	uint8_t mac[6];
	struct dp_port_policy policy;
	int down;
	bool loopback;
};

struct dp {
	struct dp_config cfg;
	struct dp_port ports[64];
	struct vq *vqs;
	unsigned int mems; /* alive */
	int locked;
	int fail_start; /* what vq_start returns, once */
	int fail_rx;    /* what the next change of steering returns, once */
	int fail_log;   /* what vq_set_dirty_log returns, once */
};

extern struct dp *double_dp; /* the one there is */

/* The NIC thread's calls. */
int double_notify(struct vq *vq);
void double_error(struct vq *vq, enum vq_error error);
void double_tick(void);
struct vq *double_vq(unsigned int port, unsigned int index); /* NULL: no such queue */
/* Entries of a table, in order; at most DOUBLE_RULES. */
unsigned int double_rules(const struct rx_table *table, struct double_rule *rules);
unsigned int double_vqs(void);

#endif
