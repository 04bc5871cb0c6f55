/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `softhca stat` prints: a private copy of a NIC's figures, as tables or as JSON, with rates
 * when there is an older copy to compare with.
 */
#ifndef SOFTHCA_LAUNCH_FIGURES_H
#define SOFTHCA_LAUNCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/hca_stat.h"

struct figures {
	struct hca_stat stat; /* numbers of entries in bounds, texts ended */
	uint64_t taken_ns;    /* CLOCK_MONOTONIC */
	bool alive;
	bool fresh;	      /* ports and queues are as of now */
};

struct figure {
	const char *name;
	size_t offset;
};

/* The sums, in the order they are shown. */
extern const struct figure figure_list[];
extern const unsigned int figure_n;
uint64_t figure_get(const struct hca_stat *stat, const struct figure *figure);
extern const char *const figure_objects[HCA_STAT_OBJ_N];

/* Seconds between two copies; 0: before is NULL. */
double figures_interval(const struct figures *now, const struct figures *before);
/* The same queue in another copy, or NULL. */
const struct hca_stat_queue *figures_queue(const struct figures *f, const struct hca_stat_queue *q);
/* The time that this part of a command's executions stayed below, in us: from its histogram. */
double figures_quantile(const struct hca_stat_command *command, double part);

void figures_table(const struct figures *now, const struct figures *before);
int figures_json(const struct figures *now, const struct figures *before); /* 0 or -1 */

#endif
