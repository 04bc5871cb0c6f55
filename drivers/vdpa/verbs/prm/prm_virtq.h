/* SPDX-License-Identifier: BSD-3-Clause */
/* VIRTIO_NET_Q: one data queue of a guest. */
#ifndef VV_PRM_VIRTQ_H
#define VV_PRM_VIRTQ_H

#include "prm_obj.h"

enum { PRM_VIRTQ_SPLIT = 0, PRM_VIRTQ_PACKED = 1 };
enum { PRM_VIRTQ_EVENT_NONE = 0, PRM_VIRTQ_EVENT_QP = 1, PRM_VIRTQ_EVENT_MSIX = 2 };

enum prm_virtq_state {
	PRM_VIRTQ_INIT = 0,
	PRM_VIRTQ_RDY = 1,
	PRM_VIRTQ_SUSPEND = 2,
	PRM_VIRTQ_ERR = 3,
};

/* modify_field_select */
enum {
	PRM_VIRTQ_MODIFY_STATE = 1 << 0,
	PRM_VIRTQ_MODIFY_PERIOD = 1 << 5,
	PRM_VIRTQ_MODIFY_FEATURE_MASK = 1 << 12,
};

/* queue_period_mode: the period begins with the first buffer that was not told of, or the last. */
enum {
	PRM_VIRTQ_PERIOD_DEFAULT = 0,
	PRM_VIRTQ_PERIOD_FROM_FIRST = 1,
	PRM_VIRTQ_PERIOD_FROM_LAST = 2,
};

/*
 * The 13 feature bits of a queue, most significant first: twelve to three in the field of that
 * name, two to zero in the other.
 */
enum {
	PRM_VIRTQ_F_MRG_RXBUF = 2,
	PRM_VIRTQ_F_HOST_ECN = 4,
	PRM_VIRTQ_F_GUEST_ECN = 6,
	PRM_VIRTQ_F_GUEST_TSO6 = 7,
	PRM_VIRTQ_F_GUEST_TSO4 = 8,
	PRM_VIRTQ_F_GUEST_CSUM = 9,
	PRM_VIRTQ_F_CSUM = 10,
	PRM_VIRTQ_F_HOST_TSO6 = 11,
	PRM_VIRTQ_F_HOST_TSO4 = 12,
};

struct prm_virtio_q {
	uint8_t virtio_q_type[8];
	uint8_t rsvd_8[5];
	uint8_t event_mode[3];
	uint8_t queue_index[16];
	uint8_t full_emulation[1];
	uint8_t virtio_version_1_0[1];
	uint8_t rsvd_22[2];
	uint8_t offload_type[4];
	uint8_t event_qpn_or_msix[24];
	uint8_t doorbell_stride_idx[16];
	uint8_t queue_size[16];
	uint8_t device_emulation_id[32];
	uint8_t desc_addr[64];
	uint8_t used_addr[64];      /* packed: device area */
	uint8_t available_addr[64]; /* packed: driver area */
	uint8_t virtio_q_mkey[32];
	uint8_t max_tunnel_desc[16];
	uint8_t rsvd_170[8];
	uint8_t error_type[8];
	uint8_t umem_1_id[32];
	uint8_t umem_1_size[32];
	uint8_t umem_1_offset[64];
	uint8_t umem_2_id[32];
	uint8_t umem_2_size[32];
	uint8_t umem_2_offset[64];
	uint8_t umem_3_id[32];
	uint8_t umem_3_size[32];
	uint8_t umem_3_offset[64];
	uint8_t counter_set_id[32];
	uint8_t rsvd_320[8];
	uint8_t pd[24];
	uint8_t rsvd_340[2];
	uint8_t queue_period_mode[2];
	uint8_t queue_period_us[12];
	uint8_t queue_max_count[16];
	uint8_t rsvd_360[0xa0];
};

struct prm_virtio_net_q {
	uint8_t modify_field_select[64];
	uint8_t rsvd_40[64];
	uint8_t queue_feature_bit_mask_12_3[10];
	uint8_t dirty_bitmap_dump_enable[1];
	uint8_t vhost_log_page[5];
	uint8_t rsvd_90[12];
	uint8_t state[4];
	uint8_t rsvd_a0[5];
	uint8_t queue_feature_bit_mask_2_0[3];
	uint8_t tisn_or_qpn[24];
	uint8_t dirty_bitmap_mkey[32];
	uint8_t dirty_bitmap_size[32];
	uint8_t dirty_bitmap_addr[64];
	uint8_t hw_available_index[16];
	uint8_t hw_used_index[16];
	uint8_t rsvd_160[0xa0];
	struct prm_virtio_q virtio_q_context;
};

struct prm_create_virtq_in {
	struct prm_general_obj_in_cmd_hdr hdr;
	struct prm_virtio_net_q virtq;
};

struct prm_query_virtq_out {
	struct prm_general_obj_out_cmd_hdr hdr;
	struct prm_virtio_net_q virtq;
};

#endif
