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

#define TOUCH       8   /* bytes that are written and read: ... */
#define TOUCH_END   64  /* ... the last of so many, where headers are, or of a shorter frame */
#define LOOK_EVERY  256 /* passes */
#define GIVE_UP_MS  20  /* nothing received for so long: what is in flight is lost */
#define RECEIVE_MAX 64

struct bench_pair {
	struct fe_bench_ring tx, rx;
	uint64_t sequence;
	uint64_t sum; /* of what was read; keeps the reads alive */
};

/* From one device to another, or to itself. */
struct bench_way {
	struct bench_pair *pair; /* owned */
	uint64_t sent, received, given_up;
	uint64_t window; /* in flight, at most */
	/* At the last look. */
	uint64_t moved_ns, seen;
};

struct fe_bench {
	struct fe_bench_config cfg;
	unsigned int pairs;
	struct bench_way way[2];
	unsigned int ways;   /* laid out */
	unsigned int driven; /* of them; the second one may only announce its sender */
	bool announced;
	uint64_t busy;
	uint64_t bytes_a_round; /* of a ring full of frames */
};

struct totals {
	uint64_t sent, received, given_up, busy, out_of_place;
};

static uint32_t frame_len(const struct fe_bench *b, uint32_t slot)
{
	return b->cfg.sizes ? b->cfg.sizes[slot % b->cfg.n_sizes] : b->cfg.spec.size_max;
}

/* Bytes up to the end of those that are touched; frames come in any buffer of the receiver. */
static uint32_t touch_end(const struct fe_bench *b)
{
	uint32_t len = b->cfg.spec.size_max;

	for (unsigned int i = 0; b->cfg.sizes && i < b->cfg.n_sizes; i++)
		len = b->cfg.sizes[i] < len ? b->cfg.sizes[i] : len;
	return len < TOUCH_END || b->cfg.touch_tail ? len : TOUCH_END;
}

static int lay_out(const struct fe_bench *b, struct fe_bench_ring *r, struct fe_queue *q)
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
	r->touch = calloc(r->size, sizeof(*r->touch));
	r->len = calloc(r->size, sizeof(*r->len));
	if (!r->touch || !r->len)
		return -ENOMEM;
	for (i = 0; i < r->size; i++) {
		const struct fe_piece *piece = &q->buffer[i].piece[0];

		r->touch[i] = piece->ptr + q->cfg.header_len + touch_end(b) - TOUCH;
		r->len[i] = q->cfg.header_len + (receive ? q->cfg.buffer_len : frame_len(b, i));
		memset(piece->ptr, 0, piece->len);
		if (layout == FE_SPLIT) {
			fe_bench_split_desc(r)[i].addr = piece->gpa;
			fe_bench_split_desc(r)[i].len = r->len[i];
			fe_bench_split_desc(r)[i].flags = r->flags;
			fe_bench_avail(r)->ring[i] = (uint16_t)i;
		} else {
			fe_bench_packed_desc(r)[i].addr = piece->gpa;
		}
	}
	return 0;
}

static void fill_frames(const struct fe_bench *b, struct bench_pair *p, unsigned int index,
			bool back)
{
	struct fe_frame_spec spec = b->cfg.spec;
	uint32_t i;

	if (back) {
		memcpy(spec.src, b->cfg.spec.dst, FE_MAC_LEN);
		memcpy(spec.dst, b->cfg.spec.src, FE_MAC_LEN);
	}
	for (i = 0; i < p->tx.size; i++) {
		uint16_t flow = (uint16_t)((index + i * b->pairs) % b->cfg.flows);
		uint32_t len = frame_len(b, i);
		uint8_t *frame = p->tx.touch[i] + TOUCH - touch_end(b);

		spec.size_min = spec.size_max = len;
		fe_frame_build(&spec, flow, i, frame);
	}
}

static void give_all(struct fe_bench_ring *r)
{
	if (r->q->cfg.layout == FE_SPLIT)
		fe_bench_give(r, FE_SPLIT, r->size);
	else
		fe_bench_give(r, FE_PACKED, r->size);
}

static int create_way(struct fe_bench *b, struct bench_way *w, struct fe_dev *from,
		      struct fe_dev *to, bool back)
{
	unsigned int i;
	int err = 0;

