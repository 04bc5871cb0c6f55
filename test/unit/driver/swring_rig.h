/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver's side and a device's side over the same ring, for tests that run in both layouts: such
 * a test is written once, takes its layout from its state, and is listed with BOTH.
 */
#ifndef SWRING_RIG_H
#define SWRING_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "swring_mock.h"

struct rig_layout {
	bool packed;
};

extern struct rig_layout rig_split, rig_packed;

#define SPLIT(f)                                                                                   \
	{                                                                                          \
		#f "/split", f, NULL, NULL, &rig_split                                             \
	}
#define PACKED(f)                                                                                  \
	{                                                                                          \
		#f "/packed", f, NULL, NULL, &rig_packed                                           \
	}
#define BOTH(f) SPLIT(f), PACKED(f)

struct rig {
	struct swmock *mock;
	struct vv_swring ring;
	struct vv_swring_chain chain; /* popped last */
};

enum { RIG_EVENT_IDX = 1, RIG_INDIRECT = 2 };

static inline bool rig_is_packed(void **state)
{
	return ((struct rig_layout *)*state)->packed;
}

/* Where a ring of this layout starts without history. */
static inline uint16_t rig_base(void **state)
{
	return rig_is_packed(state) ? SWMOCK_PACKED_START : 0;
}

/* Both sides, ready to go on at base. */
void rig_open_at(struct rig *rig, void **state, uint16_t size, uint16_t base, int features);
static inline void rig_open(struct rig *rig, void **state, uint16_t size, int features)
{
	rig_open_at(rig, state, size, rig_base(state), features);
}
void rig_close(struct rig *rig);

/* A chain of buffers of these lengths: n_read readable ones, then the writable ones. */
void rig_add(struct rig *rig, const uint32_t *len, unsigned int n_read, unsigned int n_write,
	     unsigned int n_table, uintptr_t token);
/* One readable buffer of 8 bytes that hold the token, and one writable of 8. */
void rig_add_one(struct rig *rig, uintptr_t token);
/* The device takes the chain of rig_add_one, which has to be there, and writes n bytes into it. */
void rig_serve_one(struct rig *rig, uintptr_t token, uint32_t n);
/* The driver gets back what it expects. */
void rig_reap_one(struct rig *rig, uintptr_t token, uint32_t len);
void rig_reap_nothing(struct rig *rig);

#endif
