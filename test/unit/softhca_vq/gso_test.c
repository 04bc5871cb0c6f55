/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames with offloads between guests that negotiated this and that. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "packet.h"
#include "rig.h"

enum { TX = VQ_F_VERSION_1 | VQ_F_CSUM | VQ_F_HOST_TSO4 | VQ_F_HOST_TSO6 | VQ_F_HOST_ECN };
enum { NEEDS_CSUM = 1, DATA_VALID = 2, TCPV4 = 1, TCPV6 = 4, ECN = 0x80 };
enum { MSS = 1400 };

static const bool layouts[] = {false, true};
#define PACKED(state) (*(const bool *)*(state))

struct net {
	struct rig rig;
	bool packed;
	struct rig_queue *tx, *rx[RIG_PORTS];
	unsigned int sent;
};

static struct net n;

/* Guest 0 sends, guest i receives with the flags and buffers that net_receiver gives it. */
static void net_create(bool packed, const struct rig_options *o)
{
	struct rig_queue_options q = {.size = packed ? 100 : 128,
				      .flags = TX,
				      .packed = packed,
				      .base = packed ? 0x8000 : 0,
				      .big = true};

	memset(&n, 0, sizeof(n));
	n.packed = packed;
	rig_create(&n.rig, o);
	n.tx = rig_queue(&n.rig.guest[0], 1, &q);
	assert_int_equal(rig_start(n.tx), 0);
}

static void net_receiver(unsigned int i, uint32_t flags, bool big)
{
	struct rig_queue_options q = {.size = n.packed ? 100 : 128,
				      .flags = flags,
				      .packed = n.packed,
				      .base = n.packed ? 0x8000 : 0,
				      .big = big};

	n.rx[i] = rig_queue(&n.rig.guest[i], 0, &q);
	assert_int_equal(rig_start(n.rx[i]), 0);
	rig_set_rx(&n.rig.guest[i], n.rx[i]);
}

/* Frames there are at a time; all of them are sent before the doorbell rings. */
static uint8_t frame[4][RIG_BIG_MAX];

static uint32_t make(unsigned int slot, const struct packet *p, uint16_t gso_size, uint8_t *vnet)
{
	struct packet_at at;
	uint32_t len = packet_make(p, frame[slot], &at);
	uint8_t type = p->version == 4 ? TCPV4 : TCPV6;

	if (p->flags & PACKET_CWR)
		type |= ECN;
	/* The hint is wrong on purpose. */
	packet_vnet(vnet, NEEDS_CSUM, gso_size ? type : 0, 77, gso_size, (uint16_t)at.l4,
		    p->protocol == PACKET_TCP ? 16 : 6);
	return len;
}

static uint32_t post(unsigned int slot, const struct packet *p, uint16_t gso_size,
		     const uint32_t *lens)
{
	uint8_t vnet[12];
	uint32_t len = make(slot, p, gso_size, vnet);

	assert_true(rig_send_as(n.tx, vnet, frame[slot], len, lens));
	return len;
}

static void wait_sent(unsigned int frames)
{
	rig_wait((n.sent += rig_reap(n.tx)) >= frames);
	assert_int_equal(n.sent, frames);
	n.sent = 0;
}

static uint8_t got[RIG_BIG_MAX], got_vnet[12];

static uint32_t receive(unsigned int at)
{
	size_t len = 0;

	rig_wait((len = rig_recv_as(n.rx[at], got_vnet, got, sizeof(got))) > 0);
	return (uint32_t)len;
}

static void expect_nothing(unsigned int at)
{
	assert_int_equal(rig_recv_as(n.rx[at], got_vnet, got, sizeof(got)), 0);
}

