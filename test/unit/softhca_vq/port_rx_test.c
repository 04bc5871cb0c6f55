/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port's receive steering as it changes while frames come: tables that lead to each other,
 * queues that leave and join an RQT, a link that goes down. From the moment a change is made no
 * frame goes the old way, whatever was remembered of the frames before.
 */
#include <errno.h>
#include <string.h>

#include "port_rig.h"
#include "random.h"

enum { LEN = 80 };

static struct net net;

static const struct rig_options options = {.ports = 3, .threads = 1, .delay_drop_ms = 5000};

static void start(void)
{
	net_create(&net, &options);
	for (uint8_t i = 0; i < 3; i++)
		net_mac(&net, i, (uint8_t)(i + 1));
}

/* UDP over IPv4; source port: the flow; behind the headers: flow and number. */
static void make_frame(uint8_t *f, uint32_t flow, uint32_t number)
{
	static const uint8_t head[] = {2,    0, 0, 0,  0, 2, 2, 0, 0,  0,  0, 1, 8, 0,
				       0x45, 0, 0, 66, 0, 0, 0, 0, 64, 17, 0, 0, 10};

	memset(f, 0, LEN);
	memcpy(f, head, sizeof(head));
	f[35] = (uint8_t)(flow * 7);
	f[37] = 9;
	memcpy(f + 42, &flow, sizeof(flow));
	memcpy(f + 46, &number, sizeof(number));
}

/* ---- tables ---- */

/* Of guest 1: frames to group addresses and MACs in table 1, classes in table 2, one TIR. */
struct scene {
	struct dp_port *port;
	struct rx_rqt *rqt;
	struct rx_tir *tir;
	struct rx_table *macs, *classes;
	struct rx_entry *root, *mac, *class;
	struct dp_counter counter[3];
};

static struct rx_entry *add(struct scene *s, struct rx_table *table, const struct dp_rx_entry *attr)
{
	struct rx_entry *entry;

	dp_lock(net.rig.dp);
	assert_int_equal(dp_entry_add(s->port, table, attr, &entry), 0);
	dp_unlock(net.rig.dp);
	return entry;
}

static void drop(struct rx_entry *entry)
{
	dp_lock(net.rig.dp);
	dp_entry_remove(entry);
	dp_unlock(net.rig.dp);
}

static void scene_create(struct scene *s, bool counted)
{
	struct vq *queue;
	struct dp_rx_entry any = {.order = 9};
	struct dp_rx_entry mac = {
	    .order = 1, .value.dmac = {2, 0, 0, 0, 0, 2}
        };
	struct dp_tir attr = {.hash_fields = 0};

	start();
	queue = net.rx[1]->vq;
	memset(s, 0, sizeof(*s));
	s->port = net.rig.guest[1].port;
	dp_lock(net.rig.dp);
	assert_int_equal(dp_port_set_rx(s->port, NULL, 0), 0);
	dp_unlock(net.rig.dp);
	assert_int_equal(dp_table_create(s->port, 0, &s->macs), -EINVAL);
	assert_int_equal(dp_table_create(s->port, DP_RX_LEVEL_MAX + 1, &s->macs), -EINVAL);
	assert_int_equal(dp_table_create(s->port, 1, &s->macs), 0);
	assert_int_equal(dp_table_create(s->port, 7, &s->classes), 0);
	assert_int_equal(dp_rqt_create(s->port, &queue, 1, &s->rqt), 0);
	assert_int_equal(dp_tir_create(s->port, &attr, s->rqt, &s->tir), 0);
	any.tir = s->tir;
	any.counter = counted ? &s->counter[2] : NULL;
	s->class = add(s, s->classes, &any);
	memset(mac.mask.dmac, 0xff, 6);
	mac.table = s->classes;
	mac.counter = counted ? &s->counter[1] : NULL;
	s->mac = add(s, s->macs, &mac);
	any = (struct dp_rx_entry){.order = 1, .table = s->macs};
	any.counter = counted ? &s->counter[0] : NULL;
	s->root = add(s, NULL, &any);
}

static void scene_destroy(struct scene *s)
{
	drop(s->root);
	drop(s->mac);
	drop(s->class);
	dp_table_destroy(s->macs);
	dp_table_destroy(s->classes);
	dp_tir_destroy(s->tir);
	dp_rqt_destroy(s->rqt);
	net_destroy(&net);
}

/* So often that whatever can be remembered is. */
static void expect_train(uint8_t dst, bool arrives)
{
	for (uint32_t seed = 1; seed <= 5; seed++) {
		net_send(&net, 0, dst, 1, 100, seed);
		if (arrives)
			net_expect(&net, 1, 0, 100, seed);
		else
			net_expect_none(&net, 1);
	}
}

