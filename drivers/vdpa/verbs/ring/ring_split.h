/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The split virtqueue, from the device's side (virtio 1.2 §2.7).
 *
 * Theory of operation. Three parts, each with one writer. The driver puts a chain into the
 * descriptor table, its head into the available ring, and then adds one to avail->idx; we read in
 * the opposite order. What is done goes into the used ring, and then used->idx says so. Both
 * indices run freely through 2^16; the difference to ours is how many chains there are, never more
 * than the ring has entries.
 *
 * Notifications: flags say yes or no; with event_idx instead the last word of either ring, an
 * index: tell me when you have passed it.
 */
#ifndef VV_RING_SPLIT_H
#define VV_RING_SPLIT_H

#include "ring_layout.h"

extern const struct vv_swring_layout vv_ring_split;

#endif
