/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "rss.h"

/* The 32 bits of the key that start at bit. */
static uint32_t rss_window(const uint8_t key[RSS_KEY_LEN], unsigned int bit)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < 5; i++) {
		unsigned int at = bit / 8 + i;

		v = v << 8 | (at < RSS_KEY_LEN ? key[at] : 0);
	}
	return (uint32_t)(v >> (8 - bit % 8));
}

void rss_table_init(struct rss_table *table, const uint8_t key[RSS_KEY_LEN])
{
	for (unsigned int at = 0; at < RSS_INPUT_MAX; at++) {
		uint32_t *byte = table->byte[at];

		byte[0] = 0;
		/* Lowest bit last in the input; the others are known by then. */
		for (unsigned int bit = 0; bit < 8; bit++) {
			uint32_t window = rss_window(key, at * 8 + 7 - bit);

			for (unsigned int low = 0; low < 1u << bit; low++)
				byte[1u << bit | low] = byte[low] ^ window;
		}
	}
}

struct rss_input {
	unsigned int n;
	uint8_t byte[RSS_INPUT_MAX];
};

static inline void rss_append(struct rss_input *in, const void *bytes, unsigned int n)
{
	memcpy(&in->byte[in->n], bytes, n);
	in->n += n;
}

static inline void rss_append_port(struct rss_input *in, uint16_t port)
{
	in->byte[in->n++] = (uint8_t)(port >> 8);
	in->byte[in->n++] = (uint8_t)port;
}

uint32_t rss_hash(const struct rss_table *table, const struct flow_key *key, uint8_t fields,
		  bool symmetric)
{
	unsigned int skip = key->ip_version == 4 ? 12 : 0, len = 16 - skip;
	const uint8_t *src = key->src_ip + skip, *dst = key->dst_ip + skip;
	uint16_t sport = key->l4_sport, dport = key->l4_dport;
	struct rss_input in = {.n = 0};
	uint32_t hash = 0;

	if (key->ip_version == 0)
		return 0;
	if (symmetric && memcmp(src, dst, len) > 0) {
		const uint8_t *low = dst;

		dst = src;
		src = low;
	}
	if (symmetric && sport > dport) {
		sport = key->l4_dport;
		dport = key->l4_sport;
	}
	if (fields & DP_HASH_SRC_IP)
		rss_append(&in, src, len);
	if (fields & DP_HASH_DST_IP)
		rss_append(&in, dst, len);
	if (fields & DP_HASH_SPORT)
		rss_append_port(&in, sport);
	if (fields & DP_HASH_DPORT)
		rss_append_port(&in, dport);
	for (unsigned int i = 0; i < in.n; i++)
		hash ^= table->byte[i][in.byte[i]];
	return hash;
}
