/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that leave work to the device: a reference device segments them and completes their
 * checksums, byte by byte as the specifications say; the checker takes what is right and nothing
 * else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "ref_segment.h"

#define F(name) (1ull << VIRTIO_NET_F_##name)

static const struct fe_frame_spec base = {
    .dst = {2,  0, 0, 0, 0, 2},
    .src = {2, 0, 0,  0, 0, 1},
    .stream = 3,
    .seed = 42,
    .size_min = FE_FRAME_MIN,
    .size_max = 1514,
    .offload = {.gso_max = FE_GSO_MAX, .mss_min = 536, .mss_max = 1448},
};

static struct fe_frame_spec with(uint64_t tx, uint64_t rx)
{
	struct fe_frame_spec spec = base;

	spec.offload.tx = tx;
	spec.offload.rx = rx;
	return spec;
}

static const struct virtio_net_hdr none;

/* Everything whole: what a receiver without any offload gets. Returns the frames to be segmented.
 */
static unsigned int run_plain(const struct fe_frame_spec *spec, uint32_t frames)
{
	static uint8_t f[FE_GSO_MAX + 1];
	struct virtio_net_hdr hdr;
	struct fe_frame_id id;
	unsigned int cuts = 0;
	struct ref_segment s;

	for (uint32_t i = 0; i < frames; i++) {
		uint16_t flow = (uint16_t)(i % 32);
		uint32_t seq = i / 32, len = fe_offload_build(spec, flow, seq, f, &hdr), end = 0;

		assert_in_range(len, FE_FRAME_MIN, FE_GSO_MAX);
		if (hdr.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
			if (hdr.flags)
				ref_complete(f, len, hdr.csum_start, hdr.csum_offset);
			assert_int_equal(fe_offload_check(spec, &none, f, len, &id), FE_FRAME_OK);
			assert_false(id.part);
			assert_int_equal(id.flow, flow);
			assert_int_equal(id.seq, seq);
			continue;
		}
		cuts++;
		for (unsigned int n = 0; ref_cut(f, len, &hdr, n, &s); n++) {
			assert_int_equal(fe_offload_check(spec, &none, s.data, s.len, &id),
					 FE_FRAME_OK);
			assert_true(id.part);
			assert_int_equal(id.part_at, end);
			assert_int_equal(id.seq, seq);
			end = id.part_end;
		}
		assert_true(id.last_part);
	}
	return cuts;
}

static void check_takes_segments_and_whole_checksums(void **state)
{
	struct fe_frame_spec spec = with(F(CSUM), 0);

	assert_int_equal(run_plain(&spec, 3200), 0);
	spec = with(F(CSUM) | F(HOST_TSO4), 0);
	assert_true(run_plain(&spec, 3200) > 500);
	spec = with(FE_OFFLOADS_TX, 0);
	assert_true(run_plain(&spec, 6400) > 1000);
	/* What a receiver could take need not be used. */
	spec = with(FE_OFFLOADS_TX, FE_OFFLOADS_RX);
	run_plain(&spec, 1600);
}

static void check_takes_what_was_sent_from_those_who_may(void **state)
{
	static uint8_t f[FE_GSO_MAX + 1];
	struct fe_frame_spec all = with(FE_OFFLOADS_TX, FE_OFFLOADS_RX);
	struct fe_frame_spec nothing = with(FE_OFFLOADS_TX, 0);
	struct fe_frame_spec csum = with(FE_OFFLOADS_TX, F(GUEST_CSUM));
	struct fe_frame_spec no_ecn = with(FE_OFFLOADS_TX, FE_OFFLOADS_RX & ~F(GUEST_ECN));
	struct fe_frame_spec only6 = with(FE_OFFLOADS_TX, F(GUEST_CSUM) | F(GUEST_TSO6));
	unsigned int ecn = 0, v4 = 0, v6 = 0;
	struct virtio_net_hdr hdr;
	struct fe_frame_id id;

	for (uint32_t i = 0; i < 3200; i++) {
		uint32_t len = fe_offload_build(&all, (uint16_t)(i % 32), i / 32, f, &hdr);
		bool gso = hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE;
		bool is_ecn = hdr.gso_type & VIRTIO_NET_HDR_GSO_ECN;
		bool is_v6 = (hdr.gso_type & 0x7f) == VIRTIO_NET_HDR_GSO_TCPV6;

		ecn += is_ecn;
		v4 += gso && !is_v6;
		v6 += is_v6;
		assert_int_equal(fe_offload_check(&all, &hdr, f, len, &id), FE_FRAME_OK);
		assert_int_equal(fe_offload_check(&nothing, &hdr, f, len, &id) == FE_FRAME_OK,
				 hdr.flags == 0);
		assert_int_equal(fe_offload_check(&csum, &hdr, f, len, &id) == FE_FRAME_OK, !gso);
		assert_int_equal(fe_offload_check(&no_ecn, &hdr, f, len, &id) == FE_FRAME_OK,
				 !is_ecn);
		assert_int_equal(fe_offload_check(&only6, &hdr, f, len, &id) == FE_FRAME_OK,
				 !gso || (is_v6 && !is_ecn));
	}
	assert_true(ecn > 20 && v4 > 200 && v6 > 50);
}

