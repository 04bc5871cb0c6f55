/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cmd.h"
#include "hca_priv.h"
#include "trace.h"

/* The largest fixed part of an input mailbox, for the copy that finds reserved bits. */
enum { IN_LEN_MAX = 1024 };

static const enum obj_type ref_type[] = {
    [FK_PD] = OBJ_PD,
    [FK_MKEY] = OBJ_MKEY,
    [FK_UMEM] = OBJ_UMEM,
    [FK_UAR] = OBJ_UAR,
    [FK_CQ] = OBJ_CQ,
    [FK_QP] = OBJ_QP,
    [FK_TD] = OBJ_TD,
    [FK_TIS] = OBJ_TIS,
    [FK_TIR] = OBJ_TIR,
    [FK_RQT] = OBJ_RQT,
    [FK_VIRTIO_NET_Q] = OBJ_VIRTIO_NET_Q,
    [FK_VIRTIO_Q_COUNTERS] = OBJ_VIRTIO_Q_COUNTERS,
    [FK_FLOW_COUNTER] = OBJ_FLOW_COUNTER,
    [FK_FLOW_TABLE] = OBJ_FLOW_TABLE,
    [FK_FLOW_GROUP] = OBJ_FLOW_GROUP,
};

bool cmd_known(const char *name)
{
	unsigned int i;

	for (i = 0; i < cmd_table_n; i++)
		if (!strcasecmp(cmd_table[i].name, name))
			return true;
	return false;
}

int cmd_refuse(struct cmd *cmd, enum syndrome s, enum field_id field, const char *fmt, ...)
{
	va_list ap;

	cmd->syndrome = s;
	cmd->field = field;
	va_start(ap, fmt);
	vsnprintf(cmd->why, sizeof(cmd->why), fmt, ap);
	va_end(ap);
	return -EREMOTEIO;
}

int cmd_refuse_errno(struct cmd *cmd, int err)
{
	return cmd_refuse(cmd, err == -ENOSPC ? SYND(TOO_MANY) : SYND(NO_MEMORY), F_NONE, " ");
}

uint32_t cmd_base(const struct cmd *cmd, enum field_layout layout)
{
	unsigned int i;

	for (i = 0; i < cmd->desc->n_parts; i++)
		if (cmd->desc->part[i].layout == layout)
			return cmd->desc->part[i].base;
	assert(!"layout is no part of the command");
	return 0;
}

uint64_t cmd_get(const struct cmd *cmd, enum field_id field)
{
	return field_get(cmd->in, cmd_base(cmd, fields[field].layout), field);
}

void cmd_put(struct cmd *cmd, uint32_t base, enum field_id field, uint64_t value)
{
	assert((base + fields[field].offset + fields[field].width + 7) / 8 <= cmd->out_len);
	field_set(cmd->out, base, field, value);
}

int cmd_ref_id(struct cmd *cmd, enum field_id field, uint32_t id, struct hca_obj **obj)
{
	enum obj_type type = ref_type[fields[field].kind];
	struct hca_obj *o = obj_find(cmd->ctx, type, id);

	if (!o)
		return cmd_refuse(cmd, SYND(NO_SUCH_OBJECT), field, "%s 0x%x", obj_type_name(type),
				  id);
	*obj = o;
	return 0;
}

int cmd_ref(struct cmd *cmd, enum field_id field, struct hca_obj **obj)
{
	return cmd_ref_id(cmd, field, (uint32_t)cmd_get(cmd, field), obj);
}

unsigned int cmd_tail_n(const struct cmd *cmd)
{
	return (unsigned int)((cmd->in_len - cmd->desc->in_len) /
			      (layouts[cmd->desc->tail_layout].bits / 8));
}

