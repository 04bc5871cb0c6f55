/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine of data queue pairs: takes requests (rdma_wqe.h), moves the data, writes completions
 * to both ends.
 *
 * A request is executed in one go or not at all; one that has to wait (no receive WQE, nobody
 * there) stays at the head of its queue. An error completes the request that had it, with the syndrome of
 * the PRM, and takes its queue pair to ERR, where everything that is posted is flushed.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "hca_ident.h"
#include "event.h"
#include "hca_priv.h"
#include "rdma_wqe.h"

enum { BURST = 64 /* requests of a queue pair in one pass */ };

/* Kinds of CQEs, and where their fields lie. */
enum {
	CQE_REQ = 0,
	CQE_RESP_WR_IMM = 1,
	CQE_RESP_SEND = 2,
	CQE_RESP_SEND_IMM = 3,
	CQE_REQ_ERR = 13,
	CQE_RESP_ERR = 14,
	CQE_FLAGS_RQPN = 24,
	CQE_UIDX = 32,
	CQE_IMM = 36,
	CQE_BYTES = 44,
	CQE_TIMESTAMP = 48,
	CQE_ERR_SYNDROME = 55,
	CQE_OP_QPN = 56,
	CQE_WQE = 60,
	CQE_OP_OWN = 63,
	CQE_SOLICITED = 1 << 1, /* in CQE_OP_OWN */
};
#define CQE_GRH (1u << 28)

enum syndrome_qp {
	LOCAL_LENGTH = 0x01,
	LOCAL_QP_OP = 0x02,
	LOCAL_PROT = 0x04,
	FLUSHED = 0x05,
	REMOTE_INVALID = 0x12,
	REMOTE_ACCESS = 0x13,
	REMOTE_OP = 0x14,
	RETRY_EXCEEDED = 0x15,
	RNR_EXCEEDED = 0x16,
};

static void put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- completions ---- */

static void complete(struct rdma_qp *qp, struct cq *cq, uint8_t cqe[64], uint8_t kind,
		     uint16_t wqe)
{
	uint64_t stamp = htobe64(now_ns());

	put32(cqe + CQE_UIDX, qp->attr.user_index);
	cqe[CQE_WQE] = (uint8_t)(wqe >> 8);
	cqe[CQE_WQE + 1] = (uint8_t)wqe;
	cqe[CQE_OP_OWN] |= (uint8_t)(kind << 4);
	if (kind != CQE_REQ_ERR && kind != CQE_RESP_ERR)
		memcpy(cqe + CQE_TIMESTAMP, &stamp, sizeof(stamp));
	pthread_spin_lock(&cq->lock);
	/* A CQ that overruns is its program's loss. */
	if (cq_put(cq, cqe))
		qp->state = HCA_QP_ERR;
	pthread_spin_unlock(&cq->lock);
}

static void send_done(struct rdma_qp *qp, const struct rdma_request *r, uint32_t bytes)
{
	uint8_t cqe[64] = {0};

	if (!(r->flags & CTRL_CQ_UPDATE))
		return;
	put32(cqe + CQE_BYTES, bytes);
	put32(cqe + CQE_OP_QPN, (uint32_t)r->opcode << 24 | qp->obj->id);
	complete(qp, qp->scq, cqe, CQE_REQ, r->index);
}

static void send_failed(struct rdma_qp *qp, const struct rdma_request *r, enum syndrome_qp syndrome)
{
	uint8_t cqe[64] = {0};

	cqe[CQE_ERR_SYNDROME] = syndrome;
	put32(cqe + CQE_OP_QPN, (uint32_t)r->opcode << 24 | qp->obj->id);
	complete(qp, qp->scq, cqe, CQE_REQ_ERR, r->index);
	qp->state = HCA_QP_ERR;
}

static void recv_done(struct rdma_qp *qp, const struct rdma_qp *from, const struct rdma_request *r,
		      uint8_t kind, uint32_t bytes)
{
	uint8_t cqe[64] = {0};
	bool ud = qp->attr.type == HCA_QP_UD;

	put32(cqe + CQE_BYTES, bytes);
	put32(cqe + CQE_OP_QPN, qp->obj->id);
	put32(cqe + CQE_FLAGS_RQPN, from->obj->id | (ud ? CQE_GRH : 0));
	memcpy(cqe + CQE_IMM, &r->imm, sizeof(r->imm));
	cqe[CQE_OP_OWN] = r->flags & CTRL_SOLICITED ? CQE_SOLICITED : 0;
	complete(qp, qp->rcq, cqe, kind, rdma_recv_take(qp));
}

