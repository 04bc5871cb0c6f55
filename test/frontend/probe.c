/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe.h"

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

#define MAGIC          0x76707231u /* "vpr1" */
#define LOCAL_ETHER    0x88b5      /* IEEE 802: for experiments */
#define LOCAL_PROTOCOL 253         /* RFC 3692 */

static const char *const kinds[] = {
    [FE_PROBE_UDP4] = "udp4",   [FE_PROBE_TCP4] = "tcp4", [FE_PROBE_IP4] = "ip4",
    [FE_PROBE_UDP6] = "udp6",   [FE_PROBE_TCP6] = "tcp6", [FE_PROBE_IP6] = "ip6",
    [FE_PROBE_ETHER] = "ether",
};

int fe_probe_kind_parse(const char *text, size_t len, enum fe_probe_kind *kind)
{
	for (unsigned int i = 0; i < FE_PROBE_KINDS; i++) {
		if (strlen(kinds[i]) == len && memcmp(kinds[i], text, len) == 0) {
			*kind = (enum fe_probe_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *fe_probe_kind_name(enum fe_probe_kind kind)
{
	return kinds[kind];
}

static uint8_t protocol_of(enum fe_probe_kind kind)
{
	switch (kind) {
	case FE_PROBE_UDP4:
	case FE_PROBE_UDP6:
		return IPPROTO_UDP;
	case FE_PROBE_TCP4:
	case FE_PROBE_TCP6:
		return IPPROTO_TCP;
	default:
		return LOCAL_PROTOCOL;
	}
}

static uint32_t ethernet(const struct fe_probe *p, uint16_t type, uint8_t *out)
{
	const uint16_t tag[2] = {htons(ETHERTYPE_VLAN), htons((uint16_t)p->vlan)};
	uint32_t at = 2 * FE_MAC_LEN;

	memcpy(out, p->dst, FE_MAC_LEN);
	memcpy(out + FE_MAC_LEN, p->src, FE_MAC_LEN);
	if (p->vlan >= 0) {
		memcpy(out + at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	type = htons(type);
	memcpy(out + at, &type, sizeof(type));
	return at + (uint32_t)sizeof(type);
}

/* The pseudo header's sum goes to *pseudo. */
static uint32_t ip4(const struct fe_probe *p, uint32_t payload, uint8_t *out, uint64_t *pseudo)
{
	uint64_t dice = fe_mix(p->flow + 1);
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol_of(p->kind)};

	ip.tot_len = htons((uint16_t)(sizeof(ip) + payload));
	ip.saddr = htonl(0x0a000000u | (uint32_t)(dice & 0xffffff));
	ip.daddr = htonl(0x0b000000u | (uint32_t)(dice >> 24 & 0xffffff));
	ip.check = (uint16_t)~fe_sum_fold(fe_sum16(&ip, sizeof(ip), 0));
	memcpy(out, &ip, sizeof(ip));
	*pseudo = fe_sum16(&ip.saddr, 8, 0) + htons(ip.protocol) + htons((uint16_t)payload);
	return sizeof(ip);
}

static uint32_t ip6(const struct fe_probe *p, uint32_t payload, uint8_t *out, uint64_t *pseudo)
{
	uint64_t dice = fe_mix(p->flow + 1);
	struct ip6_hdr ip = {.ip6_hlim = 64, .ip6_nxt = protocol_of(p->kind)};

	ip.ip6_flow = htonl(6u << 28);
	ip.ip6_plen = htons((uint16_t)payload);
	ip.ip6_src.s6_addr[0] = ip.ip6_dst.s6_addr[0] = 0xfd;
	memcpy(&ip.ip6_src.s6_addr[8], &dice, sizeof(dice));
	ip.ip6_dst.s6_addr[15] = (uint8_t)(p->flow + 1);
	memcpy(out, &ip, sizeof(ip));
	*pseudo = fe_sum16(&ip.ip6_src, 32, 0) + htons(ip.ip6_nxt) + htons((uint16_t)payload);
	return sizeof(ip);
}

static void payload(const struct fe_probe *p, uint8_t *out, uint32_t len)
{
	const uint32_t unit[2] = {MAGIC, p->number};

	for (uint32_t at = 0; at < len; at += sizeof(unit))
		memcpy(out + at, unit, len - at < sizeof(unit) ? len - at : sizeof(unit));
}

static void tcp_or_udp(const struct fe_probe *p, uint8_t *l4, uint32_t len, uint64_t pseudo)
{
	uint64_t dice = fe_mix(p->flow + 2);
	struct tcphdr tcp = {0};
	struct udphdr udp = {0};
	bool is_tcp = protocol_of(p->kind) == IPPROTO_TCP;
	uint32_t header = is_tcp ? (uint32_t)sizeof(tcp) : (uint32_t)sizeof(udp);
	uint16_t check;

	tcp.source = udp.source = htons((uint16_t)(1024 + dice % 60000));
	tcp.dest = udp.dest = htons((uint16_t)(1024 + (dice >> 32) % 60000));
	tcp.seq = htonl(p->number);
	tcp.doff = sizeof(tcp) / 4;
	tcp.th_flags = TH_ACK;
	udp.len = htons((uint16_t)len);
	memcpy(l4, is_tcp ? (void *)&tcp : (void *)&udp, header);
	payload(p, l4 + header, len - header);
	check = p->mss ? fe_sum_fold(pseudo) : (uint16_t)~fe_sum_fold(fe_sum16(l4, len, pseudo));
	if (check == 0 && !is_tcp)
		check = 0xffff;
	memcpy(l4 + (is_tcp ? offsetof(struct tcphdr, check) : offsetof(struct udphdr, check)),
	       &check, sizeof(check));
}

static void ask(const struct fe_probe *p, uint32_t l4, bool v6, struct virtio_net_hdr *hdr)
{
	memset(hdr, 0, sizeof(*hdr));
	if (!p->mss)
		return;
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->gso_type = v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	hdr->gso_size = (uint16_t)p->mss;
	hdr->hdr_len = (uint16_t)(l4 + sizeof(struct tcphdr));
	hdr->csum_start = (uint16_t)l4;
	hdr->csum_offset = offsetof(struct tcphdr, check);
}

void fe_probe_build(const struct fe_probe *p, uint8_t *out, struct virtio_net_hdr *hdr)
{
	bool v6 = p->kind == FE_PROBE_UDP6 || p->kind == FE_PROBE_TCP6 || p->kind == FE_PROBE_IP6;
	uint64_t pseudo;
	uint32_t at, l3;

	memset(out, 0, p->len);
	if (p->kind == FE_PROBE_ETHER) {
		at = ethernet(p, LOCAL_ETHER, out);
		payload(p, out + at, p->len - at);
		ask(p, at, false, hdr);
		return;
	}
	l3 = ethernet(p, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP, out);
	at = l3 + (v6 ? (uint32_t)sizeof(struct ip6_hdr) : (uint32_t)sizeof(struct iphdr));
	if (v6)
		ip6(p, p->len - at, out + l3, &pseudo);
	else
		ip4(p, p->len - at, out + l3, &pseudo);
	if (protocol_of(p->kind) == LOCAL_PROTOCOL)
		payload(p, out + at, p->len - at);
	else
		tcp_or_udp(p, out + at, p->len - at, pseudo);
	ask(p, at, v6, hdr);
}

bool fe_probe_read(const uint8_t *frame, uint32_t len, uint32_t *number)
{
	const uint32_t magic = MAGIC;
	const uint8_t *at = memmem(frame, len < 128 ? len : 128, &magic, sizeof(magic));

	if (!at || at + 8 > frame + len)
		return false;
	memcpy(number, at + 4, sizeof(*number));
	return true;
}
