/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Results as named quantities, so that the table for people and the JSON for programs come from the
 * same list. On stdout.
 */
#ifndef FRONTEND_REPORT_ROWS_H
#define FRONTEND_REPORT_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define FE_REPORT_ROWS 24 /* no list is longer */

struct fe_row {
	const char *key;   /* JSON */
	const char *label; /* table */
	uint64_t value;
	bool always;      /* in the table also when it is zero */
	bool thousandths; /* value / 1000 is the quantity */
};

void fe_rows_print(const struct fe_row *row, unsigned int count);
json_t *fe_rows_json(const struct fe_row *row, unsigned int count);
/* Prints and releases. */
void fe_json_print(json_t *root);

/* count per second, 0 for no time at all */
uint64_t fe_rate(uint64_t count, uint64_t elapsed_ns);

#endif
