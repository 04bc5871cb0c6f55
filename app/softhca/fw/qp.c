/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <endian.h>
#include <errno.h>

#include "event.h"
#include "hca_priv.h"
#include "mem.h"
#include "qp.h"

enum { RQ_REGULAR = 0, RQ_ZERO_LEN = 3, PM_MIGRATED = 3, LOG_STRIDE_BASE = 4, DBR_LEN = 8 };

static const char *const state_names[] = {
    [QP_RST] = "RST", [QP_INIT] = "INIT", [QP_RTR] = "RTR", [QP_RTS] = "RTS", [QP_ERR] = "ERR"};

static_assert(sizeof(state_names) / sizeof(state_names[0]) == QP_STATE_N, "a name per state");

const char *qp_state_name(enum qp_state state)
{
	return state_names[state];
}

static struct qp *find_peer(const struct qp *qp)
{
	struct hca_obj *obj;
	struct qp *other;

	if (qp->state != QP_RTS && qp->state != QP_RTR)
		return NULL;
	obj = obj_find(qp->obj.ctx, OBJ_QP, qp->remote_qpn);
	other = (struct qp *)obj;
	if (!obj || other == qp || other->remote_qpn != qp->obj.id ||
	    (other->state != QP_RTR && other->state != QP_RTS))
		return NULL;
	return other;
}

/* The one setter: links this QP and those that talk to it anew. */
static void set_state(struct qp *qp, enum qp_state state)
{
	struct hca *hca = qp->obj.ctx->hca;
	struct hca_obj *obj;

	dp_lock(hca->dp);
	qp->state = state;
	if (state == QP_RST) {
		qp->rq_ci = 0;
		qp->remote_qpn = 0;
	}
	TAILQ_FOREACH(obj, &qp->obj.ctx->objs, in_ctx)
	{
		struct qp *other = (struct qp *)obj;

		if (obj->type == OBJ_QP && (other == qp || other->remote_qpn == qp->obj.id))
			other->peer = find_peer(other);
	}
	dp_unlock(hca->dp);
}

void qp_to_err(struct qp *qp)
{
	set_state(qp, QP_ERR);
}

int qp_notify(struct qp *qp)
{
	struct qp *peer = qp->peer;
	int err = -EAGAIN;

	if (!peer || !peer->rcq || qp->state != QP_RTS)
		return -EIO;
	pthread_spin_lock(&peer->rcq->lock);
	if (peer->rcq->broken)
		err = -EIO;
	else if ((uint16_t)be32toh(__atomic_load_n(&peer->dbr[0], __ATOMIC_ACQUIRE)) !=
		 peer->rq_ci) {
		err = cq_produce(peer->rcq, peer->obj.id, peer->rq_ci);
		if (!err)
			peer->rq_ci++;
	}
	pthread_spin_unlock(&peer->rcq->lock);
	return err;
}

bool qp_fault(struct qp *qp, const void *addr)
{
	struct qp *peer = qp->peer;

	if (!peer || !peer->rcq)
		return false;
	if ((uintptr_t)addr - (uintptr_t)peer->dbr >= DBR_LEN && !cq_has(peer->rcq, addr))
		return false;
	cq_set_lost(peer->rcq);
	pthread_spin_unlock(&peer->rcq->lock);
	return true;
}

void qp_tell_lost(struct qp *qp)
{
	struct qp *peer = qp->peer;
	struct cq *cq = peer ? peer->rcq : NULL;
	bool tell = false;

	if (!cq)
		return;
	pthread_spin_lock(&cq->lock);
	tell = cq->lost && !cq->told;
	cq->told |= tell;
	pthread_spin_unlock(&cq->lock);
	if (tell)
		event_send(cq->obj.ctx->hca, &cq->obj, EVENT_CQ_ERROR);
}

/* Fields that only a QP with a receive queue has. */
static const uint16_t rq_fields[] = {
    FLD(qpc, cqn_rcv),     FLD(qpc, dbr_addr),    FLD(qpc, dbr_umem_valid),
    FLD(qpc, dbr_umem_id), FLD(qpc, log_rq_size), FLD(qpc, log_rq_stride),
};

/* A QP that is to send says how much; no_sq=0 without a size or a CQ is somebody's mistake. */
static bool has_sq(const struct cmd *cmd)
{
	return !cmd_get(cmd, FLD(qpc, no_sq)) && cmd_get(cmd, FLD(qpc, log_sq_size)) &&
	       cmd_get(cmd, FLD(qpc, cqn_snd));
}

