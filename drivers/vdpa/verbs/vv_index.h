/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ring positions: how vhost says them and how the NIC takes them. The one place of that choice.
 *
 * vhost-user (and librte_vhost): split, the 16-bit ring index; packed, the place in bits 0-14 and
 * the wrap counter in bit 15. Available and used are told apart, but a stopped queue is drained,
 * and both are the same.
 *
 * NIC: split, the same number. Packed: no public source says how hw_available_index and
 * hw_used_index carry the wrap counter; we put it in bit 15, as everything else that has to fit it
 * in 16 bits. Real firmware has not confirmed this.
 *
 * After SUSPEND, hw_used_index is what counts: firmware is known to report a stale
 * hw_available_index, and everything taken has been completed.
 */
#ifndef VV_INDEX_H
#define VV_INDEX_H

#include <stdbool.h>
#include <stdint.h>

static inline uint16_t vv_index_to_hw(bool packed, uint16_t base)
{
	(void)packed; /* the same in both layouts, today */
	return base;
}

static inline uint16_t vv_index_from_hw(bool packed, uint16_t hw_used)
{
	(void)packed;
	return hw_used;
}

/* Could the position be one of a ring of that size? A guest chooses it through its front-end. */
static inline bool vv_index_valid(bool packed, uint16_t size, uint16_t base)
{
	return packed ? (base & 0x7fff) < size : true;
}

/* Where a ring without any history starts: virtio 1.2 2.8.1, both wrap counters are 1. */
static inline uint16_t vv_index_initial(bool packed)
{
	return packed ? 0x8000 : 0;
}

#endif
