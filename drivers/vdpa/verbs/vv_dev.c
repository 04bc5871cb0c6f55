/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Start and stop. Theory of operation: vv_dev.h. Everything is released by the same two functions,
 * vv_dev_stop for what a start has made and vv_dev_destroy (vv_dev_life.c) for what a probe has
 * made, whether all of it is there or only the first part.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#include "vv_dev_priv.h"

static void state_set(struct vv_dev *dev, enum vv_dev_state to) VV_REQUIRES(dev->control)
{
	assert(vv_dev_state_legal(dev->state, to));
	VV_LOG(DEBUG, "%s: %s -> %s", dev->name, vv_dev_state_name(dev->state),
	       vv_dev_state_name(to));
	dev->state = to;
}

unsigned int vv_dev_rings(const struct vv_dev *dev)
{
	return dev->n_queues + (dev->ctrl.cvq ? 1 : 0);
}

bool vv_dev_ring_is_data(struct vv_dev *dev, unsigned int ring)
{
	unsigned int n;

	vv_lock(&dev->control);
	n = vv_dev_data_rings(dev);
	vv_unlock(&dev->control);
	return ring < n;
}

int vv_dev_doorbell_fd(const struct vv_dev *dev)
{
	return vv_hca_fd(dev->hca);
}

void vv_dev_doorbell_area(const struct vv_dev *dev, uint64_t *offset, uint64_t *size)
{
	vv_hca_doorbell_area(dev->hca, offset, size);
}

/* ---- receiving ---- */

void vv_dev_unsteer(struct vv_dev *dev)
{
	vv_steer_clear(dev->steer);
	dev->parked = NULL;
	dev->hashed = false;
	dev->deaf = dev->state == VV_DEV_RUNNING;
	if (dev->deaf)
		vv_dev_poke(dev, VV_POKE_STEER);
}

/* ---- start and stop ---- */

/* What start has made so far, in reverse. stopped may be NULL. */
static void stop_all(struct vv_dev *dev, struct vv_stopped *stopped) VV_REQUIRES(dev->control)
{
	static const uint8_t none[6];
	struct vv_stopped ignored;
	unsigned int i;

	state_set(dev, VV_DEV_STOPPING);
	vv_dev_ctrl_stop(dev, stopped ? &stopped[dev->ctrl.ring] : &ignored);
	vv_dev_unsteer(dev);
	/* First all stop, then all go: a queue that waits for another one's frame would lose it. */
	for (i = 0; i < dev->n_queues; i++) {
		struct vv_queue *q = &dev->queues[i];

		vv_lock_alias(&q->dev->control);
		if (i == dev->ctrl.ring && i) /* of that number, the control queue has been reported */
			vv_queue_stop(q, &ignored);
		else
			vv_queue_stop(q, stopped ? &stopped[i] : &ignored);
	}
	for (i = dev->n_queues; i-- > 0;) {
		struct vv_queue *q = &dev->queues[i];

		vv_lock_alias(&q->dev->control);
		vv_queue_release(q);
	}
	vv_mem_destroy(dev->mem);
	dev->mem = NULL;
	dev->features = 0;
	vv_seat_guest_address(dev->seat, none, NULL, 0); /* nothing comes in by it any more */
	state_set(dev, VV_DEV_IDLE);
}

/* Not refused: the guest may never send such frames, and the port's MTU may be raised behind us. */
static void mtu_check(const struct vv_dev *dev, const struct vv_guest *guest)
{
	uint16_t there = vv_hca_caps(dev->hca)->mtu;

	if (there && guest->mtu > there)
		VV_LOG(
		    WARNING,
		    "%s: MTU: the front-end tells the guest %u, the port had %u at probe: longer "
		    "packets are lost",
		    dev->name, guest->mtu, there);
}

/* The front-end may bring the control queue later (vv_dev_ring_start). */
static int control_start(struct vv_dev *dev, const struct vv_guest *guest, char *why,
			 size_t why_len) VV_REQUIRES(dev->control)
{
	unsigned int ring = dev->ctrl.ring;
	char cause[256];
	int err;

	if (!ring || ring >= guest->n_rings || !guest->rings[ring].enabled ||
	    !guest->rings[ring].size)
		return 0;
	err = vv_dev_ctrl_start(dev, &guest->rings[ring], cause, sizeof(cause));
	if (err)
		snprintf(why, why_len, "control queue (%u): %s", ring, cause);
	return err;
}

static int start_all(struct vv_dev *dev, const struct vv_guest *guest, char *why, size_t why_len)
    VV_REQUIRES(dev->control)
{
	unsigned int i, n = 0;
	char cause[256];
	int err = vv_offer_check(guest->features, &dev->offer, why, why_len);

	if (err)
		return err;
	dev->features = guest->features;
	dev->deaf = false;
	dev->ctrl.refusals = dev->ctrl.writes = 0;
	mtu_check(dev, guest);
	err = vv_mem_create(dev->hca, guest->regions, guest->n_regions, &dev->mem, why, why_len);
	if (err)
		return err;
	vv_dev_ctrl_negotiated(dev, guest);
	for (i = 0; i < guest->n_rings && i < vv_dev_data_rings(dev); i++) {
		const struct vv_ring *ring = &guest->rings[i];
		struct vv_queue *q = &dev->queues[i];

		if (!ring->enabled || ring->size == 0)
			continue;
		vv_lock_alias(&q->dev->control);
		err = vv_queue_start(q, ring, false, cause, sizeof(cause));
		if (err) {
			snprintf(why, why_len, "queue %u: %s", i, cause);
			return err;
		}
		n++;
	}
	err = vv_dev_steer(dev, NULL);
	if (err) {
		snprintf(why, why_len, "receive steering: %s", vv_hca_error(dev->hca));
		return err;
	}
	err = control_start(dev, guest, why, why_len);
	if (err)
		return err;
	VV_LOG(INFO, "%s: started: %u queues, %u memory regions (features 0x%llx)", dev->name, n,
	       guest->n_regions, (unsigned long long)guest->features);
	return 0;
}

