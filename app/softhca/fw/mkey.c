/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys: flattening of KLM and KLM_FBS lists over direct keys, the null key, and their end.
 *
 * Entry i of a list stands for the next byte_count (KLM) or 2^log_page_size (KLM_FBS) bytes of the
 * key's addresses, starting at start_addr. It names a key and an address in that key's own space.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "hca_priv.h"
#include "mem.h"

enum { MODE_KLM = 2, MODE_KLM_FBS = 3, MKC_QPN_NONE = 0xffffff };

#define KLM_BYTES_MAX 0x80000000ull

int mkey_ref(struct cmd *cmd, enum field_id field, uint32_t key, struct mkey **mkey)
{
	struct hca_obj *obj;

	if (key == NIC_NULL_MKEY) {
		*mkey = cmd->ctx->hca->null_mkey;
		return 0;
	}
	obj = obj_find(cmd->ctx, OBJ_MKEY, key >> 8);
	if (!obj || mkey_key((struct mkey *)obj) != key)
		return cmd_refuse(cmd, SYND(NO_SUCH_OBJECT), field, "key 0x%x", key);
	*mkey = (struct mkey *)obj;
	return 0;
}

int mkey_covers(const struct mkey *mkey, uint64_t iova, uint64_t len, bool write)
{
	unsigned int i;

	for (i = 0; i < mkey->n_segs && len; i++) {
		const struct dp_seg *s = &mkey->segs[i];
		uint64_t n;

		if (iova < s->iova)
			return -EFAULT;
		if (iova - s->iova >= s->len)
			continue;
		if (!s->hva)
			return -EFAULT;
		if (write && !s->local_write)
			return -EACCES;
		n = s->len - (iova - s->iova);
		if (n >= len)
			return 0;
		iova += n;
		len -= n;
	}
	return len ? -EFAULT : 0;
}

int mkey_write(const struct mkey *mkey, uint64_t iova, const void *data, uint64_t len)
{
	const uint8_t *from = data;
	unsigned int i;

	for (i = 0; i < mkey->n_segs && len; i++) {
		const struct dp_seg *s = &mkey->segs[i];
		uint64_t n;

		if (iova < s->iova || iova - s->iova >= s->len)
			continue;
		n = s->len - (iova - s->iova);
		if (n > len)
			n = len;
		if (!s->hva || mem_write(s->hva + (iova - s->iova), from, n))
			return -EFAULT;
		from += n;
		iova += n;
		len -= n;
	}
	return len ? -EFAULT : 0;
}

/* Append to the last segment where that is the same memory going on: fewer steps per frame. */
static void add_seg(struct mkey *mkey, const struct dp_seg *seg)
{
	struct dp_seg *last = mkey->n_segs ? &mkey->segs[mkey->n_segs - 1] : NULL;

	if (last && last->iova + last->len == seg->iova && last->mr == seg->mr &&
	    (last->hva ? last->hva + last->len == seg->hva : !seg->hva))
		last->len += seg->len;
	else
		mkey->segs[mkey->n_segs++] = *seg;
}

static int check_entry(struct cmd *cmd, const struct mkey *mkey, const struct mkey *child,
		       unsigned int i, uint64_t addr, uint64_t len)
{
	if (child->null)
		return 0;
	if (!child->direct)
		return cmd_refuse(cmd, SYND(KLM_INDIRECT), FLD(klm, mkey), "entry %u key 0x%x", i,
				  mkey_key(child));
	if (child->pdn != mkey->pdn)
		return cmd_refuse(cmd, SYND(KLM_PD), FLD(klm, mkey), "entry %u key 0x%x", i,
				  mkey_key(child));
	if (mkey->local_write && !child->local_write)
		return cmd_refuse(cmd, SYND(KLM_RIGHTS), FLD(klm, mkey), "entry %u key 0x%x", i,
				  mkey_key(child));
	if (addr < child->iova || addr - child->iova > child->len ||
	    len > child->len - (addr - child->iova))
		return cmd_refuse(cmd, SYND(KLM_RANGE), FLD(klm, address),
				  "entry %u 0x%" PRIx64 " + 0x%" PRIx64 ", key 0x%x has 0x%" PRIx64
				  " + 0x%" PRIx64,
				  i, addr, len, mkey_key(child), child->iova, child->len);
	return 0;
}

