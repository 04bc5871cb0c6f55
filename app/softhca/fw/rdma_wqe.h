/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests as libmlx5 writes them into send and receive queues (mlx5dv.h): a control segment,
 * address segments, data segments, of 16 bytes each; a ring's unit has 64.
 *
 * Threads: under the firmware lock. Errors: -EINVAL no request the model knows, -EACCES a key that
 * does not allow it, -EFAULT memory that is gone, -E2BIG.
 */
#ifndef SOFTHCA_FW_RDMA_WQE_H
#define SOFTHCA_FW_RDMA_WQE_H

#include "rdma.h"

enum { RDMA_UNIT = 64, RDMA_SEG = 16, RDMA_WQE_MAX = 63 * RDMA_SEG, RDMA_GRH_LEN = 40 };

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

enum { CTRL_CQ_UPDATE = 2 << 2, CTRL_SOLICITED = 1 << 1 };

/* enum ib_uverbs_access_flags */
enum { LOCAL_WRITE = 1, REMOTE_WRITE = 2, REMOTE_READ = 4, REMOTE_ATOMIC = 8 };

/* One request: a copy of the WQE, and what was found in it. */
struct rdma_request {
	uint8_t wqe[RDMA_WQE_MAX];
	unsigned int len, units;
	uint8_t opcode, flags;
	uint16_t index;
	uint32_t imm; /* as it is in the WQE */
	uint64_t raddr, operand, compare;
	uint32_t rkey;
	uint32_t ud_qpn, ud_qkey;
	uint8_t grh[RDMA_GRH_LEN];
	struct rdma_pieces data;
	/* The other end's receive WQE, if the request takes one. */
	struct rdma_pieces recv;
};

/* Copy the request at the head of the send queue out of the ring; it may wrap. */
int rdma_fetch(const struct rdma_qp *qp, struct rdma_request *r);
/* What it asks for: data, and the other side's address or name. */
int rdma_parse(const struct rdma_qp *qp, struct rdma_request *r);

/* ---- the receiving side: the queue pair's own queue, or the one it shares ---- */

bool rdma_recv_ready(const struct rdma_qp *qp);
/* The memory of the WQE that is next. */
int rdma_recv_peek(const struct rdma_qp *qp, struct rdma_pieces *p);
/* It is used up: its number. */
uint16_t rdma_recv_take(struct rdma_qp *qp);

/* How much was ever posted, word 0 to receive, 1 to send; what was consumed if none can tell. */
uint16_t rdma_posted(const struct rdma_qp *qp, unsigned int word);

#endif
