/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries of flow tables. */
#include <errno.h>
#include <string.h>

#include "flow_counter.h"
#include "flow_table.h"
#include "hca_priv.h"
#include "tir.h"

enum { ACTION_DROP = 2, ACTION_FWD_DEST = 4, ACTION_COUNT = 8 };
enum { DEST_FLOW_TABLE = 1, DEST_TIR = 2 };
enum {
	MODIFY_ACTION = 1 << 0,
	MODIFY_TAG = 1 << 1,
	MODIFY_DEST = 1 << 2,
	MODIFY_COUNTERS = 1 << 3
};

/* What a mailbox says of an entry. */
struct args {
	uint16_t action;
	struct hca_obj *dest, *counter; /* NULL: none */
};

void flow_entry_lead(struct dp_rx_entry *entry, const struct hca_obj *dest)
{
	if (dest->type == OBJ_TIR)
		entry->tir = ((const struct tir *)dest)->dp;
	else
		entry->table = ((const struct flow_table *)dest)->dp;
}

static bool is_taken(const struct flow_group *g, uint32_t index)
{
	return g->taken[(index - g->first) / 8] >> (index - g->first) % 8 & 1;
}

static void take(struct flow_group *g, uint32_t index)
{
	g->taken[(index - g->first) / 8] ^= (uint8_t)(1u << (index - g->first) % 8);
}

static const uint8_t *value_of(const struct cmd *cmd)
{
	return cmd->in + FLOW_VALUE / 8;
}

/* ---- reading a mailbox ---- */

/* The table and the group that it names, which go together. */
static int get_group(struct cmd *cmd, struct flow_group **out)
{
	struct hca_obj *table, *group;
	int err;

	if (cmd_get(cmd, FLD(set_fte_in, table_type)) != FLOW_TABLE_RX)
		return cmd_refuse(cmd, SYND(FT_TYPE), FLD(set_fte_in, table_type), " ");
	err = cmd_ref(cmd, FLD(set_fte_in, table_id), &table);
	if (!err)
		err = cmd_ref(cmd, FLD(flow_context, group_id), &group);
	if (err)
		return err;
	*out = (struct flow_group *)group;
	if (&(*out)->table->obj != table)
		return cmd_refuse(cmd, SYND(FG_TABLE), FLD(flow_context, group_id), "0x%x of 0x%x",
				  group->id, (*out)->table->obj.id);
	return 0;
}

/* Entries of the two lists: destinations first. */
static int check_lists(struct cmd *cmd)
{
	uint64_t dests = cmd_get(cmd, FLD(flow_context, destination_list_size));
	uint64_t counters = cmd_get(cmd, FLD(flow_context, flow_counter_list_size));
	unsigned int i, n = cmd_tail_n(cmd);

	if (dests > 1 || counters > 1 || dests + counters > n)
		return cmd_refuse(cmd, SYND(FTE_LIST), FLD(flow_context, destination_list_size),
				  "%u and %u counters, at most one each, mailbox has %u",
				  (unsigned int)dests, (unsigned int)counters, n);
	for (i = 0; i < n; i++) {
		uint32_t at = cmd_tail_base(cmd, i) / 8;
		uint32_t from = i < dests + counters ? 4 : 0; /* their second half is reserved */

		for (; from < 8; from++)
			if (cmd->in[at + from])
				return cmd_refuse(cmd, SYND(RESERVED_TAIL), F_NONE, "entry %u", i);
	}
	return 0;
}

static int get_dest(struct cmd *cmd, unsigned int level, struct hca_obj **out)
{
	uint32_t at = cmd_tail_base(cmd, 0);
	uint64_t type = field_get(cmd->in, at, FLD(dest_format, destination_type));
	uint32_t id = (uint32_t)field_get(cmd->in, at, FLD(dest_format, destination_id));
	struct hca_obj *obj;

	if (type != DEST_FLOW_TABLE && type != DEST_TIR)
		return cmd_refuse(cmd, SYND(FTE_DEST), FLD(dest_format, destination_type), "%u",
				  (unsigned int)type);
	obj = obj_find(cmd->ctx, type == DEST_TIR ? OBJ_TIR : OBJ_FLOW_TABLE, id);
	if (!obj)
		return cmd_refuse(cmd, SYND(NO_SUCH_OBJECT), FLD(dest_format, destination_id),
				  "%s 0x%x", type == DEST_TIR ? "tir" : "flow_table", id);
	if (type == DEST_FLOW_TABLE && ((struct flow_table *)obj)->level <= level)
		return cmd_refuse(cmd, SYND(FTE_LEVEL), FLD(dest_format, destination_id),
				  "table 0x%x has level %u, the entry's %u", id,
				  ((struct flow_table *)obj)->level, level);
	*out = obj;
	return 0;
}

