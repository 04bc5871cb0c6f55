/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator changes of a device that is there: its address, its MTU, its link. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vv_dev_priv.h"

/* ---- address ---- */

static int mac_check(const struct vv_dev *dev, const uint8_t mac[6], char *why, size_t why_len)
{
	static const uint8_t none[6];

	if (!(dev->offer.features & VV_BIT(VIRTIO_NET_F_MAC))) {
		snprintf(why, why_len,
			 "mac: the device does not offer MAC (feature bit %u), so guests would not "
			 "hear of it: make it with mac on",
			 VIRTIO_NET_F_MAC);
		return -EOPNOTSUPP;
	}
	if (mac[0] & 1 || !memcmp(mac, none, 6)) {
		snprintf(why, why_len, "mac: not an address of one station");
		return -EINVAL;
	}
	return 0;
}

/*
 * A guest that has none of its own goes on with the new one, whether it runs or is only stopped;
 * and what a guest has of its own it keeps until it begins anew. dev->offer has the new one.
 */
static int mac_follow(struct vv_dev *dev, const uint8_t before[6], const uint8_t mac[6])
    VV_REQUIRES(dev->control)
{
	struct vv_dev_ctrl *c = &dev->ctrl;
	struct vv_ctrl_state next;
	int err = 0;

	if (memcmp(c->conf.mac, before, 6)) /* it has not been told; other devices count on it */
		return dev->state == VV_DEV_RUNNING ? vv_dev_steer(dev, NULL) : 0;
	memcpy(&next, &c->state, sizeof(next)); /* compared as bytes */
	if (!memcmp(next.mac, before, 6)) {
		memcpy(next.mac, mac, 6);
		if (dev->state == VV_DEV_RUNNING)
			err = vv_dev_ctrl_change(dev, &next);
		else
			memcpy(&c->state, &next, sizeof(next));
	}
	if (!err)
		memcpy(c->conf.mac, mac, 6);
	return err;
}

int vv_dev_set_mac(struct vv_dev *dev, const uint8_t mac[6], char *why, size_t why_len)
{
	uint8_t before[6];
	int err;

	vv_lock(&dev->control);
	memcpy(before, dev->offer.mac, 6);
	err = mac_check(dev, mac, why, why_len);
	if (!err)
		err = vv_seat_address(dev->seat, mac, why, why_len);
	if (!err) {
		memcpy(dev->offer.mac, mac, 6);
		err = mac_follow(dev, before, mac);
		if (err) {
			snprintf(why, why_len, "mac: the NIC refuses: %s", vv_hca_error(dev->hca));
			memcpy(dev->offer.mac, before, 6);
			vv_seat_address(dev->seat, before, why, 0);
		}
	}
	if (!err) {
		memcpy(dev->offer.provisioned.mac, mac, 6);
		dev->offer.provisioned.set |= 1u << VV_ATTR_MAC;
	}
	vv_unlock(&dev->control);
	if (!err)
		vv_dev_tell(dev);
	return err;
}

/* ---- MTU ---- */

static int mtu_check(const struct vv_dev *dev, uint16_t mtu, bool connected, char *why,
		     size_t why_len) VV_REQUIRES(dev->control)
{
	unsigned int port = vv_hca_caps(dev->hca)->mtu;

	if (!(dev->offer.features & VV_BIT(VIRTIO_NET_F_MTU))) {
		snprintf(why, why_len,
			 "mtu: the device does not offer MTU (feature bit %u), so guests would not "
			 "hear of it: make it with mtu on",
			 VIRTIO_NET_F_MTU);
		return -EOPNOTSUPP;
	}
	if (mtu < VV_MTU_MIN || mtu > VV_MTU_MAX) {
		snprintf(why, why_len, "mtu: %u is not from %u to %u", mtu, VV_MTU_MIN, VV_MTU_MAX);
		return -ERANGE;
	}
	if (port && mtu > port) {
		snprintf(why, why_len, "mtu: %u is more than the port's %u: raise that first", mtu,
			 port);
		return -ERANGE;
	}
	if (connected || dev->state == VV_DEV_RUNNING) {
		snprintf(
		    why, why_len,
		    "mtu: a guest has been told %u, and it must not change then: disconnect it "
		    "first",
		    dev->offer.mtu);
		return -EBUSY;
	}
	return 0;
}

int vv_dev_set_mtu(struct vv_dev *dev, uint16_t mtu, bool connected, char *why, size_t why_len)
{
	int err;

	vv_lock(&dev->control);
	err = mtu_check(dev, mtu, connected, why, why_len);
	if (!err) {
		dev->offer.mtu = mtu;
		dev->offer.provisioned.mtu = mtu;
		dev->offer.provisioned.set |= 1u << VV_ATTR_MTU;
	}
	vv_unlock(&dev->control);
	return err;
}

/* ---- link ---- */

/* Cannot fail: a queue that cannot be suspended is removed. */
static void link_take_down(struct vv_dev *dev) VV_REQUIRES(dev->control)
{
	unsigned int i;

	dev->link_down = true;
	vv_dev_steer(dev, NULL);
	for (i = 1; i < dev->n_queues; i += 2) {
		struct vv_queue *q = &dev->queues[i];

		vv_lock_alias(&q->dev->control);
		vv_queue_hold(q);
	}
}

static int link_bring_up(struct vv_dev *dev, char *why, size_t why_len) VV_REQUIRES(dev->control)
{
	unsigned int i;
	int err = 0;

	dev->link_down = false;
	for (i = 1; i < dev->n_queues && !err; i += 2) {
		struct vv_queue *q = &dev->queues[i];

		vv_lock_alias(&q->dev->control);
		err = vv_queue_unhold(q);
	}
	if (!err)
		err = vv_dev_steer(dev, NULL);
	if (!err)
		return 0;
	snprintf(why, why_len, "link: it stays down: %s", vv_hca_error(dev->hca));
	link_take_down(dev);
	return err;
}

int vv_dev_set_link(struct vv_dev *dev, bool up, char *why, size_t why_len)
{
	bool running, changed;
	int err = 0;

	vv_lock(&dev->control);
	running = dev->state == VV_DEV_RUNNING;
	changed = dev->link_down == up;
	if (changed && running && up)
		err = link_bring_up(dev, why, why_len);
	else if (changed && running)
		link_take_down(dev);
	else
		dev->link_down = !up;
	if (changed && up && !err)
		vv_dev_announce_ask(dev);
	vv_unlock(&dev->control);
	if (err || !changed)
		return err;
	VV_LOG(NOTICE, "%s: the operator has the link %s", dev->name, up ? "up" : "down");
	vv_dev_tell(dev);
	return 0;
}
