/* SPDX-License-Identifier: BSD-3-Clause */
/* Transport interface receive object: which fields are hashed, and over which table. */
#ifndef VV_PRM_TIR_H
#define VV_PRM_TIR_H

#include "prm.h"

enum { PRM_OP_CREATE_TIR = 0x900, PRM_OP_MODIFY_TIR = 0x901 };
enum { PRM_TIR_DISP_INDIRECT = 1 };
enum { PRM_TIR_HASH_NONE = 0, PRM_TIR_HASH_TOEPLITZ = 2 };
enum { PRM_TIR_HASH_KEY_BYTES = 40 };
/* self_lb_block: frames of the TIR's own transport domain */
enum { PRM_TIR_BLOCK_OWN_UNICAST = 1 << 0, PRM_TIR_BLOCK_OWN_GROUPS = 1 << 1 };
/* modify_bitmask; hash: function, key and fields together */
enum { PRM_TIR_MODIFY_INDIRECT_TABLE = 1 << 1, PRM_TIR_MODIFY_HASH = 1 << 2 };

enum { PRM_HASH_L3_IPV4 = 0, PRM_HASH_L3_IPV6 = 1 };
enum { PRM_HASH_L4_TCP = 0, PRM_HASH_L4_UDP = 1 };
enum {
	PRM_HASH_SRC_IP = 1 << 0,
	PRM_HASH_DST_IP = 1 << 1,
	PRM_HASH_L4_SPORT = 1 << 2,
	PRM_HASH_L4_DPORT = 1 << 3,
};

struct prm_rx_hash_field_select {
	uint8_t l3_prot_type[1];
	uint8_t l4_prot_type[1];
	uint8_t selected_fields[30];
};

struct prm_tirc {
	uint8_t rsvd_0[32];
	uint8_t disp_type[4];
	uint8_t rsvd_24[28];
	uint8_t rsvd_40[0xa8];
	uint8_t inline_rqn[24];
	uint8_t rx_hash_symmetric[1];
	uint8_t rsvd_101[1];
	uint8_t tunneled_offload_en[1];
	uint8_t rsvd_103[5];
	uint8_t indirect_table[24];
	uint8_t rx_hash_fn[4];
	uint8_t rsvd_124[2];
	uint8_t self_lb_block[2];
	uint8_t transport_domain[24];
	uint8_t rx_hash_toeplitz_key[320];
	struct prm_rx_hash_field_select rx_hash_field_selector_outer;
	struct prm_rx_hash_field_select rx_hash_field_selector_inner;
	uint8_t rsvd_2c0[0x4c0];
};

struct prm_create_tir_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[0xc0];
	struct prm_tirc ctx;
};

struct prm_create_tir_out {
	uint8_t status[8];
	uint8_t icm_address_63_40[24];
	uint8_t syndrome[32];
	uint8_t icm_address_39_32[8];
	uint8_t tirn[24];
	uint8_t icm_address_31_0[32];
};

struct prm_modify_tir_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[8];
	uint8_t tirn[24];
	uint8_t rsvd_60[32];
	uint8_t modify_bitmask[64];
	uint8_t rsvd_c0[64];
	struct prm_tirc ctx;
};

#endif
