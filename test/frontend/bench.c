/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_ring.h"
#include "clock.h"
#include "log.h"
#include "stop.h"

#define TOUCH       8   /* bytes at the end of a frame that are written and read */
#define LOOK_EVERY  256 /* passes */
#define GIVE_UP_MS  20  /* nothing received for so long: what is in flight is lost */
#define RECEIVE_MAX 64

struct bench_pair {
	struct fe_bench_ring tx, rx;
	uint64_t sequence;
	uint64_t sum; /* of what was read; keeps the reads alive */
};

struct fe_bench {
	struct fe_bench_config cfg;
	unsigned int pairs;
	struct bench_pair *pair; /* owned */
	uint32_t touch_at;       /* offset in a frame */
	uint64_t sent, received, given_up;
	uint64_t busy;
};

static int lay_out(struct fe_bench_ring *r, struct fe_queue *q, uint32_t frame_len)
{
	bool receive = !(q->cfg.index & 1);
	enum fe_layout layout = q->cfg.layout;
	uint32_t i;
	int err;

	err = fe_queue_reset(q);
	if (err)
		return err;
	fe_ring_irq_disable(q->ring);
	r->q = q;
	r->size = q->cfg.ring_size;
	r->avail_wrap = r->used_wrap = true;
	r->flags = receive ? VRING_DESC_F_WRITE : 0;
	r->len = q->cfg.header_len + (receive ? q->cfg.buffer_len : frame_len);
	r->data = calloc(r->size, sizeof(*r->data));
	if (!r->data)
		return -ENOMEM;
	for (i = 0; i < r->size; i++) {
		const struct fe_piece *piece = &q->buffer[i].piece[0];

		r->data[i] = piece->ptr + q->cfg.header_len;
		memset(piece->ptr, 0, piece->len);
		if (layout == FE_SPLIT) {
			fe_bench_split_desc(r)[i].addr = piece->gpa;
			fe_bench_split_desc(r)[i].len = r->len;
			fe_bench_split_desc(r)[i].flags = r->flags;
			fe_bench_avail(r)->ring[i] = (uint16_t)i;
		} else {
			fe_bench_packed_desc(r)[i].addr = piece->gpa;
		}
	}
	return 0;
}

static void fill_frames(struct fe_bench *b, struct bench_pair *p, unsigned int index)
{
	uint32_t i;

	for (i = 0; i < p->tx.size; i++) {
		uint16_t flow = (uint16_t)((index + i * b->pairs) % b->cfg.flows);

		fe_frame_build(&b->cfg.spec, flow, i, p->tx.data[i]);
	}
}

int fe_bench_create(const struct fe_bench_config *cfg, struct fe_bench **bench)
{
	struct fe_bench *b;
	unsigned int i;
	int err;

	/* Fixed descriptors: one a buffer, whole frames. */
	if (cfg->tx->cfg.chain_max != 1 || cfg->rx->cfg.chain_max != 1 || cfg->rx->cfg.mergeable ||
	    cfg->spec.size_min != cfg->spec.size_max || cfg->batch == 0)
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->cfg = *cfg;
	b->touch_at = cfg->spec.size_max - TOUCH;
	b->pairs = cfg->tx->cfg.pairs;
	b->pair = calloc(b->pairs, sizeof(*b->pair));
	err = b->pair ? 0 : -ENOMEM;
	for (i = 0; i < b->pairs && !err; i++) {
		err = lay_out(&b->pair[i].tx, fe_dev_txq(cfg->tx, i), cfg->spec.size_max);
		if (!err)
			err = lay_out(&b->pair[i].rx, fe_dev_rxq(cfg->rx, i), cfg->spec.size_max);
		if (err)
			break;
		fill_frames(b, &b->pair[i], i);
		if (cfg->rx->cfg.layout == FE_SPLIT)
			fe_bench_give(&b->pair[i].rx, FE_SPLIT, b->pair[i].rx.size);
		else
			fe_bench_give(&b->pair[i].rx, FE_PACKED, b->pair[i].rx.size);
	}
	if (err) {
		fe_bench_destroy(b);
		return err;
	}
	*bench = b;
	return 0;
}

void fe_bench_destroy(struct fe_bench *b)
{
	unsigned int i;

	if (!b)
		return;
	for (i = 0; b->pair && i < b->pairs; i++) {
		free(b->pair[i].tx.data);
		free(b->pair[i].rx.data);
	}
	free(b->pair);
	free(b);
}

static uint64_t in_flight(const struct fe_bench *b)
{
	uint64_t back = b->received + b->given_up;

	return b->sent > back ? b->sent - back : 0;
}

