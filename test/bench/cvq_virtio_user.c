/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What commands cost a DPDK application on net_virtio_user, whose control queue never leaves the
 * process: the driver writes a command into its ring, "notifies", which is a call of a function
 *that takes it from there, does nothing for receive modes, addresses and VLANs, and writes the
 *answer. So no other core, no descriptor of another process, no device. It is the least that a
 *control queue can cost, and what test/bench/cvq holds ours against.
 *
 *	cvq_virtio_user EAL-ARGUMENTS --vdev net_virtio_user0,path=SOCKET,queues=2 -- NUMBER
 *
 * Prints a JSON array as vfront --control-bench --json does. The time is that of the ethdev call.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum { WARM_UP = 20, NUMBER_MAX = 10000000, PORT = 0 };

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int promisc(unsigned int i)
{
	return i & 1 ? rte_eth_promiscuous_disable(PORT) : rte_eth_promiscuous_enable(PORT);
}

static int allmulti(unsigned int i)
{
	return i & 1 ? rte_eth_allmulticast_disable(PORT) : rte_eth_allmulticast_enable(PORT);
}

static int mac(unsigned int i)
{
	struct rte_ether_addr addr = {
	    {0x02, 0, 0, 0, 0x0b, (uint8_t)(0x11 + (i & 1))}
        };

	return rte_eth_dev_default_mac_addr_set(PORT, &addr);
}

static int macs(unsigned int i)
{
	struct rte_ether_addr addr = {
	    {0x02, 0, 0, 0, 0x0b, 0x21}
        };

	return i & 1 ? rte_eth_dev_mac_addr_remove(PORT, &addr)
		     : rte_eth_dev_mac_addr_add(PORT, &addr, 0);
}

static int vlan(unsigned int i)
{
	return rte_eth_dev_vlan_filter(PORT, 100, !(i & 1));
}

static const struct {
	const char *name;
	int (*call)(unsigned int i);
} kinds[] = {
    {"promisc",  promisc },
    {"allmulti", allmulti},
    {"macs",     macs    },
    {"mac",      mac     },
    {"vlan",     vlan    },
};

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void die(const char *what, int err)
{
	fprintf(stderr, "cvq_virtio_user: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

static void start_port(void)
{
	struct rte_eth_conf conf = {.rxmode = {.offloads = RTE_ETH_RX_OFFLOAD_VLAN_FILTER}};
	struct rte_mempool *pool;
	int err;

	pool = rte_pktmbuf_pool_create("mbufs", 2047, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (!pool)
		die("mbufs", ENOMEM);
	err = rte_eth_dev_configure(PORT, 1, 1, &conf);
	if (err)
		die("configure", err);
	err = rte_eth_rx_queue_setup(PORT, 0, 256, 0, NULL, pool);
	if (!err)
		err = rte_eth_tx_queue_setup(PORT, 0, 256, 0, NULL);
	if (!err)
		err = rte_eth_dev_start(PORT);
	if (err)
		die("start", err);
}

static void measure(unsigned int kind, unsigned int n, uint64_t *sample)
{
	unsigned int i, refused = 0;

	for (i = 0; i < WARM_UP + n; i++) {
		uint64_t since = now_ns();
		int err = kinds[kind].call(i);

		if (i >= WARM_UP) {
			sample[i - WARM_UP] = now_ns() - since;
			refused += err != 0;
		}
	}
	qsort(sample, n, sizeof(*sample), ascending);
	printf("%s{\"command\": \"%s\", \"n\": %u, \"refused\": %u, \"min_ns\": %" PRIu64
	       ", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64 ", \"max_ns\": %" PRIu64 "}",
	       kind ? ", " : "", kinds[kind].name, n, refused, sample[0], sample[n / 2],
	       sample[n - 1 - n / 100], sample[n - 1]);
}

int main(int argc, char **argv)
{
	uint64_t *sample;
	unsigned long n;
	int used = rte_eal_init(argc, argv);

	if (used < 0 || argc - used != 2) {
		fprintf(stderr, "Usage: cvq_virtio_user EAL-ARGUMENTS --vdev "
				"net_virtio_user0,path=SOCKET,queues=2 -- NUMBER\n");
		return 2;
	}
	n = strtoul(argv[used + 1], NULL, 0);
	if (n == 0 || n > NUMBER_MAX || !rte_eth_dev_is_valid_port(PORT))
		die("number of commands, or no port", EINVAL);
	sample = calloc(n, sizeof(*sample));
	if (!sample)
		die("samples", ENOMEM);
	start_port();
	printf("[");
	for (unsigned int k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		measure(k, (unsigned int)n, sample);
	printf("]\n");
	fflush(stdout);
	rte_eth_dev_stop(PORT);
	rte_eal_cleanup();
	free(sample);
	return 0;
}
