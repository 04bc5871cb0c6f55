/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checksum and segmentation offload as virtio has them (virtio 1.2 section 5.1.6.2): reading and
 * writing virtio_net_hdr, completing a checksum, cutting a large TCP frame into segments.
 *
 * The sender's header is checked once, against what its queue negotiated and against the frame's
 * own headers, which the caller copied out of the guest's memory before: what was checked is what
 * is used. Of hdr_len nothing is believed. A frame whose header does not hold is the sender's loss:
 * it is dropped and counted, the queue lives on (as the kernel's TAP and vhost do it).
 *
 * A frame here is `head`, the private copy of its first bytes, and behind it the payload in pieces
 * that may be the guest's live memory. Pure functions; no locks, no allocation, never a byte read
 * outside the pieces.
 */
#ifndef SOFTHCA_VQ_OFFLOAD_H
#define SOFTHCA_VQ_OFFLOAD_H

#include "mem.h"

/* virtio_net_hdr, virtio 1.2 section 5.1.6: offsets and values. */
enum {
	VNET_FLAGS = 0,
	VNET_GSO_TYPE = 1,
	VNET_HDR_LEN = 2,
	VNET_GSO_SIZE = 4,
	VNET_CSUM_START = 6,
	VNET_CSUM_OFFSET = 8,
	VNET_NUM_BUFFERS = 10, /* there in 12-byte headers only */
	VNET_BASE_LEN = 10,

	VNET_F_NEEDS_CSUM = 1,
	VNET_F_DATA_VALID = 2,

	VNET_GSO_NONE = 0,
	VNET_GSO_TCPV4 = 1,
	VNET_GSO_TCPV6 = 4,
	VNET_GSO_ECN = 0x80,
};

enum {
	OFFLOAD_HEAD_MAX = 256,                    /* all headers of a frame with an offload */
	OFFLOAD_HEAD_TAKEN = OFFLOAD_HEAD_MAX - 4, /* of them the sender's: a tag may be added */
	OFFLOAD_LEN_MAX = 65535 + 14 + 8, /* IP's largest, behind a MAC header with two tags */
	OFFLOAD_SEGMENTS_MAX = 1024,      /* of one frame */
	OFFLOAD_SEGMENT_LEN_MAX = 9238,   /* DP_FRAME_MAX */
};

/* What a frame asks for, checked. */
struct offload {
	uint8_t gso_type; /* VNET_GSO_*, with ECN; NONE: only the checksum */
	uint8_t l3;       /* GSO: where the IP header starts */
	uint16_t gso_size;
	uint16_t csum_start, csum_offset;
	uint16_t head_len; /* GSO: all headers; else up to the end of the checksum */
	uint32_t len;      /* of the frame */
};

enum offload_kind { OFFLOAD_BAD = -1, OFFLOAD_NONE, OFFLOAD_SOME };

/* Whether a header asks for nothing: what nearly all do. */
dp_inline bool offload_is_plain(const uint8_t *vnet)
{
	return !(vnet[VNET_FLAGS] & VNET_F_NEEDS_CSUM) && vnet[VNET_GSO_TYPE] == VNET_GSO_NONE;
}

/*
 * vnet: a copy of VNET_BASE_LEN bytes. head: the first bytes of the frame, OFFLOAD_HEAD_TAKEN or
 * all of len. vq_flags: VQ_F_* of the transmit queue. With OFFLOAD_SOME, *out is written.
 */
enum offload_kind offload_check(const uint8_t *vnet, uint32_t vq_flags, const uint8_t *head,
				size_t head_len, uint32_t len, struct offload *out);

/* May a receive queue with these VQ_F_* have the frame as it is? */
bool offload_fits(const struct offload *o, uint32_t vq_flags);
/* Its header then: VNET_BASE_LEN bytes. */
void offload_header(const struct offload *o, uint8_t *vnet);
/* The header of a frame or segment whose checksum was made here: VNET_BASE_LEN bytes. */
void offload_done_header(uint32_t vq_flags, uint8_t *vnet);

/* A VLAN tag was put in (4) or taken out (-4) behind the MAC addresses. */
void offload_shift(struct offload *o, int by);
/* The longest frame that can come of it. */
uint32_t offload_wire_len(const struct offload *o);

/* Somewhere in a list of pieces. */
struct offload_at {
	const struct mem_piece *piece;
	uint32_t off;
};

struct offload_at offload_skip(struct offload_at at, uint32_t len);
/* One's complement sum of the next len bytes, folded, in memory order (RFC 1071). */
uint16_t offload_sum(struct offload_at at, uint32_t len);

/*
 * Complete the checksum of a frame that is not to be cut: in head, which has o->head_len bytes;
 * body are the body_len bytes behind them.
 */
void offload_complete(const struct offload *o, uint8_t *head, struct offload_at body,
		      uint32_t body_len);

struct offload_segment {
	uint8_t head[OFFLOAD_HEAD_MAX];
	uint32_t head_len;
	struct offload_at body;
	uint32_t body_len;
};

unsigned int offload_segments(const struct offload *o, uint32_t body_len);

/*
 * Cut a frame: emit is called for each segment from *next on, complete with lengths, IPv4 id,
 * sequence number, flags and checksums. When it returns non-zero that is the result, and *next the
 * segment to go on with another time; else 0. head: o->head_len bytes.
 */
int offload_cut(const struct offload *o, const uint8_t *head, struct offload_at body,
		uint32_t body_len, unsigned int *next,
		int (*emit)(void *arg, const struct offload_segment *segment), void *arg);

#endif
