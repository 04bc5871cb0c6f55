/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests with a pair each, for the tests of ports: sending a frame and waiting for it. Failures end
 * the test (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_PORT_RIG_H
#define TEST_SOFTHCA_VQ_PORT_RIG_H

#include "rig.h"

struct net {
	struct rig rig;
	struct rig_queue *rx[RIG_PORTS], *tx[RIG_PORTS];
	unsigned int ports;
};

/* ports guests, with receive buffers posted. */
void net_create(struct net *net, const struct rig_options *options);
void net_destroy(struct net *net);

/* Policy of a guest's port. */
void net_policy(struct net *net, unsigned int port, uint16_t vlan, bool spoof_check, uint16_t mtu);
/* Its own MAC, 02:00:00:00:00:<n>. */
void net_mac(struct net *net, unsigned int port, uint8_t n);
struct dp_port_stats net_stats(struct net *net, unsigned int port);

/* Bytes as they are; returns when the device has taken them. */
void net_send_bytes(struct net *net, unsigned int from, const void *frame, size_t len);
/* A frame of len bytes by rig_frame. */
void net_send(struct net *net, unsigned int from, uint8_t dst, uint8_t src, size_t len,
	      uint32_t seed);
/* With a tag. */
void net_send_tagged(struct net *net, unsigned int from, uint8_t dst, uint8_t src, uint16_t vid,
		     size_t len, uint32_t seed);
/* It arrives; with a tag if vid is not 0. */
void net_expect(struct net *net, unsigned int at, uint16_t vid, size_t len, uint32_t seed);
/* Nothing is there. Everything sent before has been delivered or dropped. */
void net_expect_none(struct net *net, unsigned int at);

#endif
