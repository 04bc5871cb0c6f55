/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames with offloads between guests that negotiated this and that. */
#include <string.h>

#include "net.h"

static const bool layouts[] = {false, true};
#define PACKED(state) (*(const bool *)*(state))

static const uint32_t header_kinds[] = {0, VQ_F_MRG_RXBUF, VQ_F_VERSION_1,
					VQ_F_VERSION_1 | VQ_F_MRG_RXBUF};

/* ---- checksum alone ---- */

static void checksum_is_passed_on_or_completed(void **state)
{
	struct rig_options o = {.ports = 2};

	for (unsigned int k = 0; k < 8; k++) {
		uint32_t csum = k & 4 ? VQ_F_GUEST_CSUM : 0;

		net_create(PACKED(state), &o);
		net_receiver(1, header_kinds[k & 3] | csum, false);
		rig_post_all(net.rx[1], 2000);
		for (unsigned int round = 0; round < 8; round++) {
			struct packet p = {.version = round & 1 ? 4 : 6,
					   .protocol = round & 2 ? PACKET_TCP : PACKET_UDP,
					   .tags = round & 4 ? 1 : 0,
					   .dst = 2,
					   .src = 1,
					   .body = 11 * round,
					   .seed = round};
			uint32_t len = net_post(0, &p, 0, NULL), l4;

			l4 = 14 + 4 * p.tags + (p.version == 4 ? 20 : 40);
			rig_ring(&net.rig.guest[0]);
			assert_int_equal(net_receive(1), len);
			if (csum) {
				net_assert_vnet(NEEDS_CSUM, 0, 0, 0, (uint16_t)l4,
						p.protocol == PACKET_TCP ? 16 : 6);
				assert_memory_equal(net_got, net_frame[0], len);
			} else {
				net_assert_vnet(0, 0, 0, 0, 0, 0);
				packet_assert_whole(&p, net_got, len);
			}
		}
		rig_destroy(&net.rig);
	}
}

/* Plain frames between, before and behind the others; and chains that cut headers anywhere. */
static void frames_of_all_kinds_keep_their_order(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	static const uint8_t none[12];

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	for (uint32_t round = 0; round < 40; round++) {
		struct packet p = {.version = 4,
				   .protocol = PACKET_TCP,
				   .dst = 2,
				   .src = 1,
				   .body = 300,
				   .seed = round};
		uint32_t lens[] = {1 + round * 3, 1 + round, 0};
		uint32_t len;

		rig_post_all(net.rx[1], 2000);
		len = net_post(0, &p, 0, round & 1 ? lens : NULL);
		rig_frame(net_frame[1], 300, 2, 1, round);
		assert_true(rig_send_as(net.tx, none, net_frame[1], 300, round & 2 ? lens : NULL));
		assert_int_equal(net_post(2, &p, 200, round & 4 ? lens : NULL), len);
		rig_ring(&net.rig.guest[0]);
		assert_int_equal(net_receive(1), len);
		packet_assert_whole(&p, net_got, len);
		assert_int_equal(net_receive(1), 300);
		assert_true(rig_frame_ok(net_got, 300, round));
		assert_int_equal(net_receive(1), 14 + 40 + 200);
		packet_assert_segment(&p, net_frame[2], len, 200, 0, net_got, 14 + 40 + 200);
		assert_int_equal(net_receive(1), 14 + 40 + 100);
		packet_assert_segment(&p, net_frame[2], len, 200, 1, net_got, 14 + 40 + 100);
		net_wait_sent(3);
	}
	assert_int_equal(rig_stats(&net.rig).drops_other, 0);
	rig_destroy(&net.rig);
}

