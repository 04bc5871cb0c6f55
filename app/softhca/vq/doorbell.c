/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbell words: in one list for all ports, so that a pass does not look at ports, of which there
 * may be many, but at a number that says whether any of them rang.
 *
 * An idle thread reads all words each pass. A busy one reads a few and goes on with the next few in
 * the next pass: words are in memory of the guests, one page each, and what it waits for can wait
 * some microseconds more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dp_impl.h"

enum { DOORBELL_BUSY = 4 }; /* words a pass of a busy thread */

/* A word that never rings; takes the place of one whose page is gone. */
static const uint32_t doorbell_none = DP_DOORBELL_NONE;

int dp_port_add_doorbell(struct dp_port *port, uint32_t *word)
{
	struct dp *dp = port->dp;
	void *p = realloc(dp->doorbells, (dp->n_doorbells + 1) * sizeof(dp->doorbells[0]));

	if (p == NULL)
		return -ENOMEM;
	dp->doorbells = p;
	dp->doorbells[dp->n_doorbells++] =
	    (struct dp_doorbell){.word = word, .given = word, .port = port};
	__atomic_store_n(word, DP_DOORBELL_NONE, __ATOMIC_RELAXED);
	return 0;
}

void dp_port_remove_doorbell(struct dp_port *port, uint32_t *word)
{
	struct dp *dp = port->dp;

	for (unsigned int i = 0; i < dp->n_doorbells; i++) {
		struct dp_doorbell *d = &dp->doorbells[i];

		if (d->port == port && d->given == word) {
			memmove(d, d + 1, (dp->n_doorbells - i - 1) * sizeof(*d));
			dp->n_doorbells--;
			return;
		}
	}
}

static bool doorbell_blame(struct guard *guard, const void *addr)
{
	struct nic *nic = (struct nic *)guard;

	return (uintptr_t)addr - (uintptr_t)nic->word < sizeof(*nic->word);
}

static void doorbell_read(struct nic *nic, bool busy)
{
	struct dp *dp = nic->dp;
	unsigned int n = dp->n_doorbells;

	if (busy && n > DOORBELL_BUSY)
		n = DOORBELL_BUSY;
	for (; n > 0; n--) {
		struct dp_doorbell *d;
		uint32_t *word;

		if (nic->doorbell_at >= dp->n_doorbells)
			nic->doorbell_at = 0;
		d = &dp->doorbells[nic->doorbell_at++];
		word = __atomic_load_n(&d->word, __ATOMIC_RELAXED);
		nic->word = word;
		nic_commit();
		if (likely(__atomic_load_n(word, __ATOMIC_RELAXED) == DP_DOORBELL_NONE))
			continue;
		/* Acquire: pairs with the driver's barrier between its ring and its doorbell. */
		__atomic_exchange_n(word, DP_DOORBELL_NONE, __ATOMIC_ACQUIRE);
		__atomic_fetch_add(&d->port->rings, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&dp->rings, 1, __ATOMIC_RELEASE);
	}
}

/* A page of words that is gone does not ring any more. */
static void doorbell_drop(struct nic *nic)
{
	struct dp *dp = nic->dp;

	for (unsigned int i = 0; i < dp->n_doorbells; i++) {
		if (dp->doorbells[i].word == nic->word)
			__atomic_store_n(&dp->doorbells[i].word, (uint32_t *)&doorbell_none,
					 __ATOMIC_RELAXED);
	}
}

static __attribute__((noinline)) void doorbell_rang(struct nic *nic, uint32_t rings)
{
	struct dp *dp = nic->dp;

	nic->rings_all = rings;
	for (unsigned int i = 0; i < dp->cfg.ports; i++) {
		struct dp_port *port = &dp->port[i];

		rings = __atomic_load_n(&port->rings, __ATOMIC_RELAXED);
		if (rings == nic->rings_seen[i])
			continue;
		nic->rings_seen[i] = rings;
		nic_activate(nic, port);
	}
}

void nic_doorbells(struct nic *nic, bool busy)
{
	struct dp *dp = nic->dp;
	uint32_t rings;

	nic->guard.blame = doorbell_blame;
	if (sigsetjmp(nic->guard.env, 0) == 0) {
		guard_enter(&nic->guard);
		doorbell_read(nic, busy);
		guard_leave();
	} else {
		doorbell_drop(nic);
	}
	nic->guard.blame = nic_blame;
	/* Acquire: pairs with the release of the thread that saw the word. */
	rings = __atomic_load_n(&dp->rings, __ATOMIC_ACQUIRE);
	if (unlikely(rings != nic->rings_all))
		doorbell_rang(nic, rings);
}
