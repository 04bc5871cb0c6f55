/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest_mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

#define PAGE    4096ull
#define HUGE    (2ull << 20)
#define GIB     (1ull << 30)
#define UVA_TOP 0x345600000000ull

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* The hole in front of region i: a few pages, and for the last of several the gap below 4 GiB. */
static uint64_t region_gpa(const struct fe_mem *mem, unsigned int i)
{
	uint64_t end;

	if (i == 0)
		return 0;
	end = mem->region[i - 1].gpa + mem->region[i - 1].size;
	if (i >= 2 && i == mem->count - 1 && end < 4 * GIB)
		return 4 * GIB;
	return end + (3 + 2 * i) * PAGE;
}

static int region_create(struct fe_mem *mem, unsigned int i, size_t size)
{
	struct fe_mem_region *r = &mem->region[i];
	char name[16];
	void *base;
	int err;

	r->size = align_up(size, PAGE) + i * PAGE;
	r->gpa = region_gpa(mem, i);
	r->uva = UVA_TOP - (i + 1) * 16 * GIB + 5 * PAGE;
	r->fd_offset = (i & 1) * 2 * PAGE;
	snprintf(name, sizeof(name), "guest%u", i);
	r->fd = memfd_create(name, MFD_CLOEXEC);
	if (r->fd < 0)
		return -errno;
	if (ftruncate(r->fd, (off_t)(r->fd_offset + r->size)) < 0)
		goto fail;
	base = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, (off_t)r->fd_offset);
	if (base == MAP_FAILED)
		goto fail;
	r->base = base;
	return 0;
fail:
	err = -errno;
	close(r->fd);
	r->fd = -1;
	return err;
}

int fe_mem_create(struct fe_mem *mem, unsigned int regions, size_t size)
{
	unsigned int i;
	int err;

	memset(mem, 0, sizeof(*mem));
	for (i = 0; i < FE_MEM_MAX_REGIONS; i++)
		mem->region[i].fd = -1;
	if (regions == 0 || regions > FE_MEM_MAX_REGIONS || size == 0 || size > 8 * GIB)
		return -EINVAL;
	mem->count = regions;
	for (i = 0; i < regions; i++) {
		err = region_create(mem, i, size);
		if (err) {
			fe_error("memory: region %u of %zu bytes: %s", i, size, strerror(-err));
			fe_mem_destroy(mem);
			return err;
		}
	}
	return 0;
}

int fe_mem_create_huge(struct fe_mem *mem, size_t size)
{
	struct fe_mem_region *r = &mem->region[0];
	int err;

	memset(mem, 0, sizeof(*mem));
	for (unsigned int i = 0; i < FE_MEM_MAX_REGIONS; i++)
		mem->region[i].fd = -1;
	mem->count = 1;
	r->size = align_up(size, HUGE);
	r->uva = UVA_TOP - 16 * GIB;
	r->fd = memfd_create("guest", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
	if (r->fd < 0 || ftruncate(r->fd, (off_t)r->size) < 0)
		goto fail;
	/* Populated now: what is missing later would be a SIGBUS. */
	r->base = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, 0);
	if (r->base != MAP_FAILED)
		return 0;
	r->base = NULL;
fail:
	err = -errno;
	fe_error("memory: %" PRIu64 " bytes of huge pages: %s", r->size, strerror(-err));
	fe_mem_destroy(mem);
	return err;
}

void fe_mem_destroy(struct fe_mem *mem)
{
	unsigned int i;

	for (i = 0; i < mem->count; i++) {
		struct fe_mem_region *r = &mem->region[i];

		if (r->base)
			munmap(r->base, r->size);
		r->base = NULL;
		if (r->fd >= 0)
			close(r->fd);
		r->fd = -1;
	}
	mem->count = 0;
}

int fe_mem_alloc(struct fe_mem *mem, unsigned int region, size_t len, size_t align,
		 struct fe_span *span)
{
	struct fe_mem_region *r = &mem->region[region % mem->count];
	uint64_t at = align_up(r->gpa + r->allocated, align) - r->gpa;

	if (len == 0 || at > r->size || len > r->size - at)
		return -ENOMEM;
	r->allocated = at + len;
	span->ptr = r->base + at;
	span->gpa = r->gpa + at;
	span->uva = r->uva + at;
	span->len = len;
	return 0;
}

uint64_t fe_mem_hole_gpa(const struct fe_mem *mem)
{
	return mem->region[0].gpa + mem->region[0].size + PAGE;
}

uint64_t fe_mem_outside_gpa(const struct fe_mem *mem)
{
	const struct fe_mem_region *last = &mem->region[mem->count - 1];

	return align_up(last->gpa + last->size, GIB) + 64 * GIB;
}

uint64_t fe_mem_outside_uva(const struct fe_mem *mem)
{
	return UVA_TOP + 64 * GIB;
}
