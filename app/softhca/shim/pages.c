/* SPDX-License-Identifier: BSD-3-Clause */
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int pages_create(struct pages *pages, bool cloexec, int *fd)
{
	int memfd, rc;

	memset(pages, 0, sizeof(*pages));
	pages->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	memfd = memfd_create("uverbs", MFD_ALLOW_SEALING | (cloexec ? MFD_CLOEXEC : 0));
	if (memfd < 0)
		return -errno;
	/* A program that truncates its device file must not take the NIC down with SIGBUS. */
	if (ftruncate(memfd, (off_t)pages->page_size * PAGES_MAX) ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		rc = -errno;
		close(memfd);
		return rc;
	}
	*fd = memfd;
	return 0;
}

int pages_alloc(struct pages *pages, int fd, uint32_t *index, void **page)
{
	for (uint32_t i = 1; i < PAGES_MAX; i++) {
		void *map;

		if (pages->mapped[i])
			continue;
		map = mmap(NULL, pages->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   (off_t)pages_offset(pages, i));
		if (map == MAP_FAILED)
			return -errno;
		/* The previous user may have left something. */
		memset(map, 0, pages->page_size);
		pages->mapped[i] = map;
		*index = i;
		*page = map;
		return 0;
	}
	return -ENOSPC;
}

void pages_free(struct pages *pages, uint32_t index)
{
	if (index >= PAGES_MAX || !pages->mapped[index])
		return;
	munmap(pages->mapped[index], pages->page_size);
	pages->mapped[index] = NULL;
}

void pages_destroy(struct pages *pages)
{
	for (uint32_t i = 1; i < PAGES_MAX; i++)
		pages_free(pages, i);
}