static void frame_with_a_lying_header_is_dropped_and_the_queue_lives(void **state)
{
	struct rig_options o = {.ports = 2};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1, .body = 3000};
	uint8_t vnet[12];
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	rig_post_all(net.rx[1], 2000);
	len = net_make(0, &p, MSS, vnet);
	vnet[4] = vnet[5] = 0;
	assert_true(rig_send_as(net.tx, vnet, net_frame[0], len, NULL));
	vnet[1] = 5;
	assert_true(rig_send_as(net.tx, vnet, net_frame[0], len, (const uint32_t[]){5, 5, 5, 0}));
	packet_vnet(vnet, NEEDS_CSUM, 0, 0, 0, 60000, 6);
	assert_true(rig_send_as(net.tx, vnet, net_frame[0], 1000, NULL));
	/* Larger than a frame, but not to be cut: too long as ever. */
	packet_vnet(vnet, 0, 0, 0, 0, 0, 0);
	assert_true(rig_send_as(net.tx, vnet, net_frame[0], 20000, NULL));
	p.body = 100;
	len = net_post(0, &p, 0, NULL);
	rig_ring(&net.rig.guest[0]);
	assert_int_equal(net_receive(1), len);
	packet_assert_whole(&p, net_got, len);
	net_wait_sent(5);
	net_expect_nothing(1);
	assert_int_equal(rig_stats(&net.rig).drops_other, 4);
	assert_int_equal(rig_status(net.tx).state, VQ_RDY);
	rig_destroy(&net.rig);
}

/* ---- others' turn ---- */

/* A queue tells its guest once a burst: how often it was told of these frames. */
static unsigned int bursts_of(unsigned int frames, unsigned int receivers, uint16_t gso_size)
{
	struct packet p = {.version = 4,
			   .protocol = PACKET_TCP,
			   .dst = receivers > 1 ? 0xff : 2,
			   .src = 1,
			   .body = gso_size != 0 ? 60000 : 9000};
	struct rig_options o = {.ports = receivers + 1};
	struct rig_queue_options q = {.size = 64,
				      .flags = VQ_F_VERSION_1 | VQ_F_EVENTS | VQ_F_CSUM |
					       VQ_F_HOST_TSO4,
				      .big = true};
	unsigned int notified;

	net_create(false, &o);
	net.tx = rig_queue(&net.rig.guest[0], 3, &q);
	assert_int_equal(rig_start(net.tx), 0);
	for (unsigned int i = 1; i <= receivers; i++) {
		net_receiver(i, VQ_F_VERSION_1, false);
		rig_post_all(net.rx[i], 100);
	}
	dp_lock(net.rig.dp);
	for (unsigned int i = 0; i < frames; i++)
		net_post(0, &p, gso_size, NULL);
	rig_ring(&net.rig.guest[0]);
	dp_unlock(net.rig.dp);
	net_wait_sent(frames);
	dp_lock(net.rig.dp);
	notified = __atomic_load_n(&net.tx->notified, __ATOMIC_RELAXED);
	dp_unlock(net.rig.dp);
	rig_destroy(&net.rig);
	return notified;
}

static void large_frames_are_few_in_a_burst(void **state)
{
	assert_int_equal(bursts_of(32, 1, 0), 2);
	assert_in_range(bursts_of(32, 1, MSS), 32 / 4, 32);
	/* A thousand segments each. */
	assert_in_range(bursts_of(32, 1, 60), 32 / 2, 32);
}

static void flooded_frames_are_few_in_a_burst(void **state)
{
	assert_in_range(bursts_of(32, 3, 0), 3, 32);
	assert_in_range(bursts_of(8, 3, MSS), 4, 8);
}

/* ---- large frames, whole ---- */

static const uint32_t guest_all =
    VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4 | VQ_F_GUEST_TSO6 | VQ_F_GUEST_ECN;

/* Chains of 17 descriptors, as drivers without merged buffers post them. */
static void post_chains(unsigned int at)
{
	uint32_t lens[18] = {12};

	for (unsigned int i = 1; i < 17; i++)
		lens[i] = 4096;
	while (rig_post(net.rx[at], lens))
		;
}

