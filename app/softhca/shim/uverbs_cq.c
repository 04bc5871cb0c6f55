/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completion queues and completion channels of verbs. As the kernel does it, a queue is a firmware
 * CQ over the ring and the doorbell record that libmlx5 has allocated; here they become umems.
 */
#include "uverbs_cq.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "uverbs_dev.h"
#include "uverbs_file.h"
#include "uverbs_write.h"

/* CREATE_CQ: where the 32-bit words of the mailbox lie; the CQ context begins at byte 16. */
enum {
	OP_CREATE_CQ = 0x400,
	CQ_IN_LEN = 0x110,
	CQ_OUT_LEN = 16,
	CQ_OUT_CQN = 8,
	CQC = 16,
	CQC_FLAGS = CQC,
	CQC_DBR_UMEM = CQC + 4,
	CQC_SIZE_UAR = CQC + 12,
	CQC_EQN = CQC + 20,
	CQ_UMEM_ID = 0x58,
	CQ_UMEM_VALID = 0x5c,
};

#define CQC_DBR_UMEM_VALID (1u << 25)
#define CQC_CQE_SZ_128     (1u << 21)
#define CQC_OI             (1u << 17)

enum { DBR_LEN = 8 };

static void put32(uint8_t *mbox, unsigned int byte, uint32_t value)
{
	uint32_t be = htobe32(value);

	memcpy(mbox + byte, &be, sizeof(be));
}

struct cq_args {
	uint32_t entries, vector;
	bool overrun_ignore;
	struct mlx5_ib_create_cq drv;
};

static int driver_args(struct ubundle *b, struct mlx5_ib_create_cq *drv)
{
	const struct uattr *in = ubundle_attr(b, UVERBS_ATTR_UHW_IN);

	memset(drv, 0, sizeof(*drv));
	if (!in || in->len < offsetof(struct mlx5_ib_create_cq, flags))
		return -EINVAL;
	memcpy(drv, in->in, in->len < sizeof(*drv) ? in->len : sizeof(*drv));
	if (drv->flags & ~(MLX5_IB_CREATE_CQ_FLAGS_CQE_128B_PAD |
			   MLX5_IB_CREATE_CQ_FLAGS_UAR_PAGE_INDEX |
			   MLX5_IB_CREATE_CQ_FLAGS_REAL_TIME_TS))
		return -EINVAL;
	if ((drv->cqe_size != 64 && drv->cqe_size != 128) || drv->reserved0 || drv->reserved1)
		return -EINVAL;
	if (drv->cqe_comp_en || (drv->flags & (MLX5_IB_CREATE_CQ_FLAGS_CQE_128B_PAD |
					       MLX5_IB_CREATE_CQ_FLAGS_REAL_TIME_TS)))
		return -EOPNOTSUPP;
	/* There are no doorbell pages that come with the context. */
	return drv->flags & MLX5_IB_CREATE_CQ_FLAGS_UAR_PAGE_INDEX ? 0 : -EINVAL;
}

static int get_args(struct ubundle *b, struct cq_args *args)
{
	const uint64_t known = IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION |
			       IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN;
	uint64_t flags, cqe = ubundle_const(b, UVERBS_ATTR_CREATE_CQ_CQE);
	int rc;

	rc = ubundle_flags(b, UVERBS_ATTR_CREATE_CQ_FLAGS, UINT32_MAX, &flags);
	if (rc)
		return rc;
	args->vector = (uint32_t)ubundle_const(b, UVERBS_ATTR_CREATE_CQ_COMP_VECTOR);
	if (args->vector >= UVERBS_COMP_VECTORS || cqe > UVERBS_MAX_CQE)
		return -EINVAL;
	if (flags & ~known)
		return -EOPNOTSUPP;
	args->overrun_ignore = (flags & IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN) != 0;
	for (args->entries = 1; args->entries < cqe + 1; args->entries <<= 1)
		;
	return driver_args(b, &args->drv);
}

