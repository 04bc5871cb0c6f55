/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "copy.h"
#include "offload.h"

enum {
	ETH_TYPE = 12,
	ETH_LEN = 14,
	ETH_TAG = 4,
	ETH_IP4 = 0x0800,
	ETH_IP6 = 0x86dd,
	ETH_CVLAN = 0x8100,
	ETH_SVLAN = 0x88a8,
};

enum {
	IP4_LEN = 20, /* without options */
	IP4_TOTAL = 2,
	IP4_ID = 4,
	IP4_FRAG = 6,
	IP4_PROTOCOL = 9,
	IP4_CSUM = 10,
	IP4_SRC = 12, /* and the destination behind it: 8 bytes */
	IP6_LEN = 40,
	IP6_PAYLOAD = 4,
	IP6_NEXT = 6,
	IP6_SRC = 8, /* and the destination behind it: 32 bytes */
	IP_TCP = 6,
};

enum {
	TCP_LEN = 20,
	TCP_SEQ = 4,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_CSUM = 16,
	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_CWR = 0x80,
	UDP_CSUM = 6,
};

static uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void put_le16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

/* ---- checksums: sums of little endian words; the order of bytes does not matter to them ---- */

static uint64_t sum_bytes(const uint8_t *p, size_t len)
{
	const copy_u32 *word = (const copy_u32 *)p;
	uint64_t sum = 0;
	size_t n = len / 4, i;

	for (i = 0; i < n; i++)
		sum += word[i];
	p += n * 4;
	if (len & 2) {
		sum += get_le16(p);
		p += 2;
	}
	if (len & 1)
		sum += *p;
	return sum;
}

static uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t sum_swap(uint16_t sum)
{
	return (uint16_t)(sum << 8 | sum >> 8);
}

static void sum_store(uint8_t *p, uint64_t sum)
{
	put_le16(p, (uint16_t)~sum_fold(sum));
}

uint16_t offload_sum(struct offload_at at, uint32_t len)
{
	uint64_t sum = 0;
	bool odd = false;

	while (len > 0) {
		uint32_t part = at.piece->len - at.off;
		uint16_t folded;

		if (part > len)
			part = len;
		folded = sum_fold(sum_bytes(at.piece->hva + at.off, part));
		sum += odd ? sum_swap(folded) : folded;
		odd ^= part & 1;
		len -= part;
		at.piece++;
		at.off = 0;
	}
	return sum_fold(sum);
}

/* ---- what a frame is ---- */

/* The IP header's offset and version; 0: not IP. */
static unsigned int find_ip(const uint8_t *head, size_t len, unsigned int *l3)
{
	unsigned int at = ETH_TYPE;
	uint16_t type;

	if (len < ETH_LEN)
		return 0;
	type = get_be16(head + at);
	for (unsigned int tags = 0; tags < 2 && (type == ETH_CVLAN || type == ETH_SVLAN); tags++) {
		at += ETH_TAG;
		if (at + 2 > len)
			return 0;
		type = get_be16(head + at);
	}
	*l3 = at + 2;
	if (type == ETH_IP4 && *l3 + IP4_LEN <= len && head[*l3] >> 4 == 4)
		return 4;
	if (type == ETH_IP6 && *l3 + IP6_LEN <= len && head[*l3] >> 4 == 6)
		return 6;
	return 0;
}

/* Where the TCP header of an IP packet starts; 0: there is none, or in a fragment. */
static size_t find_tcp(const uint8_t *head, size_t len, unsigned int l3, unsigned int version)
{
	const uint8_t *ip = head + l3;
	size_t at = l3 + IP6_LEN;
	uint8_t next = ip[IP6_NEXT];

	if (version == 4) {
		at = l3 + (ip[0] & 0xfu) * 4;
		if (at < l3 + IP4_LEN || (get_be16(ip + IP4_FRAG) & 0x3fff) != 0)
			return 0;
		return ip[IP4_PROTOCOL] == IP_TCP ? at : 0;
	}
	/* RFC 8200 section 4: hop-by-hop, routing, destination options. */
	while ((next == 0 || next == 43 || next == 60) && at + 8 <= len) {
		next = head[at];
		at += (head[at + 1] + 1u) * 8;
	}
	return next == IP_TCP ? at : 0;
}

