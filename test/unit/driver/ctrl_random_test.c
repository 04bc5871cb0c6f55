/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random commands, most of them nearly right, to the driver's control plane and to a second one
 * (ctrl_oracle.h): both agree on every answer, and on what is in force. VV_SEED repeats a run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctrl_oracle.h"
#include "ctrl_rig.h"

enum { GUESTS = 150, COMMANDS = 400, BYTES = 2048 };

static uint64_t seed;

/* xorshift64*: the same everywhere. */
static uint64_t draw(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dull;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(draw() >> 32) % n;
}

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

/* A number that is likely to be at a bound of something. */
static uint64_t number(unsigned int pairs)
{
	const uint64_t near[] = {0,      1,       pairs, 2 * pairs, 64,     128,         4096,
				 0x1000, 0x10000, 2,     40,        0x8000, 0x100000000, 6};

	return near[below(sizeof(near) / sizeof(near[0]))] + below(3) - 1;
}

static uint8_t *put(uint8_t *p, uint64_t value, unsigned int bytes)
{
	for (; bytes; bytes--, value >>= 8)
		*p++ = (uint8_t)value;
	return p;
}

static uint8_t *put_macs(uint8_t *p, uint8_t first)
{
	uint32_t n = one_in(8) ? below(140) : below(5), i;

	p = put(p, one_in(60) ? draw() : n, 4);
	for (i = 0; i < n; i++)
		p = put(put(p, first, 5), below(4), 1);
	return p;
}

static uint8_t *put_key(uint8_t *p, unsigned int bytes)
{
	unsigned int i;

	p = put(p, bytes, 1);
	for (i = 0; i < bytes; i++)
		p = put(p, draw(), 1);
	return p;
}

static uint8_t *put_rss(uint8_t *p, unsigned int pairs)
{
	unsigned int len = 1u << below(9), i;

	p = put(p, one_in(20) ? draw() : below(64), 4);
	if (one_in(20))
		len = below(200) + 1;
	p = put(put(p, len - 1, 2), one_in(20) ? number(pairs) : below(pairs), 2);
	for (i = 0; i < len; i++)
		p = put(p, one_in(4000) ? number(pairs) : below(pairs), 2);
	p = put(p, one_in(20) ? number(pairs) : 1 + below(pairs), 2);
	return put_key(p, one_in(10) ? below(60) : 40);
}

static uint8_t *put_stats(uint8_t *p, unsigned int pairs)
{
	unsigned int n = below(4), cvq = one_in(3) ? 2 : 2 * pairs, i;

	for (i = 0; i < n; i++)
		p = put(put(put(p, one_in(10) ? below(2 * pairs + 2) : cvq, 2), draw(), 6),
			one_in(10)  ? VV_BIT(below(64))
			: one_in(4) ? 0
				    : VV_STATS_TYPE_CVQ,
			8);
	return p;
}

/* The data of a command that is right more often than not. */
static uint8_t *put_data(uint8_t *p, const uint8_t *command, const struct oracle *o)
{
	switch (command[0]) {
	case 0:
		return put(p, one_in(20) ? draw() : below(2), 1);
	case 1:
		if (command[1] == 0)
			return put_macs(put_macs(p, 2), 1);
		return put(p, one_in(3) ? draw() : one_in(5) ? 0 : below(5) * 2, 6);
	case 2:
		return put(p, one_in(8) ? number(o->pairs) : below(4) * 100, 2);
	case 4:
		if (command[1] == 1)
			return put_rss(p, o->pairs);
		if (command[1] == 2)
			return put_key(put(put(p, one_in(9) ? draw() : below(64), 4), draw(), 8),
				       below(45));
		return put(p, one_in(5) ? number(o->pairs) : 1 + below(o->pairs), 2);
	case 5:
		return put(p, one_in(5) ? draw() : draw() & o->features & VV_GUEST_OFFLOADS, 8);
	case 6:
		if (command[1] >= 2)
			p = put(put(p, one_in(9) ? number(o->pairs) : below(2 * o->pairs), 2),
				draw(), 2);
		if (command[1] == 3)
			return p;
		p = put(p, one_in(5) ? number(o->pairs) : below(65536), 4);
		return put(p, one_in(5) ? number(o->pairs) : below(4096), 4);
	case 8:
		return command[1] == 1 ? put_stats(p, o->pairs) : p;
	default:
		return p;
	}
}

static size_t command_make(uint8_t *command, const struct oracle *o)
{
	static const uint8_t numbers[9] = {6, 2, 2, 1, 3, 1, 4, 1, 2}; /* commands of each class */
	size_t len;

	command[0] = (uint8_t)below(9);
	command[1] = (uint8_t)below(numbers[command[0]]);
	len = (size_t)(put_data(command + 2, command, o) - command);
	if (one_in(30))
		command[below(2)] = (uint8_t)draw();
	if (one_in(20))
		command[below((uint32_t)len)] = (uint8_t)draw();
	if (one_in(20)) {
		len += below(5);
		len -= len > 4 ? below(5) : 0;
	}
	return one_in(100) ? below((uint32_t)len + 1) : len;
}

static void macs_compare(const struct vv_ctrl_macs *macs, const struct oracle_macs *expected)
{
	assert_int_equal(macs->n, expected->n);
	assert_int_equal(macs->overflow, expected->all);
	assert_memory_equal(macs->addr, expected->addr, sizeof(expected->addr));
}

