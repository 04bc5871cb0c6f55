/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared receive queues of the basic type; those of XRC and tag matching are not supported. */
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "../fw/hca_qp.h"
#include "uverbs_dev.h"
#include "uverbs_file.h"
#include "uverbs_write.h"

enum { NEXT_SEG = 16, DATA_SEG = 16, WQE_MIN = 32, DBR_LEN = 4 };
enum { SRQ_MAX_WR = 1, SRQ_LIMIT = 2 }; /* enum ib_srq_attr_mask */

/* libmlx5 computes the ring's layout from the same figures in the same way. */
static int layout(struct ubundle *b, struct hca_srq_attr *attr)
{
	uint64_t max_wr = ubundle_const(b, UVERBS_ATTR_CREATE_SRQ_MAX_WR);
	uint64_t max_sge = ubundle_const(b, UVERBS_ATTR_CREATE_SRQ_MAX_SGE);
	uint32_t bytes = WQE_MIN;

	if (max_wr > UVERBS_MAX_SRQ_WR || max_sge > UVERBS_MAX_SRQ_SGE)
		return -EINVAL;
	for (attr->wqes = 1; attr->wqes < max_wr + 1; attr->wqes <<= 1)
		;
	for (attr->shift = 5; bytes < NEXT_SEG + max_sge * DATA_SEG; bytes <<= 1)
		attr->shift++;
	return 0;
}

static int take_memory(struct ubundle *b, struct uobj *srq, const struct hca_srq_attr *attr)
{
	struct hca_ctx *ctx = b->file->ctx;
	int rc = hca_umem_reg(ctx, attr->ring, (size_t)attr->wqes << attr->shift,
			      IB_UVERBS_ACCESS_LOCAL_WRITE, &srq->qp.rq_umem);

	if (rc)
		return rc;
	rc = hca_umem_reg(ctx, attr->dbr, DBR_LEN, IB_UVERBS_ACCESS_LOCAL_WRITE,
			  &srq->qp.dbr_umem);
	if (rc)
		hca_umem_dereg(ctx, srq->qp.rq_umem);
	return rc;
}

static void give_memory(struct ubundle *b, struct uobj *srq)
{
	hca_umem_dereg(b->file->ctx, srq->qp.dbr_umem);
	hca_umem_dereg(b->file->ctx, srq->qp.rq_umem);
}

static int get_args(struct ubundle *b, struct hca_srq_attr *attr)
{
	const struct uattr *in = ubundle_attr(b, UVERBS_ATTR_UHW_IN);
	struct mlx5_ib_create_srq drv;
	int rc;

	if (ubundle_const(b, UVERBS_ATTR_CREATE_SRQ_TYPE) != IB_UVERBS_SRQT_BASIC ||
	    ubundle_const(b, UVERBS_ATTR_CREATE_SRQ_LIMIT))
		return -EOPNOTSUPP;
	if (!in || in->len < END_OF(struct mlx5_ib_create_srq, flags))
		return -EINVAL;
	memset(&drv, 0, sizeof(drv));
	memcpy(&drv, in->in, in->len < sizeof(drv) ? in->len : sizeof(drv));
	if (drv.flags)
		return -EOPNOTSUPP;
	rc = layout(b, attr);
	attr->pdn = ubundle_attr(b, UVERBS_ATTR_CREATE_SRQ_PD_HANDLE)->obj->pdn;
	attr->ring = (void *)(uintptr_t)drv.buf_addr;
	attr->dbr = (void *)(uintptr_t)drv.db_addr;
	return rc;
}

static int srq_create(struct ubundle *b)
{
	struct uobj *srq = ubundle_attr(b, UVERBS_ATTR_CREATE_SRQ_HANDLE)->obj;
	struct mlx5_ib_create_srq_resp resp = {0};
	struct hca_srq_attr attr;
	uint32_t max_wr, max_sge;
	struct hca_ctx *ctx;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (!rc)
		rc = get_args(b, &attr);
	if (!rc)
		rc = take_memory(b, srq, &attr);
	if (rc)
		return rc;
	rc = hca_srq_create(ctx, &attr, &srq->qp.obj, &resp.srqn);
	if (rc)
		goto give;
	max_wr = attr.wqes - 1;
	max_sge = ((1u << attr.shift) - NEXT_SEG) / DATA_SEG;
	rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &resp, sizeof(resp));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CREATE_SRQ_RESP_MAX_WR, &max_wr, sizeof(max_wr));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CREATE_SRQ_RESP_MAX_SGE, &max_sge,
				 sizeof(max_sge));
	if (!rc) {
		srq->qp.max_wr = max_wr;
		srq->qp.max_sge = max_sge;
		return 0;
	}
	hca_obj_destroy(srq->qp.obj);
