/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the manager's files share: manager.c has changes, manager_restore.c what there is at a start.
 * Thread: main.
 */
#ifndef VDPAD_MANAGER_PRIV_H
#define VDPAD_MANAGER_PRIV_H

#include "config.h"
#include "device.h"
#include "manager.h"
#include "store.h"

struct vdpad_manager {
	const struct vdpad_config *config; /* borrowed */
	struct vdpad_store *store;         /* owned */
	struct vdpad_device **devices;     /* owned, in the order of names */
	unsigned int n;
};

/* Where it is, or where it would be. */
bool vdpad_manager_place(const struct vdpad_manager *m, const char *name, unsigned int *place);
/* So that put_in cannot fail. */
int vdpad_manager_make_room(struct vdpad_manager *m, struct vdpad_error *error);
void vdpad_manager_put_in(struct vdpad_manager *m, struct vdpad_device *d);
void vdpad_manager_take_out(struct vdpad_manager *m, const struct vdpad_device *d);

/* Its socket's path is one, and of no other device. */
int vdpad_manager_check_socket(const struct vdpad_manager *m, const struct vdpad_spec *spec,
			       struct vdpad_error *error);

#endif
