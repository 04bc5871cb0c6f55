/* SPDX-License-Identifier: BSD-3-Clause */
/* Device arguments, and what a device offers because of them. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <rte_vhost.h>

#include "prm/prm_virtq.h"
#include "vv_args.h"
#include "vv_provision.h"

#define BIT(n) (1ull << (n))

/* ---- arguments ---- */

static void parse_full_list_is_understood(void **state)
{
	struct vv_args a;
	char why[256] = "";

	assert_int_equal(vv_args_parse("ibdev=mlx5_3,queues=4,packed=off", &a, why, sizeof(why)),
			 0);
	assert_string_equal(a.ibdev, "mlx5_3");
	assert_int_equal(a.queues, 4);
	assert_int_equal(a.packed, VV_OFF);
	assert_int_equal(vv_args_parse("ibdev=mlx5_3", &a, why, sizeof(why)), 0);
	assert_int_equal(a.queues, 0);
	assert_int_equal(a.packed, VV_AUTO);
}

static void assert_refused(const char *args, const char *in_line)
{
	struct vv_args a = {.queues = 77};
	char why[256] = "";

	assert_int_equal(vv_args_parse(args, &a, why, sizeof(why)), -EINVAL);
	if (!strstr(why, in_line))
		fail_msg("\"%s\" is not in \"%s\"", in_line, why);
	assert_null(strchr(why, '\n'));
	assert_int_equal(a.queues, 77); /* results only on success */
}

static void parse_bad_lists_say_which_argument(void **state)
{
	assert_refused("", "ibdev is missing");
	assert_refused(NULL, "ibdev is missing");
	assert_refused("queues=1", "ibdev is missing");
	assert_refused("ibdev=", "ibdev=");
	assert_refused("ibdev=mlx5_0,mac=02:00:00:00:00:01", "unknown argument (mac)");
	assert_refused("ibdev=mlx5_0,queue=1", "known: ibdev=NAME");
	assert_refused("ibdev=mlx5_0,queues=0", "queues=0");
	assert_refused("ibdev=mlx5_0,queues=-1", "queues=-1");
	assert_refused("ibdev=mlx5_0,queues= 1", "queues");
	assert_refused("ibdev=mlx5_0,queues=4x", "queues=4x");
	assert_refused("ibdev=mlx5_0,queues=99999999999999999999", "queues=9999");
	assert_refused("ibdev=mlx5_0,packed=yes", "packed=yes");
	assert_refused("ibdev=mlx5_0,offloads=tso", "offloads=tso");
	assert_refused("ibdev=mlx5_0,ibdev=mlx5_1", "given twice (ibdev)");
	assert_refused("ibdev=0123456789012345678901234567890123456789012345678901234567890123",
		       "ibdev");
}

/* ---- provisioning ---- */

static struct vv_hca_caps caps(void)
{
	return (struct vv_hca_caps){
	    .split = true,
	    .packed = true,
	    .version_1 = true,
	    .max_queues = 64,
	};
}

static struct vv_device offer(const struct vv_hca_caps *c, const struct vv_args *a)
{
	struct vv_device d;
	char why[256] = "";

	assert_int_equal(vv_provision(c, a, &d, why, sizeof(why)), 0);
	return d;
}

static void offer_plain_device_has_rings_only(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_args a = {.queues = 1};
	struct vv_device d = offer(&c, &a);

	assert_int_equal(d.pairs, 1);
	assert_int_equal(d.features, BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) |
					 BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_NET_F_MTU) |
					 BIT(VHOST_USER_F_PROTOCOL_FEATURES));
	assert_false(d.protocol_features & BIT(VHOST_USER_PROTOCOL_F_CONFIG));
	assert_true(d.protocol_features & BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK));
}

static void offer_mq_follows_pairs(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_args one = {.queues = 1}, two = {.queues = 2}, any = {0};

	assert_false(offer(&c, &one).features & BIT(VIRTIO_NET_F_MQ));
	assert_true(offer(&c, &two).features & BIT(VIRTIO_NET_F_MQ));
	assert_int_equal(offer(&c, &any).pairs, VV_PAIRS_DEFAULT);
	c.max_queues = 7;
	assert_int_equal(offer(&c, &any).pairs, 3);
	c.max_queues = 100000;
	two.queues = VV_PAIRS_MAX;
	assert_int_equal(offer(&c, &two).pairs, VV_PAIRS_MAX);
}

static void offer_too_many_pairs_says_both_numbers(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_args a = {.queues = 33};
	struct vv_device d;
	char why[256] = "";

	assert_int_equal(vv_provision(&c, &a, &d, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "33 asked"));
	assert_non_null(strstr(why, "32 there"));
}

static void offer_packed_needs_device_and_wish(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_args off = {.packed = VV_OFF}, on = {.packed = VV_ON}, any = {0};
	struct vv_device d;
	char why[256];

	assert_false(offer(&c, &off).features & BIT(VIRTIO_F_RING_PACKED));
	assert_true(offer(&c, &on).features & BIT(VIRTIO_F_RING_PACKED));
	c.packed = false;
	assert_false(offer(&c, &any).features & BIT(VIRTIO_F_RING_PACKED));
	assert_int_equal(vv_provision(&c, &on, &d, why, sizeof(why)), -EINVAL);
	c.packed = true;
	c.version_1 = false; /* a legacy device */
	assert_false(offer(&c, &any).features &
		     (BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_VERSION_1)));
}

