/* SPDX-License-Identifier: BSD-3-Clause */
/* What the owner of a function's port sets: VLAN, spoof check, MTU; rules that drop and count. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "port_rig.h"

static struct net net;

static void start(unsigned int ports)
{
	net_create(&net, &(struct rig_options){.ports = ports});
}

/* ---- VLAN ---- */

static void vlan_function_talks_untagged_within_its_vlan(void **state)
{
	start(4);
	net_policy(&net, 0, 10, false, 9216);
	net_policy(&net, 1, 10, false, 9216);
	net_policy(&net, 2, 20, false, 9216);
	net_send(&net, 0, 0xff, 1, 300, 1);
	net_expect(&net, 1, 0, 300, 1);
	net_expect(&net, 3, 10, 300, 1);
	net_expect_none(&net, 2);
	/* And back, to a MAC that was learned: nobody else hears it. Twice: the route is known
	 * then. */
	for (uint32_t seed = 2; seed < 4; seed++) {
		net_send(&net, 1, 1, 2, 300, seed);
		net_expect(&net, 0, 0, 300, seed);
	}
	net_expect_none(&net, 2);
	net_expect_none(&net, 3);
	net_destroy(&net);
}

static void trunk_reaches_vlan_function_by_tag(void **state)
{
	start(3);
	net_mac(&net, 1, 2);
	net_policy(&net, 1, 10, false, 9216);
	for (uint32_t seed = 1; seed < 4; seed++) {
		net_send_tagged(&net, 0, 2, 1, 10, 1000, seed);
		net_expect(&net, 1, 0, 1000, seed);
	}
	/* Port 0 was learned in the VLAN. */
	net_send(&net, 1, 1, 2, 1000, 4);
	net_expect(&net, 0, 10, 1000, 4);
	net_expect_none(&net, 2);
	assert_int_equal(net_stats(&net, 0).bytes_tx, 3 * 1004);
	assert_int_equal(net_stats(&net, 1).bytes_rx, 3 * 1000);
	assert_int_equal(net_stats(&net, 1).bytes_tx, 1000);
	assert_int_equal(net_stats(&net, 0).bytes_rx, 1004);
	net_destroy(&net);
}

static void other_vlans_and_untagged_do_not_reach_it(void **state)
{
	start(3);
	net_mac(&net, 1, 2);
	net_policy(&net, 1, 10, false, 9216);
	net_send_tagged(&net, 0, 2, 1, 11, 300, 1);
	net_expect(&net, 2, 11, 300, 1); /* unknown in that VLAN: flooded to trunks */
	net_send(&net, 0, 2, 1, 300, 2);
	net_expect(&net, 2, 0, 300, 2);
	net_expect_none(&net, 1);
	net_destroy(&net);
}

static void tagged_frame_of_vlan_function_is_dropped(void **state)
{
	start(3);
	net_policy(&net, 0, 10, false, 9216);
	net_send_tagged(&net, 0, 0xff, 1, 10, 300, 1);
	net_send_tagged(&net, 0, 0xff, 1, 11, 300, 2);
	net_send(&net, 0, 0xff, 1, 300, 3);
	net_expect(&net, 1, 10, 300, 3);
	net_expect(&net, 2, 10, 300, 3);
	assert_int_equal(net_stats(&net, 0).drops_spoofed, 2);
	assert_int_equal(net_stats(&net, 0).drops_other, 0);
	net_destroy(&net);
}

static void same_mac_in_two_vlans_is_two_stations(void **state)
{
	start(3);
	net_policy(&net, 1, 10, false, 9216);
	net_policy(&net, 2, 20, false, 9216);
	net_mac(&net, 1, 7);
	net_mac(&net, 2, 7);
	for (uint32_t seed = 1; seed < 9; seed++) {
		net_send_tagged(&net, 0, 7, 1, 10, 200, seed);
		net_expect(&net, 1, 0, 200, seed);
		net_send_tagged(&net, 0, 7, 1, 20, 200, seed);
		net_expect(&net, 2, 0, 200, seed);
	}
	net_expect_none(&net, 1);
	net_expect_none(&net, 2);
	net_destroy(&net);
}

