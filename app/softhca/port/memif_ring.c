/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rings of a memif connection. The peer may write anything at any time: indices and descriptors
 * are copied once, then checked, then used; where the buffers of our own memory are is known
 * without reading it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../vq/copy.h"
#include "link_impl.h"
#include "memif.h"

static uint64_t memif_ring_bytes(uint16_t ring_size)
{
	return sizeof(struct memif_ring) + ring_size * sizeof(struct memif_desc);
}

uint64_t memif_ring_offset(uint16_t ring_size, bool c2s)
{
	return c2s ? 0 : memif_ring_bytes(ring_size);
}

uint64_t memif_region_bytes(uint16_t ring_size, uint32_t buffer_size)
{
	return 2 * (memif_ring_bytes(ring_size) + (uint64_t)ring_size * buffer_size);
}

/* Client: slot of one of its rings. */
static void memif_offer(const struct memif_memory *m, struct memif_ring *ring, uint64_t buffers,
			uint16_t slot)
{
	ring->desc[slot] = (struct memif_desc){
	    .offset = (uint32_t)(buffers + (uint64_t)slot * m->buffer_size),
	    .length = m->buffer_size,
	};
}

void memif_format(struct memif_memory *m, uint16_t ring_size)
{
	uint8_t *base = m->region[0].addr;

	m->tx_buffers = 2 * memif_ring_bytes(ring_size);
	m->rx_buffers = m->tx_buffers + (uint64_t)ring_size * m->buffer_size;
	m->tx.ring = (struct memif_ring *)(base + memif_ring_offset(ring_size, true));
	m->rx.ring = (struct memif_ring *)(base + memif_ring_offset(ring_size, false));
	m->tx.mask = m->rx.mask = (uint16_t)(ring_size - 1);
	m->tx.ring->cookie = MEMIF_COOKIE;
	m->rx.ring->cookie = MEMIF_COOKIE;
	for (uint16_t i = 0; i < ring_size; i++) {
		memif_offer(m, m->tx.ring, m->tx_buffers, i);
		memif_offer(m, m->rx.ring, m->rx_buffers, i);
	}
}

