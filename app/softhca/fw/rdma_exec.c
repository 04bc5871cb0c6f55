/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine of data queue pairs: reads send WQEs as libmlx5 writes them (mlx5dv.h: control segment,
 * address segments, data segments of 16 bytes each), moves the data, writes completions to both
 * ends.
 *
 * A request is executed in one go or not at all; one that has to wait (no receive WQE, nobody there)
 * stays at the head of its queue. An error completes the request that had it, with the syndrome of
 * the PRM, and takes its queue pair to ERR, where everything that is posted is flushed.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "hca_ident.h"
#include "hca_priv.h"
#include "mem.h"
#include "rdma.h"

enum {
	UNIT = 64,
	SEG = 16,
	WQE_MAX = 63 * SEG,
	BURST = 64, /* requests of a queue pair in one pass */
	GRH_LEN = 40,
};

enum {
	OP_NOP = 0x00,
	OP_WRITE = 0x08,
	OP_WRITE_IMM = 0x09,
	OP_SEND = 0x0a,
	OP_SEND_IMM = 0x0b,
	OP_READ = 0x10,
	OP_ATOMIC_CS = 0x11,
	OP_ATOMIC_FA = 0x12,
};

enum {
	CTRL_CQ_UPDATE = 2 << 2,
	INVALID_LKEY = 0x100,
};
#define INLINE_SEG 0x80000000u

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

/* enum ib_uverbs_access_flags */
enum { LOCAL_WRITE = 1, REMOTE_WRITE = 2, REMOTE_READ = 4, REMOTE_ATOMIC = 8 };

/* One request: a copy of the WQE, and what was found in it. */
struct request {
	uint8_t wqe[WQE_MAX];
	unsigned int len, units;
	uint8_t opcode, flags;
	uint16_t index;
	uint32_t imm; /* as it is in the WQE */
	uint64_t raddr, operand, compare;
	uint32_t rkey;
	uint32_t ud_qpn, ud_qkey;
	uint8_t grh[GRH_LEN];
	struct rdma_pieces data;
	/* The other end's receive WQE, if the request takes one. */
	struct rdma_pieces recv;
};

static uint32_t get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static uint64_t get64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

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

