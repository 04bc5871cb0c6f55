/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chan.h"
#include "cq.h"
#include "event.h"
#include "hca_priv.h"
#include "rdma.h"
#include "trace.h"

/* How often the tick looks for late arms and full channels, while there are any. */
enum { SCAN_NS = 10000, STAT_TICKS = 64 };

/* Event queue entry: type in byte 1, its sub-type in byte 3; data from byte 32: the CQ number, or object type and id. */
static void make_eqe(const struct event_sub *sub, uint8_t eqe[EQE_LEN])
{
	uint32_t id = htobe32(sub->obj ? sub->obj->id : 0);

	memset(eqe, 0, EQE_LEN);
	eqe[1] = (uint8_t)sub->event;
	switch (sub->event) {
	case EVENT_COMP:
		memcpy(eqe + 32 + 24, &id, sizeof(id));
		break;
	case EVENT_CQ_ERROR:
		memcpy(eqe + 32, &id, sizeof(id));
		eqe[32 + 11] = 1; /* overrun */
		break;
	case EVENT_WQ_INVALID:
	case EVENT_WQ_ACCESS:
		memcpy(eqe + 32 + 24, &id, sizeof(id));
		break;
	case EVENT_PORT_CHANGE:
		/* As it is now: one event may stand for several. */
		eqe[3] = sub->chan->obj.ctx->func->link_down ? PORT_SUBTYPE_DOWN
							     : PORT_SUBTYPE_ACTIVE;
		eqe[32 + 8] = 1 << 4; /* port 1 */
		break;
	case EVENT_OBJECT_CHANGE:
		eqe[32 + 3] = 0x0d; /* VIRTIO_NET_Q */
		memcpy(eqe + 32 + 4, &id, sizeof(id));
		break;
	}
}

/*
 * The program has made the eventfd, maybe one that blocks, and may have filled it: a write would
 * hold the NIC thread for good. Without room for one more its reader has an event to see.
 */
static void tell_eventfd(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	uint64_t one = 1;

	if (poll(&room, 1, 0) == 1 && room.revents & POLLOUT && write(fd, &one, sizeof(one)) < 0)
		return; /* not an eventfd any more, or filled just now: it has an event, too */
}

static int deliver(struct event_sub *sub)
{
	uint8_t eqe[EQE_LEN];
	int err;

	if (sub->efd >= 0) {
		tell_eventfd(sub->efd);
		return 0;
	}
	make_eqe(sub, eqe);
	err = chan_send(sub->chan, sub->cookie, eqe);
	if (!err)
		atomic_fetch_add(&sub->sent, 1);
	return err;
}

/* Deliver, or leave it to the tick. One event may stand for several until it is read. */
static void attempt(struct hca *hca, struct event_sub *sub)
{
	if (!deliver(sub)) {
		trace_event(sub->obj ? sub->obj : &sub->chan->obj, sub->event);
		if (atomic_exchange(&sub->pending, false))
			atomic_fetch_sub(&hca->ev.pending, 1);
	} else if (!atomic_exchange(&sub->pending, true)) {
		atomic_fetch_add(&hca->ev.pending, 1);
	}
}

void event_send(struct hca *hca, struct hca_obj *obj, uint16_t event)
{
	struct event_sub *sub;

	SLIST_FOREACH(sub, &obj->subs, in_obj)
	if (sub->event == event)
		attempt(hca, sub);
}

void event_send_link(struct hca_function *func)
{
	struct hca *hca = func->hca;
	struct event_sub *sub;

	SLIST_FOREACH(sub, &hca->ev.subs, in_all)
	if (sub->event == EVENT_PORT_CHANGE && sub->chan->obj.ctx->func == func)
		attempt(hca, sub);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void scan(struct hca *hca)
{
	struct event_sub *sub;
	struct cq *cq;

	TAILQ_FOREACH(cq, &hca->ev.cqs, in_hca)
	cq_scan(cq);
	if (atomic_load(&hca->ev.pending))
		SLIST_FOREACH(sub, &hca->ev.subs, in_all)
	if (atomic_load(&sub->pending))
		attempt(hca, sub);
}

void event_stats(struct hca *hca)
{
	struct dp_stats s;

	dp_stats(hca->dp, &s);
	STAT_SET(hca, frames_tx, s.frames_tx);
	STAT_SET(hca, bytes_tx, s.bytes_tx);
	STAT_SET(hca, frames_rx, s.frames_rx);
	STAT_SET(hca, bytes_rx, s.bytes_rx);
	STAT_SET(hca, drops_no_buffer, s.drops_no_buffer);
	STAT_SET(hca, drops_no_dest, s.drops_no_dest);
	STAT_SET(hca, drops_other, s.drops_other);
	STAT_SET(hca, busy_cycles, s.busy_cycles);
}

void event_tick(void *arg)
{
	struct hca *hca = arg;

	/* NIC threads start before dp_create() has returned. */
	if (!__atomic_load_n(&hca->dp, __ATOMIC_ACQUIRE))
		return;
	if (++hca->ev.ticks % STAT_TICKS == 0)
		event_stats(hca);
	if (atomic_load_explicit(&hca->n_rdma_qps, memory_order_relaxed))
		rdma_poll(hca);
	if (atomic_load_explicit(&hca->ev.waiting, memory_order_relaxed) ||
	    atomic_load_explicit(&hca->ev.pending, memory_order_relaxed)) {
		uint64_t now = now_ns();

		if (now - hca->ev.scanned_at >= SCAN_NS) {
			hca->ev.scanned_at = now;
			scan(hca);
		}
	}
}

static void forget(struct hca *hca, struct event_sub *sub)
{
	if (sub->obj)
		SLIST_REMOVE(&sub->obj->subs, sub, event_sub, in_obj);
	SLIST_REMOVE(&hca->ev.subs, sub, event_sub, in_all);
	if (atomic_load(&sub->pending))
		atomic_fetch_sub(&hca->ev.pending, 1);
	if (sub->efd >= 0)
		close(sub->efd);
	free(sub);
}

void event_forget_obj(struct hca_obj *obj)
{
	struct hca *hca = obj->ctx->hca;

	if (SLIST_EMPTY(&obj->subs))
		return;
	dp_lock(hca->dp);
	while (!SLIST_EMPTY(&obj->subs))
		forget(hca, SLIST_FIRST(&obj->subs));
	dp_unlock(hca->dp);
}

uint32_t event_unsubscribe(struct chan *chan, struct hca_obj *obj, uint16_t event)
{
	struct hca *hca = obj->ctx->hca;
	struct event_sub *sub, *next;
	uint32_t sent = 0;

	dp_lock(hca->dp);
	for (sub = SLIST_FIRST(&obj->subs); sub; sub = next) {
		next = SLIST_NEXT(sub, in_obj);
		if (sub->chan != chan || sub->event != event)
			continue;
		sent += atomic_load(&sub->sent);
		forget(hca, sub);
	}
	dp_unlock(hca->dp);
	return sent;
}

void event_forget_newest(struct hca *hca, unsigned int n)
{
	if (!n)
		return;
	dp_lock(hca->dp);
	while (n--)
		forget(hca, SLIST_FIRST(&hca->ev.subs));
	dp_unlock(hca->dp);
}

void event_forget_chan(struct hca *hca, struct chan *chan)
{
	struct event_sub *sub, *next;

	dp_lock(hca->dp);
	for (sub = SLIST_FIRST(&hca->ev.subs); sub; sub = next) {
		next = SLIST_NEXT(sub, in_all);
		if (sub->chan == chan)
			forget(hca, sub);
	}
	dp_unlock(hca->dp);
}
