/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A queue that runs and is changed: kept back while the operator has the link down, with other
 * offloads or notifications, made again after an error.
 */
#include <errno.h>
#include <time.h>

#include "prm/prm_virtq.h"
#include "vv_dev_queue.h"
#include "vv_index.h"

/* ---- the operator's link ---- */

void vv_queue_hold(struct vv_queue *q)
{
	if (q->state != VV_QUEUE_RUNNING || q->held || vv_queue_is_rx(q))
		return;
	if (vv_virtq_suspend(q->virtq, &q->base)) {
		q->base = vv_queue_base_guess(q);
		VV_LOG(ERR, "%s/%u: cannot be suspended: %s; it is taken to have stopped at 0x%x",
		       q->dev->name, q->index, vv_hca_error(q->dev->hca), q->base);
	}
	vv_queue_complete(q);
	vv_queue_object_remove(q);
	q->conf.base = q->base;
	q->held = true;
}

int vv_queue_unhold(struct vv_queue *q)
{
	int err;

	if (!q->held)
		return 0;
	q->held = false;
	err = vv_queue_make(q);
	if (!err)
		err = vv_queue_run(q, false);
	if (!err)
		return 0;
	vv_queue_object_remove(q);
	q->held = true;
	return err;
}

/* ---- change ---- */

/* Where a queue is that may or may not have been suspended; it is SUSPENDED or RUNNING after it. */
static int suspend(struct vv_queue *q) VV_REQUIRES(q->dev->control)
{
	struct vv_virtq_status status;
	int err = vv_virtq_suspend(q->virtq, &q->base);

	if (err && !vv_virtq_status(q->virtq, &status)) {
		if (status.state == PRM_VIRTQ_RDY)
			return err;
		q->base = vv_index_from_hw(q->conf.packed, status.hw_used);
	} else if (err) {
		q->base = vv_queue_base_guess(q);
		vv_queue_unmake(q);
		return err;
	}
	vv_queue_complete(q);
	vv_queue_state_set(q, VV_QUEUE_SUSPENDED);
	return err;
}

/* A queue that does not run: on from where it stopped, as tune says. */
static int go_on(struct vv_queue *q, const struct vv_virtq_tune *tune) VV_REQUIRES(q->dev->control)
{
	bool in_place = vv_virtq_can_tune(q->virtq, tune);
	int err;

	if (!in_place)
		vv_queue_unmake(q);
	q->conf.tune = *tune;
	q->conf.base = q->base;
	err = in_place ? vv_virtq_tune(q->virtq, tune) : vv_queue_make(q);
	return err ? err : vv_queue_run(q, true);
}

static void give_up(struct vv_queue *q) VV_REQUIRES(q->dev->control)
{
	VV_LOG(ERR, "%s/%u: cannot go on: %s; it stays stopped until the front-end resets it",
	       q->dev->name, q->index, vv_hca_error(q->dev->hca));
	if (q->state == VV_QUEUE_RUNNING && vv_virtq_suspend(q->virtq, &q->base))
		q->base = vv_queue_base_guess(q);
	vv_lock_alias(&q->dev->control);
	if (vv_queue_is_rx(q))
		vv_dev_unsteer(q->dev);
	vv_queue_unmake(q);
	vv_queue_detach(q);
	vv_queue_state_set(q, VV_QUEUE_FAILED);
}

int vv_queue_tune(struct vv_queue *q, const struct vv_virtq_tune *tune)
{
	struct vv_virtq_tune before = q->conf.tune;
	int err = 0;

	if (q->state != VV_QUEUE_RUNNING || vv_virtq_tune_equal(tune, &before))
		return 0;
	if (q->held) {
		q->conf.tune = *tune;
		return 0;
	}
	vv_lock_alias(&q->dev->control);
	if (vv_queue_is_rx(q))
		err = vv_dev_steer(q->dev, q);
	if (err)
		return err;
	err = suspend(q);
	if (!err)
		err = go_on(q, tune);
	if (!err)
		return 0;
	/* As it was: suspended again if it got as far as running, and on with what it had. */
	if (q->state == VV_QUEUE_RUNNING && !vv_virtq_tune_equal(&q->conf.tune, &before))
		suspend(q);
	if (q->state == VV_QUEUE_RUNNING) {
		if (vv_queue_is_rx(q) && vv_dev_steer(q->dev, NULL))
			give_up(q);
		return err;
	}
	if (go_on(q, &before)) {
		if (q->state != VV_QUEUE_RUNNING)
			vv_queue_unmake(q);
		if (q->state == VV_QUEUE_RUNNING || go_on(q, &before))
			give_up(q);
	}
	return err;
}

/* ---- recovery ---- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void vv_queue_recover(struct vv_queue *q, const struct vv_virtq_status *status)
{
	struct vv_dev *dev = q->dev;
	bool allowed = vv_recovery_allow(&q->recovery, now_ms());
	int err = 0;

	vv_lock_alias(&dev->control);
	q->base = vv_index_from_hw(q->conf.packed, status->hw_used);
	q->conf.base = q->base;
	vv_count(&q->own.queue_errors, 1);
	VV_LOG(ERR, "%s/%u: the NIC stopped the queue at 0x%x (error type 0x%x); %s", dev->name,
	       q->index, q->base, status->error_type,
	       allowed ? "it is made again"
		       : "too often: it stays stopped until the front-end resets it");

	/* The receive table refers to the object: out of it first. */
	if (vv_queue_is_rx(q))
		err = vv_dev_steer(dev, q);
	if (err)
		vv_dev_unsteer(dev);
	vv_queue_unmake(q);
	if (allowed) {
		err = vv_queue_make(q);
		if (!err)
			err = vv_queue_run(q, true);
		if (!err) {
			vv_count(&q->own.recoveries, 1);
			return;
		}
		VV_LOG(ERR, "%s/%u: cannot be made again: %s; it stays stopped", dev->name,
		       q->index, vv_hca_error(dev->hca));
		if (vv_queue_is_rx(q) && vv_dev_steer(dev, q))
			vv_dev_unsteer(dev);
		vv_queue_unmake(q);
	}
	vv_queue_detach(q);
	vv_queue_state_set(q, VV_QUEUE_FAILED);
}
