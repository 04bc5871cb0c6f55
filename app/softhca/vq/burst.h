/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hot code: one burst of a transmit queue, and putting frames into a receive queue. Included
 * by the files that instantiate it, once per instruction set; each function once per layout.
 *
 * A burst goes through steps (enum nic_step), each over all frames of the batch: take chains from
 * the ring, route, deliver, complete, flush the receive queues. Its state is in struct nic, so that
 * it can be entered again in any step after a fault (nic.c); nic_commit() marks where memory must
 * be up to date. A frame that can not be delivered now is not taken: reading the ring ahead costs
 * nothing.
 */
#include <errno.h>

#include "../port/eswitch.h"
#include "../port/link_impl.h"
#include "batch.h"
#include "burst_rx.h"

/* ---- transmit: take ---- */

/* Part of the header in front of the frame: at bytes of it are there already. */
static void burst_keep_header(uint8_t *vnet, uint32_t at, const struct mem_piece *piece,
			      uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		vnet[at + i] = piece->hva[i];
}

/* Any chain: header and frame over any descriptors, buffers over any segments. */
static __attribute__((noinline)) int
burst_take_slow(struct nic *nic, struct vq *vq, const struct ring_chain *chain, struct frame *frame)
{
	struct mem_piece *pieces = &nic->pieces[nic->n_pieces];
	unsigned int room = DP_PIECES - nic->n_pieces, n = 0;
	unsigned int index = (unsigned int)(frame - nic->frame);
	uint32_t skip = vq->hdr_len;
	uint64_t len = 0;

	nic->detached |= 1ULL << index;
	memset(nic->vnet[index], 0, sizeof(nic->vnet[index]));
	for (unsigned int i = 0; i < chain->ndesc; i++) {
		const struct ring_desc *d = &nic->desc[i];
		int got;

		if (d->flags & RING_DESC_WRITE)
			return RING_E_ORDER;
		got = mem_split(&vq->view, d->addr, d->len, false, pieces + n, room - n);
		if (got < 0)
			return got;
		len += d->len;
		for (unsigned int end = n + (unsigned int)got, p = n; p < end; p++) {
			uint32_t cut = pieces[p].len < skip ? pieces[p].len : skip;

			if (vq->offloads)
				burst_keep_header(nic->vnet[index], vq->hdr_len - skip, &pieces[p],
						  cut);
			skip -= cut;
			if (pieces[p].len == cut)
				continue;
			pieces[n].hva = pieces[p].hva + cut;
			pieces[n].len = pieces[p].len - cut;
			n++;
		}
	}
	len = len > vq->hdr_len ? len - vq->hdr_len : 0;
	/* Too long frames are dropped by their length alone. */
	frame->len = len > OFFLOAD_LEN_MAX ? OFFLOAD_LEN_MAX + 1 : (uint32_t)len;
	frame->data = n > 0 ? pieces[0].hva : NULL;
	frame->n = (uint16_t)n;
	frame->first = (uint16_t)nic->n_pieces;
	if (n > 1)
		nic->n_pieces += n;
	return 0;
}

/* One chain at the cursor: 1, 0 none (or no room: later), or an error. */
dp_inline int burst_take(const enum ring_layout l, struct nic *nic, struct vq *vq, union ring *ring,
			 uint16_t at, struct ring_chain *chain, struct frame *frame)
{
	struct ring_desc desc;
	int got = ring_next(l, ring, at, chain, &desc);
	uint8_t *hva;

	if (unlikely(got <= 0))
		return got;
	if (likely(!(desc.flags & (RING_DESC_NEXT | RING_DESC_WRITE)) && desc.len > vq->hdr_len)) {
		hva = mem_find(&vq->view, desc.addr, desc.len, false);
		if (likely(hva != NULL)) {
			frame->data = hva + vq->hdr_len;
			frame->len = desc.len - vq->hdr_len;
			frame->n = 1;
			__builtin_prefetch(hva);
			__builtin_prefetch(hva + 64);
			__builtin_prefetch(hva + desc.len - 1);
			return 1;
		}
	}
	nic->desc[0] = desc;
	if (desc.flags & RING_DESC_NEXT)
		got = ring_rest(l, ring, at, chain, nic->desc);
	if (got >= 0)
		got = burst_take_slow(nic, vq, chain, frame);
	if (got == -ENOSPC && nic->n_pieces > 0)
		return 0;
	if (got == -ENOSPC) {
		/* More parts than any frame has: dropped like a too long one. */
		frame->len = OFFLOAD_LEN_MAX + 1;
		frame->n = 1;
		got = 0;
	}
	return got < 0 ? got : 1;
}

