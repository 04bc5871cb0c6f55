/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile guests, by name. Each misbehaviour does one thing a driver or a front-end must not do, on
 * queue pair 0, and then reports what the back-end made of it. What is right is for the caller to
 * say; in general: that queue may stop, nobody else may notice, and a new connection must work.
 *
 * Descriptor and ring misbehaviours act on the transmit queue, with "@rx" behind the name on the
 * receive queue. Names that take a number have it behind a colon: "disconnect-at-message:12".
 *
 * Threads: the caller's, and one more for descriptors that change while they are read. Owner: the
 * run makes and destroys its device.
 */
#ifndef FRONTEND_MISBEHAVE_H
#define FRONTEND_MISBEHAVE_H

#include "device.h"
#include "frame.h"

struct fe_misbehave_result {
	int error;         /* of the message that misbehaved: 0, or -EREMOTEIO when refused, ... */
	bool connected;    /* the back-end kept the connection */
	bool answers;      /* ... and still answers on it */
	bool error_signal; /* the queue's error eventfd was written */
	bool used_wrong;   /* returned a buffer it did not hold, or a wrong length */
	bool header_wrong; /* a frame arrived with a header no driver may be shown */
	uint32_t arrived;  /* frames, where their headers are looked at */
	bool goes_on;      /* a good buffer behind the bad one was used as it should */
	uint32_t used;     /* buffers returned on the queue */
	unsigned int messages; /* sent until the end */
};

struct fe_misbehave_config {
	struct fe_dev_config dev;
	struct fe_dev *peer; /* borrowed and connected: sends what is received; NULL: looped back */
	uint8_t mac[FE_MAC_LEN], peer_mac[FE_MAC_LEN];
	unsigned int observe_ms; /* how long to wait for consequences */
};

/* What a misbehaviour works with. */
struct fe_hostile {
	const struct fe_misbehave_config *cfg;
	struct fe_misbehave_result *res;
	struct fe_dev *dev;
	bool receive;       /* acts on the receive queue */
	bool watch;         /* looks at the headers of what arrives */
	unsigned int index; /* of the queue acted on */
	unsigned int number;
};

enum { FE_FOR_SPLIT = 1, FE_FOR_PACKED = 2, FE_FOR_BOTH = 3 };

#define FE_HOSTILE_CHAIN_MAX 32768

/* A frame to be sent, with its header; len may be made less, not more. */
struct fe_packet {
	struct virtio_net_hdr hdr;
	uint32_t len;
	uint8_t *frame; /* in guest memory */
};

/* Exactly one of the functions is set. */
struct fe_misbehaviour {
	const char *name;
	const char *what;
	unsigned int layouts;
	bool takes_number;
	/* Fills in a bad chain, at most ring-size descriptors; returns how many. */
	unsigned int (*chain)(const struct fe_hostile *h, struct fe_raw_desc *desc);
	/* Spoils a frame that is in order; only for the transmit queue. */
	void (*packet)(struct fe_packet *packet);
	uint64_t offloads; /* to negotiate */
	/* Writes to the rings of a connected device. */
	void (*scribble)(struct fe_hostile *h);
	/* Talks to the back-end in place of the ordinary set-up; opens the connection itself. */
	int (*talk)(struct fe_hostile *h);
};

/* Tables, each ended by an entry without name. */
extern const struct fe_misbehaviour fe_misbehave_desc[];
extern const struct fe_misbehaviour fe_misbehave_header[];
extern const struct fe_misbehaviour fe_misbehave_ring[];
extern const struct fe_misbehaviour fe_misbehave_talk[];   /* messages */
extern const struct fe_misbehaviour fe_misbehave_memory[]; /* messages and the memory behind */

/* Names that can be run with this layout, a line each; sample numbers where one is taken. */
void fe_misbehave_list(enum fe_layout layout);

/* -ENOENT: no such name (for this layout); else 0 once something was observed. */
int fe_misbehave_run(const struct fe_misbehave_config *cfg, const char *name,
		     struct fe_misbehave_result *res);

/* The chain of a spoilt frame. */
unsigned int fe_misbehave_packet(const struct fe_hostile *h, const struct fe_misbehaviour *m,
				 struct fe_raw_desc *desc);

/* For misbehaviours that run for a time: sends good frames and takes what comes, for ms. */
void fe_hostile_traffic(struct fe_hostile *h, unsigned int ms);

/* For those that talk: the ordinary set-up up to and including a step. */
enum fe_hostile_step { FE_OPENED, FE_NEGOTIATED, FE_MEMORY, FE_RINGS, FE_RUNNING };
int fe_hostile_prepare(struct fe_hostile *h, enum fe_hostile_step last);
/* The rest of it, with whatever the steps before left behind. */
int fe_hostile_go_on(struct fe_hostile *h, enum fe_hostile_step first);

static inline struct fe_queue *fe_hostile_queue(const struct fe_hostile *h)
{
	return &h->dev->queue[h->index];
}

#endif
