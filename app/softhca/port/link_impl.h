/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the datapath and the kinds of links.
 *
 * A link is two queues of the layout RING_LINK: `in`, a transmit queue whose frames come from
 * outside, and `out`, a receive queue whose buffers are the outside. So links take part in bursts,
 * flooding, delay drop and steering like functions do.
 *
 * Threads: a link belongs to one NIC thread, its owner, which calls all of a kind's functions in
 * its passes but open and close (control thread, no NIC threads running) and send and flush: these
 * any NIC thread calls, under the lock of `out`. What send looks at changes under that lock only.
 *
 * Faults: peek and send may touch memory that the peer can take away, if `mem` of both queues
 * covers it; then they are left in the middle of the access (guard.h), the queue goes to VQ_ERR,
 * and reset is called in the next pass. They call nothing that holds resources while they do.
 */
#ifndef SOFTHCA_PORT_LINK_IMPL_H
#define SOFTHCA_PORT_LINK_IMPL_H

#include <poll.h>

#include "../vq/batch.h"
#include "link.h"

enum { LINK_FDS_MAX = 4 };

struct link;

/* Where one is in a frame on its way out, which may be a guest's live memory. */
struct link_cursor {
	const struct batch_part *part;
	uint32_t head_at;
	struct offload_at body;
};

static inline uint32_t link_frame_len(const struct batch_part *part)
{
	return part->head_len + part->body_len;
}

static inline struct link_cursor link_cursor(const struct batch_part *part)
{
	return (struct link_cursor){.part = part, .body = part->body};
}

/* The next bytes that are together, at most max; call it only as long as there are some. */
uint32_t link_next(struct link_cursor *c, uint32_t max, const uint8_t **bytes);
/* Copy a whole frame. */
void link_copy(const struct batch_part *part, uint8_t *to);

struct link_ops {
	uint32_t in_flags, out_flags; /* VQ_F_*: offloads of frames that come in, that it takes */
	/* 0 or -errno with link->error set. */
	int (*open)(struct link *link);
	/* Also after a failed open. */
	void (*close)(struct link *link);
	/* About every millisecond, and when a descriptor of fds became ready. May be NULL. */
	void (*service)(struct link *link);
	/* A queue failed: start over. May be NULL: never fails. */
	void (*reset)(struct link *link);
	/*
	 * Fill nic->frame[0...n], n at most DP_BATCH, with the next frames; nothing is taken. With
	 * in_flags, nic->vnet and nic->detached too.
	 */
	unsigned int (*peek)(struct link *link, struct nic *nic);
	/* The first n are done. */
	void (*take)(struct link *link, unsigned int n);
	/* 0; -EAGAIN: no room now; -ENETDOWN: nobody is there; else the frame is refused. */
	int (*send)(struct link *link, const struct batch_part *frame);
	/* Behind a row of sends. May be NULL. */
	void (*flush)(struct link *link);
	/* Before sleeping: what to wait for. -1: do not sleep, there is something. May be NULL. */
	int (*fds)(struct link *link, struct pollfd *fds);
};

extern const struct link_ops link_tap_ops, link_memif_ops, link_pcap_ops;

struct link {
	struct vq in, out;
	const struct link_ops *ops;
	struct dp_port *port;
	struct nic *owner;
	char spec[256];
	struct link_options options;
	void *state;         /* owned by the kind */
	bool failed;         /* atomic; a queue went to VQ_ERR */
	uint64_t service_at; /* cycles */
	char error[LINK_ERROR_MAX];
};

/* In a pass, not in a burst: `out` stands still until link_unlock. */
void link_lock(struct link *link);
void link_unlock(struct link *link);
/* The memory that both queues may touch; NULL: none. Under link_lock. */
void link_set_mem(struct link *link, struct dp_mem *mem);
/*
 * Run access, which may touch the memory of link_set_mem: its result, or -EFAULT when that was
 * gone. Not in a burst.
 */
int link_guarded(struct link *link, int (*access)(void *arg), void *arg);
/* Set link->error to "what: strerror(err)" and return -err. */
int link_errno(struct link *link, int err, const char *what, const char *which);

/* ---- for the datapath ---- */

/* Ports cfg->ports...n_ports of dp become links. A message says on stderr what is wrong. */
int links_create(struct dp *dp);
void links_destroy(struct dp *dp);
/* In a pass of their owner. */
void links_poll(struct nic *nic);
/* Outside of a pass: true if there was something to wake up for. */
bool links_sleep(struct nic *nic, uint64_t ns);

/* Steps of a burst. */
unsigned int link_take(struct nic *nic, struct vq *in);
void link_complete(struct nic *nic, struct vq *in);
void link_publish(struct vq *out);

#endif
