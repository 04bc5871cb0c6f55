/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON-RPC 2.0 from text to text. Every request of a batch is answered for itself; a notification
 * is done, or not, and nobody is told. jansson bounds the depth of what it reads (2048), the caller
 * its length; keys that appear twice are refused, as the two could not both be obeyed.
 */
#include "rpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc_method.h"
#include "show_json.h"

/* JSON-RPC 2.0, 5.1 */
enum {
	PARSE_ERROR = -32700,
	INVALID_REQUEST = -32600,
	METHOD_NOT_FOUND = -32601,
	INVALID_PARAMS = -32602,
	INTERNAL_ERROR = -32603,
};

enum { BATCH_MAX = 64 };

static const char no_memory[] =
    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,\"message\":\"no memory\","
    "\"data\":{\"errno\":\"ENOMEM\",\"word\":\"\"}},\"id\":null}";

/* What was typed may come back in the message, but not commands to a terminal. */
static json_t *message(const char *text)
{
	char plain[sizeof(((struct vdpad_error *)NULL)->text)];

	snprintf(plain, sizeof(plain), "%s", text);
	for (char *at = plain; *at; at++)
		if (((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f)
			*at = '?';
	return vdpad_json_text(plain);
}

/* id is borrowed; NULL: not known. code 0: that of the error. */
static json_t *failure(const json_t *id, int code, const struct vdpad_error *error)
{
	json_t *answer = json_object(), *body = json_object(), *data = json_object();
	const char *name = strerrorname_np(error->code);

	vdpad_json_put(&data, "errno", json_string(name ? name : "EIO"));
	vdpad_json_put(&data, "word", vdpad_json_text(error->word));
	vdpad_json_put(&body, "code", json_integer(code ? code : -error->code));
	vdpad_json_put(&body, "message", message(error->text));
	vdpad_json_put(&body, "data", data);
	vdpad_json_put(&answer, "jsonrpc", json_string("2.0"));
	vdpad_json_put(&answer, "error", body);
	vdpad_json_put(&answer, "id", id ? json_deep_copy(id) : json_null());
	return answer;
}

static json_t *success(const json_t *id, json_t *result)
{
	json_t *answer = json_object();

	vdpad_json_put(&answer, "jsonrpc", json_string("2.0"));
	vdpad_json_put(&answer, "result", result);
	vdpad_json_put(&answer, "id", json_deep_copy(id));
	return answer;
}

static bool is_id(const json_t *id)
{
	return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

/* The members of a request object, all or not one of another name or type. */
static int take_apart(const json_t *request, const char **method, const json_t **params,
		      const json_t **id, struct vdpad_error *error)
{
	const char *key, *version;
	json_t *value;

	*id = json_object_get(request, "id");
	if (*id && !is_id(*id)) {
		*id = NULL;
		return vdpad_fail(error, EINVAL, "id",
				  "'id' of a request must be text, a number or null");
	}
	json_object_foreach((json_t *)request, key, value)
	{
		if (strcmp(key, "jsonrpc") && strcmp(key, "method") && strcmp(key, "params") &&
		    strcmp(key, "id"))
			return vdpad_fail(error, EINVAL, key,
					  "a request has no member '%.64s'; it has: jsonrpc, "
					  "method, params, id",
					  key);
	}
	version = json_string_value(json_object_get(request, "jsonrpc"));
	if (!version || strcmp(version, "2.0"))
		return vdpad_fail(error, EINVAL, "jsonrpc",
				  "'jsonrpc' of a request must be \"2.0\"");
	*method = json_string_value(json_object_get(request, "method"));
	if (!*method)
		return vdpad_fail(error, EINVAL, "method",
				  "'method' of a request must be there, and text");
	*params = json_object_get(request, "params");
	if (*params && !json_is_object(*params) && !json_is_array(*params))
		return vdpad_fail(error, EINVAL, "params",
				  "'params' of a request must be an object");
	return 0;
}

/* 0 and a result, or an error and the code it has in the answer, 0 for its own. */
static int execute(struct vdpad_manager *manager, bool may_change, const char *name,
		   const json_t *params, json_t **result, int *code, struct vdpad_error *error)
{
	const struct vdpad_rpc_method *method = vdpad_rpc_method_find(name);
	int err;

	*code = METHOD_NOT_FOUND;
	if (!method)
		return vdpad_fail(error, ENOSYS, name,
				  "no method '%.64s'; rpc.discover describes those there are",
				  name);
	*code = 0;
	if (method->changes && !may_change)
		return vdpad_fail(error, EPERM, name,
				  "%s is for root and the members of the daemon's rpc_group", name);
	*code = INVALID_PARAMS;
	if (!json_is_object(params))
		return vdpad_fail(error, EINVAL, "params",
				  "%s takes its parameters by name, in "
				  "an object",
				  name);
	err = vdpad_rpc_method_check(method, params, error);
	if (err)
		return err;
	*code = 0;
	*result = NULL;
	err = method->run(manager, params, result, error);
	if (!err && !*result) {
		*code = INTERNAL_ERROR;
		err = vdpad_fail(error, ENOMEM, "", "no memory");
	}
	if (err)
		json_decref(*result);
	return err;
}

/* Of one request; NULL: it wants none. */
static json_t *answer(struct vdpad_manager *manager, bool may_change, const json_t *request,
		      bool *silent)
{
	const json_t *params = NULL, *id = NULL;
	const char *method = NULL;
	struct vdpad_error error = {0};
	json_t *result = NULL, *none = NULL;
	int err, code;

	*silent = false;
	if (!json_is_object(request)) {
		vdpad_fail(&error, EINVAL, "", "a request must be an object");
		return failure(NULL, INVALID_REQUEST, &error);
	}
	if (take_apart(request, &method, &params, &id, &error))
		return failure(id, INVALID_REQUEST, &error);
	*silent = !id;
	if (!params)
		params = none = json_object();
	err = execute(manager, may_change, method, params, &result, &code, &error);
	json_decref(none);
	if (*silent) {
		if (!err)
			json_decref(result);
		return NULL;
	}
	return err ? failure(id, code, &error) : success(id, result);
}

static json_t *answers(struct vdpad_manager *manager, bool may_change, const json_t *batch,
		       bool *silent)
{
	struct vdpad_error error = {0};
	json_t *all, *request;
	bool quiet;
	size_t i;

	*silent = false;
	if (json_array_size(batch) == 0 || json_array_size(batch) > BATCH_MAX) {
		vdpad_fail(&error, EINVAL, "", "a batch has 1 to %d requests, not %zu", BATCH_MAX,
			   json_array_size(batch));
		return failure(NULL, INVALID_REQUEST, &error);
	}
	all = json_array();
	json_array_foreach(batch, i, request)
	{
		json_t *one = answer(manager, may_change, request, &quiet);

		if (!quiet)
			vdpad_json_append(&all, one);
	}
	*silent = all && json_array_size(all) == 0;
	return all;
}

static json_t *not_json(const json_error_t *at)
{
	struct vdpad_error error = {0};

	vdpad_fail(&error, EINVAL, "", "this is not JSON: %s (line %d, column %d)", at->text,
		   at->line, at->column);
	return failure(NULL, PARSE_ERROR, &error);
}

char *vdpad_rpc_call(struct vdpad_manager *manager, bool may_change, const char *text, size_t len)
{
	struct vdpad_error error = {0};
	json_t *request = NULL, *reply;
	json_error_t at;
	bool silent = false;
	char *line;

	if (len > VDPAD_RPC_REQUEST_MAX) {
		vdpad_fail(&error, EMSGSIZE, "", "a request has at most %d bytes",
			   VDPAD_RPC_REQUEST_MAX);
		reply = failure(NULL, INVALID_REQUEST, &error);
	} else {
		request = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
		if (!request)
			reply = not_json(&at);
		else if (json_is_array(request))
			reply = answers(manager, may_change, request, &silent);
		else
			reply = answer(manager, may_change, request, &silent);
		json_decref(request);
	}
	line = reply && !silent ? json_dumps(reply, JSON_COMPACT) : NULL;
	json_decref(reply);
	return silent || line ? line : strdup(no_memory);
}
