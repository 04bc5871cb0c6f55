/* SPDX-License-Identifier: BSD-3-Clause */
/* Protection domains, memory regions and umems: what the kernel makes for user space. */
#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "hca_priv.h"
#include "mem.h"
#include "trace.h"

/* enum ib_uverbs_access_flags */
enum { ACCESS_LOCAL_WRITE = 1 };

int hca_pd_alloc(struct hca_ctx *ctx, uint32_t *pdn)
{
	struct hca *hca = ctx->hca;
	struct hca_obj *obj = NULL;
	struct call call;
	int err = 0;

	call_begin(&call, hca, "alloc_pd");
	if (hca_inject(hca, "alloc_pd"))
		err = -ENOMEM;
	if (!err)
		err = obj_new(ctx, OBJ_PD, sizeof(*obj), &obj);
	if (!err) {
		obj_publish(obj, "alloc_pd");
		*pdn = obj->id;
	}
	trace_call(ctx, "alloc_pd", err, " pdn=0x%x", err ? 0 : obj->id);
	call_end(&call, err);
	return err;
}

/* Destroy by number what the kernel made; counts and traces. */
static int destroy_by_id(struct hca_ctx *ctx, enum obj_type type, uint32_t id, const char *name)
{
	struct hca_obj *obj;
	struct call call;
	int err = -ENOENT;

	call_begin(&call, ctx->hca, name);
	obj = obj_find(ctx, type, id);
	if (obj)
		err = obj_destroy(obj);
	trace_call(ctx, name, err, " id=0x%x", id);
	call_end(&call, err);
	return err;
}

int hca_pd_free(struct hca_ctx *ctx, uint32_t pdn)
{
	return destroy_by_id(ctx, OBJ_PD, pdn, "dealloc_pd");
}

static int mr_fill(struct mkey *mkey)
{
	mkey->segs = malloc(sizeof(*mkey->segs));
	if (!mkey->segs)
		return -ENOMEM;
	mkey->segs[0] = (struct dp_seg){
	    .iova = mkey->iova,
	    .len = mkey->len,
	    .hva = mkey->hva,
	    .mr = mkey_key(mkey),
	    .local_write = mkey->local_write,
	};
	mkey->n_segs = 1;
	return dp_mem_create(mkey->segs, 1, &mkey->mem);
}

static int mr_make(struct hca_ctx *ctx, uint32_t pdn, struct mkey *args, struct mkey **out)
{
	struct hca_obj *pd = obj_find(ctx, OBJ_PD, pdn), *obj;
	struct mkey *mkey;
	int err;

	if (!pd || !args->len || args->iova + args->len < args->iova)
		return -EINVAL;
	err = obj_new(ctx, OBJ_MKEY, sizeof(*mkey), &obj);
	if (err)
		return err;
	mkey = (struct mkey *)obj;
	obj->stat = HCA_STAT_MR;
	mkey->pdn = pdn;
	mkey->direct = true;
	mkey->local_write = args->local_write;
	mkey->access = args->access;
	mkey->iova = args->iova;
	mkey->len = args->len;
	mkey->hva = args->hva;
	err = obj_use(obj, pd);
	if (!err)
		err = mem_pin(ctx->hca, args->hva, args->len, &mkey->pinned_pages);
	if (!err)
		err = mr_fill(mkey);
	if (err) {
		obj_discard(obj);
		return err;
	}
	obj_publish(obj, "reg_mr");
	*out = mkey;
	return 0;
}

int hca_mr_reg(struct hca_ctx *ctx, uint32_t pdn, void *hva, size_t len, uint64_t iova,
	       uint32_t access, uint32_t *lkey, uint32_t *rkey)
{
	struct mkey args = {
	    .hva = hva, .len = len, .iova = iova, .local_write = access & ACCESS_LOCAL_WRITE,
	    .access = access};
	struct hca *hca = ctx->hca;
	struct mkey *mkey = NULL;
	struct call call;
	int err = 0;

	call_begin(&call, hca, "reg_mr");
	if (hca_inject(hca, "reg_mr"))
		err = -ENOMEM;
	if (!err)
		err = mr_make(ctx, pdn, &args, &mkey);
	if (!err) {
		*lkey = mkey_key(mkey);
		*rkey = mkey_key(mkey);
	}
	trace_call(ctx, "reg_mr", err,
		   " pdn=0x%x hva=%p len=0x%zx iova=0x%llx access=0x%x key=0x%x", pdn, hva, len,
		   (unsigned long long)iova, access, err ? 0 : mkey_key(mkey));
	call_end(&call, err);
	return err;
}

static struct mkey *find_mr(const struct hca_ctx *ctx, uint32_t lkey)
{
	struct hca_obj *obj = obj_find(ctx, OBJ_MKEY, lkey >> 8);

	if (!obj || obj->stat != HCA_STAT_MR || mkey_key((struct mkey *)obj) != lkey)
		return NULL;
	return (struct mkey *)obj;
}

