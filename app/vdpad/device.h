/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One device of the manager's: a device of the driver, and the socket it is behind. Thread: main.
 */
#ifndef VDPAD_DEVICE_H
#define VDPAD_DEVICE_H

#include <rte_dev.h>

#include "manager.h"

struct vdpad_socket;

struct vdpad_device {
	struct vdpad_spec spec;
	char dpdk_name[RTE_DEV_NAME_MAX_LEN];
	bool plugged;                /* DPDK has it */
	struct vdpad_socket *socket; /* owned; NULL: not served */
	bool saved;                  /* the state directory has it */
	char failure[1024];          /* "": it is there */
};

/* Nothing is made yet. NULL: no memory. */
struct vdpad_device *vdpad_device_create(const struct vdpad_spec *spec);
/* Unplugged if it is not yet. NULL is legal. */
void vdpad_device_destroy(struct vdpad_device *device);

/* What it will be, into its spec: as vv_provision(). */
int vdpad_device_provision(struct vdpad_device *device, const struct vdpad_config *config,
			   struct vdpad_error *error);
/* Make what was provisioned, all of it or nothing. */
int vdpad_device_plug(struct vdpad_device *device, const struct vdpad_config *config,
		      struct vdpad_error *error);
/* Its guest is disconnected. What cannot be removed is still plugged. */
int vdpad_device_unplug(struct vdpad_device *device, struct vdpad_error *error);

/* Other values of mac, mtu and link, now. */
int vdpad_device_apply_mac(const struct vdpad_device *device, const uint8_t mac[6],
			   struct vdpad_error *error);
int vdpad_device_apply_mtu(const struct vdpad_device *device, uint16_t mtu,
			   struct vdpad_error *error);
int vdpad_device_apply_link(const struct vdpad_device *device, bool up, struct vdpad_error *error);

#endif
