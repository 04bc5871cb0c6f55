/* SPDX-License-Identifier: BSD-3-Clause */
/* What else makes a device than features: numbers, modes; and making it a second time. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision_rig.h"

static void p20_mtu_without_bit_is_refused(void **state)
{
	struct vv_parent p = rig_parent();

	rig_refused(&p, "mtu 1500 device_features 0x300020000", EINVAL, "MTU");
	rig_refused(&p, "mtu 1500 device_features 0x300020000", EINVAL, "add \"mtu on\"");
	assert_int_equal(rig_made(&p, "mtu 1500 device_features 0x300020000 mtu on").mtu, 1500);
	assert_int_equal(rig_made(&p, "mtu 1500 device_features 0x300020008").mtu, 1500);
	rig_refused(&p, "mtu 1500 mtu off", EINVAL, "switched off");
}

static void p20_mac_without_bit_is_refused(void **state)
{
	struct vv_parent p = rig_parent();

	rig_refused(&p, "mac 02:00:00:00:00:01 device_features 0x300020000", EINVAL,
		    "mac needs the feature MAC, which is not in device_features: add \"mac on\"");
	rig_refused(&p, "mac 02:00:00:00:00:01 mac off", EINVAL, "switched off");
	rig_refused(&p, "trust off device_features 0x300020000", EINVAL, "MAC");
}

static void p20_many_pairs_without_bit_are_refused(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_request r = rig_request("max_vqp 2 model small");
	struct vv_provisioned d;
	char why[256];

	rig_refused(&p, "max_vqp 2 device_features 0x300020000", EINVAL, "MQ");
	rig_refused(&p, "max_vqp 2 device_features 0x300020000", EINVAL, "add \"mq on\"");
	rig_refused(&p, "max_vqp 2 mq off", EINVAL, "MQ");
	rig_refused(&p, "max_vqp 2 ctrl_vq off", EINVAL, "CTRL_VQ");
	assert_int_equal(rig_made(&p, "max_vqp 1 device_features 0x300020000").max_vqp, 1);
	assert_int_equal(rig_made(&p, "max_vqp 2 device_features 0x300420000").max_vqp, 2);
	/* RSS tells of many pairs as well. */
	assert_int_equal(rig_made(&p, "max_vqp 2 device_features 0x1000000100020000").max_vqp, 2);
	r.model_features = rig_features("CTRL_VQ VERSION_1");
	assert_int_equal(vv_provision(&p, &r, &d, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "model small"));
}

static void p20_filters_without_bit_are_refused(void **state)
{
	struct vv_parent p = rig_parent();

	rig_refused(&p, "mac_table_size 8 device_features 0x300020000", EINVAL, "CTRL_RX");
	assert_int_equal(
	    rig_made(&p, "mac_table_size 0 device_features 0x300020000").mac_table_size, 0);
}

static void p21_attributes_imply_their_bits(void **state)
{
	struct vv_parent p = rig_parent();

	rig_assert_features(rig_made(&p, "features_default off mtu 1400").features, "MTU");
	rig_assert_features(rig_made(&p, "features_default off mac 02:00:00:00:00:01").features,
			    "MAC");
	rig_assert_features(rig_made(&p, "features_default off max_vqp 2").features, "CTRL_VQ MQ");
	rig_assert_features(rig_made(&p, "features_default off max_vqp 1").features, "");
	rig_assert_features(rig_made(&p, "features_default off mode modern").features, "VERSION_1");
	rig_assert_features(rig_made(&p, "features_default off trust off").features, "MAC");
	rig_assert_features(rig_made(&p, "features_default off mac_table_size 8").features,
			    "CTRL_VQ CTRL_RX");
	p.supported = p.inherited = rig_features("MAC VERSION_1");
	rig_refused(&p, "mtu 1400", EINVAL, "does not support MTU");
}

