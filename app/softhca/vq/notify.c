/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telling guests of used buffers: at once, or moderated (struct vq_moderation in dp.h).
 *
 * Theory of operation. A queue that can not or shall not be told now is in the pending list of one
 * NIC thread, which looks at it every pass; notify_pending says so. Whoever publishes meanwhile
 * adds to used_waiting, and tells the guest himself when that makes the count; the thread then
 * finds nothing waiting and forgets the queue. The guest's wish to be told is read when it would be
 * told, as it may have looked at the ring in the meantime. A thread with pending queues does not
 * sleep for long (NIC_WAITS).
 *
 * Threads: everything of a queue here is under its lock.
 */
#include <errno.h>

#include "../port/link_impl.h"
#include "dp_impl.h"

static void notify_later(struct nic *nic, struct vq *vq, uint64_t at)
{
	vq->notify_at = at;
	if (vq->notify_pending)
		return;
	vq->notify_pending = true;
	nic->pending[nic->n_pending++] = vq;
}

static void notify_now(struct nic *nic, struct vq *vq)
{
	int err;

	nic->notifying = vq;
	nic_commit();
	err = vq->attr.ops->notify(vq->attr.ops_arg);
	nic_commit();
	nic->notifying = NULL;
	vq->notify_owed = err == -EAGAIN;
	if (err == -EAGAIN)
		notify_later(nic, vq, nic->now);
	else if (err != 0)
		vq_fail(vq, VQ_ERROR_CQ);
}

/* Some more used buffers of a queue with moderation. */
static __attribute__((noinline)) void notify_moderated(struct nic *nic, struct vq *vq)
{
	uint32_t waiting = vq->used_chains - vq->used_told;
	uint64_t period = vq->moderation.period_us * nic->dp->cycles_per_us;

	if (vq->moderation.max_count != 0 && waiting >= vq->moderation.max_count) {
		vq->used_told = vq->used_chains;
		/* If it is in the list still: the next to come are not late already. */
		vq->notify_at = nic->now + period;
		if (ring_call_wanted(vq->layout, &vq->ring))
			notify_now(nic, vq);
	} else if (!vq->notify_pending || vq->moderation.from_last) {
		notify_later(nic, vq, nic->now + period);
	}
}

void nic_publish(struct nic *nic, struct vq *vq)
{
	if (unlikely(vq->layout == RING_LINK)) {
		link_publish(vq);
		return;
	}
	if (!ring_publish(vq->layout, &vq->ring) || !vq->events)
		return;
	if (unlikely(vq->moderated))
		notify_moderated(nic, vq);
	else if (ring_call_wanted(vq->layout, &vq->ring))
		notify_now(nic, vq);
}

/* Its turn among the pending; notify_pending is off. */
static void notify_again(struct nic *nic, struct vq *vq)
{
	if (vq->state != VQ_RDY || (unlikely(vq->mem_gen != vq->mem->gen) && !vq_check_mem(vq)))
		return;
	if (!vq->notify_owed) {
		if (vq->used_told == vq->used_chains)
			return;
		if ((int64_t)(nic->now - vq->notify_at) < 0) {
			notify_later(nic, vq, vq->notify_at);
			return;
		}
		vq->used_told = vq->used_chains;
		if (!ring_call_wanted(vq->layout, &vq->ring))
			return;
	}
	notify_now(nic, vq);
}

static __attribute__((noinline)) void notify_guarded(struct nic *nic, struct vq *vq)
{
	nic->tx = vq;
	nic->rx = NULL;
	nic->step = STEP_DONE;
	if (sigsetjmp(nic->guard.env, 0) == 0) {
		guard_enter(&nic->guard);
		notify_again(nic, vq);
		guard_leave();
	} else {
		nic->notifying = NULL;
		vq_fail(vq, nic->blamed_error);
	}
}

void nic_retry_pending(struct nic *nic)
{
	unsigned int n = nic->n_pending;

	nic->n_pending = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct vq *vq = nic->pending[i];

		vq_lock(nic, vq);
		vq->notify_pending = false;
		notify_guarded(nic, vq);
		vq_unlock(nic, vq);
	}
}

bool notify_blame(struct nic *nic, const void *addr)
{
	struct vq *vq = nic->notifying;

	if (vq == NULL || vq->attr.ops->owns == NULL || !vq->attr.ops->owns(vq->attr.ops_arg, addr))
		return false;
	nic->blamed = vq;
	nic->blamed_error = VQ_ERROR_CQ;
	return true;
}

void vq_set_moderation(struct vq *vq, const struct vq_moderation *moderation)
{
	vq->moderation = *moderation;
	vq->moderated = moderation->period_us != 0;
	/* What waits is told in the next pass. */
	vq->notify_at = 0;
}