static void assert_vnet(uint8_t flags, uint8_t gso_type, uint16_t hdr_len, uint16_t gso_size,
			uint16_t start, uint16_t offset)
{
	uint8_t expect[12];

	packet_vnet(expect, flags, gso_type, hdr_len, gso_size, start, offset);
	assert_memory_equal(got_vnet, expect, 10);
}

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
		rig_post_all(n.rx[1], 2000);
		for (unsigned int round = 0; round < 8; round++) {
			struct packet p = {.version = round & 1 ? 4 : 6,
					   .protocol = round & 2 ? PACKET_TCP : PACKET_UDP,
					   .tags = round & 4 ? 1 : 0,
					   .dst = 2,
					   .src = 1,
					   .body = 11 * round,
					   .seed = round};
			uint32_t len = post(0, &p, 0, NULL), l4;

			l4 = 14 + 4 * p.tags + (p.version == 4 ? 20 : 40);
			rig_ring(&n.rig.guest[0]);
			assert_int_equal(receive(1), len);
			if (csum) {
				assert_vnet(NEEDS_CSUM, 0, 0, 0, (uint16_t)l4,
					    p.protocol == PACKET_TCP ? 16 : 6);
				assert_memory_equal(got, frame[0], len);
			} else {
				assert_vnet(0, 0, 0, 0, 0, 0);
				packet_assert_whole(&p, got, len);
			}
		}
		rig_destroy(&n.rig);
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

		rig_post_all(n.rx[1], 2000);
		len = post(0, &p, 0, round & 1 ? lens : NULL);
		rig_frame(frame[1], 300, 2, 1, round);
		assert_true(rig_send_as(n.tx, none, frame[1], 300, round & 2 ? lens : NULL));
		assert_int_equal(post(2, &p, 200, round & 4 ? lens : NULL), len);
		rig_ring(&n.rig.guest[0]);
		assert_int_equal(receive(1), len);
		packet_assert_whole(&p, got, len);
		assert_int_equal(receive(1), 300);
		assert_true(rig_frame_ok(got, 300, round));
		assert_int_equal(receive(1), 14 + 40 + 200);
		packet_assert_segment(&p, frame[2], len, 200, 0, got, 14 + 40 + 200);
		assert_int_equal(receive(1), 14 + 40 + 100);
		packet_assert_segment(&p, frame[2], len, 200, 1, got, 14 + 40 + 100);
		wait_sent(3);
	}
	assert_int_equal(rig_stats(&n.rig).drops_other, 0);
	rig_destroy(&n.rig);
}

static void frame_with_a_lying_header_is_dropped_and_the_queue_lives(void **state)
{
	struct rig_options o = {.ports = 2};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1, .body = 3000};
	uint8_t vnet[12];
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	rig_post_all(n.rx[1], 2000);
	len = make(0, &p, MSS, vnet);
	vnet[4] = vnet[5] = 0;
	assert_true(rig_send_as(n.tx, vnet, frame[0], len, NULL));
	vnet[1] = 5;
	assert_true(rig_send_as(n.tx, vnet, frame[0], len, (const uint32_t[]){5, 5, 5, 0}));
	packet_vnet(vnet, NEEDS_CSUM, 0, 0, 0, 60000, 6);
	assert_true(rig_send_as(n.tx, vnet, frame[0], 1000, NULL));
	/* Larger than a frame, but not to be cut: too long as ever. */
	packet_vnet(vnet, 0, 0, 0, 0, 0, 0);
	assert_true(rig_send_as(n.tx, vnet, frame[0], 20000, NULL));
	p.body = 100;
	len = post(0, &p, 0, NULL);
	rig_ring(&n.rig.guest[0]);
	assert_int_equal(receive(1), len);
	packet_assert_whole(&p, got, len);
	wait_sent(5);
	expect_nothing(1);
	assert_int_equal(rig_stats(&n.rig).drops_other, 4);
	assert_int_equal(rig_status(n.tx).state, VQ_RDY);
	rig_destroy(&n.rig);
}

/* ---- large frames, whole ---- */

static const uint32_t guest_all = VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4 | VQ_F_GUEST_TSO6 |
				  VQ_F_GUEST_ECN;

/* Chains of 17 descriptors, as drivers without merged buffers post them. */
static void post_chains(unsigned int at)
{
	uint32_t lens[18] = {12};

	for (unsigned int i = 1; i < 17; i++)
		lens[i] = 4096;
	while (rig_post(n.rx[at], lens))
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
			uint8_t type = (uint8_t)((p.version == 4 ? TCPV4 : TCPV6) |
						 (round & 2 ? ECN : 0));
			uint32_t len = post(0, &p, MSS, NULL), l4;

			l4 = 14 + 4 * p.tags + (p.version == 4 ? 20 : 40);
			if (mrg)
				rig_post_all(n.rx[1], chains ? 1526 : 9000);
			else if (chains)
				post_chains(1);
			else
				rig_post_all(n.rx[1], RIG_BIG_MAX);
			rig_ring(&n.rig.guest[0]);
			assert_int_equal(receive(1), len);
			assert_vnet(NEEDS_CSUM, type, (uint16_t)(l4 + 32), MSS, (uint16_t)l4, 16);
			if (mrg)
				assert_int_equal(got_vnet[10],
						 (len + 12 + (chains ? 1525 : 8999)) /
						     (chains ? 1526 : 9000));
			assert_memory_equal(got, frame[0], len);
		}
		wait_sent(8);
		assert_int_equal(rig_stats(&n.rig).frames_rx, 8);
		rig_destroy(&n.rig);
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
		rig_post_all(n.rx[1], flags & VQ_F_MRG_RXBUF && k & 4 ? 600 : 1600);
		len = post(0, &p, MSS, k & 1 ? lens : NULL);
		rig_ring(&n.rig.guest[0]);
		for (unsigned int i = 0; i < 21; i++) {
			uint32_t part = receive(1);

			assert_vnet(flags & VQ_F_GUEST_CSUM ? DATA_VALID : 0, 0, 0, 0, 0, 0);
			packet_assert_segment(&p, frame[0], len, MSS, i, got, part);
		}
		wait_sent(1);
		expect_nothing(1);
		assert_int_equal(rig_stats(&n.rig).frames_tx, 1);
		assert_int_equal(rig_stats(&n.rig).bytes_tx, len);
		assert_int_equal(rig_stats(&n.rig).frames_rx, 21);
		rig_destroy(&n.rig);
	}
}

