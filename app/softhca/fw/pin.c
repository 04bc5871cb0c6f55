/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What pinning means here: pages are counted against RLIMIT_MEMLOCK and must be mapped. They may go
 * all the same, so what touches them does it under a guard.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../vq/guard.h"
#include "hca_priv.h"
#include "mem.h"

/* Pages looked at by one mincore(): 1 GiB. */
enum { MINCORE_PAGES = 1 << 18 };

/* CAP_IPC_LOCK frees a process from RLIMIT_MEMLOCK. */
static bool may_lock_all(void)
{
	struct __user_cap_header_struct hdr = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &hdr, data))
		return false;
	return data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK);
}

static int check_mapped(uintptr_t start, uint64_t pages, uint64_t page_size)
{
	uint64_t chunk = pages < MINCORE_PAGES ? pages : MINCORE_PAGES;
	unsigned char *vec = malloc(chunk);
	int err = 0;

	if (!vec)
		return -ENOMEM;
	while (pages && !err) {
		uint64_t n = pages < chunk ? pages : chunk;

		if (mincore((void *)start, n * page_size, vec))
			err = errno == ENOMEM ? -EFAULT : -errno;
		start += n * page_size;
		pages -= n;
	}
	free(vec);
	return err;
}

int mem_pin(struct hca *hca, const void *hva, uint64_t len, uint64_t *pages)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)hva & ~(page_size - 1), end = (uintptr_t)hva + len;
	struct rlimit limit;
	uint64_t n;
	int err;

	if (!len || end < (uintptr_t)hva || end > UINTPTR_MAX - page_size)
		return -EINVAL;
	n = (end - start + page_size - 1) / page_size;
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	if (limit.rlim_cur != RLIM_INFINITY && hca->pinned_pages + n > limit.rlim_cur / page_size &&
	    !may_lock_all())
		return -ENOMEM;
	err = check_mapped(start, n, page_size);
	if (err)
		return err;
	hca->pinned_pages += n;
	*pages = n;
	return 0;
}

void mem_unpin(struct hca *hca, uint64_t pages)
{
	hca->pinned_pages -= pages;
}

struct copy_guard {
	struct guard guard;
	const uint8_t *hva;
	size_t len;
};

static bool blame(struct guard *guard, const void *addr)
{
	const struct copy_guard *g = (const struct copy_guard *)guard;

	return (uintptr_t)addr - (uintptr_t)g->hva < g->len;
}

/* By bytes, and not by memcpy(): what is left by siglongjmp() is this function only. */
static int copy(struct copy_guard *g, volatile uint8_t *to, const volatile uint8_t *from)
{
	size_t i;

	g->guard.blame = blame;
	if (sigsetjmp(g->guard.env, 0) != 0)
		return -EFAULT;
	guard_enter(&g->guard);
	for (i = 0; i < g->len; i++)
		to[i] = from[i];
	guard_leave();
	return 0;
}

int mem_read(const void *hva, void *data, size_t len)
{
	struct copy_guard g = {.hva = hva, .len = len};

	return copy(&g, data, hva);
}

int mem_write(void *hva, const void *data, size_t len)
{
	struct copy_guard g = {.hva = hva, .len = len};

	return copy(&g, hva, data);
}
