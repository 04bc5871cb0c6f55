/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What split and packed rings have in common: the verbs each of them implements, how words of the
 * ring are read and written, and how a descriptor becomes a segment of a chain. Private to ring/.
 *
 * A word of the ring is read by exactly one load, and what was read is what is checked and used:
 * the driver may change it at any time.
 */
#ifndef VV_RING_LAYOUT_H
#define VV_RING_LAYOUT_H

#include <endian.h>
#include <errno.h>

#include "vv_swring.h"

/* The verbs of vv_swring.h, one implementation a layout. */
struct vv_swring_layout {
	/* Is that a ring, and a position in it? */
	bool (*valid)(const struct vv_swring_conf *conf);
	bool (*pending)(const struct vv_swring *ring);
	int (*pop)(struct vv_swring *ring, struct vv_swring_chain *chain);
	void (*used)(struct vv_swring *ring, const struct vv_swring_chain *chain, uint32_t len);
	void (*publish)(struct vv_swring *ring);
	/* Something was published since. The fence before it is the caller's. */
	bool (*call_needed)(struct vv_swring *ring);
	void (*kicks)(struct vv_swring *ring, bool on);
};

/* Places in guest memory, at addresses vv_swring_start found to be aligned. */
static inline uint16_t ring_load16(const void *at)
{
	return le16toh(__atomic_load_n((const uint16_t *)at, __ATOMIC_RELAXED));
}

static inline uint16_t ring_load16_acquire(const void *at)
{
	return le16toh(__atomic_load_n((const uint16_t *)at, __ATOMIC_ACQUIRE));
}

static inline uint32_t ring_load32(const void *at)
{
	return le32toh(__atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED));
}

static inline void ring_store16(void *at, uint16_t value)
{
	__atomic_store_n((uint16_t *)at, htole16(value), __ATOMIC_RELAXED);
}

static inline void ring_store16_release(void *at, uint16_t value)
{
	__atomic_store_n((uint16_t *)at, htole16(value), __ATOMIC_RELEASE);
}

static inline void ring_store32(void *at, uint32_t value)
{
	__atomic_store_n((uint32_t *)at, htole32(value), __ATOMIC_RELAXED);
}

/* Our write of one word before our read of another: publish and look, on both sides of a ring. */
static inline void ring_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

enum {
	RING_DESC_BYTES = 16,
	RING_DESC_NEXT = 1,
	RING_DESC_WRITE = 2,
	RING_DESC_INDIRECT = 4,
};

/* A descriptor, copied. a and b: split, flags and next; packed, id and flags. */
struct ring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t a, b;
};

/* An indirect table may lie at any address. */
typedef uint64_t ring_word __attribute__((aligned(1), may_alias));

static inline struct ring_desc ring_desc_read(const void *table, uint32_t i)
{
	/* volatile: one load each, whatever is done with the copy. */
	const volatile ring_word *word = (const volatile ring_word *)table + (size_t)i * 2;
	uint64_t first = le64toh(word[0]), second = le64toh(word[1]);

	return (struct ring_desc){
	    .addr = first,
	    .len = (uint32_t)second,
	    .a = (uint16_t)(second >> 32),
	    .b = (uint16_t)(second >> 48),
	};
}

static inline void ring_chain_reset(struct vv_swring_chain *chain)
{
	chain->n_read = chain->n_write = chain->n_empty = 0;
	chain->read_len = chain->write_len = 0;
}

/* One more buffer at the end of the chain. */
static inline enum vv_swring_error ring_chain_add(const struct vv_swring *ring,
						  struct vv_swring_chain *chain, uint64_t addr,
						  uint32_t len, bool write)
{
	unsigned int n = chain->n_read + chain->n_write;
	uint8_t *at;

	if (n + chain->n_empty == VV_SWRING_SEGS_MAX)
		return VV_SWRING_LOOP;
	/*
	 * Nothing to read or write there, wherever it is: Linux 6.11 puts such a buffer behind the
	 * answer to a question about statistics of which there are none.
	 */
	if (len == 0) {
		chain->n_empty++;
		return VV_SWRING_OK;
	}
	if (!write && chain->n_write > 0)
		return VV_SWRING_READ_AFTER_WRITE;
	at = ring->conf.translate(ring->conf.translate_arg, addr, len);
	if (!at)
		return VV_SWRING_BAD_ADDRESS;
	chain->seg[n] = (struct vv_swring_seg){.addr = at, .len = len};
	if (write) {
		chain->n_write++;
		chain->write_len += len;
	} else {
		chain->n_read++;
		chain->read_len += len;
	}
	return VV_SWRING_OK;
}

/* The table an INDIRECT descriptor is about; in_table: it was found in one itself. */
static inline enum vv_swring_error ring_table_find(const struct vv_swring *ring, uint64_t addr,
						   uint32_t len, bool in_table, bool in_list,
						   const void **table)
{
	if (in_table)
		return VV_SWRING_INDIRECT_NESTED;
	if (!ring->conf.indirect)
		return VV_SWRING_INDIRECT_OFF;
	if (in_list)
		return VV_SWRING_INDIRECT_NEXT;
	if (len == 0 || len % RING_DESC_BYTES != 0)
		return VV_SWRING_INDIRECT_LENGTH;
	*table = ring->conf.translate(ring->conf.translate_arg, addr, len);
	return *table ? VV_SWRING_OK : VV_SWRING_BAD_ADDRESS;
}

/* From now on pop says nothing else. */
static inline int ring_break(struct vv_swring *ring, enum vv_swring_error error)
{
	ring->broken = error;
	return -EIO;
}

#endif
