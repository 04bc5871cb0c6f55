/* SPDX-License-Identifier: BSD-3-Clause */
#include "migrate.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "vhost_user.h"

#define LOG_ALL (1ull << FE_VU_F_LOG_ALL)

struct migration {
	const struct fe_migrate_config *cfg;
	struct fe_migrate_result *res;
	struct fe_dirty dirty;
};

/* ---- switching, in QEMU's order ---- */

static int set_log(struct fe_dev *dev, bool on)
{
	int err = fe_vu_set_features(dev->conn, dev->features | (on ? LOG_ALL : 0));
	unsigned int i;

	for (i = 0; i < dev->queues && !err; i++) {
		struct fe_queue *q = &dev->queue[i];
		struct fe_vu_ring_uva uva = {q->area.desc.uva, q->area.driver.uva,
					     q->area.device.uva};
		uint64_t log = on ? fe_queue_log_gpa(q) : FE_VU_NO_LOG;

		err = fe_vu_set_vring_addr_log(dev->conn, i, &uva, log);
	}
	return err ? err : fe_dev_settle(dev);
}

static int switch_log(struct migration *m, bool on)
{
	struct fe_dev *dev = m->cfg->dev;
	unsigned int i;
	int err = 0;

	m->dirty.state = FE_DIRTY_SWITCHING;
	if (on)
		err = fe_vu_set_log_base(dev->conn, m->dirty.fd, m->dirty.size);
	if (!err)
		err = set_log(dev, on);
	if (err)
		return err;
	for (i = 0; i < dev->queues; i++)
		fe_queue_log_from_here(&dev->queue[i]);
	m->dirty.state = on ? FE_DIRTY_ON : FE_DIRTY_OFF;
	return 0;
}

static int switch_on(void *arg)
{
	return switch_log(arg, true);
}

/* ---- parts ---- */

static void streams_target(const struct fe_traffic_config *t, const uint64_t *goal,
			   unsigned int part)
{
	for (unsigned int i = 0; i < t->streams; i++)
		t->stream[i].target = goal[i] / FE_MIGRATE_PARTS * part;
}

static int traffic_part(struct migration *m, const uint64_t *goal, unsigned int part)
{
	struct fe_traffic_config t = m->cfg->traffic;

	streams_target(&t, goal, part);
	if ((part == 2 && m->cfg->mode == FE_MIGRATE_LIVE) ||
	    (part == 4 && m->cfg->mode == FE_MIGRATE_TOGGLE)) {
		t.hook = switch_on;
		t.hook_arg = m;
		t.hook_at =
		    goal[0] / FE_MIGRATE_PARTS * (part - 1) + goal[0] / FE_MIGRATE_PARTS / 2;
	}
	return fe_traffic_run(&t, &m->res->traffic);
}

/* The device writes there all the time; what of it must be logged is known only at the end. */
static void note_rings(struct migration *m, bool must)
{
	struct fe_dev *dev = m->cfg->dev;

	for (unsigned int i = 0; i < dev->queues; i++)
		fe_queue_note_ring(&dev->queue[i], &m->dirty, must);
}

static void compare(struct migration *m, const char *what)
{
	struct fe_dirty_result *r = &m->res->part[m->res->parts++];

	fe_dirty_compare(&m->dirty, r);
	fe_info("%s: %" PRIu64 " pages logged, %" PRIu64 " missing, %" PRIu64 " too many", what,
		r->logged, r->missing, r->extra);
	if (r->missing)
		fe_error("%s: %" PRIu64 " pages are missing in the log, the first at %#" PRIx64,
			 what, r->missing, r->first_missing);
	if (r->extra)
		fe_error("%s: %" PRIu64 " pages are in the log and were not written, the first at "
			 "%#" PRIx64,
			 what, r->extra, r->first_extra);
	fe_dirty_clear(&m->dirty);
}

static int stop(struct migration *m)
{
	struct fe_dev *dev = m->cfg->dev;
	int err = fe_dev_take_rings(dev);

	if (err)
		return err;
	if (!fe_dev_bases_agree(dev))
		m->res->traffic.bases_differ = true;
	note_rings(m, true);
	return 0;
}

static int run_parts(struct migration *m, const uint64_t *goal)
{
	bool toggle = m->cfg->mode == FE_MIGRATE_TOGGLE;
	int err = traffic_part(m, goal, 1);

	if (err)
		return err;
	compare(m, "before");

	if (m->cfg->mode != FE_MIGRATE_LIVE)
		err = switch_log(m, true);
	if (!err)
		err = traffic_part(m, goal, 2);
	if (err)
		return err;
	note_rings(m, false);
	compare(m, "switched on");

	if (toggle)
		err = switch_log(m, false);
	fe_dirty_clear(&m->dirty); /* switching may have logged rings */
	if (!err)
		err = traffic_part(m, goal, 3);
	if (err)
		return err;
	note_rings(m, false);
	compare(m, toggle ? "switched off" : "still on");

	err = traffic_part(m, goal, 4);
	if (!err)
		err = stop(m);
	if (err)
		return err;
	compare(m, "stopped");
	return 0;
}

int fe_migrate_run(const struct fe_migrate_config *cfg, struct fe_migrate_result *res)
{
	struct migration m = {.cfg = cfg, .res = res};
	uint64_t goal[2 * FE_MAX_DEVICES];
	unsigned int i;
	int err;

	memset(res, 0, sizeof(*res));
	if (!(cfg->dev->offered & LOG_ALL)) {
		fe_error("%s: the back-end does not offer LOG_ALL", cfg->dev->cfg.path);
		return -EOPNOTSUPP;
	}
	err = fe_dirty_create(&cfg->dev->mem, &m.dirty);
	if (err)
		return err;
	for (i = 0; i < cfg->traffic.streams; i++)
		goal[i] = cfg->traffic.stream[i].target;
	for (i = 0; i < cfg->dev->queues; i++)
		cfg->dev->queue[i].dirty = &m.dirty;
	err = run_parts(&m, goal);
	for (i = 0; i < cfg->dev->queues; i++)
		cfg->dev->queue[i].dirty = NULL;
	fe_dev_disconnect(cfg->dev);
	fe_dirty_destroy(&m.dirty);
	return err;
}

bool fe_migrate_exact(const struct fe_migrate_result *res)
{
	bool exact = res->parts == FE_MIGRATE_PARTS;

	for (unsigned int i = 0; i < res->parts; i++)
		exact = exact && !res->part[i].missing && !res->part[i].extra;
	return exact;
}