static void frames_jump_from_table_to_table(void **state)
{
	struct dp_rx_entry drop_all = {.order = 0}, to;
	struct rx_entry *first;
	struct scene s;

	scene_create(&s, false);
	expect_train(2, true);
	expect_train(0xff, false); /* no entry of the table takes it: it is dropped */
	/* A change at each level is seen at once. */
	first = add(&s, s.classes, &drop_all);
	expect_train(2, false);
	drop(first);
	expect_train(2, true);
	first = add(&s, s.macs, &drop_all);
	expect_train(2, false);
	drop(first);
	expect_train(2, true);
	first = add(&s, NULL, &drop_all);
	expect_train(2, false);
	drop(first);
	expect_train(2, true);
	/* An entry leads elsewhere. */
	memset(&to, 0, sizeof(to));
	dp_lock(net.rig.dp);
	assert_int_equal(dp_entry_set(s.mac, &to), 0);
	dp_unlock(net.rig.dp);
	expect_train(2, false);
	to.tir = s.tir;
	dp_lock(net.rig.dp);
	assert_int_equal(dp_entry_set(s.mac, &to), 0);
	dp_unlock(net.rig.dp);
	expect_train(2, true);
	scene_destroy(&s);
}

static void counters_of_all_levels_count(void **state)
{
	uint8_t f[RIG_FRAME_MAX];
	struct scene s;

	scene_create(&s, true);
	expect_train(2, true);
	expect_train(0xff, false);
	/* Of a kind whose flows are remembered. */
	for (unsigned int i = 0; i < 5; i++) {
		make_frame(f, 1, i);
		net_send_bytes(&net, 0, f, LEN);
		rig_wait(rig_recv(net.rx[1], f) > 0);
	}
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(s.counter[i].frames, i ? 10 : 15);
		assert_int_equal(s.counter[i].bytes, (i ? 500 : 1000) + 5 * LEN);
	}
	scene_destroy(&s);
}

static void without_root_entries_a_port_is_no_receiver(void **state)
{
	struct dp_rx_entry any = {.order = 1};
	struct scene s;

	scene_create(&s, false);
	drop(s.root);
	s.root = NULL;
	expect_train(2, false);
	/* What is for the group goes to the third guest as it would to one alone. */
	net_send(&net, 0, 0xff, 1, 100, 7);
	net_expect(&net, 2, 0, 100, 7);
	any.table = s.classes;
	s.root = add(&s, NULL, &any);
	expect_train(2, true);
	net_send(&net, 0, 0xff, 1, 100, 8);
	net_expect(&net, 1, 0, 100, 8);
	net_expect(&net, 2, 0, 100, 8);
	scene_destroy(&s);
}

/* ---- links ---- */

static void set_link(unsigned int port, bool up)
{
	dp_lock(net.rig.dp);
	dp_port_set_link(net.rig.guest[port].port, up);
	dp_unlock(net.rig.dp);
}

static void a_link_that_is_down_takes_and_gives_nothing(void **state)
{
	struct dp_port_stats s;

	start();
	expect_train(2, true);
	set_link(1, false);
	expect_train(2, false);
	s = net_stats(&net, 0);
	assert_int_equal(s.drops_no_dest, 5);
	net_send(&net, 1, 1, 2, 100, 1);
	net_send(&net, 1, 3, 2, 100, 1);
	net_send(&net, 1, 0xff, 2, 100, 1);
	net_expect_none(&net, 0);
	net_expect_none(&net, 2);
	s = net_stats(&net, 1);
	assert_int_equal(s.drops_other, 3);
	assert_int_equal(s.frames_rx, 5);
	/* Groups do without it, and nobody else notices. */
	net_send(&net, 0, 0xff, 1, 100, 2);
	net_expect(&net, 2, 0, 100, 2);
	net_expect_none(&net, 1);
	set_link(1, true);
	expect_train(2, true);
	net_send(&net, 1, 3, 2, 100, 3);
	net_expect(&net, 2, 0, 100, 3);
	net_destroy(&net);
}

/* ---- RQTs under traffic ---- */

enum { RXQ = 4, TABLE = 128, FLOWS = 64, FRAMES = 40000, ROUND = 24 };

