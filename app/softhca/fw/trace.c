/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "cmd.h"
#include "ctl.h"
#include "event.h"
#include "hca_priv.h"
#include "trace.h"

/* Notes of NIC threads. Few: repeated events are counted, and the rest is said to be lost. */
enum { NOTES = 256, NOTES_SEARCHED = 8 };

struct note {
	uint64_t ns;
	uint32_t ctx, func, id;
	enum obj_type type;
	bool is_state;
	uint16_t event, index;
	uint8_t from, to, error;
	uint64_t count;
};

struct trace_notes {
	pthread_spinlock_t lock; /* held for a few instructions; nothing else is taken inside */
	atomic_uint n;
	uint64_t lost;
	struct note note[NOTES];
};

static const char *const state_names[] = HCA_STAT_STATES;
static const char *const error_names[] = HCA_STAT_ERRORS;

static double seconds(const struct hca *hca, uint64_t ns)
{
	return (double)(ns - hca->began_ns) / 1e9;
}

static void first_line(struct hca *hca, const struct hca_config *cfg)
{
	fprintf(hca->trace, "%.6f softhca profile=%s fw=%s functions=%u threads=%u seed=0x%" PRIx64,
		seconds(hca, call_now_ns()), hca->profile.name, hca->profile.fw_version,
		cfg->functions, cfg->threads, hca->rng.state);
	if (cfg->fail)
		fprintf(hca->trace, " fail=%s", cfg->fail);
	if (cfg->latency)
		fprintf(hca->trace, " latency=%s", cfg->latency);
	fprintf(hca->trace, " pid=%d\n", (int)getpid());
}

int trace_open(struct hca *hca, const struct hca_config *cfg)
{
	if (!cfg->trace_path)
		return 0;
	hca->notes = calloc(1, sizeof(*hca->notes));
	if (!hca->notes)
		return -ENOMEM;
	pthread_spin_init(&hca->notes->lock, PTHREAD_PROCESS_PRIVATE);
	hca->trace = strcmp(cfg->trace_path, "-") ? fopen(cfg->trace_path, "we") : stderr;
	if (!hca->trace)
		return -errno;
	setvbuf(hca->trace, NULL, _IOLBF, 0);
	first_line(hca, cfg);
	return 0;
}

void trace_close(struct hca *hca)
{
	if (hca->trace && hca->trace != stderr)
		fclose(hca->trace);
	hca->trace = NULL;
	if (hca->notes)
		pthread_spin_destroy(&hca->notes->lock);
	free(hca->notes);
	hca->notes = NULL;
}

static void begin(const struct hca_ctx *ctx, const char *name)
{
	const struct hca *hca = ctx->hca;

	fprintf(hca->trace, "%.6f %" PRIu64 " fn%u ctx%u %s", seconds(hca, call_now_ns()),
		hca->commands, ctx->func->index, ctx->uid, name);
}

/* How long the program has waited, up to here. */
static void end(const struct hca *hca)
{
	const struct call *call = hca->call;

	if (call) {
		fprintf(hca->trace, " [%.1f us", (double)(call_now_ns() - call->begun_ns) / 1e3);
		if (call->latency_ns)
			fprintf(hca->trace, ", latency %.1f us", (double)call->latency_ns / 1e3);
		fputc(']', hca->trace);
	}
	fputc('\n', hca->trace);
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
}

void trace_cmd(const struct cmd *cmd, int err, const struct hca_obj *made)
{
	FILE *f = cmd->ctx->hca->trace;

	if (!f)
		return;
	begin(cmd->ctx, cmd->desc ? cmd->desc->name : "command");
	print_input(f, cmd);
	if (made)
		fprintf(f, " -> OK %s 0x%x", obj_type_name(made->type), made->id);
	else if (!err)
		fprintf(f, " -> OK");
	else if (err == -EREMOTEIO)
		print_refusal(f, cmd);
	else
		fprintf(f, " -> %s: wrong verb for this call, or another object", strerror(-err));
	end(cmd->ctx->hca);
}

static bool injected(const struct hca *hca)
{
	return hca->call && hca->call->injected;
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
		fprintf(f, " -> %s%s", strerror(-err), injected(ctx->hca) ? " (injected)" : "");
	else
		fputs(" -> OK", f);
	end(ctx->hca);
}

void trace_leak(const struct hca_obj *obj)
{
	FILE *f = obj->ctx->hca->trace;

	if (!f)
		return;
	begin(obj->ctx, "leaked");
	fprintf(f, " %s 0x%x, made by %s (%" PRIu64 ")", obj_type_name(obj->type), obj->id,
		obj->made_by, obj->made_at);
	if (obj->origin)
		fprintf(f, " in thread '%s': %s", obj->origin->thread,
			obj->origin_text ? obj->origin_text : "unknown");
	fputc('\n', f);
}

