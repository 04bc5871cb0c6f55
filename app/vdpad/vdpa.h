/* SPDX-License-Identifier: BSD-3-Clause */
/* vDPA devices as DPDK has them, by name. Thread: main, after rte_eal_init. */
#ifndef VDPAD_VDPA_H
#define VDPAD_VDPA_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct rte_vdpa_device;

struct vdpad_vdpa {
	struct rte_vdpa_device *vdpa; /* librte_vhost's */
	uint32_t pairs;
	uint64_t features, protocol_features;
};

/* ENODEV: there is none of that name, and which there are; EIO: it does not answer. */
int vdpad_vdpa_find(const char *name, struct vdpad_vdpa *device, struct vdpad_error *error);

#endif
