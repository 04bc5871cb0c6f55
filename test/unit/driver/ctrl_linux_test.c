/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a Linux 6.1 guest with four pairs sends, byte by byte, in the order of its life: each is
 * taken, and does what the administrator in the guest asked for.
 */
#include <string.h>

#include "ctrl_rig.h"

/* At probe: all pairs are used; and an announcement, if one was asked for. */
static void probe(struct ctrl_rig *rig)
{
	assert_ok(rig, 4, 0, 4, 0);
	assert_int_equal(vv_ctrl_pairs(&rig->conf, &rig->now), 4);
}

/* `ip link set up`: VLAN 0 is registered, modes are said, groups of IPv4 and IPv6 joined. */
static void open_device(struct ctrl_rig *rig)
{
	assert_ok(rig, 2, 0, 0, 0);
	assert_ok(rig, 0, 0, 0);
	assert_ok(rig, 0, 1, 0);
	assert_ok(rig, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x33, 0x33, 0, 0, 0, 1, 0x01, 0, 0x5e, 0, 0,
		  1);
	assert_int_equal(rig->now.multi.n, 2);
	assert_int_equal(rig->now.vlans[0], 1);
	assert_false(rig->now.promisc || rig->now.allmulti);
}

static void linux_boots_and_opens(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	rig.now.announce = true;
	probe(&rig);
	assert_ok(&rig, 3, 0);
	open_device(&rig);
}

/* ip link set address, promisc, allmulticast; a macvlan; a VLAN device and its end. */
static void linux_receives_what_ip_link_says(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	probe(&rig);
	open_device(&rig);
	assert_ok(&rig, 1, 1, 0x02, 0xde, 0xad, 0xbe, 0xef, 0x01);
	assert_memory_equal(rig.now.mac, "\x02\xde\xad\xbe\xef\x01", 6);
	assert_ok(&rig, 0, 0, 1);
	assert_true(rig.now.promisc);
	assert_ok(&rig, 0, 0, 0);
	assert_ok(&rig, 0, 1, 1);
	assert_true(rig.now.allmulti);
	assert_ok(&rig, 1, 0, 1, 0, 0, 0, 0x9a, 1, 2, 3, 4, 5, 1, 0, 0, 0, 0x33, 0x33, 0, 0, 0, 1);
	assert_int_equal(rig.now.uni.n, 1);
	assert_ok(&rig, 2, 0, 100, 0);
	assert_ok(&rig, 2, 0, 0xfe, 0x0f);
	assert_int_equal(rig.now.vlans[1], VV_BIT(36));
	assert_int_equal(rig.now.vlans[63], VV_BIT(62));
	assert_ok(&rig, 2, 1, 100, 0);
	assert_ok(&rig, 2, 1, 0xfe, 0x0f);
	assert_int_equal(rig.now.vlans[1] | rig.now.vlans[63], 0);
}

/* ethtool -L, and -X: 128 entries, a key of 40 bytes, max_tx as it was at probe. */
static void linux_spreads_as_ethtool_says(void **state)
{
	uint8_t bytes[2 + 8 + 256 + 3 + 40] = {4, 1, 0x3f, 0, 0, 0, 127, 0, 0, 0};
	struct ctrl_rig rig;
	unsigned int i;

	rig_init(&rig, RIG_FEATURES);
	probe(&rig);
	assert_ok(&rig, 4, 0, 2, 0);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 2);
	for (i = 0; i < 128; i++)
		bytes[10 + 2 * i] = i % 2;
	bytes[266] = 4;
	bytes[268] = 40;
	memset(bytes + 269, 0x6d, 40);
	assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)), VV_CTRL_OK);
	assert_true(rig.now.rss_active);
	assert_int_equal(rig.now.rss.table[127], 1);
	assert_int_equal(rig.now.rss.key[39], 0x6d);
	/* ethtool -K rxhash off: no types, and the rest as before. */
	bytes[2] = 0;
	assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)), VV_CTRL_OK);
	assert_int_equal(rig.now.rss.hash_types, 0);
}

/* ethtool -K gro-hw, and what an XDP program takes away; ethtool -C. */
static void linux_tunes_as_ethtool_says(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	probe(&rig);
	assert_ok(&rig, 5, 0, 0x02, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(rig.now.offloads, VV_BIT(VIRTIO_NET_F_GUEST_CSUM));
	assert_ok(&rig, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_ok(&rig, 5, 0, 0x82, 0x03, 0, 0, 0, 0, 0, 0);
	assert_int_equal(rig.now.offloads, RIG_FEATURES & VV_GUEST_OFFLOADS);
	assert_ok(&rig, 6, 0, 32, 0, 0, 0, 64, 0, 0, 0);
	assert_ok(&rig, 6, 1, 16, 0, 0, 0, 8, 0, 0, 0);
	assert_int_equal(rig.now.coal[0].packets, 16);
	assert_int_equal(rig.now.coal[7].usecs, 64);
}

/* 6.10 and later, ethtool -S: what there is, then the control queue's. */
static void linux_reads_statistics(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	probe(&rig);
	rig.room = 8;
	assert_ok(&rig, 8, 0);
	rig.room = 24;
	assert_ok(&rig, 8, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_int_equal(rig.reply.len, 24);
}

/* An untrusted one is told no, but opens. */
static void linux_untrusted_keeps_what_it_was_given(void **state)
{
	struct vv_ctrl_state given;
	struct ctrl_rig rig;

	rig_init_untrusted(&rig, RIG_FEATURES);
	memcpy(&given, &rig.now, sizeof(given));
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 2, 0, 0, 0);
	assert_ok(&rig, 0, 0, 0);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 0, 1, 0);
	assert_verdict(&rig, VV_CTRL_NOT_TRUSTED, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x33, 0x33, 0, 0, 0,
		       1);
	assert_memory_equal(&rig.now, &given, sizeof(given));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(linux_boots_and_opens),
	    cmocka_unit_test(linux_receives_what_ip_link_says),
	    cmocka_unit_test(linux_spreads_as_ethtool_says),
	    cmocka_unit_test(linux_tunes_as_ethtool_says),
	    cmocka_unit_test(linux_reads_statistics),
	    cmocka_unit_test(linux_untrusted_keeps_what_it_was_given),
	};

	return cmocka_run_group_tests_name("ctrl_linux", tests, NULL, NULL);
}
