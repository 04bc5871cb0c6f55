/* SPDX-License-Identifier: BSD-3-Clause */
/* The e-switch between guests: who gets what, delay drop, and how a transmit queue wakes up. */
#include <errno.h>
#include <string.h>

#include "rig.h"

static const struct rig_queue_options split = {.size = 64, .flags = VQ_F_VERSION_1};
static const struct rig_queue_options packed = {
    .size = 50, .flags = VQ_F_VERSION_1, .base = 0x8000, .packed = true};

struct pair {
	struct rig rig;
	struct rig_queue *rx[RIG_PORTS], *tx[RIG_PORTS];
};

static void pair_create(struct pair *p, const struct rig_options *o,
			const struct rig_queue_options *q)
{
	rig_create(&p->rig, o);
	for (unsigned int i = 0; i < o->ports; i++)
		rig_pair(&p->rig.guest[i], q, &p->rx[i], &p->tx[i]);
}

static void send_one(struct pair *p, unsigned int from, uint8_t dst, uint8_t src, uint32_t seed)
{
	uint8_t frame[200];

	rig_frame(frame, sizeof(frame), dst, src, seed);
	assert_true(rig_send(p->tx[from], frame, sizeof(frame), NULL));
	rig_ring(&p->rig.guest[from]);
}

/* The frame arrives at that guest. */
static void expect_one(struct pair *p, unsigned int at, uint32_t seed)
{
	uint8_t frame[RIG_FRAME_MAX];
	size_t len = 0;

	rig_wait((len = rig_recv(p->rx[at], frame)) > 0);
	assert_int_equal(len, 200);
	assert_true(rig_frame_ok(frame, len, seed));
}

static void wait_sent(struct pair *p, unsigned int from, unsigned int n)
{
	unsigned int sent = 0;

	rig_wait((sent += rig_reap(p->tx[from])) >= n);
	assert_int_equal(sent, n);
}

/* Nothing arrived there; call when everything sent was completed. */
static void expect_none(struct pair *p, unsigned int at)
{
	uint8_t frame[RIG_FRAME_MAX];

	assert_int_equal(rig_recv(p->rx[at], frame), 0);
}

static void frame_arrives_unchanged(void **state)
{
	struct rig_options o = {.ports = 2};
	static struct pair p;

	pair_create(&p, &o, *state);
	rig_post_all(p.rx[1], 2000);
	send_one(&p, 0, 2, 1, 7);
	expect_one(&p, 1, 7);
	wait_sent(&p, 0, 1);
	assert_int_equal(rig_stats(&p.rig).frames_tx, 1);
	assert_int_equal(rig_stats(&p.rig).bytes_rx, 200);
	rig_destroy(&p.rig);
}

static void unicast_goes_where_it_was_learned(void **state)
{
	struct rig_options o = {.ports = 3};
	static struct pair p;

	pair_create(&p, &o, *state);
	for (unsigned int i = 0; i < 3; i++)
		rig_post_all(p.rx[i], 2000);
	/* Unknown: to both others. */
	send_one(&p, 0, 2, 1, 1);
	expect_one(&p, 1, 1);
	expect_one(&p, 2, 1);
	send_one(&p, 1, 1, 2, 2);
	expect_one(&p, 0, 2);
	send_one(&p, 0, 2, 1, 3);
	expect_one(&p, 1, 3);
	wait_sent(&p, 0, 2);
	wait_sent(&p, 1, 1);
	expect_none(&p, 2);
	/* The address moves to port 2. */
	send_one(&p, 2, 1, 2, 4);
	expect_one(&p, 0, 4);
	send_one(&p, 0, 2, 1, 5);
	expect_one(&p, 2, 5);
	wait_sent(&p, 0, 1);
	expect_none(&p, 1);
	rig_destroy(&p.rig);
}

static void pinned_mac_does_not_move(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 2}, group[6] = {1};
	struct rig_options o = {.ports = 3};
	static struct pair p;

	pair_create(&p, &o, *state);
	dp_lock(p.rig.dp);
	assert_int_equal(dp_port_set_mac(p.rig.guest[1].port, mac), 0);
	assert_int_equal(dp_port_set_mac(p.rig.guest[2].port, mac), -EEXIST);
	assert_int_equal(dp_port_set_mac(p.rig.guest[2].port, group), -EINVAL);
	dp_unlock(p.rig.dp);
	for (unsigned int i = 0; i < 3; i++)
		rig_post_all(p.rx[i], 2000);
	send_one(&p, 2, 1, 2, 1); /* port 2 pretends to be 2 */
	expect_one(&p, 0, 1);
	expect_one(&p, 1, 1);
	send_one(&p, 0, 2, 1, 2);
	expect_one(&p, 1, 2);
	wait_sent(&p, 0, 1);
	expect_none(&p, 2);
	rig_destroy(&p.rig);
}

