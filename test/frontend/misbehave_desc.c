/* SPDX-License-Identifier: BSD-3-Clause */
/* Bad chains: one descriptor list each, otherwise everything is in order. */
#include "misbehave.h"

#define FRAME_LEN 100

static uint16_t direction(const struct fe_hostile *h)
{
	return h->receive ? VRING_DESC_F_WRITE : 0;
}

/* A piece of guest memory that is in order. */
static struct fe_raw_desc good(const struct fe_hostile *h, uint32_t len)
{
	const struct fe_piece *piece = &fe_hostile_queue(h)->buffer[0].piece[0];

	return (struct fe_raw_desc){
	    .addr = piece->gpa, .len = len, .flags = direction(h), .next = FE_NEXT_AUTO};
}

static unsigned int header_then(const struct fe_hostile *h, struct fe_raw_desc *d,
				struct fe_raw_desc bad)
{
	d[0] = good(h, h->dev->queue[0].cfg.header_len);
	d[0].flags |= VRING_DESC_F_NEXT;
	d[1] = bad;
	return 2;
}

static unsigned int at_address(const struct fe_hostile *h, struct fe_raw_desc *d, uint64_t gpa,
			       uint32_t len)
{
	struct fe_raw_desc bad = good(h, len);

	bad.addr = gpa;
	return header_then(h, d, bad);
}

static unsigned int outside_memory(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	return at_address(h, d, fe_mem_outside_gpa(&h->dev->mem), FRAME_LEN);
}

static unsigned int in_hole(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	return at_address(h, d, fe_mem_hole_gpa(&h->dev->mem), FRAME_LEN);
}

static unsigned int over_region_end(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	const struct fe_mem_region *r = &h->dev->mem.region[0];

	return at_address(h, d, r->gpa + r->size - FRAME_LEN / 2, FRAME_LEN);
}

static unsigned int address_wraps(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	return at_address(h, d, UINT64_MAX - FRAME_LEN / 2, FRAME_LEN);
}

static unsigned int user_address(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	return at_address(h, d, h->dev->mem.region[0].uva, FRAME_LEN);
}

static unsigned int length_huge(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	return header_then(h, d, good(h, UINT32_MAX));
}

static unsigned int length_zero(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, 0);
	return 1;
}

static unsigned int length_zero_inside(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	header_then(h, d, good(h, 0));
	d[1].flags |= VRING_DESC_F_NEXT;
	d[2] = good(h, FRAME_LEN);
	return 3;
}

static unsigned int header_short(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, 5);
	return 1;
}

static unsigned int header_only(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, h->dev->queue[0].cfg.header_len);
	return 1;
}

static unsigned int wrong_direction(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, h->dev->queue[0].cfg.header_len + FRAME_LEN);
	d[0].flags ^= VRING_DESC_F_WRITE;
	return 1;
}

static unsigned int readable_after_writable(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	header_then(h, d, good(h, FRAME_LEN));
	d[0].flags = VRING_DESC_F_WRITE | VRING_DESC_F_NEXT;
	d[1].flags = 0;
	return 2;
}

static unsigned int indirect_unnegotiated(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	struct fe_queue *q = fe_hostile_queue(h);
	struct vring_desc *table = (struct vring_desc *)q->buffer[q->buffers - 1].piece[0].ptr;

	table[0] = (struct vring_desc){q->buffer[0].piece[0].gpa, FRAME_LEN, direction(h), 0};
	d[0] = good(h, sizeof(*table));
	d[0].addr = q->buffer[q->buffers - 1].piece[0].gpa;
	d[0].flags = VRING_DESC_F_INDIRECT;
	return 1;
}

static unsigned int unknown_flags(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, h->dev->queue[0].cfg.header_len + FRAME_LEN);
	d[0].flags |= 0x7f78;
	return 1;
}

/* Every descriptor of the ring in one chain, each a byte: legal, but long. */
static unsigned int chain_long(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	unsigned int i, count = fe_hostile_queue(h)->ring->free_count;

	for (i = 0; i < count; i++) {
		d[i] = good(h, 1);
		d[i].flags |= i + 1 < count ? VRING_DESC_F_NEXT : 0;
	}
	return count;
}

