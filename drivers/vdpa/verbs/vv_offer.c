/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_vhost.h>

#include "ctrl/vv_ctrl.h"
#include "prm/prm_virtq.h"
#include "vv_offer.h"
#include "vv_steer.h"
#include "vv_virtio.h"

#ifndef VHOST_USER_PROTOCOL_F_CONFIG
#define VHOST_USER_PROTOCOL_F_CONFIG 9
#endif

#define BIT(n) VV_BIT(n)

/* Of the control queue, but for MQ. */
#define CVQ_FEATURES                                                                               \
	(BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_RX_EXTRA) | \
	 BIT(VIRTIO_NET_F_CTRL_VLAN) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR) |                           \
	 BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) | BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) |                \
	 BIT(VIRTIO_NET_F_NOTF_COAL) | BIT(VIRTIO_NET_F_VQ_NOTF_COAL) |                            \
	 BIT(VIRTIO_NET_F_DEVICE_STATS) | BIT(VIRTIO_NET_F_RSS))

/* Features that are fields of the configuration space; MTU is of use without it. */
#define CONFIG_FIELDS                                                                              \
	(BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_SPEED_DUPLEX) | BIT(VIRTIO_NET_F_MAC))

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

/* ---- the parent ---- */

static uint64_t offloads_supported(uint16_t queue_bits)
{
	uint64_t features = 0;
	unsigned int i;

	for (i = 0; i < COUNT(offloads); i++)
		if (queue_bits & 1u << offloads[i].queue)
			features |= BIT(offloads[i].virtio);
	return needs_keep(features);
}

/* Features of the control queue (virtio 1.3 5.1.6.5). */
static uint64_t cvq_supported(const struct vv_hca_caps *caps, uint64_t offloads_there)
{
	uint64_t features = BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) |
			    BIT(VIRTIO_NET_F_NOTF_COAL) | BIT(VIRTIO_NET_F_VQ_NOTF_COAL) |
			    BIT(VIRTIO_NET_F_DEVICE_STATS);

	if (vv_steer_can_filter(caps))
		features |= BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_RX_EXTRA) |
			    BIT(VIRTIO_NET_F_CTRL_VLAN) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR);
	if (offloads_there & VV_GUEST_OFFLOADS)
		features |= BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
	return features;
}

static uint64_t features_supported(const struct vv_hca_caps *caps, const struct vv_parent *parent)
{
	uint64_t features = offloads_supported(caps->feature_bits);

	features |= cvq_supported(caps, features) | CONFIG_FIELDS | BIT(VIRTIO_NET_F_MTU) |
		    BIT(VIRTIO_F_ANY_LAYOUT);
	if (parent->max_vqp > 1)
		features |= BIT(VIRTIO_NET_F_MQ);
	if (parent->hash_types)
		features |= BIT(VIRTIO_NET_F_RSS);
	if (!caps->version_1) /* a legacy device has 32 feature bits */
		return features & 0xffffffff;
	features |= BIT(VIRTIO_F_VERSION_1);
	if (caps->packed)
		features |= BIT(VIRTIO_F_RING_PACKED);
	return features;
}

/* Legacy guests know split rings only. */
static uint32_t modes_supported(const struct vv_hca_caps *caps)
{
	if (!caps->version_1)
		return 1u << VV_MODE_LEGACY;
	if (!caps->split)
		return 1u << VV_MODE_MODERN;
	return 1u << VV_MODE_TRANSITIONAL | 1u << VV_MODE_MODERN | 1u << VV_MODE_LEGACY;
}

void vv_parent_of(const struct vv_hca_caps *caps, const char *ibdev, uint32_t vqs_free,
		  uint32_t devices_free, struct vv_parent *parent)
{
	struct vv_parent p;

	memset(&p, 0, sizeof(p));
	snprintf(p.name, sizeof(p.name), "%s", ibdev);
	p.max_vqp = caps->max_queues / 2;
	if (p.max_vqp > VV_PAIRS_MAX)
		p.max_vqp = VV_PAIRS_MAX;
	p.default_vqp = p.max_vqp < VV_PAIRS_DEFAULT ? p.max_vqp : VV_PAIRS_DEFAULT;
	p.max_vqs = 2 * p.max_vqp + 1;
	p.max_vq_size = VV_VQ_SIZE_MAX;
	p.attrs = 1u << VV_ATTR_MAC | 1u << VV_ATTR_MTU | 1u << VV_ATTR_MAX_VQP |
		  1u << VV_ATTR_MAX_VQ_SIZE | 1u << VV_ATTR_MODE | 1u << VV_ATTR_CVQ_CORE;
	if (vv_steer_can_filter(caps)) {
		p.mac_table_size = VV_CTRL_MACS_MAX;
		p.attrs |= 1u << VV_ATTR_MAC_TABLE | 1u << VV_ATTR_TRUST;
	}
	if (p.max_vqp > 1 && caps->log_max_rqt_size >= RSS_LOG_TABLE && caps->version_1)
		p.hash_types = VV_CTRL_HASH_TYPES;
	p.supported = VV_FEATURES_OF(features_supported(caps, &p));
	p.inherited = p.supported;
	if (!caps->split)
		p.mandatory =
		    vv_features_and(p.supported, VV_FEATURES_OF(BIT(VIRTIO_F_RING_PACKED) |
								BIT(VIRTIO_F_VERSION_1)));
	p.modes = modes_supported(caps);
	p.vqs_free = vqs_free;
	p.devices_free = devices_free;
	memcpy(p.mac, caps->mac, sizeof(p.mac));
	p.mtu = caps->mtu;
	p.numa_node = caps->numa_node;
	*parent = p;
}