static void segment_that_fits_no_buffer_is_lost_alone(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1,
			   .body = 2 * MSS + 100};
	uint32_t len, part;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	rig_post_all(n.rx[1], 1000);
	len = post(0, &p, MSS, NULL);
	rig_ring(&n.rig.guest[0]);
	part = receive(1);
	packet_assert_segment(&p, frame[0], len, MSS, 2, got, part);
	wait_sent(1);
	assert_int_equal(rig_stats(&n.rig).drops_other, 2);
	assert_int_equal(rig_status(n.rx[1]).state, VQ_RDY);
	rig_destroy(&n.rig);
}

static void group_frame_reaches_each_as_he_can_have_it(void **state)
{
	struct rig_options o = {.ports = 4, .delay_drop_ms = 60000};
	struct packet p = {.version = 6, .protocol = PACKET_TCP, .dst = 0xff, .src = 1,
			   .body = 5 * MSS};
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	net_receiver(2, VQ_F_VERSION_1 | VQ_F_MRG_RXBUF | guest_all, false);
	net_receiver(3, VQ_F_GUEST_CSUM, false);
	for (unsigned int i = 1; i < 4; i++)
		rig_post_all(n.rx[i], 1600);
	len = post(0, &p, MSS, NULL);
	rig_ring(&n.rig.guest[0]);
	wait_sent(1);
	assert_int_equal(receive(2), len);
	assert_vnet(NEEDS_CSUM, TCPV6, 74, MSS, 54, 16);
	assert_memory_equal(got, frame[0], len);
	for (unsigned int i = 0; i < 5; i++) {
		uint32_t part = receive(1);

		assert_vnet(0, 0, 0, 0, 0, 0);
		packet_assert_segment(&p, frame[0], len, MSS, i, got, part);
		part = receive(3);
		assert_vnet(DATA_VALID, 0, 0, 0, 0, 0);
		packet_assert_segment(&p, frame[0], len, MSS, i, got, part);
	}
	for (unsigned int i = 1; i < 4; i++)
		expect_nothing(i);
	rig_destroy(&n.rig);
}

/* A port's VLAN puts a tag into the headers; its MTU counts for segments, not for what they were. */
static void large_frame_obeys_the_ports_policy(void **state)
{
	struct rig_options o = {.ports = 3, .delay_drop_ms = 60000};
	struct dp_port_policy policy = {.vlan = 7, .mtu = MSS + 40};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 0xff, .src = 1,
			   .body = 3 * MSS};
	struct packet tagged = p;
	uint32_t len;

	tagged.tags = 1;
	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	net_receiver(2, VQ_F_VERSION_1 | VQ_F_MRG_RXBUF | guest_all, false);
	dp_lock(n.rig.dp);
	assert_int_equal(dp_port_set_policy(n.rig.guest[0].port, &policy), 0);
	dp_unlock(n.rig.dp);
	for (unsigned int i = 1; i < 3; i++)
		rig_post_all(n.rx[i], 1600);
	len = post(0, &p, MSS, NULL);
	/* One byte more in a segment than the port may send. */
	post(1, &p, MSS + 1, NULL);
	rig_ring(&n.rig.guest[0]);
	wait_sent(2);
	assert_int_equal(rig_stats(&n.rig).drops_other, 1);
	/* As the driver would have made it with the tag, but for priority bits the tag has here. */
	packet_make(&tagged, frame[2], &(struct packet_at){0});
	frame[2][14] = 0;
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t part = receive(1);

		assert_vnet(0, 0, 0, 0, 0, 0);
		packet_assert_segment(&tagged, frame[2], len + 4, MSS, i, got, part);
	}
	assert_int_equal(receive(2), len + 4);
	assert_vnet(NEEDS_CSUM, TCPV4, 58, MSS, 38, 16);
	assert_memory_equal(got, frame[2], len + 4);
	expect_nothing(1);
	expect_nothing(2);
	rig_destroy(&n.rig);
}

