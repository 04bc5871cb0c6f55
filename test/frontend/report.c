/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report_rows.h"

static unsigned int stream_rows(const struct fe_stream *s, uint64_t elapsed_ns, struct fe_row *row)
{
	uint64_t at_break, lost = fe_ledger_lost(&s->ledger, &at_break);
	const struct fe_row rows[] = {
	    {"sent", "frames sent", s->ledger.sent, true},
	    {"received", "frames received", s->ledger.received, true},
	    {"bytes", "bytes received", s->bytes_received, true},
	    {"lost", "lost", lost, true},
	    {"corrupted", "corrupted", s->corrupted, true},
	    {"reordered", "reordered", s->ledger.reordered, true},
	    {"out_of_order", "out of order on a queue", s->out_of_order, false},
	    {"duplicates", "duplicates", s->ledger.duplicates, true},
	    {"misdelivered", "misdelivered", s->misdelivered, false},
	    {"bad_header", "bad header", s->bad_header, false},
	    {"torn", "segments out of place", s->torn, false},
	    {"gso_sent", "frames to be segmented, sent", s->gso_sent, false},
	    {"gso_whole", "frames to be segmented, received", s->gso_whole, false},
	    {"segments", "segments received", s->segments, false},
	    {"partial", "partial checksums received", s->partial, false},
	    {"reflected", "reflected", s->reflected, false},
	    {"lost_at_break", "lost when the back-end died", at_break, false},
	    {"duplicates_at_break", "sent twice when it died", s->ledger.duplicates_at_break,
	     false},
	    {"unset_num_buffers", "note: num_buffers not 1", s->unset_num_buffers, false},
	    {"frames_per_second", "frames/s", fe_rate(s->ledger.received, elapsed_ns), true},
	    {"bits_per_second", "bits/s", fe_rate(s->bytes_received * 8, elapsed_ns), true},
	};

	memcpy(row, rows, sizeof(rows));
	return sizeof(rows) / sizeof(rows[0]);
}

static unsigned int device_rows(const struct fe_dev *dev, struct fe_row *row)
{
	uint64_t kicks = 0, doorbells = 0, calls = 0, nonzero = 0;
	unsigned int i;

	for (i = 0; i < dev->queues; i++) {
		kicks += dev->queue[i].kicks;
		doorbells += dev->queue[i].doorbells;
		calls += dev->queue[i].calls;
		nonzero += dev->queue[i].used_len_nonzero;
	}
	const struct fe_row rows[] = {
	    {"kicks", "kicks", kicks, true},
	    {"doorbells", "doorbell writes", doorbells, false},
	    {"calls", "calls", calls, true},
	    {"notifiers", "doorbell pages", dev->notifiers, false},
	    {"tx_used_length", "note: sent buffers used with a length", nonzero, false},
	};

	memcpy(row, rows, sizeof(rows));
	return sizeof(rows) / sizeof(rows[0]);
}

static unsigned int run_rows(const struct fe_traffic_result *res, struct fe_row *row)
{
	const struct fe_row rows[] = {
	    {"foreign", "foreign frames", res->foreign, false},
	    {"missed_calls", "missed calls", res->missed_calls, false},
	    {"unreturned", "sent buffers not returned", res->unreturned, false},
	    {"bases_differ", "stopped at a wrong position", res->bases_differ, false},
	    {"breaks", "back-end died", res->breaks, false},
	    {"restarts", "restarts", res->restarts, false},
	    {"stalls", "stalls", res->stalls, false},
	};

	memcpy(row, rows, sizeof(rows));
	return sizeof(rows) / sizeof(rows[0]);
}

static const char *layout_name(const struct fe_dev *dev)
{
	if (dev->cfg.legacy)
		return "split, legacy";
	return dev->cfg.layout == FE_PACKED ? "packed" : "split";
}

static void print_spread(const struct fe_stream *s)
{
	printf("  %-38s", "by receive queue");
	for (unsigned int i = 0; i < s->rx->cfg.pairs; i++)
		printf(" %" PRIu64, s->by_queue[i]);
	printf("\n");
}

static unsigned int dirty_rows(const struct fe_dirty_result *d, struct fe_row *row)
{
	const struct fe_row rows[] = {
	    {"logged", "pages logged", d->logged, true},
	    {"missing", "pages missing in the log", d->missing, true},
	    {"extra", "pages logged, but not written", d->extra, true},
	};

	memcpy(row, rows, sizeof(rows));
	return sizeof(rows) / sizeof(rows[0]);
}

static void print_dirty(const struct fe_migrate_result *migration)
{
	struct fe_row row[FE_REPORT_ROWS];

	for (unsigned int i = 0; i < migration->parts; i++) {
		printf("dirty log, part %u\n", i + 1);
		fe_rows_print(row, dirty_rows(&migration->part[i], row));
	}
}

