/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory the NIC may use: direct keys (memory regions), indirect keys (KLM, KLM_FBS), umems.
 *
 * Every key is flattened when it is made: a sorted list of segments, which the datapath gets as a
 * struct dp_mem. An indirect key keeps no reference to its entries' keys; when a memory region
 * goes, its segments in all keys of the context are revoked (dp_mem_revoke), as a NIC would fault.
 *
 * Threads: under the firmware lock. A virtqueue holds its own reference to the dp_mem.
 */
#ifndef SOFTHCA_FW_MEM_H
#define SOFTHCA_FW_MEM_H

#include "../vq/dp.h"
#include "cmd.h"
#include "obj.h"

struct mkey {
	struct hca_obj obj;
	uint8_t low;  /* low 8 bits of the key; obj.id is the rest */
	uint32_t pdn; /* 0 for the null key */
	bool direct, null;
	bool local_write;
	uint32_t access; /* of memory regions: enum ib_uverbs_access_flags */
	uint64_t iova, len;
	uint8_t *hva; /* direct keys: the program's memory, borrowed */
	uint64_t pinned_pages;
	struct dp_seg *segs; /* owned, n_segs */
	unsigned int n_segs;
	struct dp_mem *mem; /* owned reference */
};

struct umem {
	struct hca_obj obj;
	uint8_t *hva; /* the program's memory, borrowed */
	uint64_t len;
	bool local_write;
	uint64_t pinned_pages;
};

static inline uint32_t mkey_key(const struct mkey *mkey)
{
	return mkey->obj.id << 8 | mkey->low;
}

int mkey_create(struct cmd *cmd, struct hca_obj **obj);
void mkey_fini(struct hca_obj *obj);
/* A memory region goes: no queue may reach its pages through any key from now on. */
void mkey_revoke(struct mkey *mr);
void umem_fini(struct hca_obj *obj);

int mkey_null_create(struct hca *hca);
void mkey_null_destroy(struct hca *hca);

/* The key in a field, null key included; the context must own it. */
int mkey_ref(struct cmd *cmd, enum field_id field, uint32_t key, struct mkey **mkey);

/* -EFAULT: not all of it in the key, or a hole; -EACCES: write and the key gives no write. */
int mkey_covers(const struct mkey *mkey, uint64_t iova, uint64_t len, bool write);

/* Copy to addresses that mkey_covers() for writing. -EFAULT: the program has unmapped them. */
int mkey_write(const struct mkey *mkey, uint64_t iova, const void *data, uint64_t len);

/*
 * size bytes at offset of a umem, writable, aligned. field: the number of the umem, off_field what
 * to blame for the range. *umem is to be used (obj_use) by the caller.
 */
int umem_at(struct cmd *cmd, enum field_id field, enum field_id off_field, uint64_t size,
	    uint64_t align, struct umem **umem, uint8_t **ptr);

/*
 * Account and check pages as if they were pinned. -ENOMEM beyond RLIMIT_MEMLOCK, -EFAULT when a
 * page is not mapped, -EINVAL when the range wraps.
 */
int mem_pin(struct hca *hca, const void *hva, uint64_t len, uint64_t *pages);
void mem_unpin(struct hca *hca, uint64_t pages);

/*
 * Copy between the program's memory and ours where it may be gone, off the fast path. -EFAULT: it
 * is. By threads that have no guard (vq/guard.h).
 */
int mem_read(const void *hva, void *data, size_t len);
int mem_write(void *hva, const void *data, size_t len);

#endif
