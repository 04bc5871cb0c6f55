/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holds for all commands of the control queue (virtio 1.3 5.1.6.5): their lengths, the
 * features they need, what is unknown; and what is in force after a reset.
 */
#include <stdio.h>
#include <string.h>

#include "ctrl_rig.h"

/* One good command of each kind, whose length is fixed. */
static const struct form {
	uint8_t len, bytes[16];
	uint8_t gate;
	const char *name;
} forms[] = {
    {3,  {0, 0, 1},                VIRTIO_NET_F_CTRL_RX,             "rx/promisc"    },
    {3,  {0, 1, 1},                VIRTIO_NET_F_CTRL_RX,             "rx/allmulti"   },
    {3,  {0, 2, 1},                VIRTIO_NET_F_CTRL_RX_EXTRA,       "rx/alluni"     },
    {3,  {0, 3, 1},                VIRTIO_NET_F_CTRL_RX_EXTRA,       "rx/nomulti"    },
    {3,  {0, 4, 1},                VIRTIO_NET_F_CTRL_RX_EXTRA,       "rx/nouni"      },
    {3,  {0, 5, 1},                VIRTIO_NET_F_CTRL_RX_EXTRA,       "rx/nobcast"    },
    {10, {1, 0},		   VIRTIO_NET_F_CTRL_RX,             "mac/table_set" },
    {8,  {1, 1, 2, 0, 0, 0, 0, 1}, VIRTIO_NET_F_CTRL_MAC_ADDR,       "mac/addr_set"  },
    {4,  {2, 0, 5, 0},             VIRTIO_NET_F_CTRL_VLAN,           "vlan/add"      },
    {4,  {2, 1, 5, 0},             VIRTIO_NET_F_CTRL_VLAN,           "vlan/del"      },
    {2,  {3, 0},		   VIRTIO_NET_F_GUEST_ANNOUNCE,      "announce/ack"  },
    {4,  {4, 0, 2, 0},             VIRTIO_NET_F_MQ,                  "mq/pairs_set"  },
    {15, {4, 1, [12] = 1},         VIRTIO_NET_F_RSS,                 "mq/rss_config" },
    {15, {4, 2},		   VIRTIO_NET_F_HASH_REPORT,         "mq/hash_config"},
    {10, {5, 0},		   VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, "offloads/set"  },
    {10, {6, 0, 1, 0, 0, 0, 2},    VIRTIO_NET_F_NOTF_COAL,           "coal/tx_set"   },
    {10, {6, 1, 1, 0, 0, 0, 2},    VIRTIO_NET_F_NOTF_COAL,           "coal/rx_set"   },
    {14, {6, 2, 1, 0, 0, 0, 3},    VIRTIO_NET_F_VQ_NOTF_COAL,        "coal/vq_set"   },
    {6,  {6, 3, 1, 0, 0, 0},       VIRTIO_NET_F_VQ_NOTF_COAL,        "coal/vq_get"   },
    {2,  {8, 0},		   VIRTIO_NET_F_DEVICE_STATS,        "stats/query"   },
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static void pending_init(struct ctrl_rig *rig, uint64_t features)
{
	rig_init(rig, features);
	rig->now.announce = true;
}

static void spec_5_1_6_5_good_form_of_each_is_taken(void **state)
{
	struct ctrl_rig rig;
	unsigned int i;

	for (i = 0; i < FORMS; i++) {
		pending_init(&rig, RIG_FEATURES);
		if (rig_send(&rig, forms[i].bytes, forms[i].len))
			fail_msg("%s is not taken", forms[i].name);
	}
}

/* One byte too few or too many, and all further off: refused, and said which way. */
static void spec_5_1_6_5_other_lengths_are_refused(void **state)
{
	enum vv_ctrl_verdict verdict, expected;
	uint8_t bytes[64];
	struct ctrl_rig rig;
	unsigned int i, len;

	for (i = 0; i < FORMS; i++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, forms[i].bytes, forms[i].len);
		for (len = 0; len < sizeof(bytes); len++) {
			expected = len < forms[i].len   ? VV_CTRL_TRUNCATED
				   : len > forms[i].len ? VV_CTRL_OVERLONG
							: VV_CTRL_OK;
			pending_init(&rig, RIG_FEATURES);
			verdict = rig_send(&rig, bytes, len);
			if (verdict != expected)
				fail_msg("%s of %u bytes: %s", forms[i].name, len,
					 vv_ctrl_verdict_name(verdict));
		}
	}
}

