/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueue, device side (virtio 1.2 section 2.7). See ring.h for the verbs.
 *
 * Theory of operation. The driver writes descriptors, then heads into the available ring, then the
 * available index; we read them in the opposite order, the index with acquire. We write used
 * entries, then the used index with release. `seen` is the available index as last read: while a
 * cursor is behind it the index (a cache line the driver keeps dirtying) is not read again.
 */
#ifndef SOFTHCA_VQ_RING_SPLIT_H
#define SOFTHCA_VQ_RING_SPLIT_H

#include "ring.h"

enum { RING_SPLIT_NO_INTERRUPT = 1, RING_SPLIT_NO_NOTIFY = 1 };

struct ring_split {
	ring_u64 *desc;  /* borrowed, shared: two words a descriptor */
	ring_u16 *avail; /* borrowed, shared: flags, idx, ring[size] */
	ring_u16 *used;  /* borrowed, shared: flags, idx, {le32 id, le32 len}[size] */
	uint16_t size;   /* a power of two */
	uint16_t max_chain;
	uint16_t seen;      /* available index as last read */
	uint16_t avail_at;  /* next chain to take */
	uint16_t used_at;   /* next used entry to write */
	uint16_t published; /* used_at as the driver knows it */
};

dp_inline size_t ring_split_desc_bytes(uint16_t size)
{
	return (size_t)size * 16;
}

dp_inline size_t ring_split_avail_bytes(uint16_t size)
{
	return 4 + (size_t)size * 2;
}

dp_inline size_t ring_split_used_bytes(uint16_t size)
{
	return 4 + (size_t)size * 8;
}

dp_inline void ring_split_init(struct ring_split *r, void *desc, void *avail, void *used,
			       uint16_t size, uint16_t max_chain, uint16_t avail_at,
			       uint16_t used_at)
{
	*r = (struct ring_split){
	    .desc = desc,
	    .avail = avail,
	    .used = used,
	    .size = size,
	    .max_chain = max_chain,
	    .seen = avail_at,
	    .avail_at = avail_at,
	    .used_at = used_at,
	    .published = used_at,
	};
}

dp_inline uint16_t ring_split_step(const struct ring_split *r, uint16_t cursor,
				   const struct ring_chain *chain)
{
	return (uint16_t)(cursor + 1);
}

/* Read the available index, for a reader that is at cursor: 0 or RING_E_JUMP. */
dp_inline int ring_split_look(struct ring_split *r, uint16_t cursor)
{
	uint16_t idx, ahead;

	ring_touch(&r->avail[1]);
	/* Acquire: pairs with the driver's barrier before it stores idx (section 2.7.13.3). */
	idx = __atomic_load_n(&r->avail[1], __ATOMIC_ACQUIRE);
	ahead = (uint16_t)(idx - r->avail_at);
	if (unlikely(ahead > r->size || ahead < (uint16_t)(cursor - r->avail_at)))
		return RING_E_JUMP;
	r->seen = idx;
	return 0;
}

dp_inline struct ring_desc ring_split_copy(const struct ring_split *r, uint16_t index)
{
	const ring_u64 *d = &r->desc[(size_t)index * 2];

	ring_touch(d);
	return ring_desc_make(__atomic_load_n(&d[0], __ATOMIC_RELAXED),
			      __atomic_load_n(&d[1], __ATOMIC_RELAXED));
}

/*
 * Copy the first descriptor of the chain at cursor: 1, 0 when there is none, or an error. When its
 * NEXT flag is set, ring_split_rest must follow before the chain is used.
 */
dp_inline int ring_split_next(struct ring_split *r, uint16_t cursor, struct ring_chain *chain,
			      struct ring_desc *desc)
{
	uint16_t head;

	if (cursor == r->seen) {
		int err = ring_split_look(r, cursor);

		if (unlikely(err))
			return err;
		if (cursor == r->seen)
			return 0;
	}
	ring_touch(&r->avail[2 + (cursor & (r->size - 1))]);
	head = __atomic_load_n(&r->avail[2 + (cursor & (r->size - 1))], __ATOMIC_RELAXED);
	if (unlikely(head >= r->size))
		return RING_E_HEAD;
	*desc = ring_split_copy(r, head);
	if (unlikely(desc->flags & RING_DESC_INDIRECT))
		return RING_E_INDIRECT;
	if (unlikely(desc->len == 0))
		return RING_E_ZERO;
	chain->id = head;
	chain->ndesc = 1;
	return 1;
}

/* Copy the rest of a chain into desc[1...]; desc has room for max_chain. 0 or an error. */
static inline int ring_split_rest(const struct ring_split *r, uint16_t cursor,
				  struct ring_chain *chain, struct ring_desc *desc)
{
	unsigned int n = 1;

	while (desc[n - 1].flags & RING_DESC_NEXT) {
		if (desc[n - 1].next >= r->size)
			return RING_E_NEXT;
		if (n == r->size)
			return RING_E_LOOP;
		if (n == r->max_chain)
			return RING_E_TOO_LONG;
		desc[n] = ring_split_copy(r, desc[n - 1].next);
		if (desc[n].flags & RING_DESC_INDIRECT)
			return RING_E_INDIRECT;
		if (desc[n].len == 0)
			return RING_E_ZERO;
		if ((desc[n - 1].flags & ~desc[n].flags) & RING_DESC_WRITE)
			return RING_E_ORDER;
		n++;
	}
	chain->ndesc = (uint16_t)n;
	return 0;
}

/* Take the next chain and write its used entry; not visible before publish. */
dp_inline void ring_split_push(struct ring_split *r, const struct ring_chain *chain, uint32_t len)
{
	ring_used64 *slot = (ring_used64 *)&r->used[2 + (size_t)(r->used_at & (r->size - 1)) * 4];
	uint64_t entry = chain->id | (uint64_t)len << 32;

	/*
	 * Drivers tend to hand out the same heads in the same order, lap after lap; an entry that
	 * is right already costs no cache line transfer.
	 */
	if (*slot != entry)
		*slot = entry;
	r->used_at++;
	r->avail_at++;
}

/* False: there was nothing to publish. */
dp_inline bool ring_split_publish(struct ring_split *r)
{
	if (r->used_at == r->published)
		return false;
	ring_touch(&r->used[1]);
	/* Release: pairs with the driver's barrier after it reads idx (section 2.7.14). */
	__atomic_store_n(&r->used[1], r->used_at, __ATOMIC_RELEASE);
	r->published = r->used_at;
	return true;
}

/* After publish: does the driver want an interrupt? (section 2.7.7) */
dp_inline bool ring_split_call_wanted(struct ring_split *r)
{
	/* Pairs with the driver's barrier between clearing NO_INTERRUPT and reading used.idx. */
	ring_store_load_fence();
	ring_touch(&r->avail[0]);
	return !(__atomic_load_n(&r->avail[0], __ATOMIC_RELAXED) & RING_SPLIT_NO_INTERRUPT);
}

/* Ask the driver not to notify us; a hint (section 2.7.10). */
dp_inline void ring_split_kick_off(struct ring_split *r)
{
	ring_touch(&r->used[0]);
	__atomic_store_n(&r->used[0], RING_SPLIT_NO_NOTIFY, __ATOMIC_RELAXED);
}

/* Ask to be notified again. Look at the ring once more afterwards. */
dp_inline void ring_split_kick_on(struct ring_split *r)
{
	ring_touch(&r->used[0]);
	__atomic_store_n(&r->used[0], 0, __ATOMIC_RELAXED);
	/* Pairs with the driver's barrier between storing avail.idx and reading used.flags. */
	ring_store_load_fence();
}

#endif
