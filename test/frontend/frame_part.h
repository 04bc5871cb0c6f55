/* SPDX-License-Identifier: BSD-3-Clause */
/* What frames of both kinds are made of: frame.c (UDP) and offload.c (TCP). */
#ifndef FRONTEND_FRAME_PART_H
#define FRONTEND_FRAME_PART_H

#include "frame.h"

enum {
	FE_UDP_PORT = 7000,
	FE_TCP_PORT = 7001,
	FE_SOURCE_PORTS = 20000, /* and up, by flow */
};

uint64_t fe_mix(uint64_t x);
/* All that is random about a frame follows from its key. */
uint64_t fe_frame_key(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq);
void fe_fill_pattern(uint64_t key, uint8_t *out, uint32_t len);
/* Index of the first byte that differs, or len. */
uint32_t fe_first_difference(const uint8_t *a, const uint8_t *b, uint32_t len);

static inline uint16_t fe_source_port(uint16_t flow)
{
	return (uint16_t)(FE_SOURCE_PORTS + flow * 7 % 40000);
}

/*
 * An IP header for `payload` bytes of a protocol; returns its length. *pseudo: the sum of the
 * pseudo header.
 */
uint32_t fe_build_v4(const struct fe_frame_spec *spec, uint16_t flow, uint8_t protocol, uint16_t id,
		     uint32_t payload, uint8_t *out, uint64_t *pseudo);
uint32_t fe_build_v6(const struct fe_frame_spec *spec, uint16_t flow, uint8_t protocol,
		     uint32_t payload, uint8_t *out, uint64_t *pseudo);

/*
 * The frame between the spec's addresses that this one claims to be: *as_seen has them as they
 * stand in it (reflected: exchanged). False: between others.
 */
bool fe_frame_orient(const struct fe_frame_spec *spec, const uint8_t *data,
		     struct fe_frame_spec *as_seen, struct fe_frame_id *id);

#endif