static void recv_failed(struct rdma_qp *qp, enum syndrome_qp syndrome)
{
	uint8_t cqe[64] = {0};

	cqe[CQE_ERR_SYNDROME] = syndrome;
	put32(cqe + CQE_OP_QPN, qp->obj->id);
	complete(qp, qp->rcq, cqe, CQE_RESP_ERR, rdma_recv_take(qp));
	qp->state = HCA_QP_ERR;
}

/* ---- the other end ---- */

/* Who answers, or NULL: nobody there (yet). */
static struct rdma_qp *find_peer(const struct rdma_qp *qp, const struct rdma_request *r)
{
	uint32_t qpn = qp->attr.type == HCA_QP_UD ? r->ud_qpn : qp->path.remote_qpn;
	int function = qp->path.remote_function;
	struct rdma_qp *peer;

	if (qp->attr.type == HCA_QP_UD)
		function = hca_ident_gid_function(r->grh + 24);
	TAILQ_FOREACH(peer, &qp->obj->ctx->hca->rdma_qps, in_hca)
	{
		if (peer->obj->id != qpn || (int)peer->obj->ctx->func->index != function ||
		    peer->attr.type != qp->attr.type)
			continue;
		return peer->state == HCA_QP_RTR || peer->state == HCA_QP_RTS ? peer : NULL;
	}
	return NULL;
}

/* A request that nobody answers: wait, drop, or give up. Returns true if it is over. */
static bool unanswered(struct rdma_qp *qp, const struct rdma_request *r, bool rnr)
{
	const struct hca_qp_path *path = &qp->path;
	uint64_t now = now_ns(), limit;

	if (qp->attr.type != HCA_QP_RC) {
		send_done(qp, r, 0);
		return true;
	}
	if (!qp->blocked_ns)
		qp->blocked_ns = now;
	if (rnr ? path->rnr_retry == 7 : !path->timeout)
		return false;
	limit = rnr ? (path->rnr_retry + 1) * 10000000ull
		    : (path->retry_cnt + 1) * (4096ull << path->timeout);
	if (now - qp->blocked_ns < limit)
		return false;
	send_failed(qp, r, rnr ? RNR_EXCEEDED : RETRY_EXCEEDED);
	return true;
}

/* The other end was asked for what it cannot or must not give: it hears of that as well. */
static bool denied(struct rdma_qp *qp, struct rdma_qp *peer, const struct rdma_request *r,
		   enum syndrome_qp syndrome)
{
	peer->state = HCA_QP_ERR;
	event_send(peer->obj->ctx->hca, peer->obj,
		   syndrome == REMOTE_ACCESS ? EVENT_WQ_ACCESS : EVENT_WQ_INVALID);
	send_failed(qp, r, syndrome);
	return true;
}

/* SEND: into the receive WQE. WRITE_IMM only takes one. */
static bool do_send(struct rdma_qp *qp, struct rdma_qp *peer, struct rdma_request *r)
{
	bool imm = r->opcode == OP_SEND_IMM, ud = qp->attr.type == HCA_QP_UD;
	struct rdma_pieces data = {.n = 0};
	int err;

	/* A receiver with another key does not see it. */
	if (ud && (r->ud_qkey & 1u << 31 ? qp->path.qkey : r->ud_qkey) != peer->path.qkey) {
		send_done(qp, r, 0);
		return true;
	}
	if (!rdma_recv_ready(peer))
		return unanswered(qp, r, true);
	if (ud)
		rdma_add_raw(&data, r->grh, RDMA_GRH_LEN);
	for (unsigned int i = 0; i < r->data.n; i++)
		if (rdma_add_raw(&data, r->data.piece[i].ptr, r->data.piece[i].len))
			return send_failed(qp, r, LOCAL_QP_OP), true;
	err = rdma_recv_peek(peer, &r->recv);
	if (!err && r->recv.len < data.len) {
		recv_failed(peer, LOCAL_LENGTH);
		send_failed(qp, r, REMOTE_INVALID);
		return true;
	}
	if (!err)
		err = rdma_copy(&r->recv, &data);
	if (err) {
		recv_failed(peer, LOCAL_PROT);
		send_failed(qp, r, REMOTE_OP);
		return true;
	}
	recv_done(peer, qp, r, imm ? CQE_RESP_SEND_IMM : CQE_RESP_SEND, (uint32_t)data.len);
	send_done(qp, r, (uint32_t)r->data.len);
	return true;
}

