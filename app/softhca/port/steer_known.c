/* SPDX-License-Identifier: BSD-3-Clause */
/* Where frames go of which only a part is known: one queue for all of them, or it depends. */
#include "steer.h"

/* So many entries are looked at; beyond that it depends. */
enum { KNOWN_LOOKS = 64 };

struct known_walk {
	const struct rx_known *known;
	unsigned int looks;
	bool found;
	struct vq *vq;
	bool block_self;
};

static bool known_table(struct known_walk *w, const struct rx_table *table);

/* Does what leads here agree with what others lead to? */
static bool known_tir(struct known_walk *w, const struct rx_tir *tir)
{
	bool block = w->known->group ? tir->block_self_mc : tir->block_self_uc;
	struct vq *vq = tir->rqt->queues[0];

	if (vq == NULL || (tir->rss != NULL && !tir->rqt->same))
		return false;
	if (!w->found) {
		w->found = true;
		w->vq = vq;
		w->block_self = block;
	}
	return w->vq == vq && w->block_self == block;
}

static bool known_entry(struct known_walk *w, const struct rx_entry *e)
{
	if (e->counter != NULL || w->looks++ >= KNOWN_LOOKS)
		return false;
	if (e->tir != NULL)
		return known_tir(w, e->tir);
	return e->table != NULL && known_table(w, e->table);
}

static bool known_all(const struct rx_known *known, const struct rx_group *g)
{
	const uint64_t *mask = rx_group_mask(g);
	uint64_t unknown = 0;

	for (unsigned int i = 0; i < RX_WORDS; i++)
		unknown |= mask[i] & ~known->mask.word[i];
	return unknown == 0;
}

/* Can the entry match a frame of which that much is known? */
static bool known_possible(const struct rx_known *known, const struct rx_group *g,
			   const struct rx_entry *e)
{
	const uint64_t *mask = rx_group_mask(g);
	uint64_t diff = 0;

	for (unsigned int i = 0; i < RX_WORDS; i++) {
		if (mask[i] != 0)
			diff |= (known->value.word[i] ^ rx_entry_word(e, i)) & mask[i] &
				known->mask.word[i];
	}
	return diff == 0;
}

/* The entry that takes whatever no other takes. */
static const struct rx_entry *known_sure(const struct rx_known *known, const struct rx_table *table)
{
	const struct rx_entry *best = NULL;

	for (unsigned int i = 0; i < table->n_groups; i++) {
		const struct rx_entry *e;

		if (!known_all(known, table->group[i]))
			continue;
		e = rx_group_find(table->group[i], known->value.word);
		if (e != NULL && (best == NULL || e->order < best->order))
			best = e;
	}
	return best;
}

/* Entries of a group that are before the sure one all agree. */
static bool known_group(struct known_walk *w, const struct rx_group *g, uint64_t before)
{
	const struct rx_entry *e = NULL;

	if (rx_group_entries(g) > KNOWN_LOOKS)
		return false;
	while ((e = rx_group_next(g, e)) != NULL) {
		if (e->order < before && known_possible(w->known, g, e) && !known_entry(w, e))
			return false;
	}
	return true;
}

static bool known_table(struct known_walk *w, const struct rx_table *table)
{
	const struct rx_entry *sure = known_sure(w->known, table);

	if (sure == NULL)
		return false;
	for (unsigned int i = 0; i < table->n_groups; i++) {
		const struct rx_group *g = table->group[i];

		if (rx_group_first(g) < sure->order && !known_all(w->known, g) &&
		    !known_group(w, g, sure->order))
			return false;
	}
	return known_entry(w, sure);
}

bool rx_table_known(const struct rx_table *table, const struct rx_known *known,
		    struct rx_result *result)
{
	struct known_walk w = {.known = known};

	if (!known_table(&w, table))
		return false;
	result->vq = w.vq;
	result->block_self = w.block_self;
	result->n_counters = 0;
	return true;
}
