/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events from NIC threads to the programs' channels: completions, CQ errors, queue errors.
 *
 * Threads. NIC threads produce; they hold their pass, so everything that changes here changes under
 * dp_lock, when they stand still. What two NIC threads may touch at once (a CQ that several queues
 * share, the tick) is guarded by the CQ's own lock, which nobody takes under dp_lock.
 *
 * Nothing is lost: a channel that is full leaves its subscription pending, and the tick tries
 * again; a CQ that is armed after its CQE was written fires from the tick.
 */
#ifndef SOFTHCA_FW_EVENT_H
#define SOFTHCA_FW_EVENT_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/queue.h>

#include "obj.h"

struct chan;
struct cq;
struct hca;
struct hca_function;

enum {
	EVENT_COMP = 0x00,
	EVENT_CQ_ERROR = 0x04,
	EVENT_PORT_CHANGE = 0x09,
	EVENT_WQ_INVALID = 0x10,
	EVENT_WQ_ACCESS = 0x11,
	EVENT_OBJECT_CHANGE = 0x27,
};

struct event_sub {
	struct chan *chan;   /* borrowed; its end removes the subscription */
	struct hca_obj *obj; /* borrowed; its end removes the subscription; NULL: unaffiliated */
	uint16_t event;
	uint64_t cookie;
	int efd;             /* owned eventfd to write instead, or -1 */
	atomic_bool pending; /* the channel was full */
	atomic_uint sent;
	SLIST_ENTRY(event_sub) in_obj;
	SLIST_ENTRY(event_sub) in_all;
};

/* Tell the subscribers of an object. From NIC threads, or under dp_lock. */
void event_send(struct hca *hca, struct hca_obj *obj, uint16_t event);

/* Tell the subscribers among a function's contexts of the state of its link. Under dp_lock. */
void event_send_link(struct hca_function *func);

/* Bring the datapath's figures into the stat file. */
void event_stats(struct hca *hca);

/* Work that NIC thread 0 does once a pass. arg: the hca. */
void event_tick(void *arg);

/* One subscription ends; returns what it has sent. Under the firmware lock, takes dp_lock. */
uint32_t event_unsubscribe(struct chan *chan, struct hca_obj *obj, uint16_t event);

/* The n subscriptions made last end. Under the firmware lock, takes dp_lock. */
void event_forget_newest(struct hca *hca, unsigned int n);
/* Subscriptions of an object or of a channel end. Under the firmware lock, takes dp_lock. */
void event_forget_obj(struct hca_obj *obj);
void event_forget_chan(struct hca *hca, struct chan *chan);

#endif
