/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtqueue in software (ring/vv_swring.h) in memory a hostile guest has filled, and still fills.
 *
 * Input: features, size, position; what is in the ring's parts and in two regions for buffers; then
 * operations: the verbs of the device, in any order their contract allows, and writes of the guest.
 * With one feature the guest also writes whenever an address is looked up, in the middle of a pop.
 *
 * Beyond what sanitizers see (each region is a block of the exact size): segments lie in a region;
 * what has an error has none; a broken ring stays broken; nothing is written but what is the
 * device's to write.
 */
#ifndef RING_FUZZ_H
#define RING_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void ring_fuzz(bool packed, const uint8_t *data, size_t size);

#endif
