/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "ctrl_rig.h"

void rig_init(struct ctrl_rig *rig, uint64_t features)
{
	memset(rig, 0, sizeof(*rig));
	rig->conf = (struct vv_ctrl_conf){
	    .features = features,
	    .pairs = RIG_PAIRS,
	    .mac = {0x0c, 0x42, 0xa1, 0, 0, 1},
	    .trusted = true,
	    .macs_max = VV_CTRL_MACS_MAX,
	    .hash_types = VV_CTRL_HASH_TYPES,
	};
	memset(rig->enabled, 1, RIG_CVQ);
	rig->facts.enabled = rig->enabled;
	rig->room = VV_CTRL_RESULT_MAX;
	memset(&rig->now, 0x5a, sizeof(rig->now));
	vv_ctrl_reset(&rig->conf, &rig->now);
}

void rig_init_untrusted(struct ctrl_rig *rig, uint64_t features)
{
	rig_init(rig, features);
	rig->conf.trusted = false;
	vv_ctrl_reset(&rig->conf, &rig->now);
}

static void macs_assert_sane(const struct vv_ctrl_macs *macs)
{
	static const uint8_t none[6];
	unsigned int i;

	assert_true(macs->n <= VV_CTRL_MACS_MAX);
	if (macs->overflow)
		assert_int_equal(macs->n, 0);
	for (i = macs->n; i < VV_CTRL_MACS_MAX; i++)
		assert_memory_equal(macs->addr[i], none, 6);
}

static void rss_assert_sane(const struct vv_ctrl_conf *conf, const struct vv_ctrl_rss *rss)
{
	unsigned int i;

	assert_true(rss->table_len && rss->table_len <= VV_CTRL_RSS_TABLE_MAX);
	assert_int_equal(rss->table_len & (rss->table_len - 1), 0);
	for (i = 0; i < rss->table_len; i++)
		assert_true(rss->table[i] < conf->pairs);
	assert_true(rss->unclassified < conf->pairs);
	assert_true(rss->max_tx >= 1 && rss->max_tx <= conf->pairs);
}

void rig_assert_sane(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state)
{
	const struct vv_ctrl_coal none = {0};
	unsigned int i, pairs = vv_ctrl_pairs(conf, state);

	assert_true(pairs >= 1 && pairs <= conf->pairs);
	assert_true(state->pairs >= 1 && state->pairs <= conf->pairs);
	macs_assert_sane(&state->uni);
	macs_assert_sane(&state->multi);
	assert_int_equal(state->mac[0] & 1, 0);
	if (state->rss_active)
		rss_assert_sane(conf, &state->rss);
	assert_int_equal(state->rss.hash_types & ~conf->hash_types, 0);
	assert_true(state->rss.key_len <= VV_CTRL_RSS_KEY_MAX);
	assert_int_equal(state->offloads & ~(conf->features & VV_GUEST_OFFLOADS), 0);
	for (i = 0; i < 2 * VV_CTRL_PAIRS_MAX; i++) {
		assert_true(state->coal[i].packets <= VV_CTRL_COAL_PACKETS_MAX);
		assert_true(state->coal[i].usecs <= VV_CTRL_COAL_USECS_MAX);
		if (i >= 2 * conf->pairs)
			assert_memory_equal(&state->coal[i], &none, sizeof(none));
	}
}

enum vv_ctrl_verdict rig_send(struct ctrl_rig *rig, const void *command, size_t len)
{
	struct vv_ctrl_state before, next;
	struct vv_ctrl_reply reply;
	enum vv_ctrl_verdict verdict;
	uint8_t *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, command, len);
	memcpy(&before, &rig->now, sizeof(before));
	memset(&next, 0xa5, sizeof(next));
	memset(&reply, 0xa5, sizeof(reply));
	verdict =
	    vv_ctrl_step(&rig->conf, &rig->facts, &rig->now, copy, len, rig->room, &next, &reply);
	free(copy);
	assert_memory_equal(&rig->now, &before, sizeof(before));
	assert_true(verdict < VV_CTRL_VERDICT_N && verdict != VV_CTRL_REFUSED);
	if (verdict)
		return verdict;
	assert_true(reply.len <= rig->room && reply.len <= sizeof(reply.result));
	rig_assert_sane(&rig->conf, &next);
	memcpy(&rig->now, &next, sizeof(next));
	rig->reply = reply;
	return VV_CTRL_OK;
}

static uint8_t *put(uint8_t *p, uint64_t value, size_t bytes)
{
	for (; bytes; bytes--, value >>= 8)
		*p++ = (uint8_t)value;
	return p;
}

size_t rig_rss(const struct rig_rss *rss, uint8_t *command)
{
	uint8_t *p = command;
	unsigned int i;

	p = put(p, 4, 1);
	p = put(p, 1, 1);
	p = put(p, rss->types, 4);
	p = put(p, rss->table_len - 1, 2);
	p = put(p, rss->unclassified, 2);
	for (i = 0; i < rss->table_len; i++)
		p = put(p, rss->entry, 2);
	p = put(p, rss->max_tx, 2);
	p = put(p, rss->key_len, 1);
	for (i = 0; i < rss->key_len; i++)
		p = put(p, 0x60 + i, 1);
	return (size_t)(p - command);
}

size_t rig_mac_table(uint32_t n, uint32_t m, uint8_t *command)
{
	uint8_t *p = command;
	uint32_t i;

	p = put(p, 1, 1);
	p = put(p, 0, 1);
	p = put(p, n, 4);
	for (i = 0; i < n; i++)
		p = put(put(p, 2, 2), (uint64_t)i << 16, 4);
	p = put(p, m, 4);
	for (i = 0; i < m; i++)
		p = put(put(p, 3, 2), (uint64_t)i << 16, 4);
	return (size_t)(p - command);
}
