/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packed virtqueue, device side (virtio 1.2 section 2.8). See ring.h for the verbs.
 *
 * Theory of operation. One ring of descriptors, written by both sides. A list of descriptors is
 * available when the flags of its first one say so for our wrap counter; the driver writes those
 * flags last, we read them first, with acquire. A used descriptor overwrites the first slot of its
 * list; the driver skips the others. Length, id and flags of a slot are one aligned word, stored at
 * once with release. The first slot of a batch is stored last, by publish: the driver reads slots
 * in order, so it sees none of the batch before.
 *
 * The ring's size need not be a power of two. Position and wrap counter are kept as a cursor.
 */
#ifndef SOFTHCA_VQ_RING_PACKED_H
#define SOFTHCA_VQ_RING_PACKED_H

#include "ring.h"

/* Event suppression structure: {le16 offset | wrap << 15, le16 flags} (section 2.8.14). */
enum { RING_EVENT_ENABLE = 0, RING_EVENT_DISABLE = 1, RING_EVENT_DESC = 2 };
enum { RING_PACKED_WRAP = 1 << 15 };

/* Where the flags are in a descriptor, in units of 16 bits. */
enum { RING_PACKED_FLAGS = 7 };

struct ring_packed {
	ring_u64 *desc;   /* borrowed, shared: two words a descriptor */
	ring_u16 *driver; /* borrowed, shared: the driver's event structure */
	ring_u16 *device; /* borrowed, shared: ours */
	uint32_t size;
	uint16_t max_chain;
	uint16_t avail_at; /* cursor: next list to take */
	uint16_t used_at;  /* cursor: next used descriptor to write */
	bool held;         /* a batch is open: its first slot is not written yet */
	ring_u64 *held_slot;
	uint64_t held_value;
};

dp_inline size_t ring_packed_desc_bytes(uint16_t size)
{
	return (size_t)size * 16;
}

enum { RING_PACKED_EVENT_BYTES = 4 };

dp_inline void ring_packed_init(struct ring_packed *r, void *desc, void *driver, void *device,
				uint16_t size, uint16_t max_chain, uint16_t avail_at,
				uint16_t used_at)
{
	*r = (struct ring_packed){
	    .desc = desc,
	    .driver = driver,
	    .device = device,
	    .size = size,
	    .max_chain = max_chain,
	    .avail_at = avail_at,
	    .used_at = used_at,
	};
}

dp_inline uint16_t ring_packed_slot(uint16_t cursor)
{
	return cursor & (RING_PACKED_WRAP - 1);
}

dp_inline uint16_t ring_packed_add(const struct ring_packed *r, uint16_t cursor, unsigned int n)
{
	uint32_t slot = ring_packed_slot(cursor) + n;

	if (likely(slot < r->size))
		return (uint16_t)(cursor + n);
	return (uint16_t)((slot - r->size) | (~cursor & RING_PACKED_WRAP));
}

dp_inline uint16_t ring_packed_step(const struct ring_packed *r, uint16_t cursor,
				    const struct ring_chain *chain)
{
	return ring_packed_add(r, cursor, chain->ndesc);
}

/* Available: AVAIL equals the wrap counter and USED does not (section 2.8.1). */
dp_inline bool ring_packed_is_avail(uint16_t flags, uint16_t cursor)
{
	uint16_t want = cursor & RING_PACKED_WRAP ? RING_DESC_AVAIL : RING_DESC_USED;

	return (flags & (RING_DESC_AVAIL | RING_DESC_USED)) == want;
}

/*
 * Copy the first descriptor of the list at cursor: 1, 0 when there is none, or an error. When its
 * NEXT flag is set, ring_packed_rest must follow before the list is used.
 */
dp_inline int ring_packed_next(struct ring_packed *r, uint16_t cursor, struct ring_chain *chain,
			       struct ring_desc *desc)
{
	const ring_u64 *d = &r->desc[(size_t)ring_packed_slot(cursor) * 2];
	uint16_t flags;
	uint64_t rest;

	ring_touch(d);
	/* Acquire: pairs with the driver's barrier before it writes the flags (2.8.21.1). */
	flags = __atomic_load_n((const ring_u16 *)d + RING_PACKED_FLAGS, __ATOMIC_ACQUIRE);
	if (!ring_packed_is_avail(flags, cursor))
		return 0;
	rest = __atomic_load_n(&d[1], __ATOMIC_RELAXED);
	*desc = (struct ring_desc){
	    .addr = __atomic_load_n(&d[0], __ATOMIC_RELAXED),
	    .len = (uint32_t)rest,
	    .next = (uint16_t)(rest >> 32),
	    .flags = flags,
	};
	if (unlikely(desc->flags & RING_DESC_INDIRECT))
		return RING_E_INDIRECT;
	if (unlikely(desc->len == 0))
		return RING_E_ZERO;
	chain->id = desc->next;
	chain->ndesc = 1;
	return 1;
}

