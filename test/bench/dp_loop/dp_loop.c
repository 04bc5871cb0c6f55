/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dp_loop: how fast the datapath of softhca moves frames, without DPDK or another process.
 *
 * One guest thread feeds a transmit queue of port 0 and empties a receive queue of port 1, touching
 * eight bytes a frame, so that the NIC thread is the bottleneck. The busy cycles are the NIC
 * thread's own; compare them with a plain memcpy of the same sizes, between two hot buffers and
 * through as many as the rings have. Figures are medians over short intervals. The round trip of a
 * cache line between the two CPUs is measured around each line: machines that move virtual CPUs
 * about show it there.
 */
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "ring_bench.h"
#include "vq/dp_impl.h"

enum { HUGE = 2 << 20, QUEUES_MAX = 8, IDLE_MAX = 250, PAGE = 4096 };
enum { INTERVALS_MAX = 1000, BUFFER = BENCH_BUFFER };

static struct {
	unsigned int size;
	unsigned int intervals;
	unsigned int interval_ms;
	int guest_cpu, nic_cpu;
	bool mrg;
	bool rewrite;
	bool offloads;
	unsigned int queues, flows, idle;
} opt = {.size = 256,
	 .intervals = 20,
	 .interval_ms = 20,
	 .guest_cpu = 0,
	 .nic_cpu = 1,
	 .queues = 1,
	 .flows = 1};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return now_ns();
#endif
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned int)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		fprintf(stderr, "dp_loop: can not run on CPU %d\n", cpu);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(v[0]), compare);
	return n ? v[n / 2] : 0;
}

/* ---- cache line round trip ---- */

enum { PROBES = 20000 };

static uint32_t probe_line __attribute__((aligned(128)));

static void *probe_peer(void *arg)
{
	pin(opt.nic_cpu);
	for (uint32_t i = 0; i < PROBES; i++) {
		while (__atomic_load_n(&probe_line, __ATOMIC_ACQUIRE) != 2 * i + 1)
			;
		__atomic_store_n(&probe_line, 2 * i + 2, __ATOMIC_RELEASE);
	}
	return NULL;
}

static double probe_round_trip(void)
{
	pthread_t peer;
	uint64_t start;

	if (opt.guest_cpu == opt.nic_cpu)
		return 0;
	__atomic_store_n(&probe_line, 0, __ATOMIC_RELAXED);
	if (pthread_create(&peer, NULL, probe_peer, NULL) != 0)
		return 0;
	start = cycles();
	for (uint32_t i = 0; i < PROBES; i++) {
		__atomic_store_n(&probe_line, 2 * i + 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&probe_line, __ATOMIC_ACQUIRE) != 2 * i + 2)
			;
	}
	start = cycles() - start;
	pthread_join(peer, NULL);
	return (double)start / PROBES;
}

/* ---- memcpy ---- */

static double memcpy_cycles(size_t len, unsigned int buffers)
{
	uint8_t *src = aligned_alloc(4096, (size_t)buffers * BUFFER);
	uint8_t *dst = aligned_alloc(4096, (size_t)buffers * BUFFER);
	double best[50];

	if (src == NULL || dst == NULL)
		abort();
	memset(src, 1, (size_t)buffers * BUFFER);
	memset(dst, 2, (size_t)buffers * BUFFER);
	for (unsigned int round = 0; round < 50; round++) {
		uint64_t start = cycles();

		for (unsigned int n = 0; n < 4096; n++) {
			size_t at = (size_t)(n % buffers) * BUFFER;

			memcpy(dst + at + 12, src + at + 12, len);
			__asm__ volatile("" : : "r"(dst) : "memory");
		}
		best[round] = (double)(cycles() - start) / 4096;
	}
	free(src);
	free(dst);
	return median(best, 50);
}

/* ---- the loop ---- */

static int bench_notify(void *arg)
{
	return 0;
}

static void bench_error(void *arg, enum vq_error error)
{
	fprintf(stderr, "dp_loop: queue error %d\n", (int)error);
	abort();
}

static const struct vq_ops bench_ops = {.notify = bench_notify, .error = bench_error};

struct loop {
	struct dp *dp;
	struct dp_mem *mem;
	struct dp_port *port[2];
	uint32_t word;
	struct bench_ring tx, rx[QUEUES_MAX];
	struct vq *txq, *rxq[QUEUES_MAX];
	struct vq *idle[IDLE_MAX];
	uint8_t *words; /* of the idle, a page each */
	uint8_t *memory;
	size_t bytes;
};

