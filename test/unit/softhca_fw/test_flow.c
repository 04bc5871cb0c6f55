/* SPDX-License-Identifier: BSD-3-Clause */
/* Matchers and rules: what can be matched, precedence, and that the datapath has what it should. */
#include <errno.h>
#include <string.h>

#include "fw/flow.h"
#include "rig.h"

#define M(name) FLD(fte_match_set_lyr_2_4, name)

struct match {
	uint8_t p[512];
};

struct world {
	struct hca_obj *td, *tis, *q[2], *rqt, *tir;
};

static void build(struct rig *rig, struct world *w)
{
	struct mbox mb;

	w->tis = make_tis(rig, &w->td);
	good_virtq(rig, &mb, w->tis);
	w->q[0] = mb_create(&mb, rig->a);
	mb_set(&mb, FLD(virtio_q, queue_index), 2);
	w->q[1] = mb_create(&mb, rig->a);
	good_rqt(&mb, w->q[0], 1);
	mb_queue(&mb, w->q[1]->id);
	w->rqt = mb_create(&mb, rig->a);
	good_tir(&mb, w->td, w->rqt);
	w->tir = mb_create(&mb, rig->a);
}

static int try_matcher(struct hca_ctx *ctx, const struct match *m, uint8_t criteria,
		       uint16_t priority, struct hca_matcher **matcher)
{
	struct hca_matcher_attr attr = {.mask = m->p,
					.mask_len = sizeof(m->p),
					.criteria_enable = criteria,
					.priority = priority};

	return hca_matcher_create(ctx, &attr, matcher);
}

static void create_matcher_what_cannot_be_matched(void **state)
{
	struct rig *rig = *state;
	struct hca_matcher *matcher;
	struct hca_matcher_attr attr;
	struct match m;
	int id;

	for (id = layouts[LAY(fte_match_set_lyr_2_4)].first;
	     id < layouts[LAY(fte_match_set_lyr_2_4)].end; id++) {
		int want = fields[id].kind == FK_ZERO ? -EOPNOTSUPP : 0;

		memset(&m, 0, sizeof(m));
		m.p[fields[id].offset / 8] |= (uint8_t)(0x80 >> fields[id].offset % 8);
		if (try_matcher(rig->a, &m, 1, 0, &matcher) != want)
			fail_msg("%s", fields[id].name);
		/* The same without the bit that says outer headers. */
		assert_int_equal(try_matcher(rig->a, &m, 0, 0, &matcher), want ? want : -EINVAL);
	}
	memset(&m, 0, sizeof(m));
	m.p[64] = 1; /* misc parameters */
	assert_int_equal(try_matcher(rig->a, &m, 1, 0, &matcher), -EOPNOTSUPP);
	memset(&m, 0, sizeof(m));
	m.p[0x18] = 1; /* reserved */
	assert_int_equal(try_matcher(rig->a, &m, 1, 0, &matcher), -EOPNOTSUPP);
	memset(&m, 0, sizeof(m));
	assert_int_equal(try_matcher(rig->a, &m, 2, 0, &matcher), -EINVAL);
	field_set(m.p, 0, M(tcp_sport), 1);
	field_set(m.p, 0, M(udp_sport), 1);
	assert_int_equal(try_matcher(rig->a, &m, 1, 0, &matcher), -EINVAL);
	attr = (struct hca_matcher_attr){.mask = m.p, .mask_len = 0, .ft_type = 2};
	assert_int_equal(hca_matcher_create(rig->a, &attr, &matcher), -EOPNOTSUPP);
	attr.ft_type = 0;
	assert_int_equal(hca_matcher_create(rig->a, &attr, &matcher), 0);
}

