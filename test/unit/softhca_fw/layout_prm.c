/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The firmware's field tables against mlx5_prm.h of a DPDK source tree, which runs on hardware:
 * offset and width of every field, size of every layout, place of every layout in its mailbox.
 * The reference is read at build time; nothing of it is kept here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <mlx5_prm.h>

#include "fw/cmd.h"

/* Layouts that are parts of several of theirs, by the name of one of them. */
#define mlx5_ifc_cmd_hdr_bits      mlx5_ifc_create_cq_in_bits
#define mlx5_ifc_out_hdr_bits      mlx5_ifc_create_cq_out_bits
#define mlx5_ifc_modify_qp_in_bits mlx5_ifc_init2rtr_qp_in_bits
#define mlx5_ifc_reset_qp_in_bits  mlx5_ifc_2rst_qp_in_bits

#define THEIRS(l)        struct mlx5_ifc_##l##_bits
#define THEIR_OFF(l, n)  offsetof(THEIRS(l), n)
#define THEIR_SIZE(l, n) sizeof(((THEIRS(l) *)0)->n)

struct place {
	size_t offset, width;
	int known;
};

static const struct place their_fields[F_N] = {
#define LAYOUT(l, bits)
#define F(l, n, off, w, k) [FLD(l, n)] = {THEIR_OFF(l, n), THEIR_SIZE(l, n), 1},
#define X(l, n, off, w, k) [FLD(l, n)] = {0, 0, 0},
#define END(l)
#include "fw/prm_fields.def"
#undef LAYOUT
#undef F
#undef X
#undef END
};

static const size_t their_layouts[L_N] = {
#define LAYOUT(l, bits) [LAY(l)] = sizeof(THEIRS(l)),
#define F(l, n, off, w, k)
#define X(l, n, off, w, k)
#define END(l)
#include "fw/prm_fields.def"
#undef LAYOUT
#undef F
#undef X
#undef END
};

static void compare_fields_all_same(void **state)
{
	unsigned int i, unknown = 0, bad = 0;

	(void)state;
	for (i = 0; i < F_N; i++) {
		const struct field *f = &fields[i];

		if (!their_fields[i].known) {
			print_message("not named by this release: %s.%s\n", layouts[f->layout].name,
				      f->name);
			unknown++;
			continue;
		}
		if (f->offset == their_fields[i].offset && f->width == their_fields[i].width)
			continue;
		print_error("%s.%s: 0x%x/%u, theirs 0x%zx/%zu\n", layouts[f->layout].name, f->name,
			    f->offset, f->width, their_fields[i].offset, their_fields[i].width);
		bad++;
	}
	print_message("%u fields compared\n", i - unknown);
	assert_int_equal(bad, 0);
}

static void compare_layouts_all_same(void **state)
{
	unsigned int i, bad = 0;

	(void)state;
	for (i = 0; i < L_N; i++) {
		if (layouts[i].bits == their_layouts[i])
			continue;
		print_error("%s: 0x%x bits, theirs 0x%zx\n", layouts[i].name, layouts[i].bits,
			    their_layouts[i]);
		bad++;
	}
	assert_int_equal(bad, 0);
}

/* Where a part lies in the mailbox of a command; how long the mailbox is at least and at most. */
struct part_place {
	const char *command;
	enum field_layout layout;
	size_t offset, size;
};

#define PART(command, mailbox, member, l)                                                          \
	{                                                                                          \
		command, LAY(l), THEIR_OFF(mailbox, member), sizeof(THEIRS(mailbox))               \
	}

#define PLACE(command, mailbox, at, l)                                                             \
	{                                                                                          \
		command, LAY(l), at, sizeof(THEIRS(mailbox))                                       \
	}