static void attributes_without_their_bit_are_none(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d = rig_made(&p, "device_features 0x100000000");
	char text[VV_ATTR_TEXT_MAX];

	assert_string_equal(vv_provisioned_attr(&d, VV_ATTR_MAC, text), "");
	assert_string_equal(vv_provisioned_attr(&d, VV_ATTR_MTU, text), "");
	assert_string_equal(vv_provisioned_attr(&d, VV_ATTR_MAX_VQP, text), "1");
	assert_string_equal(vv_provisioned_attr(&d, VV_ATTR_MAC_TABLE, text), "0");
	assert_int_equal(vv_provisioned_vqs(&d), 2);
}

static void mtu_has_bounds(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_request r = rig_request("mtu 68");
	struct vv_provisioned d;
	char why[256];

	rig_refused(&p, "mtu 9001", EINVAL, "9001 asked, 9000 there");
	assert_int_equal(rig_made(&p, "mtu 9000").mtu, 9000);
	assert_int_equal(rig_made(&p, "mtu 68").mtu, 68);
	r.mtu = 67;
	assert_int_equal(vv_provision(&p, &r, &d, why, sizeof(why)), -ERANGE);
	assert_non_null(strstr(why, "67"));
	p.mtu = 0;
	assert_int_equal(rig_made(&p, "").mtu, 1500);
	assert_int_equal(rig_made(&p, "mtu 9216").mtu, 9216);
}

static void mac_is_needed_by_those_who_ask_for_the_feature(void **state)
{
	struct vv_parent p = rig_parent();

	assert_int_equal(rig_made(&p, "mac 02:00:00:00:00:07").mac[5], 7);
	memset(p.mac, 0, 6);
	assert_false(rig_has(rig_made(&p, "").features, "MAC"));
	rig_refused(&p, "mac on", EINVAL, "give mac");
	rig_refused(&p, "trust off", EINVAL, "give mac");
	assert_int_equal(rig_made(&p, "mac 02:00:00:00:00:07 trust off").mac[5], 7);
}

static void max_vqp_has_bounds(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_request r = rig_request("max_vqp 1");
	struct vv_provisioned d;
	char why[256];

	rig_refused(&p, "max_vqp 33", EINVAL, "33 asked, 32 there");
	assert_int_equal(rig_made(&p, "max_vqp 32").max_vqp, 32);
	r.max_vqp = 0;
	assert_int_equal(vv_provision(&p, &r, &d, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "max_vqp"));
	d = rig_made(&p, "max_vqp 1"); /* Linux refuses MQ for nothing */
	assert_true(vv_features_is_empty(vv_features_and(d.features, rig_features("MQ RSS"))));
	assert_int_equal(rig_made(&p, "mq off rss off").max_vqp, 1);
	assert_int_equal(rig_made(&p, "device_features 0x100420000").max_vqp, 16);
}

static void parent_without_room_says_which_limit(void **state)
{
	struct vv_parent p = rig_parent();

	p.vqs_free = 7;
	rig_refused(&p, "max_vqp 4", ENOSPC, "vqs_free is 7");
	assert_int_equal(rig_made(&p, "max_vqp 3").max_vqp, 3);
	assert_int_equal(rig_made(&p, "").max_vqp, 3);
	p.vqs_free = 2;
	assert_false(rig_has(rig_made(&p, "").features, "MQ"));
	p.vqs_free = 1;
	rig_refused(&p, "", ENOSPC, "vqs_free is 1");
	rig_refused(&p, "max_vqp 1", ENOSPC, "vqs_free is 1");
	p = rig_parent();
	p.devices_free = 0;
	rig_refused(&p, "", ENOSPC, "devices_free is 0");
}

static void max_vq_size_has_bounds(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_request r = rig_request("max_vq_size 64");
	struct vv_provisioned d;
	char why[256];

	rig_refused(&p, "max_vq_size 8192", EINVAL, "8192 asked, 4096 there");
	assert_int_equal(rig_made(&p, "max_vq_size 64").max_vq_size, 64);
	r.max_vq_size = 100;
	assert_int_equal(vv_provision(&p, &r, &d, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "power of two"));
}

