/* SPDX-License-Identifier: BSD-3-Clause */
/* The methods that change devices, and the guest's state that is taken out and put in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_pmd_vdpa_verbs.h>

#include "guest_state.h"
#include "manager.h"
#include "rpc_method.h"
#include "show_dev.h"
#include "show_json.h"
#include "spec.h"

static const char *text(const json_t *params, const char *key)
{
	return json_string_value(json_object_get(params, key));
}

static int nothing(json_t **result)
{
	*result = json_object();
	return 0;
}

/* ---- dev add ---- */

static int add(struct vdpad_manager *manager, const struct vdpad_spec *spec, json_t **all,
	       struct vdpad_error *error)
{
	struct vdpad_device *device;
	json_t *told = NULL;
	int err;

	if (!spec->name[0])
		return vdpad_fail(error, EINVAL, "name", "a device needs a name: name NAME");
	if (!spec->mgmtdev[0])
		return vdpad_fail(error, EINVAL, "mgmtdev",
				  "device %s needs a parent: mgmtdev MGMTDEV ('mgmtdev show' has "
				  "them)",
				  spec->name);
	err = vdpad_manager_add(manager, spec, error);
	if (err)
		return err;
	device = vdpad_manager_find(manager, spec->name, error);
	if (!device)
		return -error->code;
	vdpad_show_device(device, &told, error);
	vdpad_json_put(all, spec->name, told);
	return 0;
}

/* One after the other, until one fails; its error says which, and those before it are there. */
static int add_all(struct vdpad_manager *manager, const json_t *devices, json_t **all,
		   struct vdpad_error *error)
{
	struct vdpad_error why = {0};
	struct vdpad_spec spec;
	json_t *attributes;
	const char *name;
	int err;

	json_object_foreach((json_t *)devices, name, attributes)
	{
		err = vdpad_spec_parse_named(name, attributes, &spec, &why);
		if (!err)
			err = add(manager, &spec, all, &why);
		if (err)
			return vdpad_fail(error, why.code, why.word, "device %.32s: %.960s", name,
					  why.text);
	}
	return 0;
}

int vdpad_rpc_dev_add(struct vdpad_manager *manager, const json_t *params, json_t **result,
		      struct vdpad_error *error)
{
	const json_t *devices = json_object_get(params, "dev");
	json_t *all = json_object();
	struct vdpad_spec spec;
	int err;

	if (!devices) {
		err = vdpad_spec_parse(params, &spec, error);
		if (!err)
			err = add(manager, &spec, &all, error);
	} else if (json_object_size(params) > 1 || json_object_size(devices) == 0) {
		err =
		    vdpad_fail(error, EINVAL, "dev",
			       "'dev' must have a device, as {\"dev\": {NAME: {...}}}, and be the "
			       "only parameter");
	} else {
		err = add_all(manager, devices, &all, error);
	}
	if (err) {
		json_decref(all);
		return err;
	}
	*result = json_object();
	vdpad_json_put(result, "dev", all);
	return 0;
}

/* ---- dev del, retry, set ---- */

int vdpad_rpc_dev_del(struct vdpad_manager *manager, const json_t *params, json_t **result,
		      struct vdpad_error *error)
{
	int err = vdpad_manager_del(manager, text(params, "name"), error);

	return err ? err : nothing(result);
}

int vdpad_rpc_dev_retry(struct vdpad_manager *manager, const json_t *params, json_t **result,
			struct vdpad_error *error)
{
	int err = vdpad_manager_retry(manager, text(params, "name"), error);

	return err ? err : nothing(result);
}

int vdpad_rpc_dev_set(struct vdpad_manager *manager, const json_t *params, json_t **result,
		      struct vdpad_error *error)
{
	static const char *const words[] = {"mac", "mtu", "link"};
	const char *name = text(params, "name"), *word = NULL;
	char room[VDPAD_RPC_VALUE_MAX];
	unsigned int n = 0;
	int err;

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (json_object_get(params, words[i])) {
			word = words[i];
			n++;
		}
	/* Two could end with one of them done. */
	if (n != 1)
		return vdpad_fail(error, EINVAL, word ? word : "",
				  "dev set changes one thing at a time: mac A, mtu N, or link "
				  "up|down");
	err = vdpad_manager_set(manager, name, word,
				vdpad_rpc_value(json_object_get(params, word), room), error);
	return err ? err : vdpad_show(manager, name, "dev", vdpad_show_device, result, error);
}

/* ---- dev state ---- */

static int find(struct vdpad_manager *manager, const char *name, struct vdpad_device **device,
		struct vdpad_error *error)
{
	*device = vdpad_manager_find(manager, name, error);
	return *device ? vdpad_show_is_there(*device, error) : -error->code;
}

/* What the driver says of a guest's state. */
static int told(const char *name, int ret, const char *why, struct vdpad_error *error)
{
	return vdpad_fail(error, -ret, "state", "device %s: %s", name,
			  why[0] ? why : strerror(-ret));
}

int vdpad_rpc_state_save(struct vdpad_manager *manager, const json_t *params, json_t **result,
			 struct vdpad_error *error)
{
	const char *name = text(params, "name");
	struct rte_pmd_vdpa_verbs_state state;
	char why[sizeof(error->text) - 64] = "";
	struct vdpad_device *device;
	int err = find(manager, name, &device, error);

	if (err)
		return err;
	err =
	    rte_pmd_vdpa_verbs_state_get(vdpad_device_dpdk_name(device), &state, why, sizeof(why));
	if (err)
		return told(name, err, why, error);
	*result = json_pack("{s:{s:o}}", "state", name, vdpad_guest_state_json(&state));
	return 0;
}

int vdpad_rpc_state_load(struct vdpad_manager *manager, const json_t *params, json_t **result,
			 struct vdpad_error *error)
{
	const json_t *object = json_object_get(params, "state");
	const char *name = text(params, "name");
	struct rte_pmd_vdpa_verbs_state state;
	char why[sizeof(error->text) - 64] = "";
	struct vdpad_device *device;
	int err = find(manager, name, &device, error);

	if (!err)
		err = vdpad_guest_state_parse(object, &state, error);
	if (err)
		return err;
	err =
	    rte_pmd_vdpa_verbs_state_set(vdpad_device_dpdk_name(device), &state, why, sizeof(why));
	return err ? told(name, err, why, error) : nothing(result);
}
