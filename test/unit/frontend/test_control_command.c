/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands are the bytes of virtio 1.3 section 5.1.6.5; the configuration space those of 5.1.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_space.h"
#include "control_command.h"
#include "feature_names.h"

static struct fe_command command;
static struct fe_rss rss;

static int parse(const char *text)
{
	char line[1024];
	struct fe_words w;
	const char *why;
	int err;

	assert_true(strlen(text) < sizeof(line));
	strcpy(line, text);
	assert_int_equal(fe_words_split(line, &w), 0);
	err = fe_command_parse(&w, &command, &rss, &why);
	if (!err)
		assert_int_equal(w.n, 0);
	return err;
}

static void expect_bytes(const char *text, const char *hex)
{
	uint8_t bytes[512];
	size_t len;

	assert_int_equal(fe_word_hex(hex, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(parse(text), 0);
	assert_int_equal(command.len, len);
	assert_memory_equal(command.bytes, bytes, len);
}

static void spec_5_1_6_5_commands_are_the_bytes_of_the_specification(void **state)
{
	expect_bytes("promisc 1", "000001");
	expect_bytes("allmulti 0", "000100");
	expect_bytes("alluni 1", "000201");
	expect_bytes("nomulti 1", "000301");
	expect_bytes("nouni 1", "000401");
	expect_bytes("nobcast 1", "000501");
	expect_bytes("macs - -", "01000000000000000000");
	expect_bytes("macs 02:00:00:00:00:0a,02:00:00:00:00:0b 01:00:5e:00:00:01",
		     "01000200000002000000000a02000000000b0100000001005e000001");
	expect_bytes("mac 02:01:02:03:04:05", "0101020102030405");
	expect_bytes("vlan add 5", "02000500");
	expect_bytes("vlan del 4095", "0201ff0f");
	expect_bytes("announce", "0300");
	expect_bytes("pairs 258", "04000201");
	expect_bytes("rss table=0,1 types=0x6 unclassified=1 max-tx=2 key=0102",
		     "04010600000001000100000001000200020102");
	expect_bytes("hash types=1 key=07", "04020100000000000000000000000107");
	expect_bytes("offloads 0x8000000000000083", "05008300000000000080");
	expect_bytes("coal tx packets=8 usecs=64", "06000800000040000000");
	expect_bytes("coal rx packets=1 usecs=2", "06010100000002000000");
	expect_bytes("coal vq=3 packets=1 usecs=2", "0602030000000100000002000000");
	expect_bytes("coal-get 3", "060303000000");
	assert_int_equal(command.room, 8);
	expect_bytes("stats-query", "0800");
	expect_bytes("stats-get 4:0x100000000", "080104000000000000000000000001000000");
	expect_bytes("raw 0102ff", "0102ff");
	expect_bytes("raw -", "");
}

static void twists_cut_lengthen_and_take_the_ack_away(void **state)
{
	expect_bytes("promisc 1 cut=1", "0000");
	expect_bytes("promisc 1 more=2 room=7", "0000010000");
	assert_int_equal(command.room, 7);
	expect_bytes("coal rx packets=1 cut=7 usecs=2", "060101");
	expect_bytes("rss table=0 key=07 cut=2 types=1", "0401010000000000000000000100");
	assert_int_equal(parse("vlan add 5 no-ack"), 0);
	assert_true(command.no_ack);
	assert_int_equal(parse("vlan add 5"), 0);
	assert_false(command.no_ack);
}

static void rss_is_remembered_with_its_table_repeated(void **state)
{
	assert_int_equal(parse("rss table=3,1 mask=7"), 0);
	assert_int_equal(rss.entries, 8);
	assert_int_equal(rss.table[6], 3);
	assert_int_equal(rss.table[7], 1);
	assert_int_equal(rss.key_len, 40);
	assert_int_equal(rss.types, 0x3f);
}

static void many_addresses_differ(void **state)
{
	assert_int_equal(parse("macs many:300 many:2"), 0);
	assert_int_equal(command.len, 2 + 4 + 1800 + 4 + 12);
	assert_int_equal(command.bytes[2] | command.bytes[3] << 8, 300);
	assert_memory_not_equal(command.bytes + 6, command.bytes + 6 + 6 * 299, 6);
	assert_int_equal(command.bytes[2 + 4 + 1800 + 4] & 1, 1);
}

static void what_is_no_command_is_refused(void **state)
{
	static const char *const bad[] = {
	    "promisc",
	    "promisc x",
	    "macs -",
	    "macs 02:00 -",
	    "mac 02:00:00:00:00",
	    "vlan add",
	    "vlan sub 5",
	    "pairs",
	    "rss",
	    "rss table=1,,2",
	    "rss table=1 mask=300",
	    "coal",
	    "coal ry",
	    "stats-get x:1",
	    "raw 0",
	    "raw 0g",
	    "promisc 1 cut=9",
	    "offloads",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i]), -EINVAL);
	assert_int_equal(parse("dance"), -ENOENT);
	assert_int_equal(parse("# nothing"), -ENOENT);
}

