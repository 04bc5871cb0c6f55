/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow tables, groups and entries: every reason to refuse one, and what the datapath gets. */
#include <errno.h>
#include <string.h>

#include "fw/flow_table.h"
#include "rig.h"

#define M(name) FLD(fte_match_set_lyr_2_4, name)

enum { DROP = 2, FWD = 4, COUNT = 8, TO_TABLE = 1, TO_TIR = 2 };

struct world {
	struct hca_obj *td, *tis, *q, *rqt, *tir;
	struct hca_obj *ft[3], *fg[3]; /* levels 1 to 3; groups 0 to 7 on destination MACs */
};

static void good_table(struct mbox *mb, unsigned int level, unsigned int log_size)
{
	mb_begin(mb, "create_flow_table");
	mb_set(mb, FLD(flow_table_context, level), level);
	mb_set(mb, FLD(flow_table_context, log_size), log_size);
}

static void good_group(struct mbox *mb, const struct hca_obj *ft, uint32_t first, uint32_t last)
{
	mb_begin(mb, "create_flow_group");
	mb_set(mb, FLD(create_flow_group_in, table_id), ft->id);
	mb_set(mb, FLD(create_flow_group_in, start_flow_index), first);
	mb_set(mb, FLD(create_flow_group_in, end_flow_index), last);
}

static void match_macs(struct mbox *mb)
{
	mb_set(mb, FLD(create_flow_group_in, match_criteria_enable), 1);
	mb_set(mb, M(dmac_47_16), 0xffffffff);
	mb_set(mb, M(dmac_15_0), 0xffff);
}

static void list(struct mbox *mb, enum field_id id, uint64_t value)
{
	field_set(mb->in, (uint32_t)mb->in_len * 8, id, value);
}

static void to(struct mbox *mb, unsigned int type, uint32_t id)
{
	list(mb, FLD(dest_format, destination_type), type);
	list(mb, FLD(dest_format, destination_id), id);
	mb->in_len += 8;
	mb_set(mb, FLD(flow_context, destination_list_size), 1);
	mb_set(mb, FLD(flow_context, action), mb_get(mb, FLD(flow_context, action)) | FWD);
}

static void counted(struct mbox *mb, uint32_t id)
{
	list(mb, FLD(flow_counter_list, flow_counter_id), id);
	mb->in_len += 8;
	mb_set(mb, FLD(flow_context, flow_counter_list_size), 1);
	mb_set(mb, FLD(flow_context, action), mb_get(mb, FLD(flow_context, action)) | COUNT);
}

/* Without a destination: it still has to be said. */
static void entry(struct mbox *mb, const char *command, const struct hca_obj *ft,
		  const struct hca_obj *fg, uint32_t index)
{
	mb_begin(mb, command);
	mb_set(mb, FLD(set_fte_in, table_id), ft->id);
	mb_set(mb, FLD(set_fte_in, flow_index), index);
	mb_set(mb, FLD(flow_context, group_id), fg->id);
}

static void good_entry(struct mbox *mb, const struct world *w, unsigned int i, uint32_t index)
{
	entry(mb, "set_flow_table_entry", w->ft[i], w->fg[i], index);
	mb_set(mb, M(dmac_47_16), 0x02000000);
	mb_set(mb, M(dmac_15_0), index);
}

static void build(struct rig *rig, struct world *w)
{
	struct mbox mb;
	unsigned int i;

	w->tis = make_tis(rig, &w->td);
	good_virtq(rig, &mb, w->tis);
	w->q = mb_create(&mb, rig->a);
	good_rqt(&mb, w->q, 1);
	w->rqt = mb_create(&mb, rig->a);
	good_tir(&mb, w->td, w->rqt);
	w->tir = mb_create(&mb, rig->a);
	for (i = 0; i < 3; i++) {
		good_table(&mb, i + 1, 4);
		w->ft[i] = mb_create(&mb, rig->a);
		good_group(&mb, w->ft[i], 0, 7);
		match_macs(&mb);
		w->fg[i] = mb_create(&mb, rig->a);
	}
}

static const struct rx_table *dp_of(const struct hca_obj *ft)
{
	return ((const struct flow_table *)ft)->dp;
}

/* ---- tables and groups ---- */

