/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "frame.h"

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_CVLAN = 0x8100,
	ETHERTYPE_SVLAN = 0x88a8,
	IP_TCP = 6,
	IP_UDP = 17,
};

static uint16_t frame_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* RFC 8200 section 4: headers that say {next header, length} and may precede the upper layer. */
static bool frame_is_extension(uint8_t next)
{
	return next == 0 || next == 43 || next == 60;
}

static void frame_parse_ip4(const uint8_t *ip, size_t len, struct flow_key *key, size_t *l4)
{
	size_t header = (ip[0] & 0xf) * 4u;

	if (ip[0] >> 4 != 4 || header < 20)
		return;
	key->ip_version = 4;
	key->ip_protocol = ip[9];
	key->frag = (frame_be16(&ip[6]) & 0x3fff) != 0;
	memcpy(&key->src_ip[12], &ip[12], 4);
	memcpy(&key->dst_ip[12], &ip[16], 4);
	*l4 = header;
}

static void frame_parse_ip6(const uint8_t *ip, size_t len, struct flow_key *key, size_t *l4)
{
	size_t at = 40;
	uint8_t next = ip[6];

	if (ip[0] >> 4 != 6)
		return;
	key->ip_version = 6;
	memcpy(key->src_ip, &ip[8], 16);
	memcpy(key->dst_ip, &ip[24], 16);
	while (at + 8 <= len) {
		if (next == 44) {
			key->frag = 1;
			next = ip[at];
			at += 8;
		} else if (frame_is_extension(next)) {
			next = ip[at];
			at += ((size_t)ip[at + 1] + 1) * 8;
		} else {
			break;
		}
	}
	key->ip_protocol = next;
	*l4 = at;
}

void frame_parse(const uint8_t *bytes, size_t len, struct flow_key *key)
{
	size_t at = 12, l4 = 0;
	uint16_t type;

	memset(key, 0, sizeof(*key));
	memcpy(key->dmac, bytes, 6);
	memcpy(key->smac, bytes + 6, 6);
	type = frame_be16(bytes + 12);
	if (type == ETHERTYPE_CVLAN || type == ETHERTYPE_SVLAN) {
		key->cvlan_tag = type == ETHERTYPE_CVLAN;
		key->svlan_tag = type == ETHERTYPE_SVLAN;
		if (at + 6 > len)
			return;
		key->vid = frame_be16(bytes + 14) & 0xfff;
	}
	while ((type == ETHERTYPE_CVLAN || type == ETHERTYPE_SVLAN) && at + 6 <= len && at < 20) {
		at += 4;
		type = frame_be16(bytes + at);
	}
	at += 2;
	key->ethertype = type;
	if (type == ETHERTYPE_IP4 && at + 20 <= len)
		frame_parse_ip4(bytes + at, len - at, key, &l4);
	else if (type == ETHERTYPE_IP6 && at + 40 <= len)
		frame_parse_ip6(bytes + at, len - at, key, &l4);
	if (l4 == 0 || key->frag || at + l4 + 4 > len ||
	    (key->ip_protocol != IP_TCP && key->ip_protocol != IP_UDP))
		return;
	key->l4_sport = frame_be16(bytes + at + l4);
	key->l4_dport = frame_be16(bytes + at + l4 + 2);
}