static void group_frame_goes_to_all_others(void **state)
{
	struct rig_options o = {.ports = 3};
	static struct pair p;

	pair_create(&p, &o, *state);
	for (unsigned int i = 0; i < 3; i++)
		rig_post_all(p.rx[i], 2000);
	send_one(&p, 1, 0xff, 2, 9);
	expect_one(&p, 0, 9);
	expect_one(&p, 2, 9);
	wait_sent(&p, 1, 1);
	expect_none(&p, 1);
	rig_destroy(&p.rig);
}

static void frame_to_oneself_comes_back_unless_blocked(void **state)
{
	struct rig_options o = {.ports = 2};
	static struct pair p;
	struct vq *queue;
	struct dp_tir tir = {.n = 1, .queues = &queue, .block_self_uc = true};
	struct dp_rx_rule rule = {.tir = &tir};

	pair_create(&p, &o, *state);
	rig_post_all(p.rx[0], 2000);
	rig_post_all(p.rx[1], 2000);
	send_one(&p, 0, 1, 1, 3);
	expect_one(&p, 0, 3);
	queue = p.rx[0]->vq;
	dp_lock(p.rig.dp);
	assert_int_equal(dp_port_set_rx(p.rig.guest[0].port, &rule, 1), 0);
	dp_unlock(p.rig.dp);
	send_one(&p, 0, 1, 1, 4);
	wait_sent(&p, 0, 2);
	expect_none(&p, 0);
	expect_none(&p, 1);
	assert_int_equal(rig_stats(&p.rig).drops_no_dest, 1);
	rig_destroy(&p.rig);
}

static void wire_loopback_brings_frames_back(void **state)
{
	struct rig_options o = {.ports = 2, .wire_loopback = true};
	static struct pair p;

	pair_create(&p, &o, *state);
	rig_post_all(p.rx[0], 2000);
	rig_post_all(p.rx[1], 2000);
	send_one(&p, 0, 9, 1, 1);
	expect_one(&p, 0, 1);
	expect_one(&p, 1, 1);
	send_one(&p, 0, 0xff, 1, 2);
	expect_one(&p, 0, 2);
	expect_one(&p, 1, 2);
	wait_sent(&p, 0, 2);
	expect_none(&p, 0);
	expect_none(&p, 1);
	rig_destroy(&p.rig);
}

static void frame_without_receiver_leaves_by_the_wire(void **state)
{
	struct rig_options o = {.ports = 1};
	static struct pair p;

	pair_create(&p, &o, *state);
	send_one(&p, 0, 9, 1, 1);
	wait_sent(&p, 0, 1);
	assert_int_equal(rig_stats(&p.rig).drops_no_dest, 0);
	assert_int_equal(rig_stats(&p.rig).frames_tx, 1);
	rig_destroy(&p.rig);
}

static void frame_to_a_stopped_queue_is_dropped(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 1000};
	static struct pair p;

	pair_create(&p, &o, *state);
	dp_lock(p.rig.dp);
	assert_int_equal(vq_stop(p.rx[1]->vq), 0);
	dp_unlock(p.rig.dp);
	send_one(&p, 0, 2, 1, 1);
	wait_sent(&p, 0, 1);
	assert_int_equal(rig_stats(&p.rig).drops_no_dest, 1);
	rig_destroy(&p.rig);
}

static void no_buffer_without_delay_drops_at_once(void **state)
{
	struct rig_options o = {.ports = 2};
	static struct pair p;

	pair_create(&p, &o, *state);
	send_one(&p, 0, 2, 1, 1);
	wait_sent(&p, 0, 1);
	assert_int_equal(rig_stats(&p.rig).drops_no_buffer, 1);
	rig_destroy(&p.rig);
}

static void no_buffer_holds_the_sender_until_there_is_one(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	static struct pair p;
	unsigned int ticks;

	pair_create(&p, &o, *state);
	for (uint32_t i = 0; i < 10; i++)
		send_one(&p, 0, 2, 1, i);
	/* Many passes later it is still there. */
	ticks = __atomic_load_n(&p.rig.ticks, __ATOMIC_RELAXED);
	rig_wait(__atomic_load_n(&p.rig.ticks, __ATOMIC_RELAXED) - ticks > 50);
	assert_int_equal(rig_reap(p.tx[0]), 0);
	assert_int_equal(rig_status(p.tx[0]).avail_index, p.tx[0]->attr.avail_index);
	rig_post_all(p.rx[1], 2000);
	for (uint32_t i = 0; i < 10; i++)
		expect_one(&p, 1, i);
	wait_sent(&p, 0, 10);
	assert_int_equal(rig_stats(&p.rig).drops_no_buffer, 0);
	rig_destroy(&p.rig);
}

