/* SPDX-License-Identifier: BSD-3-Clause */
/* Decoding: lengths, reserved bits, unknown commands, ownership; capabilities; --fail; the trace.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/fail.h"
#include "rig.h"

static void general_unknown_opcode_refused(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;

	mb_begin(&mb, "query_lag");
	field_set(mb.in, 0, FLD(cmd_hdr, opcode), 0x999);
	mb_create_refused(&mb, rig->a, SYND(UNKNOWN_OPCODE));
	assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x2);
}

static void create_unknown_object_type_refused(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;

	mb_begin(&mb, "create_virtio_q_counters");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), 0x77);
	mb_create_refused(&mb, rig->a, SYND(UNKNOWN_OP_MOD));
	mb_begin(&mb, "alloc_transport_domain");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), 1);
	mb_create_refused(&mb, rig->a, SYND(UNKNOWN_OP_MOD));
}

/* Every create command: one byte short, and an answer that does not fit. */
static void create_wrong_length_refused(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < cmd_table_n; i++) {
		if (cmd_table[i].verb != CMD_CREATE || cmd_table[i].in_len == CMD_HDR_LEN)
			continue;
		mb_begin(&mb, cmd_table[i].name);
		mb.in_len--;
		mb_create_refused(&mb, rig->a, SYND(INPUT_LENGTH));
		assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x50);
	}
	mb_begin(&mb, "create_rqt");
	mb.in_len += 3;
	mb_create_refused(&mb, rig->a, SYND(INPUT_LENGTH));
	mb_begin(&mb, "query_hca_cap");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), 1);
	mb.out_len--;
	mb_create_refused(&mb, rig->a, SYND(OUTPUT_LENGTH));
	assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x51);
	mb.out_len = 15;
	assert_int_equal(hca_cmd(rig->a, mb.in, mb.in_len, mb.out, mb.out_len), -EINVAL);
}

/* Whether a bit of the input belongs to a field whose value may be other than zero. */
static bool bit_has_meaning(const struct cmd_desc *d, uint32_t bit)
{
	unsigned int i;
	int id;

	for (i = 0; i < d->n_parts; i++) {
		const struct layout *l = &layouts[d->part[i].layout];

		for (id = l->first; id < l->end; id++) {
			uint32_t at = d->part[i].base + fields[id].offset;

			if (bit >= at && bit < at + fields[id].width &&
			    fields[id].kind != FK_ZERO && fields[id].kind != FK_OUT)
				return true;
		}
	}
	return false;
}