static int firmware_cq(struct ubundle *b, struct uobj *cq, const struct cq_args *args,
		       uint32_t *cqn)
{
	struct hca_ctx *ctx = b->file->ctx;
	uint8_t in[CQ_IN_LEN] = {OP_CREATE_CQ >> 8, OP_CREATE_CQ & 0xff}, out[CQ_OUT_LEN] = {0};
	uint32_t word;
	int rc;

	rc = hca_umem_reg(ctx, (void *)(uintptr_t)args->drv.buf_addr,
			  (size_t)args->entries * args->drv.cqe_size,
			  IB_UVERBS_ACCESS_LOCAL_WRITE, &cq->cq.buf_umem);
	if (rc)
		return rc;
	rc = hca_umem_reg(ctx, (void *)(uintptr_t)args->drv.db_addr, DBR_LEN,
			  IB_UVERBS_ACCESS_LOCAL_WRITE, &cq->cq.dbr_umem);
	if (rc)
		goto dereg_buf;
	put32(in, CQC_FLAGS,
	      CQC_DBR_UMEM_VALID | (args->overrun_ignore ? CQC_OI : 0) |
		  (args->drv.cqe_size == 128 ? CQC_CQE_SZ_128 : 0));
	put32(in, CQC_DBR_UMEM, cq->cq.dbr_umem);
	put32(in, CQC_SIZE_UAR,
	      (uint32_t)__builtin_ctz(args->entries) << 24 | args->drv.uar_page_index);
	put32(in, CQC_EQN, hca_eqn(ctx, args->vector));
	put32(in, CQ_UMEM_ID, cq->cq.buf_umem);
	put32(in, CQ_UMEM_VALID, 1u << 31);
	rc = hca_obj_create(ctx, in, sizeof(in), out, sizeof(out), &cq->cq.obj);
	if (rc)
		goto dereg_dbr;
	memcpy(&word, out + CQ_OUT_CQN, sizeof(word));
	*cqn = be32toh(word);
	return 0;
dereg_dbr:
	hca_umem_dereg(ctx, cq->cq.dbr_umem);
dereg_buf:
	hca_umem_dereg(ctx, cq->cq.buf_umem);
	/* What firmware refuses is the driver's mistake: the program sees that as EINVAL. */
	return rc == -EREMOTEIO ? -EINVAL : rc;
}

static int firmware_cq_end(struct hca_ctx *ctx, struct uobj *cq)
{
	int rc = hca_obj_destroy(cq->cq.obj);

	if (rc)
		return rc;
	hca_umem_dereg(ctx, cq->cq.dbr_umem);
	hca_umem_dereg(ctx, cq->cq.buf_umem);
	return 0;
}

static int subscribe(struct uobj *cq, struct uobj *chan, uint16_t event)
{
	if (!chan)
		return 0;
	return hca_chan_subscribe(chan->fd.chan, cq->cq.obj, &event, 1, cq->cq.user_handle, -1);
}

static int cq_create(struct ubundle *b)
{
	struct uobj *cq = ubundle_attr(b, UVERBS_ATTR_CREATE_CQ_HANDLE)->obj;
	const struct uattr *comp = ubundle_attr(b, UVERBS_ATTR_CREATE_CQ_COMP_CHANNEL);
	const struct uattr *async = ubundle_attr(b, UVERBS_ATTR_CREATE_CQ_EVENT_FD);
	struct mlx5_ib_create_cq_resp resp = {0};
	struct cq_args args;
	struct hca_ctx *ctx;
	uint32_t cqe;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (!rc)
		rc = get_args(b, &args);
	if (!rc)
		rc = firmware_cq(b, cq, &args, &resp.cqn);
	if (rc)
		return rc;
	cq->cq.user_handle = ubundle_const(b, UVERBS_ATTR_CREATE_CQ_USER_HANDLE);
	cq->cq.comp = comp ? comp->obj : NULL;
	cq->cq.async = async ? async->obj : NULL;
	rc = subscribe(cq, cq->cq.comp, HCA_EVENT_COMP);
	if (!rc)
		rc = subscribe(cq, cq->cq.async, HCA_EVENT_CQ_ERROR);
	cqe = args.entries - 1;
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &resp, sizeof(resp));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CREATE_CQ_RESP_CQE, &cqe, sizeof(cqe));
	if (rc)
		firmware_cq_end(ctx, cq);
	return rc;
}

static uint32_t forget(struct uobj *cq, struct uobj *chan, uint16_t event)
{
	if (!chan)
		return 0;
	return uverbs_channel_forget(chan, cq->cq.obj, event, cq->cq.user_handle);
}

static int cq_destroy(struct ubundle *b)
{
	struct uobj *cq = ubundle_attr(b, UVERBS_ATTR_DESTROY_CQ_HANDLE)->obj;
	struct ib_uverbs_destroy_cq_resp resp;

	if (hca_obj_used(cq->cq.obj))
		return -EBUSY;
	resp.comp_events_reported = forget(cq, cq->cq.comp, HCA_EVENT_COMP);
	resp.async_events_reported = forget(cq, cq->cq.async, HCA_EVENT_CQ_ERROR);
	firmware_cq_end(b->file->ctx, cq);
	return ubundle_out(b, UVERBS_ATTR_DESTROY_CQ_RESP, &resp, sizeof(resp));
}

