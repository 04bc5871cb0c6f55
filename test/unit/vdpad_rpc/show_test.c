/* SPDX-License-Identifier: BSD-3-Clause */
/* What each method tells: the keys, their order, and when they are there. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#include "rpc_method.h"

#define BIT(n) (1ull << (n))

/* The first members of an object have these names, separated by spaces. */
static void begins_with(const json_t *object, const char *names)
{
	char copy[512], *rest = copy, *want;
	const char *key;
	json_t *value;

	snprintf(copy, sizeof(copy), "%s", names);
	want = strtok_r(copy, " ", &rest);
	json_object_foreach((json_t *)object, key, value)
	{
		if (!want)
			return;
		assert_string_equal(key, want);
		want = strtok_r(NULL, " ", &rest);
	}
	assert_null(want);
}

static const json_t *at(const json_t *object, const char *section, const char *name)
{
	const json_t *found = json_object_get(json_object_get(object, section), name);

	assert_non_null(found);
	return found;
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static long long number(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static bool has(const json_t *object, const char *key)
{
	return json_object_get(object, key) != NULL;
}

/* ---- dev add, show, del, set, retry ---- */

static void p40_dev_show_begins_as_iproute2_shows_it(void **state)
{
	json_t *result =
	    rig_ask(*state, "dev.add", "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"mtu\":1500}");
	const json_t *dev = at(result, "dev", "vm1");

	begins_with(dev, "type mgmtdev vendor_id max_vqs max_vq_size");
	assert_string_equal(text(dev, "type"), "network");
	assert_string_equal(text(dev, "mgmtdev"), "mlx5_0");
	assert_int_equal(number(dev, "vendor_id"), 0x15b3);
	assert_string_equal(text(dev, "status"), "idle");
	assert_false(has(dev, "reason"));
	json_decref(result);
}

static void p2_mask_is_exactly_what_is_offered(void **state)
{
	json_t *result = rig_ask(*state, "dev.add",
				 "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"device_features\":"
				 "\"0x300020000\"}");
	json_t *want = json_pack("[sss]", "CTRL_VQ", "VERSION_1", "ACCESS_PLATFORM");

	assert_true(json_equal(json_object_get(at(result, "dev", "vm1"), "device_features"), want));
	assert_string_equal(text(at(result, "dev", "vm1"), "device_features_mask"), "0x300020000");
	json_decref(want);
	json_decref(result);
}

static void p1_feature_the_parent_lacks_fails_with_its_name(void **state)
{
	struct rig *rig = *state;
	const char *why = rig_fails(rig, "dev.add",
				    "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"device_features\":"
				    "\"0x400000000\"}",
				    -22, "EINVAL", NULL);

	assert_non_null(strstr(why, "RING_PACKED"));
	assert_int_equal(rig->manager->n, 0);
}

static void p10_what_is_shown_makes_the_same_device_again(void **state)
{
	struct rig *rig = *state;
	json_t *before, *again;
	char *params;

	json_decref(rig_ask(rig, "dev.add",
			    "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"mtu\":\"1400\",\"csum\":"
			    "\"on\",\"max_vqp\":4,\"mac\":\"02:00:00:00:00:77\"}"));
	before = rig_ask(rig, "dev.show", NULL);
	params = json_dumps(before, 0);
	json_decref(rig_ask(rig, "dev.del", "{\"name\":\"vm1\"}"));
	assert_int_equal(rig->manager->n, 0);
	json_decref(rig_ask(rig, "dev.add", params));
	again = rig_ask(rig, "dev.show", "{\"name\":\"vm1\"}");
	assert_true(json_equal(before, again));
	free(params);
	json_decref(before);
	json_decref(again);
}

/* "status" is a feature, and what a show says of a device. */
static void p22_feature_called_status_can_be_named(void **state)
{
	struct rig *rig = *state;
	json_t *result =
	    rig_ask(rig, "dev.add", "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"status\":\"off\"}");
	const struct vv_features *f = &rig->manager->devices[0].spec.device.features;

	assert_false(vv_features_has(f, VIRTIO_NET_F_STATUS));
	assert_string_equal(text(at(result, "dev", "vm1"), "status"), "idle");
	json_decref(result);
}

static void add_of_several_stops_at_the_first_that_fails(void **state)
{
	struct rig *rig = *state;
	const char *why = rig_fails(rig, "dev.add",
				    "{\"dev\":{\"a\":{\"mgmtdev\":\"mlx5_0\"},"
				    "\"b\":{\"mgmtdev\":\"none\"},\"c\":{\"mgmtdev\":\"mlx5_0\"}}}",
				    -19, "ENODEV", NULL);

	assert_non_null(strstr(why, "device b"));
	assert_int_equal(rig->manager->n, 1);
	assert_string_equal(rig->manager->devices[0].spec.name, "a");
}

static void failed_device_is_shown_with_its_reason_and_not_asked(void **state)
{
	struct rig *rig = *state;
	struct vdpad_device *device = rig_device(rig, "vm1");
	json_t *result;

	rig_device(rig, "vm2");
	device->failure = "mlx5_0 is not there";
	result = rig_ask(rig, "dev.show", NULL);
	assert_string_equal(text(at(result, "dev", "vm1"), "status"), "failed");
	assert_string_equal(text(at(result, "dev", "vm1"), "reason"), "mlx5_0 is not there");
	assert_string_equal(text(at(result, "dev", "vm2"), "status"), "idle");
	json_decref(result);
	assert_non_null(
	    strstr(rig_fails(rig, "dev.config.show", "{\"name\":\"vm1\"}", -19, "ENODEV", "name"),
		   "mlx5_0 is not there"));
	rig_fails(rig, "dev.dump", "{\"name\":\"vm1\"}", -19, "ENODEV", "name");
	rig_fails(rig, "dev.vstats.show", "{\"name\":\"vm1\"}", -19, "ENODEV", "name");
	rig_fails(rig, "dev.vstats.show", "{\"name\":\"vm1\",\"qidx\":0}", -19, "ENODEV", "name");
	rig_fails(rig, "dev.state.save", "{\"name\":\"vm1\"}", -19, "ENODEV", "name");
	/* All: those that there are. */
	result = rig_ask(rig, "dev.config.show", NULL);
	assert_int_equal(json_object_size(json_object_get(result, "config")), 1);
	json_decref(result);
	result = rig_ask(rig, "daemon.show", NULL);
	assert_int_equal(number(json_object_get(result, "daemon"), "failed"), 1);
	json_decref(result);
	result = rig_ask(rig, "monitor", NULL);
	assert_string_equal(
	    text(json_object_get(json_object_get(json_object_get(result, "monitor"), "dev"), "vm1"),
		 "status"),
	    "failed");
	json_decref(result);
	json_decref(rig_ask(rig, "dev.retry", "{\"name\":\"vm1\"}"));
	assert_null(device->failure);
}

static void driver_that_fails_is_told_and_not_taken_for_nothing(void **state)
{
	struct rig *rig = *state;
	json_t *result;

	rig_device(rig, "vm1");
	rig->manager->fails = -EIO;
	result = rig_ask(rig, "dev.show", NULL);
	assert_string_equal(text(at(result, "dev", "vm1"), "status"), "failed");
	assert_string_equal(text(at(result, "dev", "vm1"), "reason"), strerror(EIO));
	json_decref(result);
	rig_fails(rig, "dev.config.show", NULL, -5, "EIO", "name");
	rig_fails(rig, "dev.dump", "{\"name\":\"vm1\"}", -5, "EIO", "name");
	rig_fails(rig, "dev.vstats.show", "{\"name\":\"vm1\",\"qidx\":0}", -5, "EIO", "name");
	rig_fails(rig, "dev.state.save", "{\"name\":\"vm1\"}", -5, "EIO", "state");
	rig_fails(rig, "mgmtdev.show", NULL, -5, "EIO", "");
}

static void set_changes_one_thing_and_shows_it(void **state)
{
	struct rig *rig = *state;
	json_t *result;

	rig_device(rig, "vm1");
	result = rig_ask(rig, "dev.set", "{\"name\":\"vm1\",\"link\":\"down\"}");
	assert_string_equal(text(at(result, "dev", "vm1"), "link"), "down");
	json_decref(result);
	rig_fails(rig, "dev.set", "{\"name\":\"vm1\",\"mtu\":1400}", -95, "EOPNOTSUPP", "mtu");
	rig_fails(rig, "dev.set", "{\"name\":\"vm1\",\"mtu\":1400,\"link\":\"up\"}", -22, "EINVAL",
		  NULL);
}

/* ---- dev config show ---- */

static void p7_config_is_shown_before_a_guest_has_negotiated(void **state)
{
	struct rig *rig = *state;
	json_t *result;
	const json_t *config;

	json_decref(rig_ask(rig, "dev.add",
			    "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"mtu\":1400,\"max_vqp\":4,"
			    "\"mac\":\"02:00:00:00:00:77\"}"));
	result = rig_ask(rig, "dev.config.show", NULL);
	config = at(result, "config", "vm1");
	begins_with(config, "mac link link_announce max_vq_pairs mtu device_features");
	assert_string_equal(text(config, "mac"), "02:00:00:00:00:77");
	assert_string_equal(text(config, "link"), "up");
	assert_true(json_is_false(json_object_get(config, "link_announce")));
	assert_int_equal(number(config, "max_vq_pairs"), 4);
	assert_int_equal(number(config, "mtu"), 1400);
	assert_string_equal(text(config, "driver"), "none");
	assert_false(has(config, "negotiated_features"));
	json_decref(result);
}

static void p8_device_features_are_those_of_the_device_whatever_is_negotiated(void **state)
{
	struct rig *rig = *state;
	struct vdpad_device *device = rig_device(rig, "vm1");
	json_t *result = rig_ask(rig, "dev.config.show", NULL), *before;
	const json_t *config;

	before = json_deep_copy(json_object_get(at(result, "config", "vm1"), "device_features"));
	json_decref(result);
	fake_guest_runs(device, BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MAC));
	result = rig_ask(rig, "dev.config.show", "{\"name\":\"vm1\"}");
	config = at(result, "config", "vm1");
	assert_true(json_equal(json_object_get(config, "device_features"), before));
	assert_int_equal(json_array_size(json_object_get(config, "negotiated_features")), 2);
	assert_string_equal(text(config, "negotiated_features_mask"), "0x100000020");
	/* P11: the guest's own address. */
	assert_string_equal(text(config, "mac"), "02:00:ab:00:00:09");
	assert_string_equal(text(config, "driver"), "modern");
	assert_string_equal(text(config, "status"), "running");
	assert_int_equal(number(config, "unicast"), 2);
	assert_string_equal(text(config, "multicast"), "all");
	assert_int_equal(number(config, "vlans"), 4);
	json_decref(before);
	json_decref(result);
}

static void l7_legacy_guest_is_called_so(void **state)
{
	struct rig *rig = *state;
	json_t *result;

	fake_guest_runs(rig_device(rig, "vm1"), BIT(VIRTIO_NET_F_MAC));
	result = rig_ask(rig, "dev.config.show", NULL);
	assert_string_equal(text(at(result, "config", "vm1"), "driver"), "legacy");
	assert_string_equal(text(at(result, "config", "vm1"), "endian"), "little");
	json_decref(result);
}

static void field_without_its_feature_is_not_there(void **state)
{
	struct rig *rig = *state;
	json_t *result;

	json_decref(rig_ask(rig, "dev.add",
			    "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"device_features\":"
			    "\"0x300020000\"}"));
	result = rig_ask(rig, "dev.config.show", NULL);
	begins_with(at(result, "config", "vm1"), "device_features");
	json_decref(result);
}

/* ---- vstats, monitor, dump ---- */

static void vstats_of_a_queue_begin_as_iproute2_shows_them(void **state)
{
	struct rig *rig = *state;
	const json_t *queue;
	json_t *result;

	rig_device(rig, "vm1");
	result = rig_ask(rig, "dev.vstats.show", "{\"name\":\"vm1\",\"qidx\":\"1\"}");
	queue = at(result, "vstats", "vm1");
	begins_with(queue, "queue_type received_desc queue_index");
	assert_string_equal(text(queue, "queue_type"), "tx");
	assert_int_equal(number(queue, "received_desc"), 101);
	assert_int_equal(number(queue, "queue_index"), 1);
	/* More than JSON's integers are here has no sign all the same. */
	assert_true(number(queue, "queue_errors") > 0);
	json_decref(result);
	result = rig_ask(rig, "dev.vstats.show", "{\"name\":\"vm1\",\"qidx\":0}");
	assert_string_equal(text(at(result, "vstats", "vm1"), "queue_type"), "rx");
	json_decref(result);
	assert_non_null(strstr(rig_fails(rig, "dev.vstats.show", "{\"name\":\"vm1\",\"qidx\":3}",
					 -22, "EINVAL", "qidx"),
			       "0 to 2"));
}

static void vstats_without_a_queue_are_those_of_all(void **state)
{
	struct rig *rig = *state;
	const json_t *queues;
	json_t *result;

	rig_device(rig, "vm1");
	result = rig_ask(rig, "dev.vstats.show", "{\"name\":\"vm1\"}");
	queues = at(result, "vstats", "vm1");
	assert_int_equal(json_array_size(queues), 3);
	assert_string_equal(text(json_array_get(queues, 2), "queue_type"), "control_vq");
	json_decref(result);
}

static void monitor_has_all_queues_at_one_time(void **state)
{
	struct rig *rig = *state;
	json_t *result;
	const json_t *monitor;
	long long time;

	rig_device(rig, "vm1");
	rig_device(rig, "vm2");
	result = rig_ask(rig, "monitor", NULL);
	monitor = json_object_get(result, "monitor");
	time = number(monitor, "time_ns");
	assert_true(time > 0);
	assert_int_equal(json_object_size(json_object_get(monitor, "dev")), 2);
	assert_int_equal(json_array_size(json_object_get(at(monitor, "dev", "vm2"), "queues")), 3);
	json_decref(result);
	result = rig_ask(rig, "monitor", "{}");
	assert_true(number(json_object_get(result, "monitor"), "time_ns") > time);
	json_decref(result);
}

static void dump_with_bytes_that_are_no_text_is_text(void **state)
{
	struct rig *rig = *state;
	json_t *result;

	rig_device(rig, "vm1");
	result = rig_ask(rig, "dev.dump", "{\"name\":\"vm1\"}");
	assert_string_equal(json_string_value(at(result, "dump", "vm1")),
			    "a line\nand another, with ? in it\n");
	json_decref(result);
}

/* ---- models, the daemon, the schema ---- */

static void models_are_shown_by_name_and_bits(void **state)
{
	json_t *result = rig_ask(*state, "model.show", NULL);
	const json_t *model = at(result, "model", "plain");

	assert_string_equal(text(model, "description"), "no offloads");
	assert_string_equal(text(model, "features_mask"), "0x100010020");
	assert_int_equal(json_array_size(json_object_get(model, "features")), 3);
	json_decref(result);
	json_decref(rig_ask(*state, "model.show", "{\"model\":\"plain\"}"));
	assert_non_null(strstr(
	    rig_fails(*state, "model.show", "{\"model\":\"x\"}", -2, "ENOENT", "model"), "plain"));
}

static void discover_describes_the_methods_there_are(void **state)
{
	json_t *result = rig_ask(*state, "rpc.discover", NULL);
	const json_t *methods = json_object_get(result, "methods"), *one, *param;
	size_t i, p;

	assert_string_equal(text(result, "openrpc"), "1.2.6");
	json_array_foreach(methods, i, one)
	{
		const struct vdpad_rpc_method *method = vdpad_rpc_method_at((unsigned int)i);

		assert_non_null(method);
		assert_string_equal(text(one, "name"), method->name);
		assert_int_equal(json_is_true(json_object_get(one, "x-changes")), method->changes);
		json_array_foreach(json_object_get(one, "params"), p, param)
		{
			bool found = method->open;

			for (unsigned int q = 0; q < VDPAD_RPC_PARAMS_MAX && !found; q++)
				found = method->params[q].name &&
					!strcmp(method->params[q].name, text(param, "name")) &&
					!!(method->params[q].types & VDPAD_RPC_REQUIRED) ==
					    json_is_true(json_object_get(param, "required"));
			assert_true(found);
		}
	}
	assert_null(vdpad_rpc_method_at((unsigned int)json_array_size(methods)));
	json_decref(result);
}

/* The schema lists the words that provision/ knows, and no others. */
static void are_the_words(const json_t *list, const char *(*nth)(unsigned int), unsigned int n)
{
	size_t found = 0, i;
	const json_t *word;

	for (unsigned int which = 0; which < n; which++) {
		if (!nth(which))
			continue;
		json_array_foreach(list, i,
				   word) if (!strcmp(json_string_value(word), nth(which))) break;
		if (i == json_array_size(list))
			print_message("not described: %s\n", nth(which));
		assert_true(i < json_array_size(list));
		found++;
	}
	assert_int_equal(found, json_array_size(list));
}

static const char *attr(unsigned int which)
{
	return vv_attr_name((enum vv_attr)which);
}

static const char *mode(unsigned int which)
{
	return vv_mode_name((enum vv_mode)which);
}

static void schema_has_the_words_that_there_are(void **state)
{
	json_t *result = rig_ask(*state, "rpc.discover", NULL);
	const json_t *schemas = json_object_get(json_object_get(result, "components"), "schemas");
	const json_t *feature = json_object_get(json_object_get(schemas, "Feature"), "anyOf");

	are_the_words(json_object_get(json_array_get(feature, 0), "enum"), vv_feature_known,
		      VV_FEATURES_MAX);
	are_the_words(json_object_get(json_object_get(schemas, "Attribute"), "enum"), attr,
		      VV_ATTR_N);
	are_the_words(json_object_get(json_object_get(schemas, "Mode"), "enum"), mode, VV_MODE_N);
	json_decref(result);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(p40_dev_show_begins_as_iproute2_shows_it),
	    TEST(p2_mask_is_exactly_what_is_offered),
	    TEST(p1_feature_the_parent_lacks_fails_with_its_name),
	    TEST(p10_what_is_shown_makes_the_same_device_again),
	    TEST(p22_feature_called_status_can_be_named),
	    TEST(add_of_several_stops_at_the_first_that_fails),
	    TEST(failed_device_is_shown_with_its_reason_and_not_asked),
	    TEST(driver_that_fails_is_told_and_not_taken_for_nothing),
	    TEST(set_changes_one_thing_and_shows_it),
	    TEST(p7_config_is_shown_before_a_guest_has_negotiated),
	    TEST(p8_device_features_are_those_of_the_device_whatever_is_negotiated),
	    TEST(l7_legacy_guest_is_called_so),
	    TEST(field_without_its_feature_is_not_there),
	    TEST(vstats_of_a_queue_begin_as_iproute2_shows_them),
	    TEST(vstats_without_a_queue_are_those_of_all),
	    TEST(monitor_has_all_queues_at_one_time),
	    TEST(dump_with_bytes_that_are_no_text_is_text),
	    TEST(models_are_shown_by_name_and_bits),
	    TEST(discover_describes_the_methods_there_are),
	    TEST(schema_has_the_words_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
