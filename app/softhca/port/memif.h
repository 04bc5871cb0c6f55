/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif, version 2.0: frames in shared memory between two processes, as VPP defined it and libmemif
 * and DPDK's net_memif speak it.
 *
 * One side is the server, which listens on a Unix socket (SEQPACKET), the other the client, which
 * makes the memory. The socket carries messages of 128 bytes, some with a descriptor: HELLO, INIT,
 * ADD_REGION, ADD_RING, CONNECT, CONNECTED; nearly each is answered by ACK. The memory has rings of
 * descriptors, one in each direction here: C2S, whose buffers the client fills and whose `head` it
 * moves, while the server moves `tail` behind what it has taken; and S2C, where the client offers
 * empty buffers with `head` and the server moves `tail` behind what it has filled. Indices run
 * freely over 16 bits. Whoever adds frames writes to the ring's eventfd, unless the reader masked
 * it.
 */
#ifndef SOFTHCA_PORT_MEMIF_H
#define SOFTHCA_PORT_MEMIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../vq/dp_impl.h"

struct batch_part;

enum {
	MEMIF_COOKIE = 0x3e31f20,
	MEMIF_VERSION = 2 << 8 | 0,
	MEMIF_REGIONS_MAX = 256,
	MEMIF_LOG2_RING_MAX = 14,
	MEMIF_MODE_ETHERNET = 0,
	MEMIF_RING_C2S = 1,      /* flag of ADD_RING */
	MEMIF_DESC_NEXT = 1,     /* the frame goes on in the next descriptor */
	MEMIF_RING_MASK_INT = 1, /* the reader polls */
};

enum memif_type {
	MEMIF_NONE,
	MEMIF_ACK,
	MEMIF_HELLO,
	MEMIF_INIT,
	MEMIF_ADD_REGION,
	MEMIF_ADD_RING,
	MEMIF_CONNECT,
	MEMIF_CONNECTED,
	MEMIF_DISCONNECT,
};

struct memif_message {
	uint16_t type;
	union {
		struct {
			char name[32];
			uint16_t min_version, max_version;
			uint16_t max_region, max_s2c_ring, max_c2s_ring; /* highest index */
			uint8_t max_log2_ring_size;
		} __attribute__((packed)) hello;
		struct {
			uint16_t version;
			uint32_t id;
			uint8_t mode;
			char secret[24];
			char name[32];
		} __attribute__((packed)) init;
		struct {
			uint16_t index;
			uint64_t size;
		} __attribute__((packed)) add_region;
		struct {
			uint16_t flags, index, region;
			uint32_t offset;
			uint8_t log2_ring_size;
			uint16_t private_hdr_size;
		} __attribute__((packed)) add_ring;
		struct {
			char if_name[32];
		} connect;
		struct {
			uint32_t code;
			char reason[96];
		} __attribute__((packed)) disconnect;
		uint8_t bytes[126];
	};
} __attribute__((packed));

_Static_assert(sizeof(struct memif_message) == 128, "a message has 128 bytes");

struct memif_desc {
	uint16_t flags, region;
	uint32_t length, offset, metadata;
};

/* In shared memory: everything but what one has written oneself may change at any time. */
struct memif_ring {
	uint32_t cookie;
	uint16_t flags; /* the reader's */
	uint16_t head;  /* the client's */
	uint8_t pad0[56];
	uint16_t tail; /* the server's */
	uint8_t pad1[62];
	struct memif_desc desc[];
};

_Static_assert(offsetof(struct memif_ring, tail) == 64 && sizeof(struct memif_ring) == 128,
	       "indices in cache lines of their own");

struct memif_region {
	int fd; /* owned; -1: none */
	uint64_t size;
	uint8_t *addr; /* owned mapping; NULL: not mapped yet */
};

/* One end of a ring. */
struct memif_end {
	struct memif_ring *ring; /* NULL: not connected */
	uint16_t mask;
	uint16_t at;      /* where we are: our index in the ring, ahead of what is published */
	uint16_t pending; /* slots taken or filled, not published */
	bool armed;       /* reader: not masked */
	int event;        /* owned; -1: none */
};

/* A connection's memory, as memif_ring.c uses it. */
struct memif_memory {
	bool client;
	struct memif_region region[MEMIF_REGIONS_MAX];
	unsigned int n_regions;
	struct memif_end rx, tx;
	/* Client: where the buffers of its rings are in region 0. */
	uint32_t buffer_size;
	uint64_t rx_buffers, tx_buffers;
};

/* ---- memif_ring.c: frames; may fault in the peer's memory (link_impl.h) ---- */

/* -EPROTO: the peer broke the rules. */
int memif_read(struct memif_memory *m, struct nic *nic, unsigned int *n);
/* The first n frames of the last memif_read are done. */
void memif_read_done(struct memif_memory *m, const struct nic *nic, unsigned int n);
/* 0, -EAGAIN, -EMSGSIZE or -EPROTO. */
int memif_write(struct memif_memory *m, const struct batch_part *frame);
void memif_write_flush(struct memif_memory *m);
/* Ask for the eventfd. False: there are frames. */
bool memif_arm(struct memif_memory *m);
/* The rings of a connection, at their start. -EPROTO: there are none. */
int memif_start(struct memif_memory *m);
/* As client: lay the rings and buffers out in region 0. */
void memif_format(struct memif_memory *m, uint16_t ring_size);
uint64_t memif_region_bytes(uint16_t ring_size, uint32_t buffer_size);
uint64_t memif_ring_offset(uint16_t ring_size, bool c2s);

#endif
