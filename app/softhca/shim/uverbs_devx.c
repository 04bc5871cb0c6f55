/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DevX: firmware commands in the program's own words, with what the kernel adds and forbids.
 *
 * Each method takes the commands of one kind only. A command that firmware refused is answered
 * with EREMOTEIO and a valid output mailbox, so that the program sees status and syndrome.
 */
#include "uverbs_devx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "uverbs_file.h"

/* The three queries that a context without DevX may still send. */
static bool allowed_without_devx(uint16_t opcode)
{
	return opcode == 0x100 || opcode == 0x752 || opcode == 0x762;
}

int devx_check(struct ubundle *b, const void *mbox, enum devx_kind kind)
{
	struct hca_ctx *ctx;
	int rc = ubundle_ctx(b, &ctx);

	if (rc)
		return rc;
	if (kind != DEVX_GENERAL && mbox_get16(mbox, MBOX_TUNNEL))
		return -EINVAL;
	if (!b->file->devx && !allowed_without_devx(mbox_get16(mbox, MBOX_OPCODE)))
		return -EINVAL;
	return devx_kind(mbox) == kind ? 0 : -EINVAL;
}

/* Give the program the output mailbox, also the one that says why firmware refused. */
static int command_out(struct ubundle *b, uint16_t id, const void *out, int rc)
{
	const struct uattr *a = ubundle_attr(b, id);
	int err;

	if (rc && rc != -EREMOTEIO)
		return rc;
	err = ubundle_out(b, id, out, a->len);
	return err ? err : rc;
}

static int other(struct ubundle *b)
{
	const struct uattr *in = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OTHER_CMD_IN);
	const struct uattr *o = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OTHER_CMD_OUT);
	void *out;
	int rc;

	rc = devx_check(b, in->in, DEVX_GENERAL);
	if (rc)
		return rc;
	out = calloc(1, o->len);
	if (!out)
		return -ENOMEM;
	rc = hca_cmd(b->file->ctx, in->in, in->len, out, o->len);
	rc = command_out(b, MLX5_IB_ATTR_DEVX_OTHER_CMD_OUT, out, rc);
	free(out);
	return rc;
}

static int obj_create(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_CREATE_HANDLE)->obj;
	const struct uattr *in = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_IN);
	const struct uattr *o = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_OUT);
	void *out;
	int rc, err;

	rc = devx_check(b, in->in, DEVX_CREATE);
	if (rc)
		return rc;
	out = calloc(1, o->len);
	if (!out)
		return -ENOMEM;
	devx_set_umem_valid(in->in, in->len);
	rc = hca_obj_create(b->file->ctx, in->in, in->len, out, o->len, &obj->devx);
	err = command_out(b, MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_OUT, out, rc);
	if (!rc && err)
		hca_obj_destroy(obj->devx);
	free(out);
	return err;
}

static int obj_destroy(struct ubundle *b)
{
	return hca_obj_destroy(ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_DESTROY_HANDLE)->obj->devx);
}

static int obj_modify(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_MODIFY_HANDLE)->obj;
	const struct uattr *in = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_MODIFY_CMD_IN);
	const struct uattr *o = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_MODIFY_CMD_OUT);
	void *out;
	int rc;

	rc = devx_check(b, in->in, DEVX_MODIFY);
	if (!rc && obj->type != MLX5_IB_OBJECT_DEVX_OBJ)
		rc = -EINVAL;
	if (rc)
		return rc;
	out = calloc(1, o->len);
	if (!out)
		return -ENOMEM;
	rc = hca_obj_modify(obj->devx, in->in, in->len, out, o->len);
	rc = command_out(b, MLX5_IB_ATTR_DEVX_OBJ_MODIFY_CMD_OUT, out, rc);
	free(out);
	return rc;
}

