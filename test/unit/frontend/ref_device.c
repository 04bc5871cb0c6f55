/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio 1.2 sections 2.7 (split) and 2.8 (packed), device's side. */
#include "ref_device.h"

#include <string.h>

#define PACKED_AVAIL (1u << 7)
#define PACKED_USED  (1u << 15)

void ref_init(struct ref_device *d, const struct fe_ring *driver, uint32_t base)
{
	memset(d, 0, sizeof(*d));
	d->layout = driver->layout;
	d->size = driver->size;
	d->event_idx = driver->event_idx;
	d->area = driver->area;
	d->avail = d->used = (uint16_t)base;
	if (d->layout == FE_PACKED) {
		d->avail = d->used = base & 0x7fff;
		d->avail_wrap = d->used_wrap = base >> 15 & 1;
	}
	d->used_before = d->used;
}

static void add_segment(struct ref_chain *chain, uint64_t addr, uint32_t len, uint16_t flags)
{
	if (chain->count < REF_CHAIN_MAX) {
		chain->sg[chain->count].gpa = addr;
		chain->sg[chain->count].len = len;
	}
	chain->readable += !(flags & VRING_DESC_F_WRITE);
	chain->count++;
}

static bool split_pop(struct ref_device *d, struct ref_chain *chain)
{
	struct vring_avail *avail = (struct vring_avail *)d->area.driver.ptr;
	struct vring_desc *desc = (struct vring_desc *)d->area.desc.ptr;
	uint16_t at, steps;

	if (__atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE) == d->avail)
		return false;
	at = chain->id = avail->ring[d->avail % d->size];
	for (steps = 0; steps < d->size; steps++) {
		add_segment(chain, desc[at].addr, desc[at].len, desc[at].flags);
		if (!(desc[at].flags & VRING_DESC_F_NEXT))
			break;
		at = desc[at].next;
	}
	d->avail++;
	return true;
}

static bool packed_available(const struct ref_device *d, const struct vring_packed_desc *desc)
{
	uint16_t flags = __atomic_load_n(&desc->flags, __ATOMIC_ACQUIRE);

	return !!(flags & PACKED_AVAIL) == d->avail_wrap &&
	       !!(flags & PACKED_USED) != d->avail_wrap;
}

static bool packed_pop(struct ref_device *d, struct ref_chain *chain)
{
	struct vring_packed_desc *ring = (struct vring_packed_desc *)d->area.desc.ptr, *desc;

	if (!packed_available(d, &ring[d->avail]))
		return false;
	do {
		desc = &ring[d->avail];
		add_segment(chain, desc->addr, desc->len, desc->flags);
		chain->id = desc->id;
		if (++d->avail == d->size) {
			d->avail = 0;
			d->avail_wrap = !d->avail_wrap;
		}
	} while (desc->flags & VRING_DESC_F_NEXT);
	return true;
}

bool ref_pop(struct ref_device *d, struct ref_chain *chain)
{
	memset(chain, 0, sizeof(*chain));
	return d->layout == FE_SPLIT ? split_pop(d, chain) : packed_pop(d, chain);
}

void ref_push(struct ref_device *d, const struct ref_chain *chain, uint32_t written)
{
	struct vring_packed_desc *desc;
	uint16_t flags;

	if (d->layout == FE_SPLIT) {
		struct vring_used *used = (struct vring_used *)d->area.device.ptr;

		used->ring[d->used % d->size].id = chain->id;
		used->ring[d->used % d->size].len = written;
		d->used++;
		__atomic_store_n(&used->idx, d->used, __ATOMIC_RELEASE);
		return;
	}
	desc = &((struct vring_packed_desc *)d->area.desc.ptr)[d->used];
	desc->id = chain->id;
	desc->len = written;
	flags =
	    (d->used_wrap ? PACKED_AVAIL | PACKED_USED : 0) | (written ? VRING_DESC_F_WRITE : 0);
	__atomic_store_n(&desc->flags, flags, __ATOMIC_RELEASE);
	d->used = (uint16_t)(d->used + chain->count);
	if (d->used >= d->size) {
		d->used = (uint16_t)(d->used - d->size);
		d->used_wrap = !d->used_wrap;
	}
}

void ref_set_notify(struct ref_device *d, bool enable)
{
	if (d->layout == FE_SPLIT) {
		struct vring_used *used = (struct vring_used *)d->area.device.ptr;
		uint16_t *event = (uint16_t *)&used->ring[d->size];

		if (d->event_idx)
			__atomic_store_n(event, enable ? d->avail : (uint16_t)(d->avail - 1),
					 __ATOMIC_SEQ_CST);
		else
			__atomic_store_n(&used->flags, enable ? 0 : VRING_USED_F_NO_NOTIFY,
					 __ATOMIC_SEQ_CST);
	} else {
		uint32_t flags = enable ? (d->event_idx ? 2u : 0u) : 1u;

		__atomic_store_n((uint32_t *)(void *)d->area.device.ptr,
				 d->avail | (uint32_t)d->avail_wrap << 15 | flags << 16,
				 __ATOMIC_SEQ_CST);
	}
}

static bool split_wants_interrupt(struct ref_device *d)
{
	struct vring_avail *avail = (struct vring_avail *)d->area.driver.ptr;
	uint16_t event = __atomic_load_n(&avail->ring[d->size], __ATOMIC_SEQ_CST);
	uint16_t before = d->used_before;

	d->used_before = d->used;
	if (!d->event_idx)
		return !(__atomic_load_n(&avail->flags, __ATOMIC_SEQ_CST) &
			 VRING_AVAIL_F_NO_INTERRUPT);
	/* Is event one of before .. used - 1? */
	return (uint16_t)(event - before) < (uint16_t)(d->used - before);
}

bool ref_wants_interrupt(struct ref_device *d)
{
	uint32_t word;
	unsigned int at, from;

	if (d->layout == FE_SPLIT)
		return split_wants_interrupt(d);
	from = d->used_before;
	d->used_before = d->used;
	word = __atomic_load_n((uint32_t *)(void *)d->area.driver.ptr, __ATOMIC_SEQ_CST);
	if ((word >> 16 & 3) != VRING_PACKED_EVENT_FLAG_DESC)
		return (word >> 16 & 3) == VRING_PACKED_EVENT_FLAG_ENABLE;
	/* Tests ask within one lap, so slots name positions. */
	for (at = from; at != d->used; at = (at + 1) % d->size)
		if (at == (word & 0x7fff))
			return true;
	return false;
}
