/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device offers because of its arguments and its parent. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <rte_vhost.h>

#include "prm/prm_virtq.h"
#include "ctrl/vv_ctrl.h"
#include "vv_args.h"
#include "vv_provision.h"
#include "vv_steer.h"
#include "vv_virtio.h"

#define BIT(n) VV_BIT(n)

/* Of the real one, what counts here: big tables, or none. */
bool vv_steer_can_filter(const struct vv_hca_caps *caps)
{
	return caps->log_max_ft_size >= 9;
}

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
	struct vv_args a = {.queues = 1, .cvq = VV_OFF};
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

/* virtio 1.3 5.1.3.1: features that require others are not offered without them. */
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

/* ---- the control queue ---- */

#define CVQ_ALWAYS                                                                                 \
	(BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) |                            \
	 BIT(VIRTIO_NET_F_NOTF_COAL) | BIT(VIRTIO_NET_F_VQ_NOTF_COAL) |                            \
	 BIT(VIRTIO_NET_F_DEVICE_STATS))
#define CVQ_FILTERS                                                                                \
	(BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_RX_EXTRA) |                             \
	 BIT(VIRTIO_NET_F_CTRL_VLAN) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR))
#define CVQ_ALL                                                                                    \
	(CVQ_ALWAYS | CVQ_FILTERS | BIT(VIRTIO_NET_F_RSS) | BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
#define CONFIG_FIELDS                                                                              \
	(BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_SPEED_DUPLEX))
#define PROTOCOL_CONFIG BIT(9)

static const uint8_t port_mac[6] = {0x0c, 0x42, 0xa1, 0, 0, 1};

static struct vv_hca_caps rich_caps(void)
{
	struct vv_hca_caps c = caps();

	c.feature_bits = 0x1fff;
	c.log_max_rqt_size = 11;
	c.log_max_ft_size = 16;
	c.mtu = 9000;
	memcpy(c.mac, port_mac, 6);
	return c;
}

static void offer_rich_device_has_all_of_the_control_queue(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_args a = {.queues = 2, .cvq = VV_ON, .cvq_core = 5};
	struct vv_device d = offer(&c, &a);

	assert_int_equal(d.features & (CVQ_ALL | CONFIG_FIELDS | BIT(VIRTIO_NET_F_MQ)),
			 CVQ_ALL | CONFIG_FIELDS | BIT(VIRTIO_NET_F_MQ));
	assert_int_equal(d.protocol_features & PROTOCOL_CONFIG, PROTOCOL_CONFIG);
	assert_true(d.cvq);
	assert_true(d.trusted);
	assert_int_equal(d.cvq_core, 5);
	assert_int_equal(d.hash_types, VV_CTRL_HASH_TYPES);
	assert_memory_equal(d.mac, port_mac, 6);
	assert_int_equal(d.mtu, 9000);
}

/* Queue objects do not honour these; RSS_CONTEXT is bit 64, which no word here has. */
static void offer_never_has_what_queues_cannot_do(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_args a = {.cvq = VV_ON};

	c.feature_bits = 0xffff;
	assert_int_equal(offer(&c, &a).features &
			     (BIT(VIRTIO_NET_F_HASH_REPORT) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			      BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_F_IN_ORDER) |
			      BIT(VIRTIO_NET_F_GUEST_UFO) | BIT(VIRTIO_NET_F_HOST_UFO) |
			      BIT(VIRTIO_NET_F_STANDBY) | BIT(VIRTIO_NET_F_RSC_EXT) |
			      BIT(VIRTIO_F_ACCESS_PLATFORM)),
			 0);
}