	w->window = b->cfg.window ? (uint64_t)b->cfg.window * b->pairs : UINT64_MAX;
	w->pair = calloc(b->pairs, sizeof(*w->pair));
	if (!w->pair)
		return -ENOMEM;
	for (i = 0; i < b->pairs && !err; i++) {
		err = lay_out(b, &w->pair[i].tx, fe_dev_txq(from, i));
		if (!err)
			err = lay_out(b, &w->pair[i].rx, fe_dev_rxq(to, i));
		if (err)
			break;
		fill_frames(b, &w->pair[i], i, back);
		give_all(&w->pair[i].rx);
	}
	return err;
}

static int check_config(const struct fe_bench_config *cfg)
{
	unsigned int i;

	/* Fixed descriptors: one a buffer, whole frames. */
	if (cfg->tx->cfg.chain_max != 1 || cfg->rx->cfg.chain_max != 1 || cfg->rx->cfg.mergeable ||
	    cfg->spec.size_min != cfg->spec.size_max || cfg->batch == 0 ||
	    (cfg->duplex && cfg->tx == cfg->rx))
		return -EINVAL;
	for (i = 0; cfg->sizes && i < cfg->n_sizes; i++)
		if (cfg->sizes[i] < FE_FRAME_MIN || cfg->sizes[i] > cfg->spec.size_max)
			return -EINVAL;
	return cfg->sizes && cfg->n_sizes == 0 ? -EINVAL : 0;
}

int fe_bench_create(const struct fe_bench_config *cfg, struct fe_bench **bench)
{
	struct fe_bench *b;
	uint32_t i;
	int err;

	err = check_config(cfg);
	if (err)
		return err;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->cfg = *cfg;
	b->pairs = cfg->tx->cfg.pairs;
	b->ways = cfg->tx != cfg->rx ? 2 : 1;
	b->driven = cfg->duplex ? 2 : 1;
	for (i = 0; i < cfg->tx->cfg.ring_size; i++)
		b->bytes_a_round += frame_len(b, i);
	err = create_way(b, &b->way[0], cfg->tx, cfg->rx, false);
	if (!err && b->ways > 1)
		err = create_way(b, &b->way[1], cfg->rx, cfg->tx, true);
	if (err) {
		fe_bench_destroy(b);
		return err;
	}
	*bench = b;
	return 0;
}

static void destroy_ring(struct fe_bench_ring *r)
{
	free(r->touch);
	free(r->len);
}

void fe_bench_destroy(struct fe_bench *b)
{
	unsigned int i, w;

	if (!b)
		return;
	for (w = 0; w < b->ways; w++) {
		for (i = 0; b->way[w].pair && i < b->pairs; i++) {
			destroy_ring(&b->way[w].pair[i].tx);
			destroy_ring(&b->way[w].pair[i].rx);
		}
		free(b->way[w].pair);
	}
	free(b);
}

static uint64_t in_flight(const struct bench_way *w)
{
	uint64_t back = w->received + w->given_up;

	return w->sent > back ? w->sent - back : 0;
}

static inline __attribute__((always_inline)) uint32_t send_batch(const struct fe_bench *b,
								 struct bench_pair *p,
								 const enum fe_layout layout,
								 uint64_t room)
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

		memcpy(r->touch[fe_bench_slot(r, layout, r->avail, i)], &value, sizeof(value));
	}
	fe_bench_give(r, layout, n);
	fe_bench_notify(r, layout);
	return n;
}

static inline __attribute__((always_inline)) uint32_t receive_batch(struct bench_pair *p,
								    const enum fe_layout layout)
{
	struct fe_bench_ring *r = &p->rx;
	uint32_t i, n = fe_bench_count_used(r, layout, RECEIVE_MAX);

	for (i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, r->touch[fe_bench_slot(r, layout, r->used, i)], sizeof(value));
		p->sum += value;
	}
	fe_bench_take(r, layout, n);
	if (n > 0) {
		fe_bench_give(r, layout, n);
		fe_bench_notify(r, layout);
	}
	return n;
}

static inline __attribute__((always_inline)) uint64_t turn(struct fe_bench *b, struct bench_way *w,
							   const enum fe_layout layout)
{
	uint64_t moved = 0, flying;
	uint32_t got, out;
	unsigned int i;

	for (i = 0; i < b->pairs; i++) {
		struct bench_pair *p = &w->pair[i];

		got = receive_batch(p, layout);
		w->received += got;
		moved += got;
		flying = in_flight(w);
		out = send_batch(b, p, layout, w->window > flying ? w->window - flying : 0);
		w->sent += out;
		moved += out;
	}
	return moved;
}

