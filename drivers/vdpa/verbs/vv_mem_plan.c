/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "vv_mem_plan.h"

#define KLM_BYTES_MAX     (1ull << 31)
#define FBS_LOG_MIN       12
#define FBS_LOG_MAX       31
#define KLM_IN_CACHE_LINE 4 /* 16 bytes each */

static int region_cmp(const void *a, const void *b)
{
	const struct vv_region *x = a, *y = b;

	return (x->gpa > y->gpa) - (x->gpa < y->gpa);
}

static uint64_t klm_count(uint64_t bytes)
{
	return bytes / KLM_BYTES_MAX + (bytes % KLM_BYTES_MAX != 0);
}

int vv_mem_plan(struct vv_region *regions, unsigned int n, struct vv_mem_plan *plan)
{
	uint64_t klm = 0, end, unit_bits = 0, fbs;
	unsigned int i, log;

	if (n == 0)
		return -EINVAL;
	if (n > VV_REGIONS_MAX)
		return -E2BIG;
	qsort(regions, n, sizeof(*regions), region_cmp);

	end = regions[0].gpa;
	for (i = 0; i < n; i++) {
		const struct vv_region *r = &regions[i];

		if (r->size == 0 || r->gpa < end || r->gpa + r->size < r->gpa)
			return -EINVAL;
		/* Lowest set bit over all sizes: the largest power of two that divides them all. */
		unit_bits |= r->gpa - end;
		unit_bits |= r->size;
		klm += klm_count(r->gpa - end) + klm_count(r->size);
		end = r->gpa + r->size;
	}

	log = __builtin_ctzll(unit_bits);
	if (log > FBS_LOG_MAX)
		log = FBS_LOG_MAX;
	fbs = (end - regions[0].gpa) >> log;

	if (klm > KLM_IN_CACHE_LINE && log >= FBS_LOG_MIN && fbs <= VV_KLM_MAX) {
		plan->entries = fbs;
		plan->log_entry = log;
	} else if (klm <= VV_KLM_MAX) {
		plan->entries = klm;
		plan->log_entry = 0;
	} else {
		return -E2BIG;
	}
	plan->start = regions[0].gpa;
	plan->len = end - regions[0].gpa;
	return 0;
}

static struct vv_klm *range_fill(struct vv_klm *klm, uint64_t unit, uint64_t addr, uint64_t bytes,
				 uint32_t key)
{
	while (bytes) {
		uint64_t part = bytes < unit ? bytes : unit;

		*klm++ = (struct vv_klm){.bytes = part, .key = key, .addr = addr};
		addr += part;
		bytes -= part;
	}
	return klm;
}

void vv_mem_plan_fill(const struct vv_mem_plan *plan, const struct vv_region *regions,
		      unsigned int n, const uint32_t *keys, uint32_t null_key, struct vv_klm *klm)
{
	uint64_t unit = plan->log_entry ? 1ull << plan->log_entry : KLM_BYTES_MAX;
	uint64_t end = plan->start;
	unsigned int i;

	for (i = 0; i < n; i++) {
		klm = range_fill(klm, unit, end, regions[i].gpa - end, null_key);
		klm = range_fill(klm, unit, regions[i].gpa, regions[i].size, keys[i]);
		end = regions[i].gpa + regions[i].size;
	}
}

int vv_mem_gpa(const struct vv_region *regions, unsigned int n, const void *hva, uint64_t len,
	       uint64_t *gpa)
{
	uintptr_t at = (uintptr_t)hva;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uintptr_t base = (uintptr_t)regions[i].hva;

		if (at >= base && at - base < regions[i].size &&
		    len <= regions[i].size - (at - base)) {
			*gpa = regions[i].gpa + (at - base);
			return 0;
		}
	}
	return -EFAULT;
}
