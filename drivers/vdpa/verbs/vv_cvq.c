/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "vv_cvq.h"
#include "vv_fault.h"
#include "vv_log.h"

enum { CACHE_LINE = 64 };

/* What has been said in the log since start: ring errors by their number, and these. */
enum {
	TOLD_SHORT = VV_SWRING_ERROR_N,
	TOLD_FAULT,
	TOLD_NOT_TRUSTED,
	TOLD_N,
};
_Static_assert(TOLD_N <= 32, "bits of told");

struct vv_cvq {
	/* Who holds it may use all that follows; atomic. */
	bool busy;
	bool running;  /* atomic: a look at it without busy spares one */
	bool stopping; /* atomic: stop waits for busy */
	bool kicks;    /* atomic: what the one who polls wants of the guest */

	struct vv_swring ring;
	bool dead;     /* until start */
	uint16_t base; /* when it does not run */
	uint32_t told;
	unsigned int n_regions;

	/* What was written last: a used entry, or descriptor, of this number. */
	struct {
		bool valid;
		uint16_t slot, id;
		uint32_t len;
	} last;

	/* Results of what ran under the guard, which may end anywhere. */
	bool found, call;
	int popped;

	const struct vv_cvq_ops *ops; /* borrowed, static */
	void *arg;
	char *name; /* owned */
	struct vv_cvq_stats stats;

	struct vv_region regions[VV_REGIONS_MAX];
	struct vv_fault_range ranges[VV_REGIONS_MAX]; /* the same, as the guard wants them */

	uint64_t burst_us; /* of the NIC, in this poll */

	/* The command in work. */
	struct vv_swring_chain chain;
	uint32_t command_len, answer_len;
	uint8_t command[VV_CTRL_COMMAND_MAX];
	uint8_t answer[1 + VV_CTRL_RESULT_MAX]; /* ack and result */
	struct vv_ctrl_state next;
	struct vv_ctrl_reply reply;
};

/* One writer at a time, who holds busy; read by anybody. */
static void count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

/* ---- busy ---- */

static bool busy_try(struct vv_cvq *c)
{
	return !__atomic_exchange_n(&c->busy, true, __ATOMIC_ACQUIRE);
}

static void busy_leave(struct vv_cvq *c)
{
	__atomic_store_n(&c->busy, false, __ATOMIC_RELEASE);
}

/* For control: a poll gives it back after the command it is at. */
static void busy_wait(struct vv_cvq *c)
{
	unsigned int i;

	for (i = 0; !busy_try(c); i++) {
		if (i < 100)
			sched_yield();
		else
			usleep(20);
	}
}

/* ---- what goes wrong ---- */

static bool first_time(struct vv_cvq *c, unsigned int kind)
{
	bool first = !(c->told & 1u << kind);

	c->told |= 1u << kind;
	return first;
}

static void die(struct vv_cvq *c)
{
	c->dead = true;
	__atomic_store_n(&c->stats.needs_reset, true, __ATOMIC_RELAXED);
}

static void fault(struct vv_cvq *c)
{
	count(&c->stats.faults);
	if (first_time(c, TOLD_FAULT))
		VV_LOG(WARNING,
		       "%s: control queue: dead until a reset: memory of the guest is gone",
		       c->name);
	die(c);
}

static void ring_error(struct vv_cvq *c, enum vv_swring_error error)
{
	count(&c->stats.ring_errors[error]);
	if (first_time(c, error))
		VV_LOG(WARNING, "%s: control queue: dead until a reset: %s (%s)", c->name,
		       vv_swring_error_text(error), vv_swring_error_name(error));
	die(c);
}

static void short_chain(struct vv_cvq *c)
{
	count(&c->stats.short_chains);
	if (first_time(c, TOLD_SHORT))
		VV_LOG(WARNING,
		       "%s: control queue: dead until a reset: a chain without command or room for "
		       "its answer (%llu bytes to read, %llu to write)",
		       c->name, (unsigned long long)c->chain.read_len,
		       (unsigned long long)c->chain.write_len);
	die(c);
}