/* ---- segments and buffers ---- */

static void post_some(unsigned int at, unsigned int buffers)
{
	while (buffers-- > 0)
		assert_true(rig_post(n.rx[at], (const uint32_t[]){1600, 0}));
}

static void wait_passes(void)
{
	unsigned int ticks = __atomic_load_n(&n.rig.ticks, __ATOMIC_RELAXED);

	rig_wait(__atomic_load_n(&n.rig.ticks, __ATOMIC_RELAXED) - ticks > 50);
}

static void segments_without_buffers_wait_and_come_once(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1,
			   .body = 30 * MSS};
	uint32_t len[3];

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	post_some(1, 7);
	for (unsigned int f = 0; f < 3; f++) {
		p.seed = f;
		len[f] = post(f, &p, MSS, NULL);
	}
	rig_ring(&n.rig.guest[0]);
	for (unsigned int i = 0; i < 90; i++) {
		uint32_t part;

		/* Now and then it stands still, and starts anew where it was. */
		if (i % 7 == 0) {
			wait_passes();
			assert_int_equal(rig_status(n.rx[1]).completed_desc, i < 83 ? i + 7 : 90);
			post_some(1, i < 76 ? 7 : i < 83 ? 83 - i : 0);
		}
		part = receive(1);
		p.seed = i / 30;
		packet_assert_segment(&p, frame[i / 30], len[i / 30], MSS, i % 30, got, part);
		if (i == 40) {
			/* Stopped and resumed in the middle of a frame. */
			dp_lock(n.rig.dp);
			assert_int_equal(vq_stop(n.tx->vq), 0);
			assert_int_equal(vq_resume(n.tx->vq), 0);
			dp_unlock(n.rig.dp);
			rig_ring(&n.rig.guest[0]);
		}
	}
	wait_sent(3);
	expect_nothing(1);
	assert_int_equal(rig_stats(&n.rig).drops_no_buffer, 0);
	assert_int_equal(rig_stats(&n.rig).frames_rx, 90);
	rig_destroy(&n.rig);
}

static void segments_that_waited_in_vain_are_dropped_once(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 100};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1,
			   .body = 10 * MSS};
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	post_some(1, 4);
	len = post(0, &p, MSS, NULL);
	rig_ring(&n.rig.guest[0]);
	wait_sent(1);
	assert_int_equal(rig_stats(&n.rig).drops_no_buffer, 1);
	for (unsigned int i = 0; i < 4; i++)
		packet_assert_segment(&p, frame[0], len, MSS, i, got, receive(1));
	/* The next frame starts with its first segment. */
	post_some(1, 10);
	p.seed = 1;
	len = post(0, &p, MSS, NULL);
	rig_ring(&n.rig.guest[0]);
	for (unsigned int i = 0; i < 10; i++) {
		uint32_t part = receive(1);

		packet_assert_segment(&p, frame[0], len, MSS, i, got, part);
	}
	wait_sent(1);
	rig_destroy(&n.rig);
}

static void group_segments_do_not_wait(void **state)
{
	struct rig_options o = {.ports = 3, .delay_drop_ms = 60000};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 0xff, .src = 1,
			   .body = 10 * MSS};
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	net_receiver(2, VQ_F_VERSION_1, false);
	post_some(1, 4);
	post_some(2, 20);
	len = post(0, &p, MSS, NULL);
	rig_ring(&n.rig.guest[0]);
	wait_sent(1);
	for (unsigned int i = 0; i < 10; i++) {
		uint32_t part;

		if (i < 4) {
			part = receive(1);
			packet_assert_segment(&p, frame[0], len, MSS, i, got, part);
		}
		part = receive(2);
		packet_assert_segment(&p, frame[0], len, MSS, i, got, part);
	}
	expect_nothing(1);
	expect_nothing(2);
	assert_int_equal(rig_stats(&n.rig).drops_no_buffer, 1);
	rig_destroy(&n.rig);
}

/* ---- memory that vanishes ---- */

static unsigned int errors(struct rig_queue *q)
{
	return __atomic_load_n(&q->errors, __ATOMIC_ACQUIRE);
}

