/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow tables and their groups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"
#include "hca_priv.h"

/* ---- tables ---- */

int flow_table_create(struct cmd *cmd, struct hca_obj **out)
{
	const struct hca_profile *p = &cmd->ctx->hca->profile;
	uint64_t level = cmd_get(cmd, FLD(flow_table_context, level));
	uint64_t log_size = cmd_get(cmd, FLD(flow_table_context, log_size));
	struct flow_table *table;
	struct hca_obj *obj;
	int err;

	if (cmd_get(cmd, FLD(create_flow_table_in, table_type)) != FLOW_TABLE_RX)
		return cmd_refuse(cmd, SYND(FT_TYPE), FLD(create_flow_table_in, table_type), " ");
	if (!level || level > p->max_ft_level)
		return cmd_refuse(cmd, SYND(FT_LEVEL), FLD(flow_table_context, level),
				  "%u, at most %u", (unsigned int)level, p->max_ft_level);
	if (log_size > p->log_max_ft_size)
		return cmd_refuse(cmd, SYND(FT_SIZE), FLD(flow_table_context, log_size),
				  "%u, at most %u", (unsigned int)log_size, p->log_max_ft_size);
	if (cmd_get(cmd, FLD(flow_table_context, table_miss_action)))
		return cmd_refuse(cmd, SYND(FT_MISS), FLD(flow_table_context, table_miss_action),
				  " ");
	err = obj_new(cmd->ctx, OBJ_FLOW_TABLE, sizeof(*table), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	table = (struct flow_table *)obj;
	LIST_INIT(&table->groups);
	table->level = (unsigned int)level;
	table->size = 1u << log_size;
	err = dp_table_create(cmd->ctx->func->port, table->level, &table->dp);
	if (err) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, err);
	}
	*out = obj;
	return 0;
}

void flow_table_fini(struct hca_obj *obj)
{
	dp_table_destroy(((struct flow_table *)obj)->dp);
}

/* ---- groups ---- */

static int check_range(struct cmd *cmd, const struct flow_table *table, uint64_t first,
		       uint64_t last)
{
	const struct flow_group *g;

	if (last < first || last >= table->size)
		return cmd_refuse(cmd, SYND(FG_RANGE), FLD(create_flow_group_in, end_flow_index),
				  "%u to %u of %u", (unsigned int)first, (unsigned int)last,
				  table->size);
	LIST_FOREACH(g, &table->groups, in_table)
	{
		if (first <= g->last && g->first <= last)
			return cmd_refuse(cmd, SYND(FG_OVERLAP),
					  FLD(create_flow_group_in, start_flow_index),
					  "%u to %u, group 0x%x has %u to %u", (unsigned int)first,
					  (unsigned int)last, g->obj.id, g->first, g->last);
	}
	return 0;
}

static int get_match(struct cmd *cmd, struct flow_match *match)
{
	uint64_t criteria = cmd_get(cmd, FLD(create_flow_group_in, match_criteria_enable));
	const char *why = "";

	if (flow_mask_parse(cmd->in + cmd_base(cmd, LAY(fte_match_set_lyr_2_4)) / 8, FLOW_OUTER_LEN,
			    (uint8_t)criteria, match, &why))
		return cmd_refuse(cmd, SYND(FG_MATCH),
				  FLD(create_flow_group_in, match_criteria_enable), "%s", why);
	return 0;
}

int flow_group_create(struct cmd *cmd, struct hca_obj **out)
{
	uint64_t first = cmd_get(cmd, FLD(create_flow_group_in, start_flow_index));
	uint64_t last = cmd_get(cmd, FLD(create_flow_group_in, end_flow_index));
	struct flow_match match;
	struct flow_group *group;
	struct hca_obj *table, *obj;
	int err;

	if (cmd_get(cmd, FLD(create_flow_group_in, table_type)) != FLOW_TABLE_RX)
		return cmd_refuse(cmd, SYND(FT_TYPE), FLD(create_flow_group_in, table_type), " ");
	err = cmd_ref(cmd, FLD(create_flow_group_in, table_id), &table);
	if (!err)
		err = check_range(cmd, (struct flow_table *)table, first, last);
	if (!err)
		err = get_match(cmd, &match);
	if (err)
		return err;
	err = obj_new(cmd->ctx, OBJ_FLOW_GROUP, sizeof(*group), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	group = (struct flow_group *)obj;
	group->table = (struct flow_table *)table;
	group->first = (uint32_t)first;
	group->last = (uint32_t)last;
	group->match = match;
	memcpy(group->mask, cmd->in + cmd_base(cmd, LAY(fte_match_set_lyr_2_4)) / 8,
	       sizeof(group->mask));
	group->taken = calloc((last - first) / 8 + 1, 1);
	err = group->taken ? obj_use(obj, table) : -ENOMEM;
	if (err) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, err);
	}
	LIST_INSERT_HEAD(&group->table->groups, group, in_table);
	group->linked = true;
	*out = obj;
	return 0;
}

void flow_group_fini(struct hca_obj *obj)
{
	struct flow_group *group = (struct flow_group *)obj;

	if (group->linked)
		LIST_REMOVE(group, in_table);
	free(group->taken);
}
