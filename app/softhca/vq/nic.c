/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NIC thread: passes, bursts under the fault guard, back-off.
 *
 * Pass after pass it reads its ports' doorbell words, runs a burst of each active transmit queue,
 * and repeats notifications the event QP had no credit for. A queue that had nothing for
 * NIC_IDLE_US asks for doorbells again; a thread that did nothing for as long sleeps between
 * passes, the longer the longer it was idle, NIC_SLEEP_MAX_US at most. No queue is active then, so
 * a sleeping thread misses nothing but time.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "../port/fdb.h"
#include "../port/link_impl.h"
#include "dp_impl.h"

enum {
	NIC_IDLE_US = 50, /* polled without result for so long: idle */
	NIC_SLEEP_MAX_US = 500,
	NIC_SLEEP_UNUSED_US = 10000, /* threads without queues of their own */
	NIC_SLEEP_SHARE = 8,         /* sleep this part of the time that was idle before */
};

struct vq nic_flood, nic_drop_dest, nic_drop_other, nic_drop_spoofed;

/* ---- lists ---- */

static void list_remove(struct vq **list, unsigned int *n, const struct vq *vq)
{
	for (unsigned int i = 0; i < *n; i++) {
		if (list[i] == vq) {
			memmove(&list[i], &list[i + 1], (*n - i - 1) * sizeof(list[0]));
			--*n;
			return;
		}
	}
}

void nic_forget(struct vq *vq)
{
	struct dp *dp = vq->port->dp;

	for (unsigned int i = 0; i < dp->cfg.threads; i++) {
		struct nic *nic = dp->nic[i];

		list_remove(nic->active, &nic->n_active, vq);
		list_remove(nic->pending, &nic->n_pending, vq);
	}
	vq->active = false;
	vq->notify_pending = false;
	vq->notify_owed = false;
}

/* ---- faults ---- */

static bool vq_area_has(const struct vq *vq, const void *addr)
{
	for (unsigned int i = 0; i < 3; i++) {
		if ((uintptr_t)addr - (uintptr_t)vq->area[i].hva < vq->area[i].len)
			return true;
	}
	return false;
}

/* Is addr in a frame of the batch that is being delivered? */
static bool nic_source_has(const struct nic *nic, const void *addr)
{
	for (unsigned int i = nic->pos; i < nic->n; i++) {
		const struct frame *f = &nic->frame[i];

		if (f->n == 1 && (uintptr_t)addr - (uintptr_t)f->data < f->len)
			return true;
		for (unsigned int p = 0; f->n > 1 && p < f->n; p++) {
			const struct mem_piece *piece = &nic->pieces[f->first + p];

			if ((uintptr_t)addr - (uintptr_t)piece->hva < piece->len)
				return true;
		}
	}
	return false;
}

/*
 * Whose memory is it? While a receive queue is written to: its ring, else the frames that are
 * copied, else its buffers. Sender and receiver may be queues of one guest over the same memory,
 * so the key alone does not tell.
 */
bool nic_blame(struct guard *guard, const void *addr)
{
	struct nic *nic = (struct nic *)guard;
	struct vq *tx = nic->tx, *rx = nic->rx;

	if (notify_blame(nic, addr))
		return true;
	nic->blamed_error = VQ_ERROR_BAD_BUFFER;
	if (rx != NULL && vq_area_has(rx, addr)) {
		nic->blamed = rx;
		nic->blamed_error = VQ_ERROR_BAD_RING;
	} else if (rx != NULL && nic->step == STEP_DELIVER && nic_source_has(nic, addr)) {
		nic->blamed = tx;
	} else if (rx != NULL && (mem_has_hva(rx->mem, addr) ||
				  (rx->dirty.on && mem_has_hva(rx->dirty.mem, addr)))) {
		nic->blamed = rx;
	} else if (vq_area_has(tx, addr)) {
		nic->blamed = tx;
		nic->blamed_error = VQ_ERROR_BAD_RING;
	} else if (mem_has_hva(tx->mem, addr)) {
		nic->blamed = tx;
	} else {
		return false;
	}
	return true;
}

