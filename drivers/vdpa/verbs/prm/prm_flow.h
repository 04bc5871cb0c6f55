/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flow tables: tables, groups of entries that compare the same bits, entries. Public headers of
 * user space leave out the middle of groups and entries; those fields are as the kernel's have
 * them.
 */
#ifndef VV_PRM_FLOW_H
#define VV_PRM_FLOW_H

#include "prm_match.h"

enum {
	PRM_OP_CREATE_FLOW_TABLE = 0x930,
	PRM_OP_CREATE_FLOW_GROUP = 0x933,
	PRM_OP_SET_FLOW_TABLE_ENTRY = 0x936,
};

/* table_type */
enum { PRM_FLOW_TABLE_NIC_RX = 0 };
/* table_miss_action; default of a receive table: drop */
enum { PRM_FLOW_MISS_DEFAULT = 0 };
/* action of an entry */
enum { PRM_FLOW_ACTION_DROP = 1 << 1, PRM_FLOW_ACTION_FWD_DEST = 1 << 2 };
/* destination_type */
enum { PRM_FLOW_DEST_TABLE = 1, PRM_FLOW_DEST_TIR = 2 };

struct prm_flow_table_context {
	uint8_t reformat_en[1];
	uint8_t decap_en[1];
	uint8_t sw_owner[1];
	uint8_t termination_table[1];
	uint8_t table_miss_action[4];
	uint8_t level[8];
	uint8_t rsvd_10[8];
	uint8_t log_size[8];
	uint8_t rsvd_20[8];
	uint8_t table_miss_id[24];
	uint8_t rsvd_40[0x100];
};

struct prm_create_flow_table_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t other_vport[1];
	uint8_t rsvd_41[15];
	uint8_t vport_number[16];
	uint8_t rsvd_60[32];
	uint8_t table_type[8];
	uint8_t rsvd_88[24];
	uint8_t rsvd_a0[32];
	struct prm_flow_table_context flow_table_context;
};

struct prm_create_flow_table_out {
	uint8_t status[8];
	uint8_t icm_address_63_40[24];
	uint8_t syndrome[32];
	uint8_t icm_address_39_32[8];
	uint8_t table_id[24];
	uint8_t icm_address_31_0[32];
};

struct prm_create_flow_group_in {
	uint8_t opcode[16];
	uint8_t rsvd_10[16];
	uint8_t rsvd_20[32];
	uint8_t other_vport[1];
	uint8_t rsvd_41[15];
	uint8_t vport_number[16];
	uint8_t rsvd_60[32];
	uint8_t table_type[8];
	uint8_t rsvd_88[24];
	uint8_t rsvd_a0[8];
	uint8_t table_id[24];
	uint8_t rsvd_c0[32];
	uint8_t start_flow_index[32];
	uint8_t rsvd_100[32];
	uint8_t end_flow_index[32]; /* the last of the group */
	uint8_t rsvd_140[0xb8];
	uint8_t match_criteria_enable[8]; /* PRM_MATCH_* */
	struct prm_fte_match_param match_criteria;
	uint8_t rsvd_1200[0xe00];
};

struct prm_create_flow_group_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[8];
	uint8_t group_id[24];
	uint8_t rsvd_60[32];
};

struct prm_dest_format {
	uint8_t destination_type[8];
	uint8_t destination_id[24];
	uint8_t rsvd_20[32];
};

struct prm_flow_context {
	uint8_t rsvd_0[32];
	uint8_t group_id[32];
	uint8_t rsvd_40[8];
	uint8_t flow_tag[24];
	uint8_t rsvd_60[16];
	uint8_t action[16]; /* PRM_FLOW_ACTION_* */
	uint8_t rsvd_80[8];
	uint8_t destination_list_size[24];
	uint8_t rsvd_a0[8];
	uint8_t flow_counter_list_size[24];
	uint8_t rsvd_c0[0x140];
	struct prm_fte_match_param match_value;
	uint8_t rsvd_1200[0x600];
	struct prm_dest_format destination; /* one is enough here */
};

struct prm_set_fte_in {
	uint8_t opcode[16];
	uint8_t rsvd_10[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t other_vport[1];
	uint8_t rsvd_41[15];
	uint8_t vport_number[16];
	uint8_t rsvd_60[32];
	uint8_t table_type[8];
	uint8_t rsvd_88[24];
	uint8_t rsvd_a0[8];
	uint8_t table_id[24];
	uint8_t rsvd_c0[24];
	uint8_t modify_enable_mask[8];
	uint8_t rsvd_e0[32];
	uint8_t flow_index[32];
	uint8_t rsvd_120[0xe0];
	struct prm_flow_context flow_context;
};

struct prm_set_fte_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[64];
};

#endif
