/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is received: modes, addresses, VLANs (virtio 1.3 5.1.6.5.1 to 5.1.6.5.3), the announcement
 * (5.1.6.5.4), and what a guest may not choose that is not trusted.
 */
#include <string.h>

#include "ctrl_rig.h"

static const bool *mode(const struct ctrl_rig *rig, unsigned int command)
{
	switch (command) {
	case 0:
		return &rig->now.promisc;
	case 1:
		return &rig->now.allmulti;
	case 2:
		return &rig->now.alluni;
	case 3:
		return &rig->now.nomulti;
	case 4:
		return &rig->now.nouni;
	default:
		return &rig->now.nobcast;
	}
}

/* On and off, each by itself: the others stay as they are. */
static void spec_5_1_6_5_1_modes_are_switched_one_by_one(void **state)
{
	unsigned int command, other;
	struct ctrl_rig rig;
	bool before[6];

	for (command = 0; command < 6; command++) {
		rig_init(&rig, RIG_FEATURES);
		assert_ok(&rig, 0, command, 1);
		assert_true(*mode(&rig, command));
		for (other = 0; other < 6; other++)
			before[other] = *mode(&rig, other);
		assert_ok(&rig, 0, command, 0);
		assert_false(*mode(&rig, command));
		for (other = 0; other < 6; other++)
			if (other != command)
				assert_int_equal(*mode(&rig, other), before[other]);
		assert_ok(&rig, 0, command, 0);
		assert_ok(&rig, 0, command, 1);
		assert_true(*mode(&rig, command));
	}
}

/* virtio 1.3 5.1.6.5.1.1: the byte is 0 or 1. */
static void spec_5_1_6_5_1_modes_are_bytes_of_0_or_1(void **state)
{
	unsigned int command, value;
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	for (command = 0; command < 6; command++)
		for (value = 2; value < 256; value++)
			assert_bad(&rig, 0, command, value);
}

/* ---- addresses ---- */

static void spec_5_1_6_5_2_table_replaces_the_one_before(void **state)
{
	uint8_t bytes[1024];
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_int_equal(rig_send(&rig, bytes, rig_mac_table(3, 2, bytes)), VV_CTRL_OK);
	assert_int_equal(rig.now.uni.n, 3);
	assert_int_equal(rig.now.multi.n, 2);
	assert_memory_equal(rig.now.uni.addr[2], "\x02\x00\x00\x00\x02\x00", 6);
	assert_memory_equal(rig.now.multi.addr[1], "\x03\x00\x00\x00\x01\x00", 6);
	assert_ok(&rig, 1, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 0, 0, 0, 0);
	assert_int_equal(rig.now.uni.n, 1);
	assert_memory_equal(rig.now.uni.addr[0], "\x02\x01\x02\x03\x04\x05", 6);
	assert_int_equal(rig.now.multi.n, 0);
	assert_ok(&rig, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(rig.now.uni.n, 0);
}

/* Cut anywhere, and with bytes behind it: the second table takes exactly the rest. */
static void spec_5_1_6_5_2_table_of_other_length_is_refused(void **state)
{
	static const struct {
		uint32_t n, m;
	} sizes[] = {
	    {0,   0  },
            {1,   0  },
            {0,   1  },
            {2,   3  },
            {64,  64 },
            {65,  0  },
            {0,   65 },
            {100, 100},
	};
	enum vv_ctrl_verdict verdict;
	uint8_t bytes[2048];
	struct ctrl_rig rig;
	unsigned int i;
	size_t right, len;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(bytes, 0, sizeof(bytes));
		right = rig_mac_table(sizes[i].n, sizes[i].m, bytes);
		rig_init(&rig, RIG_FEATURES);
		for (len = 2; len < right + 20; len++) {
			verdict = rig_send(&rig, bytes, len);
			assert_int_equal(verdict, len < right   ? VV_CTRL_TRUNCATED
						  : len > right ? VV_CTRL_OVERLONG
								: VV_CTRL_OK);
		}
	}
}

