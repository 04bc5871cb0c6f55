/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "spec.h"

static json_t *json_of(const char *text)
{
	json_error_t where;
	json_t *json = json_loads(text, JSON_ALLOW_NUL, &where);

	if (!json)
		fail_msg("%s: %s", text, where.text);
	return json;
}

static int parse(const char *text, struct vdpad_spec *spec, struct vdpad_error *error)
{
	json_t *json = json_of(text);
	int err;

	memset(spec, 0x5a, sizeof(*spec));
	err = vdpad_spec_parse(json, spec, error);
	json_decref(json);
	return err;
}

static void parsed(const char *text, struct vdpad_spec *spec)
{
	struct vdpad_error error;

	if (parse(text, spec, &error))
		fail_msg("%s: %s", text, error.text);
}

static void name_is_valid_letters_digits_and_some(void **state)
{
	(void)state;
	assert_true(vdpad_name_is_valid("vm1"));
	assert_true(vdpad_name_is_valid("0.a_b-C"));
	assert_true(vdpad_name_is_valid("0123456789012345678901234567890"));
	assert_false(vdpad_name_is_valid("01234567890123456789012345678901"));
	assert_false(vdpad_name_is_valid(""));
	assert_false(vdpad_name_is_valid(".vm"));
	assert_false(vdpad_name_is_valid("-vm"));
	assert_false(vdpad_name_is_valid("a/b"));
	assert_false(vdpad_name_is_valid("a,b"));
	assert_false(vdpad_name_is_valid("a b"));
	assert_false(vdpad_name_is_valid("\xc3\xa4"));
	assert_false(vdpad_name_is_valid("a\n"));
}

static void parse_words_as_text_and_numbers(void **state)
{
	struct vdpad_spec s;

	(void)state;
	parsed(
	    "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\",\"mac\":\"02:00:00:00:00:07\",\"mtu\":1500,"
	    "\"max_vqp\":\"2\",\"socket\":\"/run/a\",\"client\":true,\"link\":\"down\",\"csum\":"
	    "\"off\",\"trust\":false}",
	    &s);
	assert_string_equal(s.name, "vm1");
	assert_string_equal(s.mgmtdev, "mlx5_0");
	assert_string_equal(s.socket, "/run/a");
	assert_true(s.client && s.link_down);
	assert_false(s.made || s.again || s.request.has_mask || s.request.trust);
	assert_int_equal(s.request.attrs, 1u << VV_ATTR_MAC | 1u << VV_ATTR_MTU |
					      1u << VV_ATTR_MAX_VQP | 1u << VV_ATTR_TRUST);
	assert_int_equal(s.request.mac[5], 7);
	assert_int_equal(s.request.mtu, 1500);
	assert_int_equal(s.request.max_vqp, 2);
	assert_true(vv_features_has(&s.request.off, 0));
}

static void parse_features_as_mask_or_names_is_the_same(void **state)
{
	struct vdpad_spec s;

	(void)state;
	parsed("{\"device_features\":\"0x300020000\"}", &s);
	assert_true(s.request.has_mask);
	assert_int_equal(s.request.mask.word[0], 0x300020000);
	parsed("{\"device_features_mask\":\"0x300020000\"}", &s);
	assert_int_equal(s.request.mask.word[0], 0x300020000);
	parsed("{\"device_features\":[\"CTRL_VQ\",\"VERSION_1\",\"ACCESS_PLATFORM\"]}", &s);
	assert_true(s.request.has_mask);
	assert_int_equal(s.request.mask.word[0], 0x300020000 | 1ull << 17);
	parsed("{\"device_features\":[\"bit_77\"],\"device_features_mask\":"
	       "\"0x20000000000000000000\"}",
	       &s);
	assert_int_equal(s.request.mask.word[1], 1u << 13);
}

static void parse_what_only_tells_is_passed_over(void **state)
{
	struct vdpad_spec s;

	(void)state;
	parsed("{\"type\":\"network\",\"vendor_id\":5555,\"max_vqs\":[],\"status\":\"idle\","
	       "\"reason\":\"x\"}",
	       &s);
	assert_int_equal(s.request.attrs, 0);
	assert_false(s.request.has_mask);
	assert_true(vv_features_is_empty(s.request.on));
	/* That one is a feature, too. */
	parsed("{\"status\":\"on\"}", &s);
	assert_true(vv_features_has(&s.request.on, 16));
}

