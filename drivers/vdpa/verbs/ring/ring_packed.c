/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_packed.h"

enum {
	PACKED_AVAIL = 1 << 7,
	PACKED_USED = 1 << 15,
	PACKED_WRAP = 1 << 15, /* of a position */
	/* Bytes from the start of a descriptor (virtio 1.2 §2.8.13). */
	PACKED_LEN = 8,
	PACKED_ID = 12,
	PACKED_FLAGS = 14,
	PACKED_SIZE_MAX = 1 << 15,
};
/* Flags of an event structure (§2.8.14): bits 16 and 17 of its two words read as one. */
enum { EVENT_ENABLE = 0, EVENT_DISABLE = 1, EVENT_DESC = 2, EVENT_FLAGS = 3 };

static uint16_t place_of(uint16_t position)
{
	return position & ~PACKED_WRAP;
}

static uint16_t position_add(const struct vv_swring *ring, uint16_t position, unsigned int n)
{
	unsigned int place = place_of(position) + n;

	if (place < ring->conf.size)
		return position + n;
	return (place - ring->conf.size) | (~position & PACKED_WRAP);
}

/* Positions in their order: two rounds, after which the same ones come again. */
static uint32_t position_linear(const struct vv_swring *ring, uint16_t position)
{
	return place_of(position) + (position & PACKED_WRAP ? 0 : ring->conf.size);
}

static uint8_t *slot_at(const struct vv_swring *ring, uint16_t place)
{
	return (uint8_t *)ring->conf.desc + (size_t)place * RING_DESC_BYTES;
}

static bool packed_valid(const struct vv_swring_conf *conf)
{
	return conf->size > 0 && conf->size <= PACKED_SIZE_MAX &&
	       place_of(conf->base) < conf->size && (uintptr_t)conf->desc % 16 == 0 &&
	       (uintptr_t)conf->driver % 4 == 0 && (uintptr_t)conf->device % 4 == 0;
}

/* virtio 1.2 §2.8.1: do flags at our position say available? */
static bool is_available(const struct vv_swring *ring, uint16_t flags)
{
	uint16_t mine = ring->avail & PACKED_WRAP ? PACKED_AVAIL : PACKED_USED;

	return (flags & (PACKED_AVAIL | PACKED_USED)) == mine;
}

static bool packed_pending(const struct vv_swring *ring)
{
	return is_available(ring, ring_load16(slot_at(ring, place_of(ring->avail)) + PACKED_FLAGS));
}

/* Both words at once, so that the driver never sees new flags with an old position. */
static void event_set(struct vv_swring *ring, uint16_t position, uint32_t flags)
{
	ring_store32(ring->conf.device, position | flags << 16);
	/*
	 * Visible before flags of descriptors are read again. Partner: the driver's barrier between
	 * its write of flags and its read of our event structure.
	 */
	ring_fence();
}

static void packed_kicks(struct vv_swring *ring, bool on)
{
	ring->armed = ring->avail;
	if (!on)
		event_set(ring, 0, EVENT_DISABLE);
	else if (ring->conf.event_idx)
		event_set(ring, ring->avail, EVENT_DESC);
	else
		event_set(ring, 0, EVENT_ENABLE);
}

static enum vv_swring_error table_walk(const struct vv_swring *ring, const void *table,
				       uint32_t entries, struct vv_swring_chain *chain)
{
	enum vv_swring_error error = VV_SWRING_OK;
	struct ring_desc desc;
	uint32_t i;

	/* All of them, in order: NEXT means nothing here (virtio 1.2 §2.8.7). */
	for (i = 0; i < entries && !error; i++) {
		desc = ring_desc_read(table, i);
		if (desc.b & RING_DESC_INDIRECT)
			return VV_SWRING_INDIRECT_NESTED;
		error = ring_chain_add(ring, chain, desc.addr, desc.len, desc.b & RING_DESC_WRITE);
	}
	return error;
}

/* One descriptor of a list. */
static enum vv_swring_error desc_take(const struct vv_swring *ring, const struct ring_desc *desc,
				      uint16_t flags, bool in_list, struct vv_swring_chain *chain)
{
	enum vv_swring_error error;
	const void *table;

	if (!(flags & RING_DESC_INDIRECT))
		return ring_chain_add(ring, chain, desc->addr, desc->len, flags & RING_DESC_WRITE);
	error = ring_table_find(ring, desc->addr, desc->len, false, in_list, &table);
	if (error)
		return error;
	return table_walk(ring, table, desc->len / RING_DESC_BYTES, chain);
}

