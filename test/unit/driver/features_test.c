/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of feature bits, and what they are called. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <rte_vhost.h>

#include "provision/vv_features.h"
#include "vv_virtio.h"

static void every_bit_has_a_name_that_finds_it(void **state)
{
	char name[VV_FEATURE_NAME_MAX], text[VV_FEATURE_NAME_MAX];
	unsigned int bit, found, i;

	for (bit = 0; bit < VV_FEATURES_MAX; bit++) {
		snprintf(text, sizeof(text), "%s", vv_feature_name(bit, name));
		assert_true(strlen(text) < VV_FEATURE_NAME_MAX - 1);
		assert_int_equal(vv_feature_find(text, &found), 0);
		assert_int_equal(found, bit);
		for (i = 0; text[i]; i++)
			if (text[i] >= 'A' && text[i] <= 'Z')
				text[i] += 'a' - 'A';
		assert_int_equal(vv_feature_find(text, &found), 0);
		assert_int_equal(found, bit);
		snprintf(text, sizeof(text), "bit_%u", bit);
		assert_int_equal(vv_feature_find(text, &found), 0);
		assert_int_equal(found, bit);
	}
}

/* Where the kernel's headers have a word for it, too. */
static void names_stand_for_the_bits_of_the_headers(void **state)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} some[] = {
	    {"CSUM",           VIRTIO_NET_F_CSUM          },
	    {"GUEST_ANNOUNCE", VIRTIO_NET_F_GUEST_ANNOUNCE},
	    {"CTRL_MAC_ADDR",  VIRTIO_NET_F_CTRL_MAC_ADDR },
	    {"MQ",             VIRTIO_NET_F_MQ            },
	    {"VERSION_1",      VIRTIO_F_VERSION_1         },
	    {"RING_PACKED",    VIRTIO_F_RING_PACKED       },
	    {"ORDER_PLATFORM", VIRTIO_F_ORDER_PLATFORM    },
	    {"RING_EVENT_IDX", VIRTIO_RING_F_EVENT_IDX    },
	    {"NOTF_COAL",      VIRTIO_NET_F_NOTF_COAL     },
	    {"VQ_NOTF_COAL",   VIRTIO_NET_F_VQ_NOTF_COAL  },
	    {"DEVICE_STATS",   VIRTIO_NET_F_DEVICE_STATS  },
	    {"RSS",            VIRTIO_NET_F_RSS           },
	    {"SPEED_DUPLEX",   VIRTIO_NET_F_SPEED_DUPLEX  },
	};
	unsigned int bit, i;

	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		assert_int_equal(vv_feature_find(some[i].name, &bit), 0);
		assert_int_equal(bit, some[i].bit);
		assert_string_equal(vv_feature_known(bit), some[i].name);
	}
	/* vhost-user's own has no name, nor has the one for logging. */
	assert_null(vv_feature_known(VHOST_USER_F_PROTOCOL_FEATURES));
	assert_null(vv_feature_known(VHOST_F_LOG_ALL));
}

static void find_knows_no_other_names(void **state)
{
	static const char *const bad[] = {"",
					  " ",
					  "CSU",
					  "CSUM ",
					  "bit_",
					  "bit_128",
					  "bit_-1",
					  "bit_1x",
					  "bit 1",
					  "1",
					  "bit_0x1",
					  "VIRTIO_NET_F_CSUM",
					  "bit_4294967296"};
	unsigned int bit = 77, i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vv_feature_find(bad[i], &bit), -ENOENT);
	assert_int_equal(bit, 77);
}