static void create_flow_key_reaches_datapath(void **state)
{
	struct rig *rig = *state;
	struct dp_port *port = &double_dp->ports[0];
	struct hca_matcher *matcher;
	struct hca_flow *flow;
	struct match mask = {{0}}, value = {{0}};
	const struct flow_key *v;
	struct world w;

	build(rig, &w);
	field_set(mask.p, 0, M(dmac_47_16), 0xffffffff);
	field_set(mask.p, 0, M(dmac_15_0), 0xffff);
	field_set(mask.p, 0, M(first_vid), 0xfff);
	field_set(mask.p, 0, M(cvlan_tag), 1);
	field_set(mask.p, 0, M(ip_version), 0xf);
	field_set(mask.p, 0, M(udp_dport), 0xffff);
	mask.p[0x30 + 3] = 0xff; /* last byte of the destination address's third word */
	assert_int_equal(try_matcher(rig->a, &mask, 1, 0, &matcher), 0);
	memset(value.p, 0xff, 64);
	field_set(value.p, 0, M(dmac_47_16), 0x02aabbcc);
	field_set(value.p, 0, M(dmac_15_0), 0xddee);
	field_set(value.p, 0, M(ip_version), 4);
	field_set(value.p, 0, M(udp_dport), 4789);
	field_set(value.p, 0, M(ip_protocol), 6);
	assert_int_equal(flow_to(matcher, value.p, sizeof(value.p), w.tir, &flow), -EINVAL);
	field_set(value.p, 0, M(ip_protocol), 0);
	assert_int_equal(flow_to(matcher, value.p, sizeof(value.p), w.tir, &flow), 0);
	assert_int_equal(port->n_rules, 1);
	v = &port->rules[0].value;
	assert_memory_equal(v->dmac, "\x02\xaa\xbb\xcc\xdd\xee", 6);
	assert_memory_equal(v->smac, "\0\0\0\0\0\0", 6); /* not in the mask */
	assert_int_equal(v->vid, 0xfff);
	assert_int_equal(v->cvlan_tag, 1);
	assert_int_equal(v->svlan_tag, 0);
	assert_int_equal(v->ip_version, 4);
	assert_int_equal(v->ip_protocol, 17); /* the ports say UDP */
	assert_int_equal(port->rules[0].mask.ip_protocol, 0xff);
	assert_int_equal(v->l4_dport, 4789);
	assert_int_equal(v->l4_sport, 0);
	assert_int_equal(v->dst_ip[3], 0xff);
	assert_int_equal(port->rules[0].tir.n, 2);
	assert_int_equal(port->rules[0].tir.hash_fields, DP_HASH_SRC_IP | DP_HASH_DST_IP);
	assert_null(port->rules[0].queues[0]); /* not in RDY yet */
	set_state(w.q[0], VQ_RDY);
	assert_ptr_equal(port->rules[0].queues[0], double_vq(0, 0));
	assert_null(port->rules[0].queues[1]);
	set_state(w.q[1], VQ_RDY);
	assert_ptr_equal(port->rules[0].queues[1], double_vq(0, 2));
	assert_int_equal(hca_matcher_destroy(matcher), -EBUSY);
	assert_int_equal(hca_obj_destroy(w.tir), -EBUSY);
	assert_int_equal(hca_flow_destroy(flow), 0);
	assert_int_equal(port->n_rules, 0);
	assert_int_equal(hca_matcher_destroy(matcher), 0);
}

static struct hca_flow *add(struct rig *rig, struct world *w, uint16_t priority, uint16_t ethertype)
{
	struct match mask = {{0}}, value = {{0}};
	struct hca_matcher *matcher;
	struct hca_flow *flow;

	field_set(mask.p, 0, M(ethertype), 0xffff);
	field_set(value.p, 0, M(ethertype), ethertype);
	assert_int_equal(try_matcher(rig->a, &mask, 1, priority, &matcher), 0);
	assert_int_equal(flow_to(matcher, value.p, 64, w->tir, &flow), 0);
	return flow;
}

