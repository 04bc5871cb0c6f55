/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Results on standard output, in the layouts of iproute2's vdpa: one line of JSON, JSON for people
 * (arrays stay on their line), and text.
 */
#ifndef VDPACTL_PRINT_H
#define VDPACTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>

void ctl_print_json(const json_t *value, bool pretty);

/*
 * {"section": {"name": {...}, ...}} as text: "name: key value key value", arrays on lines of their
 * own ("  key value value"). What holds one thing instead of named ones has the section's name.
 */
void ctl_print_text(const json_t *result);

/* Has all that was printed arrived? -EIO: said. */
int ctl_print_flush(void);

#endif