static void answers_have_words(void **state)
{
	struct fe_answer *answer = calloc(1, sizeof(*answer));
	char text[64];

	assert_non_null(answer);
	fe_answer_text(answer, text, sizeof(text));
	assert_string_equal(text, "ok");
	answer->ack = 1;
	fe_answer_text(answer, text, sizeof(text));
	assert_string_equal(text, "err");
	answer->ack = -1;
	fe_answer_text(answer, text, sizeof(text));
	assert_string_equal(text, "empty");
	*answer = (struct fe_answer){
	    .ack = 0, .result_len = 2, .result = {0x0a, 0xff}
        };
	fe_answer_text(answer, text, sizeof(text));
	assert_string_equal(text, "ok 0aff");
	answer->result_len = 200;
	fe_answer_text(answer, text, 16);
	assert_true(strlen(text) < 16);
	free(answer);
}

static void spec_5_1_4_fields_of_the_configuration_space(void **state)
{
	uint8_t bytes[FE_CONFIG_LEN];
	uint64_t value;
	char text[32];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i + 1);
	assert_int_equal(fe_config_text(bytes, sizeof(bytes), "mac", text, sizeof(text)), 0);
	assert_string_equal(text, "01:02:03:04:05:06");
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "status", &value), 0);
	assert_int_equal(value, 0x0807);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "max_virtqueue_pairs", &value), 0);
	assert_int_equal(value, 0x0a09);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "mtu", &value), 0);
	assert_int_equal(value, 0x0c0b);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "speed", &value), 0);
	assert_int_equal(value, 0x100f0e0d);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "duplex", &value), 0);
	assert_int_equal(value, 0x11);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "rss_max_key_size", &value), 0);
	assert_int_equal(value, 0x12);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "rss_max_table_length", &value), 0);
	assert_int_equal(value, 0x1413);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "supported_hash_types", &value), 0);
	assert_int_equal(value, 0x18171615);
	/* What the bytes do not reach is not there. */
	assert_int_equal(fe_config_field(bytes, 9, "max_virtqueue_pairs", &value), -ENOENT);
	assert_int_equal(fe_config_field(bytes, 10, "max_virtqueue_pairs", &value), 0);
	assert_int_equal(fe_config_field(bytes, sizeof(bytes), "colour", &value), -ENOENT);
}

static void features_have_names(void **state)
{
	uint64_t features;

	assert_int_equal(fe_features_parse("ctrl_vq,rss", &features), 0);
	assert_true(features == (1ull << 17 | 1ull << 60));
	assert_int_equal(fe_features_parse("none", &features), 0);
	assert_int_equal(features, 0);
	assert_int_equal(fe_features_parse("control", &features), 0);
	assert_true(features == FE_FEATURES_CONTROL);
	assert_int_equal(fe_features_parse("ctrl_vq,", &features), -EINVAL);
	assert_int_equal(fe_features_parse("ctrl", &features), -EINVAL);
	assert_string_equal(fe_feature_name(52), "vq_notf_coal");
	assert_null(fe_feature_name(40));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_5_1_6_5_commands_are_the_bytes_of_the_specification),
	    cmocka_unit_test(twists_cut_lengthen_and_take_the_ack_away),
	    cmocka_unit_test(rss_is_remembered_with_its_table_repeated),
	    cmocka_unit_test(many_addresses_differ),
	    cmocka_unit_test(what_is_no_command_is_refused),
	    cmocka_unit_test(answers_have_words),
	    cmocka_unit_test(spec_5_1_4_fields_of_the_configuration_space),
	    cmocka_unit_test(features_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
