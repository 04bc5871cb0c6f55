/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random traffic between guests, every frame checked for content and order, while other threads
 * stop and resume queues and replace rules. The seed is printed; SOFTHCA_VQ_SEED sets it,
 * SOFTHCA_VQ_FRAMES the number of frames a guest sends.
 *
 * Frames carry their sender, its queue and a sequence number behind the Ethernet header. Nothing
 * may be lost but what the figures say was dropped.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rig.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { FRAMES = 3000 };
#else
enum { FRAMES = 20000 };
#endif
enum { PAIRS = 2, TAG = 14, TAG_LEN = 6, MIN_LEN = TAG + TAG_LEN };

struct player {
	struct rig_guest *guest;
	unsigned int index;
	struct rig_queue *rx[PAIRS], *tx[PAIRS];
	uint32_t next[PAIRS];            /* sequence numbers to send */
	uint32_t want[RIG_PORTS][PAIRS]; /* lowest that may come */
	uint64_t random;
	unsigned int frames, sent, reaped; /* sent: atomic */
	unsigned int received;             /* atomic */
	const char *trouble;               /* atomic */
};

struct match {
	struct rig rig;
	struct player player[RIG_PORTS];
	unsigned int players;
	bool stop; /* atomic */
};

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t first_seed(void)
{
	const char *given = getenv("SOFTHCA_VQ_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;

	print_message("SOFTHCA_VQ_SEED=%llu\n", (unsigned long long)seed);
	return seed | 1;
}

static unsigned int frames_each(void)
{
	const char *given = getenv("SOFTHCA_VQ_FRAMES");

	return given ? (unsigned int)atoi(given) : FRAMES;
}

static void trouble(struct player *p, const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&p->trouble, &none, what, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

static uint32_t content_seed(unsigned int from, unsigned int pair, uint32_t number)
{
	return number * 8 + from * 2 + pair;
}

static bool play_send(struct player *p, struct match *m)
{
	unsigned int pair = (unsigned int)draw(&p->random) % PAIRS;
	unsigned int to =
	    (unsigned int)(p->index + 1 + draw(&p->random) % (m->players - 1)) % m->players;
	size_t len = MIN_LEN + draw(&p->random) % (draw(&p->random) % 8 ? 150 : 3000);
	uint32_t cuts[8] = {0}, number = p->next[pair];
	uint8_t frame[RIG_FRAME_MAX];

	/* The low bit of the source address chooses the receive queue. */
	rig_frame(frame, len, (uint8_t)(to * 2 + 2), (uint8_t)(p->index * 2 + 2 + pair),
		  content_seed(p->index, pair, number));
	frame[TAG] = (uint8_t)p->index;
	frame[TAG + 1] = (uint8_t)pair;
	memcpy(frame + TAG + 2, &number, 4);
	for (unsigned int i = 0; i < 5 && draw(&p->random) % 2; i++)
		cuts[i] = 1 + (uint32_t)(draw(&p->random) % 60);
	if (!rig_send(p->tx[pair], frame, len, cuts[0] ? cuts : NULL))
		return false;
	p->next[pair]++;
	__atomic_fetch_add(&p->sent, 1, __ATOMIC_RELAXED);
	return true;
}

static void play_post(struct player *p, struct rig_queue *rx)
{
	uint32_t lens[8] = {0};
	bool merge = rx->attr.flags & VQ_F_MRG_RXBUF;

	lens[0] = merge ? 200 + (uint32_t)(draw(&p->random) % 600) : 12;
	if (!merge || draw(&p->random) % 4 == 0)
		lens[1] = merge ? 1 + (uint32_t)(draw(&p->random) % 600) : 3300;
	rig_post(rx, lens);
}

static void play_receive(struct player *p, struct match *m, struct rig_queue *rx)
{
	static __thread uint8_t frame[RIG_FRAME_MAX], want[RIG_FRAME_MAX];
	size_t len = rig_recv(rx, frame);
	unsigned int from, pair;
	uint32_t number;

	if (len == 0)
		return;
	from = frame[TAG];
	pair = frame[TAG + 1];
	memcpy(&number, frame + TAG + 2, 4);
	if (len < MIN_LEN || from >= m->players || pair >= PAIRS)
		return trouble(p, "a frame nobody sent");
	rig_frame(want, len, (uint8_t)(p->index * 2 + 2), (uint8_t)(from * 2 + 2 + pair),
		  content_seed(from, pair, number));
	memcpy(want + TAG, frame + TAG, TAG_LEN);
	if (memcmp(frame, want, len) != 0)
		return trouble(p, "a frame was changed on its way");
	if (number < p->want[from][pair])
		return trouble(p, "a frame came twice or out of order");
	p->want[from][pair] = number + 1;
	__atomic_fetch_add(&p->received, 1, __ATOMIC_RELAXED);
}

static void *play(void *arg)
{
	struct player *p = arg;
	struct match *m = (struct match *)((char *)p->guest->rig - offsetof(struct match, rig));

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		bool busy = false;

		for (unsigned int i = 0; i < 8 && p->sent < p->frames; i++)
			busy |= play_send(p, m);
		for (unsigned int i = 0; i < PAIRS; i++) {
			p->reaped += rig_reap(p->tx[i]);
			if (fe_ring_need_kick(p->tx[i]->ring))
				rig_ring(p->guest);
			for (unsigned int n = 0; n < 8; n++) {
				play_receive(p, m, p->rx[i]);
				play_post(p, p->rx[i]);
			}
		}
		if (!busy)
			rig_nap();
	}
	/* What is still in the rings. */
	for (unsigned int i = 0; i < PAIRS; i++) {
		p->reaped += rig_reap(p->tx[i]);
		for (unsigned int n = 0; n < RIG_SLOTS; n++)
			play_receive(p, m, p->rx[i]);
	}
	return NULL;
}

static void set_rules(struct match *m, struct player *p)
{
	struct vq *queue[PAIRS] = {p->rx[0]->vq, p->rx[1]->vq};
	struct dp_tir tir[PAIRS] = {
	    {.n = 1, .queues = &queue[0]},
            {.n = 1, .queues = &queue[1]}
        };
	struct dp_rx_rule rule[PAIRS] = {{.tir = &tir[0]}, {.tir = &tir[1]}};

	rule[0].mask.smac[5] = 1;
	assert_int_equal(dp_port_set_rx(p->guest->port, rule, PAIRS), 0);
}

static void player_create(struct match *m, unsigned int index, uint64_t seed)
{
	struct player *p = &m->player[index];
	uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)(index * 2 + 2)};

	p->guest = &m->rig.guest[index];
	p->index = index;
	p->random = seed * (index + 1) | 1;
	p->frames = frames_each();
	for (unsigned int i = 0; i < PAIRS * 2; i++) {
		bool packed = draw(&p->random) % 2;
		struct rig_queue_options o = {
		    .packed = packed,
		    .size = packed ? (uint16_t)(20 + draw(&p->random) % 100)
				   : (uint16_t)(32u << draw(&p->random) % 3),
		    .flags = VQ_F_VERSION_1 | (draw(&p->random) % 2 ? VQ_F_MRG_RXBUF : 0) |
			     (draw(&p->random) % 2 ? VQ_F_EVENTS : 0),
		    .base = packed ? (uint16_t)(0x8000 | (draw(&p->random) % 20))
				   : (uint16_t)draw(&p->random),
		};
		struct rig_queue *q = rig_queue(p->guest, (uint16_t)i, &o);

		assert_int_equal(rig_start(q), 0);
		if (i % 2)
			p->tx[i / 2] = q;
		else
			p->rx[i / 2] = q;
	}
	dp_lock(m->rig.dp);
	set_rules(m, p);
	assert_int_equal(dp_port_set_mac(p->guest->port, mac), 0);
	dp_unlock(m->rig.dp);
}

