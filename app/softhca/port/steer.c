/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "rss.h"
#include "steer.h"

/* A class: IP version (none, 4, 6) by protocol (TCP, UDP, another). */
enum { CLASS_VERSIONS = 3, CLASS_PROTOCOLS = 3, CLASSES = CLASS_VERSIONS * CLASS_PROTOCOLS };

enum { RULE_WORDS = (sizeof(struct flow_key) + 7) / 8 };

struct rx_tir {
	struct rx_tir *next;
	const struct dp_tir *origin; /* only to find rules that share it, during create */
	uint8_t key[RSS_KEY_LEN];
	struct rss_table *rss; /* owned by the first TIR with that key; NULL: queues[0] */
	bool rss_owned;
	bool symmetric, block_self_uc, block_self_mc;
	uint8_t hash_fields;
	unsigned int n;
	struct vq *queues[];
};

struct rx_rule {
	uint64_t mask[RULE_WORDS], value[RULE_WORDS];
	bool always;                /* within a class: no need to compare */
	const struct rx_tir *tir;   /* NULL: drop */
	struct dp_counter *counter; /* borrowed; may be NULL */
};

struct rx_class {
	unsigned int n;
	struct rx_rule *rules; /* owned */
};

struct rx_table {
	struct rx_tir *tirs;
	struct rx_class classes[CLASSES];
	bool single, counts;
	struct rx_result single_uc, single_mc;
};

static unsigned int rx_class_version(uint8_t ip_version)
{
	return ip_version == 4 ? 1 : ip_version == 6 ? 2 : 0;
}

static unsigned int rx_class_protocol(uint8_t ip_protocol)
{
	return ip_protocol == 6 ? 0 : ip_protocol == 17 ? 1 : 2;
}

static unsigned int rx_class_of(const struct flow_key *key)
{
	return rx_class_version(key->ip_version) * CLASS_PROTOCOLS +
	       rx_class_protocol(key->ip_protocol);
}

static int rx_tir_get(struct rx_table *table, const struct dp_tir *origin, struct rx_tir **out)
{
	struct rx_tir *tir;

	for (tir = table->tirs; tir != NULL; tir = tir->next) {
		if (tir->origin == origin) {
			*out = tir;
			return 0;
		}
	}
	if (origin->n == 0 || (origin->n & (origin->n - 1)) != 0)
		return -EINVAL;
	tir = calloc(1, sizeof(*tir) + origin->n * sizeof(tir->queues[0]));
	if (tir == NULL)
		return -ENOMEM;
	tir->origin = origin;
	tir->symmetric = origin->symmetric;
	tir->block_self_uc = origin->block_self_uc;
	tir->block_self_mc = origin->block_self_mc;
	tir->hash_fields = origin->hash_fields;
	tir->n = origin->hash_fields ? origin->n : 1;
	memcpy(tir->key, origin->key, sizeof(tir->key));
	memcpy(tir->queues, origin->queues, tir->n * sizeof(tir->queues[0]));
	for (struct rx_tir *other = table->tirs; tir->n > 1 && other != NULL; other = other->next) {
		if (other->rss != NULL && memcmp(other->key, tir->key, sizeof(tir->key)) == 0)
			tir->rss = other->rss;
	}
	if (tir->n > 1 && tir->rss == NULL) {
		tir->rss = malloc(sizeof(*tir->rss));
		if (tir->rss == NULL) {
			free(tir);
			return -ENOMEM;
		}
		tir->rss_owned = true;
		rss_table_init(tir->rss, tir->key);
	}
	tir->next = table->tirs;
	table->tirs = tir;
	*out = tir;
	return 0;
}

/*
 * What is left of a rule inside a class: 0 and *left with its mask reduced by what the class
 * already says, or -ENOENT when it can not match there.
 */
static int rx_rule_reduce(const struct dp_rx_rule *rule, unsigned int class,
			  struct dp_rx_rule *left)
{
	static const uint8_t versions[CLASS_VERSIONS] = {0, 4, 6};
	static const uint8_t protocols[CLASS_PROTOCOLS] = {6, 17, 0};
	uint8_t version = versions[class / CLASS_PROTOCOLS];
	unsigned int protocol_class = class % CLASS_PROTOCOLS;
	uint8_t mask = rule->mask.ip_protocol;

	*left = *rule;
	if ((version & rule->mask.ip_version) != rule->value.ip_version)
		return -ENOENT;
	left->mask.ip_version = 0;
	left->value.ip_version = 0;
	if (protocol_class < 2) {
		if ((protocols[protocol_class] & mask) != rule->value.ip_protocol)
			return -ENOENT;
		left->mask.ip_protocol = 0;
		left->value.ip_protocol = 0;
	} else if (mask == 0xff && rx_class_protocol(rule->value.ip_protocol) < 2) {
		return -ENOENT;
	}
	return 0;
}

