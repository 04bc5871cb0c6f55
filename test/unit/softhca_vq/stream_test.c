/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams of bytes between guests whose queues negotiated offloads at random, over several NIC
 * threads: plain frames, frames with a partial checksum and large ones. What arrives must be the
 * stream, each checksum right, nothing twice; and nothing missing unless queues are stopped
 * meanwhile. The seed is printed; SEED sets it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "packet.h"
#include "rig.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { FRAMES = 1000 };
#else
enum { FRAMES = 5000 };
#endif
enum { GUESTS = 3, BODY_MAX = 9000, HEAD_MAX = 74 };

static const uint32_t guest_flags = VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4 | VQ_F_GUEST_TSO6;
static const uint32_t host_flags = VQ_F_CSUM | VQ_F_HOST_TSO4 | VQ_F_HOST_TSO6;

struct player {
	struct rig_queue *rx, *tx;
	unsigned int index;
	uint64_t random;
	unsigned int sent; /* atomic */
	uint32_t next[GUESTS], want[GUESTS];
	uint64_t bytes_sent, bytes_received;
	const char *trouble; /* atomic */
};

static struct {
	struct rig rig;
	struct player player[GUESTS];
	bool may_lose;
	bool stop; /* atomic */
} m;

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint8_t content(unsigned int from, unsigned int to, uint32_t at)
{
	return (uint8_t)((at * 2654435761u) >> 24 ^ from * 64 ^ to * 16);
}