static void large_frame_is_passed_on_whole(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};

	for (unsigned int k = 0; k < 8; k++) {
		/* In one buffer, in a chain, or in many buffers. */
		bool mrg = header_kinds[k & 3] & VQ_F_MRG_RXBUF, chains = k & 4;

		net_create(PACKED(state), &o);
		net_receiver(1, header_kinds[k & 3] | guest_all, !mrg);
		for (unsigned int round = 0; round < 8; round++) {
			struct packet p = {.version = round & 1 ? 4 : 6,
					   .protocol = PACKET_TCP,
					   .flags = round & 2 ? PACKET_CWR : PACKET_PSH,
					   .tags = round / 4,
					   .tcp_words = 3,
					   .dst = 2,
					   .src = 1,
					   .body = round & 1 ? 65000 : 10000,
					   .seed = round};
			uint8_t type =
			    (uint8_t)((p.version == 4 ? TCPV4 : TCPV6) | (round & 2 ? ECN : 0));
			uint32_t len = net_post(0, &p, MSS, NULL), l4;

			l4 = 14 + 4 * p.tags + (p.version == 4 ? 20 : 40);
			if (mrg)
				rig_post_all(net.rx[1], chains ? 1526 : 9000);
			else if (chains)
				post_chains(1);
			else
				rig_post_all(net.rx[1], RIG_BIG_MAX);
			rig_ring(&net.rig.guest[0]);
			assert_int_equal(net_receive(1), len);
			net_assert_vnet(NEEDS_CSUM, type, (uint16_t)(l4 + 32), MSS, (uint16_t)l4,
					16);
			if (mrg)
				assert_int_equal(net_vnet[10], (len + 12 + (chains ? 1525 : 8999)) /
								   (chains ? 1526 : 9000));
			assert_memory_equal(net_got, net_frame[0], len);
		}
		net_wait_sent(8);
		assert_int_equal(rig_stats(&net.rig).frames_rx, 8);
		rig_destroy(&net.rig);
	}
}

/* ---- large frames, cut ---- */

static void receiver_without_the_feature_gets_segments(void **state)
{
	/* What is missing for a TCPv4 packet with ECN. */
	static const uint32_t without[] = {
	    VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4, VQ_F_GUEST_TSO4, VQ_F_GUEST_ECN,
	    VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4 | VQ_F_GUEST_TSO6 | VQ_F_GUEST_ECN};
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};

	for (unsigned int k = 0; k < 16; k++) {
		uint32_t flags = header_kinds[k & 3] | (guest_all & ~without[k / 4]);
		struct packet p = {.version = 4,
				   .protocol = PACKET_TCP,
				   .flags = PACKET_CWR | PACKET_PSH | PACKET_ACK,
				   .seq = 0xfffff000,
				   .tcp_words = 3,
				   .dst = 2,
				   .src = 1,
				   .body = 20 * MSS + 17,
				   .seed = k};
		uint32_t lens[] = {300, 1, 5000, 0}, len;

		net_create(PACKED(state), &o);
		net_receiver(1, flags, false);
		/* Merged buffers that are too small for a segment. */
		rig_post_all(net.rx[1], flags & VQ_F_MRG_RXBUF && k & 4 ? 600 : 1600);
		len = net_post(0, &p, MSS, k & 1 ? lens : NULL);
		rig_ring(&net.rig.guest[0]);
		for (unsigned int i = 0; i < 21; i++) {
			uint32_t part = net_receive(1);

			net_assert_vnet(flags & VQ_F_GUEST_CSUM ? DATA_VALID : 0, 0, 0, 0, 0, 0);
			packet_assert_segment(&p, net_frame[0], len, MSS, i, net_got, part);
		}
		net_wait_sent(1);
		net_expect_nothing(1);
		assert_int_equal(rig_stats(&net.rig).frames_tx, 1);
		assert_int_equal(rig_stats(&net.rig).bytes_tx, len);
		assert_int_equal(rig_stats(&net.rig).frames_rx, 21);
		rig_destroy(&net.rig);
	}
}

static void segment_that_fits_no_buffer_is_lost_alone(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {
	    .version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1, .body = 2 * MSS + 100};
	uint32_t len, part;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	rig_post_all(net.rx[1], 1000);
	len = net_post(0, &p, MSS, NULL);
	rig_ring(&net.rig.guest[0]);
	part = net_receive(1);
	packet_assert_segment(&p, net_frame[0], len, MSS, 2, net_got, part);
	net_wait_sent(1);
	assert_int_equal(rig_stats(&net.rig).drops_other, 2);
	assert_int_equal(rig_status(net.rx[1]).state, VQ_RDY);
	rig_destroy(&net.rig);
}

