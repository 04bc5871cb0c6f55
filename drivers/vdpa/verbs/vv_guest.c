/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/virtio_config.h>
#include <rte_vhost.h>

#include "vv_guest.h"

static int ring_read(int vid, unsigned int queue, bool packed, struct vv_ring *ring)
{
	struct rte_vhost_vring v;
	uint16_t used;

	if (rte_vhost_get_vhost_vring(vid, queue, &v) ||
	    rte_vhost_get_vring_base(vid, queue, &ring->base, &used))
		return -EINVAL;
	ring->size = v.size;
	if (packed) {
		ring->desc = v.desc_packed;
		ring->driver = v.driver_event;
		ring->device = v.device_event;
	} else {
		ring->desc = v.desc;
		ring->driver = v.avail;
		ring->device = v.used;
	}
	ring->kick_fd = v.kickfd;
	ring->call_fd = v.callfd;
	ring->enabled = true;
	return 0;
}

static bool is_packed(int vid)
{
	uint64_t features;

	return !rte_vhost_get_negotiated_features(vid, &features) &&
	       features & 1ull << VIRTIO_F_RING_PACKED;
}

static bool is_config_readable(int vid)
{
	uint64_t protocol;

	return !rte_vhost_get_negotiated_protocol_features(vid, &protocol) &&
	       protocol & 1ull << VHOST_USER_PROTOCOL_F_CONFIG;
}

/*
 * When a changed memory table is refused, librte_vhost is left without any, unmapped, but does not
 * stop the rings; asking it for the table would then crash it. The rings' own pages tell.
 */
static bool rings_mapped(int vid, const bool *enabled, unsigned int n)
{
	uintptr_t page = sysconf(_SC_PAGESIZE);
	struct rte_vhost_vring v;
	unsigned char resident;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!enabled[i] || rte_vhost_get_vhost_vring(vid, i, &v))
			continue;
		if (mincore((void *)((uintptr_t)v.desc & ~(page - 1)), 1, &resident))
			return false;
	}
	return true;
}

static int regions_read(int vid, struct vv_guest *guest)
{
	struct rte_vhost_memory *mem;
	uint32_t i;

	if (rte_vhost_get_mem_table(vid, &mem))
		return -EINVAL;
	if (mem->nregions > VV_REGIONS_MAX) {
		free(mem);
		return -E2BIG;
	}
	for (i = 0; i < mem->nregions; i++)
		guest->regions[i] = (struct vv_region){
		    .gpa = mem->regions[i].guest_phys_addr,
		    .size = mem->regions[i].size,
		    .hva = (void *)(uintptr_t)mem->regions[i].host_user_addr,
		};
	guest->n_regions = mem->nregions;
	free(mem);
	return 0;
}

int vv_guest_read(int vid, const bool *enabled, unsigned int rings, struct vv_guest *guest)
{
	unsigned int i, n = rte_vhost_get_vring_num(vid);
	bool packed = is_packed(vid);
	int err;

	if (rte_vhost_get_negotiated_features(vid, &guest->features))
		return -EINVAL;
	if (rte_vhost_get_mtu(vid, &guest->mtu))
		guest->mtu = 0;
	guest->config_readable = is_config_readable(vid);
	guest->n_rings = n < rings ? n : rings;
	if (!rings_mapped(vid, enabled, guest->n_rings))
		return -EFAULT;
	err = regions_read(vid, guest);
	if (err)
		return err;
	for (i = 0; i < guest->n_rings; i++) {
		if (!enabled[i])
			continue;
		err = ring_read(vid, i, packed, &guest->rings[i]);
		if (err)
			return err;
	}
	return 0;
}

int vv_guest_read_ring(int vid, unsigned int queue, struct vv_ring *ring)
{
	return ring_read(vid, queue, is_packed(vid), ring);
}
