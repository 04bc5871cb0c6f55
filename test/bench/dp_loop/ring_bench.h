/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The least a driver can do to keep a virtqueue turning: descriptor i always points at buffer i;
 * used chains are made available again as they are, in batches. Eight bytes of a frame are read
 * (receive) or written (transmit). For benchmarks: the device is trusted.
 */
#ifndef BENCH_RING_BENCH_H
#define BENCH_RING_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <linux/virtio_ring.h>

/* Buffers as far apart as DPDK's mbufs: powers of two would share few cache sets. */
enum { BENCH_BUFFER = 2304, BENCH_TURN = 32 };

struct bench_ring {
	bool packed, rx;
	bool rewrite; /* split: write descriptors and heads again each time, as drivers do */
	unsigned int size;
	uint8_t *desc, *driver, *device, *buffers;
	uint32_t len;
	uint16_t avail, used; /* split: free running; packed: slots */
	bool avail_wrap, used_wrap;
	uint64_t sum; /* of what was read */
};

static inline size_t bench_ring_bytes(unsigned int size)
{
	return ((size_t)size * 32 + 4096 * 2) / 4096 * 4096;
}

static inline void bench_ring_init(struct bench_ring *r, bool packed, unsigned int size,
				   uint8_t *memory, uint32_t len, bool rx)
{
	size_t desc = (size_t)size * 16, driver = packed ? 64 : 64 + (size_t)size * 2;

	*r = (struct bench_ring){.packed = packed,
				 .rx = rx,
				 .size = size,
				 .desc = memory,
				 .driver = memory + desc,
				 .device = memory + desc + (driver + 63) / 64 * 64,
				 .buffers = memory + bench_ring_bytes(size),
				 .len = len,
				 .avail_wrap = true,
				 .used_wrap = true};
	for (unsigned int i = 0; i < size; i++) {
		uint8_t *b = r->buffers + (size_t)i * BENCH_BUFFER;

		memset(b, 0, len);
		if (!rx) {
			/* To and from unicast addresses. */
			b[12] = 2;
			b[18] = 2;
			b[23] = 1;
			/* IPv4, UDP. */
			b[24] = 8;
			b[26] = 0x45;
			b[35] = 17;
		}
	}
	if (packed)
		return;
	for (unsigned int i = 0; i < size; i++) {
		struct vring_desc *d = (struct vring_desc *)r->desc + i;

		d->addr = (uintptr_t)(r->buffers + (size_t)i * BENCH_BUFFER);
		d->len = len;
		d->flags = rx ? VRING_DESC_F_WRITE : 0;
		((struct vring_avail *)r->driver)->ring[i] = (uint16_t)i;
	}
}

/* Frames to send belong to that many flows, in turn: their source ports. */
static inline void bench_ring_flows(struct bench_ring *r, unsigned int flows)
{
	for (unsigned int i = 0; i < r->size; i++) {
		uint16_t port = (uint16_t)(i % flows);

		memcpy(r->buffers + (size_t)i * BENCH_BUFFER + 12 + 34, &port, sizeof(port));
	}
}

/* Make n more descriptors available. */
static inline void bench_ring_give(struct bench_ring *r, unsigned int n)
{
	struct vring_packed_desc *first = NULL;
	uint16_t first_flags = 0;

	if (!r->packed) {
		for (unsigned int i = 0; i < n && r->rewrite; i++) {
			uint16_t slot = (uint16_t)(r->avail + i) & (uint16_t)(r->size - 1);
			struct vring_desc *d = (struct vring_desc *)r->desc + slot;

			d->addr = (uintptr_t)(r->buffers + (size_t)slot * BENCH_BUFFER);
			d->len = r->len;
			d->flags = r->rx ? VRING_DESC_F_WRITE : 0;
			((struct vring_avail *)r->driver)->ring[slot] = slot;
		}
		r->avail = (uint16_t)(r->avail + n);
		__atomic_store_n(&((struct vring_avail *)r->driver)->idx, r->avail,
				 __ATOMIC_RELEASE);
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		struct vring_packed_desc *d = (struct vring_packed_desc *)r->desc + r->avail;
		uint16_t flags = r->rx ? VRING_DESC_F_WRITE : 0;

		flags |= r->avail_wrap ? 1u << VRING_PACKED_DESC_F_AVAIL
				       : 1u << VRING_PACKED_DESC_F_USED;
		d->addr = (uintptr_t)(r->buffers + (size_t)r->avail * BENCH_BUFFER);
		d->len = r->len;
		d->id = r->avail;
		if (first == NULL) {
			first = d;
			first_flags = flags;
		} else {
			d->flags = flags;
		}
		if (++r->avail == r->size) {
			r->avail = 0;
			r->avail_wrap = !r->avail_wrap;
		}
	}
	if (first != NULL)
		__atomic_store_n(&first->flags, first_flags, __ATOMIC_RELEASE);
}

static inline void bench_ring_fill(struct bench_ring *r)
{
	bench_ring_give(r, r->size);
}

static inline void bench_ring_touch(struct bench_ring *r, uint16_t id)
{
	uint64_t *p = (uint64_t *)(void *)(r->buffers + (size_t)id * BENCH_BUFFER + 56);

	if (r->rx)
		r->sum += *p;
	else
		*p = r->sum++;
}

static inline unsigned int bench_ring_take(struct bench_ring *r)
{
	unsigned int n = 0;

	if (!r->packed) {
		const struct vring_used *used = (const struct vring_used *)r->device;
		uint16_t idx = __atomic_load_n(&used->idx, __ATOMIC_ACQUIRE);

		for (; r->used != idx && n < BENCH_TURN; r->used++, n++)
			bench_ring_touch(r, (uint16_t)used->ring[r->used & (r->size - 1)].id);
		return n;
	}
	for (; n < BENCH_TURN; n++) {
		struct vring_packed_desc *d = (struct vring_packed_desc *)r->desc + r->used;
		uint16_t flags = __atomic_load_n(&d->flags, __ATOMIC_ACQUIRE);
		bool avail = flags >> VRING_PACKED_DESC_F_AVAIL & 1;
		bool used = flags >> VRING_PACKED_DESC_F_USED & 1;

		if (avail != used || used != r->used_wrap)
			break;
		bench_ring_touch(r, d->id);
		if (++r->used == r->size) {
			r->used = 0;
			r->used_wrap = !r->used_wrap;
		}
	}
	return n;
}

/* Take back what is used and give it again: how many. */
static inline unsigned int bench_ring_turn(struct bench_ring *r)
{
	unsigned int n = bench_ring_take(r);

	if (n > 0)
		bench_ring_give(r, n);
	return n;
}

static inline bool bench_ring_wants_kick(const struct bench_ring *r)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!r->packed)
		return !(__atomic_load_n(&((const struct vring_used *)r->device)->flags,
					 __ATOMIC_RELAXED) &
			 VRING_USED_F_NO_NOTIFY);
	return (__atomic_load_n((const uint16_t *)(const void *)r->device + 1, __ATOMIC_RELAXED) &
		3) != VRING_PACKED_EVENT_FLAG_DISABLE;
}

#endif
