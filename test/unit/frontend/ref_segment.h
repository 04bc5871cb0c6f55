/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reference for what a device does to frames (virtio 1.2 section 5.1.6.2, RFC 791, 1071, 9293):
 * one byte at a time, written apart from the checker it is held against.
 */
#ifndef UNIT_FRONTEND_REF_SEGMENT_H
#define UNIT_FRONTEND_REF_SEGMENT_H

#include "offload.h"

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* RFC 1071, in big-endian words. */
static inline uint16_t sum(const uint8_t *data, size_t len, uint32_t start)
{
	uint32_t s = start;

	for (size_t i = 0; i < len; i++) {
		s += i & 1 ? data[i] : (uint32_t)data[i] << 8;
		s = (s & 0xffff) + (s >> 16);
	}
	return (uint16_t)s;
}

static inline uint16_t pseudo(const uint8_t *f, uint32_t l4, uint32_t len)
{
	bool v6 = get16(f + 12) == 0x86dd;
	uint8_t protocol = f[v6 ? 20 : 23];

	return v6 ? sum(f + 22, 32, protocol + len - l4) : sum(f + 26, 8, protocol + len - l4);
}

/* virtio 1.2 section 5.1.6.2: from csum_start to the end, at csum_start + csum_offset. */
static inline void ref_complete(uint8_t *f, uint32_t len, uint32_t start, uint32_t offset)
{
	uint16_t check = (uint16_t)~sum(f + start, len - start, 0);

	put16(f + start + offset, check ? check : 0xffff);
}

struct ref_segment {
	uint8_t data[1600];
	uint32_t len;
};

/* One segment of a frame, with its checksum whole. False: there is no such segment. */
static inline bool ref_cut(const uint8_t *f, uint32_t len, const struct virtio_net_hdr *hdr,
			   unsigned int n, struct ref_segment *s)
{
	bool v6 = get16(f + 12) == 0x86dd;
	uint32_t l4 = v6 ? 54 : 34, headers = l4 + (f[l4 + 12] >> 4) * 4;
	uint32_t at = headers + n * hdr->gso_size, part = hdr->gso_size;

	if (at >= len)
		return false;
	if (len - at < part)
		part = len - at;
	memcpy(s->data, f, headers);
	memcpy(s->data + headers, f + at, part);
	s->len = headers + part;
	if (v6) {
		put16(s->data + 18, s->len - 54);
	} else {
		put16(s->data + 16, s->len - 14);
		put16(s->data + 18, get16(f + 18) + n);
		put16(s->data + 24, 0);
		put16(s->data + 24, (uint16_t)~sum(s->data + 14, 20, 0));
	}
	put32(s->data + l4 + 4, get32(f + l4 + 4) + at - headers);
	if (at + part < len)
		s->data[l4 + 13] &= 0xf6; /* neither FIN nor PSH */
	if (n)
		s->data[l4 + 13] &= 0x7f; /* no CWR */
	put16(s->data + l4 + 16, pseudo(s->data, l4, s->len));
	ref_complete(s->data, s->len, l4, 16);
	return true;
}

#endif
