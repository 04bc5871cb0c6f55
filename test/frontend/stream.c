/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* Reports of single frames; their number is in the table, the first ones help to understand. */
#define REPORTS 5

int fe_stream_create(struct fe_stream *s, struct fe_dev *tx, struct fe_dev *rx,
		     const struct fe_frame_spec *spec, unsigned int flows)
{
	int err;

	memset(s, 0, sizeof(*s));
	err = fe_ledger_create(&s->ledger, flows);
	if (err)
		return err;
	s->by_queue = calloc(rx->cfg.pairs, sizeof(*s->by_queue));
	if (!s->by_queue) {
		fe_ledger_destroy(&s->ledger);
		return -ENOMEM;
	}
	s->tx = tx;
	s->rx = rx;
	s->spec = *spec;
	return 0;
}

void fe_stream_destroy(struct fe_stream *s)
{
	fe_ledger_destroy(&s->ledger);
	free(s->by_queue);
	s->by_queue = NULL;
}

uint64_t fe_stream_in_flight(const struct fe_stream *s)
{
	uint64_t out = fe_ledger_outstanding(&s->ledger);

	/* A frame that was given up may still come. */
	return out > s->written_off ? out - s->written_off : 0;
}

static uint64_t waiting(const struct fe_stream *s)
{
	uint64_t count = 0;
	unsigned int pair;

	for (pair = 0; pair < s->tx->cfg.pairs; pair++)
		count += fe_dev_txq(s->tx, pair)->ring->outstanding;
	return count;
}

void fe_stream_break(struct fe_stream *s)
{
	fe_ledger_break(&s->ledger, waiting(s));
}

void fe_stream_write_off(struct fe_stream *s)
{
	uint64_t out = fe_ledger_outstanding(&s->ledger), kept = waiting(s);

	/* A device that is slow to start has not lost what it never took. */
	s->written_off = out > kept ? out - kept : 0;
	if (kept == 0)
		s->ledger.resent = 0;
}

unsigned int fe_stream_send(struct fe_stream *s, unsigned int budget)
{
	static __thread uint8_t frame[FE_FRAME_MAX];
	unsigned int sent = 0, refused = 0, pairs = s->tx->cfg.pairs;

	while (sent < budget && refused < pairs && s->ledger.sent < s->target &&
	       fe_stream_in_flight(s) + s->ledger.resent < s->window) {
		unsigned int flow = s->next_flow;
		struct fe_queue *q = fe_dev_txq(s->tx, flow % pairs);
		uint32_t len;

		s->next_flow = (flow + 1) % s->ledger.flows;
		if (q->idle_count == 0) {
			refused++;
			continue;
		}
		len = fe_frame_build(&s->spec, (uint16_t)flow, s->ledger.flow[flow].next_tx, frame);
		if (fe_queue_send(q, frame, len)) {
			refused++;
			continue;
		}
		fe_ledger_send(&s->ledger, flow);
		s->bytes_sent += len;
		sent++;
	}
	return sent;
}

static void check_header(struct fe_stream *s, const struct fe_rx_frame *f)
{
	/* No offload is ever negotiated here, so these two have to be zero (section 5.1.6.4). */
	if (f->flags != 0 || f->gso_type != 0) {
		if (s->bad_header++ < REPORTS)
			fe_error("%s: header flags %#x, gso type %#x without offloads",
				 s->rx->cfg.path, f->flags, f->gso_type);
	}
	if (f->has_num_buffers && !s->rx->cfg.mergeable && f->num_buffers != 1)
		s->unset_num_buffers++;
}

static void count_corrupt(struct fe_stream *s, const struct fe_rx_frame *f,
			  const struct fe_frame_id *id)
{
	if (s->corrupted++ < REPORTS)
		fe_error("%s: corrupt frame of %u bytes (flow %u, sequence %u): byte %u differs",
			 s->rx->cfg.path, f->len, id->flow, id->seq, id->wrong_at);
}

static void accept(struct fe_stream *s, const struct fe_rx_frame *f, const struct fe_frame_id *id)
{
	switch (fe_ledger_receive(&s->ledger, id->flow, id->seq)) {
	case FE_UNSENT:
		count_corrupt(s, f, id);
		break;
	case FE_ARRIVED:
	case FE_REORDERED:
	case FE_DUPLICATE:
		s->bytes_received += f->len;
		s->reflected += id->reflected;
		break;
	}
}

/* Whose frame is it? By its tag, or failing that by its addresses; NULL: of none of ours. */
static struct fe_stream *find(struct fe_stream *streams, unsigned int count,
			      const struct fe_dev *dev, const struct fe_rx_frame *f)
{
	struct fe_frame_id id;
	unsigned int i;

	if (fe_frame_peek(f->data, f->len, &id))
		for (i = 0; i < count; i++)
			if (streams[i].spec.stream == id.stream)
				return &streams[i];
	for (i = 0; i < count; i++)
		if (streams[i].rx == dev &&
		    fe_frame_check(&streams[i].spec, f->data, f->len, &id) == FE_FRAME_CORRUPT)
			return &streams[i];
	return NULL;
}

bool fe_stream_receive(struct fe_stream *streams, unsigned int count, const struct fe_dev *dev,
		       unsigned int pair, const struct fe_rx_frame *f)
{
	struct fe_stream *s = find(streams, count, dev, f);
	struct fe_frame_id id;

	if (!s)
		return false;
	if (s->rx != dev) {
		s->misdelivered++;
		return true;
	}
	check_header(s, f);
	s->by_queue[pair]++;
	if (fe_frame_check(&s->spec, f->data, f->len, &id) == FE_FRAME_OK)
		accept(s, f, &id);
	else
		count_corrupt(s, f, &id);
	return true;
}