/* Whether a header in front of a frame asks for anything. */
static bool burst_asks(const struct nic *nic, const struct vq *vq, unsigned int n)
{
	enum { ASKS = VNET_F_NEEDS_CSUM | 0xff << 8 * VNET_GSO_TYPE };
	uint32_t any = 0;

	for (unsigned int i = 0; i < n; i++)
		any |= *(const copy_u16 *)(nic->frame[i].data - vq->hdr_len);
	return any & ASKS;
}

/* The queue's frames have headers that mean something, if only seldom. How many frames to take. */
static __attribute__((noinline)) unsigned int burst_headers(struct nic *nic, struct vq *vq,
							    unsigned int n)
{
	bool plain = nic->detached == 0 && !burst_asks(nic, vq, n);
	uint32_t work = 0;

	for (unsigned int i = 0; i < n && unlikely(!plain); i++) {
		const uint8_t *vnet = nic->frame[i].data - vq->hdr_len;

		if (unlikely(nic->detached >> i & 1))
			vnet = nic->vnet[i];
		if (likely(offload_is_plain(vnet)))
			continue;
		batch_offload(nic, vq, i, vnet);
		work += batch_work(nic, i);
		if (work >= BATCH_WORK_MAX)
			n = i + 1;
	}
	/* What waited is a part of the first frame. */
	nic->segment = nic->offloaded & 1 ? vq->segments : 0;
	vq->segments = 0;
	return n;
}

dp_inline void burst_take_all(const enum ring_layout l, struct nic *nic, struct vq *vq)
{
	union ring ring = vq->ring;
	uint16_t at = ring_at(l, &ring);
	unsigned int n;
	int got = 0;

	nic->n = 0;
	nic->pos = 0;
	nic->flood = 0;
	nic->flood_work = 0;
	nic->n_pieces = 0;
	nic->n_extra = 0;
	nic->offloaded = 0;
	nic->detached = 0;
	if (l == RING_LINK) {
		n = link_take(nic, vq);
		if (vq->offloads && n > 0)
			n = burst_headers(nic, vq, n);
		nic->n = n;
		return;
	}
	for (n = 0; n < DP_BATCH; n++) {
		ring_prefetch(l, &ring, at);
		got = burst_take(l, nic, vq, &ring, at, &nic->chain[n], &nic->frame[n]);
		if (unlikely(got <= 0))
			break;
		at = ring_step(l, &ring, at, &nic->chain[n]);
	}
	/* Only what it remembers of the available index. */
	vq->ring = ring;
	/* What was read before a bad chain is still good; the error comes up again at its turn. */
	if (unlikely(got < 0 && n == 0))
		vq_fail_ring(vq, got);
	if (unlikely(vq->offloads))
		n = burst_headers(nic, vq, n);
	nic->n = n;
}

/* ---- transmit: route ---- */

dp_inline bool burst_bad_length(const struct frame *f)
{
	return f->len - DP_FRAME_MIN > DP_FRAME_MAX - DP_FRAME_MIN;
}

/* Where the frame goes, if that was found out before; else NULL. */
dp_inline struct vq *burst_known(const struct route_cache *cache, const struct frame *f)
{
	if (unlikely(f->n != 1 || f->len - DP_FRAME_MIN > cache->len_span ||
		     *(const copy_u64 *)f->data != cache->key[0] ||
		     ((*(const copy_u64 *)(f->data + 6) ^ cache->key[1]) & cache->key_mask) != 0))
		return NULL;
	if (likely(!cache->hashed))
		return cache->vq;
	return flow_cache_find(&cache->flows, f->data, f->len);
}

