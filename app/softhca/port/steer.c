/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "steer.h"

struct rx_group {
	struct rx_table *table;
	uint64_t first; /* no entry has a lower order; while there are entries it only goes down */
	uint64_t mask[RX_WORDS];
	uint8_t word[RX_WORDS]; /* those in which mask has bits */
	unsigned int n_words;
	unsigned int n, n_buckets; /* a power of two */
	struct rx_entry **bucket;  /* owned; or &one */
	struct rx_entry *one;
};

/* ---- groups ---- */

static inline uint64_t rx_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

/* key: its words as they are in a frame. */
static inline uint64_t rx_hash_key(const struct rx_group *g, const uint64_t *key)
{
	uint64_t hash = 0;

	for (unsigned int i = 0; i < g->n_words; i++)
		hash = rx_mix(hash, key[g->word[i]] & g->mask[g->word[i]]);
	return hash;
}

static uint64_t rx_hash_entry(const struct rx_group *g, const struct rx_entry *e)
{
	uint64_t hash = 0;

	for (unsigned int i = 0; i < g->n_words; i++)
		hash = rx_mix(hash, e->value[i]);
	return hash;
}

static inline bool rx_entry_matches(const struct rx_group *g, const struct rx_entry *e,
				    const uint64_t *key)
{
	uint64_t diff = 0;

	for (unsigned int i = 0; i < g->n_words; i++)
		diff |= (key[g->word[i]] & g->mask[g->word[i]]) ^ e->value[i];
	return diff == 0;
}

const struct rx_entry *rx_group_find(const struct rx_group *g, const uint64_t *key)
{
	const struct rx_entry *e = g->bucket[rx_hash_key(g, key) & (g->n_buckets - 1)];

	while (e != NULL && !rx_entry_matches(g, e, key))
		e = e->next;
	return e;
}

static void rx_group_put(struct rx_group *g, struct rx_entry *e)
{
	struct rx_entry **at = &g->bucket[rx_hash_entry(g, e) & (g->n_buckets - 1)];

	while (*at != NULL && (*at)->order <= e->order)
		at = &(*at)->next;
	e->next = *at;
	*at = e;
}

/* Without memory it stays as it is, and is slower. */
static void rx_group_grow(struct rx_group *g)
{
	unsigned int n = g->n_buckets;
	struct rx_entry **old = g->bucket, **bucket = calloc(n * 2, sizeof(*bucket));

	if (bucket == NULL)
		return;
	g->bucket = bucket;
	g->n_buckets = n * 2;
	for (unsigned int i = 0; i < n; i++) {
		while (old[i] != NULL) {
			struct rx_entry *e = old[i];

			old[i] = e->next;
			rx_group_put(g, e);
		}
	}
	if (old != &g->one)
		free(old);
}

static struct rx_group *rx_group_of(const struct rx_table *table, const union rx_key *mask)
{
	for (unsigned int i = 0; i < table->n_groups; i++) {
		if (memcmp(table->group[i]->mask, mask->word, sizeof(mask->word)) == 0)
			return table->group[i];
	}
	return NULL;
}

/* Its place among the others after first has gone down, or at the end of the list. */
static void rx_group_sort(struct rx_table *table, const struct rx_group *group)
{
	struct rx_group **g = table->group, *moved;
	unsigned int i = 0;

	while (g[i] != group)
		i++;
	moved = g[i];
	for (; i > 0 && g[i - 1]->first > moved->first; i--)
		g[i] = g[i - 1];
	g[i] = moved;
}

static int rx_group_new(struct rx_table *table, const union rx_key *mask, uint64_t first,
			struct rx_group **out)
{
	struct rx_group **list = realloc(table->group, (table->n_groups + 1) * sizeof(*list));
	struct rx_group *g;

	if (list == NULL)
		return -ENOMEM;
	table->group = list;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return -ENOMEM;
	g->table = table;
	g->first = first;
	memcpy(g->mask, mask->word, sizeof(g->mask));
	for (uint8_t i = 0; i < RX_WORDS; i++) {
		if (g->mask[i] != 0)
			g->word[g->n_words++] = i;
	}
	g->bucket = &g->one;
	g->n_buckets = 1;
	list[table->n_groups++] = g;
	rx_group_sort(table, g);
	*out = g;
	return 0;
}

