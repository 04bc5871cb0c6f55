/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctrl_oracle.h"

#define GUEST_OFFLOADS (1ull << 1 | 1ull << 7 | 1ull << 8 | 1ull << 9 | 1ull << 10)

/* What is left to read of a command; short once more was asked for than there is. */
struct cursor {
	const uint8_t *at;
	size_t left;
	bool is_short;
};

static uint64_t take(struct cursor *c, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	if (c->left < bytes)
		c->is_short = true;
	if (c->is_short)
		return 0;
	for (i = 0; i < bytes; i++)
		value += (uint64_t)c->at[i] << 8 * i;
	c->at += bytes;
	c->left -= bytes;
	return value;
}

/* Everything was there, and nothing is left. */
static bool done(const struct cursor *c)
{
	return !c->is_short && c->left == 0;
}

static bool has(const struct oracle *o, unsigned int bit)
{
	return o->features >> bit & 1;
}

static void answer(struct oracle *o, uint64_t value, unsigned int bytes)
{
	for (; bytes; bytes--, value /= 256)
		o->answer[o->answer_len++] = value % 256;
}

void oracle_reset(struct oracle *o)
{
	bool own = o->own_mac[0] | o->own_mac[1] | o->own_mac[2] | o->own_mac[3] | o->own_mac[4] |
		   o->own_mac[5];

	memcpy(o->mac, o->own_mac, 6);
	memset(o->mode, 0, sizeof(o->mode));
	if (o->trusted || !own)
		o->mode[0] = true;
	else
		o->mode[1] = true;
	memset(o->macs, 0, sizeof(o->macs));
	memset(o->vlan, 0, sizeof(o->vlan));
	o->announce = o->rss = false;
	o->set_pairs = has(o, 17) ? 1 : o->pairs;
	o->types = o->table_len = o->rest = o->max_tx = o->key_len = 0;
	memset(o->table, 0, sizeof(o->table));
	memset(o->key, 0, sizeof(o->key));
	o->offloads = o->features & GUEST_OFFLOADS;
	memset(o->coal, 0, sizeof(o->coal));
}

static bool rx(struct oracle *o, unsigned int command, struct cursor *c)
{
	uint64_t on = take(c, 1);

	if (!done(c) || command > 5 || !has(o, command < 2 ? 18 : 20) || on > 1)
		return false;
	o->mode[command] = on;
	return true;
}

static bool mac_table(struct oracle *o, struct cursor *c)
{
	unsigned int kind;
	uint64_t n, i, j;

	for (kind = 0; kind < 2; kind++) {
		memset(&o->macs[kind], 0, sizeof(o->macs[kind]));
		n = take(c, 4);
		o->macs[kind].all = n > 64;
		o->macs[kind].n = n > 64 ? 0 : n;
		for (i = 0; i < n && !c->is_short; i++)
			for (j = 0; j < 6; j++) {
				uint8_t byte = take(c, 1);

				if (n <= 64)
					o->macs[kind].addr[i][j] = byte;
			}
	}
	return done(c);
}

static bool mac(struct oracle *o, unsigned int command, struct cursor *c)
{
	uint64_t address;
	unsigned int i;

	if (command == 0)
		return has(o, 18) && mac_table(o, c);
	if (command != 1 || !has(o, 23))
		return false;
	address = take(c, 6);
	for (i = 0; i < 6; i++)
		o->mac[i] = address >> 8 * i;
	return done(c) && address && address % 2 == 0;
}

static bool vlan(struct oracle *o, unsigned int command, struct cursor *c)
{
	uint64_t vid = take(c, 2);

	if (!done(c) || command > 1 || !has(o, 19) || vid > 4095)
		return false;
	o->vlan[vid] = command == 0;
	return true;
}

static unsigned int pairs_in_use(const struct oracle *o)
{
	unsigned int pairs = o->max_tx, i;

	if (!o->rss)
		return o->set_pairs;
	for (i = 0; i < o->table_len; i++)
		pairs = o->table[i] + 1 > pairs ? o->table[i] + 1 : pairs;
	return o->rest + 1 > pairs ? o->rest + 1 : pairs;
}

static bool hash_key(struct oracle *o, struct cursor *c)
{
	unsigned int i;

	o->key_len = take(c, 1);
	if (o->key_len > 40 || (o->key_len == 0 && o->types))
		return false;
	memset(o->key, 0, sizeof(o->key));
	for (i = 0; i < o->key_len; i++)
		o->key[i] = take(c, 1);
	return done(c);
}