/* Stops and resumes queues, replaces rules, looks at figures. */
static void *interfere(void *arg)
{
	struct match *m = arg;
	uint64_t random = (uintptr_t)&random | 1;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		struct player *p = &m->player[draw(&random) % m->players];
		struct rig_queue *q =
		    draw(&random) % 2 ? p->tx[draw(&random) % PAIRS] : p->rx[draw(&random) % PAIRS];
		struct vq_status s;
		struct dp_stats stats;

		dp_lock(m->rig.dp);
		vq_status(q->vq, &s);
		if (s.state == VQ_RDY ? vq_stop(q->vq) : vq_resume(q->vq))
			trouble(p, "a queue could not be stopped or resumed");
		vq_status(q->vq, &s);
		if (s.avail_index != s.used_index || s.received_desc != s.completed_desc)
			trouble(p, "a stopped queue had taken more than it completed");
		set_rules(m, p);
		dp_unlock(m->rig.dp);
		dp_stats(m->rig.dp, &stats);
		rig_ring(p->guest);
		rig_nap();
	}
	/* Leave all running. */
	dp_lock(m->rig.dp);
	for (unsigned int i = 0; i < m->players; i++) {
		for (unsigned int q = 0; q < PAIRS; q++) {
			vq_resume(m->player[i].tx[q]->vq);
			vq_resume(m->player[i].rx[q]->vq);
		}
		rig_ring(m->player[i].guest);
	}
	dp_unlock(m->rig.dp);
	return NULL;
}

