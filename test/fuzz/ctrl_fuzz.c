/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands of the control queue from a fuzzer: a guest's whole life is one input. Its first bytes
 * say what the device is like and what was negotiated; then come commands, each with its length in
 * front. After each one what must always hold is checked.
 *
 *	features(8) pairs(1) trusted(1) hash types(1) enabled rings(8)  { room(1) length(2) command
 *}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctrl/vv_ctrl.h"
#include "fuzz_input.h"

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct guest {
	struct vv_ctrl_conf conf;
	bool enabled[2 * VV_CTRL_PAIRS_MAX];
	struct vv_ctrl_facts facts;
	struct vv_ctrl_state now;
};

static void macs_check(const struct vv_ctrl_macs *macs)
{
	CHECK(macs->n <= VV_CTRL_MACS_MAX);
	CHECK(!macs->overflow || macs->n == 0);
}

static void rss_check(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state)
{
	const struct vv_ctrl_rss *rss = &state->rss;
	unsigned int i;

	CHECK(!(rss->hash_types & ~conf->hash_types));
	CHECK(rss->key_len <= VV_CTRL_RSS_KEY_MAX);
	CHECK(rss->key_len || !rss->hash_types);
	CHECK(rss->table_len <= VV_CTRL_RSS_TABLE_MAX);
	if (!state->rss_active) {
		CHECK(rss->table_len == 0);
		return;
	}
	CHECK(conf->features & VV_BIT(VIRTIO_NET_F_RSS));
	CHECK(rss->table_len && !(rss->table_len & (rss->table_len - 1)));
	for (i = 0; i < rss->table_len; i++)
		CHECK(rss->table[i] < conf->pairs);
	CHECK(rss->unclassified < conf->pairs);
	CHECK(rss->max_tx >= 1 && rss->max_tx <= conf->pairs);
}

static void coal_check(const struct vv_ctrl_coal *coal)
{
	CHECK(coal->packets <= VV_CTRL_COAL_PACKETS_MAX && coal->usecs <= VV_CTRL_COAL_USECS_MAX);
}

static void state_check(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state)
{
	unsigned int i;

	CHECK(vv_ctrl_pairs(conf, state) >= 1 && vv_ctrl_pairs(conf, state) <= conf->pairs);
	CHECK(state->pairs >= 1 && state->pairs <= conf->pairs);
	CHECK(!(state->mac[0] & 1));
	macs_check(&state->uni);
	macs_check(&state->multi);
	rss_check(conf, state);
	CHECK(!(state->offloads & ~(conf->features & VV_GUEST_OFFLOADS)));
	coal_check(&state->coal_rx);
	coal_check(&state->coal_tx);
	for (i = 0; i < 2 * conf->pairs; i++) {
		struct vv_ctrl_coal coal = vv_ctrl_coal(state, i);

		coal_check(&state->coal[i]);
		CHECK(!coal.packets == !coal.usecs);
	}
}

static bool receives_the_same(const struct vv_ctrl_state *a, const struct vv_ctrl_state *b)
{
	return !memcmp(a->mac, b->mac, 6) && a->promisc == b->promisc &&
	       a->allmulti == b->allmulti && a->alluni == b->alluni && a->nomulti == b->nomulti &&
	       a->nouni == b->nouni && a->nobcast == b->nobcast &&
	       !memcmp(&a->uni, &b->uni, sizeof(a->uni)) &&
	       !memcmp(&a->multi, &b->multi, sizeof(a->multi)) &&
	       !memcmp(a->vlans, b->vlans, sizeof(a->vlans));
}

static void guest_make(struct fuzz_input *in, struct guest *guest)
{
	static const uint8_t address[6] = {0x0c, 0x42, 0xa1, 0, 0, 1};
	uint64_t enabled;
	unsigned int i;

	memset(guest, 0, sizeof(*guest));
	fuzz_bytes(in, &guest->conf.features, 8);
	guest->conf.pairs = 1 + fuzz_u8(in) % VV_CTRL_PAIRS_MAX;
	guest->conf.trusted = fuzz_u8(in) & 1;
	guest->conf.macs_max = VV_CTRL_MACS_MAX;
	guest->conf.hash_types = fuzz_u8(in) & VV_CTRL_HASH_TYPES;
	fuzz_bytes(in, &enabled, 8);
	if (enabled & 1)
		memcpy(guest->conf.mac, address, 6);
	for (i = 0; i < 2 * VV_CTRL_PAIRS_MAX; i++)
		guest->enabled[i] = enabled >> i % 64 & 1;
	guest->facts.enabled = guest->enabled;
	vv_ctrl_reset(&guest->conf, &guest->now);
	state_check(&guest->conf, &guest->now);
}

/* In memory of its size, so that a byte read behind it is seen. */
static void command_send(struct guest *guest, const uint8_t *bytes, size_t len, size_t room)
{
	static struct vv_ctrl_state before, next;
	struct vv_ctrl_reply reply;
	enum vv_ctrl_verdict verdict;
	uint8_t *command = malloc(len + !len);

	CHECK(command);
	memcpy(command, bytes, len);
	memcpy(&before, &guest->now, sizeof(before));
	verdict = vv_ctrl_step(&guest->conf, &guest->facts, &guest->now, command, len, room, &next,
			       &reply);
	CHECK(strchr(vv_ctrl_command_name(command, len), '/'));
	free(command);
	CHECK(verdict < VV_CTRL_VERDICT_N && verdict != VV_CTRL_REFUSED);
	CHECK(!memcmp(&guest->now, &before, sizeof(before)));
	guest->facts.commands++;
	if (verdict)
		return;
	CHECK(reply.len <= room && reply.len <= sizeof(reply.result));
	state_check(&guest->conf, &next);
	CHECK(guest->conf.trusted || receives_the_same(&before, &next));
	CHECK(next.announce <= before.announce);
	guest->facts.commands_ok++;
	memcpy(&guest->now, &next, sizeof(next));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	struct guest guest;
	size_t room, len;

	guest_make(&in, &guest);
	while (fuzz_left(&in)) {
		room = fuzz_u8(&in);
		len = fuzz_u16(&in);
		if (room == 0xff) { /* the device asks for an announcement */
			guest.now.announce = true;
			continue;
		}
		if (len > (size_t)(in.end - in.at))
			len = (size_t)(in.end - in.at);
		command_send(&guest, in.at, len, room);
		in.at += len;
	}
	return 0;
}
