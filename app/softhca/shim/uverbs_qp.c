/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queue pairs of verbs. The kernel's part of them: what may be created, which attributes a change
 * of state needs, what a query tells. RC, UC and UD; others are refused as not supported.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "../fw/hca_ident.h"
#include "../fw/hca_qp.h"
#include "uverbs_dev.h"
#include "uverbs_file.h"
#include "uverbs_write.h"

/* enum ib_qp_attr_mask */
enum {
	QP_STATE = 1 << 0,
	QP_CUR_STATE = 1 << 1,
	QP_ACCESS_FLAGS = 1 << 3,
	QP_PKEY_INDEX = 1 << 4,
	QP_PORT = 1 << 5,
	QP_QKEY = 1 << 6,
	QP_AV = 1 << 7,
	QP_PATH_MTU = 1 << 8,
	QP_TIMEOUT = 1 << 9,
	QP_RETRY_CNT = 1 << 10,
	QP_RNR_RETRY = 1 << 11,
	QP_RQ_PSN = 1 << 12,
	QP_MAX_QP_RD_ATOMIC = 1 << 13,
	QP_ALT_PATH = 1 << 14,
	QP_MIN_RNR_TIMER = 1 << 15,
	QP_SQ_PSN = 1 << 16,
	QP_MAX_DEST_RD_ATOMIC = 1 << 17,
	QP_PATH_MIG_STATE = 1 << 18,
	QP_DEST_QPN = 1 << 20,
};

enum { MTU_256 = 1, MTU_4096 = 5 };

/* What an open queue pair remembers for queries. */
struct qp_extra {
	struct ib_uverbs_qp_cap cap;
	uint8_t type;
	bool sig_all;
	struct ib_uverbs_modify_qp attr; /* as set so far */
};

/* ---- changes of state ---- */

/*
 * IBTA 11.2.5.2, table 96: attributes a change needs and may have; by type RC, UC, UD. What is not
 * here is no legal change, but for those to RESET and to ERR, which need nothing.
 */
struct change {
	uint8_t from, to;
	struct {
		uint32_t needs, may;
	} type[3];
};

#define RTR_MAY (QP_ALT_PATH | QP_ACCESS_FLAGS | QP_PKEY_INDEX)
#define RTS_MAY (QP_CUR_STATE | QP_ALT_PATH | QP_ACCESS_FLAGS | QP_PATH_MIG_STATE)

static const struct change changes[] = {
    {HCA_QP_RESET,
     HCA_QP_INIT,
     {{QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS, 0},
      {QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS, 0},
      {QP_PKEY_INDEX | QP_PORT | QP_QKEY, 0}}},
    {HCA_QP_INIT,
     HCA_QP_INIT,
     {{0, QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS},
      {0, QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS},
      {0, QP_PKEY_INDEX | QP_PORT | QP_QKEY}}},
    {HCA_QP_INIT,
     HCA_QP_RTR,
     {{QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN | QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER,
       RTR_MAY},
      {QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN, RTR_MAY},
      {0, QP_PKEY_INDEX | QP_QKEY}}},
    {HCA_QP_RTR,
     HCA_QP_RTS,
     {{QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY | QP_SQ_PSN | QP_MAX_QP_RD_ATOMIC,
       RTS_MAY | QP_MIN_RNR_TIMER},
      {QP_SQ_PSN, RTS_MAY},
      {QP_SQ_PSN, QP_CUR_STATE | QP_QKEY}}},
    {HCA_QP_RTS,
     HCA_QP_RTS,
     {{0, RTS_MAY | QP_MIN_RNR_TIMER}, {0, RTS_MAY}, {0, QP_CUR_STATE | QP_QKEY}}},
};