/* Copy the rest of a list into desc[1...]; desc has room for max_chain. 0 or an error. */
static inline int ring_packed_rest(const struct ring_packed *r, uint16_t cursor,
				   struct ring_chain *chain, struct ring_desc *desc)
{
	unsigned int n = 1;

	while (desc[n - 1].flags & RING_DESC_NEXT) {
		const ring_u64 *d;
		uint64_t rest;

		if (n == r->size)
			return RING_E_LOOP;
		if (n == r->max_chain)
			return RING_E_TOO_LONG;
		d = &r->desc[(size_t)ring_packed_slot(ring_packed_add(r, cursor, n)) * 2];
		ring_touch(d);
		rest = __atomic_load_n(&d[1], __ATOMIC_RELAXED);
		desc[n] = (struct ring_desc){
		    .addr = __atomic_load_n(&d[0], __ATOMIC_RELAXED),
		    .len = (uint32_t)rest,
		    .next = (uint16_t)(rest >> 32),
		    .flags = (uint16_t)(rest >> 48),
		};
		if (desc[n].flags & RING_DESC_INDIRECT)
			return RING_E_INDIRECT;
		if (desc[n].len == 0)
			return RING_E_ZERO;
		if ((desc[n - 1].flags & ~desc[n].flags) & RING_DESC_WRITE)
			return RING_E_ORDER;
		n++;
	}
	chain->id = desc[n - 1].next; /* only the last one's counts (section 2.8.6) */
	chain->ndesc = (uint16_t)n;
	return 0;
}

/* Take the next list and write its used descriptor; not visible before publish. */
dp_inline void ring_packed_push(struct ring_packed *r, const struct ring_chain *chain, uint32_t len)
{
	ring_u64 *slot = &r->desc[(size_t)ring_packed_slot(r->used_at) * 2 + 1];
	uint64_t flags = 0, value;

	if (r->used_at & RING_PACKED_WRAP)
		flags = RING_DESC_AVAIL | RING_DESC_USED;
	if (len)
		flags |= RING_DESC_WRITE; /* the length is valid (section 2.8.4) */
	value = len | (uint64_t)chain->id << 32 | flags << 48;
	if (!r->held) {
		r->held = true;
		r->held_slot = slot;
		r->held_value = value;
	} else {
		ring_touch(slot);
		ring_tsan_release((ring_u16 *)slot + 3);
		__atomic_store_n(slot, value, __ATOMIC_RELEASE);
	}
	if (likely(r->avail_at == r->used_at)) {
		r->used_at = ring_packed_add(r, r->used_at, chain->ndesc);
		r->avail_at = r->used_at;
	} else {
		r->used_at = ring_packed_add(r, r->used_at, chain->ndesc);
		r->avail_at = ring_packed_add(r, r->avail_at, chain->ndesc);
	}
}

/* False: there was nothing to publish. */
dp_inline bool ring_packed_publish(struct ring_packed *r)
{
	if (!r->held)
		return false;
	ring_touch(r->held_slot);
	/* Release: pairs with the driver's barrier after it reads the flags (section 2.8.22). */
	ring_tsan_release((ring_u16 *)r->held_slot + 3);
	__atomic_store_n(r->held_slot, r->held_value, __ATOMIC_RELEASE);
	r->held = false;
	return true;
}

/*
 * After publish: does the driver want an interrupt? DESC needs EVENT_IDX, which is not offered: the
 * driver may not use it; if it does it is told of everything.
 */
dp_inline bool ring_packed_call_wanted(struct ring_packed *r)
{
	/* Pairs with the driver's barrier between enabling events and looking for used slots. */
	ring_store_load_fence();
	ring_touch(&r->driver[1]);
	return (__atomic_load_n(&r->driver[1], __ATOMIC_RELAXED) & 3) != RING_EVENT_DISABLE;
}

/* Ask the driver not to notify us; a hint (section 2.8.14). */
dp_inline void ring_packed_kick_off(struct ring_packed *r)
{
	ring_touch(&r->device[1]);
	__atomic_store_n(&r->device[1], RING_EVENT_DISABLE, __ATOMIC_RELAXED);
}

/* Ask to be notified again. Look at the ring once more afterwards. */
dp_inline void ring_packed_kick_on(struct ring_packed *r)
{
	ring_touch(&r->device[1]);
	__atomic_store_n(&r->device[1], RING_EVENT_ENABLE, __ATOMIC_RELAXED);
	/* Pairs with the driver's barrier between making a list available and reading this. */
	ring_store_load_fence();
}

/*
 * Fetch what is some slots ahead of cursor, to write to it: a line that was only read would have
 * to be asked for again when its descriptors are used.
 */
dp_inline void ring_packed_prefetch(const struct ring_packed *r, uint16_t cursor)
{
	enum { AHEAD = 16 };

	__builtin_prefetch((const uint8_t *)r->desc + (ring_packed_slot(cursor) + AHEAD) * 16u, 1);
}

#endif
