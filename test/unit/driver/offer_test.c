/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device offers because of its arguments and its parent. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <rte_vhost.h>

#include "prm/prm_virtq.h"
#include "ctrl/vv_ctrl.h"
#include "vv_args.h"
#include "vv_offer.h"
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

/* Of a function that nobody else uses, by device arguments. */
static int make(const struct vv_hca_caps *c, const char *words, struct vv_device *d, char *why,
		size_t why_len)
{
	struct vv_parent parent;
	struct vv_args args;
	char text[256];

	snprintf(text, sizeof(text), "ibdev=mlx5_0%s%s", *words ? "," : "", words);
	assert_int_equal(vv_args_parse(text, &args, why, why_len), 0);
	vv_parent_of(c, args.ibdev, c->max_queues, 1, &parent);
	return vv_offer_make(&parent, &args, d, why, why_len);
}

static struct vv_device offer(const struct vv_hca_caps *c, const char *words)
{
	struct vv_device d;
	char why[512] = "";

	if (make(c, words, &d, why, sizeof(why)))
		fail_msg("%s: %s", words, why);
	return d;
}

static void assert_not_offered(const struct vv_hca_caps *c, const char *words, int code,
			       const char *in_line)
{
	struct vv_device d = {.pairs = 77};
	char why[512] = "";

	assert_int_equal(make(c, words, &d, why, sizeof(why)), -code);
	if (!strstr(why, in_line))
		fail_msg("\"%s\" is not in \"%s\"", in_line, why);
	assert_int_equal(d.pairs, 77);
}

static void offer_plain_device_has_rings_only(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_device d = offer(&c, "queues=1,cvq=off");

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

	assert_false(offer(&c, "queues=1").features & BIT(VIRTIO_NET_F_MQ));
	assert_true(offer(&c, "queues=2").features & BIT(VIRTIO_NET_F_MQ));
	assert_int_equal(offer(&c, "").pairs, VV_PAIRS_DEFAULT);
	c.max_queues = 7;
	assert_int_equal(offer(&c, "").pairs, 3);
	c.max_queues = 100000;
	assert_int_equal(offer(&c, "queues=127").pairs, VV_PAIRS_MAX);
}

static void offer_too_many_pairs_says_both_numbers(void **state)
{
	struct vv_hca_caps c = caps();

	assert_not_offered(&c, "queues=33", EINVAL, "33 asked, 32 there");
}

static void offer_packed_needs_device_and_wish(void **state)
{
	struct vv_hca_caps c = caps();

	assert_false(offer(&c, "packed=off").features & BIT(VIRTIO_F_RING_PACKED));
	assert_true(offer(&c, "packed=on").features & BIT(VIRTIO_F_RING_PACKED));
	assert_not_offered(&c, "packed=on,ring_packed=off", EINVAL, "RING_PACKED");
	c.packed = false;
	assert_false(offer(&c, "").features & BIT(VIRTIO_F_RING_PACKED));
	assert_not_offered(&c, "packed=on", EINVAL, "packed=on");
	c.packed = true;
	c.version_1 = false; /* a legacy device */
	assert_false(offer(&c, "").features &
		     (BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_VERSION_1)));
}

