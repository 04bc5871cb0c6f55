/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queue pairs of verbs (RC, UC, UD), as the kernel makes them for ibv_create_qp(). They carry data
 * between queue pairs of one NIC: there is no wire for RDMA in the model, so what is addressed to
 * somebody else gets no answer.
 *
 * Threads and errors: as hca.h. A queue pair is a struct hca_obj; hca_obj_destroy() ends it.
 */
#ifndef SOFTHCA_FW_HCA_QP_H
#define SOFTHCA_FW_HCA_QP_H

#include "hca.h"

/* enum ib_qp_type, enum ib_qp_state */
enum hca_qp_type { HCA_QP_RC = 2, HCA_QP_UC = 3, HCA_QP_UD = 4 };
enum hca_qp_state {
	HCA_QP_RESET,
	HCA_QP_INIT,
	HCA_QP_RTR,
	HCA_QP_RTS,
	HCA_QP_SQD,
	HCA_QP_SQE,
	HCA_QP_ERR
};

struct hca_qp_attr {
	enum hca_qp_type type;
	uint32_t pdn;
	struct hca_obj *send_cq, *recv_cq; /* made with CREATE_CQ, in the same context */
	struct hca_obj *srq;		   /* of hca_srq_create(), or NULL */
	/* The program's memory, borrowed until the end of the queue pair; umems hold it. */
	void *rq, *sq;
	void *dbr;	     /* 8 bytes: receive WQEs posted, send WQE units posted; big-endian */
	uint32_t rq_wqes;    /* a power of two, or 0 */
	uint32_t rq_shift;   /* log2 of a receive WQE's bytes, at least 4 */
	uint32_t sq_units;   /* of 64 bytes; a power of two, or 0 */
	uint32_t user_index; /* goes into completions */
};

/* A shared receive queue: WQEs of 1 << shift bytes that begin with the number of the next one. */
struct hca_srq_attr {
	uint32_t pdn;
	void *ring, *dbr; /* as of hca_qp_attr; dbr: 4 bytes, WQEs posted */
	uint32_t wqes;	  /* a power of two */
	uint32_t shift;	  /* at least 5 */
};

int hca_srq_create(struct hca_ctx *ctx, const struct hca_srq_attr *attr, struct hca_obj **srq,
		   uint32_t *srqn);

/* Counts from the connection's set-up; fields that a type does not have are 0. */
struct hca_qp_path {
	uint32_t remote_qpn;
	int remote_function; /* -1: not of this NIC */
	uint32_t access;     /* enum ib_uverbs_access_flags: what the other end may do */
	uint32_t qkey;
	uint8_t retry_cnt, rnr_retry; /* rnr_retry 7: for ever */
	uint8_t timeout;	      /* 4.096 us << timeout; 0: for ever */
};

int hca_qp_create(struct hca_ctx *ctx, const struct hca_qp_attr *attr, struct hca_obj **qp,
		  uint32_t *qpn);
/* Change state; the caller has checked that it may. path: as of now, copied. */
void hca_qp_modify(struct hca_obj *qp, enum hca_qp_state state, const struct hca_qp_path *path);
/* The state it is in: errors change it, too. */
enum hca_qp_state hca_qp_state(struct hca_obj *qp);

#endif
