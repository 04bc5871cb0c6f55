/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "fail.h"
#include "hca_priv.h"
#include "trace.h"
#include "uar.h"

/* Where a CQ is armed: 64 bits, arm word and CQ number, big-endian; never 0. */
enum { UAR_CQ_DOORBELL = 0x20 };

unsigned int uar_rings(struct uar *uar)
{
	uint64_t *word = (uint64_t *)((uint8_t *)uar->page + UAR_CQ_DOORBELL);

	if (__atomic_load_n(word, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE))
		atomic_fetch_add(&uar->rings, 1);
	return atomic_load(&uar->rings);
}

/* Pages of both kinds: made alike. */
static int page_alloc(struct hca_ctx *ctx, enum obj_type type, size_t size, const char *name,
		      void *page, struct hca_obj **out)
{
	struct hca *hca = ctx->hca;
	struct hca_obj *obj;
	int err = page ? 0 : -EINVAL;

	if (!err && hca_inject(hca, name))
		err = -ENOMEM;
	if (!err)
		err = obj_new(ctx, type, size, &obj);
	if (!err) {
		obj_publish(obj, name);
		*out = obj;
	}
	trace_call(ctx, name, err, " id=0x%x", err ? 0 : obj->id);
	return err;
}

static int page_free(struct hca_ctx *ctx, enum obj_type type, const char *name, uint32_t id)
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

int hca_uar_alloc(struct hca_ctx *ctx, void *page, uint32_t *uar_id)
{
	struct hca_obj *obj;
	struct call call;
	int err;

	call_begin(&call, ctx->hca, "alloc_uar");
	err = page_alloc(ctx, OBJ_UAR, sizeof(struct uar), "alloc_uar", page, &obj);
	if (!err) {
		((struct uar *)obj)->page = page;
		*uar_id = obj->id;
	}
	call_end(&call, err);
	return err;
}

int hca_uar_free(struct hca_ctx *ctx, uint32_t uar_id)
{
	return page_free(ctx, OBJ_UAR, "dealloc_uar", uar_id);
}

int hca_var_alloc(struct hca_ctx *ctx, void *page, uint32_t *page_id)
{
	struct hca *hca = ctx->hca;
	struct hca_obj *obj;
	struct call call;
	int err;

	/* As mlx5_ib: there are such pages only for virtio emulation. */
	if (!hca->profile.virtio)
		return -EOPNOTSUPP;
	call_begin(&call, hca, "alloc_var");
	err = page_alloc(ctx, OBJ_VAR, sizeof(struct var), "alloc_var", page, &obj);
	if (!err) {
		dp_lock(hca->dp);
		err = dp_port_add_doorbell(ctx->func->port, page);
		dp_unlock(hca->dp);
		if (err)
			obj_discard(obj);
	}
	if (!err) {
		((struct var *)obj)->page = page;
		*page_id = obj->id;
	}
	call_end(&call, err);
	return err;
}

int hca_var_free(struct hca_ctx *ctx, uint32_t page_id)
{
	return page_free(ctx, OBJ_VAR, "dealloc_var", page_id);
}

void var_fini(struct hca_obj *obj)
{
	struct var *var = (struct var *)obj;

	if (!var->page)
		return;
	dp_lock(obj->ctx->hca->dp);
	dp_port_remove_doorbell(obj->ctx->func->port, var->page);
	dp_unlock(obj->ctx->hca->dp);
}