/* A command works with its feature alone, and with all but its feature it does not. */
static void spec_5_1_6_5_each_needs_its_feature(void **state)
{
	struct ctrl_rig rig;
	unsigned int i;

	for (i = 0; i < FORMS; i++) {
		pending_init(&rig, RIG_FEATURES & ~VV_BIT(forms[i].gate));
		if (rig_send(&rig, forms[i].bytes, forms[i].len) != VV_CTRL_NOT_NEGOTIATED)
			fail_msg("%s without bit %u", forms[i].name, forms[i].gate);
		pending_init(&rig, VV_BIT(forms[i].gate));
		if (rig_send(&rig, forms[i].bytes, forms[i].len))
			fail_msg("%s with bit %u alone", forms[i].name, forms[i].gate);
	}
	rig_init(&rig, RIG_FEATURES & ~VV_BIT(VIRTIO_NET_F_DEVICE_STATS));
	assert_verdict(&rig, VV_CTRL_NOT_NEGOTIATED, 8, 1);
}

/* All 65536 beginnings of a command: what is not in the specification's list is unknown. */
static void spec_5_1_6_5_other_commands_are_unknown(void **state)
{
	bool known[256][256] = {0};
	uint8_t bytes[64] = {0};
	enum vv_ctrl_verdict verdict;
	struct ctrl_rig rig;
	unsigned int i;

	for (i = 0; i < FORMS; i++)
		known[forms[i].bytes[0]][forms[i].bytes[1]] = true;
	known[8][1] = true;
	rig_init(&rig, ~0ull);
	for (i = 0; i < 65536; i++) {
		bytes[0] = i >> 8;
		bytes[1] = i & 0xff;
		verdict = rig_send(&rig, bytes, i % sizeof(bytes) < 2 ? 2 : i % sizeof(bytes));
		if (known[bytes[0]][bytes[1]] == (verdict == VV_CTRL_UNKNOWN))
			fail_msg("class %u command %u: %s", bytes[0], bytes[1],
				 vv_ctrl_verdict_name(verdict));
	}
}

static void commands_said_twice_change_nothing_more(void **state)
{
	struct vv_ctrl_state once;
	struct ctrl_rig rig;
	unsigned int i;

	for (i = 0; i < FORMS; i++) {
		if (forms[i].bytes[0] == 3) /* a second ack is one too many */
			continue;
		rig_init(&rig, RIG_FEATURES);
		assert_int_equal(rig_send(&rig, forms[i].bytes, forms[i].len), VV_CTRL_OK);
		memcpy(&once, &rig.now, sizeof(once));
		assert_int_equal(rig_send(&rig, forms[i].bytes, forms[i].len), VV_CTRL_OK);
		assert_memory_equal(&rig.now, &once, sizeof(once));
	}
}

/* No command is that long. */
static void command_beyond_the_longest_is_refused(void **state)
{
	static uint8_t bytes[VV_CTRL_COMMAND_MAX + 1];
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	rig_mac_table((sizeof(bytes) - 10) / 6, 0, bytes);
	assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)), VV_CTRL_OVERLONG);
	bytes[0] = 4;
	bytes[1] = 1;
	assert_int_equal(rig_send(&rig, bytes, sizeof(bytes)), VV_CTRL_OVERLONG);
}

/* ---- reset ---- */

static void reset_trusted_guest_receives_all(void **state)
{
	static const struct vv_ctrl_macs no_macs;
	static const struct vv_ctrl_coal no_coal[2 * VV_CTRL_PAIRS_MAX];
	static const uint64_t no_vlans[VV_VLANS / 64];
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_true(rig.now.promisc);
	assert_false(rig.now.allmulti || rig.now.alluni || rig.now.nomulti || rig.now.nouni ||
		     rig.now.nobcast || rig.now.announce || rig.now.rss_active);
	assert_memory_equal(rig.now.mac, rig.conf.mac, 6);
	assert_memory_equal(&rig.now.uni, &no_macs, sizeof(no_macs));
	assert_memory_equal(&rig.now.multi, &no_macs, sizeof(no_macs));
	assert_memory_equal(rig.now.vlans, no_vlans, sizeof(no_vlans));
	assert_memory_equal(rig.now.coal, no_coal, sizeof(no_coal));
	assert_memory_equal(&rig.now.coal_rx, no_coal, sizeof(no_coal[0]));
	assert_memory_equal(&rig.now.coal_tx, no_coal, sizeof(no_coal[0]));
	/* virtio 1.3 5.1.6.5.8.1: the negotiated ones are on. */
	assert_int_equal(rig.now.offloads, RIG_FEATURES & VV_GUEST_OFFLOADS);
	rig_assert_sane(&rig.conf, &rig.now);
}

