/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <string.h>

#include "vv_config.h"
#include "vv_virtio.h"

_Static_assert(sizeof(struct virtio_net_config) == 24, "virtio 1.3 5.1.4, without tunnel types");

void vv_config_fill(const struct vv_config *config, uint8_t *bytes, size_t len)
{
	const uint64_t mq = VV_BIT(VIRTIO_NET_F_MQ) | VV_BIT(VIRTIO_NET_F_RSS);
	const uint64_t hash = VV_BIT(VIRTIO_NET_F_RSS) | VV_BIT(VIRTIO_NET_F_HASH_REPORT);
	struct virtio_net_config c = {0};
	uint64_t f = config->features;
	uint16_t status = 0;

	if (f & VV_BIT(VIRTIO_NET_F_MAC))
		memcpy(c.mac, config->mac, sizeof(c.mac));
	if (f & VV_BIT(VIRTIO_NET_F_STATUS)) {
		if (config->link_up)
			status |= VIRTIO_NET_S_LINK_UP;
		if (config->announce && f & VV_BIT(VIRTIO_NET_F_GUEST_ANNOUNCE))
			status |= VIRTIO_NET_S_ANNOUNCE;
		c.status = htole16(status);
	}
	if (f & mq)
		c.max_virtqueue_pairs = htole16(config->pairs);
	if (f & VV_BIT(VIRTIO_NET_F_MTU))
		c.mtu = htole16(config->mtu);
	if (f & VV_BIT(VIRTIO_NET_F_SPEED_DUPLEX)) {
		c.speed = htole32(config->speed_mbps);
		c.duplex = config->full_duplex;
	}
	if (f & hash) {
		c.rss_max_key_size = config->rss_key_max;
		c.supported_hash_types = htole32(config->hash_types);
	}
	if (f & VV_BIT(VIRTIO_NET_F_RSS))
		c.rss_max_indirection_table_length = htole16(config->rss_table_max);

	memset(bytes, 0, len);
	memcpy(bytes, &c, len < sizeof(c) ? len : sizeof(c));
}
