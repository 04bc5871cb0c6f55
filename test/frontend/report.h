/* SPDX-License-Identifier: BSD-3-Clause */
/* Results as a table for people and as JSON for programs, on stdout. */
#ifndef FRONTEND_REPORT_H
#define FRONTEND_REPORT_H

#include "bench.h"
#include "control_bench.h"
#include "migrate.h"
#include "misbehave.h"
#include "reflect.h"
#include "traffic.h"

void fe_report_traffic(const struct fe_traffic_config *cfg, const struct fe_traffic_result *res,
		       int err, bool json);

/* With the traffic that went on meanwhile. */
void fe_report_migrate(const struct fe_migrate_config *cfg, const struct fe_migrate_result *res,
		       int err, bool json);
void fe_report_reflect(const struct fe_reflect_result *res, int err, bool json);
void fe_report_bench(const struct fe_bench_result *res, int err, bool json);

void fe_report_control(const struct fe_ctrl_bench_result *res, bool json);

/* One line, or one JSON object. */
void fe_report_misbehave(const char *name, const struct fe_misbehave_result *res, bool json);

#endif
