/* SPDX-License-Identifier: BSD-3-Clause */
/* Offloads as functions: every header that must not pass. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "offload_scene.h"
#include "random.h"

static void header_that_asks_for_nothing_is_plain(void **state)
{
	uint8_t vnet[12];

	packet_vnet(vnet, 0, 0, 99, 1400, 34, 16);
	assert_true(offload_is_plain(vnet));
	/* What only devices set, or nobody yet, means nothing to us (section 5.1.6.2.2). */
	packet_vnet(vnet, (uint8_t)~VNET_F_NEEDS_CSUM, 0, 0, 0, 0, 0);
	assert_true(offload_is_plain(vnet));
	packet_vnet(vnet, VNET_F_NEEDS_CSUM, 0, 0, 0, 0, 0);
	assert_false(offload_is_plain(vnet));
	packet_vnet(vnet, 0, VNET_GSO_TCPV4, 0, 0, 0, 0);
	assert_false(offload_is_plain(vnet));
	packet_vnet(vnet, 0, VNET_GSO_ECN, 0, 0, 0, 0);
	assert_false(offload_is_plain(vnet));
}

static void header_that_lies_is_refused(void **state)
{
	static uint8_t frame[FRAME_MAX];
	static const struct {
		const char *what;
		uint32_t features;
		int flags, gso_type, gso_size, start, offset; /* -1: right */
	} lies[] = {
	    {"checksum without the feature", 0, -1, 0, 0, -1, -1},
	    {"TSO4 without checksum feature", VQ_F_HOST_TSO4, -1, -1, -1, -1, -1},
	    {"TSO4 without the feature", VQ_F_CSUM | VQ_F_HOST_TSO6, -1, -1, -1, -1, -1},
	    {"ECN without the feature", VQ_F_CSUM | VQ_F_HOST_TSO4, -1, 0x81, -1, -1, -1},
	    {"TSO without NEEDS_CSUM", ~0u, 0, -1, -1, -1, -1},
	    {"TSO6 of an IPv4 packet", ~0u, -1, 4, -1, -1, -1},
	    {"UFO", ~0u, -1, 3, -1, -1, -1},
	    {"UDP segmentation", ~0u, -1, 5, -1, -1, -1},
	    {"unknown type", ~0u, -1, 7, -1, -1, -1},
	    {"ECN alone", ~0u, -1, 0x80, -1, -1, -1},
	    {"segments of nothing", ~0u, -1, -1, 0, -1, -1},
	    {"segments too large", ~0u, -1, -1, 9238, -1, -1},
	    {"too many segments", ~0u, -1, -1, 3, -1, -1},
	    {"starts in the MAC header", ~0u, -1, 0, 0, 13, -1},
	    {"starts behind the frame", ~0u, -1, 0, 0, 65000, -1},
	    {"ends behind the frame", ~0u, -1, 0, 0, -1, 65000},
	    {"start and offset overflow", ~0u, -1, 0, 0, 65535, 65535},
	    {"checksum at an odd place", ~0u, -1, 0, 0, -1, 7},
	    {"checksum far behind", ~0u, -1, 0, 0, 2000, 0},
	    {"TSO that starts in the IP header", ~0u, -1, -1, -1, 33, -1},
	    {"TSO that starts behind the TCP header", ~0u, -1, -1, -1, 54, -1},
	    {"TSO with UDP's offset", ~0u, -1, -1, -1, -1, 6},
	};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .body = 4000};
	struct packet_at at;
	uint32_t len = packet_make(&p, frame, &at);

	for (unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct offload o;
		uint8_t vnet[12];

#define OR(field, right) (uint16_t)(lies[i].field == -1 ? (right) : lies[i].field)
		packet_vnet(vnet, (uint8_t)OR(flags, 1), (uint8_t)OR(gso_type, 1), 54,
			    OR(gso_size, 1400), OR(start, (int)at.l4), OR(offset, 16));
		if (scene_check(vnet, lies[i].features, frame, len, &o) != OFFLOAD_BAD)
			fail_msg("passed: %s", lies[i].what);
	}
}

/* Where the tag is taken out, it would be written to the MAC addresses. */
static void checksum_in_a_vlan_tag_is_refused(void **state)
{
	static uint8_t frame[FRAME_MAX];

	for (uint32_t tags = 0; tags <= 2; tags++) {
		struct packet p = {
		    .version = 4, .protocol = PACKET_UDP, .tags = tags, .body = 100};
		struct packet_at at;
		uint32_t len = packet_make(&p, frame, &at);

		for (uint32_t start = 14; start <= at.l3; start++) {
			struct offload o;
			uint8_t vnet[12];

			packet_vnet(vnet, VNET_F_NEEDS_CSUM, 0, 0, 0, (uint16_t)start, 0);
			assert_int_equal(scene_check(vnet, VQ_F_CSUM, frame, len, &o),
					 start < at.l3 ? OFFLOAD_BAD : OFFLOAD_SOME);
		}
	}
}

