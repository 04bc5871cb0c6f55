/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueue, virtio 1.2 section 2.7. Entry i of the private record is slot i of the
 * descriptor table.
 *
 * publish() releases the available index after ring and descriptors (partner: the device's
 * acquiring read of the index); has_used() acquires the used index before its elements (partner:
 * the device's releasing write).
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>

static struct vring_desc *desc_of(const struct fe_ring *r)
{
	return (struct vring_desc *)r->area.desc.ptr;
}

static struct vring_avail *avail_of(const struct fe_ring *r)
{
	return (struct vring_avail *)r->area.driver.ptr;
}

static struct vring_used *used_of(const struct fe_ring *r)
{
	return (struct vring_used *)r->area.device.ptr;
}

/* Our wish behind the available ring, the device's behind the used ring (section 2.7.6, 2.7.8). */
static uint16_t *used_event(const struct fe_ring *r)
{
	return &avail_of(r)->ring[r->size];
}

static uint16_t *avail_event(const struct fe_ring *r)
{
	return (uint16_t *)&used_of(r)->ring[r->size];
}

static void split_init(struct fe_ring *r)
{
	avail_of(r)->idx = r->avail;
	used_of(r)->idx = r->used;
}

static void split_write(struct fe_ring *r, uint16_t head)
{
	struct vring_desc *desc = desc_of(r);
	unsigned int i, count = r->entry[head].count;
	uint16_t at = head;

	for (i = 0; i < count; i++) {
		const struct fe_ring_entry *e = &r->entry[at];

		fe_desc_set(desc[at].addr, e->addr);
		fe_desc_set(desc[at].len, e->len);
		fe_desc_set(desc[at].flags, e->flags);
		fe_desc_set(desc[at].next, e->raw == FE_NEXT_AUTO ? e->next : (uint16_t)e->raw);
		at = e->next;
	}
	avail_of(r)->ring[r->avail++ & (r->size - 1)] = head;
}

static void split_publish(struct fe_ring *r)
{
	r->unkicked = (uint16_t)(r->unkicked + (uint16_t)(r->avail - r->published));
	__atomic_store_n(&avail_of(r)->idx, r->avail, __ATOMIC_RELEASE);
	r->published = r->avail;
}

static bool split_need_kick(struct fe_ring *r)
{
	uint16_t event, since = r->unkicked;

	if (since == 0)
		return false;
	r->unkicked = 0;
	fe_full_fence();
	if (!r->event_idx)
		return !(__atomic_load_n(&used_of(r)->flags, __ATOMIC_RELAXED) &
			 VRING_USED_F_NO_NOTIFY);
	event = __atomic_load_n(avail_event(r), __ATOMIC_RELAXED);
	return fe_event_passed(event, r->published, (uint16_t)(r->published - since));
}

static bool split_has_used(const struct fe_ring *r)
{
	return __atomic_load_n(&used_of(r)->idx, __ATOMIC_ACQUIRE) != r->used;
}

static void split_peek_used(const struct fe_ring *r, uint32_t *id, uint32_t *len)
{
	const struct vring_used_elem *e = &used_of(r)->ring[r->used & (r->size - 1)];

	*id = e->id;
	*len = e->len;
}

static void split_advance_used(struct fe_ring *r, uint16_t count)
{
	r->used++;
}

static void split_irq(struct fe_ring *r, bool enable)
{
	if (r->event_idx) {
		/* "Just passed" is the event that is the longest time away. */
		uint16_t event = enable ? r->used : (uint16_t)(r->used - 1);

		__atomic_store_n(used_event(r), event, __ATOMIC_RELAXED);
	} else {
		__atomic_store_n(&avail_of(r)->flags, enable ? 0 : VRING_AVAIL_F_NO_INTERRUPT,
				 __ATOMIC_RELAXED);
	}
	if (enable)
		fe_full_fence();
}

static void split_rewind(struct fe_ring *r)
{
	uint16_t *heads = calloc(r->size, sizeof(*heads));
	unsigned int i, count;

	if (!heads)
		abort();
	count = fe_ring_outstanding(r, heads);
	r->avail = r->used;
	for (i = 0; i < count; i++)
		split_write(r, heads[i]);
	free(heads);
	split_publish(r);
}

const struct fe_ring_ops fe_ring_split_ops = {
    .init = split_init,
    .write = split_write,
    .publish = split_publish,
    .need_kick = split_need_kick,
    .has_used = split_has_used,
    .peek_used = split_peek_used,
    .advance_used = split_advance_used,
    .irq = split_irq,
    .rewind = split_rewind,
};
