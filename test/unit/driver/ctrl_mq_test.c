/* SPDX-License-Identifier: BSD-3-Clause */
/* Which queues are used, and by which a frame is received (virtio 1.3 5.1.6.5.5 to 5.1.6.5.7). */
#include <string.h>

#include "ctrl_rig.h"

static enum vv_ctrl_verdict rss_send(struct ctrl_rig *rig, const struct rig_rss *rss)
{
	uint8_t bytes[1024];

	return rig_send(rig, bytes, rig_rss(rss, bytes));
}

/* A good one, for tests that change one thing of it. */
static const struct rig_rss good = {
    .types = 0x3f,
    .table_len = 4,
    .unclassified = 1,
    .max_tx = 2,
    .key_len = 40,
    .entry = 2,
};

static void spec_5_1_6_5_6_pairs_are_1_to_the_devices(void **state)
{
	struct ctrl_rig rig;
	unsigned int pairs;

	rig_init(&rig, RIG_FEATURES);
	for (pairs = 0; pairs < 65536; pairs += pairs < 300 ? 1 : 257) {
		if (pairs >= 1 && pairs <= RIG_PAIRS) {
			assert_ok(&rig, 4, 0, pairs, pairs >> 8);
			assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), pairs);
		} else {
			assert_bad(&rig, 4, 0, pairs, pairs >> 8);
		}
	}
	assert_bad(&rig, 4, 0, 0, 0x80);
	rig.conf.pairs = VV_CTRL_PAIRS_MAX;
	assert_ok(&rig, 4, 0, 127, 0);
	assert_bad(&rig, 4, 0, 128, 0);
	rig.conf.pairs = 1;
	vv_ctrl_reset(&rig.conf, &rig.now);
	assert_ok(&rig, 4, 0, 1, 0);
	assert_bad(&rig, 4, 0, 2, 0);
}

static void spec_5_1_6_5_7_rss_is_taken_as_sent(void **state)
{
	struct ctrl_rig rig;
	unsigned int i;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 4, 1, 0x05, 0, 0, 0, 3, 0, 2, 0, 0, 0, 1, 0, 3, 0, 1, 0, 4, 0, 5, 0xa, 0xb,
		  0xc, 0xd, 0xe);
	assert_true(rig.now.rss_active);
	assert_int_equal(rig.now.rss.hash_types, 5);
	assert_int_equal(rig.now.rss.table_len, 4);
	assert_int_equal(rig.now.rss.unclassified, 2);
	assert_int_equal(rig.now.rss.table[0], 0);
	assert_int_equal(rig.now.rss.table[1], 1);
	assert_int_equal(rig.now.rss.table[2], 3);
	assert_int_equal(rig.now.rss.table[3], 1);
	assert_int_equal(rig.now.rss.max_tx, 4);
	assert_int_equal(rig.now.rss.key_len, 5);
	assert_memory_equal(rig.now.rss.key, "\x0a\x0b\x0c\x0d\x0e", 5);
	for (i = 5; i < VV_CTRL_RSS_KEY_MAX; i++)
		assert_int_equal(rig.now.rss.key[i], 0);
	for (i = 4; i < VV_CTRL_RSS_TABLE_MAX; i++)
		assert_int_equal(rig.now.rss.table[i], 0);
}

static void spec_5_1_6_5_7_table_is_a_power_of_two_to_128(void **state)
{
	unsigned int len;
	struct ctrl_rig rig;
	struct rig_rss rss;
	uint8_t bytes[1024];

	rig_init(&rig, RIG_FEATURES);
	for (len = 1; len <= 300; len++) {
		rss = good;
		rss.table_len = len;
		assert_int_equal(rss_send(&rig, &rss),
				 len <= 128 && !(len & (len - 1)) ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
	}
	/* The largest mask there is, and what would be its table nearly all missing. */
	rig_rss(&good, bytes);
	bytes[6] = bytes[7] = 0xff;
	assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)), VV_CTRL_BAD_VALUE);
}

