/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queue pairs that carry data, and the engine that runs them: NIC thread 0, once a pass, takes the
 * firmware lock if it is free, looks at the doorbell records, and executes what was posted.
 *
 * Threads: all under the firmware lock. The program's memory is read and written under a guard
 * (vq/guard.h): what it has unmapped ends its queue pair, nothing else.
 */
#ifndef SOFTHCA_FW_RDMA_H
#define SOFTHCA_FW_RDMA_H

#include <sys/queue.h>

#include "cq.h"
#include "hca_qp.h"
#include "obj.h"

/* A receive queue that queue pairs share; its WQEs are a list. */
struct rdma_srq {
	struct hca_obj obj;
	struct hca_srq_attr attr;
	uint16_t head, ci; /* the WQE that is next; how many were consumed */
};

struct rdma_qp {
	struct hca_obj *obj;	 /* that it is, or is a part of; CQs are in its uses */
	struct hca_qp_attr attr;
	struct cq *scq, *rcq;
	struct rdma_srq *srq; /* in uses, or NULL */
	enum hca_qp_state state;
	struct hca_qp_path path;
	uint16_t sq_ci, rq_ci; /* units and WQEs consumed */
	uint64_t blocked_ns;   /* since when the oldest request gets no answer; 0: it is not */
	TAILQ_ENTRY(rdma_qp) in_hca;
};

/* From now on the engine knows it; attr as far as it can be wrong is checked: -EINVAL. */
int rdma_begin(struct rdma_qp *qp, struct hca_obj *obj, const struct hca_qp_attr *attr);
void rdma_end(struct rdma_qp *qp);
void rdma_set_state(struct rdma_qp *qp, enum hca_qp_state state);

/* Work for all queue pairs. By NIC thread 0. */
void rdma_poll(struct hca *hca);

/* The end of a queue pair of verbs (OBJ_RDMA_QP). */
void rdma_fini(struct hca_obj *obj);

/* ---- rdma_mem.c: what a request touches ---- */

enum { RDMA_PIECES_MAX = 128 };

struct rdma_piece {
	uint8_t *ptr;
	uint32_t len;
};

struct rdma_pieces {
	struct rdma_piece piece[RDMA_PIECES_MAX];
	unsigned int n;
	uint64_t len;
};

/*
 * Append len bytes at addr of a key of the queue pair's PD; need: access flags of a key that
 * another queue pair uses (remote), or LOCAL_WRITE, or 0. -EACCES, -E2BIG: too many pieces.
 */
int rdma_add(struct rdma_pieces *p, const struct rdma_qp *qp, uint32_t key, uint64_t addr,
	     uint64_t len, uint32_t need);
int rdma_add_raw(struct rdma_pieces *p, uint8_t *ptr, uint32_t len);
/* Copy from->len bytes, to has room for them. -EFAULT: some of it is not mapped any more. */
int rdma_copy(const struct rdma_pieces *to, const struct rdma_pieces *from);
int rdma_copy_in(void *to, const void *user, uint32_t len);
/* Compare and swap, or fetch and add, of 8 aligned bytes; old: what was there. */
int rdma_atomic(void *user, bool swap, uint64_t operand, uint64_t compare, uint64_t *old);

#endif