/* Traffic comes in trains: the frames that lead the batch mostly are all of it. */
dp_inline void burst_route(struct nic *nic, struct vq *vq)
{
	struct route_cache *cache = &vq->cache;
	unsigned int n = nic->n, i = 0;
	struct vq *known;

	if (cache->valid && __atomic_load_n(cache->gen, __ATOMIC_ACQUIRE) != cache->gen_seen) {
		cache->valid = false;
		cache->hashed = false;
		cache->vq = NULL;
	}
	nic->lead_vq = burst_known(cache, &nic->frame[0]);
	nic->lead_waits = cache->may_wait;
	if (likely(nic->lead_vq != NULL)) {
		for (i = 1; i < n && burst_known(cache, &nic->frame[i]) == nic->lead_vq; i++)
			;
	}
	nic->lead = i;
	for (; i < n; i++) {
		const struct frame *f = &nic->frame[i];

		known = burst_known(cache, f);
		if (known != NULL) {
			nic->dst[i] = known;
			nic->wait[i] = cache->may_wait;
		} else if (unlikely(burst_bad_length(f) && !(nic->offloaded >> i & 1))) {
			nic->dst[i] = &nic_drop_other;
		} else {
			esw_route(nic, vq, i);
		}
	}
}

/* ---- transmit: deliver ---- */

/* The frame at nic->pos found no buffer in dst. True: dropped; false: it waits. */
static __attribute__((noinline)) bool burst_no_buffer(struct nic *nic, struct vq *vq,
						      struct vq *dst)
{
	const struct dp *dp = nic->dp;
	bool waits = nic->pos < nic->lead ? nic->lead_waits : nic->wait[nic->pos];

	if (waits && unlikely(vq->patient)) {
		vq->held_since = nic->now;
		vq->segments = (uint16_t)nic->segment;
		return false;
	}
	if (waits && !__atomic_load_n(&dst->drop_at_once, __ATOMIC_RELAXED) &&
	    dp->delay_drop_cycles > 0) {
		if (vq->held_since == 0)
			vq->held_since = nic->now;
		if (nic->now - vq->held_since < dp->delay_drop_cycles) {
			vq->segments = (uint16_t)nic->segment;
			return false;
		}
		__atomic_store_n(&dst->drop_at_once, true, __ATOMIC_RELAXED);
	}
	stat_add(&nic_count(nic, dst)->drops_no_buffer, 1);
	burst_next(nic);
	return true;
}

/* One frame to several receivers; nobody is waited for. The burst ends if they were many. */
static __attribute__((noinline)) void burst_flood(struct nic *nic, struct vq *vq)
{
	unsigned int i = nic->pos;
	struct vq *dst;

	while ((dst = esw_flood_next(nic, vq, i)) != NULL) {
		nic->segment = 0;
		dst->put(nic, dst, i + 1);
		if (nic->pos == i)
			stat_add(&nic_count(nic, dst)->drops_no_buffer, 1);
		nic->pos = i;
		nic->flood_work += nic->frame[i].len + BATCH_WORK_EACH;
	}
	nic->flood = 0;
	burst_next(nic);
	/* What is left is taken again in the next pass. */
	if (unlikely(nic->flood_work >= BATCH_WORK_MAX))
		nic->n = nic->pos;
}

static __attribute__((noinline)) void burst_special(struct nic *nic, struct vq *vq, struct vq *dst)
{
	if (dst == &nic_flood) {
		burst_flood(nic, vq);
		return;
	}
	if (dst == &nic_drop_dest)
		stat_add(&nic_count(nic, vq)->drops_no_dest, 1);
	else if (dst == &nic_drop_spoofed)
		stat_add(&nic_count(nic, vq)->drops_spoofed, 1);
	else if (dst == &nic_drop_other)
		stat_add(&nic_count(nic, vq)->drops_other, 1);
	burst_next(nic);
}

dp_inline void burst_deliver(struct nic *nic, struct vq *vq)
{
	while (nic->pos < nic->n) {
		struct vq *dst;
		unsigned int end;

		if (likely(nic->pos < nic->lead)) {
			dst = nic->lead_vq;
			end = nic->lead;
		} else {
			dst = nic->dst[nic->pos];
			end = nic->pos + 1;
			if (unlikely(dst == NULL || dst->put == NULL)) {
				burst_special(nic, vq, dst);
				continue;
			}
			while (end < nic->n && nic->dst[end] == dst)
				end++;
		}
		dst->put(nic, dst, end);
		if (unlikely(nic->pos < end && !burst_no_buffer(nic, vq, dst)))
			break;
	}
}

/* ---- transmit: complete ---- */