/* P27: formats survive more than 64 bits. */
static void p27_masks_have_more_than_64_bits(void **state)
{
	static const struct {
		const char *text, *mask;
		uint64_t high, low;
	} masks[] = {
	    {"0x0", "0x0", 0, 0},
	    {"0X300020000", "0x300020000", 0, 0x300020000},
	    {"0xFFFFFFFFFFFFFFFF", "0xffffffffffffffff", 0, ~0ull},
	    {"0x10000000000000000", "0x10000000000000000", 1, 0},
	    {"0x1e0000000100020000", "0x1e0000000100020000", 0x1e, 0x100020000},
	    {"0xffffffffffffffffffffffffffffffff", "0xffffffffffffffffffffffffffffffff", ~0ull, ~0ull},
	    {"0x00000000000000000000000000000000000001", "0x1", 0, 1},
	    {"12886081536", "0x300120000", 0, 0x300120000},
	    {"18446744073709551615", "0xffffffffffffffff", 0, ~0ull},
	};
	char text[VV_FEATURES_MASK_MAX];
	struct vv_features f;
	unsigned int i;

	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		assert_int_equal(vv_features_parse(masks[i].text, &f), 0);
		assert_int_equal(f.word[0], masks[i].low);
		assert_int_equal(f.word[1], masks[i].high);
		assert_string_equal(vv_features_mask(&f, text), masks[i].mask);
	}
}

static void parse_refuses_what_is_no_mask(void **state)
{
	static const char *const bad[] = {"",     "0x",  "x1",  "-1",   "+1",  " 1", "1 ",
					  "0x 1", "0xg", "1e3", "CSUM", "0b1", "1.5"};
	struct vv_features f = VV_FEATURES_OF(77);
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vv_features_parse(bad[i], &f), -EINVAL);
	assert_int_equal(vv_features_parse("0x100000000000000000000000000000000", &f), -ERANGE);
	assert_int_equal(vv_features_parse("18446744073709551616", &f), -ERANGE);
	assert_int_equal(f.word[0], 77);
}

static void names_are_listed_as_far_as_there_is_room(void **state)
{
	struct vv_features f = VV_FEATURES_OF(VV_BIT(0) | VV_BIT(4) | VV_BIT(17)), all = {0};
	char text[VV_FEATURES_NAMES_MAX];
	unsigned int bit;
	size_t size;

	vv_features_set(&f, 64, true);
	assert_string_equal(vv_features_names(&f, text, sizeof(text)),
			    "CSUM bit_4 CTRL_VQ RSS_CONTEXT");
	assert_string_equal(vv_features_names(&f, text, 20), "CSUM bit_4 ...");
	assert_string_equal(vv_features_names(&all, text, sizeof(text)), "");
	for (bit = 0; bit < VV_FEATURES_MAX; bit++)
		vv_features_set(&all, bit, true);
	vv_features_names(&all, text, sizeof(text));
	assert_null(strstr(text, "..."));
	for (size = 0; size < sizeof(text); size++) {
		memset(text, 0x5a, sizeof(text));
		vv_features_names(&all, text, size);
		assert_true(!size || strlen(text) < size);
		assert_int_equal(text[size], 0x5a);
	}
}

static void sets_are_compared_in_all_words(void **state)
{
	struct vv_features a = VV_FEATURES_OF(1), b = VV_FEATURES_OF(1);

	vv_features_set(&b, 100, true);
	assert_false(vv_features_equal(a, b));
	assert_false(vv_features_is_empty(vv_features_without(b, a)));
	assert_true(vv_features_is_empty(vv_features_without(a, b)));
	assert_true(vv_features_equal(vv_features_and(a, b), a));
	assert_true(vv_features_equal(vv_features_or(a, b), b));
	vv_features_set(&b, 100, false);
	assert_true(vv_features_equal(a, b));
	assert_false(vv_features_has(&a, VV_FEATURES_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_bit_has_a_name_that_finds_it),
	    cmocka_unit_test(names_stand_for_the_bits_of_the_headers),
	    cmocka_unit_test(find_knows_no_other_names),
	    cmocka_unit_test(p27_masks_have_more_than_64_bits),
	    cmocka_unit_test(parse_refuses_what_is_no_mask),
	    cmocka_unit_test(names_are_listed_as_far_as_there_is_room),
	    cmocka_unit_test(sets_are_compared_in_all_words),
	};

	return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
