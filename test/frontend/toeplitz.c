/* SPDX-License-Identifier: BSD-3-Clause */
#include "toeplitz.h"

#include <string.h>
#include <net/ethernet.h>
#include <netinet/in.h>

enum {
	HASH_IP4 = 1,
	HASH_TCP4 = 2,
	HASH_UDP4 = 4,
	HASH_IP6 = 8,
	HASH_TCP6 = 16,
	HASH_UDP6 = 32,
};

static unsigned int bit(const uint8_t *bytes, unsigned int at)
{
	return bytes[at / 8] >> (7 - at % 8) & 1;
}

uint32_t fe_toeplitz(const uint8_t *key, unsigned int key_len, const uint8_t *data,
		     unsigned int len)
{
	uint32_t hash = 0;

	for (unsigned int i = 0; i < 8 * len; i++) {
		uint32_t window = 0;

		if (!bit(data, i))
			continue;
		for (unsigned int k = i; k < i + 32; k++)
			window = window << 1 | (k < 8 * key_len ? bit(key, k) : 0);
		hash ^= window;
	}
	return hash;
}

/* What is hashed of a frame: addresses, and ports where the type is on; 0: nothing. */
static unsigned int input(uint32_t types, const uint8_t *frame, uint32_t len, uint8_t *out)
{
	uint32_t at = 12, addresses, ports;
	uint32_t with_tcp, with_udp, plain;
	unsigned int n;
	uint16_t type;
	uint8_t protocol;

	if (len < 18)
		return 0;
	type = (uint16_t)(frame[at] << 8 | frame[at + 1]);
	while (type == ETHERTYPE_VLAN && at + 6 < len) {
		at += 4;
		type = (uint16_t)(frame[at] << 8 | frame[at + 1]);
	}
	at += 2;
	if (type == ETHERTYPE_IP && at + 24 <= len) {
		addresses = at + 12;
		n = 8;
		ports = at + 4u * (frame[at] & 15);
		protocol = frame[at + 9];
		with_tcp = HASH_TCP4;
		with_udp = HASH_UDP4;
		plain = HASH_IP4;
	} else if (type == ETHERTYPE_IPV6 && at + 44 <= len) {
		addresses = at + 8;
		n = 32;
		ports = at + 40;
		protocol = frame[at + 6];
		with_tcp = HASH_TCP6;
		with_udp = HASH_UDP6;
		plain = HASH_IP6;
	} else {
		return 0;
	}
	memcpy(out, frame + addresses, n);
	if ((protocol == IPPROTO_TCP && types & with_tcp) ||
	    (protocol == IPPROTO_UDP && types & with_udp)) {
		memcpy(out + n, frame + ports, 4);
		return n + 4;
	}
	return types & plain ? n : 0;
}

unsigned int fe_rss_queue(const struct fe_rss *rss, const uint8_t *frame, uint32_t len)
{
	uint8_t bytes[36];
	unsigned int n = input(rss->types, frame, len, bytes);

	if (n == 0 || rss->entries == 0)
		return rss->unclassified;
	return rss->table[fe_toeplitz(rss->key, rss->key_len, bytes, n) & (rss->entries - 1)];
}