static void tagged_frame_does_not_take_the_route_of_untagged_ones(void **state)
{
	start(3);
	net_policy(&net, 1, 10, false, 9216);
	net_mac(&net, 1, 7);
	net_mac(&net, 2, 7);
	for (uint32_t seed = 1; seed < 9; seed++) {
		net_send(&net, 0, 7, 1, 200, seed);
		net_expect(&net, 2, 0, 200, seed);
		net_send_tagged(&net, 0, 7, 1, 10, 200, seed);
		net_expect(&net, 1, 0, 200, seed);
	}
	net_expect_none(&net, 2);
	net_destroy(&net);
}

static void vlan_goes_away_with_the_policy(void **state)
{
	start(3);
	net_policy(&net, 0, 10, false, 9216);
	net_send(&net, 0, 0xff, 1, 300, 1);
	net_expect(&net, 1, 10, 300, 1);
	net_expect(&net, 2, 10, 300, 1);
	net_policy(&net, 0, 0, false, 9216);
	net_send(&net, 0, 0xff, 1, 300, 2);
	net_expect(&net, 1, 0, 300, 2);
	net_expect(&net, 2, 0, 300, 2);
	net_destroy(&net);
}

static void frame_in_parts_is_tagged_and_untagged(void **state)
{
	const uint32_t cuts[] = {15, 3, 5, 1, 1, 20, 0};
	uint8_t frame[600];

	start(2);
	net_policy(&net, 0, 10, false, 9216);
	rig_frame(frame, sizeof(frame), 0xff, 1, 5);
	assert_true(rig_send(net.tx[0], frame, sizeof(frame), cuts));
	rig_ring(&net.rig.guest[0]);
	rig_wait(rig_reap(net.tx[0]) == 1);
	net_expect(&net, 1, 10, sizeof(frame), 5);
	net_destroy(&net);
}

/* ---- spoof check, MTU ---- */

static void spoofed_source_is_dropped_and_not_learned(void **state)
{
	start(3);
	net_mac(&net, 0, 1);
	net_policy(&net, 0, 0, true, 9216);
	for (uint32_t seed = 1; seed < 4; seed++) {
		net_send(&net, 0, 2, 1, 200, seed);
		net_expect(&net, 1, 0, 200, seed);
		net_expect(&net, 2, 0, 200, seed);
		net_send(&net, 0, 2, 9, 200, seed);
	}
	assert_int_equal(net_stats(&net, 0).drops_spoofed, 3);
	assert_int_equal(net_stats(&net, 0).frames_tx, 6);
	/* 9 is unknown: port 1's frame to it is flooded. */
	net_send(&net, 1, 9, 2, 200, 7);
	net_expect(&net, 0, 0, 200, 7);
	net_expect(&net, 2, 0, 200, 7);
	net_destroy(&net);
}