/* virtio 1.2 5.1.3.1: features that require others are not offered without them. */
static void spec_5_1_3_1_offer_keeps_dependencies(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_args a = {0};

	c.feature_bits =
	    1u << PRM_VIRTQ_F_HOST_TSO4 | 1u << PRM_VIRTQ_F_HOST_ECN | 1u << PRM_VIRTQ_F_MRG_RXBUF;
	assert_int_equal(offer(&c, &a).features &
			     (BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_ECN) |
			      BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_CSUM)),
			 BIT(VIRTIO_NET_F_MRG_RXBUF));
	c.feature_bits |= 1u << PRM_VIRTQ_F_CSUM;
	assert_int_equal(offer(&c, &a).features &
			     (BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_ECN) |
			      BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_CSUM)),
			 BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_ECN) |
			     BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_CSUM));
}

static void offer_offloads_need_device_and_wish(void **state)
{
	const uint64_t mrg = BIT(VIRTIO_NET_F_MRG_RXBUF);
	const uint64_t all = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
			     BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |
			     BIT(VIRTIO_NET_F_GUEST_ECN) | BIT(VIRTIO_NET_F_HOST_TSO4) |
			     BIT(VIRTIO_NET_F_HOST_TSO6) | BIT(VIRTIO_NET_F_HOST_ECN);
	struct vv_hca_caps c = caps();
	struct vv_args off = {.offloads = VV_OFF}, on = {.offloads = VV_ON}, any = {0};
	struct vv_device d;
	char why[256] = "";

	assert_int_equal(offer(&c, &any).features & (all | mrg), 0);
	assert_int_equal(vv_provision(&c, &on, &d, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "offloads=on"));
	c.feature_bits = 0x1fff;
	assert_int_equal(offer(&c, &any).features & (all | mrg), all | mrg);
	assert_int_equal(offer(&c, &on).features & (all | mrg), all | mrg);
	assert_int_equal(offer(&c, &off).features & (all | mrg), mrg);
	/* Legacy and modern guests alike. */
	c.version_1 = false;
	assert_int_equal(offer(&c, &any).features & (all | mrg), all | mrg);
	/* None of it may appear by accident. */
	assert_int_equal(offer(&c, &any).features & (BIT(VHOST_F_LOG_ALL) | BIT(10) | BIT(14)), 0);
}

static void queue_bits_follow_negotiated_features(void **state)
{
	assert_int_equal(vv_provision_queue_bits(0), 0);
	assert_int_equal(vv_provision_queue_bits(BIT(VIRTIO_NET_F_MRG_RXBUF)),
			 1u << PRM_VIRTQ_F_MRG_RXBUF);
	/* TSO brings CSUM. */
	assert_int_equal(vv_provision_queue_bits(BIT(VIRTIO_NET_F_HOST_TSO6)),
			 1u << PRM_VIRTQ_F_HOST_TSO6 | 1u << PRM_VIRTQ_F_CSUM);
	assert_int_equal(vv_provision_queue_bits(BIT(VIRTIO_NET_F_GUEST_CSUM)),
			 1u << PRM_VIRTQ_F_GUEST_CSUM);
	/* A guest that cannot take partial checksums gets no long frames. */
	assert_int_equal(
	    vv_provision_queue_bits(BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_ECN)), 0);
	assert_int_equal(vv_provision_queue_bits(BIT(VIRTIO_NET_F_GUEST_TSO4) |
						 BIT(VIRTIO_NET_F_GUEST_CSUM) |
						 BIT(VIRTIO_NET_F_GUEST_ECN)),
			 1u << PRM_VIRTQ_F_GUEST_TSO4 | 1u << PRM_VIRTQ_F_GUEST_CSUM |
			     1u << PRM_VIRTQ_F_GUEST_ECN);
}

static void check_negotiated_refuses_what_cannot_be(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_args a = {0};
	struct vv_device d = offer(&c, &a);
	char why[256] = "";

	assert_int_equal(vv_provision_check(0, &d, why, sizeof(why)), 0); /* legacy */
	assert_int_equal(vv_provision_check(d.features, &d, why, sizeof(why)), 0);
	assert_int_equal(vv_provision_check(BIT(VIRTIO_F_RING_PACKED), &d, why, sizeof(why)),
			 -EINVAL);
	assert_int_equal(vv_provision_check(BIT(VIRTIO_NET_F_CTRL_VQ), &d, why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "0x20000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parse_full_list_is_understood),
	    cmocka_unit_test(parse_bad_lists_say_which_argument),
	    cmocka_unit_test(offer_plain_device_has_rings_only),
	    cmocka_unit_test(offer_mq_follows_pairs),
	    cmocka_unit_test(offer_too_many_pairs_says_both_numbers),
	    cmocka_unit_test(offer_packed_needs_device_and_wish),
	    cmocka_unit_test(spec_5_1_3_1_offer_keeps_dependencies),
	    cmocka_unit_test(offer_offloads_need_device_and_wish),
	    cmocka_unit_test(queue_bits_follow_negotiated_features),
	    cmocka_unit_test(check_negotiated_refuses_what_cannot_be),
	};

	return cmocka_run_group_tests_name("provision", tests, NULL, NULL);
}
