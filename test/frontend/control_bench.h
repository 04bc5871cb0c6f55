/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a device takes for each kind of command: from before it is made available (and the
 * device kicked, if it wants that) until the driver, spinning on the ring, sees it used. Commands
 * of a kind come in turns that change something each time. Kinds the device did not offer are left
 * out.
 *
 * Owner: the caller; the device is connected. Threads: one.
 */
#ifndef FRONTEND_CONTROL_BENCH_H
#define FRONTEND_CONTROL_BENCH_H

#include "device.h"

enum { FE_CTRL_BENCH_KINDS = 24 };

struct fe_ctrl_bench_row {
	const char *kind;
	unsigned int n, refused;
	uint64_t min_ns, p50_ns, p99_ns, max_ns;
	uint64_t kicks; /* written; less than n: the device is polling */
};

struct fe_ctrl_bench_result {
	unsigned int rows;
	struct fe_ctrl_bench_row row[FE_CTRL_BENCH_KINDS];
};

/* n commands of each kind; gap_us: pause before each, so that who sleeps is asleep. */
int fe_ctrl_bench_run(struct fe_dev *dev, unsigned int n, unsigned int gap_us,
		      struct fe_ctrl_bench_result *result);

#endif
