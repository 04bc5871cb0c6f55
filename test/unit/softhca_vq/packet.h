/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the offload tests, and their checks: checksums are computed here byte by byte, as RFC
 * 1071 says it, independent of what is tested. Pure functions; failures end the test (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_PACKET_H
#define TEST_SOFTHCA_VQ_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_TCP = 6, PACKET_UDP = 17 };
enum { PACKET_FIN = 1, PACKET_SYN = 2, PACKET_PSH = 8, PACKET_ACK = 16, PACKET_CWR = 128 };

struct packet {
	unsigned int version; /* 4 or 6 */
	unsigned int protocol;
	unsigned int tags;      /* VLAN tags: 0..2 */
	unsigned int ip_words;  /* IPv4 options, or 8-byte words of an IPv6 extension header */
	unsigned int tcp_words; /* TCP options */
	uint8_t flags;
	uint32_t seq;
	uint16_t id;
	uint32_t body;    /* bytes behind the headers */
	uint8_t dst, src; /* MACs as in rig_frame */
	uint32_t seed;
};

struct packet_at {
	uint32_t l3, l4, body;
};

/*
 * The frame as a driver gives it to the device: with the sum of the pseudo header in the checksum's
 * place. Its length.
 */
uint32_t packet_make(const struct packet *p, uint8_t *frame, struct packet_at *at);

/* RFC 1071: the 16-bit words of the bytes, added up in network order. */
uint16_t packet_sum(const uint8_t *bytes, size_t len);
/* Pseudo header and everything behind it, of len bytes of frame: 0xffff if the checksum is right.
 */
uint16_t packet_l4_sum(const struct packet *p, const uint8_t *frame, uint32_t len);

/* Every length and checksum in the headers is right for a frame of so many bytes. */
void packet_assert_whole(const struct packet *p, const uint8_t *frame, uint32_t len);
/*
 * Segment k of the large packet sent: all of its headers, and its bytes. at: those of sent.
 */
void packet_assert_segment(const struct packet *p, const uint8_t *sent, uint32_t sent_len,
			   uint16_t gso_size, unsigned int k, const uint8_t *frame, uint32_t len);

uint16_t packet_be16(const uint8_t *bytes);
uint32_t packet_be32(const uint8_t *bytes);
/* A virtio_net_hdr of 12 bytes. */
void packet_vnet(uint8_t *vnet, uint8_t flags, uint8_t gso_type, uint16_t hdr_len,
		 uint16_t gso_size, uint16_t csum_start, uint16_t csum_offset);

#endif
