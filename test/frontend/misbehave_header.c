/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bad virtio-net headers, and headers that do not fit the frame behind them (virtio 1.2 section
 * 5.1.6.2): each starts from a TCP frame to be segmented of which everything is right.
 */
#include <netinet/in.h>
#include <string.h>

#include "misbehave.h"
#include "offload.h"

#define ETH  14
#define IP4  20
#define TCP  (ETH + IP4) /* of an IPv4 frame without options */
#define LONG 60000       /* of the good frame, where the buffer holds it */

static void csum_start_beyond(struct fe_packet *p)
{
	p->hdr.csum_start = (uint16_t)p->len;
}

static void csum_offset_beyond(struct fe_packet *p)
{
	p->hdr.csum_offset = 0xfffe;
}

static void csum_at_end(struct fe_packet *p)
{
	p->hdr.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	p->len = 1000;
	p->hdr.csum_offset = (uint16_t)(p->len - 1 - p->hdr.csum_start);
}

static void csum_over_addresses(struct fe_packet *p)
{
	p->hdr.csum_start = 0;
	p->hdr.csum_offset = 0;
}

static void csum_start_odd(struct fe_packet *p)
{
	p->hdr.csum_start++;
}

static void gso_size_zero(struct fe_packet *p)
{
	p->hdr.gso_size = 0;
}

static void gso_size_one(struct fe_packet *p)
{
	p->hdr.gso_size = 1;
}

static void gso_size_huge(struct fe_packet *p)
{
	p->hdr.gso_size = 0xffff;
}

static void gso_type_unknown(struct fe_packet *p)
{
	p->hdr.gso_type = 0x3f;
}

static void gso_type_udp(struct fe_packet *p)
{
	p->hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP;
}

static void gso_type_udp_l4(struct fe_packet *p)
{
	p->hdr.gso_type = 5; /* virtio 1.2: USO, never offered */
}

static void gso_ecn_alone(struct fe_packet *p)
{
	p->hdr.gso_type = VIRTIO_NET_HDR_GSO_ECN;
}

static void gso_without_csum(struct fe_packet *p)
{
	p->hdr.flags = 0;
}

static void gso_other_family(struct fe_packet *p)
{
	p->hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
}

static void gso_of_udp(struct fe_packet *p)
{
	p->frame[ETH + 9] = IPPROTO_UDP;
}

static void gso_of_no_ip(struct fe_packet *p)
{
	p->frame[12] = 0x12;
}

static void gso_of_fragment(struct fe_packet *p)
{
	p->frame[ETH + 6] = 0x20;
	p->frame[ETH + 7] = 0x10;
}

static void gso_cut_in_ethernet(struct fe_packet *p)
{
	p->len = 13;
}

static void gso_cut_in_ip(struct fe_packet *p)
{
	p->len = ETH + 10;
}

static void gso_cut_in_tcp(struct fe_packet *p)
{
	p->len = TCP + 15;
}

static void gso_of_headers_only(struct fe_packet *p)
{
	p->len = TCP + 20;
}

static void hdr_len_huge(struct fe_packet *p)
{
	p->hdr.hdr_len = 0xffff;
}

static void hdr_len_zero(struct fe_packet *p)
{
	p->hdr.hdr_len = 0;
}

static void ip_header_short(struct fe_packet *p)
{
	p->frame[ETH] = 0x40;
}

static void ip_header_long(struct fe_packet *p)
{
	p->frame[ETH] = 0x4f;
	p->len = TCP + 21;
}

static void ip_length_lies(struct fe_packet *p)
{
	p->frame[ETH + 2] = p->frame[ETH + 3] = 0xff;
	p->len = 3000;
}

static void tcp_header_short(struct fe_packet *p)
{
	p->frame[TCP + 12] = 0;
}

static void tcp_header_long(struct fe_packet *p)
{
	p->frame[TCP + 12] = 0xf0;
	p->len = TCP + 30;
}

/* IPv6, and behind it options headers to the end of the frame, each saying that another follows. */
static void v6_endless_options(struct fe_packet *p)
{
	p->hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	p->frame[12] = 0x86;
	p->frame[13] = 0xdd;
	memset(p->frame + ETH, 0, p->len - ETH);
	p->frame[ETH] = 0x60;
}

static void tags_to_the_end(struct fe_packet *p)
{
	for (uint32_t at = 12; at + 4 <= p->len; at += 4)
		memcpy(p->frame + at, "\x81\x00\x00\x05", 4);
}

static void all_ones(struct fe_packet *p)
{
	memset(&p->hdr, 0xff, sizeof(p->hdr));
}

static void unknown_flags(struct fe_packet *p)
{
	p->hdr.flags |= 0xfc;
}

/* Everything right, but nobody agreed on it. */
static void as_it_is(struct fe_packet *p)
{
	(void)p;
}

static void csum_only(struct fe_packet *p)
{
	p->hdr.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	p->hdr.gso_size = 0;
	p->len = 1000;
}

