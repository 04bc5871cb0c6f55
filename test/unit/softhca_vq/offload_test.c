/* SPDX-License-Identifier: BSD-3-Clause */
/* Offloads as functions: checksums, receivers, segments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "offload_scene.h"
#include "random.h"

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
		scene_cut_up(start, len, piece);
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

		scene_csum_vnet(&p, &at, vnet);
		assert_int_equal(scene_check(vnet, VQ_F_CSUM, frame, len, &o), OFFLOAD_SOME);
		assert_int_equal(offload_wire_len(&o), len);
		scene_cut_up(frame + o.head_len, len - o.head_len, piece);
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
		scene_csum_vnet(&p, &at, vnet);
		assert_int_equal(scene_check(vnet, VQ_F_CSUM, frame, len, &o), OFFLOAD_SOME);
		piece = (struct mem_piece){frame + o.head_len, len - o.head_len};
		offload_complete(&o, frame, (struct offload_at){&piece, 0}, piece.len);
		assert_int_equal(packet_be16(frame + at.l4 + 6), 0xffff);
		assert_int_equal(packet_l4_sum(&p, frame, len), 0xffff);
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
			assert_int_equal(offload_fits(&o, flags | scene_all_tx), fits);
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
		scene_gso_vnet(&p, &at, got.gso_size, vnet);
		n = (p.body + got.gso_size - 1) / got.gso_size;
		if (n > OFFLOAD_SEGMENTS_MAX) {
			assert_int_equal(scene_check(vnet, scene_all_tx, frame, got.len, &o),
					 OFFLOAD_BAD);
			continue;
		}
		assert_int_equal(scene_check(vnet, scene_all_tx, frame, got.len, &o), OFFLOAD_SOME);
		assert_int_equal(offload_segments(&o, p.body), n);
		scene_cut_up(frame + at.body, p.body, piece);
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
	scene_gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(scene_check(vnet, scene_all_tx, frame, len, &tagged), OFFLOAD_SOME);
	p.tags = 0;
	len = packet_make(&p, frame, &at);
	scene_gso_vnet(&p, &at, 1000, vnet);
	assert_int_equal(scene_check(vnet, scene_all_tx, frame, len, &plain), OFFLOAD_SOME);
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
	    cmocka_unit_test(receiver_gets_whole_what_it_said),
	    cmocka_unit_test(large_frame_becomes_right_segments),
	    cmocka_unit_test(tag_that_comes_or_goes_moves_what_is_behind_it),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, scene_choose_seed, NULL);
}
