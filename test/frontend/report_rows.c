/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_rows.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t fe_rate(uint64_t count, uint64_t elapsed_ns)
{
	return elapsed_ns ? (uint64_t)((double)count * 1e9 / (double)elapsed_ns) : 0;
}

void fe_rows_print(const struct fe_row *row, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (row[i].value == 0 && !row[i].always)
			continue;
		if (row[i].thousandths)
			printf("  %-38s %16.3f\n", row[i].label, (double)row[i].value / 1e3);
		else
			printf("  %-38s %16" PRIu64 "\n", row[i].label, row[i].value);
	}
}

json_t *fe_rows_json(const struct fe_row *row, unsigned int count)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < count; i++)
		json_object_set_new(object, row[i].key,
				    row[i].thousandths ? json_real((double)row[i].value / 1e3)
						       : json_integer((json_int_t)row[i].value));
	return object;
}

void fe_json_print(json_t *root)
{
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
	printf("\n");
	json_decref(root);
}