static void create_table_refused_for_each_reason(void **state)
{
	static const struct {
		enum field_id field;
		uint64_t value;
		enum syndrome why;
	} bad[] = {
	    {FLD(create_flow_table_in, table_type),        1,   SYND(FT_TYPE)     },
	    {FLD(create_flow_table_in, table_type),        4,   SYND(FT_TYPE)     },
	    {FLD(create_flow_table_in, other_vport),       1,   SYND(NOT_MODELLED)},
	    {FLD(create_flow_table_in, vport_number),      1,   SYND(NOT_MODELLED)},
	    {FLD(flow_table_context,   level),             0,   SYND(FT_LEVEL)    },
	    {FLD(flow_table_context,   level),             16,  SYND(FT_LEVEL)    },
	    {FLD(flow_table_context,   level),             255, SYND(FT_LEVEL)    },
	    {FLD(flow_table_context,   log_size),          17,  SYND(FT_SIZE)     },
	    {FLD(flow_table_context,   table_miss_action), 1,   SYND(FT_MISS)     },
	    {FLD(flow_table_context,   table_miss_id),     1,   SYND(NOT_MODELLED)},
	    {FLD(flow_table_context,   sw_owner),          1,   SYND(NOT_MODELLED)},
	    {FLD(flow_table_context,   termination_table), 1,   SYND(NOT_MODELLED)},
	    {FLD(flow_table_context,   reformat_en),       1,   SYND(NOT_MODELLED)},
	    {FLD(flow_table_context,   rtc_valid),         1,   SYND(NOT_MODELLED)},
	};
	struct rig *rig = *state;
	struct hca_obj *obj;
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_table(&mb, 1, 4);
		mb_set(&mb, bad[i].field, bad[i].value);
		mb_create_refused(&mb, rig->a, bad[i].why);
	}
	good_table(&mb, 1, 4);
	mb.in[0x20] = 1; /* behind the known fields of the context */
	mb_create_refused(&mb, rig->a, SYND(RESERVED_BITS));
	double_dp->fail_rx = -ENOMEM;
	good_table(&mb, 15, 16);
	mb_create_refused(&mb, rig->a, SYND(NO_MEMORY));
	obj = mb_create(&mb, rig->a);
	assert_int_equal(dp_of(obj)->level, 15);
	destroy(obj);
	assert_null(double_dp->ports[0].tables);
}

static void create_group_refused_for_each_reason(void **state)
{
	static const struct {
		uint32_t first, last;
		enum syndrome why;
	} range[] = {
	    {5,  4,          SYND(FG_RANGE)  },
            {0,  16,         SYND(FG_RANGE)  },
            {16, 16,         SYND(FG_RANGE)  },
	    {0,  UINT32_MAX, SYND(FG_RANGE)  },
            {8,  11,         SYND(FG_OVERLAP)},
            {10, 15,         SYND(FG_OVERLAP)},
	    {4,  8,          SYND(FG_OVERLAP)},
            {0,  15,         SYND(FG_OVERLAP)},
	};
	struct rig *rig = *state;
	struct hca_obj *ft, *fg, *foreign;
	struct mbox mb;
	unsigned int i;

	good_table(&mb, 1, 4);
	ft = mb_create(&mb, rig->a);
	foreign = mb_create(&mb, rig->b);
	good_group(&mb, ft, 8, 11);
	fg = mb_create(&mb, rig->a);
	for (i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
		good_group(&mb, ft, range[i].first, range[i].last);
		mb_create_refused(&mb, rig->a, range[i].why);
	}
	good_group(&mb, ft, 0, 7);
	mb_set(&mb, FLD(create_flow_group_in, table_type), 1);
	mb_create_refused(&mb, rig->a, SYND(FT_TYPE));
	good_group(&mb, foreign, 0, 7);
	mb_create_refused(&mb, rig->a, SYND(NO_SUCH_OBJECT));
	good_group(&mb, ft, 0, 7);
	mb_set(&mb, FLD(create_flow_group_in, match_definer_id), 1);
	mb_create_refused(&mb, rig->a, SYND(NOT_MODELLED));
	/* Criteria. */
	good_group(&mb, ft, 0, 7);
	match_macs(&mb);
	mb_set(&mb, FLD(create_flow_group_in, match_criteria_enable), 0);
	mb_create_refused(&mb, rig->a, SYND(FG_MATCH));
	mb_set(&mb, FLD(create_flow_group_in, match_criteria_enable), 3);
	mb_create_refused(&mb, rig->a, SYND(FG_MATCH));
	mb_set(&mb, FLD(create_flow_group_in, match_criteria_enable), 1);
	mb_set(&mb, M(first_prio), 7);
	mb_create_refused(&mb, rig->a, SYND(NOT_MODELLED));
	mb_set(&mb, M(first_prio), 0);
	mb_set(&mb, M(tcp_sport), 1);
	mb_set(&mb, M(udp_sport), 1);
	mb_create_refused(&mb, rig->a, SYND(FG_MATCH));
	good_group(&mb, ft, 0, 7);
	mb.in[0x200 / 8 + 64] = 1; /* misc parameters */
	mb_create_refused(&mb, rig->a, SYND(NOT_MODELLED));
	good_group(&mb, ft, 0, 7);
	mb.in[0x200 / 8 + 0x18] = 1; /* reserved among the outer headers */
	mb_create_refused(&mb, rig->a, SYND(RESERVED_BITS));
	/* Neighbours are fine; a table with groups stays. */
	good_group(&mb, ft, 12, 15);
	destroy(mb_create(&mb, rig->a));
	assert_int_equal(hca_obj_destroy(ft), -EBUSY);
	destroy(fg);
	destroy(ft);
}

