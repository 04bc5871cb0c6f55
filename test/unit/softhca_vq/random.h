/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers that look random and come again with the same seed, for tests that make up their cases.
 * One sequence a program, for one thread.
 */
#ifndef TEST_SOFTHCA_VQ_RANDOM_H
#define TEST_SOFTHCA_VQ_RANDOM_H

#include <stdint.h>

/* Begin with SEED of the environment, else with this one; it is printed. */
void random_begin(uint32_t seed);
/* 0 to n - 1. */
uint32_t random_below(uint32_t n);

#endif
