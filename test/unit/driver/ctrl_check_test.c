/* SPDX-License-Identifier: BSD-3-Clause */
/* States from elsewhere: what a guest can have brought itself to is taken, all else is not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctrl_rig.h"

static const uint8_t own[6] = {0x02, 1, 2, 3, 4, 5};

static int check(const struct ctrl_rig *rig, const struct vv_ctrl_state *s, char *why)
{
	struct vv_ctrl_state clean;
	int err;

	memset(&clean, 0x5a, sizeof(clean));
	strcpy(why, "?");
	err = vv_ctrl_check(&rig->conf, s, &clean, why, 200);
	if (!err)
		assert_memory_equal(&clean, s, sizeof(clean));
	return err;
}

#define assert_taken(rig, s)                                                                       \
	do {                                                                                       \
		char why_[200];                                                                    \
		if (check((rig), (s), why_))                                                       \
			fail_msg("refused: %s", why_);                                             \
	} while (0)

#define assert_refused(rig, s, err, what)                                                          \
	do {                                                                                       \
		char why_[200];                                                                    \
		assert_int_equal(check((rig), (s), why_), (err));                                  \
		if (!strstr(why_, (what)))                                                         \
			fail_msg("said: %s", why_);                                                \
	} while (0)

/* Whatever commands lead to, with whatever features, is a state that can be loaded. */
static void take_what_commands_lead_to(void **state)
{
	unsigned int seed = 20221121, i, n, taken = 0;
	uint8_t command[2048];
	struct ctrl_rig rig;
	size_t len;

	for (i = 0; i < 400; i++) {
		uint64_t features = (uint64_t)rand_r(&seed) << 32 | (uint32_t)rand_r(&seed) << 1;

		features = i % 2 ? RIG_FEATURES : RIG_FEATURES & features;
		if (i % 3)
			rig_init(&rig, features);
		else
			rig_init_untrusted(&rig, features);
		for (n = 0; n < 60; n++) {
			struct rig_rss rss = {
			    .types = (uint32_t)rand_r(&seed) & VV_CTRL_HASH_TYPES,
			    .table_len = 1u << rand_r(&seed) % 8,
			    .unclassified = (uint16_t)(rand_r(&seed) % RIG_PAIRS),
			    .max_tx = (uint16_t)(1 + rand_r(&seed) % RIG_PAIRS),
			    .key_len = 40,
			    .entry = (uint16_t)(rand_r(&seed) % RIG_PAIRS),
			};
			unsigned int k;

			switch (rand_r(&seed) % 3) {
			case 0:
				len = rig_rss(&rss, command);
				break;
			case 1:
				len = rig_mac_table((uint32_t)rand_r(&seed) % 80,
						    (uint32_t)rand_r(&seed) % 80, command);
				break;
			default:
				len = 3 + (unsigned int)rand_r(&seed) % 12;
				for (k = 0; k < len; k++)
					command[k] = (uint8_t)(rand_r(&seed) % 4);
				command[0] = (uint8_t)(rand_r(&seed) % 9);
				break;
			}
			if (rig_send(&rig, command, len) == VV_CTRL_OK)
				taken++;
			assert_taken(&rig, &rig.now);
		}
	}
	assert_true(taken > 1000);
}

static void p33_address_without_ctrl_mac_addr_einval(void **state)
{
	const uint64_t without = RIG_FEATURES & ~VV_BIT(VIRTIO_NET_F_CTRL_MAC_ADDR);
	struct ctrl_rig rig;

	rig_init(&rig, without | VV_BIT(VIRTIO_F_VERSION_1));
	memcpy(rig.now.mac, own, 6);
	assert_refused(&rig, &rig.now, -EINVAL, "CTRL_MAC_ADDR");
	/* One that may. */
	rig_init(&rig, RIG_FEATURES | VV_BIT(VIRTIO_F_VERSION_1));
	memcpy(rig.now.mac, own, 6);
	assert_taken(&rig, &rig.now);
	/* P37: a legacy guest writes it to the configuration space. */
	rig_init(&rig, without & 0xffffffff);
	memcpy(rig.now.mac, own, 6);
	assert_taken(&rig, &rig.now);
	rig.now.mac[0] |= 1;
	assert_refused(&rig, &rig.now, -EINVAL, "one station");
}

static void p35_address_of_an_untrusted_guest_eperm(void **state)
{
	struct ctrl_rig rig;

	rig_init_untrusted(&rig, RIG_FEATURES);
	assert_taken(&rig, &rig.now);
	memcpy(rig.now.mac, own, 6);
	assert_refused(&rig, &rig.now, -EPERM, "trust is off");
}

