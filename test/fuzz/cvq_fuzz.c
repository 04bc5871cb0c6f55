/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control queue (vv_cvq.h) from its ring to the device: a driver whose chains are good until the
 * input says otherwise, a device that takes what it is given, or does not, or is busy.
 *
 * Input: layout and features, then operations: commands of any content and framing, words of the
 * last chain and bytes of any memory written over, polls, stop and start.
 */
#include <errno.h>
#include <stdlib.h>

#include <rte_log.h>

#include "../unit/driver/swring_mock.h"
#include "fuzz_input.h"
#include "vv_cvq.h"
#include "vv_log.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

enum { PACKED = 1, EVENT_IDX = 2, INDIRECT = 4, TRUSTED = 8 };
enum { OPS_MAX = 300, PARTS_MAX = 4, TOKENS = 64 /* more than a ring has */ };

struct scene {
	struct fuzz_input in;
	struct swmock *mock;
	struct vv_cvq *cvq;
	uint16_t base;
	bool clean; /* nothing was written that a good driver would not write */

	/* The device. */
	struct vv_ctrl_conf conf;
	struct vv_ctrl_state state;
	bool enabled[2 * VV_CTRL_PAIRS_MAX];
	bool entered, busy, refuses;
	unsigned int calls;

	/* By token: where the answer to a command is. */
	uint64_t answer[TOKENS];
	unsigned int sent;
};

int vv_logtype;

/* ---- the device ---- */

static bool device_enter(void *arg)
{
	struct scene *s = arg;

	CHECK(!s->entered);
	s->entered = !s->busy;
	return s->entered;
}

static void device_leave(void *arg)
{
	struct scene *s = arg;

	CHECK(s->entered);
	s->entered = false;
}

static const struct vv_ctrl_conf *device_conf(void *arg)
{
	struct scene *s = arg;

	CHECK(s->entered);
	return &s->conf;
}

static void device_facts(void *arg, struct vv_ctrl_facts *facts)
{
	struct scene *s = arg;

	CHECK(s->entered);
	facts->enabled = s->enabled;
}

static const struct vv_ctrl_state *device_state(void *arg)
{
	struct scene *s = arg;

	CHECK(s->entered);
	return &s->state;
}

static int device_apply(void *arg, const struct vv_ctrl_state *next)
{
	struct scene *s = arg;
	unsigned int pairs = vv_ctrl_pairs(&s->conf, next);

	CHECK(s->entered);
	CHECK(pairs >= 1 && pairs <= s->conf.pairs);
	if (s->refuses)
		return -EIO;
	memcpy(&s->state, next, sizeof(s->state));
	return 0;
}

static void device_call(void *arg)
{
	struct scene *s = arg;

	s->calls++;
}

static const struct vv_cvq_ops device_ops = {
    .enter = device_enter,
    .leave = device_leave,
    .conf = device_conf,
    .facts = device_facts,
    .state = device_state,
    .apply = device_apply,
    .call = device_call,
};

/* ---- the driver ---- */

/* So many bytes in up to so many buffers; how many there are, 0 if memory is used up. */
static unsigned int cut(struct scene *s, struct swmock_buf *buf, uint32_t len, unsigned int parts,
			bool write)
{
	unsigned int n;
	uint32_t part;

	for (n = 0; len > 0; n++, len -= part) {
		part = n + 1 < parts && len > 1 ? 1 + fuzz_u8(&s->in) % (len - 1) : len;
		buf[n] = (struct swmock_buf){swmock_alloc(s->mock, part), part, write};
		if (!buf[n].gpa)
			return 0;
	}
	return n;
}

static void sends(struct scene *s)
{
	uint8_t shape = fuzz_u8(&s->in);
	uint32_t len = fuzz_u8(&s->in), room = fuzz_u8(&s->in);
	struct swmock_buf buf[2 * PARTS_MAX];
	unsigned int n_read, n_write, i, n, table = 0;
	uintptr_t token = s->sent % TOKENS;

	/* Now and then a long one. */
	len += shape & 0x80 ? 8000 : 0;
	if (swmock_outstanding(s->mock) == 0)
		swmock_free_all(s->mock);
	n_read = cut(s, buf, len, 1 + shape % PARTS_MAX, false);
	n_write = cut(s, buf + n_read, room, 1 + shape / PARTS_MAX % PARTS_MAX, true);
	n = n_read + n_write;
	if (n == 0 || (len && !n_read) || (room && !n_write))
		return;
	for (i = 0; i < n_read; i++)
		fuzz_bytes(&s->in, swmock_at(s->mock, buf[i].gpa, buf[i].len), buf[i].len);
	if (s->mock->conf.indirect && shape & 0x40)
		table = s->mock->conf.packed ? n : 1 + shape % n;
	if (swmock_add(s->mock, buf, n, table, token))
		return;
	s->answer[token] = n_write ? buf[n_read].gpa : 0;
	s->sent++;
}

static void reaps(struct scene *s)
{
	uintptr_t token;
	uint32_t len;
	uint8_t ack;
	int ret;

	while ((ret = swmock_used(s->mock, &token, &len)) == 1) {
		if (!s->clean || len == 0)
			continue;
		CHECK(s->answer[token]);
		ack = *(uint8_t *)swmock_at(s->mock, s->answer[token], 1);
		CHECK(ack == VIRTIO_NET_OK || ack == VIRTIO_NET_ERR);
		CHECK(ack == VIRTIO_NET_OK || len == 1);
	}
	CHECK(ret == 0 || !s->clean);
}

