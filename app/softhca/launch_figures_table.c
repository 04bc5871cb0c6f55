/* SPDX-License-Identifier: BSD-3-Clause */
/* The figures as tables, 100 columns at most. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "launch_attach.h"
#include "launch_figures.h"

static const char *const state_names[] = HCA_STAT_STATES;
static const char *const error_names[] = HCA_STAT_ERRORS;

enum { STATES = sizeof(state_names) / sizeof(state_names[0]) };
enum { ERRORS = sizeof(error_names) / sizeof(error_names[0]) };

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 ? (double)(now - before) / seconds : 0;
}

static void show_head(const struct figures *f)
{
	const struct hca_stat *s = &f->stat;
	char command[81];

	attach_command(command, sizeof(command), s);
	printf("process %" PRIu64 ": %s\n", s->pid, command);
	printf("%s for %.1f s; %u function%s, %u thread%s\n",
	       f->alive ? "up" : "it has ended, was up",
	       (double)((f->alive ? f->taken_ns : s->snapshot_ns) - s->began_ns) / 1e9,
	       s->functions, s->functions == 1 ? "" : "s", s->threads,
	       s->threads == 1 ? "" : "s");
	printf("profile %s, firmware %s, seed 0x%" PRIx64 "\n", s->profile, s->fw_version, s->seed);
	if (!f->fresh && !s->ended)
		printf("ports and queues are as of %.1f s before: the NIC was not asked\n",
		       s->snapshot_ns ? (double)(f->taken_ns - s->snapshot_ns) / 1e9 : 0.0);
}

static void show_sums(const struct figures *now, const struct figures *before)
{
	double seconds = figures_interval(now, before);

	printf("\n");
	for (unsigned int i = 0; i < figure_n; i++) {
		uint64_t value = figure_get(&now->stat, &figure_list[i]);

		printf("%-20s %20" PRIu64, figure_list[i].name, value);
		if (before)
			printf(" %16.0f /s",
			       rate(value, figure_get(&before->stat, &figure_list[i]), seconds));
		printf("\n");
	}
}

static void port_title(const struct hca_stat_port *p, char *text, size_t len)
{
	char vlan[12] = "-", mtu[12] = "-";

	if (p->kind != HCA_STAT_FUNCTION) {
		if (p->kind == HCA_STAT_UPLINK)
			snprintf(text, len, "uplink %.33s", p->name);
		else
			snprintf(text, len, "rep%u %.33s", p->function, p->name);
		return;
	}
	if (p->vlan)
		snprintf(vlan, sizeof(vlan), "%u", p->vlan);
	if (p->mtu)
		snprintf(mtu, sizeof(mtu), "%u", p->mtu);
	snprintf(text, len, "%-5.5s %02x:%02x:%02x:%02x:%02x:%02x %5s %5s %-5s", p->name, p->mac[0],
		 p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5], vlan, mtu,
		 p->link_down ? "down" : p->spoof_check ? "spoof" : "");
}

static void show_ports(const struct figures *now, const struct figures *before)
{
	double seconds = figures_interval(now, before);
	char title[64];

	printf("\n%-5s %-17s %5s %5s %-5s ", "port", "mac", "vlan", "mtu", "note");
	printf("%13s %14s %13s %14s\n", before ? "tx frames/s" : "tx frames",
	       before ? "tx Mbit/s" : "tx bytes",
	       before ? "rx frames/s" : "rx frames", before ? "rx Mbit/s" : "rx bytes");
	for (uint32_t i = 0; i < now->stat.n_ports; i++) {
		const struct hca_stat_port *p = &now->stat.port[i];
		const struct hca_stat_port *b = before ? &before->stat.port[i] : NULL;

		port_title(p, title, sizeof(title));
		if (b)
			printf("%-41s %13.0f %14.1f %13.0f %14.1f\n", title,
			       rate(p->frames_tx, b->frames_tx, seconds),
			       rate(p->bytes_tx, b->bytes_tx, seconds) * 8e-6,
			       rate(p->frames_rx, b->frames_rx, seconds),
			       rate(p->bytes_rx, b->bytes_rx, seconds) * 8e-6);
		else
			printf("%-41s %13" PRIu64 " %14" PRIu64 " %13" PRIu64 " %14" PRIu64 "\n",
			       title, p->frames_tx, p->bytes_tx, p->frames_rx, p->bytes_rx);
	}
}

static void show_drops(const struct figures *now)
{
	bool head = false;

	for (uint32_t i = 0; i < now->stat.n_ports; i++) {
		const struct hca_stat_port *p = &now->stat.port[i];

		if (!(p->drops_no_buffer | p->drops_no_dest | p->drops_other | p->drops_spoofed))
			continue;
		if (!head)
			printf("\n%-41s %13s %14s %13s %14s\n", "drops at", "no buffer", "no dest",
			       "other", "spoofed");
		head = true;
		printf("%-41.41s %13" PRIu64 " %14" PRIu64 " %13" PRIu64 " %14" PRIu64 "\n",
		       p->name, p->drops_no_buffer, p->drops_no_dest, p->drops_other, p->drops_spoofed);
	}
}

/* Of packed rings: the place, and w for a wrap counter of 1. */
static const char *ring_index(const struct hca_stat_queue *q, uint16_t index, char text[8])
{
	if (q->packed)
		snprintf(text, 8, "%u%s", index & 0x7fff, index & 0x8000 ? "w" : " ");
	else
		snprintf(text, 8, "%u", index);
	return text;
}

