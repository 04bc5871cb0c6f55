/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A parent as "mgmtdev show" prints it, in JSON, and back: what another host printed is as good as
 * a parent of our own. iproute2's keys first. Depends on no daemon; tools use it too.
 *
 * Threads: pure functions.
 */
#ifndef VDPAD_PARENT_JSON_H
#define VDPAD_PARENT_JSON_H

#include <jansson.h>

#include "error.h"
#include "provision/vv_parent.h"

/* All of it but its name. NULL: no memory. */
json_t *vdpad_parent_json(const struct vv_parent *parent);

/*
 * Such an object. Keys that are not known are passed over, as later versions may have more;
 * dev_features, iproute2's word, stands in for supported_features. -EINVAL.
 */
int vdpad_parent_parse(const char *name, const json_t *object, struct vv_parent *parent,
		       struct vdpad_error *error);

/*
 * What n documents {"mgmtdev": {NAME: {...}, ...}} have in common, all parents of all of them, as
 * such a document with one parent, "baseline". -EINVAL: also if they have nothing in common.
 */
int vdpad_parent_baseline(const json_t *documents, json_t **common, struct vdpad_error *error);

#endif
