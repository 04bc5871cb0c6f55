/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several devices behind one port: root entries that are one and lead to a table each, transmit
 * queues with a domain each. Who gets what, and never what he sent himself.
 */
#include <errno.h>
#include <string.h>

#include "rig.h"

/* Devices a and b are on port 0, c alone on port 1. */
enum { A, B, C, DEVICES, LEN = 200, LEVEL = 1, ALL = 0xff };

struct device {
	struct rig_guest *guest;
	struct rig_queue *rx, *tx;
	struct rx_rqt *rqt;
	struct rx_tir *tir;
	struct rx_table *table;
	struct rx_entry *root, *own, *broadcast, *rest; /* rest: promiscuous */
	struct dp_counter counter[2];                   /* of root, of own */
	unsigned int posted;
};

static struct rig rig;
static struct device devices[DEVICES];
static const struct rig_queue_options *queues; /* the layout */

static void add(struct device *d, struct rx_table *table, const struct dp_rx_entry *attr,
		struct rx_entry **entry)
{
	assert_int_equal(dp_entry_add(d->guest->port, table, attr, entry), 0);
}

/* Root entries of all devices have the same order; MACs are 02:..:<device + 1>. */
static void device_create(unsigned int i)
{
	struct dp_tir tir = {.block_self_uc = true, .block_self_mc = true, .domain = i + 1};
	struct rig_queue_options o = *queues;
	struct device *d = &devices[i];
	struct dp_rx_entry attr = {.order = 1};
	uint16_t pair = i == B ? 2 : 0;

	memset(d, 0, sizeof(*d));
	d->guest = &rig.guest[i == C];
	o.domain = i + 1;
	d->rx = rig_queue(d->guest, pair, &o);
	d->tx = rig_queue(d->guest, pair + 1, &o);
	assert_int_equal(rig_start(d->rx), 0);
	assert_int_equal(rig_start(d->tx), 0);
	rig_post_all(d->rx, 2000);
	dp_lock(rig.dp);
	assert_int_equal(dp_rqt_create(d->guest->port, &d->rx->vq, 1, &d->rqt), 0);
	assert_int_equal(dp_tir_create(d->guest->port, &tir, d->rqt, &d->tir), 0);
	assert_int_equal(dp_table_create(d->guest->port, LEVEL, &d->table), 0);
	attr.table = d->table;
	add(d, NULL, &attr, &d->root);
	attr = (struct dp_rx_entry){.order = 5, .tir = d->tir};
	memset(attr.mask.dmac, 0xff, 6);
	attr.value.dmac[0] = 2;
	attr.value.dmac[5] = (uint8_t)(i + 1);
	add(d, d->table, &attr, &d->own);
	attr.order = 6;
	memset(attr.value.dmac, 0xff, 6);
	add(d, d->table, &attr, &d->broadcast);
	dp_unlock(rig.dp);
}

static void device_destroy(unsigned int i)
{
	struct device *d = &devices[i];

	dp_lock(rig.dp);
	dp_entry_remove(d->root);
	dp_entry_remove(d->own);
	dp_entry_remove(d->broadcast);
	dp_entry_remove(d->rest);
	dp_table_destroy(d->table);
	dp_tir_destroy(d->tir);
	dp_rqt_destroy(d->rqt);
	dp_unlock(rig.dp);
	memset(&d->root, 0, 4 * sizeof(d->root));
	d->table = NULL;
	d->tir = NULL;
	d->rqt = NULL;
}

static void promiscuous(unsigned int i, bool on)
{
	struct device *d = &devices[i];
	struct dp_rx_entry attr = {.order = 1, .tir = d->tir};

	dp_lock(rig.dp);
	if (on)
		add(d, d->table, &attr, &d->rest);
	else
		dp_entry_remove(d->rest);
	if (!on)
		d->rest = NULL;
	dp_unlock(rig.dp);
}

static void loopback(bool on)
{
	dp_lock(rig.dp);
	dp_port_set_loopback(rig.guest[0].port, on);
	dp_unlock(rig.dp);
}

static void start(void **state)
{
	struct rig_options o = {.ports = 2, .threads = 1};

	queues = *state;
	rig_create(&rig, &o);
	for (unsigned int i = 0; i < DEVICES; i++)
		device_create(i);
	loopback(true);
}

static void end(void)
{
	for (unsigned int i = 0; i < DEVICES; i++)
		device_destroy(i);
	rig_destroy(&rig);
}

