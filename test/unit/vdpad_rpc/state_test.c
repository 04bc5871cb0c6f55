/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's own settings to JSON and back: nothing is lost, and nothing is made up. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "guest_state.h"

static json_t *saved(void)
{
	struct rte_pmd_vdpa_verbs_state state;

	fake_state(&state);
	return vdpad_guest_state_json(&state);
}

static void is_refused(json_t *object, const char *word)
{
	struct rte_pmd_vdpa_verbs_state state;
	struct vdpad_error error = {0};

	assert_int_equal(vdpad_guest_state_parse(object, &state, &error), -22);
	assert_int_equal(error.code, 22);
	if (word)
		assert_string_equal(error.word, word);
	assert_true(strlen(error.text) > 0);
}

static void state_comes_back_as_it_was(void **unused)
{
	struct rte_pmd_vdpa_verbs_state before, after;
	struct vdpad_error error;
	json_t *object = saved();

	fake_state(&before);
	assert_int_equal(vdpad_guest_state_parse(object, &after, &error), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	json_decref(object);
}

static void state_with_nothing_and_with_all_comes_back_as_it_was(void **unused)
{
	struct rte_pmd_vdpa_verbs_state before, after;
	struct vdpad_error error;
	json_t *object;

	for (unsigned int all = 0; all < 2; all++) {
		struct vv_ctrl_state *c = &before.control;

		memset(&before, 0, sizeof(before));
		if (all) {
			before.pairs = VV_CTRL_PAIRS_MAX;
			before.negotiated = (struct vv_features){
			    {~0ull, ~0ull}
                        };
			memset(c->vlans, 0xff, sizeof(c->vlans));
			c->uni.n = c->multi.n = VV_CTRL_MACS_MAX;
			memset(c->uni.addr, 0xfd, sizeof(c->uni.addr));
			c->rss.table_len = VV_CTRL_RSS_TABLE_MAX;
			memset(c->rss.table, 0xff, sizeof(c->rss.table));
			c->rss.hash_types = UINT32_MAX;
			c->offloads = ~0ull;
			memset(c->coal, 0xff, sizeof(c->coal));
			c->pairs = VV_CTRL_PAIRS_MAX;
		}
		object = vdpad_guest_state_json(&before);
		assert_non_null(object);
		assert_int_equal(vdpad_guest_state_parse(object, &after, &error), 0);
		assert_memory_equal(&before, &after, sizeof(before));
		json_decref(object);
	}
}

/* Each object in the document, at any depth: a key less, one more, and each value of other types.
 */
static unsigned int spoil(json_t *root, json_t *object)
{
	static const char *const others[] = {"null",  "true",    "-1",   "1.5",
					     "\"x\"", "[]",      "{}",   "4294967296",
					     "[[0]]", "[\"x\"]", "[-1]", "[{}]"};
	unsigned int n = 0;
	json_t *keys = json_deep_copy(object), *value; /* what is put back goes to the end */
	const char *name;

	json_object_set_new(object, "more", json_true());
	is_refused(root, "more");
	json_object_del(object, "more");
	json_object_foreach(keys, name, value)
	{
		value = json_incref(json_object_get(object, name));
		json_object_del(object, name);
		is_refused(root, name);
		for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			struct rte_pmd_vdpa_verbs_state state;
			struct vdpad_error error;
			json_t *other = json_loads(others[i], JSON_DECODE_ANY, NULL);

			json_object_set_new(object, name, other);
			/* Some are right by chance; then the state is another, or has lost a list.
			 */
			if (json_typeof(other) == json_typeof(value) &&
			    !vdpad_guest_state_parse(root, &state, &error))
				continue;
			if (json_is_boolean(other) && json_is_boolean(value))
				continue;
			is_refused(root, NULL);
			n++;
		}
		json_object_set_new(object, name, value);
		if (json_is_object(value))
			n += spoil(root, value);
	}
	json_decref(keys);
	return n;
}

static void every_key_is_needed_and_none_else_and_of_its_type(void **unused)
{
	struct rte_pmd_vdpa_verbs_state state;
	struct vdpad_error error;
	json_t *object = saved();

	assert_true(spoil(object, object) > 300);
	assert_int_equal(vdpad_guest_state_parse(object, &state, &error), 0);
	json_decref(object);
}