/* A packet that is good but for one thing. */
static void segmentation_of_what_is_no_tcp_is_refused(void **state)
{
	static uint8_t good[FRAME_MAX], frame[FRAME_MAX];

	for (unsigned int version = 4; version <= 6; version += 2) {
		struct packet p = {.version = version, .protocol = PACKET_TCP, .body = 3000};
		struct packet_at at;
		struct offload o;
		uint8_t vnet[12];
		uint32_t len = packet_make(&p, good, &at);

		scene_gso_vnet(&p, &at, 1000, vnet);
		assert_int_equal(scene_check(vnet, scene_all_tx, good, len, &o), OFFLOAD_SOME);
		assert_int_equal(o.head_len, at.body);
		assert_int_equal(offload_wire_len(&o), at.body + 1000);
#define SPOIL(where, value)                                                                        \
	memcpy(frame, good, len);                                                                  \
	frame[where] = (uint8_t)(value);                                                           \
	assert_int_equal(scene_check(vnet, scene_all_tx, frame, len, &o), OFFLOAD_BAD)

		SPOIL(12, 0x09);                       /* another ethertype */
		SPOIL(at.l3, 0x75);                    /* another IP version */
		SPOIL(at.l3 + (version == 4 ? 9 : 6), PACKET_UDP);
		SPOIL(at.l4 + 12, 0x40);               /* TCP header shorter than one */
		if (version == 4) {
			SPOIL(at.l3, 0x44);            /* IP header shorter than one */
			SPOIL(at.l3, 0x46);            /* TCP is not where the checksum starts */
			SPOIL(at.l3 + 6, 0x20);        /* more fragments */
			SPOIL(at.l3 + 7, 0x01);        /* not the first fragment */
		} else {
			SPOIL(at.l3 + 6, 44);          /* a fragment */
			SPOIL(at.l3 + 6, 0);           /* TCP is behind an extension */
		}
		/* Nothing behind the headers, headers cut off. */
		assert_int_equal(scene_check(vnet, scene_all_tx, good, at.body, &o), OFFLOAD_BAD);
		for (uint32_t cut = 14; cut < at.body; cut++)
			assert_int_equal(scene_check(vnet, scene_all_tx, good, cut, &o),
					 OFFLOAD_BAD);
	}
}

static void frame_longer_than_ip_is_refused(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct packet p = {.version = 6, .protocol = PACKET_TCP, .body = 65500};
	struct packet_at at;
	struct offload o;
	uint8_t vnet[12];
	uint32_t len = packet_make(&p, frame, &at);

	scene_gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(scene_check(vnet, scene_all_tx, frame, OFFLOAD_LEN_MAX, &o), OFFLOAD_SOME);
	assert_true(len > OFFLOAD_LEN_MAX);
	assert_int_equal(scene_check(vnet, scene_all_tx, frame, len, &o), OFFLOAD_BAD);
}

static void headers_beyond_what_is_copied_are_refused(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct packet p = {.version = 6, .protocol = PACKET_TCP, .ip_words = 40, .body = 3000};
	struct packet_at at;
	struct offload o;
	uint8_t vnet[12];
	uint32_t len = packet_make(&p, frame, &at);

	scene_gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(scene_check(vnet, scene_all_tx, frame, len, &o), OFFLOAD_BAD);
}

static void hdr_len_is_not_believed(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .body = 3000};
	struct packet_at at;
	struct offload o;
	uint8_t vnet[12], back[12];
	uint32_t len = packet_make(&p, frame, &at);

	scene_gso_vnet(&p, &at, 1000, vnet);
	vnet[2] = vnet[3] = 0xff;
	assert_int_equal(scene_check(vnet, scene_all_tx, frame, len, &o), OFFLOAD_SOME);
	assert_int_equal(o.head_len, at.body);
	offload_header(&o, back);
	assert_int_equal(back[2] | back[3] << 8, at.body);
}

static void nonsense_never_harms(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct mem_piece piece[PIECES_MAX];

	for (unsigned int round = 0; round < 20000; round++) {
		struct packet p = {.version = round & 1 ? 4 : 6,
				   .protocol = PACKET_TCP,
				   .ip_words = random_below(3),
				   .body = random_below(3000),
				   .seed = round};
		uint8_t vnet[12], head[OFFLOAD_HEAD_MAX];
		struct packet_at at;
		struct offload o;
		uint32_t len = packet_make(&p, frame, &at);

		scene_gso_vnet(&p, &at, (uint16_t)(1 + random_below(2000)), vnet);
		for (unsigned int i = random_below(4); i > 0; i--)
			frame[12 + random_below(at.body - 12)] = (uint8_t)random_below(256);
		for (unsigned int i = random_below(3); i > 0; i--)
			vnet[random_below(10)] = (uint8_t)random_below(256);
		if (scene_check(vnet, scene_all_tx, frame, len, &o) != OFFLOAD_SOME || o.gso_type)
			continue;
		memcpy(head, frame, o.head_len);
		scene_cut_up(frame + o.head_len, len - o.head_len, piece);
		offload_complete(&o, head, (struct offload_at){piece, 0}, len - o.head_len);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_that_asks_for_nothing_is_plain),
	    cmocka_unit_test(header_that_lies_is_refused),
	    cmocka_unit_test(checksum_in_a_vlan_tag_is_refused),
	    cmocka_unit_test(segmentation_of_what_is_no_tcp_is_refused),
	    cmocka_unit_test(frame_longer_than_ip_is_refused),
	    cmocka_unit_test(headers_beyond_what_is_copied_are_refused),
	    cmocka_unit_test(hdr_len_is_not_believed),
	    cmocka_unit_test(nonsense_never_harms),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, scene_choose_seed, NULL);
}
