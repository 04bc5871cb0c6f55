/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory, and what is the same in both layouts. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "swring_mock_ring.h"

enum { BUFFER_BYTES = 1 << 16 };

/* ---- memory ---- */

/* With holes; the buffers' regions above 4 GiB, as a guest's are that has some memory. */
static uint64_t region_gpa(unsigned int i)
{
	return (i < SWMOCK_BUFFERS ? 0x100000ull : 0x140000000ull) + 0x10000000ull * i;
}

static uint64_t region_size(const struct swmock_conf *conf, unsigned int i)
{
	uint64_t size = conf->size;

	switch (i) {
	case SWMOCK_DESC:
		return 16 * size;
	case SWMOCK_DRIVER:
		return conf->packed ? 4 : 6 + 2 * size;
	case SWMOCK_DEVICE:
		return conf->packed ? 4 : 6 + 8 * size;
	default:
		return conf->buffer_bytes ? conf->buffer_bytes : BUFFER_BYTES;
	}
}

/* Twice, and the device's only to be read where it has no business to write. */
static int region_map(struct swmock_region *r, bool read_only)
{
	int prot = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
	int fd = memfd_create("swmock", MFD_CLOEXEC);
	void *guest = MAP_FAILED, *device = MAP_FAILED;

	if (fd < 0)
		return -ENOMEM;
	if (ftruncate(fd, (off_t)r->size) == 0) {
		guest = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		device = mmap(NULL, r->size, prot, MAP_SHARED, fd, 0);
	}
	close(fd);
	if (guest != MAP_FAILED)
		r->guest = guest;
	if (device != MAP_FAILED)
		r->device = device;
	return r->guest && r->device ? 0 : -ENOMEM;
}

static int memory_create(struct swmock *m)
{
	unsigned int i;
	bool read_only;
	int err;

	for (i = 0; i < SWMOCK_REGIONS; i++) {
		struct swmock_region *r = &m->region[i];

		r->gpa = region_gpa(i);
		r->size = region_size(&m->conf, i);
		if (m->conf.heap) {
			r->guest = r->device = calloc(1, r->size);
			err = r->guest ? 0 : -ENOMEM;
		} else {
			read_only = i == SWMOCK_DRIVER || (i == SWMOCK_DESC && !m->conf.packed);
			err = region_map(r, read_only);
		}
		if (err)
			return err;
	}
	return 0;
}

static void memory_destroy(struct swmock *m)
{
	unsigned int i;

	for (i = 0; i < SWMOCK_REGIONS; i++) {
		struct swmock_region *r = &m->region[i];

		if (m->conf.heap) {
			free(r->guest);
			continue;
		}
		if (r->guest)
			munmap(r->guest, r->size);
		if (r->device)
			munmap(r->device, r->size);
	}
}

static const struct swmock_region *region_of(const struct swmock *m, uint64_t gpa, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < SWMOCK_REGIONS; i++) {
		const struct swmock_region *r = &m->region[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size && len <= r->size - (gpa - r->gpa))
			return r;
	}
	return NULL;
}

void *swmock_translate(void *m, uint64_t gpa, uint64_t len)
{
	const struct swmock_region *r = region_of(m, gpa, len);

	return r ? r->device + (gpa - r->gpa) : NULL;
}

void *swmock_at(const struct swmock *m, uint64_t gpa, uint64_t len)
{
	const struct swmock_region *r = region_of(m, gpa, len);

	assert(r);
	return r->guest + (gpa - r->gpa);
}

uint64_t swmock_alloc(struct swmock *m, uint32_t len)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct swmock_region *r = &m->region[SWMOCK_BUFFERS + m->turn];
		uint64_t *allocated = &m->allocated[m->turn];
		uint64_t at = *allocated;

		m->turn = !m->turn;
		if (len > r->size - at)
			continue;
		*allocated += len;
		memset(r->guest + at, 0, len);
		return r->gpa + at;
	}
	return 0;
}

