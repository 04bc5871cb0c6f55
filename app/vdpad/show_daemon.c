/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "manager.h"
#include "provision/vv_model.h"
#include "rpc_method.h"
#include "show_json.h"

/* doc/vdpad-rpc.json, the one source of what the interface is. */
static const char schema[] =
#include "rpc_schema.inc"
    ;

/* ---- models ---- */

static json_t *model_json(const struct vv_model *model)
{
	json_t *o = json_object();

	vdpad_json_put(&o, "description", vdpad_json_text(model->description));
	vdpad_json_put(&o, "features", vdpad_json_features(&model->features));
	vdpad_json_put(&o, "features_mask", vdpad_json_mask(&model->features));
	return o;
}

static void add_model(void *arg, const struct vv_model *model)
{
	vdpad_json_put(arg, model->name, model_json(model));
}

int vdpad_rpc_model_show(struct vdpad_manager *manager, const json_t *params, json_t **result,
			 struct vdpad_error *error)
{
	const char *name = json_string_value(json_object_get(params, "model"));
	const char *dir = vdpad_manager_config(manager)->models;
	char why[sizeof(error->text)] = "";
	json_t *all = json_object();
	struct vv_model model;
	int err;

	if (name) {
		err = vv_model_read(dir, name, &model, why, sizeof(why));
		if (!err)
			add_model(&all, &model);
	} else {
		err = vv_model_each(dir, add_model, NULL, &all);
		if (err)
			snprintf(why, sizeof(why), "models in %.512s: %s", dir, strerror(-err));
	}
	if (err) {
		json_decref(all);
		return vdpad_fail(error, -err, "model", "%s", why);
	}
	*result = json_object();
	vdpad_json_put(result, "model", all);
	return 0;
}

/* ---- the daemon itself ---- */

struct tally {
	unsigned int devices, failed;
};

static int count(void *arg, struct vdpad_device *device)
{
	struct tally *tally = arg;

	tally->devices++;
	tally->failed += vdpad_device_failure(device) != NULL;
	return 0;
}

int vdpad_rpc_daemon_show(struct vdpad_manager *manager, const json_t *params, json_t **result,
			  struct vdpad_error *error)
{
	const struct vdpad_config *config = vdpad_manager_config(manager);
	struct tally tally = {0};
	json_t *o = json_object();

	vdpad_manager_each(manager, count, &tally);
	vdpad_json_put(&o, "version", json_string(VDPAD_VERSION));
	vdpad_json_put(&o, "pid", json_integer(getpid()));
	vdpad_json_put(&o, "state_dir", vdpad_json_text(config->state_dir));
	vdpad_json_put(&o, "socket_dir", vdpad_json_text(config->socket_dir));
	vdpad_json_put(&o, "rpc", vdpad_json_text(config->rpc));
	vdpad_json_put(&o, "models", vdpad_json_text(config->models));
	vdpad_json_put(&o, "log", vdpad_json_text(config->log));
	vdpad_json_put(&o, "devices", json_integer(tally.devices));
	vdpad_json_put(&o, "failed", json_integer(tally.failed));
	*result = json_object();
	vdpad_json_put(result, "daemon", o);
	return 0;
}

int vdpad_rpc_discover(struct vdpad_manager *manager, const json_t *params, json_t **result,
		       struct vdpad_error *error)
{
	*result = json_loadb(schema, sizeof(schema) - 1, JSON_REJECT_DUPLICATES, NULL);
	return 0;
}
