/* SPDX-License-Identifier: BSD-3-Clause */
/* Protection domains and memory regions. */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "uverbs_file.h"
#include "uverbs_write.h"

/* What ib_check_mr_access() lets pass on a device without on-demand paging. */
enum {
	ACCESS_REMOTE_ANY = IB_UVERBS_ACCESS_REMOTE_WRITE | IB_UVERBS_ACCESS_REMOTE_ATOMIC,
	ACCESS_KNOWN = IB_UVERBS_ACCESS_LOCAL_WRITE | IB_UVERBS_ACCESS_REMOTE_WRITE |
		       IB_UVERBS_ACCESS_REMOTE_READ | IB_UVERBS_ACCESS_REMOTE_ATOMIC |
		       IB_UVERBS_ACCESS_MW_BIND | IB_UVERBS_ACCESS_ZERO_BASED |
		       IB_UVERBS_ACCESS_HUGETLB | IB_UVERBS_ACCESS_OPTIONAL_RANGE,
};

/* What may change in a memory region: enum ib_mr_rereg_flags */
enum { REREG_TRANS = 1, REREG_PD = 2, REREG_ACCESS = 4, REREG_KNOWN = 7 };

/* enum ib_mw_type */
enum { MW_TYPE_1 = 1, MW_TYPE_2 = 2 };

struct region {
	uint32_t pdn, access;
	uint64_t start, length, iova;
};

int write_alloc_pd(struct ubundle *b, const void *req, const struct uattr *out)
{
	struct mlx5_ib_alloc_pd_resp mlx5;
	struct ib_uverbs_alloc_pd_resp resp;
	struct uobj *pd;
	int rc;

	rc = uobj_reserve(b->objs, UVERBS_OBJECT_PD, &pd);
	if (rc)
		return rc;
	rc = hca_pd_alloc(b->file->ctx, &pd->pdn);
	if (rc)
		goto remove;
	mlx5.pdn = pd->pdn;
	resp.pd_handle = pd->id;
	rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &mlx5, sizeof(mlx5));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
	if (rc)
		goto free;
	pd->committed = true;
	return 0;
free:
	hca_pd_free(b->file->ctx, pd->pdn);
remove:
	uobj_remove(b->objs, pd);
	return rc;
}

static int pd_destroy(struct ubundle *b)
{
	struct uobj *pd = ubundle_attr(b, UVERBS_ATTR_DESTROY_PD_HANDLE)->obj;

	return hca_pd_free(b->file->ctx, pd->pdn);
}

static int pd_query(struct ubundle *b)
{
	struct uobj *pd = ubundle_attr(b, MLX5_IB_ATTR_QUERY_PD_HANDLE)->obj;

	return ubundle_out(b, MLX5_IB_ATTR_QUERY_PD_RESP_PDN, &pd->pdn, sizeof(pd->pdn));
}

static int check_range(uint64_t start, uint64_t length, uint64_t iova)
{
	uint64_t page_mask = (uint64_t)sysconf(_SC_PAGESIZE) - 1;

	if ((start & page_mask) != (iova & page_mask))
		return -EINVAL;
	if (!length || start + length < start || start + length > UINT64_MAX - page_mask)
		return -EINVAL;
	return 0;
}

static int check_access(uint32_t access)
{
	if ((access & ACCESS_REMOTE_ANY) && !(access & IB_UVERBS_ACCESS_LOCAL_WRITE))
		return -EINVAL;
	return access & ~(uint32_t)ACCESS_KNOWN ? -EOPNOTSUPP : 0;
}

static void region_note(struct uobj *mr, const struct region *r)
{
	mr->mr.pdn = r->pdn;
	mr->mr.access = r->access;
	mr->mr.start = r->start;
	mr->mr.length = r->length;
	mr->mr.iova = r->iova;
}

/* Register, and let the handle stand for that. */
static int region_make(struct ubundle *b, struct uobj *mr, const struct region *r)
{
	uint32_t lkey, rkey;
	int rc;

	rc = hca_mr_reg(b->file->ctx, r->pdn, (void *)(uintptr_t)r->start, r->length, r->iova,
			r->access, &lkey, &rkey);
	if (rc)
		return rc;
	mr->mr.lkey = lkey;
	mr->mr.rkey = rkey;
	region_note(mr, r);
	return 0;
}

int write_reg_mr(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_reg_mr *cmd = req;
	struct region r = {
	    .access = cmd->access_flags,
	    .start = cmd->start,
	    .length = cmd->length,
	    .iova = cmd->hca_va,
	};
	struct ib_uverbs_reg_mr_resp resp;
	struct uobj *mr, *pd;
	int rc;

	rc = check_access(r.access);
	if (!rc)
		rc = check_range(r.start, r.length, r.iova);
	if (!rc)
		rc = uobj_find(b->objs, UVERBS_OBJECT_PD, cmd->pd_handle, &pd);
	if (!rc)
		rc = uobj_reserve(b->objs, UVERBS_OBJECT_MR, &mr);
	if (rc)
		return rc == -ENOENT ? -EINVAL : rc;
	r.pdn = pd->pdn;
	rc = region_make(b, mr, &r);
	if (rc)
		goto remove;
	resp.lkey = mr->mr.lkey;
	resp.rkey = mr->mr.rkey;
	resp.mr_handle = mr->id;
	rc = ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
	if (rc)
		goto dereg;
	mr->committed = true;
	return 0;
dereg:
	hca_mr_dereg(b->file->ctx, mr->mr.lkey);
remove:
	uobj_remove(b->objs, mr);
	return rc;
}

