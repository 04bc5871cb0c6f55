/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has arrived: per flow, which sequence numbers were sent, which were seen and in what order.
 *
 * A frame is lost (sent, never seen), a duplicate (seen before), or reordered (seen after a later
 * one of its flow). When a back-end dies, frames in flight may legitimately be lost or sent
 * twice; fe_ledger_break() marks what was in flight, and those are counted apart.
 *
 * Owner: one stream. Threads: one.
 */
#ifndef FRONTEND_LEDGER_H
#define FRONTEND_LEDGER_H

#include <stdint.h>

/* How far back a late frame can be told from a duplicate. */
#define FE_LEDGER_WINDOW 4096

struct fe_flow {
	uint32_t next_tx;
	uint32_t next_rx;  /* one after the highest seen */
	uint32_t break_at; /* frames before this one were in flight when the back-end died */
	uint64_t seen[FE_LEDGER_WINDOW / 64];
};

struct fe_ledger {
	unsigned int flows;
	struct fe_flow *flow;    /* owned */
	uint64_t sent, received; /* received: distinct frames */
	uint64_t missing;        /* skipped and not seen since; the tail not included */
	uint64_t duplicates, reordered, unsent;
	uint64_t missing_at_break, duplicates_at_break;
	uint64_t resent; /* since the break: to arrive, for the first or the second time */
};

enum fe_arrival { FE_ARRIVED, FE_REORDERED, FE_DUPLICATE, FE_UNSENT };

int fe_ledger_create(struct fe_ledger *l, unsigned int flows);
void fe_ledger_destroy(struct fe_ledger *l);

/* The flow's next sequence number; it counts as sent. */
uint32_t fe_ledger_send(struct fe_ledger *l, unsigned int flow);
enum fe_arrival fe_ledger_receive(struct fe_ledger *l, unsigned int flow, uint32_t seq);

/*
 * The back-end died: what is not seen now may stay away or come twice. `resent` frames, some of
 * them seen already, are offered to the next one again.
 */
void fe_ledger_break(struct fe_ledger *l, uint64_t resent);

/* All that was sent and not seen, and the part of it that was in flight at a break. */
uint64_t fe_ledger_lost(const struct fe_ledger *l, uint64_t *at_break);

static inline uint64_t fe_ledger_outstanding(const struct fe_ledger *l)
{
	return l->sent - l->received;
}

#endif