static void create_flow_precedence(void **state)
{
	static const uint16_t want[] = {0x105, 0x205, 0x305, 0x106, 0x206, 0x107};
	struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_flow *middle;
	struct world w;
	unsigned int i;

	build(rig, &w);
	add(rig, &w, 7, 0x107);
	add(rig, &w, 5, 0x105);
	add(rig, &w, 6, 0x106);
	middle = add(rig, &w, 5, 0x205);
	add(rig, &w, 6, 0x206);
	add(rig, &w, 5, 0x305);
	assert_int_equal(port->n_rules, 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(port->rules[i].value.ethertype, want[i]);
	assert_int_equal(hca_flow_destroy(middle), 0);
	assert_int_equal(port->n_rules, 5);
	assert_int_equal(port->rules[1].value.ethertype, 0x305);
}

static void create_flow_bad_destination_einval(void **state)
{
	struct match m = {{0}};
	struct rig *rig = *state;
	struct hca_matcher *mine, *foreign;
	struct hca_flow *flow;
	struct world w;

	build(rig, &w);
	assert_int_equal(try_matcher(rig->a, &m, 0, 0, &mine), 0);
	assert_int_equal(try_matcher(rig->b, &m, 0, 0, &foreign), 0);
	assert_int_equal(flow_to(mine, m.p, 64, NULL, &flow), -EINVAL);
	assert_int_equal(flow_to(mine, m.p, 64, w.rqt, &flow), -EINVAL);
	assert_int_equal(flow_to(foreign, m.p, 64, w.tir, &flow), -EINVAL);
	double_dp->fail_rx = -ENOMEM;
	assert_int_equal(flow_to(mine, m.p, 64, w.tir, &flow), -ENOMEM);
	assert_int_equal(double_dp->ports[0].n_rules, 0);
	assert_int_equal(hca_matcher_destroy(mine), 0);
}

static void modify_rqt_and_tir_reach_datapath(void **state)
{
	struct dp_port *port = &double_dp->ports[0];
	struct match m = {{0}};
	struct rig *rig = *state;
	struct hca_matcher *matcher;
	struct hca_flow *flow;
	struct world w;
	struct mbox mb;

	build(rig, &w);
	set_state(w.q[0], VQ_RDY);
	set_state(w.q[1], VQ_RDY);
	assert_int_equal(try_matcher(rig->a, &m, 0, 7, &matcher), 0);
	assert_int_equal(flow_to(matcher, m.p, 64, w.tir, &flow), 0);
	mb_begin(&mb, "modify_rqt");
	mb_set(&mb, FLD(modify_rqt_in, modify_bitmask), 1);
	mb_set(&mb, FLD(rqtc, list_q_type), 1);
	mb_queue(&mb, w.q[1]->id);
	/* If the datapath cannot take it, nothing has changed. */
	double_dp->fail_rx = -ENOMEM;
	mb_modify_refused(&mb, rig->a, w.rqt, SYND(NO_MEMORY));
	assert_int_equal(hca_obj_destroy(w.q[0]), -EBUSY);
	mb_modify(&mb, w.rqt);
	assert_int_equal(port->rules[0].tir.n, 1);
	assert_ptr_equal(port->rules[0].queues[0], double_vq(0, 2));
	destroy(w.q[0]);
	mb_begin(&mb, "modify_tir");
	mb_set(&mb, FLD(modify_tir_in, modify_bitmask), 1 << 2);
	mb_set(&mb, FLD(tirc, rx_hash_fn), 2);
	mb_set(&mb, FLD(rx_hash_field_select, selected_fields), 15);
	mb_set(&mb, FLD(tirc, rx_hash_symmetric), 1);
	/* Nothing of a refused one comes with the next change. */
	double_dp->fail_rx = -ENOMEM;
	mb_modify_refused(&mb, rig->a, w.tir, SYND(NO_MEMORY));
	mb_set(&mb, FLD(modify_tir_in, modify_bitmask), 1 << 2 | 1 << 1);
	mb_set(&mb, FLD(tirc, indirect_table), 0x99);
	mb_modify_refused(&mb, rig->a, w.tir, SYND(NO_SUCH_OBJECT));
	add(rig, &w, 5, 5);
	assert_int_equal(port->rules[0].tir.hash_fields, DP_HASH_SRC_IP | DP_HASH_DST_IP);
	assert_false(port->rules[0].tir.symmetric);
	mb_set(&mb, FLD(modify_tir_in, modify_bitmask), 1 << 2);
	mb_set(&mb, FLD(tirc, indirect_table), 0);
	mb_modify(&mb, w.tir);
	assert_int_equal(port->rules[0].tir.hash_fields, 15);
	assert_true(port->rules[0].tir.symmetric);
}

/* A table made for the largest number of entries may have any smaller one later, and back. */
static void modify_rqt_to_any_size_below_its_largest(void **state)
{
	static const unsigned int sizes[] = {64, 1, 2, 128, 16, 4, 8, 32, 128};
	struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_matcher *matcher;
	struct hca_obj *rqt, *tir;
	struct match m = {{0}};
	struct hca_flow *flow;
	struct world w;
	struct mbox mb;

	build(rig, &w);
	good_rqt(&mb, w.q[0], 128);
	mb_set(&mb, FLD(rqtc, rqt_max_size), 128);
	rqt = mb_create(&mb, rig->a);
	good_tir(&mb, w.td, rqt);
	tir = mb_create(&mb, rig->a);
	set_state(w.q[0], VQ_RDY);
	set_state(w.q[1], VQ_RDY);
	assert_int_equal(try_matcher(rig->a, &m, 0, 7, &matcher), 0);
	assert_int_equal(flow_to(matcher, m.p, 64, tir, &flow), 0);
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		mb_begin(&mb, "modify_rqt");
		mb_set(&mb, FLD(modify_rqt_in, modify_bitmask), 1);
		mb_set(&mb, FLD(rqtc, list_q_type), 1);
		mb_set(&mb, FLD(rqtc, rqt_max_size), i & 1 ? 128 : 0);
		for (unsigned int n = 0; n < sizes[i]; n++)
			mb_queue(&mb, w.q[n & 1]->id);
		mb_modify(&mb, rqt);
		assert_int_equal(port->rules[0].tir.n, sizes[i]);
		assert_ptr_equal(port->rules[0].queues[0], double_vq(0, 0));
		if (sizes[i] > 1)
			assert_ptr_equal(port->rules[0].queues[1], double_vq(0, 2));
		/* Of the tables the other one, which build() made, lists both queues. */
		assert_int_equal(w.q[1]->refs, sizes[i] > 1 ? 2 : 1);
	}
	mb_queue(&mb, w.q[0]->id);
	mb_modify_refused(&mb, rig->a, rqt, SYND(RQT_SIZE)); /* 129 */
	mb_set(&mb, FLD(rqtc, rqt_actual_size), 96);
	mb_modify_refused(&mb, rig->a, rqt, SYND(RQT_SIZE));
	mb_set(&mb, FLD(rqtc, rqt_actual_size), 64);
	mb_set(&mb, FLD(rqtc, rqt_max_size), 64);
	mb_modify_refused(&mb, rig->a, rqt, SYND(RQT_SIZE));
	assert_int_equal(port->rules[0].tir.n, 128);
}