static void rss_compare(const struct vv_ctrl_rss *rss, const struct oracle *o)
{
	unsigned int i;

	assert_int_equal(rss->hash_types, o->types);
	assert_int_equal(rss->table_len, o->table_len);
	assert_int_equal(rss->unclassified, o->rest);
	assert_int_equal(rss->max_tx, o->max_tx);
	assert_int_equal(rss->key_len, o->key_len);
	assert_memory_equal(rss->key, o->key, sizeof(o->key));
	for (i = 0; i < 128; i++)
		assert_int_equal(rss->table[i], i < o->table_len ? o->table[i] : 0);
}

static void state_compare(const struct vv_ctrl_state *state, const struct oracle *o)
{
	const bool modes[6] = {state->promisc, state->allmulti, state->alluni,
			       state->nomulti, state->nouni,    state->nobcast};
	unsigned int i;

	assert_memory_equal(state->mac, o->mac, 6);
	assert_memory_equal(modes, o->mode, sizeof(modes));
	macs_compare(&state->uni, &o->macs[0]);
	macs_compare(&state->multi, &o->macs[1]);
	for (i = 0; i < 4096; i++)
		if ((state->vlans[i / 64] >> i % 64 & 1) != o->vlan[i])
			fail_msg("VLAN %u", i);
	assert_int_equal(state->announce, o->announce);
	assert_int_equal(state->rss_active, o->rss);
	assert_int_equal(state->pairs, o->set_pairs);
	rss_compare(&state->rss, o);
	assert_int_equal(state->offloads, o->offloads);
	assert_memory_equal(state->coal, o->coal, sizeof(o->coal));
}

/* A guest that took some of all features, of a device with some pairs. */
static void guest_make(struct ctrl_rig *rig, struct oracle *o)
{
	unsigned int i;

	rig_init(rig, one_in(3) ? RIG_FEATURES & draw() : RIG_FEATURES);
	rig->conf.pairs = one_in(10) ? VV_CTRL_PAIRS_MAX : 1 + below(8);
	rig->conf.trusted = !one_in(4);
	if (one_in(8))
		memset(rig->conf.mac, 0, 6);
	for (i = 0; i < 2 * VV_CTRL_PAIRS_MAX; i++)
		rig->enabled[i] = !one_in(6);
	vv_ctrl_reset(&rig->conf, &rig->now);

	memset(o, 0, sizeof(*o));
	o->features = rig->conf.features;
	o->pairs = rig->conf.pairs;
	memcpy(o->own_mac, rig->conf.mac, 6);
	o->trusted = rig->conf.trusted;
	o->enabled = rig->enabled;
	oracle_reset(o);
	state_compare(&rig->now, o);
}

static void random_commands_agree_with_the_oracle(void **state)
{
	static unsigned int taken[9][256], refused[9][256];
	static const uint8_t each[][2] = {
	    {0, 0},
            {0, 1},
            {0, 2},
            {0, 3},
            {0, 4},
            {0, 5},
            {1, 0},
            {1, 1},
            {2, 0},
            {2, 1},
            {3, 0},
	    {4, 0},
            {4, 1},
            {4, 2},
            {5, 0},
            {6, 0},
            {6, 1},
            {6, 2},
            {6, 3},
            {8, 0},
            {8, 1},
	};
	static struct ctrl_rig rig;
	static struct oracle o;
	uint8_t command[BYTES];
	unsigned int guest, i;
	bool ok;
	size_t len;

	for (guest = 0; guest < GUESTS; guest++) {
		guest_make(&rig, &o);
		for (i = 0; i < COMMANDS; i++) {
			if (one_in(50))
				rig.now.announce = o.announce = true;
			if (one_in(150)) {
				vv_ctrl_reset(&rig.conf, &rig.now);
				oracle_reset(&o);
			}
			rig.room = one_in(20) ? below(30) : VV_CTRL_RESULT_MAX;
			len = command_make(command, &o);
			/* How much of an answer to GET fits is not the oracle's business. */
			if (len >= 2 && command[0] == 8 && command[1] == 1)
				rig.room = VV_CTRL_RESULT_MAX;
			ok = rig_send(&rig, command, len) == VV_CTRL_OK;
			if (oracle_send(&o, command, len, rig.room) != ok)
				fail_msg("%s of %zu bytes: %s", vv_ctrl_command_name(command, len),
					 len, ok ? "taken" : "refused");
			state_compare(&rig.now, &o);
			if (len >= 2 && command[0] < 9)
				(ok ? taken : refused)[command[0]][command[1]]++;
			if (ok && o.answer_len) {
				assert_int_equal(rig.reply.len, o.answer_len);
				assert_memory_equal(rig.reply.result, o.answer, o.answer_len);
			}
		}
	}
	/* That it was a test: every command was taken and refused. */
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		assert_true(taken[each[i][0]][each[i][1]] > 10);
		assert_true(refused[each[i][0]][each[i][1]] > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_commands_agree_with_the_oracle),
	};
	const char *given = getenv("VV_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u + 1;
	seed += !seed;
	printf("VV_SEED=0x%" PRIx64 "\n", seed);
	return cmocka_run_group_tests_name("ctrl_random", tests, NULL, NULL);
}
