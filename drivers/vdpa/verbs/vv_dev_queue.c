/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One queue and everything around it: its event, its descriptors, its place in receive steering.
 *
 * A start, in order: event objects in shape; queue object in INIT; descriptors attached, so that
 * nothing of what follows is lost; RDY; receive steering; the queue's own doorbell, as the guest's
 * buffers may be there already; one call, as the guest may wait for buffers used before.
 * A stop is the way back: no more frames in; no more kicks; SUSPEND; the last completions carried
 * to the guest; descriptors closed.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/virtio_config.h>

#include "prm/prm_virtq.h"
#include "vv_dev_queue.h"
#include "vv_index.h"

void vv_queue_state_set(struct vv_queue *q, enum vv_queue_state to)
{
	if (q->state == to)
		return;
	assert(vv_queue_state_legal(q->state, to));
	VV_LOG(DEBUG, "%s/%u: %s -> %s", q->dev->name, q->index, vv_queue_state_name(q->state),
	       vv_queue_state_name(to));
	q->state = to;
}

/* ---- probe and remove ---- */

int vv_queue_create(struct vv_dev *dev, uint16_t index)
{
	struct vv_queue *q = &dev->queues[index];
	int err = vv_virtq_create(dev->hca, index, &q->virtq);

	if (!err)
		err = vv_event_create(dev->pool, index, vv_dev_cookie(q, false), &q->event);
	if (!err) {
		vv_lock(&q->notify);
		q->attached = true;
		vv_unlock(&q->notify);
	}
	return err;
}

void vv_queue_destroy(struct vv_queue *q)
{
	vv_virtq_destroy(q->virtq);
	vv_event_destroy(q->event);
	vv_lock_destroy(&q->notify);
}

/* ---- descriptors ---- */

static void detach_kick(struct vv_queue *q) VV_REQUIRES(q->dev->control)
{
	if (q->kick_fd >= 0)
		vv_loop_remove(q->dev->loop, q->kick_fd);
	vv_kick_close(&q->kick_fd);
}

static void detach_call(struct vv_queue *q)
{
	vv_lock(&q->notify);
	vv_call_close(&q->call);
	vv_unlock(&q->notify);
}

void vv_queue_detach(struct vv_queue *q)
{
	detach_kick(q);
	detach_call(q);
}

static int attach(struct vv_queue *q, const struct vv_ring *ring, char *why, size_t why_len)
    VV_REQUIRES(q->dev->control)
{
	struct vv_call call;
	int err = vv_call_open(ring->call_fd, &call);

	if (err) {
		snprintf(why, why_len, "call descriptor: %s (%d)", strerror(-err), ring->call_fd);
		return err;
	}
	vv_lock(&q->notify);
	vv_call_close(&q->call);
	q->call = call;
	vv_unlock(&q->notify);

	detach_kick(q);
	err = vv_kick_open(ring->kick_fd, &q->kick_fd);
	if (!err && q->kick_fd >= 0)
		err = vv_loop_add(q->dev->loop, q->index, q->kick_fd);
	if (err)
		snprintf(why, why_len, "kick descriptor: %s (%d)", strerror(-err), ring->kick_fd);
	return err;
}

/* ---- what the object is told ---- */

