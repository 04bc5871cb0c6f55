/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../port/fdb.h"
#include "../port/link_impl.h"
#include "../port/steer.h"
#include "dp_impl.h"

static uint64_t dp_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Cycles a microsecond, over two milliseconds. */
static uint64_t dp_measure_cycles(void)
{
	uint64_t ns = dp_now_ns(), cycles = dp_cycles(), passed;

	do {
		struct timespec ts = {.tv_nsec = 1000000};

		nanosleep(&ts, NULL);
		passed = dp_now_ns() - ns;
	} while (passed < 2000000);
	cycles = (dp_cycles() - cycles) * 1000 / passed;
	return cycles > 0 ? cycles : 1;
}

static int nic_start(struct nic *nic)
{
	sigset_t block, old;
	char name[16];
	int err;

	/* Signals are for the program's threads; but what an access raises must arrive. */
	sigfillset(&block);
	sigdelset(&block, SIGSEGV);
	sigdelset(&block, SIGBUS);
	sigdelset(&block, SIGFPE);
	sigdelset(&block, SIGILL);
	sigdelset(&block, SIGTRAP);
	sigdelset(&block, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &block, &old);
	err = pthread_create(&nic->thread, NULL, nic_main, nic);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	snprintf(name, sizeof(name), "softhca-nic%u", nic->index);
	pthread_setname_np(nic->thread, name);
	return 0;
}

static void nic_free(struct nic *nic)
{
	if (nic == NULL)
		return;
	free(nic->active);
	free(nic->touched);
	free(nic->pending);
	free(nic->rings_seen);
	free(nic->port_stats);
	free(nic->links);
	free(nic);
}

static struct nic *nic_new(struct dp *dp, unsigned int index)
{
	struct nic *nic = aligned_alloc(64, (sizeof(*nic) + 63) / 64 * 64);

	if (nic == NULL)
		return NULL;
	memset(nic, 0, sizeof(*nic));
	nic->dp = dp;
	nic->index = index;
	nic->multi = dp->cfg.threads > 1;
	nic->step = STEP_DONE;
	nic->rings_seen = calloc(dp->cfg.ports, sizeof(nic->rings_seen[0]));
	nic->port_stats = aligned_alloc(64, dp->n_ports * sizeof(nic->port_stats[0]));
	if (nic->rings_seen == NULL || nic->port_stats == NULL) {
		nic_free(nic);
		return NULL;
	}
	memset(nic->port_stats, 0, dp->n_ports * sizeof(nic->port_stats[0]));
	return nic;
}

static void dp_free(struct dp *dp)
{
	links_destroy(dp);
	for (unsigned int i = 0; dp->nic != NULL && i < dp->cfg.threads; i++)
		nic_free(dp->nic[i]);
	for (unsigned int i = 0; dp->port != NULL && i < dp->n_ports; i++) {
		rx_table_destroy(dp->port[i].rx);
		free(dp->port[i].txq);
	}
	fdb_destroy(dp->fdb);
	pthread_cond_destroy(&dp->turn_cond);
	pthread_cond_destroy(&dp->resume_cond);
	pthread_cond_destroy(&dp->parked_cond);
	pthread_mutex_destroy(&dp->mutex);
	free(dp->doorbells);
	free(dp->nic);
	free(dp->port);
	free(dp);
}

static void dp_stop_threads(struct dp *dp, unsigned int n)
{
	__atomic_store_n(&dp->stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < n; i++)
		pthread_join(dp->nic[i]->thread, NULL);
}

static int dp_start_threads(struct dp *dp)
{
	for (unsigned int i = 0; i < dp->cfg.threads; i++) {
		int err = nic_start(dp->nic[i]);

		if (err) {
			dp_stop_threads(dp, i);
			return err;
		}
	}
	return 0;
}

static int dp_alloc(struct dp *dp)
{
	int err;

	dp->nic = calloc(dp->cfg.threads, sizeof(dp->nic[0]));
	dp->port = calloc(dp->n_ports, sizeof(dp->port[0]));
	if (dp->nic == NULL || dp->port == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < dp->n_ports; i++) {
		dp->port[i].dp = dp;
		dp->port[i].index = i;
		dp->port[i].policy.mtu = DP_MTU_MAX;
	}
	for (unsigned int i = 0; i < dp->cfg.threads; i++) {
		dp->nic[i] = nic_new(dp, i);
		if (dp->nic[i] == NULL)
			return -ENOMEM;
	}
	err = fdb_create(dp->n_ports, &dp->fdb);
	return err ? err : links_create(dp);
}

