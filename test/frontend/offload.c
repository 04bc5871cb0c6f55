/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <string.h>

#include "checksum.h"
#include "frame_part.h"

#define BIT(n)      (1ull << (n))
#define HAS(set, f) ((set)&BIT(VIRTIO_NET_F_##f))

#define ETH_LEN     ((uint32_t)sizeof(struct ether_header))
#define IP4_LEN     ((uint32_t)sizeof(struct iphdr))
#define IP6_LEN     ((uint32_t)sizeof(struct ip6_hdr))
#define TCP_LEN     ((uint32_t)sizeof(struct tcphdr))
#define OPTIONS_LEN 12u
#define WINDOW      0x7666 /* says that it is ours */
#define CHECK_TCP   offsetof(struct tcphdr, check)
#define CHECK_UDP   offsetof(struct udphdr, check)
#define FLAGS_AT    13u /* of the TCP header */
#define FLAG_CWR    0x80

/* Where things are in a frame of ours. */
struct plan {
	bool v6, tcp;
	uint32_t l4, headers; /* offsets of the transport header and of what is behind it */
	uint32_t len;
	uint32_t gso_size; /* 0: not to be segmented */
	uint32_t check_at;
	bool partial; /* the sender leaves the checksum to the device */
};

static bool is_tcp(const struct fe_frame_spec *spec, uint16_t flow)
{
	return HAS(spec->offload.tx, CSUM) && flow >> 2 & 1;
}

static bool has_options(uint16_t flow)
{
	return flow >> 3 & 1;
}

unsigned int fe_offload_parts(const struct fe_offload_spec *o)
{
	bool tso4 = HAS(o->tx, HOST_TSO4), tso6 = HAS(o->tx, HOST_TSO6);
	bool whole4 = HAS(o->rx, GUEST_TSO4), whole6 = HAS(o->rx, GUEST_TSO6);
	bool ecn_whole = !HAS(o->tx, HOST_ECN) || HAS(o->rx, GUEST_ECN);

	if ((!tso4 || (whole4 && ecn_whole)) && (!tso6 || (whole6 && ecn_whole)))
		return 1;
	return (o->gso_max + o->mss_min - 1) / o->mss_min;
}

/* Long ones, ends of the range and exact multiples of a segment are where errors are. */
static uint32_t gso_len(const struct fe_offload_spec *o, uint32_t headers, uint32_t gso_size,
			uint64_t dice)
{
	uint32_t min = headers + gso_size + 1, max = o->gso_max, parts;

	if (min >= max)
		return max;
	switch (dice & 15) {
	case 0:
		return min;
	case 1:
		return max;
	case 2:
	case 3:
		parts = (max - headers) / gso_size;
		return headers +
		       gso_size * (2 + (uint32_t)(dice >> 8) % (parts > 2 ? parts - 1 : 1));
	default:
		max >>= (dice >> 4) % 6;
		return max <= min ? min : min + (uint32_t)(dice >> 8) % (max - min);
	}
}

static void plan_fill(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq, struct plan *p)
{
	const struct fe_offload_spec *o = &spec->offload;
	uint64_t dice = fe_mix(fe_frame_key(spec, flow, seq) + 2);
	bool tso;

	memset(p, 0, sizeof(*p));
	p->tcp = is_tcp(spec, flow);
	p->partial = HAS(o->tx, CSUM) && dice & 1;
	if (!p->tcp)
		return;
	p->v6 = flow % 4 == 3;
	p->l4 = ETH_LEN + (p->v6 ? IP6_LEN : IP4_LEN);
	p->headers = p->l4 + TCP_LEN + (has_options(flow) ? OPTIONS_LEN : 0);
	p->check_at = p->l4 + CHECK_TCP;
	tso = p->v6 ? HAS(o->tx, HOST_TSO6) : HAS(o->tx, HOST_TSO4);
	if (tso && (dice >> 1 & 3)) {
		p->gso_size = o->mss_min + (uint32_t)(dice >> 40) % (o->mss_max - o->mss_min + 1);
		p->len = gso_len(o, p->headers, p->gso_size, dice >> 3);
		p->partial = true;
		if (p->len - p->headers > p->gso_size)
			return;
		p->gso_size = 0;
	}
	p->len = fe_frame_len(spec, flow, seq);
	if (p->len <= p->headers)
		p->len = p->headers + 1;
}

