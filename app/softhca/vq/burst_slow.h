/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Putting one frame into a receive queue, whatever the frame and whatever the buffers: chains,
 * buffers over several segments, merged buffers, pages to be logged. Part of burst.h.
 */
#ifndef SOFTHCA_VQ_BURST_SLOW_H
#define SOFTHCA_VQ_BURST_SLOW_H

#include <errno.h>

#include "batch.h"
#include "copy.h"

static void burst_scatter(struct offload_at *at, const uint8_t *src, size_t len)
{
	while (len > 0) {
		uint32_t part = at->piece->len - at->off;

		if (part == 0) {
			at->piece++;
			at->off = 0;
			continue;
		}
		if (part > len)
			part = (uint32_t)len;
		copy_bytes(at->piece->hva + at->off, src, part);
		at->off += part;
		src += part;
		len -= part;
	}
}

enum burst_put { PUT_OK, PUT_NO_BUFFER, PUT_TOO_LONG, PUT_FAILED };

/* One descriptor's bytes, behind the *n pieces that are there. */
static int burst_buffer(struct nic *nic, struct vq *vq, const struct ring_desc *d, unsigned int *n)
{
	uint64_t iova = d->addr;
	int got = mem_split(&vq->view, d->addr, d->len, true, &nic->dst_pieces[*n], DP_PIECES - *n);

	for (int i = 0; i < got; i++) {
		nic->dst_iova[*n] = iova;
		iova += nic->dst_pieces[*n].len;
		++*n;
	}
	return got;
}

/* Collect the buffers for need bytes: chains in nic->dst_*. */
dp_inline enum burst_put burst_gather(const enum ring_layout l, struct nic *nic, struct vq *vq,
				      uint32_t need, unsigned int *n_chains)
{
	unsigned int chains = 0, n = 0;
	uint16_t at = ring_at(l, &vq->ring);
	uint64_t total = 0;

	do {
		struct ring_chain *chain = &nic->dst_chain[chains];
		uint64_t before = total;
		int got = ring_next(l, &vq->ring, at, chain, nic->desc);

		if (got == 0)
			return PUT_NO_BUFFER;
		if (got > 0 && (nic->desc->flags & RING_DESC_NEXT))
			got = ring_rest(l, &vq->ring, at, chain, nic->desc);
		for (unsigned int i = 0; got >= 0 && i < chain->ndesc; i++) {
			const struct ring_desc *d = &nic->desc[i];

			if (!(d->flags & RING_DESC_WRITE)) {
				got = RING_E_ORDER;
				break;
			}
			got = burst_buffer(nic, vq, d, &n);
			if (got == -ENOSPC)
				return PUT_TOO_LONG;
			if (got >= 0)
				total += d->len;
		}
		/* The header may not be spread over several buffers (section 5.1.6.3.1). */
		if (got >= 0 && total - before < vq->hdr_len)
			got = RING_E_ZERO;
		if (got < 0) {
			vq_fail_ring(vq, got);
			return PUT_FAILED;
		}
		total = total > need ? need : total;
		nic->dst_len[chains++] = (uint32_t)(total - before);
		at = ring_step(l, &vq->ring, at, chain);
	} while (total < need && vq->mrg && chains < DP_CHAIN_MAX);
	*n_chains = chains;
	return total < need ? PUT_TOO_LONG : PUT_OK;
}

static void burst_fill(struct nic *nic, struct vq *vq, const struct batch_part *s)
{
	struct offload_at to = {.piece = nic->dst_pieces}, from = s->body;
	uint32_t left = s->body_len;

	burst_scatter(&to, s->vnet, vq->hdr_len);
	burst_scatter(&to, s->head, s->head_len);
	while (left > 0) {
		uint32_t part = from.piece->len - from.off;

		if (part > left)
			part = left;
		burst_scatter(&to, from.piece->hva + from.off, part);
		left -= part;
		from.piece++;
		from.off = 0;
	}
}

/* False: the bitmap does not hold, and so the queue does not. */
static bool burst_log(struct nic *nic, struct vq *vq, uint32_t len)
{
	for (unsigned int i = 0; len > 0; i++) {
		uint32_t part = nic->dst_pieces[i].len < len ? nic->dst_pieces[i].len : len;

		if (dirty_mark(&vq->dirty, nic->dst_iova[i], part) != 0) {
			vq->invalid_buffer++;
			vq_fail(vq, VQ_ERROR_BAD_BUFFER);
			return false;
		}
		len -= part;
	}
	return true;
}

static __attribute__((noinline)) enum burst_put
burst_put_source(const enum ring_layout l, struct nic *nic, struct vq *vq, struct batch_part *s)
{
	uint32_t len = s->head_len + s->body_len;
	enum burst_put put;
	unsigned int n;

	put = burst_gather(l, nic, vq, vq->hdr_len + len, &n);
	if (put != PUT_OK)
		return put;
	s->vnet[VNET_NUM_BUFFERS] = (uint8_t)n;
	s->vnet[VNET_NUM_BUFFERS + 1] = (uint8_t)(n >> 8);
	nic_commit();
	burst_fill(nic, vq, s);
	if (vq->dirty.on && !burst_log(nic, vq, vq->hdr_len + len))
		return PUT_FAILED;
	nic_commit();
	for (unsigned int i = 0; i < n; i++) {
		ring_push(l, &vq->ring, &nic->dst_chain[i], nic->dst_len[i]);
		vq->received_desc += nic->dst_chain[i].ndesc;
		vq->completed_desc += nic->dst_chain[i].ndesc;
	}
	vq->used_chains += n;
	stat_add(&nic_count(nic, vq)->frames_rx, 1);
	stat_add(&nic_count(nic, vq)->bytes_rx, len);
	vq_has_buffers(vq);
	return PUT_OK;
}

struct burst_receiver {
	enum ring_layout layout;
	struct nic *nic;
	struct vq *vq;
	uint32_t too_long; /* a frame that did not fit into the buffers that are next */
};

/* A batch_emit: what does not fit is lost and the rest goes on; the rest of the results end it. */
static int burst_put_part(void *arg, struct batch_part *part)
{
	struct burst_receiver *r = arg;
	uint32_t len = part->head_len + part->body_len;
	enum burst_put put = PUT_TOO_LONG;

	/* To see that again for each of 1000 segments would take long. */
	if (likely(len < r->too_long))
		put = burst_put_source(r->layout, r->nic, r->vq, part);
	if (put != PUT_TOO_LONG) {
		r->too_long = UINT32_MAX;
		return put;
	}
	r->too_long = len;
	stat_add(&nic_count(r->nic, r->vq)->drops_other, 1);
	return PUT_OK;
}

/* Frame nic->pos. */
static __attribute__((noinline)) enum burst_put burst_put_slow(const enum ring_layout l,
							       struct nic *nic, struct vq *vq)
{
	struct burst_receiver r = {l, nic, vq, UINT32_MAX};

	return (enum burst_put)batch_parts(nic, nic->pos, vq->attr.flags, burst_put_part, &r);
}

/* Done with frame nic->pos. */
dp_inline void burst_next(struct nic *nic)
{
	nic->pos++;
	nic->segment = 0;
}

#endif
