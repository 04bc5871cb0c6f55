/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that is being migrated away: traffic goes on while the back-end is told to log the pages
 * its device writes (SET_LOG_BASE, LOG_ALL, F_LOG of each ring), and the log is held against what
 * was written. Four parts of the traffic, with a comparison each:
 *
 *	1  nothing is logged
 *	2  switched on while nothing is in flight; FE_MIGRATE_LIVE: in the middle of traffic
 *	3  FE_MIGRATE_TOGGLE: switched off again, nothing more is logged
 *	4  FE_MIGRATE_TOGGLE: switched on in the middle of traffic; all: the device is stopped at
 *the end, and then the rings are in the log as well
 *
 * Owner: the caller. Devices are connected; afterwards `dev` is stopped and disconnected.
 */
#ifndef FRONTEND_MIGRATE_H
#define FRONTEND_MIGRATE_H

#include "dirty.h"
#include "traffic.h"

enum { FE_MIGRATE_PARTS = 4 };
enum fe_migrate_mode { FE_MIGRATE_NO, FE_MIGRATE_ON, FE_MIGRATE_LIVE, FE_MIGRATE_TOGGLE };

struct fe_migrate_config {
	struct fe_traffic_config traffic; /* targets of its streams are for all parts together */
	struct fe_dev *dev;               /* is migrated */
	enum fe_migrate_mode mode;
};

struct fe_migrate_result {
	struct fe_traffic_result traffic; /* of the last part */
	struct fe_dirty_result part[FE_MIGRATE_PARTS];
	unsigned int parts; /* compared */
};

/* 0 or -errno; -EOPNOTSUPP: the back-end does not log. The verdicts are in the result. */
int fe_migrate_run(const struct fe_migrate_config *cfg, struct fe_migrate_result *res);

/* No page missing, none too many. */
bool fe_migrate_exact(const struct fe_migrate_result *res);

#endif
