/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive steering: tables of entries, TIRs and RQTs (vq/dp.h has what they mean).
 *
 * A table keeps its entries in groups of one mask. A group looks at the words of the key in which
 * its mask has bits, and finds an entry by their hash; groups are tried by the lowest order in
 * them, until none of those left can win. So a table costs one look per mask, whatever it holds,
 * and a table of tables the sum, not the product.
 *
 * What is known of all frames of a flow - both MACs of a route, say - often settles where they go:
 * rx_table_known() finds that out, so that such frames are not even parsed.
 *
 * Threads: tables change under dp_lock; NIC threads read them in a pass. These functions know
 * nothing of that; port_rx.c does.
 */
#ifndef SOFTHCA_PORT_STEER_H
#define SOFTHCA_PORT_STEER_H

#include "../vq/dp.h"

enum {
	RX_WORDS = (sizeof(struct flow_key) + 7) / 8,
	RX_COUNTERS = DP_RX_WAYS_MAX * (DP_RX_LEVEL_MAX + 1),
};

/* A key as words, for masking and comparing. */
union rx_key {
	struct flow_key key;
	uint64_t word[RX_WORDS];
};

static inline void rx_key_set(union rx_key *k, const struct flow_key *key)
{
	k->word[RX_WORDS - 1] = 0;
	k->key = *key;
}

struct rx_group;
struct rss_table;

struct rx_rqt {
	struct dp_port *port; /* borrowed; NULL: of a table made by rx_table_create() */
	struct rx_rqt *next;  /* of the table that owns it */
	unsigned int n;
	struct vq **queues; /* owned array of borrowed queues */
	bool same;          /* there is but one queue */
};

struct rx_tir {
	struct dp_port *port; /* as in rx_rqt */
	struct rx_tir *next;
	const struct dp_tir *origin; /* only to find what rules share, during create */
	struct rx_rqt *rqt;          /* borrowed */
	struct rss_table *rss;       /* a reference; NULL: queues[0] */
	bool symmetric, block_self_uc, block_self_mc;
	uint8_t hash_fields;
	uint32_t domain;
};

struct rx_table {
	struct dp_port *port;    /* as in rx_rqt */
	unsigned int level;      /* 0: root */
	unsigned int n;          /* entries */
	struct rx_group **group; /* owned, by their lowest order */
	unsigned int n_groups;
	/* Owned; of a table made of rules. */
	struct rx_tir *tirs;
	struct rx_rqt *rqts;
};

struct rx_entry {
	struct rx_group *group;
	struct rx_entry *next; /* of the same bucket; by order; of equal order: the same entry */
	uint64_t order;
	struct rx_tir *tir;         /* borrowed */
	struct rx_table *table;     /* borrowed */
	struct dp_counter *counter; /* borrowed */
	uint64_t value[];           /* the words that the group looks at */
};

/* ---- tables: steer.c ---- */

int rx_table_new(struct dp_port *port, unsigned int level, struct rx_table **table);
/* One root table of rules, with all they need. */
int rx_table_create(const struct dp_rx_rule *rules, unsigned int n, struct rx_table **table);
void rx_table_destroy(struct rx_table *table); /* with what is in it; NULL is legal */

int rx_entry_add(struct rx_table *table, const struct dp_rx_entry *attr, struct rx_entry **entry);
int rx_entry_set(struct rx_entry *entry, const struct dp_rx_entry *attr);
void rx_entry_remove(struct rx_entry *entry);
struct rx_table *rx_entry_table(const struct rx_entry *entry);

struct rx_result {
	struct vq *vq; /* borrowed; NULL: nobody takes the frame */
	unsigned int n_more;
	struct vq *more[DP_RX_WAYS_MAX]; /* borrowed; who takes it as well */
	unsigned int n_counters;
	struct dp_counter *counter[RX_COUNTERS]; /* borrowed; of the entries on the frame's way */
};

/*
 * self: the domain of the frame's sender if it comes straight back to its port, which TIRs may
 * block; else RX_FROM_OTHERS.
 */
#define RX_FROM_OTHERS (-1)

/* bytes: a copy of the frame's first len bytes, at least 14. */
void rx_table_find(const struct rx_table *table, const uint8_t *bytes, size_t len, int64_t self,
		   struct rx_result *result);

/*
 * Some entry of the group that matches, if the bits it looks at are key's; the lowest order. Behind
 * it are those that are one with it: rx_entry_more().
 */
const struct rx_entry *rx_group_find(const struct rx_group *group, const uint64_t *key);

static inline const struct rx_entry *rx_entry_more(const struct rx_entry *entry)
{
	return entry->next != NULL && entry->next->order == entry->order ? entry->next : NULL;
}

/* Does the TIR not take a group's frames (or others) of that sender? */
static inline bool rx_tir_blocks(const struct rx_tir *tir, bool group, int64_t self)
{
	return (group ? tir->block_self_mc : tir->block_self_uc) && self == (int64_t)tir->domain;
}

/* What can be asked of a group (steer_known.c does). */
const uint64_t *rx_group_mask(const struct rx_group *group); /* RX_WORDS of them */
uint64_t rx_group_first(const struct rx_group *group);       /* no entry has a lower order */
unsigned int rx_group_entries(const struct rx_group *group);
/* One after the other, NULL: the first; NULL: that was all. */
const struct rx_entry *rx_group_next(const struct rx_group *group, const struct rx_entry *entry);
/* Word i of the key, as the entry wants it; masked. */
uint64_t rx_entry_word(const struct rx_entry *entry, unsigned int i);

/* ---- TIRs and RQTs: steer_tir.c ---- */

int rx_rqt_new(struct dp_port *port, struct vq *const *queues, unsigned int n, struct rx_rqt **rqt);
int rx_rqt_set(struct rx_rqt *rqt, struct vq *const *queues, unsigned int n);
void rx_rqt_set_queue(struct rx_rqt *rqt, unsigned int i, struct vq *vq);
void rx_rqt_destroy(struct rx_rqt *rqt);

int rx_tir_new(struct dp_port *port, const struct dp_tir *attr, struct rx_rqt *rqt,
	       struct rx_tir **tir);
int rx_tir_set(struct rx_tir *tir, const struct dp_tir *attr, struct rx_rqt *rqt);
void rx_tir_destroy(struct rx_tir *tir);

/* The queue of a frame. */
struct vq *rx_tir_queue(const struct rx_tir *tir, const struct flow_key *key);

/* ---- what needs no look: steer_known.c ---- */

/*
 * Do all frames whose keys agree with known in the bits of its mask go to one queue, uncounted, or
 * all to none? A
 * group's destination MAC or not is said by group, also if the MAC is not known.
 */
struct rx_known {
	union rx_key mask, value;
	bool group;
	int64_t self; /* as of rx_table_find */
};

bool rx_table_known(const struct rx_table *table, const struct rx_known *known,
		    struct rx_result *result);

#endif
