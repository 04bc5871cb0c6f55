/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot code with AVX2, used where the processor has it (vq.c). */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,prfchw"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,prfchw")
#endif
#endif

#include "burst.h"

BURST_OPS(burst_ops_avx2);

#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif
