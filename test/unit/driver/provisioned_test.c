/* SPDX-License-Identifier: BSD-3-Clause */
/* From a parent and a request to a device, or to a line that says why not. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision_rig.h"

static bool has(struct vv_features features, const char *names)
{
	return vv_features_is_empty(vv_features_without(rig_features(names), features));
}

/* ---- features ---- */

static void p1_unsupported_bits_are_refused_by_name(void **state)
{
	struct vv_parent p = rig_parent();

	rig_refused(&p, "device_features 0x200000100020000", EINVAL, "HASH_REPORT");
	rig_refused(&p, "device_features 0x1000000000100000000", EINVAL, "does not support bit_72");
	rig_refused(&p, "features_default off ring_event_idx on rsc_ext on", EINVAL,
		    "RING_EVENT_IDX RSC_EXT");
	rig_refused(&p, "device_features 0x140000000", EINVAL, "bit_30"); /* vhost-user's own */
}

static void p2_mask_is_what_the_device_offers(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d = rig_made(&p, "device_features 0x300020000");

	rig_assert_features(d.features, "CTRL_VQ VERSION_1 ACCESS_PLATFORM");
	assert_true(d.features_set);
	assert_int_equal(d.set, 0);
}

static void p3_device_has_all_if_nothing_is_said(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d = rig_made(&p, "");

	rig_assert_features(d.features, RIG_SUPPORTED);
	assert_false(d.features_set);
	assert_int_equal(d.max_vqp, 16);
	assert_memory_equal(d.mac, p.mac, 6);
	assert_int_equal(d.mtu, 9000);
	assert_int_equal(d.max_vq_size, 4096);
	assert_int_equal(d.mac_table_size, 64);
	assert_int_equal(d.mode, VV_MODE_TRANSITIONAL);
	assert_true(d.trust);
	assert_int_equal(d.cvq_core, -1);
	assert_int_equal(vv_provisioned_vqs(&d), 33);
	assert_string_equal(d.parent, "mlx5_0");
}

static void p13_device_has_exactly_what_it_was_given(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();
	struct vv_provisioned d;
	struct vv_request r;
	char why[256];

	p.supported = p.inherited = rig_features("MTU MAC STATUS VERSION_1"); /* A B C D */
	q.supported = q.inherited = rig_features("MAC STATUS VERSION_1 SPEED_DUPLEX");
	d = rig_made(&p, "features_default off mac on status on version_1 on"); /* B C and D */
	vv_provisioned_request(&d, &r);
	assert_int_equal(vv_provision(&q, &r, &d, why, sizeof(why)), 0);
	rig_assert_features(d.features, "MAC STATUS VERSION_1");
}

static void p18_mandatory_features_cannot_be_left_out(void **state)
{
	struct vv_parent p = rig_parent();

	p.mandatory = rig_features("MRG_RXBUF VERSION_1");
	rig_refused(&p, "device_features 0x100020000", EINVAL, "MRG_RXBUF is missing");
	rig_refused(&p, "device_features 0x100020000", EINVAL, "add \"mrg_rxbuf on\"");
	rig_refused(&p, "mrg_rxbuf off", EINVAL, "MRG_RXBUF");
	rig_refused(&p, "mode legacy", EINVAL, "VERSION_1");
	p.inherited = rig_features("MAC");
	rig_assert_features(rig_made(&p, "").features, "MAC MRG_RXBUF VERSION_1");
}

static void p19_mandatory_features_can_be_said(void **state)
{
	struct vv_parent p = rig_parent();

	p.mandatory = rig_features("MRG_RXBUF VERSION_1");
	rig_assert_features(rig_made(&p, "device_features 0x100008000").features,
			    "MRG_RXBUF VERSION_1");
	rig_assert_features(rig_made(&p, "features_default off").features, "MRG_RXBUF VERSION_1");
}

static void p22_features_are_switched_by_name(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d =
	    rig_made(&p, "device_features 0x100020003 csum on guest_csum off mrg_rxbuf on");

	rig_assert_features(d.features, "CSUM MRG_RXBUF CTRL_VQ VERSION_1");
	d = rig_made(&p, "status off");
	assert_false(has(d.features, "STATUS"));
	assert_true(d.features_set);
	/* Off what is not there is no fault. */
	rig_made(&p, "hash_report off bit_127 off");
}

