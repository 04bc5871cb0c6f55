/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

/* Beyond what thousands of devices take: who says more than that is no vdpad. */
enum { ANSWER_MAX = 256 << 20 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static int say_no_connection(const char *path, int code)
{
	switch (code) {
	case ENOENT:
	case ECONNREFUSED:
		return ctl_fail("vdpad is not running at %s (start it: vdpad -c /etc/vdpad.conf; "
				"another socket: -s PATH or $VDPACTL_SOCKET)",
				path);
	case EACCES:
	case EPERM:
		return ctl_fail("%s: you may not connect to vdpad (rpc_group and rpc_mode of its "
				"configuration say who may)",
				path);
	case ENOTSOCK:
		return ctl_fail("%s: that is not a socket, so no vdpad is there", path);
	default:
		return ctl_fail("%s: no connection to vdpad: %s", path, strerror(code));
	}
}

static int say_no_answer(struct ctl_client *c)
{
	return ctl_fail("vdpad at %s has not answered within %u s (--timeout for longer; "
			"what was asked for may still happen)",
			c->path, c->timeout_s);
}

/* A daemon that does not take connections has a queue of them, which can be full. */
static int connect_until(struct ctl_client *c, const struct sockaddr_un *address, int64_t deadline)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	while (connect(c->fd, (const struct sockaddr *)address, sizeof(*address))) {
		if (errno != EAGAIN && errno != EINTR)
			return say_no_connection(c->path, errno);
		if (now_ms() > deadline)
			return say_no_answer(c);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int connect_to(struct ctl_client *c, int64_t deadline)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err;

	if (strlen(c->path) >= sizeof(address.sun_path))
		return ctl_fail("%.40s...: longer than the %zu bytes that a socket's path can have",
				c->path, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, c->path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return ctl_fail("no socket: %s", strerror(errno));
	err = connect_until(c, &address, deadline);
	if (err)
		ctl_client_close(c);
	return err;
}

void ctl_client_close(struct ctl_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* 0: it can be read, or written, or is gone. */
static int wait_until(struct ctl_client *c, short events, int64_t deadline)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int64_t left;
	int n;

	do {
		left = deadline - now_ms();
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return say_no_answer(c);
	return n < 0 ? ctl_fail("poll: %s", strerror(errno)) : 0;
}

static int say_gone(struct ctl_client *c)
{
	return ctl_fail("vdpad at %s has gone before it answered (its log says why; see what is "
			"there: vdpactl dev show)",
			c->path);
}

static int send_all(struct ctl_client *c, const char *text, size_t len, int64_t deadline)
{
	ssize_t n;
	int err;

	while (len > 0) {
		err = wait_until(c, POLLOUT, deadline);
		if (err)
			return err;
		n = send(c->fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return say_gone(c);
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A line without its end; *line is the caller's, also after a failure. */
static int receive_line(struct ctl_client *c, char **line, size_t *len, int64_t deadline)
{
	size_t size = 0;
	ssize_t n;
	char *end, *more;
	int err;

	*len = 0;
	for (;;) {
		if (*len == size) {
			size = size ? 2 * size : 1 << 16;
			more = size <= ANSWER_MAX ? realloc(*line, size) : NULL;
			if (!more)
				return ctl_fail("vdpad at %s: no memory for its answer", c->path);
			*line = more;
		}
		err = wait_until(c, POLLIN, deadline);
		if (err)
			return err;
		n = recv(c->fd, *line + *len, size - *len, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return say_gone(c);
		end = memchr(*line + *len, '\n', (size_t)n);
		*len += (size_t)n;
		if (end) {
			*len = (size_t)(end - *line);
			return 0;
		}
	}
}

static int take_answer(struct ctl_client *c, const char *line, size_t len, json_t **result)
{
	json_t *answer = json_loadb(line, len, 0, NULL), *error, *message;
	int err = 0;

	error = json_object_get(answer, "error");
	message = json_object_get(error, "message");
	*result = json_object_get(answer, "result");
	if (json_is_string(message))
		err = ctl_fail("%s", json_string_value(message));
	else if (!json_is_object(*result) ||
		 json_integer_value(json_object_get(answer, "id")) != c->calls)
		err = ctl_fail("%s: what is there does not answer as vdpad does", c->path);
	if (err)
		*result = NULL;
	json_incref(*result);
	json_decref(answer);
	return err;
}

int ctl_call(struct ctl_client *c, const char *method, json_t *params, json_t **result)
{
	int64_t deadline = now_ms() + c->timeout_s * 1000ll;
	char *text = NULL, *line = NULL;
	json_t *request;
	size_t len;
	int err;

	*result = NULL;
	if (!params)
		return ctl_fail("a word is not text in UTF-8");
	request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", (int)++c->calls,
			    "method", method, "params", params);
	if (request)
		text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!text)
		return ctl_fail("no memory");
	err = c->fd < 0 ? connect_to(c, deadline) : 0;
	if (!err)
		err = send_all(c, text, strlen(text), deadline);
	if (!err)
		err = send_all(c, "\n", 1, deadline);
	if (!err)
		err = receive_line(c, &line, &len, deadline);
	if (!err)
		err = take_answer(c, line, len, result);
	free(line);
	free(text);
	return err;
}
