/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One direction of verified traffic: frames of many flows from a device's transmit queues to a
 * device's receive queues (the same one, when the back-end loops them back).
 *
 * Owner: the caller of fe_traffic_run(). Devices are borrowed. Threads: one.
 */
#ifndef FRONTEND_STREAM_H
#define FRONTEND_STREAM_H

#include "device.h"
#include "frame.h"
#include "ledger.h"

struct fe_part {
	uint32_t seq, next; /* of the frame; of its payload what comes next */
	bool open;
};

struct fe_stream {
	struct fe_dev *tx, *rx;
	struct fe_frame_spec spec;
	struct fe_ledger ledger;
	uint64_t target;      /* frames to send; UINT64_MAX until told to stop */
	uint64_t window;      /* frames in flight at most */
	uint64_t written_off; /* in flight once, no longer expected */
	unsigned int next_flow;
	uint64_t bytes_sent, bytes_received;
	uint64_t corrupted;    /* content, length, or a tag that was never sent */
	uint64_t misdelivered; /* right frame, wrong device */
	uint64_t bad_header;   /* virtio-net header fields that were not negotiated */
	uint64_t reflected;    /* came back with exchanged MAC addresses */
	uint64_t
	    unset_num_buffers; /* without MRG_RXBUF it should be 1 (virtio 1.2 section 5.1.6.4) */
	uint32_t *next_on;     /* owned, per flow and receive queue: one after the last seen */
	uint64_t out_of_order; /* of a flow, on one queue */
	uint64_t *by_queue;    /* owned, frames per receive queue */
	struct fe_part *parts; /* owned, per flow: the frame that is arriving in segments */
	uint64_t torn;         /* a segment that does not follow the one before */
	uint64_t gso_sent, gso_whole, segments; /* frames to be segmented; arrived as they were */
	uint64_t partial;                       /* arrived with a partial checksum */
};

int fe_stream_create(struct fe_stream *s, struct fe_dev *tx, struct fe_dev *rx,
		     const struct fe_frame_spec *spec, unsigned int flows);
void fe_stream_destroy(struct fe_stream *s);

/* Frames sent and still expected. */
uint64_t fe_stream_in_flight(const struct fe_stream *s);

/* The back-end died; before the rings are rewound. */
void fe_stream_break(struct fe_stream *s);

/* Stops expecting what was sent and taken by the device, yet has not arrived. */
void fe_stream_write_off(struct fe_stream *s);

/* Queues up to `budget` frames for transmission; returns how many. Not flushed. */
unsigned int fe_stream_send(struct fe_stream *s, unsigned int budget);

/*
 * Accounts for a frame that arrived at `pair` of `dev` to the stream it belongs to; false if it is
 * of none (a guest elsewhere on the network said something).
 */
bool fe_stream_receive(struct fe_stream *streams, unsigned int count, const struct fe_dev *dev,
		       unsigned int pair, const struct fe_rx_frame *frame);

#endif