static void p23_set_to_begin_with(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d;

	p.inherited = rig_features("MAC MTU VERSION_1");
	p.mandatory = rig_features("VERSION_1");
	d = rig_made(&p, "features_default inherited");
	rig_assert_features(d.features, "MAC MTU VERSION_1");
	assert_int_equal(d.features_default, VV_INHERITED);
	assert_int_equal(rig_made(&p, "").features_default, VV_INHERITED);
	d = rig_made(&p, "features_default on");
	rig_assert_features(d.features, RIG_SUPPORTED);
	assert_int_equal(d.features_default, VV_DEFAULT_ON);
	d = rig_made(&p, "features_default off");
	rig_assert_features(d.features, "VERSION_1");
	assert_int_equal(d.features_default, VV_DEFAULT_OFF);
}

static void p24_csum_that_is_not_there_is_refused(void **state)
{
	struct vv_parent p = rig_parent();

	p.supported =
	    vv_features_without(p.supported, rig_features("CSUM HOST_TSO4 HOST_TSO6 HOST_ECN"));
	p.inherited = p.supported;
	rig_refused(&p, "csum on", EINVAL, "does not support CSUM");
}

static void p26_model_is_kept_and_bits_are_said_on_top(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_request r = rig_request("model small csum on status off");
	struct vv_provisioned d;
	char why[256];

	r.model_features = rig_features("MAC STATUS VERSION_1");
	assert_int_equal(vv_provision(&p, &r, &d, why, sizeof(why)), 0);
	assert_string_equal(d.model, "small");
	rig_assert_features(d.features, "CSUM MAC VERSION_1");
	r.model_features = rig_features("MAC STATUS HASH_REPORT VERSION_1");
	assert_int_equal(vv_provision(&p, &r, &d, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "HASH_REPORT"));
}

static void p27_devices_have_more_than_64_bits(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d, again;
	struct vv_request r;
	char why[256];

	vv_features_set(&p.supported, 64, true);
	vv_features_set(&p.supported, 100, true);
	p.inherited = p.supported;
	d = rig_made(&p, "");
	assert_true(vv_features_has(&d.features, 64) && vv_features_has(&d.features, 100));
	vv_provisioned_request(&d, &r);
	assert_int_equal(vv_provision(&p, &r, &again, why, sizeof(why)), 0);
	assert_true(rig_same(&d, &again));
	d = rig_made(&p, "rss_context off");
	assert_false(vv_features_has(&d.features, 64));
	d = rig_made(&p, "rss off"); /* which RSS_CONTEXT needs */
	assert_false(vv_features_has(&d.features, 64));
	rig_refused(&p, "rss off rss_context on", EINVAL, "RSS_CONTEXT needs RSS");
}

/* Whatever a guest may take, what is asked of another parent is all the device has. */
static void p30_negotiated_features_play_no_part(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d = rig_made(&p, "csum off");
	struct vv_request r;

	vv_provisioned_request(&d, &r);
	assert_true(r.has_mask);
	assert_true(vv_features_equal(r.mask, d.features));
	assert_true(vv_features_is_empty(vv_features_or(r.on, r.off)));
}

/* ---- features that need others ---- */

