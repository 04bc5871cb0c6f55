/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rings for measuring: the cheapest driver that is still one. Buffer i lives in slot i for ever, so
 * sending or giving back a buffer costs a split ring no descriptor at all and a packed one its
 * id, length and flags. That relies on the device completing in order; what comes back in another
 * place is counted.
 *
 * The verbs are instantiated per layout by constant propagation: callers pass a literal.
 */
#ifndef FRONTEND_BENCH_RING_H
#define FRONTEND_BENCH_RING_H

#include "queue.h"

#define FE_PACKED_AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define FE_PACKED_USED  (1u << VRING_PACKED_DESC_F_USED)

struct fe_bench_ring {
	struct fe_queue *q; /* borrowed: areas, buffers, kick */
	uint8_t **touch;    /* owned, the bytes of the frame in buffer i that are touched */
	uint32_t *len;      /* owned, of descriptor i */
	uint32_t size;
	uint16_t flags; /* WRITE for receive */
	uint16_t avail; /* split: free-running; packed: slot */
	uint16_t used;  /* likewise */
	bool avail_wrap, used_wrap;
	uint32_t in_flight;
	uint64_t out_of_place;
};

static inline struct vring_desc *fe_bench_split_desc(const struct fe_bench_ring *r)
{
	return (struct vring_desc *)r->q->area.desc.ptr;
}

static inline struct vring_avail *fe_bench_avail(const struct fe_bench_ring *r)
{
	return (struct vring_avail *)r->q->area.driver.ptr;
}

static inline struct vring_used *fe_bench_used(const struct fe_bench_ring *r)
{
	return (struct vring_used *)r->q->area.device.ptr;
}

static inline struct vring_packed_desc *fe_bench_packed_desc(const struct fe_bench_ring *r)
{
	return (struct vring_packed_desc *)r->q->area.desc.ptr;
}

/* Slot of the next buffer to make available, or to take back. */
static inline __attribute__((always_inline)) uint32_t
fe_bench_slot(const struct fe_bench_ring *r, const enum fe_layout layout, uint16_t at, uint32_t i)
{
	uint32_t slot = at + i;

	if (layout == FE_SPLIT)
		return slot & (r->size - 1);
	return slot >= r->size ? slot - r->size : slot;
}

/* Makes the next n buffers available. */
static inline __attribute__((always_inline)) void
fe_bench_give(struct fe_bench_ring *r, const enum fe_layout layout, uint32_t n)
{
	struct vring_packed_desc *ring = fe_bench_packed_desc(r), *head;
	uint16_t head_flags;
	uint32_t i;

	r->in_flight += n;
	if (layout == FE_SPLIT) {
		r->avail = (uint16_t)(r->avail + n);
		__atomic_store_n(&fe_bench_avail(r)->idx, r->avail, __ATOMIC_RELEASE);
		return;
	}
	head = &ring[r->avail];
	head_flags = r->flags | (r->avail_wrap ? FE_PACKED_AVAIL : FE_PACKED_USED);
	for (i = 0; i < n; i++) {
		struct vring_packed_desc *d = &ring[r->avail];

		d->id = r->avail;
		d->len = r->len[r->avail];
		if (i > 0)
			__atomic_store_n(&d->flags,
					 r->flags |
					     (r->avail_wrap ? FE_PACKED_AVAIL : FE_PACKED_USED),
					 __ATOMIC_RELEASE);
		if (++r->avail == r->size) {
			r->avail = 0;
			r->avail_wrap = !r->avail_wrap;
		}
	}
	/* The device reads in order: it sees nothing of the batch before this. */
	if (n > 0)
		__atomic_store_n(&head->flags, head_flags, __ATOMIC_RELEASE);
}

/* How many of the next `max` buffers are used; does not take them. */
static inline __attribute__((always_inline)) uint32_t
fe_bench_count_used(const struct fe_bench_ring *r, const enum fe_layout layout, uint32_t max)
{
	uint32_t n, slot = r->used;
	bool wrap = r->used_wrap;

	if (max > r->in_flight)
		max = r->in_flight;
	if (layout == FE_SPLIT) {
		n = (uint16_t)(__atomic_load_n(&fe_bench_used(r)->idx, __ATOMIC_ACQUIRE) - r->used);
		return n < max ? n : max;
	}
	for (n = 0; n < max; n++) {
		uint16_t flags =
		    __atomic_load_n(&fe_bench_packed_desc(r)[slot].flags, __ATOMIC_ACQUIRE);

		if (!!(flags & FE_PACKED_AVAIL) != wrap || !!(flags & FE_PACKED_USED) != wrap)
			break;
		if (++slot == r->size) {
			slot = 0;
			wrap = !wrap;
		}
	}
	return n;
}

static inline __attribute__((always_inline)) uint32_t
fe_bench_used_id(const struct fe_bench_ring *r, const enum fe_layout layout, uint32_t slot)
{
	return layout == FE_SPLIT ? fe_bench_used(r)->ring[slot].id
				  : fe_bench_packed_desc(r)[slot].id;
}

/* Takes n used buffers back. */
static inline __attribute__((always_inline)) void
fe_bench_take(struct fe_bench_ring *r, const enum fe_layout layout, uint32_t n)
{
	uint32_t slot;

	if (n == 0)
		return;
	slot = fe_bench_slot(r, layout, r->used, n - 1);
	r->out_of_place += fe_bench_used_id(r, layout, slot) != slot;
	r->in_flight -= n;
	if (layout == FE_SPLIT) {
		r->used = (uint16_t)(r->used + n);
		return;
	}
	slot = r->used + n;
	if (slot >= r->size) {
		slot -= r->size;
		r->used_wrap = !r->used_wrap;
	}
	r->used = (uint16_t)slot;
}

static inline __attribute__((always_inline)) void fe_bench_notify(struct fe_bench_ring *r,
								  const enum fe_layout layout)
{
	uint32_t word;

	fe_full_fence();
	if (layout == FE_SPLIT) {
		if (__atomic_load_n(&fe_bench_used(r)->flags, __ATOMIC_RELAXED) &
		    VRING_USED_F_NO_NOTIFY)
			return;
	} else {
		word = __atomic_load_n((uint32_t *)(void *)r->q->area.device.ptr, __ATOMIC_RELAXED);
		if ((word >> 16 & 3) == VRING_PACKED_EVENT_FLAG_DISABLE)
			return;
	}
	fe_queue_kick(r->q);
}

#endif