/* ---- entries ---- */

static void create_entry_reaches_datapath(void **state)
{
	struct rig *rig = *state;
	struct double_rule rule[DOUBLE_RULES];
	struct hca_obj *e[3], *fc;
	struct world w;
	struct mbox mb;

	build(rig, &w);
	mb_begin(&mb, "alloc_flow_counter");
	fc = mb_create(&mb, rig->a);
	good_entry(&mb, &w, 0, 5);
	to(&mb, TO_TIR, w.tir->id);
	e[0] = mb_create(&mb, rig->a);
	good_entry(&mb, &w, 0, 2);
	to(&mb, TO_TABLE, w.ft[2]->id);
	counted(&mb, fc->id);
	mb_set(&mb, FLD(flow_context, flow_tag), 0x123); /* nobody will see it */
	e[1] = mb_create(&mb, rig->a);
	good_entry(&mb, &w, 0, 7);
	mb_set(&mb, FLD(flow_context, action), DROP);
	e[2] = mb_create(&mb, rig->a);
	assert_int_equal(double_rules(dp_of(w.ft[0]), rule), 3);
	assert_memory_equal(rule[0].value.dmac, "\x02\0\0\0\0\x02", 6);
	assert_memory_equal(rule[0].mask.dmac, "\xff\xff\xff\xff\xff\xff", 6);
	assert_ptr_equal(rule[0].table, dp_of(w.ft[2]));
	assert_non_null(rule[0].counter);
	assert_int_equal(rule[1].order, 5);
	assert_int_equal(rule[1].tir.n, 1);
	assert_null(rule[1].counter);
	assert_true(rule[2].drop);
	/* What is used stays. */
	assert_int_equal(hca_obj_destroy(w.ft[2]), -EBUSY);
	assert_int_equal(hca_obj_destroy(w.fg[0]), -EBUSY);
	assert_int_equal(hca_obj_destroy(w.tir), -EBUSY);
	assert_int_equal(hca_obj_destroy(fc), -EBUSY);
	destroy(e[1]);
	destroy(fc);
	assert_int_equal(double_rules(dp_of(w.ft[0]), rule), 2);
	/* Its index is free again. */
	good_entry(&mb, &w, 0, 2);
	mb_set(&mb, FLD(flow_context, action), DROP);
	e[1] = mb_create(&mb, rig->a);
	good_entry(&mb, &w, 0, 2);
	mb_set(&mb, FLD(flow_context, action), DROP);
	mb_create_refused(&mb, rig->a, SYND(FTE_TAKEN));
}