/* virtio 1.3 5.1.3.1: features that require others are not offered without them. */
static void spec_5_1_3_1_offer_keeps_dependencies(void **state)
{
	struct vv_hca_caps c = caps();

	c.feature_bits =
	    1u << PRM_VIRTQ_F_HOST_TSO4 | 1u << PRM_VIRTQ_F_HOST_ECN | 1u << PRM_VIRTQ_F_MRG_RXBUF;
	assert_int_equal(offer(&c, "").features &
			     (BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_ECN) |
			      BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_CSUM)),
			 BIT(VIRTIO_NET_F_MRG_RXBUF));
	c.feature_bits |= 1u << PRM_VIRTQ_F_CSUM;
	assert_int_equal(offer(&c, "").features &
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

	assert_int_equal(offer(&c, "").features & (all | mrg), 0);
	assert_not_offered(&c, "offloads=on", EINVAL, "offloads=on");
	c.feature_bits = 0x1fff;
	assert_int_equal(offer(&c, "").features & (all | mrg), all | mrg);
	assert_int_equal(offer(&c, "offloads=on").features & (all | mrg), all | mrg);
	assert_int_equal(offer(&c, "offloads=off").features & (all | mrg), mrg);
	/* Single features are said on top. */
	assert_int_equal(offer(&c, "offloads=off,csum=on").features & (all | mrg),
			 mrg | BIT(VIRTIO_NET_F_CSUM));
	/* Legacy and modern guests alike. */
	c.version_1 = false;
	assert_int_equal(offer(&c, "").features & (all | mrg), all | mrg);
	/* None of it may appear by accident. */
	assert_int_equal(offer(&c, "").features & (BIT(VHOST_F_LOG_ALL) | BIT(10) | BIT(14)), 0);
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
	struct vv_device d = offer(&c, "queues=2,cvq=on,cvq_core=5");

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

	c.feature_bits = 0xffff;
	assert_int_equal(offer(&c, "cvq=on").features &
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
	struct vv_device d = offer(&c, "queues=2,cvq=off");

	assert_false(d.cvq);
	assert_int_equal(d.features & (CVQ_ALL | CONFIG_FIELDS), 0);
	assert_int_equal(d.features & BIT(VIRTIO_NET_F_MQ), BIT(VIRTIO_NET_F_MQ));
	assert_int_equal(d.protocol_features & PROTOCOL_CONFIG, 0);
	assert_int_equal(d.hash_types, 0);
	assert_int_equal(offer(&c, "queues=2").cvq, VV_CVQ_DEFAULT == VV_ON);
	/* What is asked for can be read. */
	d = offer(&c, "queues=2,cvq=off,mtu=1400");
	assert_int_equal(d.features & (CVQ_ALL | CONFIG_FIELDS), CONFIG_FIELDS);
	assert_int_equal(d.protocol_features & PROTOCOL_CONFIG, PROTOCOL_CONFIG);
}

static void offer_control_queue_follows_the_device(void **state)
{
	const char *const a = "queues=2,cvq=on", *const one = "queues=1,cvq=on";
	struct vv_hca_caps c = rich_caps();

	assert_int_equal(offer(&c, one).features & CVQ_ALL, CVQ_ALL & ~BIT(VIRTIO_NET_F_RSS));
	assert_int_equal(offer(&c, one).hash_types, 0);
	assert_int_equal(offer(&c, "queues=2,cvq=on,offloads=off").features & CVQ_ALL,
			 CVQ_ALL & ~BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS));
	c.log_max_rqt_size = 6; /* 64 entries; the specification wants 128 */
	assert_int_equal(offer(&c, a).features & CVQ_ALL, CVQ_ALL & ~BIT(VIRTIO_NET_F_RSS));
	c = rich_caps();
	c.log_max_ft_size = 0;
	assert_int_equal(offer(&c, a).features & CVQ_ALL, CVQ_ALL & ~CVQ_FILTERS);
	c = rich_caps();
	memset(c.mac, 0, 6);
	assert_int_equal(offer(&c, a).features & CONFIG_FIELDS,
			 CONFIG_FIELDS & ~BIT(VIRTIO_NET_F_MAC));
}

/* A device without VERSION_1 is a legacy one: 32 feature bits, and no control queue for RSS. */
static void offer_legacy_device_has_32_bits(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_device d;

	c.version_1 = false;
	d = offer(&c, "queues=2,cvq=on");
	assert_int_equal(d.mode, VV_MODE_LEGACY);
	assert_int_equal(d.features >> 32, 0);
	assert_int_equal(d.hash_types, 0);
	assert_int_equal(d.features & CVQ_ALL, CVQ_ALL & 0xffffffff);
}