static int check_change(const struct qp_extra *x, uint8_t from, uint8_t to, uint32_t mask)
{
	if (to == HCA_QP_RESET || to == HCA_QP_ERR)
		return mask & ~(QP_STATE | QP_CUR_STATE) ? -EINVAL : 0;
	/* Draining is not modelled. */
	if (to == HCA_QP_SQD || to == HCA_QP_SQE)
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < ARRAY_SIZE(changes); i++) {
		uint32_t needs = changes[i].type[x->type - HCA_QP_RC].needs;
		uint32_t may = changes[i].type[x->type - HCA_QP_RC].may | QP_STATE;

		if (changes[i].from == from && changes[i].to == to)
			return (mask & needs) != needs || (mask & ~(needs | may)) ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int check_values(const struct ib_uverbs_modify_qp *cmd, uint32_t mask)
{
	const struct ib_uverbs_qp_dest *dest = &cmd->dest;
	uint8_t mac[6];

	if ((mask & QP_PORT) && (cmd->port_num < 1 || cmd->port_num > UVERBS_PORTS))
		return -EINVAL;
	if ((mask & QP_PKEY_INDEX) && cmd->pkey_index)
		return -EINVAL;
	if ((mask & QP_PATH_MTU) && (cmd->path_mtu < MTU_256 || cmd->path_mtu > MTU_4096))
		return -EINVAL;
	if (mask & QP_ALT_PATH)
		return -EOPNOTSUPP;
	if (mask & QP_AV) {
		struct ib_uverbs_global_route grh = {.sgid_index = dest->sgid_index};

		memcpy(grh.dgid, dest->dgid, sizeof(grh.dgid));
		return uverbs_ah_resolve(&grh, dest->is_global, dest->port_num, mac);
	}
	return 0;
}

#define TAKE(_bit, _field)                                                                         \
	do {                                                                                       \
		if (mask & (_bit))                                                                 \
			attr->_field = cmd->_field;                                                \
	} while (0)

static void merge(struct ib_uverbs_modify_qp *attr, const struct ib_uverbs_modify_qp *cmd,
		  uint32_t mask)
{
	TAKE(QP_ACCESS_FLAGS, qp_access_flags);
	TAKE(QP_PKEY_INDEX, pkey_index);
	TAKE(QP_PORT, port_num);
	TAKE(QP_QKEY, qkey);
	TAKE(QP_AV, dest);
	TAKE(QP_PATH_MTU, path_mtu);
	TAKE(QP_TIMEOUT, timeout);
	TAKE(QP_RETRY_CNT, retry_cnt);
	TAKE(QP_RNR_RETRY, rnr_retry);
	TAKE(QP_RQ_PSN, rq_psn);
	TAKE(QP_MAX_QP_RD_ATOMIC, max_rd_atomic);
	TAKE(QP_MIN_RNR_TIMER, min_rnr_timer);
	TAKE(QP_SQ_PSN, sq_psn);
	TAKE(QP_MAX_DEST_RD_ATOMIC, max_dest_rd_atomic);
	TAKE(QP_PATH_MIG_STATE, path_mig_state);
	TAKE(QP_DEST_QPN, dest_qp_num);
}

static int find_qp(struct ubundle *b, uint32_t handle, struct uobj **qp)
{
	return uobj_find(b->objs, UVERBS_OBJECT_QP, handle, qp) ? -EINVAL : 0;
}

static int modify(struct ubundle *b, const struct ib_uverbs_modify_qp *cmd)
{
	uint32_t mask = cmd->attr_mask;
	struct hca_qp_path path;
	struct qp_extra *x;
	struct uobj *qp;
	uint8_t from, to;
	int rc = find_qp(b, cmd->qp_handle, &qp);

	if (rc)
		return rc;
	x = qp->extra;
	from = (uint8_t)hca_qp_state(qp->qp.obj);
	if ((mask & QP_CUR_STATE) && cmd->cur_qp_state != from)
		return -EINVAL;
	to = mask & QP_STATE ? cmd->qp_state : from;
	rc = check_change(x, from, to, mask);
	if (!rc)
		rc = check_values(cmd, mask);
	if (rc)
		return rc;
	if (to == HCA_QP_RESET)
		memset(&x->attr, 0, sizeof(x->attr));
	merge(&x->attr, cmd, mask);
	path = (struct hca_qp_path){
	    .remote_qpn = x->attr.dest_qp_num,
	    .remote_function = hca_ident_gid_function(x->attr.dest.dgid),
	    .access = x->attr.qp_access_flags,
	    .qkey = x->attr.qkey,
	    .retry_cnt = x->attr.retry_cnt,
	    .rnr_retry = x->attr.rnr_retry,
	    .timeout = x->attr.timeout & 31,
	};
	hca_qp_modify(qp->qp.obj, to, &path);
	return 0;
}

int write_modify_qp(struct ubundle *b, const void *req, const struct uattr *out)
{
	return modify(b, req);
}

int write_ex_modify_qp(struct ubundle *b, const void *req, const struct uattr *out)
{
	struct ib_uverbs_ex_modify_qp_resp resp = {.response_length = sizeof(resp)};
	const struct ib_uverbs_ex_modify_qp *cmd = req;
	int rc = cmd->rate_limit ? -EOPNOTSUPP : modify(b, &cmd->base);

	return rc ? rc : ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
}

int write_query_qp(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_query_qp *cmd = req;
	const struct ib_uverbs_modify_qp *attr;
	struct ib_uverbs_query_qp_resp resp;
	const struct qp_extra *x;
	struct uobj *qp;
	uint8_t state;
	int rc = find_qp(b, cmd->qp_handle, &qp);

	if (rc)
		return rc;
	x = qp->extra;
	attr = &x->attr;
	state = (uint8_t)hca_qp_state(qp->qp.obj);
	resp = (struct ib_uverbs_query_qp_resp){
	    .dest = attr->dest,
	    .max_send_wr = x->cap.max_send_wr,
	    .max_recv_wr = x->cap.max_recv_wr,
	    .max_send_sge = x->cap.max_send_sge,
	    .max_recv_sge = x->cap.max_recv_sge,
	    .max_inline_data = x->cap.max_inline_data,
	    .qkey = attr->qkey,
	    .rq_psn = attr->rq_psn,
	    .sq_psn = attr->sq_psn,
	    .dest_qp_num = attr->dest_qp_num,
	    .qp_access_flags = attr->qp_access_flags,
	    .qp_state = state,
	    .cur_qp_state = state,
	    .path_mtu = attr->path_mtu,
	    .path_mig_state = attr->path_mig_state,
	    .max_rd_atomic = attr->max_rd_atomic,
	    .max_dest_rd_atomic = attr->max_dest_rd_atomic,
	    .min_rnr_timer = attr->min_rnr_timer,
	    .port_num = attr->port_num,
	    .timeout = attr->timeout,
	    .retry_cnt = attr->retry_cnt,
	    .rnr_retry = attr->rnr_retry,
	    .sq_sig_all = x->sig_all,
	};
	return ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
}

/* ---- creation ---- */

static int driver_args(struct ubundle *b, struct mlx5_ib_create_qp *drv)
{
	const struct uattr *in = ubundle_attr(b, UVERBS_ATTR_UHW_IN);
	const uint32_t ignored = MLX5_QP_FLAG_SCATTER_CQE | MLX5_QP_FLAG_ALLOW_SCATTER_CQE |
				 MLX5_QP_FLAG_PACKET_BASED_CREDIT_MODE;

	memset(drv, 0, sizeof(*drv));
	if (!in || in->len < offsetof(struct mlx5_ib_create_qp, uidx))
		return -EINVAL;
	memcpy(drv, in->in, in->len < sizeof(*drv) ? in->len : sizeof(*drv));
	if (drv->rq_wqe_count > 1u << 15 || drv->sq_wqe_count > 1u << 15 || drv->rq_wqe_shift > 10)
		return -EINVAL;
	/* Signatures, tunnels, DC, old doorbell pages. */
	if (drv->flags & ~(ignored | MLX5_QP_FLAG_UAR_PAGE_INDEX))
		return -EOPNOTSUPP;
	return drv->flags & MLX5_QP_FLAG_UAR_PAGE_INDEX ? 0 : -EINVAL;
}

static int check_cap(const struct ib_uverbs_qp_cap *cap)
{
	struct ib_uverbs_ex_query_device_resp dev;

	uverbs_dev_attr(0, &dev);
	if (cap->max_send_wr > dev.base.max_qp_wr || cap->max_recv_wr > dev.base.max_qp_wr ||
	    cap->max_send_sge > dev.base.max_sge || cap->max_recv_sge > dev.base.max_sge)
		return -EINVAL;
	return 0;
}

/* Hold the program's memory as long as the queue pair. */
static int take_memory(struct ubundle *b, struct uobj *qp, const struct mlx5_ib_create_qp *drv)
{
	size_t rq = (size_t)drv->rq_wqe_count << drv->rq_wqe_shift, sq = drv->sq_wqe_count * 64ul;
	struct hca_ctx *ctx = b->file->ctx;
	int rc;

	rc = hca_umem_reg(ctx, (void *)(uintptr_t)drv->buf_addr, rq + sq ? rq + sq : 1,
			  IB_UVERBS_ACCESS_LOCAL_WRITE, &qp->qp.rq_umem);
	if (rc)
		return rc;
	rc = hca_umem_reg(ctx, (void *)(uintptr_t)drv->db_addr, 8, IB_UVERBS_ACCESS_LOCAL_WRITE,
			  &qp->qp.dbr_umem);
	if (rc)
		hca_umem_dereg(ctx, qp->qp.rq_umem);
	return rc;
}

static void give_memory(struct ubundle *b, struct uobj *qp)
{
	hca_umem_dereg(b->file->ctx, qp->qp.dbr_umem);
	hca_umem_dereg(b->file->ctx, qp->qp.rq_umem);
}

static int firmware_qp(struct ubundle *b, struct uobj *qp, const struct mlx5_ib_create_qp *drv,
		       uint32_t *qpn)
{
	const struct uattr *srq = ubundle_attr(b, UVERBS_ATTR_CREATE_QP_SRQ_HANDLE);
	const struct qp_extra *x = qp->extra;
	struct hca_qp_attr attr = {
	    .type = x->type,
	    .pdn = ubundle_attr(b, UVERBS_ATTR_CREATE_QP_PD_HANDLE)->obj->pdn,
	    .send_cq = ubundle_attr(b, UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE)->obj->cq.obj,
	    .recv_cq = ubundle_attr(b, UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE)->obj->cq.obj,
	    .rq = (void *)(uintptr_t)drv->buf_addr,
	    .sq = (void *)(uintptr_t)(drv->buf_addr +
				      ((uint64_t)drv->rq_wqe_count << drv->rq_wqe_shift)),
	    .dbr = (void *)(uintptr_t)drv->db_addr,
	    .rq_wqes = drv->rq_wqe_count,
	    .rq_shift = drv->rq_wqe_shift,
	    .sq_units = drv->sq_wqe_count,
	    .user_index = drv->uidx,
	};
	int rc;

	if (srq)
		attr.srq = srq->obj->qp.obj;
	rc = take_memory(b, qp, drv);

	if (rc)
		return rc;
	rc = hca_qp_create(b->file->ctx, &attr, &qp->qp.obj, qpn);
	if (rc)
		give_memory(b, qp);
	return rc;
}

static const uint16_t qp_events[] = {HCA_EVENT_WQ_INVALID, HCA_EVENT_WQ_ACCESS};

static int subscribe(struct ubundle *b, struct uobj *qp)
{
	const struct uattr *async = ubundle_attr(b, UVERBS_ATTR_CREATE_QP_EVENT_FD);

	qp->qp.user_handle = ubundle_const(b, UVERBS_ATTR_CREATE_QP_USER_HANDLE);
	qp->qp.async = async ? async->obj : NULL;
	if (!async)
		return 0;
	return hca_chan_subscribe(async->obj->fd.chan, qp->qp.obj, qp_events,
				  ARRAY_SIZE(qp_events), qp->qp.user_handle, -1);
}

static int qp_create(struct ubundle *b)
{
	struct uobj *qp = ubundle_attr(b, UVERBS_ATTR_CREATE_QP_HANDLE)->obj;
	uint64_t type = ubundle_const(b, UVERBS_ATTR_CREATE_QP_TYPE), flags;
	struct mlx5_ib_create_qp drv;
	struct mlx5_ib_create_qp_resp resp = {0};
	struct hca_ctx *ctx;
	struct qp_extra *x;
	uint32_t qpn = 0;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (!rc)
		rc = ubundle_flags(b, UVERBS_ATTR_CREATE_QP_FLAGS, UINT32_MAX, &flags);
	if (rc)
		return rc;
	/* There is no multicast to loop back. */
	if (type == HCA_QP_UD)
		flags &= ~(uint64_t)IB_UVERBS_QP_CREATE_BLOCK_MULTICAST_LOOPBACK;
	if (type < HCA_QP_RC || type > HCA_QP_UD || (flags & ~IB_UVERBS_QP_CREATE_SQ_SIG_ALL) ||
	    ubundle_attr(b, UVERBS_ATTR_CREATE_QP_IND_TABLE_HANDLE))
		return -EOPNOTSUPP;
	if (!ubundle_attr(b, UVERBS_ATTR_CREATE_QP_PD_HANDLE) ||
	    !ubundle_attr(b, UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE) ||
	    !ubundle_attr(b, UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE))
		return -EINVAL;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	qp->extra = x;
	memcpy(&x->cap, ubundle_attr(b, UVERBS_ATTR_CREATE_QP_CAP)->in, sizeof(x->cap));
	x->type = (uint8_t)type;
	x->sig_all = (flags & IB_UVERBS_QP_CREATE_SQ_SIG_ALL) != 0;
	rc = check_cap(&x->cap);
	if (!rc)
		rc = driver_args(b, &drv);
	if (!rc)
		rc = firmware_qp(b, qp, &drv, &qpn);
	if (rc)
		return rc;
	/* What the receive queue has become; libmlx5 knows about the send queue. */
	x->cap.max_recv_wr = drv.rq_wqe_count;
	x->cap.max_recv_sge = drv.rq_wqe_count ? (1u << drv.rq_wqe_shift) / 16 : 0;
	rc = subscribe(b, qp);
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &resp, sizeof(resp));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CREATE_QP_RESP_CAP, &x->cap, sizeof(x->cap));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CREATE_QP_RESP_QP_NUM, &qpn, sizeof(qpn));
	if (rc) {
		hca_obj_destroy(qp->qp.obj);
		give_memory(b, qp);
	}
	return rc;
}

