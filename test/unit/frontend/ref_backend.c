/* SPDX-License-Identifier: BSD-3-Clause */
#include "ref_backend.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "feature_names.h"
#include "ref_device.h"

enum { FRAME_MAX = 2048, HEADER = 12 };

/* A connection: sockets, and the device's side of all rings while they are enabled. */
struct serving {
	struct ref_backend *b;
	int sock;
	bool running;
	struct ref_device control, rx, tx;
};

static uint8_t *at(const struct serving *s, uint64_t gpa)
{
	const struct fe_mem *mem = &s->b->dev->mem;

	for (unsigned int i = 0; i < mem->count; i++)
		if (gpa >= mem->region[i].gpa && gpa < mem->region[i].gpa + mem->region[i].size)
			return mem->region[i].base + (gpa - mem->region[i].gpa);
	abort();
}

/* The readable bytes of a chain, or (to NULL) how many. */
static uint32_t chain_read(const struct serving *s, const struct ref_chain *c, uint8_t *to)
{
	uint32_t len = 0;

	for (unsigned int i = 0; i < c->readable; i++) {
		if (to)
			memcpy(to + len, at(s, c->sg[i].gpa), c->sg[i].len);
		len += c->sg[i].len;
	}
	return len;
}

static void chain_write(const struct serving *s, const struct ref_chain *c, const uint8_t *from,
			uint32_t len)
{
	for (unsigned int i = c->readable; i < c->count && len > 0; i++) {
		uint32_t part = c->sg[i].len < len ? c->sg[i].len : len;

		memcpy(at(s, c->sg[i].gpa), from, part);
		from += part;
		len -= part;
	}
}

static void call(const struct fe_queue *q)
{
	const uint64_t one = 1;

	if (write(q->call, &one, sizeof(one)) != sizeof(one))
		abort();
}

static uint8_t obey(struct ref_backend *b, const uint8_t *command, uint32_t len)
{
	if (len == 3 && command[0] == 0 && command[1] == 0) {
		b->promisc = command[2];
		return 0;
	}
	if (len == 8 && command[0] == 1 && command[1] == 1) {
		memcpy(b->config, command + 2, 6);
		return 0;
	}
	if (len == 4 && command[0] == 2) {
		const struct fe_vu_header notice = {FE_VU_BACKEND_CONFIG_CHANGE, FE_VU_VERSION, 0};

		/* A VLAN makes the link change: something a test can wait for. */
		b->config[6] = command[1] == 0;
		if (write(b->channel, &notice, sizeof(notice)) != sizeof(notice))
			abort();
		return 0;
	}
	return 1;
}

static void serve_control(struct serving *s)
{
	uint8_t command[FRAME_MAX], reply[9] = {0};
	struct ref_chain chain;

	while (!__atomic_load_n(&s->b->silent, __ATOMIC_RELAXED) && ref_pop(&s->control, &chain)) {
		uint32_t len = chain_read(s, &chain, command);

		reply[0] = obey(s->b, command, len);
		s->b->commands++;
		if (chain.count == chain.readable || len < 2) {
			ref_push(&s->control, &chain, 0);
		} else {
			chain_write(s, &chain, reply, 1);
			ref_push(&s->control, &chain, 1);
		}
		if (!s->b->no_calls && ref_wants_interrupt(&s->control))
			call(&s->b->dev->control->q);
	}
}

static void loop_back(struct serving *s)
{
	uint8_t frame[HEADER + FRAME_MAX];
	struct ref_chain from, to;

	while (ref_pop(&s->tx, &from)) {
		uint32_t len = chain_read(s, &from, frame);
		bool wanted = s->b->promisc || frame[HEADER] & 1 ||
			      memcmp(frame + HEADER, s->b->config, 6) == 0;

		ref_push(&s->tx, &from, 0);
		if (!wanted || !ref_pop(&s->rx, &to))
			continue;
		memset(frame, 0, HEADER);
		frame[10] = 1; /* buffers */
		chain_write(s, &to, frame, len);
		ref_push(&s->rx, &to, len);
		if (ref_wants_interrupt(&s->rx))
			call(fe_dev_rxq(s->b->dev, 0));
	}
}