static void offer_address_and_mtu_are_the_operators_first(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_device d = offer(&c, "address=02:00:00:00:00:07,mtu=1400,trust=off,cvq=on");

	assert_memory_equal(d.mac, "\x02\0\0\0\0\x07", 6);
	assert_int_equal(d.mtu, 1400);
	assert_false(d.trusted);
	c.mtu = 0; /* the port does not say: what every guest can take */
	assert_int_equal(offer(&c, "").mtu, 1500);
	assert_int_equal(offer(&c, "mtu=9216").mtu, 9216);
}

static void offer_mtu_above_the_ports_is_refused(void **state)
{
	struct vv_hca_caps c = rich_caps();

	assert_not_offered(&c, "mtu=9001", EINVAL, "9001 asked, 9000 there");
	assert_int_equal(offer(&c, "mtu=9000").mtu, 9000);
}

/* An untrusted guest that cannot be kept to its address would see everybody's frames. */
static void offer_no_trust_needs_a_filter_and_an_address(void **state)
{
	struct vv_hca_caps c = rich_caps();

	assert_false(offer(&c, "trust=off").trusted);
	assert_not_offered(&c, "trust=off,MAC=off", EINVAL, "MAC");
	memset(c.mac, 0, 6);
	assert_not_offered(&c, "trust=off", EINVAL, "give mac");
	assert_false(offer(&c, "trust=off,address=02:00:00:00:00:01").trusted);
	c.log_max_ft_size = 0;
	assert_not_offered(&c, "trust=off,address=02:00:00:00:00:01", EOPNOTSUPP, "trust:");
}

/* virtio 1.3 5.1.2: index 2N, and N is 1 unless MQ or RSS are negotiated. */
static void spec_5_1_2_control_queue_is_behind_the_pairs(void **state)
{
	uint64_t mq = BIT(VIRTIO_NET_F_MQ), rss = BIT(VIRTIO_NET_F_RSS);

	assert_int_equal(vv_offer_cvq_index(0, 16, true, 3), 2);
	assert_int_equal(vv_offer_cvq_index(~(mq | rss), 16, true, 3), 2);
	assert_int_equal(vv_offer_cvq_index(mq, 16, true, 33), 32);
	assert_int_equal(vv_offer_cvq_index(rss, 16, true, 2), 32);
	assert_int_equal(vv_offer_cvq_index(mq | rss, 127, true, 255), 254);
	assert_int_equal(vv_offer_cvq_index(mq, 1, true, 3), 2);
}

static void control_queue_without_config_space_is_an_odd_ring(void **state)
{
	uint64_t mq = BIT(VIRTIO_NET_F_MQ);

	/* Linux takes the number it cannot read as one. */
	assert_int_equal(vv_offer_cvq_index(mq, 16, false, 3), 2);
	assert_int_equal(vv_offer_cvq_index(0, 16, false, 2), 2);
	/* Not known yet, and a front-end that passes on a feature it keeps for itself. */
	assert_int_equal(vv_offer_cvq_index(mq, 16, false, 2), 0);
	assert_int_equal(vv_offer_cvq_index(mq, 16, false, 4), 0);
}

/* ---- what is negotiated ---- */

static uint16_t bits(uint64_t negotiated)
{
	return vv_offer_queue_bits(negotiated, negotiated);
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

	assert_int_equal(vv_offer_queue_bits(all, 0), sent);
	assert_int_equal(vv_offer_queue_bits(all, csum), sent | 1u << PRM_VIRTQ_F_GUEST_CSUM);
	assert_int_equal(vv_offer_queue_bits(all, csum | tso4),
			 sent | 1u << PRM_VIRTQ_F_GUEST_CSUM | 1u << PRM_VIRTQ_F_GUEST_TSO4);
	assert_int_equal(vv_offer_queue_bits(all, tso4), sent);
	assert_int_equal(vv_offer_queue_bits(all, all), bits(all));
	/* None that was not negotiated. */
	assert_int_equal(vv_offer_queue_bits(csum, ~0ull), 1u << PRM_VIRTQ_F_GUEST_CSUM);
}

