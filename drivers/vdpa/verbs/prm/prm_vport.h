/* SPDX-License-Identifier: BSD-3-Clause */
/* The function's port into the NIC's switch: its address, and how long frames may be. */
#ifndef VV_PRM_VPORT_H
#define VV_PRM_VPORT_H

#include "prm.h"

enum { PRM_OP_QUERY_NIC_VPORT_CONTEXT = 0x754 };

/* The mtu of a vport counts Ethernet header, a VLAN tag and the checksum behind the frame. */
enum { PRM_VPORT_MTU_EXTRA = 14 + 4 + 4 };

struct prm_query_nic_vport_context_in {
	uint8_t opcode[16];
	uint8_t rsvd_10[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t other_vport[1];
	uint8_t rsvd_41[15];
	uint8_t vport_number[16];
	uint8_t rsvd_60[5];
	uint8_t allowed_list_type[3];
	uint8_t rsvd_68[24];
};

struct prm_mac_address_layout {
	uint8_t rsvd_0[16];
	uint8_t mac_addr_47_32[16];
	uint8_t mac_addr_31_0[32];
};

struct prm_nic_vport_context {
	uint8_t rsvd_0[0x130];
	uint8_t mtu[16];
	uint8_t rsvd_140[0x660];
	struct prm_mac_address_layout permanent_address;
	uint8_t rsvd_7e0[32];
};

struct prm_query_nic_vport_context_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[64];
	struct prm_nic_vport_context nic_vport_context;
};

#endif
