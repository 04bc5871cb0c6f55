/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_pmd_vdpa_verbs.h>

#include "config.h"
#include "provision/vv_model.h"
#include "say.h"
#include "socket.h"

struct vdpad_device *vdpad_device_create(const struct vdpad_spec *spec)
{
	struct vdpad_device *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->spec = *spec;
	snprintf(d->dpdk_name, sizeof(d->dpdk_name), RTE_PMD_VDPA_VERBS_PREFIX "%s", spec->name);
	return d;
}

void vdpad_device_destroy(struct vdpad_device *d)
{
	struct vdpad_error why;

	if (d && vdpad_device_unplug(d, &why))
		vdpad_warn("%s", why.text);
	free(d);
}

const struct vdpad_spec *vdpad_device_spec(const struct vdpad_device *d)
{
	return &d->spec;
}

const char *vdpad_device_dpdk_name(const struct vdpad_device *d)
{
	return d->dpdk_name;
}

const char *vdpad_device_failure(const struct vdpad_device *d)
{
	return d->failure[0] ? d->failure : NULL;
}

int vdpad_device_provision(struct vdpad_device *d, const struct vdpad_config *config,
			   struct vdpad_error *error)
{
	struct vv_request *request = &d->spec.request;
	struct vv_provisioned provisioned;
	struct vv_parent parent;
	char why[900];
	int err;

	err = vv_model_resolve(config->models, request, why, sizeof(why));
	if (err)
		return vdpad_fail(error, -err, "model", "%s", why);
	err = rte_pmd_vdpa_verbs_parent(d->spec.mgmtdev, &parent, why, sizeof(why));
	if (err)
		return vdpad_fail(error, -err, "mgmtdev", "%s", why);
	err = vv_provision(&parent, request, &provisioned, why, sizeof(why));
	if (err)
		return vdpad_fail(error, -err, "", "%s", why);
	vdpad_spec_made(&d->spec, &provisioned, parent.vendor_id);
	return 0;
}

/* ---- plugging ---- */

/* The device, word by word as the driver's arguments have them. */
static void devargs(const struct vv_provisioned *device, char *text, size_t size)
{
	char mask[VV_FEATURES_MASK_MAX], value[VV_ATTR_TEXT_MAX];
	struct vv_request request;
	unsigned int attr;
	size_t len;

	vv_provisioned_request(device, &request);
	len = snprintf(text, size, "ibdev=%s,device_features=%s", device->parent,
		       vv_features_mask(&device->features, mask));
	for (attr = 0; attr < VV_ATTR_N && len < size; attr++) {
		if (!(request.attrs >> attr & 1))
			continue;
		/* "mac" is a filter of DPDK's class eth among device arguments. */
		len += snprintf(text + len, size - len, ",%s=%s",
				attr == VV_ATTR_MAC ? "address" : vv_attr_name(attr),
				vv_provisioned_attr(device, attr, value));
	}
}

static int plug(struct vdpad_device *d, struct vdpad_error *error)
{
	const char *why;
	char args[512];
	int err;

	devargs(&d->spec.device, args, sizeof(args));
	err = rte_eal_hotplug_add("vdev", d->dpdk_name, args);
	if (!err) {
		d->plugged = true;
		return 0;
	}
	why = rte_pmd_vdpa_verbs_probe_error();
	return vdpad_fail(error, err == -EADDRINUSE ? EEXIST : -err, "", "%s: %s", d->spec.name,
			  why[0] ? why : "DPDK does not take the device (lines above)");
}

static int serve(struct vdpad_device *d, const struct vdpad_config *config,
		 struct vdpad_error *error)
{
	const struct vdpad_socket_args args = {
	    .path = d->spec.socket,
	    .device = d->dpdk_name,
	    .client = d->spec.client,
	    .status = config->status,
	    .narrow = config->narrow,
	    .restrict_access = true,
	    .mode = config->socket_mode,
	    .group = config->socket_group,
	};

	return vdpad_socket_open(&args, &d->socket, error);
}

int vdpad_device_plug(struct vdpad_device *d, const struct vdpad_config *config,
		      struct vdpad_error *error)
{
	struct vdpad_error ignored;
	int err = plug(d, error);

	if (err)
		return err;
	if (d->spec.link_down)
		err = vdpad_device_apply_link(d, false, error);
	if (!err)
		err = serve(d, config, error);
	if (err)
		vdpad_device_unplug(d, &ignored);
	return err;
}

int vdpad_device_unplug(struct vdpad_device *d, struct vdpad_error *error)
{
	int err;

	vdpad_socket_close(d->socket);
	d->socket = NULL;
	if (!d->plugged)
		return 0;
	err = rte_eal_hotplug_remove("vdev", d->dpdk_name);
	if (err)
		return vdpad_fail(error, -err, "", "%s: cannot be removed: %s (lines above)",
				  d->spec.name, strerror(-err));
	d->plugged = false;
	return 0;
}

/* ---- changes ---- */

static int applied(int err, const char *word, const char *why, struct vdpad_error *error)
{
	return err ? vdpad_fail(error, -err, word, "%s", why) : 0;
}

int vdpad_device_apply_mac(const struct vdpad_device *d, const uint8_t mac[6],
			   struct vdpad_error *error)
{
	char why[900] = "";
	int err = rte_pmd_vdpa_verbs_set_mac(d->dpdk_name, mac, why, sizeof(why));

	return applied(err, "mac", why, error);
}

int vdpad_device_apply_mtu(const struct vdpad_device *d, uint16_t mtu, struct vdpad_error *error)
{
	char why[900] = "";
	int err = rte_pmd_vdpa_verbs_set_mtu(d->dpdk_name, mtu, why, sizeof(why));

	return applied(err, "mtu", why, error);
}

int vdpad_device_apply_link(const struct vdpad_device *d, bool up, struct vdpad_error *error)
{
	char why[900] = "";
	int err = rte_pmd_vdpa_verbs_set_link(d->dpdk_name, up, why, sizeof(why));

	return applied(err, "link", why, error);
}