static void check_negotiated_refuses_what_cannot_be(void **state)
{
	struct vv_hca_caps c = caps();
	struct vv_device d = offer(&c, "cvq=off");
	char why[256] = "";

	assert_int_equal(vv_offer_check(0, &d, why, sizeof(why)), 0); /* legacy */
	assert_int_equal(vv_offer_check(d.features, &d, why, sizeof(why)), 0);
	assert_int_equal(vv_offer_check(BIT(VIRTIO_F_RING_PACKED), &d, why, sizeof(why)), -EINVAL);
	assert_int_equal(vv_offer_check(BIT(VIRTIO_NET_F_CTRL_VQ), &d, why, sizeof(why)), -EINVAL);
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
	struct vv_device d = offer(&c, "queues=2,cvq=on");
	uint64_t taken = d.features & ~BIT(VIRTIO_F_RING_PACKED), one;
	unsigned int bit;
	char why[256] = "";

	assert_int_equal(vv_offer_check(BIT(VIRTIO_NET_F_MQ), &d, why, sizeof(why)), 0);
	for (bit = 0; bit < 64; bit++) {
		one = BIT(bit);
		if (!(taken & one))
			continue;
		assert_int_equal(vv_offer_check(one, &d, why, sizeof(why)), 0);
		assert_int_equal(vv_offer_check(taken & ~one, &d, why, sizeof(why)), 0);
	}
}

/* L3: what a device was created for it serves, and nothing else. */
static void l3_modern_device_refuses_guests_without_version_1(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_device d = offer(&c, "mode=modern");
	char why[256] = "";

	assert_int_equal(d.mode, VV_MODE_MODERN);
	assert_int_equal(vv_offer_check(d.features, &d, why, sizeof(why)), 0);
	assert_int_equal(vv_offer_check(BIT(VIRTIO_NET_F_CSUM), &d, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "VERSION_1"));
	assert_int_equal(vv_offer_check(0, &d, why, sizeof(why)), -EINVAL);
}

static void l3_legacy_device_does_not_offer_version_1(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_device d = offer(&c, "mode=legacy");
	char why[256] = "";

	assert_int_equal(d.mode, VV_MODE_LEGACY);
	assert_int_equal(d.features >> 32, 0);
	assert_int_equal(vv_offer_check(0, &d, why, sizeof(why)), 0);
	assert_int_equal(vv_offer_check(BIT(VIRTIO_F_VERSION_1), &d, why, sizeof(why)), -EINVAL);
}

/* ---- what parents of this driver say of themselves ---- */

static struct vv_parent parent_of(const struct vv_hca_caps *c)
{
	struct vv_parent p;

	vv_parent_of(c, "mlx5_7", 40, 3, &p);
	return p;
}

/* P32: by what this NIC can, not by who has made it. P38: nor has each the same attributes. */
static void p32_parents_differ_by_their_capabilities(void **state)
{
	struct vv_hca_caps rich = rich_caps(), plain = caps();
	struct vv_parent a = parent_of(&rich), b = parent_of(&plain);

	assert_string_equal(a.name, "mlx5_7");
	assert_int_equal(a.vqs_free, 40);
	assert_int_equal(a.devices_free, 3);
	assert_int_equal(a.max_vqp, 32);
	assert_int_equal(a.max_vqs, 65);
	assert_int_equal(a.max_vq_size, 32768);
	assert_int_equal(a.mac_table_size, VV_CTRL_MACS_MAX);
	assert_int_equal(a.hash_types, VV_CTRL_HASH_TYPES);
	assert_memory_equal(a.mac, port_mac, 6);
	assert_int_equal(a.mtu, 9000);
	assert_int_equal(a.attrs, (1u << VV_ATTR_N) - 1);
	assert_true(vv_features_equal(a.supported, a.inherited));
	assert_true(vv_features_is_empty(a.mandatory));
	assert_int_equal(b.mac_table_size, 0);
	assert_int_equal(b.hash_types, 0);
	assert_int_equal(b.attrs & (1u << VV_ATTR_TRUST | 1u << VV_ATTR_MAC_TABLE), 0);
	assert_false(vv_features_has(&b.supported, VIRTIO_NET_F_CTRL_RX));
	assert_false(vv_features_has(&b.supported, VIRTIO_NET_F_CSUM));
}

