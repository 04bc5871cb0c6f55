/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a guest that does not exist: memfd regions with holes between them.
 *
 * Three address spaces are kept apart on purpose, so that a back-end which mixes them up fails at
 * once: guest physical addresses (GPA, in descriptors), user addresses (UVA, in vhost-user ring
 * addresses) and pointers of this process. Region 0 starts at GPA 0, because zero is a valid guest
 * address; from three regions on, the last one lies above 4 GiB as on a PC. Regions are multiples
 * of 4 KiB but of nothing larger, every second one starts inside its file, and higher GPAs have
 * lower UVAs.
 *
 * Owner: whoever created it; spans are borrowed from it and live as long. Threads: none of its own,
 * allocate from one thread. Errors: 0 or -errno.
 */
#ifndef FRONTEND_GUEST_MEM_H
#define FRONTEND_GUEST_MEM_H

#include <stddef.h>
#include <stdint.h>

#define FE_MEM_MAX_REGIONS 8 /* what SET_MEM_TABLE carries */

struct fe_mem_region {
	uint64_t gpa;
	uint64_t uva;
	uint64_t size;
	uint64_t fd_offset;
	int fd;        /* owned */
	uint8_t *base; /* owned mapping of size bytes from fd_offset */
	size_t allocated;
};

struct fe_mem {
	unsigned int count;
	struct fe_mem_region region[FE_MEM_MAX_REGIONS];
};

/* One piece of guest memory in its three address spaces. */
struct fe_span {
	uint8_t *ptr;
	uint64_t gpa;
	uint64_t uva;
	size_t len;
};

/* `size` bytes at least in each of 1 to FE_MEM_MAX_REGIONS regions, zero-filled. */
int fe_mem_create(struct fe_mem *mem, unsigned int regions, size_t size);
/* For benchmarks: one region of 2 MiB pages, as guests have theirs. -ENOMEM: not enough are free. */
int fe_mem_create_huge(struct fe_mem *mem, size_t size);
void fe_mem_destroy(struct fe_mem *mem);

/* A span of one region (taken modulo their number); `align` is a power of two. There is no free. */
int fe_mem_alloc(struct fe_mem *mem, unsigned int region, size_t len, size_t align,
		 struct fe_span *span);

/* An address range of `len` bytes that no region covers: behind region 0, and far from all. */
uint64_t fe_mem_hole_gpa(const struct fe_mem *mem);
uint64_t fe_mem_outside_gpa(const struct fe_mem *mem);
uint64_t fe_mem_outside_uva(const struct fe_mem *mem);

#endif
