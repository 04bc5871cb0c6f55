/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VIRTIO_NET_Q: a guest's queue as a firmware object, and the counters that can be hung on it.
 *
 * States: INIT -> RDY <-> SUSPEND, and ERR where it ends. The datapath's queue (vq/dp.h) comes to
 * life with the first RDY; from then on the state is the datapath's. What is modified in SUSPEND
 * takes effect with the next RDY: the datapath gets a new queue then. A queue that was made without
 * a key is incomplete and cannot go to RDY.
 *
 * Threads: under the firmware lock; everything that touches the datapath's queue, and what NIC
 * threads read in callbacks (event_qp), also under dp_lock.
 */
#ifndef SOFTHCA_FW_VIRTQ_H
#define SOFTHCA_FW_VIRTQ_H

#include "../vq/dp.h"
#include "cmd.h"
#include "obj.h"
#include "qp.h"

enum { VIRTQ_CTX_LEN = 0x600 / 8 };

/* virtio_net_q begins here, in a create or modify mailbox and in the answer to a query. */
enum { VIRTQ_NET_Q = 0x80, VIRTQ_Q = VIRTQ_NET_Q + 0x200 };

struct virtq;

struct vq_counters {
	struct hca_obj obj;
	struct virtq *virtq; /* borrowed: the queue that counts here now, or NULL */
	/* Of datapath queues that are gone. */
	uint64_t received_desc, completed_desc;
	uint32_t error_cqes, bad_desc_errors, exceed_max_chain, invalid_buffer;
};

struct virtq {
	struct hca_obj obj;
	/* What virtq_check() makes of ctx. */
	struct vq_attr attr; /* mem, ops and ops_arg come when the datapath's queue is made */
	uint32_t pdn;
	struct dp_mem *mem;           /* owned reference; NULL: incomplete */
	struct qp *event_qp;          /* borrowed, in obj.uses; NULL: no events */
	struct vq_counters *counters; /* borrowed, in obj.uses; NULL: none */
	struct vq_moderation moderation;
	struct vq_dirty_log log;    /* mem: owned reference; NULL: no bitmap */
	uint8_t ctx[VIRTQ_CTX_LEN]; /* as given: the answer to a query, with live fields put in */

	bool counted;        /* in the function's number of queues; a candidate never is */
	bool changed;        /* in SUSPEND: attr is newer than vq */
	enum vq_state noted; /* what the trace knows of it */
	struct vq *vq;       /* owned; NULL before RDY */
};

extern const char *const virtq_state_names[];

int virtq_create(struct cmd *cmd, struct hca_obj **obj);
int virtq_modify(struct cmd *cmd, struct hca_obj *obj);
int virtq_query(struct cmd *cmd, struct hca_obj *obj);
void virtq_fini(struct hca_obj *obj);

int vq_counters_create(struct cmd *cmd, struct hca_obj **obj);
int vq_counters_query(struct cmd *cmd, struct hca_obj *obj);
/* Take over what a datapath queue has counted before it goes. */
void vq_counters_add(struct vq_counters *c, const struct vq_status *status);

/* It is in that state now: for the trace. Under dp_lock, or from the datapath's callback. */
void virtq_note_state(struct virtq *virtq, enum vq_state to, enum vq_error error);

/* As vq_status(), also before RDY. Under dp_lock. */
void virtq_status(const struct virtq *virtq, struct vq_status *status);

/*
 * Check a create mailbox (self NULL), or one that a modification of self would result in, into
 * virtq: all that its first part holds, and obj.uses. When refused, virtq_release() undoes what was
 * done. virtq_check.c
 */
int virtq_check(struct cmd *cmd, struct virtq *virtq, const struct virtq *self);
void virtq_release(struct virtq *virtq);

/*
 * INIT or SUSPEND to RDY as `as` says (virtq itself or a candidate); -EREMOTEIO: refused, and
 * nothing has changed. Under dp_lock.
 */
int virtq_start(struct cmd *cmd, struct virtq *virtq, struct virtq *as);

#endif
