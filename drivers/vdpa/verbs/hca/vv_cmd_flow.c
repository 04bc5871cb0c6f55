/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames go where: flow tables of the firmware (DevX), and rules of the root table, which is
 * the kernel's and therefore filled through verbs.
 */
#include <errno.h>
#include <string.h>

#include "vv_hca_priv.h"
#include "../prm/prm_flow.h"

static bool match_is_empty(const struct vv_match *m)
{
	static const uint8_t zero[6];

	return !m->tagged && !m->vid && !m->ip_version && !m->ip_protocol &&
	       !memcmp(m->dmac, zero, sizeof(zero));
}

/* Mask or value: both have the same form. */
static void match_put(void *outer, const struct vv_match *m)
{
	const uint8_t *a = m->dmac;

	PRM_SET(fte_match_set_lyr_2_4, outer, dmac_47_16,
		(uint32_t)a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3]);
	PRM_SET(fte_match_set_lyr_2_4, outer, dmac_15_0, a[4] << 8 | a[5]);
	PRM_SET(fte_match_set_lyr_2_4, outer, cvlan_tag, m->tagged);
	PRM_SET(fte_match_set_lyr_2_4, outer, first_vid, m->vid);
	PRM_SET(fte_match_set_lyr_2_4, outer, ip_version, m->ip_version);
	PRM_SET(fte_match_set_lyr_2_4, outer, ip_protocol, m->ip_protocol);
}

/* ---- tables ---- */

int vv_ft_create(struct vv_hca *hca, unsigned int level, unsigned int log_size, struct vv_obj *ft)
{
	uint8_t in[PRM_SZ(create_flow_table_in)] = {0};
	uint8_t out[PRM_SZ(create_flow_table_out)];
	void *ctx = PRM_AT(create_flow_table_in, in, flow_table_context);
	int err;

	PRM_SET(create_flow_table_in, in, opcode, PRM_OP_CREATE_FLOW_TABLE);
	PRM_SET(create_flow_table_in, in, table_type, PRM_FLOW_TABLE_NIC_RX);
	PRM_SET(flow_table_context, ctx, table_miss_action, PRM_FLOW_MISS_DEFAULT);
	PRM_SET(flow_table_context, ctx, level, level);
	PRM_SET(flow_table_context, ctx, log_size, log_size);
	err = vv_cmd_create(hca, "create flow table", in, sizeof(in), out, sizeof(out), &ft->obj);
	if (!err)
		ft->id = PRM_GET(create_flow_table_out, out, table_id);
	return err;
}

int vv_fg_create(struct vv_hca *hca, const struct vv_obj *ft, const struct vv_match *mask,
		 uint32_t first, uint32_t last, struct vv_obj *fg)
{
	uint8_t in[PRM_SZ(create_flow_group_in)] = {0};
	uint8_t out[PRM_SZ(create_flow_group_out)];
	void *match = PRM_AT(create_flow_group_in, in, match_criteria);
	int err;

	PRM_SET(create_flow_group_in, in, opcode, PRM_OP_CREATE_FLOW_GROUP);
	PRM_SET(create_flow_group_in, in, table_type, PRM_FLOW_TABLE_NIC_RX);
	PRM_SET(create_flow_group_in, in, table_id, ft->id);
	PRM_SET(create_flow_group_in, in, start_flow_index, first);
	PRM_SET(create_flow_group_in, in, end_flow_index, last);
	PRM_SET(create_flow_group_in, in, match_criteria_enable,
		match_is_empty(mask) ? 0 : PRM_MATCH_OUTER_HEADERS);
	match_put(PRM_AT(fte_match_param, match, outer_headers), mask);
	err = vv_cmd_create(hca, "create flow group", in, sizeof(in), out, sizeof(out), &fg->obj);
	if (!err)
		fg->id = PRM_GET(create_flow_group_out, out, group_id);
	return err;
}

int vv_fte_create(struct vv_hca *hca, const struct vv_obj *ft, const struct vv_obj *fg,
		  uint32_t index, const struct vv_match *value, const struct vv_dest *dest,
		  struct vv_obj *fte)
{
	uint8_t in[PRM_SZ(set_fte_in)] = {0};
	uint8_t out[PRM_SZ(set_fte_out)];
	void *ctx = PRM_AT(set_fte_in, in, flow_context);
	void *match = PRM_AT(flow_context, ctx, match_value);
	void *to = PRM_AT(flow_context, ctx, destination);
	int err;

