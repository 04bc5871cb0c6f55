/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that find no buffers, or whose memory vanishes on the way. */
#include <string.h>
#include <sys/mman.h>

#include "net.h"

static const bool layouts[] = {false, true};
#define PACKED(state) (*(const bool *)*(state))

/* ---- segments and buffers ---- */

static void post_some(unsigned int at, unsigned int buffers)
{
	while (buffers-- > 0)
		assert_true(rig_post(net.rx[at], (const uint32_t[]){1600, 0}));
}

static void wait_passes(void)
{
	unsigned int ticks = __atomic_load_n(&net.rig.ticks, __ATOMIC_RELAXED);

	rig_wait(__atomic_load_n(&net.rig.ticks, __ATOMIC_RELAXED) - ticks > 50);
}

static void segments_without_buffers_wait_and_come_once(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {
	    .version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1, .body = 30 * MSS};
	uint32_t len[3];

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	post_some(1, 7);
	for (unsigned int f = 0; f < 3; f++) {
		p.seed = f;
		len[f] = net_post(f, &p, MSS, NULL);
	}
	rig_ring(&net.rig.guest[0]);
	for (unsigned int i = 0; i < 90; i++) {
		uint32_t part;

		/* Now and then it stands still, and starts anew where it was. */
		if (i % 7 == 0) {
			wait_passes();
			assert_int_equal(rig_status(net.rx[1]).completed_desc, i < 83 ? i + 7 : 90);
			post_some(1, i < 76 ? 7 : i < 83 ? 83 - i : 0);
		}
		part = net_receive(1);
		p.seed = i / 30;
		packet_assert_segment(&p, net_frame[i / 30], len[i / 30], MSS, i % 30, net_got,
				      part);
		if (i == 40) {
			/* Stopped and resumed in the middle of a frame. */
			dp_lock(net.rig.dp);
			assert_int_equal(vq_stop(net.tx->vq), 0);
			assert_int_equal(vq_resume(net.tx->vq), 0);
			dp_unlock(net.rig.dp);
			rig_ring(&net.rig.guest[0]);
		}
	}
	net_wait_sent(3);
	net_expect_nothing(1);
	assert_int_equal(rig_stats(&net.rig).drops_no_buffer, 0);
	assert_int_equal(rig_stats(&net.rig).frames_rx, 90);
	rig_destroy(&net.rig);
}

static void segments_that_waited_in_vain_are_dropped_once(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 100};
	struct packet p = {
	    .version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1, .body = 10 * MSS};
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	post_some(1, 4);
	len = net_post(0, &p, MSS, NULL);
	rig_ring(&net.rig.guest[0]);
	net_wait_sent(1);
	assert_int_equal(rig_stats(&net.rig).drops_no_buffer, 1);
	for (unsigned int i = 0; i < 4; i++)
		packet_assert_segment(&p, net_frame[0], len, MSS, i, net_got, net_receive(1));
	/* The next frame starts with its first segment. */
	post_some(1, 10);
	p.seed = 1;
	len = net_post(0, &p, MSS, NULL);
	rig_ring(&net.rig.guest[0]);
	for (unsigned int i = 0; i < 10; i++) {
		uint32_t part = net_receive(1);

		packet_assert_segment(&p, net_frame[0], len, MSS, i, net_got, part);
	}
	net_wait_sent(1);
	rig_destroy(&net.rig);
}