static bool rss(struct oracle *o, struct cursor *c)
{
	unsigned int i;

	o->rss = true;
	memset(o->table, 0, sizeof(o->table));
	o->types = take(c, 4);
	o->table_len = take(c, 2) + 1;
	o->rest = take(c, 2);
	switch (o->table_len) {
	case 1:
	case 2:
	case 4:
	case 8:
	case 16:
	case 32:
	case 64:
	case 128:
		break;
	default:
		return false;
	}
	for (i = 0; i < o->table_len; i++) {
		o->table[i] = take(c, 2);
		if (o->table[i] >= o->pairs)
			return false;
	}
	o->max_tx = take(c, 2);
	return o->types < 64 && o->rest < o->pairs && o->max_tx >= 1 && o->max_tx <= o->pairs &&
	       hash_key(o, c);
}

static bool mq(struct oracle *o, unsigned int command, struct cursor *c)
{
	unsigned int before = pairs_in_use(o);

	if (command == 1)
		return has(o, 60) && rss(o, c);
	if (command > 2 || !has(o, command == 0 ? 22 : 57))
		return false;
	o->rss = false;
	o->types = o->table_len = o->rest = o->max_tx = o->key_len = 0;
	memset(o->table, 0, sizeof(o->table));
	memset(o->key, 0, sizeof(o->key));
	if (command == 0) {
		o->set_pairs = take(c, 2);
		return done(c) && o->set_pairs >= 1 && o->set_pairs <= o->pairs;
	}
	o->set_pairs = before;
	o->types = take(c, 4);
	take(c, 8);
	return o->types < 64 && hash_key(o, c);
}

static bool coal(struct oracle *o, unsigned int command, struct cursor *c)
{
	unsigned int queue = 0, i;
	struct oracle_coal to = {0};
	bool one = command == 2 || command == 3;

	if (command > 3 || !has(o, one ? 52 : 53))
		return false;
	if (one) {
		queue = take(c, 2);
		take(c, 2);
	}
	if (command != 3) {
		to.packets = take(c, 4);
		to.usecs = take(c, 4);
	}
	if (!done(c) || to.packets > 65535 || to.usecs > 4095)
		return false;
	if (one && (queue >= 2 * o->pairs || !o->enabled[queue]))
		return false;
	if (command == 3) {
		answer(o, o->coal[queue].packets, 4);
		answer(o, o->coal[queue].usecs, 4);
	}
	for (i = 0; i < 2 * o->pairs; i++)
		if (command == 2 ? i == queue : command < 2 && i % 2 != command)
			o->coal[i] = to;
	return true;
}

/* Of GET only whether it is right; what it counts is tested elsewhere. */
static bool stats(struct oracle *o, unsigned int command, struct cursor *c)
{
	unsigned int cvq = has(o, 22) || has(o, 60) ? 2 * o->pairs : 2;

	if (!has(o, 50) || command > 1)
		return false;
	if (command == 0)
		answer(o, 1ull << 32, 8);
	while (command == 1 && c->left && !c->is_short) {
		uint64_t queue = take(c, 2), types;

		take(c, 6);
		types = take(c, 8);
		if (queue > cvq || (types && (queue != cvq || types != 1ull << 32)))
			return false;
	}
	return done(c);
}

static bool dispatch(struct oracle *o, const uint8_t *command, size_t len)
{
	struct cursor c = {command + 2, len - 2, false};
	uint64_t offloads;

	switch (command[0]) {
	case 0:
		return rx(o, command[1], &c);
	case 1:
		return mac(o, command[1], &c);
	case 2:
		return vlan(o, command[1], &c);
	case 3:
		if (command[1] != 0 || !has(o, 21) || !done(&c) || !o->announce)
			return false;
		o->announce = false;
		return true;
	case 4:
		return mq(o, command[1], &c);
	case 5:
		offloads = take(&c, 8);
		o->offloads = offloads;
		return command[1] == 0 && has(o, 2) && done(&c) &&
		       (offloads & o->features & GUEST_OFFLOADS) == offloads;
	case 6:
		return coal(o, command[1], &c);
	case 8:
		return stats(o, command[1], &c);
	default:
		return false;
	}
}

static bool receives_the_same(const struct oracle *a, const struct oracle *b)
{
	return !memcmp(a->mac, b->mac, 6) && !memcmp(a->mode, b->mode, sizeof(a->mode)) &&
	       !memcmp(a->macs, b->macs, sizeof(a->macs)) &&
	       !memcmp(a->vlan, b->vlan, sizeof(a->vlan));
}

bool oracle_send(struct oracle *o, const uint8_t *command, size_t len, size_t room)
{
	struct oracle tried;

	if (len < 2)
		return false;
	memcpy(&tried, o, sizeof(tried));
	tried.answer_len = 0;
	if (!dispatch(&tried, command, len) || tried.answer_len > room)
		return false;
	if (!o->trusted && !receives_the_same(o, &tried))
		return false;
	memcpy(o, &tried, sizeof(tried));
	return true;
}
