/* SPDX-License-Identifier: BSD-3-Clause */
/* Queue pairs with a send queue, as DevX makes them: from fields of the commands to the engine. */
#include <errno.h>
#include <stdlib.h>

#include "hca_ident.h"
#include "hca_priv.h"
#include "qp.h"
#include "rdma.h"

enum { LOG_STRIDE_BASE = 4 };

/* enum ib_uverbs_access_flags */
enum { REMOTE_WRITE = 2, REMOTE_READ = 4, REMOTE_ATOMIC = 8 };

static const uint16_t create_fields[] = {
    FLD(qpc, log_sq_size), FLD(qpc, log_sra_max), FLD(qpc, log_rra_max), FLD(qpc, atomic_mode)};

/* The address path means nothing to a QP that is looped back to its own context. */
static const uint16_t modify_fields[] = {
    FLD(qpc, log_sq_size), FLD(qpc, log_sra_max),   FLD(qpc, log_rra_max), FLD(qpc, atomic_mode),
    FLD(ads, grh),	   FLD(ads, rlid),	    FLD(ads, src_addr_index), FLD(ads, hop_limit),
    FLD(ads, tclass),	   FLD(ads, flow_label),    FLD(ads, udp_sport),   FLD(ads, rmac_47_32),
    FLD(ads, rmac_31_0),
};

int qp_data_none(struct cmd *cmd, bool modify)
{
	const uint16_t *list = modify ? modify_fields : create_fields;
	unsigned int n = modify ? sizeof(modify_fields) / sizeof(modify_fields[0])
				: sizeof(create_fields) / sizeof(create_fields[0]);

	for (unsigned int i = 0; i < n; i++)
		if (cmd_get(cmd, list[i]))
			return cmd_refuse(cmd, SYND(NOT_MODELLED), list[i], " ");
	if (modify && !field_is_zero(cmd->in, cmd_base(cmd, LAY(ads)), FLD(ads, rgid_rip)))
		return cmd_refuse(cmd, SYND(NOT_MODELLED), FLD(ads, rgid_rip), " ");
	return 0;
}

int qp_data_create(struct cmd *cmd, struct qp *qp)
{
	struct hca_qp_attr attr = {
	    .type = HCA_QP_RC,
	    .pdn = (uint32_t)cmd_get(cmd, FLD(qpc, pd)),
	    .recv_cq = &qp->rcq->obj,
	    .rq = qp->wq,
	    .dbr = qp->dbr,
	    .rq_wqes = 1u << qp->log_rq_size,
	    .rq_shift = (uint32_t)cmd_get(cmd, FLD(qpc, log_rq_stride)) + LOG_STRIDE_BASE,
	    .sq_units = 1u << cmd_get(cmd, FLD(qpc, log_sq_size)),
	    .user_index = (uint32_t)cmd_get(cmd, FLD(qpc, user_index)),
	};
	int err = cmd_ref(cmd, FLD(qpc, cqn_snd), &attr.send_cq);

	if (err)
		return err;
	attr.sq = qp->wq + ((size_t)attr.rq_wqes << attr.rq_shift);
	qp->data = calloc(1, sizeof(*qp->data));
	if (!qp->data)
		return cmd_refuse_errno(cmd, -ENOMEM);
	err = rdma_begin(qp->data, &qp->obj, &attr);
	if (err == -EINVAL)
		return cmd_refuse(cmd, SYND(QP_SQ), FLD(qpc, log_sq_size), " ");
	return err ? cmd_refuse_errno(cmd, err) : 0;
}

bool qp_data_broken(const struct qp *qp)
{
	return qp->data && qp->data->state == HCA_QP_ERR;
}

void qp_data_fini(struct qp *qp)
{
	if (qp->data)
		rdma_end(qp->data);
	free(qp->data);
}

static uint32_t access_of(struct cmd *cmd)
{
	return (cmd_get(cmd, FLD(qpc, rwe)) ? REMOTE_WRITE : 0) |
	       (cmd_get(cmd, FLD(qpc, rre)) ? REMOTE_READ : 0) |
	       (cmd_get(cmd, FLD(qpc, rae)) ? REMOTE_ATOMIC : 0);
}

int qp_data_modify(struct cmd *cmd, struct qp *qp, enum qp_state to)
{
	static const enum hca_qp_state states[] = {
	    [QP_RST] = HCA_QP_RESET, [QP_INIT] = HCA_QP_INIT, [QP_RTR] = HCA_QP_RTR,
	    [QP_RTS] = HCA_QP_RTS,   [QP_ERR] = HCA_QP_ERR};
	struct hca_qp_path *path = &qp->data->path;

	switch (to) {
	case QP_INIT:
		path->access = access_of(cmd);
		break;
	case QP_RTR:
		path->remote_qpn = (uint32_t)cmd_get(cmd, FLD(qpc, remote_qpn));
		path->remote_function =
		    cmd_get(cmd, FLD(ads, fl))
			? (int)qp->obj.ctx->func->index
			: hca_ident_gid_function(field_bytes(cmd->in, cmd_base(cmd, LAY(ads)),
							     FLD(ads, rgid_rip)));
		break;
	case QP_RTS:
		path->retry_cnt = (uint8_t)cmd_get(cmd, FLD(qpc, retry_count));
		path->rnr_retry = (uint8_t)cmd_get(cmd, FLD(qpc, rnr_retry));
		path->timeout = (uint8_t)cmd_get(cmd, FLD(ads, ack_timeout));
		break;
	default:
		break;
	}
	rdma_set_state(qp->data, states[to]);
	return 0;
}