/* ---- the device ---- */

/* Arguments that stand for features. */
static int switches_apply(const struct vv_parent *parent, const struct vv_args *args,
			  struct vv_request *r, char *why, size_t why_len)
{
	uint64_t off = 0;
	unsigned int i;

	if (args->packed == VV_ON && !vv_features_has(&parent->supported, VIRTIO_F_RING_PACKED)) {
		snprintf(why, why_len, "packed: the device has no packed rings (packed=on)");
		return -EINVAL;
	}
	if (args->offloads == VV_ON && !vv_features_has(&parent->supported, VIRTIO_NET_F_CSUM)) {
		snprintf(why, why_len, "offloads: the device has none (offloads=on)");
		return -EINVAL;
	}
	if (args->packed == VV_ON)
		r->on.word[0] |= BIT(VIRTIO_F_RING_PACKED);
	if (args->packed == VV_OFF)
		off |= BIT(VIRTIO_F_RING_PACKED);
	if (args->offloads == VV_OFF) {
		off |= BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
		for (i = 0; i < COUNT(offloads); i++)
			if (offloads[i].virtio != VIRTIO_NET_F_MRG_RXBUF)
				off |= BIT(offloads[i].virtio);
	}
	/* Single features are said on top of these. */
	r->off.word[0] |= off & ~r->on.word[0];
	if (vv_features_is_empty(vv_features_and(r->on, r->off)))
		return 0;
	snprintf(why, why_len, "packed: on, and the feature RING_PACKED off: say one of them");
	return -EINVAL;
}

/*
 * A device without a control queue of ours. MQ stays: front-ends that make one of their own need
 * the bit from us. Fields of the configuration space do if one of them was asked for.
 */
static void cvq_leave_out(struct vv_device *d)
{
	const uint32_t fields = 1u << VV_ATTR_MTU | 1u << VV_ATTR_MAC;

	d->cvq = false;
	d->hash_types = 0;
	d->features &= ~CVQ_FEATURES;
	if (!(d->provisioned.set & fields)) {
		d->features &= ~CONFIG_FIELDS;
		d->protocol_features &= ~BIT(VHOST_USER_PROTOCOL_F_CONFIG);
	}
	d->provisioned.features.word[0] = d->features & ~BIT(VHOST_USER_F_PROTOCOL_FEATURES);
}

static struct vv_device offer_of(const struct vv_parent *parent, const struct vv_provisioned *p)
{
	struct vv_device d = {
	    .provisioned = *p,
	    .pairs = p->max_vqp,
	    .features = p->features.word[0] | BIT(VHOST_USER_F_PROTOCOL_FEATURES),
	    .protocol_features =
		BIT(VHOST_USER_PROTOCOL_F_MQ) | BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
		BIT(VHOST_USER_PROTOCOL_F_NET_MTU) | BIT(VHOST_USER_PROTOCOL_F_SLAVE_REQ) |
		BIT(VHOST_USER_PROTOCOL_F_SLAVE_SEND_FD) |
		BIT(VHOST_USER_PROTOCOL_F_HOST_NOTIFIER) | BIT(VHOST_USER_PROTOCOL_F_CONFIG),
	    .mtu = p->mtu,
	    .max_vq_size = p->max_vq_size,
	    .mac_table_size = p->mac_table_size,
	    .mode = p->mode,
	    .trusted = p->trust,
	    .cvq = vv_features_has(&p->features, VIRTIO_NET_F_CTRL_VQ),
	    .cvq_core = p->cvq_core,
	};

	memcpy(d.mac, p->mac, sizeof(d.mac));
	if (vv_features_has(&p->features, VIRTIO_NET_F_RSS))
		d.hash_types = parent->hash_types;
	return d;
}

int vv_offer_make(const struct vv_parent *parent, const struct vv_args *args,
		  struct vv_device *device, char *why, size_t why_len)
{
	enum vv_switch cvq = args->cvq == VV_AUTO ? VV_CVQ_DEFAULT : args->cvq;
	struct vv_request request = args->request;
	struct vv_provisioned provisioned;
	int err = switches_apply(parent, args, &request, why, why_len);

	if (!err)
		err = vv_provision(parent, &request, &provisioned, why, why_len);
	if (err)
		return err;
	*device = offer_of(parent, &provisioned);
	if (cvq == VV_OFF)
		cvq_leave_out(device);
	return 0;
}

/* ---- what is negotiated ---- */

uint16_t vv_offer_queue_bits(uint64_t negotiated, uint64_t offloads_on)
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

unsigned int vv_offer_cvq_index(uint64_t negotiated, unsigned int pairs, bool config_readable,
				unsigned int rings)
{
	bool mq = negotiated & (BIT(VIRTIO_NET_F_MQ) | BIT(VIRTIO_NET_F_RSS));

	if (!mq)
		return 2;
	if (config_readable)
		return 2 * pairs;
	return rings == 3 ? 2 : 0;
}

int vv_offer_check(uint64_t negotiated, const struct vv_device *device, char *why, size_t why_len)
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
	if (device->mode == VV_MODE_MODERN && !(negotiated & BIT(VIRTIO_F_VERSION_1))) {
		snprintf(
		    why, why_len,
		    "features: no VERSION_1, and the device is for modern guests (0x%llx): mode "
		    "transitional serves both",
		    (unsigned long long)negotiated);
		return -EINVAL;
	}
	return 0;
}