static inline __attribute__((always_inline)) uint32_t
send_batch(struct fe_bench *b, struct bench_pair *p, const enum fe_layout layout, uint64_t room)
{
	struct fe_bench_ring *r = &p->tx;
	uint32_t i, n;

	fe_bench_take(r, layout, fe_bench_count_used(r, layout, 2 * b->cfg.batch));
	n = r->size - r->in_flight;
	if (n > b->cfg.batch)
		n = b->cfg.batch;
	if (n > room)
		n = (uint32_t)room;
	if (n == 0)
		return 0;
	for (i = 0; i < n; i++) {
		uint64_t value = p->sequence++;

		memcpy(r->data[fe_bench_slot(r, layout, r->avail, i)] + b->touch_at, &value,
		       sizeof(value));
	}
	fe_bench_give(r, layout, n);
	fe_bench_notify(r, layout);
	return n;
}

static inline __attribute__((always_inline)) uint32_t
receive_batch(const struct fe_bench *b, struct bench_pair *p, const enum fe_layout layout)
{
	struct fe_bench_ring *r = &p->rx;
	uint32_t i, n = fe_bench_count_used(r, layout, RECEIVE_MAX);

	for (i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, r->data[fe_bench_slot(r, layout, r->used, i)] + b->touch_at,
		       sizeof(value));
		p->sum += value;
	}
	fe_bench_take(r, layout, n);
	if (n > 0) {
		fe_bench_give(r, layout, n);
		fe_bench_notify(r, layout);
	}
	return n;
}

/* LOOK_EVERY passes over all pairs. */
static inline __attribute__((always_inline)) void passes(struct fe_bench *b,
							 const enum fe_layout layout)
{
	uint64_t window = b->cfg.window ? (uint64_t)b->cfg.window * b->pairs : UINT64_MAX;
	uint64_t start = fe_cycles(), now;
	unsigned int n, i;

	for (n = 0; n < LOOK_EVERY; n++) {
		uint64_t moved = 0;

		for (i = 0; i < b->pairs; i++) {
			struct bench_pair *p = &b->pair[i];
			uint32_t got = receive_batch(b, p, layout), out;
			uint64_t flying;

			b->received += got;
			flying = in_flight(b);
			out = send_batch(b, p, layout, window > flying ? window - flying : 0);
			b->sent += out;
			moved += got + out;
		}
		now = fe_cycles();
		if (moved)
			b->busy += now - start;
		else
			fe_cpu_relax();
		start = now;
	}
}

static void __attribute__((noinline)) passes_split(struct fe_bench *b)
{
	passes(b, FE_SPLIT);
}

static void __attribute__((noinline)) passes_packed(struct fe_bench *b)
{
	passes(b, FE_PACKED);
}

struct watch {
	uint64_t moved_ns, received; /* when something was received last */
	uint64_t second_ns, second_received, second_cycles;
};

static void look(struct fe_bench *b, struct watch *w, uint64_t now)
{
	if (b->received != w->received) {
		w->received = b->received;
		w->moved_ns = now;
	} else if (now - w->moved_ns > GIVE_UP_MS * 1000000ull) {
		b->given_up += in_flight(b);
		w->moved_ns = now;
	}
	if (now - w->second_ns >= 1000000000ull) {
		uint64_t cycles = fe_cycles();
		double frames = (double)(b->received - w->second_received);

		if (b->cfg.per_second)
			fprintf(stderr, "%8.3f Mpps %8.1f cycles/frame\n",
				frames * 1e3 / (double)(now - w->second_ns),
				frames > 0 ? (double)(cycles - w->second_cycles) / frames : 0.0);
		w->second_ns = now;
		w->second_received = b->received;
		w->second_cycles = cycles;
	}
}

static int service(struct fe_bench *b)
{
	int err = fe_dev_service(b->cfg.tx);

	if (!err && b->cfg.rx != b->cfg.tx)
		err = fe_dev_service(b->cfg.rx);
	if (err)
		fe_error("%s: the back-end left", b->cfg.tx->cfg.path);
	return err;
}

int fe_bench_run(struct fe_bench *b, struct fe_bench_result *res)
{
	uint64_t start = fe_now_ns(), cycles = fe_cycles(), now = start, served = start;
	uint64_t end = start + b->cfg.seconds * 1000000000ull;
	struct watch w = {.moved_ns = start, .second_ns = start, .second_cycles = cycles};
	bool packed = b->cfg.tx->cfg.layout == FE_PACKED;
	unsigned int i;
	int err = 0;

	while (!err && now < end && !fe_stop_requested) {
		if (packed)
			passes_packed(b);
		else
			passes_split(b);
		now = fe_now_ns();
		look(b, &w, now);
		if (now - served > 10000000) {
			err = service(b);
			served = now;
		}
	}
	memset(res, 0, sizeof(*res));
	res->sent = b->sent;
	res->received = b->received;
	res->given_up = b->given_up;
	res->elapsed_ns = now - start;
	res->cycles = fe_cycles() - cycles;
	res->busy_cycles = b->busy;
	for (i = 0; i < b->pairs; i++)
		res->out_of_place += b->pair[i].tx.out_of_place + b->pair[i].rx.out_of_place;
	return err;
}
