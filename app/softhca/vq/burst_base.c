/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot code with the compiler's baseline instructions. */
#include "burst.h"

BURST_OPS(burst_ops_base);