static void refused(struct vv_cvq *c, enum vv_ctrl_verdict verdict)
{
	const char *command = vv_ctrl_command_name(c->command, c->command_len);

	if (verdict == VV_CTRL_NOT_TRUSTED && first_time(c, TOLD_NOT_TRUSTED))
		VV_LOG(WARNING,
		       "%s: control queue: %s: refused: the guest is not trusted to choose what it "
		       "receives",
		       c->name, command);
	else
		VV_LOG(DEBUG, "%s: control queue: %s: refused: %s (%llu bytes)", c->name, command,
		       vv_ctrl_verdict_name(verdict), (unsigned long long)c->chain.read_len);
}

/* ---- what touches guest memory, each under a guard; no locks, no allocation ---- */

static int guarded(struct vv_cvq *c, void (*work)(void *arg))
{
	return vv_fault_guarded(c->ranges, c->n_regions, work, c);
}

static void look(void *arg)
{
	struct vv_cvq *c = arg;
	bool kicks = __atomic_load_n(&c->kicks, __ATOMIC_RELAXED);

	if (c->ring.kicks != kicks)
		vv_swring_kicks(&c->ring, kicks);
	c->found = vv_swring_pending(&c->ring);
}

static void kicks_anew(void *arg)
{
	struct vv_cvq *c = arg;

	vv_swring_kicks(&c->ring, __atomic_load_n(&c->kicks, __ATOMIC_RELAXED));
	c->found = vv_swring_pending(&c->ring);
}

/* One chain, and once what it says. */
static void take(void *arg)
{
	struct vv_cvq *c = arg;

	c->popped = vv_swring_pop(&c->ring, &c->chain);
	if (c->popped == 1 && !c->chain.error)
		c->command_len = vv_swring_read(&c->chain, 0, c->command, sizeof(c->command));
}

static void give(void *arg)
{
	struct vv_cvq *c = arg;

	if (c->answer_len)
		vv_swring_write(&c->chain, 0, c->answer, c->answer_len);
	c->last.slot = c->ring.used;
	c->last.id = c->chain.id;
	c->last.len = c->answer_len;
	c->last.valid = true;
	vv_swring_used(&c->ring, &c->chain, c->answer_len);
	vv_swring_publish(&c->ring);
	c->call = vv_swring_call_needed(&c->ring);
}

static void *translate(void *arg, uint64_t gpa, uint64_t len)
{
	const struct vv_cvq *c = arg;
	unsigned int i;

	for (i = 0; i < c->n_regions; i++) {
		const struct vv_region *r = &c->regions[i];
		uint64_t offset = gpa - r->gpa;

		if (offset < r->size && len <= r->size - offset)
			return (uint8_t *)r->hva + offset;
	}
	return NULL;
}

/* ---- a command ---- */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

/* What takes long is the NIC: its time is what a burst is measured by. */
static int apply(struct vv_cvq *c)
{
	uint64_t begun = now_us();
	int err = c->ops->apply(c->arg, &c->next);

	c->burst_us += now_us() - begun;
	return err;
}

/* Steps the state, and brings the device there. The device is entered. */
static enum vv_ctrl_verdict execute(struct vv_cvq *c)
{
	const struct vv_ctrl_state *now = c->ops->state(c->arg);
	struct vv_ctrl_facts facts = {
	    .commands = c->stats.commands,
	    .commands_ok = c->stats.verdict[VV_CTRL_OK],
	};
	enum vv_ctrl_verdict verdict;

	if (c->chain.read_len > sizeof(c->command))
		return VV_CTRL_OVERLONG;
	c->ops->facts(c->arg, &facts);
	verdict = vv_ctrl_step(c->ops->conf(c->arg), &facts, now, c->command, c->command_len,
			       c->chain.write_len - 1, &c->next, &c->reply);
	if (verdict == VV_CTRL_OK &&
	    (memcmp(&c->next, now, sizeof(c->next)) ||
	     (c->ops->stale && c->ops->stale(c->arg))) &&
	    apply(c))
		return VV_CTRL_REFUSED;
	return verdict;
}