static int check(struct cmd *cmd, bool *firmware)
{
	uint64_t rq_type = cmd_get(cmd, FLD(qpc, rq_type));
	unsigned int i;

	if (cmd_get(cmd, FLD(qpc, st)))
		return cmd_refuse(cmd, SYND(QP_TYPE), FLD(qpc, st), " ");
	if (!has_sq(cmd)) {
		int err = qp_data_none(cmd, false);

		if (err)
			return err;
		if (!cmd_get(cmd, FLD(qpc, no_sq)) || cmd_get(cmd, FLD(qpc, cqn_snd)))
			return cmd_refuse(cmd, SYND(QP_SQ), FLD(qpc, no_sq), " ");
	}
	if (rq_type != RQ_REGULAR && rq_type != RQ_ZERO_LEN)
		return cmd_refuse(cmd, SYND(QP_RQ_TYPE), FLD(qpc, rq_type), "%u",
				  (unsigned)rq_type);
	if (cmd_get(cmd, FLD(qpc, ts_format)) > 2)
		return cmd_refuse(cmd, SYND(QP_TS_FORMAT), FLD(qpc, ts_format), " ");
	*firmware = rq_type == RQ_ZERO_LEN;
	if (!*firmware)
		return 0;
	for (i = 0; i < sizeof(rq_fields) / sizeof(rq_fields[0]); i++)
		if (cmd_get(cmd, rq_fields[i]))
			return cmd_refuse(cmd, SYND(QP_FW_FIELDS), rq_fields[i], " ");
	return 0;
}

/* The receive queue: WQEs in a umem (never read: messages are empty), doorbell record, CQ. */
static int get_rq(struct cmd *cmd, struct qp *qp)
{
	uint64_t log = cmd_get(cmd, FLD(qpc, log_rq_size));
	uint64_t stride = cmd_get(cmd, FLD(qpc, log_rq_stride)) + LOG_STRIDE_BASE, sq = 0;
	struct hca_obj *cq;
	uint8_t *ptr;
	int err;

	if (has_sq(cmd))
		sq = 64ull << cmd_get(cmd, FLD(qpc, log_sq_size));
	if (log > LIM_LOG_QP_SZ)
		return cmd_refuse(cmd, SYND(QP_RQ_SIZE), FLD(qpc, log_rq_size), " ");
	if (!cmd_get(cmd, FLD(create_qp_in, wq_umem_valid)))
		return cmd_refuse(cmd, SYND(UMEM_MISSING), FLD(create_qp_in, wq_umem_valid), " ");
	if (!cmd_get(cmd, FLD(qpc, dbr_umem_valid)))
		return cmd_refuse(cmd, SYND(UMEM_MISSING), FLD(qpc, dbr_umem_valid), " ");
	err = umem_at(cmd, FLD(create_qp_in, wq_umem_id), FLD(create_qp_in, wq_umem_offset),
		      (1ull << (log + stride)) + sq, 64, &qp->umem, &qp->wq);
	if (!err)
		err = umem_at(cmd, FLD(qpc, dbr_umem_id), FLD(qpc, dbr_addr), DBR_LEN, DBR_LEN,
			      &qp->dbr_umem, &ptr);
	if (!err)
		err = cmd_ref(cmd, FLD(qpc, cqn_rcv), &cq);
	if (err)
		return err;
	qp->log_rq_size = (unsigned int)log;
	qp->dbr = (uint32_t *)(void *)ptr;
	qp->rcq = (struct cq *)cq;
	return 0;
}

static int use_all(struct qp *qp, struct hca_obj *pd, struct hca_obj *uar)
{
	int err = obj_use(&qp->obj, pd);

	if (!err && uar)
		err = obj_use(&qp->obj, uar);
	if (!err && qp->rcq) {
		err = obj_use(&qp->obj, &qp->rcq->obj);
		if (!err)
			err = obj_use(&qp->obj, &qp->umem->obj);
		if (!err)
			err = obj_use(&qp->obj, &qp->dbr_umem->obj);
	}
	return err;
}

