/* SPDX-License-Identifier: BSD-3-Clause */
/* Which features a device takes, of virtio and of vhost-user. */
#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#include "device.h"
#include "feature_names.h"
#include "log.h"
#include "vhost_user.h"

#define BIT(n) (1ull << (n))

static uint64_t wanted_features(const struct fe_dev_config *cfg)
{
	uint64_t want = 0;

	if (!cfg->legacy)
		want |= BIT(VIRTIO_F_VERSION_1);
	if (cfg->layout == FE_PACKED)
		want |= BIT(VIRTIO_F_RING_PACKED);
	if (cfg->mergeable)
		want |= BIT(VIRTIO_NET_F_MRG_RXBUF);
	if (cfg->event_idx)
		want |= BIT(VIRTIO_RING_F_EVENT_IDX);
	if (cfg->pairs > 1)
		want |= BIT(VIRTIO_NET_F_MQ);
	if (cfg->host_mtu)
		want |= BIT(VIRTIO_NET_F_MTU);
	return want | cfg->offloads | cfg->take;
}

static uint64_t welcome_features(const struct fe_dev_config *cfg)
{
	uint64_t welcome = BIT(FE_VU_F_PROTOCOL_FEATURES) | cfg->welcome;

	/*
	 * MQ without CTRL_VQ, as front-ends do that answer the control queue themselves (QEMU,
	 * virtio-user); with --control, welcome has it.
	 */
	if (cfg->legacy)
		welcome |= BIT(VIRTIO_F_ANY_LAYOUT);
	/* A legacy device has 32 feature bits (virtio 1.3 section 6.3). */
	return cfg->legacy ? (uint32_t)welcome : welcome;
}

static const char *missing_name(uint64_t features)
{
	const char *name;

	switch (__builtin_ctzll(features)) {
	case VIRTIO_F_VERSION_1:
		return "VERSION_1 (is it a legacy-only device?)";
	case VIRTIO_F_RING_PACKED:
		return "RING_PACKED";
	case VIRTIO_NET_F_MRG_RXBUF:
		return "MRG_RXBUF";
	case VIRTIO_RING_F_EVENT_IDX:
		return "EVENT_IDX";
	case VIRTIO_NET_F_CSUM:
		return "CSUM";
	case VIRTIO_NET_F_GUEST_CSUM:
		return "GUEST_CSUM";
	case VIRTIO_NET_F_HOST_TSO4:
	case VIRTIO_NET_F_HOST_TSO6:
	case VIRTIO_NET_F_HOST_ECN:
		return "HOST_TSO4, HOST_TSO6 or HOST_ECN";
	case VIRTIO_NET_F_GUEST_TSO4:
	case VIRTIO_NET_F_GUEST_TSO6:
	case VIRTIO_NET_F_GUEST_ECN:
		return "GUEST_TSO4, GUEST_TSO6 or GUEST_ECN";
	case VIRTIO_NET_F_MQ:
		return "MQ (does it have only one queue pair?)";
	default:
		name = fe_feature_name((unsigned int)__builtin_ctzll(features));
		return name ? name : "a feature bit";
	}
}

