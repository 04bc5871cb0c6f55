/* SPDX-License-Identifier: BSD-3-Clause */
/* Parents to JSON and back, what several have in common, and what fits on one. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parent_json.h"

static json_t *document(struct rig *rig, const char *mgmtdev)
{
	char params[64];

	snprintf(params, sizeof(params), "{\"mgmtdev\":\"%s\"}", mgmtdev);
	return rig_ask(rig, "mgmtdev.show", params);
}

static json_t *parent_of(json_t *doc, const char *name)
{
	return json_object_get(json_object_get(doc, "mgmtdev"), name);
}

static json_t *common(json_t *documents)
{
	struct vdpad_error error = {0};
	json_t *result = NULL;
	int err = vdpad_parent_baseline(documents, &result, &error);

	if (err)
		print_message("%s\n", error.text);
	assert_int_equal(err, 0);
	return result;
}

static void is_refused(json_t *doc, const char *word)
{
	struct vdpad_error error = {0};
	json_t *documents = json_pack("[O]", doc), *result;

	assert_int_equal(vdpad_parent_baseline(documents, &result, &error), -22);
	assert_string_equal(error.word, word);
	json_decref(documents);
}

static void p4_mgmtdev_show_begins_as_iproute2_shows_it(void **state)
{
	json_t *all = rig_ask(*state, "mgmtdev.show", NULL);
	static const char *const want[] = {"supported_classes", "max_supported_vqs", "dev_features",
					   "supported_features"};
	unsigned int n = 0;
	const char *key;
	json_t *value;

	assert_int_equal(json_object_size(json_object_get(all, "mgmtdev")), 2);
	json_object_foreach(parent_of(all, "mlx5_0"), key, value)
	{
		if (n < 4)
			assert_string_equal(key, want[n]);
		n++;
	}
	/* L7: asked of a parent, so before any guest. */
	assert_int_equal(json_array_size(json_object_get(parent_of(all, "mlx5_0"), "modes")), 3);
	assert_int_equal(json_array_size(json_object_get(parent_of(all, "mlx5_1"), "modes")), 1);
	assert_int_equal(json_array_size(json_object_get(parent_of(all, "mlx5_0"), "endian")), 1);
	/* P17 */
	assert_int_equal(json_array_size(json_object_get(parent_of(all, "mlx5_0"), "rx_modes")), 6);
	assert_int_equal(json_array_size(json_object_get(parent_of(all, "mlx5_1"), "rx_modes")), 0);
	assert_int_equal(
	    json_integer_value(json_object_get(parent_of(all, "mlx5_0"), "mac_table_size")), 64);
	/* P18 */
	assert_int_equal(
	    json_array_size(json_object_get(parent_of(all, "mlx5_1"), "mandatory_features")), 1);
	json_decref(all);
}

static void parent_comes_back_as_it_was(void **state)
{
	struct vdpad_error error;
	struct vv_parent before, after;
	static const char *const names[] = {"mlx5_0", "mlx5_1"};
	char why[64];
	json_t *object;

	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(rte_pmd_vdpa_verbs_parent(names[i % 2], &before, why, sizeof(why)),
				 0);
		before.legacy_big_endian = i / 2;
		before.supported.word[1] = i / 2 ? 1ull << 63 | 1 : 0;
		object = vdpad_parent_json(&before);
		memset(&after, 0xff, sizeof(after));
		assert_int_equal(vdpad_parent_parse(names[i % 2], object, &after, &error), 0);
		assert_memory_equal(&before.supported, &after.supported, sizeof(after.supported));
		assert_memory_equal(&before.mandatory, &after.mandatory, sizeof(after.mandatory));
		assert_memory_equal(&before.inherited, &after.inherited, sizeof(after.inherited));
		assert_memory_equal(before.mac, after.mac, 6);
		assert_string_equal(before.name, after.name);
#define SAME(field) assert_true(before.field == after.field)
		SAME(vendor_id);
		SAME(device_id);
		SAME(attrs);
		SAME(modes);
		SAME(max_vqs);
		SAME(max_vqp);
		SAME(default_vqp);
		SAME(max_vq_size);
		SAME(mac_table_size);
		SAME(vqs_free);
		SAME(devices_free);
		SAME(hash_types);
		SAME(mtu);
		SAME(numa_node);
		SAME(legacy_big_endian);
		json_decref(object);
	}
}

static void p14_baseline_is_what_all_hosts_have(void **state)
{
	struct rig *rig = *state;
	json_t *a = document(rig, "mlx5_0"), *b = document(rig, "mlx5_1");
	json_t *documents = json_pack("[oo]", a, b), *result = common(documents), *again;
	char *params, *text;
	const json_t *base = parent_of(result, "baseline");

	assert_string_equal(json_string_value(json_object_get(base, "supported_features_mask")),
			    "0x300030020");
	assert_int_equal(json_integer_value(json_object_get(base, "max_vq_size")), 256);
	assert_int_equal(json_array_size(json_object_get(base, "modes")), 1);
	/* P19: mandatory for one is mandatory for all. */
	assert_int_equal(json_array_size(json_object_get(base, "mandatory_features")), 1);
	/* The daemon says the same. */
	text = json_dumps(documents, 0);
	assert_true(asprintf(&params, "{\"mgmtdevs\":%s}", text) > 0);
	again = rig_ask(rig, "baseline", params);
	assert_true(json_equal(result, again));
	free(text);
	free(params);
	json_decref(again);
	json_decref(result);
	json_decref(documents);
}

static void p14_baseline_of_one_document_with_two_parents_is_the_same(void **state)
{
	struct rig *rig = *state;
	json_t *two = json_pack("[oo]", document(rig, "mlx5_0"), document(rig, "mlx5_1"));
	json_t *one = json_pack("[o]", rig_ask(rig, "mgmtdev.show", NULL));
	json_t *a = common(two), *b = common(one);

	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	json_decref(one);
	json_decref(two);
}

