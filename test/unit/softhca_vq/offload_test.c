/* SPDX-License-Identifier: BSD-3-Clause */
/* Offloads as functions: checksums, segments, and every header that must not pass. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet.h"
#include "random.h"
#include "vq/offload.h"

enum { FRAME_MAX = 66000, PIECES_MAX = 64 };

static const uint32_t all_tx = VQ_F_CSUM | VQ_F_HOST_TSO4 | VQ_F_HOST_TSO6 | VQ_F_HOST_ECN;

static int choose_seed(void **state)
{
	random_begin(0x5eed0ff1);
	return 0;
}

/* Bytes as pieces of any lengths. */
static void cut_up(uint8_t *bytes, uint32_t len, struct mem_piece *piece)
{
	unsigned int n = 0;

	while (len > 0) {
		uint32_t part = n == PIECES_MAX - 1 ? len : 1 + random_below(len);

		piece[n++] = (struct mem_piece){bytes, part};
		bytes += part;
		len -= part;
	}
}

static enum offload_kind check(const uint8_t *vnet, uint32_t flags, const uint8_t *frame,
			       uint32_t len, struct offload *o)
{
	uint32_t head_len = len < OFFLOAD_HEAD_TAKEN ? len : OFFLOAD_HEAD_TAKEN;
	uint8_t *head = malloc(head_len);
	enum offload_kind kind;

	/* Exactly as long as it says: a read behind it is seen. */
	assert_non_null(head);
	memcpy(head, frame, head_len);
	kind = offload_check(vnet, flags, head, head_len, len, o);
	free(head);
	return kind;
}

/* The header a driver puts in front of p for the checksum alone. */
static void csum_vnet(const struct packet *p, const struct packet_at *at, uint8_t *vnet)
{
	packet_vnet(vnet, VNET_F_NEEDS_CSUM, 0, 0, 0, (uint16_t)at->l4,
		    p->protocol == PACKET_TCP ? 16 : 6);
}

static void gso_vnet(const struct packet *p, const struct packet_at *at, uint16_t gso_size,
		     uint8_t *vnet)
{
	uint8_t type = p->version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;

	if (p->flags & PACKET_CWR)
		type |= VNET_GSO_ECN;
	packet_vnet(vnet, VNET_F_NEEDS_CSUM, type, (uint16_t)at->body, gso_size, (uint16_t)at->l4,
		    16);
}

/* ---- checksums ---- */

static void spec_rfc1071_section3_example(void **state)
{
	uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	struct mem_piece piece = {bytes, sizeof(bytes)};
	uint16_t sum = offload_sum((struct offload_at){&piece, 0}, sizeof(bytes));

	assert_memory_equal(&sum, "\xdd\xf2", 2);
}

static void sum_of_any_pieces_is_the_sum(void **state)
{
	static uint8_t bytes[5000];
	struct mem_piece piece[PIECES_MAX];

	for (unsigned int round = 0; round < 3000; round++) {
		uint32_t len = 1 + random_below(round % 2 ? 60 : sizeof(bytes) - 8);
		uint8_t *start = bytes + random_below(8);
		uint16_t sum, expect;
		uint8_t order[2];

		for (uint32_t i = 0; i < len; i++)
			start[i] = round % 7 == 0 ? 0xff : (uint8_t)random_below(256);
		cut_up(start, len, piece);
		sum = offload_sum((struct offload_at){piece, 0}, len);
		memcpy(order, &sum, 2);
		expect = packet_sum(start, len);
		/* Two ways to say zero. */
		if (packet_be16(order) % 0xffff != expect % 0xffff)
			fail_msg("length %u: %#x, not %#x", len, packet_be16(order), expect);
	}
}

