/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>

#include "packet.h"

#include <cmocka.h>

uint16_t packet_be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t packet_be32(const uint8_t *bytes)
{
	return (uint32_t)packet_be16(bytes) << 16 | packet_be16(bytes + 2);
}

static void set_be16(uint8_t *bytes, uint32_t v)
{
	bytes[0] = (uint8_t)(v >> 8);
	bytes[1] = (uint8_t)v;
}

static void set_le16(uint8_t *bytes, uint16_t v)
{
	bytes[0] = (uint8_t)v;
	bytes[1] = (uint8_t)(v >> 8);
}

void packet_vnet(uint8_t *vnet, uint8_t flags, uint8_t gso_type, uint16_t hdr_len,
		 uint16_t gso_size, uint16_t csum_start, uint16_t csum_offset)
{
	memset(vnet, 0, 12);
	vnet[0] = flags;
	vnet[1] = gso_type;
	set_le16(vnet + 2, hdr_len);
	set_le16(vnet + 4, gso_size);
	set_le16(vnet + 6, csum_start);
	set_le16(vnet + 8, csum_offset);
}

uint16_t packet_sum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static struct packet_at packet_where(const struct packet *p)
{
	struct packet_at at;

	at.l3 = 14 + 4 * p->tags;
	at.l4 = at.l3 + (p->version == 4 ? 20 + 4 * p->ip_words : 40 + 8 * p->ip_words);
	at.body = at.l4 + (p->protocol == PACKET_TCP ? 20 + 4 * p->tcp_words : 8);
	return at;
}

/* The pseudo header of RFC 9293 section 3.1 and RFC 8200 section 8.1, written out and summed. */
static uint16_t pseudo_sum(const struct packet *p, const uint8_t *frame, uint32_t l4_len)
{
	struct packet_at at = packet_where(p);
	uint8_t pseudo[40] = {0};

	if (p->version == 4) {
		memcpy(pseudo, frame + at.l3 + 12, 8);
		pseudo[9] = (uint8_t)p->protocol;
		set_be16(pseudo + 10, l4_len);
		return packet_sum(pseudo, 12);
	}
	memcpy(pseudo, frame + at.l3 + 8, 32);
	set_be16(pseudo + 32, l4_len >> 16);
	set_be16(pseudo + 34, l4_len);
	pseudo[39] = (uint8_t)p->protocol;
	return packet_sum(pseudo, 40);
}

uint32_t packet_make(const struct packet *p, uint8_t *frame, struct packet_at *at)
{
	static const uint16_t tpid[] = {0x88a8, 0x8100};
	uint8_t *eth = frame + 12, *ip, *l4;
	uint32_t len, random = p->seed * 2654435761u + 1;

	*at = packet_where(p);
	len = at->body + p->body;
	memset(frame, 0, at->body);
	frame[0] = frame[6] = 2;
	frame[5] = p->dst;
	frame[11] = p->src;
	if (p->dst == 0xff)
		memset(frame, 0xff, 6);
	for (unsigned int i = 0; i < p->tags; i++, eth += 4) {
		set_be16(eth, tpid[2 - p->tags + i]);
		set_be16(eth + 2, 0x2000 + 7 + i);
	}
	set_be16(eth, p->version == 4 ? 0x0800 : 0x86dd);
	ip = frame + at->l3;
	l4 = frame + at->l4;
	if (p->version == 4) {
		ip[0] = (uint8_t)(0x45 + p->ip_words);
		set_be16(ip + 2, len - at->l3);
		set_be16(ip + 4, p->id);
		ip[6] = 0x40;
		ip[8] = 64;
		ip[9] = (uint8_t)p->protocol;
		memcpy(ip + 12, "\x0a\x01\x02\x03\xc0\xa8\xff\xfe", 8);
		memset(ip + 20, 1, 4 * p->ip_words); /* options: no operation */
		set_be16(ip + 10, (uint16_t)~packet_sum(ip, 20 + 4 * p->ip_words));
	} else {
		ip[0] = 0x60;
		set_be16(ip + 4, len - at->l3 - 40);
		ip[6] = p->ip_words ? 60 : (uint8_t)p->protocol;
		ip[7] = 64;
		for (unsigned int i = 0; i < 32; i++)
			ip[8 + i] = (uint8_t)(0x20 + 7 * i + p->src);
		if (p->ip_words) {
			ip[40] = (uint8_t)p->protocol;
			ip[41] = (uint8_t)(p->ip_words - 1);
			ip[42] = 1; /* padding */
			ip[43] = (uint8_t)(8 * p->ip_words - 4);
		}
	}
	set_be16(l4, 0x1234);
	set_be16(l4 + 2, 80);
	if (p->protocol == PACKET_TCP) {
		set_be16(l4 + 4, p->seq >> 16);
		set_be16(l4 + 6, p->seq);
		set_be16(l4 + 10, 0x4321);
		l4[12] = (uint8_t)((5 + p->tcp_words) << 4);
		l4[13] = p->flags;
		set_be16(l4 + 14, 0xfff0);
		memset(l4 + 20, 1, 4 * p->tcp_words);
	} else {
		set_be16(l4 + 4, len - at->l4);
	}
	for (uint32_t i = at->body; i < len; i++) {
		random = random * 1664525 + 1013904223;
		frame[i] = (uint8_t)(random >> 24);
	}
	set_be16(l4 + (p->protocol == PACKET_TCP ? 16 : 6), pseudo_sum(p, frame, len - at->l4));
	return len;
}