int write_resize_cq(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct uattr *in = ubundle_attr(b, UVERBS_ATTR_UHW_IN);
	const struct ib_uverbs_resize_cq *cmd = req;
	struct ib_uverbs_resize_cq_resp resp = {0};
	struct mlx5_ib_resize_cq drv;
	uint32_t entries = 1, umem;
	struct uobj *cq;
	int rc;

	if (uobj_find(b->objs, UVERBS_OBJECT_CQ, cmd->cq_handle, &cq) || !in ||
	    in->len < sizeof(drv) || cmd->cqe < 1 || cmd->cqe > UVERBS_MAX_CQE)
		return -EINVAL;
	memcpy(&drv, in->in, sizeof(drv));
	if ((drv.cqe_size != 64 && drv.cqe_size != 128) || drv.reserved0 || drv.reserved1)
		return -EINVAL;
	while (entries < cmd->cqe + 1)
		entries <<= 1;
	rc = hca_umem_reg(b->file->ctx, (void *)(uintptr_t)drv.buf_addr,
			  (size_t)entries * drv.cqe_size, IB_UVERBS_ACCESS_LOCAL_WRITE, &umem);
	if (rc)
		return rc;
	rc = hca_cq_resize(cq->cq.obj, umem, (unsigned int)__builtin_ctz(entries));
	if (rc) {
		hca_umem_dereg(b->file->ctx, umem);
		return rc;
	}
	hca_umem_dereg(b->file->ctx, cq->cq.buf_umem);
	cq->cq.buf_umem = umem;
	resp.cqe = entries - 1;
	return ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
}

void uverbs_cq_forget_channel(struct uobj_table *objs, const struct uobj *chan)
{
	for (uint32_t i = 0; i < objs->n; i++) {
		struct uobj *cq = objs->slots[i];

		if (cq && cq->type == UVERBS_OBJECT_QP && cq->qp.async == chan)
			cq->qp.async = NULL;
		if (!cq || cq->type != UVERBS_OBJECT_CQ)
			continue;
		if (cq->cq.comp == chan)
			cq->cq.comp = NULL;
		if (cq->cq.async == chan)
			cq->cq.async = NULL;
	}
}

int write_create_comp_channel(struct ubundle *b, const void *req, const struct uattr *out)
{
	struct ib_uverbs_create_comp_channel_resp resp;
	struct uobj *chan;
	int fd, rc;

	rc = uobj_reserve(b->objs, UVERBS_OBJECT_COMP_CHANNEL, &chan);
	if (rc)
		return rc;
	rc = uverbs_channel_open(b, chan, HCA_CHAN_COOKIE, &fd);
	if (rc)
		goto remove;
	resp.fd = (uint32_t)fd;
	rc = ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
	if (rc)
		goto drop;
	chan->committed = true;
	return 0;
drop:
	uverbs_channel_drop(chan, fd);
remove:
	uobj_remove(b->objs, chan);
	return rc;
}

static const struct uattr_spec cq_create_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_CREATE_CQ_HANDLE, UVERBS_OBJECT_CQ, UATTR_NEW, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_CQ_CQE, uint32_t, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_CQ_USER_HANDLE, uint64_t, true),
    UATTR_FILE(UVERBS_ATTR_CREATE_CQ_COMP_CHANNEL, UVERBS_OBJECT_COMP_CHANNEL, UATTR_READ, false),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_CQ_COMP_VECTOR, uint32_t, true),
    UATTR_IN_FLAGS(UVERBS_ATTR_CREATE_CQ_FLAGS, false),
    UATTR_OUT_TYPE(UVERBS_ATTR_CREATE_CQ_RESP_CQE, uint32_t, true),
    UATTR_FILE(UVERBS_ATTR_CREATE_CQ_EVENT_FD, UVERBS_OBJECT_ASYNC_EVENT, UATTR_READ, false),
    UATTR_IN_MIN(UVERBS_ATTR_UHW_IN, 0, false),
    UATTR_OUT_MIN(UVERBS_ATTR_UHW_OUT, 0, false),
};

static const struct uattr_spec cq_destroy_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_DESTROY_CQ_HANDLE, UVERBS_OBJECT_CQ, UATTR_DESTROY, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_DESTROY_CQ_RESP, struct ib_uverbs_destroy_cq_resp, true),
};

static const struct umethod methods[] = {
    UMETHOD(UVERBS_OBJECT_CQ, UVERBS_METHOD_CQ_CREATE, cq_create_specs, cq_create),
    UMETHOD(UVERBS_OBJECT_CQ, UVERBS_METHOD_CQ_DESTROY, cq_destroy_specs, cq_destroy),
};

const struct umethod_group uverbs_cq_group = {methods, ARRAY_SIZE(methods)};
