/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash against the vectors everybody verifies with (of the first specification of receive-side
 * scaling), and probes: what they carry, and where they are expected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "checksum.h"
#include "probe.h"
#include "toeplitz.h"

static const uint8_t key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
				0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
				0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
				0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static void hash_matches_the_known_vectors(void **state)
{
	/* Source and destination address, source and destination port. */
	static const uint8_t v4[] = {66,  9,  149,       187,        161,       142,
				     100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255};
	static const uint8_t v4_2[] = {199, 92, 111,        2,           65,        69,
				       140, 83, 14230 >> 8, 14230 & 255, 4739 >> 8, 4739 & 255};
	static const uint8_t v6[] = {
	    0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00,      0x1f,       0xff,      0,
	    0,    0,    0,    0,    0,    0,         7,          0x3f,      0xfe,
	    0x25, 0x01, 0x02, 0x00, 0x00, 0x03,      0,          0,         0,
	    0,    0,    0,    0,    1,    2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255};

	assert_int_equal(fe_toeplitz(key, 40, v4, 8), 0x323e8fc2);
	assert_int_equal(fe_toeplitz(key, 40, v4, 12), 0x51ccc178);
	assert_int_equal(fe_toeplitz(key, 40, v4_2, 8), 0xd718262a);
	assert_int_equal(fe_toeplitz(key, 40, v4_2, 12), 0xc626b0ea);
	assert_int_equal(fe_toeplitz(key, 40, v6, 32), 0x2cc18cd5);
	assert_int_equal(fe_toeplitz(key, 40, v6, 36), 0x40207d3d);
}

/* A frame with the addresses and ports of a known vector, tagged or not. */
static uint32_t known_frame(uint8_t *f, bool tagged, uint8_t protocol)
{
	static const uint8_t v4[] = {66,  9,  149,       187,        161,       142,
				     100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255};
	uint32_t at = 12;

	memset(f, 0, 100);
	if (tagged) {
		memcpy(f + at, "\x81\x00\x00\x05", 4);
		at += 4;
	}
	memcpy(f + at, "\x08\x00\x45", 3);
	at += 2;
	f[at + 9] = protocol;
	memcpy(f + at + 12, v4, 12);
	return 100;
}

static void spec_5_1_6_4_types_say_what_is_hashed(void **state)
{
	struct fe_rss rss = {.unclassified = 5, .entries = 64, .key_len = 40};
	uint8_t f[100];
	uint32_t len;

	memcpy(rss.key, key, sizeof(key));
	for (unsigned int i = 0; i < rss.entries; i++)
		rss.table[i] = (uint16_t)i;
	for (unsigned int tagged = 0; tagged < 2; tagged++) {
		len = known_frame(f, tagged, 6);
		rss.types = 2; /* TCPv4 */
		assert_int_equal(fe_rss_queue(&rss, f, len), 0x51ccc178 & 63);
		rss.types = 3;
		assert_int_equal(fe_rss_queue(&rss, f, len), 0x51ccc178 & 63);
		rss.types = 5; /* IPv4 and UDPv4 */
		assert_int_equal(fe_rss_queue(&rss, f, len), 0x323e8fc2 & 63);
		rss.types = 4;
		assert_int_equal(fe_rss_queue(&rss, f, len), 5);
		len = known_frame(f, tagged, 17);
		assert_int_equal(fe_rss_queue(&rss, f, len), 0x51ccc178 & 63);
	}
	memcpy(f + 12, "\x88\xb5", 2);
	rss.types = 0x3f;
	assert_int_equal(fe_rss_queue(&rss, f, len), 5);
}

static void probe_carries_its_number_in_every_kind(void **state)
{
	struct virtio_net_hdr hdr;
	uint8_t frame[2000];
	uint32_t number;

	for (unsigned int kind = 0; kind < FE_PROBE_KINDS; kind++) {
		for (int vlan = -1; vlan < 2; vlan++) {
			struct fe_probe p = {.vlan = vlan,
					     .kind = (enum fe_probe_kind)kind,
					     .flow = kind,
					     .len = FE_PROBE_LEN_MIN,
					     .number = 0x1000 + kind};

			fe_probe_build(&p, frame, &hdr);
			assert_true(fe_probe_read(frame, p.len, &number));
			assert_int_equal(number, p.number);
			assert_int_equal(hdr.gso_type, 0);
		}
	}
	memset(frame, 0, sizeof(frame));
	assert_false(fe_probe_read(frame, 100, &number));
	assert_false(fe_probe_read(frame, 3, &number));
}

static void probe_to_be_segmented_says_how(void **state)
{
	struct fe_probe p = {
	    .vlan = -1, .kind = FE_PROBE_TCP4, .len = 1654, .mss = 800, .number = 77};
	struct virtio_net_hdr hdr;
	uint8_t frame[2000];
	uint32_t number;

	fe_probe_build(&p, frame, &hdr);
	assert_int_equal(hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(hdr.gso_size, 800);
	assert_int_equal(hdr.csum_start, 34);
	assert_int_equal(hdr.csum_offset, 16);
	assert_int_equal(hdr.hdr_len, 54);
	/* Each segment begins with magic and number. */
	assert_true(fe_probe_read(frame + 54 + 800, 100, &number));
	assert_int_equal(number, 77);
}

static void probe_checksums_are_right(void **state)
{
	struct fe_probe p = {.vlan = -1, .kind = FE_PROBE_UDP4, .flow = 9, .len = 101, .number = 1};
	struct virtio_net_hdr hdr;
	uint8_t frame[200];
	uint64_t pseudo;

	fe_probe_build(&p, frame, &hdr);
	assert_int_equal(fe_sum_fold(fe_sum16(frame + 14, 20, 0)), 0xffff);
	/* Pseudo header: addresses, protocol, length, each as a word of network order. */
	pseudo = fe_sum16(frame + 26, 8, 0) + ((17 << 8 | 17 >> 8) & 0xffff) +
		 ((67 << 8 | 67 >> 8) & 0xffff);
	assert_int_equal(fe_sum_fold(fe_sum16(frame + 34, 67, pseudo)), 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hash_matches_the_known_vectors),
	    cmocka_unit_test(spec_5_1_6_4_types_say_what_is_hashed),
	    cmocka_unit_test(probe_carries_its_number_in_every_kind),
	    cmocka_unit_test(probe_to_be_segmented_says_how),
	    cmocka_unit_test(probe_checksums_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
