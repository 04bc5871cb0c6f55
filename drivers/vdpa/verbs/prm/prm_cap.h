/* SPDX-License-Identifier: BSD-3-Clause */
/* Capabilities: QUERY_HCA_CAP and the pages of it that the driver reads. */
#ifndef VV_PRM_CAP_H
#define VV_PRM_CAP_H

#include "prm.h"

enum { PRM_OP_QUERY_HCA_CAP = 0x100 };

/* op_mod: page << 1 | 1 for the current (not the maximal) values. */
enum {
	PRM_CAP_GENERAL = 0x00 << 1 | 1,
	PRM_CAP_ROCE = 0x04 << 1 | 1,
	PRM_CAP_NIC_FLOW_TABLE = 0x07 << 1 | 1,
	PRM_CAP_VDPA_EMULATION = 0x13 << 1 | 1,
};

struct prm_query_hca_cap_in {
	uint8_t opcode[16];
	uint8_t rsvd_10[32];
	uint8_t op_mod[16];
	uint8_t rsvd_40[64];
};

struct prm_query_hca_cap_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[64];
	uint8_t capability[0x8000];
};

struct prm_cmd_hca_cap {
	uint8_t rsvd_0[0x1a6];
	uint8_t nic_flow_table[1];
	uint8_t rsvd_1a7[0x76];
	uint8_t roce[1];
	uint8_t rsvd_21e[0x175];
	uint8_t log_max_rqt_size[5];
	uint8_t rsvd_398[0x68];
	uint8_t general_obj_types[64];
	uint8_t rsvd_440[0x3c0];
};

/* qp_ts_format: 0 free running, 1 real time, 2 both. */
struct prm_roce_caps {
	uint8_t rsvd_0[0x1e];
	uint8_t qp_ts_format[2];
	uint8_t rsvd_20[0x7e0];
};

/* What tables of one kind can do. */
struct prm_flow_table_prop_layout {
	uint8_t ft_support[1];
	uint8_t rsvd_1[0x21];
	uint8_t log_max_ft_size[6];
	uint8_t rsvd_28[16];
	uint8_t max_ft_level[8];
	uint8_t rsvd_40[0x58];
	uint8_t log_max_destination[8];
	uint8_t rsvd_a0[0x160];
};

struct prm_flow_table_nic_cap {
	uint8_t nic_rx_multi_path_tirs[1];
	uint8_t rsvd_1[0x1ff];
	struct prm_flow_table_prop_layout flow_table_properties_nic_receive;
	uint8_t rsvd_400[0x7c00];
};

/* Bits of virtio_queue_type and of event_mode. */
enum { PRM_CAP_QUEUE_SPLIT = 1, PRM_CAP_QUEUE_PACKED = 2 };
enum { PRM_CAP_EVENT_NONE = 1, PRM_CAP_EVENT_QP = 2, PRM_CAP_EVENT_MSIX = 4 };

struct prm_virtio_emulation_cap {
	uint8_t desc_tunnel_offload_type[1];
	uint8_t eth_frame_offload_type[1];
	uint8_t virtio_version_1_0[1];
	/* In the same order as the 13 feature bits of a queue (prm_virtq.h). */
	uint8_t device_features_bits_mask[13];
	uint8_t event_mode[8];
	uint8_t virtio_queue_type[8];
	uint8_t max_tunnel_desc[16];
	uint8_t rsvd_30[3];
	uint8_t log_doorbell_stride[5];
	uint8_t vnet_modify_ext[1];
	uint8_t virtio_net_q_addr_modify[1];
	uint8_t virtio_q_index_modify[1];
	uint8_t log_doorbell_bar_size[5];
	uint8_t doorbell_bar_offset[64];
	uint8_t max_emulated_devices[8];
	uint8_t max_num_virtio_queues[24];
	uint8_t rsvd_a0[0x33];
	uint8_t desc_group_mkey_supported[1];
	uint8_t freeze_to_rdy_supported[1];
	uint8_t rsvd_d5[0x2b];
	uint8_t umem_1_buffer_param_a[32];
	uint8_t umem_1_buffer_param_b[32];
	uint8_t umem_2_buffer_param_a[32];
	uint8_t umem_2_buffer_param_b[32];
	uint8_t umem_3_buffer_param_a[32];
	uint8_t umem_3_buffer_param_b[32];
	uint8_t rsvd_1c0[0x620];
};

#endif