static void offer_without_control_queue_is_as_it_was(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_args off = {.queues = 2, .cvq = VV_OFF}, any = {.queues = 2};
	struct vv_device d = offer(&c, &off);

	assert_false(d.cvq);
	assert_int_equal(d.features & (CVQ_ALL | CONFIG_FIELDS), 0);
	assert_int_equal(d.features & BIT(VIRTIO_NET_F_MQ), BIT(VIRTIO_NET_F_MQ));
	assert_int_equal(d.protocol_features & PROTOCOL_CONFIG, 0);
	assert_int_equal(d.hash_types, 0);
	assert_int_equal(offer(&c, &any).cvq, VV_CVQ_DEFAULT == VV_ON);
	/* What is asked for can be read. */
	off.mtu = 1400;
	d = offer(&c, &off);
	assert_int_equal(d.features & (CVQ_ALL | CONFIG_FIELDS), CONFIG_FIELDS);
	assert_int_equal(d.protocol_features & PROTOCOL_CONFIG, PROTOCOL_CONFIG);
}

static void offer_control_queue_follows_the_device(void **state)
{
	struct vv_args a = {.queues = 2, .cvq = VV_ON}, one = {.queues = 1, .cvq = VV_ON};
	struct vv_args plain = {.queues = 2, .cvq = VV_ON, .offloads = VV_OFF};
	struct vv_hca_caps c = rich_caps();

	assert_int_equal(offer(&c, &one).features & CVQ_ALL, CVQ_ALL & ~BIT(VIRTIO_NET_F_RSS));
	assert_int_equal(offer(&c, &one).hash_types, 0);
	assert_int_equal(offer(&c, &plain).features & CVQ_ALL,
			 CVQ_ALL & ~BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS));
	c.log_max_rqt_size = 6; /* 64 entries; the specification wants 128 */
	assert_int_equal(offer(&c, &a).features & CVQ_ALL, CVQ_ALL & ~BIT(VIRTIO_NET_F_RSS));
	c = rich_caps();
	c.log_max_ft_size = 0;
	assert_int_equal(offer(&c, &a).features & CVQ_ALL, CVQ_ALL & ~CVQ_FILTERS);
	c = rich_caps();
	memset(c.mac, 0, 6);
	assert_int_equal(offer(&c, &a).features & CONFIG_FIELDS,
			 CONFIG_FIELDS & ~BIT(VIRTIO_NET_F_MAC));
}

/* A device without VERSION_1 is a legacy one: 32 feature bits, and no control queue for RSS. */
static void offer_legacy_device_has_32_bits(void **state)
{
	struct vv_args a = {.queues = 2, .cvq = VV_ON};
	struct vv_hca_caps c = rich_caps();
	struct vv_device d;

	c.version_1 = false;
	d = offer(&c, &a);
	assert_int_equal(d.features >> 32, 0);
	assert_int_equal(d.hash_types, 0);
	assert_int_equal(d.features & CVQ_ALL, CVQ_ALL & 0xffffffff);
}

static void offer_address_and_mtu_are_the_operators_first(void **state)
{
	struct vv_args a = {
	    .mac = {2, 0, 0, 0, 0, 7},
              .mtu = 1400, .trust = VV_OFF, .cvq = VV_ON
        };
	struct vv_hca_caps c = rich_caps();
	struct vv_device d = offer(&c, &a);

	assert_memory_equal(d.mac, a.mac, 6);
	assert_int_equal(d.mtu, 1400);
	assert_false(d.trusted);
	memset(&a, 0, sizeof(a));
	c.mtu = 0; /* the port does not say: what every guest can take */
	assert_int_equal(offer(&c, &a).mtu, VV_MTU_DEFAULT);
	a.mtu = 9216;
	assert_int_equal(offer(&c, &a).mtu, 9216);
}

static void assert_not_offered(const struct vv_hca_caps *c, const struct vv_args *a,
			       const char *in_line)
{
	struct vv_device d = {.pairs = 77};
	char why[256] = "";

	assert_int_equal(vv_provision(c, a, &d, why, sizeof(why)), -EINVAL);
	if (!strstr(why, in_line))
		fail_msg("\"%s\" is not in \"%s\"", in_line, why);
	assert_int_equal(d.pairs, 77);
}

