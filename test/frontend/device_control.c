/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue and the configuration space of a device. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "config_space.h"
#include "device.h"
#include "feature_names.h"
#include "log.h"
#include "vhost_user.h"

int fe_dev_read_config(struct fe_dev *dev, unsigned int len, uint8_t *bytes)
{
	if (!fe_dev_has_protocol(dev, FE_VU_PROTOCOL_CONFIG))
		return -EOPNOTSUPP;
	return fe_vu_get_config(dev->conn, 0, len, bytes);
}

int fe_dev_find_control(struct fe_dev *dev)
{
	const uint64_t many = FE_BIT(VIRTIO_NET_F_MQ) | FE_BIT(VIRTIO_NET_F_RSS);
	uint8_t config[FE_CONFIG_LEN];
	uint64_t pairs = 1;
	int err;

	if (!(dev->features & FE_BIT(VIRTIO_NET_F_CTRL_VQ))) {
		fe_error("%s: the back-end does not offer a control queue (it offers %#" PRIx64 ")",
			 dev->cfg.path, dev->offered);
		return -EOPNOTSUPP;
	}
	/* Virtio 1.3 section 5.1.2: behind all data queues, or behind the only pair. */
	if (dev->features & many) {
		err = fe_dev_read_config(dev, sizeof(config), config);
		if (!err)
			err =
			    fe_config_field(config, sizeof(config), "max_virtqueue_pairs", &pairs);
		if (err) {
			fe_error("%s: cannot read max_virtqueue_pairs: %s", dev->cfg.path,
				 strerror(-err));
			return err;
		}
		if (pairs < dev->cfg.pairs || pairs > FE_MAX_PAIRS * 2) {
			fe_error("%s: the device says it has %" PRIu64 " pairs, %u are wanted",
				 dev->cfg.path, pairs, dev->cfg.pairs);
			return -EOPNOTSUPP;
		}
	} else if (dev->cfg.pairs > 1) {
		fe_error("%s: %u pairs, and the back-end offers neither mq nor rss", dev->cfg.path,
			 dev->cfg.pairs);
		return -EOPNOTSUPP;
	}
	dev->max_pairs = (unsigned int)pairs;
	dev->control->cfg.index = dev->control->q.cfg.index = 2 * dev->max_pairs;
	fe_info("%s: the control queue is %u", dev->cfg.path, dev->control->cfg.index);
	return 0;
}

int fe_dev_reset(struct fe_dev *dev)
{
	int err = fe_dev_stop(dev);

	for (unsigned int i = 0; !err && i < dev->queues; i++) {
		err = fe_queue_reset(&dev->queue[i]);
		if (err)
			break;
		fe_ring_irq_disable(dev->queue[i].ring);
		if (!(i & 1)) {
			fe_queue_fill(&dev->queue[i]);
			fe_ring_publish(dev->queue[i].ring);
		}
	}
	if (!err && dev->control)
		err = fe_ctrl_reset(dev->control);
	return err;
}

int fe_dev_start_again(struct fe_dev *dev)
{
	int err = fe_dev_set_up(dev);

	if (err)
		fe_dev_disconnect(dev);
	return err;
}