/* What a run came to; migration: NULL if that was not what it did. */
struct outcome {
	const struct fe_traffic_config *cfg;
	const struct fe_traffic_result *res;
	const struct fe_migrate_result *migration;
	bool clean;
	int err;
};

static void print_table(const struct outcome *o)
{
	const struct fe_traffic_config *cfg = o->cfg;
	const struct fe_traffic_result *res = o->res;
	struct fe_row row[FE_REPORT_ROWS];

	for (unsigned int i = 0; i < cfg->streams; i++) {
		const struct fe_stream *s = &cfg->stream[i];

		printf("%s -> %s  %s, %u queue pair%s, ring %u, frames %u-%u\n", s->tx->cfg.path,
		       s->rx->cfg.path, layout_name(s->tx), s->tx->cfg.pairs,
		       s->tx->cfg.pairs > 1 ? "s" : "", s->tx->cfg.ring_size, s->spec.size_min,
		       s->spec.size_max);
		fe_rows_print(row, stream_rows(s, res->elapsed_ns, row));
		if (s->rx->cfg.pairs > 1)
			print_spread(s);
	}
	for (unsigned int i = 0; i < cfg->devs; i++) {
		printf("%s\n", cfg->dev[i]->cfg.path);
		fe_rows_print(row, device_rows(cfg->dev[i], row));
	}
	fe_rows_print(row, run_rows(res, row));
	if (o->migration)
		print_dirty(o->migration);
	printf("%s in %.2f s%s%s\n", o->clean && !o->err ? "PASS" : "FAIL",
	       (double)res->elapsed_ns / 1e9, o->err ? ": " : "", o->err ? strerror(-o->err) : "");
}

static json_t *json_stream(const struct fe_stream *s, uint64_t elapsed_ns)
{
	struct fe_row row[FE_REPORT_ROWS];
	json_t *object = fe_rows_json(row, stream_rows(s, elapsed_ns, row));
	json_t *spread = json_array();

	json_object_set_new(object, "from", json_string(s->tx->cfg.path));
	json_object_set_new(object, "to", json_string(s->rx->cfg.path));
	for (unsigned int i = 0; i < s->rx->cfg.pairs; i++)
		json_array_append_new(spread, json_integer((json_int_t)s->by_queue[i]));
	json_object_set_new(object, "by_queue", spread);
	return object;
}

static json_t *json_dirty(const struct fe_migrate_result *migration)
{
	struct fe_row row[FE_REPORT_ROWS];
	json_t *parts = json_array();

	for (unsigned int i = 0; i < migration->parts; i++)
		json_array_append_new(parts,
				      fe_rows_json(row, dirty_rows(&migration->part[i], row)));
	return parts;
}

static void print_json(const struct outcome *o)
{
	const struct fe_traffic_config *cfg = o->cfg;
	const struct fe_traffic_result *res = o->res;
	json_t *streams = json_array(), *devices = json_array(), *root;
	struct fe_row row[FE_REPORT_ROWS];

	root = fe_rows_json(row, run_rows(res, row));
	for (unsigned int i = 0; i < cfg->streams; i++)
		json_array_append_new(streams, json_stream(&cfg->stream[i], res->elapsed_ns));
	for (unsigned int i = 0; i < cfg->devs; i++) {
		const struct fe_dev *dev = cfg->dev[i];
		json_t *object = fe_rows_json(row, device_rows(dev, row));

		json_object_set_new(object, "socket", json_string(dev->cfg.path));
		json_object_set_new(object, "layout", json_string(layout_name(dev)));
		json_object_set_new(object, "pairs", json_integer(dev->cfg.pairs));
		json_object_set_new(object, "features", json_integer((json_int_t)dev->features));
		json_array_append_new(devices, object);
	}
	json_object_set_new(root, "streams", streams);
	json_object_set_new(root, "devices", devices);
	json_object_set_new(root, "seconds", json_real((double)res->elapsed_ns / 1e9));
	if (o->migration)
		json_object_set_new(root, "dirty", json_dirty(o->migration));
	json_object_set_new(root, "ok", json_boolean(o->clean && !o->err));
	json_object_set_new(root, "error", o->err ? json_string(strerror(-o->err)) : json_null());
	fe_json_print(root);
}

static void print(const struct outcome *o, bool json)
{
	if (json)
		print_json(o);
	else
		print_table(o);
}

void fe_report_traffic(const struct fe_traffic_config *cfg, const struct fe_traffic_result *res,
		       int err, bool json)
{
	const struct outcome o = {cfg, res, NULL, fe_traffic_clean(cfg, res), err};

	print(&o, json);
}

void fe_report_migrate(const struct fe_migrate_config *cfg, const struct fe_migrate_result *res,
		       int err, bool json)
{
	const struct outcome o = {
	    &cfg->traffic, &res->traffic, res,
	    fe_traffic_clean(&cfg->traffic, &res->traffic) && fe_migrate_exact(res), err};

	print(&o, json);
}

