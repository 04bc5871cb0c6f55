/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Feature bits by the names the rules of this folder need (virtio 1.3 5.1.3, 6; 1.4 draft). An enum
 * of our own: <linux/virtio_net.h> of Debian 12 lacks a third of them.
 */
#ifndef VV_BITS_H
#define VV_BITS_H

enum vv_bit {
	VV_B_CSUM = 0,
	VV_B_GUEST_CSUM = 1,
	VV_B_CTRL_GUEST_OFFLOADS = 2,
	VV_B_MTU = 3,
	VV_B_MAC = 5,
	VV_B_GUEST_TSO4 = 7,
	VV_B_GUEST_TSO6 = 8,
	VV_B_GUEST_ECN = 9,
	VV_B_GUEST_UFO = 10,
	VV_B_HOST_TSO4 = 11,
	VV_B_HOST_TSO6 = 12,
	VV_B_HOST_ECN = 13,
	VV_B_HOST_UFO = 14,
	VV_B_CTRL_VQ = 17,
	VV_B_CTRL_RX = 18,
	VV_B_CTRL_VLAN = 19,
	VV_B_CTRL_RX_EXTRA = 20,
	VV_B_GUEST_ANNOUNCE = 21,
	VV_B_MQ = 22,
	VV_B_CTRL_MAC_ADDR = 23,
	VV_B_VERSION_1 = 32,
	VV_B_DEVICE_STATS = 50,
	VV_B_HASH_TUNNEL = 51,
	VV_B_VQ_NOTF_COAL = 52,
	VV_B_NOTF_COAL = 53,
	VV_B_GUEST_USO4 = 54,
	VV_B_GUEST_USO6 = 55,
	VV_B_HOST_USO = 56,
	VV_B_HASH_REPORT = 57,
	VV_B_RSS = 60,
	VV_B_RSC_EXT = 61,
	VV_B_RSS_CONTEXT = 64,
	VV_B_GUEST_UDP_TUNNEL_GSO = 65,
	VV_B_GUEST_UDP_TUNNEL_GSO_CSUM = 66,
	VV_B_HOST_UDP_TUNNEL_GSO = 67,
	VV_B_HOST_UDP_TUNNEL_GSO_CSUM = 68,
};

#endif