dp_inline void burst_complete(const enum ring_layout l, struct nic *nic, struct vq *vq)
{
	union ring ring = vq->ring;
	uint64_t bytes = 0, descs = 0;

	if (nic->pos == 0)
		return;
	if (l == RING_LINK) {
		link_complete(nic, vq);
		return;
	}
	for (unsigned int i = 0; i < nic->pos; i++) {
		ring_push(l, &ring, &nic->chain[i], 0);
		descs += nic->chain[i].ndesc;
		bytes += nic->frame[i].len;
	}
	vq->ring = ring;
	vq->received_desc += descs;
	vq->completed_desc += descs;
	vq->used_chains += nic->pos;
	vq->held_since = 0;
	nic->moved = true;
	nic->frames_tx += nic->pos;
	stat_add(&nic_count(nic, vq)->frames_tx, nic->pos);
	if (unlikely(nic->n_extra > 0))
		bytes -= esw_complete(nic);
	stat_add(&nic_count(nic, vq)->bytes_tx, bytes);
	nic_publish(nic, vq);
}

/* After a fault while frames were put into a receive queue. */
static __attribute__((noinline)) void burst_resume(struct nic *nic)
{
	struct vq *rx = nic->rx;

	if (!nic->settling)
		rx->settle(nic, rx);
	nic->settling = false;
	nic->rx = NULL;
	vq_unlock(nic, rx);
	if (nic->skip)
		burst_next(nic);
	nic->skip = false;
}

/* struct vq.burst: from nic->step on. */
dp_inline void burst_run(const enum ring_layout l, struct nic *nic, struct vq *vq)
{
	if (unlikely(nic->rx != NULL))
		burst_resume(nic);
	switch (nic->step) {
	case STEP_TAKE:
		burst_take_all(l, nic, vq);
		if (nic->n == 0)
			break;
		nic->step = STEP_ROUTE;
		nic_commit();
		/* fallthrough */
	case STEP_ROUTE:
		burst_route(nic, vq);
		nic->step = STEP_DELIVER;
		nic_commit();
		/* fallthrough */
	case STEP_DELIVER:
		burst_deliver(nic, vq);
		nic->step = STEP_FLUSH;
		nic_commit();
		/* fallthrough */
	case STEP_FLUSH:
		while (nic->n_touched > 0) {
			struct vq *rx = nic->touched[nic->n_touched - 1];

			vq_lock(nic, rx);
			nic->rx = rx;
			nic_publish(nic, rx);
			nic->rx = NULL;
			rx->unpublished = false;
			nic->n_touched--;
			vq_unlock(nic, rx);
		}
		nic->step = STEP_COMPLETE;
		nic_commit();
		/* fallthrough */
	case STEP_COMPLETE:
		burst_complete(l, nic, vq);
		/* fallthrough */
	case STEP_DONE:
		break;
	}
	nic->step = STEP_DONE;
}

#define BURST_INSTANCE(name, l)                                                                    \
	static void name##_burst(struct nic *nic, struct vq *vq)                                   \
	{                                                                                          \
		burst_run(l, nic, vq);                                                             \
	}                                                                                          \
	static void name##_put(struct nic *nic, struct vq *vq, unsigned int end)                   \
	{                                                                                          \
		burst_put(l, nic, vq, end, false);                                                 \
	}                                                                                          \
	static void name##_put_logged(struct nic *nic, struct vq *vq, unsigned int end)            \
	{                                                                                          \
		burst_put(l, nic, vq, end, true);                                                  \
	}                                                                                          \
	static void name##_settle(struct nic *nic, struct vq *vq)                                  \
	{                                                                                          \
		burst_settle(l, nic, vq);                                                          \
	}

BURST_INSTANCE(burst_split, RING_SPLIT)
BURST_INSTANCE(burst_packed, RING_PACKED)

static void burst_link_burst(struct nic *nic, struct vq *vq)
{
	burst_run(RING_LINK, nic, vq);
}

#define BURST_OPS_OF(name)                                                                         \
	{                                                                                          \
		.burst = name##_burst, .put = name##_put, .put_logged = name##_put_logged,         \
		.settle = name##_settle,                                                           \
	}

#define BURST_OPS(name)                                                                            \
	const struct burst_ops name[3] = {                                                         \
	    [RING_LINK] = {.burst = burst_link_burst},                                             \
	    [RING_SPLIT] = BURST_OPS_OF(burst_split),                                              \
	    [RING_PACKED] = BURST_OPS_OF(burst_packed),                                            \
	}