/* now: what the region is to be. Nothing changes if that cannot be. */
static int mr_change(struct mkey *mr, struct mkey *now)
{
	struct hca_ctx *ctx = mr->obj.ctx;
	struct hca_obj *pd = obj_find(ctx, OBJ_PD, now->pdn), *old = obj_find(ctx, OBJ_PD, mr->pdn);
	int err;

	if (!pd || !now->len || now->iova + now->len < now->iova)
		return -EINVAL;
	err = mem_pin(ctx->hca, now->hva, now->len, &now->pinned_pages);
	if (err)
		return err;
	err = mr_fill(now);
	if (!err && pd != old)
		err = obj_use(&mr->obj, pd);
	if (err) {
		if (now->mem)
			dp_mem_put(now->mem);
		free(now->segs);
		mem_unpin(ctx->hca, now->pinned_pages);
		return err;
	}
	if (pd != old)
		obj_unuse(&mr->obj, old);
	mkey_revoke(mr);
	mem_unpin(ctx->hca, mr->pinned_pages);
	dp_mem_put(mr->mem);
	free(mr->segs);
	now->obj = mr->obj;
	*mr = *now;
	return 0;
}

int hca_mr_rereg(struct hca_ctx *ctx, uint32_t lkey, uint32_t pdn, void *hva, size_t len,
		 uint64_t iova, uint32_t access)
{
	struct hca *hca = ctx->hca;
	struct mkey *mr, now;
	struct call call;
	int err = -ENOENT;

	call_begin(&call, hca, "rereg_mr");
	mr = find_mr(ctx, lkey);
	if (mr) {
		now = *mr;
		now.segs = NULL;
		now.mem = NULL;
		now.pdn = pdn;
		now.hva = hva;
		now.len = len;
		now.iova = iova;
		now.access = access;
		now.local_write = access & ACCESS_LOCAL_WRITE;
		err = hca_inject(hca, "rereg_mr") ? -ENOMEM : mr_change(mr, &now);
	}
	trace_call(ctx, "rereg_mr", err,
		   " key=0x%x pdn=0x%x hva=%p len=0x%zx iova=0x%llx access=0x%x",
		   lkey, pdn, hva, len, (unsigned long long)iova, access);
	call_end(&call, err);
	return err;
}

int hca_mr_dereg(struct hca_ctx *ctx, uint32_t lkey)
{
	struct hca_obj *obj;
	struct call call;
	int err = -ENOENT;

	call_begin(&call, ctx->hca, "dereg_mr");
	obj = obj_find(ctx, OBJ_MKEY, lkey >> 8);
	if (obj && obj->stat == HCA_STAT_MR && mkey_key((struct mkey *)obj) == lkey) {
		/* Not held back by queues that use it: they fault, as with real memory regions. */
		obj_discard(obj);
		err = 0;
	}
	trace_call(ctx, "dereg_mr", err, " key=0x%x", lkey);
	call_end(&call, err);
	return err;
}

int hca_umem_reg(struct hca_ctx *ctx, void *hva, size_t len, uint32_t access, uint32_t *umem_id)
{
	struct hca *hca = ctx->hca;
	struct hca_obj *obj = NULL;
	struct umem *umem;
	struct call call;
	int err = 0;

	call_begin(&call, hca, "reg_umem");
	if (hca_inject(hca, "reg_umem"))
		err = -ENOMEM;
	if (!err)
		err = obj_new(ctx, OBJ_UMEM, sizeof(*umem), &obj);
	if (!err) {
		umem = (struct umem *)obj;
		umem->hva = hva;
		umem->len = len;
		umem->local_write = access & ACCESS_LOCAL_WRITE;
		err = mem_pin(hca, hva, len, &umem->pinned_pages);
		if (err)
			obj_discard(obj);
	}
	if (!err) {
		obj_publish(obj, "reg_umem");
		*umem_id = obj->id;
	}
	trace_call(ctx, "reg_umem", err, " hva=%p len=0x%zx access=0x%x id=0x%x", hva, len, access,
		   err ? 0 : obj->id);
	call_end(&call, err);
	return err;
}

int hca_umem_dereg(struct hca_ctx *ctx, uint32_t umem_id)
{
	return destroy_by_id(ctx, OBJ_UMEM, umem_id, "dereg_umem");
}

void umem_fini(struct hca_obj *obj)
{
	mem_unpin(obj->ctx->hca, ((struct umem *)obj)->pinned_pages);
}

int umem_at(struct cmd *cmd, enum field_id field, enum field_id off_field, uint64_t size,
	    uint64_t align, struct umem **umem, uint8_t **ptr)
{
	uint64_t offset = cmd_get(cmd, off_field);
	struct hca_obj *obj;
	struct umem *u;
	int err = cmd_ref(cmd, field, &obj);

	if (err)
		return err;
	u = (struct umem *)obj;
	if (offset > u->len || size > u->len - offset)
		return cmd_refuse(cmd, SYND(UMEM_RANGE), off_field,
				  "0x%llx + 0x%llx of 0x%llx bytes", (unsigned long long)offset,
				  (unsigned long long)size, (unsigned long long)u->len);
	if (((uintptr_t)u->hva + offset) & (align - 1))
		return cmd_refuse(cmd, SYND(UMEM_ALIGN), off_field, "%p + 0x%llx, needs 0x%llx",
				  (void *)u->hva, (unsigned long long)offset,
				  (unsigned long long)align);
	if (!u->local_write)
		return cmd_refuse(cmd, SYND(UMEM_READ_ONLY), field, "umem 0x%x", obj->id);
	*umem = u;
	*ptr = u->hva + offset;
	return 0;
}
