/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "../vq/dp.h"
#include "hca_priv.h"
#include "profile.h"

const struct hca_profile hca_profile_default = {
    .name = "cx6dx",
    .fw_version = "22.35.1012",
    .pci_device = 0x101d,
    .virtio = true,
    .split = true,
    .packed = true,
    .version_1 = true,
    .offloads = HCA_OFFLOAD_MRG_RXBUF | HCA_OFFLOAD_HOST_ECN | HCA_OFFLOAD_GUEST_ECN |
		HCA_OFFLOAD_GUEST_TSO6 | HCA_OFFLOAD_GUEST_TSO4 | HCA_OFFLOAD_GUEST_CSUM |
		HCA_OFFLOAD_CSUM | HCA_OFFLOAD_HOST_TSO6 | HCA_OFFLOAD_HOST_TSO4,
    .vnet_modify_ext = true,
    .addr_modify = true,
    .index_modify = true,
    .freeze_to_rdy = true,
    .queue_counters = true,
    .dirty_log = true,
    .flow_counters = true,
    .flow_tables = true,
    .max_ft_level = 15,
    .log_max_ft_size = 16,
    .max_queues = 256,
    .max_queue_size = 32768,
    .max_mtu = 9216,
};

/* One offload in its two numberings. */
static const struct {
	uint16_t offload;
	uint32_t flag;
} numbers[] = {
    {HCA_OFFLOAD_MRG_RXBUF,  VQ_F_MRG_RXBUF },
    {HCA_OFFLOAD_HOST_ECN,   VQ_F_HOST_ECN  },
    {HCA_OFFLOAD_GUEST_ECN,  VQ_F_GUEST_ECN },
    {HCA_OFFLOAD_GUEST_TSO6, VQ_F_GUEST_TSO6},
    {HCA_OFFLOAD_GUEST_TSO4, VQ_F_GUEST_TSO4},
    {HCA_OFFLOAD_GUEST_CSUM, VQ_F_GUEST_CSUM},
    {HCA_OFFLOAD_CSUM,       VQ_F_CSUM      },
    {HCA_OFFLOAD_HOST_TSO6,  VQ_F_HOST_TSO6 },
    {HCA_OFFLOAD_HOST_TSO4,  VQ_F_HOST_TSO4 },
};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

uint32_t profile_flags(uint16_t offloads)
{
	uint32_t flags = 0;
	unsigned int i;

	for (i = 0; i < NUMBERS; i++)
		if (offloads & numbers[i].offload)
			flags |= numbers[i].flag;
	return flags;
}

int profile_take(struct hca_profile *profile, const struct hca_profile *from)
{
	const struct hca_profile *p = from ? from : &hca_profile_default;
	uint16_t known = 0;
	unsigned int i;

	for (i = 0; i < NUMBERS; i++)
		known |= numbers[i].offload;
	if (p->offloads & ~known)
		return -EINVAL;
	if (p->virtio && (p->max_queues < 2 || p->max_queues > LIM_VIRTQUEUES ||
			  !p->max_queue_size || p->max_queue_size > LIM_VQ_SIZE ||
			  p->max_queue_size & (p->max_queue_size - 1) || !(p->split || p->packed)))
		return -EINVAL;
	if (p->max_mtu < LIM_MTU_MIN || p->max_mtu > LIM_MTU)
		return -EINVAL;
	if (p->flow_tables && (!p->max_ft_level || p->max_ft_level > DP_RX_LEVEL_MAX ||
			       p->log_max_ft_size > LIM_LOG_FT_SIZE))
		return -EINVAL;
	*profile = *p;
	for (i = 0; i < NUMBERS; i++)
		if (!(dp_features() & numbers[i].flag))
			profile->offloads &= (uint16_t)~numbers[i].offload;
	return 0;
}
