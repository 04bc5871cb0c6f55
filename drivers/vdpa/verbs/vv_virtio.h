/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of the virtio specification (1.3 and 1.4 draft) that <linux/virtio_net.h> of Debian 12 does
 * not have yet. Names and values as newer headers have them.
 */
#ifndef VV_VIRTIO_H
#define VV_VIRTIO_H

#include <stdint.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#define VV_BIT(n) (1ull << (n))

/* Feature bits (virtio 1.3 5.1.3). */
#ifndef VIRTIO_NET_F_DEVICE_STATS
#define VIRTIO_NET_F_DEVICE_STATS 50
#endif
#ifndef VIRTIO_NET_F_VQ_NOTF_COAL
#define VIRTIO_NET_F_VQ_NOTF_COAL 52
#endif
#ifndef VIRTIO_NET_F_NOTF_COAL
#define VIRTIO_NET_F_NOTF_COAL 53
#endif
#ifndef VIRTIO_F_IN_ORDER
#define VIRTIO_F_IN_ORDER 35
#endif

/* Offloads a guest may switch while it runs (virtio 1.3 5.1.6.5.8.1). */
#define VV_GUEST_OFFLOADS                                                                          \
	(VV_BIT(VIRTIO_NET_F_GUEST_CSUM) | VV_BIT(VIRTIO_NET_F_GUEST_TSO4) |                       \
	 VV_BIT(VIRTIO_NET_F_GUEST_TSO6) | VV_BIT(VIRTIO_NET_F_GUEST_ECN) |                        \
	 VV_BIT(VIRTIO_NET_F_GUEST_UFO))

/* Classes and commands of the control queue (virtio 1.3 5.1.6.5). */
enum {
	VV_CTRL_NOTF_COAL = 6,
	VV_CTRL_NOTF_COAL_TX_SET = 0,
	VV_CTRL_NOTF_COAL_RX_SET = 1,
	VV_CTRL_NOTF_COAL_VQ_SET = 2,
	VV_CTRL_NOTF_COAL_VQ_GET = 3,
	VV_CTRL_STATS = 8,
	VV_CTRL_STATS_QUERY = 0,
	VV_CTRL_STATS_GET = 1,
};

/* Types of statistics (1.4 draft), as a bitmap asks for them and as a reply is marked. */
#define VV_STATS_TYPE_CVQ (1ull << 32)
enum { VV_STATS_REPLY_CVQ = 32 };

enum { VV_VLANS = 4096 };

#endif