int dp_create(const struct dp_config *cfg, struct dp **out)
{
	struct dp *dp;
	int err;

	if (cfg->threads == 0 || cfg->threads > DP_THREADS_MAX || cfg->ports == 0 ||
	    cfg->ports > DP_PORTS_MAX || cfg->n_links > DP_LINKS_MAX)
		return -EINVAL;
	dp = calloc(1, sizeof(*dp));
	if (dp == NULL)
		return -ENOMEM;
	dp->cfg = *cfg;
	dp->n_ports = cfg->ports + cfg->n_links;
	dp->loopback = cfg->wire_loopback;
	dp->open_wire = !cfg->wire_loopback;
	dp->cycles_per_us = dp_measure_cycles();
	dp->delay_drop_cycles = dp->cycles_per_us * 1000 * cfg->delay_drop_ms;
	pthread_mutex_init(&dp->mutex, NULL);
	pthread_cond_init(&dp->parked_cond, NULL);
	pthread_cond_init(&dp->resume_cond, NULL);
	pthread_cond_init(&dp->turn_cond, NULL);
	err = dp_alloc(dp);
	if (err)
		goto free_dp;
	err = guard_install();
	if (err)
		goto free_dp;
	err = dp_start_threads(dp);
	if (err)
		goto remove_guard;
	/* The tick runs already and may look whether we are done. */
	__atomic_store_n(out, dp, __ATOMIC_RELEASE);
	return 0;

remove_guard:
	guard_remove();
free_dp:
	dp_free(dp);
	return err;
}

void dp_destroy(struct dp *dp)
{
	if (dp == NULL)
		return;
	dp_stop_threads(dp, dp->cfg.threads);
	guard_remove();
	dp_free(dp);
}

struct dp_port *dp_port(struct dp *dp, unsigned int index)
{
	return index < dp->n_ports ? &dp->port[index] : NULL;
}

void dp_port_stats(const struct dp_port *port, struct dp_port_stats *stats)
{
	const struct dp *dp = port->dp;

	memset(stats, 0, sizeof(*stats));
	for (unsigned int i = 0; i < dp->cfg.threads; i++) {
		const struct nic_port_stats *s = &dp->nic[i]->port_stats[port->index];

		stats->frames_tx += __atomic_load_n(&s->frames_tx, __ATOMIC_RELAXED);
		stats->bytes_tx += __atomic_load_n(&s->bytes_tx, __ATOMIC_RELAXED);
		stats->frames_rx += __atomic_load_n(&s->frames_rx, __ATOMIC_RELAXED);
		stats->bytes_rx += __atomic_load_n(&s->bytes_rx, __ATOMIC_RELAXED);
		stats->drops_no_buffer += __atomic_load_n(&s->drops_no_buffer, __ATOMIC_RELAXED);
		stats->drops_no_dest += __atomic_load_n(&s->drops_no_dest, __ATOMIC_RELAXED);
		stats->drops_other += __atomic_load_n(&s->drops_other, __ATOMIC_RELAXED);
		stats->drops_spoofed += __atomic_load_n(&s->drops_spoofed, __ATOMIC_RELAXED);
	}
}

void dp_stats(struct dp *dp, struct dp_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	for (unsigned int i = 0; i < dp->n_ports; i++) {
		struct dp_port_stats s;

		dp_port_stats(&dp->port[i], &s);
		stats->frames_tx += s.frames_tx;
		stats->bytes_tx += s.bytes_tx;
		stats->frames_rx += s.frames_rx;
		stats->bytes_rx += s.bytes_rx;
		stats->drops_no_buffer += s.drops_no_buffer;
		stats->drops_no_dest += s.drops_no_dest;
		stats->drops_other += s.drops_other + s.drops_spoofed;
	}
	for (unsigned int i = 0; i < dp->cfg.threads; i++)
		stats->busy_cycles +=
		    __atomic_load_n(&dp->nic[i]->busy_cycles, __ATOMIC_RELAXED);
}
