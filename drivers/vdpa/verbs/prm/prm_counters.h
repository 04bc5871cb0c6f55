/* SPDX-License-Identifier: BSD-3-Clause */
/* VIRTIO_Q_COUNTERS: counters of a queue, an object of its own so that they outlive the queue. */
#ifndef VV_PRM_COUNTERS_H
#define VV_PRM_COUNTERS_H

#include "prm_obj.h"

struct prm_virtio_q_counters {
	uint8_t modify_field_select[64];
	uint8_t rsvd_40[64];
	uint8_t received_desc[64];
	uint8_t completed_desc[64];
	uint8_t error_cqes[32];
	uint8_t bad_desc_errors[32];
	uint8_t exceed_max_chain[32];
	uint8_t invalid_buffer[32];
	uint8_t rsvd_180[0x50];
};

struct prm_create_virtio_q_counters_in {
	struct prm_general_obj_in_cmd_hdr hdr;
	struct prm_virtio_q_counters virtio_q_counters;
};

struct prm_query_virtio_q_counters_out {
	struct prm_general_obj_out_cmd_hdr hdr;
	struct prm_virtio_q_counters virtio_q_counters;
};

#endif
