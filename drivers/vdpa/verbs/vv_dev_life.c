/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probe and remove: the device's place on its function, and all that does not depend on a guest.
 * One destroy for whatever of it there is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hca/vv_hca_list.h"
#include "vv_dev_priv.h"

static int objects_create(struct vv_dev *dev, char *why, size_t why_len) VV_REQUIRES(dev->control)
{
	unsigned int i;
	int err = vv_event_pool_create(dev->hca, dev->n_queues, &dev->pool);

	if (!err)
		err = vv_steer_create(dev->hca, &dev->steer);
	for (i = 0; i < dev->n_queues && !err; i++)
		err = vv_queue_create(dev, i);
	if (err) {
		snprintf(why, why_len, "%s",
			 err == -ENOMEM && !*vv_hca_error(dev->hca) ? "out of memory"
								    : vv_hca_error(dev->hca));
		return err;
	}
	err =
	    vv_loop_start(dev->name, vv_hca_event_fd(dev->hca), &vv_dev_loop_ops, dev, &dev->loop);
	if (!err)
		err = vv_loop_add(dev->loop, VV_LOOP_PORT, vv_hca_async_fd(dev->hca));
	if (err) {
		snprintf(why, why_len, "notifier thread: %s", strerror(-err));
		return err;
	}
	/* After the event is watched, so that no change goes unseen. */
	err = vv_hca_port(dev->hca, &dev->port);
	if (err) {
		snprintf(why, why_len, "%s", vv_hca_error(dev->hca));
		return err;
	}
	return vv_dev_ctrl_create(dev, why, why_len);
}

/*
 * Its place on the function: taken before anything is made there, so that of two that do not fit
 * together one is refused.
 */
static int seat_take(struct vv_dev *dev, const char *ibdev, char *why, size_t why_len)
{
	const struct vv_device *offer = &dev->offer;
	struct vv_seat_wish wish = {
	    .device = dev->name,
	    .rings = 2 * offer->pairs,
	    .mac_given = offer->provisioned.set & 1u << VV_ATTR_MAC,
	};

	memcpy(wish.mac, offer->mac, sizeof(wish.mac));
	return vv_seat_take(ibdev, &wish, &dev->seat, why, why_len);
}

/* What the NIC has left bounds what is asked for; whether it still is left then, the seat says. */
static int offer_make(struct vv_hca *hca, const struct vv_args *args, struct vv_device *offer,
		      char *why, size_t why_len)
{
	struct vv_function_facts facts = {
	    .caps = *vv_hca_caps(hca),
	    .devices_max = vv_steer_share_max(vv_hca_caps(hca)),
	    .nic = vv_hca_nic(args->ibdev),
	};
	struct vv_function_room room;
	struct vv_parent parent;
	int err = vv_function_remember(args->ibdev, &facts);

	if (err) {
		snprintf(why, why_len, "out of memory");
		return err;
	}
	vv_function_room(args->ibdev, &room);
	vv_parent_of(&facts.caps, args->ibdev, room.rings, 1, &parent);
	return vv_offer_make(&parent, args, offer, why, why_len);
}

static void queues_init(struct vv_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->n_queues; i++) {
		struct vv_queue *q = &dev->queues[i];

		q->dev = dev;
		q->index = i;
		q->kick_fd = -1;
		vv_lock_init(&q->notify);
		vv_lock(&q->notify);
		q->call = VV_CALL_NONE;
		vv_unlock(&q->notify);
	}
}

int vv_dev_create(const char *name, const struct vv_args *args, struct vv_dev **dev, char *why,
		  size_t why_len)
{
	struct vv_device offer;
	struct vv_hca *hca;
	struct vv_dev *d;
	int err = vv_hca_open(args->ibdev, &hca, why, why_len);

	if (err)
		return err;
	err = offer_make(hca, args, &offer, why, why_len);
	if (err) {
		vv_hca_close(hca);
		return err;
	}
	d = calloc(1, sizeof(*d) + 2 * offer.pairs * sizeof(d->queues[0]));
	if (!d) {
		snprintf(why, why_len, "out of memory");
		vv_hca_close(hca);
		return -ENOMEM;
	}
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->hca = hca;
	d->offer = offer;
	d->n_queues = 2 * offer.pairs;
	vv_lock_init(&d->control);
	queues_init(d);

	err = seat_take(d, args->ibdev, why, why_len);
	if (!err) {
		vv_lock(&d->control);
		err = objects_create(d, why, why_len);
		vv_unlock(&d->control);
	}
	if (err) {
		vv_dev_destroy(d);
		return err;
	}
	*dev = d;
	return 0;
}

void vv_dev_destroy(struct vv_dev *dev)
{
	unsigned int i;

	if (!dev)
		return;
	vv_dev_stop(dev, NULL);
	vv_dev_ctrl_destroy(dev);
	vv_loop_stop(dev->loop);
	for (i = dev->n_queues; i-- > 0;)
		vv_queue_destroy(&dev->queues[i]);
	vv_steer_destroy(dev->steer);
	vv_event_pool_destroy(dev->pool);
	vv_hca_close(dev->hca);
	vv_seat_leave(dev->seat);
	vv_lock_destroy(&dev->control);
	free(dev->pending);
	free(dev);
}

const char *vv_dev_name(const struct vv_dev *dev)
{
	return dev->name;
}

/* What of it can change is asked for elsewhere (vv_dev_config, vv_dev_provisioned). */
const struct vv_device *vv_dev_offer(const struct vv_dev *dev)
{
	return &dev->offer;
}

void vv_dev_provisioned(struct vv_dev *dev, struct vv_provisioned *provisioned)
{
	vv_lock(&dev->control);
	*provisioned = dev->offer.provisioned;
	vv_unlock(&dev->control);
}