static void dependency_missing_names_both_bits(void **state)
{
	static const struct {
		const char *words, *line;
	} all[] = {
	    {"guest_csum off guest_tso4 on",               "GUEST_TSO4 needs GUEST_CSUM"          },
	    {"guest_csum off guest_tso6 on",               "GUEST_TSO6 needs GUEST_CSUM"          },
	    {"guest_tso4 off guest_tso6 off guest_ecn on",
	     "GUEST_ECN needs GUEST_TSO4 or GUEST_TSO6"                                           },
	    {"csum off host_tso4 on",                      "HOST_TSO4 needs CSUM"                 },
	    {"csum off host_tso6 on",                      "HOST_TSO6 needs CSUM"                 },
	    {"host_tso4 off host_tso6 off host_ecn on",    "HOST_ECN needs HOST_TSO4 or HOST_TSO6"},
	    {"ctrl_vq off ctrl_rx on",                     "CTRL_RX needs CTRL_VQ"                },
	    {"ctrl_vq off ctrl_rx_extra on",               "CTRL_RX_EXTRA needs CTRL_VQ"          },
	    {"ctrl_vq off ctrl_vlan on",                   "CTRL_VLAN needs CTRL_VQ"              },
	    {"ctrl_vq off ctrl_mac_addr on",               "CTRL_MAC_ADDR needs CTRL_VQ"          },
	    {"ctrl_vq off ctrl_guest_offloads on",         "CTRL_GUEST_OFFLOADS needs CTRL_VQ"    },
	    {"ctrl_vq off guest_announce on",              "GUEST_ANNOUNCE needs CTRL_VQ"         },
	    {"ctrl_vq off mq on",                          "MQ needs CTRL_VQ"                     },
	    {"ctrl_vq off rss on",                         "RSS needs CTRL_VQ"                    },
	    {"version_1 off ring_packed on",               "RING_PACKED needs VERSION_1"          },
	    {"version_1 off access_platform on",           "ACCESS_PLATFORM needs VERSION_1"      },
	    {"version_1 off speed_duplex on",              "SPEED_DUPLEX needs VERSION_1"         },
	    {"device_features 0x800",                      "HOST_TSO4 needs CSUM"                 },
	    {"device_features 0x400000",                   "MQ needs CTRL_VQ"                     },
	    {"device_features 0x20001 rss on",             "RSS needs VERSION_1"                  },
	    {"device_features 0x100000801 csum off",       "HOST_TSO4 needs CSUM"                 },
	};
	struct vv_parent p = rig_parent();
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		rig_refused(&p, all[i].words, EINVAL, all[i].line);
	/* And the way out. */
	rig_refused(&p, "csum off host_tso4 on", EINVAL, "say \"csum on\" or \"host_tso4 off\"");
}

static void dependency_of_bits_nobody_asked_for_goes_silently(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_features f = rig_made(&p, "csum off guest_csum off").features;

	assert_true(vv_features_is_empty(vv_features_and(
	    f, rig_features("CSUM GUEST_CSUM GUEST_TSO4 GUEST_TSO6 GUEST_ECN HOST_TSO4 HOST_TSO6 "
			    "HOST_ECN"))));
	assert_true(has(f, "MRG_RXBUF"));
	rig_assert_features(rig_made(&p, "ctrl_vq off version_1 off").features,
			    "CSUM GUEST_CSUM MTU MAC GUEST_TSO4 GUEST_TSO6 GUEST_ECN HOST_TSO4 "
			    "HOST_TSO6 HOST_ECN MRG_RXBUF STATUS ANY_LAYOUT");
	/* One of two is enough. */
	f = rig_made(&p, "host_tso4 off").features;
	assert_true(has(f, "HOST_ECN"));
}

/* ---- attributes ---- */

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
	assert_false(has(rig_made(&p, "").features, "MAC"));
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
	assert_false(has(rig_made(&p, "").features, "MQ"));
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
	    cmocka_unit_test(p1_unsupported_bits_are_refused_by_name),
	    cmocka_unit_test(p2_mask_is_what_the_device_offers),
	    cmocka_unit_test(p3_device_has_all_if_nothing_is_said),
	    cmocka_unit_test(p13_device_has_exactly_what_it_was_given),
	    cmocka_unit_test(p18_mandatory_features_cannot_be_left_out),
	    cmocka_unit_test(p19_mandatory_features_can_be_said),
	    cmocka_unit_test(p22_features_are_switched_by_name),
	    cmocka_unit_test(p23_set_to_begin_with),
	    cmocka_unit_test(p24_csum_that_is_not_there_is_refused),
	    cmocka_unit_test(p26_model_is_kept_and_bits_are_said_on_top),
	    cmocka_unit_test(p27_devices_have_more_than_64_bits),
	    cmocka_unit_test(p30_negotiated_features_play_no_part),
	    cmocka_unit_test(dependency_missing_names_both_bits),
	    cmocka_unit_test(dependency_of_bits_nobody_asked_for_goes_silently),
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

	return cmocka_run_group_tests_name("provisioned", tests, NULL, NULL);
}
