/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_vhost.h>

#include "ctrl/vv_ctrl.h"
#include "prm/prm_virtq.h"
#include "vv_provision.h"
#include "vv_steer.h"
#include "vv_virtio.h"

#ifndef VHOST_USER_PROTOCOL_F_CONFIG
#define VHOST_USER_PROTOCOL_F_CONFIG 9
#endif

#define BIT(n) VV_BIT(n)

/* The least an RSS table may have at most: 128 entries (virtio 1.3 5.1.4.1). */
enum { RSS_LOG_TABLE = 7 };

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

/* Features that mean nothing without another one (virtio 1.3 5.1.3.1). */
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

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return !memcmp(mac, none, 6);
}

/* What is asked for and not there. */
static int asked_check(const struct vv_hca_caps *supported, const struct vv_args *asked, char *why,
		       size_t why_len)
{
	if (asked->packed == VV_ON && !(supported->packed && supported->version_1)) {
		snprintf(why, why_len, "packed: the device has no packed rings (packed=on)");
		return -EINVAL;
	}
	if (asked->offloads == VV_ON && !(supported->feature_bits & 1u << PRM_VIRTQ_F_CSUM)) {
		snprintf(why, why_len, "offloads: the device has none (offloads=on)");
		return -EINVAL;
	}
	if (asked->mtu && supported->mtu && asked->mtu > supported->mtu) {
		snprintf(why, why_len, "mtu: more than the port's (%u asked, %u there); raise that",
			 asked->mtu, supported->mtu);
		return -EINVAL;
	}
	/* Else an untrusted guest would receive everybody's frames. */
	if (asked->trust == VV_OFF && !vv_steer_can_filter(supported)) {
		snprintf(why, why_len, "trust: the device cannot filter by address (trust=off)");
		return -EINVAL;
	}
	if (asked->trust == VV_OFF && is_zero(asked->mac) && is_zero(supported->mac)) {
		snprintf(why, why_len,
			 "trust: the port has no address to filter by: give mac= (trust=off)");
		return -EINVAL;
	}
	return 0;
}

/* Features of the control queue (virtio 1.3 5.1.6.5). */
static uint64_t cvq_offered(const struct vv_hca_caps *supported, const struct vv_device *device)
{
	uint64_t features = BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) |
			    BIT(VIRTIO_NET_F_NOTF_COAL) | BIT(VIRTIO_NET_F_VQ_NOTF_COAL) |
			    BIT(VIRTIO_NET_F_DEVICE_STATS);

	if (vv_steer_can_filter(supported))
		features |= BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_RX_EXTRA) |
			    BIT(VIRTIO_NET_F_CTRL_VLAN) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR);
	if (device->hash_types)
		features |= BIT(VIRTIO_NET_F_RSS);
	if (device->features & VV_GUEST_OFFLOADS)
		features |= BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
	return features;
}

/* Features that are fields of the configuration space. */
static uint64_t config_offered(const struct vv_device *device)
{
	uint64_t features = BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_SPEED_DUPLEX);

	if (!is_zero(device->mac))
		features |= BIT(VIRTIO_NET_F_MAC);
	return features;
}

static uint64_t rings_offered(const struct vv_hca_caps *supported, const struct vv_args *asked)
{
	uint64_t features = BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VHOST_USER_F_PROTOCOL_FEATURES);

	if (supported->version_1)
		features |= BIT(VIRTIO_F_VERSION_1);
	if (supported->packed && supported->version_1 && asked->packed != VV_OFF)
		features |= BIT(VIRTIO_F_RING_PACKED);
	return features;
}

static void features_decide(const struct vv_hca_caps *supported, const struct vv_args *asked,
			    struct vv_device *d)
{
	d->features = rings_offered(supported, asked) | BIT(VIRTIO_NET_F_MTU) |
		      offloads_offered(supported->feature_bits, asked->offloads);
	/*
	 * Without a control queue of ours, too: front-ends that make one of their own need the bit
	 * from us. Linux refuses a device that has it and no control queue, so it is offered only
	 * where it is of use.
	 */
	if (d->pairs > 1)
		d->features |= BIT(VIRTIO_NET_F_MQ);
	if (d->cvq)
		d->features |= cvq_offered(supported, d);
	d->protocol_features =
	    BIT(VHOST_USER_PROTOCOL_F_MQ) | BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
	    BIT(VHOST_USER_PROTOCOL_F_NET_MTU) | BIT(VHOST_USER_PROTOCOL_F_SLAVE_REQ) |
	    BIT(VHOST_USER_PROTOCOL_F_SLAVE_SEND_FD) | BIT(VHOST_USER_PROTOCOL_F_HOST_NOTIFIER);
	/* Where there is something to read that was asked for, or that the control queue changes.
	 */
	if (d->cvq || asked->mtu || !is_zero(asked->mac)) {
		d->features |= config_offered(d);
		d->protocol_features |= BIT(VHOST_USER_PROTOCOL_F_CONFIG);
	}
	if (!supported->version_1) /* a legacy device has 32 feature bits */
		d->features &= 0xffffffff;
}

int vv_provision(const struct vv_hca_caps *supported, const struct vv_args *asked,
		 struct vv_device *device, char *why, size_t why_len)
{
	enum vv_switch cvq = asked->cvq == VV_AUTO ? VV_CVQ_DEFAULT : asked->cvq;
	struct vv_device d = {
	    .trusted = asked->trust != VV_OFF,
	    .cvq = cvq == VV_ON,
	    .cvq_core = asked->cvq_core,
	};
	int err = pairs_decide(supported, asked, &d.pairs, why, why_len);

	if (!err)
		err = asked_check(supported, asked, why, why_len);
	if (err)
		return err;
	memcpy(d.mac, is_zero(asked->mac) ? supported->mac : asked->mac, sizeof(d.mac));
	d.mtu = asked->mtu ? asked->mtu : supported->mtu;
	if (!d.mtu)
		d.mtu = VV_MTU_DEFAULT;
	if (d.cvq && d.pairs > 1 && supported->log_max_rqt_size >= RSS_LOG_TABLE &&
	    supported->version_1)
		d.hash_types = VV_CTRL_HASH_TYPES;
	features_decide(supported, asked, &d);
	*device = d;
	return 0;
}

uint16_t vv_provision_queue_bits(uint64_t negotiated, uint64_t offloads_on)
{
	uint16_t bits = 0;
	unsigned int i;

	if (negotiated & (BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6)))
		negotiated |= BIT(VIRTIO_NET_F_CSUM);
	negotiated = needs_keep(negotiated & (~VV_GUEST_OFFLOADS | offloads_on));
	for (i = 0; i < COUNT(offloads); i++)
		if (negotiated & BIT(offloads[i].virtio))
			bits |= 1u << offloads[i].queue;
	return bits;
}

unsigned int vv_provision_cvq_index(uint64_t negotiated, unsigned int pairs, bool config_readable,
				    unsigned int rings)
{
	bool mq = negotiated & (BIT(VIRTIO_NET_F_MQ) | BIT(VIRTIO_NET_F_RSS));

	if (!mq)
		return 2;
	if (config_readable)
		return 2 * pairs;
	return rings == 3 ? 2 : 0;
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
