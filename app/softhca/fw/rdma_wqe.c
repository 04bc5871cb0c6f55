/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdma_wqe.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hca_ident.h"
#include "hca_priv.h"
#include "mem.h"

enum { INVALID_LKEY = 0x100, WQE_RECV_MAX = 1024 };
#define INLINE_SEG 0x80000000u

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

int rdma_fetch(const struct rdma_qp *qp, struct rdma_request *r)
{
	const uint8_t *ring = qp->attr.sq;
	uint32_t size = qp->attr.sq_units * RDMA_UNIT;
	uint32_t at = (qp->sq_ci & (qp->attr.sq_units - 1)) * RDMA_UNIT;
	uint32_t first;
	int err = rdma_copy_in(r->wqe, ring + at, RDMA_SEG);

	r->index = qp->sq_ci;
	r->units = 1;
	if (err)
		return err;
	r->opcode = r->wqe[3];
	r->index = (uint16_t)(r->wqe[1] << 8 | r->wqe[2]);
	r->len = (get32(r->wqe + 4) & 0x3f) * RDMA_SEG;
	r->flags = r->wqe[11];
	memcpy(&r->imm, r->wqe + 12, sizeof(r->imm));
	r->units = (r->len + RDMA_UNIT - 1) / RDMA_UNIT;
	if (r->len < RDMA_SEG || r->len > size) {
		r->units = 1;
		return -EINVAL;
	}
	first = r->len < size - at ? r->len : size - at;
	err = rdma_copy_in(r->wqe, ring + at, first);
	return err ? err : rdma_copy_in(r->wqe + first, ring, r->len - first);
}

/* Data segments from byte at on; write: the data comes in. */
static int gather(const struct rdma_qp *qp, struct rdma_request *r, unsigned int at, bool write)
{
	int err = 0;

	while (!err && at + RDMA_SEG <= r->len) {
		uint32_t head = get32(r->wqe + at), len;

		if (head & INLINE_SEG) {
			len = head & 0x3ff;
			if (write || at + 4 + len > r->len)
				return -EINVAL;
			err = rdma_add_raw(&r->data, r->wqe + at + 4, len);
			at += (4 + len + RDMA_SEG - 1) / RDMA_SEG * RDMA_SEG;
			continue;
		}
		len = head & 0x7fffffff;
		err = rdma_add(&r->data, qp, get32(r->wqe + at + 4), get64(r->wqe + at + 8), len,
			       write ? LOCAL_WRITE : 0);
		at += RDMA_SEG;
	}
	return err;
}

/* The Ethernet-independent header a UD receiver gets before the data (IBTA 8.3). */
static void make_grh(const struct rdma_qp *qp, const uint8_t *av, struct rdma_request *r)
{
	uint32_t flow = get32(av + 28);

	put32(r->grh, 6u << 28 | (uint32_t)av[26] << 20 | (flow & 0xfffff));
	r->grh[6] = 0x1b;
	r->grh[7] = av[27];
	/* The sender's only address: link-local, of its function. */
	hca_ident_gid(qp->obj->ctx->func->index, r->grh + 8);
	memcpy(r->grh + 24, av + 32, 16);
}

int rdma_parse(const struct rdma_qp *qp, struct rdma_request *r)
{
	unsigned int at = RDMA_SEG;
	bool write = r->opcode == OP_READ;

	if (qp->attr.type == HCA_QP_UD) {
		if (r->len < RDMA_SEG + 48 || (r->opcode != OP_SEND && r->opcode != OP_SEND_IMM))
			return -EINVAL;
		r->ud_qkey = get32(r->wqe + RDMA_SEG);
		r->ud_qpn = get32(r->wqe + RDMA_SEG + 8) & 0xffffff;
		make_grh(qp, r->wqe + RDMA_SEG, r);
		return gather(qp, r, RDMA_SEG + 48, false);
	}
	switch (r->opcode) {
	case OP_ATOMIC_CS:
	case OP_ATOMIC_FA:
		if (r->len < 3 * RDMA_SEG)
			return -EINVAL;
		r->operand = get64(r->wqe + 2 * RDMA_SEG);
		r->compare = get64(r->wqe + 2 * RDMA_SEG + 8);
		write = true;
		at += RDMA_SEG;
		/* fallthrough */
	case OP_READ:
		if (qp->attr.type != HCA_QP_RC)
			return -EINVAL;
		/* fallthrough */
	case OP_WRITE:
	case OP_WRITE_IMM:
		if (r->len < 2 * RDMA_SEG)
			return -EINVAL;
		r->raddr = get64(r->wqe + RDMA_SEG);
		r->rkey = get32(r->wqe + RDMA_SEG + 8);
		at += RDMA_SEG;
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

/* ---- the receiving side ---- */

static uint16_t dbr_of(const void *dbr, unsigned int word, uint16_t otherwise)
{
	uint32_t value;

	if (rdma_copy_in(&value, (const uint32_t *)dbr + word, sizeof(value)))
		return otherwise;
	/* The WQEs were written before. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (uint16_t)be32toh(value);
}

uint16_t rdma_posted(const struct rdma_qp *qp, unsigned int word)
{
	return dbr_of(qp->attr.dbr, word, word ? qp->sq_ci : qp->rq_ci);
}

bool rdma_recv_ready(const struct rdma_qp *qp)
{
	const struct rdma_srq *srq = qp->srq;

	if (srq)
		return dbr_of(srq->attr.dbr, 0, srq->ci) != srq->ci;
	return qp->attr.rq_wqes && rdma_posted(qp, 0) != qp->rq_ci;
}

int rdma_recv_peek(const struct rdma_qp *qp, struct rdma_pieces *p)
{
	const struct rdma_srq *srq = qp->srq;
	uint8_t wqe[WQE_RECV_MAX];
	uint32_t shift = srq ? srq->attr.shift : qp->attr.rq_shift, at;
	const uint8_t *ring = srq ? srq->attr.ring : qp->attr.rq;
	uint32_t index = srq ? srq->head : qp->rq_ci & (qp->attr.rq_wqes - 1);
	int err = rdma_copy_in(wqe, ring + ((size_t)index << shift), 1u << shift);

	/* In a shared queue the number of the next one comes first. */
	for (at = srq ? RDMA_SEG : 0; !err && at + RDMA_SEG <= 1u << shift; at += RDMA_SEG) {
		uint32_t key = get32(wqe + at + 4);

		if (key == INVALID_LKEY)
			break;
		err = rdma_add(p, qp, key, get64(wqe + at + 8), get32(wqe + at) & 0x7fffffff,
			       LOCAL_WRITE);
	}
	return err;
}

uint16_t rdma_recv_take(struct rdma_qp *qp)
{
	struct rdma_srq *srq = qp->srq;
	uint8_t next[4];
	uint16_t index;

	if (!srq)
		return qp->rq_ci++;
	index = srq->head;
	srq->ci++;
	/* A number beyond the ring, or a ring that is gone: it starts anew, as good as any. */
	srq->head = 0;
	if (!rdma_copy_in(next, (uint8_t *)srq->attr.ring + ((size_t)index << srq->attr.shift),
			  sizeof(next)))
		srq->head = (uint16_t)((next[2] << 8 | next[3]) & (srq->attr.wqes - 1));
	return index;
}
