/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering tables against a list that is searched from the front: whatever is added, changed and
 * removed, in tables that lead to each other, a frame goes where the list says; and what is said of
 * frames of which only a part is known is true of each of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "port/steer.h"
#include "random.h"

enum { TABLES = 4, ENTRIES = 300, TIRS = 4, QUEUES = 8, FRAME = 64 };

struct model_entry {
	struct dp_rx_entry attr;
	struct rx_entry *entry;
	unsigned int dest; /* 0: dropped; 1..TIRS: a TIR; then a table */
};

struct model {
	struct rx_table *table[TABLES]; /* by level */
	struct model_entry entry[TABLES][ENTRIES];
	unsigned int n[TABLES];
	struct rx_rqt *rqt[TIRS];
	struct rx_tir *tir[TIRS];
	struct dp_counter counter[3];
};

/* Queues are only pointers here. */
static char queue_memory[QUEUES];

static struct vq *queue(unsigned int i)
{
	return (struct vq *)(void *)&queue_memory[i];
}

static void model_create(struct model *m)
{
	memset(m, 0, sizeof(*m));
	for (unsigned int i = 0; i < TABLES; i++)
		assert_int_equal(rx_table_new(NULL, i, &m->table[i]), 0);
	for (unsigned int i = 0; i < TIRS; i++) {
		/* 0 and 1 lead to the same queue, 1 by a table full of it; 3 spreads. */
		struct vq *one = queue(i < 2 ? 0 : i);
		struct vq *queues[4] = {one, i == 3 ? queue(4) : one, one, i == 3 ? NULL : one};
		struct dp_tir attr = {
		    .hash_fields = i % 2 ? DP_HASH_SRC_IP | DP_HASH_DPORT : 0,
		    .key = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2}
                };

		assert_int_equal(rx_rqt_new(NULL, queues, i ? 4 : 1, &m->rqt[i]), 0);
		assert_int_equal(rx_tir_new(NULL, &attr, m->rqt[i], &m->tir[i]), 0);
	}
}

static void model_destroy(struct model *m)
{
	for (unsigned int i = 0; i < TABLES; i++)
		rx_table_destroy(m->table[i]);
	for (unsigned int i = 0; i < TIRS; i++) {
		rx_tir_destroy(m->tir[i]);
		rx_rqt_destroy(m->rqt[i]);
	}
}

/* Few values, so that entries meet frames and each other. */
static void random_key(struct flow_key *k)
{
	memset(k, 0, sizeof(*k));
	k->dmac[0] = (uint8_t)(random_below(4) == 0);
	k->dmac[5] = (uint8_t)random_below(6);
	k->smac[5] = (uint8_t)random_below(3);
	k->vid = (uint16_t)random_below(4);
	k->cvlan_tag = k->vid != 0;
	k->ethertype = random_below(3) ? 0x0800 : 0x0806;
	if (k->ethertype != 0x0800)
		return;
	k->ip_version = 4;
	k->ip_protocol = random_below(2) ? 6 : 17;
	k->src_ip[15] = (uint8_t)random_below(4);
	k->dst_ip[15] = (uint8_t)random_below(4);
	k->l4_dport = (uint16_t)random_below(3);
}

static void random_mask(struct flow_key *mask)
{
	memset(mask, 0, sizeof(*mask));
	if (random_below(2))
		memset(mask->dmac, 0xff, 6);
	else if (random_below(3) == 0)
		mask->dmac[0] = 1;
	if (random_below(4) == 0)
		memset(mask->smac, 0xff, 6);
	if (random_below(3) == 0) {
		mask->vid = 0xfff;
		mask->cvlan_tag = 1;
	}
	if (random_below(4) == 0)
		mask->ip_version = 0xf;
	if (random_below(5) == 0)
		mask->l4_dport = random_below(2) ? 0xffff : 1;
	if (random_below(5) == 0)
		mask->src_ip[15] = 0xff;
}

static void random_dest(struct model *m, unsigned int level, struct model_entry *e)
{
	unsigned int deeper = TABLES - 1 - level;

	e->dest = random_below(1 + TIRS + deeper);
	e->attr.tir = e->dest > 0 && e->dest <= TIRS ? m->tir[e->dest - 1] : NULL;
	e->attr.table = e->dest > TIRS ? m->table[level + e->dest - TIRS] : NULL;
	e->attr.counter = random_below(3) ? NULL : &m->counter[random_below(3)];
}