static void create_entry_refused_for_its_place(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *other;
	struct world w;
	struct mbox mb;

	build(rig, &w);
	good_group(&mb, w.ft[0], 8, 8);
	other = mb_create(&mb, rig->a);
#define REFUSED(field, value, why)                                                                 \
	do {                                                                                       \
		good_entry(&mb, &w, 0, 1);                                                         \
		mb_set(&mb, FLD(flow_context, action), DROP);                                      \
		mb_set(&mb, field, value);                                                         \
		mb_create_refused(&mb, rig->a, why);                                               \
	} while (0)
	REFUSED(FLD(set_fte_in, flow_index), 8, SYND(FTE_INDEX));
	REFUSED(FLD(set_fte_in, flow_index), UINT32_MAX, SYND(FTE_INDEX));
	REFUSED(FLD(flow_context, group_id), other->id, SYND(FTE_INDEX));
	REFUSED(FLD(flow_context, group_id), w.fg[1]->id, SYND(FG_TABLE));
	REFUSED(FLD(flow_context, group_id), 0, SYND(NO_SUCH_OBJECT));
	REFUSED(FLD(set_fte_in, table_id), 0x999, SYND(NO_SUCH_OBJECT));
	REFUSED(FLD(set_fte_in, table_type), 1, SYND(FT_TYPE));
	REFUSED(FLD(set_fte_in, ignore_flow_level), 1, SYND(NOT_MODELLED));
	REFUSED(FLD(set_fte_in, modify_enable_mask), 1, SYND(FTE_MODIFY));
	REFUSED(FLD(flow_context, push_vlan), 1, SYND(NOT_MODELLED));
	REFUSED(FLD(flow_context, modify_header_id), 1, SYND(NOT_MODELLED));
	REFUSED(FLD(flow_context, extended_destination), 1, SYND(NOT_MODELLED));
	/* A value outside the criteria. */
	REFUSED(M(smac_15_0), 1, SYND(FTE_VALUE));
	REFUSED(M(cvlan_tag), 1, SYND(FTE_VALUE));
	/* In another context. */
	good_entry(&mb, &w, 0, 1);
	mb_set(&mb, FLD(flow_context, action), DROP);
	mb_create_refused(&mb, rig->b, SYND(NO_SUCH_OBJECT));
}

static void create_entry_refused_for_what_it_does(void **state)
{
	static const uint16_t actions[] = {0,    1,    COUNT, DROP | FWD, 0x10,
					   0x20, 0x40, 0x80,  0x100,      DROP | 0x400};
	struct rig *rig = *state;
	struct hca_obj *foreign;
	struct world w;
	struct mbox mb;
	unsigned int i;

	build(rig, &w);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		good_entry(&mb, &w, 0, 1);
		mb_set(&mb, FLD(flow_context, action), actions[i]);
		mb_create_refused(&mb, rig->a, SYND(FTE_ACTION));
	}
	/* Lists and actions. */
	good_entry(&mb, &w, 0, 1);
	mb_set(&mb, FLD(flow_context, action), FWD);
	mb_create_refused(&mb, rig->a, SYND(FTE_LIST));
	to(&mb, TO_TIR, w.tir->id);
	mb_set(&mb, FLD(flow_context, destination_list_size), 2);
	mb_create_refused(&mb, rig->a, SYND(FTE_LIST));
	mb_set(&mb, FLD(flow_context, destination_list_size), 1);
	mb_set(&mb, FLD(flow_context, action), DROP);
	mb_create_refused(&mb, rig->a, SYND(FTE_LIST));
	mb_set(&mb, FLD(flow_context, action), FWD | COUNT);
	mb_create_refused(&mb, rig->a, SYND(FTE_LIST));
	mb_set(&mb, FLD(flow_context, flow_counter_list_size), 1);
	mb_create_refused(&mb, rig->a, SYND(FTE_LIST)); /* the mailbox has one entry */
	counted(&mb, w.tir->id + 77);
	mb_create_refused(&mb, rig->a, SYND(NO_SUCH_OBJECT));
	/* An entry that no list counts must be empty. */
	good_entry(&mb, &w, 0, 1);
	to(&mb, TO_TIR, w.tir->id);
	to(&mb, TO_TIR, w.tir->id);
	mb_create_refused(&mb, rig->a, SYND(RESERVED_TAIL));
	good_entry(&mb, &w, 0, 1);
	to(&mb, TO_TIR, w.tir->id);
	mb.in[mb.in_len - 4] = 0x80; /* owner's vhca */
	mb_create_refused(&mb, rig->a, SYND(RESERVED_TAIL));
	/* Destinations. */
	for (i = 0; i < 9; i++) {
		if (i == TO_TABLE || i == TO_TIR)
			continue;
		good_entry(&mb, &w, 0, 1);
		to(&mb, i, w.tir->id);
		mb_create_refused(&mb, rig->a, SYND(FTE_DEST));
	}
	good_entry(&mb, &w, 0, 1);
	to(&mb, TO_TIR, 0x777);
	mb_create_refused(&mb, rig->a, SYND(NO_SUCH_OBJECT));
	for (i = 0; i < 2; i++) {
		good_entry(&mb, &w, 1, 1);
		to(&mb, TO_TABLE, w.ft[i]->id);
		mb_create_refused(&mb, rig->a, SYND(FTE_LEVEL));
	}
	good_table(&mb, 9, 0);
	foreign = mb_create(&mb, rig->b);
	good_entry(&mb, &w, 0, 1);
	to(&mb, TO_TABLE, foreign->id);
	mb_create_refused(&mb, rig->a, SYND(NO_SUCH_OBJECT));
	/* The datapath has no memory: nothing of it stays, and its index is free. */
	good_entry(&mb, &w, 0, 1);
	to(&mb, TO_TIR, w.tir->id);
	double_dp->fail_rx = -ENOMEM;
	mb_create_refused(&mb, rig->a, SYND(NO_MEMORY));
	destroy(mb_create(&mb, rig->a));
}

