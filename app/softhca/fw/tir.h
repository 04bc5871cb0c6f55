/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive side: a TIR hashes a frame, its RQT turns the hash into one of a list of receive queues.
 *
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_TIR_H
#define SOFTHCA_FW_TIR_H

#include "cmd.h"
#include "obj.h"
#include "virtq.h"

struct hca_function;

struct rqt {
	struct hca_obj obj;
	unsigned int n, max;   /* entries: a power of two; at most */
	struct virtq **queues; /* owned array of borrowed queues, which are in obj.uses */
	struct rx_rqt *dp;     /* owned: what the datapath has of it */
	LIST_ENTRY(rqt) in_func;
};

struct tir {
	struct hca_obj obj;
	struct rqt *rqt; /* borrowed, in obj.uses */
	struct dp_tir attr;
	struct rx_tir *dp; /* owned: what the datapath has of it */
};

int tir_create(struct cmd *cmd, struct hca_obj **obj);
int tir_modify(struct cmd *cmd, struct hca_obj *obj);
void tir_fini(struct hca_obj *obj);

int rqt_create(struct cmd *cmd, struct hca_obj **obj);
int rqt_modify(struct cmd *cmd, struct hca_obj *obj);
void rqt_fini(struct hca_obj *obj);
/* A virtqueue has another queue of the datapath: wherever it is listed. Under dp_lock. */
void rqt_queue_changed(struct hca_function *func, const struct virtq *virtq);

#endif
