/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_queue.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define POISON     0xa5
#define GAP        3u /* between pieces: nothing may run from one into the next */
#define LOOK_MS    20
#define SPIN_LOOKS 4096 /* between two looks at the time */

static void queue_config(const struct fe_ctrl_config *cfg, struct fe_queue_config *qc)
{
	*qc = (struct fe_queue_config){
	    .index = cfg->index,
	    .layout = cfg->layout,
	    .ring_size = cfg->ring_size,
	    .chain_min = 1,
	    .chain_max = 1,
	    .buffer_len = 1,
	    .event_idx = cfg->event_idx,
	    .legacy_layout = cfg->legacy_layout,
	};
}

size_t fe_ctrl_footprint(const struct fe_ctrl_config *cfg)
{
	struct fe_queue_config qc;

	queue_config(cfg, &qc);
	return fe_queue_footprint(&qc) + 2 * (size_t)FE_CTRL_SLOTS * FE_CTRL_SLOT_LEN;
}

int fe_ctrl_create(const struct fe_ctrl_config *cfg, struct fe_mem *mem, struct fe_ctrl_queue **out)
{
	struct fe_queue_config qc;
	struct fe_ctrl_queue *c;
	int err;

	if (cfg->ring_size < 4)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->cfg = *cfg;
	c->random = cfg->seed;
	c->q.kick = c->q.call = c->q.err = -1;
	c->slot = calloc(FE_CTRL_SLOTS, sizeof(*c->slot));
	queue_config(cfg, &qc);
	err = c->slot ? fe_queue_create(&qc, mem, &c->q) : -ENOMEM;
	for (unsigned int i = 0; !err && i < 2; i++)
		err = fe_mem_alloc(mem, cfg->index + i, (size_t)FE_CTRL_SLOTS * FE_CTRL_SLOT_LEN, 1,
				   &c->arena[i]);
	if (err) {
		fe_ctrl_destroy(c);
		return err;
	}
	fe_ring_irq_disable(c->q.ring);
	*out = c;
	return 0;
}

void fe_ctrl_destroy(struct fe_ctrl_queue *c)
{
	if (!c)
		return;
	fe_queue_destroy(&c->q);
	free(c->slot);
	free(c);
}

int fe_ctrl_reset(struct fe_ctrl_queue *c)
{
	int err = fe_queue_reset(&c->q);

	for (unsigned int i = 0; i < FE_CTRL_SLOTS; i++)
		c->slot[i].busy = false;
	c->busy = 0;
	if (!err)
		fe_ring_irq_disable(c->q.ring);
	return err;
}

/* Where the pieces of one command go: to the two regions in turn. */
struct layout {
	struct fe_ctrl_queue *c;
	unsigned int slot;
	uint32_t at[2];
	unsigned int turn;
};

static struct fe_piece place(struct layout *l, uint32_t len)
{
	unsigned int which = l->turn++ & 1;
	const struct fe_span *arena = &l->c->arena[which];
	size_t at = (size_t)l->slot * FE_CTRL_SLOT_LEN + l->at[which];

	/* Commands and results at their longest, and the gaps of all pieces, leave room. */
	l->at[which] += len + GAP;
	if (l->at[which] > FE_CTRL_SLOT_LEN)
		abort();
	return (struct fe_piece){.ptr = arena->ptr + at, .gpa = arena->gpa + at, .len = len};
}

static int free_slot(const struct fe_ctrl_queue *c, unsigned int *slot)
{
	for (unsigned int i = 0; i < FE_CTRL_SLOTS; i++) {
		if (!c->slot[i].busy) {
			*slot = i;
			return 0;
		}
	}
	return -ENOSPC;
}

/* Descriptors for the two directions, in proportion, of what a chain may have. */
static void share(const struct fe_ctrl_queue *c, const struct fe_command *command,
		  unsigned int *readable, unsigned int *writable)
{
	size_t back = command->no_ack ? 0 : 1 + command->room, all = command->len + back;
	unsigned int most = c->cfg.ring_size;

	if (most > 128)
		most = 128; /* a device may refuse longer chains than it has use for */
	if (all <= most) {
		*readable = *writable = most;
		return;
	}
	*writable = (unsigned int)(back * (most - 4) / all) + 2;
	*readable = most - *writable;
}

int fe_ctrl_post(struct fe_ctrl_queue *c, const struct fe_command *command, unsigned int *slot)
{
	struct layout l = {.c = c};
	uint32_t cut[FE_CTRL_PIECES_MAX];
	struct fe_sg sg[FE_CTRL_PIECES_MAX];
	unsigned int n, readable, most_read, most_written;
	const uint8_t *from = command->bytes;
	struct fe_ctrl_slot *s;
	int err;

	if (command->len > FE_CTRL_COMMAND_MAX || command->room > FE_CTRL_RESULT_MAX)
		return -EMSGSIZE;
	err = free_slot(c, &l.slot);
	if (err)
		return err;
	s = &c->slot[l.slot];
	share(c, command, &most_read, &most_written);
	readable =
	    fe_framing_cut(c->cfg.framing, &c->random, 2, (uint32_t)command->len, most_read, cut);
	for (n = 0; n < readable; n++) {
		struct fe_piece p = place(&l, cut[n]);

		memcpy(p.ptr, from, p.len);
		from += p.len;
		sg[n] = (struct fe_sg){p.gpa, p.len};
	}
	s->pieces = command->no_ack
			? 0
			: fe_framing_cut(c->cfg.framing, &c->random, 1,
					 (uint32_t)(1 + command->room), most_written, cut);
	for (n = 0; n < s->pieces; n++) {
		s->piece[n] = place(&l, cut[n]);
		memset(s->piece[n].ptr, POISON, s->piece[n].len);
		sg[readable + n] = (struct fe_sg){s->piece[n].gpa, s->piece[n].len};
	}
	err = fe_ring_add(c->q.ring, sg, readable, s->pieces, (uint16_t)l.slot);
	if (err)
		return err;
	s->busy = true;
	s->since = 0;
	c->busy++;
	c->commands++;
	*slot = l.slot;
	return 0;
}