/* L7: it can be asked for before there is a device, and a guest. */
static void l7_parents_tell_modes_before_there_is_a_guest(void **state)
{
	const uint32_t all = (1u << VV_MODE_N) - 1;
	struct vv_hca_caps c = caps();

	assert_int_equal(parent_of(&c).modes, all);
	assert_false(parent_of(&c).legacy_big_endian);
	c.version_1 = false;
	assert_int_equal(parent_of(&c).modes, 1u << VV_MODE_LEGACY);
	c.version_1 = true;
	c.split = false;
	assert_int_equal(parent_of(&c).modes, 1u << VV_MODE_MODERN);
}

/* P18: without split rings there is no device but with packed ones. */
static void p18_rings_there_are_only_packed_are_mandatory(void **state)
{
	struct vv_hca_caps c = rich_caps();

	c.split = false;
	assert_int_equal(parent_of(&c).mandatory.word[0],
			 BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_VERSION_1));
	assert_int_equal(offer(&c, "").mode, VV_MODE_MODERN);
	assert_not_offered(&c, "packed=off", EINVAL, "RING_PACKED");
	assert_not_offered(&c, "device_features=0x100000000", EINVAL, "RING_PACKED");
	assert_not_offered(&c, "mode=legacy", EINVAL, "VERSION_1");
}

/* P2 on our parents, which have no IOTLB: refused as P1, by name. */
static void p2_access_platform_is_refused_by_name(void **state)
{
	struct vv_hca_caps c = rich_caps();

	assert_not_offered(&c, "device_features=0x300020000", EINVAL, "ACCESS_PLATFORM");
	assert_int_equal(offer(&c, "device_features=0x100020000").features,
			 BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_F_VERSION_1) |
			     BIT(VHOST_USER_F_PROTOCOL_FEATURES));
}

static void p9_offer_keeps_what_was_provisioned(void **state)
{
	struct vv_hca_caps c = rich_caps();
	struct vv_device d = offer(&c, "mac_table_size=8,max_vq_size=256,max_vqp=3");

	assert_int_equal(d.provisioned.features.word[0] | BIT(VHOST_USER_F_PROTOCOL_FEATURES),
			 d.features);
	assert_int_equal(d.mac_table_size, 8);
	assert_int_equal(d.max_vq_size, 256);
	assert_int_equal(d.provisioned.max_vqp, d.pairs);
	assert_int_equal(d.provisioned.set, 1u << VV_ATTR_MAC_TABLE | 1u << VV_ATTR_MAX_VQ_SIZE |
						1u << VV_ATTR_MAX_VQP);
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
	    cmocka_unit_test(l3_modern_device_refuses_guests_without_version_1),
	    cmocka_unit_test(l3_legacy_device_does_not_offer_version_1),
	    cmocka_unit_test(p32_parents_differ_by_their_capabilities),
	    cmocka_unit_test(l7_parents_tell_modes_before_there_is_a_guest),
	    cmocka_unit_test(p18_rings_there_are_only_packed_are_mandatory),
	    cmocka_unit_test(p2_access_platform_is_refused_by_name),
	    cmocka_unit_test(p9_offer_keeps_what_was_provisioned),
	};

	return cmocka_run_group_tests_name("offer", tests, NULL, NULL);
}
