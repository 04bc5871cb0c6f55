/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "random.h"

static uint32_t random_state;

void random_begin(uint32_t seed)
{
	const char *given = getenv("SEED");

	random_state = given != NULL ? (uint32_t)strtoul(given, NULL, 0) : seed;
	print_message("SEED=%#x\n", random_state);
}

uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}
