/* SPDX-License-Identifier: BSD-3-Clause */
#include "show_dev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <rte_pmd_vdpa_verbs.h>

#include "rpc_method.h"
#include "show_json.h"

struct each {
	vdpad_show_one *one;
	json_t *all;
	struct vdpad_error *error;
};

static int add_one(struct each *each, const struct vdpad_device *device)
{
	json_t *told = NULL;
	int err = each->one(device, &told, each->error);

	if (err) {
		json_decref(told);
		return err;
	}
	vdpad_json_put(&each->all, vdpad_device_spec(device)->name, told);
	return each->all ? 0 : vdpad_fail(each->error, ENOMEM, "", "no memory");
}

static int visit(void *arg, struct vdpad_device *device)
{
	int err = add_one(arg, device);

	return err == -ENODEV ? 0 : err;
}

int vdpad_show(struct vdpad_manager *manager, const char *name, const char *what,
	       vdpad_show_one *one, json_t **result, struct vdpad_error *error)
{
	struct each each = {.one = one, .all = json_object(), .error = error};
	struct vdpad_device *device;
	int err;

	if (name) {
		device = vdpad_manager_find(manager, name, error);
		err = device ? add_one(&each, device) : -error->code;
	} else {
		err = vdpad_manager_each(manager, visit, &each);
	}
	if (err) {
		json_decref(each.all);
		return err;
	}
	*result = json_object();
	vdpad_json_put(result, what, each.all);
	return 0;
}

int vdpad_show_is_there(const struct vdpad_device *device, struct vdpad_error *error)
{
	const char *name = vdpad_device_spec(device)->name;
	const char *failure = vdpad_device_failure(device);

	if (!failure)
		return 0;
	return vdpad_fail(error, ENODEV, "name",
			  "device %s could not be made, so there is nothing to ask: %s; then 'dev "
			  "retry %s'",
			  name, failure, name);
}

/* The driver's answer -ret: it says why only of some. */
static int gone(const struct vdpad_device *device, int ret, struct vdpad_error *error)
{
	return vdpad_fail(error, -ret, "name", "device %s: the driver does not answer: %s",
			  vdpad_device_spec(device)->name, strerror(-ret));
}

/* ---- dev show ---- */

const char *vdpad_show_status(const struct vdpad_device *device, const char **reason)
{
	struct rte_pmd_vdpa_verbs_live live;
	int err;

	*reason = vdpad_device_failure(device);
	if (*reason)
		return "failed";
	err = rte_pmd_vdpa_verbs_live(vdpad_device_dpdk_name(device), &live);
	if (err) {
		*reason = strerror(-err);
		return "failed";
	}
	return live.running ? "running" : live.connected ? "connected" : "idle";
}

int vdpad_show_device(const struct vdpad_device *device, json_t **told, struct vdpad_error *error)
{
	const char *reason, *status = vdpad_show_status(device, &reason);

	*told = vdpad_spec_json(vdpad_device_spec(device));
	vdpad_json_put(told, "status", json_string(status));
	if (reason)
		vdpad_json_put(told, "reason", vdpad_json_text(reason));
	return 0;
}

int vdpad_rpc_dev_show(struct vdpad_manager *manager, const json_t *params, json_t **result,
		       struct vdpad_error *error)
{
	return vdpad_show(manager, json_string_value(json_object_get(params, "name")), "dev",
			  vdpad_show_device, result, error);
}

/* ---- dev config show ---- */

static bool has(const struct vv_features *features, unsigned int bit)
{
	return vv_features_has(features, bit);
}

static const char *driver_kind(const struct rte_pmd_vdpa_verbs_live *live)
{
	if (!live->running)
		return "none";
	return has(&live->negotiated, VIRTIO_F_VERSION_1) ? "modern" : "legacy";
}

static json_t *active_rx_modes(const struct vv_ctrl_state *c)
{
	const struct {
		bool on;
		const char *name;
	} modes[] = {
	    {c->promisc,  "promisc" },
            {c->allmulti, "allmulti"},
            {c->alluni,   "alluni"  },
	    {c->nomulti,  "nomulti" },
            {c->nouni,    "nouni"   },
            {c->nobcast,  "nobcast" }
        };
	json_t *array = json_array();

	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].on)
			vdpad_json_append(&array, json_string(modes[i].name));
	return array;
}

static json_t *filter_json(const struct vv_ctrl_macs *macs)
{
	return macs->overflow ? json_string("all") : json_integer(macs->n);
}

static unsigned int count_vlans(const struct vv_ctrl_state *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < VV_VLANS / 64; i++)
		n += (unsigned int)__builtin_popcountll(c->vlans[i]);
	return n;
}

/*
 * What the guest reads of its device, keys and conditions as Linux and iproute2 have them: fields
 * of the configuration exist with their features (virtio 1.3 5.1.4).
 */
