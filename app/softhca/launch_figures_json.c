/* SPDX-License-Identifier: BSD-3-Clause */
/* The figures as one JSON object. */
#include <jansson.h>
#include <stdio.h>

#include "launch_figures.h"

static const char *const state_names[] = HCA_STAT_STATES;
static const char *const error_names[] = HCA_STAT_ERRORS;
static const char *const kind_names[] = {
    [HCA_STAT_FUNCTION] = "function", [HCA_STAT_UPLINK] = "uplink",
    [HCA_STAT_REPRESENTOR] = "representor"};

#define NAME(names, i) ((i) < sizeof(names) / sizeof((names)[0]) ? (names)[i] : "?")

static void set(json_t *object, const char *name, uint64_t value)
{
	json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void set_text(json_t *object, const char *name, const char *value)
{
	json_object_set_new(object, name, json_string(value));
}

static json_t *about(const struct figures *f)
{
	json_t *o = json_object();

	set(o, "pid", f->stat.pid);
	set_text(o, "command", f->stat.command);
	json_object_set_new(o, "alive", json_boolean(f->alive));
	json_object_set_new(o, "fresh", json_boolean(f->fresh));
	json_object_set_new(o, "seconds",
			    json_real((double)(f->taken_ns - f->stat.began_ns) / 1e9));
	set_text(o, "profile", f->stat.profile);
	set_text(o, "firmware", f->stat.fw_version);
	set(o, "functions", f->stat.functions);
	set(o, "threads", f->stat.threads);
	/* Beyond what JSON's integers hold. */
	json_object_set_new(o, "seed",
			    json_sprintf("0x%llx", (unsigned long long)f->stat.seed));
	return o;
}

static json_t *ports(const struct hca_stat *s)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < s->n_ports; i++) {
		const struct hca_stat_port *p = &s->port[i];
		json_t *o = json_object();

		set_text(o, "name", p->name);
		set_text(o, "kind", NAME(kind_names, p->kind));
		if (p->kind == HCA_STAT_FUNCTION) {
			json_object_set_new(o, "mac",
					    json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", p->mac[0],
							 p->mac[1], p->mac[2], p->mac[3],
							 p->mac[4], p->mac[5]));
			set(o, "vlan", p->vlan);
			set(o, "mtu", p->mtu);
			json_object_set_new(o, "spoof_check", json_boolean(p->spoof_check));
			json_object_set_new(o, "link_up", json_boolean(!p->link_down));
		}
		if (p->kind == HCA_STAT_REPRESENTOR)
			set(o, "function", p->function);
		set(o, "frames_tx", p->frames_tx);
		set(o, "bytes_tx", p->bytes_tx);
		set(o, "frames_rx", p->frames_rx);
		set(o, "bytes_rx", p->bytes_rx);
		set(o, "drops_no_buffer", p->drops_no_buffer);
		set(o, "drops_no_dest", p->drops_no_dest);
		set(o, "drops_other", p->drops_other);
		set(o, "drops_spoofed", p->drops_spoofed);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *queues(const struct hca_stat *s)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < s->n_queues; i++) {
		const struct hca_stat_queue *q = &s->queue[i];
		json_t *o = json_object();

		set(o, "id", q->id);
		set(o, "context", q->ctx);
		set(o, "function", q->function);
		set(o, "index", q->index);
		set_text(o, "kind", q->index & 1 ? "tx" : "rx");
		set_text(o, "layout", q->packed ? "packed" : "split");
		set(o, "size", q->size);
		set_text(o, "state", NAME(state_names, q->state));
		set_text(o, "error", NAME(error_names, q->error));
		set(o, "avail_index", q->avail_index);
		set(o, "used_index", q->used_index);
		set(o, "received_desc", q->received_desc);
		set(o, "completed_desc", q->completed_desc);
		set(o, "bad_desc_errors", q->bad_desc_errors);
		set(o, "exceed_max_chain", q->exceed_max_chain);
		set(o, "invalid_buffer", q->invalid_buffer);
		set(o, "flags", q->flags);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *commands(const struct hca_stat *s)
{
	json_t *all = json_object();

	for (unsigned int i = 0; i < HCA_STAT_COMMANDS; i++) {
		const struct hca_stat_command *c = &s->cmd[i];
		json_t *o, *histogram;

		if (!c->count)
			continue;
		o = json_object();
		histogram = json_array();
		set(o, "count", c->count);
		set(o, "refused", c->refused);
		set(o, "failed", c->failed);
		set(o, "time_ns", c->time_ns);
		set(o, "max_ns", c->max_ns);
		set(o, "latency_ns", c->latency_ns);
		for (unsigned int b = 0; b < HCA_STAT_BUCKETS; b++)
			json_array_append_new(histogram, json_integer(c->bucket[b]));
		json_object_set_new(o, "below_2_to_n_us", histogram);
		json_object_set_new(all, c->name, o);
	}
	return all;
}

static json_t *objects(const struct hca_stat *s)
{
	json_t *all = json_object();

	for (unsigned int i = 0; i < HCA_STAT_OBJ_N; i++)
		json_object_set_new(all, figure_objects[i],
				    json_pack("{s:I, s:I}", "alive", (json_int_t)s->objects[i],
					      "made", (json_int_t)s->objects_made[i]));
	return all;
}

static json_t *rates(const struct figures *now, const struct figures *before)
{
	double seconds = figures_interval(now, before);
	json_t *o = json_object();

	json_object_set_new(o, "interval", json_real(seconds));
	for (unsigned int i = 0; i < figure_n; i++) {
		uint64_t more = figure_get(&now->stat, &figure_list[i]) -
				figure_get(&before->stat, &figure_list[i]);

		json_object_set_new(o, figure_list[i].name,
				    json_real(seconds > 0 ? (double)more / seconds : 0));
	}
	return o;
}

int figures_json(const struct figures *now, const struct figures *before)
{
	json_t *root = json_object();
	int rc;

	json_object_set_new(root, "nic", about(now));
	for (unsigned int i = 0; i < figure_n; i++)
		set(root, figure_list[i].name, figure_get(&now->stat, &figure_list[i]));
	if (before)
		json_object_set_new(root, "rates", rates(now, before));
	json_object_set_new(root, "ports", ports(&now->stat));
	json_object_set_new(root, "queues", queues(&now->stat));
	set(root, "queues_all", now->stat.queues_all);
	json_object_set_new(root, "command", commands(&now->stat));
	json_object_set_new(root, "objects", objects(&now->stat));
	rc = json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	fflush(stdout);
	json_decref(root);
	return rc;
}