static void trouble(struct player *p, const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&p->trouble, &none, what, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

static bool send_one(struct player *p)
{
	unsigned int to = (p->index + 1 + (unsigned int)(draw(&p->random) % (GUESTS - 1))) % GUESTS;
	unsigned int kind = (unsigned int)(draw(&p->random) % 3);
	struct packet packet = {
	    .version = draw(&p->random) % 2 ? 4 : 6,
	    .protocol = PACKET_TCP,
	    .flags = PACKET_ACK,
	    .seq = p->next[to],
	    .dst = (uint8_t)(to + 1),
	    .src = (uint8_t)(p->index + 1),
	    .body = 1 + (uint32_t)(draw(&p->random) % (kind == 2 ? BODY_MAX : 1400)),
	};
	uint16_t gso_size = 0;
	uint8_t frame[BODY_MAX + HEAD_MAX], vnet[12];
	uint32_t cuts[4] = {0}, len;
	struct packet_at at;

	len = packet_make(&packet, frame, &at);
	for (uint32_t i = 0; i < packet.body; i++)
		frame[at.body + i] = content(p->index, to, packet.seq + i);
	packet_vnet(vnet, 0, 0, 0, 0, 0, 0);
	if (kind == 0) {
		uint16_t sum;

		frame[at.l4 + 16] = frame[at.l4 + 17] = 0;
		sum = (uint16_t)~packet_l4_sum(&packet, frame, len);
		frame[at.l4 + 16] = (uint8_t)(sum >> 8);
		frame[at.l4 + 17] = (uint8_t)sum;
	} else {
		if (kind == 2)
			gso_size = (uint16_t)(100 + draw(&p->random) % 1300);
		packet_vnet(vnet, 1,
			    gso_size == 0         ? 0
			    : packet.version == 4 ? 1
						  : 4,
			    0, gso_size, (uint16_t)at.l4, 16);
	}
	for (unsigned int i = 0; i < 3 && draw(&p->random) % 2; i++)
		cuts[i] = 1 + (uint32_t)(draw(&p->random) % 100);
	if (!rig_send_as(p->tx, vnet, frame, len, cuts[0] ? cuts : NULL))
		return false;
	p->next[to] += packet.body;
	p->bytes_sent += packet.body;
	__atomic_fetch_add(&p->sent, 1, __ATOMIC_RELAXED);
	return true;
}

/* NULL: it is as the queue's features allow. */
static const char *header_fault(const struct player *p, const uint8_t *vnet,
				const struct packet *packet, uint8_t *frame, uint32_t l4,
				uint32_t len)
{
	uint32_t flags = p->rx->attr.flags;

	if (vnet[0] != 1)
		return packet_l4_sum(packet, frame, len) == 0xffff ? NULL : "a wrong checksum";
	if (!(flags & VQ_F_GUEST_CSUM))
		return "a partial checksum for who can not";
	if (vnet[1] != 0 && !(flags & (packet->version == 4 ? VQ_F_GUEST_TSO4 : VQ_F_GUEST_TSO6)))
		return "a large frame for who can not";
	if ((vnet[6] | vnet[7] << 8) != (int)l4 || vnet[8] != 16)
		return "a checksum elsewhere";
	/* The pseudo header's sum is there: with it taken out, what is to be filled in makes
	 * 0xffff. */
	{
		uint16_t partial = packet_be16(frame + l4 + 16), sum;

		frame[l4 + 16] = frame[l4 + 17] = 0;
		sum = packet_l4_sum(packet, frame, len);
		sum = (uint16_t)(sum - partial - (sum < partial));
		return sum % 0xffff == packet_sum(frame + l4, len - l4) % 0xffff
			   ? NULL
			   : "a wrong partial checksum";
	}
}

static bool receive_one(struct player *p)
{
	static __thread uint8_t frame[BODY_MAX + HEAD_MAX];
	uint8_t vnet[12];
	size_t len = rig_recv_as(p->rx, vnet, frame, sizeof(frame));
	struct packet packet = {.protocol = PACKET_TCP};
	uint32_t l4, body, seq;
	unsigned int from;
	const char *fault;

	if (len == 0)
		return false;
	packet.version = frame[14] >> 4;
	l4 = packet.version == 4 ? 34 : 54;
	body = l4 + 20;
	from = frame[11] - 1u;
	if (len <= body || from >= GUESTS || frame[5] != p->index + 1) {
		trouble(p, "a frame nobody sent");
		return true;
	}
	if (packet.version == 4 &&
	    (packet_sum(frame + 14, 20) != 0xffff || packet_be16(frame + 16) != len - 14))
		trouble(p, "a wrong IP header");
	if (packet.version == 6 && packet_be16(frame + 18) != len - 54)
		trouble(p, "a wrong IP header");
	fault = header_fault(p, vnet, &packet, frame, l4, (uint32_t)len);
	if (fault != NULL)
		trouble(p, fault);
	seq = packet_be32(frame + l4 + 4);
	if ((int32_t)(seq - p->want[from]) < 0)
		trouble(p, "bytes came twice or out of order");
	if (seq != p->want[from] && !m.may_lose)
		trouble(p, "bytes are missing");
	for (uint32_t i = 0; i < len - body; i++) {
		if (frame[body + i] != content(from, p->index, seq + i)) {
			trouble(p, "bytes were changed");
			break;
		}
	}
	p->want[from] = seq + (uint32_t)(len - body);
	p->bytes_received += len - body;
	return true;
}

static void post_some(struct player *p)
{
	uint32_t lens[3] = {0};

	for (unsigned int i = 0; i < 8; i++) {
		if (p->rx->attr.flags & VQ_F_MRG_RXBUF) {
			lens[0] = 300 + (uint32_t)(draw(&p->random) % 1500);
		} else {
			lens[0] = 12 + (uint32_t)(draw(&p->random) % 500);
			lens[1] = BODY_MAX + HEAD_MAX;
			if (lens[0] + lens[1] > RIG_FRAME_MAX)
				lens[1] = RIG_FRAME_MAX - lens[0];
		}
		if (!rig_post(p->rx, lens))
			break;
	}
}

static void *play(void *arg)
{
	struct player *p = arg;
	bool stop = false, more = true;

	/* And what is still there at the end. */
	while (!stop || more) {
		stop = __atomic_load_n(&m.stop, __ATOMIC_ACQUIRE);
		for (unsigned int i = 0; i < 4 && p->sent < FRAMES; i++)
			send_one(p);
		rig_reap(p->tx);
		if (fe_ring_need_kick(p->tx->ring))
			rig_ring(p->tx->guest);
		more = false;
		for (unsigned int i = 0; i < 32 && receive_one(p); i++)
			more = true;
		post_some(p);
		if (!more)
			rig_nap();
	}
	return NULL;
}

/* Stops and resumes queues, and turns on and off what a queue may have besides. */
static void *interfere(void *arg)
{
	static uint8_t bitmap[1 << 20];
	struct dp_seg seg = {
	    .iova = 0, .len = sizeof(bitmap), .hva = bitmap, .mr = 1, .local_write = true};
	uint64_t random = *(uint64_t *)arg;
	struct dp_mem *mem;

	if (dp_mem_create(&seg, 1, &mem) != 0)
		return NULL;
	while (!__atomic_load_n(&m.stop, __ATOMIC_RELAXED)) {
		struct player *p = &m.player[draw(&random) % GUESTS];
		struct vq *vq = draw(&random) % 2 ? p->tx->vq : p->rx->vq;
		struct vq_dirty_log log = {
		    .on = draw(&random) % 2, .mem = mem, .size = sizeof(bitmap), .log_page = 12};
		struct vq_moderation moderation = {(uint16_t)(draw(&random) % 100),
						   (uint16_t)(draw(&random) % 10), false};
		struct vq_status s;

		dp_lock(m.rig.dp);
		vq_status(vq, &s);
		if (s.state == VQ_RDY ? vq_stop(vq) : vq_resume(vq))
			trouble(p, "a queue could not be stopped or resumed");
		if (vq_set_dirty_log(p->rx->vq, &log) != 0)
			trouble(p, "the log could not be set");
		vq_set_moderation(vq, &moderation);
		dp_unlock(m.rig.dp);
		rig_ring(p->tx->guest);
		rig_nap();
	}
	dp_lock(m.rig.dp);
	for (unsigned int i = 0; i < GUESTS; i++) {
		vq_resume(m.player[i].tx->vq);
		vq_resume(m.player[i].rx->vq);
		vq_set_dirty_log(m.player[i].rx->vq, &(struct vq_dirty_log){0});
		rig_ring(m.player[i].tx->guest);
	}
	dp_unlock(m.rig.dp);
	dp_mem_put(mem);
	return NULL;
}

static void player_create(unsigned int index, uint64_t seed)
{
	struct player *p = &m.player[index];
	uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)(index + 1)};

	p->index = index;
	p->random = seed * (index + 1) | 1;
	for (unsigned int i = 0; i < 2; i++) {
		bool packed = draw(&p->random) % 2;
		struct rig_queue_options o = {
		    .packed = packed,
		    .size = packed ? (uint16_t)(20 + draw(&p->random) % 100)
				   : (uint16_t)(32u << draw(&p->random) % 3),
		    .flags = draw(&p->random) & (VQ_F_VERSION_1 | VQ_F_EVENTS),
		    .base = packed ? 0x8000 : (uint16_t)draw(&p->random),
		};
		struct rig_queue *q;

		if (i == 0)
			o.flags |= draw(&p->random) & (VQ_F_MRG_RXBUF | guest_flags);
		else
			o.flags |= host_flags;
		q = rig_queue(&m.rig.guest[index], (uint16_t)i, &o);
		assert_int_equal(rig_start(q), 0);
		if (i == 0)
			p->rx = q;
		else
			p->tx = q;
	}
	rig_set_rx(&m.rig.guest[index], p->rx);
	dp_lock(m.rig.dp);
	assert_int_equal(dp_port_set_mac(m.rig.guest[index].port, mac), 0);
	dp_unlock(m.rig.dp);
}

