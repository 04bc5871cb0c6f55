/* SPDX-License-Identifier: BSD-3-Clause */
/* Results as a table for people and as JSON for programs, on stdout. */
#ifndef FRONTEND_REPORT_H
#define FRONTEND_REPORT_H

#include "traffic.h"

void fe_report_traffic(const struct fe_traffic_config *cfg, const struct fe_traffic_result *res,
		       int err, bool json);

#endif