/* The last entry has gone. */
static void rx_group_free(struct rx_group *g)
{
	struct rx_table *table = g->table;
	unsigned int i = 0;

	while (table->group[i] != g)
		i++;
	memmove(&table->group[i], &table->group[i + 1],
		(--table->n_groups - i) * sizeof(table->group[0]));
	if (g->bucket != &g->one)
		free(g->bucket);
	free(g);
}

const uint64_t *rx_group_mask(const struct rx_group *g)
{
	return g->mask;
}

uint64_t rx_group_first(const struct rx_group *g)
{
	return g->first;
}

unsigned int rx_group_entries(const struct rx_group *g)
{
	return g->n;
}

const struct rx_entry *rx_group_next(const struct rx_group *g, const struct rx_entry *e)
{
	unsigned int i = 0;

	if (e != NULL && e->next != NULL)
		return e->next;
	if (e != NULL)
		i = (unsigned int)(rx_hash_entry(g, e) & (g->n_buckets - 1)) + 1;
	while (i < g->n_buckets && g->bucket[i] == NULL)
		i++;
	return i < g->n_buckets ? g->bucket[i] : NULL;
}

uint64_t rx_entry_word(const struct rx_entry *e, unsigned int i)
{
	const struct rx_group *g = e->group;

	for (unsigned int w = 0; w < g->n_words; w++) {
		if (g->word[w] == i)
			return e->value[w];
	}
	return 0;
}

/* ---- entries ---- */

int rx_entry_set(struct rx_entry *e, const struct dp_rx_entry *attr)
{
	if (attr->table != NULL &&
	    (attr->tir != NULL || attr->table->level <= e->group->table->level))
		return -EINVAL;
	e->tir = attr->tir;
	e->table = attr->table;
	e->counter = attr->counter;
	return 0;
}

/* Entries that are one with what is to be added. */
static unsigned int rx_ways(const struct rx_group *g, const union rx_key *value, uint64_t order)
{
	const struct rx_entry *e = rx_group_find(g, value->word);
	unsigned int n = 0;

	while (e != NULL && e->order != order)
		e = e->next;
	for (; e != NULL; e = rx_entry_more(e))
		n++;
	return n;
}

int rx_entry_add(struct rx_table *table, const struct dp_rx_entry *attr, struct rx_entry **out)
{
	union rx_key mask, value;
	struct rx_group *g;
	struct rx_entry *e;
	int err;

	rx_key_set(&mask, &attr->mask);
	rx_key_set(&value, &attr->value);
	g = rx_group_of(table, &mask);
	if (g == NULL) {
		err = rx_group_new(table, &mask, attr->order, &g);
		if (err)
			return err;
	} else if (rx_ways(g, &value, attr->order) >= DP_RX_WAYS_MAX) {
		return -ENOSPC;
	}
	e = calloc(1, sizeof(*e) + g->n_words * sizeof(e->value[0]));
	err = e == NULL ? -ENOMEM : 0;
	if (err == 0) {
		e->group = g;
		e->order = attr->order;
		err = rx_entry_set(e, attr);
	}
	if (err) {
		free(e);
		if (g->n == 0)
			rx_group_free(g);
		return err;
	}
	for (unsigned int i = 0; i < g->n_words; i++)
		e->value[i] = value.word[g->word[i]];
	if (g->n >= 2 * g->n_buckets)
		rx_group_grow(g);
	rx_group_put(g, e);
	g->n++;
	table->n++;
	if (e->order < g->first) {
		g->first = e->order;
		rx_group_sort(table, g);
	}
	*out = e;
	return 0;
}

void rx_entry_remove(struct rx_entry *e)
{
	struct rx_group *g = e->group;
	struct rx_entry **at = &g->bucket[rx_hash_entry(g, e) & (g->n_buckets - 1)];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	free(e);
	g->table->n--;
	if (--g->n == 0)
		rx_group_free(g);
}

struct rx_table *rx_entry_table(const struct rx_entry *e)
{
	return e->group->table;
}

/* ---- tables ---- */

int rx_table_new(struct dp_port *port, unsigned int level, struct rx_table **out)
{
	struct rx_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return -ENOMEM;
	table->port = port;
	table->level = level;
	*out = table;
	return 0;
}