static int obj_query(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_HANDLE)->obj;
	const struct uattr *in = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_IN);
	const struct uattr *o = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_OUT);
	void *out;
	int rc;

	rc = devx_check(b, in->in, DEVX_QUERY);
	if (!rc && obj->type != MLX5_IB_OBJECT_DEVX_OBJ)
		rc = -EINVAL;
	if (rc)
		return rc;
	out = calloc(1, o->len);
	if (!out)
		return -ENOMEM;
	rc = hca_obj_query(obj->devx, in->in, in->len, out, o->len);
	rc = command_out(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_OUT, out, rc);
	free(out);
	return rc;
}

static int query_eqn(struct ubundle *b)
{
	uint32_t vector = (uint32_t)ubundle_const(b, MLX5_IB_ATTR_DEVX_QUERY_EQN_USER_VEC);
	struct hca_ctx *ctx;
	uint32_t eqn;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	if (vector >= DEVX_EQ_VECTORS)
		return -ENOENT;
	eqn = hca_eqn(ctx, vector);
	return ubundle_out(b, MLX5_IB_ATTR_DEVX_QUERY_EQN_DEV_EQN, &eqn, sizeof(eqn));
}

/* Translates numbers of doorbell pages that came with the context; there are none. */
static int query_uar(struct ubundle *b)
{
	return -EINVAL;
}

/* ---- umems ---- */

enum {
	UMEM_ACCESS = IB_UVERBS_ACCESS_LOCAL_WRITE | IB_UVERBS_ACCESS_REMOTE_WRITE |
		      IB_UVERBS_ACCESS_REMOTE_READ | IB_UVERBS_ACCESS_RELAXED_ORDERING,
};

static int umem_reg(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_UMEM_REG_HANDLE)->obj;
	uint64_t addr = ubundle_const(b, MLX5_IB_ATTR_DEVX_UMEM_REG_ADDR);
	uint64_t len = ubundle_const(b, MLX5_IB_ATTR_DEVX_UMEM_REG_LEN);
	uint64_t access;
	struct hca_ctx *ctx;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (!rc && !b->file->devx)
		rc = -EINVAL;
	if (!rc)
		rc = ubundle_flags(b, MLX5_IB_ATTR_DEVX_UMEM_REG_ACCESS, UMEM_ACCESS, &access);
	if (rc)
		return rc;
	if ((access & IB_UVERBS_ACCESS_REMOTE_WRITE) && !(access & IB_UVERBS_ACCESS_LOCAL_WRITE))
		return -EINVAL;
	if (!len || addr + len < addr)
		return -EINVAL;
	rc = hca_umem_reg(ctx, (void *)(uintptr_t)addr, len, (uint32_t)access, &obj->umem_id);
	if (rc)
		return rc;
	rc = ubundle_out(b, MLX5_IB_ATTR_DEVX_UMEM_REG_OUT_ID, &obj->umem_id, sizeof(obj->umem_id));
	if (rc)
		hca_umem_dereg(ctx, obj->umem_id);
	return rc;
}

static int umem_dereg(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_UMEM_DEREG_HANDLE)->obj;

	return hca_umem_dereg(b->file->ctx, obj->umem_id);
}

/* ---- doorbell pages ---- */

struct page_attrs {
	uint16_t handle, offset, length, id;
	int (*alloc)(struct hca_ctx *ctx, void *page, uint32_t *id_out);
	int (*free)(struct hca_ctx *ctx, uint32_t id_out);
};

static const struct page_attrs uar_attrs = {
    MLX5_IB_ATTR_UAR_OBJ_ALLOC_HANDLE,
    MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_OFFSET,
    MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_LENGTH,
    MLX5_IB_ATTR_UAR_OBJ_ALLOC_PAGE_ID,
    hca_uar_alloc,
    hca_uar_free,
};

static const struct page_attrs var_attrs = {
    MLX5_IB_ATTR_VAR_OBJ_ALLOC_HANDLE,
    MLX5_IB_ATTR_VAR_OBJ_ALLOC_MMAP_OFFSET,
    MLX5_IB_ATTR_VAR_OBJ_ALLOC_MMAP_LENGTH,
    MLX5_IB_ATTR_VAR_OBJ_ALLOC_PAGE_ID,
    hca_var_alloc,
    hca_var_free,
};