void fe_ctrl_publish(struct fe_ctrl_queue *c)
{
	uint64_t now = fe_now_ns();

	for (unsigned int i = 0; i < FE_CTRL_SLOTS; i++)
		if (c->slot[i].busy && c->slot[i].since == 0)
			c->slot[i].since = now;
	fe_ring_publish(c->q.ring);
	if (fe_ring_need_kick(c->q.ring))
		fe_queue_kick(&c->q);
	else
		c->kicks_spared++;
}

/* Reads what was written; false: the device wrote more than it says. */
static bool gather(const struct fe_ctrl_slot *s, struct fe_answer *answer)
{
	uint32_t left = answer->used_len, at = 0;

	answer->ack = -1;
	answer->result_len = left ? left - 1 : 0;
	for (unsigned int n = 0; n < s->pieces; n++) {
		const struct fe_piece *p = &s->piece[n];

		for (uint32_t i = 0; i < p->len; i++, at++) {
			if (at >= left) {
				if (p->ptr[i] != POISON)
					return false;
			} else if (at == 0) {
				answer->ack = p->ptr[i];
			} else {
				answer->result[at - 1] = p->ptr[i];
			}
		}
	}
	return true;
}

int fe_ctrl_take(struct fe_ctrl_queue *c, unsigned int *slot, struct fe_answer *answer)
{
	struct fe_ctrl_slot *s;
	struct fe_used used;
	int got;

	got = fe_ring_get_used(c->q.ring, &used);
	if (got <= 0)
		return got;
	s = &c->slot[used.token];
	answer->ns = fe_now_ns() - s->since;
	answer->used_len = used.len;
	s->busy = false;
	c->busy--;
	*slot = used.token;
	return gather(s, answer) ? 1 : -EPROTO;
}

static int idle(struct fe_ctrl_queue *c)
{
	return c->idle ? c->idle(c->idle_arg) : 0;
}

static int spin(struct fe_ctrl_queue *c, uint64_t deadline)
{
	int err = 0;

	while (!err) {
		for (unsigned int i = 0; i < SPIN_LOOKS; i++) {
			if (fe_ring_has_used(c->q.ring))
				return 0;
			fe_cpu_relax();
		}
		err = fe_now_ms() > deadline ? -ETIMEDOUT : idle(c);
	}
	return err;
}

static int nap(struct fe_ctrl_queue *c, uint64_t deadline)
{
	struct pollfd pfd = {.fd = c->q.call, .events = POLLIN};
	int err = 0;

	fe_ring_irq_enable(c->q.ring);
	/* Used before that: no call is due. */
	while (!err && !fe_ring_has_used(c->q.ring)) {
		if (poll(&pfd, 1, LOOK_MS) > 0) {
			/* It may be for what was used before; then the ring says so. */
			fe_queue_take_call(&c->q);
			if (fe_ring_has_used(c->q.ring))
				break;
		}
		if (fe_now_ms() > deadline)
			err = fe_ring_has_used(c->q.ring) ? -ENOMSG : -ETIMEDOUT;
		else
			err = idle(c);
		/* Used meanwhile: the call must come, though perhaps a little later. */
		while (!err && fe_ring_has_used(c->q.ring) && poll(&pfd, 1, LOOK_MS) <= 0)
			err = fe_now_ms() > deadline ? -ENOMSG : idle(c);
	}
	fe_ring_irq_disable(c->q.ring);
	return err;
}

int fe_ctrl_wait(struct fe_ctrl_queue *c, enum fe_ctrl_wait how, unsigned int limit_ms)
{
	uint64_t deadline = fe_now_ms() + limit_ms;

	return how == FE_CTRL_SPIN ? spin(c, deadline) : nap(c, deadline);
}

int fe_ctrl_run(struct fe_ctrl_queue *c, const struct fe_command *command, enum fe_ctrl_wait how,
		unsigned int limit_ms, struct fe_answer *answer)
{
	unsigned int slot, answered;
	int err;

	/* Calls for earlier commands say nothing about this one. */
	fe_queue_take_call(&c->q);
	err = fe_ctrl_post(c, command, &slot);
	if (err)
		return err;
	fe_ctrl_publish(c);
	err = fe_ctrl_wait(c, how, limit_ms);
	if (err)
		return err;
	err = fe_ctrl_take(c, &answered, answer);
	return err == 1 && answered == slot ? 0 : -EPROTO;
}