static void spoils_a_word(struct scene *s)
{
	uint8_t what = fuzz_u8(&s->in);
	bool table = what & 0x80 && s->mock->n_last_table > 0;
	unsigned int n = table ? s->mock->n_last_table : s->mock->n_last_slot;
	struct swmock_desc d;

	if (n == 0)
		return;
	swmock_peek(s->mock, table, what / 4 % n, &d);
	switch (what % 4) {
	case 0:
		d.addr += (int16_t)fuzz_u16(&s->in);
		break;
	case 1:
		d.len = fuzz_u32(&s->in);
		break;
	case 2:
		d.flags ^= 1 << fuzz_u8(&s->in) % 3;
		break;
	default:
		d.next_or_id = fuzz_u16(&s->in);
	}
	swmock_poke(s->mock, table, what / 4 % n, &d);
	s->clean = false;
}

static void spoils_a_byte(struct scene *s)
{
	struct swmock_region *r = &s->mock->region[fuzz_u8(&s->in) % SWMOCK_REGIONS];

	r->guest[fuzz_u16(&s->in) % r->size] = fuzz_u8(&s->in);
	s->clean = false;
}

/* ---- both ---- */

static void starts(struct scene *s)
{
	struct vv_region regions[SWMOCK_REGIONS];
	struct vv_swring_conf conf;
	struct vv_cvq_ring ring;
	unsigned int i;
	int err;

	swmock_ring(s->mock, &conf);
	for (i = 0; i < SWMOCK_REGIONS; i++) {
		const struct swmock_region *r = &s->mock->region[i];

		regions[i] = (struct vv_region){r->gpa, r->size, r->device};
	}
	ring = (struct vv_cvq_ring){
	    .packed = conf.packed,
	    .event_idx = conf.event_idx,
	    .indirect = conf.indirect,
	    .size = conf.size,
	    .base = s->base,
	    .desc = conf.desc,
	    .driver = conf.driver,
	    .device = conf.device,
	    .regions = regions,
	    .n_regions = SWMOCK_REGIONS,
	};
	err = vv_cvq_start(s->cvq, &ring);
	CHECK(err == 0 || err == -EALREADY);
}

static void polls(struct scene *s)
{
	struct vv_cvq_stats before, after;
	uint64_t sum = 0;
	unsigned int n, i;
	bool again;

	vv_cvq_stats(s->cvq, &before);
	n = vv_cvq_poll(s->cvq, &again);
	vv_cvq_stats(s->cvq, &after);
	CHECK(!s->entered);
	CHECK(n <= VV_CVQ_BURST);
	CHECK(n == 0 || !(before.needs_reset || s->busy));
	CHECK(after.needs_reset >= before.needs_reset);
	CHECK(!s->clean || after.faults == 0);
	for (i = 0; i < VV_CTRL_VERDICT_N; i++)
		sum += after.verdict[i];
	CHECK(sum == after.commands && after.commands - before.commands <= n);
}

static void operation(struct scene *s)
{
	uint8_t op = fuzz_u8(&s->in);

	switch (op % 16) {
	case 0 ... 5:
		sends(s);
		if (op & 0x80)
			break;
		swmock_publish(s->mock);
		break;
	case 6 ... 8:
		polls(s);
		break;
	case 9:
		swmock_publish(s->mock);
		break;
	case 10:
		reaps(s);
		break;
	case 11:
		spoils_a_word(s);
		break;
	case 12:
		spoils_a_byte(s);
		break;
	case 13:
		s->base = vv_cvq_stop(s->cvq);
		starts(s);
		break;
	case 14:
		vv_cvq_want_kicks(s->cvq, op & 0x80);
		break;
	case 15:
		s->busy = op & 0x80;
		s->refuses = op & 0x40;
		s->state.announce = op & 0x20;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scene s;
	struct swmock_conf conf;
	uint64_t enabled;
	uint8_t features;
	unsigned int i;

	rte_log_set_global_level(RTE_LOG_EMERG);
	memset(&s, 0, sizeof(s));
	s.in = fuzz_input(data, size);
	s.clean = true;
	features = fuzz_u8(&s.in);
	conf = (struct swmock_conf){
	    .packed = features & PACKED,
	    .event_idx = features & EVENT_IDX,
	    .indirect = features & INDIRECT,
	    .size = features & PACKED ? 3 + (features >> 4) : 4 << (features >> 4) % 4,
	    .base = features & PACKED ? SWMOCK_PACKED_START : 0xfffd,
	    .buffer_bytes = 12000,
	    .heap = true,
	};
	s.base = conf.base;
	fuzz_bytes(&s.in, &s.conf.features, sizeof(s.conf.features));
	s.conf.pairs = 1 + fuzz_u8(&s.in) % VV_CTRL_PAIRS_MAX;
	s.conf.trusted = features & TRUSTED;
	s.conf.macs_max = VV_CTRL_MACS_MAX;
	s.conf.hash_types = VV_CTRL_HASH_TYPES;
	fuzz_bytes(&s.in, &enabled, sizeof(enabled));
	for (i = 0; i < 2 * VV_CTRL_PAIRS_MAX; i++)
		s.enabled[i] = enabled >> i % 64 & 1;
	if (enabled & 1)
		s.conf.mac[5] = 1;
	vv_ctrl_reset(&s.conf, &s.state);
	CHECK(swmock_create(&conf, &s.mock) == 0);
	CHECK(vv_cvq_create("fuzz", &device_ops, &s, &s.cvq) == 0);
	starts(&s);
	for (i = 0; i < OPS_MAX && fuzz_left(&s.in); i++)
		operation(&s);
	vv_cvq_stop(s.cvq);
	vv_cvq_destroy(s.cvq);
	swmock_destroy(s.mock);
	return 0;
}