/* Numbers whose product with six wraps around. */
static void table_with_absurd_numbers_is_refused(void **state)
{
	static const uint32_t numbers[] = {
	    3, 0x2aaaaaaa, 0x2aaaaaab, 0x55555555, 0x55555556, 0x80000000, 0xaaaaaaab, 0xffffffff,
	};
	struct ctrl_rig rig;
	unsigned int i;
	uint32_t n;

	rig_init(&rig, RIG_FEATURES);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		n = numbers[i];
		assert_verdict(&rig, VV_CTRL_TRUNCATED, 1, 0, n, n >> 8, n >> 16, n >> 24, 2, 0, 0,
			       0, 0, 1, 0, 0, 0, 0);
		assert_verdict(&rig, VV_CTRL_TRUNCATED, 1, 0, 0, 0, 0, 0, n, n >> 8, n >> 16,
			       n >> 24, 3, 0, 0, 0, 0, 1);
	}
}

/* As many as fit are exact; one more, and all of the kind are received, and that is to be seen. */
static void spec_5_1_6_5_2_overflow_is_by_kind_and_seen(void **state)
{
	uint8_t bytes[VV_CTRL_COMMAND_MAX];
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_int_equal(rig_send(&rig, bytes, rig_mac_table(64, 64, bytes)), VV_CTRL_OK);
	assert_int_equal(rig.now.uni.n, 64);
	assert_int_equal(rig.now.multi.n, 64);
	assert_false(rig.now.uni.overflow || rig.now.multi.overflow);
	assert_int_equal(rig_send(&rig, bytes, rig_mac_table(65, 64, bytes)), VV_CTRL_OK);
	assert_true(rig.now.uni.overflow);
	assert_int_equal(rig.now.uni.n, 0);
	assert_int_equal(rig.now.multi.n, 64);
	assert_int_equal(rig_send(&rig, bytes, rig_mac_table(64, 65, bytes)), VV_CTRL_OK);
	assert_false(rig.now.uni.overflow);
	assert_true(rig.now.multi.overflow);
	assert_int_equal(rig_send(&rig, bytes, rig_mac_table(600, 700, bytes)), VV_CTRL_OK);
	assert_true(rig.now.uni.overflow && rig.now.multi.overflow);
	assert_int_equal(rig_send(&rig, bytes, rig_mac_table(0, 0, bytes)), VV_CTRL_OK);
	assert_false(rig.now.uni.overflow || rig.now.multi.overflow);
}

/* Twice the same, and a unicast address among the groups: Linux sends what it was told to. */
static void table_takes_doubles_and_either_kind(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 1, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0,
		  0, 0, 9);
	assert_int_equal(rig.now.uni.n, 2);
	assert_int_equal(rig.now.multi.n, 1);
}

static void spec_5_1_6_5_2_address_is_one_a_device_can_have(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_ok(&rig, 1, 1, 2, 0x11, 0x22, 0x33, 0x44, 0x55);
	assert_memory_equal(rig.now.mac, "\x02\x11\x22\x33\x44\x55", 6);
	assert_memory_equal(rig.conf.mac, "\x0c\x42\xa1\x00\x00\x01", 6);
	assert_bad(&rig, 1, 1, 0, 0, 0, 0, 0, 0);
	assert_bad(&rig, 1, 1, 1, 0, 0, 0, 0, 1);
	assert_bad(&rig, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
	assert_bad(&rig, 1, 1, 0x33, 0x33, 0, 0, 0, 1);
	assert_ok(&rig, 1, 1, 0, 0, 0, 0, 0, 1);
	/* The provisioned one comes back. */
	vv_ctrl_reset(&rig.conf, &rig.now);
	assert_memory_equal(rig.now.mac, rig.conf.mac, 6);
}

/* ---- VLANs ---- */

static bool vlan_is_in(const struct ctrl_rig *rig, unsigned int vid)
{
	return rig->now.vlans[vid / 64] >> vid % 64 & 1;
}

static void spec_5_1_6_5_3_vlans_come_and_go_one_by_one(void **state)
{
	static const unsigned int vids[] = {0, 1, 63, 64, 100, 2047, 2048, 4094, 4095};
	struct ctrl_rig rig;
	unsigned int i, vid, n;

	rig_init(&rig, RIG_FEATURES);
	for (i = 0; i < sizeof(vids) / sizeof(vids[0]); i++) {
		assert_ok(&rig, 2, 0, vids[i], vids[i] >> 8);
		assert_ok(&rig, 2, 0, vids[i], vids[i] >> 8);
		for (vid = 0, n = 0; vid < VV_VLANS; vid++)
			n += vlan_is_in(&rig, vid);
		assert_int_equal(n, i + 1);
		assert_true(vlan_is_in(&rig, vids[i]));
	}
	assert_ok(&rig, 2, 1, 100, 0);
	assert_false(vlan_is_in(&rig, 100));
	assert_true(vlan_is_in(&rig, 64));
	assert_ok(&rig, 2, 1, 100, 0); /* is not there: fine */
	assert_ok(&rig, 2, 1, 7, 0);
}

static void spec_5_1_6_5_3_vlan_ids_have_twelve_bits(void **state)
{
	struct ctrl_rig rig;
	unsigned int vid;

	rig_init(&rig, RIG_FEATURES);
	for (vid = 4096; vid < 65536; vid += vid < 4200 ? 1 : 997) {
		assert_bad(&rig, 2, 0, vid, vid >> 8);
		assert_bad(&rig, 2, 1, vid, vid >> 8);
	}
	assert_bad(&rig, 2, 0, 0xff, 0xff);
}

/* ---- announcement ---- */

static void spec_5_1_6_5_4_ack_clears_what_is_pending(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_bad(&rig, 3, 0);
	rig.now.announce = true;
	assert_ok(&rig, 3, 0);
	assert_false(rig.now.announce);
	assert_bad(&rig, 3, 0);
}

/* ---- trust ---- */

static void untrusted_guest_changes_nothing_it_receives(void **state)
{
	struct ctrl_rig rig;

	rig_init_untrusted(&rig, RIG_FEATURES);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 0, 0, 1);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 0, 1, 0); /* not even less */
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 0, 2, 1);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 0, 3, 1);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 0, 4, 1);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 0, 5, 1);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0,
		       1);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 1, 1, 2, 0, 0, 0, 0, 1);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 2, 0, 5, 0);
}

