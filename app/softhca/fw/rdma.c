/* SPDX-License-Identifier: BSD-3-Clause */
/* Data queue pairs as objects. */
#include <errno.h>

#include "call.h"
#include "fail.h"
#include "hca_priv.h"
#include "mem.h"
#include "rdma.h"
#include "trace.h"

static const char *state_name(enum hca_qp_state state)
{
	static const char *const names[] = {
	    [HCA_QP_RESET] = "RESET", [HCA_QP_INIT] = "INIT", [HCA_QP_RTR] = "RTR",
	    [HCA_QP_RTS] = "RTS",     [HCA_QP_SQD] = "SQD",   [HCA_QP_SQE] = "SQE",
	    [HCA_QP_ERR] = "ERR"};

	return names[state];
}

/* A queue pair of verbs. */
struct verbs_qp {
	struct hca_obj obj;
	struct rdma_qp rdma;
};

static int check(const struct hca_ctx *ctx, const struct hca_qp_attr *attr)
{
	if (!obj_find(ctx, OBJ_PD, attr->pdn))
		return -EINVAL;
	if (attr->send_cq->ctx != ctx || attr->send_cq->type != OBJ_CQ ||
	    attr->recv_cq->ctx != ctx || attr->recv_cq->type != OBJ_CQ)
		return -EINVAL;
	if (attr->srq && (attr->srq->ctx != ctx || attr->srq->type != OBJ_RDMA_SRQ))
		return -EINVAL;
	if ((attr->rq_wqes & (attr->rq_wqes - 1)) || attr->rq_wqes > 1u << LIM_LOG_QP_SZ ||
	    (attr->sq_units & (attr->sq_units - 1)) || attr->sq_units > 1u << LIM_LOG_QP_SZ)
		return -EINVAL;
	if (attr->rq_wqes && (attr->rq_shift < 4 || attr->rq_shift > 10))
		return -EINVAL;
	return 0;
}

int rdma_begin(struct rdma_qp *qp, struct hca_obj *obj, const struct hca_qp_attr *attr)
{
	struct hca *hca = obj->ctx->hca;
	int err = check(obj->ctx, attr);

	if (!err)
		err = obj_use(obj, obj_find(obj->ctx, OBJ_PD, attr->pdn));
	if (!err)
		err = obj_use(obj, attr->send_cq);
	if (!err)
		err = obj_use(obj, attr->recv_cq);
	if (!err && attr->srq)
		err = obj_use(obj, attr->srq);
	if (err)
		return err;
	qp->obj = obj;
	qp->attr = *attr;
	qp->scq = (struct cq *)attr->send_cq;
	qp->rcq = (struct cq *)attr->recv_cq;
	qp->srq = (struct rdma_srq *)attr->srq;
	qp->path.remote_function = -1;
	TAILQ_INSERT_TAIL(&hca->rdma_qps, qp, in_hca);
	atomic_fetch_add(&hca->n_rdma_qps, 1);
	return 0;
}

void rdma_end(struct rdma_qp *qp)
{
	struct hca *hca;

	if (!qp->obj)
		return;
	hca = qp->obj->ctx->hca;
	TAILQ_REMOVE(&hca->rdma_qps, qp, in_hca);
	atomic_fetch_sub(&hca->n_rdma_qps, 1);
}

void rdma_set_state(struct rdma_qp *qp, enum hca_qp_state state)
{
	if (state == HCA_QP_RESET)
		qp->sq_ci = qp->rq_ci = 0;
	qp->state = state;
	qp->blocked_ns = 0;
}

static int make(struct hca_ctx *ctx, const struct hca_qp_attr *attr, struct verbs_qp **out)
{
	struct hca_obj *obj;
	struct verbs_qp *qp;
	int err = obj_new(ctx, OBJ_RDMA_QP, sizeof(*qp), &obj);

	if (err)
		return err;
	qp = (struct verbs_qp *)obj;
	err = rdma_begin(&qp->rdma, obj, attr);
	if (err) {
		obj_discard(obj);
		return err;
	}
	obj_publish(obj, "create_rdma_qp");
	*out = qp;
	return 0;
}

