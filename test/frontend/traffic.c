/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "stop.h"

#define RECEIVE_BUDGET 64
#define SEND_BUDGET    32
#define SERVICE_EVERY  1024 /* passes */
#define SLEEP_MS       50
#define LINGER_MS      20 /* listen for duplicates at the end */
#define GIVE_UP_STALLS 3

struct run {
	const struct fe_traffic_config *cfg;
	struct fe_traffic_result *res;
	uint64_t started_ms, progress_ms;
	unsigned int passes, dry_stalls;
	bool hooked;
	const char *home; /* the first device's socket */
};

static int receive(struct run *run, struct fe_dev *dev, unsigned int pair)
{
	struct fe_queue *q = fe_dev_rxq(dev, pair);
	struct fe_rx_frame frame;
	int got, count;

	for (count = 0; count < RECEIVE_BUDGET; count++) {
		got = fe_queue_receive(q, &frame);
		if (got < 0) {
			fe_error("%s: queue %u: the device returned a buffer it does not hold, or "
				 "a wrong length",
				 dev->cfg.path, q->cfg.index);
			return got;
		}
		if (got == 0)
			break;
		if (!fe_stream_receive(run->cfg->stream, run->cfg->streams, dev, pair, &frame))
			run->res->foreign++;
	}
	fe_queue_flush(q);
	return count;
}

static int reap(struct fe_dev *dev, unsigned int pair)
{
	int count = fe_queue_reap(fe_dev_txq(dev, pair));

	if (count < 0)
		fe_error("%s: queue %u: the device returned a buffer it does not hold",
			 dev->cfg.path, 2 * pair + 1);
	return count;
}

/* Takes all that devices have done; how much that was. */
static int take(struct run *run)
{
	int total = 0;

	for (unsigned int d = 0; d < run->cfg->devs; d++) {
		struct fe_dev *dev = run->cfg->dev[d];

		for (unsigned int pair = 0; pair < dev->cfg.pairs; pair++) {
			int received = receive(run, dev, pair);
			int reaped = received < 0 ? 0 : reap(dev, pair);

			if (received < 0 || reaped < 0)
				return -EPROTO;
			total += received + reaped;
		}
	}
	return total;
}

static int give(struct run *run)
{
	int total = 0;

	for (unsigned int i = 0; i < run->cfg->streams; i++) {
		struct fe_stream *s = &run->cfg->stream[i];
		unsigned int sent = fe_stream_send(s, SEND_BUDGET);

		for (unsigned int pair = 0; sent && pair < s->tx->cfg.pairs; pair++)
			fe_queue_flush(fe_dev_txq(s->tx, pair));
		total += (int)sent;
	}
	return total;
}

static uint64_t in_flight(const struct run *run)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < run->cfg->streams; i++)
		total += fe_stream_in_flight(&run->cfg->stream[i]);
	return total;
}

static bool all_sent(const struct run *run)
{
	for (unsigned int i = 0; i < run->cfg->streams; i++)
		if (run->cfg->stream[i].ledger.sent < run->cfg->stream[i].target)
			return false;
	return true;
}

static void set_irq(struct run *run, bool enable)
{
	for (unsigned int d = 0; d < run->cfg->devs; d++) {
		struct fe_dev *dev = run->cfg->dev[d];

		for (unsigned int i = 0; i < dev->queues; i++) {
			if (enable)
				fe_ring_irq_enable(dev->queue[i].ring);
			else
				fe_ring_irq_disable(dev->queue[i].ring);
		}
	}
}

/* A queue with something used; with `silent`, only if its call has not been signalled. */
static bool any_used(const struct run *run)
{
	for (unsigned int d = 0; d < run->cfg->devs; d++) {
		struct fe_dev *dev = run->cfg->dev[d];

		for (unsigned int i = 0; i < dev->queues; i++)
			if (fe_ring_has_used(dev->queue[i].ring))
				return true;
	}
	return false;
}

/* Waits for a call of any queue; true if one came. */
static bool wait_call(const struct run *run, unsigned int ms)
{
	struct pollfd pfd[FE_MAX_DEVICES * 2 * FE_MAX_PAIRS];
	unsigned int count = 0, at = 0;
	bool called = false;

	for (unsigned int d = 0; d < run->cfg->devs; d++)
		for (unsigned int i = 0; i < run->cfg->dev[d]->queues; i++)
			pfd[count++] = (struct pollfd){.fd = run->cfg->dev[d]->queue[i].call,
						       .events = POLLIN};
	if (poll(pfd, count, (int)ms) <= 0)
		return false;
	for (unsigned int d = 0; d < run->cfg->devs; d++)
		for (unsigned int i = 0; i < run->cfg->dev[d]->queues; i++)
			if (pfd[at++].revents)
				called |= fe_queue_take_call(&run->cfg->dev[d]->queue[i]);
	return called;
}