/* ---- rules that are one entry (Linux, mlx5 fs_core.c) ---- */

/* A TIR of its own for the context, over the queue it is given. */
static struct hca_obj *another_tir(struct hca_ctx *ctx, const struct world *w)
{
	struct mbox mb;

	good_tir(&mb, w->td, w->rqt);
	return mb_create(&mb, ctx);
}

static int rule(struct hca_ctx *ctx, uint16_t priority, struct hca_flow_attr attr,
		struct hca_flow **flow)
{
	static const struct match nothing;
	struct hca_matcher *matcher;

	assert_int_equal(try_matcher(ctx, &nothing, 0, priority, &matcher), 0);
	attr.value = nothing.p;
	attr.value_len = sizeof(nothing.p);
	return hca_flow_create(matcher, &attr, flow);
}

static void create_flow_same_match_one_entry_several_ways(void **state)
{
	struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_flow *one, *two, *other;
	struct hca_obj *tir;
	struct world w;

	build(rig, &w);
	tir = another_tir(rig->a, &w);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = w.tir}, &one), 0);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = tir}, &two), 0);
	assert_int_equal(rule(rig->a, 4, (struct hca_flow_attr){.dest = tir}, &other), 0);
	assert_int_equal(port->n_rules, 3);
	assert_true(port->rules[0].order == port->rules[1].order);
	assert_true(port->rules[1].order < port->rules[2].order);
	/* The place is the entry's, not the first rule's. */
	assert_int_equal(hca_flow_destroy(one), 0);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = w.tir}, &one), 0);
	assert_int_equal(port->n_rules, 3);
	assert_true(port->rules[0].order == port->rules[1].order);
}

