/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive side: a TIR hashes a frame, its RQT turns the hash into one of a list of receive queues.
 *
 * Threads: under the firmware lock. What the datapath knows of them is a copy (rx_update).
 */
#ifndef SOFTHCA_FW_TIR_H
#define SOFTHCA_FW_TIR_H

#include "cmd.h"
#include "obj.h"
#include "virtq.h"

struct rqt {
	struct hca_obj obj;
	unsigned int n, max;   /* entries: a power of two; at most */
	struct virtq **queues; /* owned array of borrowed queues, which are in obj.uses */
};

struct tir {
	struct hca_obj obj;
	struct rqt *rqt; /* borrowed, in obj.uses */
	uint8_t key[40];
	uint8_t hash_fields; /* DP_HASH_* */
	bool symmetric, block_self_uc, block_self_mc;
};

int tir_create(struct cmd *cmd, struct hca_obj **obj);
int tir_modify(struct cmd *cmd, struct hca_obj *obj);

int rqt_create(struct cmd *cmd, struct hca_obj **obj);
int rqt_modify(struct cmd *cmd, struct hca_obj *obj);
void rqt_fini(struct hca_obj *obj);

#endif
