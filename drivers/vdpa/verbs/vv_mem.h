/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's memory as the NIC sees it: a memory region per guest region, and one indirect key
 * over all of them in which addresses are guest-physical.
 *
 * Owner: the device, from start to stop. Nothing is kept over a stop: the table may have changed
 * behind the same addresses. Threads: control.
 */
#ifndef VV_MEM_H
#define VV_MEM_H

#include "vv_mem_plan.h"

struct vv_mem;

/* regions: copied. n + 1 commands. Errors: of vv_mem_plan, or of the NIC (vv_hca_error). */
int vv_mem_create(struct vv_hca *hca, const struct vv_region *regions, unsigned int n,
		  struct vv_mem **mem, char *why, size_t why_len);
void vv_mem_destroy(struct vv_mem *mem); /* NULL is legal */

uint32_t vv_mem_key(const struct vv_mem *mem);
/* Sorted by address, borrowed until destroy. */
const struct vv_region *vv_mem_regions(const struct vv_mem *mem, unsigned int *n);
/* As vv_mem_gpa. */
int vv_mem_find(const struct vv_mem *mem, const void *hva, uint64_t len, uint64_t *gpa);

#endif