static void print_result(const char *title, const struct fe_row *row, unsigned int count, int err,
			 bool json)
{
	if (json) {
		json_t *root = fe_rows_json(row, count);

		json_object_set_new(root, "error", err ? json_string(strerror(-err)) : json_null());
		fe_json_print(root);
		return;
	}
	printf("%s\n", title);
	fe_rows_print(row, count);
	if (err)
		printf("  ended early: %s\n", strerror(-err));
}

void fe_report_reflect(const struct fe_reflect_result *res, int err, bool json)
{
	const struct fe_row rows[] = {
	    {"received", "frames received", res->received, true},
	    {"reflected", "reflected", res->reflected, true},
	    {"group", "group frames, not reflected", res->group, false},
	    {"dropped", "dropped, no buffer", res->dropped, false},
	    {"frames_per_second", "frames/s", fe_rate(res->reflected, res->elapsed_ns), true},
	};

	print_result("reflected", rows, sizeof(rows) / sizeof(rows[0]), err, json);
}

void fe_report_bench(const struct fe_bench_result *res, int err, bool json)
{
	uint64_t got = res->received ? res->received : 1;
	const struct fe_row rows[] = {
	    {"sent", "frames sent", res->sent, true},
	    {"received", "frames received", res->received, true},
	    {"lost", "lost", res->given_up, true},
	    {"out_of_place", "batches completed out of place", res->out_of_place, false},
	    {"mpps", "Mpps received", fe_rate(res->received, res->elapsed_ns) / 1000, true, true},
	    {"cycles_per_frame", "cycles/frame, elapsed", res->cycles * 1000 / got, true, true},
	    {"busy_cycles_per_frame", "cycles/frame, front-end busy", res->busy_cycles * 1000 / got,
	     true, true},
	    {"seconds", "seconds", res->elapsed_ns / 1000000, true, true},
	};

	print_result("benchmark", rows, sizeof(rows) / sizeof(rows[0]), err, json);
}

static const char *yes(bool value)
{
	return value ? "yes" : "no";
}

void fe_report_misbehave(const char *name, const struct fe_misbehave_result *res, bool json)
{
	json_t *root;

	if (!json) {
		printf("%s: error %s; connected %s, answers %s; used %" PRIu32
		       ", wrongly %s, goes on %s, error signal %s%s\n",
		       name, res->error ? strerror(-res->error) : "none", yes(res->connected),
		       yes(res->answers), res->used, yes(res->used_wrong), yes(res->goes_on),
		       yes(res->error_signal),
		       res->header_wrong ? "; a bad header was passed on" : "");
		return;
	}
	root = json_object();
	json_object_set_new(root, "misbehaviour", json_string(name));
	json_object_set_new(root, "error",
			    res->error ? json_string(strerror(-res->error)) : json_null());
	json_object_set_new(root, "connected", json_boolean(res->connected));
	json_object_set_new(root, "answers", json_boolean(res->answers));
	json_object_set_new(root, "used", json_integer(res->used));
	json_object_set_new(root, "used_wrong", json_boolean(res->used_wrong));
	json_object_set_new(root, "goes_on", json_boolean(res->goes_on));
	json_object_set_new(root, "error_signal", json_boolean(res->error_signal));
	json_object_set_new(root, "header_wrong", json_boolean(res->header_wrong));
	json_object_set_new(root, "arrived", json_integer(res->arrived));
	json_object_set_new(root, "messages", json_integer(res->messages));
	fe_json_print(root);
}

static void control_table(const struct fe_ctrl_bench_result *res)
{
	printf("%-12s %9s %9s %9s %9s %8s %8s %8s\n", "command", "min us", "p50 us", "p99 us",
	       "max us", "number", "refused", "kicks");
	for (unsigned int i = 0; i < res->rows; i++) {
		const struct fe_ctrl_bench_row *r = &res->row[i];

		printf("%-12s %9.2f %9.2f %9.2f %9.2f %8u %8u %8" PRIu64 "\n", r->kind,
		       (double)r->min_ns / 1e3, (double)r->p50_ns / 1e3, (double)r->p99_ns / 1e3,
		       (double)r->max_ns / 1e3, r->n, r->refused, r->kicks);
	}
}

void fe_report_control(const struct fe_ctrl_bench_result *res, bool json)
{
	if (!json) {
		control_table(res);
		return;
	}
	printf("[");
	for (unsigned int i = 0; i < res->rows; i++) {
		const struct fe_ctrl_bench_row *r = &res->row[i];

		printf("%s{\"command\": \"%s\", \"n\": %u, \"refused\": %u, \"min_ns\": %" PRIu64
		       ", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64 ", \"max_ns\": %" PRIu64
		       ", \"kicks\": %" PRIu64 "}",
		       i ? ", " : "", r->kind, r->n, r->refused, r->min_ns, r->p50_ns, r->p99_ns,
		       r->max_ns, r->kicks);
	}
	printf("]\n");
}
