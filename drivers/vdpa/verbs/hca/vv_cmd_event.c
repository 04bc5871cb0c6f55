/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands for completion queues and queue pairs. */
#include <errno.h>
#include <string.h>

#include "vv_hca_priv.h"
#include "../prm/prm_cq.h"
#include "../prm/prm_qp.h"

int vv_cq_create(struct vv_hca *hca, unsigned int log_entries, const struct vv_umem *umem,
		 size_t buffer, size_t record, struct vv_obj *cq)
{
	uint8_t in[PRM_SZ(create_cq_in)] = {0};
	uint8_t out[PRM_SZ(create_cq_out)];
	void *cqc = PRM_AT(create_cq_in, in, cq_context);
	int err;

	PRM_SET(create_cq_in, in, opcode, PRM_OP_CREATE_CQ);
	PRM_SET(create_cq_in, in, cq_umem_id, umem->id);
	PRM_SET(create_cq_in, in, cq_umem_offset, buffer);
	PRM_SET(create_cq_in, in, cq_umem_valid, 1);
	PRM_SET(cqc, cqc, dbr_umem_valid, 1);
	PRM_SET(cqc, cqc, dbr_umem_id, umem->id);
	PRM_SET(cqc, cqc, dbr_addr, record);
	PRM_SET(cqc, cqc, cc, 1);
	PRM_SET(cqc, cqc, log_cq_size, log_entries);
	PRM_SET(cqc, cqc, uar_page, hca->uar->page_id);
	PRM_SET(cqc, cqc, c_eqn, hca->eqn);

	err = vv_cmd_create(hca, "create CQ", in, sizeof(in), out, sizeof(out), &cq->obj);
	if (!err)
		cq->id = PRM_GET(create_cq_out, out, cqn);
	return err;
}

int vv_qp_create(struct vv_hca *hca, const struct vv_qp_conf *conf, struct vv_obj *qp)
{
	uint8_t in[PRM_SZ(create_qp_in)] = {0};
	uint8_t out[PRM_SZ(create_qp_out)];
	void *qpc = PRM_AT(create_qp_in, in, qpc);
	int err;

	PRM_SET(create_qp_in, in, opcode, PRM_OP_CREATE_QP);
	PRM_SET(qpc, qpc, st, PRM_QP_ST_RC);
	PRM_SET(qpc, qpc, pd, hca->pdn);
	PRM_SET(qpc, qpc, ts_format, hca->caps.qp_ts_format);
	PRM_SET(qpc, qpc, no_sq, 1);
	if (conf->cqn) {
		PRM_SET(qpc, qpc, pm_state, PRM_QP_PM_MIGRATED);
		PRM_SET(qpc, qpc, uar_page, hca->uar->page_id);
		PRM_SET(qpc, qpc, cqn_rcv, conf->cqn);
		PRM_SET(qpc, qpc, rq_type, PRM_QP_RQ_REGULAR);
		PRM_SET(qpc, qpc, log_rq_size, conf->log_rq_entries);
		PRM_SET(qpc, qpc, log_rq_stride, 4 - PRM_QP_LOG_RQ_STRIDE_BASE);
		PRM_SET(qpc, qpc, dbr_umem_valid, 1);
		PRM_SET(qpc, qpc, dbr_umem_id, conf->umem->id);
		PRM_SET(qpc, qpc, dbr_addr, conf->record);
		PRM_SET(create_qp_in, in, wq_umem_id, conf->umem->id);
		PRM_SET(create_qp_in, in, wq_umem_offset, conf->buffer);
		PRM_SET(create_qp_in, in, wq_umem_valid, 1);
	} else {
		PRM_SET(qpc, qpc, rq_type, PRM_QP_RQ_ZERO_LEN);
	}

	err = vv_cmd_create(hca, "create QP", in, sizeof(in), out, sizeof(out), &qp->obj);
	if (!err)
		qp->id = PRM_GET(create_qp_out, out, qpn);
	return err;
}

/* One step of one QP; remote is needed by the second step. */
static int qp_step(struct vv_hca *hca, struct vv_obj *qp, unsigned int opcode, uint32_t remote)
{
	uint8_t in[PRM_SZ(rst2init_qp_in)] = {0};
	void *qpc = PRM_AT(rst2init_qp_in, in, qpc);
	void *path = PRM_AT(qpc, qpc, primary_address_path);
	const char *what;

	PRM_SET(rst2init_qp_in, in, opcode, opcode);
	PRM_SET(rst2init_qp_in, in, qpn, qp->id);
	switch (opcode) {
	case PRM_OP_RST2INIT_QP:
		what = "QP reset to init";
		PRM_SET(qpc, qpc, rre, 1);
		PRM_SET(qpc, qpc, rwe, 1);
		PRM_SET(qpc, qpc, pm_state, PRM_QP_PM_MIGRATED);
		PRM_SET(ads, path, vhca_port_num, 1);
		break;
	case PRM_OP_INIT2RTR_QP:
		what = "QP init to ready-to-receive";
		PRM_SET(qpc, qpc, mtu, PRM_QP_MTU_256);
		PRM_SET(qpc, qpc, log_msg_max, 30);
		PRM_SET(qpc, qpc, remote_qpn, remote);
		/* Retry soon when we are behind with receive credits: 1 is 10 us, 0 were 655 ms. */
		PRM_SET(qpc, qpc, min_rnr_nak, 1);
		PRM_SET(ads, path, fl, 1); /* loop-back */
		PRM_SET(ads, path, vhca_port_num, 1);
		break;
	default:
		what = "QP ready-to-receive to ready-to-send";
		PRM_SET(qpc, qpc, retry_count, 7);
		PRM_SET(qpc, qpc, rnr_retry, 7); /* 7: for ever */
		PRM_SET(ads, path, ack_timeout, 16);
		break;
	}
	return vv_cmd_modify(hca, what, qp, in, sizeof(in));
}

int vv_qp_connect(struct vv_hca *hca, struct vv_obj *a, struct vv_obj *b)
{
	static const unsigned int steps[] = {PRM_OP_RST2INIT_QP, PRM_OP_INIT2RTR_QP,
					     PRM_OP_RTR2RTS_QP};
	unsigned int i;
	int err = 0;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !err; i++) {
		err = qp_step(hca, a, steps[i], b->id);
		if (!err)
			err = qp_step(hca, b, steps[i], a->id);
	}
	return err;
}

int vv_qp_reset(struct vv_hca *hca, struct vv_obj *qp)
{
	uint8_t in[PRM_SZ(2rst_qp_in)] = {0};

	PRM_SET(2rst_qp_in, in, opcode, PRM_OP_2RST_QP);
	PRM_SET(2rst_qp_in, in, qpn, qp->id);
	return vv_cmd_modify(hca, "QP to reset", qp, in, sizeof(in));
}
