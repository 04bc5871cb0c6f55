/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random commands: good ones with fields changed, wild ones, in any order, on objects that are
 * there or not. Whatever is answered, nothing crashes, what refers to what stays right, and in the
 * end nothing is alive. SOFTHCA_FUZZ_SEED repeats a run, SOFTHCA_FUZZ_ROUNDS makes it longer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fw/flow_table.h"
#include "rig.h"

enum { ROUNDS = 30000, OBJS_MAX = 64, FLOWS_MAX = 16 };

struct fuzz {
	struct rig *rig;
	uint64_t rng;
	struct hca_obj *obj[OBJS_MAX];
	unsigned int n;
	struct hca_flow *flow[FLOWS_MAX];
	unsigned int n_flows;
	struct hca_matcher *matcher;
	struct mbox mb;
	uint64_t accepted, entries; /* of all commands; of flow tables */
};

static uint64_t rnd(struct fuzz *f)
{
	f->rng ^= f->rng << 13;
	f->rng ^= f->rng >> 7;
	f->rng ^= f->rng << 17;
	return f->rng;
}

static unsigned int pick(struct fuzz *f, unsigned int n)
{
	return (unsigned int)(rnd(f) >> 33) % n;
}

static struct hca_obj *any_of(struct fuzz *f, enum obj_type type)
{
	unsigned int i, at = f->n ? pick(f, f->n) : 0;

	for (i = 0; i < f->n; i++)
		if (f->obj[(at + i) % f->n]->type == type)
			return f->obj[(at + i) % f->n];
	return NULL;
}

/* Something that means something now and then. */
static uint64_t value(struct fuzz *f)
{
	const struct rig *rig = f->rig;

	switch (pick(f, 9)) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return pick(f, 8);
	case 3:
		return rig->key;
	case 4:
		return rig->umem;
	case 5:
		return RIG_IOVA + (uint64_t)pick(f, 64) * 0x4000;
	case 6:
		return 1ull << pick(f, 64);
	case 7:
		return f->n ? f->obj[pick(f, f->n)]->id : 0;
	default:
		return rnd(f);
	}
}

static void scramble(struct fuzz *f, unsigned int one_in)
{
	const struct cmd_desc *d = f->mb.desc;
	unsigned int i;

	for (i = 0; i < d->n_parts; i++) {
		const struct layout *l = &layouts[d->part[i].layout];
		enum field_id id;

		for (id = l->first; id < l->end; id++) {
			uint8_t kind = fields[id].kind;

			if (fields[id].width > 64 || kind == FK_HDR || pick(f, one_in))
				continue;
			if ((kind == FK_ZERO || kind == FK_OUT) && pick(f, 32))
				continue;
			field_set(f->mb.in, d->part[i].base, id,
				  value(f) & (UINT64_MAX >> (64 - fields[id].width)));
		}
	}
}

static void good_modify(struct fuzz *f)
{
	uint64_t select = rnd(f) & rnd(f) & (SEL_GUEST | SEL_STATE | SEL_PERIOD | SEL_DIRTY_PARAMS);
	uint64_t ring = RIG_IOVA + RING_AT + pick(f, 4) * 0x4000ull;
	struct mbox *mb = &f->mb;

	select_fields(mb, select);
	if (select & SEL_STATE)
		mb_set(mb, FLD(virtio_net_q, state), 1 + pick(f, 2));
	if (select & SEL_MKEY)
		mb_set(mb, FLD(virtio_q, virtio_q_mkey), f->rig->key);
	if (select & SEL_ADDRS) {
		mb_set(mb, FLD(virtio_q, desc_addr), ring);
		mb_set(mb, FLD(virtio_q, available_addr), ring + 0x1000);
		mb_set(mb, FLD(virtio_q, used_addr), ring + 0x2000);
	}
	if (select & SEL_DIRTY_PARAMS) {
		struct hca_obj *klm = any_of(f, OBJ_MKEY);

		mb_set(mb, FLD(virtio_net_q, dirty_bitmap_mkey), klm ? klm->id << 8 : f->rig->key);
		mb_set(mb, FLD(virtio_net_q, dirty_bitmap_addr), RIG_IOVA);
		mb_set(mb, FLD(virtio_net_q, dirty_bitmap_size), 64);
	}
}