/* P17: the size of the table can be provisioned. */
static void p17_mac_table_size_can_be_provisioned(void **state)
{
	struct vv_parent p = rig_parent();

	assert_int_equal(rig_made(&p, "mac_table_size 8").mac_table_size, 8);
	assert_int_equal(rig_made(&p, "mac_table_size 0").mac_table_size, 0);
	rig_refused(&p, "mac_table_size 65", EINVAL, "65 asked, 64 there");
}

static void p38_attributes_the_parent_cannot_set_are_refused(void **state)
{
	static const struct {
		enum vv_attr attr;
		const char *words, *same;
	} all[] = {
	    {VV_ATTR_MAC,         "mac 02:00:00:00:00:01", "mac 0c:42:a1:00:00:01"},
	    {VV_ATTR_MTU,         "mtu 1400",              "mtu 9000"             },
	    {VV_ATTR_MAX_VQP,     "max_vqp 2",             "max_vqp 16"           },
	    {VV_ATTR_MAX_VQ_SIZE, "max_vq_size 64",        "max_vq_size 4096"     },
	    {VV_ATTR_MAC_TABLE,   "mac_table_size 8",      "mac_table_size 64"    },
	    {VV_ATTR_MODE,        "mode modern",           "mode transitional"    },
	    {VV_ATTR_TRUST,       "trust off",             "trust on"             },
	    {VV_ATTR_CVQ_CORE,    "cvq_core 3",            "cvq_core -1"          },
	};
	struct vv_parent p = rig_parent();
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		p.attrs = ((1u << VV_ATTR_N) - 1) & ~(1u << all[i].attr);
		rig_refused(&p, all[i].words, EOPNOTSUPP, vv_attr_name(all[i].attr));
		/* What it is anyway can be asked for: so a device that is shown can be made again.
		 */
		rig_made(&p, all[i].same);
	}
}

/* P32: not by vendor; two parents of one differ. */
static void p32_ability_is_per_parent(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();

	q.supported = q.inherited = rig_features("MAC MTU VERSION_1");
	rig_made(&p, "csum on");
	rig_refused(&q, "csum on", EINVAL, "CSUM");
}

/* L3, and what a mode has of features. */
static void l3_mode_is_selected_and_kept(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d = rig_made(&p, "mode legacy");

	assert_int_equal(d.mode, VV_MODE_LEGACY);
	assert_int_equal(d.features.word[0] >> 32, 0);
	assert_int_equal(d.features.word[1], 0);
	assert_int_equal(rig_made(&p, "mode modern").mode, VV_MODE_MODERN);
	assert_int_equal(rig_made(&p, "mode transitional").mode, VV_MODE_TRANSITIONAL);
	/* Without VERSION_1 nobody but legacy drivers is served, said or not. */
	assert_int_equal(rig_made(&p, "version_1 off").mode, VV_MODE_LEGACY);
	assert_int_equal(rig_made(&p, "device_features 0x1").mode, VV_MODE_LEGACY);
	rig_refused(&p, "mode legacy ring_packed on", EINVAL, "RING_PACKED");
	rig_refused(&p, "mode legacy device_features 0x100000001", EINVAL, "VERSION_1");
	rig_refused(&p, "mode modern version_1 off", EINVAL, "VERSION_1");
	rig_refused(&p, "mode modern device_features 0x1", EINVAL, "add \"version_1 on\"");
	rig_refused(&p, "mode transitional device_features 0x1", EINVAL, "VERSION_1");
}

static void l3_modes_the_parent_has_not_are_refused(void **state)
{
	struct vv_parent p = rig_parent();

	p.modes = 1u << VV_MODE_MODERN;
	assert_int_equal(rig_made(&p, "").mode, VV_MODE_MODERN);
	rig_refused(&p, "mode transitional", EINVAL, "mlx5_0 has no mode transitional");
	rig_refused(&p, "mode legacy", EINVAL, "mlx5_0 has no mode legacy");
	rig_refused(&p, "version_1 off", EINVAL, "VERSION_1 is missing");
}

/* ---- what was made can be made again ---- */

static void p9_device_tells_set_from_defaulted(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d = rig_made(&p, "mtu 1400 trust on");

	assert_int_equal(d.set, 1u << VV_ATTR_MTU | 1u << VV_ATTR_TRUST);
	assert_false(d.features_set);
	assert_true(rig_made(&p, "features_default inherited").features_set);
}

