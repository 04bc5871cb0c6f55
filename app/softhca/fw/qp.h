/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queue pairs as event queues need them: RC, looped back inside one context. A firmware QP (no
 * receive queue, no send queue) is where a virtqueue sends its notifications; the software QP it is
 * connected to gives credit in its receive doorbell record and gets completions. A QP with a send
 * queue carries data instead.
 *
 * Threads: objects and states under the firmware lock; state and peer, which NIC threads read,
 * change under dp_lock as well. rq_ci: the lock of the receive CQ.
 */
#ifndef SOFTHCA_FW_QP_H
#define SOFTHCA_FW_QP_H

#include "cmd.h"
#include "cq.h"
#include "obj.h"

enum qp_state { QP_RST, QP_INIT, QP_RTR, QP_RTS, QP_ERR, QP_STATE_N };

struct rdma_qp;

struct qp {
	struct hca_obj obj;
	bool firmware; /* no queues of its own */
	enum qp_state state;
	uint32_t remote_qpn; /* from RTR on */
	struct qp *peer;     /* borrowed: the other end while both ends can talk, else NULL */
	struct umem *umem, *dbr_umem;
	uint8_t *wq;   /* in umem: receive WQEs, and behind them a send queue */
	uint32_t *dbr; /* in dbr_umem: [0] receive WQEs ever posted, big-endian */
	unsigned int log_rq_size;
	struct cq *rcq;       /* borrowed, in obj.uses */
	uint16_t rq_ci;       /* receive WQEs consumed */
	struct rdma_qp *data; /* owned; a queue pair that also sends, see qp_data.c; else NULL */
};

int qp_create(struct cmd *cmd, struct hca_obj **obj);
void qp_fini(struct hca_obj *obj);
int qp_rst2init(struct cmd *cmd, struct hca_obj *obj);
int qp_init2rtr(struct cmd *cmd, struct hca_obj *obj);
int qp_rtr2rts(struct cmd *cmd, struct hca_obj *obj);
int qp_2err(struct cmd *cmd, struct hca_obj *obj);
int qp_2rst(struct cmd *cmd, struct hca_obj *obj);

/* A queue that used the QP is gone or broken. Under the firmware lock, takes dp_lock. */
void qp_to_err(struct qp *qp);

/*
 * One message without payload from a firmware QP to its peer. By NIC threads.
 * -EAGAIN: no receive WQE posted. -EIO: not connected, or the CQ is broken.
 */
int qp_notify(struct qp *qp);

/*
 * An access of qp_notify() faulted at addr: was it to memory of the peer or its CQ? Then the CQ is
 * lost from now on and its lock is free again, as the caller will not come back into qp_notify().
 * In the signal handler of the faulting thread.
 */
bool qp_fault(struct qp *qp, const void *addr);
/* Tell the CQ's subscribers, once. By NIC threads, after qp_fault(). */
void qp_tell_lost(struct qp *qp);

/* ---- qp_data.c: queue pairs with a send queue, run by the engine of rdma.h ---- */

int qp_data_create(struct cmd *cmd, struct qp *qp);
/* The fields of a change, and the change; its state has been checked. */
int qp_data_modify(struct cmd *cmd, struct qp *qp, enum qp_state to);
/* Has the engine taken it to ERR? */
bool qp_data_broken(const struct qp *qp);
/* Fields that only these have are zero. */
int qp_data_none(struct cmd *cmd, bool modify);
void qp_data_fini(struct qp *qp);

const char *qp_state_name(enum qp_state state);

#endif