static void reset_untrusted_guest_receives_its_own(void **state)
{
	struct ctrl_rig rig;

	rig_init_untrusted(&rig, RIG_FEATURES);
	assert_false(rig.now.promisc);
	assert_true(rig.now.allmulti);
	assert_false(rig.now.alluni || rig.now.nomulti || rig.now.nouni || rig.now.nobcast);
	assert_memory_equal(rig.now.mac, rig.conf.mac, 6);
	/* Without an address there is nothing to tell frames by. */
	memset(rig.conf.mac, 0, 6);
	vv_ctrl_reset(&rig.conf, &rig.now);
	assert_true(rig.now.promisc);
}

/* virtio 1.3 5.1.6.5.5: one pair; but who cannot say so goes by the rings that are enabled. */
static void spec_5_1_6_5_5_reset_leaves_one_pair(void **state)
{
	struct ctrl_rig rig;

	rig_init(&rig, RIG_FEATURES);
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), 1);
	rig_init(&rig, VV_BIT(VIRTIO_NET_F_MQ));
	assert_int_equal(vv_ctrl_pairs(&rig.conf, &rig.now), RIG_PAIRS);
}

static void reset_forgets_every_command(void **state)
{
	struct vv_ctrl_state fresh;
	uint8_t bytes[1024];
	struct ctrl_rig rig;
	unsigned int i;
	size_t len;

	rig_init(&rig, RIG_FEATURES);
	memcpy(&fresh, &rig.now, sizeof(fresh));
	for (i = 0; i < FORMS; i++)
		rig_send(&rig, forms[i].bytes, forms[i].len);
	len = rig_mac_table(3, 70, bytes);
	assert_int_equal(rig_send(&rig, bytes, len), VV_CTRL_OK);
	len = rig_rss(
	    &(struct rig_rss){.types = 3, .table_len = 8, .max_tx = 4, .key_len = 40, .entry = 3},
	    bytes);
	assert_int_equal(rig_send(&rig, bytes, len), VV_CTRL_OK);
	assert_memory_not_equal(&rig.now, &fresh, sizeof(fresh));
	vv_ctrl_reset(&rig.conf, &rig.now);
	assert_memory_equal(&rig.now, &fresh, sizeof(fresh));
}

/* ---- names ---- */

static void names_are_of_commands_and_verdicts(void **state)
{
	static const uint8_t unknown[][2] = {
	    {0, 6},
            {1, 2},
            {2, 2},
            {3, 1},
            {4, 3},
            {5, 1},
            {6, 4},
            {8, 2},
	};
	static const char *const names[] = {
	    "rx/?", "mac/?", "vlan/?", "announce/?", "mq/?", "offloads/?", "coal/?", "stats/?",
	};
	unsigned int i, j;

	for (i = 0; i < FORMS; i++)
		assert_string_equal(vv_ctrl_command_name(forms[i].bytes, forms[i].len),
				    forms[i].name);
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_string_equal(vv_ctrl_command_name(unknown[i], 2), names[i]);
		assert_string_equal(vv_ctrl_command_name(unknown[i], 1), names[i]);
	}
	assert_string_equal(vv_ctrl_command_name((const uint8_t[]){7, 0}, 2), "?/?");
	assert_string_equal(vv_ctrl_command_name((const uint8_t[]){255, 255}, 2), "?/?");
	assert_string_equal(vv_ctrl_command_name(NULL, 0), "?/?");
	for (i = 0; i < VV_CTRL_VERDICT_N; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(vv_ctrl_verdict_name(i), vv_ctrl_verdict_name(j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_5_1_6_5_good_form_of_each_is_taken),
	    cmocka_unit_test(spec_5_1_6_5_other_lengths_are_refused),
	    cmocka_unit_test(spec_5_1_6_5_each_needs_its_feature),
	    cmocka_unit_test(spec_5_1_6_5_other_commands_are_unknown),
	    cmocka_unit_test(commands_said_twice_change_nothing_more),
	    cmocka_unit_test(command_beyond_the_longest_is_refused),
	    cmocka_unit_test(reset_trusted_guest_receives_all),
	    cmocka_unit_test(reset_untrusted_guest_receives_its_own),
	    cmocka_unit_test(spec_5_1_6_5_5_reset_leaves_one_pair),
	    cmocka_unit_test(reset_forgets_every_command),
	    cmocka_unit_test(names_are_of_commands_and_verdicts),
	};

	return cmocka_run_group_tests_name("ctrl", tests, NULL, NULL);
}