/* Commands in a row: one lock after the other. */
static void *hog(void *arg)
{
	struct match *m = arg;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		dp_lock(m->rig.dp);
		dp_unlock(m->rig.dp);
	}
	return NULL;
}

static unsigned int total(struct match *m, size_t offset)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < m->players; i++)
		n += __atomic_load_n((unsigned int *)((char *)&m->player[i] + offset),
				     __ATOMIC_RELAXED);
	return n;
}

static bool all_done(struct match *m)
{
	struct dp_stats s;

	dp_stats(m->rig.dp, &s);
	for (unsigned int i = 0; i < m->players; i++) {
		if (__atomic_load_n(&m->player[i].trouble, __ATOMIC_RELAXED) != NULL)
			return true;
	}
	return s.frames_tx >= m->players * frames_each();
}

static void run_match(unsigned int players, unsigned int threads, unsigned int interferers,
		      void *(*work)(void *))
{
	static struct match m;
	struct rig_options o = {.ports = players, .threads = threads, .delay_drop_ms = 60000};
	pthread_t player[RIG_PORTS], other[4];
	uint64_t seed = first_seed();
	struct dp_stats s;

	memset(&m, 0, sizeof(m));
	m.players = players;
	rig_create(&m.rig, &o);
	for (unsigned int i = 0; i < players; i++)
		player_create(&m, i, seed);
	for (unsigned int i = 0; i < players; i++)
		assert_int_equal(pthread_create(&player[i], NULL, play, &m.player[i]), 0);
	for (unsigned int i = 0; i < interferers; i++)
		assert_int_equal(pthread_create(&other[i], NULL, work, &m), 0);
	for (unsigned int i = 0; i < 15 && !all_done(&m); i++) {
		/* Waits of the rig are for one thing at a time; this is for many. */
		uint64_t end = rig_now_ms() + RIG_WAIT_S * 1000;

		while (!all_done(&m) && rig_now_ms() < end)
			rig_nap();
	}
	__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < interferers; i++)
		pthread_join(other[i], NULL);
	for (unsigned int i = 0; i < players; i++)
		pthread_join(player[i], NULL);
	for (unsigned int i = 0; i < players; i++) {
		if (m.player[i].trouble != NULL)
			fail_msg("guest %u: %s", i, m.player[i].trouble);
	}
	s = rig_stats(&m.rig);
	assert_int_equal(s.frames_tx, players * frames_each());
	assert_int_equal(s.frames_tx, total(&m, offsetof(struct player, sent)));
	assert_int_equal(s.frames_rx, total(&m, offsetof(struct player, received)));
	assert_int_equal(s.frames_rx + s.drops_no_dest, s.frames_tx);
	assert_int_equal(s.drops_other, 0);
	assert_int_equal(s.drops_no_buffer, 0);
	if (work != interfere)
		assert_int_equal(s.drops_no_dest, 0);
	rig_destroy(&m.rig);
}

static void every_frame_arrives_with_one_thread(void **state)
{
	run_match(2, 1, 0, NULL);
}

static void every_frame_arrives_with_two_threads(void **state)
{
	run_match(4, 2, 0, NULL);
}

static void queues_stop_and_resume_under_traffic(void **state)
{
	run_match(3, 2, 2, interfere);
}

static void locks_in_a_row_do_not_stop_traffic(void **state)
{
	run_match(2, 2, 2, hog);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_frame_arrives_with_one_thread),
	    cmocka_unit_test(every_frame_arrives_with_two_threads),
	    cmocka_unit_test(queues_stop_and_resume_under_traffic),
	    cmocka_unit_test(locks_in_a_row_do_not_stop_traffic),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