static void spec_5_1_6_5_7_queues_are_of_the_device(void **state)
{
	static const uint16_t numbers[] = {0, 1, 3, 4, 5, 127, 0x7fff, 0x8000, 0xffff};
	struct ctrl_rig rig;
	struct rig_rss rss;
	unsigned int i, at;
	uint8_t bytes[1024];
	size_t len;

	rig_init(&rig, RIG_FEATURES);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		rss = good;
		rss.unclassified = numbers[i];
		assert_int_equal(rss_send(&rig, &rss),
				 numbers[i] < RIG_PAIRS ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
		rss = good;
		rss.max_tx = numbers[i];
		assert_int_equal(rss_send(&rig, &rss), numbers[i] >= 1 && numbers[i] <= RIG_PAIRS
							   ? VV_CTRL_OK
							   : VV_CTRL_BAD_VALUE);
		/* Any one entry. */
		for (at = 0; at < good.table_len; at++) {
			len = rig_rss(&good, bytes);
			bytes[10 + 2 * at] = (uint8_t)numbers[i];
			bytes[11 + 2 * at] = (uint8_t)(numbers[i] >> 8);
			assert_int_equal(rig_send(&rig, bytes, len),
					 numbers[i] < RIG_PAIRS ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
		}
	}
}

static void spec_5_1_6_5_7_key_has_40_bytes_at_most(void **state)
{
	struct ctrl_rig rig;
	struct rig_rss rss;
	unsigned int len;

	rig_init(&rig, RIG_FEATURES);
	for (len = 0; len < 256; len++) {
		rss = good;
		rss.key_len = (uint8_t)len;
		assert_int_equal(rss_send(&rig, &rss),
				 len >= 1 && len <= 40 ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
		rss.types = 0; /* nothing is hashed, and no key needed */
		assert_int_equal(rss_send(&rig, &rss), len <= 40 ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
	}
}

static void spec_5_1_6_5_7_types_are_supported_ones(void **state)
{
	struct ctrl_rig rig;
	struct rig_rss rss;
	unsigned int bit;

	rig_init(&rig, RIG_FEATURES);
	for (bit = 0; bit < 32; bit++) {
		rss = good;
		rss.types = 1u << bit;
		assert_int_equal(rss_send(&rig, &rss), bit < 6 ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
	}
	rig.conf.hash_types = 0x9;
	rss = good;
	rss.types = 0x9;
	assert_int_equal(rss_send(&rig, &rss), VV_CTRL_OK);
	rss.types = 0xb;
	assert_int_equal(rss_send(&rig, &rss), VV_CTRL_BAD_VALUE);
}

/* Every cut, and every byte too many. */
static void spec_5_1_6_5_7_rss_of_other_length_is_refused(void **state)
{
	static const uint8_t lengths[] = {1, 4, 128};
	enum vv_ctrl_verdict verdict;
	struct rig_rss rss = good;
	struct ctrl_rig rig;
	uint8_t bytes[1024];
	size_t right, len;
	unsigned int i;

	rig_init(&rig, RIG_FEATURES);
	for (i = 0; i < sizeof(lengths); i++) {
		memset(bytes, 0, sizeof(bytes));
		rss.table_len = lengths[i];
		right = rig_rss(&rss, bytes);
		for (len = 2; len < right + 20; len++) {
			verdict = rig_send(&rig, bytes, len);
			assert_int_equal(verdict, len < right   ? VV_CTRL_TRUNCATED
						  : len > right ? VV_CTRL_OVERLONG
								: VV_CTRL_OK);
		}
	}
}

/* virtio 1.3 5.1.6.5.5: the last command decides the mode, and leaves nothing of the one before. */
static void spec_5_1_6_5_5_last_command_of_the_class_wins(void **state)
{
	static const struct vv_ctrl_rss none;
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 4, 0, 2, 0);
	assert_int_equal(rss_send(&rig, &good), VV_CTRL_OK);
	assert_true(rig.now.rss_active);
	assert_ok(&rig, 4, 0, 2, 0);
	assert_false(rig.now.rss_active);
	assert_memory_equal(&rig.now.rss, &none, sizeof(none));
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 2);
}

/* A pair is in use if the guest may send on it, or receives by it. */
static void rss_pairs_in_use_cover_table_default_and_sending(void **state)
{
	struct rig_rss rss = {.table_len = 2, .max_tx = 1};
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_int_equal(rss_send(&rig, &rss), VV_CTRL_OK);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 1);
	rss.max_tx = 3;
	assert_int_equal(rss_send(&rig, &rss), VV_CTRL_OK);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 3);
	rss.unclassified = 3;
	assert_int_equal(rss_send(&rig, &rss), VV_CTRL_OK);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 4);
	rss = (struct rig_rss){.table_len = 2, .max_tx = 1, .entry = 2};
	assert_int_equal(rss_send(&rig, &rss), VV_CTRL_OK);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 3);
}