static void start_rings(struct serving *s)
{
	struct fe_dev *dev = s->b->dev;

	ref_init(&s->control, dev->control->q.ring, fe_ring_first_base(dev->cfg.layout));
	ref_init(&s->rx, fe_dev_rxq(dev, 0)->ring, fe_ring_first_base(dev->cfg.layout));
	ref_init(&s->tx, fe_dev_txq(dev, 0)->ring, fe_ring_first_base(dev->cfg.layout));
	s->running = true;
	s->b->promisc = true;
	memcpy(s->b->config, "\x02\x00\x00\x00\x00\x05\x01\x00", 8);
	s->b->config[8] = REF_BACKEND_PAIRS;
}

/* What a request is answered with; false: nothing but an acknowledgement, if that is asked for. */
static bool answer(struct serving *s, struct fe_vu_message *m, struct fe_wire_fds *fds)
{
	struct ref_backend *b = s->b;

	switch (m->header.request) {
	case FE_VU_GET_FEATURES:
		m->payload.u64 = b->features | FE_BIT(FE_VU_F_PROTOCOL_FEATURES);
		break;
	case FE_VU_GET_PROTOCOL_FEATURES:
		m->payload.u64 = FE_BIT(FE_VU_PROTOCOL_MQ) | FE_BIT(FE_VU_PROTOCOL_REPLY_ACK) |
				 FE_BIT(FE_VU_PROTOCOL_BACKEND_REQ) | FE_BIT(FE_VU_PROTOCOL_CONFIG);
		break;
	case FE_VU_GET_QUEUE_NUM:
		m->payload.u64 = REF_BACKEND_PAIRS;
		break;
	case FE_VU_GET_CONFIG:
		memset(m->payload.config.region, 0, sizeof(m->payload.config.region));
		memcpy(m->payload.config.region, b->config,
		       m->payload.config.size < 24 ? m->payload.config.size : 24);
		return true;
	case FE_VU_GET_VRING_BASE:
		s->running = false;
		return true;
	case FE_VU_SET_VRING_ENABLE:
		if (m->payload.state.num && m->payload.state.index >= b->dev->queues) {
			b->enabled_control = m->payload.state.index;
			start_rings(s);
		}
		return false;
	case FE_VU_SET_BACKEND_REQ_FD:
		if (b->channel >= 0)
			close(b->channel);
		b->channel = fds->fd[0];
		fds->count = 0;
		return false;
	default:
		return false;
	}
	m->header.size = sizeof(m->payload.u64);
	return true;
}

static bool serve_message(struct serving *s)
{
	struct fe_vu_message m;
	struct fe_wire_fds fds;
	bool need, reply;

	if (fe_wire_recv(s->sock, 5000, &m, &fds))
		return false;
	need = m.header.flags & FE_VU_NEED_REPLY;
	reply = answer(s, &m, &fds);
	fe_wire_close_fds(&fds);
	if (!reply && need) {
		m.header.size = sizeof(m.payload.u64);
		m.payload.u64 = 0;
	}
	m.header.flags = FE_VU_VERSION | FE_VU_REPLY;
	return !(reply || need) ||
	       fe_wire_send(s->sock, &m, sizeof(m.header) + m.header.size, NULL) == 0;
}

static void *serve(void *arg)
{
	struct serving s = {.b = arg};
	bool connected = true;

	s.sock = accept(s.b->listener, NULL, NULL);
	while (connected) {
		struct pollfd pfd = {.fd = s.sock, .events = POLLIN};

		if (s.running) {
			serve_control(&s);
			loop_back(&s);
		}
		if (poll(&pfd, 1, 1) > 0)
			connected = serve_message(&s);
	}
	close(s.sock);
	return NULL;
}

void ref_backend_start(struct ref_backend *b)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	b->channel = -1;
	memset(b->config, 0, sizeof(b->config));
	b->config[8] = REF_BACKEND_PAIRS;
	strcpy(b->dir, "/tmp/vfront.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/s", b->dir);
	strcpy(addr.sun_path, b->path);
	b->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(b->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(b->listener, 1), 0);
	assert_int_equal(pthread_create(&b->thread, NULL, serve, b), 0);
}

void ref_backend_stop(struct ref_backend *b)
{
	pthread_join(b->thread, NULL);
	if (b->channel >= 0)
		close(b->channel);
	close(b->listener);
	unlink(b->path);
	rmdir(b->dir);
}