/* Every bit of every mailbox that no field claims, one at a time. */
static void command_reserved_bit_refused(void **state)
{
	struct rig *rig = *state;
	unsigned int i, bits = 0;
	struct mbox mb;
	uint32_t bit;

	for (i = 0; i < cmd_table_n; i++) {
		const struct cmd_desc *d = &cmd_table[i];

		if (d->verb != CMD_CREATE && d->verb != CMD_GENERAL)
			continue;
		for (bit = 0; bit < d->in_len * 8u; bit++) {
			int err;

			if (bit_has_meaning(d, bit))
				continue;
			mb_begin(&mb, d->name);
			mb.in[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			if (d->verb == CMD_CREATE) {
				struct hca_obj *obj = NULL;

				err = hca_obj_create(rig->a, mb.in, mb.in_len, mb.out, mb.out_len,
						     &obj);
				assert_null(obj);
			} else {
				err = hca_cmd(rig->a, mb.in, mb.in_len, mb.out, mb.out_len);
			}
			if (err != -EREMOTEIO || mb_answer(&mb, 0, FLD(out_hdr, status)) != 3)
				fail_msg("%s bit 0x%x: %d", d->name, bit, err);
			bits++;
		}
	}
	assert_true(bits > 5000);
}

static void command_reserved_bits_of_entries_and_rest_refused(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;

	mb_begin(&mb, "create_rqt");
	mb_queue(&mb, 1);
	mb.in[mb.in_len - 4] = 1;
	mb_create_refused(&mb, rig->a, SYND(RESERVED_TAIL));
	/* A longer mailbox is fine while it is zero. */
	mb_begin(&mb, "alloc_transport_domain");
	mb.in_len += 64;
	mb_create(&mb, rig->a);
	mb.in[70] = 1;
	mb_create_refused(&mb, rig->a, SYND(RESERVED_BITS));
}

static void create_uid_ignored(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;

	mb_begin(&mb, "alloc_transport_domain");
	field_set(mb.in, 0, FLD(cmd_hdr, uid), 0x1234);
	mb_create(&mb, rig->a);
}

/* As the kernel: each verb has its door, and a mailbox speaks of the object it comes with. */
static void command_through_wrong_door_einval(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = NULL, *cq, *qp, *qp2;
	struct mbox mb;

	mb_begin(&mb, "alloc_transport_domain");
	assert_int_equal(hca_cmd(rig->a, mb.in, mb.in_len, mb.out, mb.out_len), -EINVAL);
	mb_begin(&mb, "query_lag");
	assert_int_equal(hca_obj_create(rig->a, mb.in, mb.in_len, mb.out, mb.out_len, &obj),
			 -EINVAL);
	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	qp = mb_create(&mb, rig->a);
	qp2 = mb_create(&mb, rig->a);
	mb_begin(&mb, "2rst_qp");
	mb_set(&mb, FLD(reset_qp_in, qpn), qp2->id);
	assert_int_equal(hca_obj_modify(qp, mb.in, mb.in_len, mb.out, mb.out_len), -EINVAL);
	assert_int_equal(hca_obj_modify(cq, mb.in, mb.in_len, mb.out, mb.out_len), -EINVAL);
	assert_int_equal(hca_obj_modify(qp2, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	assert_int_equal(hca_obj_query(qp2, mb.in, mb.in_len, mb.out, mb.out_len), -EINVAL);
	(void)tis;
}

static uint64_t cap(struct rig *rig, struct hca_ctx *ctx, unsigned int group, enum field_id f)
{
	static struct mbox mb;

	(void)rig;
	mb_begin(&mb, "query_hca_cap");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), group << 1 | 1);
	mb.out_len = 16 + 4096;
	assert_int_equal(hca_cmd(ctx, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	return mb_answer(&mb, CMD_HDR_LEN * 8, f);
}

static void query_caps_what_drivers_need(void **state)
{
	struct rig *rig = *state;
	static const uint8_t groups[] = {0, 1, 2, 3, 4, 7, 8, 9, 0xc, 0xf, 0x13, 0x1a, 0x1c, 0x20};
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(groups); i++)
		cap(rig, rig->a, groups[i], FLD(cmd_hca_cap, vhca_id));
	assert_int_equal(cap(rig, rig->a, 0, FLD(cmd_hca_cap, vhca_id)), 0);
	assert_int_equal(cap(rig, rig->other, 0, FLD(cmd_hca_cap, vhca_id)), 1);
	assert_int_equal(cap(rig, rig->a, 0, FLD(cmd_hca_cap, general_obj_types)),
			 1 << 0x0d | 1 << 0x1c);
	assert_int_equal(cap(rig, rig->a, 0, FLD(cmd_hca_cap, eswitch_manager)), 0);
	assert_int_equal(cap(rig, rig->a, 0x13, FLD(virtio_emulation_cap, virtio_queue_type)), 3);
	assert_int_equal(cap(rig, rig->a, 0x13, FLD(virtio_emulation_cap, max_num_virtio_queues)),
			 256);
	/* What the model does not do is not offered. */
	assert_int_equal(
	    cap(rig, rig->a, 0x13, FLD(virtio_emulation_cap, desc_group_mkey_supported)), 0);
	mb_begin(&mb, "query_hca_cap");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), 0x3f << 1);
	mb_create_refused(&mb, rig->a, SYND(CAP_TYPE));
}