/* How much was ever posted; as much as was consumed if the doorbell record is gone. */
static uint16_t posted(const struct rdma_qp *qp, unsigned int word)
{
	const uint32_t *dbr = qp->attr.dbr;
	uint32_t value;

	if (rdma_copy_in(&value, dbr + word, sizeof(value)))
		return word ? qp->sq_ci : qp->rq_ci;
	/* The WQEs were written before. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (uint16_t)be32toh(value);
}

/* ---- completions ---- */

static void complete(struct rdma_qp *qp, struct cq *cq, uint8_t cqe[64], uint8_t kind,
		     uint16_t wqe)
{
	uint64_t stamp = htobe64(now_ns());

	put32(cqe + CQE_UIDX, qp->attr.user_index);
	cqe[CQE_WQE] = (uint8_t)(wqe >> 8);
	cqe[CQE_WQE + 1] = (uint8_t)wqe;
	cqe[CQE_OP_OWN] = (uint8_t)(kind << 4);
	if (kind != CQE_REQ_ERR && kind != CQE_RESP_ERR)
		memcpy(cqe + CQE_TIMESTAMP, &stamp, sizeof(stamp));
	pthread_spin_lock(&cq->lock);
	/* A CQ that overruns is its program's loss. */
	if (cq_put(cq, cqe))
		qp->state = HCA_QP_ERR;
	pthread_spin_unlock(&cq->lock);
}

static void send_done(struct rdma_qp *qp, const struct request *r, uint32_t bytes)
{
	uint8_t cqe[64] = {0};

	if (!(r->flags & CTRL_CQ_UPDATE))
		return;
	put32(cqe + CQE_BYTES, bytes);
	put32(cqe + CQE_OP_QPN, (uint32_t)r->opcode << 24 | qp->obj->id);
	complete(qp, qp->scq, cqe, CQE_REQ, r->index);
}

static void send_failed(struct rdma_qp *qp, const struct request *r, enum syndrome_qp syndrome)
{
	uint8_t cqe[64] = {0};

	cqe[CQE_ERR_SYNDROME] = syndrome;
	put32(cqe + CQE_OP_QPN, (uint32_t)r->opcode << 24 | qp->obj->id);
	complete(qp, qp->scq, cqe, CQE_REQ_ERR, r->index);
	qp->state = HCA_QP_ERR;
}

static void recv_done(struct rdma_qp *qp, const struct rdma_qp *from, const struct request *r,
		      uint8_t kind, uint32_t bytes)
{
	uint8_t cqe[64] = {0};
	bool ud = qp->attr.type == HCA_QP_UD;

	put32(cqe + CQE_BYTES, bytes);
	put32(cqe + CQE_OP_QPN, qp->obj->id);
	put32(cqe + CQE_FLAGS_RQPN, from->obj->id | (ud ? CQE_GRH : 0));
	memcpy(cqe + CQE_IMM, &r->imm, sizeof(r->imm));
	complete(qp, qp->rcq, cqe, kind, qp->rq_ci++);
}

static void recv_failed(struct rdma_qp *qp, enum syndrome_qp syndrome)
{
	uint8_t cqe[64] = {0};

	cqe[CQE_ERR_SYNDROME] = syndrome;
	put32(cqe + CQE_OP_QPN, qp->obj->id);
	complete(qp, qp->rcq, cqe, CQE_RESP_ERR, qp->rq_ci++);
	qp->state = HCA_QP_ERR;
}

/* ---- reading WQEs ---- */

/* Copy the request at the head of the send queue out of the ring; it may wrap. */
static int fetch(const struct rdma_qp *qp, struct request *r)
{
	const uint8_t *ring = qp->attr.sq;
	uint32_t at = (qp->sq_ci & (qp->attr.sq_units - 1)) * UNIT, size = qp->attr.sq_units * UNIT;
	uint32_t first;
	int err = rdma_copy_in(r->wqe, ring + at, SEG);

	r->index = qp->sq_ci;
	r->units = 1;
	if (err)
		return err;
	r->opcode = r->wqe[3];
	r->index = (uint16_t)(r->wqe[1] << 8 | r->wqe[2]);
	r->len = (get32(r->wqe + 4) & 0x3f) * SEG;
	r->flags = r->wqe[11];
	memcpy(&r->imm, r->wqe + 12, sizeof(r->imm));
	r->units = (r->len + UNIT - 1) / UNIT;
	if (r->len < SEG || r->len > size) {
		r->units = 1;
		return -EINVAL;
	}
	first = r->len < size - at ? r->len : size - at;
	err = rdma_copy_in(r->wqe, ring + at, first);
	return err ? err : rdma_copy_in(r->wqe + first, ring, r->len - first);
}

/* Data segments from byte at on; write: the data comes in. */
static int gather(const struct rdma_qp *qp, struct request *r, unsigned int at, bool write)
{
	int err = 0;

	while (!err && at + SEG <= r->len) {
		uint32_t head = get32(r->wqe + at), len;

		if (head & INLINE_SEG) {
			len = head & 0x3ff;
			if (write || at + 4 + len > r->len)
				return -EINVAL;
			err = rdma_add_raw(&r->data, r->wqe + at + 4, len);
			at += (4 + len + SEG - 1) / SEG * SEG;
			continue;
		}
		len = head & 0x7fffffff;
		err = rdma_add(&r->data, qp, get32(r->wqe + at + 4), get64(r->wqe + at + 8), len,
			       write ? LOCAL_WRITE : 0);
		at += SEG;
	}
	return err;
}

/* The Ethernet-independent header a UD receiver gets before the data (IBTA 8.3). */
static void make_grh(const struct rdma_qp *qp, const uint8_t *av, struct request *r)
{
	uint32_t flow = get32(av + 28);

	put32(r->grh, 6u << 28 | (uint32_t)av[26] << 20 | (flow & 0xfffff));
	r->grh[6] = 0x1b;
	r->grh[7] = av[27];
	/* The sender's only address: link-local, of its function. */
	hca_ident_gid(qp->obj->ctx->func->index, r->grh + 8);
	memcpy(r->grh + 24, av + 32, 16);
}

static int parse(const struct rdma_qp *qp, struct request *r)
{
	unsigned int at = SEG;
	bool write = r->opcode == OP_READ;

	if (qp->attr.type == HCA_QP_UD) {
		if (r->len < SEG + 48 || (r->opcode != OP_SEND && r->opcode != OP_SEND_IMM))
			return -EINVAL;
		r->ud_qkey = get32(r->wqe + SEG);
		r->ud_qpn = get32(r->wqe + SEG + 8) & 0xffffff;
		make_grh(qp, r->wqe + SEG, r);
		return gather(qp, r, SEG + 48, false);
	}
	switch (r->opcode) {
	case OP_ATOMIC_CS:
	case OP_ATOMIC_FA:
		if (r->len < 3 * SEG)
			return -EINVAL;
		r->operand = get64(r->wqe + 2 * SEG);
		r->compare = get64(r->wqe + 2 * SEG + 8);
		write = true;
		at += SEG;
		/* fallthrough */
	case OP_READ:
		if (qp->attr.type != HCA_QP_RC)
			return -EINVAL;
		/* fallthrough */
	case OP_WRITE:
	case OP_WRITE_IMM:
		if (r->len < 2 * SEG)
			return -EINVAL;
		r->raddr = get64(r->wqe + SEG);
		r->rkey = get32(r->wqe + SEG + 8);
		at += SEG;
		break;
	case OP_NOP:
		return 0;
	case OP_SEND:
	case OP_SEND_IMM:
		break;
	default:
		return -EINVAL;
	}
	return gather(qp, r, at, write);
}

/* The receive WQE at the head of the queue. */
static int receive(const struct rdma_qp *qp, struct rdma_pieces *p)
{
	uint8_t wqe[1024];
	uint32_t size = 1u << qp->attr.rq_shift;
	const uint8_t *ring = qp->attr.rq;
	uint32_t at = (qp->rq_ci & (qp->attr.rq_wqes - 1)) << qp->attr.rq_shift;
	int err = rdma_copy_in(wqe, ring + at, size);

	for (at = 0; !err && at + SEG <= size; at += SEG) {
		uint32_t key = get32(wqe + at + 4);

		if (key == INVALID_LKEY)
			break;
		err = rdma_add(p, qp, key, get64(wqe + at + 8), get32(wqe + at) & 0x7fffffff,
			       LOCAL_WRITE);
	}
	return err;
}

/* ---- the other end ---- */

/* Who answers, or NULL: nobody there (yet). */
static struct rdma_qp *find_peer(const struct rdma_qp *qp, const struct request *r)
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
static bool unanswered(struct rdma_qp *qp, const struct request *r, bool rnr)
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

/* SEND: into the receive WQE. WRITE_IMM only takes one. */
static bool do_send(struct rdma_qp *qp, struct rdma_qp *peer, struct request *r)
{
	bool imm = r->opcode == OP_SEND_IMM, ud = qp->attr.type == HCA_QP_UD;
	struct rdma_pieces data = {.n = 0};
	int err;

	/* A receiver with another key does not see it. */
	if (ud && (r->ud_qkey & 1u << 31 ? qp->path.qkey : r->ud_qkey) != peer->path.qkey) {
		send_done(qp, r, 0);
		return true;
	}
	if (posted(peer, 0) == peer->rq_ci || !peer->attr.rq_wqes)
		return unanswered(qp, r, true);
	if (ud)
		rdma_add_raw(&data, r->grh, GRH_LEN);
	for (unsigned int i = 0; i < r->data.n; i++)
		if (rdma_add_raw(&data, r->data.piece[i].ptr, r->data.piece[i].len))
			return send_failed(qp, r, LOCAL_QP_OP), true;
	err = receive(peer, &r->recv);
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

static bool do_remote(struct rdma_qp *qp, struct rdma_qp *peer, struct request *r)
{
	bool read = r->opcode == OP_READ;
	uint32_t need = read ? REMOTE_READ : REMOTE_WRITE;
	struct rdma_pieces remote = {.n = 0};
	int err;

	if (r->opcode == OP_WRITE_IMM && (posted(peer, 0) == peer->rq_ci || !peer->attr.rq_wqes))
		return unanswered(qp, r, true);
	err = r->data.len && !(peer->path.access & need) ? -EACCES : 0;
	if (!err)
		err = rdma_add(&remote, peer, r->rkey, r->raddr, r->data.len, need);
	if (!err)
		err = read ? rdma_copy(&r->data, &remote) : rdma_copy(&remote, &r->data);
	if (err) {
		peer->state = HCA_QP_ERR;
		send_failed(qp, r, REMOTE_ACCESS);
		return true;
	}
	if (r->opcode == OP_WRITE_IMM)
		recv_done(peer, qp, r, CQE_RESP_WR_IMM, (uint32_t)r->data.len);
	send_done(qp, r, (uint32_t)r->data.len);
	return true;
}

static bool do_atomic(struct rdma_qp *qp, struct rdma_qp *peer, struct request *r)
{
	struct rdma_pieces remote = {.n = 0}, result = {.n = 0};
	uint64_t old;

	if (r->data.len != sizeof(old))
		return send_failed(qp, r, LOCAL_LENGTH), true;
	if (r->raddr % sizeof(old)) {
		peer->state = HCA_QP_ERR;
		return send_failed(qp, r, REMOTE_INVALID), true;
	}
	if (!(peer->path.access & REMOTE_ATOMIC) ||
	    rdma_add(&remote, peer, r->rkey, r->raddr, sizeof(old), REMOTE_ATOMIC) ||
	    remote.n != 1 ||
	    rdma_atomic(remote.piece[0].ptr, r->opcode == OP_ATOMIC_CS, r->operand, r->compare,
			&old)) {
		peer->state = HCA_QP_ERR;
		return send_failed(qp, r, REMOTE_ACCESS), true;
	}
	rdma_add_raw(&result, (uint8_t *)&old, sizeof(old));
	if (rdma_copy(&r->data, &result))
		return send_failed(qp, r, LOCAL_PROT), true;
	send_done(qp, r, sizeof(old));
	return true;
}

/* Execute the request at the head; false: it has to wait. */
static bool execute(struct rdma_qp *qp, struct request *r)
{
	struct rdma_qp *peer;
	int err = parse(qp, r);

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
static void flush(struct rdma_qp *qp, struct request *r)
{
	for (unsigned int i = 0; i < BURST && posted(qp, 1) != qp->sq_ci; i++) {
		r->opcode = 0;
		fetch(qp, r);
		qp->sq_ci = (uint16_t)(qp->sq_ci + r->units);
		send_failed(qp, r, FLUSHED);
	}
	for (unsigned int i = 0; i < BURST && posted(qp, 0) != qp->rq_ci; i++)
		recv_failed(qp, FLUSHED);
}

static void run(struct rdma_qp *qp, struct request *r)
{
	for (unsigned int i = 0; i < BURST && posted(qp, 1) != qp->sq_ci; i++) {
		int err;

		if (qp->state != HCA_QP_RTS || !qp->attr.sq_units)
			break;
		r->data.n = r->recv.n = 0;
		r->data.len = r->recv.len = 0;
		err = fetch(qp, r);
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
	struct request r;
	struct rdma_qp *qp;

	/* Whoever holds it may be waiting for this thread to end its pass. */
	if (pthread_mutex_trylock(&hca->lock))
		return;
	memset(&r, 0, sizeof(r));
	TAILQ_FOREACH(qp, &hca->rdma_qps, in_hca)
	run(qp, &r);
	pthread_mutex_unlock(&hca->lock);
}