static int rx_class_init(struct rx_table *table, unsigned int class, const struct dp_rx_rule *rules,
			 unsigned int n)
{
	static const struct flow_key nothing;
	struct rx_class *c = &table->classes[class];

	c->rules = calloc(n, sizeof(c->rules[0]));
	if (c->rules == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		struct rx_rule *r = &c->rules[c->n];
		struct dp_rx_rule left;
		struct rx_tir *tir = NULL;
		int err = 0;

		if (rx_rule_reduce(&rules[i], class, &left) != 0)
			continue;
		if (rules[i].tir != NULL)
			err = rx_tir_get(table, rules[i].tir, &tir);
		if (err)
			return err;
		memcpy(r->mask, &left.mask, sizeof(left.mask));
		memcpy(r->value, &left.value, sizeof(left.value));
		r->always = memcmp(&left.mask, &nothing, sizeof(nothing)) == 0;
		r->tir = tir;
		r->counter = rules[i].counter;
		table->counts |= r->counter != NULL;
		c->n++;
		if (r->always)
			break;
	}
	return 0;
}

static void rx_table_find_single(struct rx_table *table)
{
	const struct rx_tir *first;

	if (table->counts)
		return;
	for (unsigned int i = 0; i < CLASSES; i++) {
		const struct rx_class *c = &table->classes[i];
		const struct rx_tir *tir;

		if (c->n == 0 || !c->rules[0].always)
			return;
		tir = c->rules[0].tir;
		if (tir == NULL)
			return;
		first = table->classes[0].rules[0].tir;
		if (tir->n != 1 || tir->queues[0] != first->queues[0] ||
		    tir->block_self_uc != first->block_self_uc ||
		    tir->block_self_mc != first->block_self_mc)
			return;
	}
	first = table->classes[0].rules[0].tir;
	table->single = true;
	table->single_uc = (struct rx_result){first->queues[0], first->block_self_uc, NULL};
	table->single_mc = (struct rx_result){first->queues[0], first->block_self_mc, NULL};
}

int rx_table_create(const struct dp_rx_rule *rules, unsigned int n, struct rx_table **out)
{
	struct rx_table *table = calloc(1, sizeof(*table));
	int err = table == NULL ? -ENOMEM : 0;

	for (unsigned int i = 0; i < CLASSES && err == 0; i++)
		err = rx_class_init(table, i, rules, n);
	if (err) {
		rx_table_destroy(table);
		return err;
	}
	rx_table_find_single(table);
	*out = table;
	return 0;
}

void rx_table_destroy(struct rx_table *table)
{
	if (table == NULL)
		return;
	for (unsigned int i = 0; i < CLASSES; i++)
		free(table->classes[i].rules);
	while (table->tirs != NULL) {
		struct rx_tir *tir = table->tirs;

		table->tirs = tir->next;
		if (tir->rss_owned)
			free(tir->rss);
		free(tir);
	}
	free(table);
}

bool rx_table_counts(const struct rx_table *table)
{
	return table->counts;
}

bool rx_table_single(const struct rx_table *table, bool group, struct rx_result *result)
{
	if (!table->single)
		return false;
	*result = group ? table->single_mc : table->single_uc;
	return true;
}

static bool rx_rule_matches(const struct rx_rule *rule, const uint64_t *key)
{
	uint64_t diff = 0;

	for (unsigned int i = 0; i < RULE_WORDS; i++)
		diff |= (key[i] & rule->mask[i]) ^ rule->value[i];
	return diff == 0;
}

void rx_table_find(const struct rx_table *table, const uint8_t *bytes, size_t len,
		   struct rx_result *result)
{
	union {
		struct flow_key key;
		uint64_t words[RULE_WORDS];
	} u;
	const struct rx_class *c;

	u.words[RULE_WORDS - 1] = 0;
	frame_parse(bytes, len, &u.key);
	c = &table->classes[rx_class_of(&u.key)];
	for (unsigned int i = 0; i < c->n; i++) {
		const struct rx_rule *rule = &c->rules[i];
		const struct rx_tir *tir = rule->tir;
		uint32_t hash;

		if (!rule->always && !rx_rule_matches(rule, u.words))
			continue;
		*result = (struct rx_result){NULL, false, rule->counter};
		if (tir == NULL)
			return;
		hash =
		    tir->n > 1 ? rss_hash(tir->rss, &u.key, tir->hash_fields, tir->symmetric) : 0;
		result->vq = tir->queues[hash & (tir->n - 1)];
		result->block_self = bytes[0] & 1 ? tir->block_self_mc : tir->block_self_uc;
		return;
	}
	*result = (struct rx_result){NULL, false, NULL};
}