static void change(struct model *m)
{
	unsigned int level = random_below(TABLES), *n = &m->n[level], i;
	struct model_entry *e = m->entry[level];

	if (*n == ENTRIES || (*n && random_below(5) == 0)) {
		i = random_below(*n);
		rx_entry_remove(e[i].entry);
		e[i] = e[--*n];
		return;
	}
	if (*n && random_below(4) == 0) {
		i = random_below(*n);
		random_dest(m, level, &e[i]);
		assert_int_equal(rx_entry_set(e[i].entry, &e[i].attr), 0);
		return;
	}
	e = &e[(*n)++];
	memset(e, 0, sizeof(*e));
	random_mask(&e->attr.mask);
	random_key(&e->attr.value);
	for (size_t b = 0; b < sizeof(struct flow_key); b++)
		((uint8_t *)&e->attr.value)[b] &= ((uint8_t *)&e->attr.mask)[b];
	/* No two of a table have the same, but those that are one entry. */
	e->attr.order = (uint64_t)random_below(1000) << 32 | random_below(1u << 30);
	if (level == 0 && *n > 1 && random_below(3) == 0) {
		const struct dp_rx_entry *one = &m->entry[0][random_below(*n - 1)].attr;

		e->attr.mask = one->mask;
		e->attr.value = one->value;
		e->attr.order = one->order;
	}
	random_dest(m, level, e);
	assert_int_equal(rx_entry_add(m->table[level], &e->attr, &e->entry), 0);
}

static bool matches(const struct dp_rx_entry *e, const struct flow_key *key)
{
	const uint8_t *k = (const uint8_t *)key, *mask = (const uint8_t *)&e->mask,
		      *value = (const uint8_t *)&e->value;

	for (size_t b = 0; b < sizeof(*key); b++) {
		if ((k[b] & mask[b]) != value[b])
			return false;
	}
	return true;
}

static void model_take(struct rx_result *r, struct vq *vq)
{
	if (r->vq == NULL)
		r->vq = vq;
	else if (vq != NULL)
		r->more[r->n_more++] = vq;
}

static void model_walk(const struct model *m, unsigned int level, const struct flow_key *key,
		       struct rx_result *r)
{
	const struct model_entry *list = m->entry[level], *best = NULL;

	for (unsigned int i = 0; i < m->n[level]; i++) {
		if (matches(&list[i].attr, key) &&
		    (best == NULL || list[i].attr.order < best->attr.order))
			best = &list[i];
	}
	for (unsigned int i = 0; best != NULL && i < m->n[level]; i++) {
		const struct model_entry *e = &list[i];

		if (e->attr.order != best->attr.order)
			continue;
		if (e->attr.counter != NULL)
			r->counter[r->n_counters++] = e->attr.counter;
		if (e->dest > TIRS)
			model_walk(m, level + e->dest - TIRS, key, r);
		else if (e->dest > 0)
			model_take(r, rx_tir_queue(m->tir[e->dest - 1], key));
	}
}

/* What the list says. */
static void model_find(const struct model *m, const struct flow_key *key, struct rx_result *r)
{
	memset(r, 0, sizeof(*r));
	model_walk(m, 0, key, r);
}

static size_t frame_of(const struct flow_key *k, uint8_t *f)
{
	size_t at = 12;

	memset(f, 0, FRAME);
	memcpy(f, k->dmac, 6);
	memcpy(f + 6, k->smac, 6);
	if (k->cvlan_tag) {
		f[12] = 0x81;
		f[15] = (uint8_t)k->vid;
		at = 16;
	}
	f[at] = (uint8_t)(k->ethertype >> 8);
	f[at + 1] = (uint8_t)k->ethertype;
	if (k->ip_version == 4) {
		f[at + 2] = 0x45;
		f[at + 11] = k->ip_protocol;
		f[at + 17] = k->src_ip[15];
		f[at + 21] = k->dst_ip[15];
		f[at + 25] = (uint8_t)k->l4_dport;
	}
	return at + 30;
}

static unsigned int times_taken(const struct rx_result *r, const struct vq *vq)
{
	unsigned int n = r->vq == vq;

	for (unsigned int i = 0; i < r->n_more; i++)
		n += r->more[i] == vq;
	return n;
}

static unsigned int times_counted(const struct rx_result *r, const struct dp_counter *counter)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < r->n_counters; i++)
		n += r->counter[i] == counter;
	return n;
}

/* In any order. */
static void assert_same(const struct rx_result *a, const struct rx_result *b)
{
	assert_true((a->vq == NULL) == (b->vq == NULL));
	assert_int_equal(a->n_more, b->n_more);
	for (unsigned int i = 0; i < QUEUES; i++)
		assert_int_equal(times_taken(a, queue(i)), times_taken(b, queue(i)));
	assert_int_equal(a->n_counters, b->n_counters);
	for (unsigned int i = 0; i < a->n_counters; i++)
		assert_int_equal(times_counted(a, a->counter[i]), times_counted(b, a->counter[i]));
}

