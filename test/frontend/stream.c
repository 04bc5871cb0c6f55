/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "offload.h"

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
	s->parts = calloc(flows, sizeof(*s->parts));
	s->next_on = calloc((size_t)rx->cfg.pairs * flows, sizeof(*s->next_on));
	if (!s->by_queue || !s->parts || !s->next_on) {
		fe_stream_destroy(s);
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
	free(s->parts);
	free(s->next_on);
	s->next_on = NULL;
	s->by_queue = NULL;
	s->parts = NULL;
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

static uint32_t build(const struct fe_stream *s, unsigned int flow, uint8_t *frame,
		      struct virtio_net_hdr *hdr)
{
	uint32_t seq = s->ledger.flow[flow].next_tx;

	if (fe_offload_any(&s->spec))
		return fe_offload_build(&s->spec, (uint16_t)flow, seq, frame, hdr);
	memset(hdr, 0, sizeof(*hdr));
	return fe_frame_build(&s->spec, (uint16_t)flow, seq, frame);
}

unsigned int fe_stream_send(struct fe_stream *s, unsigned int budget)
{
	static __thread uint8_t frame[FE_FRAME_MAX];
	unsigned int sent = 0, refused = 0, pairs = s->tx->cfg.pairs;

	while (sent < budget && refused < pairs && s->ledger.sent < s->target &&
	       fe_stream_in_flight(s) + s->ledger.resent < s->window) {
		unsigned int flow = s->next_flow;
		struct fe_queue *q = fe_dev_txq(s->tx, flow % pairs);
		struct virtio_net_hdr hdr;
		uint32_t len;

		s->next_flow = (flow + 1) % s->ledger.flows;
		if (q->idle_count == 0) {
			refused++;
			continue;
		}
		len = build(s, flow, frame, &hdr);
		if (fe_queue_send_offload(q, &hdr, frame, len)) {
			refused++;
			continue;
		}
		fe_ledger_send(&s->ledger, flow);
		s->gso_sent += hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE;
		s->bytes_sent += len;
		sent++;
	}
	return sent;
}

static void check_header(struct fe_stream *s, const struct fe_rx_frame *f)
{
	/* Without offloads these two have to be zero (section 5.1.6.4). */
	if (!s->spec.offload.rx && (f->hdr.flags != 0 || f->hdr.gso_type != 0)) {
		if (s->bad_header++ < REPORTS)
			fe_error("%s: header flags %#x, gso type %#x without offloads",
				 s->rx->cfg.path, f->hdr.flags, f->hdr.gso_type);
	}
	if (f->has_num_buffers && !s->rx->cfg.mergeable && f->num_buffers != 1)
		s->unset_num_buffers++;
}

static void count_corrupt(struct fe_stream *s, const struct fe_rx_frame *f,
			  const struct fe_frame_id *id)
{
	if (s->corrupted++ >= REPORTS)
		return;
	if (id->why)
		fe_error("%s: wrong frame of %u bytes (flow %u, sequence %u): %s; header flags %#x "
			 "type %#x hdr_len %u gso_size %u start %u offset %u",
			 s->rx->cfg.path, f->len, id->flow, id->seq, id->why, f->hdr.flags,
			 f->hdr.gso_type, f->hdr.hdr_len, f->hdr.gso_size, f->hdr.csum_start,
			 f->hdr.csum_offset);
	else
		fe_error("%s: corrupt frame of %u bytes (flow %u, sequence %u): byte %u differs",
			 s->rx->cfg.path, f->len, id->flow, id->seq, id->wrong_at);
}

/* A part of a frame: true if it is the end of one that came whole and in order. */
static bool put_together(struct fe_stream *s, const struct fe_frame_id *id)
{
	struct fe_part *part;

	if (id->flow >= s->ledger.flows)
		return true; /* the ledger says that it was never sent */
	part = &s->parts[id->flow];
	s->segments++;
	if (id->part_at == 0)
		*part = (struct fe_part){.seq = id->seq, .open = true};
	if (!part->open || part->seq != id->seq || part->next != id->part_at) {
		if (s->torn++ < REPORTS)
			fe_error("%s: a segment out of place (flow %u, sequence %u, at %u)",
				 s->rx->cfg.path, id->flow, id->seq, id->part_at);
		part->open = false;
		return false;
	}
	part->next = id->part_end;
	part->open = !id->last_part;
	return id->last_part;
}

static void accept(struct fe_stream *s, const struct fe_rx_frame *f, const struct fe_frame_id *id)
{
	s->partial += !!(f->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	s->gso_whole += f->hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE;
	if (id->part && !put_together(s, id)) {
		s->bytes_received += f->len;
		return;
	}
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

static void note_order(struct fe_stream *s, unsigned int pair, const struct fe_frame_id *id)
{
	uint32_t *next;

	if (id->flow >= s->ledger.flows)
		return;
	next = &s->next_on[(size_t)pair * s->ledger.flows + id->flow];
	if (id->seq < *next)
		s->out_of_order++;
	else
		*next = id->seq + 1;
}

/* Whose frame is it? By its tag, or failing that by its addresses; NULL: of none of ours. */
static struct fe_stream *find(struct fe_stream *streams, unsigned int count,
			      const struct fe_dev *dev, const struct fe_rx_frame *f)
{
	struct fe_frame_id id;
	unsigned int i;

	if (fe_frame_peek(f->data, f->len, &id) || fe_offload_peek(f->data, f->len, &id))
		for (i = 0; i < count; i++)
			if (streams[i].spec.stream == id.stream)
				return &streams[i];
	for (i = 0; i < count; i++)
		if (streams[i].rx == dev &&
		    fe_frame_check(&streams[i].spec, f->data, f->len, &id) == FE_FRAME_CORRUPT)
			return &streams[i];
	return NULL;
}

static enum fe_verdict check(const struct fe_stream *s, const struct fe_rx_frame *f,
			     struct fe_frame_id *id)
{
	if (fe_offload_any(&s->spec))
		return fe_offload_check(&s->spec, &f->hdr, f->data, f->len, id);
	return fe_frame_check(&s->spec, f->data, f->len, id);
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
	if (check(s, f, &id) == FE_FRAME_OK) {
		if (!id.part)
			note_order(s, pair, &id);
		accept(s, f, &id);
	} else {
		count_corrupt(s, f, &id);
	}
	return true;
}