int vv_dev_start(struct vv_dev *dev, const struct vv_guest *guest, struct vv_stopped *stopped)
{
	char why[320];
	int err;

	memset(stopped, 0, VV_RINGS_MAX * sizeof(*stopped));
	vv_lock(&dev->control);
	if (dev->state != VV_DEV_IDLE) {
		vv_unlock(&dev->control);
		return -EALREADY;
	}
	state_set(dev, VV_DEV_STARTING);
	err = start_all(dev, guest, why, sizeof(why));
	if (err) {
		/* librte_vhost tries again at every message of the front-end: one line is enough.
		 */
		if (!dev->quiet)
			VV_LOG(ERR, "%s: cannot start: %s", dev->name, why);
		dev->quiet = true;
		stop_all(dev, stopped);
	} else {
		dev->quiet = false;
		state_set(dev, VV_DEV_RUNNING);
	}
	vv_unlock(&dev->control);
	return err;
}

bool vv_dev_is_running(struct vv_dev *dev)
{
	bool running;

	vv_lock(&dev->control);
	running = dev->state == VV_DEV_RUNNING;
	vv_unlock(&dev->control);
	return running;
}

void vv_dev_stop(struct vv_dev *dev, struct vv_stopped *stopped)
{
	if (stopped)
		memset(stopped, 0, VV_RINGS_MAX * sizeof(*stopped));
	vv_lock(&dev->control);
	if (dev->state == VV_DEV_RUNNING) {
		stop_all(dev, stopped);
		VV_LOG(INFO, "%s: stopped", dev->name);
		vv_dev_poke(dev, VV_POKE_SETTLE);
	}
	vv_unlock(&dev->control);
}

void vv_dev_disconnected(struct vv_dev *dev, bool ran)
{
	vv_lock(&dev->control);
	dev->quiet = false;
	if (ran && dev->state != VV_DEV_RUNNING) /* not another one's */
		dev->was_run = false;
	vv_unlock(&dev->control);
}

/* ---- single rings ---- */

static int data_ring_start(struct vv_dev *dev, unsigned int queue, const struct vv_ring *ring,
			   struct vv_stopped *stopped) VV_REQUIRES(dev->control)
{
	struct vv_queue *q = &dev->queues[queue];
	char why[256];
	int err;

	if (!ring->size)
		return 0;
	vv_lock_alias(&q->dev->control);
	err = vv_queue_start(q, ring, true, why, sizeof(why));
	if (err) {
		VV_LOG(ERR, "%s/%u: cannot start: %s", dev->name, queue, why);
		vv_queue_stop(q, stopped);
	}
	return err;
}

static int control_ring_start(struct vv_dev *dev, const struct vv_ring *ring,
			      struct vv_stopped *stopped) VV_REQUIRES(dev->control)
{
	char why[256];
	int err;

	if (!ring->size)
		return 0;
	err = vv_dev_ctrl_restart(dev, ring, why, sizeof(why));
	if (err) {
		VV_LOG(ERR, "%s: control queue: cannot start: %s", dev->name, why);
		*stopped = (struct vv_stopped){.valid = true, .base = ring->base};
	}
	return err;
}

int vv_dev_ring_start(struct vv_dev *dev, unsigned int queue, const struct vv_ring *ring,
		      unsigned int there, struct vv_stopped *stopped)
{
	int err;

	stopped->valid = false;
	vv_lock(&dev->control);
	if (dev->state == VV_DEV_RUNNING && !dev->ctrl.ring)
		vv_dev_ctrl_appears(dev, queue, there);
	if (dev->state != VV_DEV_RUNNING)
		err = -ENODEV;
	else if (dev->ctrl.ring && queue == dev->ctrl.ring)
		err = control_ring_start(dev, ring, stopped);
	else if (queue < vv_dev_data_rings(dev))
		err = data_ring_start(dev, queue, ring, stopped);
	else
		err = -E2BIG;
	vv_unlock(&dev->control);
	return err;
}

int vv_dev_ring_stop(struct vv_dev *dev, unsigned int queue, struct vv_stopped *stopped)
{
	int err = 0;

	stopped->valid = false;
	vv_lock(&dev->control);
	if (dev->state != VV_DEV_RUNNING) {
		err = -ENODEV;
	} else if (dev->ctrl.ring && queue == dev->ctrl.ring) {
		vv_dev_ctrl_stop(dev, stopped);
	} else if (queue < vv_dev_data_rings(dev)) {
		struct vv_queue *q = &dev->queues[queue];

		vv_lock_alias(&q->dev->control);
		vv_queue_stop(q, stopped);
	} else {
		err = -E2BIG;
	}
	vv_unlock(&dev->control);
	return err;
}