/* Entry i at iova; *len: the bytes it stands for, 0 for padding. */
static int flatten_entry(struct cmd *cmd, struct mkey *mkey, unsigned int i, unsigned int log_size,
			 uint64_t iova, uint64_t *len)
{
	uint32_t base = cmd_tail_base(cmd, i);
	uint64_t bytes = field_get(cmd->in, base, FLD(klm, byte_count));
	uint64_t addr = field_get(cmd->in, base, FLD(klm, address));
	uint32_t key = (uint32_t)field_get(cmd->in, base, FLD(klm, mkey));
	struct mkey *child;
	uint64_t left = mkey->iova + mkey->len - iova;
	int err;

	*len = 0;
	if (!bytes && !key && !addr)
		return 0;
	if (log_size) {
		if (bytes && bytes != 1ull << log_size)
			return cmd_refuse(cmd, SYND(FBS_ENTRY_SIZE), FLD(klm, byte_count),
					  "entry %u 0x%" PRIx64, i, bytes);
		bytes = 1ull << log_size;
	} else if (!bytes || bytes > KLM_BYTES_MAX) {
		return cmd_refuse(cmd, SYND(KLM_ENTRY_SIZE), FLD(klm, byte_count),
				  "entry %u 0x%" PRIx64, i, bytes);
	}
	*len = bytes;
	err = mkey_ref(cmd, FLD(klm, mkey), key, &child);
	if (!err)
		err = check_entry(cmd, mkey, child, i, addr, bytes);
	if (err || !left)
		return err;
	add_seg(mkey, &(struct dp_seg){
			  .iova = iova,
			  .len = bytes < left ? bytes : left,
			  .hva = child->null ? NULL : child->hva + (addr - child->iova),
			  .mr = mkey_key(child),
			  .local_write = mkey->local_write,
		      });
	return 0;
}

static int flatten(struct cmd *cmd, struct mkey *mkey, unsigned int n, unsigned int log_size)
{
	uint64_t at = 0, len;
	unsigned int i;
	bool padding = false;
	int err;

	for (i = 0; i < n; i++) {
		uint64_t covered = at < mkey->len ? at : mkey->len;

		err = flatten_entry(cmd, mkey, i, log_size, mkey->iova + covered, &len);
		if (err)
			return err;
		if (len && padding)
			return cmd_refuse(cmd, SYND(KLM_ENTRY_SIZE), FLD(klm, byte_count),
					  "entry %u is empty but not the last", i - 1);
		padding = !len;
		at += len;
	}
	if (at < mkey->len)
		return cmd_refuse(cmd, SYND(MKEY_LENGTH), FLD(mkc, len),
				  "0x%" PRIx64 ", entries cover 0x%" PRIx64, mkey->len, at);
	return 0;
}

static int check_mkc(struct cmd *cmd, unsigned int *n, unsigned int *log_size)
{
	uint64_t mode = cmd_get(cmd, FLD(mkc, access_mode_1_0));
	uint64_t log = cmd_get(cmd, FLD(mkc, log_page_size));
	uint64_t start = cmd_get(cmd, FLD(mkc, start_addr)), len = cmd_get(cmd, FLD(mkc, len));
	uint64_t list = cmd_get(cmd, FLD(create_mkey_in, translations_octword_actual_size));

	if (mode != MODE_KLM && mode != MODE_KLM_FBS)
		return cmd_refuse(cmd, SYND(MKEY_MODE), FLD(mkc, access_mode_1_0), "%" PRIu64,
				  mode);
	if (cmd_get(cmd, FLD(mkc, qpn)) != MKC_QPN_NONE)
		return cmd_refuse(cmd, SYND(MKEY_QPN), FLD(mkc, qpn), " ");
	if (!cmd_get(cmd, FLD(mkc, lr)) || cmd_get(cmd, FLD(mkc, a)) ||
	    cmd_get(cmd, FLD(mkc, rr)) || cmd_get(cmd, FLD(mkc, rw)))
		return cmd_refuse(cmd, SYND(MKEY_RIGHTS), FLD(mkc, lr), " ");
	if (mode == MODE_KLM && log)
		return cmd_refuse(cmd, SYND(KLM_LOG_PAGE_SIZE), FLD(mkc, log_page_size), "%" PRIu64,
				  log);
	if (mode == MODE_KLM_FBS && (log < 12 || log > 31))
		return cmd_refuse(cmd, SYND(FBS_LOG_PAGE_SIZE), FLD(mkc, log_page_size), "%" PRIu64,
				  log);
	if (!len || start + len < start)
		return cmd_refuse(cmd, SYND(MKEY_LENGTH), FLD(mkc, len),
				  "0x%" PRIx64 " at 0x%" PRIx64, len, start);
	/* One KLM is one octword. */
	if (!list || list > cmd_tail_n(cmd) ||
	    list > cmd_get(cmd, FLD(mkc, translations_octword_size)))
		return cmd_refuse(cmd, SYND(MKEY_LIST),
				  FLD(create_mkey_in, translations_octword_actual_size),
				  "%" PRIu64 ", %u entries in the mailbox", list, cmd_tail_n(cmd));
	*n = (unsigned int)list;
	*log_size = (unsigned int)log;
	return 0;
}

