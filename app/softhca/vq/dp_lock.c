/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dp_lock: stop all NIC threads between two bursts.
 *
 * Theory of operation. Each NIC thread says in in_pass whether it is in a pass; a locker sets pause
 * and waits until none is. Both store before they load, sequentially consistent, so at least one
 * sees the other; a thread that sees pause parks until it is resumed. A thread that sleeps between
 * passes counts as stopped.
 *
 * Fairness. Lockers get their turn in the order of their tickets. A thread that was parked gets a
 * pass before the next locker stops it again: dp_unlock moves parked threads to `leaving`, and a
 * locker waits until that is zero. So neither a row of commands nor a busy datapath starves the
 * other side.
 */
#include "dp_impl.h"

void dp_lock(struct dp *dp)
{
	uint64_t ticket;

	pthread_mutex_lock(&dp->mutex);
	ticket = dp->ticket_next++;
	while (ticket != dp->ticket_now)
		pthread_cond_wait(&dp->turn_cond, &dp->mutex);
	while (dp->leaving > 0)
		pthread_cond_wait(&dp->parked_cond, &dp->mutex);
	/* Pairs with nic_pass_begin: it stores in_pass, then loads pause. */
	__atomic_store_n(&dp->pause, 1, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < dp->cfg.threads; i++) {
		while (__atomic_load_n(&dp->nic[i]->in_pass, __ATOMIC_SEQ_CST))
			pthread_cond_wait(&dp->parked_cond, &dp->mutex);
	}
	pthread_mutex_unlock(&dp->mutex);
}

void dp_unlock(struct dp *dp)
{
	pthread_mutex_lock(&dp->mutex);
	dp->leaving = dp->parked;
	dp->parked = 0;
	dp->pause_gen++;
	__atomic_store_n(&dp->pause, 0, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&dp->resume_cond);
	dp->ticket_now++;
	pthread_cond_broadcast(&dp->turn_cond);
	pthread_mutex_unlock(&dp->mutex);
}

static void nic_park(struct nic *nic)
{
	struct dp *dp = nic->dp;

	pthread_mutex_lock(&dp->mutex);
	__atomic_store_n(&nic->in_pass, 0, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&dp->parked_cond);
	if (__atomic_load_n(&dp->pause, __ATOMIC_RELAXED)) {
		uint32_t gen = dp->pause_gen;

		dp->parked++;
		while (gen == dp->pause_gen)
			pthread_cond_wait(&dp->resume_cond, &dp->mutex);
		dp->leaving--;
		pthread_cond_broadcast(&dp->parked_cond);
	}
	/* Nobody pauses us before this pass: who wants to waits for in_pass under the mutex. */
	__atomic_store_n(&nic->in_pass, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&dp->mutex);
}

void nic_pass_begin(struct nic *nic)
{
	/* Pairs with dp_lock: it stores pause, then loads in_pass. */
	__atomic_store_n(&nic->in_pass, 1, __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&nic->dp->pause, __ATOMIC_SEQ_CST)))
		nic_park(nic);
}

void nic_pass_end(struct nic *nic)
{
	/* Whoever waits for this is told in the next nic_pass_begin; do not sleep before it. */
	__atomic_store_n(&nic->in_pass, 0, __ATOMIC_SEQ_CST);
}