static const struct part_place their_parts[] = {
    PART("create_mkey", create_mkey_in, memory_key_mkey_entry, mkc),
    PART("create_cq", create_cq_in, cq_context, cqc),
    PART("create_qp", create_qp_in, qpc, qpc),
    PART("rst2init_qp", rst2init_qp_in, qpc, qpc),
    PART("rst2init_qp", rst2init_qp_in, qpc.primary_address_path, ads),
    PART("init2rtr_qp", init2rtr_qp_in, qpc, qpc),
    PART("init2rtr_qp", init2rtr_qp_in, qpc.primary_address_path, ads),
    PART("rtr2rts_qp", rtr2rts_qp_in, qpc, qpc),
    PART("rtr2rts_qp", rtr2rts_qp_in, qpc.primary_address_path, ads),
    PART("create_tis", create_tis_in, ctx, tisc),
    PART("create_tir", create_tir_in, ctx, tirc),
    PART("create_tir", create_tir_in, ctx.rx_hash_field_selector_outer, rx_hash_field_select),
    PART("modify_tir", modify_tir_in, ctx, tirc),
    PART("modify_tir", modify_tir_in, ctx.rx_hash_field_selector_outer, rx_hash_field_select),
    PART("create_rqt", create_rqt_in, rqt_context, rqtc),
    PART("modify_rqt", modify_rqt_in, rqt_context, rqtc),
    PART("create_flow_table", create_flow_table_in, flow_table_context, flow_table_context),
    PART("set_flow_table_entry", set_fte_in, flow_context, flow_context),
    PART("modify_flow_table_entry", set_fte_in, flow_context, flow_context),
    /* Not named by this release; Linux does: match_criteria, and match_value of flow_context. */
    PLACE("create_flow_group", create_flow_group_in, 0x200, fte_match_set_lyr_2_4),
    PLACE("create_flow_group", create_flow_group_in, 0x200, fte_match_param),
    PLACE("set_flow_table_entry", set_fte_in, 0x400, fte_match_set_lyr_2_4),
    PLACE("set_flow_table_entry", set_fte_in, 0x400, fte_match_param),
    PLACE("modify_flow_table_entry", set_fte_in, 0x400, fte_match_set_lyr_2_4),
    PLACE("modify_flow_table_entry", set_fte_in, 0x400, fte_match_param),
    PART("create_virtio_net_q", create_virtq_in, virtq, virtio_net_q),
    PART("create_virtio_net_q", create_virtq_in, virtq.virtio_q_context, virtio_q),
    PART("modify_virtio_net_q", create_virtq_in, virtq, virtio_net_q),
    PART("modify_virtio_net_q", create_virtq_in, virtq.virtio_q_context, virtio_q),
};

static const struct cmd_desc *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < cmd_table_n; i++)
		if (!strcmp(cmd_table[i].name, name))
			return &cmd_table[i];
	fail_msg("no command %s", name);
	return NULL;
}

static void compare_parts_all_same(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; i < sizeof(their_parts) / sizeof(their_parts[0]); i++) {
		const struct part_place *p = &their_parts[i];
		const struct cmd_desc *d = find(p->command);
		int found = 0;

		for (j = 0; j < d->n_parts; j++) {
			if (d->part[j].layout != p->layout)
				continue;
			found = 1;
			if (d->part[j].base != p->offset)
				fail_msg("%s: %s at 0x%x, theirs 0x%zx", p->command,
					 layouts[p->layout].name, d->part[j].base, p->offset);
		}
		if (!found)
			fail_msg("%s has no %s", p->command, layouts[p->layout].name);
		if (d->in_len * 8u > p->size)
			fail_msg("%s: mailbox of %u bytes, theirs %zu", p->command, d->in_len,
				 p->size / 8);
	}
}

/* Every part beyond headers that are compared as layouts has a line above. */
static void every_part_has_reference(void **state)
{
	unsigned int i, j, k;

	(void)state;
	for (i = 0; i < cmd_table_n; i++) {
		for (j = 0; j < cmd_table[i].n_parts; j++) {
			const struct cmd_part *part = &cmd_table[i].part[j];
			int found = part->base == 0;

			for (k = 0; k < sizeof(their_parts) / sizeof(their_parts[0]); k++)
				found |= their_parts[k].layout == part->layout &&
					 !strcmp(their_parts[k].command, cmd_table[i].name);
			if (!found)
				fail_msg("%s: %s at 0x%x is not compared", cmd_table[i].name,
					 layouts[part->layout].name, part->base);
		}
	}
}

struct opcode_of {
	const char *command;
	unsigned int opcode, obj_type;
};

