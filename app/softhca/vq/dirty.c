/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "dirty.h"

enum { DIRTY_PAGE_MIN = 12, DIRTY_PAGE_MAX = 31 };

int dirty_set(struct dirty *d, const struct vq_dirty_log *log)
{
	struct dp_mem *old = d->mem;

	if (log->on &&
	    (log->mem == NULL || log->log_page < DIRTY_PAGE_MIN || log->log_page > DIRTY_PAGE_MAX))
		return -EINVAL;
	memset(d, 0, sizeof(*d));
	if (log->on) {
		d->on = true;
		d->mem = dp_mem_get(log->mem);
		mem_view_init(&d->view, d->mem);
		d->addr = log->addr;
		d->size = log->size;
		d->log_page = log->log_page;
	}
	dp_mem_put(old);
	return 0;
}

int dirty_mark(struct dirty *d, uint64_t iova, uint32_t len)
{
	uint64_t first = iova >> d->log_page, last = (iova + (len - 1)) >> d->log_page;

	if (len == 0)
		return 0;
	for (uint64_t page = first; page <= last; page++) {
		uint8_t bit = (uint8_t)(1u << page % 8), *byte;

		if (page / 8 >= d->size || d->addr + page / 8 < d->addr)
			return -EFAULT;
		byte = mem_find(&d->view, d->addr + page / 8, 1, true);
		if (byte == NULL)
			return -EFAULT;
		ring_touch(byte);
		/*
		 * Also when the bit is set: a look alone could pass the stores to the page, and
		 * whoever clears the bit in between would copy the page without them.
		 */
		__atomic_fetch_or(byte, bit, __ATOMIC_SEQ_CST);
	}
	return 0;
}
