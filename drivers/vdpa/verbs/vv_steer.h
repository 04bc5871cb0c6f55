/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frame reaches which queue. The transmit side (domain and TIS) is there from probe to
 * remove; the receive side follows the set of receive queues that run: none, and there are no
 * rules; otherwise a table over all of them, and rules that spread frames over it.
 *
 * With one queue pair there is nothing to spread: one rule takes all. With more, seven classes:
 * TCP and UDP over both versions of IP by addresses and ports, other IP by addresses, the rest to
 * the first queue.
 *
 * Frames from the device to itself are not blocked: a guest may talk to another one behind the
 * same port. Threads: control.
 */
#ifndef VV_STEER_H
#define VV_STEER_H

#include <stdbool.h>

#include "hca/vv_hca.h"

struct vv_steer;

int vv_steer_create(struct vv_hca *hca, struct vv_steer **steer); /* 2 commands */
void vv_steer_destroy(struct vv_steer *steer);                    /* NULL is legal */

uint32_t vv_steer_tisn(const struct vv_steer *steer);

/*
 * Receive with these queue objects from now on. The first time 2 commands and 1 rule, or 8 and 7
 * if spread; then 1, and none if nothing changes. n 0: as vv_steer_clear. On failure what was in
 * force still is, or nothing. The objects are referred to until the next set or clear.
 */
int vv_steer_set(struct vv_steer *steer, const uint32_t *queues, unsigned int n, bool spread);
void vv_steer_clear(struct vv_steer *steer);

#endif