void trace_note(struct hca *hca, const char *fmt, ...)
{
	va_list ap;

	if (!hca->trace)
		return;
	fprintf(hca->trace, "%.6f ", seconds(hca, call_now_ns()));
	va_start(ap, fmt);
	vfprintf(hca->trace, fmt, ap);
	va_end(ap);
	fputc('\n', hca->trace);
}

/* ---- notes ---- */

static bool same(const struct note *a, const struct note *b)
{
	return !a->is_state && !b->is_state && a->event == b->event && a->id == b->id &&
	       a->type == b->type && a->ctx == b->ctx;
}

/* Returns whether somebody has to come and write. */
static bool keep(struct trace_notes *notes, const struct note *note)
{
	unsigned int n = atomic_load_explicit(&notes->n, memory_order_relaxed);

	for (unsigned int i = n; i > 0 && n - i < NOTES_SEARCHED; i--) {
		if (same(&notes->note[i - 1], note)) {
			notes->note[i - 1].count++;
			return false;
		}
	}
	if (n == NOTES) {
		notes->lost++;
		return false;
	}
	notes->note[n] = *note;
	atomic_store_explicit(&notes->n, n + 1, memory_order_relaxed);
	return n == 0;
}

static void take_note(const struct hca_obj *obj, struct note *note)
{
	struct hca *hca = obj->ctx->hca;
	bool first;

	note->ns = call_now_ns();
	note->ctx = obj->ctx->uid;
	note->func = obj->ctx->func->index;
	note->id = obj->id;
	note->type = obj->type;
	note->count = 1;
	pthread_spin_lock(&hca->notes->lock);
	first = keep(hca->notes, note);
	pthread_spin_unlock(&hca->notes->lock);
	if (first)
		ctl_wake(hca);
}

void trace_state(const struct hca_obj *queue, unsigned int index, unsigned int from,
		 unsigned int to, unsigned int error)
{
	struct note note = {.is_state = true,
			    .index = (uint16_t)index,
			    .from = (uint8_t)from,
			    .to = (uint8_t)to,
			    .error = (uint8_t)error};

	if (queue->ctx->hca->trace)
		take_note(queue, &note);
}

void trace_event(const struct hca_obj *obj, uint16_t event)
{
	struct note note = {.event = event};

	if (obj->ctx->hca->trace)
		take_note(obj, &note);
}

static const char *event_name(uint16_t event)
{
	switch (event) {
	case EVENT_COMP:
		return "COMP";
	case EVENT_CQ_ERROR:
		return "CQ_ERROR";
	case EVENT_PORT_CHANGE:
		return "PORT_CHANGE";
	case EVENT_WQ_INVALID:
		return "WQ_INVALID_REQUEST";
	case EVENT_WQ_ACCESS:
		return "WQ_ACCESS_VIOLATION";
	case EVENT_OBJECT_CHANGE:
		return "OBJECT_CHANGE";
	default:
		return "?";
	}
}

static void write_note(struct hca *hca, const struct note *note)
{
	fprintf(hca->trace, "%.6f - fn%u ctx%u %s %s 0x%x", seconds(hca, note->ns), note->func,
		note->ctx, note->is_state ? "state" : "event", obj_type_name(note->type), note->id);
	if (note->is_state)
		fprintf(hca->trace, " index=%u %s -> %s%s%s\n", note->index,
			state_names[note->from], state_names[note->to], note->error ? ": " : "",
			note->error ? error_names[note->error] : "");
	else if (note->count > 1)
		fprintf(hca->trace, " %s, %" PRIu64 " times\n", event_name(note->event),
			note->count);
	else
		fprintf(hca->trace, " %s\n", event_name(note->event));
}

void trace_drain(struct hca *hca)
{
	struct trace_notes *notes = hca->notes;
	struct note *copy;
	unsigned int i, n;
	uint64_t lost;

	if (!hca->trace || !atomic_load_explicit(&notes->n, memory_order_relaxed))
		return;
	copy = malloc(sizeof(notes->note));
	if (!copy)
		return; /* later */
	pthread_spin_lock(&notes->lock);
	n = atomic_load_explicit(&notes->n, memory_order_relaxed);
	memcpy(copy, notes->note, n * sizeof(*copy));
	atomic_store_explicit(&notes->n, 0, memory_order_relaxed);
	lost = notes->lost;
	notes->lost = 0;
	pthread_spin_unlock(&notes->lock);
	for (i = 0; i < n; i++)
		write_note(hca, &copy[i]);
	if (lost)
		trace_note(hca, "%" PRIu64 " more events, not written", lost);
	free(copy);
}
