/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vv_dev_queue*.c files share: steps of a start and a stop. Under the control lock. */
#ifndef VV_DEV_QUEUE_H
#define VV_DEV_QUEUE_H

#include "vv_dev_priv.h"

void vv_queue_state_set(struct vv_queue *q, enum vv_queue_state to) VV_REQUIRES(q->dev->control);
/* An object for q->conf, in INIT. */
int vv_queue_make(struct vv_queue *q) VV_REQUIRES(q->dev->control);
/* From an object in INIT or SUSPEND to a queue that works. */
int vv_queue_run(struct vv_queue *q, bool steer) VV_REQUIRES(q->dev->control);
/* No object any more; and the queue ABSENT. */
void vv_queue_object_remove(struct vv_queue *q) VV_REQUIRES(q->dev->control);
void vv_queue_unmake(struct vv_queue *q) VV_REQUIRES(q->dev->control);
/* Its descriptors are closed. */
void vv_queue_detach(struct vv_queue *q) VV_REQUIRES(q->dev->control);
/* Where it stopped, when the NIC cannot say. */
uint16_t vv_queue_base_guess(const struct vv_queue *q);

#endif