/* The region changes in place, and its keys stay: mlx5_ib does it with a UMR where it can. */
int write_rereg_mr(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_rereg_mr *cmd = req;
	struct ib_uverbs_rereg_mr_resp resp;
	struct uobj *mr, *pd;
	struct region r;
	int rc;

	if (!cmd->flags)
		return -EINVAL;
	if (cmd->flags & ~(uint32_t)REREG_KNOWN)
		return -EOPNOTSUPP;
	rc = uobj_find(b->objs, UVERBS_OBJECT_MR, cmd->mr_handle, &mr);
	if (rc)
		return -EINVAL;
	r = (struct region){
	    .pdn = mr->mr.pdn,
	    .access = cmd->flags & REREG_ACCESS ? cmd->access_flags : mr->mr.access,
	    .start = cmd->flags & REREG_TRANS ? cmd->start : mr->mr.start,
	    .length = cmd->flags & REREG_TRANS ? cmd->length : mr->mr.length,
	    .iova = cmd->flags & REREG_TRANS ? cmd->hca_va : mr->mr.iova,
	};
	rc = check_access(r.access);
	if (!rc)
		rc = check_range(r.start, r.length, r.iova);
	if (!rc && (cmd->flags & REREG_PD)) {
		rc = uobj_find(b->objs, UVERBS_OBJECT_PD, cmd->pd_handle, &pd);
		if (rc)
			return -EINVAL;
		r.pdn = pd->pdn;
	}
	if (rc)
		return rc;
	rc = hca_mr_rereg(b->file->ctx, mr->mr.lkey, r.pdn, (void *)(uintptr_t)r.start, r.length,
			  r.iova, r.access);
	if (rc)
		return rc;
	region_note(mr, &r);
	resp.lkey = mr->mr.lkey;
	resp.rkey = mr->mr.rkey;
	return ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
}

static int mr_destroy(struct ubundle *b)
{
	struct uobj *mr = ubundle_attr(b, UVERBS_ATTR_DESTROY_MR_HANDLE)->obj;

	return hca_mr_dereg(b->file->ctx, mr->mr.lkey);
}

/* Memory windows: none, but the mistake of a program is told before that. */
int write_alloc_mw(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_alloc_mw *cmd = req;

	return cmd->mw_type < MW_TYPE_1 || cmd->mw_type > MW_TYPE_2 ? -EINVAL : -EOPNOTSUPP;
}

static int mr_query(struct ubundle *b)
{
	const struct uobj *mr = ubundle_attr(b, UVERBS_ATTR_QUERY_MR_HANDLE)->obj;
	uint32_t lkey = mr->mr.lkey, rkey = mr->mr.rkey;
	uint64_t length = mr->mr.length, iova = mr->mr.iova;
	int rc;

	rc = ubundle_out(b, UVERBS_ATTR_QUERY_MR_RESP_LKEY, &lkey, sizeof(lkey));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_QUERY_MR_RESP_RKEY, &rkey, sizeof(rkey));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_QUERY_MR_RESP_LENGTH, &length, sizeof(length));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_QUERY_MR_RESP_IOVA, &iova, sizeof(iova));
	return rc;
}

static const struct uattr_spec pd_destroy_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_DESTROY_PD_HANDLE, UVERBS_OBJECT_PD, UATTR_DESTROY, true),
};

static const struct uattr_spec pd_query_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_QUERY_PD_HANDLE, UVERBS_OBJECT_PD, UATTR_READ, true),
    UATTR_OUT_TYPE(MLX5_IB_ATTR_QUERY_PD_RESP_PDN, uint32_t, true),
};

static const struct uattr_spec mr_destroy_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_DESTROY_MR_HANDLE, UVERBS_OBJECT_MR, UATTR_DESTROY, true),
};

static const struct uattr_spec mr_query_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_QUERY_MR_HANDLE, UVERBS_OBJECT_MR, UATTR_READ, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_QUERY_MR_RESP_LKEY, uint32_t, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_QUERY_MR_RESP_RKEY, uint32_t, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_QUERY_MR_RESP_LENGTH, uint64_t, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_QUERY_MR_RESP_IOVA, uint64_t, false),
};

static const struct umethod methods[] = {
    UMETHOD(UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, pd_destroy_specs, pd_destroy),
    UMETHOD(UVERBS_OBJECT_PD, MLX5_IB_METHOD_PD_QUERY, pd_query_specs, pd_query),
    UMETHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY, mr_destroy_specs, mr_destroy),
    UMETHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_QUERY_MR, mr_query_specs, mr_query),
};

const struct umethod_group uverbs_mr_group = {methods, ARRAY_SIZE(methods)};
