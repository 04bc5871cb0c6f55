/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sender with all offloads and receivers with some, for the tests of large frames. One scene a
 * program, with the frames that were sent and the one that came last. Failures end the test
 * (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_NET_H
#define TEST_SOFTHCA_VQ_NET_H

#include "packet.h"
#include "rig.h"

enum { NEEDS_CSUM = 1, DATA_VALID = 2, TCPV4 = 1, TCPV6 = 4, ECN = 0x80 };
enum { MSS = 1400 };

struct net {
	struct rig rig;
	bool packed;
	struct rig_queue *tx, *rx[RIG_PORTS];
	unsigned int sent;
};

extern struct net net;
/* What was sent, by slot, and what came. */
extern uint8_t net_frame[4][RIG_BIG_MAX], net_got[RIG_BIG_MAX], net_vnet[12];

/* Guest 0 sends, guest i receives with the flags and buffers that net_receiver gives it. */
void net_create(bool packed, const struct rig_options *o);
void net_receiver(unsigned int i, uint32_t flags, bool big);

/* The packet as net_frame[slot], and the header for it; gso_size 0: only the checksum. */
uint32_t net_make(unsigned int slot, const struct packet *p, uint16_t gso_size, uint8_t *vnet);
/* The same, made available in descriptors of these lengths; its length. No doorbell. */
uint32_t net_post(unsigned int slot, const struct packet *p, uint16_t gso_size,
		  const uint32_t *lens);
/* The device has sent so many. */
void net_wait_sent(unsigned int frames);
/* A frame comes: net_got and net_vnet; its length. */
uint32_t net_receive(unsigned int at);
void net_expect_nothing(unsigned int at);
void net_assert_vnet(uint8_t flags, uint8_t gso_type, uint16_t hdr_len, uint16_t gso_size,
		     uint16_t start, uint16_t offset);

#endif