/* All from a front-end: nothing of it is believed. */
static int conf_fill(const struct vv_queue *q, const struct vv_ring *ring,
		     struct vv_virtq_conf *conf, char *why, size_t why_len)
    VV_REQUIRES(q->dev->control)
{
	const struct vv_dev *dev = q->dev;
	bool packed = dev->features & 1ull << VIRTIO_F_RING_PACKED;
	uint64_t size = ring->size;
	uint64_t driver_len = packed ? 4 : 6 + 2 * size, device_len = packed ? 4 : 6 + 8 * size;
	bool size_ok = packed ? size <= 32768 : size <= 32768 && (size & (size - 1)) == 0;

	if (!size_ok) {
		snprintf(why, why_len, "ring: illegal size (%u)", ring->size);
		return -EINVAL;
	}
	if (vv_dev_ring_too_long(dev, ring, why, why_len))
		return -EINVAL;
	if (vv_mem_find(dev->mem, ring->desc, 16 * size, &conf->desc) ||
	    vv_mem_find(dev->mem, ring->driver, driver_len, &conf->driver) ||
	    vv_mem_find(dev->mem, ring->device, device_len, &conf->device)) {
		snprintf(why, why_len, "ring: not in guest memory (%p, %p, %p)", ring->desc,
			 ring->driver, ring->device);
		return -EFAULT;
	}
	if (!vv_index_valid(packed, ring->size, ring->base)) {
		snprintf(why, why_len, "ring: position outside a ring of %u (0x%x)", ring->size,
			 ring->base);
		return -EINVAL;
	}
	conf->size = ring->size;
	conf->packed = packed;
	conf->version_1 = dev->features & 1ull << VIRTIO_F_VERSION_1;
	vv_lock_alias(&q->dev->control);
	vv_dev_tune(q->dev, q->index, &conf->tune);
	conf->mkey = vv_mem_key(dev->mem);
	conf->tisn = vv_steer_tisn(dev->steer);
	conf->event_qpn = 0;
	if (ring->call_fd >= 0 || !vv_hca_caps(dev->hca)->event_none)
		conf->event_qpn = vv_event_qpn(q->event);
	conf->base = ring->base;
	return 0;
}

/*
 * An application or a dead process may have left the guest told not to kick. Done here, as
 * librte_vhost would take a lock for it that it may hold already; and not with a store, see
 * base_guess. Both layouts have a word of flags, of which 0 asks for all kicks.
 */
static void kicks_allow(const struct vv_ring *ring, bool packed)
{
	uint16_t flags = 0;
	struct iovec from = {.iov_base = &flags, .iov_len = sizeof(flags)};
	struct iovec to = {.iov_base = (uint16_t *)ring->device + (packed ? 1 : 0),
			   .iov_len = sizeof(flags)};

	if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) != sizeof(flags))
		VV_LOG(WARNING, "ring: cannot ask for kicks (%p)", ring->device);
}

/* ---- the event's QPs ---- */

int vv_queue_settle(struct vv_queue *q)
{
	int err;

	if (!q->event_dirty)
		return 0;
	vv_lock(&q->notify);
	q->attached = false; /* the event is ours until it works again */
	vv_unlock(&q->notify);
	err = vv_event_reset(q->event);
	if (err)
		return err;
	vv_lock(&q->notify);
	q->attached = true;
	vv_unlock(&q->notify);
	vv_queue_complete(q); /* asks for events again, if one came while it was ours */
	q->event_dirty = false;
	return 0;
}

void vv_queue_object_remove(struct vv_queue *q)
{
	if (vv_virtq_exists(q->virtq)) {
		if (q->dev->parked == q)
			vv_dev_unsteer(q->dev);
		vv_virtq_unmake(q->virtq);
		q->event_dirty = q->event_dirty || q->conf.event_qpn;
	}
	q->generation++;
}

void vv_queue_unmake(struct vv_queue *q)
{
	vv_queue_object_remove(q);
	q->held = false;
	vv_queue_state_set(q, VV_QUEUE_ABSENT);
}

/* ---- start ---- */

int vv_queue_make(struct vv_queue *q)
{
	int err = vv_queue_settle(q);

	if (err)
		return err;
	return vv_virtq_make(q->virtq, &q->conf, vv_dev_cookie(q, true));
}

int vv_queue_run(struct vv_queue *q, bool steer)
{
	int err = vv_virtq_run(q->virtq);

	if (err)
		return err;
	vv_queue_state_set(q, VV_QUEUE_RUNNING);
	if (steer && vv_queue_is_rx(q)) {
		err = vv_dev_steer(q->dev, NULL);
		if (err)
			return err;
	}
	vv_hca_doorbell(q->dev->hca, q->index);
	vv_lock(&q->notify);
	vv_call_signal(&q->call);
	vv_unlock(&q->notify);
	return 0;
}

/* The operator has taken the link down: it runs without an object, and sends nothing. */
static bool is_kept_back(const struct vv_queue *q) VV_REQUIRES(q->dev->control)
{
	return !vv_queue_is_rx(q) && q->dev->link_down;
}

static void start_held(struct vv_queue *q) VV_REQUIRES(q->dev->control)
{
	vv_queue_unmake(q);
	q->base = q->conf.base;
	q->held = true;
	vv_queue_state_set(q, VV_QUEUE_RUNNING);
}