/* A receive queue's ring went when frames had been copied to its buffers: it does not get them. */
static void nic_lose_group(struct nic *nic)
{
	stat_add(&nic_count(nic, nic->rx)->drops_other, nic->pos - nic->settled);
	/* A frame to several: the others are to get it still. */
	if (nic->flood > 0)
		nic->pos = nic->settled;
	nic->settled = nic->pos;
}

/* After a fault: fail the queue, and say where the burst goes on. */
static void nic_recover(struct nic *nic)
{
	struct vq *rx = nic->rx;
	bool sender = nic->blamed == nic->tx;

	nic->notifying = NULL;
	nic->blamed->invalid_buffer += nic->blamed_error == VQ_ERROR_BAD_BUFFER;
	vq_fail(nic->blamed, nic->blamed_error);
	switch (nic->step) {
	case STEP_TAKE:
	case STEP_ROUTE:
		nic->pos = 0;
		nic->step = STEP_FLUSH;
		break;
	case STEP_DELIVER:
		/* burst_resume goes on from here. */
		if (nic->settling) {
			nic_lose_group(nic);
			break;
		}
		if (sender) {
			/* What came before is delivered and completed; the queue ends here. */
			nic->n = nic->pos;
		} else {
			stat_add(&nic_count(nic, nic->blamed)->drops_other, 1);
			nic->skip = nic->pos < nic->lead || nic->dst[nic->pos] != &nic_flood;
		}
		break;
	case STEP_FLUSH:
		nic->rx = NULL;
		rx->unpublished = false;
		nic->n_touched--;
		vq_unlock(nic, rx);
		break;
	case STEP_COMPLETE:
	case STEP_DONE:
		nic->step = STEP_DONE;
		break;
	}
}

__attribute__((noinline)) void nic_burst(struct nic *nic, struct vq *vq)
{
	nic->tx = vq;
	nic->rx = NULL;
	nic->step = STEP_TAKE;
	do {
		if (sigsetjmp(nic->guard.env, 0) == 0) {
			guard_enter(&nic->guard);
			nic->tx->burst(nic, nic->tx);
			guard_leave();
		} else {
			nic_recover(nic);
		}
	} while (nic->step != STEP_DONE);
}

/* False: that broke the queue. */
static bool nic_want_kicks(struct nic *nic, struct vq *vq, bool on)
{
	nic->tx = vq;
	nic->rx = NULL;
	nic->step = STEP_TAKE;
	if (unlikely(vq->mem_gen != vq->mem->gen) && !vq_check_mem(vq))
		return false;
	if (sigsetjmp(nic->guard.env, 0) != 0) {
		vq_fail(nic->blamed, nic->blamed_error);
		return false;
	}
	guard_enter(&nic->guard);
	if (on)
		ring_kick_on(vq->layout, &vq->ring);
	else
		ring_kick_off(vq->layout, &vq->ring);
	guard_leave();
	return true;
}

void nic_activate(struct nic *nic, struct dp_port *port)
{
	for (unsigned int i = 0; i < port->n_txq; i++) {
		struct vq *vq = port->txq[i];

		if (vq->owner != nic || vq->state != VQ_RDY || vq->active)
			continue;
		vq->active = true;
		vq->idle_since = 0;
		nic->active[nic->n_active++] = vq;
		nic_want_kicks(nic, vq, false);
	}
}

/* ---- passes ---- */

/* The ring has been empty for a while: ask for doorbells, and look once more. True: idle. */
static bool nic_try_idle(struct nic *nic, struct vq *vq)
{
	if (!nic_want_kicks(nic, vq, true))
		return true;
	nic_burst(nic, vq);
	return vq->state != VQ_RDY || (nic->n == 0 && vq->held_since == 0) ||
	       !nic_want_kicks(nic, vq, false);
}

