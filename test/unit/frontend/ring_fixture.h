/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver-side ring in guest memory and the reference device behind it. */
#ifndef UNIT_FRONTEND_RING_FIXTURE_H
#define UNIT_FRONTEND_RING_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ref_device.h"

struct fixture {
	struct fe_mem mem;
	struct fe_ring *ring;
	struct ref_device dev;
};

static inline void fixture_open(struct fixture *f, enum fe_layout layout, uint16_t size,
				bool event_idx, uint32_t base)
{
	struct fe_ring_config cfg = {
	    .layout = layout, .size = size, .event_idx = event_idx, .base = base};
	struct fe_ring_layout need;

	assert_int_equal(fe_ring_layout(layout, size, &need), 0);
	assert_int_equal(
	    fe_mem_create(&f->mem, 2, need.desc_len + need.driver_len + need.device_len + 64), 0);
	assert_int_equal(fe_mem_alloc(&f->mem, 0, need.desc_len, need.desc_align, &cfg.area.desc),
			 0);
	assert_int_equal(
	    fe_mem_alloc(&f->mem, 1, need.driver_len, need.driver_align, &cfg.area.driver), 0);
	assert_int_equal(
	    fe_mem_alloc(&f->mem, 1, need.device_len, need.device_align, &cfg.area.device), 0);
	assert_int_equal(fe_ring_create(&cfg, &f->ring), 0);
	ref_init(&f->dev, f->ring, base);
}

static inline void fixture_close(struct fixture *f)
{
	fe_ring_destroy(f->ring);
	fe_mem_destroy(&f->mem);
}

/* Small reproducible random numbers. */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

#endif
