/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames: every byte matters, checksums are right, the ledger tells loss from disorder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "frame.h"
#include "ledger.h"

static const struct fe_frame_spec spec = {
    .dst = {2, 0, 0, 0, 0, 2},
    .src = {2, 0, 0, 0, 0, 1},
    .stream = 3,
    .seed = 42,
    .size_min = FE_FRAME_MIN,
    .size_max = 1514,
};

static void check_accepts_what_build_makes(void **state)
{
	uint8_t frame[2048];
	struct fe_frame_id id;

	for (uint16_t flow = 0; flow < 64; flow++) {
		for (uint32_t seq = 0; seq < 50; seq++) {
			uint32_t len = fe_frame_build(&spec, flow, seq, frame);

			assert_in_range(len, spec.size_min, spec.size_max);
			assert_int_equal(fe_frame_check(&spec, frame, len, &id), FE_FRAME_OK);
			assert_int_equal(id.flow, flow);
			assert_int_equal(id.seq, seq);
			assert_false(id.reflected);
		}
	}
}

static void check_finds_any_changed_byte(void **state)
{
	uint8_t frame[2048];
	struct fe_frame_id id;

	for (uint16_t flow = 0; flow < 4; flow++) {
		uint32_t len = fe_frame_build(&spec, flow, 7, frame);

		for (uint32_t i = 0; i < len; i++) {
			frame[i] ^= 0x10;
			assert_int_not_equal(fe_frame_check(&spec, frame, len, &id), FE_FRAME_OK);
			/* Beyond the addresses it can only be ours, damaged. */
			if (i >= 2 * FE_MAC_LEN)
				assert_int_equal(fe_frame_check(&spec, frame, len, &id),
						 FE_FRAME_CORRUPT);
			frame[i] ^= 0x10;
		}
	}
}

static void check_finds_wrong_lengths(void **state)
{
	uint8_t frame[2048] = {0};
	struct fe_frame_id id;
	uint32_t len = fe_frame_build(&spec, 1, 1, frame);

	assert_int_equal(fe_frame_check(&spec, frame, len - 1, &id), FE_FRAME_CORRUPT);
	assert_int_equal(fe_frame_check(&spec, frame, len + 1, &id), FE_FRAME_CORRUPT);
	assert_int_equal(fe_frame_check(&spec, frame, 14, &id), FE_FRAME_CORRUPT);
	assert_int_equal(fe_frame_check(&spec, frame, 5, &id), FE_FRAME_FOREIGN);
}

static void check_knows_reflected_and_foreign_frames(void **state)
{
	uint8_t frame[2048], mac[FE_MAC_LEN];
	struct fe_frame_id id;
	uint32_t len = fe_frame_build(&spec, 1, 1, frame);

	memcpy(mac, frame, FE_MAC_LEN);
	memcpy(frame, frame + FE_MAC_LEN, FE_MAC_LEN);
	memcpy(frame + FE_MAC_LEN, mac, FE_MAC_LEN);
	assert_int_equal(fe_frame_check(&spec, frame, len, &id), FE_FRAME_OK);
	assert_true(id.reflected);
	memset(frame, 0xff, FE_MAC_LEN);
	memset(frame + 42, 0, 4);
	assert_int_equal(fe_frame_check(&spec, frame, len, &id), FE_FRAME_FOREIGN);
}