static void show_queue(const struct hca_stat_queue *q, const struct hca_stat_queue *b,
		       double seconds)
{
	char avail[8], used[8];

	printf("%-8x %4u %5u %-4s %-6s %6u %-7s %-10s %7s %7s %12" PRIu64, q->id, q->function,
	       q->index, q->index & 1 ? "tx" : "rx", q->packed ? "packed" : "split", q->size,
	       q->state < STATES ? state_names[q->state] : "?",
	       q->error < ERRORS ? error_names[q->error] : "?",
	       ring_index(q, q->avail_index, avail), ring_index(q, q->used_index, used),
	       q->completed_desc);
	if (seconds > 0)
		printf(" %12.0f\n", b ? rate(q->completed_desc, b->completed_desc, seconds) : 0.0);
	else
		printf(" %12" PRIu64 "\n", (uint64_t)q->bad_desc_errors + q->exceed_max_chain +
					       q->invalid_buffer);
}

static void show_queues(const struct figures *now, const struct figures *before)
{
	double seconds = figures_interval(now, before);

	if (!now->stat.n_queues)
		return;
	printf("\n%-8s %4s %5s %-4s %-6s %6s %-7s %-10s %7s %7s %12s %12s\n", "queue", "fn",
	       "index", "kind", "layout", "size", "state", "error", "avail", "used", "descriptors",
	       before ? "/s" : "bad");
	for (uint32_t i = 0; i < now->stat.n_queues; i++) {
		const struct hca_stat_queue *q = &now->stat.queue[i];

		show_queue(q, before ? figures_queue(before, q) : NULL, seconds);
	}
	if (now->stat.queues_all > now->stat.n_queues)
		printf("and %u more\n", now->stat.queues_all - now->stat.n_queues);
}

static void show_commands(const struct figures *now)
{
	printf("\n%-24s %8s %7s %6s %10s %9s %9s %9s %10s\n", "command", "count", "refused",
	       "failed", "total ms", "mean us", "99% us <", "max us", "latency ms");
	for (unsigned int i = 0; i < HCA_STAT_COMMANDS; i++) {
		const struct hca_stat_command *c = &now->stat.cmd[i];

		if (!c->count)
			continue;
		printf("%-24.24s %8" PRIu64 " %7" PRIu64 " %6" PRIu64
		       " %10.3f %9.1f %9.1f %9.1f %10.3f\n",
		       c->name, c->count, c->refused, c->failed, (double)c->time_ns / 1e6,
		       (double)c->time_ns / 1e3 / (double)c->count, figures_quantile(c, 0.99),
		       (double)c->max_ns / 1e3, (double)c->latency_ns / 1e6);
	}
}

/* Last, and kinds that were never made are left out: scripts read to the end. */
static void show_objects(const struct figures *now)
{
	printf("\n%-20s %20s %20s\n", "object", "alive", "made");
	for (unsigned int i = 0; i < HCA_STAT_OBJ_N; i++)
		if (now->stat.objects_made[i])
			printf("%-20s %20" PRIu64 " %20" PRIu64 "\n", figure_objects[i],
			       now->stat.objects[i], now->stat.objects_made[i]);
}

void figures_table(const struct figures *now, const struct figures *before)
{
	show_head(now);
	show_sums(now, before);
	show_ports(now, before);
	show_drops(now);
	show_queues(now, before);
	show_commands(now);
	show_objects(now);
	fflush(stdout);
}