int vv_queue_start(struct vv_queue *q, const struct vv_ring *ring, bool steer, char *why,
		   size_t why_len)
{
	struct vv_stopped stopped;
	struct vv_virtq_conf conf = {0};
	int err;

	if (q->state == VV_QUEUE_RUNNING)
		vv_queue_stop(q, &stopped);
	if (q->state == VV_QUEUE_FAILED)
		vv_queue_state_set(q, VV_QUEUE_ABSENT);
	err = conf_fill(q, ring, &conf, why, why_len);
	if (err)
		goto fail;
	if (q->state == VV_QUEUE_SUSPENDED && !vv_virtq_can_resume(q->virtq, &conf))
		vv_queue_unmake(q);

	q->conf = conf;
	q->used = conf.packed ? NULL : ring->device;
	q->recovery.n = 0;
	kicks_allow(ring, conf.packed);
	err = attach(q, ring, why, why_len);
	if (err)
		goto fail;
	*why = 0;
	vv_lock_alias(&q->dev->control);
	if (is_kept_back(q)) {
		start_held(q);
		return 0;
	}
	if (q->state == VV_QUEUE_ABSENT)
		err = vv_queue_make(q);
	if (!err)
		err = vv_queue_run(q, steer);
	if (!err)
		return 0;
	snprintf(why, why_len, "%s", vv_hca_error(q->dev->hca));
fail:
	vv_queue_stop(q, &stopped);
	vv_queue_detach(q);
	vv_queue_unmake(q);
	if (stopped.valid) /* it ran: vv_queue_stop shall say where it got to */
		vv_queue_state_set(q, VV_QUEUE_FAILED);
	return err;
}

/* ---- stop ---- */

/*
 * The NIC cannot say where it stopped: ask the ring, which tells of a split one at least. Not with
 * a load: a front-end may have truncated the file behind its memory, and a load would be SIGBUS.
 */
uint16_t vv_queue_base_guess(const struct vv_queue *q)
{
	uint16_t used_idx;
	struct iovec to = {.iov_base = &used_idx, .iov_len = sizeof(used_idx)};
	struct iovec from = {.iov_base = (uint16_t *)q->used + 1, .iov_len = sizeof(used_idx)};

	if (q->used && process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(used_idx))
		return used_idx;
	return q->conf.base;
}

void vv_queue_stop(struct vv_queue *q, struct vv_stopped *stopped)
{
	int err;

	stopped->valid = false;
	if (q->state == VV_QUEUE_FAILED) {
		/* Reported when it failed to nobody; its descriptors are closed. */
		*stopped = (struct vv_stopped){.valid = true, .base = q->base};
		vv_queue_state_set(q, VV_QUEUE_ABSENT);
		return;
	}
	if (q->state != VV_QUEUE_RUNNING)
		return;
	if (q->held) {
		vv_queue_detach(q);
		vv_queue_unmake(q);
		*stopped = (struct vv_stopped){.valid = true, .base = q->base};
		return;
	}

	if (vv_queue_is_rx(q) && q->dev->state == VV_DEV_RUNNING) {
		err = vv_dev_steer(q->dev, q);
		if (err) { /* then nothing is received until the next change: better than a hang */
			VV_LOG(ERR, "%s/%u: receive steering: %s", q->dev->name, q->index,
			       vv_hca_error(q->dev->hca));
			vv_dev_unsteer(q->dev);
		}
	}
	detach_kick(q);
	err = vv_virtq_suspend(q->virtq, &q->base);
	if (err) {
		q->base = vv_queue_base_guess(q);
		VV_LOG(ERR, "%s/%u: cannot be suspended: %s; it is taken to have stopped at 0x%x",
		       q->dev->name, q->index, vv_hca_error(q->dev->hca), q->base);
		vv_queue_unmake(q);
	}
	vv_queue_complete(q);
	detach_call(q);
	if (!err)
		vv_queue_state_set(q, VV_QUEUE_SUSPENDED);
	*stopped = (struct vv_stopped){.valid = true, .base = q->base};
}

void vv_queue_release(struct vv_queue *q)
{
	if (q->virtq) {
		vv_queue_unmake(q);
		vv_virtq_release(q->virtq);
	}
	vv_queue_detach(q);
}