static void check(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "dp_loop: %s: %s\n", what, strerror(-err));
		exit(1);
	}
}

static struct vq *loop_queue(struct loop *l, unsigned int port, const struct bench_ring *r,
			     uint16_t index)
{
	struct vq_attr attr = {
	    .index = index,
	    .packed = r->packed,
	    .size = (uint16_t)r->size,
	    .flags = VQ_F_VERSION_1 | (opt.mrg ? VQ_F_MRG_RXBUF : 0) |
		     (opt.offloads ? dp_features() & ~(VQ_F_MRG_RXBUF | VQ_F_EVENTS) : 0),
	    .max_chain = 64,
	    .desc_addr = (uintptr_t)r->desc,
	    .driver_addr = (uintptr_t)r->driver,
	    .device_addr = (uintptr_t)r->device,
	    .avail_index = r->packed ? 0x8000 : 0,
	    .used_index = r->packed ? 0x8000 : 0,
	    .mem = l->mem,
	    .ops = &bench_ops,
	};
	struct vq *vq;

	check(vq_create(l->port[port], &attr, &vq), "vq_create");
	check(vq_start(vq), "vq_start");
	return vq;
}

/* Functions whose one transmit queue was polled once and has nothing to send. */
static void loop_idle(struct loop *l, bool packed, uint8_t *at)
{
	struct bench_ring ring;

	l->words = aligned_alloc(PAGE, (opt.idle + 1) * PAGE);
	if (l->words == NULL)
		check(-12, "memory");
	memset(l->words, 0, (opt.idle + 1) * PAGE);
	for (unsigned int i = 0; i < opt.idle; i++) {
		uint32_t *word = (uint32_t *)(l->words + (size_t)i * PAGE);
		struct dp_port *port = dp_port(l->dp, 2 + i);

		/* They write to nothing but flags: one ring for all. */
		bench_ring_init(&ring, packed, opt.size, at, 64, false);
		check(dp_port_add_doorbell(port, word), "dp_port_add_doorbell");
		l->port[1] = port;
		l->idle[i] = loop_queue(l, 1, &ring, 1);
		*word = 1;
	}
}

static void loop_create(struct loop *l, bool packed, size_t len)
{
	struct dp_config cfg = {.threads = 1, .ports = 2 + opt.idle, .delay_drop_ms = 1000};
	struct dp_tir tir = {
	    .n = opt.queues,
	    .queues = l->rxq,
	    .hash_fields = DP_HASH_SRC_IP | DP_HASH_DST_IP | DP_HASH_SPORT | DP_HASH_DPORT,
	    .key = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
		    0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb}
        };
	struct dp_rx_rule rule = {.tir = &tir};
	struct dp_seg seg = {.mr = 1, .local_write = true};
	uint8_t *at;

	l->bytes = (2 + opt.queues) * ((size_t)opt.size * BUFFER + bench_ring_bytes(opt.size));
	l->bytes = (l->bytes + HUGE - 1) / HUGE * HUGE;
	l->memory = aligned_alloc(HUGE, l->bytes);
	if (l->memory == NULL)
		check(-12, "memory");
	/* As guests have it. */
	madvise(l->memory, l->bytes, MADV_HUGEPAGE);
	memset(l->memory, 0, l->bytes);
	at = l->memory;
	bench_ring_init(&l->tx, packed, opt.size, at, 12 + (uint32_t)len, false);
	bench_ring_flows(&l->tx, opt.flows);
	l->tx.rewrite = opt.rewrite;
	for (unsigned int i = 0; i < opt.queues; i++) {
		at += bench_ring_bytes(opt.size) + (size_t)opt.size * BUFFER;
		bench_ring_init(&l->rx[i], packed, opt.size, at, BUFFER, true);
		l->rx[i].rewrite = opt.rewrite;
	}
	seg.iova = (uintptr_t)l->memory;
	seg.len = l->bytes;
	seg.hva = l->memory;
	check(dp_mem_create(&seg, 1, &l->mem), "dp_mem_create");
	pin(opt.nic_cpu);
	check(dp_create(&cfg, &l->dp), "dp_create");
	pin(opt.guest_cpu);
	dp_lock(l->dp);
	loop_idle(l, packed, at + bench_ring_bytes(opt.size) + (size_t)opt.size * BUFFER);
	l->port[0] = dp_port(l->dp, 0);
	l->port[1] = dp_port(l->dp, 1);
	check(dp_port_add_doorbell(l->port[0], &l->word), "dp_port_add_doorbell");
	l->txq = loop_queue(l, 0, &l->tx, 1);
	for (unsigned int i = 0; i < opt.queues; i++)
		l->rxq[i] = loop_queue(l, 1, &l->rx[i], (uint16_t)(i * 2));
	check(dp_port_set_rx(l->port[1], &rule, 1), "dp_port_set_rx");
	dp_unlock(l->dp);
}