struct traffic {
	struct rig_queue *rx[RXQ], *tx;
	struct vq *vq[RXQ];
	struct rx_rqt *rqt;
	unsigned int n; /* queues in the table: the first n */
	uint32_t sent, got, reaped;
	uint32_t next[FLOWS];      /* of each flow, to be sent */
	uint32_t seen[RXQ][FLOWS]; /* by queue: the last that came, counted from 1 */
	uint64_t frozen[RXQ];      /* descriptors of a queue when it left */
	unsigned int changes;
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void send_some(struct traffic *t)
{
	static const uint32_t one[2];
	uint8_t f[LEN];
	bool any = false;

	for (unsigned int i = 0; i < ROUND && t->sent < FRAMES; i++) {
		uint32_t flow = random_below(FLOWS);

		make_frame(f, flow, t->next[flow] + 1);
		if (!rig_send(t->tx, f, LEN, one))
			break;
		t->next[flow]++;
		t->sent++;
		any = true;
	}
	if (any)
		rig_ring(&net.rig.guest[0]);
}

static void take_all(struct traffic *t)
{
	uint8_t f[RIG_FRAME_MAX];

	t->reaped += rig_reap(t->tx);
	for (unsigned int q = 0; q < RXQ; q++) {
		while (rig_recv(t->rx[q], f) > 0) {
			uint32_t flow = get32(f + 42), number = get32(f + 46);

			/* On one queue a flow stays in order. */
			assert_true(flow < FLOWS);
			assert_true(number > t->seen[q][flow]);
			t->seen[q][flow] = number;
			t->got++;
			rig_post(t->rx[q], (const uint32_t[]){2048, 0});
		}
	}
}

static uint64_t descriptors(struct traffic *t, unsigned int q)
{
	struct vq_status s;

	vq_status(t->vq[q], &s);
	return s.completed_desc;
}

/* A table of another size, of more or fewer queues. */
static void change(struct traffic *t)
{
	unsigned int size = 1u << random_below(8), n = 1 + random_below(size < RXQ ? size : RXQ);
	struct vq *table[TABLE];

	for (unsigned int i = 0; i < size; i++)
		table[i] = t->vq[i % n];
	dp_lock(net.rig.dp);
	/* What left with the last change has got nothing since. */
	for (unsigned int q = t->n; q < RXQ; q++)
		assert_int_equal(descriptors(t, q), t->frozen[q]);
	assert_int_equal(dp_rqt_set(t->rqt, table, size), 0);
	for (unsigned int q = n; q < RXQ; q++)
		t->frozen[q] = descriptors(t, q);
	t->n = n;
	dp_unlock(net.rig.dp);
	t->changes++;
}

static void traffic_create(struct traffic *t, struct scene *s)
{
	static const struct rig_queue_options o = {.size = 256,
						   .flags = VQ_F_VERSION_1 | VQ_F_MRG_RXBUF};
	struct dp_tir attr = {.hash_fields = DP_HASH_SRC_IP | DP_HASH_SPORT};

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < sizeof(attr.key); i++)
		attr.key[i] = (uint8_t)(i * 37 + 11);
	t->tx = net.tx[0];
	for (unsigned int q = 0; q < RXQ; q++) {
		t->rx[q] = q ? rig_queue(&net.rig.guest[1], (uint16_t)(q * 2), &o) : net.rx[1];
		if (q)
			assert_int_equal(rig_start(t->rx[q]), 0);
		rig_post_all(t->rx[q], 2048);
		t->vq[q] = t->rx[q]->vq;
	}
	t->n = RXQ;
	assert_int_equal(dp_rqt_create(s->port, t->vq, RXQ, &t->rqt), 0);
	dp_lock(net.rig.dp);
	assert_int_equal(dp_tir_set(s->tir, &attr, t->rqt), 0);
	dp_unlock(net.rig.dp);
}

static void queues_leave_and_join_without_loss(void **state)
{
	static struct traffic t;
	struct dp_port_stats to;
	struct scene s;
	unsigned int used = 0;

	random_begin(4711);
	scene_create(&s, false);
	traffic_create(&t, &s);
	while (t.sent < FRAMES) {
		send_some(&t);
		if (random_below(3) == 0)
			change(&t);
		take_all(&t);
	}
	rig_wait((take_all(&t), t.got >= FRAMES));
	assert_int_equal(t.got, FRAMES);
	to = net_stats(&net, 1);
	assert_int_equal(to.frames_rx, FRAMES);
	assert_int_equal(to.drops_no_buffer + to.drops_no_dest + to.drops_other, 0);
	dp_lock(net.rig.dp);
	for (unsigned int q = 0; q < RXQ; q++)
		used += descriptors(&t, q) > 0;
	dp_unlock(net.rig.dp);
	assert_int_equal(used, RXQ);
	assert_true(t.changes > 100);
	print_message("%u changes\n", t.changes);
	/* The TIR uses it no more. */
	dp_lock(net.rig.dp);
	assert_int_equal(dp_tir_set(s.tir, &(struct dp_tir){.hash_fields = 0}, s.rqt), 0);
	dp_unlock(net.rig.dp);
	dp_rqt_destroy(t.rqt);
	scene_destroy(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_jump_from_table_to_table),
	    cmocka_unit_test(counters_of_all_levels_count),
	    cmocka_unit_test(without_root_entries_a_port_is_no_receiver),
	    cmocka_unit_test(a_link_that_is_down_takes_and_gives_nothing),
	    cmocka_unit_test(queues_leave_and_join_without_loss),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