static void sleep_on_calls(struct run *run)
{
	set_irq(run, true);
	/* Used between our last look and the enabling: no call is due for it. */
	if (!any_used(run) && !wait_call(run, SLEEP_MS) && any_used(run) &&
	    !wait_call(run, run->cfg->stall_ms))
		run->res->missed_calls++;
	set_irq(run, false);
}

static int reconnect(struct run *run, struct fe_dev *dev)
{
	uint64_t deadline = fe_now_ms() + run->cfg->reconnect_ms;
	enum fe_log_level level = fe_log_level;
	int err;

	do {
		/* A back-end that is only coming up refuses in many ways; report the last one. */
		fe_log_level = level == FE_LOG_ERROR ? FE_LOG_NONE : level;
		err = fe_dev_connect(dev);
		fe_log_level = level;
		if (err)
			fe_sleep_ms(50);
	} while (err && fe_now_ms() < deadline);
	if (err)
		fe_error("%s: no back-end came back: %s", dev->cfg.path, strerror(-err));
	return err;
}

static void streams_break(struct run *run)
{
	for (unsigned int i = 0; i < run->cfg->streams; i++)
		fe_stream_break(&run->cfg->stream[i]);
}

/* The back-end of `dead` closed the connection. All its devices are probably gone with it. */
static int mend(struct run *run, struct fe_dev *dead)
{
	int err;

	if (!run->cfg->reconnect_ms) {
		fe_error("%s: the back-end closed the connection", dead->cfg.path);
		return -ECONNRESET;
	}
	fe_sleep_ms(100);
	for (unsigned int d = 0; d < run->cfg->devs; d++)
		fe_dev_service(run->cfg->dev[d]);
	do
		err = take(run);
	while (err > 0);
	if (err < 0)
		return err;
	run->res->breaks++;
	streams_break(run);
	for (unsigned int d = 0; d < run->cfg->devs; d++) {
		struct fe_dev *dev = run->cfg->dev[d];

		if (dev->conn)
			continue;
		fe_dev_rewind(dev);
		err = reconnect(run, dev);
		if (err)
			return err;
		fe_info("%s: back-end is back", dev->cfg.path);
	}
	run->progress_ms = fe_now_ms();
	return 0;
}

static int service(struct run *run)
{
	for (unsigned int d = 0; d < run->cfg->devs; d++) {
		struct fe_dev *dev = run->cfg->dev[d];
		int err = fe_dev_service(dev);

		if (err == -ECONNRESET)
			err = mend(run, dev);
		if (err)
			return err;
	}
	return 0;
}

static int check_stall(struct run *run, uint64_t now)
{
	if (now - run->progress_ms < run->cfg->stall_ms)
		return 0;
	run->progress_ms = now;
	run->res->stalls++;
	fe_info("nothing moved for %u ms, %llu frames given up", run->cfg->stall_ms,
		(unsigned long long)in_flight(run));
	for (unsigned int i = 0; i < run->cfg->streams; i++)
		fe_stream_write_off(&run->cfg->stream[i]);
	if (++run->dry_stalls < GIVE_UP_STALLS)
		return 0;
	fe_error("nothing moves any more");
	return -ETIMEDOUT;
}

static void limit_time(struct run *run, uint64_t now)
{
	bool over = run->cfg->seconds && now - run->started_ms >= run->cfg->seconds * 1000ull;

	if (!over && !fe_stop_requested)
		return;
	for (unsigned int i = 0; i < run->cfg->streams; i++) {
		struct fe_stream *s = &run->cfg->stream[i];

		if (s->target > s->ledger.sent)
			s->target = s->ledger.sent;
	}
}

static int pass(struct run *run)
{
	int taken, given;
	uint64_t now;
	int err;

	taken = take(run);
	if (taken < 0)
		return taken;
	given = give(run);
	if (run->cfg->hook && !run->hooked &&
	    run->cfg->stream[0].ledger.sent >= run->cfg->hook_at) {
		run->hooked = true;
		err = run->cfg->hook(run->cfg->hook_arg);
		if (err)
			return err;
	}
	if (taken > 0)
		run->dry_stalls = 0;
	if (taken + given > 0 && ++run->passes % SERVICE_EVERY != 0) {
		run->progress_ms = 0;
		return 0;
	}
	now = fe_now_ms();
	if (taken + given > 0 || run->progress_ms == 0)
		run->progress_ms = now;
	limit_time(run, now);
	err = service(run);
	if (!err && taken + given == 0) {
		/* Not `now`: mending a broken connection takes its time. */
		err = check_stall(run, fe_now_ms());
		if (run->cfg->interrupt)
			sleep_on_calls(run);
		else
			sched_yield();
	}
	return err;
}

