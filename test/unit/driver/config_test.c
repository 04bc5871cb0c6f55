/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration space, byte by byte (virtio 1.3 5.1.4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "vv_config.h"
#include "vv_virtio.h"

enum { SPACE = 24 }; /* up to supported_hash_types */

/* Every byte of every field another one. */
static struct vv_config all(uint64_t features)
{
	return (struct vv_config){
	    .features = features,
	    .mac = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55},
	    .link_up = true,
	    .announce = true,
	    .pairs = 0x0102,
	    .mtu = 0x0304,
	    .speed_mbps = 0x05060708,
	    .full_duplex = true,
	    .hash_types = 0x090a0b0c,
	    .rss_key_max = 40,
	    .rss_table_max = 0x0d0e,
	};
}

static const uint8_t whole[SPACE] = {
    0x02, 0x11, 0x22, 0x33, 0x44, 0x55, /* 0: mac */
    0x03, 0x00,                         /* 6: status */
    0x02, 0x01,                         /* 8: max_virtqueue_pairs */
    0x04, 0x03,                         /* 10: mtu */
    0x08, 0x07, 0x06, 0x05,             /* 12: speed */
    0x01,                               /* 16: duplex */
    40,                                 /* 17: rss_max_key_size */
    0x0e, 0x0d,                         /* 18: rss_max_indirection_table_length */
    0x0c, 0x0b, 0x0a, 0x09,             /* 20: supported_hash_types */
};

static void spec_5_1_4_every_field_has_its_place(void **state)
{
	struct vv_config config = all(~0ull);
	uint8_t bytes[SPACE];

	vv_config_fill(&config, bytes, sizeof(bytes));
	assert_memory_equal(bytes, whole, SPACE);
}

/* virtio 1.3 5.1.4: a field exists if its feature is offered; nothing else is to be seen. */
static void spec_5_1_4_field_follows_its_feature(void **state)
{
	static const struct {
		uint64_t features;
		uint8_t first, len;
	} fields[] = {
	    {VV_BIT(VIRTIO_NET_F_MAC),					  0,  6},
	    {VV_BIT(VIRTIO_NET_F_MQ),					   8,  2},
	    {VV_BIT(VIRTIO_NET_F_MTU),					  10, 2},
	    {VV_BIT(VIRTIO_NET_F_SPEED_DUPLEX),                                 12, 5},
	    {VV_BIT(VIRTIO_NET_F_STATUS) | VV_BIT(VIRTIO_NET_F_GUEST_ANNOUNCE), 6,  2},
	};
	uint8_t bytes[SPACE], expected[SPACE];
	struct vv_config config;
	unsigned int i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		config = all(fields[i].features);
		memset(expected, 0, sizeof(expected));
		memcpy(expected + fields[i].first, whole + fields[i].first, fields[i].len);
		vv_config_fill(&config, bytes, sizeof(bytes));
		assert_memory_equal(bytes, expected, SPACE);
	}
	config = all(0);
	memset(expected, 0, sizeof(expected));
	vv_config_fill(&config, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, SPACE);
}

static void spec_5_1_4_rss_brings_pairs_and_its_limits(void **state)
{
	struct vv_config config = all(VV_BIT(VIRTIO_NET_F_RSS));
	uint8_t bytes[SPACE], expected[SPACE] = {0};

	memcpy(expected + 8, whole + 8, 2);
	memcpy(expected + 17, whole + 17, 7);
	vv_config_fill(&config, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, SPACE);

	config = all(VV_BIT(VIRTIO_NET_F_HASH_REPORT)); /* a key and types, but no table */
	memset(expected, 0, sizeof(expected));
	expected[17] = whole[17];
	memcpy(expected + 20, whole + 20, 4);
	vv_config_fill(&config, bytes, sizeof(bytes));
	assert_memory_equal(bytes, expected, SPACE);
}

static void spec_5_1_4_status_bits(void **state)
{
	static const struct {
		bool up, announce, offered;
		uint8_t status;
	} cases[] = {
	    {false, false, true,  0},
            {true,  false, true,  1},
            {false, true,  true,  2},
	    {true,  true,  true,  3},
            {true,  true,  false, 1},
	};
	struct vv_config config;
	uint8_t bytes[SPACE];
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config = all(VV_BIT(VIRTIO_NET_F_STATUS));
		if (cases[i].offered)
			config.features |= VV_BIT(VIRTIO_NET_F_GUEST_ANNOUNCE);
		config.link_up = cases[i].up;
		config.announce = cases[i].announce;
		vv_config_fill(&config, bytes, sizeof(bytes));
		assert_int_equal(bytes[6], cases[i].status);
		assert_int_equal(bytes[7], 0);
	}
}

static void spec_5_1_4_unknown_speed_is_all_ones(void **state)
{
	struct vv_config config = all(VV_BIT(VIRTIO_NET_F_SPEED_DUPLEX));
	uint8_t bytes[SPACE];

	config.speed_mbps = 0xffffffff;
	config.full_duplex = false;
	vv_config_fill(&config, bytes, sizeof(bytes));
	assert_memory_equal(bytes + 12, "\xff\xff\xff\xff\x00", 5);
}

/* Guests read with growing sizes, and past the end: all of what they asked for is written. */
static void read_of_any_length_is_whole_and_stays_inside(void **state)
{
	struct vv_config config = all(~0ull);
	uint8_t bytes[256 + 1], expected[256] = {0};
	size_t len;

	memcpy(expected, whole, SPACE);
	for (len = 0; len <= 256; len++) {
		memset(bytes, 0xa5, sizeof(bytes));
		vv_config_fill(&config, bytes, len);
		assert_memory_equal(bytes, expected, len);
		assert_int_equal(bytes[len], 0xa5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_5_1_4_every_field_has_its_place),
	    cmocka_unit_test(spec_5_1_4_field_follows_its_feature),
	    cmocka_unit_test(spec_5_1_4_rss_brings_pairs_and_its_limits),
	    cmocka_unit_test(spec_5_1_4_status_bits),
	    cmocka_unit_test(spec_5_1_4_unknown_speed_is_all_ones),
	    cmocka_unit_test(read_of_any_length_is_whole_and_stays_inside),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
