/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "net.h"

enum { TX = VQ_F_VERSION_1 | VQ_F_CSUM | VQ_F_HOST_TSO4 | VQ_F_HOST_TSO6 | VQ_F_HOST_ECN };

struct net net;
uint8_t net_frame[4][RIG_BIG_MAX], net_got[RIG_BIG_MAX], net_vnet[12];

void net_create(bool packed, const struct rig_options *o)
{
	struct rig_queue_options q = {.size = packed ? 100 : 128,
				      .flags = TX,
				      .packed = packed,
				      .base = packed ? 0x8000 : 0,
				      .big = true};

	memset(&net, 0, sizeof(net));
	net.packed = packed;
	rig_create(&net.rig, o);
	net.tx = rig_queue(&net.rig.guest[0], 1, &q);
	assert_int_equal(rig_start(net.tx), 0);
}

void net_receiver(unsigned int i, uint32_t flags, bool big)
{
	struct rig_queue_options q = {.size = net.packed ? 100 : 128,
				      .flags = flags,
				      .packed = net.packed,
				      .base = net.packed ? 0x8000 : 0,
				      .big = big};

	net.rx[i] = rig_queue(&net.rig.guest[i], 0, &q);
	assert_int_equal(rig_start(net.rx[i]), 0);
	rig_set_rx(&net.rig.guest[i], net.rx[i]);
}

uint32_t net_make(unsigned int slot, const struct packet *p, uint16_t gso_size, uint8_t *vnet)
{
	struct packet_at at;
	uint32_t len = packet_make(p, net_frame[slot], &at);
	uint8_t type = p->version == 4 ? TCPV4 : TCPV6;

	if (p->flags & PACKET_CWR)
		type |= ECN;
	/* The hint is wrong on purpose. */
	packet_vnet(vnet, NEEDS_CSUM, gso_size ? type : 0, 77, gso_size, (uint16_t)at.l4,
		    p->protocol == PACKET_TCP ? 16 : 6);
	return len;
}

uint32_t net_post(unsigned int slot, const struct packet *p, uint16_t gso_size,
		  const uint32_t *lens)
{
	uint8_t vnet[12];
	uint32_t len = net_make(slot, p, gso_size, vnet);

	assert_true(rig_send_as(net.tx, vnet, net_frame[slot], len, lens));
	return len;
}

void net_wait_sent(unsigned int frames)
{
	rig_wait((net.sent += rig_reap(net.tx)) >= frames);
	assert_int_equal(net.sent, frames);
	net.sent = 0;
}

uint32_t net_receive(unsigned int at)
{
	size_t len = 0;

	rig_wait((len = rig_recv_as(net.rx[at], net_vnet, net_got, sizeof(net_got))) > 0);
	return (uint32_t)len;
}

void net_expect_nothing(unsigned int at)
{
	assert_int_equal(rig_recv_as(net.rx[at], net_vnet, net_got, sizeof(net_got)), 0);
}

void net_assert_vnet(uint8_t flags, uint8_t gso_type, uint16_t hdr_len, uint16_t gso_size,
		     uint16_t start, uint16_t offset)
{
	uint8_t expect[12];

	packet_vnet(expect, flags, gso_type, hdr_len, gso_size, start, offset);
	assert_memory_equal(net_vnet, expect, 10);
}
