/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VIRTIO_NET_Q: a guest's queue as a firmware object, and the counters that can be hung on it.
 *
 * States: INIT -> RDY <-> SUSPEND, and ERR where it ends. The datapath's queue (vq/dp.h) comes to
 * life with the first RDY; from then on the state is the datapath's.
 *
 * Threads: under the firmware lock; everything that touches the datapath's queue also under
 * dp_lock.
 */
#ifndef SOFTHCA_FW_VIRTQ_H
#define SOFTHCA_FW_VIRTQ_H

#include "../vq/dp.h"
#include "cmd.h"
#include "obj.h"
#include "qp.h"

enum { VIRTQ_CTX_LEN = 0x600 / 8 };

struct virtq;

struct vq_counters {
	struct hca_obj obj;
	struct virtq *virtq; /* borrowed: the queue that counts here now, or NULL */
	/* Of queues that are gone. */
	uint64_t received_desc, completed_desc;
	uint32_t error_cqes, bad_desc_errors, exceed_max_chain, invalid_buffer;
};

struct virtq {
	struct hca_obj obj;
	struct vq_attr attr; /* without mem until the check is over */
	uint32_t pdn;
	struct dp_mem *mem;           /* owned reference */
	struct qp *event_qp;          /* borrowed, in obj.uses; NULL: no events */
	struct vq_counters *counters; /* borrowed, in obj.uses; NULL: none */
	uint8_t ctx[VIRTQ_CTX_LEN];   /* as given: the answer to a query, with live fields put in */
	bool counted;                 /* in the function's number of queues */
	struct vq *vq;                /* owned; NULL before RDY */
};

int virtq_create(struct cmd *cmd, struct hca_obj **obj);
int virtq_modify(struct cmd *cmd, struct hca_obj *obj);
int virtq_query(struct cmd *cmd, struct hca_obj *obj);
void virtq_fini(struct hca_obj *obj);

int vq_counters_create(struct cmd *cmd, struct hca_obj **obj);
int vq_counters_query(struct cmd *cmd, struct hca_obj *obj);

/* As vq_status(), also before RDY. */
void virtq_status(const struct virtq *virtq, struct vq_status *status);

/* Check a create command into virtq: attr, mem, and all that obj.uses must hold. virtq_check.c */
int virtq_check(struct cmd *cmd, struct virtq *virtq);

#endif
