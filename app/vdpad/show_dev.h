/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is told of devices, one or all of them. Threads: main's alone; asks the driver, so waits for
 * a device's control lock at most.
 */
#ifndef VDPAD_SHOW_DEV_H
#define VDPAD_SHOW_DEV_H

#include <jansson.h>

#include "error.h"
#include "manager.h"

/* What is told of one device: NULL and code 0 for "no memory". code -ENODEV: it is not there. */
typedef int vdpad_show_one(const struct vdpad_device *device, json_t **told,
			   struct vdpad_error *error);

/*
 * {what: {NAME: ..., ...}} of the device of that name; name NULL: of all, those left out that one
 * says -ENODEV of (one that is not there can only be told that of).
 */
int vdpad_show(struct vdpad_manager *manager, const char *name, const char *what,
	       vdpad_show_one *one, json_t **result, struct vdpad_error *error);

vdpad_show_one vdpad_show_device; /* as dev.show */

/* "running", "connected", "idle", or "failed": then reason says why; valid until the next call. */
const char *vdpad_show_status(const struct vdpad_device *device, const char **reason);

/* -ENODEV: the device has failed and waits for "dev retry"; why is said. */
int vdpad_show_is_there(const struct vdpad_device *device, struct vdpad_error *error);

#endif
