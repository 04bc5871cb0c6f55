/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of virtio-net feature bits (virtio 1.3 sections 5.1.3 and 6), as they stand in options,
 * scripts and messages: in small letters and without prefix. Pure functions.
 */
#ifndef FRONTEND_FEATURE_NAMES_H
#define FRONTEND_FEATURE_NAMES_H

#include <stdint.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

/* Bits that Debian 12's headers do not have. */
#ifndef VIRTIO_NET_F_DEVICE_STATS
#define VIRTIO_NET_F_DEVICE_STATS 50
#endif
#ifndef VIRTIO_NET_F_VQ_NOTF_COAL
#define VIRTIO_NET_F_VQ_NOTF_COAL 52
#endif
#ifndef VIRTIO_NET_F_NOTF_COAL
#define VIRTIO_NET_F_NOTF_COAL 53
#endif

#define FE_BIT(n) (1ull << (n))

/* What a driver with a control queue takes where it is offered. */
#define FE_FEATURES_CONTROL                                                                        \
	(FE_BIT(VIRTIO_NET_F_CTRL_VQ) | FE_BIT(VIRTIO_NET_F_CTRL_RX) |                             \
	 FE_BIT(VIRTIO_NET_F_CTRL_RX_EXTRA) | FE_BIT(VIRTIO_NET_F_CTRL_VLAN) |                     \
	 FE_BIT(VIRTIO_NET_F_CTRL_MAC_ADDR) | FE_BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) |                \
	 FE_BIT(VIRTIO_NET_F_MQ) | FE_BIT(VIRTIO_NET_F_RSS) |                                      \
	 FE_BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) | FE_BIT(VIRTIO_NET_F_NOTF_COAL) |               \
	 FE_BIT(VIRTIO_NET_F_VQ_NOTF_COAL) | FE_BIT(VIRTIO_NET_F_DEVICE_STATS) |                   \
	 FE_BIT(VIRTIO_NET_F_MAC) | FE_BIT(VIRTIO_NET_F_STATUS) | FE_BIT(VIRTIO_NET_F_MTU) |       \
	 FE_BIT(VIRTIO_NET_F_SPEED_DUPLEX))

/* NULL: a bit without a name here. */
const char *fe_feature_name(unsigned int bit);
/* "ctrl_rx,ctrl_vlan", "control" for all of the above, "none". -EINVAL: an unknown name. */
int fe_features_parse(const char *text, uint64_t *features);

#endif
