/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver's side of a split ring (virtio 1.2 §2.7.13, §2.7.14). */
#include <assert.h>
#include <errno.h>

#include "swring_mock_ring.h"

static uint16_t *used_event(const struct swmock *m)
{
	return &m->avail->ring[m->conf.size];
}

static const uint16_t *avail_event(const struct swmock *m)
{
	return (const uint16_t *)&m->used->ring[m->conf.size];
}

void swmock_split_start(struct swmock *m)
{
	m->desc = (struct vring_desc *)m->region[SWMOCK_DESC].guest;
	m->avail = (struct vring_avail *)m->region[SWMOCK_DRIVER].guest;
	m->used = (struct vring_used *)m->region[SWMOCK_DEVICE].guest;
	m->avail->idx = m->used->idx = m->conf.base;
}

int swmock_split_add(struct swmock *m, const struct swmock_buf *buf, unsigned int direct,
		     const struct swmock_buf *table)
{
	unsigned int n = m->n_last_slot, i;
	uint16_t head;

	for (i = 0; i < n; i++)
		m->last_slot[i] = m->free[--m->n_free];
	head = m->last_slot[0];
	for (i = 0; i < n; i++) {
		const struct swmock_buf *b = i < direct ? &buf[i] : table;
		uint16_t next = m->last_slot[i + 1 < n ? i + 1 : 0];
		struct vring_desc d = {.addr = b->gpa, .len = b->len};

		d.flags = b->write ? VRING_DESC_F_WRITE : 0;
		if (i + 1 < n) {
			d.flags |= VRING_DESC_F_NEXT;
			d.next = next;
		}
		if (b == table)
			d.flags |= VRING_DESC_F_INDIRECT;
		m->desc[m->last_slot[i]] = d;
		m->chain[m->last_slot[i]].next = next;
	}
	/* Relaxed: a hostile test's device may look here at any time. */
	__atomic_store_n(&m->avail->ring[m->next_avail % m->conf.size], head, __ATOMIC_RELAXED);
	m->next_avail++;
	m->unnotified++;
	return head;
}

void swmock_split_publish(struct swmock *m)
{
	__atomic_store_n(&m->avail->idx, m->next_avail, __ATOMIC_RELEASE);
}

bool swmock_split_kick_needed(const struct swmock *m)
{
	uint16_t flags = __atomic_load_n(&m->used->flags, __ATOMIC_RELAXED), event, i;

	if (!m->conf.event_idx)
		return !(flags & VRING_USED_F_NO_NOTIFY);
	/* §2.7.10: the device has to leave flags 0; the entry at the event's index decides. */
	assert(flags == 0);
	event = __atomic_load_n(avail_event(m), __ATOMIC_RELAXED);
	for (i = 1; i <= m->unnotified; i++)
		if ((uint16_t)(m->next_avail - i) == event)
			return true;
	return false;
}

int swmock_split_used(struct swmock *m, uint32_t *id, uint32_t *len)
{
	uint16_t idx = __atomic_load_n(&m->used->idx, __ATOMIC_ACQUIRE);
	struct vring_used_elem *e = &m->used->ring[m->next_used % m->conf.size];

	if (idx == m->next_used)
		return 0;
	if ((uint16_t)(idx - m->next_used) > m->n_order)
		return -EPROTO;
	*id = __atomic_load_n(&e->id, __ATOMIC_RELAXED);
	*len = __atomic_load_n(&e->len, __ATOMIC_RELAXED);
	return *id < m->conf.size ? 1 : -EPROTO;
}

void swmock_split_free(struct swmock *m, uint16_t id)
{
	unsigned int n = m->chain[id].slots;
	uint16_t slot = id;

	for (; n > 0; n--, slot = m->chain[slot].next)
		m->free[m->n_free++] = slot;
	m->next_used++;
}

void swmock_split_calls(struct swmock *m, bool on, unsigned int skip)
{
	uint16_t event = m->next_used + (on ? skip : 0xffffu);

	if (m->conf.event_idx)
		__atomic_store_n(used_event(m), event, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&m->avail->flags, on ? 0 : VRING_AVAIL_F_NO_INTERRUPT,
				 __ATOMIC_RELAXED);
}
