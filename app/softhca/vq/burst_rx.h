/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Putting frames of the batch into a receive queue. Part of burst.h.
 *
 * Frames that fit into one descriptor each are handled in groups: stage looks for their buffers
 * and starts to fetch them, then all are copied, then settle takes the chains from the ring. Frame
 * by frame only nic->pos moves: after a fault it says how far the group got, and settle takes that
 * part. Whatever is not so simple goes frame by frame through burst_put_slow (burst_slow.h).
 */
#ifndef SOFTHCA_VQ_BURST_RX_H
#define SOFTHCA_VQ_BURST_RX_H

#include "burst_slow.h"

/* virtio 1.2 section 5.1.6.1: without offloads all zero but num_buffers. */
dp_inline void burst_put_header(unsigned int hdr_len, uint8_t *p)
{
	/* A write where nothing changes would only take the line from the guest. */
	if (*(copy_u64 *)p != 0)
		*(copy_u64 *)p = 0;
	if (likely(hdr_len == VQ_HDR_LEN)) {
		if (*(copy_u32 *)(p + 8) != 0x10000)
			*(copy_u32 *)(p + 8) = 0x10000;
	} else {
		p[8] = 0;
		p[9] = 0;
	}
}

/* Find buffers for frames first...end, as many as are simple: the frame behind the last one. */
dp_inline unsigned int burst_stage(const enum ring_layout l, struct nic *nic, struct vq *vq,
				   unsigned int first, unsigned int end, const bool asks)
{
	union ring *ring = &vq->ring;
	uint16_t at = ring_at(l, ring);
	unsigned int i;

	for (i = first; i < end; i++) {
		const struct frame *f = &nic->frame[i];
		struct ring_chain *chain = &nic->dst_one[i];
		struct ring_desc desc;
		uint8_t *hva;

		ring_prefetch(l, ring, at);
		if (unlikely(f->n != 1 || ring_next(l, ring, at, chain, &desc) <= 0))
			break;
		if (asks && (nic->offloaded >> i & 1) &&
		    !offload_fits(&nic->offload[i], vq->attr.flags))
			break;
		if (unlikely((desc.flags & (RING_DESC_NEXT | RING_DESC_WRITE)) != RING_DESC_WRITE ||
			     desc.len < vq->hdr_len + f->len))
			break;
		hva = mem_find(&vq->view, desc.addr, desc.len, true);
		if (unlikely(hva == NULL))
			break;
		__builtin_prefetch(hva, 1);
		__builtin_prefetch(hva + 64, 1);
		/* What lies between, the processor sees coming. */
		__builtin_prefetch(hva + vq->hdr_len + f->len - 1, 1);
		nic->dst_hva[i] = hva;
		at = ring_step(l, ring, at, chain);
	}
	return i;
}

/* struct vq.settle: take the chains of frames nic->settled...pos. */
dp_inline void burst_settle(const enum ring_layout l, struct nic *nic, struct vq *vq)
{
	unsigned int from = nic->settled, n = nic->pos - from;
	union ring *ring = &vq->ring;
	uint64_t bytes = 0;

	/* First: if the ring is gone this is not tried again (nic_recover). */
	nic->settling = true;
	nic_commit();
	for (unsigned int i = from; i < from + n; i++) {
		ring_push(l, ring, &nic->dst_one[i], vq->hdr_len + nic->frame[i].len);
		bytes += nic->frame[i].len;
	}
	vq->received_desc += n;
	vq->completed_desc += n;
	vq->used_chains += n;
	stat_add(&nic_count(nic, vq)->frames_rx, n);
	stat_add(&nic_count(nic, vq)->bytes_rx, bytes);
	if (n > 0)
		vq_has_buffers(vq);
	nic->settled = nic->pos;
	nic_commit();
	nic->settling = false;
}

/* The header of a frame whose receiver completes the checksum. */
static void burst_ask_header(const struct offload *o, unsigned int hdr_len, uint8_t *p)
{
	uint8_t vnet[VQ_HDR_LEN];

	offload_header(o, vnet);
	vnet[VNET_NUM_BUFFERS] = 1;
	vnet[VNET_NUM_BUFFERS + 1] = 0;
	memcpy(p, vnet, hdr_len);
}

/* Frames nic->pos...end while they are simple; asks: some of them may ask for a checksum. */
dp_inline void burst_put_group(const enum ring_layout l, struct nic *nic, struct vq *vq,
			       unsigned int end, const bool asks)
{
	unsigned int first = nic->pos, staged = burst_stage(l, nic, vq, first, end, asks);
	unsigned int hdr_len = vq->hdr_len;

	nic->settled = first;
	nic_commit();
	for (unsigned int i = first; i < staged; i++) {
		const struct frame *f = &nic->frame[i];
		uint8_t *hva = nic->dst_hva[i];

		if (asks && (nic->offloaded >> i & 1))
			burst_ask_header(&nic->offload[i], hdr_len, hva);
		else
			burst_put_header(hdr_len, hva);
		copy_bytes(hva + hdr_len, f->data, f->len);
		nic_commit();
		nic->pos = i + 1;
	}
	nic_commit();
	burst_settle(l, nic, vq);
}

static __attribute__((noinline)) void burst_put_asking(const enum ring_layout l, struct nic *nic,
						       struct vq *vq, unsigned int end)
{
	burst_put_group(l, nic, vq, end, true);
}

/*
 * struct vq.put: frames nic->pos...end go to vq; stops early when there are no buffers. Where pages
 * are logged none is simple.
 */
dp_inline void burst_put(const enum ring_layout l, struct nic *nic, struct vq *vq, unsigned int end,
			 const bool logged)
{
	vq_lock(nic, vq);
	nic->settled = nic->pos;
	nic->rx = vq;
	nic_commit();
	if (unlikely(vq->mem_gen != vq->mem->gen) && vq->state == VQ_RDY)
		vq_check_mem(vq);
	if (!vq->unpublished) {
		vq->unpublished = true;
		nic->touched[nic->n_touched++] = vq;
	}
	while (nic->pos < end) {
		enum burst_put put;

		if (unlikely(vq->state != VQ_RDY)) {
			stat_add(&nic_count(nic, nic->tx)->drops_no_dest, end - nic->pos);
			nic->pos = end;
			break;
		}
		if (!logged && likely(nic->offloaded == 0))
			burst_put_group(l, nic, vq, end, false);
		else if (!logged)
			burst_put_asking(l, nic, vq, end);
		if (likely(nic->pos == end))
			break;
		put = burst_put_slow(l, nic, vq);
		if (put == PUT_NO_BUFFER)
			break;
		if (put != PUT_OK)
			stat_add(&nic_count(nic, vq)->drops_other, 1);
		burst_next(nic);
		/* It took its chains itself. */
		nic->settled = nic->pos;
	}
	nic->settled = nic->pos;
	nic_commit();
	nic->rx = NULL;
	vq_unlock(nic, vq);
}

#endif
