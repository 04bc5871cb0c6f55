/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which receive queue the last frames of a flow went to: spares parsing and hashing. One cache per
 * transmit queue, for one pair of MACs (struct route_cache, vq/dp_impl.h), void when that is.
 *
 * What steering may look at (struct flow_key) is, for the frames cached here, a function of some
 * bits in the first 40 or 64 bytes: untagged IPv4 without options and untagged IPv6. An entry is
 * those bits. Other frames are not cached.
 */
#ifndef SOFTHCA_PORT_FLOW_CACHE_H
#define SOFTHCA_PORT_FLOW_CACHE_H

#include <string.h>

#include "../vq/copy.h"

struct vq;

enum { FLOW_CACHE_BITS = 6, FLOW_WORDS_IP4 = 5, FLOW_WORDS_IP6 = 8 };

struct flow_cache {
	struct {
		uint64_t word[FLOW_WORDS_IP6];
		struct vq *vq; /* borrowed; NULL: free */
	} entry[1 << FLOW_CACHE_BITS];
};

/* Little endian words: MACs, type, version and length, fragment, protocol, addresses, ports. */
static const uint64_t flow_mask_ip4[FLOW_WORDS_IP4] = {
    0xffffffffffffffff, 0x00ffffffffffffff, 0xff00ff3f00000000,
    0xffffffffffff0000, 0x0000ffffffffffff,
};
/* MACs, type, version, next header, addresses, ports. */
static const uint64_t flow_mask_ip6[FLOW_WORDS_IP6] = {
    0xffffffffffffffff, 0x00f0ffffffffffff, 0xffff00ff00000000, 0xffffffffffffffff,
    0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0x000000000000ffff,
};

/* Words and mask of a frame, and its place; 0: not of the kind that is cached. */
dp_inline unsigned int flow_cache_kind(const uint8_t *data, size_t len, const uint64_t **mask,
				       unsigned int *slot)
{
	const copy_u64 *word = (const copy_u64 *)data;
	uint16_t type = (uint16_t)(word[1] >> 32);
	uint64_t mix;

	if (likely(type == 0x0008 && len >= FLOW_WORDS_IP4 * 8 && data[14] == 0x45)) {
		mix = *(const copy_u64 *)(data + 26) ^ (uint64_t) * (const copy_u32 *)(data + 34)
							   << 16;
		*mask = flow_mask_ip4;
		*slot = (unsigned int)(mix * 0x9e3779b97f4a7c15u >> (64 - FLOW_CACHE_BITS));
		return FLOW_WORDS_IP4;
	}
	if (type == 0xdd86 && len >= FLOW_WORDS_IP6 * 8 && (data[20] == 6 || data[20] == 17)) {
		mix = *(const copy_u64 *)(data + 30) ^ *(const copy_u64 *)(data + 46) ^
		      (uint64_t) * (const copy_u32 *)(data + 54) << 16;
		*mask = flow_mask_ip6;
		*slot = (unsigned int)(mix * 0x9e3779b97f4a7c15u >> (64 - FLOW_CACHE_BITS));
		return FLOW_WORDS_IP6;
	}
	return 0;
}

dp_inline struct vq *flow_cache_find(const struct flow_cache *cache, const uint8_t *data,
				     size_t len)
{
	const uint64_t *mask;
	unsigned int slot, words = flow_cache_kind(data, len, &mask, &slot);
	uint64_t diff = 0;

	if (words == 0)
		return NULL;
	/* The type is among the bits: an entry of the other kind differs. */
	for (unsigned int i = 0; i < FLOW_WORDS_IP4; i++)
		diff |= (((const copy_u64 *)data)[i] & mask[i]) ^ cache->entry[slot].word[i];
	for (unsigned int i = FLOW_WORDS_IP4; i < words; i++)
		diff |= (((const copy_u64 *)data)[i] & mask[i]) ^ cache->entry[slot].word[i];
	return diff == 0 ? cache->entry[slot].vq : NULL;
}

static inline void flow_cache_add(struct flow_cache *cache, const uint8_t *data, size_t len,
				  struct vq *vq)
{
	const uint64_t *mask;
	unsigned int slot, words = flow_cache_kind(data, len, &mask, &slot);

	for (unsigned int i = 0; i < words; i++)
		cache->entry[slot].word[i] = ((const copy_u64 *)data)[i] & mask[i];
	if (words > 0)
		cache->entry[slot].vq = vq;
}

static inline void flow_cache_clear(struct flow_cache *cache)
{
	for (unsigned int i = 0; i < 1 << FLOW_CACHE_BITS; i++)
		cache->entry[i].vq = NULL;
}

#endif
