/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver's side of a packed ring (virtio 1.2 §2.8.21, §2.8.22). */
#include <errno.h>

#include "swring_mock_ring.h"

enum { WRAP = 1 << 15, PLACE = WRAP - 1 };

static void step(const struct swmock *m, uint16_t *position, unsigned int n)
{
	for (; n > 0; n--) {
		if ((*position & PLACE) + 1 == m->conf.size)
			*position = ~*position & WRAP;
		else
			++*position;
	}
}

/* As the ring looks to both when all up to base was used. */
void swmock_packed_start(struct swmock *m)
{
	unsigned int i, place = m->conf.base & PLACE;
	bool wrap = m->conf.base & WRAP;

	m->packed = (struct vring_packed_desc *)m->region[SWMOCK_DESC].guest;
	m->driver_event = (struct vring_packed_desc_event *)m->region[SWMOCK_DRIVER].guest;
	m->device_event = (struct vring_packed_desc_event *)m->region[SWMOCK_DEVICE].guest;
	for (i = 0; i < m->conf.size; i++)
		m->packed[i].flags = (i < place) == wrap ? SWMOCK_WHOSE : 0;
}

static void desc_write(struct swmock *m, bool first, uint16_t slot, const struct swmock_buf *b,
		       uint16_t id, uint16_t flags)
{
	struct vring_packed_desc *d = &m->packed[slot];

	d->addr = b->gpa;
	d->len = b->len;
	d->id = id;
	if (b->write)
		flags |= VRING_DESC_F_WRITE;
	flags |= m->next_avail & WRAP ? SWMOCK_AVAIL : SWMOCK_USED;
	if (first && !m->held) {
		m->held = true;
		m->held_slot = slot;
		m->held_flags = flags;
	} else {
		__atomic_store_n(&d->flags, flags, __ATOMIC_RELAXED);
	}
}

int swmock_packed_add(struct swmock *m, const struct swmock_buf *buf, unsigned int direct,
		      const struct swmock_buf *table)
{
	unsigned int n = m->n_last_slot, i;
	uint16_t id = m->free[--m->n_free], flags;

	for (i = 0; i < n; i++) {
		flags = i + 1 < n ? VRING_DESC_F_NEXT : 0;
		if (i >= direct)
			flags |= VRING_DESC_F_INDIRECT;
		m->last_slot[i] = m->next_avail & PLACE;
		/* Only the last one's id means something. */
		desc_write(m, i == 0, m->last_slot[i], i < direct ? &buf[i] : table,
			   i + 1 < n ? 0xffff : id, flags);
		step(m, &m->next_avail, 1);
	}
	m->room -= n;
	m->unnotified += n;
	return id;
}

void swmock_packed_publish(struct swmock *m)
{
	if (m->held)
		__atomic_store_n(&m->packed[m->held_slot].flags, m->held_flags, __ATOMIC_RELEASE);
	m->held = false;
}

bool swmock_packed_kick_needed(const struct swmock *m)
{
	uint32_t event = __atomic_load_n((const uint32_t *)m->device_event, __ATOMIC_RELAXED);
	uint16_t at = m->next_avail;
	unsigned int i;

	switch (event >> 16) {
	case VRING_PACKED_EVENT_FLAG_DISABLE:
		return false;
	case VRING_PACKED_EVENT_FLAG_DESC:
		break;
	default:
		return true;
	}
	/* From the next position backwards around the whole ring, and one round more. */
	step(m, &at, 2 * m->conf.size - m->unnotified);
	for (i = 0; i < m->unnotified; i++, step(m, &at, 1))
		if (at == (uint16_t)event)
			return true;
	return false;
}

int swmock_packed_used(struct swmock *m, uint32_t *id, uint32_t *len)
{
	struct vring_packed_desc *d = &m->packed[m->next_used & PLACE];
	uint16_t flags = __atomic_load_n(&d->flags, __ATOMIC_ACQUIRE);

	if (m->n_order == 0 || (flags & SWMOCK_WHOSE) != (m->next_used & WRAP ? SWMOCK_WHOSE : 0))
		return 0;
	*id = __atomic_load_n(&d->id, __ATOMIC_RELAXED);
	*len = __atomic_load_n(&d->len, __ATOMIC_RELAXED);
	/* §2.8.4: reserved without WRITE. */
	if (!(flags & VRING_DESC_F_WRITE))
		*len = 0;
	return *id < m->conf.size ? 1 : -EPROTO;
}

void swmock_packed_free(struct swmock *m, uint16_t id)
{
	m->free[m->n_free++] = id;
	m->room += m->chain[id].slots;
	step(m, &m->next_used, m->chain[id].slots);
}

void swmock_packed_calls(struct swmock *m, bool on, unsigned int skip)
{
	uint16_t at = m->next_used;
	uint32_t event = VRING_PACKED_EVENT_FLAG_DISABLE << 16;

	step(m, &at, skip);
	if (on && m->conf.event_idx)
		event = at | VRING_PACKED_EVENT_FLAG_DESC << 16;
	else if (on)
		event = VRING_PACKED_EVENT_FLAG_ENABLE << 16;
	__atomic_store_n((uint32_t *)m->driver_event, event, __ATOMIC_RELAXED);
}
