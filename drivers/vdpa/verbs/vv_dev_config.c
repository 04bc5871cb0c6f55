/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest reads of the device: its configuration space, and when it is told to look again. The
 * link is the port's: up or down as the NIC says.
 */
#include <errno.h>
#include <string.h>

#include "vv_config.h"
#include "vv_dev_priv.h"

void vv_dev_config(struct vv_dev *dev, uint8_t *bytes, size_t len)
{
	struct vv_config config = {
	    .features = dev->offer.features,
	    .pairs = dev->offer.pairs,
	    .full_duplex = true,
	    .hash_types = dev->offer.hash_types,
	    .rss_key_max = VV_CTRL_RSS_KEY_MAX,
	    .rss_table_max = vv_dev_rss_table_max(dev),
	};

	vv_lock(&dev->control);
	config.mtu = dev->offer.mtu;
	config.link_up = dev->port.up && !dev->link_down;
	config.speed_mbps = dev->port.speed_mbps;
	config.announce = dev->ctrl.state.announce;
	memcpy(config.mac, vv_dev_mac(dev), sizeof(config.mac));
	vv_unlock(&dev->control);
	vv_config_fill(&config, bytes, len);
}

/*
 * A guest's own address ends with it. Who reads while the rings are down, or the control queue
 * alone, is a driver that begins: front-ends do not tell of every reset.
 */
const uint8_t *vv_dev_mac(const struct vv_dev *dev)
{
	static const uint8_t unknown[6]; /* of a guest without the feature MAC: it chose for itself */
	bool own = dev->state == VV_DEV_RUNNING && (dev->ctrl.running || !dev->ctrl.ring) &&
		   memcmp(dev->ctrl.state.mac, unknown, sizeof(unknown));

	return own ? dev->ctrl.state.mac : dev->offer.mac;
}

/*
 * Byte by byte it passes by what is no address, or another's: such are kept until the rest comes, and
 * the one in force stays.
 */
static int mac_write(struct vv_dev *dev, const uint8_t *bytes, size_t offset, size_t len)
    VV_REQUIRES(dev->control)
{
	struct vv_dev_ctrl *c = &dev->ctrl;
	struct vv_ctrl_state next;
	int err;

	memcpy(&next, &c->state, sizeof(next)); /* compared as bytes */
	if (!c->is_written)
		memcpy(c->written, next.mac, sizeof(c->written));
	memcpy(c->written + offset, bytes, len);
	memcpy(next.mac, c->written, sizeof(c->written));
	c->is_written = true;
	if (next.mac[0] & 1)
		return 0;
	err = vv_dev_ctrl_change(dev, &next);
	c->is_written = err;
	return err;
}

int vv_dev_config_write(struct vv_dev *dev, const uint8_t *bytes, size_t offset, size_t len)
{
	const size_t mac_len = sizeof(dev->ctrl.written);
	unsigned int told;
	int err = 0;

	vv_lock(&dev->control);
	if (dev->state != VV_DEV_RUNNING || dev->features & VV_BIT(VIRTIO_F_VERSION_1) ||
	    offset > mac_len || len > mac_len - offset)
		err = -EINVAL;
	else if (!dev->offer.trusted)
		err = -EPERM;
	if (!err)
		err = mac_write(dev, bytes, offset, len);
	told = err == -EINVAL || err == -EPERM ? ++dev->ctrl.writes : 0;
	vv_unlock(&dev->control);
	if (told == 1)
		VV_LOG(WARNING, "%s: configuration: not to be written by the guest (%zu bytes at %zu)%s",
		       dev->name, len, offset, err == -EPERM ? ": trust is off" : "");
	return err;
}

bool vv_dev_link_up(struct vv_dev *dev)
{
	bool up;

	vv_lock(&dev->control);
	up = dev->port.up;
	vv_unlock(&dev->control);
	return up;
}

void vv_dev_listen(struct vv_dev *dev, vv_dev_config_changed *changed, void *arg)
{
	vv_lock(&dev->control);
	dev->changed = changed;
	dev->changed_arg = arg;
	vv_unlock(&dev->control);
}

void vv_dev_tell(struct vv_dev *dev)
{
	vv_dev_config_changed *changed;
	void *arg;

	vv_lock(&dev->control);
	changed = dev->changed;
	arg = dev->changed_arg;
	vv_unlock(&dev->control);
	if (changed)
		changed(arg);
}

/* Where the guest says who it is, switches learn again where it is. */
bool vv_dev_announce_ask(struct vv_dev *dev)
{
	if (dev->state != VV_DEV_RUNNING || !dev->ctrl.ring ||
	    !(dev->features & VV_BIT(VIRTIO_NET_F_GUEST_ANNOUNCE)))
		return false;
	dev->ctrl.state.announce = true;
	return true;
}

void vv_dev_port_changed(struct vv_dev *dev)
{
	struct vv_port port, before;
	bool changed = false;

	vv_lock(&dev->control);
	before = dev->port;
	if (!vv_hca_port(dev->hca, &port)) {
		changed = port.up != before.up || port.speed_mbps != before.speed_mbps;
		dev->port = port;
		if (port.up && !before.up)
			vv_dev_announce_ask(dev);
	} else {
		VV_LOG(ERR, "%s: the port may have changed, but: %s", dev->name,
		       vv_hca_error(dev->hca));
	}
	vv_unlock(&dev->control);
	if (!changed)
		return;
	if (port.up != before.up)
		VV_LOG(NOTICE, "%s: link %s", dev->name, port.up ? "up" : "down");
	vv_dev_tell(dev);
}

int vv_dev_announce(struct vv_dev *dev)
{
	bool asked;

	vv_lock(&dev->control);
	asked = vv_dev_announce_ask(dev);
	vv_unlock(&dev->control);
	if (asked)
		vv_dev_tell(dev);
	return asked ? 0 : -ENOTSUP;
}