/* Also what is wrong is walked to its end: the id is there, and the next list behind it. */
static int list_walk(struct vv_swring *ring, uint16_t flags, struct vv_swring_chain *chain)
{
	uint16_t at = ring->avail;
	struct ring_desc desc;
	unsigned int n = 0;
	bool in_list;

	do {
		if (n == ring->conf.size)
			return ring_break(ring, VV_SWRING_ENDLESS);
		desc = ring_desc_read(ring->conf.desc, place_of(at));
		if (n > 0)
			flags = desc.b; /* the first one's were read before, and said available */
		in_list = n > 0 || flags & RING_DESC_NEXT;
		if (!chain->error)
			chain->error = desc_take(ring, &desc, flags, in_list, chain);
		at = position_add(ring, at, 1);
		n++;
	} while (flags & RING_DESC_NEXT);

	if (desc.a >= ring->conf.size)
		return ring_break(ring, VV_SWRING_BAD_ID);
	chain->id = desc.a;
	chain->skip = n;
	ring->avail = at;
	return 1;
}

static int packed_pop(struct vv_swring *ring, struct vv_swring_chain *chain)
{
	uint16_t flags;
	int ret;

	/* Before the rest of the list. Partner: the driver's barrier before it writes the flags. */
	flags = ring_load16_acquire(slot_at(ring, place_of(ring->avail)) + PACKED_FLAGS);
	if (!is_available(ring, flags) && ring->kicks && ring->conf.event_idx &&
	    ring->armed != ring->avail) {
		packed_kicks(ring, true);
		flags = ring_load16_acquire(slot_at(ring, place_of(ring->avail)) + PACKED_FLAGS);
	}
	if (!is_available(ring, flags))
		return 0;
	ring_chain_reset(chain);
	chain->error = VV_SWRING_OK;
	ret = list_walk(ring, flags, chain);
	if (ret < 0 || chain->error)
		ring_chain_reset(chain);
	return ret;
}

static void packed_used(struct vv_swring *ring, const struct vv_swring_chain *chain, uint32_t len)
{
	uint16_t place = place_of(ring->used), flags;
	uint8_t *slot = slot_at(ring, place);

	/* virtio 1.2 §2.8.3: without WRITE nobody looks at len. */
	flags = ring->used & PACKED_WRAP ? PACKED_AVAIL | PACKED_USED : 0;
	if (len > 0)
		flags |= RING_DESC_WRITE;
	ring_store32(slot + PACKED_LEN, len);
	ring_store16(slot + PACKED_ID, chain->id);
	if (ring->held) {
		/* Nobody looks here before the one that is held back is there. */
		ring_store16(slot + PACKED_FLAGS, flags);
	} else {
		ring->held = true;
		ring->held_slot = place;
		ring->held_flags = flags;
	}
	ring->used = position_add(ring, ring->used, chain->skip);
}

static void packed_publish(struct vv_swring *ring)
{
	if (!ring->held)
		return;
	ring->held = false;
	/* After id, length and buffers. Partner: the driver's barrier behind its read of flags. */
	ring_store16_release(slot_at(ring, ring->held_slot) + PACKED_FLAGS, ring->held_flags);
}

static bool packed_call_needed(struct vv_swring *ring)
{
	uint32_t event = ring_load32(ring->conf.driver), rounds = 2 * (uint32_t)ring->conf.size;
	uint32_t now = position_linear(ring, ring->used), passed, behind;

	switch (event >> 16 & EVENT_FLAGS) {
	case EVENT_DISABLE:
		return false;
	case EVENT_DESC:
		if (!ring->conf.event_idx)
			return true; /* means nothing: one call too many does no harm */
		break;
	default:
		return true;
	}
	/*
	 * virtio 1.2 §2.8.10: the position was among those passed since the last time. If it is
	 * none of this ring's, so is the answer, to the driver's own loss.
	 */
	passed = (now + rounds - position_linear(ring, ring->signalled)) % rounds;
	behind = (now + rounds - 1 - position_linear(ring, (uint16_t)event)) % rounds;
	return behind < passed;
}

const struct vv_swring_layout vv_ring_packed = {
    .valid = packed_valid,
    .pending = packed_pending,
    .pop = packed_pop,
    .used = packed_used,
    .publish = packed_publish,
    .call_needed = packed_call_needed,
    .kicks = packed_kicks,
};