static void modify_entry_all_or_nothing(void **state)
{
	struct rig *rig = *state;
	struct double_rule rule[DOUBLE_RULES];
	struct hca_obj *e, *fc;
	struct world w;
	struct mbox mb;

	build(rig, &w);
	mb_begin(&mb, "alloc_flow_counter");
	fc = mb_create(&mb, rig->a);
	good_entry(&mb, &w, 0, 3);
	mb_set(&mb, FLD(flow_context, action), DROP);
	e = mb_create(&mb, rig->a);
#define MODIFY(select)                                                                             \
	do {                                                                                       \
		entry(&mb, "modify_flow_table_entry", w.ft[0], w.fg[0], 3);                        \
		mb_set(&mb, M(dmac_47_16), 0x02000000);                                            \
		mb_set(&mb, M(dmac_15_0), 3);                                                      \
		mb_set(&mb, FLD(set_fte_in, modify_enable_mask), select);                          \
	} while (0)
	MODIFY(0);
	mb_modify_refused(&mb, rig->a, e, SYND(FTE_MODIFY));
	MODIFY(0x10);
	mb_modify_refused(&mb, rig->a, e, SYND(FTE_MODIFY));
	/* A destination alone does not fit a drop. */
	MODIFY(1 << 2);
	to(&mb, TO_TABLE, w.ft[1]->id);
	mb_modify_refused(&mb, rig->a, e, SYND(FTE_LIST));
	MODIFY(1 << 2 | 1 << 0);
	to(&mb, TO_TABLE, w.ft[1]->id);
	double_dp->fail_rx = -ENOMEM;
	mb_modify_refused(&mb, rig->a, e, SYND(NO_MEMORY));
	destroy(w.fg[1]);
	destroy(w.ft[1]); /* nothing of the refused one holds it */
	MODIFY(1 << 2 | 1 << 0);
	to(&mb, TO_TABLE, w.ft[2]->id);
	mb_modify(&mb, e);
	assert_int_equal(double_rules(dp_of(w.ft[0]), rule), 1);
	assert_ptr_equal(rule[0].table, dp_of(w.ft[2]));
	assert_int_equal(rule[0].order, 3);
	MODIFY(1 << 3 | 1 << 0);
	mb_set(&mb, FLD(flow_context, action), FWD);
	counted(&mb, fc->id);
	mb_modify(&mb, e);
	double_rules(dp_of(w.ft[0]), rule);
	assert_ptr_equal(rule[0].table, dp_of(w.ft[2]));
	assert_non_null(rule[0].counter);
	assert_int_equal(hca_obj_destroy(fc), -EBUSY);
	MODIFY(1 << 2);
	to(&mb, TO_TIR, w.tir->id);
	mb_modify(&mb, e);
	double_rules(dp_of(w.ft[0]), rule);
	assert_null(rule[0].table);
	assert_int_equal(rule[0].tir.n, 1);
	destroy(w.fg[2]);
	destroy(w.ft[2]);
	/* Of another entry. */
	MODIFY(1);
	mb_set(&mb, FLD(set_fte_in, flow_index), 4);
	assert_int_equal(hca_obj_modify(e, mb.in, mb.in_len, mb.out, mb.out_len), -EINVAL);
	MODIFY(1);
	mb_set(&mb, M(dmac_15_0), 4);
	mb_modify_refused(&mb, rig->a, e, SYND(FTE_OTHER));
	MODIFY(1);
	mb_set(&mb, FLD(set_fte_in, table_id), w.ft[0]->id + 1);
	mb_modify_refused(&mb, rig->a, e, SYND(FTE_OTHER));
	MODIFY(1);
	mb_set(&mb, FLD(flow_context, group_id), w.fg[0]->id + 1);
	mb_modify_refused(&mb, rig->a, e, SYND(FTE_OTHER));
	destroy(e);
	destroy(fc);
}

