/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_input.h"
#include "ring_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ring_fuzz(false, data, size);
	return 0;
}