/* As Linux does at open; and a command that is wrong anyway is not a matter of trust. */
static void untrusted_guest_may_ask_for_what_is_so(void **state)
{
	struct ctrl_rig rig;

	rig_init_untrusted(&rig, RIG_FEATURES);
	assert_ok(&rig, 0, 0, 0);
	assert_ok(&rig, 0, 1, 1);
	assert_ok(&rig, 0, 2, 0);
	assert_ok(&rig, 0, 3, 0);
	assert_ok(&rig, 0, 4, 0);
	assert_ok(&rig, 0, 5, 0);
	assert_ok(&rig, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_ok(&rig, 1, 1, 0x0c, 0x42, 0xa1, 0, 0, 1);
	assert_ok(&rig, 2, 1, 5, 0);
	assert_bad(&rig, 0, 0, 2);
	assert_bad(&rig, 1, 1, 1, 0, 0, 0, 0, 1);
	assert_bad(&rig, 2, 0, 0, 0x10);
}

static void untrusted_guest_tunes_its_own_queues(void **state)
{
	struct ctrl_rig rig;

	rig_init_untrusted(&rig, RIG_FEATURES);
	rig.now.announce = true;
	assert_ok(&rig, 3, 0);
	assert_ok(&rig, 4, 0, 3, 0);
	assert_ok(&rig, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_ok(&rig, 6, 0, 8, 0, 0, 0, 9, 0, 0, 0);
	assert_ok(&rig, 8, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_5_1_6_5_1_modes_are_switched_one_by_one),
	    cmocka_unit_test(spec_5_1_6_5_1_modes_are_bytes_of_0_or_1),
	    cmocka_unit_test(spec_5_1_6_5_2_table_replaces_the_one_before),
	    cmocka_unit_test(spec_5_1_6_5_2_table_of_other_length_is_refused),
	    cmocka_unit_test(table_with_absurd_numbers_is_refused),
	    cmocka_unit_test(spec_5_1_6_5_2_overflow_is_by_kind_and_seen),
	    cmocka_unit_test(table_takes_doubles_and_either_kind),
	    cmocka_unit_test(spec_5_1_6_5_2_address_is_one_a_device_can_have),
	    cmocka_unit_test(spec_5_1_6_5_3_vlans_come_and_go_one_by_one),
	    cmocka_unit_test(spec_5_1_6_5_3_vlan_ids_have_twelve_bits),
	    cmocka_unit_test(spec_5_1_6_5_4_ack_clears_what_is_pending),
	    cmocka_unit_test(untrusted_guest_changes_nothing_it_receives),
	    cmocka_unit_test(untrusted_guest_may_ask_for_what_is_so),
	    cmocka_unit_test(untrusted_guest_tunes_its_own_queues),
	};

	return cmocka_run_group_tests_name("ctrl_rx", tests, NULL, NULL);
}