static void delay_drop_ends_and_receiver_drops_until_it_has_buffers(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 200};
	static struct pair p;
	uint64_t start = rig_now_ms();

	pair_create(&p, &o, *state);
	send_one(&p, 0, 2, 1, 1);
	wait_sent(&p, 0, 1);
	assert_true(rig_now_ms() - start >= 200);
	/* Waiting for each of these would take seconds. */
	start = rig_now_ms();
	for (unsigned int i = 0; i < 40; i++) {
		send_one(&p, 0, 2, 1, i);
		wait_sent(&p, 0, 1);
	}
	assert_true(rig_now_ms() - start < 40 * 200);
	assert_int_equal(rig_stats(&p.rig).drops_no_buffer, 41);
	assert_true(rig_post(p.rx[1], (const uint32_t[]){2000, 0}));
	send_one(&p, 0, 2, 1, 5);
	expect_one(&p, 1, 5);
	wait_sent(&p, 0, 1);
	/* It had one: the next frame is waited for again. */
	start = rig_now_ms();
	send_one(&p, 0, 2, 1, 6);
	wait_sent(&p, 0, 1);
	assert_true(rig_now_ms() - start >= 200);
	rig_destroy(&p.rig);
}

static void group_frame_does_not_wait(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	static struct pair p;

	pair_create(&p, &o, *state);
	send_one(&p, 0, 0xff, 1, 1);
	wait_sent(&p, 0, 1);
	assert_int_equal(rig_stats(&p.rig).drops_no_buffer, 1);
	rig_destroy(&p.rig);
}

static void ring_that_was_never_kicked_is_not_read(void **state)
{
	struct rig_options o = {.ports = 2};
	static struct pair p;
	uint8_t frame[60];
	unsigned int ticks;

	pair_create(&p, &o, *state);
	rig_post_all(p.rx[1], 2000);
	rig_frame(frame, sizeof(frame), 2, 1, 1);
	assert_true(rig_send(p.tx[0], frame, sizeof(frame), NULL));
	assert_true(fe_ring_need_kick(p.tx[0]->ring));
	ticks = __atomic_load_n(&p.rig.ticks, __ATOMIC_RELAXED);
	rig_wait(__atomic_load_n(&p.rig.ticks, __ATOMIC_RELAXED) - ticks > 100);
	assert_int_equal(rig_reap(p.tx[0]), 0);
	rig_ring(&p.rig.guest[0]);
	wait_sent(&p, 0, 1);
	rig_destroy(&p.rig);
}

static void sixteen_bit_doorbell_rings(void **state)
{
	struct rig_options o = {.ports = 2};
	static struct pair p;
	uint8_t frame[60];

	pair_create(&p, &o, *state);
	rig_frame(frame, sizeof(frame), 2, 1, 1);
	assert_true(rig_send(p.tx[0], frame, sizeof(frame), NULL));
	__atomic_store_n((uint16_t *)(void *)&p.rig.guest[0].word, 1, __ATOMIC_RELEASE);
	wait_sent(&p, 0, 1);
	rig_destroy(&p.rig);
}

/* As a driver does it: kick only when asked to; nothing may get stuck. */
static void driver_that_kicks_only_when_asked_is_served(void **state)
{
	struct rig_options o = {.ports = 2};
	unsigned int sent = 0, done = 0, kicks = 0;
	static struct pair p;
	uint8_t frame[60];

	pair_create(&p, &o, *state);
	rig_frame(frame, sizeof(frame), 9, 1, 1);
	while (done < 3000) {
		for (unsigned int i = 0; i < 3 && sent < 3000; i++)
			sent += rig_send(p.tx[0], frame, sizeof(frame), NULL);
		if (fe_ring_need_kick(p.tx[0]->ring)) {
			kicks++;
			rig_ring(&p.rig.guest[0]);
		}
		done += rig_reap(p.tx[0]);
		if (sent % 500 < 3) {
			/* Let it fall asleep. */
			rig_wait((done += rig_reap(p.tx[0])) == sent);
			rig_wait(rig_status(p.tx[0]).state == VQ_RDY);
			rig_nap();
			rig_nap();
			rig_nap();
		}
	}
	assert_int_equal(done, 3000);
	assert_true(kicks > 0);
	rig_destroy(&p.rig);
}

/*
 * The moment between the last look at an empty ring and asking for kicks: a driver that adds a
 * frame there sees that kicks are off, and the device has to look once more. Hit it by trying.
 */
