/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests (rpc_call.h) by any bytes to devices that are made up (test/unit/vdpad_rpc/fake.h): what
 * is answered is JSON-RPC, who may not change things does not, and every device there is can be
 * shown and made again of what is shown.
 *
 * Input: a byte of who asks and what there is, then requests, a line each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/vdpad_rpc/fake.h"
#include "fuzz_input.h"
#include "guest_state.h"
#include "rpc.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

enum { MAY_CHANGE = 1, HAS_GUEST = 2, HAS_FAILED = 4, DRIVER_FAILS = 8 };
enum { CALLS_MAX = 8 };

static void add(struct vdpad_manager *m, const char *name)
{
	struct vdpad_error error;
	struct vdpad_spec spec = {0};

	vv_request_init(&spec.request);
	snprintf(spec.name, sizeof(spec.name), "%s", name);
	snprintf(spec.mgmtdev, sizeof(spec.mgmtdev), "mlx5_0");
	CHECK(!vdpad_manager_add(m, &spec, &error));
}

static void is_answer(const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error"), *data;

	CHECK(json_object_size(answer) == 3);
	CHECK(!strcmp(json_string_value(json_object_get(answer, "jsonrpc")), "2.0"));
	CHECK(json_object_get(answer, "id"));
	CHECK(!error == !!json_object_get(answer, "result"));
	if (!error)
		return;
	CHECK(json_object_size(error) == 3);
	CHECK(json_integer_value(json_object_get(error, "code")) < 0);
	CHECK(json_string_length(json_object_get(error, "message")) > 0);
	data = json_object_get(error, "data");
	CHECK(json_string_length(json_object_get(data, "errno")) > 0);
	CHECK(json_is_string(json_object_get(data, "word")));
}

static void call(struct vdpad_manager *m, bool may_change, const uint8_t *text, size_t len)
{
	unsigned int before = m->changes;
	char *copy = malloc(len + !len), *line; /* of its own, so that a byte too far is found */
	json_t *answer, *one;
	size_t i;

	CHECK(copy);
	if (len > 0)
		memcpy(copy, text, len);
	line = vdpad_rpc_call(m, may_change, copy, len);
	free(copy);
	CHECK(may_change || m->changes == before);
	if (!line)
		return;
	CHECK(!strchr(line, '\n'));
	answer = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	CHECK(answer);
	if (json_is_array(answer)) {
		CHECK(json_array_size(answer) > 0);
		json_array_foreach(answer, i, one) is_answer(one);
	} else {
		is_answer(answer);
	}
	json_decref(answer);
	free(line);
}

/* What is shown is what made it. */
static void comes_back(const struct vdpad_device *device)
{
	json_t *shown = vdpad_spec_json(&device->spec), *again;
	struct vdpad_error error;
	struct vv_provisioned made;
	struct vv_parent parent;
	struct vdpad_spec spec;
	char why[512];

	CHECK(shown);
	CHECK(!vdpad_spec_parse_named(device->spec.name, shown, &spec, &error));
	CHECK(!rte_pmd_vdpa_verbs_parent(spec.mgmtdev, &parent, why, sizeof(why)));
	CHECK(!vv_provision(&parent, &spec.request, &made, why, sizeof(why)));
	vdpad_spec_made(&spec, &made, parent.vendor_id);
	again = vdpad_spec_json(&spec);
	CHECK(json_equal(shown, again));
	json_decref(again);
	json_decref(shown);
}

static void state_comes_back(const struct rte_pmd_vdpa_verbs_state *state)
{
	json_t *object = vdpad_guest_state_json(state);
	struct rte_pmd_vdpa_verbs_state again;
	struct vdpad_error error;

	CHECK(object);
	CHECK(!vdpad_guest_state_parse(object, &again, &error));
	CHECK(!memcmp(state, &again, sizeof(again)));
	json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	uint8_t what = fuzz_u8(&in);
	struct vdpad_manager *m = fake_manager_create("/nonexistent");
	unsigned int i;

	add(m, "vm1");
	add(m, "vm2");
	if (what & HAS_GUEST)
		fake_guest_runs(&m->devices[0], 0x100000020);
	if (what & HAS_FAILED)
		m->devices[1].failure = "no such parent";
	if (what & DRIVER_FAILS)
		m->fails = -EIO;
	m->changes = 0;
	for (i = 0; i < CALLS_MAX && fuzz_left(&in); i++) {
		size_t left = (size_t)(in.end - in.at);
		const uint8_t *end = memchr(in.at, '\n', left);
		size_t len = end ? (size_t)(end - in.at) : left;

		call(m, what & MAY_CHANGE, in.at, len);
		in.at += len + (end ? 1 : 0);
	}
	for (i = 0; i < m->n; i++) {
		comes_back(&m->devices[i]);
		if (m->devices[i].has_state)
			state_comes_back(&m->devices[i].state);
	}
	fake_manager_destroy(m);
	return 0;
}