static void partial_checksum_is_completed(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct mem_piece piece[PIECES_MAX];

	for (unsigned int round = 0; round < 2000; round++) {
		struct packet p = {
		    .version = round & 1 ? 4 : 6,
		    .protocol = round & 2 ? PACKET_TCP : PACKET_UDP,
		    .tags = random_below(3),
		    .ip_words = random_below(5),
		    .tcp_words = random_below(11),
		    .body = random_below(round & 4 ? 9000 : 20),
		    .seed = round,
		};
		uint8_t vnet[12], head[OFFLOAD_HEAD_MAX];
		struct packet_at at;
		struct offload o;
		uint32_t len = packet_make(&p, frame, &at);

		csum_vnet(&p, &at, vnet);
		assert_int_equal(check(vnet, VQ_F_CSUM, frame, len, &o), OFFLOAD_SOME);
		assert_int_equal(offload_wire_len(&o), len);
		cut_up(frame + o.head_len, len - o.head_len, piece);
		memcpy(head, frame, o.head_len);
		offload_complete(&o, head, (struct offload_at){piece, 0}, len - o.head_len);
		assert_memory_equal(head, frame, o.head_len - 2u);
		memcpy(frame, head, o.head_len);
		packet_assert_whole(&p, frame, len);
	}
}

/* RFC 768: a computed zero is sent as all ones; TCP has no such rule. */
static void udp_checksum_of_zero_is_sent_as_ones(void **state)
{
	for (unsigned int version = 4; version <= 6; version += 2) {
		struct packet p = {.version = version, .protocol = PACKET_UDP, .body = 2};
		uint8_t frame[200], vnet[12];
		struct packet_at at;
		struct offload o;
		struct mem_piece piece;
		uint32_t len = packet_make(&p, frame, &at);
		uint16_t sum;

		/* The payload makes the sum all ones; the field has the pseudo header's already. */
		memset(frame + at.body, 0, 2);
		sum = (uint16_t)~packet_sum(frame + at.l4, len - at.l4);
		frame[at.body] = (uint8_t)(sum >> 8);
		frame[at.body + 1] = (uint8_t)sum;
		csum_vnet(&p, &at, vnet);
		assert_int_equal(check(vnet, VQ_F_CSUM, frame, len, &o), OFFLOAD_SOME);
		piece = (struct mem_piece){frame + o.head_len, len - o.head_len};
		offload_complete(&o, frame, (struct offload_at){&piece, 0}, piece.len);
		assert_int_equal(packet_be16(frame + at.l4 + 6), 0xffff);
		assert_int_equal(packet_l4_sum(&p, frame, len), 0xffff);
	}
}

/* ---- headers ---- */

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
		if (check(vnet, lies[i].features, frame, len, &o) != OFFLOAD_BAD)
			fail_msg("passed: %s", lies[i].what);
	}
}

/* A packet that is good but for one thing. */
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
			assert_int_equal(check(vnet, VQ_F_CSUM, frame, len, &o),
					 start < at.l3 ? OFFLOAD_BAD : OFFLOAD_SOME);
		}
	}
}

