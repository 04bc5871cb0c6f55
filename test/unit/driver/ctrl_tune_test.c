/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offloads (virtio 1.3 5.1.6.5.8), coalescing (5.1.6.5.9) and statistics (1.4 draft) by the
 * control queue.
 */
#include <string.h>

#include "ctrl_rig.h"

#define CSUM VV_BIT(VIRTIO_NET_F_GUEST_CSUM)
#define TSO4 VV_BIT(VIRTIO_NET_F_GUEST_TSO4)
#define TSO6 VV_BIT(VIRTIO_NET_F_GUEST_TSO6)

static enum vv_ctrl_verdict offloads_send(struct ctrl_rig *rig, uint64_t offloads)
{
	uint8_t bytes[10] = {5, 0};
	unsigned int i;

	for (i = 0; i < 8; i++)
		bytes[2 + i] = (uint8_t)(offloads >> 8 * i);
	return rig_send(rig, bytes, sizeof(bytes));
}

/* ---- offloads ---- */

static void spec_5_1_6_5_8_offloads_are_a_subset_of_the_negotiated(void **state)
{
	const uint64_t negotiated = CSUM | TSO4;
	struct ctrl_rig rig;
	unsigned int bit;

	rig_init(&rig, negotiated | VV_BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) |
			   VV_BIT(VIRTIO_NET_F_CSUM) | VV_BIT(VIRTIO_NET_F_MQ));
	assert_int_equal(rig.now.offloads, negotiated);
	for (bit = 0; bit < 64; bit++)
		assert_int_equal(offloads_send(&rig, VV_BIT(bit)),
				 negotiated & VV_BIT(bit) ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
	assert_int_equal(offloads_send(&rig, CSUM | TSO4 | TSO6), VV_CTRL_BAD_VALUE);
	assert_int_equal(offloads_send(&rig, 0), VV_CTRL_OK);
	assert_int_equal(rig.now.offloads, 0);
	assert_int_equal(offloads_send(&rig, CSUM), VV_CTRL_OK);
	assert_int_equal(rig.now.offloads, CSUM);
	assert_int_equal(offloads_send(&rig, negotiated), VV_CTRL_OK);
	assert_int_equal(rig.now.offloads, negotiated);
}

/* ---- coalescing ---- */

static void assert_coal(const struct ctrl_rig *rig, unsigned int queue, uint32_t packets,
			uint32_t usecs)
{
	assert_int_equal(rig->now.coal[queue].packets, packets);
	assert_int_equal(rig->now.coal[queue].usecs, usecs);
}

/* The specification's example: six commands with two pairs. */
static void spec_5_1_6_5_9_coal_last_setting_of_a_queue_wins(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	rig.conf.pairs = 2;
	assert_ok(&rig, 6, 1, 15, 0, 0, 0, 10, 0, 0, 0);
	assert_coal(&rig, 0, 15, 10);
	assert_coal(&rig, 2, 15, 10);
	assert_coal(&rig, 1, 0, 0);
	assert_coal(&rig, 3, 0, 0);
	assert_ok(&rig, 6, 2, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0);
	assert_coal(&rig, 0, 3, 4);
	assert_coal(&rig, 2, 15, 10);
	assert_ok(&rig, 6, 3, 0, 0, 0, 0);
	assert_int_equal(rig.reply.len, 8);
	assert_memory_equal(rig.reply.result, "\x03\0\0\0\x04\0\0\0", 8);
	assert_ok(&rig, 6, 2, 1, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0);
	assert_coal(&rig, 1, 5, 6);
	assert_coal(&rig, 3, 0, 0);
	assert_ok(&rig, 6, 0, 0x34, 0x12, 0, 0, 0x56, 4, 0, 0);
	assert_coal(&rig, 1, 0x1234, 0x456);
	assert_coal(&rig, 3, 0x1234, 0x456);
	assert_coal(&rig, 0, 3, 4);
	assert_ok(&rig, 6, 3, 1, 0, 0, 0);
	assert_memory_equal(rig.reply.result, "\x34\x12\0\0\x56\x04\0\0", 8);
	/* What a queue that is enabled later starts with. */
	assert_int_equal(rig.now.coal_rx.packets, 15);
	assert_int_equal(rig.now.coal_rx.usecs, 10);
	assert_int_equal(rig.now.coal_tx.packets, 0x1234);
	assert_int_equal(rig.now.coal_tx.usecs, 0x456);
}

/* 5.1.6.5.9.1: with either zero, after every packet; the guest reads back what it set. */
static void spec_5_1_6_5_9_coal_with_a_zero_is_none(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 6, 0, 8, 0, 0, 0, 9, 0, 0, 0);
	assert_int_equal(vv_ctrl_coal(&rig.now, 1).packets, 8);
	assert_int_equal(vv_ctrl_coal(&rig.now, 1).usecs, 9);
	assert_int_equal(vv_ctrl_coal(&rig.now, 0).packets, 0);
	assert_ok(&rig, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(vv_ctrl_coal(&rig.now, 1).packets, 0);
	assert_coal(&rig, 1, 8, 0);
	assert_ok(&rig, 6, 0, 0, 0, 0, 0, 9, 0, 0, 0);
	assert_int_equal(vv_ctrl_coal(&rig.now, 1).usecs, 0);
	assert_coal(&rig, 1, 0, 9);
}

