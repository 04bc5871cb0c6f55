/* SPDX-License-Identifier: BSD-3-Clause */
#include "feature_names.h"

#include <errno.h>
#include <string.h>

static const struct {
	unsigned int bit;
	const char *name;
} names[] = {
    {VIRTIO_NET_F_CSUM,                "csum"               },
    {VIRTIO_NET_F_GUEST_CSUM,          "guest_csum"         },
    {VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, "ctrl_guest_offloads"},
    {VIRTIO_NET_F_MTU,                 "mtu"                },
    {VIRTIO_NET_F_MAC,                 "mac"                },
    {VIRTIO_NET_F_GUEST_TSO4,          "guest_tso4"         },
    {VIRTIO_NET_F_GUEST_TSO6,          "guest_tso6"         },
    {VIRTIO_NET_F_GUEST_ECN,           "guest_ecn"          },
    {VIRTIO_NET_F_HOST_TSO4,           "host_tso4"          },
    {VIRTIO_NET_F_HOST_TSO6,           "host_tso6"          },
    {VIRTIO_NET_F_HOST_ECN,            "host_ecn"           },
    {VIRTIO_NET_F_MRG_RXBUF,           "mrg_rxbuf"          },
    {VIRTIO_NET_F_STATUS,              "status"             },
    {VIRTIO_NET_F_CTRL_VQ,             "ctrl_vq"            },
    {VIRTIO_NET_F_CTRL_RX,             "ctrl_rx"            },
    {VIRTIO_NET_F_CTRL_VLAN,           "ctrl_vlan"          },
    {VIRTIO_NET_F_CTRL_RX_EXTRA,       "ctrl_rx_extra"      },
    {VIRTIO_NET_F_GUEST_ANNOUNCE,      "guest_announce"     },
    {VIRTIO_NET_F_MQ,                  "mq"                 },
    {VIRTIO_NET_F_CTRL_MAC_ADDR,       "ctrl_mac_addr"      },
    {VIRTIO_F_ANY_LAYOUT,              "any_layout"         },
    {VIRTIO_RING_F_INDIRECT_DESC,      "indirect"           },
    {VIRTIO_RING_F_EVENT_IDX,          "event_idx"          },
    {VIRTIO_F_VERSION_1,               "version_1"          },
    {VIRTIO_F_RING_PACKED,             "packed"             },
    {VIRTIO_NET_F_DEVICE_STATS,        "device_stats"       },
    {VIRTIO_NET_F_VQ_NOTF_COAL,        "vq_notf_coal"       },
    {VIRTIO_NET_F_NOTF_COAL,           "notf_coal"          },
    {VIRTIO_NET_F_HASH_REPORT,         "hash_report"        },
    {VIRTIO_NET_F_RSS,                 "rss"                },
    {VIRTIO_NET_F_SPEED_DUPLEX,        "speed_duplex"       },
};

#define COUNT (sizeof(names) / sizeof(names[0]))

const char *fe_feature_name(unsigned int bit)
{
	for (size_t i = 0; i < COUNT; i++)
		if (names[i].bit == bit)
			return names[i].name;
	return NULL;
}

static int one(const char *name, size_t len, uint64_t *feature)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0) {
			*feature = FE_BIT(names[i].bit);
			return 0;
		}
	}
	return -EINVAL;
}

int fe_features_parse(const char *text, uint64_t *features)
{
	uint64_t all = 0, feature;
	size_t len;

	if (strcmp(text, "none") == 0) {
		*features = 0;
		return 0;
	}
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (len == strlen("control") && memcmp(text, "control", len) == 0)
			feature = FE_FEATURES_CONTROL;
		else if (one(text, len, &feature))
			return -EINVAL;
		all |= feature;
		if (!text[len])
			break;
	}
	*features = all;
	return 0;
}