	PRM_SET(set_fte_in, in, opcode, PRM_OP_SET_FLOW_TABLE_ENTRY);
	PRM_SET(set_fte_in, in, table_type, PRM_FLOW_TABLE_NIC_RX);
	PRM_SET(set_fte_in, in, table_id, ft->id);
	PRM_SET(set_fte_in, in, flow_index, index);
	PRM_SET(flow_context, ctx, group_id, fg->id);
	match_put(PRM_AT(fte_match_param, match, outer_headers), value);
	if (dest->kind == VV_DEST_DROP) {
		PRM_SET(flow_context, ctx, action, PRM_FLOW_ACTION_DROP);
	} else {
		PRM_SET(flow_context, ctx, action, PRM_FLOW_ACTION_FWD_DEST);
		PRM_SET(flow_context, ctx, destination_list_size, 1);
		PRM_SET(dest_format, to, destination_type,
			dest->kind == VV_DEST_TIR ? PRM_FLOW_DEST_TIR : PRM_FLOW_DEST_TABLE);
		PRM_SET(dest_format, to, destination_id, dest->obj->id);
	}
	err =
	    vv_cmd_create(hca, "set flow table entry", in, sizeof(in), out, sizeof(out), &fte->obj);
	if (!err)
		fte->id = index;
	return err;
}

/* ---- root rules ---- */

struct match {
	size_t size;
	uint8_t outer[PRM_SZ(fte_match_set_lyr_2_4)];
};
_Static_assert(offsetof(struct match, outer) == sizeof(struct mlx5dv_flow_match_parameters),
	       "struct match is a mlx5dv_flow_match_parameters with room");

int vv_matcher_create(struct vv_hca *hca, const struct vv_match *mask, uint8_t priority,
		      struct vv_matcher *matcher)
{
	struct match m = {.size = sizeof(m.outer)};
	struct mlx5dv_flow_matcher_attr attr = {
	    .type = IBV_FLOW_ATTR_NORMAL,
	    .priority = priority,
	    .match_criteria_enable = match_is_empty(mask) ? 0 : PRM_MATCH_OUTER_HEADERS,
	    .match_mask = (struct mlx5dv_flow_match_parameters *)&m,
	};
	struct mlx5dv_flow_matcher *made;

	match_put(m.outer, mask);
	made = mlx5dv_create_flow_matcher(hca->ctx, &attr);
	if (!made)
		return vv_hca_fail(hca, errno ? -errno : -EIO, "create flow matcher: %s",
				   strerror(errno));
	*matcher = (struct vv_matcher){.matcher = made, .mask = *mask};
	return 0;
}

void vv_matcher_destroy(struct vv_matcher *matcher)
{
	if (matcher->matcher)
		mlx5dv_destroy_flow_matcher(matcher->matcher);
	*matcher = (struct vv_matcher){0};
}

int vv_rule_create(struct vv_hca *hca, const struct vv_matcher *matcher,
		   const struct vv_match *value, const struct vv_dest *dest, struct vv_rule *rule)
{
	struct match m = {.size = sizeof(m.outer)};
	struct mlx5dv_flow_action_attr action = {.type = MLX5DV_FLOW_ACTION_DROP};
	struct ibv_flow *made;

	if (dest->kind != VV_DEST_DROP) {
		action.type = MLX5DV_FLOW_ACTION_DEST_DEVX;
		action.obj = dest->obj->obj;
	}
	match_put(m.outer, value);
	made = mlx5dv_create_flow(matcher->matcher, (struct mlx5dv_flow_match_parameters *)&m, 1,
				  &action);
	if (!made)
		return vv_hca_fail(hca, errno ? -errno : -EIO, "create flow rule: %s",
				   strerror(errno));
	rule->flow = made;
	return 0;
}

void vv_rule_destroy(struct vv_rule *rule)
{
	if (rule->flow)
		ibv_destroy_flow(rule->flow);
	*rule = (struct vv_rule){0};
}