/* Split: the next of the last is the first. Packed: the list never ends. */
static unsigned int chain_loop(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	struct fe_ring *r = fe_hostile_queue(h)->ring;
	unsigned int i, count = r->layout == FE_SPLIT ? 3 : r->free_count;

	for (i = 0; i < count; i++) {
		d[i] = good(h, 16);
		d[i].flags |= VRING_DESC_F_NEXT;
	}
	if (r->layout == FE_SPLIT)
		d[count - 1].next = r->free_head;
	return count;
}

static unsigned int chain_into_itself(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, 16);
	d[0].flags |= VRING_DESC_F_NEXT;
	d[0].next = fe_hostile_queue(h)->ring->free_head;
	return 1;
}

static unsigned int next_out_of_range(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, 16);
	d[0].flags |= VRING_DESC_F_NEXT;
	d[0].next = fe_hostile_queue(h)->ring->size + 5;
	return 1;
}

static unsigned int id_out_of_range(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	d[0] = good(h, h->dev->queue[0].cfg.header_len + FRAME_LEN);
	d[0].next = fe_hostile_queue(h)->ring->size + 100;
	return 1;
}

/* A frame longer than any port takes, out of buffers that are all in order. */
static unsigned int frame_huge(const struct fe_hostile *h, struct fe_raw_desc *d)
{
	struct fe_queue *q = fe_hostile_queue(h);
	unsigned int i, count = q->ring->free_count < 128 ? q->ring->free_count : 128;

	for (i = 0; i < count; i++) {
		d[i] = good(h, q->buffer[0].piece[0].len);
		d[i].flags |= i + 1 < count ? VRING_DESC_F_NEXT : 0;
	}
	return count;
}

const struct fe_misbehaviour fe_misbehave_desc[] = {
    {"desc-outside-memory",                      "an address far from all memory", FE_FOR_BOTH, .chain = outside_memory},
    {"desc-in-hole",			       "an address between two regions", FE_FOR_BOTH, .chain = in_hole},
    {"desc-over-region-end",					  "starts in a region, ends behind it", FE_FOR_BOTH,
     .chain = over_region_end},
    {"desc-address-wraps","address plus length exceeds 64 bits", FE_FOR_BOTH,
     .chain = address_wraps},
    {"desc-user-address",			  "a user address in place of a guest address", FE_FOR_BOTH,
     .chain = user_address},
    {"len-huge",		     "a length of 4 GiB - 1", FE_FOR_BOTH, .chain = length_huge},
    {"zero-length",			       "a chain of no bytes", FE_FOR_BOTH, .chain = length_zero},
    {"zero-length-inside",					  "a descriptor of no bytes inside a chain", FE_FOR_BOTH,
     .chain = length_zero_inside},
    {"header-short",			  "a chain shorter than the header", FE_FOR_BOTH, .chain = header_short},
    {"header-only",		     "a header and no frame", FE_FOR_BOTH, .chain = header_only},
    {"wrong-direction",			"a writable buffer to send, a readable one to receive", FE_FOR_BOTH,
     .chain = wrong_direction},
    {"readable-after-writable",                               "a readable descriptor behind a writable one", FE_FOR_BOTH,
     .chain = readable_after_writable},
    {"indirect-unnegotiated",					  "an indirect table nobody agreed on", FE_FOR_BOTH,
     .chain = indirect_unnegotiated},
    {"unknown-flags","all reserved flag bits", FE_FOR_BOTH, .chain = unknown_flags},
    {"chain-too-long",                      "the whole ring in one chain", FE_FOR_BOTH, .chain = chain_long},
    {"chain-loop",			      "a chain that comes back to its start, or never ends", FE_FOR_BOTH,
     .chain = chain_loop},
    {"chain-into-itself",			       "a descriptor whose next is itself", FE_FOR_SPLIT,
     .chain = chain_into_itself},
    {"next-out-of-range",					  "a next behind the table", FE_FOR_SPLIT, .chain = next_out_of_range},
    {"id-out-of-range","a buffer id larger than the ring", FE_FOR_PACKED,
     .chain = id_out_of_range},
    {"frame-huge",                "a frame of 128 full buffers", FE_FOR_BOTH, .chain = frame_huge},
    {0			    },
};
