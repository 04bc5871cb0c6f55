/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in the way of a migration, before it begins; and what several hosts can all do. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision_rig.h"

static void compatible(const struct vv_provisioned *d, const struct vv_parent *p,
		       unsigned int choices)
{
	char why[512] = "";

	if (vv_compat_parent(d, p, choices, why, sizeof(why)))
		fail_msg("%s", why);
}

/* text: in one of the lines; lines: how many there are. */
static void assert_reason(const char *why, const char *text, unsigned int lines)
{
	unsigned int n = 1;
	const char *c;

	if (!strstr(why, text))
		fail_msg("\"%s\" is not in \"%s\"", text, why);
	for (c = why; *c; c++)
		n += *c == '\n';
	if (n != lines)
		fail_msg("%u lines and not %u: %s", n, lines, why);
}

static void in_the_way(const struct vv_provisioned *d, const struct vv_parent *p, const char *text,
		       unsigned int lines)
{
	char why[1024] = "";

	assert_int_equal(vv_compat_parent(d, p, 0, why, sizeof(why)), -EINVAL);
	assert_reason(why, text, lines);
}

static void differ(const struct vv_provisioned *a, const struct vv_provisioned *b, const char *text,
		   unsigned int lines)
{
	char why[1024] = "";

	assert_int_equal(vv_compat_device(a, b, 0, why, sizeof(why)), -EINVAL);
	assert_reason(why, text, lines);
}

static void p13_p31_common_subset_goes_from_one_parent_to_another(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();
	struct vv_provisioned d;

	p.supported = p.inherited = rig_features("MTU MAC STATUS VERSION_1");
	q.supported = q.inherited = rig_features("MAC STATUS VERSION_1 SPEED_DUPLEX");
	snprintf(q.name, sizeof(q.name), "mlx5_9");
	q.vendor_id = 0x1af4; /* of somebody else: it does not count */
	d = rig_made(&p, "mtu off");
	compatible(&d, &q, 0);
	d = rig_made(&p, "");
	in_the_way(&d, &q, "features: mlx5_9 does not support MTU of the device", 1);
}

static void p15_unequal_mtu_is_in_the_way_both_ways(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();
	struct vv_provisioned small = rig_made(&p, "mtu 1500"), big = rig_made(&p, "mtu 9000");

	differ(&small, &big, "mtu: the device has 1500, the other has 9000", 1);
	differ(&big, &small, "mtu: the device has 9000, the other has 1500", 1);
	q.mtu = 1500;
	in_the_way(&big, &q, "mtu: the device has 9000, mlx5_0 has 1500 at most", 1);
	compatible(&small, &p, 0); /* which can make it so */
	p.attrs &= ~(1u << VV_ATTR_MTU);
	in_the_way(&small, &p, "mtu: the device has 1500, mlx5_0 has 9000 and cannot set it", 1);
}

static void p16_smaller_mac_table_is_in_the_way_unless_chosen(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();
	struct vv_provisioned d = rig_made(&p, ""), e;
	char why[512];

	q.mac_table_size = 16;
	in_the_way(&d, &q, "mac_table_size: the device has 64, mlx5_0 has 16 at most", 1);
	compatible(&d, &q, VV_COMPAT_MAC_TABLE);
	e = rig_made(&q, "");
	differ(&d, &e, "mac_table_size", 1);
	assert_int_equal(vv_compat_device(&d, &e, VV_COMPAT_MAC_TABLE, why, sizeof(why)), 0);
	d = rig_made(&p, "mac_table_size 16");
	compatible(&d, &q, 0);
}

static void p19_mandatory_features_must_match(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();
	struct vv_provisioned d = rig_made(&p, "mrg_rxbuf off");

	q.mandatory = rig_features("MRG_RXBUF");
	in_the_way(&d, &q, "has mandatory MRG_RXBUF, which the device has not", 1);
	d = rig_made(&p, "");
	compatible(&d, &q, 0);
}

static void p39_all_reasons_are_told_at_once(void **state)
{
	struct vv_parent p = rig_parent(), q = rig_parent();
	struct vv_provisioned d = rig_made(&p, "max_vqp 8 mode transitional trust off");
	char why[40];

	q.supported = vv_features_without(q.supported, rig_features("RSS STATUS"));
	q.mandatory = rig_features("bit_40");
	q.max_vqp = 4;
	q.mtu = 1500;
	q.max_vq_size = 256;
	q.mac_table_size = 0;
	q.modes = 1u << VV_MODE_MODERN;
	in_the_way(&d, &q, "does not support STATUS RSS", 8);
	in_the_way(&d, &q, "RING_RESET", 8);
	in_the_way(&d, &q, "max_vqp: the device has 8, mlx5_0 has 4 at most", 8);
	in_the_way(&d, &q, "max_vq_size: the device has 4096", 8);
	in_the_way(&d, &q, "mode: the device is transitional", 8);
	in_the_way(&d, &q, "trust", 8);
	/* As much as there is room for. */
	memset(why, 0x5a, sizeof(why));
	assert_int_equal(vv_compat_parent(&d, &q, 0, why, sizeof(why) - 1), -EINVAL);
	assert_int_equal(strnlen(why, sizeof(why)), sizeof(why) - 2);
}

static void p39_no_room_is_in_the_way(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned d = rig_made(&p, "");

	p.devices_free = 0;
	in_the_way(&d, &p, "devices_free is 0", 1);
	p.devices_free = 1;
	p.vqs_free = 6;
	in_the_way(&d, &p, "vqs_free is 6", 1);
}

