/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames whose every byte the receiver can know.
 *
 * A frame is a function of (spec, flow, sequence number): Ethernet, IPv4 or IPv6 (every fourth
 * flow, where it fits), UDP with right checksums, a tag that says which frame it is, and a pattern
 * to the end. The receiver reads the tag, builds the same frame again and compares all of it; it
 * trusts nothing else. Flows differ in addresses and ports, so that receive hashing spreads them.
 *
 * Pure functions; lengths in bytes from the destination MAC on, without FCS.
 */
#ifndef FRONTEND_FRAME_H
#define FRONTEND_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FE_MAC_LEN   6
#define FE_FRAME_MIN 58 /* headers of an IPv4 frame and the tag */

/* What the ends of a stream have agreed on with their devices, as virtio feature bits. */
struct fe_offload_spec {
	uint64_t tx, rx;           /* the sender's CSUM and HOST_*, the receiver's GUEST_* */
	uint32_t gso_max;          /* longest frame to be segmented */
	uint32_t mss_min, mss_max; /* TCP payload of a segment */
};

struct fe_frame_spec {
	uint8_t dst[FE_MAC_LEN];
	uint8_t src[FE_MAC_LEN];
	uint16_t stream; /* which sender, told apart by receivers */
	uint64_t seed;
	uint32_t size_min, size_max;
	struct fe_offload_spec offload; /* offload.h; all zero: whole frames with whole checksums */
};

/* Length of a frame: spread over the spec's range, its ends more often than the rest. */
uint32_t fe_frame_len(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq);

/* Writes the frame and returns its length, at most size_max. */
uint32_t fe_frame_build(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq,
			uint8_t *out);

enum fe_verdict {
	FE_FRAME_OK,
	FE_FRAME_FOREIGN, /* not a frame between the spec's two addresses */
	FE_FRAME_CORRUPT, /* between them, but not one of ours or not as it was sent */
};

struct fe_frame_id {
	uint16_t stream;
	uint16_t flow;
	uint32_t seq;
	bool reflected;    /* came back with its MAC addresses exchanged */
	uint32_t wrong_at; /* FE_FRAME_CORRUPT: offset of the first wrong byte, or the length */
	const char *why;   /* what is wrong, if it is not a byte; else NULL */
	/* With offloads: which part of the frame's TCP payload this is; all zero: all of it. */
	uint32_t part_at, part_end;
	bool part, last_part;
};

/* The stream a frame claims to belong to; false if it carries no tag of ours. */
bool fe_frame_peek(const uint8_t *data, uint32_t len, struct fe_frame_id *id);

/* Is this a frame of the spec's stream, as it was sent (or with exchanged MAC addresses)? */
enum fe_verdict fe_frame_check(const struct fe_frame_spec *spec, const uint8_t *data, uint32_t len,
			       struct fe_frame_id *id);

/* "02:00:00:00:00:01" */
int fe_mac_parse(const char *text, uint8_t mac[FE_MAC_LEN]);

#endif
