/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs one misbehaviour and watches what comes of it. */
#include "misbehave.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "vhost_user.h"

#define TOKEN_BAD  0xfff0 /* no buffer has this number */
#define GOOD_SENT  8      /* good frames sent behind the bad chain */
#define GOOD_FRAME 100

static const struct fe_misbehaviour *const tables[] = {fe_misbehave_desc, fe_misbehave_header,
						       fe_misbehave_ring, fe_misbehave_talk,
						       fe_misbehave_memory};

static unsigned int layout_bit(enum fe_layout layout)
{
	return layout == FE_PACKED ? FE_FOR_PACKED : FE_FOR_SPLIT;
}

static void list_one(const struct fe_misbehaviour *m)
{
	/* A set-up of one queue pair has about 30 messages. */
	static const unsigned int numbers[] = {1, 4, 8, 12, 16, 20, 24, 28};

	if (!m->takes_number) {
		printf("%-28s %s\n", m->name, m->what);
		if (!m->talk && !m->packet)
			printf("%s%-*s the same, to receive\n", m->name, 28 - (int)strlen(m->name),
			       "@rx");
		return;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		printf("%s:%-*u %s\n", m->name, 27 - (int)strlen(m->name), numbers[i], m->what);
}

void fe_misbehave_list(enum fe_layout layout)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct fe_misbehaviour *m = tables[t]; m->name; m++)
			if (m->layouts & layout_bit(layout))
				list_one(m);
}

/* "name[@rx][:number]" */
static const struct fe_misbehaviour *find(const char *text, enum fe_layout layout,
					  struct fe_hostile *h)
{
	size_t len = strcspn(text, "@:");
	const char *rest = text + len;

	h->receive = strncmp(rest, "@rx", 3) == 0;
	rest += h->receive ? 3 : 0;
	h->index = h->receive ? 0 : 1;
	if (*rest == ':')
		h->number = (unsigned int)strtoul(rest + 1, NULL, 10);
	else if (*rest)
		return NULL;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct fe_misbehaviour *m = tables[t]; m->name; m++)
			if (strlen(m->name) == len && strncmp(m->name, text, len) == 0 &&
			    m->layouts & layout_bit(layout) && (!m->takes_number || h->number) &&
			    !((m->talk || m->packet) && h->receive))
				return m;
	return NULL;
}

static int take_step(struct fe_hostile *h, enum fe_hostile_step step)
{
	unsigned int i;
	int err = 0;

	switch (step) {
	case FE_OPENED:
		return fe_dev_open(h->dev);
	case FE_NEGOTIATED:
		return fe_dev_negotiate(h->dev);
	case FE_MEMORY:
		return fe_dev_share_memory(h->dev);
	case FE_RINGS:
		for (i = 0; i < h->dev->queues && !err; i++)
			err = fe_dev_start_ring(h->dev, i);
		return err;
	case FE_RUNNING:
		err = fe_dev_enable(h->dev, true);
		return err ? err : fe_dev_settle(h->dev);
	}
	return -EINVAL;
}

int fe_hostile_prepare(struct fe_hostile *h, enum fe_hostile_step last)
{
	int err = 0;

	for (int step = FE_OPENED; step <= (int)last && !err; step++)
		err = take_step(h, (enum fe_hostile_step)step);
	return err;
}

int fe_hostile_go_on(struct fe_hostile *h, enum fe_hostile_step first)
{
	int err = 0;

	for (int step = (int)first; step <= FE_RUNNING && !err; step++)
		err = take_step(h, (enum fe_hostile_step)step);
	for (unsigned int i = 0; i < h->dev->queues && !err; i++)
		fe_queue_kick(&h->dev->queue[i]);
	return err;
}

/* Takes back what the queue returned. */
static void collect(struct fe_hostile *h)
{
	struct fe_queue *q = fe_hostile_queue(h);
	struct fe_used used;
	int got;

	while (!h->res->used_wrong && (got = fe_ring_get_used(q->ring, &used)) != 0) {
		if (got < 0) {
			h->res->used_wrong = true;
			break;
		}
		h->res->used++;
		if (used.token == TOKEN_BAD)
			continue;
		h->res->goes_on = true;
		q->idle[q->idle_count++] = used.token;
	}
}

static unsigned int send_good(struct fe_hostile *h, unsigned int count)
{
	struct fe_dev *from = h->receive && h->cfg->peer ? h->cfg->peer : h->dev;
	struct fe_frame_spec spec = {.size_min = GOOD_FRAME, .size_max = GOOD_FRAME};
	struct fe_queue *q = fe_dev_txq(from, 0);
	uint8_t frame[GOOD_FRAME];
	unsigned int sent = 0;

	/* A frame from the peer to us, or one that a loop brings back. */
	memcpy(spec.src, from == h->dev ? h->cfg->mac : h->cfg->peer_mac, FE_MAC_LEN);
	memcpy(spec.dst, from == h->dev ? h->cfg->peer_mac : h->cfg->mac, FE_MAC_LEN);
	if (h->receive && fe_queue_reap(q) < 0)
		h->res->used_wrong = true;
	while (sent < count && fe_queue_send(q, frame, fe_frame_build(&spec, 0, sent, frame)) == 0)
		sent++;
	fe_queue_flush(q);
	return sent;
}

void fe_hostile_traffic(struct fe_hostile *h, unsigned int ms)
{
	uint64_t deadline = fe_now_ms() + ms;

	while (fe_now_ms() < deadline && !h->res->used_wrong) {
		send_good(h, GOOD_SENT);
		collect(h);
		if (h->receive) {
			fe_queue_fill(fe_hostile_queue(h));
			fe_queue_flush(fe_hostile_queue(h));
		}
		if (fe_dev_service(h->dev))
			return;
		sched_yield();
	}
}