uint32_t cmd_tail_base(const struct cmd *cmd, unsigned int i)
{
	return cmd->desc->in_len * 8u + i * layouts[cmd->desc->tail_layout].bits;
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool exists(const struct hca_profile *profile, const struct cmd_desc *d)
{
	switch (d->need) {
	case CMD_NEED_VIRTIO:
		return profile->virtio;
	case CMD_NEED_QUEUE_COUNTERS:
		return profile->virtio && profile->queue_counters;
	case CMD_NEED_FLOW_COUNTERS:
		return profile->flow_counters;
	case CMD_NEED_FLOW_TABLES:
		return profile->flow_tables;
	case CMD_NEED_NOTHING:
		break;
	}
	return true;
}

/* CREATE_, MODIFY_, QUERY_GENERAL_OBJECT */
static bool is_general(const struct cmd_desc *d)
{
	return d->opcode >= 0xa00 && d->opcode <= 0xa02;
}

/* Opcode in bytes 0-1; op_mod or object type in bytes 6-7. */
static int find(struct cmd *cmd)
{
	uint16_t opcode = be16(cmd->in), op_mod = be16(cmd->in + 6);
	bool opcode_known = false;
	unsigned int i;

	for (i = 0; i < cmd_table_n; i++) {
		const struct cmd_desc *d = &cmd_table[i];

		if (d->opcode != opcode)
			continue;
		/* A general object that is missing is an unknown type of it. */
		opcode_known |= exists(&cmd->ctx->hca->profile, d) || is_general(d);
		if (!exists(&cmd->ctx->hca->profile, d))
			continue;
		if (d->any_op_mod || d->obj_type == op_mod) {
			cmd->desc = d;
			return 0;
		}
	}
	if (!opcode_known)
		return cmd_refuse(cmd, SYND(UNKNOWN_OPCODE), FLD(cmd_hdr, opcode), "0x%x", opcode);
	return cmd_refuse(cmd, SYND(UNKNOWN_OP_MOD), FLD(cmd_hdr, op_mod), "opcode 0x%x 0x%x",
			  opcode, op_mod);
}

const char *cmd_name(const struct cmd *cmd)
{
	struct cmd copy = *cmd;

	return cmd->in_len < CMD_HDR_LEN || find(&copy) ? "command" : copy.desc->name;
}

static int check_lengths(struct cmd *cmd)
{
	const struct cmd_desc *d = cmd->desc;

	if (cmd->in_len < d->in_len)
		return cmd_refuse(cmd, SYND(INPUT_LENGTH), F_NONE, "%zu bytes, needs %u",
				  cmd->in_len, d->in_len);
	if (d->tail_layout && (cmd->in_len - d->in_len) % (layouts[d->tail_layout].bits / 8))
		return cmd_refuse(cmd, SYND(INPUT_LENGTH), F_NONE, "%zu bytes behind the first %u",
				  cmd->in_len - d->in_len, d->in_len);
	if (cmd->out_len < d->out_len)
		return cmd_refuse(cmd, SYND(OUTPUT_LENGTH), F_NONE, "%zu bytes, needs %u",
				  cmd->out_len, d->out_len);
	return 0;
}

/* Index of the first bit that is set, or -1. */
static long first_bit(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i])
			return (long)(i * 8) + __builtin_clz((unsigned int)p[i] << 24);
	return -1;
}

/* Fields that must be zero are; what is left after clearing all fields are reserved bits. */
static int check_part(struct cmd *cmd, uint8_t *copy, enum field_layout layout, uint32_t base)
{
	enum field_id id;

	for (id = layouts[layout].first; id < layouts[layout].end; id++) {
		uint8_t kind = fields[id].kind;

		if ((kind == FK_ZERO || kind == FK_OUT) && !field_is_zero(copy, base, id))
			return cmd_refuse(cmd, SYND(NOT_MODELLED), id, " ");
		field_clear(copy, base, id);
	}
	return 0;
}

static int check_bits(struct cmd *cmd)
{
	const struct cmd_desc *d = cmd->desc;
	uint8_t copy[IN_LEN_MAX];
	unsigned int i;
	long bit;
	int err;

	assert(d->in_len <= sizeof(copy));
	memcpy(copy, cmd->in, d->in_len);
	for (i = 0; i < d->n_parts; i++) {
		err = check_part(cmd, copy, d->part[i].layout, d->part[i].base);
		if (err)
			return err;
	}
	bit = first_bit(copy, d->in_len);
	if (bit < 0 && !d->tail_layout && cmd->in_len > d->in_len) {
		bit = first_bit(cmd->in + d->in_len, cmd->in_len - d->in_len);
		if (bit >= 0)
			bit += d->in_len * 8;
	}
	if (bit >= 0)
		return cmd_refuse(cmd, SYND(RESERVED_BITS), F_NONE, "first at bit 0x%lx", bit);
	return 0;
}