static void command(struct vv_cvq *c)
{
	enum vv_ctrl_verdict verdict = execute(c);

	count(&c->stats.commands);
	count(&c->stats.verdict[verdict]);
	if (verdict == VV_CTRL_OK) {
		assert(c->reply.len <= sizeof(c->reply.result) &&
		       c->reply.len < c->chain.write_len);
		c->answer[0] = VIRTIO_NET_OK;
		memcpy(c->answer + 1, c->reply.result, c->reply.len);
		c->answer_len = 1 + c->reply.len;
	} else {
		refused(c, verdict);
		c->answer[0] = VIRTIO_NET_ERR;
		c->answer_len = 1;
	}
}

/* One chain from taken to answered; false: there is none, or nothing can be done about it. */
static bool serve(struct vv_cvq *c)
{
	c->call = false;
	if (guarded(c, take)) {
		fault(c);
		return false;
	}
	if (c->popped < 0)
		ring_error(c, c->ring.broken);
	if (c->popped != 1)
		return false;
	c->answer_len = 0;
	if (c->chain.error)
		ring_error(c, c->chain.error);
	else if (c->chain.read_len < sizeof(struct virtio_net_ctrl_hdr) || !c->chain.write_len)
		short_chain(c);
	else
		command(c);
	if (guarded(c, give)) {
		fault(c);
		return false;
	}
	if (c->call)
		c->ops->call(c->arg);
	return true;
}

static bool enter(struct vv_cvq *c, bool *again)
{
	if (c->ops->enter(c->arg))
		return true;
	count(&c->stats.polls_busy);
	*again = true;
	return false;
}

/* With busy. */
static unsigned int poll_busy(struct vv_cvq *c, bool *again)
{
	unsigned int n = 0;

	if (!c->running || c->dead)
		return 0;
	if (guarded(c, look)) {
		fault(c);
		return 0;
	}
	if (!c->found)
		return 0;
	c->burst_us = 0;
	*again = true;
	while (n < VV_CVQ_BURST && !c->dead && !__atomic_load_n(&c->stopping, __ATOMIC_RELAXED) &&
	       c->burst_us < VV_CVQ_BURST_US) {
		bool served;

		/* Anew for each: who waits for the device has it in between. */
		if (!enter(c, again))
			return n;
		served = serve(c);
		c->ops->leave(c->arg);
		if (!served) {
			*again = false;
			return n;
		}
		n++;
	}
	return n;
}

/* Not with a load: the memory may be gone, and a ring that is not ours yet is no concern of ours. */
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

unsigned int vv_cvq_poll(struct vv_cvq *c, bool *again)
{
	unsigned int n;

	*again = false;
	if (!__atomic_load_n(&c->running, __ATOMIC_RELAXED))
		return 0;
	if (!busy_try(c)) {
		*again = true;
		return 0;
	}
	n = poll_busy(c, again);
	busy_leave(c);
	return n;
}

bool vv_cvq_want_kicks(struct vv_cvq *c, bool kicks)
{
	bool found = false;

	__atomic_store_n(&c->kicks, kicks, __ATOMIC_RELAXED);
	if (!busy_try(c))
		return true; /* whoever has it looks with the next poll; ours has to follow */
	if (c->running && !c->dead) {
		if (guarded(c, kicks_anew))
			fault(c);
		else
			found = c->found;
	}
	busy_leave(c);
	return found;
}

/* ---- life ---- */

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
	    .translate = translate,
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
	if (guarded(c, kicks_anew))
		fault(c);
	__atomic_store_n(&c->running, true, __ATOMIC_RELAXED);
	return 0;
}

int vv_cvq_start(struct vv_cvq *c, const struct vv_cvq_ring *ring)
{
	int err;

	busy_wait(c);
	err = start_busy(c, ring);
	busy_leave(c);
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
	busy_leave(c);
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
