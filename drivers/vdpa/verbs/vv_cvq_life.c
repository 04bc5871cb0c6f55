/* SPDX-License-Identifier: BSD-3-Clause */
/* A control queue comes and goes, and is asked how it is. */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vv_cvq_priv.h"

enum { CACHE_LINE = 64 };

/* For control: a poll gives it back after the command it is at. */
static void busy_wait(struct vv_cvq *c)
{
	unsigned int i;

	for (i = 0; !vv_cvq_busy_try(c); i++) {
		if (i < 100)
			sched_yield();
		else
			usleep(20);
	}
}

size_t vv_cvq_bytes(void)
{
	return (sizeof(struct vv_cvq) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

int vv_cvq_create(const char *name, const struct vv_cvq_ops *ops, void *arg, struct vv_cvq **cvq)
{
	size_t size = vv_cvq_bytes();
	struct vv_cvq *c = aligned_alloc(CACHE_LINE, size);
	int err;

	if (!c)
		return -ENOMEM;
	memset(c, 0, size);
	c->name = strdup(name);
	if (!c->name) {
		free(c);
		return -ENOMEM;
	}
	err = vv_fault_install();
	if (err) {
		free(c->name);
		free(c);
		return err;
	}
	c->ops = ops;
	c->arg = arg;
	c->kicks = true;
	*cvq = c;
	return 0;
}

void vv_cvq_destroy(struct vv_cvq *c)
{
	if (!c)
		return;
	assert(!c->running);
	vv_fault_remove();
	free(c->name);
	free(c);
}

static int start_busy(struct vv_cvq *c, const struct vv_cvq_ring *ring)
{
	struct vv_swring_conf conf = {
	    .packed = ring->packed,
	    .event_idx = ring->event_idx,
	    .indirect = ring->indirect,
	    .size = ring->size,
	    .desc = ring->desc,
	    .driver = ring->driver,
	    .device = ring->device,
	    .base = ring->base,
	    .translate = vv_cvq_translate,
	    .translate_arg = c,
	};
	unsigned int i;
	int err;

	if (c->running)
		return -EALREADY;
	c->base = ring->base;
	if (ring->n_regions > VV_REGIONS_MAX)
		return -EINVAL;
	err = vv_swring_start(&c->ring, &conf);
	if (err)
		return err;
	for (i = 0; i < ring->n_regions; i++) {
		c->regions[i] = ring->regions[i];
		c->ranges[i].addr = ring->regions[i].hva;
		c->ranges[i].len = ring->regions[i].size;
	}
	c->n_regions = ring->n_regions;
	c->told = 0;
	c->dead = false;
	__atomic_store_n(&c->stats.needs_reset, false, __ATOMIC_RELAXED);
	vv_cvq_kicks_ask(c);
	__atomic_store_n(&c->running, true, __ATOMIC_RELAXED);
	return 0;
}

int vv_cvq_start(struct vv_cvq *c, const struct vv_cvq_ring *ring)
{
	int err;

	busy_wait(c);
	err = start_busy(c, ring);
	vv_cvq_busy_leave(c);
	return err;
}

uint16_t vv_cvq_stop(struct vv_cvq *c)
{
	uint16_t base;

	__atomic_store_n(&c->stopping, true, __ATOMIC_RELAXED);
	busy_wait(c);
	if (c->running) {
		c->base = vv_swring_base(&c->ring);
		__atomic_store_n(&c->running, false, __ATOMIC_RELAXED);
	}
	base = c->base;
	__atomic_store_n(&c->stopping, false, __ATOMIC_RELAXED);
	vv_cvq_busy_leave(c);
	return base;
}

void vv_cvq_stats(const struct vv_cvq *c, struct vv_cvq_stats *stats)
{
	unsigned int i;

	stats->commands = __atomic_load_n(&c->stats.commands, __ATOMIC_RELAXED);
	for (i = 0; i < VV_CTRL_VERDICT_N; i++)
		stats->verdict[i] = __atomic_load_n(&c->stats.verdict[i], __ATOMIC_RELAXED);
	for (i = 0; i < VV_SWRING_ERROR_N; i++)
		stats->ring_errors[i] = __atomic_load_n(&c->stats.ring_errors[i], __ATOMIC_RELAXED);
	stats->short_chains = __atomic_load_n(&c->stats.short_chains, __ATOMIC_RELAXED);
	stats->faults = __atomic_load_n(&c->stats.faults, __ATOMIC_RELAXED);
	stats->polls_busy = __atomic_load_n(&c->stats.polls_busy, __ATOMIC_RELAXED);
	stats->needs_reset = __atomic_load_n(&c->stats.needs_reset, __ATOMIC_RELAXED);
}

/* Not with a load: the memory may be gone, and a ring that is not ours yet is no concern of us. */
bool vv_cvq_continues(const struct vv_cvq *c, bool packed, const void *where)
{
	struct {
		uint64_t addr;
		uint32_t len;
		uint16_t id;
	} desc;
	struct {
		uint32_t id, len;
	} used;
	struct iovec to = {.iov_base = packed ? (void *)&desc : &used, .iov_len = packed ? 14 : 8};
	struct iovec from = {.iov_len = to.iov_len};
	size_t slot = packed ? c->last.slot & 0x7fff : c->last.slot & (c->ring.conf.size - 1);

	if (!c->last.valid || packed != c->ring.conf.packed)
		return false;
	from.iov_base = (uint8_t *)(uintptr_t)where + (packed ? 16 * slot : 4 + 8 * slot);
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)to.iov_len)
		return false;
	return packed ? desc.id == c->last.id && desc.len == c->last.len
		      : used.id == c->last.id && used.len == c->last.len;
}