/* A guest that changes its frames while they are looked at: all of them, all the time. */
static void *flip_sources(void *arg)
{
	const bool *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		for (unsigned int i = 0; i < RIG_SLOTS; i++) {
			uint8_t *last = (uint8_t *)net.tx[0]->slot[i].ptr + 12 + 11;
			uint8_t was = __atomic_load_n(last, __ATOMIC_RELAXED);

			__atomic_store_n(last, was == 1 ? 9 : 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

/* With checksums left to the NIC and to the receiver, if asks. */
static void change_sources(bool asks)
{
	const struct rig_queue_options ask = {
	    .size = 128, .flags = VQ_F_VERSION_1 | VQ_F_CSUM | VQ_F_GUEST_CSUM};
	const uint8_t vnet[12] = {[0] = asks, [6] = 34, [8] = 16};
	unsigned int received = 0;

	start(2);
	if (asks) {
		net.tx[0] = rig_queue(&net.rig.guest[0], 3, &ask);
		net.rx[1] = rig_queue(&net.rig.guest[1], 2, &ask);
		assert_int_equal(rig_start(net.tx[0]), 0);
		assert_int_equal(rig_start(net.rx[1]), 0);
		rig_set_rx(&net.rig.guest[1], net.rx[1]);
		rig_post_all(net.rx[1], 2048);
	}
	net_mac(&net, 0, 1);
	net_mac(&net, 1, 2);
	net_policy(&net, 0, 0, true, 9216);
	for (unsigned int round = 0; round < 20; round++) {
		uint8_t frame[RIG_FRAME_MAX], got[12];
		unsigned int sent = 0;
		bool stop = false;
		pthread_t thread;

		dp_lock(net.rig.dp);
		for (unsigned int i = 0; i < 60; i++) {
			rig_frame(frame, 1500, round % 2 ? 2 : 0xff, 1, i);
			assert_true(rig_send_as(net.tx[0], vnet, frame, 1500, NULL));
		}
		rig_ring(&net.rig.guest[0]);
		assert_int_equal(pthread_create(&thread, NULL, flip_sources, &stop), 0);
		dp_unlock(net.rig.dp);
		rig_wait((sent += rig_reap(net.tx[0])) == 60);
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		while (rig_recv_as(net.rx[1], got, frame, sizeof(frame)) > 0) {
			assert_int_equal(frame[11], 1);
			received++;
		}
		rig_post_all(net.rx[1], 2048);
	}
	assert_int_equal(received + net_stats(&net, 0).drops_spoofed, 20 * 60);
	assert_true(received > 0);
	net_destroy(&net);
}

static void source_that_changes_behind_the_check_is_not_sent(void **state)
{
	change_sources(false);
	change_sources(true);
}

static void mtu_holds_both_ways(void **state)
{
	start(2);
	net_mac(&net, 0, 1);
	net_mac(&net, 1, 2);
	net_policy(&net, 0, 0, false, 1500);
	for (uint32_t seed = 1; seed < 4; seed++) {
		/* As sender. */
		net_send(&net, 0, 2, 1, 1514, seed);
		net_expect(&net, 1, 0, 1514, seed);
		net_send(&net, 0, 2, 1, 1515, seed);
		net_send_tagged(&net, 0, 2, 1, 5, 1514, seed);
		net_expect(&net, 1, 5, 1514, seed);
		/* As receiver, alone and of many. */
		net_send(&net, 1, 1, 2, 1514, seed);
		net_expect(&net, 0, 0, 1514, seed);
		net_send(&net, 1, 1, 2, 1515, seed);
		net_send(&net, 1, 0xff, 2, 9230, seed);
	}
	net_expect_none(&net, 0);
	net_expect_none(&net, 1);
	assert_int_equal(net_stats(&net, 0).drops_other + net_stats(&net, 1).drops_other, 9);
	net_destroy(&net);
}

static void jumbo_frames_pass_without_policy(void **state)
{
	start(2);
	net_send(&net, 0, 0xff, 1, 9230, 1);
	net_expect(&net, 1, 0, 9230, 1);
	net_send_tagged(&net, 0, 0xff, 1, 7, 9230, 2);
	net_expect(&net, 1, 7, 9230, 2);
	net_destroy(&net);
}

static void policies_are_checked(void **state)
{
	struct dp_port_policy bad[] = {
	    {.vlan = 4095, .mtu = 1500},
            {.mtu = 67           },
            {.mtu = 9217},
            {.mtu = 0           }
        };

	start(2);
	dp_lock(net.rig.dp);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(dp_port_set_policy(net.rig.guest[0].port, &bad[i]), -EINVAL);
	dp_unlock(net.rig.dp);
	net_destroy(&net);
}

/* ---- statistics, counters ---- */

static void ports_count_their_own(void **state)
{
	struct dp_port_stats s;
	struct dp_stats all;

	start(3);
	net_send(&net, 0, 0xff, 1, 100, 1);
	net_expect(&net, 1, 0, 100, 1);
	net_expect(&net, 2, 0, 100, 1);
	net_send(&net, 1, 1, 2, 200, 2);
	net_expect(&net, 0, 0, 200, 2);
	s = net_stats(&net, 0);
	assert_int_equal(s.frames_tx, 1);
	assert_int_equal(s.bytes_tx, 100);
	assert_int_equal(s.frames_rx, 1);
	assert_int_equal(s.bytes_rx, 200);
	s = net_stats(&net, 2);
	assert_int_equal(s.frames_tx, 0);
	assert_int_equal(s.frames_rx, 1);
	all = rig_stats(&net.rig);
	assert_int_equal(all.frames_tx, 2);
	assert_int_equal(all.frames_rx, 3);
	assert_int_equal(all.bytes_rx, 400);
	net_destroy(&net);
}

/* Port 1 with one rule for a source, and one for the rest. */
static void set_rules(struct dp_counter *first, struct dp_counter *rest, bool drop_first)
{
	struct vq *queue = net.rx[1]->vq;
	struct dp_tir tir = {.n = 1, .queues = &queue};
	struct dp_rx_rule rules[2] = {
	    {.tir = drop_first ? NULL : &tir, .counter = first},
	    {.tir = &tir,                     .counter = rest },
	};

	memset(rules[0].mask.smac, 0xff, 6);
	rules[0].value.smac[0] = 2;
	rules[0].value.smac[5] = 1;
	dp_lock(net.rig.dp);
	assert_int_equal(dp_port_set_rx(net.rig.guest[1].port, rules, 2), 0);
	dp_unlock(net.rig.dp);
}

static void counters_count_every_matching_frame(void **state)
{
	struct dp_counter first = {0}, rest = {0};

	start(3);
	net_mac(&net, 1, 2);
	set_rules(&first, &rest, false);
	for (uint32_t seed = 1; seed <= 20; seed++) {
		net_send(&net, 0, 2, 1, 100, seed);
		net_expect(&net, 1, 0, 100, seed);
		net_send(&net, 2, 2, 3, 150, seed);
		net_expect(&net, 1, 0, 150, seed);
	}
	/* One of several receivers. */
	net_send(&net, 0, 0xff, 1, 100, 99);
	net_expect(&net, 1, 0, 100, 99);
	assert_int_equal(first.frames, 21);
	assert_int_equal(first.bytes, 2100);
	assert_int_equal(rest.frames, 20);
	assert_int_equal(rest.bytes, 3000);
	set_rules(NULL, NULL, false);
	net_destroy(&net);
}

static void frame_that_waits_is_counted_once(void **state)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct dp_counter first = {0}, rest = {0};
	unsigned int sent = 0, got = 0, done = 0;
	uint8_t frame[RIG_FRAME_MAX];

	net_create(&net, &o);
	net_mac(&net, 1, 2);
	set_rules(&first, &rest, false);
	rig_frame(frame, 100, 2, 1, 1);
	/* More than there are buffers. */
	while (rig_send(net.tx[0], frame, 100, NULL))
		sent++;
	while (sent < 300) {
		rig_ring(&net.rig.guest[0]);
		rig_wait((done += rig_reap(net.tx[0])) > 0 &&
			 rig_send(net.tx[0], frame, 100, NULL));
		sent++;
		if (done + 20 > got && done > 100 && rig_recv(net.rx[1], frame) > 0) {
			got++;
			rig_post_all(net.rx[1], 2048);
			rig_frame(frame, 100, 2, 1, 1);
		}
	}
	while (got < sent) {
		rig_ring(&net.rig.guest[0]);
		rig_wait(rig_recv(net.rx[1], frame) > 0);
		got++;
		rig_post_all(net.rx[1], 2048);
	}
	assert_int_equal(first.frames, sent);
	assert_int_equal(rest.frames, 0);
	set_rules(NULL, NULL, false);
	net_destroy(&net);
}

static void rule_without_tir_drops(void **state)
{
	struct dp_counter first = {0};

	start(3);
	net_mac(&net, 1, 2);
	set_rules(&first, NULL, true);
	for (uint32_t seed = 1; seed <= 3; seed++) {
		net_send(&net, 0, 2, 1, 100, seed);
		net_send(&net, 2, 2, 3, 150, seed);
		net_expect(&net, 1, 0, 150, seed);
	}
	net_expect_none(&net, 1);
	assert_int_equal(first.frames, 3);
	set_rules(NULL, NULL, false);
	net_destroy(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vlan_function_talks_untagged_within_its_vlan),
	    cmocka_unit_test(trunk_reaches_vlan_function_by_tag),
	    cmocka_unit_test(other_vlans_and_untagged_do_not_reach_it),
	    cmocka_unit_test(tagged_frame_of_vlan_function_is_dropped),
	    cmocka_unit_test(same_mac_in_two_vlans_is_two_stations),
	    cmocka_unit_test(tagged_frame_does_not_take_the_route_of_untagged_ones),
	    cmocka_unit_test(vlan_goes_away_with_the_policy),
	    cmocka_unit_test(frame_in_parts_is_tagged_and_untagged),
	    cmocka_unit_test(spoofed_source_is_dropped_and_not_learned),
	    cmocka_unit_test(source_that_changes_behind_the_check_is_not_sent),
	    cmocka_unit_test(mtu_holds_both_ways),
	    cmocka_unit_test(jumbo_frames_pass_without_policy),
	    cmocka_unit_test(policies_are_checked),
	    cmocka_unit_test(ports_count_their_own),
	    cmocka_unit_test(counters_count_every_matching_frame),
	    cmocka_unit_test(frame_that_waits_is_counted_once),
	    cmocka_unit_test(rule_without_tir_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