void swmock_free_all(struct swmock *m)
{
	assert(m->n_order == 0);
	m->allocated[0] = m->allocated[1] = 0;
}

/* ---- life ---- */

int swmock_create(const struct swmock_conf *conf, struct swmock **result)
{
	unsigned int size = conf->size, i;
	struct swmock *m;

	if (size == 0 || size > 32768 || (!conf->packed && (size & (size - 1))) ||
	    (conf->packed && (conf->base & 0x7fff) >= size))
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->conf = *conf;
	m->chain = calloc(size, sizeof(*m->chain));
	m->free = calloc(size, sizeof(*m->free));
	m->order = calloc(size, sizeof(*m->order));
	m->last_slot = calloc(size, sizeof(*m->last_slot));
	if (!m->chain || !m->free || !m->order || !m->last_slot || memory_create(m)) {
		swmock_destroy(m);
		return -ENOMEM;
	}
	for (i = 0; i < size; i++)
		m->free[i] = size - 1 - i;
	m->n_free = m->room = size;
	m->next_avail = m->next_used = conf->base;
	if (conf->packed)
		swmock_packed_start(m);
	else
		swmock_split_start(m);
	swmock_calls(m, true);
	*result = m;
	return 0;
}

void swmock_destroy(struct swmock *m)
{
	if (!m)
		return;
	memory_destroy(m);
	free(m->chain);
	free(m->free);
	free(m->order);
	free(m->last_slot);
	free(m);
}

void swmock_ring(struct swmock *m, struct vv_swring_conf *conf)
{
	*conf = (struct vv_swring_conf){
	    .packed = m->conf.packed,
	    .event_idx = m->conf.event_idx,
	    .indirect = m->conf.indirect,
	    .size = m->conf.size,
	    .desc = m->region[SWMOCK_DESC].device,
	    .driver = m->region[SWMOCK_DRIVER].device,
	    .device = m->region[SWMOCK_DEVICE].device,
	    .base = m->conf.base,
	    .translate = swmock_translate,
	    .translate_arg = m,
	};
}

/* ---- chains ---- */

int swmock_add(struct swmock *m, const struct swmock_buf *buf, unsigned int n, unsigned int n_table,
	       uintptr_t token)
{
	unsigned int direct = n - n_table, i;
	struct swmock_buf last = {0};
	uint64_t writable = 0;
	int id;

	assert(n > 0 && n_table <= n && (!n_table || m->conf.indirect));
	assert(!m->conf.packed || n_table == 0 || direct == 0);
	if (m->n_free < direct + (n_table > 0) || m->room < direct + (n_table > 0))
		return -ENOSPC;
	for (i = 0; i < n; i++)
		if (buf[i].write)
			writable += buf[i].len;
	if (n_table > 0) {
		last.gpa = swmock_alloc(m, 16 * n_table);
		last.len = 16 * n_table;
		if (!last.gpa)
			return -ENOSPC;
	}
	m->last_table = last.gpa;
	m->n_last_table = n_table;
	if (n_table > 0) {
		for (i = 0; i < n_table; i++) {
			const struct swmock_buf *b = &buf[direct + i];
			struct swmock_desc d = {.addr = b->gpa, .len = b->len};

			d.flags = b->write ? VRING_DESC_F_WRITE : 0;
			if (!m->conf.packed && i + 1 < n_table) {
				d.flags |= VRING_DESC_F_NEXT;
				d.next_or_id = i + 1;
			}
			swmock_poke(m, true, i, &d);
		}
	}
	m->n_last_slot = direct + (n_table > 0);
	id = m->conf.packed ? swmock_packed_add(m, buf, direct, n_table ? &last : NULL)
			    : swmock_split_add(m, buf, direct, n_table ? &last : NULL);
	m->chain[id].live = true;
	m->chain[id].token = token;
	m->chain[id].slots = m->n_last_slot;
	m->chain[id].writable = writable;
	m->order[(m->first + m->n_order++) % m->conf.size] = id;
	return 0;
}

