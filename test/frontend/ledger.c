/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int fe_ledger_create(struct fe_ledger *l, unsigned int flows)
{
	memset(l, 0, sizeof(*l));
	if (flows == 0 || flows > UINT16_MAX)
		return -EINVAL;
	l->flow = calloc(flows, sizeof(*l->flow));
	if (!l->flow)
		return -ENOMEM;
	l->flows = flows;
	return 0;
}

void fe_ledger_destroy(struct fe_ledger *l)
{
	free(l->flow);
	l->flow = NULL;
}

uint32_t fe_ledger_send(struct fe_ledger *l, unsigned int flow)
{
	l->sent++;
	return l->flow[flow].next_tx++;
}

static uint64_t *seen_word(struct fe_flow *f, uint32_t seq, uint64_t *bit)
{
	*bit = 1ull << seq % 64;
	return &f->seen[seq / 64 % (FE_LEDGER_WINDOW / 64)];
}

static void mark(struct fe_flow *f, uint32_t seq, bool seen)
{
	uint64_t bit, *word = seen_word(f, seq, &bit);

	*word = seen ? *word | bit : *word & ~bit;
}

static void count_missing(struct fe_ledger *l, const struct fe_flow *f, uint32_t seq, int by)
{
	uint64_t *counter = seq < f->break_at ? &l->missing_at_break : &l->missing;

	*counter += (uint64_t)(int64_t)by;
}

static enum fe_arrival arrive_late(struct fe_ledger *l, struct fe_flow *f, uint32_t seq)
{
	uint64_t bit, *word = seen_word(f, seq, &bit);
	bool at_break = seq < f->break_at;

	if (f->next_rx - seq > FE_LEDGER_WINDOW || *word & bit) {
		l->duplicates += !at_break;
		l->duplicates_at_break += at_break;
		return at_break ? FE_ARRIVED : FE_DUPLICATE;
	}
	*word |= bit;
	l->received++;
	count_missing(l, f, seq, -1);
	if (at_break)
		return FE_ARRIVED;
	l->reordered++;
	return FE_REORDERED;
}

enum fe_arrival fe_ledger_receive(struct fe_ledger *l, unsigned int flow, uint32_t seq)
{
	struct fe_flow *f;

	if (flow >= l->flows || seq >= l->flow[flow].next_tx) {
		l->unsent++;
		return FE_UNSENT;
	}
	f = &l->flow[flow];
	if (seq < f->break_at && l->resent > 0)
		l->resent--;
	if (seq < f->next_rx)
		return arrive_late(l, f, seq);
	for (; f->next_rx < seq; f->next_rx++) {
		mark(f, f->next_rx, false);
		count_missing(l, f, f->next_rx, 1);
	}
	mark(f, seq, true);
	f->next_rx = seq + 1;
	l->received++;
	return FE_ARRIVED;
}

void fe_ledger_break(struct fe_ledger *l, uint64_t resent)
{
	unsigned int i;

	for (i = 0; i < l->flows; i++)
		l->flow[i].break_at = l->flow[i].next_tx;
	l->resent = resent;
	l->missing_at_break += l->missing;
	l->missing = 0;
}

uint64_t fe_ledger_lost(const struct fe_ledger *l, uint64_t *at_break)
{
	uint64_t lost = l->missing, spared = l->missing_at_break;
	unsigned int i;

	for (i = 0; i < l->flows; i++) {
		const struct fe_flow *f = &l->flow[i];
		uint32_t tail = f->next_tx - f->next_rx, risky = 0;

		if (f->break_at > f->next_rx)
			risky = f->break_at - f->next_rx;
		lost += tail - risky;
		spared += risky;
	}
	*at_break = spared;
	return lost;
}