static bool do_remote(struct rdma_qp *qp, struct rdma_qp *peer, struct rdma_request *r)
{
	bool read = r->opcode == OP_READ;
	uint32_t need = read ? REMOTE_READ : REMOTE_WRITE;
	struct rdma_pieces remote = {.n = 0};
	int err;

	if (r->opcode == OP_WRITE_IMM && (!rdma_recv_ready(peer)))
		return unanswered(qp, r, true);
	err = r->data.len && !(peer->path.access & need) ? -EACCES : 0;
	if (!err)
		err = rdma_add(&remote, peer, r->rkey, r->raddr, r->data.len, need);
	if (!err)
		err = read ? rdma_copy(&r->data, &remote) : rdma_copy(&remote, &r->data);
	if (err)
		return denied(qp, peer, r, REMOTE_ACCESS);
	if (r->opcode == OP_WRITE_IMM)
		recv_done(peer, qp, r, CQE_RESP_WR_IMM, (uint32_t)r->data.len);
	send_done(qp, r, (uint32_t)r->data.len);
	return true;
}

static bool do_atomic(struct rdma_qp *qp, struct rdma_qp *peer, struct rdma_request *r)
{
	struct rdma_pieces remote = {.n = 0}, result = {.n = 0};
	uint64_t old;

	if (r->data.len != sizeof(old))
		return send_failed(qp, r, LOCAL_LENGTH), true;
	if (r->raddr % sizeof(old))
		return denied(qp, peer, r, REMOTE_INVALID);
	if (!(peer->path.access & REMOTE_ATOMIC) ||
	    rdma_add(&remote, peer, r->rkey, r->raddr, sizeof(old), REMOTE_ATOMIC) ||
	    remote.n != 1 ||
	    rdma_atomic(remote.piece[0].ptr, r->opcode == OP_ATOMIC_CS, r->operand, r->compare,
			&old))
		return denied(qp, peer, r, REMOTE_ACCESS);
	rdma_add_raw(&result, (uint8_t *)&old, sizeof(old));
	if (rdma_copy(&r->data, &result))
		return send_failed(qp, r, LOCAL_PROT), true;
	send_done(qp, r, sizeof(old));
	return true;
}

/* Execute the request at the head; false: it has to wait. */
static bool execute(struct rdma_qp *qp, struct rdma_request *r)
{
	struct rdma_qp *peer;
	int err = rdma_parse(qp, r);

	if (err) {
		send_failed(qp, r, err == -EACCES ? LOCAL_PROT : LOCAL_QP_OP);
		return true;
	}
	if (r->opcode == OP_NOP)
		return send_done(qp, r, 0), true;
	peer = find_peer(qp, r);
	if (!peer)
		return unanswered(qp, r, false);
	switch (r->opcode) {
	case OP_SEND:
	case OP_SEND_IMM:
		return do_send(qp, peer, r);
	case OP_ATOMIC_CS:
	case OP_ATOMIC_FA:
		return do_atomic(qp, peer, r);
	default:
		return do_remote(qp, peer, r);
	}
}

/* ---- a pass ---- */

/* What is posted to a queue pair in ERR comes back unexecuted. */
static void flush(struct rdma_qp *qp, struct rdma_request *r)
{
	for (unsigned int i = 0; i < BURST && qp->attr.sq_units; i++) {
		if (rdma_posted(qp, 1) == qp->sq_ci)
			break;
		r->opcode = 0;
		rdma_fetch(qp, r);
		qp->sq_ci = (uint16_t)(qp->sq_ci + r->units);
		send_failed(qp, r, FLUSHED);
	}
	for (unsigned int i = 0; i < BURST && !qp->srq && rdma_recv_ready(qp); i++)
		recv_failed(qp, FLUSHED);
}

static void run(struct rdma_qp *qp, struct rdma_request *r)
{
	for (unsigned int i = 0; i < BURST && rdma_posted(qp, 1) != qp->sq_ci; i++) {
		int err;

		if (qp->state != HCA_QP_RTS || !qp->attr.sq_units)
			break;
		r->data.n = r->recv.n = 0;
		r->data.len = r->recv.len = 0;
		err = rdma_fetch(qp, r);
		if (err)
			send_failed(qp, r, err == -EFAULT ? LOCAL_PROT : LOCAL_QP_OP);
		else if (!execute(qp, r))
			return;
		qp->blocked_ns = 0;
		qp->sq_ci = (uint16_t)(qp->sq_ci + r->units);
	}
	if (qp->state == HCA_QP_ERR)
		flush(qp, r);
}

void rdma_poll(struct hca *hca)
{
	struct rdma_request r;
	struct rdma_qp *qp;

	/* Whoever holds it may be waiting for this thread to end its pass. */
	if (pthread_mutex_trylock(&hca->lock))
		return;
	memset(&r, 0, sizeof(r));
	TAILQ_FOREACH(qp, &hca->rdma_qps, in_hca)
	run(qp, &r);
	pthread_mutex_unlock(&hca->lock);
}
