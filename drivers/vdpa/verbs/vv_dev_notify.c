/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the notifier thread does when it is woken. A kick and a completion need the queue's notify
 * lock at most; only an error takes the control lock, and waits for whoever has it.
 */
#include <errno.h>

#include "prm/prm_virtq.h"
#include "vv_dev_priv.h"

/*
 * Cookies of NIC events: the queue in the low 16 bits; for errors, which belong to one incarnation
 * of the queue object, bit 63 and the generation in bits 16-47.
 */
#define COOKIE_ERROR (1ull << 63)

uint64_t vv_dev_cookie(const struct vv_queue *q, bool error)
{
	return error ? COOKIE_ERROR | (uint64_t)q->generation << 16 | q->index : q->index;
}

static void port_event(struct vv_dev *dev)
{
	bool changed = false;

	if (vv_hca_async_drain(dev->hca, &changed)) {
		VV_LOG(ERR, "%s: the NIC does not tell of its port any more: the link stays as it is",
		       dev->name);
		vv_loop_remove(dev->loop, vv_hca_async_fd(dev->hca));
	}
	if (changed)
		vv_dev_port_changed(dev);
}

static void kick(void *arg, unsigned int queue)
{
	struct vv_dev *dev = arg;

	if (queue == VV_LOOP_PORT) {
		port_event(dev);
		return;
	}

	/* A stale kick makes the NIC look once in vain. */
	vv_hca_doorbell(dev->hca, queue);
	vv_count(&dev->queues[queue].own.kicks, 1);
}

void vv_queue_complete(struct vv_queue *q)
{
	unsigned int errors = 0;

	vv_lock(&q->notify);
	if (q->attached && vv_event_poll(q->event, &errors)) {
		vv_call_signal(&q->call);
		vv_count(&q->own.calls, 1);
	}
	vv_unlock(&q->notify);
}

/*
 * The NIC says once that a queue stopped, so a question that fails is asked again: nobody else
 * would.
 */
static int status_ask(struct vv_queue *q, struct vv_virtq_status *status)
    VV_REQUIRES(q->dev->control)
{
	int tries = 3, err;

	do
		err = vv_virtq_status(q->virtq, status);
	while (err && --tries);
	return err;
}

static void error_event(struct vv_queue *q, uint64_t cookie)
{
	struct vv_virtq_status status;
	struct vv_dev *dev = q->dev;

	vv_lock(&dev->control);
	vv_lock_alias(&q->dev->control);
	if (dev->state == VV_DEV_RUNNING && q->state == VV_QUEUE_RUNNING &&
	    cookie == vv_dev_cookie(q, true)) {
		if (status_ask(q, &status))
			VV_LOG(ERR, "%s/%u: error event, but: %s", dev->name, q->index,
			       vv_hca_error(dev->hca));
		else if (status.state == PRM_VIRTQ_ERR)
			vv_queue_recover(q, &status);
	}
	vv_unlock(&dev->control);
}

static int event(void *arg)
{
	struct vv_dev *dev = arg;
	uint64_t cookie;
	int err;

	while (!(err = vv_hca_next_event(dev->hca, &cookie))) {
		unsigned int queue = cookie & 0xffff;

		if (queue >= dev->n_queues)
			continue;
		if (cookie & COOKIE_ERROR)
			error_event(&dev->queues[queue], cookie);
		else
			vv_queue_complete(&dev->queues[queue]);
	}
	if (err == -EAGAIN)
		return 0;
	VV_LOG(ERR, "%s: the NIC's event channel is dead (%d): remove and probe the device",
	       dev->name, -err);
	return err;
}

/* After a stop: make events ready for the next start, and let a start that comes in between. */
static void settle(struct vv_dev *dev)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < dev->n_queues && !err; i++) {
		struct vv_queue *q = &dev->queues[i];

		vv_lock(&dev->control);
		vv_lock_alias(&q->dev->control);
		if (dev->state == VV_DEV_IDLE)
			err = vv_queue_settle(q);
		vv_unlock(&dev->control);
	}
	/* On an error the next start tries again, and says why it cannot. */
}

static void steer(struct vv_dev *dev)
{
	vv_lock(&dev->control);
	if (dev->state == VV_DEV_RUNNING && dev->deaf && !vv_dev_steer(dev, NULL) &&
	    vv_steer_is_set(dev->steer))
		VV_LOG(NOTICE, "%s: receives again", dev->name);
	vv_unlock(&dev->control);
}

static void share(struct vv_dev *dev)
{
	vv_lock(&dev->control);
	if (dev->state == VV_DEV_RUNNING && !dev->deaf && !dev->parked && vv_dev_steer(dev, NULL))
		VV_LOG(WARNING, "%s: it may go on to receive other devices' frames: %s", dev->name,
		       vv_hca_error(dev->hca));
	vv_unlock(&dev->control);
}

static void poke(void *arg)
{
	struct vv_dev *dev = arg;
	unsigned int pokes = __atomic_exchange_n(&dev->pokes, 0, __ATOMIC_ACQUIRE);

	if (pokes & VV_POKE_CALL)
		vv_dev_ctrl_call(dev);
	if (pokes & VV_POKE_STEER)
		steer(dev);
	if (pokes & VV_POKE_SHARE)
		share(dev);
	if (pokes & VV_POKE_SETTLE)
		settle(dev);
}

void vv_dev_poke(struct vv_dev *dev, enum vv_poke poke)
{
	/* One that has been said is on its way. */
	if (!(__atomic_fetch_or(&dev->pokes, poke, __ATOMIC_RELEASE) & poke))
		vv_loop_poke(dev->loop);
}

void vv_dev_shares(struct vv_dev *dev)
{
	vv_dev_poke(dev, VV_POKE_SHARE);
}

const struct vv_loop_ops vv_dev_loop_ops = {.kick = kick, .event = event, .poke = poke};