static void devices_differ_in_what_a_guest_can_see(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_provisioned a = rig_made(&p, ""), b = a;
	char why[512];

	assert_int_equal(vv_compat_device(&a, &b, 0, why, sizeof(why)), 0);
	b.cvq_core = 7; /* of the host */
	b.set = 1;
	assert_int_equal(vv_compat_device(&a, &b, 0, why, sizeof(why)), 0);
	b = rig_made(&p, "csum off");
	differ(&a, &b, "the other device has not CSUM HOST_TSO4 HOST_TSO6 HOST_ECN", 1);
	differ(&b, &a, "the other device has CSUM HOST_TSO4 HOST_TSO6 HOST_ECN in addition", 1);
	b = rig_made(&p, "mac 02:00:00:00:00:01 max_vqp 2 max_vq_size 64 trust off mode modern");
	differ(&a, &b, "mode: the device has transitional, the other has modern", 5);
}

/* ---- baseline ---- */

static void p14_baseline_is_what_all_can_do(void **state)
{
	struct vv_parent p[3] = {rig_parent(), rig_parent(), rig_parent()}, c;
	struct vv_provisioned d;
	char why[512] = "";
	unsigned int i;

	p[1].supported = vv_features_without(p[1].supported, rig_features("RSS"));
	p[1].mtu = 1500;
	p[1].max_vqp = 4;
	p[1].vqs_free = 8;
	p[1].mac_table_size = 16;
	p[2].supported = vv_features_without(p[2].supported, rig_features("CSUM"));
	p[2].mandatory = rig_features("MRG_RXBUF");
	p[2].attrs &= ~(1u << VV_ATTR_CVQ_CORE);
	p[2].modes &= ~(1u << VV_MODE_LEGACY);
	p[2].vendor_id = 0x1af4;
	assert_int_equal(vv_baseline(p, 3, &c, why, sizeof(why)), 0);
	assert_string_equal(c.name, "baseline");
	/* HOST_TSO4 and its kind are of no use without CSUM, which is not common. */
	rig_assert_features(vv_features_without(p[0].supported, c.supported),
			    "CSUM HOST_TSO4 HOST_TSO6 HOST_ECN RSS");
	rig_assert_features(c.mandatory, "MRG_RXBUF");
	assert_int_equal(c.mtu, 1500);
	assert_int_equal(c.max_vqp, 4);
	assert_int_equal(c.mac_table_size, 16);
	assert_int_equal(c.vendor_id, 0);
	assert_int_equal(c.attrs, ((1u << VV_ATTR_N) - 1) & ~(1u << VV_ATTR_CVQ_CORE));
	assert_int_equal(c.modes, 1u << VV_MODE_TRANSITIONAL | 1u << VV_MODE_MODERN);
	/* And a device of it can be on any of them. */
	d = rig_made(&c, "mac 02:00:00:00:00:01");
	p[2].supported = vv_features_or(p[2].supported, c.mandatory);
	for (i = 0; i < 3; i++)
		compatible(&d, &p[i], 0);
}

static void p14_baseline_of_one_is_that_one(void **state)
{
	struct vv_parent p = rig_parent(), c;
	char why[256];

	assert_int_equal(vv_baseline(&p, 1, &c, why, sizeof(why)), 0);
	assert_string_equal(c.name, "mlx5_0");
	assert_true(vv_features_equal(c.supported, p.supported));
	assert_int_equal(c.mtu, p.mtu);
}

static void p14_baseline_that_cannot_be_says_why(void **state)
{
	struct vv_parent p[2] = {rig_parent(), rig_parent()}, c = {.max_vqp = 77};
	char why[512];

	snprintf(p[1].name, sizeof(p[1].name), "mlx5\n1"); /* a document may have anything */
	p[1].mandatory = rig_features("RING_PACKED VERSION_1");
	p[0].supported = vv_features_without(p[0].supported, rig_features("RING_PACKED"));
	assert_int_equal(vv_baseline(p, 2, &c, why, sizeof(why)), -EINVAL);
	assert_reason(why, "mlx5?1 has mandatory RING_PACKED, which is not common to all", 1);
	p[1].mandatory = rig_features("");
	p[0].modes = 1u << VV_MODE_MODERN;
	p[1].modes = 1u << VV_MODE_LEGACY;
	assert_int_equal(vv_baseline(p, 2, &c, why, sizeof(why)), -EINVAL);
	assert_reason(why, "mode", 1);
	p[1].max_vqp = 0;
	assert_int_equal(vv_baseline(p, 2, &c, why, sizeof(why)), -EINVAL);
	assert_reason(why, "max_vqp", 2);
	assert_int_equal(c.max_vqp, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(p13_p31_common_subset_goes_from_one_parent_to_another),
	    cmocka_unit_test(p15_unequal_mtu_is_in_the_way_both_ways),
	    cmocka_unit_test(p16_smaller_mac_table_is_in_the_way_unless_chosen),
	    cmocka_unit_test(p19_mandatory_features_must_match),
	    cmocka_unit_test(p39_all_reasons_are_told_at_once),
	    cmocka_unit_test(p39_no_room_is_in_the_way),
	    cmocka_unit_test(devices_differ_in_what_a_guest_can_see),
	    cmocka_unit_test(p14_baseline_is_what_all_can_do),
	    cmocka_unit_test(p14_baseline_of_one_is_that_one),
	    cmocka_unit_test(p14_baseline_that_cannot_be_says_why),
	};

	return cmocka_run_group_tests_name("compat", tests, NULL, NULL);
}