static void good_table(struct fuzz *f)
{
	mb_begin(&f->mb, "create_flow_table");
	mb_set(&f->mb, FLD(flow_table_context, level), 1 + pick(f, 4));
	mb_set(&f->mb, FLD(flow_table_context, log_size), 4);
}

static bool good_group(struct fuzz *f)
{
	struct hca_obj *ft = any_of(f, OBJ_FLOW_TABLE);
	uint32_t first = pick(f, 16);

	if (!ft)
		return false;
	mb_begin(&f->mb, "create_flow_group");
	mb_set(&f->mb, FLD(create_flow_group_in, table_id), ft->id);
	mb_set(&f->mb, FLD(create_flow_group_in, start_flow_index), first);
	mb_set(&f->mb, FLD(create_flow_group_in, end_flow_index), first + pick(f, 4));
	if (pick(f, 2)) {
		mb_set(&f->mb, FLD(create_flow_group_in, match_criteria_enable), 1);
		mb_set(&f->mb, FLD(fte_match_set_lyr_2_4, dmac_15_0), 0xff);
	}
	return true;
}

/* An entry that leads to a TIR, a table, or nowhere; counted or not. */
static void good_lists(struct fuzz *f)
{
	struct hca_obj *dest = any_of(f, pick(f, 2) ? OBJ_TIR : OBJ_FLOW_TABLE);
	struct hca_obj *fc = pick(f, 4) ? NULL : any_of(f, OBJ_FLOW_COUNTER);
	struct mbox *mb = &f->mb;
	uint32_t base = (uint32_t)mb->in_len * 8;

	if (dest) {
		field_set(mb->in, base, FLD(dest_format, destination_type),
			  dest->type == OBJ_TIR ? 2 : 1);
		field_set(mb->in, base, FLD(dest_format, destination_id), dest->id);
		mb->in_len += 8;
		mb_set(mb, FLD(flow_context, destination_list_size), 1);
	}
	if (fc) {
		field_set(mb->in, (uint32_t)mb->in_len * 8,
			  FLD(flow_counter_list, flow_counter_id), fc->id);
		mb->in_len += 8;
		mb_set(mb, FLD(flow_context, flow_counter_list_size), 1);
	}
	mb_set(mb, FLD(flow_context, action), (dest ? 4u : 2u) | (fc ? 8u : 0));
}

static bool good_entry(struct fuzz *f, bool modify)
{
	struct hca_obj *obj = any_of(f, modify ? OBJ_FLOW_ENTRY : OBJ_FLOW_GROUP);
	const struct flow_group *g;
	struct mbox *mb = &f->mb;

	if (!obj)
		return false;
	g = modify ? ((struct flow_entry *)obj)->group : (struct flow_group *)obj;
	mb_begin(mb, modify ? "modify_flow_table_entry" : "set_flow_table_entry");
	mb_set(mb, FLD(set_fte_in, table_id), g->table->obj.id);
	mb_set(mb, FLD(flow_context, group_id), g->obj.id);
	mb_set(mb, FLD(set_fte_in, flow_index), g->first + pick(f, g->last - g->first + 1));
	if (modify) {
		mb_set(mb, FLD(set_fte_in, flow_index), ((struct flow_entry *)obj)->index);
		mb_set(mb, FLD(set_fte_in, modify_enable_mask), pick(f, 4) ? 13 : pick(f, 16));
		memcpy(mb->in + FLOW_VALUE / 8, ((struct flow_entry *)obj)->value, FLOW_OUTER_LEN);
	} else if (g->mask[0xd]) {
		mb_set(mb, FLD(fte_match_set_lyr_2_4, dmac_15_0), pick(f, 256));
	}
	good_lists(f);
	return true;
}