static void offer_mtu_above_the_ports_is_refused(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_args a = {.mtu = 9001};

	assert_not_offered(&c, &a, "9001 asked, 9000 there");
	a.mtu = 9000;
	assert_int_equal(offer(&c, &a).mtu, 9000);
}

/* An untrusted guest that cannot be kept to its address would see everybody's frames. */
static void offer_no_trust_needs_a_filter_and_an_address(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_args a = {.trust = VV_OFF};

	assert_false(offer(&c, &a).trusted);
	memset(c.mac, 0, 6);
	assert_not_offered(&c, &a, "give mac=");
	a.mac[0] = 2;
	assert_false(offer(&c, &a).trusted);
	c.log_max_ft_size = 0;
	assert_not_offered(&c, &a, "cannot filter");
}

/* virtio 1.3 5.1.2: index 2N, and N is 1 unless MQ or RSS are negotiated. */
static void spec_5_1_2_control_queue_is_behind_the_pairs(void **state)
{
	uint64_t mq = BIT(VIRTIO_NET_F_MQ), rss = BIT(VIRTIO_NET_F_RSS);

	assert_int_equal(vv_provision_cvq_index(0, 16, true, 3), 2);
	assert_int_equal(vv_provision_cvq_index(~(mq | rss), 16, true, 3), 2);
	assert_int_equal(vv_provision_cvq_index(mq, 16, true, 33), 32);
	assert_int_equal(vv_provision_cvq_index(rss, 16, true, 2), 32);
	assert_int_equal(vv_provision_cvq_index(mq | rss, 127, true, 255), 254);
	assert_int_equal(vv_provision_cvq_index(mq, 1, true, 3), 2);
}

static void control_queue_without_config_space_is_an_odd_ring(void **state)
{
	uint64_t mq = BIT(VIRTIO_NET_F_MQ);

	/* Linux takes the number it cannot read as one. */
	assert_int_equal(vv_provision_cvq_index(mq, 16, false, 3), 2);
	assert_int_equal(vv_provision_cvq_index(0, 16, false, 2), 2);
	/* Not known yet, and a front-end that passes on a feature it keeps for itself. */
	assert_int_equal(vv_provision_cvq_index(mq, 16, false, 2), 0);
	assert_int_equal(vv_provision_cvq_index(mq, 16, false, 4), 0);
}

/* ---- what is negotiated ---- */

static uint16_t bits(uint64_t negotiated)
{
	return vv_provision_queue_bits(negotiated, negotiated);
}

static void queue_bits_follow_negotiated_features(void **state)
{
	assert_int_equal(bits(0), 0);
	assert_int_equal(bits(BIT(VIRTIO_NET_F_MRG_RXBUF)), 1u << PRM_VIRTQ_F_MRG_RXBUF);
	/* TSO brings CSUM. */
	assert_int_equal(bits(BIT(VIRTIO_NET_F_HOST_TSO6)),
			 1u << PRM_VIRTQ_F_HOST_TSO6 | 1u << PRM_VIRTQ_F_CSUM);
	assert_int_equal(bits(BIT(VIRTIO_NET_F_GUEST_CSUM)), 1u << PRM_VIRTQ_F_GUEST_CSUM);
	/* A guest that cannot take partial checksums gets no long frames. */
	assert_int_equal(bits(BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_ECN)), 0);
	assert_int_equal(bits(BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
			      BIT(VIRTIO_NET_F_GUEST_ECN)),
			 1u << PRM_VIRTQ_F_GUEST_TSO4 | 1u << PRM_VIRTQ_F_GUEST_CSUM |
			     1u << PRM_VIRTQ_F_GUEST_ECN);
}

