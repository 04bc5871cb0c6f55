/* SPDX-License-Identifier: BSD-3-Clause */
/* The vDPA devices that DPDK has found, by name. Thread: main, after rte_eal_init. */
#ifndef VDPAD_DEVICES_H
#define VDPAD_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

struct rte_vdpa_device;

struct vdpad_device {
	struct rte_vdpa_device *vdpa; /* librte_vhost's */
	uint32_t pairs;
	uint64_t features, protocol_features;
};

/* -ENODEV: there is none of that name; said which there are. -EIO: it does not answer; said so. */
int vdpad_device_find(const char *name, struct vdpad_device *device);

#endif
