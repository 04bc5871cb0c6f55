/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest device side of a virtqueue that follows the specification, written from it alone:
 * what the driver-side rings of test/frontend are held against. One descriptor at a time, no
 * batching, no cleverness.
 */
#ifndef UNIT_FRONTEND_REF_DEVICE_H
#define UNIT_FRONTEND_REF_DEVICE_H

#include "ring.h"

#define REF_CHAIN_MAX 32

struct ref_device {
	enum fe_layout layout;
	uint16_t size;
	bool event_idx;
	struct fe_ring_area area;
	uint16_t avail, used; /* split: free-running; packed: slots */
	bool avail_wrap, used_wrap;
	uint16_t used_before; /* split: used index when we last decided on an interrupt */
};

struct ref_chain {
	uint16_t id;
	unsigned int count, readable;
	struct fe_sg sg[REF_CHAIN_MAX];
};

/* base as in SET_VRING_BASE */
void ref_init(struct ref_device *d, const struct fe_ring *driver, uint32_t base);

/* The next available chain; false if there is none. */
bool ref_pop(struct ref_device *d, struct ref_chain *chain);
/* Returns a chain, in whatever order; visible at once. */
void ref_push(struct ref_device *d, const struct ref_chain *chain, uint32_t written);

/* Asks for, or does without, available notifications from here on. */
void ref_set_notify(struct ref_device *d, bool enable);
/* Does the driver want to hear of what was pushed since the last time this was asked? */
bool ref_wants_interrupt(struct ref_device *d);

#endif
