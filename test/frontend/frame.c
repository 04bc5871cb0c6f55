/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_part.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#include "checksum.h"

#define MAGIC     0x76667231u /* "vfr1" */
#define FRAME_BUF 65536

/* Behind the UDP header; in the sender's byte order, both ends are this program. */
struct tag {
	uint32_t magic;
	uint16_t stream;
	uint16_t flow;
	uint32_t seq;
	uint32_t len;
};

#define HEADERS_V4 (sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define HEADERS_V6 (sizeof(struct ether_header) + sizeof(struct ip6_hdr) + sizeof(struct udphdr))

_Static_assert(HEADERS_V4 + sizeof(struct tag) == FE_FRAME_MIN, "smallest frame");

uint64_t fe_mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15ull;
	x ^= x >> 29;
	x *= 0xd1b54a32d192ed03ull;
	return x ^ x >> 32;
}

uint64_t fe_frame_key(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq)
{
	return fe_mix(spec->seed +
		      fe_mix(((uint64_t)spec->stream << 48 | (uint64_t)flow << 32 | seq)));
}

/* A flow keeps its family whatever its sizes, else its frames would take different queues. */
static bool is_v6(const struct fe_frame_spec *spec, uint16_t flow)
{
	return flow % 4 == 3 && spec->size_max >= HEADERS_V6 + sizeof(struct tag);
}

uint32_t fe_frame_len(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq)
{
	uint32_t floor = is_v6(spec, flow) ? HEADERS_V6 + sizeof(struct tag) : FE_FRAME_MIN;
	uint32_t min = spec->size_min > floor ? spec->size_min : floor;
	uint64_t dice = fe_mix(fe_frame_key(spec, flow, seq) + 1);

	if (min >= spec->size_max)
		return spec->size_max;
	switch (dice & 7) {
	case 0:
		return min;
	case 1:
		return spec->size_max;
	default:
		return min + (uint32_t)((dice >> 3) % (spec->size_max - min + 1));
	}
}

static uint16_t fold(uint64_t sum)
{
	return (uint16_t)~fe_sum_fold(sum);
}

uint32_t fe_build_v4(const struct fe_frame_spec *spec, uint16_t flow, uint8_t protocol, uint16_t id,
		     uint32_t payload, uint8_t *out, uint64_t *pseudo)
{
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol};

	ip.tot_len = htons((uint16_t)(sizeof(ip) + payload));
	ip.id = htons(id);
	ip.saddr = htonl(0x0a000000u | (uint32_t)(spec->stream & 0xff) << 16 | flow);
	ip.daddr = htonl(0x0b000000u | (uint32_t)(spec->stream & 0xff) << 16 | (flow >> 4));
	ip.check = fold(fe_sum16(&ip, sizeof(ip), 0));
	memcpy(out, &ip, sizeof(ip));
	*pseudo = fe_sum16(&ip.saddr, 8, 0) + htons(protocol) + htons((uint16_t)payload);
	return sizeof(ip);
}

uint32_t fe_build_v6(const struct fe_frame_spec *spec, uint16_t flow, uint8_t protocol,
		     uint32_t payload, uint8_t *out, uint64_t *pseudo)
{
	struct ip6_hdr ip = {.ip6_hlim = 64, .ip6_nxt = protocol};

	ip.ip6_flow = htonl(6u << 28);
	ip.ip6_plen = htons((uint16_t)payload);
	ip.ip6_src.s6_addr[0] = ip.ip6_dst.s6_addr[0] = 0xfd;
	ip.ip6_src.s6_addr[7] = ip.ip6_dst.s6_addr[7] = (uint8_t)spec->stream;
	ip.ip6_src.s6_addr[14] = (uint8_t)(flow >> 8);
	ip.ip6_src.s6_addr[15] = (uint8_t)flow;
	ip.ip6_dst.s6_addr[15] = 1;
	memcpy(out, &ip, sizeof(ip));
	*pseudo = fe_sum16(&ip.ip6_src, 32, 0) + htons(protocol) + htons((uint16_t)payload);
	return sizeof(ip);
}

void fe_fill_pattern(uint64_t key, uint8_t *out, uint32_t len)
{
	uint64_t word = key | 1;

	for (; len >= sizeof(word); len -= sizeof(word), out += sizeof(word)) {
		word = word * 6364136223846793005ull + key;
		memcpy(out, &word, sizeof(word));
	}
	word = word * 6364136223846793005ull + key;
	memcpy(out, &word, len);
}