static void group_segments_do_not_wait(void **state)
{
	struct rig_options o = {.ports = 3, .delay_drop_ms = 60000};
	struct packet p = {
	    .version = 4, .protocol = PACKET_TCP, .dst = 0xff, .src = 1, .body = 10 * MSS};
	uint32_t len;

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	net_receiver(2, VQ_F_VERSION_1, false);
	post_some(1, 4);
	post_some(2, 20);
	len = net_post(0, &p, MSS, NULL);
	rig_ring(&net.rig.guest[0]);
	net_wait_sent(1);
	for (unsigned int i = 0; i < 10; i++) {
		uint32_t part;

		if (i < 4) {
			part = net_receive(1);
			packet_assert_segment(&p, net_frame[0], len, MSS, i, net_got, part);
		}
		part = net_receive(2);
		packet_assert_segment(&p, net_frame[0], len, MSS, i, net_got, part);
	}
	net_expect_nothing(1);
	net_expect_nothing(2);
	assert_int_equal(rig_stats(&net.rig).drops_no_buffer, 1);
	rig_destroy(&net.rig);
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

/* The headers in one region, the body in another that goes: the fault comes while segments are
 * made. */
static void sender_that_loses_a_large_frame_fails_alone(void **state)
{
	static const uint32_t abilities[] = {0, VQ_F_MRG_RXBUF | VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4};
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {
	    .version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1, .body = 10 * MSS};

	for (unsigned int k = 0; k < 2; k++) {
		struct fe_sg sg[2];
		uint8_t vnet[12];
		struct fe_span *in_1, *in_2;

		net_create(PACKED(state), &o);
		net_receiver(1, VQ_F_VERSION_1 | abilities[k], false);
		rig_post_all(net.rx[1], 1600);
		net_make(0, &p, MSS, vnet);
		in_1 = &net.tx->slot[0];
		in_2 = &net.tx->slot[1];
		memcpy(in_1->ptr, vnet, 12);
		memcpy(in_1->ptr + 12, net_frame[0], 54 + 3 * MSS);
		sg[0] = (struct fe_sg){in_1->gpa, 12 + 54 + 3 * MSS};
		sg[1] = (struct fe_sg){in_2->gpa, 7 * MSS};
		assert_int_equal(fe_ring_add(net.tx->ring, sg, 2, 0, 0), 0);
		fe_ring_publish(net.tx->ring);
		lose(&net.rig.guest[0], 2);
		rig_ring(&net.rig.guest[0]);
		rig_wait(errors(net.tx) == 1);
		assert_int_equal(net.tx->error, VQ_ERROR_BAD_BUFFER);
		assert_int_equal(rig_status(net.tx).invalid_buffer, 1);
		assert_int_equal(rig_status(net.rx[1]).state, VQ_RDY);
		/* Whole segments that were made before have arrived, and nothing else. */
		for (unsigned int i = 0; i < 3 && k == 0; i++) {
			uint32_t part = net_receive(1);

			packet_assert_segment(&p, net_frame[0], 54 + 10 * MSS, MSS, i, net_got,
					      part);
		}
		net_expect_nothing(1);
		rig_destroy(&net.rig);
	}
}

static void receiver_that_loses_its_buffers_amid_segments_fails_alone(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct packet p = {
	    .version = 4, .protocol = PACKET_TCP, .dst = 2, .src = 1, .body = 10 * MSS};

	net_create(PACKED(state), &o);
	net_receiver(1, VQ_F_VERSION_1, false);
	for (unsigned int i = 0; i < 6; i++) {
		use_slot_of_region(net.rx[1], i < 3 ? 1 : 2);
		post_some(1, 1);
	}
	lose(&net.rig.guest[1], 2);
	net_post(0, &p, MSS, NULL);
	net_post(1, &p, MSS, NULL);
	rig_ring(&net.rig.guest[0]);
	net_wait_sent(2);
	assert_int_equal(errors(net.rx[1]), 1);
	assert_int_equal(net.rx[1]->error, VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(net.tx).state, VQ_RDY);
	for (unsigned int i = 0; i < 3; i++)
		packet_assert_segment(&p, net_frame[0], 54 + 10 * MSS, MSS, i, net_got,
				      net_receive(1));
	assert_int_equal(rig_stats(&net.rig).drops_other, 1);
	assert_int_equal(rig_stats(&net.rig).drops_no_dest, 1);
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