static void p10_request_of_a_device_makes_it_again(void **state)
{
	static const char *const all[] = {
	    "",
	    "device_features 0x300020000",
	    "mode legacy",
	    "features_default off",
	    "features_default on max_vqp 1",
	    "max_vqp 7 csum off mtu 1400 trust off cvq_core 3",
	    "mac off",
	    "mac_table_size 3 max_vq_size 2",
	    "device_features 0x1000000100020000",
	};
	struct vv_parent p = rig_parent(), bare = rig_parent();
	struct vv_provisioned d, again;
	struct vv_request r;
	char why[256];
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		d = rig_made(&p, all[i]);
		vv_provisioned_request(&d, &r);
		if (vv_provision(&p, &r, &again, why, sizeof(why)))
			fail_msg("%s: %s", all[i], why);
		assert_true(rig_same(&d, &again));
	}
	/* Also where nothing can be set. */
	bare.attrs = 0;
	d = rig_made(&bare, "");
	vv_provisioned_request(&d, &r);
	assert_int_equal(vv_provision(&bare, &r, &again, why, sizeof(why)), 0);
	assert_true(rig_same(&d, &again));
}

/* And so by words, one for one: what a state file or device arguments hold. */
static void p10_attributes_as_text_make_it_again(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d =
	    rig_made(&p, "mac 02:00:00:00:00:09 mtu 1400 max_vqp 3 mode modern trust off csum off");
	char words[512], mask[VV_FEATURES_MASK_MAX], text[VV_ATTR_TEXT_MAX];
	struct vv_provisioned again;
	unsigned int i;
	int at;

	at = snprintf(words, sizeof(words), "device_features %s",
		      vv_features_mask(&d.features, mask));
	for (i = 0; i < VV_ATTR_N; i++)
		at += snprintf(words + at, sizeof(words) - at, " %s %s", vv_attr_name(i),
			       vv_provisioned_attr(&d, i, text));
	again = rig_made(&p, words);
	assert_true(rig_same(&d, &again));
}

static void p12_device_made_elsewhere_has_its_address(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();
	struct vv_provisioned d = rig_made(&p, ""), there;
	struct vv_request r;
	char why[256];

	q.mac[5] = 2;
	vv_provisioned_request(&d, &r);
	assert_int_equal(vv_provision(&q, &r, &there, why, sizeof(why)), 0);
	assert_memory_equal(there.mac, p.mac, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(p20_mtu_without_bit_is_refused),
	    cmocka_unit_test(p20_mac_without_bit_is_refused),
	    cmocka_unit_test(p20_many_pairs_without_bit_are_refused),
	    cmocka_unit_test(p20_filters_without_bit_are_refused),
	    cmocka_unit_test(p21_attributes_imply_their_bits),
	    cmocka_unit_test(attributes_without_their_bit_are_none),
	    cmocka_unit_test(mtu_has_bounds),
	    cmocka_unit_test(mac_is_needed_by_those_who_ask_for_the_feature),
	    cmocka_unit_test(max_vqp_has_bounds),
	    cmocka_unit_test(parent_without_room_says_which_limit),
	    cmocka_unit_test(max_vq_size_has_bounds),
	    cmocka_unit_test(p17_mac_table_size_can_be_provisioned),
	    cmocka_unit_test(p38_attributes_the_parent_cannot_set_are_refused),
	    cmocka_unit_test(p32_ability_is_per_parent),
	    cmocka_unit_test(l3_mode_is_selected_and_kept),
	    cmocka_unit_test(l3_modes_the_parent_has_not_are_refused),
	    cmocka_unit_test(p9_device_tells_set_from_defaulted),
	    cmocka_unit_test(p10_request_of_a_device_makes_it_again),
	    cmocka_unit_test(p10_attributes_as_text_make_it_again),
	    cmocka_unit_test(p12_device_made_elsewhere_has_its_address),
	};

	return cmocka_run_group_tests_name("provisioned_attr", tests, NULL, NULL);
}
