/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packed virtqueue, virtio 1.2 section 2.8. The buffer id of a chain is its head in the private
 * record; descriptors go to the next slots in turn.
 *
 * The flags of the first descriptor since the last publish are held back and released last, so
 * that the device sees all chains of a batch or none (partner: the device's acquiring read of
 * those flags). has_used() acquires the flags of the slot where the next used element will be,
 * before its id and length.
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define USED  (1u << VRING_PACKED_DESC_F_USED)

static struct vring_packed_desc *desc_of(const struct fe_ring *r)
{
	return (struct vring_packed_desc *)r->area.desc.ptr;
}

/* Both event structures are one aligned word: offset and wrap below, flags above. */
static uint32_t *event_word(const struct fe_span *area)
{
	return (uint32_t *)(void *)area->ptr;
}

static uint32_t event_value(uint16_t slot, bool wrap, uint16_t flags)
{
	return slot | (uint32_t)wrap << VRING_PACKED_EVENT_F_WRAP_CTR | (uint32_t)flags << 16;
}

static void store_flags(struct fe_ring *r, uint16_t slot, uint16_t flags)
{
	__atomic_store_n(&desc_of(r)[slot].flags, flags, __ATOMIC_RELEASE);
}

/* Slots from the start on were used in the lap before, those in front of it in this one. */
static void packed_init(struct fe_ring *r)
{
	uint16_t slot;

	for (slot = 0; slot < r->size; slot++)
		if ((slot < r->avail) == r->avail_wrap)
			desc_of(r)[slot].flags = AVAIL | USED;
}

static void packed_write(struct fe_ring *r, uint16_t head)
{
	unsigned int i, count = r->entry[head].count;
	uint16_t at = head;

	for (i = 0; i < count; i++) {
		const struct fe_ring_entry *e = &r->entry[at];
		struct vring_packed_desc *d = &desc_of(r)[r->avail];
		uint16_t flags = e->flags | (r->avail_wrap ? AVAIL : USED);

		fe_desc_set(d->addr, e->addr);
		fe_desc_set(d->len, e->len);
		fe_desc_set(d->id, e->raw == FE_NEXT_AUTO ? head : (uint16_t)e->raw);
		if (r->head_held) {
			store_flags(r, r->avail, flags);
		} else {
			r->head_held = true;
			r->head_slot = r->avail;
			r->head_flags = flags;
		}
		at = e->next;
		if (++r->avail == r->size) {
			r->avail = 0;
			r->avail_wrap = !r->avail_wrap;
		}
		r->unkicked++;
	}
}

static void packed_publish(struct fe_ring *r)
{
	if (!r->head_held)
		return;
	store_flags(r, r->head_slot, r->head_flags);
	r->head_held = false;
	r->published = r->avail;
}

static bool packed_need_kick(struct fe_ring *r)
{
	uint16_t since = r->unkicked, event, flags;
	uint32_t word;

	if (since == 0)
		return false;
	r->unkicked = 0;
	fe_full_fence();
	word = __atomic_load_n(event_word(&r->area.device), __ATOMIC_RELAXED);
	flags = word >> 16 & 3;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	/* Positions of the lap before the current one count as negative. */
	event = word & 0x7fff;
	if ((word >> VRING_PACKED_EVENT_F_WRAP_CTR & 1) != r->avail_wrap)
		event = (uint16_t)(event - r->size);
	return fe_event_passed(event, r->avail, (uint16_t)(r->avail - since));
}

static bool packed_has_used(const struct fe_ring *r)
{
	uint16_t flags = __atomic_load_n(&desc_of(r)[r->used].flags, __ATOMIC_ACQUIRE);

	return !!(flags & AVAIL) == r->used_wrap && !!(flags & USED) == r->used_wrap &&
	       r->outstanding > 0;
}

static void packed_peek_used(const struct fe_ring *r, uint32_t *id, uint32_t *len)
{
	const struct vring_packed_desc *d = &desc_of(r)[r->used];

	*id = fe_desc_get(d->id);
	/* Section 2.8.4: the length is meaningless where nothing was written. */
	*len = fe_desc_get(d->flags) & VRING_DESC_F_WRITE ? fe_desc_get(d->len) : 0;
}

static void packed_advance_used(struct fe_ring *r, uint16_t count)
{
	r->used = (uint16_t)(r->used + count);
	if (r->used >= r->size) {
		r->used = (uint16_t)(r->used - r->size);
		r->used_wrap = !r->used_wrap;
	}
}

static void packed_irq(struct fe_ring *r, bool enable)
{
	uint16_t flags = VRING_PACKED_EVENT_FLAG_DISABLE;

	if (enable)
		flags =
		    r->event_idx ? VRING_PACKED_EVENT_FLAG_DESC : VRING_PACKED_EVENT_FLAG_ENABLE;
	__atomic_store_n(event_word(&r->area.driver), event_value(r->used, r->used_wrap, flags),
			 __ATOMIC_RELEASE);
	if (enable)
		fe_full_fence();
}

static void packed_rewind(struct fe_ring *r)
{
	uint16_t *heads = calloc(r->size, sizeof(*heads));
	unsigned int i, count;

	if (!heads)
		abort();
	count = fe_ring_outstanding(r, heads);
	/* The device may have died between writing a used id and its flags: all of it is rewritten.
	 */
	r->avail = r->used;
	r->avail_wrap = r->used_wrap;
	r->head_held = false;
	for (i = 0; i < count; i++)
		packed_write(r, heads[i]);
	free(heads);
	packed_publish(r);
}

const struct fe_ring_ops fe_ring_packed_ops = {
    .init = packed_init,
    .write = packed_write,
    .publish = packed_publish,
    .need_kick = packed_need_kick,
    .has_used = packed_has_used,
    .peek_used = packed_peek_used,
    .advance_used = packed_advance_used,
    .irq = packed_irq,
    .rewind = packed_rewind,
};
