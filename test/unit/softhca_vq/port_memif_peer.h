/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A memif client of the test's own, which may break the rules at any stage. It has one ring of 16
 * slots each way, with buffers of 2048 bytes. Failures of the client itself end the test (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_PORT_MEMIF_PEER_H
#define TEST_SOFTHCA_VQ_PORT_MEMIF_PEER_H

#include <stddef.h>
#include <stdint.h>

enum peer_fault {
	/* In the set-up. */
	PEER_SHORT_MESSAGE,
	PEER_UNKNOWN_MESSAGE,
	PEER_CONNECT_FIRST,
	PEER_WRONG_VERSION,
	PEER_WRONG_ID,
	PEER_SECOND_INIT,
	PEER_REGION_WITHOUT_FD,
	PEER_REGION_SHORT,
	PEER_REGION_NO_MEMORY,
	PEER_RING_OUTSIDE,
	PEER_RING_MISALIGNED,
	PEER_RING_HUGE,
	PEER_RING_TWICE,
	PEER_RING_NO_EVENTFD,
	PEER_NO_RING,
	PEER_NO_COOKIE,
	/* When frames pass. */
	PEER_BAD_RINGS,
	PEER_HEAD_JUMPS = PEER_BAD_RINGS,
	PEER_DESC_OUTSIDE,
	PEER_DESC_REGION,
	PEER_CHAIN_ENDLESS,
	PEER_OFFERS_OUTSIDE,
	PEER_OFFERS_NOTHING,
	PEER_OFFERS_TOO_MANY,
	PEER_MEMORY_GONE,
	PEER_DISCONNECTS,
	PEER_FAULTS, /* none */
};

struct peer {
	enum peer_fault fault;
	int socket, memory, event[2];
	uint8_t *map;
	uint16_t head;
};

const char *peer_fault_name(enum peer_fault fault);
/* Connect, up to the fault or to the end of the set-up. */
void peer_connect(struct peer *peer, const char *path, enum peer_fault fault);
/* What is wrong with the rings, from PEER_BAD_RINGS on. */
void peer_misbehave(struct peer *peer);
/* The server closes the connection. */
void peer_expect_end(struct peer *peer);
void peer_send(struct peer *peer, const void *frame, size_t len);
/* The beginning of a frame that does not go on: all slots but one. */
void peer_send_half(struct peer *peer);
void peer_close(struct peer *peer);

#endif
