/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One queue of a virtio-net device, driver's side: a ring, the buffers that travel through it, and
 * the descriptors (eventfds) or doorbell by which the two sides wake each other.
 *
 * A buffer is a chain of fixed shape: one descriptor (header and frame together), or the header in
 * its own descriptor and the frame cut over the others, which lie in different regions. Frames are
 * copied in and out, so a checker works on a snapshot the device can no longer change. Received
 * headers are poisoned beforehand and sent buffers scribbled over once they are used: a device
 * that forgets to write the one or still reads the other is found out.
 *
 * Owner: the device. Threads: one.
 */
#ifndef FRONTEND_QUEUE_H
#define FRONTEND_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#include "dirty.h"
#include "guest_mem.h"
#include "ring.h"

#define FE_CHAIN_MAX 16
/* Longest frame of any configuration, several merged buffers included. */
#define FE_FRAME_MAX (65536 + 512)

struct fe_queue_config {
	unsigned int index; /* even: receive, odd: transmit */
	enum fe_layout layout;
	unsigned int ring_size;
	unsigned int chain_min, chain_max; /* descriptors a buffer; in turn when they differ */
	unsigned int header_len;
	unsigned int buffer_len; /* bytes of frame in one buffer */
	bool event_idx;
	bool mergeable;
	bool legacy_layout; /* the areas in one piece, used ring on a page boundary */
};

struct fe_piece {
	uint8_t *ptr;
	uint64_t gpa;
	uint32_t len;
};

struct fe_buffer {
	unsigned int pieces;
	struct fe_piece piece[FE_CHAIN_MAX];
	uint64_t posted; /* when it was made available last, in chains */
};

struct fe_queue {
	struct fe_queue_config cfg;
	struct fe_ring_area area; /* borrowed from the device's memory */
	struct fe_ring *ring;     /* owned */
	unsigned int buffers;
	struct fe_buffer *buffer; /* owned */
	uint16_t *idle;           /* owned stack of buffers not in the ring */
	unsigned int idle_count;
	uint8_t *frame;      /* owned, the last frame received */
	int kick, call, err; /* owned eventfds */
	void *doorbell_map;  /* owned mapping, NULL: kick by eventfd */
	size_t doorbell_len;
	uint64_t kicks, doorbells, calls;
	uint64_t frames, bytes;
	uint64_t used_len_nonzero;      /* transmit: device claims to have written */
	struct fe_dirty *dirty;         /* borrowed, NULL: writes are of no interest */
	uint64_t posted, taken;         /* chains made available, taken back */
	uint64_t log_posted, log_taken; /* when logging was switched */
};

struct fe_rx_frame {
	const uint8_t *data; /* valid until the next call */
	uint32_t len;
	uint32_t buffers;
	struct virtio_net_hdr hdr;
	uint16_t num_buffers;
	bool has_num_buffers;
};

/* Guest memory one queue takes. */
size_t fe_queue_footprint(const struct fe_queue_config *cfg);

int fe_queue_create(const struct fe_queue_config *cfg, struct fe_mem *mem, struct fe_queue *q);
void fe_queue_destroy(struct fe_queue *q); /* tolerates a partly created one */

/* Forgets everything in flight and starts the ring anew, as a guest's reset does. */
int fe_queue_reset(struct fe_queue *q);

/*
 * Transmit: -ENOSPC when all buffers are in flight. Not visible before flush. hdr: what the device
 * is asked to do; NULL: nothing.
 */
int fe_queue_send_offload(struct fe_queue *q, const struct virtio_net_hdr *hdr,
			  const uint8_t *frame, uint32_t len);
static inline int fe_queue_send(struct fe_queue *q, const uint8_t *frame, uint32_t len)
{
	return fe_queue_send_offload(q, NULL, frame, len);
}
/* Takes back what was sent: how many buffers, or -EPROTO. */
int fe_queue_reap(struct fe_queue *q);

/* Receive: adds all idle buffers. */
void fe_queue_fill(struct fe_queue *q);
/* 1: a frame, its buffers are added again; 0: none; -EPROTO: the device broke the protocol. */
int fe_queue_receive(struct fe_queue *q, struct fe_rx_frame *frame);

/* Makes everything added visible and wakes the device if it wants that. */
void fe_queue_flush(struct fe_queue *q);
void fe_queue_kick(struct fe_queue *q);
/* Empties the call eventfd; true if it had been signalled. */
bool fe_queue_take_call(struct fe_queue *q);

/*
 * For migration. Where used buffers are written to, as SET_VRING_ADDR says it: split: the used
 * ring; packed: the descriptor ring.
 */
uint64_t fe_queue_log_gpa(const struct fe_queue *q);
/* From here on, writes to what is posted must be logged. */
void fe_queue_log_from_here(struct fe_queue *q);
/* What the device has written to the ring's areas; must: it said so, as it stopped. */
void fe_queue_note_ring(const struct fe_queue *q, struct fe_dirty *d, bool must);

int fe_queue_map_doorbell(struct fe_queue *q, int fd, uint64_t offset, uint64_t size);
void fe_queue_unmap_doorbell(struct fe_queue *q);

#endif
