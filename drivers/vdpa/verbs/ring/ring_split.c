/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_split.h"

/* Bytes from the start of the available (virtio 1.2 §2.7.6) and used ring (§2.7.8). */
enum {
	SPLIT_FLAGS = 0,
	SPLIT_IDX = 2,
	SPLIT_RING = 4,
	SPLIT_AVAIL_BYTES = 2, /* an entry's */
	SPLIT_USED_BYTES = 8,
};
enum { SPLIT_NO_INTERRUPT = 1, SPLIT_NO_NOTIFY = 1 };

static uint8_t *avail_at(const struct vv_swring *ring, size_t offset)
{
	return (uint8_t *)ring->conf.driver + offset;
}

static uint8_t *used_at(const struct vv_swring *ring, size_t offset)
{
	return (uint8_t *)ring->conf.device + offset;
}

static bool split_valid(const struct vv_swring_conf *conf)
{
	uint16_t size = conf->size;

	return size > 0 && (size & (size - 1)) == 0 && (uintptr_t)conf->desc % 16 == 0 &&
	       (uintptr_t)conf->driver % 2 == 0 && (uintptr_t)conf->device % 4 == 0;
}

static bool split_pending(const struct vv_swring *ring)
{
	return ring_load16(avail_at(ring, SPLIT_IDX)) != ring->avail;
}

/* virtio 1.2 §2.7.10: the driver is to tell us of the entry it writes at this index. */
static void event_set(struct vv_swring *ring, uint16_t index)
{
	ring_store16(used_at(ring, SPLIT_RING + (size_t)ring->conf.size * SPLIT_USED_BYTES), index);
}

static void kick_arm(struct vv_swring *ring)
{
	ring->armed = ring->avail;
	event_set(ring, ring->avail);
	/*
	 * The event is visible before avail->idx is read again. Partner: the driver's barrier
	 * between its write of avail->idx and its read of avail_event.
	 */
	ring_fence();
}

/* How many chains are available; more than the ring has: broken. */
static uint16_t available(struct vv_swring *ring)
{
	/* Before entries and descriptors. Partner: the driver's barrier before it writes idx. */
	return ring_load16_acquire(avail_at(ring, SPLIT_IDX)) - ring->avail;
}

/*
 * From the head on, through a table if there is one at the end. A loop ends when the chain has no
 * room for more.
 */
static enum vv_swring_error chain_walk(const struct vv_swring *ring, uint16_t head,
				       struct vv_swring_chain *chain)
{
	const void *table = ring->conf.desc;
	uint32_t entries = ring->conf.size, i = head;
	bool in_table = false;
	struct ring_desc desc;
	enum vv_swring_error error;

	for (;;) {
		if (i >= entries)
			return VV_SWRING_BAD_NEXT;
		desc = ring_desc_read(table, i);
		if (desc.a & RING_DESC_INDIRECT) {
			error = ring_table_find(ring, desc.addr, desc.len, in_table,
						desc.a & RING_DESC_NEXT, &table);
			if (error)
				return error;
			entries = desc.len / RING_DESC_BYTES;
			in_table = true;
			i = 0;
			continue;
		}
		error = ring_chain_add(ring, chain, desc.addr, desc.len, desc.a & RING_DESC_WRITE);
		if (error)
			return error;
		if (!(desc.a & RING_DESC_NEXT))
			return VV_SWRING_OK;
		i = desc.b;
	}
}

static int split_pop(struct vv_swring *ring, struct vv_swring_chain *chain)
{
	uint16_t mask = ring->conf.size - 1, n, head;

	n = available(ring);
	if (n == 0 && ring->kicks && ring->conf.event_idx && ring->armed != ring->avail) {
		kick_arm(ring);
		n = available(ring);
	}
	if (n == 0)
		return 0;
	if (n > ring->conf.size)
		return ring_break(ring, VV_SWRING_BAD_INDEX);
	head = ring_load16(
	    avail_at(ring, SPLIT_RING + (size_t)(ring->avail & mask) * SPLIT_AVAIL_BYTES));
	if (head >= ring->conf.size)
		return ring_break(ring, VV_SWRING_BAD_HEAD);

	ring->avail++;
	chain->id = head;
	chain->skip = 1;
	ring_chain_reset(chain);
	chain->error = chain_walk(ring, head, chain);
	if (chain->error)
		ring_chain_reset(chain);
	return 1;
}

static void split_used(struct vv_swring *ring, const struct vv_swring_chain *chain, uint32_t len)
{
	uint16_t mask = ring->conf.size - 1;
	uint8_t *entry = used_at(ring, SPLIT_RING + (size_t)(ring->used & mask) * SPLIT_USED_BYTES);

	ring_store32(entry, chain->id);
	ring_store32(entry + 4, len);
	ring->used++;
}

static void split_publish(struct vv_swring *ring)
{
	/* After entries and buffers. Partner: the driver's barrier behind its read of idx. */
	ring_store16_release(used_at(ring, SPLIT_IDX), ring->used);
}

static bool split_call_needed(struct vv_swring *ring)
{
	uint16_t event;

	if (!ring->conf.event_idx)
		return !(ring_load16(avail_at(ring, SPLIT_FLAGS)) & SPLIT_NO_INTERRUPT);
	/* virtio 1.2 §2.7.7: the entry at this index was among those written since. */
	event =
	    ring_load16(avail_at(ring, SPLIT_RING + (size_t)ring->conf.size * SPLIT_AVAIL_BYTES));
	return (uint16_t)(ring->used - event - 1) < (uint16_t)(ring->used - ring->signalled);
}

static void split_kicks(struct vv_swring *ring, bool on)
{
	/* With event_idx flags have to be 0 (virtio 1.2 §2.7.10.2). */
	ring_store16(used_at(ring, SPLIT_FLAGS), on || ring->conf.event_idx ? 0 : SPLIT_NO_NOTIFY);
	if (!ring->conf.event_idx)
		ring_fence(); /* before the look behind on: as in kick_arm, with flags */
	else if (on)
		kick_arm(ring);
	else
		event_set(ring, ring->avail - 1); /* passed already: 2^16 entries of silence */
}

const struct vv_swring_layout vv_ring_split = {
    .valid = split_valid,
    .pending = split_pending,
    .pop = split_pop,
    .used = split_used,
    .publish = split_publish,
    .call_needed = split_call_needed,
    .kicks = split_kicks,
};
