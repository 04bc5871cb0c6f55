/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands, from the ring to the answer. Theory of operation: vv_cvq.h. */
#include <assert.h>
#include <string.h>
#include <time.h>

#include "vv_cvq_priv.h"
#include "vv_log.h"

/* What has been said in the log since start: ring errors by their number, and these. */
enum {
	TOLD_SHORT = VV_SWRING_ERROR_N,
	TOLD_FAULT,
	TOLD_NOT_TRUSTED,
	TOLD_N,
};
_Static_assert(TOLD_N <= 32, "bits of told");

/* One writer at a time, who holds busy; read by anybody. */
static void count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
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

void *vv_cvq_translate(void *arg, uint64_t gpa, uint64_t len)
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

bool vv_cvq_kicks_ask(struct vv_cvq *c)
{
	if (!guarded(c, kicks_anew))
		return c->found;
	fault(c);
	return false;
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

unsigned int vv_cvq_poll(struct vv_cvq *c, bool *again)
{
	unsigned int n;

	*again = false;
	if (!__atomic_load_n(&c->running, __ATOMIC_RELAXED))
		return 0;
	if (!vv_cvq_busy_try(c)) {
		*again = true;
		return 0;
	}
	n = poll_busy(c, again);
	vv_cvq_busy_leave(c);
	return n;
}

bool vv_cvq_want_kicks(struct vv_cvq *c, bool kicks)
{
	bool found = false;

	__atomic_store_n(&c->kicks, kicks, __ATOMIC_RELAXED);
	if (!vv_cvq_busy_try(c))
		return true; /* whoever has it looks with the next poll; ours has to follow */
	if (c->running && !c->dead)
		found = vv_cvq_kicks_ask(c);
	vv_cvq_busy_leave(c);
	return found;
}