static void query_vport_has_mac(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;

	mb_begin(&mb, "query_nic_vport_context");
	assert_int_equal(hca_cmd(rig->other, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	assert_int_equal(mb_answer(&mb, 128, FLD(nic_vport_context, permanent_address)),
			 0x025f7ca00001);
	assert_int_equal(mb_answer(&mb, 128, FLD(nic_vport_context, allowed_list_size)), 0);
	/* With room for it the list of current addresses, which is that one. */
	mb.out_len += 8;
	assert_int_equal(hca_cmd(rig->other, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	assert_int_equal(mb_answer(&mb, 128, FLD(nic_vport_context, allowed_list_size)), 1);
	assert_int_equal(mb_answer(&mb, 128 + 0x800, FLD(mac_address_layout, mac_addr_47_32)),
			 0x025f);
	assert_int_equal(mb_answer(&mb, 128 + 0x800, FLD(mac_address_layout, mac_addr_31_0)),
			 0x7ca00001);
	mb_begin(&mb, "query_lag");
	assert_int_equal(hca_cmd(rig->a, mb.in, mb.in_len, mb.out, mb.out_len), 0);
}

static void parse_fail_plan_syntax(void **state)
{
	static const char *const good[] = {"any", "create_cq", "CREATE_CQ:2", "reg_mr:3,alloc_pd",
					   "create_virtio_net_q:18446744073709551615"};
	static const char *const bad[] = {",",
					  "create_cq,",
					  ":1",
					  "create_cq:",
					  "create_cq:0",
					  "create_cq:1x",
					  "create_cq:-1",
					  "no_such_command",
					  "create_cq:99999999999999999999999"};
	struct fail_plan *plan;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(fail_parse(good[i], &plan), 0);
		assert_non_null(plan);
		fail_free(plan);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fail_parse(bad[i], &plan), -EINVAL);
		assert_null(plan);
	}
	assert_int_equal(fail_parse(NULL, &plan), 0);
	assert_false(fail_now(plan, "create_cq"));
}

static void run_fail_plan_nth_fails(void **state)
{
	struct rig rig;
	struct mbox mb;
	uint32_t pd;

	(void)state;
	rig_make(&rig, "alloc_transport_domain:2,alloc_pd,any:7");
	assert_int_equal(hca_pd_alloc(rig.a, &pd), -ENOMEM); /* 4th of any: opens first */
	assert_int_equal(hca_pd_alloc(rig.a, &pd), 0);       /* 5 */
	make(&mb, rig.a, "alloc_transport_domain");          /* 6 */
	mb_begin(&mb, "alloc_transport_domain");
	mb_create_refused(&mb, rig.a, SYND(INJECTED)); /* 7: both */
	assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x1);
	make(&mb, rig.a, "alloc_transport_domain");
	assert_int_equal(rig.hca->stat->commands_failed, 2);
	assert_int_equal(rig.hca->stat->commands_refused, 0);
	rig_end(&rig);
}

static void create_hca_bad_config_einval(void **state)
{
	struct hca_config cfg = {.functions = 0, .threads = 1};
	struct hca *hca;

	(void)state;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
	cfg.functions = 65;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
	cfg.functions = 1;
	cfg.threads = 17;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
	cfg.threads = 1;
	cfg.fail = "nonsense";
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
	cfg.fail = NULL;
	cfg.trace_path = "/nonexistent/trace";
	assert_int_equal(hca_create(&cfg, &hca), -ENOENT);
}

static bool trace_has(struct rig *rig, const char *text)
{
	FILE *f = fopen(rig->trace, "r");
	char line[4096];
	bool found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, text) != NULL;
	fclose(f);
	return found;
}

static void trace_refusal_names_field(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;

	good_cq(rig, &mb);
	mb_set(&mb, FLD(cqc, cqe_sz), 2);
	mb_create_refused(&mb, rig->a, SYND(CQE_SIZE));
	assert_true(trace_has(rig, "create_cq"));
	assert_true(trace_has(rig, "BAD_PARAM 0x3 syndrome 0x5f0202: cqc.cqe_sz"));
	mb_begin(&mb, "create_cq");
	mb_set(&mb, FLD(cqc, cqe_comp_en), 1);
	mb_create_refused(&mb, rig->a, SYND(NOT_MODELLED));
	assert_true(trace_has(rig, "cqc.cqe_comp_en"));
	mb_begin(&mb, "alloc_transport_domain");
	assert_int_equal(hca_cmd(rig->a, mb.in, mb.in_len, mb.out, mb.out_len), -EINVAL);
	assert_true(trace_has(rig, "alloc_transport_domain -> Invalid argument"));
	good_cq(rig, &mb);
	mb_create(&mb, rig->a);
	hca_ctx_close(rig->a);
	assert_true(trace_has(rig, "leaked cq 0x400, made by create_cq"));
	assert_int_equal(hca_ctx_open(rig->hca, 0, &rig->a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(general_unknown_opcode_refused),
	    T(create_unknown_object_type_refused),
	    T(create_wrong_length_refused),
	    T(command_reserved_bit_refused),
	    T(command_reserved_bits_of_entries_and_rest_refused),
	    T(create_uid_ignored),
	    T(command_through_wrong_door_einval),
	    T(query_caps_what_drivers_need),
	    T(query_vport_has_mac),
	    cmocka_unit_test(parse_fail_plan_syntax),
	    cmocka_unit_test(run_fail_plan_nth_fails),
	    cmocka_unit_test(create_hca_bad_config_einval),
	    T(trace_refusal_names_field),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