/* True: the queue stays in the list. */
static bool nic_poll(struct nic *nic, struct vq *vq)
{
	/* It may have failed since it was activated. */
	if (unlikely(vq->state != VQ_RDY))
		return false;
	if (unlikely(vq->mem_gen != vq->mem->gen) && !vq_check_mem(vq))
		return false;
	nic->moved = false;
	nic_burst(nic, vq);
	if (unlikely(vq->state != VQ_RDY))
		return false;
	if (nic->moved || vq->held_since != 0) {
		vq->idle_since = 0;
		return true;
	}
	if (vq->idle_since == 0)
		vq->idle_since = nic->now;
	if (nic->now - vq->idle_since < NIC_IDLE_US * nic->dp->cycles_per_us)
		return true;
	return !nic_try_idle(nic, vq);
}

enum nic_result { NIC_UNUSED, NIC_IDLE, NIC_WAITS, NIC_MOVED };

/* Whether frames moved, or some queue is still polled. */
static enum nic_result nic_pass(struct nic *nic)
{
	uint64_t frames = nic->frames_tx;
	unsigned int keep = 0;

	nic->now = dp_cycles();
	nic_doorbells(nic, nic->busy);
	if (nic->n_pending > 0)
		nic_retry_pending(nic);
	for (unsigned int i = 0; i < nic->n_active; i++) {
		struct vq *vq = nic->active[i];

		if (nic_poll(nic, vq))
			nic->active[keep++] = vq;
		else
			vq->active = false;
	}
	nic->n_active = keep;
	if (nic->n_links > 0)
		links_poll(nic);
	nic->busy = nic->frames_tx != frames;
	if (nic->index == 0 && nic->now >= nic->dp->age_at) {
		nic->dp->age_at = nic->now + DP_AGE_S * 1000000ULL * nic->dp->cycles_per_us;
		fdb_age(nic->dp->fdb);
	}
	if (nic->index == 0 && nic->dp->cfg.tick != NULL)
		nic->dp->cfg.tick(nic->dp->cfg.tick_arg);
	if (nic->frames_tx == frames && nic->index != 0 && nic->n_own == 0)
		return NIC_UNUSED;
	if (nic->frames_tx == frames)
		return nic->n_active > 0 || nic->n_pending > 0 || nic->links_held ? NIC_WAITS
										  : NIC_IDLE;
	stat_add(&nic->busy_cycles, dp_cycles() - nic->now);
	return NIC_MOVED;
}

static void nic_back_off(struct nic *nic, enum nic_result result, bool one_cpu)
{
	uint64_t per_us = nic->dp->cycles_per_us, idle_us;
	uint64_t max_us = result == NIC_UNUSED ? NIC_SLEEP_UNUSED_US : NIC_SLEEP_MAX_US;
	struct timespec ts = {0};

	if (nic->idle_since == 0)
		nic->idle_since = nic->now;
	idle_us = (nic->now - nic->idle_since) / per_us;
	if (idle_us < NIC_IDLE_US || result == NIC_WAITS) {
		if (one_cpu)
			sched_yield();
		else
			dp_relax();
		if (idle_us < 20 * NIC_IDLE_US)
			return;
		/* Still active, but held back by a receiver: no need to burn the core. */
		idle_us = NIC_IDLE_US;
	}
	idle_us /= NIC_SLEEP_SHARE;
	ts.tv_nsec = (long)(idle_us < max_us ? idle_us : max_us) * 1000;
	if (nic->n_links == 0)
		nanosleep(&ts, NULL);
	else if (links_sleep(nic, (uint64_t)ts.tv_nsec))
		nic->idle_since = 0;
}

void *nic_main(void *arg)
{
	struct nic *nic = arg;
	struct dp *dp = nic->dp;
	bool one_cpu = false;
	cpu_set_t cpus;

	/* The default slack would stretch every sleep by 50 us. */
	prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		one_cpu = CPU_COUNT(&cpus) == 1;
	nic->guard.blame = nic_blame;
	while (!__atomic_load_n(&dp->stop, __ATOMIC_RELAXED)) {
		enum nic_result result;

		nic_pass_begin(nic);
		result = nic_pass(nic);
		nic_pass_end(nic);
		if (result == NIC_MOVED) {
			nic->idle_since = 0;
			nic->woken = 0;
		} else if (!__atomic_load_n(&dp->pause, __ATOMIC_RELAXED)) {
			nic_back_off(nic, result, one_cpu);
		}
	}
	return NULL;
}