/* ---- root rules ---- */

static int root_to(struct rig *rig, struct hca_ctx *ctx, struct hca_obj *dest,
		   struct hca_matcher **matcher, struct hca_flow **flow)
{
	static const uint8_t none[64];
	struct hca_matcher_attr all = {0};

	assert_int_equal(hca_matcher_create(ctx, &all, matcher), 0);
	return flow_to(*matcher, none, sizeof(none), dest, flow);
}

static void root_rule_leads_to_table(void **state)
{
	struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_matcher *matcher;
	struct hca_flow *flow;
	struct world w;

	build(rig, &w);
	assert_int_equal(root_to(rig, rig->a, w.ft[0], &matcher, &flow), 0);
	assert_int_equal(port->n_rules, 1);
	assert_ptr_equal(port->rules[0].table, dp_of(w.ft[0]));
	destroy(w.fg[0]);
	assert_int_equal(hca_obj_destroy(w.ft[0]), -EBUSY);
	assert_int_equal(hca_flow_destroy(flow), 0);
	assert_int_equal(port->n_rules, 0);
	destroy(w.ft[0]);
	/* Not to what is no destination, nor to another context's. */
	assert_int_equal(root_to(rig, rig->a, w.fg[1], &matcher, &flow), -EINVAL);
	assert_int_equal(root_to(rig, rig->b, w.ft[1], &matcher, &flow), -EINVAL);
}

static void close_context_takes_tables_in_order(void **state)
{
	struct rig *rig = *state;
	struct hca_matcher *matcher;
	struct hca_flow *flow;
	struct world w;
	struct mbox mb;

	build(rig, &w);
	good_entry(&mb, &w, 0, 1);
	to(&mb, TO_TABLE, w.ft[1]->id);
	mb_create(&mb, rig->a);
	good_entry(&mb, &w, 1, 1);
	to(&mb, TO_TIR, w.tir->id);
	mb_create(&mb, rig->a);
	assert_int_equal(root_to(rig, rig->a, w.ft[0], &matcher, &flow), 0);
	assert_int_equal(rig->hca->stat->objects[HCA_STAT_FLOW_ENTRY], 2);
	assert_int_equal(rig->hca->stat->objects[HCA_STAT_FLOW_TABLE], 3);
	hca_ctx_close(rig->a);
	assert_int_equal(rig->hca->stat->objects[HCA_STAT_FLOW_ENTRY], 0);
	assert_int_equal(rig->hca->stat->objects[HCA_STAT_FLOW_GROUP], 0);
	assert_null(double_dp->ports[0].tables);
	assert_int_equal(hca_ctx_open(rig->hca, 0, &rig->a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(create_table_refused_for_each_reason),
	    T(create_group_refused_for_each_reason),
	    T(create_entry_reaches_datapath),
	    T(create_entry_refused_for_its_place),
	    T(create_entry_refused_for_what_it_does),
	    T(modify_entry_all_or_nothing),
	    T(root_rule_leads_to_table),
	    T(close_context_takes_tables_in_order),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