static int negotiate_protocol(struct fe_dev *dev)
{
	uint64_t offered, pairs, want;
	int err;

	want = BIT(FE_VU_PROTOCOL_MQ) | BIT(FE_VU_PROTOCOL_REPLY_ACK) |
	       BIT(FE_VU_PROTOCOL_BACKEND_REQ) | BIT(FE_VU_PROTOCOL_STATUS);
	if (dev->cfg.host_mtu)
		want |= BIT(FE_VU_PROTOCOL_NET_MTU);
	if (dev->cfg.control)
		want |= BIT(FE_VU_PROTOCOL_CONFIG);
	if (dev->cfg.dirty_log)
		want |= BIT(FE_VU_PROTOCOL_LOG_SHMFD);
	if (dev->cfg.notifier)
		want |= BIT(FE_VU_PROTOCOL_BACKEND_SEND_FD) | BIT(FE_VU_PROTOCOL_HOST_NOTIFIER);
	err = fe_vu_get_protocol_features(dev->conn, &offered);
	if (err)
		return err;
	dev->protocol = offered & want & ~dev->cfg.without_protocol;
	if (dev->cfg.notifier && !(fe_dev_has_protocol(dev, FE_VU_PROTOCOL_HOST_NOTIFIER) &&
				   fe_dev_has_protocol(dev, FE_VU_PROTOCOL_BACKEND_REQ) &&
				   fe_dev_has_protocol(dev, FE_VU_PROTOCOL_BACKEND_SEND_FD))) {
		fe_error("%s: the back-end does not offer host notifiers", dev->cfg.path);
		return -EOPNOTSUPP;
	}
	err = fe_vu_set_protocol_features(dev->conn, dev->protocol);
	if (err)
		return err;
	fe_conn_set_reply_ack(dev->conn, fe_dev_has_protocol(dev, FE_VU_PROTOCOL_REPLY_ACK));
	if (fe_dev_has_protocol(dev, FE_VU_PROTOCOL_MQ)) {
		err = fe_vu_get_queue_num(dev->conn, &pairs);
		if (err)
			return err;
		if (pairs < dev->cfg.pairs) {
			fe_error("%s: the back-end has %" PRIu64 " queue pairs, %u are wanted",
				 dev->cfg.path, pairs, dev->cfg.pairs);
			return -EOPNOTSUPP;
		}
	}
	if (fe_dev_has_protocol(dev, FE_VU_PROTOCOL_BACKEND_REQ))
		return fe_vu_set_backend_channel(dev->conn);
	return 0;
}

static int accept_features(struct fe_dev *dev)
{
	uint8_t status;
	int err;

	if (fe_dev_has_protocol(dev, FE_VU_PROTOCOL_STATUS)) {
		err = fe_vu_set_status(dev->conn, FE_STATUS_DRIVER);
		if (err)
			return err;
	}
	err = fe_vu_set_features(dev->conn, dev->features);
	if (err || !fe_dev_has_protocol(dev, FE_VU_PROTOCOL_STATUS) || dev->cfg.legacy)
		return err;
	err = fe_vu_set_status(dev->conn, FE_STATUS_FEATURES_OK);
	if (!err)
		err = fe_vu_get_status(dev->conn, &status);
	if (!err && !(status & VIRTIO_CONFIG_S_FEATURES_OK)) {
		fe_error("%s: features %#" PRIx64 " were not accepted", dev->cfg.path,
			 dev->features);
		err = -EREMOTEIO;
	}
	return err;
}

int fe_dev_negotiate(struct fe_dev *dev)
{
	uint64_t want = wanted_features(&dev->cfg);
	int err;

	err = fe_vu_set_owner(dev->conn);
	if (!err)
		err = fe_vu_get_features(dev->conn, &dev->offered);
	if (err)
		return err;
	if (want & ~dev->offered) {
		fe_error("%s: the back-end does not offer %s (it offers %#" PRIx64 ")",
			 dev->cfg.path, missing_name(want & ~dev->offered), dev->offered);
		return -EOPNOTSUPP;
	}
	dev->features = want | (dev->offered & welcome_features(&dev->cfg));
	dev->protocol = 0;
	if (dev->features & BIT(FE_VU_F_PROTOCOL_FEATURES)) {
		err = negotiate_protocol(dev);
		if (err)
			return err;
	}
	fe_info("%s: features %#" PRIx64 " of %#" PRIx64 ", protocol features %#" PRIx64,
		dev->cfg.path, dev->features, dev->offered, dev->protocol);
	err = accept_features(dev);
	if (!err && dev->control)
		err = fe_dev_find_control(dev);
	if (!err && fe_dev_has_protocol(dev, FE_VU_PROTOCOL_NET_MTU))
		err = fe_vu_net_set_mtu(dev->conn, dev->cfg.host_mtu);
	return err;
}
