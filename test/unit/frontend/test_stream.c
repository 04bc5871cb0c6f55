/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments are put together to frames again: one that misses a part has not arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "log.h"
#include "ref_segment.h"
#include "stream.h"

#define FLOW 4 /* TCP over IPv4 */

struct fixture {
	struct fe_dev dev;
	struct fe_stream s;
	uint8_t frame[FE_GSO_MAX + 1];
	struct virtio_net_hdr hdr;
	uint32_t len;
};

static void open_stream(struct fixture *f, uint64_t rx)
{
	struct fe_frame_spec spec = {
	    .dst = {2,  0, 0,                  0, 0,   2},
	    .src = {2,  0,   0,                   0,                 0, 1},
	    .seed = 1,
	    .size_min = 60,
	    .size_max = 1514,
	    .offload = {.tx = FE_OFFLOADS_TX,
                    .rx = rx,
                    .gso_max = 20000,
                    .mss_min = 1000,
                    .mss_max = 1000                 }
        };

	memset(f, 0, sizeof(*f));
	f->dev.cfg.path = "test";
	f->dev.cfg.pairs = 1;
	assert_int_equal(fe_stream_create(&f->s, &f->dev, &f->dev, &spec, 8), 0);
	fe_log_level = FE_LOG_NONE;
}

/* The next frame of at least `parts` segments; those before it are taken as if they were never. */
static void send(struct fixture *f, unsigned int parts)
{
	do {
		uint32_t seq = fe_ledger_send(&f->s.ledger, FLOW);

		f->len = fe_offload_build(&f->s.spec, FLOW, seq, f->frame, &f->hdr);
	} while (f->hdr.gso_type == VIRTIO_NET_HDR_GSO_NONE || f->len < 70 + 1000 * parts);
}

static void give(struct fixture *f, const uint8_t *data, uint32_t len, struct virtio_net_hdr hdr)
{
	struct fe_rx_frame rx = {.data = data, .len = len, .hdr = hdr};

	assert_true(fe_stream_receive(&f->s, 1, &f->dev, 0, &rx));
}

static bool give_part(struct fixture *f, unsigned int n)
{
	const struct virtio_net_hdr none = {0};
	struct ref_segment s;

	if (!ref_cut(f->frame, f->len, &f->hdr, n, &s))
		return false;
	give(f, s.data, s.len, none);
	return true;
}

static void frame_arrives_with_its_last_segment(void **state)
{
	static struct fixture f;
	unsigned int n, parts;

	open_stream(&f, 0);
	send(&f, 3);
	parts = (f.len - 54 + 999) / 1000;
	for (n = 0; n < parts; n++) {
		assert_int_equal(f.s.ledger.received, 0);
		assert_true(give_part(&f, n));
	}
	assert_false(give_part(&f, n));
	assert_int_equal(f.s.ledger.received, 1);
	assert_int_equal(f.s.torn + f.s.corrupted, 0);
	assert_int_equal(f.s.segments, parts);
	fe_stream_destroy(&f.s);
}

static void frame_without_a_segment_has_not_arrived(void **state)
{
	static struct fixture f;

	open_stream(&f, 0);
	send(&f, 3);
	assert_true(give_part(&f, 0));
	for (unsigned int n = 2; give_part(&f, n); n++)
		;
	assert_int_equal(f.s.ledger.received, 0);
	assert_true(f.s.torn > 0);
	/* Nor has one without its first. */
	send(&f, 3);
	for (unsigned int n = 1; give_part(&f, n); n++)
		;
	assert_int_equal(f.s.ledger.received, 0);
	/* The next one is not held responsible. */
	send(&f, 3);
	for (unsigned int n = 0; give_part(&f, n); n++)
		;
	assert_int_equal(f.s.ledger.received, 1);
	fe_stream_destroy(&f.s);
}

static void segment_that_comes_twice_is_out_of_place(void **state)
{
	static struct fixture f;

	open_stream(&f, 0);
	send(&f, 3);
	give_part(&f, 0);
	give_part(&f, 1);
	give_part(&f, 1);
	assert_int_equal(f.s.torn, 1);
	fe_stream_destroy(&f.s);
}

static void whole_frame_counts_as_such(void **state)
{
	static struct fixture f;

	open_stream(&f, FE_OFFLOADS_RX);
	send(&f, 3);
	give(&f, f.frame, f.len, f.hdr);
	assert_int_equal(f.s.ledger.received, 1);
	assert_int_equal(f.s.gso_whole, 1);
	assert_int_equal(f.s.partial, 1);
	assert_int_equal(f.s.segments + f.s.torn + f.s.corrupted, 0);
	f.hdr.gso_size--;
	give(&f, f.frame, f.len, f.hdr);
	assert_int_equal(f.s.corrupted, 1);
	fe_stream_destroy(&f.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frame_arrives_with_its_last_segment),
	    cmocka_unit_test(frame_without_a_segment_has_not_arrived),
	    cmocka_unit_test(segment_that_comes_twice_is_out_of_place),
	    cmocka_unit_test(whole_frame_counts_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
