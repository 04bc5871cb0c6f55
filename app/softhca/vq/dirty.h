/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dirty log of a receive queue (struct vq_dirty_log in dp.h): where its bitmap is, and marking.
 *
 * A page is marked after its bytes are written and before the guest is told of them: whoever clears
 * the bit and then copies the page has the bytes, or finds the bit again.
 *
 * Threads: set under dp_lock, used by whoever holds the receive queue.
 */
#ifndef SOFTHCA_VQ_DIRTY_H
#define SOFTHCA_VQ_DIRTY_H

#include "mem.h"

struct dirty {
	bool on;
	struct mem_view view; /* of mem, which is owned: a reference while on */
	struct dp_mem *mem;
	uint64_t addr, size; /* bytes */
	uint8_t log_page;
};

/* -EINVAL: the page size. Turning it on again replaces what was there. */
int dirty_set(struct dirty *dirty, const struct vq_dirty_log *log);

/* The len bytes at iova were written: 0, or -EFAULT when the bitmap does not reach so far. */
int dirty_mark(struct dirty *dirty, uint64_t iova, uint32_t len);

#endif