static void loop_destroy(struct loop *l)
{
	dp_lock(l->dp);
	dp_port_set_rx(l->port[1], NULL, 0);
	dp_port_remove_doorbell(l->port[0], &l->word);
	vq_destroy(l->txq);
	for (unsigned int i = 0; i < opt.queues; i++)
		vq_destroy(l->rxq[i]);
	for (unsigned int i = 0; i < opt.idle; i++)
		vq_destroy(l->idle[i]);
	dp_unlock(l->dp);
	dp_destroy(l->dp);
	dp_mem_put(l->mem);
	free(l->words);
	free(l->memory);
}

static void loop_fill(struct loop *l)
{
	for (unsigned int i = 0; i < opt.queues; i++)
		bench_ring_fill(&l->rx[i]);
}

static void loop_receive(struct loop *l)
{
	for (unsigned int i = 0; i < opt.queues; i++)
		bench_ring_turn(&l->rx[i]);
}

static void loop_run(struct loop *l, uint64_t end_ns)
{
	while (now_ns() < end_ns) {
		for (unsigned int i = 0; i < 64; i++) {
			loop_receive(l);
			if (bench_ring_turn(&l->tx) && bench_ring_wants_kick(&l->tx))
				__atomic_store_n(&l->word, 1, __ATOMIC_RELEASE);
		}
	}
}

/*
 * One thread does the guest's and the NIC's part in turn and only the latter is counted, with its
 * look at the doorbells: what the code costs when no cache line has to travel. Median over rounds of 64 bursts.
 */
static double hot_cycles(bool packed, size_t len)
{
	static double cost[2000];
	struct loop l = {0};
	struct nic *nic;
	double result;

	loop_create(&l, packed, len);
	loop_fill(&l);
	bench_ring_fill(&l.tx);
	dp_lock(l.dp);
	nic = l.dp->nic[0];
	for (unsigned int round = 0; round < 2000; round++) {
		uint64_t frames = nic->frames_tx, spent = 0;

		for (unsigned int i = 0; i < 64; i++) {
			uint64_t start;

			for (unsigned int t = 0; t < 64 / BENCH_TURN; t++) {
				loop_receive(&l);
				bench_ring_turn(&l.tx);
			}
			nic->tx = l.txq;
			nic->step = STEP_TAKE;
			start = cycles();
			nic_doorbells(nic, true);
			l.txq->burst(nic, l.txq);
			spent += cycles() - start;
		}
		frames = nic->frames_tx - frames;
		cost[round] = frames ? (double)spent / (double)frames : 0;
	}
	dp_unlock(l.dp);
	loop_destroy(&l);
	result = median(cost, 2000);
	return result;
}

static void measure(bool packed, size_t len)
{
	static double rate[INTERVALS_MAX], busy[INTERVALS_MAX];
	double before = probe_round_trip(), after;
	struct dp_stats old, new;
	struct loop l = {0};

	loop_create(&l, packed, len);
	loop_fill(&l);
	bench_ring_fill(&l.tx);
	__atomic_store_n(&l.word, 1, __ATOMIC_RELEASE);
	loop_run(&l, now_ns() + 20000000u);
	for (unsigned int i = 0; i < opt.intervals; i++) {
		uint64_t start = now_ns(), ns;
		double frames;

		dp_stats(l.dp, &old);
		loop_run(&l, start + opt.interval_ms * 1000000ull);
		dp_stats(l.dp, &new);
		ns = now_ns() - start;
		frames = (double)(new.frames_rx - old.frames_rx);
		rate[i] = frames * 1000 / (double)ns;
		busy[i] = frames > 0 ? (double)(new.busy_cycles - old.busy_cycles) / frames : 0;
	}
	if (new.drops_no_buffer + new.drops_no_dest + new.drops_other > 0)
		printf("dropped: %llu\n", (unsigned long long)new.drops_no_buffer +
					      new.drops_no_dest + new.drops_other);
	loop_destroy(&l);
	after = probe_round_trip();
	qsort(busy, opt.intervals, sizeof(busy[0]), compare);
	printf("%-6s %5zu %8.2f %8.1f %8.1f %8.1f %8.1f %8.1f   %.0f/%.0f\n",
	       packed ? "packed" : "split", len, median(rate, opt.intervals),
	       busy[opt.intervals / 2], busy[0], hot_cycles(packed, len), memcpy_cycles(len, 1),
	       memcpy_cycles(len, opt.size), before, after);
	fflush(stdout);
}