static int page_alloc(struct ubundle *b, const struct page_attrs *p)
{
	struct uobj *obj = ubundle_attr(b, p->handle)->obj;
	struct pages *pages = &b->file->pages;
	struct hca_ctx *ctx;
	uint64_t offset;
	uint32_t length = pages->page_size;
	void *page;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (!rc)
		rc = pages_alloc(pages, b->file->fd, &obj->page.page, &page);
	if (rc)
		return rc;
	rc = p->alloc(ctx, page, &obj->page.id);
	if (rc)
		goto free_page;
	offset = pages_offset(pages, obj->page.page);
	rc = ubundle_out(b, p->offset, &offset, sizeof(offset));
	if (!rc)
		rc = ubundle_out(b, p->length, &length, sizeof(length));
	if (!rc)
		rc = ubundle_out(b, p->id, &obj->page.id, sizeof(obj->page.id));
	if (!rc)
		return 0;
	p->free(ctx, obj->page.id);
free_page:
	pages_free(pages, obj->page.page);
	return rc;
}

static int page_destroy(struct ubundle *b, const struct page_attrs *p)
{
	struct uobj *obj = b->attrs[0].obj; /* the handle is the only attribute */
	int rc;

	rc = p->free(b->file->ctx, obj->page.id);
	if (!rc)
		pages_free(&b->file->pages, obj->page.page);
	return rc;
}

static int uar_alloc(struct ubundle *b)
{
	if (ubundle_const(b, MLX5_IB_ATTR_UAR_OBJ_ALLOC_TYPE) > MLX5_IB_UAPI_UAR_ALLOC_TYPE_NC)
		return -EOPNOTSUPP;
	return page_alloc(b, &uar_attrs);
}

static int uar_destroy(struct ubundle *b)
{
	return page_destroy(b, &uar_attrs);
}

static int var_alloc(struct ubundle *b)
{
	return page_alloc(b, &var_attrs);
}

static int var_destroy(struct ubundle *b)
{
	return page_destroy(b, &var_attrs);
}

/* ---- tables ---- */

static const struct uattr_spec other_specs[] = {
    UATTR_IN_MIN(MLX5_IB_ATTR_DEVX_OTHER_CMD_IN, MBOX_IN_MIN, true),
    UATTR_OUT_MIN(MLX5_IB_ATTR_DEVX_OTHER_CMD_OUT, MBOX_OUT_MIN, true),
};

static const struct uattr_spec obj_create_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_OBJ_CREATE_HANDLE, MLX5_IB_OBJECT_DEVX_OBJ, UATTR_NEW, true),
    UATTR_IN_MIN(MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_IN, MBOX_IN_MIN, true),
    UATTR_OUT_MIN(MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_OUT, MBOX_OUT_MIN, true),
};

static const struct uattr_spec obj_destroy_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_OBJ_DESTROY_HANDLE, MLX5_IB_OBJECT_DEVX_OBJ, UATTR_DESTROY, true),
};

static const struct uattr_spec obj_modify_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_OBJ_MODIFY_HANDLE, UOBJ_ANY, UATTR_READ, true),
    UATTR_IN_MIN(MLX5_IB_ATTR_DEVX_OBJ_MODIFY_CMD_IN, MBOX_IN_MIN, true),
    UATTR_OUT_MIN(MLX5_IB_ATTR_DEVX_OBJ_MODIFY_CMD_OUT, MBOX_OUT_MIN, true),
};

static const struct uattr_spec obj_query_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_OBJ_QUERY_HANDLE, UOBJ_ANY, UATTR_READ, true),
    UATTR_IN_MIN(MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_IN, MBOX_IN_MIN, true),
    UATTR_OUT_MIN(MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_OUT, MBOX_OUT_MIN, true),
};

static const struct uattr_spec query_eqn_specs[] = {
    UATTR_IN_TYPE(MLX5_IB_ATTR_DEVX_QUERY_EQN_USER_VEC, uint32_t, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_DEVX_QUERY_EQN_DEV_EQN, uint32_t, true),
};

