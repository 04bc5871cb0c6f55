/* SPDX-License-Identifier: BSD-3-Clause */
/* From a parent and a request to the features of a device, or to a line that says why not. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision_rig.h"

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
	assert_false(rig_has(d.features, "STATUS"));
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
	assert_true(rig_has(f, "MRG_RXBUF"));
	rig_assert_features(rig_made(&p, "ctrl_vq off version_1 off").features,
			    "CSUM GUEST_CSUM MTU MAC GUEST_TSO4 GUEST_TSO6 GUEST_ECN HOST_TSO4 "
			    "HOST_TSO6 HOST_ECN MRG_RXBUF STATUS ANY_LAYOUT");
	/* One of two is enough. */
	f = rig_made(&p, "host_tso4 off").features;
	assert_true(rig_has(f, "HOST_ECN"));
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
	};

	return cmocka_run_group_tests_name("provisioned", tests, NULL, NULL);
}