static void p35_filters_of_an_untrusted_guest_eperm(void **state)
{
	struct vv_ctrl_state *s;
	struct ctrl_rig rig;
	unsigned int i;

	for (i = 0; i < 11; i++) {
		rig_init_untrusted(&rig, RIG_FEATURES);
		s = &rig.now;
		switch (i) {
		case 0:
			s->promisc = true;
			break;
		case 1:
			s->allmulti = !s->allmulti;
			break;
		case 2:
			s->alluni = true;
			break;
		case 3:
			s->nomulti = true;
			break;
		case 4:
			s->nouni = true;
			break;
		case 5:
			s->nobcast = true;
			break;
		case 6:
			s->uni.n = 1;
			memcpy(s->uni.addr[0], own, 6);
			break;
		case 7:
			s->multi.n = 1;
			break;
		case 8:
			s->uni.overflow = true;
			break;
		case 9:
			s->multi.overflow = true;
			break;
		case 10:
			s->vlans[3] = 1;
			break;
		}
		assert_refused(&rig, s, -EPERM, "trust is off");
		rig.conf.trusted = true;
		assert_taken(&rig, s);
	}
	/* What concerns nobody else is its own. */
	rig_init_untrusted(&rig, RIG_FEATURES);
	rig.now.pairs = RIG_PAIRS;
	rig.now.offloads = 0;
	rig.now.announce = true;
	assert_taken(&rig, &rig.now);
}

static void p17_table_is_as_large_as_it_was_provisioned(void **state)
{
	struct ctrl_rig rig;
	uint8_t command[2048];

	rig_init(&rig, RIG_FEATURES);
	rig.conf.macs_max = 4;
	assert_int_equal(rig_send(&rig, command, rig_mac_table(4, 4, command)), VV_CTRL_OK);
	assert_int_equal(rig.now.uni.n, 4);
	assert_false(rig.now.uni.overflow);
	assert_taken(&rig, &rig.now);
	assert_int_equal(rig_send(&rig, command, rig_mac_table(5, 4, command)), VV_CTRL_OK);
	assert_true(rig.now.uni.overflow);
	assert_int_equal(rig.now.uni.n, 0);
	assert_int_equal(rig.now.multi.n, 4);
	assert_taken(&rig, &rig.now);
}

/* To where the operator has made a smaller table: all unicast, as if the guest asked there. */
static void p16_addresses_of_a_larger_table_are_all_of_their_kind(void **state)
{
	struct vv_ctrl_state there, clean;
	struct ctrl_rig rig;
	uint8_t command[2048];
	char why[200] = "";

	rig_init(&rig, RIG_FEATURES);
	assert_int_equal(rig_send(&rig, command, rig_mac_table(5, 4, command)), VV_CTRL_OK);
	there = rig.now;
	rig.conf.macs_max = 4;
	assert_int_equal(vv_ctrl_check(&rig.conf, &there, &clean, why, sizeof(why)), 0);
	assert_int_equal(rig_send(&rig, command, rig_mac_table(5, 4, command)), VV_CTRL_OK);
	assert_true(clean.uni.overflow);
	assert_memory_equal(&clean, &rig.now, sizeof(clean));
	/* More than any table has. */
	there.uni.n = VV_CTRL_MACS_MAX + 1;
	assert_int_equal(vv_ctrl_check(&rig.conf, &there, &clean, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "unicast: 65 addresses"));
}

/* Each of these by itself, in a state that is fine otherwise. */
static void refuse_what_no_command_leads_to(void **state)
{
	struct vv_ctrl_state *s;
	struct ctrl_rig rig;
	unsigned int i;

	for (i = 0; i < 19; i++) {
		rig_init(&rig, RIG_FEATURES);
		s = &rig.now;
		s->rss_active = true;
		s->rss.table_len = 2;
		s->rss.max_tx = 1;
		s->rss.key_len = 40;
		s->rss.hash_types = 1;
		assert_taken(&rig, s);
		switch (i) {
		case 0:
			s->pairs = 0;
			break;
		case 1:
			s->pairs = RIG_PAIRS + 1;
			break;
		case 2:
			s->rss.table_len = 3;
			break;
		case 3:
			s->rss.table_len = 0;
			break;
		case 4:
			s->rss.table_len = 2 * VV_CTRL_RSS_TABLE_MAX;
			break;
		case 5:
			s->rss.table[1] = RIG_PAIRS;
			break;
		case 6:
			s->rss.unclassified = RIG_PAIRS;
			break;
		case 7:
			s->rss.max_tx = 0;
			break;
		case 8:
			s->rss.max_tx = RIG_PAIRS + 1;
			break;
		case 9:
			s->rss.key_len = VV_CTRL_RSS_KEY_MAX + 1;
			break;
		case 10:
			s->rss.key_len = 0;
			break;
		case 11:
			s->rss.hash_types = 1u << 31;
			break;
		case 12:
			s->rss_active = false;
			s->rss.table_len = 0xffff;
			break;
		case 13:
			s->offloads = VV_BIT(VIRTIO_NET_F_GUEST_UFO);
			break;
		case 14:
			s->coal_rx.usecs = VV_CTRL_COAL_USECS_MAX + 1;
			break;
		case 15:
			s->coal[1].packets = VV_CTRL_COAL_PACKETS_MAX + 1;
			break;
		case 16:
			s->coal[RIG_CVQ].packets = 1;
			break;
		case 17:
			s->uni.n = VV_CTRL_MACS_MAX + 1;
			break;
		case 18:
			s->multi.n = 1;
			s->multi.overflow = true;
			break;
		}
		assert_refused(&rig, s, -EINVAL, "");
	}
}

