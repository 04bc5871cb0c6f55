/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completions from the NIC to the guest, one per queue: the firmware's QP sends an empty message
 * each time the guest wants to hear of used buffers; it arrives at our QP, whose completion queue
 * raises an event. The completion queue is collapsed: only its first entry is ever written, and
 * the counter in it says all.
 *
 * The objects are made at probe and live until remove, as they cost 9 commands. A queue that is
 * destroyed leaves its QP pair in error; vv_event_reset() brings it back (8 commands) and is best
 * called when nobody waits.
 *
 * Owner: the device. Memory: all events of a device share one umem (vv_event_pool).
 * Threads: create, reset, destroy: control. poll: the notifier, with the queue's notify lock held;
 * vv_event_reset is called while the queue is not attached (vv_dev.c), so they never meet.
 */
#ifndef VV_EVENT_H
#define VV_EVENT_H

#include <stdbool.h>

#include "hca/vv_hca.h"

enum {
	/*
	 * Messages the firmware may be ahead of us. More only delay (it retries after 10 us): the
	 * notifier takes all there are at once, and a guest that is behind asks for none.
	 */
	VV_EVENT_LOG_DEPTH = 6,
};

struct vv_event_pool;
struct vv_event;

int vv_event_pool_create(struct vv_hca *hca, unsigned int n, struct vv_event_pool **pool);
void vv_event_pool_destroy(struct vv_event_pool *pool); /* after all its events; NULL is legal */

size_t vv_event_pool_bytes(const struct vv_event_pool *pool); /* of host memory */

/* The i-th of the pool. cookie: comes with the events (vv_hca_next_event). 9 commands. */
int vv_event_create(struct vv_event_pool *pool, unsigned int i, uint64_t cookie,
		    struct vv_event **event);
void vv_event_destroy(struct vv_event *event); /* 3 commands; NULL is legal */

/* What a queue object takes. */
uint32_t vv_event_qpn(const struct vv_event *event);

int vv_event_reset(struct vv_event *event); /* 8 commands */

/*
 * Take what has come and ask for the next event. Returns the number of messages; errors counts
 * messages that came with an error instead.
 */
unsigned int vv_event_poll(struct vv_event *event, unsigned int *errors);

#endif