static void coal_beyond_what_a_queue_holds_is_refused(void **state)
{
	struct ctrl_rig rig;
	uint8_t command;

	rig_init(&rig, RIG_FEATURES);
	for (command = 0; command < 2; command++) {
		assert_ok(&rig, 6, command, 0xff, 0xff, 0, 0, 0xff, 0x0f, 0, 0);
		assert_bad(&rig, 6, command, 0, 0, 1, 0, 0, 0, 0, 0);
		assert_bad(&rig, 6, command, 0, 0, 0, 0, 0, 0x10, 0, 0);
		assert_bad(&rig, 6, command, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
	}
	assert_ok(&rig, 6, 2, 1, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0x0f, 0, 0);
	assert_bad(&rig, 6, 2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0);
	assert_bad(&rig, 6, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0);
}

/* Not a data queue, or one that is not enabled: ERR for both commands. */
static void spec_5_1_6_5_9_coal_needs_an_enabled_data_queue(void **state)
{
	struct ctrl_rig rig;
	unsigned int queue;

	rig_init(&rig, RIG_FEATURES);
	rig.enabled[3] = false;
	/* Past the end they would be enabled: nobody may look there. */
	memset(rig.enabled + RIG_CVQ, 1, sizeof(rig.enabled) - RIG_CVQ);
	for (queue = 0; queue < 65536; queue += queue < 300 ? 1 : 251) {
		if (queue < RIG_CVQ && queue != 3) {
			assert_ok(&rig, 6, 2, queue, queue >> 8, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
			assert_ok(&rig, 6, 3, queue, queue >> 8, 0, 0);
		} else {
			assert_bad(&rig, 6, 2, queue, queue >> 8, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
			assert_bad(&rig, 6, 3, queue, queue >> 8, 0, 0);
		}
	}
	/* For all queues means those that are off, too. */
	assert_ok(&rig, 6, 0, 9, 0, 0, 0, 9, 0, 0, 0);
	assert_coal(&rig, 3, 9, 9);
}

static void spec_5_1_6_5_9_coal_reserved_is_ignored(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 6, 2, 1, 0, 0xff, 0xff, 1, 0, 0, 0, 2, 0, 0, 0);
	assert_ok(&rig, 6, 3, 1, 0, 0xff, 0xff);
	assert_memory_equal(rig.reply.result, "\x01\0\0\0\x02\0\0\0", 8);
}

static void answer_without_room_is_refused(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	for (rig.room = 0; rig.room < 8; rig.room++) {
		assert_verdict(&rig, VV_CTRL_NO_ROOM, 6, 3, 1, 0, 0, 0);
		assert_verdict(&rig, VV_CTRL_NO_ROOM, 8, 0);
	}
	assert_ok(&rig, 6, 3, 1, 0, 0, 0);
	assert_ok(&rig, 8, 0);
	rig.room = 0; /* enough for who answers nothing */
	assert_ok(&rig, 4, 0, 2, 0);
}

/* ---- statistics ---- */

static void spec_stats_query_tells_of_the_control_queue(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 8, 0);
	assert_int_equal(rig.reply.len, 8);
	assert_memory_equal(rig.reply.result, "\0\0\0\0\x01\0\0\0", 8);
}

/* A request for the control queue's figures, with MQ at index 2N. */
#define ASK RIG_CVQ, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0

/* This command counts, as one that was taken. */
static void spec_stats_get_counts_itself(void **state)
{
	static const uint8_t expected[24] = {
	    32, 0, RIG_CVQ, 0, 0, 0, 24, 0, 0x01, 0x03, 0, 0, 0, 0, 0, 0, 0xff, 0x02,
	};
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	rig.facts.commands = 0x300;
	rig.facts.commands_ok = 0x2fe;
	assert_ok(&rig, 8, 1, ASK);
	assert_int_equal(rig.reply.len, 24);
	assert_memory_equal(rig.reply.result, expected, 24);
	assert_ok(&rig, 8, 1, RIG_CVQ, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_memory_equal(rig.reply.result, expected, 24);
	/* Counters wrap around. */
	rig.facts.commands = ~0ull;
	assert_ok(&rig, 8, 1, ASK);
	assert_memory_equal(rig.reply.result + 8, "\0\0\0\0\0\0\0\0", 8);
}

static void spec_stats_get_of_any_wrong_queue_or_type_fails_all(void **state)
{
	struct ctrl_rig rig;
	unsigned int bit, queue;

	rig_init(&rig, RIG_FEATURES);
	for (bit = 0; bit < 64; bit++) {
		uint64_t types = VV_BIT(bit);
		uint8_t bytes[2 + 16] = {8, 1, RIG_CVQ};
		unsigned int i;

		for (i = 0; i < 8; i++)
			bytes[10 + i] = (uint8_t)(types >> 8 * i);
		assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)),
				 bit == 32 ? VV_CTRL_OK : VV_CTRL_BAD_VALUE);
	}
	for (queue = 0; queue < 65536; queue += queue < 300 ? 1 : 251)
		if (queue != RIG_CVQ)
			assert_bad(&rig, 8, 1, queue, queue >> 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
				   0, 0, 0);
	assert_bad(&rig, 8, 1, ASK, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
	assert_bad(&rig, 8, 1, ASK, ASK, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_ok(&rig, 8, 1, ASK, ASK);
	assert_int_equal(rig.reply.len, 48);
}

/* To ask nothing of a queue that there is is not wrong, and not to ask at all. */
static void stats_get_of_nothing_answers_nothing(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 8, 1);
	assert_int_equal(rig.reply.len, 0);
	assert_ok(&rig, 8, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(rig.reply.len, 0);
	assert_ok(&rig, 8, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ASK);
	assert_int_equal(rig.reply.len, 24);
}

static void stats_get_takes_whole_requests(void **state)
{
	static const uint8_t bytes[2 + 2 * 16] = {8, 1, ASK, ASK};
	struct ctrl_rig rig;
	size_t len;

	rig_init(&rig, RIG_FEATURES);
	for (len = 2; len <= sizeof(bytes); len++)
		assert_int_equal(rig_send(&rig, bytes, len),
				 (len - 2) % 16 ? VV_CTRL_TRUNCATED : VV_CTRL_OK);
}

/* Room for fewer answers than were asked for: whole ones, as many as fit, but not none. */
static void spec_stats_get_fills_the_room_there_is(void **state)
{
	uint8_t bytes[2 + 20 * 16] = {8, 1};
	struct ctrl_rig rig;
	unsigned int i;

	rig_init(&rig, RIG_FEATURES);
	for (i = 0; i < 20; i++)
		memcpy(bytes + 2 + 16 * i, (const uint8_t[]){ASK}, 16);
	for (rig.room = 0; rig.room < 24; rig.room++)
		assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)), VV_CTRL_NO_ROOM);
	for (; rig.room < 1000; rig.room++) {
		assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)), VV_CTRL_OK);
		assert_int_equal(rig.reply.len, rig.room < 240 ? rig.room / 24 * 24 : 240);
	}
}