/* Sent n frames; each device has got so many of them. */
static void send(unsigned int from, uint8_t dst, unsigned int n, unsigned int a, unsigned int b,
		 unsigned int c)
{
	const unsigned int want[DEVICES] = {a, b, c};
	struct device *d = &devices[from];
	uint8_t frame[LEN], got[RIG_FRAME_MAX];
	static uint32_t seed;
	uint32_t first = seed;
	unsigned int sent = 0;

	for (unsigned int i = 0; i < n; i++) {
		rig_frame(frame, sizeof(frame), dst, (uint8_t)(from + 1), seed++);
		assert_true(rig_send(d->tx, frame, sizeof(frame), NULL));
	}
	rig_ring(d->guest);
	rig_wait((sent += rig_reap(d->tx)) >= n);
	for (unsigned int i = 0; i < DEVICES; i++) {
		unsigned int k = 0;
		size_t len;

		while ((len = rig_recv(devices[i].rx, got)) > 0) {
			assert_int_equal(len, LEN);
			assert_true(rig_frame_ok(got, len, first + k));
			k++;
		}
		if (k != want[i])
			fail_msg("device %u got %u of %u frames from %u to %u, not %u", i, k, n,
				 from, dst, want[i]);
		rig_post_all(devices[i].rx, 2000);
	}
}

static void unicast_is_private(void **state)
{
	start(state);
	for (unsigned int i = 0; i < 3; i++) {
		send(C, A + 1, 10, 10, 0, 0);
		send(C, B + 1, 10, 0, 10, 0);
		send(C, 9, 10, 0, 0, 0);
	}
	assert_int_equal(rig_stats(&rig).frames_rx, 60);
	end();
}

static void broadcast_reaches_all_but_its_sender(void **state)
{
	start(state);
	send(C, ALL, 10, 10, 10, 0);
	send(A, ALL, 10, 0, 10, 10);
	send(B, ALL, 10, 10, 0, 10);
	/* With one context the port does not loop back. */
	loopback(false);
	send(A, ALL, 10, 0, 0, 10);
	end();
}

static void devices_of_a_port_reach_each_other(void **state)
{
	start(state);
	send(A, B + 1, 10, 0, 10, 0); /* unknown */
	send(B, A + 1, 10, 10, 0, 0); /* learned */
	send(A, B + 1, 10, 0, 10, 0);
	send(A, A + 1, 10, 0, 0, 0); /* to itself */
	end();
}

static void promiscuous_device_gets_the_others_frames_too(void **state)
{
	start(state);
	send(B, ALL, 1, 1, 0, 1); /* learned */
	promiscuous(A, true);
	send(C, B + 1, 10, 10, 10, 0);
	send(C, 9, 10, 10, 0, 0);
	send(C, ALL, 10, 10, 10, 0);
	send(A, B + 1, 10, 0, 10, 0);
	send(B, C + 1, 10, 0, 0, 0 + 10);
	promiscuous(A, false);
	send(C, B + 1, 10, 0, 10, 0);
	end();
}

static void one_goes_the_other_stays(void **state)
{
	start(state);
	send(C, ALL, 10, 10, 10, 0);
	device_destroy(A);
	send(C, ALL, 10, 0, 10, 0);
	send(C, B + 1, 10, 0, 10, 0);
	send(C, A + 1, 10, 0, 0, 0);
	end();
}

/* Also where a tag comes or goes between the ports. */
static void several_receivers_behind_a_vlan(void **state)
{
	struct dp_port_policy policy = {.vlan = 7, .mtu = 9216};

	start(state);
	promiscuous(A, true);
	dp_lock(rig.dp);
	assert_int_equal(dp_port_set_policy(rig.guest[0].port, &policy), 0);
	assert_int_equal(dp_port_set_policy(rig.guest[1].port, &policy), 0);
	dp_unlock(rig.dp);
	send(B, ALL, 1, 1, 0, 1);
	send(C, B + 1, 10, 10, 10, 0);
	send(C, ALL, 10, 10, 10, 0);
	end();
}