int memif_start(struct memif_memory *m)
{
	struct memif_end *ends[] = {&m->rx, &m->tx};

	if (m->rx.ring->cookie != MEMIF_COOKIE || m->tx.ring->cookie != MEMIF_COOKIE)
		return -EPROTO;
	for (unsigned int i = 0; i < 2; i++) {
		ends[i]->at = 0;
		ends[i]->pending = 0;
		ends[i]->armed = false;
		__atomic_store_n(&ends[i]->ring->head, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&ends[i]->ring->tail, 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&m->rx.ring->flags, MEMIF_RING_MASK_INT, __ATOMIC_RELAXED);
	/* Client: all buffers are empty, and the server's. */
	if (m->client)
		__atomic_store_n(&m->rx.ring->head, (uint16_t)(m->rx.mask + 1), __ATOMIC_RELEASE);
	return 0;
}

/* ---- reading ---- */

static void memif_disarm(struct memif_memory *m)
{
	/* The peer may have made it a descriptor that blocks. */
	struct pollfd fd = {.fd = m->rx.event, .events = POLLIN};
	uint64_t count;

	m->rx.armed = false;
	__atomic_store_n(&m->rx.ring->flags, MEMIF_RING_MASK_INT, __ATOMIC_RELAXED);
	if (poll(&fd, 1, 0) == 1 && read(fd.fd, &count, sizeof(count)) < 0)
		return;
}

/* Slots with frames; more than the ring has: the peer broke the rules. */
static uint16_t memif_filled(const struct memif_memory *m)
{
	const struct memif_end *e = &m->rx;
	const uint16_t *index = m->client ? &e->ring->tail : &e->ring->head;

	/* Acquire: pairs with the peer's release behind descriptors and buffers. */
	return (uint16_t)(__atomic_load_n(index, __ATOMIC_ACQUIRE) - e->at);
}

static struct memif_desc memif_copy_desc(const struct memif_end *e, uint16_t at)
{
	const uint64_t *words = (const uint64_t *)(const void *)&e->ring->desc[at & e->mask];
	uint64_t copy[2] = {__atomic_load_n(&words[0], __ATOMIC_RELAXED),
			    __atomic_load_n(&words[1], __ATOMIC_RELAXED)};
	struct memif_desc desc;

	memcpy(&desc, copy, sizeof(desc));
	return desc;
}

/* Where a descriptor's bytes are; NULL: nowhere. */
static uint8_t *memif_buffer(const struct memif_memory *m, const struct memif_desc *desc)
{
	const struct memif_region *r;

	if (desc->region >= m->n_regions)
		return NULL;
	r = &m->region[desc->region];
	if (desc->offset > r->size || desc->length > r->size - desc->offset)
		return NULL;
	return r->addr + desc->offset;
}

/* One frame at slot at: slots it takes, 0: not all there, or -EPROTO. */
static int memif_read_one(struct memif_memory *m, struct nic *nic, struct frame *f, uint16_t at,
			  uint16_t filled)
{
	struct mem_piece *piece = &nic->pieces[nic->n_pieces];
	unsigned int n = 0, slots = 0;
	uint64_t len = 0;
	struct memif_desc desc;

	do {
		uint16_t slot = (uint16_t)(at + slots);
		uint8_t *hva;

		if (slots == filled)
			return filled > m->rx.mask ? -EPROTO : 0;
		desc = memif_copy_desc(&m->rx, slot);
		if (m->client) {
			desc.region = 0;
			desc.offset = (uint32_t)(m->rx_buffers +
						 (uint64_t)(slot & m->rx.mask) * m->buffer_size);
			if (desc.length > m->buffer_size)
				return -EPROTO;
		}
		hva = memif_buffer(m, &desc);
		if (hva == NULL)
			return -EPROTO;
		slots++;
		if (nic->n_pieces + n == DP_PIECES)
			len = DP_FRAME_MAX + 1;
		else if (desc.length > 0)
			piece[n++] = (struct mem_piece){hva, desc.length};
		len += desc.length;
	} while (desc.flags & MEMIF_DESC_NEXT);
	/* Too long or too short frames are dropped by their length alone. */
	*f = (struct frame){
	    .data = n > 0 ? piece[0].hva : NULL,
	    .len = len > DP_FRAME_MAX ? DP_FRAME_MAX + 1 : (uint32_t)len,
	    .n = (uint16_t)n,
	    .first = (uint16_t)nic->n_pieces,
	};
	if (n > 1)
		nic->n_pieces += n;
	return (int)slots;
}

int memif_read(struct memif_memory *m, struct nic *nic, unsigned int *n)
{
	uint16_t filled = memif_filled(m), at = m->rx.at;

	*n = 0;
	if (m->rx.armed)
		memif_disarm(m);
	if (filled > m->rx.mask + 1)
		return -EPROTO;
	while (filled > 0 && *n < DP_BATCH) {
		int slots = memif_read_one(m, nic, &nic->frame[*n], at, filled);

		if (slots <= 0)
			return slots;
		nic->chain[*n].ndesc = (uint16_t)slots;
		at = (uint16_t)(at + slots);
		filled = (uint16_t)(filled - slots);
		++*n;
	}
	return 0;
}

void memif_read_done(struct memif_memory *m, const struct nic *nic, unsigned int n)
{
	struct memif_ring *ring = m->rx.ring;
	unsigned int slots = 0;

	for (unsigned int i = 0; i < n; i++)
		slots += nic->chain[i].ndesc;
	for (unsigned int i = 0; i < slots; i++) {
		uint16_t slot = (uint16_t)(m->rx.at + i) & m->rx.mask;

		/* DPDK's writer sets MEMIF_DESC_NEXT where it is needed, but never clears it. */
		if (m->client)
			memif_offer(m, ring, m->rx_buffers, slot);
		else if (ring->desc[slot].flags != 0)
			ring->desc[slot].flags = 0;
	}
	m->rx.at = (uint16_t)(m->rx.at + slots);
	/* Release: the buffers were read. */
	if (m->client)
		__atomic_store_n(&ring->head, (uint16_t)(m->rx.at + m->rx.mask + 1),
				 __ATOMIC_RELEASE);
	else
		__atomic_store_n(&ring->tail, m->rx.at, __ATOMIC_RELEASE);
}

bool memif_arm(struct memif_memory *m)
{
	__atomic_store_n(&m->rx.ring->flags, 0, __ATOMIC_RELAXED);
	m->rx.armed = true;
	/* Pairs with the peer's fence between its index and its look at the flags. */
	ring_store_load_fence();
	return memif_filled(m) == 0;
}

/* ---- writing ---- */

/* Empty slots, as the peer has it. */
static uint16_t memif_free(const struct memif_memory *m)
{
	const struct memif_end *e = &m->tx;

	if (m->client)
		return (uint16_t)(e->mask + 1 -
				  (uint16_t)(e->at -
					     __atomic_load_n(&e->ring->tail, __ATOMIC_ACQUIRE)));
	return (uint16_t)(__atomic_load_n(&e->ring->head, __ATOMIC_ACQUIRE) - e->at);
}

/* The buffer of a slot to fill, and its size in desc->length; NULL: the peer broke the rules. */
static uint8_t *memif_slot(const struct memif_memory *m, uint16_t slot, struct memif_desc *desc)
{
	if (m->client) {
		*desc = (struct memif_desc){
		    .offset = (uint32_t)(m->tx_buffers + (uint64_t)slot * m->buffer_size),
		    .length = m->buffer_size,
		};
	} else {
		*desc = memif_copy_desc(&m->tx, slot);
	}
	return desc->length > 0 ? memif_buffer(m, desc) : NULL;
}

int memif_write(struct memif_memory *m, const struct batch_part *frame)
{
	uint16_t room = memif_free(m), slots = 0;
	struct link_cursor from = link_cursor(frame);
	uint32_t left = link_frame_len(frame);

	if (room > m->tx.mask + 1)
		return -EPROTO;
	while (left > 0) {
		uint16_t slot = (uint16_t)(m->tx.at + slots) & m->tx.mask;
		struct memif_desc desc;
		uint32_t filled = 0;
		uint8_t *hva;

		if (slots == room)
			return slots > m->tx.mask ? -EMSGSIZE : -EAGAIN;
		hva = memif_slot(m, slot, &desc);
		if (hva == NULL)
			return -EPROTO;
		while (filled < desc.length && left > 0) {
			uint32_t max = desc.length - filled, part;
			const uint8_t *bytes;

			part = link_next(&from, max < left ? max : left, &bytes);
			copy_bytes(hva + filled, bytes, part);
			filled += part;
			left -= part;
		}
		desc.length = filled;
		desc.flags = left > 0 ? MEMIF_DESC_NEXT : 0;
		m->tx.ring->desc[slot] = desc;
		slots++;
	}
	m->tx.at = (uint16_t)(m->tx.at + slots);
	m->tx.pending = (uint16_t)(m->tx.pending + slots);
	return 0;
}

void memif_write_flush(struct memif_memory *m)
{
	struct memif_ring *ring = m->tx.ring;
	struct pollfd fd = {.fd = m->tx.event, .events = POLLOUT};
	uint64_t one = 1;

	if (m->tx.pending == 0)
		return;
	m->tx.pending = 0;
	/* Release: descriptors and buffers are written. */
	__atomic_store_n(m->client ? &ring->head : &ring->tail, m->tx.at, __ATOMIC_RELEASE);
	/* Pairs with the reader's fence between its flags and its look at the index. */
	ring_store_load_fence();
	if (__atomic_load_n(&ring->flags, __ATOMIC_RELAXED) & MEMIF_RING_MASK_INT)
		return;
	if (poll(&fd, 1, 0) == 1 && fd.revents & POLLOUT && write(fd.fd, &one, sizeof(one)) < 0)
		return;
}