static void put_config(json_t **o, const struct vv_provisioned *p,
		       const struct rte_pmd_vdpa_verbs_live *live)
{
	const struct vv_features *f = &p->features;

	if (has(f, VIRTIO_NET_F_MAC))
		vdpad_json_put(o, "mac", vdpad_json_mac(live->mac));
	if (has(f, VIRTIO_NET_F_STATUS)) {
		vdpad_json_put(o, "link", json_string(live->link_up ? "up" : "down"));
		vdpad_json_put(o, "link_announce", json_boolean(live->link_announce));
	}
	if (has(f, VIRTIO_NET_F_MQ) || has(f, VIRTIO_NET_F_RSS))
		vdpad_json_put(o, "max_vq_pairs", json_integer(p->max_vqp));
	if (has(f, VIRTIO_NET_F_MTU))
		vdpad_json_put(o, "mtu", json_integer(live->mtu));
	if (live->running)
		vdpad_json_put(o, "negotiated_features", vdpad_json_features(&live->negotiated));
}

static void put_more(json_t **o, const struct vv_provisioned *p,
		     const struct rte_pmd_vdpa_verbs_live *live)
{
	const struct vv_ctrl_state *c = &live->control;

	if (live->running)
		vdpad_json_put(o, "negotiated_features_mask", vdpad_json_mask(&live->negotiated));
	vdpad_json_put(o, "device_features", vdpad_json_features(&p->features));
	vdpad_json_put(o, "device_features_mask", vdpad_json_mask(&p->features));
	vdpad_json_put(o, "status",
		       json_string(live->running     ? "running"
				   : live->connected ? "connected"
						     : "idle"));
	vdpad_json_put(o, "mode", json_string(vv_mode_name(p->mode)));
	/* Legacy guests of the other byte order are refused when they connect. */
	vdpad_json_put(o, "endian", json_string("little"));
	vdpad_json_put(o, "driver", json_string(driver_kind(live)));
	if (live->speed_mbps != UINT32_MAX)
		vdpad_json_put(o, "speed", json_integer(live->speed_mbps));
	vdpad_json_put(o, "vqp", json_integer(live->vqp));
	vdpad_json_put(o, "vqs_running", json_integer(live->vqs_running));
	vdpad_json_put(o, "cvq", live->cvq ? json_integer(live->cvq) : json_null());
	vdpad_json_put(o, "cvq_running", json_boolean(live->cvq_running));
	vdpad_json_put(o, "cvq_commands", json_integer((json_int_t)live->cvq_commands));
	vdpad_json_put(o, "cvq_refused", json_integer((json_int_t)live->cvq_refused));
	vdpad_json_put(o, "needs_reset", json_boolean(live->needs_reset));
	if (live->running) {
		vdpad_json_put(o, "rx_modes", active_rx_modes(c));
		vdpad_json_put(o, "unicast", filter_json(&c->uni));
		vdpad_json_put(o, "multicast", filter_json(&c->multi));
		vdpad_json_put(o, "vlans", json_integer(count_vlans(c)));
		vdpad_json_put(o, "rss", json_boolean(c->rss_active));
	}
	vdpad_json_put(o, "memory_bytes", json_integer((json_int_t)live->memory_bytes));
}

static int show_config(const struct vdpad_device *device, json_t **told, struct vdpad_error *error)
{
	const char *dpdk_name = vdpad_device_dpdk_name(device);
	struct rte_pmd_vdpa_verbs_live live;
	struct vv_provisioned provisioned;
	int err = vdpad_show_is_there(device, error);

	if (err)
		return err;
	err = rte_pmd_vdpa_verbs_device(dpdk_name, &provisioned);
	if (!err)
		err = rte_pmd_vdpa_verbs_live(dpdk_name, &live);
	if (err)
		return gone(device, err, error);
	*told = json_object();
	put_config(told, &provisioned, &live);
	put_more(told, &provisioned, &live);
	return 0;
}

int vdpad_rpc_config_show(struct vdpad_manager *manager, const json_t *params, json_t **result,
			  struct vdpad_error *error)
{
	return vdpad_show(manager, json_string_value(json_object_get(params, "name")), "config",
			  show_config, result, error);
}

/* ---- dev dump ---- */

static int show_dump(const struct vdpad_device *device, json_t **told, struct vdpad_error *error)
{
	char *text = NULL;
	int err = vdpad_show_is_there(device, error);

	if (err)
		return err;
	err = rte_pmd_vdpa_verbs_dump(vdpad_device_dpdk_name(device), &text);
	if (err)
		return gone(device, err, error);
	*told = vdpad_json_text(text);
	free(text);
	return 0;
}

int vdpad_rpc_dump(struct vdpad_manager *manager, const json_t *params, json_t **result,
		   struct vdpad_error *error)
{
	return vdpad_show(manager, json_string_value(json_object_get(params, "name")), "dump",
			  show_dump, result, error);
}
