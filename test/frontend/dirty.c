/* SPDX-License-Identifier: BSD-3-Clause */
#include "dirty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int fe_dirty_create(const struct fe_mem *mem, struct fe_dirty *d)
{
	uint64_t end = 0;
	unsigned int i;
	void *map;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < mem->count; i++)
		if (mem->region[i].gpa + mem->region[i].size > end)
			end = mem->region[i].gpa + mem->region[i].size;
	/* Whole pages of bitmap, as it is shared. */
	d->size = (end / FE_DIRTY_PAGE / 8 / FE_DIRTY_PAGE + 1) * FE_DIRTY_PAGE;
	d->fd = memfd_create("log", MFD_CLOEXEC);
	if (d->fd < 0 || ftruncate(d->fd, (off_t)d->size) < 0)
		goto fail;
	map = mmap(NULL, d->size, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	d->map = map;
	d->must = calloc(2, d->size);
	if (!d->must)
		goto fail;
	d->may = d->must + d->size;
	return 0;
fail:
	fe_dirty_destroy(d);
	return errno ? -errno : -ENOMEM;
}

void fe_dirty_destroy(struct fe_dirty *d)
{
	if (d->map)
		munmap(d->map, d->size);
	if (d->fd >= 0)
		close(d->fd);
	free(d->must);
	memset(d, 0, sizeof(*d));
	d->fd = -1;
}

void fe_dirty_clear(struct fe_dirty *d)
{
	size_t i;

	for (i = 0; i < d->size; i++)
		__atomic_store_n(&d->map[i], 0, __ATOMIC_RELAXED);
	memset(d->must, 0, 2 * d->size);
}

void fe_dirty_note(struct fe_dirty *d, uint64_t gpa, uint64_t len, bool must)
{
	uint64_t page;

	if (d->state == FE_DIRTY_OFF || len == 0)
		return;
	for (page = gpa / FE_DIRTY_PAGE; page <= (gpa + len - 1) / FE_DIRTY_PAGE; page++) {
		d->may[page / 8] |= (uint8_t)(1u << page % 8);
		if (must && d->state == FE_DIRTY_ON)
			d->must[page / 8] |= (uint8_t)(1u << page % 8);
	}
}

void fe_dirty_compare(const struct fe_dirty *d, struct fe_dirty_result *res)
{
	uint64_t page;

	memset(res, 0, sizeof(*res));
	for (page = 0; page < d->size * 8; page++) {
		uint8_t bit = (uint8_t)(1u << page % 8);
		bool logged = __atomic_load_n(&d->map[page / 8], __ATOMIC_ACQUIRE) & bit;

		res->logged += logged;
		if (!logged && d->must[page / 8] & bit && res->missing++ == 0)
			res->first_missing = page * FE_DIRTY_PAGE;
		if (logged && !(d->may[page / 8] & bit) && res->extra++ == 0)
			res->first_extra = page * FE_DIRTY_PAGE;
	}
}