give:
	give_memory(b, srq);
	return rc;
}

static int srq_destroy(struct ubundle *b)
{
	struct uobj *srq = ubundle_attr(b, UVERBS_ATTR_DESTROY_SRQ_HANDLE)->obj;
	struct ib_uverbs_destroy_srq_resp resp = {0};
	int rc = hca_obj_destroy(srq->qp.obj);

	if (rc)
		return rc;
	give_memory(b, srq);
	return ubundle_out(b, UVERBS_ATTR_DESTROY_SRQ_RESP, &resp, sizeof(resp));
}

int write_query_srq(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_query_srq *cmd = req;
	struct ib_uverbs_query_srq_resp resp = {0};
	struct uobj *srq;

	if (uobj_find(b->objs, UVERBS_OBJECT_SRQ, cmd->srq_handle, &srq))
		return -EINVAL;
	resp.max_wr = srq->qp.max_wr;
	resp.max_sge = srq->qp.max_sge;
	return ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
}

/* mlx5 cannot change the size; the event of a limit is not modelled. */
int write_modify_srq(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_modify_srq *cmd = req;
	struct uobj *srq;

	if (uobj_find(b->objs, UVERBS_OBJECT_SRQ, cmd->srq_handle, &srq) ||
	    (cmd->attr_mask & SRQ_MAX_WR))
		return -EINVAL;
	return cmd->attr_mask & SRQ_LIMIT && cmd->srq_limit ? -EOPNOTSUPP : 0;
}

static const struct uattr_spec srq_create_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_CREATE_SRQ_HANDLE, UVERBS_OBJECT_SRQ, UATTR_NEW, true),
    UATTR_OBJ(UVERBS_ATTR_CREATE_SRQ_PD_HANDLE, UVERBS_OBJECT_PD, UATTR_READ, true),
    UATTR_OBJ(UVERBS_ATTR_CREATE_SRQ_XRCD_HANDLE, UVERBS_OBJECT_XRCD, UATTR_READ, false),
    UATTR_OBJ(UVERBS_ATTR_CREATE_SRQ_CQ_HANDLE, UVERBS_OBJECT_CQ, UATTR_READ, false),
    UATTR_IN_CONST(UVERBS_ATTR_CREATE_SRQ_TYPE, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_SRQ_USER_HANDLE, uint64_t, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_SRQ_MAX_WR, uint32_t, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_SRQ_MAX_SGE, uint32_t, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_SRQ_LIMIT, uint32_t, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_SRQ_MAX_NUM_TAGS, uint32_t, false),
    UATTR_FILE(UVERBS_ATTR_CREATE_SRQ_EVENT_FD, UVERBS_OBJECT_ASYNC_EVENT, UATTR_READ, false),
    UATTR_OUT_TYPE(UVERBS_ATTR_CREATE_SRQ_RESP_MAX_WR, uint32_t, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_CREATE_SRQ_RESP_MAX_SGE, uint32_t, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_CREATE_SRQ_RESP_SRQ_NUM, uint32_t, false),
    UATTR_IN_MIN(UVERBS_ATTR_UHW_IN, 0, false),
    UATTR_OUT_MIN(UVERBS_ATTR_UHW_OUT, 0, false),
};

static const struct uattr_spec srq_destroy_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_DESTROY_SRQ_HANDLE, UVERBS_OBJECT_SRQ, UATTR_DESTROY, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_DESTROY_SRQ_RESP, struct ib_uverbs_destroy_srq_resp, true),
};

static const struct umethod methods[] = {
    UMETHOD(UVERBS_OBJECT_SRQ, UVERBS_METHOD_SRQ_CREATE, srq_create_specs, srq_create),
    UMETHOD(UVERBS_OBJECT_SRQ, UVERBS_METHOD_SRQ_DESTROY, srq_destroy_specs, srq_destroy),
};

const struct umethod_group uverbs_srq_group = {methods, ARRAY_SIZE(methods)};