static void create_flow_same_destination_comes_once(void **state)
{
	struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_flow *one, *two, *three;
	struct world w;

	build(rig, &w);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = w.tir}, &one), 0);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = w.tir}, &two), 0);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = w.tir}, &three), 0);
	assert_int_equal(port->n_rules, 3);
	assert_int_equal(port->rules[0].drop + port->rules[1].drop + port->rules[2].drop, 2);
	/* Whichever goes, the others still lead there. */
	assert_int_equal(hca_flow_destroy(one), 0);
	assert_int_equal(port->n_rules, 2);
	assert_int_equal(port->rules[0].drop + port->rules[1].drop, 1);
	assert_int_equal(hca_flow_destroy(three), 0);
	assert_int_equal(port->n_rules, 1);
	assert_false(port->rules[0].drop);
	assert_int_equal(hca_obj_destroy(w.tir), -EBUSY);
	assert_int_equal(hca_flow_destroy(two), 0);
	assert_int_equal(hca_obj_destroy(w.tir), 0);
}

static void create_flow_conflicting_action_or_tag_eexist(void **state)
{
	struct hca_flow_attr drop = {.drop = true}, miss = {.default_miss = true};
	struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_flow *flow, *more;
	struct hca_flow_attr to;
	struct world w;

	build(rig, &w);
	to = (struct hca_flow_attr){.dest = w.tir, .has_tag = true, .tag = 5};
	assert_int_equal(rule(rig->a, 3, to, &flow), 0);
	assert_int_equal(rule(rig->a, 3, drop, &more), -EEXIST);
	to.tag = 6;
	assert_int_equal(rule(rig->a, 3, to, &more), -EEXIST);
	assert_int_equal(port->n_rules, 1);
	to.has_tag = false;
	assert_int_equal(rule(rig->a, 3, to, &more), 0);
	assert_int_equal(rule(rig->a, 3, miss, &more), 0);
	/* Another priority is another entry. */
	assert_int_equal(rule(rig->a, 4, drop, &more), 0);
	assert_int_equal(rule(rig->a, 4, to, &more), -EEXIST);
	assert_int_equal(rule(rig->a, 4, drop, &more), 0);
}

static void create_flow_more_ways_than_an_entry_has_einval(void **state)
{
	struct rig *rig = *state;
	struct hca_flow *flow[DP_RX_WAYS_MAX], *more;
	struct world w;
	unsigned int i;

	build(rig, &w);
	for (i = 0; i < DP_RX_WAYS_MAX; i++)
		assert_int_equal(
		    rule(rig->a, 3, (struct hca_flow_attr){.dest = another_tir(rig->a, &w)},
			 &flow[i]),
		    0);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = w.tir}, &more), -EINVAL);
	assert_int_equal(hca_flow_destroy(flow[7]), 0);
	assert_int_equal(rule(rig->a, 3, (struct hca_flow_attr){.dest = w.tir}, &more), 0);
}

/* Each context has a transport domain, and with two of them the port loops back. */
static void open_second_context_port_loops_back(void **state)
{
	struct dp_port *port = &double_dp->ports[1];
	struct rig *rig = *state;
	struct hca_ctx *two, *three; /* rig->other is the first */

	assert_false(port->loopback);
	assert_int_equal(hca_ctx_open(rig->hca, 1, &two), 0);
	assert_true(port->loopback);
	assert_int_equal(hca_ctx_open(rig->hca, 1, &three), 0);
	hca_ctx_close(two);
	assert_true(port->loopback);
	hca_ctx_close(three);
	assert_false(port->loopback);
}

/* Rules of two contexts of one function stand together and go with their context. */
static void close_context_takes_its_rules(void **state)
{
	struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct world w;

	build(rig, &w);
	set_state(w.q[0], VQ_RDY);
	add(rig, &w, 1, 1);
	add(rig, &w, 2, 2);
	assert_int_equal(port->n_rules, 2);
	hca_ctx_close(rig->a);
	assert_int_equal(port->n_rules, 0);
	assert_int_equal(double_vqs(), 0);
	assert_int_equal(hca_ctx_open(rig->hca, 0, &rig->a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(create_matcher_what_cannot_be_matched),
	    T(create_flow_key_reaches_datapath),
	    T(create_flow_precedence),
	    T(create_flow_bad_destination_einval),
	    T(modify_rqt_and_tir_reach_datapath),
	    T(modify_rqt_to_any_size_below_its_largest),
	    T(create_flow_same_match_one_entry_several_ways),
	    T(create_flow_same_destination_comes_once),
	    T(create_flow_conflicting_action_or_tag_eexist),
	    T(create_flow_more_ways_than_an_entry_has_einval),
	    T(open_second_context_port_loops_back),
	    T(close_context_takes_its_rules),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