int hca_qp_create(struct hca_ctx *ctx, const struct hca_qp_attr *attr, struct hca_obj **out,
		  uint32_t *qpn)
{
	static const char *const types[] = {
	    [HCA_QP_RC] = "RC", [HCA_QP_UC] = "UC", [HCA_QP_UD] = "UD"};
	struct hca *hca = ctx->hca;
	struct verbs_qp *qp = NULL;
	struct call call;
	int err = 0;

	call_begin(&call, hca, "create_rdma_qp");
	if (hca_inject(hca, "create_rdma_qp"))
		err = -ENOMEM;
	if (!err)
		err = make(ctx, attr, &qp);
	if (!err) {
		*out = &qp->obj;
		*qpn = qp->obj.id;
	}
	trace_call(ctx, "create_rdma_qp", err,
		   " type=%s pdn=0x%x send_cq=0x%x recv_cq=0x%x sq_units=%u rq_wqes=%u qpn=0x%x",
		   types[attr->type], attr->pdn, attr->send_cq->id, attr->recv_cq->id,
		   attr->sq_units, attr->rq_wqes, err ? 0 : qp->obj.id);
	call_end(&call, err);
	return err;
}

void hca_qp_modify(struct hca_obj *obj, enum hca_qp_state state, const struct hca_qp_path *path)
{
	struct rdma_qp *qp = &((struct verbs_qp *)obj)->rdma;
	struct call call;

	call_begin(&call, obj->ctx->hca, "modify_rdma_qp");
	qp->path = *path;
	rdma_set_state(qp, state);
	trace_call(obj->ctx, "modify_rdma_qp", 0, " qpn=0x%x state=%s remote_qpn=0x%x", obj->id,
		   state_name(state), path->remote_qpn);
	call_end(&call, 0);
}

enum hca_qp_state hca_qp_state(struct hca_obj *obj)
{
	enum hca_qp_state state;

	pthread_mutex_lock(&obj->ctx->hca->lock);
	state = ((struct verbs_qp *)obj)->rdma.state;
	pthread_mutex_unlock(&obj->ctx->hca->lock);
	return state;
}

void rdma_fini(struct hca_obj *obj)
{
	rdma_end(&((struct verbs_qp *)obj)->rdma);
}

static int make_srq(struct hca_ctx *ctx, const struct hca_srq_attr *attr, struct hca_obj **out)
{
	struct hca_obj *pd = obj_find(ctx, OBJ_PD, attr->pdn), *obj;
	int err;

	if (!pd || !attr->wqes || (attr->wqes & (attr->wqes - 1)) ||
	    attr->wqes > 1u << LIM_LOG_QP_SZ || attr->shift < 5 || attr->shift > 10)
		return -EINVAL;
	err = obj_new(ctx, OBJ_RDMA_SRQ, sizeof(struct rdma_srq), &obj);
	if (err)
		return err;
	((struct rdma_srq *)obj)->attr = *attr;
	err = obj_use(obj, pd);
	if (err) {
		obj_discard(obj);
		return err;
	}
	obj_publish(obj, "create_rdma_srq");
	*out = obj;
	return 0;
}

int hca_srq_create(struct hca_ctx *ctx, const struct hca_srq_attr *attr, struct hca_obj **out,
		   uint32_t *srqn)
{
	struct hca *hca = ctx->hca;
	struct hca_obj *obj = NULL;
	struct call call;
	int err;

	call_begin(&call, hca, "create_rdma_srq");
	err = hca_inject(hca, "create_rdma_srq") ? -ENOMEM : make_srq(ctx, attr, &obj);
	if (!err) {
		*out = obj;
		*srqn = obj->id;
	}
	trace_call(ctx, "create_rdma_srq", err, " pdn=0x%x wqes=%u srqn=0x%x", attr->pdn,
		   attr->wqes, err ? 0 : obj->id);
	call_end(&call, err);
	return err;
}