static void p6_dev_features_is_taken_for_supported_features(void **state)
{
	struct rig *rig = *state;
	json_t *whole = document(rig, "mlx5_0"), *alias = json_deep_copy(whole);
	json_t *a, *b, *documents;

	json_object_del(parent_of(alias, "mlx5_0"), "supported_features");
	json_object_del(parent_of(alias, "mlx5_0"), "supported_features_mask");
	documents = json_pack("[o]", whole);
	a = common(documents);
	json_decref(documents);
	documents = json_pack("[o]", alias);
	b = common(documents);
	json_decref(documents);
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
}

static void key_of_a_later_version_is_passed_over(void **state)
{
	json_t *doc = document(*state, "mlx5_0"), *documents = json_pack("[o]", doc);

	json_object_set_new(parent_of(doc, "mlx5_0"), "colour", json_string("red"));
	json_array_append_new(json_object_get(parent_of(doc, "mlx5_0"), "modes"),
			      json_string("later"));
	json_decref(common(documents));
	json_decref(documents);
}

static void document_that_lacks_or_spoils_a_key_is_refused(void **state)
{
	static const char *const may_miss[] = {"supported_classes",
					       "supported_features_mask",
					       "dev_features",
					       "rx_modes",
					       "hash_types",
					       "mac",
					       "mtu",
					       "numa_node",
					       "supported_features"};
	static const char *const not_read[] = {"supported_classes", "dev_features", "rx_modes"};
	json_t *doc = document(*state, "mlx5_0"), *parent = parent_of(doc, "mlx5_0");
	json_t *keys = json_deep_copy(parent), *value; /* what is put back goes to the end */
	unsigned int needed = 0;
	const char *name;

	json_object_foreach(keys, name, value)
	{
		bool misses = false, unread = false;

		value = json_object_get(parent, name);
		for (unsigned int i = 0; i < sizeof(may_miss) / sizeof(may_miss[0]); i++)
			misses |= !strcmp(may_miss[i], name);
		for (unsigned int i = 0; i < sizeof(not_read) / sizeof(not_read[0]); i++)
			unread |= !strcmp(not_read[i], name);
		json_incref(value);
		json_object_del(parent, name);
		if (!misses) {
			is_refused(doc, name);
			needed++;
		}
		if (!unread) {
			json_object_set_new(parent, name, json_true());
			is_refused(doc, name);
		}
		json_object_set_new(parent, name, value);
	}
	assert_int_equal(needed, 14);
	json_object_set_new(parent, "supported_features_mask", json_string("0x1"));
	is_refused(doc, "supported_features_mask");
	json_object_set_new(parent, "supported_features", json_pack("[s]", "WARP"));
	is_refused(doc, "supported_features");
	json_decref(keys);
	json_decref(doc);
}

/* ---- dev compat ---- */

static json_t *compat(struct rig *rig, json_t *device, const char *mgmtdev)
{
	json_t *params = json_pack("{s:O,s:s}", "device", device, "mgmtdev", mgmtdev), *result;
	char *text = json_dumps(params, 0);

	result = rig_ask(rig, "dev.compat", text);
	free(text);
	json_decref(params);
	return result;
}

static void p39_device_fits_on_its_own_parent_and_not_on_a_lesser(void **state)
{
	struct rig *rig = *state;
	json_t *device, *result, *verdict;

	json_decref(rig_ask(rig, "dev.add",
			    "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"mtu\":1500,\"max_vqp\":2,"
			    "\"mac\":\"02:00:00:00:00:77\"}"));
	device = rig_ask(rig, "dev.show", NULL);
	result = compat(rig, device, "mlx5_0");
	verdict = json_object_get(json_object_get(result, "compat"), "vm1");
	assert_true(json_is_true(json_object_get(verdict, "compatible")));
	assert_int_equal(json_array_size(json_object_get(verdict, "reasons")), 0);
	json_decref(result);
	result = compat(rig, device, "mlx5_1");
	verdict = json_object_get(json_object_get(result, "compat"), "vm1");
	assert_true(json_is_false(json_object_get(verdict, "compatible")));
	assert_true(json_array_size(json_object_get(verdict, "reasons")) > 1);
	assert_string_equal(json_string_value(json_object_get(verdict, "mgmtdev")), "mlx5_1");
	json_decref(result);
	json_decref(device);
}

static void compat_of_half_a_device_says_what_is_missing(void **state)
{
	struct rig *rig = *state;
	json_t *device, *params;
	char *text;

	rig_device(rig, "vm1");
	device = rig_ask(rig, "dev.show", NULL);
	json_object_del(json_object_get(json_object_get(device, "dev"), "vm1"), "max_vqp");
	params = json_pack("{s:o,s:s}", "device", device, "mgmtdev", "mlx5_0");
	text = json_dumps(params, 0);
	rig_fails(rig, "dev.compat", text, -22, "EINVAL", "max_vqp");
	free(text);
	json_decref(params);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(p4_mgmtdev_show_begins_as_iproute2_shows_it),
	    TEST(parent_comes_back_as_it_was),
	    TEST(p14_baseline_is_what_all_hosts_have),
	    TEST(p14_baseline_of_one_document_with_two_parents_is_the_same),
	    TEST(p6_dev_features_is_taken_for_supported_features),
	    TEST(key_of_a_later_version_is_passed_over),
	    TEST(document_that_lacks_or_spoils_a_key_is_refused),
	    TEST(p39_device_fits_on_its_own_parent_and_not_on_a_lesser),
	    TEST(compat_of_half_a_device_says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