static bool all_done(void)
{
	struct dp_stats s;

	for (unsigned int i = 0; i < GUESTS; i++) {
		if (__atomic_load_n(&m.player[i].trouble, __ATOMIC_RELAXED) != NULL)
			return true;
	}
	dp_stats(m.rig.dp, &s);
	return s.frames_tx >= GUESTS * FRAMES;
}

static void run(unsigned int threads, bool interfered)
{
	struct rig_options o = {.ports = GUESTS, .threads = threads, .delay_drop_ms = 60000};
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;
	uint64_t bytes_sent = 0, bytes_received = 0, end;
	pthread_t thread[GUESTS], other;
	struct dp_stats s;

	print_message("SEED=%llu\n", (unsigned long long)seed);
	memset(&m, 0, sizeof(m));
	m.may_lose = interfered;
	rig_create(&m.rig, &o);
	for (unsigned int i = 0; i < GUESTS; i++)
		player_create(i, seed | 1);
	for (unsigned int i = 0; i < GUESTS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, play, &m.player[i]), 0);
	seed |= 1;
	if (interfered)
		assert_int_equal(pthread_create(&other, NULL, interfere, &seed), 0);
	end = rig_now_ms() + 5 * RIG_WAIT_S * 1000;
	while (!all_done() && rig_now_ms() < end)
		rig_nap();
	__atomic_store_n(&m.stop, true, __ATOMIC_RELEASE);
	if (interfered)
		pthread_join(other, NULL);
	for (unsigned int i = 0; i < GUESTS; i++) {
		pthread_join(thread[i], NULL);
		if (m.player[i].trouble != NULL)
			fail_msg("guest %u: %s", i, m.player[i].trouble);
		bytes_sent += m.player[i].bytes_sent;
		bytes_received += m.player[i].bytes_received;
	}
	s = rig_stats(&m.rig);
	assert_int_equal(s.frames_tx, GUESTS * FRAMES);
	assert_int_equal(s.drops_other, 0);
	assert_int_equal(s.drops_no_buffer, 0);
	if (!interfered)
		assert_int_equal(bytes_received, bytes_sent);
	rig_destroy(&m.rig);
}

static void streams_arrive_with_one_thread(void **state)
{
	run(1, false);
}

static void streams_arrive_with_three_threads(void **state)
{
	run(3, false);
}

static void nothing_comes_twice_while_queues_stop(void **state)
{
	run(2, true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(streams_arrive_with_one_thread),
	    cmocka_unit_test(streams_arrive_with_three_threads),
	    cmocka_unit_test(nothing_comes_twice_while_queues_stop),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
