/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device as the operator wants it, and as it was made: what a state file holds, what "dev show"
 * prints, and what "dev add" takes. One form in JSON for all three:
 *
 *	{"dev": {"vm1": {"type": "network", "mgmtdev": "mlx5_0", "vendor_id": 5555, "max_vqs": 5,
 *	                 "max_vq_size": 1024,                        as iproute2's vdpa shows it
 *	                 "socket": "/run/vdpad/vm1", "client": false, "link": "up",
 *	                 "mac": "02:...", "mtu": 1500, "max_vqp": 2, "mac_table_size": 64,
 *	                 "mode": "transitional", "trust": "on", "cvq_core": -1,
 *	                 "device_features": ["CSUM", ...], "device_features_mask": "0x...",
 *	                 "features_default": "inherited", "model": "...",
 *	                 "set": ["mac", "device_features"]}}}        those that the operator chose
 *
 * Taken back in whole it makes the same device (P9, P10). Keys that only tell (type, vendor_id,
 * max_vqs, and what a show adds of the present) are passed over; all others that are not known are
 * errors. "dev add" takes the same keys, fewer of them, with values as text or numbers, and
 * features by name ("csum": "on").
 */
#ifndef VDPAD_SPEC_H
#define VDPAD_SPEC_H

#include <jansson.h>
#include <limits.h>

#include "error.h"
#include "provision/vv_provisioned.h"

enum { VDPAD_NAME_MAX = 32, VDPAD_PATH_MAX = 108 };

struct vdpad_spec {
	char name[VDPAD_NAME_MAX];
	char socket[VDPAD_PATH_MAX];
	bool client;    /* the front-end owns the socket */
	bool link_down; /* by the operator */
	/* As asked for; what is not known yet where device counts. */
	char mgmtdev[VV_PARENT_NAME_MAX];
	struct vv_request request;
	/* As made: counts if made is set. */
	bool made;
	/*
	 * From a device that was shown or saved in whole: of device, what tells of the operator's
	 * choices counts (set, features_set, model, features_default), and is kept when it is made.
	 */
	bool again;
	uint32_t vendor_id;
	struct vv_provisioned device;
};

/* A letter or digit, then those and "._-"; at most VDPAD_NAME_MAX - 1. */
bool vdpad_name_is_valid(const char *name);

/*
 * The attributes of one device (the innermost object above, or the params of dev.add), into spec,
 * which needs no value before: name and mgmtdev from members of these names if they are there.
 */
int vdpad_spec_parse(const json_t *attributes, struct vdpad_spec *spec, struct vdpad_error *error);
/* The same of a device whose name stands outside: {"NAME": {...}}, [dev NAME]. */
int vdpad_spec_parse_named(const char *name, const json_t *attributes, struct vdpad_spec *spec,
			   struct vdpad_error *error);
/* It is made, as this. */
void vdpad_spec_made(struct vdpad_spec *spec, const struct vv_provisioned *device,
		     uint32_t vendor_id);
/*
 * Of a device that is made: the innermost object above; of another what was asked for, so that it
 * can be asked for again. NULL: no memory.
 */
json_t *vdpad_spec_json(const struct vdpad_spec *spec);

#endif