static const struct uattr_spec query_uar_specs[] = {
    UATTR_IN_TYPE(MLX5_IB_ATTR_DEVX_QUERY_UAR_USER_IDX, uint32_t, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_DEVX_QUERY_UAR_DEV_IDX, uint32_t, true),
};

static const struct uattr_spec umem_reg_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_UMEM_REG_HANDLE, MLX5_IB_OBJECT_DEVX_UMEM, UATTR_NEW, true),
    UATTR_IN_TYPE(MLX5_IB_ATTR_DEVX_UMEM_REG_ADDR, uint64_t, true),
    UATTR_IN_TYPE(MLX5_IB_ATTR_DEVX_UMEM_REG_LEN, uint64_t, true),
    UATTR_IN_FLAGS(MLX5_IB_ATTR_DEVX_UMEM_REG_ACCESS, false),
    UATTR_IN_CONST(MLX5_IB_ATTR_DEVX_UMEM_REG_PGSZ_BITMAP, false),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_DEVX_UMEM_REG_OUT_ID, uint32_t, true),
};

static const struct uattr_spec umem_dereg_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_UMEM_DEREG_HANDLE, MLX5_IB_OBJECT_DEVX_UMEM, UATTR_DESTROY, true),
};

static const struct uattr_spec uar_alloc_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_UAR_OBJ_ALLOC_HANDLE, MLX5_IB_OBJECT_UAR, UATTR_NEW, true),
    UATTR_IN_CONST(MLX5_IB_ATTR_UAR_OBJ_ALLOC_TYPE, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_OFFSET, uint64_t, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_LENGTH, uint32_t, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_UAR_OBJ_ALLOC_PAGE_ID, uint32_t, true),
};

static const struct uattr_spec uar_destroy_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_UAR_OBJ_DESTROY_HANDLE, MLX5_IB_OBJECT_UAR, UATTR_DESTROY, true),
};

static const struct uattr_spec var_alloc_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_VAR_OBJ_ALLOC_HANDLE, MLX5_IB_OBJECT_VAR, UATTR_NEW, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_VAR_OBJ_ALLOC_MMAP_OFFSET, uint64_t, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_VAR_OBJ_ALLOC_MMAP_LENGTH, uint32_t, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_VAR_OBJ_ALLOC_PAGE_ID, uint32_t, true),
};

static const struct uattr_spec var_destroy_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_VAR_OBJ_DESTROY_HANDLE, MLX5_IB_OBJECT_VAR, UATTR_DESTROY, true),
};

static const struct umethod methods[] = {
    UMETHOD(MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_OTHER, other_specs, other),
    UMETHOD(MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_QUERY_EQN, query_eqn_specs, query_eqn),
    UMETHOD(MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_QUERY_UAR, query_uar_specs, query_uar),
    UMETHOD(MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_CREATE, obj_create_specs, obj_create),
    UMETHOD(MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_DESTROY, obj_destroy_specs,
	    obj_destroy),
    UMETHOD(MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_MODIFY, obj_modify_specs, obj_modify),
    UMETHOD(MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_QUERY, obj_query_specs, obj_query),
    UMETHOD(MLX5_IB_OBJECT_DEVX_UMEM, MLX5_IB_METHOD_DEVX_UMEM_REG, umem_reg_specs, umem_reg),
    UMETHOD(MLX5_IB_OBJECT_DEVX_UMEM, MLX5_IB_METHOD_DEVX_UMEM_DEREG, umem_dereg_specs, umem_dereg),
    UMETHOD(MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_ALLOC, uar_alloc_specs, uar_alloc),
    UMETHOD(MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_DESTROY, uar_destroy_specs, uar_destroy),
    UMETHOD(MLX5_IB_OBJECT_VAR, MLX5_IB_METHOD_VAR_OBJ_ALLOC, var_alloc_specs, var_alloc),
    UMETHOD(MLX5_IB_OBJECT_VAR, MLX5_IB_METHOD_VAR_OBJ_DESTROY, var_destroy_specs, var_destroy),
};

const struct umethod_group uverbs_devx_group = {methods, ARRAY_SIZE(methods)};