static void check_finds_any_changed_byte(void **state)
{
	static uint8_t f[FE_GSO_MAX + 1];
	struct fe_frame_spec spec = with(FE_OFFLOADS_TX, FE_OFFLOADS_RX);
	struct virtio_net_hdr hdr;
	struct fe_frame_id id;
	unsigned int done = 0;
	struct ref_segment s;

	for (uint32_t i = 0; done < 24; i++) {
		uint32_t len = fe_offload_build(&spec, (uint16_t)(i % 32), i / 32, f, &hdr);

		if (hdr.gso_type == VIRTIO_NET_HDR_GSO_NONE || !ref_cut(f, len, &hdr, i % 3, &s))
			continue;
		done++;
		for (uint32_t at = 2 * FE_MAC_LEN; at < s.len; at++) {
			s.data[at] ^= 0x04;
			assert_int_equal(fe_offload_check(&spec, &none, s.data, s.len, &id),
					 FE_FRAME_CORRUPT);
			s.data[at] ^= 0x04;
		}
		assert_int_equal(fe_offload_check(&spec, &none, s.data, s.len - 1, &id),
				 FE_FRAME_CORRUPT);
		memset(s.data + s.len, 0, 4);
		assert_int_equal(fe_offload_check(&spec, &none, s.data, s.len + 4, &id),
				 FE_FRAME_CORRUPT);
	}
}

static void check_finds_any_wrong_header(void **state)
{
	static uint8_t f[FE_GSO_MAX + 1];
	struct fe_frame_spec spec = with(FE_OFFLOADS_TX, FE_OFFLOADS_RX);
	struct virtio_net_hdr hdr, bad;
	struct fe_frame_id id;
	uint32_t len, seq = 0;

	do
		len = fe_offload_build(&spec, 4, seq++, f, &hdr);
	while (hdr.gso_type == VIRTIO_NET_HDR_GSO_NONE);
	assert_int_equal(fe_offload_check(&spec, &hdr, f, len, &id), FE_FRAME_OK);
	for (size_t i = 0; i < sizeof(hdr); i++) {
		bad = hdr;
		((uint8_t *)&bad)[i] ^= 0x20;
		if (i == 2) /* any hint between headers and frame will do */
			continue;
		assert_int_equal(fe_offload_check(&spec, &bad, f, len, &id), FE_FRAME_CORRUPT);
	}
	bad = hdr;
	bad.hdr_len = 20;
	assert_int_equal(fe_offload_check(&spec, &bad, f, len, &id), FE_FRAME_CORRUPT);
	bad = hdr;
	bad.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	assert_int_equal(fe_offload_check(&spec, &bad, f, len, &id), FE_FRAME_CORRUPT);
}

static void parts_are_counted_for_the_window(void **state)
{
	struct fe_offload_spec o = base.offload;

	assert_int_equal(fe_offload_parts(&o), 1);
	o.tx = FE_OFFLOADS_TX;
	assert_int_equal(fe_offload_parts(&o), (FE_GSO_MAX + 535) / 536);
	o.rx = FE_OFFLOADS_RX;
	assert_int_equal(fe_offload_parts(&o), 1);
	o.rx &= ~F(GUEST_ECN);
	assert_true(fe_offload_parts(&o) > 1);
}

static void parse_knows_names_and_groups(void **state)
{
	uint64_t features;

	assert_int_equal(fe_offload_parse("csum,tso4", &features), 0);
	assert_int_equal(features, F(CSUM) | F(HOST_TSO4));
	assert_int_equal(fe_offload_parse("all", &features), 0);
	assert_int_equal(features, FE_OFFLOADS_TX | FE_OFFLOADS_RX);
	assert_int_equal(fe_offload_parse("none", &features), 0);
	assert_int_equal(features, 0);
	assert_int_equal(fe_offload_parse("csum,colour", &features), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(check_takes_segments_and_whole_checksums),
	    cmocka_unit_test(check_takes_what_was_sent_from_those_who_may),
	    cmocka_unit_test(check_finds_any_changed_byte),
	    cmocka_unit_test(check_finds_any_wrong_header),
	    cmocka_unit_test(parts_are_counted_for_the_window),
	    cmocka_unit_test(parse_knows_names_and_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
