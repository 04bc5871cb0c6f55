/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands this firmware knows: where their layouts lie and who executes them. */
#include "caps.h"
#include "cmd.h"
#include "cq.h"
#include "flow_counter.h"
#include "flow_table.h"
#include "mem.h"
#include "qp.h"
#include "tir.h"
#include "tis.h"
#include "virtq.h"

#define HDR                                                                                        \
	{                                                                                          \
		LAY(cmd_hdr), 0                                                                    \
	}
#define GENERAL_HDR                                                                                \
	{                                                                                          \
		LAY(general_obj_in_cmd_hdr), 0                                                     \
	}

/* Part QPC at 0xc0; its primary address path lies 0xc0 into it. */
#define QPC                                                                                        \
	{                                                                                          \
		LAY(qpc), 0xc0                                                                     \
	}
#define QPC_PATH                                                                                   \
	{                                                                                          \
		LAY(ads), 0xc0 + 0xc0                                                              \
	}

#define MODIFY_QP(op, fn)                                                                          \
	.opcode = op, .verb = CMD_MODIFY, .type = OBJ_QP, .in_len = 0x800 / 8,                     \
	.out_len = CMD_HDR_LEN, .id_field = FLD(modify_qp_in, qpn), .n_parts = 4,                  \
	.part = {HDR, {LAY(modify_qp_in), 0}, QPC, QPC_PATH}, .run = fn

#define RESET_QP(op, fn)                                                                           \
	.opcode = op, .verb = CMD_MODIFY, .type = OBJ_QP, .in_len = CMD_HDR_LEN,                   \
	.out_len = CMD_HDR_LEN, .id_field = FLD(reset_qp_in, qpn), .n_parts = 2,                   \
	.part = {HDR, {LAY(reset_qp_in), 0}}, .run = fn

/* SET_FLOW_TABLE_ENTRY: op_mod says whether it is there. It has no number but its index. */
#define FLOW_ENTRY(v)                                                                              \
	.opcode = 0x936, .need = CMD_NEED_FLOW_TABLES, .verb = v, .type = OBJ_FLOW_ENTRY,          \
	.in_len = 0x1a00 / 8, .out_len = CMD_HDR_LEN, .tail_layout = LAY(dest_format),             \
	.n_parts = 5,                                                                              \
	.part = {HDR,                                                                              \
		 {LAY(set_fte_in), 0},                                                             \
		 {LAY(flow_context), FLOW_CONTEXT},                                                \
		 {LAY(fte_match_set_lyr_2_4), FLOW_VALUE},                                         \
		 {LAY(fte_match_param), FLOW_VALUE}}