static void values_out_of_what_they_can_be_are_refused(void **unused)
{
	static const struct {
		const char *in, *key, *value, *word;
	} wrong[] = {
	    {NULL,       "max_vqp",                  "128",					 "max_vqp"                 },
	    {NULL,       "vqp",                      "128",					 "vqp"                     },
	    {NULL,       "mac",                      "\"02:00:00:00:00\"",                          "mac"                     },
	    {NULL,       "mac",                      "\"02:00:00:00:00:0g\"",                       "mac"                     },
	    {NULL,       "mac",                      "\"02:00:00:00:00:AB\"",                       "mac"                     },
	    {NULL,       "mac",                      "\"02-00-00-00-00-00\"",                       "mac"                     },
	    {NULL,       "mac",                      "\"02:00:00:00:00:000\"",                      "mac"                     },
	    {NULL,       "negotiated_features",      "[\"NOTHING\"]",                               "negotiated_features"     },
	    {NULL,       "negotiated_features",      "[\"CSUM\",\"CSUM\"]",                         "negotiated_features"     },
	    {NULL,       "negotiated_features",      "[\"CSUM\"]",                                  "negotiated_features_mask"},
	    {NULL,       "negotiated_features_mask", "\"0x1\"",                                     "negotiated_features_mask"},
	    {NULL,       "offloads",                 "[\"bit_64\"]",                                "offloads"                },
	    {NULL,       "offloads",                 "[\"bit_300\"]",                               "offloads"                },
	    {NULL,       "vlans",                    "[[0]]",				       "vlans"                   },
	    {NULL,       "vlans",                    "[[0,4096]]",                                  "vlans"                   },
	    {NULL,       "vlans",                    "[[-1,1]]",                                    "vlans"                   },
	    {NULL,       "vlans",                    "[[2,1]]",                                     "vlans"                   },
	    {NULL,       "vlans",                    "[[0,1],[1,2]]",                               "vlans"                   },
	    {NULL,       "vlans",                    "[[0,1],[2,3]]",                               "vlans"                   },
	    {NULL,       "vlans",                    "[[4,5],[0,1]]",                               "vlans"                   },
	    {NULL,       "vlans",                    "[[0,1,2]]",                                   "vlans"                   },
	    {"unicast",  "overflow",                 "true",                                        "unicast"                 },
	    {"unicast",  "addresses",                "[\"x\"]",                                     "unicast"                 },
	    {"rss",      "table",                    "[1,2,3]",                                     "table"                   },
	    {"rss",      "table",                    "[65536]",                                     "table"                   },
	    {"rss",      "key",                      "\"0\"",				       "key"                     },
	    {"rss",      "key",                      "\"0G\"",				      "key"                     },
	    {"rss",      "key",
	     "\"0000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	     "\"",										  "key"		     },
	    {"rss",      "unclassified",             "65536",                                       "unclassified"            },
	    {"coalesce", "queues",                   "[{\"queue\":254,\"packets\":1,\"usecs\":1}]", "queue"                   },
	    {"coalesce", "queues",
	     "[{\"queue\":1,\"packets\":1,\"usecs\":1},{\"queue\":1,\"packets\":1,\"usecs\":1}]",   "queue"                   },
	};

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *object = saved();
		json_t *in = wrong[i].in ? json_object_get(object, wrong[i].in) : object;

		json_object_set_new(in, wrong[i].key,
				    json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
		is_refused(object, wrong[i].word);
		json_decref(object);
	}
}

static void more_addresses_than_there_can_be_are_refused(void **unused)
{
	json_t *object = saved(), *array = json_array();

	for (int i = 0; i < VV_CTRL_MACS_MAX + 1; i++)
		json_array_append_new(array, json_sprintf("02:00:00:00:00:%02x", i));
	json_object_set_new(json_object_get(object, "unicast"), "addresses", array);
	is_refused(object, "unicast");
	json_decref(object);
}

static void state_saved_loaded_and_saved_is_the_same(void **state)
{
	struct rig *rig = *state;
	json_t *before, *after;
	char *params;

	fake_guest_runs(rig_device(rig, "vm1"), 0x100000020);
	rig_device(rig, "vm2");
	before = rig_ask(rig, "dev.state.save", "{\"name\":\"vm1\"}");
	params = json_dumps(json_object_get(json_object_get(before, "state"), "vm1"), 0);
	rig_fails(rig, "dev.state.save", "{\"name\":\"vm2\"}", -11, "EAGAIN", "state");
	after = json_pack("{s:s,s:o}", "name", "vm2", "state", json_loads(params, 0, NULL));
	free(params);
	params = json_dumps(after, 0);
	json_decref(after);
	json_decref(rig_ask(rig, "dev.state.load", params));
	after = rig_ask(rig, "dev.state.save", "{\"name\":\"vm2\"}");
	assert_true(json_equal(json_object_get(json_object_get(before, "state"), "vm1"),
			       json_object_get(json_object_get(after, "state"), "vm2")));
	/* What the driver says of it is told. */
	rig->manager->devices[1].live.running = true;
	assert_non_null(strstr(rig_fails(rig, "dev.state.load", params, -16, "EBUSY", "state"),
			       "a guest runs"));
	free(params);
	json_decref(before);
	json_decref(after);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(state_comes_back_as_it_was),
	    cmocka_unit_test(state_with_nothing_and_with_all_comes_back_as_it_was),
	    cmocka_unit_test(every_key_is_needed_and_none_else_and_of_its_type),
	    cmocka_unit_test(values_out_of_what_they_can_be_are_refused),
	    cmocka_unit_test(more_addresses_than_there_can_be_are_refused),
	    TEST(state_saved_loaded_and_saved_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