/* What a driver relies on when it takes a frame (virtio 1.2 section 5.1.6.4). */
static bool header_sane(uint64_t features, const struct fe_rx_frame *f)
{
	const uint64_t guest_csum = 1ull << VIRTIO_NET_F_GUEST_CSUM;
	const struct virtio_net_hdr *hdr = &f->hdr;
	uint64_t gso = 0;

	if (hdr->flags & ~(VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID) ||
	    (hdr->flags && !(features & guest_csum)))
		return false;
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	    (uint32_t)hdr->csum_start + hdr->csum_offset + 2 > f->len)
		return false;
	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	if ((hdr->gso_type & 0x7f) == VIRTIO_NET_HDR_GSO_TCPV4)
		gso = 1ull << VIRTIO_NET_F_GUEST_TSO4;
	else if ((hdr->gso_type & 0x7f) == VIRTIO_NET_HDR_GSO_TCPV6)
		gso = 1ull << VIRTIO_NET_F_GUEST_TSO6;
	return features & gso && hdr->gso_size && hdr->hdr_len <= f->len &&
	       hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
}

/* What comes back of what was sent. */
static void look_at_arrivals(struct fe_hostile *h)
{
	struct fe_queue *rx = fe_dev_rxq(h->dev, 0);
	struct fe_rx_frame f;

	while (h->watch && fe_queue_receive(rx, &f) > 0) {
		h->res->arrived++;
		h->res->header_wrong |= !header_sane(h->dev->features, &f);
	}
	if (h->watch)
		fe_queue_flush(rx);
}

/* Until something happened to the good buffers, the connection ends, or time is up. */
static void observe(struct fe_hostile *h)
{
	uint64_t deadline = fe_now_ms() + h->cfg->observe_ms;

	while (fe_now_ms() < deadline) {
		collect(h);
		look_at_arrivals(h);
		if (fe_dev_service(h->dev) == -ECONNRESET || h->res->goes_on || h->res->used_wrong)
			break;
		fe_sleep_ms(2);
	}
}

static int act_with_chain(struct fe_hostile *h, const struct fe_misbehaviour *m)
{
	struct fe_queue *q = fe_hostile_queue(h);
	struct fe_raw_desc *desc = calloc(FE_HOSTILE_CHAIN_MAX, sizeof(*desc));
	unsigned int count;
	int err = 0;

	if (!desc)
		return -ENOMEM;
	/* On the receive side the bad chain has to be the first, before the connection. */
	if (h->receive)
		err = fe_queue_reset(q);
	if (!err && !h->receive)
		err = fe_dev_connect(h->dev);
	if (err)
		goto out;
	count = m->packet ? fe_misbehave_packet(h, m, desc) : m->chain(h, desc);
	err = fe_ring_add_raw(q->ring, desc, count, TOKEN_BAD);
	if (err)
		goto out;
	if (h->receive) {
		while (q->ring->free_count >= q->cfg.chain_max && q->idle_count > 0) {
			const struct fe_buffer *b = &q->buffer[q->idle[--q->idle_count]];
			struct fe_sg sg[FE_CHAIN_MAX];

			for (unsigned int p = 0; p < b->pieces; p++)
				sg[p] = (struct fe_sg){b->piece[p].gpa, b->piece[p].len};
			fe_ring_add(q->ring, sg, 0, b->pieces, (uint16_t)(b - q->buffer));
		}
		fe_ring_publish(q->ring);
		err = fe_dev_connect(h->dev);
	} else {
		fe_queue_flush(q);
	}
	if (!err)
		send_good(h, GOOD_SENT);
out:
	free(desc);
	return err;
}

static int act_with_scribble(struct fe_hostile *h, const struct fe_misbehaviour *m)
{
	int err = fe_dev_connect(h->dev);

	if (err)
		return err;
	m->scribble(h);
	fe_queue_kick(fe_hostile_queue(h));
	if (h->receive)
		send_good(h, GOOD_SENT);
	return 0;
}

static void look_at_the_end(struct fe_hostile *h)
{
	struct fe_dev *dev = h->dev;
	uint64_t features, count;

	h->res->error_signal =
	    read(fe_hostile_queue(h)->err, &count, sizeof(count)) == sizeof(count);
	h->res->connected = dev->conn && fe_dev_service(dev) == 0;
	if (!dev->conn)
		return;
	h->res->messages = fe_conn_messages_sent(dev->conn);
	if (h->res->connected)
		h->res->answers = fe_vu_get_features(dev->conn, &features) == 0;
}

int fe_misbehave_run(const struct fe_misbehave_config *cfg, const char *name,
		     struct fe_misbehave_result *res)
{
	struct fe_hostile h = {.cfg = cfg, .res = res};
	const struct fe_misbehaviour *m = find(name, cfg->dev.layout, &h);
	struct fe_dev_config dev = cfg->dev;
	int err;

	memset(res, 0, sizeof(*res));
	if (!m)
		return -ENOENT;
	h.watch = m->packet;
	dev.offloads |= m->offloads;
	err = fe_dev_create(&dev, &h.dev);
	if (err)
		return err;
	if (m->talk)
		res->error = m->talk(&h);
	else if (m->chain || m->packet)
		res->error = act_with_chain(&h, m);
	else
		res->error = act_with_scribble(&h, m);
	if (h.dev->conn)
		observe(&h);
	look_at_the_end(&h);
	fe_dev_destroy(h.dev);
	return 0;
}