static int qp_destroy(struct ubundle *b)
{
	struct uobj *qp = ubundle_attr(b, UVERBS_ATTR_DESTROY_QP_HANDLE)->obj;
	struct ib_uverbs_destroy_qp_resp resp = {0};
	int rc;

	if (hca_obj_used(qp->qp.obj))
		return -EBUSY;
	for (unsigned int i = 0; qp->qp.async && i < ARRAY_SIZE(qp_events); i++)
		resp.events_reported += uverbs_channel_forget(qp->qp.async, qp->qp.obj,
							      qp_events[i], qp->qp.user_handle);
	rc = hca_obj_destroy(qp->qp.obj);
	if (rc)
		return rc;
	give_memory(b, qp);
	return ubundle_out(b, UVERBS_ATTR_DESTROY_QP_RESP, &resp, sizeof(resp));
}

static const struct uattr_spec qp_create_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_CREATE_QP_HANDLE, UVERBS_OBJECT_QP, UATTR_NEW, true),
    UATTR_OBJ(UVERBS_ATTR_CREATE_QP_XRCD_HANDLE, UVERBS_OBJECT_XRCD, UATTR_READ, false),
    UATTR_OBJ(UVERBS_ATTR_CREATE_QP_PD_HANDLE, UVERBS_OBJECT_PD, UATTR_READ, false),
    UATTR_OBJ(UVERBS_ATTR_CREATE_QP_SRQ_HANDLE, UVERBS_OBJECT_SRQ, UATTR_READ, false),
    UATTR_OBJ(UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE, UVERBS_OBJECT_CQ, UATTR_READ, false),
    UATTR_OBJ(UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE, UVERBS_OBJECT_CQ, UATTR_READ, false),
    UATTR_OBJ(UVERBS_ATTR_CREATE_QP_IND_TABLE_HANDLE, UVERBS_OBJECT_RWQ_IND_TBL, UATTR_READ,
	      false),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_QP_USER_HANDLE, uint64_t, true),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_QP_CAP, struct ib_uverbs_qp_cap, true),
    UATTR_IN_CONST(UVERBS_ATTR_CREATE_QP_TYPE, true),
    UATTR_IN_FLAGS(UVERBS_ATTR_CREATE_QP_FLAGS, false),
    UATTR_IN_TYPE(UVERBS_ATTR_CREATE_QP_SOURCE_QPN, uint32_t, false),
    UATTR_FILE(UVERBS_ATTR_CREATE_QP_EVENT_FD, UVERBS_OBJECT_ASYNC_EVENT, UATTR_READ, false),
    UATTR_OUT_TYPE(UVERBS_ATTR_CREATE_QP_RESP_CAP, struct ib_uverbs_qp_cap, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_CREATE_QP_RESP_QP_NUM, uint32_t, true),
    UATTR_IN_MIN(UVERBS_ATTR_UHW_IN, 0, false),
    UATTR_OUT_MIN(UVERBS_ATTR_UHW_OUT, 0, false),
};

static const struct uattr_spec qp_destroy_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_DESTROY_QP_HANDLE, UVERBS_OBJECT_QP, UATTR_DESTROY, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_DESTROY_QP_RESP, struct ib_uverbs_destroy_qp_resp, true),
};

static const struct umethod methods[] = {
    UMETHOD(UVERBS_OBJECT_QP, UVERBS_METHOD_QP_CREATE, qp_create_specs, qp_create),
    UMETHOD(UVERBS_OBJECT_QP, UVERBS_METHOD_QP_DESTROY, qp_destroy_specs, qp_destroy),
};

const struct umethod_group uverbs_qp_group = {methods, ARRAY_SIZE(methods)};