static void frame_added_as_the_queue_falls_asleep_is_seen(void **state)
{
	struct rig_options o = {.ports = 2};
	static struct pair p;
	uint8_t frame[60];
	uint32_t random = 1;

	pair_create(&p, &o, *state);
	rig_frame(frame, sizeof(frame), 9, 1, 1);
	for (unsigned int i = 0; i < 8000; i++) {
		uint64_t end;

		random = random * 1664525u + 1013904223u;
		end = rig_now_ns() + 30000 + random % 65536;
		while (rig_now_ns() < end)
			;
		assert_true(rig_send(p.tx[0], frame, sizeof(frame), NULL));
		if (fe_ring_need_kick(p.tx[0]->ring))
			rig_ring(&p.rig.guest[0]);
		end = rig_now_ms() + RIG_WAIT_S * 1000;
		while (rig_reap(p.tx[0]) == 0)
			assert_true(rig_now_ms() < end);
	}
	rig_destroy(&p.rig);
}

static struct rig_queue_options with_events(const struct rig_queue_options *o)
{
	struct rig_queue_options events = *o;

	events.flags |= VQ_F_EVENTS;
	return events;
}

static unsigned int notified(struct rig_queue *q)
{
	return __atomic_load_n(&q->notified, __ATOMIC_RELAXED);
}

static void notification_follows_the_drivers_wish(void **state)
{
	struct rig_queue_options events = with_events(*state);
	struct rig_options o = {.ports = 2};
	static struct pair p;

	pair_create(&p, &o, &events);
	rig_post_all(p.rx[1], 2000);
	send_one(&p, 0, 2, 1, 1);
	expect_one(&p, 1, 1);
	rig_wait(notified(p.rx[1]) == 1);
	rig_wait(notified(p.tx[0]) == 1);
	fe_ring_irq_disable(p.rx[1]->ring);
	fe_ring_irq_disable(p.tx[0]->ring);
	send_one(&p, 0, 2, 1, 2);
	expect_one(&p, 1, 2);
	wait_sent(&p, 0, 2);
	rig_stats(&p.rig); /* behind the pass */
	assert_int_equal(notified(p.rx[1]), 1);
	assert_int_equal(notified(p.tx[0]), 1);
	fe_ring_irq_enable(p.rx[1]->ring);
	send_one(&p, 0, 2, 1, 3);
	expect_one(&p, 1, 3);
	rig_wait(notified(p.rx[1]) == 2);
	rig_destroy(&p.rig);
}

static void notification_without_credit_is_repeated(void **state)
{
	struct rig_queue_options events = with_events(*state);
	struct rig_options o = {.ports = 2};
	static struct pair p;
	unsigned int n;

	pair_create(&p, &o, &events);
	__atomic_store_n(&p.rx[1]->notify_result, -EAGAIN, __ATOMIC_RELAXED);
	rig_post_all(p.rx[1], 2000);
	send_one(&p, 0, 2, 1, 1);
	rig_wait(notified(p.rx[1]) > 5);
	__atomic_store_n(&p.rx[1]->notify_result, 0, __ATOMIC_RELAXED);
	rig_stats(&p.rig);
	n = notified(p.rx[1]);
	send_one(&p, 0, 2, 1, 2);
	expect_one(&p, 1, 1);
	expect_one(&p, 1, 2);
	rig_wait(notified(p.rx[1]) > n);
	rig_stats(&p.rig);
	assert_in_range(notified(p.rx[1]), n + 1, n + 2);
	rig_destroy(&p.rig);
}

#define BOTH(f)                                                                                    \
	{#f "/split", f, NULL, NULL, (void *)&split},                                              \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&packed                                       \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BOTH(frame_arrives_unchanged),
	    BOTH(unicast_goes_where_it_was_learned),
	    BOTH(pinned_mac_does_not_move),
	    BOTH(group_frame_goes_to_all_others),
	    BOTH(frame_to_oneself_comes_back_unless_blocked),
	    BOTH(wire_loopback_brings_frames_back),
	    BOTH(frame_without_receiver_leaves_by_the_wire),
	    BOTH(frame_to_a_stopped_queue_is_dropped),
	    BOTH(no_buffer_without_delay_drops_at_once),
	    BOTH(no_buffer_holds_the_sender_until_there_is_one),
	    BOTH(delay_drop_ends_and_receiver_drops_until_it_has_buffers),
	    BOTH(group_frame_does_not_wait),
	    BOTH(ring_that_was_never_kicked_is_not_read),
	    BOTH(sixteen_bit_doorbell_rings),
	    BOTH(driver_that_kicks_only_when_asked_is_served),
	    BOTH(frame_added_as_the_queue_falls_asleep_is_seen),
	    BOTH(notification_follows_the_drivers_wish),
	    BOTH(notification_without_credit_is_repeated),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