/* A good frame in the queue's last buffer, which nobody else uses so soon; then what is wrong. */
unsigned int fe_misbehave_packet(const struct fe_hostile *h, const struct fe_misbehaviour *m,
				 struct fe_raw_desc *d)
{
	const struct fe_queue *q = fe_hostile_queue(h);
	const struct fe_piece *piece = &q->buffer[q->buffers - 1].piece[0];
	struct fe_frame_spec spec = {
	    .stream = 7,
	    .seed = 7,
	    .size_min = 1000,
	    .size_max = 1000,
	    .offload = {
			.tx = FE_OFFLOADS_TX, .gso_max = FE_GSO_MAX, .mss_min = 1000, .mss_max = 1000}
        };
	static uint8_t frame[FE_GSO_MAX + 1];
	struct fe_packet p = {.frame = piece->ptr + q->cfg.header_len};
	uint32_t seq = 0, room = piece->len - q->cfg.header_len;

	memcpy(spec.src, h->cfg->mac, FE_MAC_LEN);
	memcpy(spec.dst, h->cfg->peer_mac, FE_MAC_LEN);
	do /* flow 4: TCP over IPv4, no options */
		p.len = fe_offload_build(&spec, 4, seq++, frame, &p.hdr);
	while (p.hdr.gso_type != VIRTIO_NET_HDR_GSO_TCPV4 || p.len < LONG);
	p.len = p.len < room ? p.len : room;
	memcpy(p.frame, frame, p.len);
	m->packet(&p);
	memset(piece->ptr, 0, q->cfg.header_len);
	memcpy(piece->ptr, &p.hdr, sizeof(p.hdr));
	d[0] = (struct fe_raw_desc){
	    .addr = piece->gpa, .len = q->cfg.header_len + p.len, .next = FE_NEXT_AUTO};
	return 1;
}

#define ALL (FE_OFFLOADS_TX | FE_OFFLOADS_RX)
#define KIND(name, what, spoil)                                                                    \
	{                                                                                          \
		name, what, FE_FOR_BOTH, .packet = spoil, .offloads = ALL                          \
	}
const struct fe_misbehaviour fe_misbehave_header[] = {
    KIND("hdr-csum-start-beyond", "a checksum from the frame's end on", csum_start_beyond),
    KIND("hdr-csum-offset-beyond", "a checksum to be stored far behind the frame",
	 csum_offset_beyond),
    KIND("hdr-csum-at-end", "a checksum to be stored half behind the frame", csum_at_end),
    KIND("hdr-csum-over-addresses", "a checksum to be stored in the MAC address",
	 csum_over_addresses),
    KIND("hdr-csum-start-odd", "a checksum from an odd place on", csum_start_odd),
    KIND("hdr-gso-size-zero", "segments of no bytes", gso_size_zero),
    KIND("hdr-gso-size-one", "64 KiB in segments of a byte", gso_size_one),
    KIND("hdr-gso-size-huge", "segments longer than the frame", gso_size_huge),
    KIND("hdr-gso-unknown", "a gso_type nobody defined", gso_type_unknown),
    KIND("hdr-gso-udp", "UDP fragmentation, not offered", gso_type_udp),
    KIND("hdr-gso-udp-l4", "UDP segmentation, not offered", gso_type_udp_l4),
    KIND("hdr-gso-ecn-alone", "ECN of no segmentation", gso_ecn_alone),
    KIND("hdr-gso-without-csum", "segmentation with a whole checksum", gso_without_csum),
    KIND("hdr-gso-other-family", "IPv6 segmentation of IPv4", gso_other_family),
    KIND("hdr-gso-of-udp", "TCP segmentation of UDP", gso_of_udp),
    KIND("hdr-gso-of-no-ip", "TCP segmentation of something else", gso_of_no_ip),
    KIND("hdr-gso-of-fragment", "TCP segmentation of a fragment", gso_of_fragment),
    KIND("hdr-gso-cut-in-ethernet", "a frame that ends in its Ethernet header",
	 gso_cut_in_ethernet),
    KIND("hdr-gso-cut-in-ip", "... in its IP header", gso_cut_in_ip),
    KIND("hdr-gso-cut-in-tcp", "... in its TCP header", gso_cut_in_tcp),
    KIND("hdr-gso-of-headers-only", "... behind its TCP header", gso_of_headers_only),
    KIND("hdr-len-huge", "headers longer than the frame", hdr_len_huge),
    KIND("hdr-len-zero", "headers of no length, a hint nobody may rely on", hdr_len_zero),
    KIND("hdr-ip-header-short", "an IP header of no words", ip_header_short),
    KIND("hdr-ip-header-long", "an IP header longer than the frame", ip_header_long),
    KIND("hdr-ip-length-lies", "an IP length longer than the frame", ip_length_lies),
    KIND("hdr-tcp-header-short", "a TCP header of no words", tcp_header_short),
    KIND("hdr-tcp-header-long", "a TCP header longer than the frame", tcp_header_long),
    KIND("hdr-v6-endless-options", "64 KiB of IPv6 extension headers", v6_endless_options),
    KIND("hdr-tags-to-the-end", "64 KiB of VLAN tags", tags_to_the_end),
    KIND("hdr-all-ones", "a header of ones", all_ones),
    KIND("hdr-unknown-flags", "reserved header flags", unknown_flags),
    {"hdr-gso-unnegotiated", "segmentation nobody agreed on", FE_FOR_BOTH, .packet = as_it_is},
    {"hdr-csum-unnegotiated",           "a checksum nobody agreed on", FE_FOR_BOTH, .packet = csum_only},
    {0		     },
};