static int get_counter(struct cmd *cmd, struct hca_obj **out)
{
	unsigned int i = (unsigned int)cmd_get(cmd, FLD(flow_context, destination_list_size));
	uint32_t id = (uint32_t)field_get(cmd->in, cmd_tail_base(cmd, i),
					  FLD(flow_counter_list, flow_counter_id));

	return cmd_ref_id(cmd, FLD(flow_counter_list, flow_counter_id), id, out);
}

/* What of the three is in select; the others stay as they are in args. */
static int get_args(struct cmd *cmd, unsigned int level, unsigned int select, struct args *args)
{
	int err = check_lists(cmd);

	if (err)
		return err;
	if (select & MODIFY_ACTION)
		args->action = (uint16_t)cmd_get(cmd, FLD(flow_context, action));
	if (select & MODIFY_DEST) {
		args->dest = NULL;
		if (cmd_get(cmd, FLD(flow_context, destination_list_size)))
			err = get_dest(cmd, level, &args->dest);
	}
	if (!err && select & MODIFY_COUNTERS) {
		args->counter = NULL;
		if (cmd_get(cmd, FLD(flow_context, flow_counter_list_size)))
			err = get_counter(cmd, &args->counter);
	}
	return err;
}

/* Do they go together? */
static int check_args(struct cmd *cmd, const struct args *args)
{
	unsigned int main = args->action & ~(unsigned int)ACTION_COUNT;

	if (main != ACTION_DROP && main != ACTION_FWD_DEST)
		return cmd_refuse(cmd, SYND(FTE_ACTION), FLD(flow_context, action), "0x%x",
				  args->action);
	if (!args->dest != (main == ACTION_DROP))
		return cmd_refuse(cmd, SYND(FTE_LIST), FLD(flow_context, destination_list_size),
				  "action 0x%x", args->action);
	if (!args->counter != !(args->action & ACTION_COUNT))
		return cmd_refuse(cmd, SYND(FTE_LIST), FLD(flow_context, flow_counter_list_size),
				  "action 0x%x", args->action);
	return 0;
}

static int get_value(struct cmd *cmd, const struct flow_group *group, struct flow_key *key)
{
	const uint8_t *value = value_of(cmd);
	const char *why = "";
	unsigned int i;

	for (i = 0; i < FLOW_OUTER_LEN; i++)
		if (value[i] & ~group->mask[i])
			return cmd_refuse(cmd, SYND(FTE_VALUE), F_NONE,
					  "byte 0x%x: 0x%x, criteria 0x%x", i, value[i],
					  group->mask[i]);
	if (flow_value_parse(value, FLOW_OUTER_LEN, &group->match, key, &why))
		return cmd_refuse(cmd, SYND(FTE_VALUE), F_NONE, "%s", why);
	return 0;
}

/* ---- objects ---- */

static int use(struct hca_obj *obj, const struct args *args)
{
	int err = args->dest ? obj_use(obj, args->dest) : 0;

	if (!err && args->counter) {
		err = obj_use(obj, args->counter);
		if (err && args->dest)
			obj_unuse(obj, args->dest);
	}
	return err;
}

static void unuse(struct hca_obj *obj, const struct args *args)
{
	if (args->dest)
		obj_unuse(obj, args->dest);
	if (args->counter)
		obj_unuse(obj, args->counter);
}

static void fill(struct dp_rx_entry *to, const struct args *args)
{
	if (args->dest)
		flow_entry_lead(to, args->dest);
	if (args->counter)
		to->counter = ((struct flow_counter *)args->counter)->counters;
}

static void keep(struct flow_entry *e, const struct args *args)
{
	e->action = args->action;
	e->dest = args->dest;
	e->counter = args->counter;
}

static int make(struct cmd *cmd, struct flow_group *group, const struct args *args,
		struct dp_rx_entry *attr, struct flow_entry **out)
{
	struct hca *hca = cmd->ctx->hca;
	struct flow_entry *e;
	struct hca_obj *obj;
	int err = obj_new(cmd->ctx, OBJ_FLOW_ENTRY, sizeof(*e), &obj);

