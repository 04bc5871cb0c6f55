/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vhost_native: the least that librte_vhost can be asked to do between two ports. One thread takes
 * frames from one and gives them to the other, both ways: no ethdev, no forwarding engine, and all
 * of it, the library included, compiled for this very CPU. The strictest software peer there is.
 *
 *   vhost_native [EAL options] -- SOCKET SOCKET PAIRS
 *
 * Each line on standard input is answered by "BUSY-CYCLES FRAMES", both since the start; its end
 * ends the program. config/prepare bench builds it from the source of the DPDK that is installed.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_vhost.h>

enum { BURST = 32, MBUFS = 16384, MBUF_CACHE = 256, NOBODY = -1 };

static struct {
	const char *path[2];
	int vid[2]; /* NOBODY while no front-end is there; written by vhost's threads */
	unsigned int pairs;
	struct rte_mempool *pool;
	uint64_t passes; /* of the worker */
	bool quiet;      /* guests know that kicks are not needed */
	uint64_t busy, frames;
	bool stop;
} sw = {
    .vid = {NOBODY, NOBODY}
};

static int port_of(int vid)
{
	char path[256];

	if (rte_vhost_get_ifname(vid, path, sizeof(path)))
		return -1;
	return strcmp(path, sw.path[0]) == 0 ? 0 : 1;
}

static int on_new(int vid)
{
	int port = port_of(vid);

	if (port < 0)
		return -1;
	__atomic_store_n(&sw.quiet, false, __ATOMIC_RELAXED);
	__atomic_store_n(&sw.vid[port], vid, __ATOMIC_RELEASE);
	return 0;
}

/* Vhost frees the device afterwards: wait until the worker has seen that it goes. */
static void on_destroy(int vid)
{
	int port = port_of(vid);
	uint64_t seen;

	if (port < 0)
		return;
	__atomic_store_n(&sw.vid[port], NOBODY, __ATOMIC_SEQ_CST);
	seen = __atomic_load_n(&sw.passes, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&sw.passes, __ATOMIC_SEQ_CST) < seen + 2)
		rte_delay_us_sleep(50);
}

/* Vhost holds the queue's lock here: the worker tells the guest. */
static int on_vring(int vid, uint16_t queue, int enable)
{
	__atomic_store_n(&sw.quiet, false, __ATOMIC_RELEASE);
	return 0;
}

static const struct rte_vhost_device_ops ops = {
    .new_device = on_new,
    .destroy_device = on_destroy,
    .vring_state_changed = on_vring,
};

static inline unsigned int forward(int from, int to, unsigned int pair)
{
	struct rte_mbuf *frame[BURST];
	unsigned int n;

	n = rte_vhost_dequeue_burst(from, (uint16_t)(2 * pair + 1), sw.pool, frame, BURST);
	if (n == 0)
		return 0;
	rte_vhost_enqueue_burst(to, (uint16_t)(2 * pair), frame, (uint16_t)n);
	rte_pktmbuf_free_bulk(frame, n);
	return n;
}

/* It polls: guests need not kick. */
static void hush(int vid)
{
	for (uint16_t q = 0; q < rte_vhost_get_vring_num(vid); q++)
		rte_vhost_enable_guest_notification(vid, q, 0);
}

static int work(void *arg)
{
	uint64_t start = rte_rdtsc(), now;

	while (!__atomic_load_n(&sw.stop, __ATOMIC_RELAXED)) {
		int a = __atomic_load_n(&sw.vid[0], __ATOMIC_ACQUIRE);
		int b = __atomic_load_n(&sw.vid[1], __ATOMIC_ACQUIRE);
		unsigned int n = 0;

		if (a != NOBODY && b != NOBODY) {
			if (unlikely(!__atomic_load_n(&sw.quiet, __ATOMIC_ACQUIRE))) {
				__atomic_store_n(&sw.quiet, true, __ATOMIC_RELAXED);
				hush(a);
				hush(b);
			}
			for (unsigned int pair = 0; pair < sw.pairs; pair++)
				n += forward(a, b, pair) + forward(b, a, pair);
		}
		now = rte_rdtsc();
		if (n > 0) {
			__atomic_store_n(&sw.busy, sw.busy + (now - start), __ATOMIC_RELAXED);
			__atomic_store_n(&sw.frames, sw.frames + n, __ATOMIC_RELAXED);
		}
		start = now;
		__atomic_store_n(&sw.passes, sw.passes + 1, __ATOMIC_RELEASE);
	}
	return 0;
}

static int serve(const char *path)
{
	int err = rte_vhost_driver_register(path, 0);

	if (!err)
		err = rte_vhost_driver_callback_register(path, &ops);
	if (!err)
		err = rte_vhost_driver_start(path);
	if (err)
		fprintf(stderr, "vhost_native: %s: vhost says %d\n", path, err);
	return err;
}

int main(int argc, char **argv)
{
	unsigned int worker;
	char line[64];
	int n;

	n = rte_eal_init(argc, argv);
	if (n < 0)
		return 1;
	argc -= n;
	argv += n;
	if (argc != 4 || atoi(argv[3]) < 1) {
		fprintf(stderr, "Usage: vhost_native [EAL options] -- SOCKET SOCKET PAIRS\n");
		return 2;
	}
	sw.path[0] = argv[1];
	sw.path[1] = argv[2];
	sw.pairs = (unsigned int)atoi(argv[3]);
	sw.pool = rte_pktmbuf_pool_create("frames", MBUFS, MBUF_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  SOCKET_ID_ANY);
	worker = rte_get_next_lcore(-1, 1, 0);
	if (!sw.pool || worker == RTE_MAX_LCORE) {
		fprintf(stderr, "vhost_native: no memory for frames, or no worker core\n");
		return 1;
	}
	if (rte_eal_remote_launch(work, NULL, worker) || serve(sw.path[0]) || serve(sw.path[1]))
		return 1;
	printf("serving\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%llu %llu\n",
		       (unsigned long long)__atomic_load_n(&sw.busy, __ATOMIC_RELAXED),
		       (unsigned long long)__atomic_load_n(&sw.frames, __ATOMIC_RELAXED));
		fflush(stdout);
	}
	__atomic_store_n(&sw.stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
	return 0;
}