uint16_t packet_l4_sum(const struct packet *p, const uint8_t *frame, uint32_t len)
{
	struct packet_at at = packet_where(p);
	uint32_t sum = pseudo_sum(p, frame, len - at.l4);

	sum += packet_sum(frame + at.l4, len - at.l4);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

void packet_assert_whole(const struct packet *p, const uint8_t *frame, uint32_t len)
{
	struct packet_at at = packet_where(p);
	const uint8_t *ip = frame + at.l3;

	if (p->version == 4) {
		assert_int_equal(packet_be16(ip + 2), len - at.l3);
		assert_int_equal(packet_sum(ip, at.l4 - at.l3), 0xffff);
	} else {
		assert_int_equal(packet_be16(ip + 4), len - at.l3 - 40);
	}
	if (p->protocol == PACKET_UDP)
		assert_int_equal(packet_be16(frame + at.l4 + 4), len - at.l4);
	assert_int_equal(packet_l4_sum(p, frame, len), 0xffff);
}

void packet_assert_segment(const struct packet *p, const uint8_t *sent, uint32_t sent_len,
			   uint16_t gso_size, unsigned int k, const uint8_t *frame, uint32_t len)
{
	struct packet_at at = packet_where(p);
	uint32_t from = at.body + k * gso_size, body = sent_len - from;
	bool last = body <= gso_size;
	uint8_t expect[512];

	assert_true(from < sent_len);
	body = last ? body : gso_size;
	assert_int_equal(len, at.body + body);
	assert_memory_equal(frame + at.body, sent + from, body);
	packet_assert_whole(p, frame, len);
	/* What is not checked above is as in the packet, or as it must have become. */
	memcpy(expect, sent, at.body);
	if (p->version == 4) {
		memcpy(expect + at.l3 + 2, frame + at.l3 + 2, 2);
		memcpy(expect + at.l3 + 10, frame + at.l3 + 10, 2);
		set_be16(expect + at.l3 + 4, (uint16_t)(p->id + k));
	} else {
		memcpy(expect + at.l3 + 4, frame + at.l3 + 4, 2);
	}
	memcpy(expect + at.l4 + 16, frame + at.l4 + 16, 2);
	set_be16(expect + at.l4 + 4, (p->seq + k * gso_size) >> 16);
	set_be16(expect + at.l4 + 6, p->seq + k * gso_size);
	if (!last)
		expect[at.l4 + 13] &= (uint8_t) ~(PACKET_FIN | PACKET_PSH);
	if (k > 0)
		expect[at.l4 + 13] &= (uint8_t)~PACKET_CWR;
	assert_memory_equal(frame, expect, at.body);
}