/* Good mailboxes, as far as what they need is there. */
static bool good(struct fuzz *f)
{
	struct hca_obj *td = any_of(f, OBJ_TD), *tis = any_of(f, OBJ_TIS), *cq = any_of(f, OBJ_CQ);
	struct hca_obj *vq = any_of(f, OBJ_VIRTIO_NET_Q), *rqt = any_of(f, OBJ_RQT);
	struct mbox *mb = &f->mb;

	switch (pick(f, 18)) {
	case 10:
		good_table(f);
		return true;
	case 11:
		return good_group(f);
	case 12:
	case 13:
		return good_entry(f, false);
	case 14:
		return good_entry(f, true);
	case 0:
		good_mkey(f->rig, mb);
		return true;
	case 1:
		good_cq(f->rig, mb);
		return true;
	case 2:
		good_fw_qp(f->rig, mb);
		return true;
	case 3:
		if (cq)
			good_sw_qp(f->rig, mb, cq);
		return cq;
	case 4:
		if (td)
			good_tis(f->rig, mb, td);
		return td;
	case 5:
		if (vq)
			good_rqt(mb, vq, 1u << pick(f, 3));
		return vq;
	case 6:
		if (td && rqt)
			good_tir(mb, td, rqt);
		return td && rqt;
	case 7:
		good_modify(f);
		return true;
	case 8:
		mb_begin(mb, "modify_rqt");
		mb_set(mb, FLD(modify_rqt_in, modify_bitmask), 1);
		mb_set(mb, FLD(rqtc, list_q_type), 1);
		if (vq)
			mb_queue(mb, vq->id);
		return vq;
	case 9:
		mb_begin(mb, "modify_tir");
		mb_set(mb, FLD(modify_tir_in, modify_bitmask), 1 << 1);
		mb_set(mb, FLD(tirc, indirect_table), rqt ? rqt->id : 0);
		return rqt;
	default:
		if (tis)
			good_virtq(f->rig, mb, tis);
		return tis;
	}
}

static void drop(struct fuzz *f, unsigned int i)
{
	unsigned int refs = f->obj[i]->refs;
	int err = hca_obj_destroy(f->obj[i]);

	assert_int_equal(err, refs ? -EBUSY : 0);
	if (!err)
		f->obj[i] = f->obj[--f->n];
}

static void command(struct fuzz *f)
{
	struct mbox *mb = &f->mb;
	struct hca_obj *obj = NULL, *made = NULL;
	int err;

	if (!pick(f, 4) || !good(f)) {
		mb_begin(mb, cmd_table[pick(f, cmd_table_n)].name);
		scramble(f, 3);
	} else if (pick(f, 3)) {
		scramble(f, 40);
	}
	mb->out_len = sizeof(mb->out);
	if (mb->desc->verb == CMD_MODIFY || mb->desc->verb == CMD_QUERY) {
		obj = any_of(f, mb->desc->type);
		if (!obj)
			return;
		if (mb->desc->id_field)
			mb_set(mb, mb->desc->id_field, obj->id);
	}
	switch (mb->desc->verb) {
	case CMD_GENERAL:
		err = hca_cmd(f->rig->a, mb->in, mb->in_len, mb->out, mb->out_len);
		break;
	case CMD_CREATE:
		err = hca_obj_create(f->rig->a, mb->in, mb->in_len, mb->out, mb->out_len, &made);
		break;
	case CMD_MODIFY:
		err = hca_obj_modify(obj, mb->in, mb->in_len, mb->out, mb->out_len);
		break;
	default:
		err = hca_obj_query(obj, mb->in, mb->in_len, mb->out, mb->out_len);
	}
	assert_true(err == 0 || err == -EREMOTEIO || err == -EINVAL);
	assert_int_equal(!err && mb->desc->verb == CMD_CREATE, made != NULL);
	if (err == -EREMOTEIO)
		assert_true(mb_answer(mb, 0, FLD(out_hdr, status)));
	f->accepted += !err;
	f->entries += !err && mb->desc->type == OBJ_FLOW_ENTRY;
	if (!made)
		return;
	if (f->n == OBJS_MAX)
		drop(f, pick(f, f->n));
	if (f->n < OBJS_MAX)
		f->obj[f->n++] = made;
	else
		/* It is new: nobody refers to it. */
		destroy(made);
}