/* ---- hash of automatic steering ---- */

static void spec_5_1_6_5_6_4_hash_config_keeps_the_pairs(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 4, 0, 3, 0);
	/* The reserved words as Linux leaves them: of its RSS configuration. */
	assert_ok(&rig, 4, 2, 0x3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 3, 7, 8, 9);
	assert_false(rig.now.rss_active);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 3);
	assert_int_equal(rig.now.rss.hash_types, 3);
	assert_int_equal(rig.now.rss.key_len, 3);
	assert_memory_equal(rig.now.rss.key, "\x07\x08\x09", 3);
	/* After RSS: as many pairs as it used. */
	assert_ok(&rig, 4, 0, 1, 0);
	assert_int_equal(rss_send(&rig, &good), VV_CTRL_OK);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 3);
	assert_ok(&rig, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_false(rig.now.rss_active);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 3);
}

static void spec_5_1_6_5_6_4_hash_config_bounds(void **state)
{
	uint8_t bytes[2 + 13 + 255] = {4, 2, 1};
	enum vv_ctrl_verdict verdict;
	struct ctrl_rig rig;
	unsigned int key;
	size_t len;

	rig_init(&rig, RIG_FEATURES);
	assert_bad(&rig, 4, 2, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7);
	assert_bad(&rig, 4, 2, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7);
	for (key = 0; key < 256; key++) {
		bytes[14] = (uint8_t)key;
		assert_int_equal(rig_send(&rig, bytes, 15 + key),
				 key >= 1 && key <= 40 ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
	}
	bytes[14] = 40;
	for (len = 2; len < 80; len++) {
		verdict = rig_send(&rig, bytes, len);
		assert_int_equal(verdict, len < 55   ? VV_CTRL_TRUNCATED
					  : len > 55 ? VV_CTRL_OVERLONG
						     : VV_CTRL_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_5_1_6_5_6_pairs_are_1_to_the_devices),
	    cmocka_unit_test(spec_5_1_6_5_7_rss_is_taken_as_sent),
	    cmocka_unit_test(spec_5_1_6_5_7_table_is_a_power_of_two_to_128),
	    cmocka_unit_test(spec_5_1_6_5_7_queues_are_of_the_device),
	    cmocka_unit_test(spec_5_1_6_5_7_key_has_40_bytes_at_most),
	    cmocka_unit_test(spec_5_1_6_5_7_types_are_supported_ones),
	    cmocka_unit_test(spec_5_1_6_5_7_rss_of_other_length_is_refused),
	    cmocka_unit_test(spec_5_1_6_5_5_last_command_of_the_class_wins),
	    cmocka_unit_test(rss_pairs_in_use_cover_table_default_and_sending),
	    cmocka_unit_test(spec_5_1_6_5_6_4_hash_config_keeps_the_pairs),
	    cmocka_unit_test(spec_5_1_6_5_6_4_hash_config_bounds),
	};

	return cmocka_run_group_tests_name("ctrl_mq", tests, NULL, NULL);
}
