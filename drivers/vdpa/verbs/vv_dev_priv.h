/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vv_dev*.c files share: the device and its queues. */
#ifndef VV_DEV_PRIV_H
#define VV_DEV_PRIV_H

#include "vv_dev.h"
#include "vv_event.h"
#include "vv_kick.h"
#include "vv_lock.h"
#include "vv_log.h"
#include "vv_loop.h"
#include "vv_mem.h"
#include "vv_recovery.h"
#include "vv_state.h"
#include "vv_steer.h"
#include "vv_virtq.h"

/*
 * Two locks. The device's control lock covers everything a firmware command may follow from, and
 * is held while they run. A queue's notify lock covers what the notifier needs to carry a kick or
 * a completion, and is held for a few stores or one write(); so traffic of other queues goes on
 * while a queue is set up. Order: control, then notify.
 */
struct vv_queue {
	struct vv_dev *dev;
	uint16_t index;
	struct vv_virtq *virtq; /* owned, probe to remove */
	struct vv_event *event; /* owned, probe to remove */

	/* Under the control lock. */
	enum vv_queue_state state;
	uint32_t generation; /* of the queue object; events of older ones are ignored */
	bool event_dirty;    /* the event's QPs went to error with the last queue object */
	struct vv_virtq_conf conf;
	const void *used; /* of a split ring: where the used index is, when the NIC cannot tell */
	uint16_t base;    /* where it stopped; known in SUSPENDED and FAILED */
	struct vv_recovery recovery;
	struct vv_virtq_counters nic, nic_zero; /* last read; subtracted since a reset */
	struct vv_counters own_zero;

	struct vv_lock notify;
	bool attached VV_GUARDED_BY(notify); /* event belongs to the notifier */
	struct vv_call call VV_GUARDED_BY(notify);
	int kick_fd; /* owned, -1: none; control only, the loop has it registered */

	struct vv_counters own;
};

struct vv_dev {
	char name[64];
	struct vv_device offer; /* const after create */
	struct vv_hca *hca;     /* owned */
	struct vv_loop *loop;   /* owned */
	struct vv_event_pool *pool;
	struct vv_steer *steer;
	unsigned int n_queues; /* const after create: 2 * offer.pairs */

	struct vv_lock control;
	enum vv_dev_state state VV_GUARDED_BY(control);
	uint64_t features VV_GUARDED_BY(control); /* negotiated */
	struct vv_mem *mem VV_GUARDED_BY(control);
	/* The last receive queue, suspended: the receive table still refers to it (vv_dev_steer). */
	const struct vv_queue *parked VV_GUARDED_BY(control);
	/* The last start failed: the next attempts of the same guest fail quietly (vv_dev.c). */
	bool quiet VV_GUARDED_BY(control);

	struct vv_queue queues[];
};

static inline bool vv_queue_is_rx(const struct vv_queue *q)
{
	return q->index % 2 == 0;
}

/* ---- vv_dev_queue.c: one queue; all under the control lock ---- */

int vv_queue_create(struct vv_dev *dev, uint16_t index) VV_REQUIRES(dev->control);
void vv_queue_destroy(struct vv_queue *q);

/*
 * Make it run as ring says. steer: also receive with it at once (else the caller does, for all
 * queues in one). On failure it is ABSENT, or FAILED if it ran, and why says the cause.
 */
int vv_queue_start(struct vv_queue *q, const struct vv_ring *ring, bool steer, char *why,
		   size_t why_len) VV_REQUIRES(q->dev->control);
/* To SUSPENDED or, if the NIC is not able to, ABSENT. The position is reported in any case. */
void vv_queue_stop(struct vv_queue *q, struct vv_stopped *stopped) VV_REQUIRES(q->dev->control);
/* And give back the queue object, and the firmware's memory. */
void vv_queue_release(struct vv_queue *q) VV_REQUIRES(q->dev->control);
/* A queue whose object is in error: make it again where it stopped, or give up. */
void vv_queue_recover(struct vv_queue *q, const struct vv_virtq_status *status)
    VV_REQUIRES(q->dev->control);
/* Make the event usable for the next queue object. */
int vv_queue_settle(struct vv_queue *q) VV_REQUIRES(q->dev->control);

/* Receive with all queues that run now, except one (NULL: none). */
int vv_dev_steer(struct vv_dev *dev, const struct vv_queue *except) VV_REQUIRES(dev->control);
/* Receive nothing. */
void vv_dev_unsteer(struct vv_dev *dev) VV_REQUIRES(dev->control);

/* ---- vv_dev_notify.c: what happens on the notifier thread ---- */

extern const struct vv_loop_ops vv_dev_loop_ops;

uint64_t vv_dev_cookie(const struct vv_queue *q, bool error);
/* Carry what has completed to the guest. */
void vv_queue_complete(struct vv_queue *q);

#endif
