/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <rte_vhost.h>

#include "prm/prm_virtq.h"
#include "vv_provision.h"

#define BIT(n) (1ull << (n))

/* Device offload bits: which virtio feature is which bit of a queue. */
static const struct {
	uint8_t virtio, queue;
} offloads[] = {
    {VIRTIO_NET_F_CSUM,       PRM_VIRTQ_F_CSUM      },
    {VIRTIO_NET_F_GUEST_CSUM, PRM_VIRTQ_F_GUEST_CSUM},
    {VIRTIO_NET_F_GUEST_TSO4, PRM_VIRTQ_F_GUEST_TSO4},
    {VIRTIO_NET_F_GUEST_TSO6, PRM_VIRTQ_F_GUEST_TSO6},
    {VIRTIO_NET_F_GUEST_ECN,  PRM_VIRTQ_F_GUEST_ECN },
    {VIRTIO_NET_F_HOST_TSO4,  PRM_VIRTQ_F_HOST_TSO4 },
    {VIRTIO_NET_F_HOST_TSO6,  PRM_VIRTQ_F_HOST_TSO6 },
    {VIRTIO_NET_F_HOST_ECN,   PRM_VIRTQ_F_HOST_ECN  },
    {VIRTIO_NET_F_MRG_RXBUF,  PRM_VIRTQ_F_MRG_RXBUF },
};

/* Features that mean nothing without another one (virtio 1.2 5.1.3.1). */
static const struct {
	uint8_t feature;
	uint64_t needs_one_of;
} needs[] = {
    {VIRTIO_NET_F_GUEST_TSO4, BIT(VIRTIO_NET_F_GUEST_CSUM)                               },
    {VIRTIO_NET_F_GUEST_TSO6, BIT(VIRTIO_NET_F_GUEST_CSUM)                               },
    {VIRTIO_NET_F_GUEST_ECN,  BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6)},
    {VIRTIO_NET_F_HOST_TSO4,  BIT(VIRTIO_NET_F_CSUM)                                     },
    {VIRTIO_NET_F_HOST_TSO6,  BIT(VIRTIO_NET_F_CSUM)                                     },
    {VIRTIO_NET_F_HOST_ECN,   BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6)  },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In the table's order, so that what needs a feature that has gone goes as well. */
static uint64_t needs_keep(uint64_t features)
{
	unsigned int i;

	for (i = 0; i < COUNT(needs); i++)
		if (!(features & needs[i].needs_one_of))
			features &= ~BIT(needs[i].feature);
	return features;
}

static uint64_t offloads_offered(uint16_t queue_bits, enum vv_switch asked)
{
	uint64_t features = 0;
	unsigned int i;

	if (asked == VV_OFF) /* buffers that merge are no work taken off the guest */
		queue_bits &= 1u << PRM_VIRTQ_F_MRG_RXBUF;
	for (i = 0; i < COUNT(offloads); i++)
		if (queue_bits & 1u << offloads[i].queue)
			features |= BIT(offloads[i].virtio);
	return needs_keep(features);
}

static int pairs_decide(const struct vv_hca_caps *supported, const struct vv_args *asked,
			unsigned int *pairs, char *why, size_t why_len)
{
	unsigned int max = supported->max_queues / 2;

	if (max > VV_PAIRS_MAX)
		max = VV_PAIRS_MAX;
	if (asked->queues > max) {
		snprintf(why, why_len,
			 "queues: more pairs than the device has (%u asked, %u there)",
			 asked->queues, max);
		return -EINVAL;
	}
	if (asked->queues)
		*pairs = asked->queues;
	else
		*pairs = max < VV_PAIRS_DEFAULT ? max : VV_PAIRS_DEFAULT;
	return 0;
}

int vv_provision(const struct vv_hca_caps *supported, const struct vv_args *asked,
		 struct vv_device *device, char *why, size_t why_len)
{
	struct vv_device d = {0};
	int err = pairs_decide(supported, asked, &d.pairs, why, why_len);

	if (err)
		return err;
	if (asked->packed == VV_ON && !(supported->packed && supported->version_1)) {
		snprintf(why, why_len, "packed: the device has no packed rings (packed=on)");
		return -EINVAL;
	}

	if (asked->offloads == VV_ON && !(supported->feature_bits & 1u << PRM_VIRTQ_F_CSUM)) {
		snprintf(why, why_len, "offloads: the device has none (offloads=on)");
		return -EINVAL;
	}

	d.features = BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VHOST_USER_F_PROTOCOL_FEATURES) |
		     BIT(VIRTIO_NET_F_MTU) |
		     offloads_offered(supported->feature_bits, asked->offloads);
	if (supported->version_1)
		d.features |= BIT(VIRTIO_F_VERSION_1);
	if (supported->packed && supported->version_1 && asked->packed != VV_OFF)
		d.features |= BIT(VIRTIO_F_RING_PACKED);
	/*
	 * Guests may use MQ through a control queue only. There is none here; front-ends that make
	 * one of their own need the bit from us, and Linux refuses a device with it and without a
	 * control queue, so it is offered only where it is of use.
	 */
	if (d.pairs > 1)
		d.features |= BIT(VIRTIO_NET_F_MQ);

	d.protocol_features =
	    BIT(VHOST_USER_PROTOCOL_F_MQ) | BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
	    BIT(VHOST_USER_PROTOCOL_F_NET_MTU) | BIT(VHOST_USER_PROTOCOL_F_SLAVE_REQ) |
	    BIT(VHOST_USER_PROTOCOL_F_SLAVE_SEND_FD) | BIT(VHOST_USER_PROTOCOL_F_HOST_NOTIFIER);
	*device = d;
	return 0;
}

uint16_t vv_provision_queue_bits(uint64_t negotiated)
{
	uint16_t bits = 0;
	unsigned int i;

	if (negotiated & (BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6)))
		negotiated |= BIT(VIRTIO_NET_F_CSUM);
	negotiated = needs_keep(negotiated);
	for (i = 0; i < COUNT(offloads); i++)
		if (negotiated & BIT(offloads[i].virtio))
			bits |= 1u << offloads[i].queue;
	return bits;
}

int vv_provision_check(uint64_t negotiated, const struct vv_device *device, char *why,
		       size_t why_len)
{
	uint64_t extra = negotiated & ~device->features;

	if (extra) {
		snprintf(why, why_len, "features: not offered (0x%llx)", (unsigned long long)extra);
		return -EINVAL;
	}
	if (negotiated & BIT(VIRTIO_F_RING_PACKED) && !(negotiated & BIT(VIRTIO_F_VERSION_1))) {
		snprintf(why, why_len, "features: packed rings without VERSION_1 (0x%llx)",
			 (unsigned long long)negotiated);
		return -EINVAL;
	}
	return 0;
}