static bool check_gso(const uint8_t *vnet, uint32_t vq_flags, const uint8_t *head, size_t head_len,
		      uint32_t len, struct offload *o)
{
	uint8_t type = o->gso_type & (uint8_t)~VNET_GSO_ECN;
	uint32_t feature = type == VNET_GSO_TCPV4   ? VQ_F_HOST_TSO4
			   : type == VNET_GSO_TCPV6 ? VQ_F_HOST_TSO6
						    : 0;
	unsigned int l3 = 0, version;
	size_t tcp, end;

	if (!(vq_flags & feature) || ((o->gso_type & VNET_GSO_ECN) && !(vq_flags & VQ_F_HOST_ECN)))
		return false;
	version = find_ip(head, head_len, &l3);
	if (version != (type == VNET_GSO_TCPV4 ? 4 : 6))
		return false;
	tcp = find_tcp(head, head_len, l3, version);
	/* So the checksum, which was looked for in head, is the TCP header's. */
	if (tcp != o->csum_start || o->csum_offset != TCP_CSUM)
		return false;
	end = tcp + (head[tcp + TCP_OFFSET] >> 4) * 4u;
	o->gso_size = get_le16(vnet + VNET_GSO_SIZE);
	if (end < tcp + TCP_LEN || end > head_len || end >= len || o->gso_size == 0 ||
	    end + o->gso_size > OFFLOAD_SEGMENT_LEN_MAX || len > OFFLOAD_LEN_MAX)
		return false;
	o->l3 = (uint8_t)l3;
	o->head_len = (uint16_t)end;
	return offload_segments(o, len - o->head_len) <= OFFLOAD_SEGMENTS_MAX;
}

enum offload_kind offload_check(const uint8_t *vnet, uint32_t vq_flags, const uint8_t *head,
				size_t head_len, uint32_t len, struct offload *out)
{
	struct offload o = {
	    .gso_type = vnet[VNET_GSO_TYPE],
	    .csum_start = get_le16(vnet + VNET_CSUM_START),
	    .csum_offset = get_le16(vnet + VNET_CSUM_OFFSET),
	    .len = len,
	};
	uint32_t end = (uint32_t)o.csum_start + o.csum_offset + 2;
	unsigned int l3 = ETH_LEN;

	if (offload_is_plain(vnet))
		return OFFLOAD_NONE;
	/* Section 5.1.6.2.1: whoever asks for segmentation asks for the checksum too. */
	if (!(vnet[VNET_FLAGS] & VNET_F_NEEDS_CSUM) || !(vq_flags & VQ_F_CSUM))
		return OFFLOAD_BAD;
	/* No protocol's checksum is in the tags, which may be taken out, or odd in its header. */
	find_ip(head, head_len, &l3);
	if (o.csum_start < l3 || end > len || end > head_len || o.csum_offset % 2 != 0)
		return OFFLOAD_BAD;
	o.head_len = (uint16_t)end;
	if (o.gso_type == VNET_GSO_NONE) {
		if (len > OFFLOAD_SEGMENT_LEN_MAX)
			return OFFLOAD_BAD;
	} else if (!check_gso(vnet, vq_flags, head, head_len, len, &o)) {
		return OFFLOAD_BAD;
	}
	*out = o;
	return OFFLOAD_SOME;
}

bool offload_fits(const struct offload *o, uint32_t vq_flags)
{
	uint32_t need = VQ_F_GUEST_CSUM;

	if (o->gso_type != VNET_GSO_NONE)
		need |= (o->gso_type & ~VNET_GSO_ECN) == VNET_GSO_TCPV4 ? VQ_F_GUEST_TSO4
									: VQ_F_GUEST_TSO6;
	if (o->gso_type & VNET_GSO_ECN)
		need |= VQ_F_GUEST_ECN;
	return (vq_flags & need) == need;
}

void offload_header(const struct offload *o, uint8_t *vnet)
{
	bool gso = o->gso_type != VNET_GSO_NONE;

	vnet[VNET_FLAGS] = VNET_F_NEEDS_CSUM;
	vnet[VNET_GSO_TYPE] = o->gso_type;
	put_le16(vnet + VNET_HDR_LEN, gso ? o->head_len : 0);
	put_le16(vnet + VNET_GSO_SIZE, o->gso_size);
	put_le16(vnet + VNET_CSUM_START, o->csum_start);
	put_le16(vnet + VNET_CSUM_OFFSET, o->csum_offset);
}

void offload_shift(struct offload *o, int by)
{
	o->csum_start = (uint16_t)(o->csum_start + by);
	o->head_len = (uint16_t)(o->head_len + by);
	o->l3 = (uint8_t)(o->l3 + by);
	o->len += (uint32_t)by;
}

uint32_t offload_wire_len(const struct offload *o)
{
	uint32_t body_len = o->len - o->head_len;

	if (o->gso_type == VNET_GSO_NONE || body_len <= o->gso_size)
		return o->len;
	return o->head_len + (uint32_t)o->gso_size;
}