static uint32_t tcp_start(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq)
{
	uint64_t dice = fe_mix(fe_frame_key(spec, flow, seq) + 3);

	/* Every eighth passes the end of the number space. */
	return dice & 7 ? (uint32_t)(dice >> 8) : 0u - (uint32_t)(dice >> 8 & 0x3fff);
}

static uint8_t tcp_flags(const struct fe_frame_spec *spec, const struct plan *p, uint64_t dice)
{
	uint8_t flags = TH_ACK;

	flags |= dice & 1 ? TH_PUSH : 0;
	flags |= (dice >> 1 & 7) == 0 ? TH_FIN : 0;
	/* Without the feature no segmented frame may have it (section 5.1.6.2.1). */
	if ((dice >> 7 & 3) == 0 && (!p->gso_size || HAS(spec->offload.tx, HOST_ECN)))
		flags |= FLAG_CWR;
	return flags;
}

static void header_fill(const struct plan *p, uint8_t flags, uint64_t dice,
			struct virtio_net_hdr *hdr)
{
	memset(hdr, 0, sizeof(*hdr));
	if (!p->partial)
		return;
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = (uint16_t)p->l4;
	hdr->csum_offset = (uint16_t)(p->check_at - p->l4);
	if (!p->gso_size)
		return;
	hdr->gso_type = p->v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	if (flags & FLAG_CWR)
		hdr->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	hdr->gso_size = (uint16_t)p->gso_size;
	/* A hint, not less than the headers (section 5.1.6.2.1). */
	hdr->hdr_len = (uint16_t)(p->headers + ((dice & 3) == 0 ? 1 + (dice >> 2) % 64 : 0));
	if (hdr->hdr_len > p->len)
		hdr->hdr_len = (uint16_t)p->headers;
}

