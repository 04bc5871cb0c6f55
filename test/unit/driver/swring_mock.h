/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of a virtqueue, and the guest memory it lies in, for tests of what runs a ring
 * in software: split (virtio 1.2 §2.7) and packed (§2.8) by the same verbs. Written from the
 * specification; shares no code with the side it tests.
 *
 * Memory is five regions with holes in between: the three parts of the ring, two for buffers. The
 * driver has them mapped at one address, the device at another; or, with heap, both at the same, in
 * blocks of malloc of the exact size, so that AddressSanitizer sees each byte behind them.
 *
 *	struct swmock_conf conf = {.packed = true, .size = 7, .base = 0x8000};
 *	swmock_create(&conf, &m);
 *	swmock_ring(m, &ring_conf);                     what vv_swring_start wants
 *	buf = (struct swmock_buf){.gpa = swmock_alloc(m, 64), .len = 64};
 *	memcpy(swmock_at(m, buf.gpa, 64), ...);
 *	swmock_add(m, &buf, 1, 0, 1234);
 *	swmock_publish(m);
 *	kick = swmock_kick_needed(m);                    ... the device works ...
 *	swmock_used(m, &token, &len);                    token: 1234
 *
 * A hostile driver: change the chain added last with swmock_peek and swmock_poke before it is
 * published, or write to the ring itself (the pointers of struct swmock).
 *
 * Threads: one at a time, the driver's; swmock_translate and the device's mapping: any.
 */
#ifndef SWRING_MOCK_H
#define SWRING_MOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/virtio_ring.h>

#include "ring/vv_swring.h"

enum {
	SWMOCK_DESC,    /* region of the table, or the packed ring */
	SWMOCK_DRIVER,  /* available ring, or driver event structure */
	SWMOCK_DEVICE,  /* used ring, or device event structure */
	SWMOCK_BUFFERS, /* two of them */
	SWMOCK_REGIONS = SWMOCK_BUFFERS + 2,
	SWMOCK_PACKED_START = 0x8000, /* base of a packed ring without history */
};

struct swmock_conf {
	bool packed, event_idx, indirect; /* negotiated */
	uint16_t size;
	uint16_t base;         /* where both sides go on, as vhost says it */
	uint32_t buffer_bytes; /* of each of the two regions; 0: 64 KiB */
	bool heap;
};

struct swmock_region {
	uint64_t gpa, size;
	uint8_t *guest, *device; /* where driver and device have it mapped */
};

struct swmock_chain; /* what the driver remembers of a chain it has added */

struct swmock {
	struct swmock_conf conf;
	struct swmock_region region[SWMOCK_REGIONS];
	/* The parts of the ring as the driver has them mapped; NULL are the other layout's. */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct vring_packed_desc *packed;
	struct vring_packed_desc_event *driver_event, *device_event;

	/* The driver's position: split, ring indices; packed, place and wrap counter in bit 15. */
	uint16_t next_avail, next_used;
	uint16_t unnotified; /* added since swmock_kick_needed: chains; packed, descriptors */
	struct swmock_chain *chain; /* by id; split: by descriptor, a chain's is its first one's */
	uint16_t *free;             /* split: descriptors; packed: ids */
	unsigned int n_free;        /* of them */
	unsigned int room;          /* packed: descriptors */
	uint16_t *order;            /* ids as they were added, from first on, a ring of conf.size */
	unsigned int first, n_order;
	/* The chain added last. */
	uint16_t *last_slot;
	unsigned int n_last_slot, n_last_table;
	uint64_t last_table;
	/* Packed: the flags of the first descriptor not yet published, given last. */
	bool held;
	uint16_t held_slot, held_flags;
	uint64_t allocated[2]; /* of the buffers' regions */
	unsigned int turn;     /* whose it is */
};

/* -ENOMEM, -EINVAL. */
int swmock_create(const struct swmock_conf *conf, struct swmock **m);
void swmock_destroy(struct swmock *m); /* NULL is legal */

/* What the device is told: the ring in its own mapping, swmock_translate. */
void swmock_ring(struct swmock *m, struct vv_swring_conf *conf);
/* A vv_swring_translate: the device's mapping. m: a struct swmock. */
void *swmock_translate(void *m, uint64_t gpa, uint64_t len);

/* The driver's mapping of what lies in one region; asserts that it does. */
void *swmock_at(const struct swmock *m, uint64_t gpa, uint64_t len);
/* Zeroed memory for a buffer, from the two regions by turns; its address, or 0: none left. */
uint64_t swmock_alloc(struct swmock *m, uint32_t len);
void swmock_free_all(struct swmock *m); /* all that was allocated: no chain may be outstanding */

struct swmock_buf {
	uint64_t gpa;
	uint32_t len;
	bool write; /* by the device */
};

/*
 * Adds a chain: n buffers, the last n_table of them in an indirect table (packed: none or all).
 * token comes back with swmock_used. -ENOSPC: the ring (or memory for the table) is full.
 */
int swmock_add(struct swmock *m, const struct swmock_buf *buf, unsigned int n, unsigned int n_table,
	       uintptr_t token);
void swmock_publish(struct swmock *m); /* the device sees all that was added */
/* Does the device want to hear of what was published since the last time? */
bool swmock_kick_needed(struct swmock *m);

/*
 * 1: a chain came back; 0: none; -EPROTO: what the device wrote is against the rules (not the chain
 * whose turn it is, more bytes than could be written).
 */
int swmock_used(struct swmock *m, uintptr_t *token, uint32_t *len);
unsigned int swmock_outstanding(const struct swmock *m);

/* Ask for calls, from the next used chain on, or for none. */
void swmock_calls(struct swmock *m, bool on);
/* With event_idx: a call when the n-th outstanding chain is used (1: the next). */
void swmock_calls_after(struct swmock *m, unsigned int n);

/* A descriptor in both layouts; flags without those that say whose it is. */
struct swmock_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next_or_id;
};

/* The i-th descriptor of the chain added last, in the ring or in its table. */
void swmock_peek(struct swmock *m, bool table, unsigned int i, struct swmock_desc *desc);
void swmock_poke(struct swmock *m, bool table, unsigned int i, const struct swmock_desc *desc);

#endif