static uint64_t unreturned(const struct run *run)
{
	uint64_t total = 0;

	for (unsigned int d = 0; d < run->cfg->devs; d++) {
		struct fe_dev *dev = run->cfg->dev[d];

		for (unsigned int pair = 0; pair < dev->cfg.pairs; pair++)
			total += fe_dev_txq(dev, pair)->ring->outstanding;
	}
	return total;
}

/* Until everything is sent, received and returned, and a little longer. */
static int run_until_quiet(struct run *run)
{
	uint64_t linger;
	int err = 0;

	while (!err && (!all_sent(run) || in_flight(run) > 0))
		err = pass(run);
	run->dry_stalls = GIVE_UP_STALLS - 2;
	run->progress_ms = 0;
	while (!err && unreturned(run) > 0) {
		err = pass(run);
		if (err == -ETIMEDOUT)
			return 0; /* counted as unreturned */
	}
	linger = fe_now_ms() + LINGER_MS;
	while (!err && fe_now_ms() < linger) {
		err = take(run);
		err = err < 0 ? err : 0;
		fe_sleep_ms(1);
	}
	return err;
}

static int restart(struct run *run)
{
	/* Who moves to another back-end moves alone. */
	unsigned int devs = run->cfg->restart_at ? 1 : run->cfg->devs;
	int err;

	for (unsigned int d = 0; d < devs; d++) {
		struct fe_dev *dev = run->cfg->dev[d];

		err = fe_dev_stop(dev);
		if (err)
			return err;
		err = take(run);
		if (err < 0)
			return err;
		if (!fe_dev_bases_agree(dev)) {
			run->res->bases_differ = true;
			fe_dev_rewind(dev);
		}
		fe_dev_disconnect(dev);
	}
	if (run->cfg->restart_at)
		run->cfg->dev[0]->cfg.path =
		    run->res->restarts & 1 ? run->home : run->cfg->restart_at;
	for (unsigned int d = 0; d < devs; d++) {
		err = fe_dev_connect(run->cfg->dev[d]);
		if (err)
			return err;
	}
	run->res->restarts++;
	return 0;
}

/* Runs in restarts + 1 equal parts. */
static int run_parts(struct run *run)
{
	unsigned int part, parts = run->cfg->restarts + 1;
	uint64_t goal[2 * FE_MAX_DEVICES];
	int err = 0;

	for (unsigned int i = 0; i < run->cfg->streams; i++)
		goal[i] = run->cfg->stream[i].target;
	for (part = 1; part <= parts && !err; part++) {
		for (unsigned int i = 0; i < run->cfg->streams && parts > 1; i++)
			run->cfg->stream[i].target = goal[i] / parts * part;
		if (part == parts)
			for (unsigned int i = 0; i < run->cfg->streams; i++)
				run->cfg->stream[i].target = goal[i];
		err = run_until_quiet(run);
		if (!err && part < parts)
			err = restart(run);
	}
	return err;
}

int fe_traffic_run(const struct fe_traffic_config *cfg, struct fe_traffic_result *result)
{
	struct run run = {.cfg = cfg, .res = result, .started_ms = fe_now_ms()};
	uint64_t started = fe_now_ns();
	int err;

	memset(result, 0, sizeof(*result));
	if (cfg->devs == 0 || cfg->devs > FE_MAX_DEVICES || cfg->streams > 2 * FE_MAX_DEVICES ||
	    (cfg->restarts && cfg->seconds))
		return -EINVAL;
	run.home = cfg->dev[0]->cfg.path;
	err = run_parts(&run);
	result->elapsed_ns = fe_now_ns() - started;
	result->unreturned = unreturned(&run);
	return err;
}

bool fe_traffic_clean(const struct fe_traffic_config *cfg, const struct fe_traffic_result *result)
{
	uint64_t bad = result->missed_calls + result->unreturned + result->bases_differ, spared;

	for (unsigned int i = 0; i < cfg->streams; i++) {
		const struct fe_stream *s = &cfg->stream[i];

		bad += fe_ledger_lost(&s->ledger, &spared) + s->ledger.duplicates +
		       (cfg->moving ? s->out_of_order : s->ledger.reordered) + s->corrupted +
		       s->misdelivered + s->bad_header + s->torn;
	}
	return bad == 0;
}