/* In a region: the slots' tokens are even in region 1, odd in region 2 (rig.c). */
static void use_slot_of_region(struct rig_queue *q, unsigned int region)
{
	while (q->n_free > 0 && 1u + q->free[q->n_free - 1] % 2 != region)
		q->n_free--;
	assert_true(q->n_free > 0);
}

static void lose(struct rig_guest *g, unsigned int region)
{
	assert_ptr_not_equal(mmap(g->device_map[region], g->mem.region[region].size, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			     MAP_FAILED);
}

/* The headers in one region, the body in another that goes: the fault comes while segments are made. */
static void sender_that_loses_a_large_frame_fails_alone(void **state)
{
	static const uint32_t abilities[] = {0, VQ_F_MRG_RXBUF | VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4};
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1,
			   .body = 10 * MSS};

	for (unsigned int k = 0; k < 2; k++) {
		struct fe_sg sg[2];
		uint8_t vnet[12];
		struct fe_span *in_1, *in_2;

		net_create(PACKED(state), &o);
		net_receiver(1, VQ_F_VERSION_1 | abilities[k], false);
		rig_post_all(n.rx[1], 1600);
		make(0, &p, MSS, vnet);
		in_1 = &n.tx->slot[0];
		in_2 = &n.tx->slot[1];
		memcpy(in_1->ptr, vnet, 12);
		memcpy(in_1->ptr + 12, frame[0], 54 + 3 * MSS);
		sg[0] = (struct fe_sg){in_1->gpa, 12 + 54 + 3 * MSS};
		sg[1] = (struct fe_sg){in_2->gpa, 7 * MSS};
		assert_int_equal(fe_ring_add(n.tx->ring, sg, 2, 0, 0), 0);
		fe_ring_publish(n.tx->ring);
		lose(&n.rig.guest[0], 2);
		rig_ring(&n.rig.guest[0]);
		rig_wait(errors(n.tx) == 1);
		assert_int_equal(n.tx->error, VQ_ERROR_BAD_BUFFER);
		assert_int_equal(rig_status(n.tx).invalid_buffer, 1);
		assert_int_equal(rig_status(n.rx[1]).state, VQ_RDY);
		/* Whole segments that were made before have arrived, and nothing else. */
		for (unsigned int i = 0; i < 3 && k == 0; i++) {
			uint32_t part = receive(1);

			packet_assert_segment(&p, frame[0], 54 + 10 * MSS, MSS, i, got, part);
		}
		expect_nothing(1);
		rig_destroy(&n.rig);
	}
}

static void receiver_that_loses_its_buffers_amid_segments_fails_alone(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {.version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1,
			   .body = 10 * MSS};

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	for (unsigned int i = 0; i < 6; i++) {
		use_slot_of_region(n.rx[1], i < 3 ? 1 : 2);
		post_some(1, 1);
	}
	lose(&n.rig.guest[1], 2);
	post(0, &p, MSS, NULL);
	post(1, &p, MSS, NULL);
	rig_ring(&n.rig.guest[0]);
	wait_sent(2);
	assert_int_equal(errors(n.rx[1]), 1);
	assert_int_equal(n.rx[1]->error, VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(n.tx).state, VQ_RDY);
	for (unsigned int i = 0; i < 3; i++)
		packet_assert_segment(&p, frame[0], 54 + 10 * MSS, MSS, i, got, receive(1));
	assert_int_equal(rig_stats(&n.rig).drops_other, 1);
	assert_int_equal(rig_stats(&n.rig).drops_no_dest, 1);
	rig_destroy(&n.rig);
}

#define BOTH(f)                                                                                    \
	{#f "/split", f, NULL, NULL, (void *)&layouts[0]},                                         \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&layouts[1]                                   \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BOTH(checksum_is_passed_on_or_completed),
	    BOTH(frames_of_all_kinds_keep_their_order),
	    BOTH(frame_with_a_lying_header_is_dropped_and_the_queue_lives),
	    BOTH(large_frame_is_passed_on_whole),
	    BOTH(receiver_without_the_feature_gets_segments),
	    BOTH(segment_that_fits_no_buffer_is_lost_alone),
	    BOTH(group_frame_reaches_each_as_he_can_have_it),
	    BOTH(large_frame_obeys_the_ports_policy),
	    BOTH(segments_without_buffers_wait_and_come_once),
	    BOTH(segments_that_waited_in_vain_are_dropped_once),
	    BOTH(group_segments_do_not_wait),
	    BOTH(sender_that_loses_a_large_frame_fails_alone),
	    BOTH(receiver_that_loses_its_buffers_amid_segments_fails_alone),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
