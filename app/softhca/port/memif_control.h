/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control channel of a memif connection (memif.h), as server and as client: what is said and
 * heard until frames can pass, and when they no longer can.
 *
 * Threads: the link's owner, in a pass, not in a burst. `up` changes under link_lock; `broken` is
 * set by any thread that uses the rings.
 */
#ifndef SOFTHCA_PORT_MEMIF_CONTROL_H
#define SOFTHCA_PORT_MEMIF_CONTROL_H

#include <sys/types.h>

#include "link_impl.h"
#include "memif.h"

enum { MEMIF_RETRY_US = 20000, MEMIF_SETUP_US = 2000000 };

enum memif_state { MEMIF_DOWN, MEMIF_LISTEN, MEMIF_HELLO_WAIT, MEMIF_SETUP, MEMIF_UP };

struct memif {
	enum memif_state state;
	int listener, control;         /* owned; -1: none */
	ino_t name_ino;                /* of the listener's name */
	uint64_t retry_at, give_up_at; /* cycles */
	unsigned int said;             /* client: messages of the set-up that were sent */
	uint16_t ring_size;
	bool up;     /* under link_lock: frames may pass */
	bool broken; /* atomic: the peer broke the rules, seen by any thread */
	struct {
		int event; /* owned; -1: not announced */
		uint16_t region;
		uint32_t offset;
		uint8_t log2_size;
	} ring[2]; /* server: as announced; C2S, S2C */
	struct memif_memory memory;
};

/* Now, and in so long, in cycles. */
static inline uint64_t memif_now(void)
{
	return dp_cycles();
}

static inline uint64_t memif_in_us(const struct link *link, uint64_t us)
{
	return memif_now() + us * link->port->dp->cycles_per_us;
}

void memif_close_fd(int *fd);

/* m->control is connected: the other side speaks next, or a server says HELLO. */
int memif_greet(struct link *link);
/* Hear what there is to hear, and answer. May end the connection. */
void memif_hear(struct link *link);
/* Tell the peer why; the caller ends the connection. Returns -EPROTO. */
int memif_protest(struct memif *m, const char *reason);
/* End the connection, if there is one, and forget its memory. */
void memif_drop(struct link *link);

#endif