/* Port 1 is a trunk: its frames have a tag that port 0 does not see. */
static void several_receivers_of_a_frame_that_loses_its_tag(void **state)
{
	struct dp_port_policy policy = {.vlan = 7, .mtu = 9216};
	uint8_t frame[LEN + 4], plain[LEN], got[RIG_FRAME_MAX];
	unsigned int sent = 0;

	start(state);
	promiscuous(A, true);
	send(B, ALL, 1, 1, 0, 1);
	dp_lock(rig.dp);
	assert_int_equal(dp_port_set_policy(rig.guest[0].port, &policy), 0);
	dp_unlock(rig.dp);
	rig_frame(plain, LEN, B + 1, C + 1, 77);
	memcpy(frame, plain, 12);
	memcpy(frame + 12, (const uint8_t[]){0x81, 0, 0, 7}, 4);
	memcpy(frame + 16, plain + 12, LEN - 12);
	for (unsigned int i = 0; i < 3; i++) {
		sent = 0;
		assert_true(rig_send(devices[C].tx, frame, sizeof(frame), NULL));
		rig_ring(devices[C].guest);
		rig_wait((sent += rig_reap(devices[C].tx)) >= 1);
		for (unsigned int d = A; d <= B; d++) {
			assert_int_equal(rig_recv(devices[d].rx, got), LEN);
			assert_memory_equal(got, plain, LEN);
		}
	}
	end();
}

/* Once for each way, whoever takes the frame at its end. */
static void entries_count_once_a_frame(void **state)
{
	struct dp_rx_entry attr = {0};

	start(state);
	dp_lock(rig.dp);
	for (unsigned int i = A; i <= B; i++) {
		attr = (struct dp_rx_entry){.table = devices[i].table,
					    .counter = &devices[i].counter[0]};
		assert_int_equal(dp_entry_set(devices[i].root, &attr), 0);
		attr =
		    (struct dp_rx_entry){.tir = devices[i].tir, .counter = &devices[i].counter[1]};
		assert_int_equal(dp_entry_set(devices[i].own, &attr), 0);
	}
	dp_unlock(rig.dp);
	send(C, B + 1, 10, 0, 10, 0);
	send(C, ALL, 5, 5, 5, 0);
	dp_lock(rig.dp); /* the burst has ended */
	assert_int_equal(devices[A].counter[0].frames, 15);
	assert_int_equal(devices[B].counter[0].frames, 15);
	assert_int_equal(devices[A].counter[1].frames, 0);
	assert_int_equal(devices[B].counter[1].frames, 10);
	assert_int_equal(devices[B].counter[1].bytes, 10 * LEN);
	dp_unlock(rig.dp);
	end();
}

/* One that has no buffers loses its copy, the other does not. */
static void a_receiver_without_buffers_is_not_waited_for(void **state)
{
	uint8_t got[RIG_FRAME_MAX];
	unsigned int n = 0;

	start(state);
	promiscuous(A, true);
	/* B's buffers are used up: it does not post again. */
	for (unsigned int i = 0; i < 200; i++) {
		uint8_t frame[LEN];
		unsigned int sent = 0;

		rig_frame(frame, sizeof(frame), B + 1, C + 1, i);
		assert_true(rig_send(devices[C].tx, frame, sizeof(frame), NULL));
		rig_ring(devices[C].guest);
		rig_wait((sent += rig_reap(devices[C].tx)) >= 1);
		assert_int_equal(rig_recv(devices[A].rx, got), LEN);
		rig_post_all(devices[A].rx, 2000);
	}
	while (rig_recv(devices[B].rx, got) > 0)
		n++;
	assert_in_range(n, 1, 199);
	assert_int_equal(rig_stats(&rig).drops_no_buffer, 200 - n);
	end();
}

static const struct rig_queue_options split = {.size = 64, .flags = VQ_F_VERSION_1};
static const struct rig_queue_options packed = {
    .size = 50, .flags = VQ_F_VERSION_1, .base = 0x8000, .packed = true};

#define BOTH(f)                                                                                    \
	{#f "/split", f, NULL, NULL, (void *)&split},                                              \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&packed                                       \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BOTH(unicast_is_private),
	    BOTH(broadcast_reaches_all_but_its_sender),
	    BOTH(devices_of_a_port_reach_each_other),
	    BOTH(promiscuous_device_gets_the_others_frames_too),
	    BOTH(one_goes_the_other_stays),
	    BOTH(several_receivers_behind_a_vlan),
	    BOTH(several_receivers_of_a_frame_that_loses_its_tag),
	    BOTH(entries_count_once_a_frame),
	    BOTH(a_receiver_without_buffers_is_not_waited_for),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("port_share", tests, NULL, NULL);
}
