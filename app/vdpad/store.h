/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state directory: a file NAME.json for each device, {"version": 1, "dev": {NAME: {...}}}
 * (spec.h), "lock" with the process that has it, and names that begin with a dot while a change is
 * under way:
 *
 *	.NAME.new   a device that is being made or changed; it counts once it is renamed
 *	.NAME.gone  a device that is being removed; it has ended to count
 *
 * Whenever the daemon dies, a device is there as it was before the change or after it; what is left
 * of the other tells what of it may still lie around (vdpad_store_sweep). Files that are not
 * understood are never written to.
 *
 * Owner: the manager. Thread: main.
 */
#ifndef VDPAD_STORE_H
#define VDPAD_STORE_H

#include "error.h"
#include "spec.h"

struct vdpad_store;

/* Makes the directory if it is the last part of the path. EBUSY: another process has it. */
int vdpad_store_open(const char *dir, struct vdpad_store **store, struct vdpad_error *error);
/* NULL is legal. */
void vdpad_store_close(struct vdpad_store *store);

/* One of them. ENOENT; EUCLEAN: it is torn, or of somebody else. */
int vdpad_store_read(const struct vdpad_store *store, const char *name, struct vdpad_spec *spec,
		     struct vdpad_error *error);
/*
 * All of them: those that cannot be read with NULL and why, with the name of the file where that is
 * not a device's.
 */
int vdpad_store_each(const struct vdpad_store *store,
		     void (*visit)(void *arg, const char *name, const struct vdpad_spec *spec,
				   const struct vdpad_error *why),
		     void *arg, struct vdpad_error *error);
/* What was left in the middle of a change, removed after a visit: was is what it was of. */
void vdpad_store_sweep(const struct vdpad_store *store,
		       void (*visit)(void *arg, const struct vdpad_spec *was), void *arg);

/*
 * A new or changed device, in two steps: the first takes the room on the disk, the second makes it
 * count, durably. After an error of either what was before counts.
 */
int vdpad_store_prepare(const struct vdpad_store *store, const struct vdpad_spec *spec,
			struct vdpad_error *error);
int vdpad_store_commit(const struct vdpad_store *store, const char *name,
		       struct vdpad_error *error);
/* Not after all. */
void vdpad_store_abort(const struct vdpad_store *store, const char *name);

/* It has ended to count, durably; nothing of it is left once it is forgotten. 0 if it never was. */
int vdpad_store_remove(const struct vdpad_store *store, const char *name,
		       struct vdpad_error *error);
void vdpad_store_forget(const struct vdpad_store *store, const char *name);

#endif