static void look(const struct model *m)
{
	struct rx_result want, got;
	struct flow_key key;
	uint8_t f[FRAME];

	random_key(&key);
	model_find(m, &key, &want);
	rx_table_find(m->table[0], f, frame_of(&key, f), RX_FROM_OTHERS, &got);
	assert_same(&got, &want);
}

static void frames_go_where_the_list_says(void **state)
{
	static struct model m;

	random_begin((uint32_t)time(NULL));
	for (unsigned int round = 0; round < 20; round++) {
		model_create(&m);
		for (unsigned int i = 0; i < 1500; i++) {
			change(&m);
			look(&m);
		}
		for (unsigned int i = 0; i < 3000; i++)
			look(&m);
		model_destroy(&m);
	}
}

/* What is known of a route's frames: MACs, or what follows them as well. */
static void know(struct rx_known *known, const struct flow_key *key, bool type)
{
	memset(known, 0, sizeof(*known));
	memset(known->mask.key.dmac, 0xff, 6);
	memset(known->mask.key.smac, 0xff, 6);
	memcpy(known->value.key.dmac, key->dmac, 6);
	memcpy(known->value.key.smac, key->smac, 6);
	known->group = key->dmac[0] & 1;
	known->self = RX_FROM_OTHERS;
	if (!type)
		return;
	known->mask.key.ethertype = known->mask.key.vid = 0xffff;
	known->mask.key.cvlan_tag = known->mask.key.svlan_tag = 0xff;
	known->value.key.ethertype = key->ethertype;
	known->value.key.vid = key->vid;
	known->value.key.cvlan_tag = key->cvlan_tag;
}

/* Frames that agree in what is known go where was said; returns whether anything was said. */
static bool check_known(const struct model *m)
{
	struct rx_result said, want;
	struct flow_key key, other;
	struct rx_known known;
	bool type = random_below(2);

	random_key(&key);
	know(&known, &key, type);
	if (!rx_table_known(m->table[0], &known, &said))
		return false;
	for (unsigned int i = 0; i < 200; i++) {
		random_key(&other);
		memcpy(other.dmac, key.dmac, 6);
		memcpy(other.smac, key.smac, 6);
		if (type && other.ethertype != key.ethertype)
			continue;
		if (type) {
			other.vid = key.vid;
			other.cvlan_tag = key.cvlan_tag;
		}
		model_find(m, &other, &want);
		assert_ptr_equal(want.vq, said.vq);
		assert_int_equal(want.n_more, 0);
		assert_int_equal(want.n_counters, 0);
	}
	return true;
}

static void what_is_known_is_true(void **state)
{
	static struct model m;
	unsigned int said = 0;

	for (unsigned int round = 0; round < 400; round++) {
		unsigned int n = 1 + random_below(12);

		model_create(&m);
		for (unsigned int i = 0; i < n; i++)
			change(&m);
		for (unsigned int i = 0; i < 20; i++)
			said += check_known(&m);
		model_destroy(&m);
	}
	print_message("%u of 8000 settled\n", said);
	assert_true(said > 100);
}

/* ---- the receive side of a guest with all it can have ---- */

enum { VLANS = 4094, MACS = 128, CLASSES = 7 };

struct guest {
	struct rx_table *root, *macs, *classes;
	struct rx_rqt *rqt;
	struct rx_tir *tir[CLASSES];
};

static void add(struct rx_table *table, struct dp_rx_entry *e, struct rx_tir *tir,
		struct rx_table *to)
{
	struct rx_entry *entry;

	e->tir = tir;
	e->table = to;
	assert_int_equal(rx_entry_add(table, e, &entry), 0);
}