static void refused(const char *text, int code, const char *word, const char *why)
{
	struct vdpad_spec s;
	struct vdpad_error e = {0};

	assert_int_equal(parse(text, &s, &e), -code);
	assert_int_equal(e.code, code);
	if (strcmp(e.word, word) || !strstr(e.text, why) || strchr(e.text, '\n'))
		fail_msg("%s: \"%s\" (%s) does not say \"%s\" (%s)", text, e.text, e.word, why,
			 word);
}

static void parse_bad_word_says_which(void **state)
{
	(void)state;
	refused("[]", EINVAL, "", "an object");
	refused("{\"name\":\"a/b\"}", EINVAL, "name", "a/b");
	refused("{\"name\":\"\"}", EINVAL, "name", "a letter or digit");
	refused("{\"name\":null}", EINVAL, "name", "a text");
	refused("{\"name\":\"a\\u0000b\"}", EINVAL, "name", "name");
	refused("{\"mgmtdev\":\"\"}", EINVAL, "mgmtdev", "mgmtdev");
	refused("{\"socket\":[]}", EINVAL, "socket", "socket");
	refused("{\"socket\":\"/1234567890123456789012345678901234567890123456789012345678901234567"
		"890123456789012345678901234567890123456789\"}",
		EINVAL, "socket", "1 to 107 bytes");
	refused("{\"client\":\"maybe\"}", EINVAL, "client", "maybe");
	refused("{\"link\":\"on\"}", EINVAL, "link", "up is wanted");
	refused("{\"mac\":\"zz\"}", EINVAL, "mac", "zz");
	refused("{\"mtu\":1.5}", EINVAL, "mtu", "a number");
	refused("{\"mtu\":67}", ERANGE, "mtu", "67");
	refused("{\"socket\":\"/a\\nb\"}", EINVAL, "socket", "control characters");
	refused("{\"a\\nb\":\"x\"}", EINVAL, "", "control characters");
	refused("{\"bogus\":\"x\"}", EINVAL, "bogus", "bogus");
	refused("{\"device_features\":\"0xg\"}", EINVAL, "device_features", "0xg");
	refused("{\"device_features\":[\"NONE\"]}", EINVAL, "device_features", "NONE");
	refused("{\"device_features\":[1]}", EINVAL, "device_features", "names");
	refused("{\"device_features\":[\"CSUM\"],\"device_features_mask\":\"0x3\"}", EINVAL,
		"device_features", "not the same");
	refused("{\"set\":1}", EINVAL, "set", "a list");
	refused("{\"set\":[\"bogus\"]}", EINVAL, "set", "bogus");
	refused("{\"set\":[2]}", EINVAL, "set", "no such attribute");
	refused("{\"set\":[],\"device_features_mask\":\"0x1\",\"features_default\":\"x\"}", EINVAL,
		"features_default", "x");
}

static void parse_named_takes_the_name_from_outside(void **state)
{
	json_t *none = json_of("{}"), *same = json_of("{\"name\":\"a\"}");
	struct vdpad_error e;
	struct vdpad_spec s;

	(void)state;
	assert_int_equal(vdpad_spec_parse_named("a", none, &s, &e), 0);
	assert_string_equal(s.name, "a");
	assert_int_equal(vdpad_spec_parse_named("a", same, &s, &e), 0);
	assert_int_equal(vdpad_spec_parse_named("b", same, &s, &e), -EINVAL);
	assert_int_equal(vdpad_spec_parse_named("b/c", none, &s, &e), -EINVAL);
	assert_string_equal(e.word, "name");
	json_decref(none);
	json_decref(same);
}

/* A parent that has all the names of the specification. */
static void parent_make(struct vv_parent *p)
{
	*p = (struct vv_parent){
	    .name = "mlx5_0",
	    .vendor_id = 0x15b3,
	    .supported = VV_FEATURES_OF(0x3300cfffabull),
	    .inherited = VV_FEATURES_OF(0x1 | 1ull << 3 | 1ull << 5 | 1ull << 17 | 1ull << 32),
	    .attrs = (1u << VV_ATTR_N) - 1,
	    .modes = 7,
	    .max_vqs = 33,
	    .max_vqp = 16,
	    .default_vqp = 1,
	    .max_vq_size = 1024,
	    .mac_table_size = 64,
	    .vqs_free = 256,
	    .devices_free = 8,
	    .mac = {2, 0, 0, 0, 0, 1},
	    .mtu = 1500,
	    .numa_node = -1,
	};
}

