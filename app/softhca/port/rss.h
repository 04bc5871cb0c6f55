/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Toeplitz hash with tables made of the key: one lookup a byte of input. The input is, as far as
 * selected, source address, destination address, source port, destination port, each in network
 * order. Symmetric: the lower address and the lower port count as the source, so both directions of
 * a flow hash alike. Pure functions.
 */
#ifndef SOFTHCA_PORT_RSS_H
#define SOFTHCA_PORT_RSS_H

#include "../vq/dp.h"

enum { RSS_KEY_LEN = 40, RSS_INPUT_MAX = 36 };

struct rss_table {
	uint32_t byte[RSS_INPUT_MAX][256];
};

void rss_table_init(struct rss_table *table, const uint8_t key[RSS_KEY_LEN]);

/* fields: DP_HASH_*. A frame that is not IP hashes to 0. */
uint32_t rss_hash(const struct rss_table *table, const struct flow_key *key, uint8_t fields,
		  bool symmetric);

#endif