void rx_table_destroy(struct rx_table *table)
{
	if (table == NULL)
		return;
	while (table->n_groups > 0) {
		struct rx_group *g = table->group[table->n_groups - 1];
		unsigned int i = 0;

		/* The group goes with its last entry. */
		while (g->bucket[i] == NULL)
			i++;
		rx_entry_remove(g->bucket[i]);
	}
	free(table->group);
	while (table->tirs != NULL) {
		struct rx_tir *tir = table->tirs;

		table->tirs = tir->next;
		rx_tir_destroy(tir);
	}
	while (table->rqts != NULL) {
		struct rx_rqt *rqt = table->rqts;

		table->rqts = rqt->next;
		rx_rqt_destroy(rqt);
	}
	free(table);
}

/* The TIR of a rule, which others may share. */
static int rx_table_tir(struct rx_table *table, const struct dp_tir *origin, struct rx_tir **out)
{
	struct rx_rqt *rqt;
	struct rx_tir *tir;
	int err;

	for (tir = table->tirs; tir != NULL; tir = tir->next) {
		if (tir->origin == origin) {
			*out = tir;
			return 0;
		}
	}
	err = rx_rqt_new(table->port, origin->queues, origin->n, &rqt);
	if (err)
		return err;
	rqt->next = table->rqts;
	table->rqts = rqt;
	err = rx_tir_new(table->port, origin, rqt, &tir);
	if (err)
		return err;
	tir->origin = origin;
	tir->next = table->tirs;
	table->tirs = tir;
	*out = tir;
	return 0;
}

int rx_table_create(const struct dp_rx_rule *rules, unsigned int n, struct rx_table **out)
{
	struct rx_table *table;
	int err = rx_table_new(NULL, 0, &table);

	if (err)
		return err;
	for (unsigned int i = 0; i < n && err == 0; i++) {
		struct dp_rx_entry attr = {.order = i, .counter = rules[i].counter};
		struct rx_entry *entry;

		attr.mask = rules[i].mask;
		attr.value = rules[i].value;
		if (rules[i].tir != NULL)
			err = rx_table_tir(table, rules[i].tir, &attr.tir);
		if (err == 0)
			err = rx_entry_add(table, &attr, &entry);
	}
	if (err) {
		rx_table_destroy(table);
		return err;
	}
	*out = table;
	return 0;
}

static const struct rx_entry *rx_table_match(const struct rx_table *table, const uint64_t *key)
{
	const struct rx_entry *best = NULL;

	for (unsigned int i = 0; i < table->n_groups; i++) {
		const struct rx_group *g = table->group[i];
		const struct rx_entry *e;

		if (best != NULL && g->first > best->order)
			break;
		e = rx_group_find(g, key);
		if (e != NULL && (best == NULL || e->order < best->order))
			best = e;
	}
	return best;
}

/* A frame on its way. */
struct rx_walk {
	const uint64_t *key;
	const struct flow_key *fields; /* the same */
	bool group;
	int64_t self;
	struct rx_result *result;
};

static void rx_take(const struct rx_walk *w, const struct rx_tir *tir)
{
	struct rx_result *r = w->result;
	struct vq *vq;

	if (rx_tir_blocks(tir, w->group, w->self))
		return;
	vq = rx_tir_queue(tir, w->fields);
	if (r->vq == NULL)
		r->vq = vq;
	else if (vq != NULL)
		r->more[r->n_more++] = vq;
}

static void rx_walk(const struct rx_walk *w, const struct rx_table *table)
{
	struct rx_result *r = w->result;
	const struct rx_entry *e = rx_table_match(table, w->key);

	for (; e != NULL; e = rx_entry_more(e)) {
		if (e->counter != NULL)
			r->counter[r->n_counters++] = e->counter;
		if (e->tir != NULL)
			rx_take(w, e->tir);
		else if (e->table != NULL)
			rx_walk(w, e->table);
	}
}

void rx_table_find(const struct rx_table *table, const uint8_t *bytes, size_t len, int64_t self,
		   struct rx_result *result)
{
	union rx_key k;
	struct rx_walk w = {
	    .key = k.word,
	    .fields = &k.key,
	    .group = bytes[0] & 1,
	    .self = self,
	    .result = result,
	};

	result->vq = NULL;
	result->n_more = 0;
	result->n_counters = 0;
	k.word[RX_WORDS - 1] = 0;
	frame_parse(bytes, len, &k.key);
	rx_walk(&w, table);
}
