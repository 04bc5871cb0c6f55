/* SPDX-License-Identifier: BSD-3-Clause */
/* Where frames go of which only a part is known: one queue for all of them, or it depends. */
#include "steer.h"

/* So many entries are looked at; beyond that it depends. */
enum { KNOWN_LOOKS = 64 };

struct known_walk {
	const struct rx_known *known;
	unsigned int looks;
};

/* Each of these: does it not depend, and who takes the frames then; NULL: nobody. */
static bool known_table(struct known_walk *w, const struct rx_table *table, struct vq **vq);

static bool known_tir(const struct known_walk *w, const struct rx_tir *tir, struct vq **vq)
{
	*vq = NULL;
	if (rx_tir_blocks(tir, w->known->group, w->known->self))
		return true;
	*vq = tir->rqt->queues[0];
	return tir->rss == NULL || tir->rqt->same;
}

static bool known_way(struct known_walk *w, const struct rx_entry *e, struct vq **vq)
{
	*vq = NULL;
	if (e->counter != NULL || w->looks++ >= KNOWN_LOOKS)
		return false;
	if (e->tir != NULL)
		return known_tir(w, e->tir, vq);
	return e->table == NULL || known_table(w, e->table, vq);
}

/* An entry with all its ways, of which one at most may lead to anybody. */
static bool known_entry(struct known_walk *w, const struct rx_entry *e, struct vq **vq)
{
	*vq = NULL;
	for (; e != NULL; e = rx_entry_more(e)) {
		struct vq *one;

		if (!known_way(w, e, &one) || (one != NULL && *vq != NULL))
			return false;
		if (one != NULL)
			*vq = one;
	}
	return true;
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

/* Entries of a group that are before the sure one all lead to vq. */
static bool known_group(struct known_walk *w, const struct rx_group *g, uint64_t before,
			const struct vq *vq)
{
	const struct rx_entry *e = NULL, *last = NULL;

	if (rx_group_entries(g) > KNOWN_LOOKS)
		return false;
	while ((e = rx_group_next(g, e)) != NULL) {
		bool again = last != NULL && last->order == e->order;
		struct vq *other;

		last = e;
		if (again || e->order >= before || !known_possible(w->known, g, e))
			continue;
		if (!known_entry(w, e, &other) || other != vq)
			return false;
	}
	return true;
}

static bool known_table(struct known_walk *w, const struct rx_table *table, struct vq **vq)
{
	const struct rx_entry *sure = known_sure(w->known, table);
	uint64_t before = sure != NULL ? sure->order : UINT64_MAX;

	*vq = NULL;
	if (sure != NULL && !known_entry(w, sure, vq))
		return false;
	for (unsigned int i = 0; i < table->n_groups; i++) {
		const struct rx_group *g = table->group[i];

		if (rx_group_first(g) < before && !known_all(w->known, g) &&
		    !known_group(w, g, before, *vq))
			return false;
	}
	return true;
}

bool rx_table_known(const struct rx_table *table, const struct rx_known *known,
		    struct rx_result *result)
{
	struct known_walk w = {.known = known};

	result->n_more = 0;
	result->n_counters = 0;
	return known_table(&w, table, &result->vq);
}