static void flow(struct fuzz *f)
{
	static const uint8_t none[64];
	struct hca_flow_attr attr = {.value = none, .value_len = sizeof(none)};
	struct hca_flow *made;

	if (f->n_flows && !pick(f, 2)) {
		unsigned int i = pick(f, f->n_flows);

		assert_int_equal(hca_flow_destroy(f->flow[i]), 0);
		f->flow[i] = f->flow[--f->n_flows];
		return;
	}
	attr.dest = any_of(f, pick(f, 2) ? OBJ_TIR : OBJ_FLOW_TABLE);
	if (!pick(f, 4))
		attr.dest = f->n ? f->obj[pick(f, f->n)] : NULL;
	attr.counter = any_of(f, OBJ_FLOW_COUNTER);
	attr.counter_offset = pick(f, 3) ? 0 : pick(f, 200);
	attr.drop = !pick(f, 4);
	if (f->n_flows < FLOWS_MAX && !hca_flow_create(f->matcher, &attr, &made))
		f->flow[f->n_flows++] = made;
}

/* What a datapath does meanwhile. */
static void datapath(struct fuzz *f)
{
	struct vq *vq;

	for (vq = double_dp->vqs; vq; vq = vq->next) {
		if (vq->status.state != VQ_RDY || pick(f, 4))
			continue;
		if (vq->attr.flags & VQ_F_EVENTS)
			double_notify(vq);
		if (!pick(f, 8))
			double_error(vq, (enum vq_error)(1 + pick(f, 4)));
	}
	double_dp->fail_start = pick(f, 16) ? 0 : -EFAULT;
	double_dp->fail_rx = pick(f, 16) ? 0 : -ENOMEM;
	double_dp->fail_log = pick(f, 16) ? 0 : -EFAULT;
	double_tick();
}

/* Every reference is one that some object holds. */
static void check_refs(const struct fuzz *f)
{
	const struct hca_obj *obj, *user;
	unsigned int i;

	TAILQ_FOREACH(obj, &f->rig->a->objs, in_ctx)
	{
		unsigned int refs = 0;

		TAILQ_FOREACH(user, &f->rig->a->objs, in_ctx)
		for (i = 0; i < user->n_uses; i++)
			refs += user->uses[i] == obj;
		if (refs != obj->refs)
			fail_msg("%s 0x%x: %u references, %u users", obj_type_name(obj->type),
				 obj->id, obj->refs, refs);
	}
}

static uint64_t env(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : fallback;
}

static void random_commands_nothing_breaks(void **state)
{
	struct fuzz *f = calloc(1, sizeof(*f));
	struct hca_matcher_attr all = {0};
	uint64_t i, rounds = env("SOFTHCA_FUZZ_ROUNDS", ROUNDS);

	assert_non_null(f);
	f->rig = *state;
	f->rng = env("SOFTHCA_FUZZ_SEED", (uint64_t)time(NULL) << 20 | (uint64_t)getpid()) | 1;
	print_message("SOFTHCA_FUZZ_SEED=%llu\n", (unsigned long long)f->rng);
	assert_int_equal(hca_matcher_create(f->rig->a, &all, &f->matcher), 0);
	for (i = 0; i < rounds; i++) {
		command(f);
		if (!pick(f, 8))
			flow(f);
		if (!pick(f, 8))
			datapath(f);
		if (f->n && !pick(f, 12))
			drop(f, pick(f, f->n));
		if (i % 16 == 0)
			check_refs(f);
	}
	print_message("%llu commands accepted\n", (unsigned long long)f->accepted);
	assert_true(f->accepted > rounds / 20);
	print_message("%llu of them on flow table entries\n", (unsigned long long)f->entries);
	assert_true(f->entries > rounds / 1000);
	double_dp->fail_rx = 0;
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(random_commands_nothing_breaks, rig_setup,
					    rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