/* Offloads the guest has switched off are off, and what cannot be without them. */
static void queue_bits_follow_offloads_in_force(void **state)
{
	const uint64_t csum = BIT(VIRTIO_NET_F_GUEST_CSUM), tso4 = BIT(VIRTIO_NET_F_GUEST_TSO4);
	const uint64_t all = csum | tso4 | BIT(VIRTIO_NET_F_GUEST_TSO6) |
			     BIT(VIRTIO_NET_F_GUEST_ECN) | BIT(VIRTIO_NET_F_CSUM) |
			     BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_MRG_RXBUF);
	const uint16_t sent =
	    1u << PRM_VIRTQ_F_CSUM | 1u << PRM_VIRTQ_F_HOST_TSO4 | 1u << PRM_VIRTQ_F_MRG_RXBUF;

	assert_int_equal(vv_provision_queue_bits(all, 0), sent);
	assert_int_equal(vv_provision_queue_bits(all, csum), sent | 1u << PRM_VIRTQ_F_GUEST_CSUM);
	assert_int_equal(vv_provision_queue_bits(all, csum | tso4),
			 sent | 1u << PRM_VIRTQ_F_GUEST_CSUM | 1u << PRM_VIRTQ_F_GUEST_TSO4);
	assert_int_equal(vv_provision_queue_bits(all, tso4), sent);
	assert_int_equal(vv_provision_queue_bits(all, all), bits(all));
	/* None that was not negotiated. */
	assert_int_equal(vv_provision_queue_bits(csum, ~0ull), 1u << PRM_VIRTQ_F_GUEST_CSUM);
}

static void check_negotiated_refuses_what_cannot_be(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_args a = {.cvq = VV_OFF};
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

/*
 * Against virtio 1.3 5.1.3.1, and yet taken: virtio-user and QEMU answer the control queue
 * themselves, keep CTRL_VQ back, and pass on the rest; Linux takes high bits of a device whose
 * VERSION_1 was masked.
 */
static void check_negotiated_takes_what_front_ends_send(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_args a = {.queues = 2, .cvq = VV_ON};
	struct vv_device d = offer(&c, &a);
	uint64_t taken = d.features & ~BIT(VIRTIO_F_RING_PACKED), one;
	unsigned int bit;
	char why[256] = "";

	assert_int_equal(vv_provision_check(BIT(VIRTIO_NET_F_MQ), &d, why, sizeof(why)), 0);
	for (bit = 0; bit < 64; bit++) {
		one = BIT(bit);
		if (!(taken & one))
			continue;
		assert_int_equal(vv_provision_check(one, &d, why, sizeof(why)), 0);
		assert_int_equal(vv_provision_check(taken & ~one, &d, why, sizeof(why)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(offer_plain_device_has_rings_only),
	    cmocka_unit_test(offer_mq_follows_pairs),
	    cmocka_unit_test(offer_too_many_pairs_says_both_numbers),
	    cmocka_unit_test(offer_packed_needs_device_and_wish),
	    cmocka_unit_test(spec_5_1_3_1_offer_keeps_dependencies),
	    cmocka_unit_test(offer_offloads_need_device_and_wish),
	    cmocka_unit_test(offer_rich_device_has_all_of_the_control_queue),
	    cmocka_unit_test(offer_never_has_what_queues_cannot_do),
	    cmocka_unit_test(offer_without_control_queue_is_as_it_was),
	    cmocka_unit_test(offer_control_queue_follows_the_device),
	    cmocka_unit_test(offer_legacy_device_has_32_bits),
	    cmocka_unit_test(offer_address_and_mtu_are_the_operators_first),
	    cmocka_unit_test(offer_mtu_above_the_ports_is_refused),
	    cmocka_unit_test(offer_no_trust_needs_a_filter_and_an_address),
	    cmocka_unit_test(spec_5_1_2_control_queue_is_behind_the_pairs),
	    cmocka_unit_test(control_queue_without_config_space_is_an_odd_ring),
	    cmocka_unit_test(queue_bits_follow_negotiated_features),
	    cmocka_unit_test(queue_bits_follow_offloads_in_force),
	    cmocka_unit_test(check_negotiated_refuses_what_cannot_be),
	    cmocka_unit_test(check_negotiated_takes_what_front_ends_send),
	};

	return cmocka_run_group_tests_name("provision", tests, NULL, NULL);
}
