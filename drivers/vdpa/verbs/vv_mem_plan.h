/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How one indirect key covers guest memory: which entries, of which sizes, with the holes between
 * regions sent to the null memory region. Pure functions; the table comes from a front-end and is
 * not trusted.
 *
 * Two encodings (PRM, indirect memory keys). KLM: each entry has a size of its own, 2 GiB at most;
 * the NIC walks the list. KLM_FBS: all entries have the same power-of-two size; the NIC indexes,
 * which is why it is preferred as soon as the list is longer than a cache line.
 */
#ifndef VV_MEM_PLAN_H
#define VV_MEM_PLAN_H

#include <stdint.h>

#include "hca/vv_hca.h"

struct vv_region {
	uint64_t gpa, size;
	void *hva;
};

enum {
	VV_REGIONS_MAX = 64, /* vhost-user has 8, with memory slots up to 509 (not offered) */
};

struct vv_mem_plan {
	uint64_t start, len; /* of the key */
	unsigned int entries;
	unsigned int log_entry; /* KLM_FBS: log2 of the entry size; KLM: 0 */
};

/*
 * Sorts the regions by address. -EINVAL: empty, overlapping or wrapping regions; -E2BIG: too many
 * regions, or too fragmented for one key.
 */
int vv_mem_plan(struct vv_region *regions, unsigned int n, struct vv_mem_plan *plan);

/* keys[i]: of regions[i], whose addresses are guest-physical. klm: room for plan->entries. */
void vv_mem_plan_fill(const struct vv_mem_plan *plan, const struct vv_region *regions,
		      unsigned int n, const uint32_t *keys, uint32_t null_key, struct vv_klm *klm);

/* Guest-physical address of len bytes at hva. -EFAULT: not (all) in one region. */
int vv_mem_gpa(const struct vv_region *regions, unsigned int n, const void *hva, uint64_t len,
	       uint64_t *gpa);

#endif
