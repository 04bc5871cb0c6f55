/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc.h"

static char message[2048];

int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char path[64];
	FILE *file;

	if (!rig)
		return -1;
	rig->models = strdup("/tmp/vdpad_rpc.XXXXXX");
	if (!rig->models || !mkdtemp(rig->models))
		return -1;
	snprintf(path, sizeof(path), "%s/plain.ini", rig->models);
	file = fopen(path, "w");
	if (!file)
		return -1;
	fputs("[model]\ndescription = no offloads\nfeatures = MAC STATUS VERSION_1\n", file);
	fclose(file);
	rig->manager = fake_manager_create(rig->models);
	*state = rig;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;
	char path[64];

	snprintf(path, sizeof(path), "%s/plain.ini", rig->models);
	unlink(path);
	rmdir(rig->models);
	fake_manager_destroy(rig->manager);
	free(rig->models);
	free(rig);
	return 0;
}

json_t *rig_call(struct rig *rig, bool may_change, const char *text)
{
	char *line = vdpad_rpc_call(rig->manager, may_change, text, strlen(text));
	json_t *answer;

	if (!line)
		return NULL;
	assert_null(strchr(line, '\n'));
	answer = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(answer);
	free(line);
	return answer;
}

static json_t *request(struct rig *rig, const char *method, const char *params)
{
	char *text;
	json_t *answer;

	assert_true(asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"%s%s}", method,
			     params ? ",\"params\":" : "", params ? params : "") > 0);
	answer = rig_call(rig, true, text);
	free(text);
	assert_true(json_is_object(answer));
	assert_string_equal(json_string_value(json_object_get(answer, "jsonrpc")), "2.0");
	assert_int_equal(json_integer_value(json_object_get(answer, "id")), 1);
	return answer;
}

json_t *rig_ask(struct rig *rig, const char *method, const char *params)
{
	json_t *answer = request(rig, method, params), *result;
	const json_t *error = json_object_get(answer, "error");

	if (error)
		print_message("%s %s: %s\n", method, params ? params : "",
			      json_string_value(json_object_get(error, "message")));
	result = json_incref(json_object_get(answer, "result"));
	assert_non_null(result);
	assert_int_equal(json_object_size(answer), 3);
	json_decref(answer);
	return result;
}

void rig_is_error(json_t *answer, int code, const char *name, const char *word)
{
	const json_t *error = json_object_get(answer, "error"), *data, *id, *line;

	assert_true(json_is_object(error));
	assert_int_equal(json_object_size(answer), 3);
	assert_int_equal(json_object_size(error), 3);
	id = json_object_get(answer, "id");
	assert_true(json_is_null(id) || json_is_string(id) || json_is_number(id));
	line = json_object_get(error, "message");
	assert_true(json_string_length(line) > 0);
	snprintf(message, sizeof(message), "%s", json_string_value(line));
	if (code != json_integer_value(json_object_get(error, "code")))
		print_message("%s\n", message);
	assert_int_equal(json_integer_value(json_object_get(error, "code")), code);
	data = json_object_get(error, "data");
	assert_int_equal(json_object_size(data), 2);
	assert_true(json_is_string(json_object_get(data, "errno")));
	assert_true(json_is_string(json_object_get(data, "word")));
	if (name)
		assert_string_equal(json_string_value(json_object_get(data, "errno")), name);
	if (word)
		assert_string_equal(json_string_value(json_object_get(data, "word")), word);
	json_decref(answer);
}

const char *rig_fails(struct rig *rig, const char *method, const char *params, int code,
		      const char *name, const char *word)
{
	rig_is_error(request(rig, method, params), code, name, word);
	return message;
}

struct vdpad_device *rig_device(struct rig *rig, const char *name)
{
	struct vdpad_error error;
	struct vdpad_device *device;
	char params[128];

	snprintf(params, sizeof(params), "{\"name\":\"%s\",\"mgmtdev\":\"mlx5_0\"}", name);
	json_decref(rig_ask(rig, "dev.add", params));
	device = vdpad_manager_find(rig->manager, name, &error);
	assert_non_null(device);
	return device;
}
