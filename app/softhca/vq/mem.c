/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "mem.h"

static const struct mem_seg mem_no_seg;

int dp_mem_create(const struct dp_seg *segs, unsigned int n, struct dp_mem **mem)
{
	struct dp_mem *m;

	for (unsigned int i = 0; i < n; i++) {
		if (segs[i].len == 0 || segs[i].iova + (segs[i].len - 1) < segs[i].iova)
			return -EINVAL;
		if (i > 0 && segs[i].iova - segs[i - 1].iova < segs[i - 1].len)
			return -EINVAL;
		if (i > 0 && segs[i].iova < segs[i - 1].iova)
			return -EINVAL;
	}
	m = calloc(1, sizeof(*m) + n * sizeof(m->seg[0]));
	if (m == NULL)
		return -ENOMEM;
	m->refs = 1;
	for (unsigned int i = 0; i < n; i++) {
		struct mem_seg *last = m->n > 0 ? &m->seg[m->n - 1] : NULL;
		const struct dp_seg *s = &segs[i];
		bool hole = s->hva == NULL;

		/* Neighbours that continue each other are one: fewer misses, fewer split buffers.
		 */
		if (last != NULL && last->iova + last->len == s->iova && last->mr == s->mr &&
		    (last->hva == NULL) == hole && (hole || last->hva + last->len == s->hva) &&
		    (last->write_len != 0) == (!hole && s->local_write)) {
			last->len += s->len;
		} else {
			last = &m->seg[m->n++];
			*last = (struct mem_seg){
			    .iova = s->iova, .len = s->len, .hva = s->hva, .mr = s->mr};
			last->write_len = !hole && s->local_write ? 1 : 0;
		}
		last->read_len = hole ? 0 : last->len;
		last->write_len = last->write_len ? last->len : 0;
	}
	*mem = m;
	return 0;
}

struct dp_mem *dp_mem_get(struct dp_mem *mem)
{
	__atomic_fetch_add(&mem->refs, 1, __ATOMIC_RELAXED);
	return mem;
}

void dp_mem_put(struct dp_mem *mem)
{
	if (mem != NULL && __atomic_sub_fetch(&mem->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(mem);
}

void dp_mem_revoke(struct dp_mem *mem, uint32_t mr)
{
	for (unsigned int i = 0; i < mem->n; i++) {
		struct mem_seg *s = &mem->seg[i];

		if (s->mr != mr || s->read_len == 0)
			continue;
		s->read_len = 0;
		s->write_len = 0;
		mem->gen++;
	}
}

void mem_view_init(struct mem_view *view, const struct dp_mem *mem)
{
	view->mem = mem;
	view->last = mem->n > 0 ? &mem->seg[0] : &mem_no_seg;
}

/* The segment with the greatest iova that is not above addr; NULL if there is none. */
static const struct mem_seg *mem_seg_of(const struct dp_mem *mem, uint64_t addr)
{
	unsigned int low = 0, high = mem->n;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (mem->seg[mid].iova <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? &mem->seg[low - 1] : NULL;
}

uint8_t *mem_find_slow(struct mem_view *view, uint64_t addr, uint32_t len, bool write)
{
	const struct mem_seg *s = mem_seg_of(view->mem, addr);
	uint64_t off, room;

	if (s == NULL)
		return NULL;
	off = addr - s->iova;
	room = write ? s->write_len : s->read_len;
	if (off >= room || len > room - off)
		return NULL;
	view->last = s;
	return s->hva + off;
}

int mem_split(struct mem_view *view, uint64_t addr, uint32_t len, bool write,
	      struct mem_piece *pieces, unsigned int max)
{
	const struct mem_seg *s = mem_seg_of(view->mem, addr);
	const struct mem_seg *end = view->mem->seg + view->mem->n;
	unsigned int n = 0;

	while (len > 0) {
		uint64_t off, room;

		if (s == NULL || s == end || addr < s->iova)
			return -EFAULT;
		off = addr - s->iova;
		room = write ? s->write_len : s->read_len;
		if (off >= room)
			return -EFAULT;
		if (n == max)
			return -ENOSPC;
		room -= off;
		pieces[n].hva = s->hva + off;
		pieces[n].len = room < len ? (uint32_t)room : len;
		addr += pieces[n].len;
		len -= pieces[n].len;
		n++;
		s++;
	}
	return (int)n;
}

int mem_range(const struct dp_mem *mem, uint64_t addr, size_t len, bool write, void **hva)
{
	const struct mem_seg *s = mem_seg_of(mem, addr);
	uint8_t *start = NULL, *next = NULL;

	while (len > 0) {
		uint64_t off, room;

		if (s == NULL || s == mem->seg + mem->n || addr < s->iova)
			return -EFAULT;
		off = addr - s->iova;
		room = write ? s->write_len : s->read_len;
		if (off >= room || (next != NULL && s->hva + off != next))
			return -EFAULT;
		room -= off;
		if (room > len)
			room = len;
		if (start == NULL)
			start = s->hva + off;
		next = s->hva + off + room;
		addr += room;
		len -= room;
		s++;
	}
	*hva = start;
	return 0;
}

bool mem_has_hva(const struct dp_mem *mem, const void *hva)
{
	for (unsigned int i = 0; i < mem->n; i++) {
		const struct mem_seg *s = &mem->seg[i];

		if (s->hva != NULL && (uintptr_t)hva - (uintptr_t)s->hva < s->len)
			return true;
	}
	return false;
}
