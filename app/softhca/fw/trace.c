/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cmd.h"
#include "hca_priv.h"
#include "trace.h"

int trace_open(struct hca *hca, const char *path)
{
	if (!path)
		return 0;
	hca->trace = strcmp(path, "-") ? fopen(path, "we") : stderr;
	if (!hca->trace)
		return -errno;
	setvbuf(hca->trace, NULL, _IOLBF, 0);
	return 0;
}

void trace_close(struct hca *hca)
{
	if (hca->trace && hca->trace != stderr)
		fclose(hca->trace);
	hca->trace = NULL;
}

static void begin(const struct hca_ctx *ctx, const char *name)
{
	fprintf(ctx->hca->trace, "%" PRIu64 " fn%u ctx%u %s", ctx->hca->commands, ctx->func->index,
		ctx->uid, name);
}

static void print_field(FILE *f, const uint8_t *buf, uint32_t base, enum field_id id)
{
	const uint8_t *p;
	unsigned int i;

	if (field_is_zero(buf, base, id))
		return;
	if (fields[id].width <= 64) {
		fprintf(f, " %s=0x%" PRIx64, fields[id].name, field_get(buf, base, id));
		return;
	}
	fprintf(f, " %s=", fields[id].name);
	p = field_bytes(buf, base, id);
	for (i = 0; i < fields[id].width / 8u; i++)
		fprintf(f, "%02x", p[i]);
}

/* Long lists are cut: equal entries repeat (RQT) or the first ones tell enough (keys). */
static void print_tail(FILE *f, const struct cmd *cmd)
{
	const struct layout *l = &layouts[cmd->desc->tail_layout];
	unsigned int i, n = cmd_tail_n(cmd);

	for (i = 0; i < n && i < 16; i++) {
		enum field_id id;

		fprintf(f, " [%u]{", i);
		for (id = l->first; id < l->end; id++)
			print_field(f, cmd->in, cmd_tail_base(cmd, i), id);
		fputs(" }", f);
	}
	if (i < n)
		fprintf(f, " ... %u entries", n);
}

static void print_input(FILE *f, const struct cmd *cmd)
{
	unsigned int i;

	if (!cmd->desc || cmd->in_len < cmd->desc->in_len)
		return;
	for (i = 0; i < cmd->desc->n_parts; i++) {
		const struct cmd_part *part = &cmd->desc->part[i];
		enum field_id id;

		for (id = layouts[part->layout].first; id < layouts[part->layout].end; id++)
			if (fields[id].kind != FK_HDR || cmd->desc->any_op_mod)
				print_field(f, cmd->in, part->base, id);
	}
	if (cmd->desc->tail_layout)
		print_tail(f, cmd);
}

static void print_refusal(FILE *f, const struct cmd *cmd)
{
	const struct syndrome_info *info = syndrome_info(cmd->syndrome);

	fprintf(f, " -> %s 0x%x syndrome 0x%x: ", info->status_name, info->status, info->number);
	if (cmd->field < F_NONE)
		fprintf(f, "%s.%s: ", layouts[fields[cmd->field].layout].name,
			fields[cmd->field].name);
	fputs(info->text, f);
	/* " " stands for nothing to add. */
	if (strcmp(cmd->why, " "))
		fprintf(f, " (%s)", cmd->why);
	fputc('\n', f);
}

void trace_cmd(const struct cmd *cmd, int err, const struct hca_obj *made)
{
	FILE *f = cmd->ctx->hca->trace;

	if (!f)
		return;
	begin(cmd->ctx, cmd->desc ? cmd->desc->name : "command");
	print_input(f, cmd);
	if (made)
		fprintf(f, " -> OK %s 0x%x\n", obj_type_name(made->type), made->id);
	else if (!err)
		fprintf(f, " -> OK\n");
	else if (err == -EREMOTEIO)
		print_refusal(f, cmd);
	else
		fprintf(f, " -> %s: wrong verb for this call, or another object\n", strerror(-err));
}

void trace_call(const struct hca_ctx *ctx, const char *name, int err, const char *fmt, ...)
{
	FILE *f = ctx->hca->trace;
	va_list ap;

	if (!f)
		return;
	begin(ctx, name);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	if (err)
		fprintf(f, " -> %s\n", strerror(-err));
	else
		fputs(" -> OK\n", f);
}

void trace_leak(const struct hca_obj *obj)
{
	FILE *f = obj->ctx->hca->trace;

	if (!f)
		return;
	begin(obj->ctx, "leaked");
	fprintf(f, " %s 0x%x, made by %s (%" PRIu64 ")\n", obj_type_name(obj->type), obj->id,
		obj->made_by, obj->made_at);
}
