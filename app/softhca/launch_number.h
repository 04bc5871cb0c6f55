/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as people write them: decimal or 0x..., nothing around them. */
#ifndef SOFTHCA_LAUNCH_NUMBER_H
#define SOFTHCA_LAUNCH_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* False: not a number, or out of range. */
bool launch_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);
/* "on", "yes", "true", "1" and their opposites. */
bool launch_switch(const char *text, bool *value);

#endif