uint32_t fe_frame_build(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq, uint8_t *out)
{
	uint32_t len = fe_frame_len(spec, flow, seq), at = sizeof(struct ether_header), udp_len;
	bool v6 = is_v6(spec, flow);
	struct ether_header eth;
	struct udphdr udp = {0};
	struct tag tag = {MAGIC, spec->stream, flow, seq, len};
	uint64_t pseudo;

	memcpy(eth.ether_dhost, spec->dst, FE_MAC_LEN);
	memcpy(eth.ether_shost, spec->src, FE_MAC_LEN);
	eth.ether_type = htons(v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	memcpy(out, &eth, sizeof(eth));
	udp_len = len - at - (uint32_t)(v6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
	at += v6 ? fe_build_v6(spec, flow, IPPROTO_UDP, udp_len, out + at, &pseudo)
		 : fe_build_v4(spec, flow, IPPROTO_UDP, flow, udp_len, out + at, &pseudo);
	udp.source = htons(fe_source_port(flow));
	udp.dest = htons(FE_UDP_PORT);
	udp.len = htons((uint16_t)udp_len);
	memcpy(out + at, &udp, sizeof(udp));
	memcpy(out + at + sizeof(udp), &tag, sizeof(tag));
	fe_fill_pattern(fe_frame_key(spec, flow, seq), out + at + sizeof(udp) + sizeof(tag),
			udp_len - (uint32_t)(sizeof(udp) + sizeof(tag)));
	udp.check = fold(fe_sum16(out + at, udp_len, pseudo));
	/* RFC 768: a computed zero is sent as all ones. */
	if (udp.check == 0)
		udp.check = 0xffff;
	memcpy(out + at, &udp, sizeof(udp));
	return len;
}

bool fe_frame_peek(const uint8_t *data, uint32_t len, struct fe_frame_id *id)
{
	struct ether_header eth;
	struct tag tag;
	uint32_t at;

	if (len < sizeof(eth))
		return false;
	memcpy(&eth, data, sizeof(eth));
	at = eth.ether_type == htons(ETHERTYPE_IPV6) ? HEADERS_V6 : HEADERS_V4;
	if (len < at + sizeof(tag))
		return false;
	memcpy(&tag, data + at, sizeof(tag));
	if (tag.magic != MAGIC)
		return false;
	id->stream = tag.stream;
	id->flow = tag.flow;
	id->seq = tag.seq;
	return true;
}

static bool addressed(const uint8_t *data, const uint8_t *dst, const uint8_t *src)
{
	return memcmp(data, dst, FE_MAC_LEN) == 0 &&
	       memcmp(data + FE_MAC_LEN, src, FE_MAC_LEN) == 0;
}

uint32_t fe_first_difference(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	uint32_t i = 0;

	while (i < len && a[i] == b[i])
		i++;
	return i;
}

bool fe_frame_orient(const struct fe_frame_spec *spec, const uint8_t *data,
		     struct fe_frame_spec *as_seen, struct fe_frame_id *id)
{
	*as_seen = *spec;
	id->reflected = !addressed(data, spec->dst, spec->src);
	if (id->reflected) {
		memcpy(as_seen->dst, spec->src, FE_MAC_LEN);
		memcpy(as_seen->src, spec->dst, FE_MAC_LEN);
	}
	return addressed(data, as_seen->dst, as_seen->src);
}

enum fe_verdict fe_frame_check(const struct fe_frame_spec *spec, const uint8_t *data, uint32_t len,
			       struct fe_frame_id *id)
{
	static __thread uint8_t expected[FRAME_BUF];
	struct fe_frame_spec as_seen;
	uint32_t want;
	bool between;

	memset(id, 0, sizeof(*id));
	if (len < 2 * FE_MAC_LEN)
		return FE_FRAME_FOREIGN;
	between = fe_frame_orient(spec, data, &as_seen, id);
	if (!fe_frame_peek(data, len, id) || id->stream != spec->stream)
		return between ? FE_FRAME_CORRUPT : FE_FRAME_FOREIGN;
	want = fe_frame_build(&as_seen, id->flow, id->seq, expected);
	id->wrong_at = fe_first_difference(data, expected, len < want ? len : want);
	if (len != want || id->wrong_at != want)
		return FE_FRAME_CORRUPT;
	return FE_FRAME_OK;
}

int fe_mac_parse(const char *text, uint8_t mac[FE_MAC_LEN])
{
	unsigned int byte[FE_MAC_LEN], i;
	char rest;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &byte[0], &byte[1], &byte[2], &byte[3],
		   &byte[4], &byte[5], &rest) != FE_MAC_LEN)
		return -EINVAL;
	for (i = 0; i < FE_MAC_LEN; i++)
		mac[i] = (uint8_t)byte[i];
	return 0;
}
