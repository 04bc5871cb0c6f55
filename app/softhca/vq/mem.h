/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Translation of guest addresses: the flattened segments of one memory key (struct dp_mem, made in
 * dp.h) and, per user, a view that remembers the segment of the last hit.
 *
 * Threads: a dp_mem changes only under dp_lock; a view has one user at a time. The reference count
 * is atomic. Errors: -EFAULT outside the key, in a hole, in a revoked MR or without the right.
 */
#ifndef SOFTHCA_VQ_MEM_H
#define SOFTHCA_VQ_MEM_H

#include "dp.h"
#include "ring.h"

struct mem_seg {
	uint64_t iova, len;
	uint64_t read_len;  /* len, or 0: hole or revoked */
	uint64_t write_len; /* len, or 0: also without local_write */
	uint8_t *hva;
	uint32_t mr;
};

struct dp_mem {
	int refs;
	uint32_t gen; /* changes with every revoke that hit something */
	unsigned int n;
	struct mem_seg seg[];
};

struct mem_view {
	const struct dp_mem *mem;   /* borrowed from the view's owner, who holds a reference */
	const struct mem_seg *last; /* never NULL */
};

/* A contiguous part of a buffer in this process. */
struct mem_piece {
	uint8_t *hva;
	uint32_t len;
};

void mem_view_init(struct mem_view *view, const struct dp_mem *mem);

/* NULL unless [addr, addr+len) lies in one segment; then mem_split tells more. */
uint8_t *mem_find_slow(struct mem_view *view, uint64_t addr, uint32_t len, bool write);

dp_inline uint8_t *mem_find(struct mem_view *view, uint64_t addr, uint32_t len, bool write)
{
	const struct mem_seg *s = view->last;
	uint64_t off = addr - s->iova, room = write ? s->write_len : s->read_len;

	if (likely(off < room && len <= room - off))
		return s->hva + off;
	return mem_find_slow(view, addr, len, write);
}

/*
 * Translate a range that may cross segments: the number of pieces written, -EFAULT, or -ENOSPC
 * when max are not enough.
 */
int mem_split(struct mem_view *view, uint64_t addr, uint32_t len, bool write,
	      struct mem_piece *pieces, unsigned int max);

/* The address of a range that is contiguous in this process, perhaps over several segments. */
int mem_range(const struct dp_mem *mem, uint64_t addr, size_t len, bool write, void **hva);

/* Does hva belong to the key? For signal handlers: reads only. */
bool mem_has_hva(const struct dp_mem *mem, const void *hva);

#endif