static void group_frame_reaches_each_as_he_can_have_it(void **state)
{
	struct rig_options o = {.ports = 4, .delay_drop_ms = 60000};
	struct packet p = {
	    .version = 6, .protocol = PACKET_TCP, .dst = 0xff, .src = 1, .body = 5 * MSS};
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	net_receiver(2, VQ_F_VERSION_1 | VQ_F_MRG_RXBUF | guest_all, false);
	net_receiver(3, VQ_F_GUEST_CSUM, false);
	for (unsigned int i = 1; i < 4; i++)
		rig_post_all(net.rx[i], 1600);
	len = net_post(0, &p, MSS, NULL);
	rig_ring(&net.rig.guest[0]);
	net_wait_sent(1);
	assert_int_equal(net_receive(2), len);
	net_assert_vnet(NEEDS_CSUM, TCPV6, 74, MSS, 54, 16);
	assert_memory_equal(net_got, net_frame[0], len);
	for (unsigned int i = 0; i < 5; i++) {
		uint32_t part = net_receive(1);

		net_assert_vnet(0, 0, 0, 0, 0, 0);
		packet_assert_segment(&p, net_frame[0], len, MSS, i, net_got, part);
		part = net_receive(3);
		net_assert_vnet(DATA_VALID, 0, 0, 0, 0, 0);
		packet_assert_segment(&p, net_frame[0], len, MSS, i, net_got, part);
	}
	for (unsigned int i = 1; i < 4; i++)
		net_expect_nothing(i);
	rig_destroy(&net.rig);
}

/* A port's VLAN puts a tag into the headers; its MTU counts for segments, not for what they were.
 */
static void large_frame_obeys_the_ports_policy(void **state)
{
	struct rig_options o = {.ports = 3, .delay_drop_ms = 60000};
	struct dp_port_policy policy = {.vlan = 7, .mtu = MSS + 40};
	struct packet p = {
	    .version = 4, .protocol = PACKET_TCP, .dst = 0xff, .src = 1, .body = 3 * MSS};
	struct packet tagged = p;
	uint32_t len;

	tagged.tags = 1;
	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	net_receiver(2, VQ_F_VERSION_1 | VQ_F_MRG_RXBUF | guest_all, false);
	dp_lock(net.rig.dp);
	assert_int_equal(dp_port_set_policy(net.rig.guest[0].port, &policy), 0);
	dp_unlock(net.rig.dp);
	for (unsigned int i = 1; i < 3; i++)
		rig_post_all(net.rx[i], 1600);
	len = net_post(0, &p, MSS, NULL);
	/* One byte more in a segment than the port may send. */
	net_post(1, &p, MSS + 1, NULL);
	rig_ring(&net.rig.guest[0]);
	net_wait_sent(2);
	assert_int_equal(rig_stats(&net.rig).drops_other, 1);
	/* As the driver would have made it with the tag, but for priority bits the tag has here. */
	packet_make(&tagged, net_frame[2], &(struct packet_at){0});
	net_frame[2][14] = 0;
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t part = net_receive(1);

		net_assert_vnet(0, 0, 0, 0, 0, 0);
		packet_assert_segment(&tagged, net_frame[2], len + 4, MSS, i, net_got, part);
	}
	assert_int_equal(net_receive(2), len + 4);
	net_assert_vnet(NEEDS_CSUM, TCPV4, 58, MSS, 38, 16);
	assert_memory_equal(net_got, net_frame[2], len + 4);
	net_expect_nothing(1);
	net_expect_nothing(2);
	rig_destroy(&net.rig);
}

#define BOTH(f)                                                                                    \
	{#f "/split", f, NULL, NULL, (void *)&layouts[0]},                                         \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&layouts[1]                                   \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(large_frames_are_few_in_a_burst),
	    cmocka_unit_test(flooded_frames_are_few_in_a_burst),
	    BOTH(checksum_is_passed_on_or_completed),
	    BOTH(frames_of_all_kinds_keep_their_order),
	    BOTH(frame_with_a_lying_header_is_dropped_and_the_queue_lives),
	    BOTH(large_frame_is_passed_on_whole),
	    BOTH(receiver_without_the_feature_gets_segments),
	    BOTH(segment_that_fits_no_buffer_is_lost_alone),
	    BOTH(group_frame_reaches_each_as_he_can_have_it),
	    BOTH(large_frame_obeys_the_ports_policy),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