int qp_create(struct cmd *cmd, struct hca_obj **out)
{
	struct hca_obj *pd, *uar = NULL, *obj;
	struct qp args = {0}, *qp;
	int err = check(cmd, &args.firmware);

	if (!err)
		err = cmd_ref(cmd, FLD(qpc, pd), &pd);
	if (!err && (!args.firmware || cmd_get(cmd, FLD(qpc, uar_page))))
		err = cmd_ref(cmd, FLD(qpc, uar_page), &uar);
	if (!err && !args.firmware)
		err = get_rq(cmd, &args);
	if (err)
		return err;
	err = obj_new(cmd->ctx, OBJ_QP, sizeof(*qp), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	qp = (struct qp *)obj;
	qp->firmware = args.firmware;
	qp->umem = args.umem;
	qp->dbr_umem = args.dbr_umem;
	qp->dbr = args.dbr;
	qp->log_rq_size = args.log_rq_size;
	qp->rcq = args.rcq;
	qp->wq = args.wq;
	err = use_all(qp, pd, uar);
	if (err)
		err = cmd_refuse_errno(cmd, err);
	else if (has_sq(cmd))
		err = qp_data_create(cmd, qp);
	if (err) {
		obj_discard(obj);
		return err;
	}
	*out = obj;
	return 0;
}

void qp_fini(struct hca_obj *obj)
{
	struct qp *qp = (struct qp *)obj;

	/* Nobody's peer any more. */
	qp_to_err(qp);
	qp_data_fini(qp);
}

static int check_state(struct cmd *cmd, const struct qp *qp, enum qp_state from)
{
	if (qp->state == from)
		return 0;
	return cmd_refuse(cmd, SYND(QP_STATE), FLD(modify_qp_in, qpn), "QP 0x%x is %s, must be %s",
			  qp->obj.id, qp_state_name(qp->state), qp_state_name(from));
}

/* What was fixed at creation cannot come again. */
static const uint16_t create_fields[] = {
    FLD(qpc, st),          FLD(qpc, pd),        FLD(qpc, no_sq),          FLD(qpc, rq_type),
    FLD(qpc, log_rq_size), FLD(qpc, cqn_snd),   FLD(qpc, cqn_rcv),        FLD(qpc, dbr_addr),
    FLD(qpc, uar_page),    FLD(qpc, ts_format), FLD(qpc, dbr_umem_valid), FLD(qpc, dbr_umem_id),
};

static int check_modify(struct cmd *cmd, struct qp *qp, enum qp_state from)
{
	unsigned int i;
	int err = qp->data ? 0 : qp_data_none(cmd, true);

	if (err)
		return err;
	if (qp_data_broken(qp))
		qp->state = QP_ERR;

	for (i = 0; i < sizeof(create_fields) / sizeof(create_fields[0]); i++)
		if (cmd_get(cmd, create_fields[i]))
			return cmd_refuse(cmd, SYND(QP_FIELDS), create_fields[i], " ");
	return check_state(cmd, qp, from);
}

static int data_state(struct cmd *cmd, struct qp *qp, enum qp_state to)
{
	int err = qp_data_modify(cmd, qp, to);

	if (!err)
		qp->state = to;
	return err;
}

int qp_rst2init(struct cmd *cmd, struct hca_obj *obj)
{
	struct qp *qp = (struct qp *)obj;
	int err = check_modify(cmd, qp, QP_RST);

	if (err)
		return err;
	if (cmd_get(cmd, FLD(ads, vhca_port_num)) != 1)
		return cmd_refuse(cmd, SYND(QP_PATH), FLD(ads, vhca_port_num), " ");
	if (qp->data)
		return data_state(cmd, qp, QP_INIT);
	if (cmd_get(cmd, FLD(qpc, pm_state)) != PM_MIGRATED)
		return cmd_refuse(cmd, SYND(QP_PM_STATE), FLD(qpc, pm_state), " ");
	set_state(qp, QP_INIT);
	return 0;
}

int qp_init2rtr(struct cmd *cmd, struct hca_obj *obj)
{
	struct qp *qp = (struct qp *)obj;
	uint32_t remote = (uint32_t)cmd_get(cmd, FLD(qpc, remote_qpn));
	uint64_t mtu = cmd_get(cmd, FLD(qpc, mtu));
	int err = check_modify(cmd, qp, QP_INIT);

	if (err)
		return err;
	if (!qp->data && !cmd_get(cmd, FLD(ads, fl)))
		return cmd_refuse(cmd, SYND(QP_LOOPBACK), FLD(ads, fl), " ");
	if (cmd_get(cmd, FLD(ads, vhca_port_num)) != 1)
		return cmd_refuse(cmd, SYND(QP_PATH), FLD(ads, vhca_port_num), " ");
	if (mtu < 1 || mtu > 5)
		return cmd_refuse(cmd, SYND(QP_PATH), FLD(qpc, mtu), "%u", (unsigned int)mtu);
	if (qp->data)
		return data_state(cmd, qp, QP_RTR);
	if (!obj_find(cmd->ctx, OBJ_QP, remote))
		return cmd_refuse(cmd, SYND(QP_REMOTE), FLD(qpc, remote_qpn), "0x%x", remote);
	qp->remote_qpn = remote;
	set_state(qp, QP_RTR);
	return 0;
}

int qp_rtr2rts(struct cmd *cmd, struct hca_obj *obj)
{
	struct qp *qp = (struct qp *)obj;
	int err = check_modify(cmd, qp, QP_RTR);

	if (err)
		return err;
	if (qp->data)
		return data_state(cmd, qp, QP_RTS);
	set_state(qp, QP_RTS);
	return 0;
}

int qp_2err(struct cmd *cmd, struct hca_obj *obj)
{
	return ((struct qp *)obj)->data ? data_state(cmd, (struct qp *)obj, QP_ERR)
					: (set_state((struct qp *)obj, QP_ERR), 0);
}

int qp_2rst(struct cmd *cmd, struct hca_obj *obj)
{
	return ((struct qp *)obj)->data ? data_state(cmd, (struct qp *)obj, QP_RST)
					: (set_state((struct qp *)obj, QP_RST), 0);
}
