/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc_method.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct vdpad_rpc_method methods[] = {
	{.name = "baseline", .params = {{"mgmtdevs", VDPAD_RPC_ARRAY | VDPAD_RPC_REQUIRED}},
	 .run = vdpad_rpc_baseline},
	{.name = "daemon.show", .run = vdpad_rpc_daemon_show},
	{.name = "dev.add", .changes = true, .open = true, .params = {{"dev", VDPAD_RPC_OBJECT}},
	 .run = vdpad_rpc_dev_add},
	{.name = "dev.compat",
	 .params = {{"device", VDPAD_RPC_OBJECT | VDPAD_RPC_REQUIRED},
		    {"mgmtdev", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED}, {"allow", VDPAD_RPC_ARRAY}},
	 .run = vdpad_rpc_dev_compat},
	{.name = "dev.config.show", .params = {{"name", VDPAD_RPC_TEXT}},
	 .run = vdpad_rpc_config_show},
	{.name = "dev.del", .changes = true,
	 .params = {{"name", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED}}, .run = vdpad_rpc_dev_del},
	{.name = "dev.dump", .params = {{"name", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED}},
	 .run = vdpad_rpc_dump},
	{.name = "dev.retry", .changes = true,
	 .params = {{"name", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED}}, .run = vdpad_rpc_dev_retry},
	{.name = "dev.set", .changes = true,
	 .params = {{"name", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED}, {"mac", VDPAD_RPC_TEXT},
		    {"mtu", VDPAD_RPC_TEXT | VDPAD_RPC_NUMBER}, {"link", VDPAD_RPC_TEXT}},
	 .run = vdpad_rpc_dev_set},
	{.name = "dev.show", .params = {{"name", VDPAD_RPC_TEXT}}, .run = vdpad_rpc_dev_show},
	{.name = "dev.state.load", .changes = true,
	 .params = {{"name", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED},
		    {"state", VDPAD_RPC_OBJECT | VDPAD_RPC_REQUIRED}},
	 .run = vdpad_rpc_state_load},
	{.name = "dev.state.save", .params = {{"name", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED}},
	 .run = vdpad_rpc_state_save},
	{.name = "dev.vstats.show",
	 .params = {{"name", VDPAD_RPC_TEXT | VDPAD_RPC_REQUIRED},
		    {"qidx", VDPAD_RPC_TEXT | VDPAD_RPC_NUMBER}},
	 .run = vdpad_rpc_vstats_show},
	{.name = "mgmtdev.show", .params = {{"mgmtdev", VDPAD_RPC_TEXT}},
	 .run = vdpad_rpc_mgmtdev_show},
	{.name = "model.show", .params = {{"model", VDPAD_RPC_TEXT}}, .run = vdpad_rpc_model_show},
	{.name = "monitor", .run = vdpad_rpc_monitor},
	{.name = "rpc.discover", .run = vdpad_rpc_discover},
};
/* clang-format on */

enum { N_METHODS = sizeof(methods) / sizeof(methods[0]) };

const struct vdpad_rpc_method *vdpad_rpc_method_at(unsigned int n)
{
	return n < N_METHODS ? &methods[n] : NULL;
}

const struct vdpad_rpc_method *vdpad_rpc_method_find(const char *name)
{
	for (unsigned int i = 0; i < N_METHODS; i++)
		if (!strcmp(methods[i].name, name))
			return &methods[i];
	return NULL;
}

static bool is_a(const json_t *value, unsigned int types)
{
	return (types & VDPAD_RPC_TEXT && json_is_string(value)) ||
	       (types & VDPAD_RPC_NUMBER && json_is_integer(value)) ||
	       (types & VDPAD_RPC_OBJECT && json_is_object(value)) ||
	       (types & VDPAD_RPC_ARRAY && json_is_array(value));
}

static const char *types_name(unsigned int types)
{
	switch (types & ~(unsigned int)VDPAD_RPC_REQUIRED) {
	case VDPAD_RPC_TEXT:
		return "text";
	case VDPAD_RPC_OBJECT:
		return "an object";
	case VDPAD_RPC_ARRAY:
		return "an array";
	default:
		return "text or a whole number";
	}
}

static bool has_param(const struct vdpad_rpc_method *m, const char *name)
{
	for (unsigned int i = 0; i < VDPAD_RPC_PARAMS_MAX && m->params[i].name; i++)
		if (!strcmp(m->params[i].name, name))
			return true;
	return false;
}

/* "name, mac, mtu, link" */
static const char *params_names(const struct vdpad_rpc_method *m, char *text, size_t size)
{
	size_t len = 0;

	snprintf(text, size, "none");
	for (unsigned int i = 0; i < VDPAD_RPC_PARAMS_MAX && m->params[i].name && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? ", " : "",
					m->params[i].name);
	return text;
}

int vdpad_rpc_method_check(const struct vdpad_rpc_method *m, const json_t *params,
			   struct vdpad_error *error)
{
	char names[128];
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)params, key, value)
	{
		if (!m->open && !has_param(m, key))
			return vdpad_fail(error, EINVAL, key,
					  "%s has no parameter '%.64s'; it takes: %s", m->name, key,
					  params_names(m, names, sizeof(names)));
	}
	for (unsigned int i = 0; i < VDPAD_RPC_PARAMS_MAX && m->params[i].name; i++) {
		value = json_object_get(params, m->params[i].name);
		if (!value && m->params[i].types & VDPAD_RPC_REQUIRED)
			return vdpad_fail(error, EINVAL, m->params[i].name,
					  "%s needs the parameter '%s'", m->name,
					  m->params[i].name);
		if (value && !is_a(value, m->params[i].types))
			return vdpad_fail(error, EINVAL, m->params[i].name, "%s: '%s' must be %s",
					  m->name, m->params[i].name,
					  types_name(m->params[i].types));
	}
	return 0;
}

const char *vdpad_rpc_value(const json_t *value, char *room)
{
	if (json_is_string(value))
		return json_string_value(value);
	snprintf(room, VDPAD_RPC_VALUE_MAX, "%lld", (long long)json_integer_value(value));
	return room;
}