	if (err)
		return err;
	e = (struct flow_entry *)obj;
	err = obj_use(obj, &group->obj);
	if (!err)
		err = use(obj, args);
	if (!err) {
		fill(attr, args);
		dp_lock(hca->dp);
		err = dp_entry_add(cmd->ctx->func->port, group->table->dp, attr, &e->entry);
		dp_unlock(hca->dp);
	}
	if (err) {
		obj_discard(obj);
		return err;
	}
	e->group = group;
	e->index = (uint32_t)attr->order;
	memcpy(e->value, value_of(cmd), sizeof(e->value));
	keep(e, args);
	take(group, e->index);
	*out = e;
	return 0;
}

int flow_entry_create(struct cmd *cmd, struct hca_obj **out)
{
	uint32_t index = (uint32_t)cmd_get(cmd, FLD(set_fte_in, flow_index));
	struct dp_rx_entry attr = {.order = index};
	struct flow_group *group = NULL;
	struct flow_entry *e;
	struct args args = {0};
	int err = get_group(cmd, &group);

	if (err)
		return err;
	if (cmd_get(cmd, FLD(set_fte_in, modify_enable_mask)))
		return cmd_refuse(cmd, SYND(FTE_MODIFY), FLD(set_fte_in, modify_enable_mask), " ");
	if (index < group->first || index > group->last)
		return cmd_refuse(cmd, SYND(FTE_INDEX), FLD(set_fte_in, flow_index),
				  "%u, group 0x%x has %u to %u", index, group->obj.id, group->first,
				  group->last);
	if (is_taken(group, index))
		return cmd_refuse(cmd, SYND(FTE_TAKEN), FLD(set_fte_in, flow_index), "%u", index);
	err = get_args(cmd, group->table->level, MODIFY_ACTION | MODIFY_DEST | MODIFY_COUNTERS,
		       &args);
	if (!err)
		err = check_args(cmd, &args);
	if (!err)
		err = get_value(cmd, group, &attr.value);
	if (err)
		return err;
	attr.mask = group->match.mask;
	err = make(cmd, group, &args, &attr, &e);
	if (err)
		return cmd_refuse_errno(cmd, err);
	*out = &e->obj;
	return 0;
}

/* The kernel compares the index only, so the rest may be another entry's. */
static int check_same(struct cmd *cmd, const struct flow_entry *e)
{
	if (cmd_get(cmd, FLD(set_fte_in, flow_index)) != e->index)
		return -EINVAL;
	if (cmd_get(cmd, FLD(set_fte_in, table_id)) != e->group->table->obj.id)
		return cmd_refuse(cmd, SYND(FTE_OTHER), FLD(set_fte_in, table_id), "it is in 0x%x",
				  e->group->table->obj.id);
	if (cmd_get(cmd, FLD(flow_context, group_id)) != e->group->obj.id)
		return cmd_refuse(cmd, SYND(FTE_OTHER), FLD(flow_context, group_id),
				  "it is in 0x%x", e->group->obj.id);
	if (memcmp(value_of(cmd), e->value, sizeof(e->value)))
		return cmd_refuse(cmd, SYND(FTE_OTHER), F_NONE, "match value");
	return 0;
}

int flow_entry_modify(struct cmd *cmd, struct hca_obj *obj)
{
	struct flow_entry *e = (struct flow_entry *)obj;
	uint64_t select = cmd_get(cmd, FLD(set_fte_in, modify_enable_mask));
	struct args old = {e->action, e->dest, e->counter}, args = old;
	struct dp_rx_entry attr = {0};
	struct dp *dp = obj->ctx->hca->dp;
	int err = check_same(cmd, e);

	if (err)
		return err;
	if (!select ||
	    select & ~(uint64_t)(MODIFY_ACTION | MODIFY_TAG | MODIFY_DEST | MODIFY_COUNTERS))
		return cmd_refuse(cmd, SYND(FTE_MODIFY), FLD(set_fte_in, modify_enable_mask),
				  "0x%x", (unsigned int)select);
	err = get_args(cmd, e->group->table->level, (unsigned int)select, &args);
	if (!err)
		err = check_args(cmd, &args);
	if (err)
		return err;
	if (use(obj, &args))
		return cmd_refuse_errno(cmd, -ENOMEM);
	fill(&attr, &args);
	dp_lock(dp);
	err = dp_entry_set(e->entry, &attr);
	dp_unlock(dp);
	unuse(obj, err ? &args : &old);
	if (err)
		return cmd_refuse_errno(cmd, err);
	keep(e, &args);
	return 0;
}

void flow_entry_fini(struct hca_obj *obj)
{
	struct flow_entry *e = (struct flow_entry *)obj;
	struct dp *dp = obj->ctx->hca->dp;

	if (!e->entry)
		return;
	dp_lock(dp);
	dp_entry_remove(e->entry);
	dp_unlock(dp);
	take(e->group, e->index);
}