void swmock_publish(struct swmock *m)
{
	if (m->conf.packed)
		swmock_packed_publish(m);
	else
		swmock_split_publish(m);
}

bool swmock_kick_needed(struct swmock *m)
{
	bool needed;

	if (m->unnotified == 0)
		return false;
	/* What was published before what the device wishes. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	needed = m->conf.packed ? swmock_packed_kick_needed(m) : swmock_split_kick_needed(m);
	m->unnotified = 0;
	return needed;
}

int swmock_used(struct swmock *m, uintptr_t *token, uint32_t *len)
{
	uint32_t id;
	int ret;

	ret = m->conf.packed ? swmock_packed_used(m, &id, len) : swmock_split_used(m, &id, len);
	if (ret <= 0)
		return ret;
	if (m->n_order == 0 || id != m->order[m->first] || !m->chain[id].live ||
	    *len > m->chain[id].writable)
		return -EPROTO;
	*token = m->chain[id].token;
	m->chain[id].live = false;
	if (m->conf.packed)
		swmock_packed_free(m, id);
	else
		swmock_split_free(m, id);
	m->first = (m->first + 1) % m->conf.size;
	m->n_order--;
	return 1;
}

unsigned int swmock_outstanding(const struct swmock *m)
{
	return m->n_order;
}

void swmock_calls(struct swmock *m, bool on)
{
	if (m->conf.packed)
		swmock_packed_calls(m, on, 0);
	else
		swmock_split_calls(m, on, 0);
	/* The wish before the next look at the ring. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void swmock_calls_after(struct swmock *m, unsigned int n)
{
	unsigned int i, slots = 0;

	assert(m->conf.event_idx && n > 0 && n - 1 <= m->n_order);
	for (i = 0; i + 1 < n; i++)
		slots += m->chain[m->order[(m->first + i) % m->conf.size]].slots;
	if (m->conf.packed)
		swmock_packed_calls(m, true, slots);
	else
		swmock_split_calls(m, true, n - 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- descriptors of the last chain ---- */

static void *last_desc(struct swmock *m, bool table, unsigned int i)
{
	assert(i < (table ? m->n_last_table : m->n_last_slot));
	if (table)
		return swmock_at(m, m->last_table + 16 * i, 16);
	return m->region[SWMOCK_DESC].guest + 16 * (size_t)m->last_slot[i];
}

void swmock_peek(struct swmock *m, bool table, unsigned int i, struct swmock_desc *desc)
{
	const void *at = last_desc(m, table, i);

	if (m->conf.packed) {
		struct vring_packed_desc d;

		memcpy(&d, at, sizeof(d));
		if (!table && m->held && m->held_slot == m->last_slot[i])
			d.flags = m->held_flags;
		*desc = (struct swmock_desc){d.addr, d.len, d.flags & ~SWMOCK_WHOSE, d.id};
	} else {
		struct vring_desc d;

		memcpy(&d, at, sizeof(d));
		*desc = (struct swmock_desc){d.addr, d.len, d.flags, d.next};
	}
}

void swmock_poke(struct swmock *m, bool table, unsigned int i, const struct swmock_desc *desc)
{
	void *at = last_desc(m, table, i);

	if (m->conf.packed) {
		struct vring_packed_desc d, old;

		memcpy(&old, at, sizeof(old));
		d = (struct vring_packed_desc){desc->addr, desc->len, desc->next_or_id,
					       desc->flags};
		if (!table && m->held && m->held_slot == m->last_slot[i]) {
			m->held_flags = (m->held_flags & SWMOCK_WHOSE) | desc->flags;
			d.flags = old.flags;
		} else if (!table) {
			d.flags |= old.flags & SWMOCK_WHOSE;
		}
		memcpy(at, &d, sizeof(d));
	} else {
		struct vring_desc d = {desc->addr, desc->len, desc->flags, desc->next_or_id};

		memcpy(at, &d, sizeof(d));
	}
}
