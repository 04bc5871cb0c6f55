/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "port_rig.h"

enum { NET_BUFFER = 2048, NET_TAG = 4, NET_MACS = 12 };

static const struct rig_queue_options net_queue = {.size = 128,
						   .flags = VQ_F_VERSION_1 | VQ_F_MRG_RXBUF};

void net_create(struct net *net, const struct rig_options *options)
{
	memset(net, 0, sizeof(*net));
	rig_create(&net->rig, options);
	net->ports = options->ports;
	for (unsigned int i = 0; i < net->ports; i++) {
		rig_pair(&net->rig.guest[i], &net_queue, &net->rx[i], &net->tx[i]);
		rig_post_all(net->rx[i], NET_BUFFER);
	}
}

void net_destroy(struct net *net)
{
	rig_destroy(&net->rig);
}

void net_policy(struct net *net, unsigned int port, uint16_t vlan, bool spoof_check, uint16_t mtu)
{
	struct dp_port_policy policy = {.vlan = vlan, .spoof_check = spoof_check, .mtu = mtu};

	dp_lock(net->rig.dp);
	assert_int_equal(dp_port_set_policy(net->rig.guest[port].port, &policy), 0);
	dp_unlock(net->rig.dp);
}

void net_mac(struct net *net, unsigned int port, uint8_t n)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, n};

	dp_lock(net->rig.dp);
	assert_int_equal(dp_port_set_mac(net->rig.guest[port].port, mac), 0);
	dp_unlock(net->rig.dp);
}

struct dp_port_stats net_stats(struct net *net, unsigned int port)
{
	struct dp_port_stats stats;

	dp_lock(net->rig.dp);
	dp_port_stats(dp_port(net->rig.dp, port), &stats);
	dp_unlock(net->rig.dp);
	return stats;
}

void net_send_bytes(struct net *net, unsigned int from, const void *frame, size_t len)
{
	assert_true(rig_send(net->tx[from], frame, len, NULL));
	rig_ring(&net->rig.guest[from]);
	rig_wait(rig_reap(net->tx[from]) == 1);
}

void net_send(struct net *net, unsigned int from, uint8_t dst, uint8_t src, size_t len,
	      uint32_t seed)
{
	uint8_t frame[RIG_FRAME_MAX];

	rig_frame(frame, len, dst, src, seed);
	net_send_bytes(net, from, frame, len);
}

static size_t net_tag(uint8_t *frame, size_t len, uint16_t vid)
{
	memmove(frame + NET_MACS + NET_TAG, frame + NET_MACS, len - NET_MACS);
	frame[12] = 0x81;
	frame[13] = 0;
	frame[14] = (uint8_t)(vid >> 8);
	frame[15] = (uint8_t)vid;
	return len + NET_TAG;
}

void net_send_tagged(struct net *net, unsigned int from, uint8_t dst, uint8_t src, uint16_t vid,
		     size_t len, uint32_t seed)
{
	uint8_t frame[RIG_FRAME_MAX];

	rig_frame(frame, len, dst, src, seed);
	net_send_bytes(net, from, frame, net_tag(frame, len, vid));
}

void net_expect(struct net *net, unsigned int at, uint16_t vid, size_t len, uint32_t seed)
{
	uint8_t frame[RIG_FRAME_MAX], want[RIG_FRAME_MAX];
	size_t got = 0;

	rig_wait((got = rig_recv(net->rx[at], frame)) > 0);
	rig_post_all(net->rx[at], NET_BUFFER);
	rig_frame(want, len, frame[5], frame[11], seed);
	if (frame[0] == 0xff)
		memset(want, 0xff, 6);
	if (vid != 0)
		len = net_tag(want, len, vid);
	assert_int_equal(got, len);
	assert_memory_equal(frame, want, len);
}

void net_expect_none(struct net *net, unsigned int at)
{
	uint8_t frame[RIG_FRAME_MAX];

	assert_int_equal(rig_recv(net->rx[at], frame), 0);
}
