/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "batch.h"

/* Copy the next len bytes and step over them. */
static void at_read(struct offload_at *at, uint8_t *bytes, uint32_t len)
{
	while (len > 0) {
		uint32_t part = at->piece->len - at->off;

		if (part > len)
			part = len;
		memcpy(bytes, at->piece->hva + at->off, part);
		bytes += part;
		len -= part;
		at->off += part;
		if (at->off == at->piece->len) {
			at->piece++;
			at->off = 0;
		}
	}
}

/* Frame i gets new pieces: its headers in our memory, and its body where it is. */
static void batch_set_pieces(struct nic *nic, unsigned int i, uint32_t head_len,
			     struct offload_at body)
{
	struct mem_piece *out = &nic->pieces[nic->n_pieces];
	struct frame *f = &nic->frame[i];
	uint32_t left = f->len - head_len;
	unsigned int n = 2;

	/* Two pieces at least: it is no simple frame. */
	out[0] = (struct mem_piece){nic->head[i], DP_FRAME_MIN};
	out[1] = (struct mem_piece){nic->head[i] + DP_FRAME_MIN, head_len - DP_FRAME_MIN};
	while (left > 0) {
		uint32_t part = body.piece->len - body.off;

		if (part > left)
			part = left;
		out[n++] = (struct mem_piece){body.piece->hva + body.off, part};
		left -= part;
		body.piece++;
		body.off = 0;
	}
	f->data = nic->head[i];
	f->n = (uint16_t)n;
	f->first = (uint16_t)nic->n_pieces;
	nic->n_pieces += n;
}

void batch_offload(struct nic *nic, struct vq *vq, unsigned int i, const uint8_t *live)
{
	struct frame *f = &nic->frame[i];
	struct mem_piece whole = {(uint8_t *)(uintptr_t)f->data, f->len};
	struct offload_at start = {.piece = f->n == 1 ? &whole : &nic->pieces[f->first]};
	struct offload_at at = start;
	uint32_t head_len = f->len < OFFLOAD_HEAD_TAKEN ? f->len : OFFLOAD_HEAD_TAKEN;
	struct offload *o = &nic->offload[i];
	uint8_t vnet[VNET_BASE_LEN], *head = nic->head[i];

	if (f->len < DP_FRAME_MIN || f->len > OFFLOAD_LEN_MAX)
		return;
	memcpy(vnet, live, sizeof(vnet));
	at_read(&at, head, head_len);
	switch (offload_check(vnet, vq->attr.flags, head, head_len, f->len, o)) {
	case OFFLOAD_NONE:
		break;
	case OFFLOAD_BAD:
		f->len = 0;
		f->n = 1;
		break;
	case OFFLOAD_SOME:
		nic->offloaded |= 1ULL << i;
		/* Whoever takes it as it is needs no copy: nothing of it is believed any more. */
		if (o->gso_type != VNET_GSO_NONE || f->n != 1)
			batch_set_pieces(nic, i, o->head_len, offload_skip(start, o->head_len));
		break;
	}
}

void batch_keep_head(struct nic *nic, unsigned int i, const uint8_t *bytes, uint32_t len)
{
	const struct frame *f = &nic->frame[i];
	struct mem_piece whole = {(uint8_t *)(uintptr_t)f->data, f->len};
	struct offload_at start = {.piece = f->n == 1 ? &whole : &nic->pieces[f->first]};

	/* Kept already. */
	if ((nic->offloaded >> i & 1) && f->n != 1)
		return;
	memcpy(nic->head[i], bytes, len);
	batch_set_pieces(nic, i, len, offload_skip(start, len));
}

uint32_t batch_work(const struct nic *nic, unsigned int i)
{
	const struct offload *o = &nic->offload[i];

	if (!(nic->offloaded >> i & 1))
		return 0;
	if (o->gso_type == VNET_GSO_NONE)
		return o->len;
	return o->len + offload_segments(o, o->len - o->head_len) * BATCH_WORK_EACH;
}

struct batch_cutter {
	uint32_t vq_flags;
	batch_emit emit;
	void *arg;
};

static int batch_segment(void *arg, const struct offload_segment *s)
{
	const struct batch_cutter *c = arg;
	struct batch_part part = {
	    .head = s->head,
	    .head_len = s->head_len,
	    .body = s->body,
	    .body_len = s->body_len,
	};

	offload_done_header(c->vq_flags, part.vnet);
	return c->emit(c->arg, &part);
}

int batch_parts(struct nic *nic, unsigned int i, uint32_t vq_flags, batch_emit emit, void *arg)
{
	const struct frame *f = &nic->frame[i];
	struct mem_piece whole = {(uint8_t *)(uintptr_t)f->data, f->len};
	struct batch_part part = {
	    .body.piece = f->n == 1 ? &whole : &nic->pieces[f->first],
	    .body_len = f->len,
	};
	struct batch_cutter cutter = {vq_flags, emit, arg};
	uint8_t head[OFFLOAD_HEAD_MAX];
	struct offload o;

	if (likely(!(nic->offloaded >> i & 1)))
		return emit(arg, &part);
	o = nic->offload[i];
	offload_shift(&o, (int)(f->len - o.len));
	if (offload_fits(&o, vq_flags)) {
		offload_header(&o, part.vnet);
		return emit(arg, &part);
	}
	at_read(&part.body, head, o.head_len);
	part.body_len -= o.head_len;
	if (o.gso_type != VNET_GSO_NONE)
		return offload_cut(&o, head, part.body, part.body_len, &nic->segment, batch_segment,
				   &cutter);
	offload_complete(&o, head, part.body, part.body_len);
	offload_done_header(vq_flags, part.vnet);
	part.head = head;
	part.head_len = o.head_len;
	return emit(arg, &part);
}