static uint32_t build_tcp(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq,
			  const struct plan *p, uint8_t *out, struct virtio_net_hdr *hdr)
{
	/* No-operation twice, then a time stamp (RFC 7323 section 3.2). */
	static const uint8_t options[OPTIONS_LEN] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
	uint64_t key = fe_frame_key(spec, flow, seq), dice = fe_mix(key + 4), pseudo;
	struct ether_header eth;
	struct tcphdr tcp = {0};
	uint32_t l4_len = p->len - p->l4;
	uint8_t flags = tcp_flags(spec, p, dice);
	uint16_t check;

	memcpy(eth.ether_dhost, spec->dst, FE_MAC_LEN);
	memcpy(eth.ether_shost, spec->src, FE_MAC_LEN);
	eth.ether_type = htons(p->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	memcpy(out, &eth, sizeof(eth));
	if (p->v6)
		fe_build_v6(spec, flow, IPPROTO_TCP, l4_len, out + ETH_LEN, &pseudo);
	else
		fe_build_v4(spec, flow, IPPROTO_TCP, (uint16_t)(dice >> 16), l4_len, out + ETH_LEN,
			    &pseudo);
	tcp.source = htons(fe_source_port(flow));
	tcp.dest = htons(FE_TCP_PORT);
	tcp.seq = htonl(tcp_start(spec, flow, seq));
	tcp.ack_seq = htonl(seq);
	tcp.doff = (p->headers - p->l4) / 4;
	tcp.th_flags = flags;
	tcp.window = htons(WINDOW);
	memcpy(out + p->l4, &tcp, sizeof(tcp));
	memcpy(out + p->l4 + TCP_LEN, options, p->headers - p->l4 - TCP_LEN);
	fe_fill_pattern(key, out + p->headers, p->len - p->headers);
	check = fe_sum_fold(pseudo);
	if (!p->partial)
		check = (uint16_t)~fe_sum_fold(fe_sum16(out + p->l4, l4_len, pseudo));
	memcpy(out + p->check_at, &check, sizeof(check));
	header_fill(p, flags, dice >> 32, hdr);
	return p->len;
}

/* The sum over the pseudo header of an UDP or TCP packet at data + l4. */
static uint64_t pseudo_sum(const uint8_t *data, uint32_t l4, uint32_t len, uint8_t protocol)
{
	uint32_t addresses = l4 - ETH_LEN == IP4_LEN ? 8 : 32;

	return fe_sum16(data + l4 - addresses, addresses, 0) + htons(protocol) +
	       htons((uint16_t)(len - l4));
}

/* A UDP frame with its checksum left to the device. */
static uint32_t build_udp(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq,
			  struct plan *p, uint8_t *out, struct virtio_net_hdr *hdr)
{
	uint16_t check;

	p->len = fe_frame_build(spec, flow, seq, out);
	p->v6 = (out[12] << 8 | out[13]) == ETHERTYPE_IPV6;
	p->l4 = ETH_LEN + (p->v6 ? IP6_LEN : IP4_LEN);
	p->headers = p->l4 + (uint32_t)sizeof(struct udphdr);
	p->check_at = p->l4 + CHECK_UDP;
	if (p->partial) {
		check = fe_sum_fold(pseudo_sum(out, p->l4, p->len, IPPROTO_UDP));
		memcpy(out + p->check_at, &check, sizeof(check));
	}
	header_fill(p, 0, 0, hdr);
	return p->len;
}

static uint32_t build(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq, struct plan *p,
		      uint8_t *out, struct virtio_net_hdr *hdr)
{
	plan_fill(spec, flow, seq, p);
	return p->tcp ? build_tcp(spec, flow, seq, p, out, hdr)
		      : build_udp(spec, flow, seq, p, out, hdr);
}

uint32_t fe_offload_build(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq,
			  uint8_t *out, struct virtio_net_hdr *hdr)
{
	struct plan p;

	return build(spec, flow, seq, &p, out, hdr);
}

/* ---- receiving ---- */

bool fe_offload_peek(const uint8_t *data, uint32_t len, struct fe_frame_id *id)
{
	struct tcphdr tcp;
	uint32_t l4;
	bool v6;

	if (len < ETH_LEN + IP4_LEN + TCP_LEN)
		return false;
	v6 = (data[12] << 8 | data[13]) == ETHERTYPE_IPV6;
	l4 = ETH_LEN + (v6 ? IP6_LEN : IP4_LEN);
	if (len < l4 + TCP_LEN || data[v6 ? 20 : 23] != IPPROTO_TCP)
		return false;
	memcpy(&tcp, data + l4, sizeof(tcp));
	if (tcp.dest != htons(FE_TCP_PORT) || tcp.window != htons(WINDOW))
		return false;
	id->stream = v6 ? data[ETH_LEN + 8 + 7] : data[ETH_LEN + 13];
	id->flow = (uint16_t)(v6 ? data[ETH_LEN + 8 + 14] << 8 | data[ETH_LEN + 8 + 15]
				 : data[ETH_LEN + 14] << 8 | data[ETH_LEN + 15]);
	id->seq = ntohl(tcp.ack_seq);
	return true;
}

static enum fe_verdict wrong(struct fe_frame_id *id, const char *why)
{
	id->why = why;
	return FE_FRAME_CORRUPT;
}

/* What the header says of the checksum, and with that what has to stand in its field. */
static const char *checksum_expect(const struct plan *p, const struct virtio_net_hdr *hdr,
				   uint64_t rx, const uint8_t *data, uint8_t *expected,
				   uint32_t len, bool reflected)
{
	uint64_t pseudo = pseudo_sum(expected, p->l4, len, p->tcp ? IPPROTO_TCP : IPPROTO_UDP);
	uint16_t check = 0;

	if (hdr->flags & ~(VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
		return "unknown header flags";
	if (hdr->flags && !HAS(rx, GUEST_CSUM))
		return "header flags without GUEST_CSUM";
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if (!p->partial && !reflected) /* who sends it back may leave it undone again */
			return "a whole checksum became partial";
		if (hdr->csum_start != p->l4)
			return "csum_start";
		if (hdr->csum_start + hdr->csum_offset != p->check_at)
			return "csum_offset";
		check = fe_sum_fold(pseudo);
		memcpy(expected + p->check_at, &check, sizeof(check));
		return NULL;
	}
	memcpy(expected + p->check_at, &check, sizeof(check));
	check = (uint16_t)~fe_sum_fold(fe_sum16(expected + p->l4, len - p->l4, pseudo));
	/* Two ways to write zero: UDP must use ones (RFC 768), TCP may. */
	if (check == 0 && (!p->tcp || (data[p->check_at] & data[p->check_at + 1]) == 0xff))
		check = 0xffff;
	memcpy(expected + p->check_at, &check, sizeof(check));
	return NULL;
}

static enum fe_verdict compare(struct fe_frame_id *id, const uint8_t *data, uint32_t len,
			       const uint8_t *expected, uint32_t want)
{
	id->wrong_at = fe_first_difference(data, expected, len < want ? len : want);
	return len == want && id->wrong_at == want ? FE_FRAME_OK : FE_FRAME_CORRUPT;
}

/* A frame to be segmented that was passed on as it is. */
static const char *whole_expect(const struct plan *p, const struct virtio_net_hdr *sent,
				const struct virtio_net_hdr *hdr, uint64_t rx)
{
	if (!(p->v6 ? HAS(rx, GUEST_TSO6) : HAS(rx, GUEST_TSO4)))
		return "gso_type without GUEST_TSO of its kind";
	if (sent->gso_type & VIRTIO_NET_HDR_GSO_ECN && !HAS(rx, GUEST_ECN))
		return "ECN without GUEST_ECN";
	if (hdr->gso_type != sent->gso_type)
		return "gso_type";
	if (hdr->gso_size != sent->gso_size)
		return "gso_size";
	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return "gso_type without NEEDS_CSUM";
	if (hdr->hdr_len < p->headers || hdr->hdr_len > p->len)
		return "hdr_len";
	return NULL;
}

/*
 * One segment: its headers in place of the frame's own, and its part of the payload. `segment` has
 * room for headers and gso_size bytes.
 */
static const char *segment_expect(const struct plan *p, const uint8_t *frame, const uint8_t *data,
				  uint8_t *segment, struct fe_frame_id *id, uint32_t *len)
{
	uint32_t total = p->len - p->headers, part, first_seq;
	struct tcphdr tcp, got;
	struct ip6_hdr ip6;
	struct iphdr ip;

	memcpy(&got, data + p->l4, sizeof(got));
	memcpy(&tcp, frame + p->l4, sizeof(tcp));
	first_seq = ntohl(tcp.seq);
	id->part_at = ntohl(got.seq) - first_seq;
	if (id->part_at >= total || id->part_at % p->gso_size)
		return "sequence number of no segment";
	part = total - id->part_at < p->gso_size ? total - id->part_at : p->gso_size;
	id->part_end = id->part_at + part;
	id->part = true;
	id->last_part = id->part_end == total;
	*len = p->headers + part;

	memcpy(segment, frame, p->headers);
	memcpy(segment + p->headers, frame + p->headers + id->part_at, part);
	if (p->v6) {
		memcpy(&ip6, frame + ETH_LEN, sizeof(ip6));
		ip6.ip6_plen = htons((uint16_t)(*len - p->l4));
		memcpy(segment + ETH_LEN, &ip6, sizeof(ip6));
	} else {
		memcpy(&ip, frame + ETH_LEN, sizeof(ip));
		ip.tot_len = htons((uint16_t)(*len - ETH_LEN));
		ip.id = htons((uint16_t)(ntohs(ip.id) + id->part_at / p->gso_size));
		ip.check = 0;
		ip.check = (uint16_t)~fe_sum_fold(fe_sum16(&ip, sizeof(ip), 0));
		memcpy(segment + ETH_LEN, &ip, sizeof(ip));
	}
	tcp.seq = got.seq;
	if (!id->last_part)
		tcp.th_flags &= (uint8_t) ~(TH_FIN | TH_PUSH);
	if (id->part_at)
		tcp.th_flags &= (uint8_t)~FLAG_CWR;
	memcpy(segment + p->l4, &tcp, sizeof(tcp));
	return NULL;
}

/* Segments of one frame follow each other: build it once. */
struct cached {
	struct fe_frame_spec spec;
	struct plan plan;
	struct virtio_net_hdr hdr;
	uint16_t flow;
	uint32_t seq;
	uint8_t frame[FE_GSO_MAX + 1];
};

static struct cached *rebuild(const struct fe_frame_spec *as_seen, const struct fe_frame_id *id)
{
	static __thread struct cached c;

	if (c.plan.len && c.flow == id->flow && c.seq == id->seq &&
	    memcmp(&c.spec, as_seen, sizeof(c.spec)) == 0)
		return &c;
	memcpy(&c.spec, as_seen, sizeof(c.spec));
	c.flow = id->flow;
	c.seq = id->seq;
	build(as_seen, id->flow, id->seq, &c.plan, c.frame, &c.hdr);
	return &c;
}

enum fe_verdict fe_offload_check(const struct fe_frame_spec *spec, const struct virtio_net_hdr *hdr,
				 const uint8_t *data, uint32_t len, struct fe_frame_id *id)
{
	static __thread uint8_t expected[FE_GSO_MAX + 1];
	uint64_t rx = spec->offload.rx;
	struct fe_frame_spec as_seen;
	const char *why = NULL;
	struct cached *c;
	uint32_t want;
	bool between;

	memset(id, 0, sizeof(*id));
	if (len < 2 * FE_MAC_LEN)
		return FE_FRAME_FOREIGN;
	between = fe_frame_orient(spec, data, &as_seen, id);
	if (!(fe_offload_peek(data, len, id) ? is_tcp(spec, id->flow)
					     : fe_frame_peek(data, len, id)) ||
	    id->stream != spec->stream)
		return between ? FE_FRAME_CORRUPT : FE_FRAME_FOREIGN;
	c = rebuild(&as_seen, id);
	if (len < c->plan.headers)
		return wrong(id, "shorter than its headers");

	if (c->plan.gso_size && hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		why = segment_expect(&c->plan, c->frame, data, expected, id, &want);
		if (why)
			return wrong(id, why);
	} else {
		want = c->plan.len;
		memcpy(expected, c->frame, want);
		if (c->plan.gso_size)
			why = whole_expect(&c->plan, &c->hdr, hdr, rx);
		else if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE)
			why = "gso_type of a frame that is none";
	}
	if (!why)
		why = checksum_expect(&c->plan, hdr, rx, data, expected, want, id->reflected);
	return why ? wrong(id, why) : compare(id, data, len, expected, want);
}

/* ---- names ---- */

static const struct {
	const char *name;
	uint64_t features;
} names[] = {
    {"none",       0			      },
    {"csum",       BIT(VIRTIO_NET_F_CSUM)         },
    {"tso4",       BIT(VIRTIO_NET_F_HOST_TSO4)    },
    {"tso6",       BIT(VIRTIO_NET_F_HOST_TSO6)    },
    {"ecn",        BIT(VIRTIO_NET_F_HOST_ECN)     },
    {"guest_csum", BIT(VIRTIO_NET_F_GUEST_CSUM)   },
    {"guest_tso4", BIT(VIRTIO_NET_F_GUEST_TSO4)   },
    {"guest_tso6", BIT(VIRTIO_NET_F_GUEST_TSO6)   },
    {"guest_ecn",  BIT(VIRTIO_NET_F_GUEST_ECN)    },
    {"tx",         FE_OFFLOADS_TX                 },
    {"rx",         FE_OFFLOADS_RX                 },
    {"all",        FE_OFFLOADS_TX | FE_OFFLOADS_RX},
};

int fe_offload_parse(const char *text, uint64_t *features)
{
	size_t i, len;

	*features = 0;
	for (; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == len && !strncmp(names[i].name, text, len))
				break;
		if (i == sizeof(names) / sizeof(names[0]))
			return -EINVAL;
		*features |= names[i].features;
	}
	return 0;
}