/* Without MQ and RSS the control queue is ring 2, however many pairs the device has. */
static void spec_5_1_2_stats_queue_is_where_the_guest_has_it(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, VV_BIT(VIRTIO_NET_F_DEVICE_STATS));
	assert_bad(&rig, 8, 1, ASK);
	assert_ok(&rig, 8, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
	rig_init(&rig, VV_BIT(VIRTIO_NET_F_DEVICE_STATS) | VV_BIT(VIRTIO_NET_F_RSS));
	assert_ok(&rig, 8, 1, ASK);
	/* A guest that cannot read how many there are knows of one pair. */
	rig_init(&rig, VV_BIT(VIRTIO_NET_F_DEVICE_STATS) | VV_BIT(VIRTIO_NET_F_MQ));
	rig.conf.pairs = 1;
	vv_ctrl_reset(&rig.conf, &rig.now);
	assert_ok(&rig, 8, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_5_1_6_5_8_offloads_are_a_subset_of_the_negotiated),
	    cmocka_unit_test(spec_5_1_6_5_9_coal_last_setting_of_a_queue_wins),
	    cmocka_unit_test(spec_5_1_6_5_9_coal_with_a_zero_is_none),
	    cmocka_unit_test(coal_beyond_what_a_queue_holds_is_refused),
	    cmocka_unit_test(spec_5_1_6_5_9_coal_needs_an_enabled_data_queue),
	    cmocka_unit_test(spec_5_1_6_5_9_coal_reserved_is_ignored),
	    cmocka_unit_test(answer_without_room_is_refused),
	    cmocka_unit_test(spec_stats_query_tells_of_the_control_queue),
	    cmocka_unit_test(spec_stats_get_counts_itself),
	    cmocka_unit_test(spec_stats_get_of_any_wrong_queue_or_type_fails_all),
	    cmocka_unit_test(stats_get_of_nothing_answers_nothing),
	    cmocka_unit_test(stats_get_takes_whole_requests),
	    cmocka_unit_test(spec_stats_get_fills_the_room_there_is),
	    cmocka_unit_test(spec_5_1_2_stats_queue_is_where_the_guest_has_it),
	};

	return cmocka_run_group_tests_name("ctrl_tune", tests, NULL, NULL);
}