static int check_tail(struct cmd *cmd)
{
	const struct layout *l = &layouts[cmd->desc->tail_layout];
	unsigned int i, n;

	if (!cmd->desc->tail_layout)
		return 0;
	n = cmd_tail_n(cmd);
	for (i = 0; i < n; i++) {
		uint8_t copy[32];
		enum field_id id;

		assert(l->bits / 8 <= sizeof(copy));
		memcpy(copy, cmd->in + cmd_tail_base(cmd, i) / 8, l->bits / 8);
		for (id = l->first; id < l->end; id++)
			field_clear(copy, 0, id);
		if (first_bit(copy, l->bits / 8) >= 0)
			return cmd_refuse(cmd, SYND(RESERVED_TAIL), F_NONE, "entry %u", i);
	}
	return 0;
}

static int run(struct cmd *cmd, struct hca_obj *obj, struct hca_obj **made)
{
	const struct cmd_desc *d = cmd->desc;
	int err;

	if (d->verb != CMD_CREATE)
		return d->run(cmd, obj);
	err = d->create(cmd, made);
	if (err)
		return err;
	obj_publish(*made, d->name);
	if (d->id_field)
		cmd_put(cmd, 0, d->id_field, (*made)->id);
	return 0;
}

static int find_and_run(struct cmd *cmd, enum cmd_verb verb, struct hca_obj *obj,
			struct hca_obj **made)
{
	const struct cmd_desc *d;
	int err = find(cmd);

	if (err)
		return err;
	d = cmd->desc;
	/* The kernel lets each verb through its own door only. */
	if (d->verb != verb || (obj && d->type != obj->type))
		return -EINVAL;
	err = check_lengths(cmd);
	if (!err && obj && d->id_field && cmd_get(cmd, d->id_field) != obj->id)
		return -EINVAL;
	if (!err)
		err = check_bits(cmd);
	if (!err)
		err = check_tail(cmd);
	if (!err && d->verb == CMD_CREATE && is_general(d) &&
	    cmd_get(cmd, FLD(general_obj_in_cmd_hdr, obj_id)))
		err = cmd_refuse(cmd, SYND(NOT_MODELLED), FLD(general_obj_in_cmd_hdr, obj_id), " ");
	if (!err && hca_inject(cmd->ctx->hca, d->name))
		err = cmd_refuse(cmd, SYND(INJECTED), F_NONE, " ");
	if (!err)
		err = run(cmd, obj, made);
	return err;
}

int cmd_execute(struct cmd *cmd, enum cmd_verb verb, struct hca_obj *obj, struct hca_obj **made)
{
	struct hca *hca = cmd->ctx->hca;
	struct hca_obj *new = NULL;
	int err;

	cmd->desc = NULL;
	cmd->syndrome = SYND(NONE);
	cmd->field = F_NONE;
	cmd->why[0] = '\0';
	if (cmd->in_len < CMD_HDR_LEN || cmd->out_len < CMD_HDR_LEN)
		return -EINVAL;
	memset(cmd->out, 0, cmd->out_len);
	hca->commands++;
	STAT_ADD(hca, commands, 1);
	err = find_and_run(cmd, verb, obj, &new);
	if (err == -EREMOTEIO) {
		const struct syndrome_info *info = syndrome_info(cmd->syndrome);

		memset(cmd->out, 0, cmd->out_len);
		cmd_put(cmd, 0, FLD(out_hdr, status), info->status);
		cmd_put(cmd, 0, FLD(out_hdr, syndrome), info->number);
		if (cmd->syndrome != SYND(INJECTED))
			STAT_ADD(hca, commands_refused, 1);
	}
	trace_cmd(cmd, err, new);
	if (!err && made)
		*made = new;
	return err;
}
