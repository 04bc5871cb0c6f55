/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A datapath with guests behind its ports: what the datapath's tests drive. Each guest has memory
 * of several regions with holes (test/frontend/guest_mem.h), which the datapath sees through a
 * mapping of its own, and driver-side rings (test/frontend/ring.h).
 *
 * Failures of the rig itself end the test (cmocka). A test that fails leaves its NIC threads
 * behind: give a struct rig static storage; the next rig_create ends them. Threads: one per queue,
 * as for the rings.
 */
#ifndef TEST_SOFTHCA_VQ_RIG_H
#define TEST_SOFTHCA_VQ_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "guest_mem.h"
#include "ring.h"
#include "vq/dp.h"

enum { RIG_PORTS = 4, RIG_QUEUES = 8, RIG_FRAME_MAX = 9300, RIG_SLOTS = 512 };
enum { RIG_BIG_MAX = 65600, RIG_BIG_SLOTS = 64, RIG_PARTS = 64 };
enum { RIG_WAIT_S = 20 };

/* Wait for a condition, generously; sanitizers and a loaded machine included. */
#define rig_wait(condition)                                                                        \
	do {                                                                                       \
		uint64_t rig_end = rig_now_ms() + RIG_WAIT_S * 1000;                               \
		while (!(condition)) {                                                             \
			if (rig_now_ms() > rig_end)                                                \
				fail_msg("waited in vain for %s", #condition);                     \
			rig_nap();                                                                 \
		}                                                                                  \
	} while (0)

struct rig_guest;

struct rig_queue {
	struct rig_guest *guest;
	struct fe_ring *ring; /* owned */
	struct fe_ring_area area;
	struct vq_attr attr;
	struct vq *vq; /* owned */
	/* By callbacks, atomic. */
	unsigned int notified, errors;
	int error, notify_result;
	bool (*owns)(const void *addr); /* for ops->owns; may be NULL */
	void (*on_notify)(void);        /* in the NIC thread; may be NULL */
	/* One buffer per token. */
	size_t slot_len; /* without header */
	struct fe_span slot[RIG_SLOTS];
	uint16_t free[RIG_SLOTS];
	unsigned int n_free;
};

struct rig_guest {
	struct rig *rig;
	struct fe_mem mem;
	uint8_t *device_map[FE_MEM_MAX_REGIONS];
	struct dp_mem *key;
	struct dp_port *port;
	uint32_t word;
	struct rig_queue *queue[RIG_QUEUES];
};

struct rig {
	struct dp *dp;
	unsigned int ports;
	struct rig_guest guest[RIG_PORTS];
	unsigned int ticks; /* atomic */
};

struct rig_options {
	unsigned int ports, threads, delay_drop_ms;
	bool wire_loopback;
	const struct dp_link_config *links;
	unsigned int n_links;
};

struct rig_queue_options {
	bool packed;
	uint16_t size;
	uint32_t flags;
	uint16_t max_chain;
	uint16_t base; /* both indices; packed: as in vq_attr */
	uint32_t domain;
	bool big;      /* buffers of RIG_BIG_MAX bytes, only RIG_BIG_SLOTS of them */
};

uint64_t rig_now_ns(void);
uint64_t rig_now_ms(void);
void rig_nap(void);

void rig_create(struct rig *rig, const struct rig_options *options);
void rig_destroy(struct rig *rig);

/* Queue index of guest; created, not started. */
struct rig_queue *rig_queue(struct rig_guest *guest, uint16_t index,
			    const struct rig_queue_options *options);
void rig_queue_destroy(struct rig_queue *q);
int rig_start(struct rig_queue *q);
/* One pair started on a port, with a catch-all rule to its receive queue. */
void rig_pair(struct rig_guest *guest, const struct rig_queue_options *options,
	      struct rig_queue **rx, struct rig_queue **tx);
void rig_set_rx(struct rig_guest *guest, struct rig_queue *rx);
struct vq_status rig_status(struct rig_queue *q);
struct dp_stats rig_stats(struct rig *rig);

/* Ring the guest's doorbell. */
void rig_ring(struct rig_guest *guest);

/*
 * Make a frame available in descriptors of the given lengths (0 ends; the last takes the rest;
 * NULL: one descriptor). False: no room. The header is filled with nonsense.
 */
bool rig_send(struct rig_queue *q, const void *frame, size_t len, const uint32_t *lens);
/* The same with that header: 12 bytes, of which the queue may have 10. */
bool rig_send_as(struct rig_queue *q, const uint8_t *vnet, const void *frame, size_t len,
		 const uint32_t *lens);
/* Take back what the device has sent: how many. */
unsigned int rig_reap(struct rig_queue *q);
/* Make a receive buffer available in descriptors of the given lengths (0 ends). */
bool rig_post(struct rig_queue *q, const uint32_t *lens);
/* Fill the receive ring with one-descriptor buffers. */
void rig_post_all(struct rig_queue *q, uint32_t len);
/* One frame, 0 if there is none; checks the header; merged buffers are put together. */
size_t rig_recv(struct rig_queue *q, uint8_t *frame);
/* The same; the header is not checked but for num_buffers: at least 10 bytes go to vnet. */
size_t rig_recv_as(struct rig_queue *q, uint8_t *vnet, uint8_t *frame, size_t max);

/* A frame with checkable content; MACs are 02:00:00:00:00:<n>; 0xff: broadcast. */
void rig_frame(uint8_t *frame, size_t len, uint8_t dst, uint8_t src, uint32_t seed);
bool rig_frame_ok(const uint8_t *frame, size_t len, uint32_t seed);

#endif