/* Sum of big-endian words with end-around carry, straight from RFC 1071. */
static uint16_t rfc1071(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void checksums_are_right(void **state)
{
	uint8_t f[2048];
	bool v4 = false, v6 = false;

	for (uint16_t flow = 0; flow < 8; flow++) {
		for (uint32_t seq = 0; seq < 30; seq++) {
			uint32_t len = fe_frame_build(&spec, flow, seq, f), udp, pseudo;

			if (f[12] == 0x08) {
				v4 = true;
				assert_int_equal(f[16] << 8 | f[17], len - 14);
				assert_int_equal(rfc1071(f + 14, 20, 0), 0xffff);
				udp = 34;
				pseudo = rfc1071(f + 26, 8, 17 + len - udp);
			} else {
				v6 = true;
				assert_int_equal(f[12] << 8 | f[13], 0x86dd);
				assert_int_equal(f[18] << 8 | f[19], len - 54);
				udp = 54;
				pseudo = rfc1071(f + 22, 32, 17 + len - udp);
			}
			assert_int_equal(f[udp + 4] << 8 | f[udp + 5], len - udp);
			assert_int_equal(rfc1071(f + udp, len - udp, pseudo), 0xffff);
		}
	}
	assert_true(v4 && v6);
}

static void len_covers_the_range_and_its_ends(void **state)
{
	struct fe_frame_spec fixed = spec;
	unsigned int min = 0, max = 0;

	for (uint32_t seq = 0; seq < 1000; seq++) {
		uint32_t len = fe_frame_len(&spec, 0, seq);

		min += len == spec.size_min;
		max += len == spec.size_max;
	}
	assert_in_range(min, 50, 300);
	assert_in_range(max, 50, 300);
	fixed.size_min = fixed.size_max = 60;
	for (uint16_t flow = 0; flow < 8; flow++)
		assert_int_equal(fe_frame_len(&fixed, flow, 9), 60);
}

static void mac_parse_takes_only_macs(void **state)
{
	const uint8_t expected[] = {2, 0xab, 0, 1, 0xff, 0x10};
	uint8_t mac[FE_MAC_LEN];

	assert_int_equal(fe_mac_parse("02:ab:00:01:ff:10", mac), 0);
	assert_memory_equal(mac, expected, FE_MAC_LEN);
	assert_int_equal(fe_mac_parse("02:ab:00:01:ff", mac), -EINVAL);
	assert_int_equal(fe_mac_parse("02:ab:00:01:ff:10:11", mac), -EINVAL);
	assert_int_equal(fe_mac_parse("hello", mac), -EINVAL);
}

static void ledger_counts_each_kind(void **state)
{
	struct fe_ledger l;
	uint64_t spared;

	assert_int_equal(fe_ledger_create(&l, 2), 0);
	for (int i = 0; i < 10; i++)
		fe_ledger_send(&l, 0);
	assert_int_equal(fe_ledger_receive(&l, 0, 0), FE_ARRIVED);
	assert_int_equal(fe_ledger_receive(&l, 0, 0), FE_DUPLICATE);
	assert_int_equal(fe_ledger_receive(&l, 0, 5), FE_ARRIVED);
	assert_int_equal(fe_ledger_receive(&l, 0, 3), FE_REORDERED);
	assert_int_equal(fe_ledger_receive(&l, 0, 3), FE_DUPLICATE);
	assert_int_equal(fe_ledger_receive(&l, 0, 10), FE_UNSENT);
	assert_int_equal(fe_ledger_receive(&l, 1, 0), FE_UNSENT);
	assert_int_equal(fe_ledger_receive(&l, 2, 0), FE_UNSENT);
	/* Seen: 0, 5, 3. */
	assert_int_equal(fe_ledger_lost(&l, &spared), 7);
	assert_int_equal(spared, 0);
	assert_int_equal(fe_ledger_outstanding(&l), 7);
	assert_int_equal(l.duplicates, 2);
	assert_int_equal(l.reordered, 1);
	assert_int_equal(l.unsent, 3);
	fe_ledger_destroy(&l);
}

static void ledger_excuses_what_was_in_flight_at_a_break(void **state)
{
	struct fe_ledger l;
	uint64_t spared;

	assert_int_equal(fe_ledger_create(&l, 1), 0);
	for (int i = 0; i < 4; i++)
		fe_ledger_send(&l, 0);
	assert_int_equal(fe_ledger_receive(&l, 0, 0), FE_ARRIVED);
	assert_int_equal(fe_ledger_receive(&l, 0, 2), FE_ARRIVED);
	fe_ledger_break(&l, 2); /* 1 and 3 are in flight */
	for (int i = 0; i < 4; i++)
		fe_ledger_send(&l, 0);
	assert_int_equal(fe_ledger_receive(&l, 0, 2), FE_ARRIVED);
	assert_int_equal(l.duplicates, 0);
	assert_int_equal(l.duplicates_at_break, 1);
	assert_int_equal(l.resent, 1);
	assert_int_equal(fe_ledger_receive(&l, 0, 5), FE_ARRIVED);
	/* 1, 3 excused; 4, 6, 7 are not. */
	assert_int_equal(fe_ledger_lost(&l, &spared), 3);
	assert_int_equal(spared, 2);
	assert_int_equal(fe_ledger_receive(&l, 0, 3), FE_ARRIVED);
	assert_int_equal(fe_ledger_lost(&l, &spared), 3);
	assert_int_equal(spared, 1);
	assert_int_equal(l.resent, 0);
	fe_ledger_destroy(&l);
}

static void ledger_survives_gaps_longer_than_its_window(void **state)
{
	struct fe_ledger l;
	uint64_t spared;

	assert_int_equal(fe_ledger_create(&l, 1), 0);
	for (int i = 0; i < 3 * FE_LEDGER_WINDOW; i++)
		fe_ledger_send(&l, 0);
	for (uint32_t seq = 0; seq < FE_LEDGER_WINDOW; seq++)
		assert_int_equal(fe_ledger_receive(&l, 0, seq), FE_ARRIVED);
	assert_int_equal(fe_ledger_receive(&l, 0, 3 * FE_LEDGER_WINDOW - 1), FE_ARRIVED);
	assert_int_equal(fe_ledger_lost(&l, &spared), 2 * FE_LEDGER_WINDOW - 1);
	assert_int_equal(fe_ledger_receive(&l, 0, 3 * FE_LEDGER_WINDOW - 2), FE_REORDERED);
	fe_ledger_destroy(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(check_accepts_what_build_makes),
	    cmocka_unit_test(check_finds_any_changed_byte),
	    cmocka_unit_test(check_finds_wrong_lengths),
	    cmocka_unit_test(check_knows_reflected_and_foreign_frames),
	    cmocka_unit_test(checksums_are_right),
	    cmocka_unit_test(len_covers_the_range_and_its_ends),
	    cmocka_unit_test(mac_parse_takes_only_macs),
	    cmocka_unit_test(ledger_counts_each_kind),
	    cmocka_unit_test(ledger_excuses_what_was_in_flight_at_a_break),
	    cmocka_unit_test(ledger_survives_gaps_longer_than_its_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
