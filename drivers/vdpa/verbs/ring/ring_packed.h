/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packed virtqueue, from the device's side (virtio 1.2 §2.8).
 *
 * Theory of operation. One ring of descriptors that both sides write, in circles, each with a wrap
 * counter that starts at 1 and changes whenever the end is passed. A list of descriptors is
 * available if the flags of its first say so for this round: AVAIL as our counter, USED not. The
 * driver writes these flags last. To give a list back, one descriptor is written over its first,
 * with the id its last one had, and the others are skipped; its flags make it visible, so they come
 * last too, and of several lists given back at once the first one's come last of all: the driver
 * looks at the places in order.
 *
 * The size need not be a power of two. A position is a place in bits 0-14, the counter in bit 15.
 *
 * Notifications: each side has a structure of two words for the other, a position and flags:
 * always, never, or (with event_idx) when this position is passed.
 */
#ifndef VV_RING_PACKED_H
#define VV_RING_PACKED_H

#include "ring_layout.h"

extern const struct vv_swring_layout vv_ring_packed;

#endif