/* LOOK_EVERY passes over all pairs. */
static inline __attribute__((always_inline)) void passes(struct fe_bench *b,
							 const enum fe_layout layout)
{
	uint64_t start = fe_cycles(), now;
	unsigned int n;

	for (n = 0; n < LOOK_EVERY; n++) {
		uint64_t moved = turn(b, &b->way[0], layout);

		if (b->driven > 1)
			moved += turn(b, &b->way[1], layout);
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

static struct totals add_up(const struct fe_bench *b)
{
	struct totals t = {.busy = b->busy};
	unsigned int i, w;

	for (w = 0; w < b->ways; w++) {
		t.sent += b->way[w].sent;
		t.received += b->way[w].received;
		t.given_up += b->way[w].given_up;
		for (i = 0; i < b->pairs; i++)
			t.out_of_place +=
			    b->way[w].pair[i].tx.out_of_place + b->way[w].pair[i].rx.out_of_place;
	}
	return t;
}

/* What has not come back for a while is lost; without this the window would stay shut. */
static void look(struct fe_bench *b, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < b->driven; i++) {
		struct bench_way *w = &b->way[i];

		if (w->received != w->seen) {
			w->seen = w->received;
			w->moved_ns = now;
		} else if (now - w->moved_ns > GIVE_UP_MS * 1000000ull) {
			w->given_up += in_flight(w);
			w->moved_ns = now;
		}
	}
}

struct second {
	uint64_t ns, received, cycles;
};

static void tell(const struct fe_bench *b, struct second *s, uint64_t now)
{
	uint64_t cycles = fe_cycles(), received = add_up(b).received;
	double frames = (double)(received - s->received);

	fprintf(stderr, "%8.3f Mpps %8.1f cycles/frame\n", frames * 1e3 / (double)(now - s->ns),
		frames > 0 ? (double)(cycles - s->cycles) / frames : 0.0);
	*s = (struct second){now, received, cycles};
}

static int service(const struct fe_bench *b)
{
	int err = fe_dev_service(b->cfg.tx);

	if (!err && b->cfg.rx != b->cfg.tx)
		err = fe_dev_service(b->cfg.rx);
	if (err)
		fe_error("%s: the back-end left", b->cfg.tx->cfg.path);
	return err;
}

/* One frame from the receiver, so that a switch knows where it is. */
static void announce(struct fe_bench *b)
{
	struct fe_bench_ring *r = &b->way[1].pair[0].tx;

	b->announced = true;
	if (r->q->cfg.layout == FE_SPLIT) {
		fe_bench_give(r, FE_SPLIT, 1);
		fe_bench_notify(r, FE_SPLIT);
	} else {
		fe_bench_give(r, FE_PACKED, 1);
		fe_bench_notify(r, FE_PACKED);
	}
}

int fe_bench_run(struct fe_bench *b, uint64_t ns, struct fe_bench_result *res)
{
	uint64_t start = fe_now_ns(), cycles = fe_cycles(), now = start, served = start;
	struct totals before = add_up(b), after;
	struct second second = {start, before.received, cycles};
	bool packed = b->cfg.tx->cfg.layout == FE_PACKED;
	int err = 0;

	if (b->ways > b->driven && !b->announced)
		announce(b);
	b->way[0].moved_ns = b->way[1].moved_ns = start;
	while (!err && now - start < ns && !fe_stop_requested) {
		if (packed)
			passes_packed(b);
		else
			passes_split(b);
		now = fe_now_ns();
		look(b, now);
		if (b->cfg.per_second && now - second.ns >= 1000000000ull)
			tell(b, &second, now);
		if (now - served > 10000000) {
			err = service(b);
			served = now;
		}
	}
	after = add_up(b);
	*res = (struct fe_bench_result){
	    .sent = after.sent - before.sent,
	    .received = after.received - before.received,
	    .given_up = after.given_up - before.given_up,
	    .out_of_place = after.out_of_place - before.out_of_place,
	    .elapsed_ns = now - start,
	    .cycles = fe_cycles() - cycles,
	    .busy_cycles = after.busy - before.busy,
	};
	res->bytes =
	    (uint64_t)((double)res->received * (double)b->bytes_a_round / b->cfg.tx->cfg.ring_size);
	return err;
}
