/* SPDX-License-Identifier: BSD-3-Clause */
#include "scout.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "clock.h"

#define QUIET_MS   100
#define SERVICE_MS 20

static const uint8_t broadcast[FE_MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t some_group[FE_MAC_LEN] = {0x01, 0x00, 0x5e, 0x7f, 0x00, 0x01};

static void note(struct fe_scout *s, unsigned int pair, const struct fe_rx_frame *f)
{
	struct fe_sighting *at = &s->sighting[s->sightings];
	uint32_t number;

	if (s->sightings == FE_SIGHTINGS_MAX || !fe_probe_read(f->data, f->len, &number))
		return;
	*at = (struct fe_sighting){
	    .number = number, .len = f->len, .pair = (uint16_t)pair, .gso_type = f->hdr.gso_type};
	s->sightings++;
}

static int take(struct fe_scout *s)
{
	struct fe_rx_frame f;

	for (unsigned int pair = 0; pair < s->to->cfg.pairs; pair++) {
		struct fe_queue *q = fe_dev_rxq(s->to, pair);
		int got;

		while ((got = fe_queue_receive(q, &f)) > 0)
			note(s, pair, &f);
		if (got < 0)
			return got;
		fe_queue_flush(q);
	}
	/* What the sender receives is of no interest, but its buffers go back. */
	for (unsigned int pair = 0; s->from != s->to && pair < s->from->cfg.pairs; pair++) {
		struct fe_queue *q = fe_dev_rxq(s->from, pair);
		int got;

		while ((got = fe_queue_receive(q, &f)) > 0)
			;
		if (got < 0)
			return got;
		fe_queue_flush(q);
	}
	return fe_queue_reap(fe_dev_txq(s->from, 0)) < 0 ? -EPROTO : 0;
}

/* Takes what arrives until there is nothing to wait for. */
static int pump(struct fe_scout *s, bool (*done)(const struct fe_scout *w, uint32_t since),
		uint32_t since)
{
	uint64_t now = fe_now_ms(), deadline = now + s->limit_ms, serviced = now;
	int err = take(s);

	while (!err && !done(s, since)) {
		now = fe_now_ms();
		if (now > deadline)
			return -ETIMEDOUT;
		if (now - serviced > SERVICE_MS) {
			serviced = now;
			err = fe_dev_service(s->to);
			if (!err && s->from != s->to)
				err = fe_dev_service(s->from);
		}
		sched_yield();
		if (!err)
			err = take(s);
	}
	return err;
}

static bool can_send(const struct fe_scout *s, uint32_t since)
{
	return fe_dev_txq(s->from, 0)->idle_count > 0;
}

static bool all_sent(const struct fe_scout *s, uint32_t since)
{
	return fe_dev_txq(s->from, 0)->ring->outstanding == 0;
}

static bool marker_seen(const struct fe_scout *s, uint32_t since)
{
	for (unsigned int i = s->sightings; i > 0; i--)
		if (s->sighting[i - 1].number >= since)
			return true;
	return false;
}

int fe_scout_probe(struct fe_scout *s, struct fe_probe *probe)
{
	static __thread uint8_t frame[FE_FRAME_MAX];
	struct fe_queue *q = fe_dev_txq(s->from, 0);
	struct virtio_net_hdr hdr;
	int err;

	probe->number = ++s->next;
	fe_probe_build(probe, frame, &hdr);
	err = pump(s, can_send, 0);
	if (!err)
		err = fe_queue_send_offload(q, &hdr, frame, probe->len);
	if (!err)
		fe_queue_flush(q);
	return err;
}

/* One to its address, one to a group, one to all: some of them are let through. */
static int markers(struct fe_scout *s)
{
	const uint8_t *const to[] = {s->mac, some_group, broadcast};
	uint32_t since = s->next + 1;

	for (unsigned int i = 0; i < 3; i++) {
		struct fe_probe marker = {
		    .vlan = -1, .kind = FE_PROBE_ETHER, .len = FE_PROBE_LEN_MIN};
		int err;

		memcpy(marker.dst, to[i], FE_MAC_LEN);
		memcpy(marker.src, s->from_mac, FE_MAC_LEN);
		err = fe_scout_probe(s, &marker);
		if (err)
			return err;
	}
	return pump(s, marker_seen, since);
}

int fe_scout_settle(struct fe_scout *s)
{
	uint64_t until;
	int err;

	if (!s->quiet) {
		err = markers(s);
		/* Queues are published in turn: those behind the first marker's are done now. */
		return err ? err : markers(s);
	}
	err = pump(s, all_sent, 0);
	for (until = fe_now_ms() + QUIET_MS; !err && fe_now_ms() < until; fe_sleep_ms(1))
		err = take(s);
	return err;
}

int fe_scout_look(struct fe_scout *s)
{
	return take(s);
}

void fe_scout_begin(struct fe_scout *s)
{
	s->sightings = 0;
}

unsigned int fe_scout_seen(const struct fe_scout *s, uint32_t number,
			   const struct fe_sighting **first)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < s->sightings; i++)
		if (s->sighting[i].number == number && count++ == 0)
			*first = &s->sighting[i];
	return count;
}