/* What a feature would have to change, without the feature. */
static void refuse_what_was_not_negotiated(void **state)
{
	static const struct {
		uint64_t features;
		const char *said;
	} cases[] = {
	    {VV_BIT(VIRTIO_NET_F_CTRL_RX),                                       "promisc"   },
	    {VV_BIT(VIRTIO_NET_F_CTRL_RX_EXTRA),                                 "nobcast"   },
	    {VV_BIT(VIRTIO_NET_F_CTRL_RX),                                       "unicast"   },
	    {VV_BIT(VIRTIO_NET_F_CTRL_VLAN),                                     "vlans"     },
	    {VV_BIT(VIRTIO_NET_F_GUEST_ANNOUNCE),                                "announce"  },
	    {VV_BIT(VIRTIO_NET_F_MQ),					    "pairs"     },
	    {VV_BIT(VIRTIO_NET_F_RSS),					   "rss"       },
	    {VV_BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS),                           "offloads"  },
	    {VV_BIT(VIRTIO_NET_F_NOTF_COAL),                                     "coalescing"},
	    {VV_BIT(VIRTIO_NET_F_NOTF_COAL) | VV_BIT(VIRTIO_NET_F_VQ_NOTF_COAL), "coalescing"},
	};
	struct ctrl_rig rig;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_init(&rig, RIG_FEATURES & ~cases[i].features);
		assert_taken(&rig, &rig.now);
		switch (i) {
		case 0:
			rig.now.promisc = false;
			break;
		case 1:
			rig.now.nobcast = true;
			break;
		case 2:
			rig.now.uni.n = 1;
			break;
		case 3:
			rig.now.vlans[63] = 1;
			break;
		case 4:
			rig.now.announce = true;
			break;
		case 5:
			rig.now.pairs = 2;
			break;
		case 6:
			rig.now.rss_active = true;
			break;
		case 7:
			rig.now.offloads = 0;
			break;
		case 8:
			rig.now.coal_tx.packets = 1;
			break;
		case 9:
			rig.now.coal[0].packets = 1;
			break;
		}
		assert_refused(&rig, &rig.now, -EINVAL, cases[i].said);
	}
}

/* What is between and behind what counts is not carried on. */
static void clean_leaves_out_what_does_not_count(void **state)
{
	struct vv_ctrl_state clean;
	struct ctrl_rig rig;
	char why[200];

	rig_init(&rig, RIG_FEATURES);
	memset(rig.now.uni.addr, 0xa5, sizeof(rig.now.uni.addr));
	rig.now.uni.n = 1;
	memset(rig.now.rss.key, 0xa5, sizeof(rig.now.rss.key));
	assert_int_equal(vv_ctrl_check(&rig.conf, &rig.now, &clean, why, sizeof(why)), 0);
	assert_int_equal(clean.uni.addr[0][5], 0xa5);
	assert_int_equal(clean.uni.addr[1][0], 0);
	assert_int_equal(clean.rss.key[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(take_what_commands_lead_to),
	    cmocka_unit_test(p33_address_without_ctrl_mac_addr_einval),
	    cmocka_unit_test(p35_address_of_an_untrusted_guest_eperm),
	    cmocka_unit_test(p35_filters_of_an_untrusted_guest_eperm),
	    cmocka_unit_test(p17_table_is_as_large_as_it_was_provisioned),
	    cmocka_unit_test(p16_addresses_of_a_larger_table_are_all_of_their_kind),
	    cmocka_unit_test(refuse_what_no_command_leads_to),
	    cmocka_unit_test(refuse_what_was_not_negotiated),
	    cmocka_unit_test(clean_leaves_out_what_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