static void segmentation_of_what_is_no_tcp_is_refused(void **state)
{
	static uint8_t good[FRAME_MAX], frame[FRAME_MAX];

	for (unsigned int version = 4; version <= 6; version += 2) {
		struct packet p = {.version = version, .protocol = PACKET_TCP, .body = 3000};
		struct packet_at at;
		struct offload o;
		uint8_t vnet[12];
		uint32_t len = packet_make(&p, good, &at);

		gso_vnet(&p, &at, 1000, vnet);
		assert_int_equal(check(vnet, all_tx, good, len, &o), OFFLOAD_SOME);
		assert_int_equal(o.head_len, at.body);
		assert_int_equal(offload_wire_len(&o), at.body + 1000);
#define SPOIL(where, value)                                                                        \
	memcpy(frame, good, len);                                                                  \
	frame[where] = (uint8_t)(value);                                                           \
	assert_int_equal(check(vnet, all_tx, frame, len, &o), OFFLOAD_BAD)

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
		assert_int_equal(check(vnet, all_tx, good, at.body, &o), OFFLOAD_BAD);
		for (uint32_t cut = 14; cut < at.body; cut++)
			assert_int_equal(check(vnet, all_tx, good, cut, &o), OFFLOAD_BAD);
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

	gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(check(vnet, all_tx, frame, OFFLOAD_LEN_MAX, &o), OFFLOAD_SOME);
	assert_true(len > OFFLOAD_LEN_MAX);
	assert_int_equal(check(vnet, all_tx, frame, len, &o), OFFLOAD_BAD);
}

static void headers_beyond_what_is_copied_are_refused(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct packet p = {.version = 6, .protocol = PACKET_TCP, .ip_words = 40, .body = 3000};
	struct packet_at at;
	struct offload o;
	uint8_t vnet[12];
	uint32_t len = packet_make(&p, frame, &at);

	gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(check(vnet, all_tx, frame, len, &o), OFFLOAD_BAD);
}

static void hdr_len_is_not_believed(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .body = 3000};
	struct packet_at at;
	struct offload o;
	uint8_t vnet[12], back[12];
	uint32_t len = packet_make(&p, frame, &at);

	gso_vnet(&p, &at, 1000, vnet);
	vnet[2] = vnet[3] = 0xff;
	assert_int_equal(check(vnet, all_tx, frame, len, &o), OFFLOAD_SOME);
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

		gso_vnet(&p, &at, (uint16_t)(1 + random_below(2000)), vnet);
		for (unsigned int i = random_below(4); i > 0; i--)
			frame[12 + random_below(at.body - 12)] = (uint8_t)random_below(256);
		for (unsigned int i = random_below(3); i > 0; i--)
			vnet[random_below(10)] = (uint8_t)random_below(256);
		if (check(vnet, all_tx, frame, len, &o) != OFFLOAD_SOME || o.gso_type)
			continue;
		memcpy(head, frame, o.head_len);
		cut_up(frame + o.head_len, len - o.head_len, piece);
		offload_complete(&o, head, (struct offload_at){piece, 0}, len - o.head_len);
	}
}

/* ---- receivers ---- */

static void receiver_gets_whole_what_it_said(void **state)
{
	static const uint8_t types[] = {0, 1, 4, 0x81, 0x84};

	for (unsigned int t = 0; t < sizeof(types); t++) {
		for (uint32_t f = 0; f < 16; f++) {
			bool csum = f & 1, tso4 = f & 2, tso6 = f & 4, ecn = f & 8;
			uint32_t flags = (csum ? VQ_F_GUEST_CSUM : 0) |
					 (tso4 ? VQ_F_GUEST_TSO4 : 0) |
					 (tso6 ? VQ_F_GUEST_TSO6 : 0) | (ecn ? VQ_F_GUEST_ECN : 0);
			struct offload o = {.gso_type = types[t]};
			bool fits = csum;

			if ((types[t] & 0x7f) == 1)
				fits = fits && tso4;
			if ((types[t] & 0x7f) == 4)
				fits = fits && tso6;
			if (types[t] & 0x80)
				fits = fits && ecn;
			assert_int_equal(offload_fits(&o, flags), fits);
			/* Of a sender's features nothing follows for the receiver. */
			assert_int_equal(offload_fits(&o, flags | all_tx), fits);
		}
	}
}

/* ---- segments ---- */

struct segments {
	const struct packet *p;
	const uint8_t *sent;
	uint32_t len;
	uint16_t gso_size;
	unsigned int n, stop;
};

static int on_segment(void *arg, const struct offload_segment *s)
{
	static uint8_t frame[FRAME_MAX];
	struct segments *got = arg;
	struct offload_at at = s->body;
	uint32_t len = s->head_len, left = s->body_len;

	if (got->n == got->stop)
		return 7;
	memcpy(frame, s->head, len);
	while (left > 0) {
		uint32_t part = at.piece->len - at.off;

		part = part < left ? part : left;
		memcpy(frame + len, at.piece->hva + at.off, part);
		len += part;
		left -= part;
		at.piece++;
		at.off = 0;
	}
	packet_assert_segment(got->p, got->sent, got->len, got->gso_size, got->n, frame, len);
	got->n++;
	return 0;
}