const struct cmd_desc cmd_table[] = {
	{
		.name = "query_hca_cap",
		.opcode = 0x100,
		.any_op_mod = true,
		.verb = CMD_GENERAL,
		.in_len = CMD_HDR_LEN,
		.out_len = CMD_HDR_LEN + CAP_LEN_MIN,
		.n_parts = 1,
		.part = {HDR},
		.run = caps_query,
	},
	{
		.name = "query_nic_vport_context",
		.opcode = 0x754,
		.verb = CMD_GENERAL,
		.in_len = CMD_HDR_LEN,
		.out_len = CMD_HDR_LEN + 0x800 / 8,
		.n_parts = 2,
		.part = {HDR, {LAY(query_nic_vport_context_in), 0}},
		.run = caps_query_vport,
	},
	{
		.name = "query_lag",
		.opcode = 0x842,
		.verb = CMD_GENERAL,
		.in_len = CMD_HDR_LEN,
		.out_len = CMD_HDR_LEN,
		.n_parts = 1,
		.part = {HDR},
		.run = caps_query_lag,
	},
	{
		.name = "create_mkey",
		.opcode = 0x200,
		.verb = CMD_CREATE,
		.type = OBJ_MKEY,
		.in_len = 0x880 / 8,
		.out_len = CMD_HDR_LEN,
		.tail_layout = LAY(klm),
		.id_field = FLD(create_mkey_out, mkey_index),
		.n_parts = 3,
		.part = {HDR, {LAY(create_mkey_in), 0}, {LAY(mkc), 0x80}},
		.create = mkey_create,
	},
	{
		.name = "create_cq",
		.opcode = 0x400,
		.verb = CMD_CREATE,
		.type = OBJ_CQ,
		.in_len = 0x880 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(create_cq_out, cqn),
		.n_parts = 3,
		.part = {HDR, {LAY(create_cq_in), 0}, {LAY(cqc), 0x80}},
		.create = cq_create,
	},
	{
		.name = "create_qp",
		.opcode = 0x500,
		.verb = CMD_CREATE,
		.type = OBJ_QP,
		.in_len = 0x880 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(create_qp_out, qpn),
		.n_parts = 3,
		.part = {HDR, {LAY(create_qp_in), 0}, QPC},
		.create = qp_create,
	},
	{.name = "rst2init_qp", MODIFY_QP(0x502, qp_rst2init)},
	{.name = "init2rtr_qp", MODIFY_QP(0x503, qp_init2rtr)},
	{.name = "rtr2rts_qp", MODIFY_QP(0x504, qp_rtr2rts)},
	{.name = "2err_qp", RESET_QP(0x507, qp_2err)},
	{.name = "2rst_qp", RESET_QP(0x50a, qp_2rst)},
	{
		.name = "alloc_transport_domain",
		.opcode = 0x816,
		.verb = CMD_CREATE,
		.type = OBJ_TD,
		.in_len = CMD_HDR_LEN,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(alloc_transport_domain_out, transport_domain),
		.n_parts = 1,
		.part = {HDR},
		.create = td_create,
	},
	{
		.name = "create_tis",
		.opcode = 0x912,
		.verb = CMD_CREATE,
		.type = OBJ_TIS,
		.in_len = 0x600 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(create_tis_out, tisn),
		.n_parts = 2,
		.part = {HDR, {LAY(tisc), 0x100}},
		.create = tis_create,
	},
	{
		.name = "create_tir",
		.opcode = 0x900,
		.verb = CMD_CREATE,
		.type = OBJ_TIR,
		.in_len = 0x880 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(create_tir_out, tirn),
		.n_parts = 3,
		.part = {HDR, {LAY(tirc), 0x100}, {LAY(rx_hash_field_select), 0x100 + 0x280}},
		.create = tir_create,
	},
	{
		.name = "modify_tir",
		.opcode = 0x901,
		.verb = CMD_MODIFY,
		.type = OBJ_TIR,
		.in_len = 0x880 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(modify_tir_in, tirn),
		.n_parts = 4,
		.part = {HDR,
			 {LAY(modify_tir_in), 0},
			 {LAY(tirc), 0x100},
			 {LAY(rx_hash_field_select), 0x100 + 0x280}},
		.run = tir_modify,
	},
	{
		.name = "create_rqt",
		.opcode = 0x916,
		.verb = CMD_CREATE,
		.type = OBJ_RQT,
		.in_len = 0x880 / 8,
		.out_len = CMD_HDR_LEN,
		.tail_layout = LAY(rq_num),
		.id_field = FLD(create_rqt_out, rqtn),
		.n_parts = 2,
		.part = {HDR, {LAY(rqtc), 0x100}},
		.create = rqt_create,
	},
	{
		.name = "modify_rqt",
		.opcode = 0x917,
		.verb = CMD_MODIFY,
		.type = OBJ_RQT,
		.in_len = 0x880 / 8,
		.out_len = CMD_HDR_LEN,
		.tail_layout = LAY(rq_num),
		.id_field = FLD(modify_rqt_in, rqtn),
		.n_parts = 3,
		.part = {HDR, {LAY(modify_rqt_in), 0}, {LAY(rqtc), 0x100}},
		.run = rqt_modify,
	},
	{
		.name = "create_virtio_net_q",
		.opcode = 0xa00,
		.obj_type = 0x0d,
		.need = CMD_NEED_VIRTIO,
		.verb = CMD_CREATE,
		.type = OBJ_VIRTIO_NET_Q,
		.in_len = 0x680 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(general_obj_out_cmd_hdr, obj_id),
		.n_parts = 4,
		.part = {HDR, GENERAL_HDR, {LAY(virtio_net_q), 0x80}, {LAY(virtio_q), 0x80 + 0x200}},
		.create = virtq_create,
	},
	{
		.name = "modify_virtio_net_q",
		.opcode = 0xa01,
		.obj_type = 0x0d,
		.need = CMD_NEED_VIRTIO,
		.verb = CMD_MODIFY,
		.type = OBJ_VIRTIO_NET_Q,
		.in_len = 0x680 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(general_obj_in_cmd_hdr, obj_id),
		.n_parts = 4,
		.part = {HDR, GENERAL_HDR, {LAY(virtio_net_q), 0x80}, {LAY(virtio_q), 0x80 + 0x200}},
		.run = virtq_modify,
	},
	{
		.name = "query_virtio_net_q",
		.opcode = 0xa02,
		.obj_type = 0x0d,
		.need = CMD_NEED_VIRTIO,
		.verb = CMD_QUERY,
		.type = OBJ_VIRTIO_NET_Q,
		.in_len = CMD_HDR_LEN,
		.out_len = 0x680 / 8,
		.id_field = FLD(general_obj_in_cmd_hdr, obj_id),
		.n_parts = 2,
		.part = {HDR, GENERAL_HDR},
		.run = virtq_query,
	},
	{
		.name = "create_virtio_q_counters",
		.opcode = 0xa00,
		.obj_type = 0x1c,
		.need = CMD_NEED_QUEUE_COUNTERS,
		.verb = CMD_CREATE,
		.type = OBJ_VIRTIO_Q_COUNTERS,
		.in_len = CMD_HDR_LEN,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(general_obj_out_cmd_hdr, obj_id),
		.n_parts = 2,
		.part = {HDR, GENERAL_HDR},
		.create = vq_counters_create,
	},
	{
		.name = "query_virtio_q_counters",
		.opcode = 0xa02,
		.obj_type = 0x1c,
		.need = CMD_NEED_QUEUE_COUNTERS,
		.verb = CMD_QUERY,
		.type = OBJ_VIRTIO_Q_COUNTERS,
		.in_len = CMD_HDR_LEN,
		.out_len = CMD_HDR_LEN + 0x180 / 8,
		.id_field = FLD(general_obj_in_cmd_hdr, obj_id),
		.n_parts = 2,
		.part = {HDR, GENERAL_HDR},
		.run = vq_counters_query,
	},
	{
		.name = "alloc_flow_counter",
		.opcode = 0x939,
		.need = CMD_NEED_FLOW_COUNTERS,
		.verb = CMD_CREATE,
		.type = OBJ_FLOW_COUNTER,
		.in_len = CMD_HDR_LEN,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(alloc_flow_counter_out, flow_counter_id),
		.n_parts = 2,
		.part = {HDR, {LAY(alloc_flow_counter_in), 0}},
		.create = flow_counter_alloc,
	},
	{
		.name = "query_flow_counter",
		.opcode = 0x93b,
		.need = CMD_NEED_FLOW_COUNTERS,
		.verb = CMD_QUERY,
		.type = OBJ_FLOW_COUNTER,
		.in_len = 0x100 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(query_flow_counter_in, flow_counter_id),
		.n_parts = 2,
		.part = {HDR, {LAY(query_flow_counter_in), 0}},
		.run = flow_counter_query,
	},
	{
		.name = "create_flow_table",
		.opcode = 0x930,
		.need = CMD_NEED_FLOW_TABLES,
		.verb = CMD_CREATE,
		.type = OBJ_FLOW_TABLE,
		.in_len = 0x200 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(create_flow_table_out, table_id),
		.n_parts = 3,
		.part = {HDR, {LAY(create_flow_table_in), 0}, {LAY(flow_table_context), 0xc0}},
		.create = flow_table_create,
	},
	{
		.name = "create_flow_group",
		.opcode = 0x933,
		.need = CMD_NEED_FLOW_TABLES,
		.verb = CMD_CREATE,
		.type = OBJ_FLOW_GROUP,
		.in_len = 0x2000 / 8,
		.out_len = CMD_HDR_LEN,
		.id_field = FLD(create_flow_group_out, group_id),
		.n_parts = 4,
		.part = {HDR,
			 {LAY(create_flow_group_in), 0},
			 {LAY(fte_match_set_lyr_2_4), 0x200},
			 {LAY(fte_match_param), 0x200}},
		.create = flow_group_create,
	},
	{
		.name = "set_flow_table_entry",
		FLOW_ENTRY(CMD_CREATE),
		.create = flow_entry_create,
	},
	{
		.name = "modify_flow_table_entry",
		.obj_type = 1,
		FLOW_ENTRY(CMD_MODIFY),
		.run = flow_entry_modify,
	},
};

const unsigned int cmd_table_n = sizeof(cmd_table) / sizeof(cmd_table[0]);