static int mkey_fill(struct cmd *cmd, struct mkey *mkey, unsigned int n, unsigned int log_size)
{
	int err;

	mkey->low = (uint8_t)cmd_get(cmd, FLD(mkc, mkey_7_0));
	mkey->pdn = (uint32_t)cmd_get(cmd, FLD(mkc, pd));
	mkey->local_write = cmd_get(cmd, FLD(mkc, lw));
	mkey->iova = cmd_get(cmd, FLD(mkc, start_addr));
	mkey->len = cmd_get(cmd, FLD(mkc, len));
	mkey->segs = calloc(n, sizeof(*mkey->segs));
	if (!mkey->segs)
		return cmd_refuse_errno(cmd, -ENOMEM);
	err = flatten(cmd, mkey, n, log_size);
	if (err)
		return err;
	err = dp_mem_create(mkey->segs, mkey->n_segs, &mkey->mem);
	return err ? cmd_refuse_errno(cmd, err) : 0;
}

int mkey_create(struct cmd *cmd, struct hca_obj **out)
{
	struct hca_obj *pd, *obj;
	unsigned int n = 0, log_size = 0;
	int err = check_mkc(cmd, &n, &log_size);

	if (!err)
		err = cmd_ref(cmd, FLD(mkc, pd), &pd);
	if (err)
		return err;
	err = obj_new(cmd->ctx, OBJ_MKEY, sizeof(struct mkey), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	err = obj_use(obj, pd);
	err = err ? cmd_refuse_errno(cmd, err) : mkey_fill(cmd, (struct mkey *)obj, n, log_size);
	if (err) {
		obj_discard(obj);
		return err;
	}
	*out = obj;
	return 0;
}

void mkey_revoke(struct mkey *mr)
{
	struct hca_ctx *ctx = mr->obj.ctx;
	struct hca_obj *obj;
	unsigned int i;

	dp_lock(ctx->hca->dp);
	dp_mem_revoke(mr->mem, mkey_key(mr));
	TAILQ_FOREACH(obj, &ctx->objs, in_ctx)
	{
		struct mkey *mkey = (struct mkey *)obj;

		if (obj->type != OBJ_MKEY || mkey->direct)
			continue;
		dp_mem_revoke(mkey->mem, mkey_key(mr));
		for (i = 0; i < mkey->n_segs; i++)
			if (mkey->segs[i].mr == mkey_key(mr))
				mkey->segs[i].hva = NULL;
	}
	dp_unlock(ctx->hca->dp);
}

void mkey_fini(struct hca_obj *obj)
{
	struct mkey *mkey = (struct mkey *)obj;

	if (mkey->direct && mkey->mem)
		mkey_revoke(mkey);
	mem_unpin(obj->ctx->hca, mkey->pinned_pages);
	if (mkey->mem)
		dp_mem_put(mkey->mem);
	free(mkey->segs);
}

int mkey_null_create(struct hca *hca)
{
	struct mkey *mkey = calloc(1, sizeof(*mkey));

	if (!mkey)
		return -ENOMEM;
	mkey->obj.type = OBJ_MKEY;
	mkey->obj.id = NIC_NULL_MKEY >> 8;
	mkey->null = true;
	mkey->local_write = true;
	mkey->len = UINT64_MAX;
	hca->null_mkey = mkey;
	return 0;
}

void mkey_null_destroy(struct hca *hca)
{
	free(hca->null_mkey);
	hca->null_mkey = NULL;
}

uint32_t hca_null_mkey(const struct hca *hca)
{
	(void)hca;
	return NIC_NULL_MKEY;
}
