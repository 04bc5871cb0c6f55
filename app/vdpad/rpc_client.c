/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc.h"

enum {
	READ_SIZE = 64 << 10,
	CALLS = 16,           /* at a time; others are waiting */
	UNREAD_MAX = 1 << 20, /* bytes of answers; then no more requests until some were read */
};

struct buffer {
	char *bytes; /* owned */
	size_t len, room;
};

struct vdpad_rpc_client {
	int fd;
	bool may_change;
	bool ended;    /* it says nothing more */
	bool deaf;     /* it does not listen any more */
	bool skipping; /* the rest of a line that was too long */
	struct buffer in, out;
	size_t scanned; /* of in: no end of a line there */
};

static int reserve(struct buffer *b, size_t more)
{
	size_t room = b->room ? b->room : 4096;
	char *bytes;

	while (room < b->len + more)
		room *= 2;
	if (room == b->room)
		return 0;
	bytes = realloc(b->bytes, room);
	if (!bytes)
		return -ENOMEM;
	b->bytes = bytes;
	b->room = room;
	return 0;
}

static void consume(struct buffer *b, size_t len)
{
	b->len -= len;
	if (b->len > 0) {
		memmove(b->bytes, b->bytes + len, b->len);
		return;
	}
	free(b->bytes); /* most clients are silent most of the time */
	memset(b, 0, sizeof(*b));
}

static int append(struct buffer *b, const char *bytes, size_t len)
{
	if (reserve(b, len))
		return -ENOMEM;
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
	return 0;
}

struct vdpad_rpc_client *vdpad_rpc_client_create(int fd, bool may_change)
{
	struct vdpad_rpc_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->may_change = may_change;
	return c;
}

void vdpad_rpc_client_destroy(struct vdpad_rpc_client *c)
{
	if (!c)
		return;
	close(c->fd);
	free(c->in.bytes);
	free(c->out.bytes);
	free(c);
}

static bool listens(const struct vdpad_rpc_client *c)
{
	return c->out.len < UNREAD_MAX;
}

/* The next line's length with its end, 0: it is not here yet. */
static size_t next_line(struct vdpad_rpc_client *c)
{
	char *end = c->in.len > c->scanned
			? memchr(c->in.bytes + c->scanned, '\n', c->in.len - c->scanned)
			: NULL;

	if (end)
		return (size_t)(end - c->in.bytes) + 1;
	c->scanned = c->in.len;
	return 0;
}

/* What is here is done before more is read, so that it does not grow. */
static bool reads(struct vdpad_rpc_client *c)
{
	return listens(c) && !c->ended && !next_line(c);
}

uint32_t vdpad_rpc_client_events(struct vdpad_rpc_client *c)
{
	return (reads(c) ? EPOLLIN : 0) | (c->out.len ? EPOLLOUT : 0);
}

static int receive(struct vdpad_rpc_client *c)
{
	ssize_t n;

	if (reserve(&c->in, READ_SIZE))
		return -ENOMEM;
	n = recv(c->fd, c->in.bytes + c->in.len, READ_SIZE, 0);
	if (n > 0)
		c->in.len += (size_t)n;
	else if (n == 0)
		c->ended = true;
	else if (errno == ECONNRESET)
		c->deaf = true; /* it went without reading; what it had said is still to come */
	else if (errno != EAGAIN && errno != EINTR)
		return -EPIPE;
	if (c->in.len == 0)
		consume(&c->in, 0);
	return 0;
}

static void send_answers(struct vdpad_rpc_client *c)
{
	ssize_t n = 0;

	if (c->out.len > 0 && !c->deaf) {
		n = send(c->fd, c->out.bytes, c->out.len, MSG_NOSIGNAL);
		if (n > 0)
			consume(&c->out, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			c->deaf = true;
	}
	/* Its requests are done all the same: they may have been notifications. */
	if (c->deaf)
		consume(&c->out, c->out.len);
}

static int call(struct vdpad_rpc_client *c, struct vdpad_manager *manager, const char *text,
		size_t len)
{
	size_t blank = 0;
	char *answer;
	int err = 0;

	while (blank < len && strchr(" \t\r", text[blank]) && text[blank])
		blank++;
	if (blank == len)
		return 0;
	answer = vdpad_rpc_call(manager, c->may_change, text, len);
	if (answer && !c->deaf) {
		err = append(&c->out, answer, strlen(answer));
		if (!err)
			err = append(&c->out, "\n", 1);
	}
	free(answer);
	return err;
}

/* What is here of a line that will be too long: it is told so once, and the line's end is awaited.
 */
static int skip(struct vdpad_rpc_client *c, struct vdpad_manager *manager)
{
	int err = 0;

	if (!c->skipping)
		err = call(c, manager, c->in.bytes, c->in.len);
	c->skipping = true;
	consume(&c->in, c->in.len);
	c->scanned = 0;
	return err;
}

/* 1: there are more lines. */
static int do_lines(struct vdpad_rpc_client *c, struct vdpad_manager *manager)
{
	size_t len;
	int err;

	for (unsigned int n = 0; n < CALLS; n++) {
		if (!listens(c))
			return 0;
		len = next_line(c);
		if (!len && c->ended && c->in.len > 0) {
			/* The last line may do without its end. */
			if (append(&c->in, "\n", 1))
				return -ENOMEM;
			continue;
		}
		if (!len)
			return c->skipping || c->in.len > VDPAD_RPC_REQUEST_MAX ? skip(c, manager)
										: 0;
		err = c->skipping ? 0 : call(c, manager, c->in.bytes, len - 1);
		c->skipping = false;
		consume(&c->in, len);
		c->scanned = 0;
		if (err)
			return err;
	}
	return next_line(c) > 0 || (c->ended && c->in.len > 0);
}

int vdpad_rpc_client_run(struct vdpad_rpc_client *c, struct vdpad_manager *manager, uint32_t events)
{
	int more = 0, err = 0;

	send_answers(c);
	if (events && reads(c))
		err = receive(c);
	if (!err) {
		more = do_lines(c, manager);
		err = more < 0 ? more : 0;
	}
	send_answers(c);
	if (err)
		return -EPIPE;
	if (c->ended && c->in.len == 0 && c->out.len == 0)
		return -EPIPE;
	return more > 0 && listens(c);
}
