/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Nth allocation, file descriptor or thread of the model is refused. The linker diverts the
 * model's calls to here (--wrap, see meson.build); only calls of the thread that has asked for it
 * count.
 */
#ifndef SOFTHCA_FW_TEST_STARVE_H
#define SOFTHCA_FW_TEST_STARVE_H

#include <stdbool.h>
#include <stdint.h>

/* From now on, the nth counted call fails, once; 0: none does. */
void starve_at(uint64_t nth);
/* Whether this thread's calls count. */
void starve_count(bool on);
/* Has one failed since starve_at()? Then its name, else NULL. */
const char *starve_hit(void);
/* Counted since starve_at(). */
uint64_t starve_calls(void);

#endif
