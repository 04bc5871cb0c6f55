/* SPDX-License-Identifier: BSD-3-Clause */
/* The methods about parents: what they can do, alone and together, and what could move to one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_net.h>

#include <rte_pmd_vdpa_verbs.h>

#include "config.h"
#include "manager.h"
#include "parent_json.h"
#include "provision/vv_model.h"
#include "rpc_method.h"
#include "show_json.h"
#include "spec.h"

static int find_parent(const char *name, struct vv_parent *parent, struct vdpad_error *error)
{
	char why[sizeof(error->text) - 96] = "";
	int err = rte_pmd_vdpa_verbs_parent(name, parent, why, sizeof(why));

	if (err)
		return vdpad_fail(error, -err, "mgmtdev", "mgmtdev %.64s: %s", name,
				  why[0] ? why : strerror(-err));
	return 0;
}

/* ---- mgmtdev show ---- */

static void add_parent(void *arg, const struct vv_parent *parent)
{
	vdpad_json_put(arg, parent->name, vdpad_parent_json(parent));
}

int vdpad_rpc_mgmtdev_show(struct vdpad_manager *manager, const json_t *params, json_t **result,
			   struct vdpad_error *error)
{
	const char *name = json_string_value(json_object_get(params, "mgmtdev"));
	json_t *all = json_object();
	struct vv_parent parent;
	int err;

	if (name) {
		err = find_parent(name, &parent, error);
		if (!err)
			add_parent(&all, &parent);
	} else {
		err = rte_pmd_vdpa_verbs_parents(add_parent, NULL, &all);
		if (err)
			vdpad_fail(error, -err, "", "the NICs cannot be listed: %s",
				   strerror(-err));
	}
	if (err) {
		json_decref(all);
		return err;
	}
	*result = json_object();
	vdpad_json_put(result, "mgmtdev", all);
	return 0;
}

/* ---- baseline ---- */

int vdpad_rpc_baseline(struct vdpad_manager *manager, const json_t *params, json_t **result,
		       struct vdpad_error *error)
{
	return vdpad_parent_baseline(json_object_get(params, "mgmtdevs"), result, error);
}

/* ---- dev compat ---- */

/*
 * The device that a whole document of one stands for. Nothing may be left to the parent here: what
 * it would fill in is what is to be compared.
 */
static int whole(const struct vdpad_spec *spec, struct vv_provisioned *device,
		 struct vdpad_error *error)
{
	const struct vv_request *r = &spec->request;
	/* A device without the feature MAC, or MTU, has none (vv_provisioned_attr). */
	const uint32_t none =
	    (vv_features_has(&r->mask, VIRTIO_NET_F_MAC) ? 0 : 1u << VV_ATTR_MAC) |
	    (vv_features_has(&r->mask, VIRTIO_NET_F_MTU) ? 0 : 1u << VV_ATTR_MTU);
	uint32_t missing = ((1u << VV_ATTR_N) - 1) & ~none & ~r->attrs;
	const char *word =
	    missing ? vv_attr_name((enum vv_attr)__builtin_ctz(missing)) : "device_features_mask";

	if (missing || !r->has_mask)
		return vdpad_fail(error, EINVAL, word,
				  "device %s: '%s' is missing: give what 'dev show -j' of vdpactl "
				  "prints",
				  spec->name, word);
	*device = (struct vv_provisioned){
	    .features = r->mask,
	    .mtu = r->mtu,
	    .max_vqp = r->max_vqp,
	    .max_vq_size = r->max_vq_size,
	    .mac_table_size = r->mac_table_size,
	    .mode = r->mode,
	    .trust = r->trust,
	    .cvq_core = r->cvq_core,
	    .set = r->attrs,
	    .features_set = true,
	};
	memcpy(device->mac, r->mac, sizeof(device->mac));
	snprintf(device->parent, sizeof(device->parent), "%s", spec->mgmtdev);
	return 0;
}

static int parse_choices(const json_t *allow, unsigned int *choices, struct vdpad_error *error)
{
	const json_t *item;
	size_t i;

	*choices = 0;
	json_array_foreach(allow, i, item)
	{
		const char *word = json_string_value(item);

		if (!word || strcmp(word, "mac_table"))
			return vdpad_fail(error, EINVAL, "allow",
					  "'allow': '%.32s' is nothing that can be allowed; it can "
					  "be: mac_table",
					  word ? word : "?");
		*choices |= VV_COMPAT_MAC_TABLE;
	}
	return 0;
}

/* A line of why for each thing in the way. */
static json_t *lines(char *why)
{
	json_t *array = json_array();
	char *rest, *line;

	for (line = strtok_r(why, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		vdpad_json_append(&array, vdpad_json_text(line));
	return array;
}

/* Where the destination is made already it is that which has to be the same, else it has to fit. */
static int compare_here(struct vdpad_manager *manager, const struct vdpad_spec *spec,
			const struct vv_provisioned *device, const struct vv_parent *parent,
			unsigned int choices, char *why, size_t why_len)
{
	struct vdpad_error none;
	struct vdpad_device *there = vdpad_manager_find(manager, spec->name, &none);
	const struct vdpad_spec *made = there ? vdpad_device_spec(there) : NULL;

	if (made && made->made && !strcmp(made->mgmtdev, parent->name))
		return vv_compat_device(device, &made->device, choices, why, why_len);
	return vv_compat_parent(device, parent, choices, why, why_len);
}

static int compare(struct vdpad_manager *manager, const char *name, const json_t *attributes,
		   const struct vv_parent *parent, unsigned int choices, json_t **all,
		   struct vdpad_error *error)
{
	char why[4096] = "";
	struct vv_provisioned device;
	struct vdpad_spec spec;
	json_t *o;
	int err = vdpad_spec_parse_named(name, attributes, &spec, error);

	if (!err)
		err = whole(&spec, &device, error);
	if (err)
		return err;
	err = compare_here(manager, &spec, &device, parent, choices, why, sizeof(why));
	o = json_object();
	vdpad_json_put(&o, "mgmtdev", vdpad_json_text(parent->name));
	vdpad_json_put(&o, "compatible", json_boolean(!err));
	vdpad_json_put(&o, "reasons", err ? lines(why) : json_array());
	vdpad_json_put(all, name, o);
	return 0;
}

int vdpad_rpc_dev_compat(struct vdpad_manager *manager, const json_t *params, json_t **result,
			 struct vdpad_error *error)
{
	const json_t *devices = json_object_get(json_object_get(params, "device"), "dev");
	json_t *all, *attributes;
	unsigned int choices;
	struct vv_parent parent;
	const char *name;
	int err;

	if (!json_is_object(devices) || json_object_size(devices) == 0)
		return vdpad_fail(
		    error, EINVAL, "device",
		    "'device' must be what 'dev show -j' of vdpactl prints: {\"dev\": "
		    "{NAME: {...}}}");
	err = parse_choices(json_object_get(params, "allow"), &choices, error);
	if (!err)
		err = find_parent(json_string_value(json_object_get(params, "mgmtdev")), &parent,
				  error);
	if (err)
		return err;
	all = json_object();
	json_object_foreach((json_t *)devices, name, attributes)
	{
		err = compare(manager, name, attributes, &parent, choices, &all, error);
		if (err) {
			json_decref(all);
			return err;
		}
	}
	*result = json_object();
	vdpad_json_put(result, "compat", all);
	return 0;
}