/* What a started device without traffic costs, after back-off. */
static void measure_idle(void)
{
	struct timespec second = {.tv_sec = 1}, before, after;
	struct loop l = {0};

	loop_create(&l, false, 64);
	loop_fill(&l);
	__atomic_store_n(&l.word, 1, __ATOMIC_RELEASE);
	nanosleep(&second, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	nanosleep(&second, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	loop_destroy(&l);
	printf("idle: %.2f %% of a core\n", ((double)(after.tv_sec - before.tv_sec) * 1e9 +
					     (double)(after.tv_nsec - before.tv_nsec)) /
						1e7);
}

static void usage(void)
{
	puts("usage: dp_loop [-n ring size] [-i intervals] [-t ms an interval] [-g guest CPU]\n"
	     "               [-c NIC CPU] [-l split|packed] [-s frame size] [-m] [-w]\n"
	     "               [-q receive queues] [-f flows] [-p idle functions] [-o]\n"
	     "Moves frames between two ports; CPU -1: not pinned; -m: with mergeable buffers;\n"
	     "-o: with all offloads; -w: split descriptors are written anew each time, as packed ones always are.");
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {64, 1500};
	const char *layout = NULL;
	size_t only = 0;
	int c;

	while ((c = getopt(argc, argv, "n:i:t:g:c:l:s:q:f:p:omwh")) != -1) {
		switch (c) {
		case 'n':
			opt.size = (unsigned int)atoi(optarg);
			break;
		case 'i':
			opt.intervals = (unsigned int)atoi(optarg);
			break;
		case 't':
			opt.interval_ms = (unsigned int)atoi(optarg);
			break;
		case 'g':
			opt.guest_cpu = atoi(optarg);
			break;
		case 'c':
			opt.nic_cpu = atoi(optarg);
			break;
		case 'l':
			layout = optarg;
			break;
		case 's':
			only = (size_t)atoi(optarg);
			break;
		case 'q':
			opt.queues = (unsigned int)atoi(optarg);
			break;
		case 'f':
			opt.flows = (unsigned int)atoi(optarg);
			break;
		case 'p':
			opt.idle = (unsigned int)atoi(optarg);
			break;
		case 'o':
			opt.offloads = true;
			break;
		case 'm':
			opt.mrg = true;
			break;
		case 'w':
			opt.rewrite = true;
			break;
		default:
			usage();
			return c == 'h' ? 0 : 2;
		}
	}
	if (opt.size == 0 || opt.size > 32768 || (opt.size & (opt.size - 1)) != 0 ||
	    opt.intervals == 0 || opt.intervals > INTERVALS_MAX || only > BUFFER - 12 ||
	    (only > 0 && only < 42) || opt.queues == 0 || opt.queues > QUEUES_MAX ||
	    (opt.queues & (opt.queues - 1)) != 0 || opt.flows == 0 ||
	    opt.idle > IDLE_MAX) {
		usage();
		return 2;
	}
	puts("                     two threads        one      memcpy, buffers:   cache line\n"
	     "ring    size     Mpps cycles/f     best   thread      one      all   round trip, "
	     "cycles");
	for (unsigned int packed = 0; packed < 2; packed++) {
		if (layout != NULL && strcmp(layout, packed ? "packed" : "split") != 0)
			continue;
		for (unsigned int i = 0; i < 2; i++) {
			if (only == 0 || i == 0)
				measure(packed, only ? only : sizes[i]);
		}
	}
	measure_idle();
	return 0;
}
