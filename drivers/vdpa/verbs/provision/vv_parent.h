/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A parent: a function of a NIC that can carry vDPA devices, and what it *supports*. Plain data;
 * the driver fills it from the NIC's capabilities (vv_parent_of in ../vv_offer.h), a tool from
 * what another host printed. Nothing here depends on a device, so it can be asked for before there
 * is one (virtio guests have not been heard of yet).
 */
#ifndef VV_PARENT_H
#define VV_PARENT_H

#include <stdbool.h>
#include <stdint.h>

#include "vv_features.h"

/* Which drivers a device serves (virtio 1.3 7.4), also what it is provisioned as. */
enum vv_mode { VV_MODE_TRANSITIONAL, VV_MODE_MODERN, VV_MODE_LEGACY, VV_MODE_N };

const char *vv_mode_name(enum vv_mode mode); /* "transitional", ... */

/* Attributes of a device. The order is that in which they are shown. */
enum vv_attr {
	VV_ATTR_MAC,         /* mac, or address */
	VV_ATTR_MTU,         /* mtu */
	VV_ATTR_MAX_VQP,     /* max_vqp: queue pairs */
	VV_ATTR_MAX_VQ_SIZE, /* max_vq_size: descriptors of a ring */
	VV_ATTR_MAC_TABLE,   /* mac_table_size: filter addresses of each kind a guest can set */
	VV_ATTR_MODE,        /* mode */
	VV_ATTR_TRUST,       /* trust: may the guest choose what it receives? */
	VV_ATTR_CVQ_CORE,    /* cvq_core: CPU that serves the control queue, -1: any near the NIC */
	VV_ATTR_N,
};

const char *vv_attr_name(enum vv_attr attr);

enum { VV_PARENT_NAME_MAX = 64 };

struct vv_parent {
	char name[VV_PARENT_NAME_MAX]; /* of its verbs device: "mlx5_0" */
	uint32_t vendor_id, device_id; /* of PCI; 0: not said */
	struct vv_features supported, mandatory;
	struct vv_features inherited; /* what a device has if nothing is said, a part of supported */
	uint32_t attrs;               /* 1u << enum vv_attr: those that can be set */
	uint32_t modes;               /* 1u << enum vv_mode */
	uint32_t max_vqs;             /* rings of one device, the control queue among them */
	uint32_t max_vqp;
	uint32_t default_vqp;
	uint32_t max_vq_size;
	uint32_t mac_table_size; /* of each kind, unicast and groups; 0: it cannot filter */
	uint32_t vqs_free;       /* data rings that no device has taken */
	uint32_t devices_free;   /* how many more devices it takes */
	uint32_t hash_types;     /* of RSS, VIRTIO_NET_RSS_HASH_TYPE_* */
	uint8_t mac[6];          /* the port's; zero: it does not say */
	uint16_t mtu;            /* the port's; 0: it does not say */
	int numa_node;           /* -1: it does not say */
	/*
	 * Byte orders of legacy guests that are served, when there are legacy guests: little-endian
	 * always, as the hosts of this driver are.
	 */
	bool legacy_big_endian;
};

#endif
