/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Live figures of a NIC in a shared file (`softhca run --stat FILE`), so that tests and people can
 * look at a running one. Written by the model only; each counter has one writer at a time (under
 * the firmware lock or, for frames, the NIC thread of the function) and is stored relaxed.
 * Readers map the file read-only and check magic and version.
 */
#ifndef SOFTHCA_FW_HCA_STAT_H
#define SOFTHCA_FW_HCA_STAT_H

#include <stdint.h>

#define HCA_STAT_MAGIC	 0x73666863u /* "sfhc" */
#define HCA_STAT_VERSION 1u

enum hca_stat_obj {
	HCA_STAT_CTX,
	HCA_STAT_PD,
	HCA_STAT_MR,
	HCA_STAT_UMEM,
	HCA_STAT_UAR,
	HCA_STAT_VAR,
	HCA_STAT_MKEY,
	HCA_STAT_CQ,
	HCA_STAT_QP,
	HCA_STAT_TD,
	HCA_STAT_TIS,
	HCA_STAT_TIR,
	HCA_STAT_RQT,
	HCA_STAT_VIRTIO_NET_Q,
	HCA_STAT_VIRTIO_Q_COUNTERS,
	HCA_STAT_MATCHER,
	HCA_STAT_FLOW,
	HCA_STAT_CHAN,
	HCA_STAT_OTHER,
	HCA_STAT_OBJ_N,
};

struct hca_stat {
	uint32_t magic;
	uint32_t version;
	uint64_t commands;	   /* executed, refused ones included */
	uint64_t commands_refused; /* status other than OK, injected failures not included */
	uint64_t commands_failed;  /* failures injected by --fail */
	uint64_t objects[HCA_STAT_OBJ_N];	/* alive now */
	uint64_t objects_made[HCA_STAT_OBJ_N];	/* ever */
	uint64_t queue_errors;			/* queues that went to ERR */
	uint64_t frames_tx, bytes_tx;		/* taken from transmit queues */
	uint64_t frames_rx, bytes_rx;		/* put into receive queues */
	uint64_t drops_no_buffer;		/* receive queue empty beyond the delay-drop time */
	uint64_t drops_no_dest;			/* nobody to deliver to */
	uint64_t drops_other;
	uint64_t busy_cycles;			/* TSC cycles of NIC thread passes that moved frames */
};

#endif
