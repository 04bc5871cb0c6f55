/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices this daemon looks after: made on request or found in the state directory, each a
 * device of the driver behind a vhost-user socket of its own. A change is on disk before it is
 * answered; a device is there wholly or not at all, whenever the daemon dies.
 *
 * Owner: main. Threads: main's alone; guests come and go on librte_vhost's.
 */
#ifndef VDPAD_MANAGER_H
#define VDPAD_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "spec.h"

struct vdpad_config; /* config.h: what the INI file says */
struct vdpad_manager;
struct vdpad_device; /* borrowed from the manager until its del, or destroy */

/* Locks the state directory; EAL is not needed yet. -EBUSY: another daemon has it. */
int vdpad_manager_create(const struct vdpad_config *config, struct vdpad_manager **manager,
			 struct vdpad_error *error);
/* Guests are disconnected, devices removed from the NIC; the state directory keeps them. */
void vdpad_manager_destroy(struct vdpad_manager *manager);

/*
 * Make the devices that the state directory has, and those of the INI file that it does not. What
 * cannot be made is said, kept on disk, shown as failed, and tried again by vdpad_manager_retry.
 */
void vdpad_manager_restore(struct vdpad_manager *manager);
/* Those of an INI file that was read again which there are not yet, or which had failed. */
void vdpad_manager_add_new(struct vdpad_manager *manager, const struct vdpad_config *config);
/* Try a failed device again. */
int vdpad_manager_retry(struct vdpad_manager *manager, const char *name, struct vdpad_error *error);

/* EEXIST: name, socket or address is taken; ENODEV: no such parent; and those of vv_provision(). */
int vdpad_manager_add(struct vdpad_manager *manager, const struct vdpad_spec *spec,
		      struct vdpad_error *error);
int vdpad_manager_del(struct vdpad_manager *manager, const char *name, struct vdpad_error *error);
/* word: mac, mtu or link. */
int vdpad_manager_set(struct vdpad_manager *manager, const char *name, const char *word,
		      const char *value, struct vdpad_error *error);

struct vdpad_device *vdpad_manager_find(struct vdpad_manager *manager, const char *name,
					struct vdpad_error *error); /* NULL: ENODEV */
/* In the order of names; a visit that returns other than 0 ends it, and is returned. */
int vdpad_manager_each(struct vdpad_manager *manager,
		       int (*visit)(void *arg, struct vdpad_device *device), void *arg);
const struct vdpad_config *vdpad_manager_config(const struct vdpad_manager *manager);

const struct vdpad_spec *vdpad_device_spec(const struct vdpad_device *device);
/* DPDK's name of it, for rte_pmd_vdpa_verbs.h. */
const char *vdpad_device_dpdk_name(const struct vdpad_device *device);
/* NULL: it is there; else why it is not, a line. */
const char *vdpad_device_failure(const struct vdpad_device *device);

#endif