static void large_frame_becomes_right_segments(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct mem_piece piece[PIECES_MAX];

	for (unsigned int round = 0; round < 600; round++) {
		struct packet p = {
		    .version = round & 1 ? 4 : 6,
		    .protocol = PACKET_TCP,
		    .tags = random_below(3),
		    .ip_words = random_below(5),
		    .tcp_words = random_below(11),
		    .flags = (uint8_t)random_below(256),
		    .seq = random_below(2) ? 0xffffff00 : random_below(1 << 24),
		    .id = (uint16_t)(0xfff0 + random_below(32)),
		    .body = 1 + random_below(round % 8 ? 9000 : 65000),
		    .seed = round,
		};
		struct segments got = {.p = &p, .sent = frame};
		uint8_t vnet[12], head[OFFLOAD_HEAD_MAX];
		struct offload_at body = {piece, 0};
		struct packet_at at;
		struct offload o;
		unsigned int next = 0, n;
		int result;

		got.len = packet_make(&p, frame, &at);
		/* IPv4 says its length in 16 bits. */
		if (got.len - at.l3 > 65535)
			continue;
		got.gso_size = (uint16_t)(1 + random_below(round % 3 ? 1460 : 9000));
		gso_vnet(&p, &at, got.gso_size, vnet);
		n = (p.body + got.gso_size - 1) / got.gso_size;
		if (n > OFFLOAD_SEGMENTS_MAX) {
			assert_int_equal(check(vnet, all_tx, frame, got.len, &o), OFFLOAD_BAD);
			continue;
		}
		assert_int_equal(check(vnet, all_tx, frame, got.len, &o), OFFLOAD_SOME);
		assert_int_equal(offload_segments(&o, p.body), n);
		cut_up(frame + at.body, p.body, piece);
		memcpy(head, frame, at.body);
		/* With a stop on the way, as when there are no buffers. */
		got.stop = random_below(n);
		result = offload_cut(&o, head, body, p.body, &next, on_segment, &got);
		assert_int_equal(result, 7);
		assert_int_equal(next, got.stop);
		got.stop = n;
		result = offload_cut(&o, head, body, p.body, &next, on_segment, &got);
		assert_int_equal(result, 0);
		assert_int_equal(got.n, n);
		assert_int_equal(next, n);
	}
}

static void assert_same(const struct offload *a, const struct offload *b)
{
	assert_int_equal(a->gso_type, b->gso_type);
	assert_int_equal(a->gso_size, b->gso_size);
	assert_int_equal(a->l3, b->l3);
	assert_int_equal(a->csum_start, b->csum_start);
	assert_int_equal(a->csum_offset, b->csum_offset);
	assert_int_equal(a->head_len, b->head_len);
	assert_int_equal(a->len, b->len);
}

static void tag_that_comes_or_goes_moves_what_is_behind_it(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .body = 3000, .tags = 1};
	struct packet_at at;
	struct offload o, tagged, plain;
	uint8_t vnet[12];
	uint32_t len;

	len = packet_make(&p, frame, &at);
	gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(check(vnet, all_tx, frame, len, &tagged), OFFLOAD_SOME);
	p.tags = 0;
	len = packet_make(&p, frame, &at);
	gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(check(vnet, all_tx, frame, len, &plain), OFFLOAD_SOME);
	o = plain;
	offload_shift(&o, 4);
	assert_same(&o, &tagged);
	offload_shift(&o, -4);
	assert_same(&o, &plain);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_rfc1071_section3_example),
	    cmocka_unit_test(sum_of_any_pieces_is_the_sum),
	    cmocka_unit_test(partial_checksum_is_completed),
	    cmocka_unit_test(udp_checksum_of_zero_is_sent_as_ones),
	    cmocka_unit_test(header_that_asks_for_nothing_is_plain),
	    cmocka_unit_test(header_that_lies_is_refused),
	    cmocka_unit_test(checksum_in_a_vlan_tag_is_refused),
	    cmocka_unit_test(segmentation_of_what_is_no_tcp_is_refused),
	    cmocka_unit_test(frame_longer_than_ip_is_refused),
	    cmocka_unit_test(headers_beyond_what_is_copied_are_refused),
	    cmocka_unit_test(hdr_len_is_not_believed),
	    cmocka_unit_test(nonsense_never_harms),
	    cmocka_unit_test(receiver_gets_whole_what_it_said),
	    cmocka_unit_test(large_frame_becomes_right_segments),
	    cmocka_unit_test(tag_that_comes_or_goes_moves_what_is_behind_it),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, choose_seed, NULL);
}