static const struct opcode_of their_opcodes[] = {
    {"query_hca_cap",            MLX5_CMD_OP_QUERY_HCA_CAP,           0                          },
    {"query_nic_vport_context",  MLX5_CMD_OP_QUERY_NIC_VPORT_CONTEXT, 0                          },
    {"query_lag",                MLX5_CMD_OP_QUERY_LAG,               0                          },
    {"create_mkey",              MLX5_CMD_OP_CREATE_MKEY,             0                          },
    {"create_cq",                MLX5_CMD_OP_CREATE_CQ,               0                          },
    {"create_qp",                MLX5_CMD_OP_CREATE_QP,               0                          },
    {"rst2init_qp",              MLX5_CMD_OP_RST2INIT_QP,             0                          },
    {"init2rtr_qp",              MLX5_CMD_OP_INIT2RTR_QP,             0                          },
    {"rtr2rts_qp",               MLX5_CMD_OP_RTR2RTS_QP,              0                          },
    {"2err_qp",		  MLX5_CMD_OP_QP_2ERR,                 0                          },
    {"2rst_qp",		  MLX5_CMD_OP_QP_2RST,                 0                          },
    {"alloc_transport_domain",   MLX5_CMD_OP_ALLOC_TRANSPORT_DOMAIN,  0                          },
    {"create_tis",               MLX5_CMD_OP_CREATE_TIS,              0                          },
    {"create_tir",               MLX5_CMD_OP_CREATE_TIR,              0                          },
    {"modify_tir",               MLX5_CMD_OP_MODIFY_TIR,              0                          },
    {"create_rqt",               MLX5_CMD_OP_CREATE_RQT,              0                          },
    {"modify_rqt",               MLX5_CMD_OP_MODIFY_RQT,              0                          },
    {"alloc_flow_counter",       MLX5_CMD_OP_ALLOC_FLOW_COUNTER,      0                          },
    {"query_flow_counter",       MLX5_CMD_OP_QUERY_FLOW_COUNTER,      0                          },
    {"create_flow_table",        MLX5_CMD_OP_CREATE_FLOW_TABLE,       0                          },
    {"create_flow_group",        MLX5_CMD_OP_CREATE_FLOW_GROUP,       0                          },
    {"set_flow_table_entry",     MLX5_CMD_OP_SET_FLOW_TABLE_ENTRY,    0                          },
    {"modify_flow_table_entry",  MLX5_CMD_OP_SET_FLOW_TABLE_ENTRY,    1                          },
    {"create_virtio_net_q",      MLX5_CMD_OP_CREATE_GENERAL_OBJECT,   MLX5_GENERAL_OBJ_TYPE_VIRTQ},
    {"modify_virtio_net_q",      MLX5_CMD_OP_MODIFY_GENERAL_OBJECT,   MLX5_GENERAL_OBJ_TYPE_VIRTQ},
    {"query_virtio_net_q",       MLX5_CMD_OP_QUERY_GENERAL_OBJECT,    MLX5_GENERAL_OBJ_TYPE_VIRTQ},
    {"create_virtio_q_counters", MLX5_CMD_OP_CREATE_GENERAL_OBJECT,
     MLX5_GENERAL_OBJ_TYPE_VIRTIO_Q_COUNTERS						     },
    {"query_virtio_q_counters",  MLX5_CMD_OP_QUERY_GENERAL_OBJECT,
     MLX5_GENERAL_OBJ_TYPE_VIRTIO_Q_COUNTERS						     },
};

static void compare_opcodes_all_same(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(sizeof(their_opcodes) / sizeof(their_opcodes[0]), cmd_table_n);
	for (i = 0; i < cmd_table_n; i++) {
		const struct cmd_desc *d = find(their_opcodes[i].command);

		assert_int_equal(d->opcode, their_opcodes[i].opcode);
		assert_int_equal(d->obj_type, their_opcodes[i].obj_type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compare_fields_all_same),  cmocka_unit_test(compare_layouts_all_same),
	    cmocka_unit_test(compare_parts_all_same),   cmocka_unit_test(every_part_has_reference),
	    cmocka_unit_test(compare_opcodes_all_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