static void guest_create(struct guest *g)
{
	static const uint8_t version[CLASSES] = {4, 4, 6, 6, 4, 6, 0};
	static const uint8_t protocol[CLASSES] = {6, 17, 6, 17, 0, 0, 0};
	struct vq *queues[4] = {queue(0), queue(1), queue(2), queue(3)};
	struct dp_tir attr = {
	    .hash_fields = 15, .key = {1, 2, 3, 4, 5}
        };

	assert_int_equal(rx_table_new(NULL, 0, &g->root), 0);
	assert_int_equal(rx_table_new(NULL, 1, &g->macs), 0);
	assert_int_equal(rx_table_new(NULL, 2, &g->classes), 0);
	assert_int_equal(rx_rqt_new(NULL, queues, 4, &g->rqt), 0);
	for (unsigned int i = 0; i < CLASSES; i++) {
		struct dp_rx_entry e = {.order = i};

		assert_int_equal(rx_tir_new(NULL, &attr, g->rqt, &g->tir[i]), 0);
		e.mask.ip_version = version[i] ? 0xf : 0;
		e.value.ip_version = version[i];
		e.mask.ip_protocol = protocol[i] ? 0xff : 0;
		e.value.ip_protocol = protocol[i];
		add(g->classes, &e, g->tir[i], NULL);
	}
	for (unsigned int i = 0; i < MACS; i++) {
		struct dp_rx_entry e = {
		    .order = i, .value.dmac = {2, 0, 0, 0, 0, (uint8_t)i}
                };

		memset(e.mask.dmac, 0xff, 6);
		add(g->macs, &e, NULL, g->classes);
	}
	for (unsigned int i = 0; i <= VLANS; i++) {
		struct dp_rx_entry e = {.order = i, .mask.vid = 0xfff, .mask.cvlan_tag = 1};

		e.value.vid = (uint16_t)i;
		e.value.cvlan_tag = i != 0;
		add(g->root, &e, NULL, g->macs);
	}
}

static void guest_destroy(struct guest *g)
{
	rx_table_destroy(g->root);
	rx_table_destroy(g->macs);
	rx_table_destroy(g->classes);
	for (unsigned int i = 0; i < CLASSES; i++)
		rx_tir_destroy(g->tir[i]);
	rx_rqt_destroy(g->rqt);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void vlans_macs_and_classes_add_up_and_do_not_multiply(void **state)
{
	enum { LOOKS = 200000 };
	struct flow_key key = {.ethertype = 0x0800, .ip_version = 4, .ip_protocol = 17};
	uint64_t began = now_ns(), made, found;
	struct rx_result r;
	struct guest g;
	uint8_t f[FRAME];

	guest_create(&g);
	made = now_ns();
	assert_int_equal(g.root->n_groups, 1);
	assert_int_equal(g.root->n, VLANS + 1);
	assert_int_equal(g.macs->n_groups, 1);
	for (unsigned int i = 0; i < LOOKS; i++) {
		size_t len;

		key.dmac[0] = 2;
		key.dmac[5] = (uint8_t)(i % (MACS + 4));
		key.vid = (uint16_t)(i % 256);
		key.cvlan_tag = key.vid != 0;
		key.src_ip[15] = (uint8_t)(i % 64);
		len = frame_of(&key, f);
		rx_table_find(g.root, f, len, RX_FROM_OTHERS, &r);
		assert_true((r.vq != NULL) == (key.dmac[5] < MACS));
	}
	found = now_ns();
	print_message("%u entries made in %llu us; a look takes %llu ns\n", VLANS + MACS + CLASSES,
		      (unsigned long long)(made - began) / 1000,
		      (unsigned long long)(found - made) / LOOKS);
	guest_destroy(&g);
}

static void an_entry_has_so_many_ways(void **state)
{
	struct dp_rx_entry e = {.order = 5};
	struct rx_entry *entry[DP_RX_WAYS_MAX], *one_more;
	struct rx_table *root;

	assert_int_equal(rx_table_new(NULL, 0, &root), 0);
	for (unsigned int i = 0; i < DP_RX_WAYS_MAX; i++)
		assert_int_equal(rx_entry_add(root, &e, &entry[i]), 0);
	assert_int_equal(rx_entry_add(root, &e, &one_more), -ENOSPC);
	rx_entry_remove(entry[3]);
	assert_int_equal(rx_entry_add(root, &e, &one_more), 0);
	rx_table_destroy(root);
}

static void a_table_leads_to_higher_levels_only(void **state)
{
	struct rx_table *one, *two;
	struct dp_rx_entry e = {.order = 1};
	struct rx_entry *entry;

	assert_int_equal(rx_table_new(NULL, 1, &one), 0);
	assert_int_equal(rx_table_new(NULL, 2, &two), 0);
	e.table = two;
	assert_int_equal(rx_entry_add(two, &e, &entry), -EINVAL);
	assert_int_equal(two->n, 0);
	assert_int_equal(two->n_groups, 0);
	assert_int_equal(rx_entry_add(one, &e, &entry), 0);
	e.table = one;
	assert_int_equal(rx_entry_set(entry, &e), -EINVAL);
	assert_ptr_equal(entry->table, two);
	rx_table_destroy(one);
	rx_table_destroy(two);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_go_where_the_list_says),
	    cmocka_unit_test(what_is_known_is_true),
	    cmocka_unit_test(vlans_macs_and_classes_add_up_and_do_not_multiply),
	    cmocka_unit_test(an_entry_has_so_many_ways),
	    cmocka_unit_test(a_table_leads_to_higher_levels_only),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