void offload_done_header(uint32_t vq_flags, uint8_t *vnet)
{
	memset(vnet, 0, VNET_BASE_LEN);
	if (vq_flags & VQ_F_GUEST_CSUM)
		vnet[VNET_FLAGS] = VNET_F_DATA_VALID;
}

/* ---- doing it ---- */

void offload_complete(const struct offload *o, uint8_t *head, struct offload_at body,
		      uint32_t body_len)
{
	uint8_t *field = head + o->head_len - 2;

	/* The field holds the pseudo header's sum so far (section 5.1.6.2). */
	sum_store(field, sum_bytes(head + o->csum_start, o->head_len - (size_t)o->csum_start) +
			     offload_sum(body, body_len));
	/* RFC 768: an UDP checksum that is 0 is sent as all ones. */
	if (o->csum_offset == UDP_CSUM && field[0] == 0 && field[1] == 0)
		put_le16(field, 0xffff);
}

unsigned int offload_segments(const struct offload *o, uint32_t body_len)
{
	return (body_len + o->gso_size - 1) / o->gso_size;
}

struct offload_at offload_skip(struct offload_at at, uint32_t len)
{
	while (len > 0) {
		uint32_t part = at.piece->len - at.off;

		if (part > len) {
			at.off += len;
			break;
		}
		len -= part;
		at.piece++;
		at.off = 0;
	}
	return at;
}

/* Addresses, protocol: what the pseudo headers of all segments have in common. */
static uint64_t sum_pseudo(const struct offload *o, const uint8_t *head)
{
	const uint8_t *ip = head + o->l3;
	uint64_t sum = (uint64_t)IP_TCP << 8;

	if ((o->gso_type & ~VNET_GSO_ECN) == VNET_GSO_TCPV4)
		return sum + sum_bytes(ip + IP4_SRC, 8);
	return sum + sum_bytes(ip + IP6_SRC, 32);
}

/* Segment number k of n, whose body is in place: its headers. */
static void make_head(const struct offload *o, const uint8_t *head, uint64_t pseudo, unsigned int k,
		      unsigned int n, struct offload_segment *s)
{
	uint8_t *ip = s->head + o->l3, *tcp = s->head + o->csum_start;
	uint32_t tcp_len = o->head_len - (uint32_t)o->csum_start + s->body_len;
	uint64_t sum;

	memcpy(s->head, head, o->head_len);
	s->head_len = o->head_len;
	if ((o->gso_type & ~VNET_GSO_ECN) == VNET_GSO_TCPV4) {
		put_be16(ip + IP4_TOTAL, o->csum_start - (uint32_t)o->l3 + tcp_len);
		put_be16(ip + IP4_ID, get_be16(ip + IP4_ID) + k);
		put_be16(ip + IP4_CSUM, 0);
		sum_store(ip + IP4_CSUM, sum_bytes(ip, o->csum_start - (size_t)o->l3));
	} else {
		put_be16(ip + IP6_PAYLOAD, o->csum_start - (uint32_t)o->l3 - IP6_LEN + tcp_len);
	}
	put_be32(tcp + TCP_SEQ, get_be32(tcp + TCP_SEQ) + k * o->gso_size);
	if (k + 1 < n)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	/* RFC 3168 section 6.1.2: the window was reduced once. */
	if (k > 0)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	put_be16(tcp + TCP_CSUM, 0);
	sum = pseudo + sum_swap((uint16_t)tcp_len);
	sum += sum_bytes(tcp, o->head_len - (size_t)o->csum_start);
	/* A TCP header is whole words long: the body starts even. */
	sum += offload_sum(s->body, s->body_len);
	sum_store(tcp + TCP_CSUM, sum);
}

int offload_cut(const struct offload *o, const uint8_t *head, struct offload_at body,
		uint32_t body_len, unsigned int *next,
		int (*emit)(void *arg, const struct offload_segment *segment), void *arg)
{
	unsigned int n = offload_segments(o, body_len);
	uint64_t pseudo = sum_pseudo(o, head);
	struct offload_segment s;

	if (*next < n)
		body = offload_skip(body, *next * (uint32_t)o->gso_size);
	for (; *next < n; ++*next) {
		uint32_t at = *next * (uint32_t)o->gso_size;
		int result;

		s.body = body;
		s.body_len = body_len - at < o->gso_size ? body_len - at : o->gso_size;
		make_head(o, head, pseudo, *next, n, &s);
		result = emit(arg, &s);
		if (result)
			return result;
		body = offload_skip(body, s.body_len);
	}
	return 0;
}
