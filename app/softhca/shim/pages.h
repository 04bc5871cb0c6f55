/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbell pages of one open uverbs file.
 *
 * The file that the program holds is a sparse memfd. A UAR or VAR page is a page of it: the
 * program maps it with a plain mmap() at the offset it was told, passes the file to another
 * process if it likes, and the NIC sees the writes through its own mapping of the same page.
 * Page 0 is never given out.
 *
 * Owner: the uverbs file, which calls with its lock held. Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_PAGES_H
#define SOFTHCA_SHIM_PAGES_H

#include <stdbool.h>
#include <stdint.h>

enum { PAGES_MAX = 1024 };

struct pages {
	void *mapped[PAGES_MAX]; /* owned mapping; NULL: free */
	uint32_t page_size;
};

/* Make the memfd; *fd is for the program, nothing here keeps it. */
int pages_create(struct pages *pages, bool cloexec, int *fd);
/* fd: any descriptor of the memfd. -ENOSPC when all pages are in use. The page is zero. */
int pages_alloc(struct pages *pages, int fd, uint32_t *index, void **page);
void pages_free(struct pages *pages, uint32_t index);
void pages_destroy(struct pages *pages);

static inline uint64_t pages_offset(const struct pages *pages, uint32_t index)
{
	return (uint64_t)index * pages->page_size;
}

#endif
