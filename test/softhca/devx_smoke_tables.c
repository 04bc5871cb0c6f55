/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow tables, their groups and entries, and root rules that lead to them; they live and end here.
 */
#include <string.h>

#include "devx_smoke.h"

enum { CREATE_FLOW_TABLE = 0x930, CREATE_FLOW_GROUP = 0x933, SET_FLOW_TABLE_ENTRY = 0x936 };
/* Bits of a flow context, and of the match value in it. */
enum { CONTEXT = 0x200, VALUE = 0x400, DESTINATIONS = 0x1a00 };

struct tables {
	struct obj ft[2], fg[2], entry[2];
};

static void make_table(struct world *w, struct obj *ft, unsigned int level)
{
	uint8_t in[64] = {0};

	mbox_put(in, 0, 16, CREATE_FLOW_TABLE);
	mbox_put(in, 0xc8, 8, level);
	mbox_put(in, 0xd8, 8, 5);
	create(w, ft, in, sizeof(in), 0x48, 24);
	mbox_put(in, 0xc8, 8, 0); /* the root table's */
	check_firmware_refuses(w, in, sizeof(in));
}

/* All entries of the table; of destination MACs, or whatever comes. */
static void make_group(struct world *w, struct obj *fg, const struct obj *ft, bool macs)
{
	uint8_t in[1024] = {0};

	mbox_put(in, 0, 16, CREATE_FLOW_GROUP);
	mbox_put(in, 0xa8, 24, ft->id);
	mbox_put(in, 0x120, 32, 31);
	mbox_put(in, 0x1f8, 8, macs);
	if (macs) {
		mbox_put(in, 0x200 + 0x40, 32, 0xffffffff);
		mbox_put(in, 0x200 + 0x60, 16, 0xffff);
	}
	create(w, fg, in, sizeof(in), 0x48, 24);
	check_firmware_refuses(w, in, sizeof(in)); /* they are taken */
}

static size_t fill_entry(uint8_t *in, const struct obj *ft, const struct obj *fg, uint32_t index)
{
	memset(in, 0, DESTINATIONS / 8 + 8);
	mbox_put(in, 0, 16, SET_FLOW_TABLE_ENTRY);
	mbox_put(in, 0xa8, 24, ft->id);
	mbox_put(in, 0x100, 32, index);
	mbox_put(in, CONTEXT + 0x20, 32, fg->id);
	mbox_put(in, CONTEXT + 0x70, 16, 4); /* forward */
	mbox_put(in, CONTEXT + 0x88, 24, 1);
	return DESTINATIONS / 8 + 8;
}

static void lead(uint8_t *in, unsigned int type, uint32_t id)
{
	mbox_put(in, DESTINATIONS, 8, type);
	mbox_put(in, DESTINATIONS + 8, 24, id);
}

/* The entry has no number of its own: the kernel goes by its index. */
static void make_entries(struct world *w, struct tables *t)
{
	uint8_t in[DESTINATIONS / 8 + 8], out[16];
	size_t len = fill_entry(in, &t->ft[0], &t->fg[0], 3);

	mbox_put(in, VALUE + 0x40, 32, 0x02000000);
	mbox_put(in, VALUE + 0x60, 16, 3);
	lead(in, 1, t->ft[0].id);
	check_firmware_refuses(w, in, len); /* to itself */
	lead(in, 1, t->ft[1].id);
	t->entry[0].devx = mlx5dv_devx_obj_create(w->ctx, in, len, out, sizeof(out));
	CHECK(t->entry[0].devx);
	check_firmware_refuses(w, in, len); /* taken */
	len = fill_entry(in, &t->ft[1], &t->fg[1], 31);
	lead(in, 2, w->tir.id);
	t->entry[1].devx = mlx5dv_devx_obj_create(w->ctx, in, len, out, sizeof(out));
	CHECK(t->entry[1].devx);
	/* The same command changes it, with op_mod 1, by its own object only. */
	mbox_put(in, 0x30, 16, 1);
	mbox_put(in, 0xd8, 8, 1 << 0 | 1 << 2);
	mbox_put(in, CONTEXT + 0x70, 16, 2);
	mbox_put(in, CONTEXT + 0x88, 24, 0);
	lead(in, 0, 0);
	CHECK(mlx5dv_devx_obj_modify(t->entry[0].devx, in, len, out, sizeof(out)) == EINVAL);
	CHECK(!mlx5dv_devx_obj_modify(t->entry[1].devx, in, len, out, sizeof(out)));
	CHECK(!mlx5dv_devx_obj_create(w->ctx, in, len, out, sizeof(out)) && errno == EINVAL);
	mbox_put(in, 0x30, 16, 2);
	CHECK(mlx5dv_devx_obj_modify(t->entry[1].devx, in, len, out, sizeof(out)) == EINVAL);
}

static void check_root_rule(struct world *w, struct tables *t)
{
	uint64_t match[1 + 64] = {64 * 3};
	struct mlx5dv_flow_action_attr action = {.type = MLX5DV_FLOW_ACTION_DEST_DEVX,
						 .obj = t->ft[0].devx};
	struct ibv_flow *flow = mlx5dv_create_flow(w->flow_matcher, (void *)match, 1, &action);

	CHECK(flow);
	CHECK(mlx5dv_devx_obj_destroy(t->ft[0].devx) == EBUSY);
	action.obj = t->fg[0].devx;
	CHECK(!mlx5dv_create_flow(w->flow_matcher, (void *)match, 1, &action) && errno == EINVAL);
	action.obj = t->entry[0].devx;
	CHECK(!mlx5dv_create_flow(w->flow_matcher, (void *)match, 1, &action) && errno == EINVAL);
	CHECK(!ibv_destroy_flow(flow));
}

void check_tables(struct world *w)
{
	struct tables t;

	for (unsigned int i = 0; i < 2; i++) {
		make_table(w, &t.ft[i], i + 1);
		make_group(w, &t.fg[i], &t.ft[i], !i);
	}
	make_entries(w, &t);
	CHECK(alive(HCA_STAT_FLOW_TABLE) == 2 && alive(HCA_STAT_FLOW_ENTRY) == 2);
	check_root_rule(w, &t);
	CHECK(mlx5dv_devx_obj_destroy(t.fg[0].devx) == EBUSY);
	CHECK(mlx5dv_devx_obj_destroy(t.ft[1].devx) == EBUSY);
	for (unsigned int i = 0; i < 2; i++)
		CHECK(!mlx5dv_devx_obj_destroy(t.entry[i].devx));
	for (unsigned int i = 0; i < 2; i++) {
		CHECK(!mlx5dv_devx_obj_destroy(t.fg[i].devx));
		CHECK(!mlx5dv_devx_obj_destroy(t.ft[i].devx));
	}
	CHECK(alive(HCA_STAT_FLOW_GROUP) == 0);
}