static void made(const char *text, struct vdpad_spec *spec)
{
	struct vv_provisioned device;
	struct vv_parent parent;
	char why[512];

	parent_make(&parent);
	parsed(text, spec);
	if (vv_provision(&parent, &spec->request, &device, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	vdpad_spec_made(spec, &device, parent.vendor_id);
}

static char *shown(const struct vdpad_spec *spec)
{
	json_t *json = vdpad_spec_json(spec);
	char *text = json_dumps(json, 0);

	json_decref(json);
	return text;
}

/* What is shown makes the same again, also in what it says of choices; twice. */
static void same_again(const char *text)
{
	struct vdpad_spec first, again;
	char *before, *after;
	int i;

	made(text, &first);
	for (i = 0; i < 2; i++) {
		before = shown(&first);
		made(before, &again);
		after = shown(&again);
		assert_string_equal(before, after);
		assert_memory_equal(&first.device, &again.device, sizeof(first.device));
		free(before);
		free(after);
		first = again;
	}
}

static void p10_what_is_shown_makes_the_same_device(void **state)
{
	(void)state;
	same_again("{\"mgmtdev\":\"mlx5_0\"}");
	same_again(
	    "{\"mgmtdev\":\"mlx5_0\",\"socket\":\"/a\",\"client\":\"on\",\"link\":\"down\"}");
	same_again("{\"mgmtdev\":\"mlx5_0\",\"mac\":\"02:00:00:00:00:07\",\"max_vq_size\":256}");
	same_again("{\"mgmtdev\":\"mlx5_0\",\"device_features\":\"0x100000020\"}");
	same_again("{\"mgmtdev\":\"mlx5_0\",\"features_default\":\"on\",\"csum\":\"off\","
		   "\"trust\":\"off\"}");
}

static void p9_what_was_chosen_is_told_from_what_was_not(void **state)
{
	struct vdpad_spec s;
	json_t *json, *set;

	(void)state;
	made("{\"mgmtdev\":\"mlx5_0\",\"mac\":\"02:00:00:00:00:07\",\"csum\":\"on\"}", &s);
	json = vdpad_spec_json(&s);
	set = json_object_get(json, "set");
	assert_int_equal(json_array_size(set), 2);
	assert_string_equal(json_string_value(json_array_get(set, 0)), "mac");
	assert_string_equal(json_string_value(json_array_get(set, 1)), "device_features");
	assert_string_equal(json_string_value(json_object_get(json, "features_default")),
			    "inherited");
	json_decref(json);
	made("{\"mgmtdev\":\"mlx5_0\"}", &s);
	json = vdpad_spec_json(&s);
	assert_int_equal(json_array_size(json_object_get(json, "set")), 0);
	json_decref(json);
}

/* A device that could not be made is shown as it was asked for. */
static void not_made_is_shown_as_it_can_be_asked_for_again(void **state)
{
	static const char *const asked[] = {
	    "{\"mgmtdev\":\"m\",\"mac\":\"02:00:00:00:00:07\",\"csum\":\"off\",\"guest_csum\":"
	    "\"on\"}",
	    "{\"mgmtdev\":\"m\",\"model\":\"x\",\"bit_60\":\"on\",\"mtu\":1500}",
	    "{\"mgmtdev\":\"m\",\"features_default\":\"off\",\"cvq_core\":-1}",
	    "{\"mgmtdev\":\"m\",\"device_features\":\"0x3\"}",
	    "{\"mgmtdev\":\"m\",\"device_features_mask\":\"0x3\",\"set\":[\"mtu\"],\"model\":"
	    "\"x\"}",
	};
	struct vdpad_spec first, again;
	char *before, *after;

	(void)state;
	for (unsigned int i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		parsed(asked[i], &first);
		before = shown(&first);
		parsed(before, &again);
		after = shown(&again);
		assert_string_equal(before, after);
		assert_memory_equal(&first.request, &again.request, sizeof(first.request));
		assert_int_equal(first.device.set, again.device.set);
		free(before);
		free(after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(name_is_valid_letters_digits_and_some),
	    cmocka_unit_test(parse_words_as_text_and_numbers),
	    cmocka_unit_test(parse_features_as_mask_or_names_is_the_same),
	    cmocka_unit_test(parse_what_only_tells_is_passed_over),
	    cmocka_unit_test(parse_bad_word_says_which),
	    cmocka_unit_test(parse_named_takes_the_name_from_outside),
	    cmocka_unit_test(p10_what_is_shown_makes_the_same_device),
	    cmocka_unit_test(p9_what_was_chosen_is_told_from_what_was_not),
	    cmocka_unit_test(not_made_is_shown_as_it_can_be_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
