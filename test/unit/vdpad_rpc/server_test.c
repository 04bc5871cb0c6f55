/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server: clients on a real socket that send in pieces, send too much, do not read, go away or
 * are many. Clients and server take turns on one thread, so nothing here depends on time.
 */
#include "rig.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rpc.h"

#define SHOW "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"dev.show\"}"
#define ADD(name)                                                                                  \
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"dev.add\",\"params\":{\"name\":\"" name        \
	"\",\"mgmtdev\":\"mlx5_0\"}}"

enum { MANY = 300 };

struct scene {
	struct rig *rig;
	struct vdpad_rpc_server *server;
	struct vdpad_config *config;
};

static struct scene s;

static int setup(void **state)
{
	int err = rig_setup((void **)&s.rig);

	if (err)
		return err;
	s.config = &s.rig->manager->config;
	snprintf(s.config->rpc, sizeof(s.config->rpc), "%s/rpc", s.rig->models);
	return vdpad_rpc_server_create(s.rig->manager, &s.server);
}

static int teardown(void **state)
{
	vdpad_rpc_server_destroy(s.server);
	s.server = NULL;
	unlink(s.config->rpc);
	return rig_teardown((void **)&s.rig);
}

/* ---- both sides ---- */

/* The server does what there is to do, as long as there is something. */
static void serve(void)
{
	struct pollfd fd = {.fd = vdpad_rpc_server_fd(s.server), .events = POLLIN};
	unsigned int turns = 0;

	while (poll(&fd, 1, 0) == 1) {
		vdpad_rpc_server_run(s.server);
		/* It would never wait again. */
		assert_true(turns++ < 100000);
	}
}

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", s.config->rpc);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	serve();
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	serve();
}

/* Everything that was answered so far; ended: and the connection has ended. */
static char *hear(int fd, bool *ended)
{
	size_t len = 0, room = 1 << 16;
	char *text = malloc(room);
	ssize_t n;

	assert_non_null(text);
	for (;;) {
		serve();
		n = recv(fd, text + len, room - len - 1, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		if (room - len < 4096) {
			room *= 2;
			text = realloc(text, room);
			assert_non_null(text);
		}
	}
	if (ended)
		*ended = n == 0 || errno != EAGAIN;
	text[len] = '\0';
	return text;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static unsigned int lines_heard(int fd)
{
	char *text = hear(fd, NULL);
	unsigned int n = count(text, "\n");

	free(text);
	return n;
}

/* ---- the socket ---- */

static void socket_has_its_mode_and_is_gone_at_the_end(void **state)
{
	struct stat st;

	assert_int_equal(stat(s.config->rpc, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	vdpad_rpc_server_destroy(s.server);
	assert_int_equal(stat(s.config->rpc, &st), -1);
	s.config->rpc_mode = 0606;
	assert_int_equal(vdpad_rpc_server_create(s.rig->manager, &s.server), 0);
	assert_int_equal(stat(s.config->rpc, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0606);
}

static void socket_that_is_served_or_is_a_file_is_refused(void **state)
{
	struct vdpad_rpc_server *other = NULL;
	FILE *file;

	assert_int_equal(vdpad_rpc_server_create(s.rig->manager, &other), -EADDRINUSE);
	serve();
	assert_int_equal(access(s.config->rpc, F_OK), 0);
	vdpad_rpc_server_destroy(s.server);
	s.server = NULL;
	file = fopen(s.config->rpc, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(vdpad_rpc_server_create(s.rig->manager, &other), -EADDRINUSE);
	assert_int_equal(access(s.config->rpc, F_OK), 0);
	assert_null(other);
}

static void socket_without_a_server_is_replaced(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	vdpad_rpc_server_destroy(s.server);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", s.config->rpc);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(access(s.config->rpc, F_OK), 0);
	assert_int_equal(vdpad_rpc_server_create(s.rig->manager, &s.server), 0);
	fd = dial();
	say(fd, SHOW "\n");
	assert_int_equal(lines_heard(fd), 1);
	close(fd);
}

static void directory_that_is_not_there_is_said(void **state)
{
	struct vdpad_rpc_server *other = NULL;

	snprintf(s.config->rpc, sizeof(s.config->rpc), "/nonexistent/rpc");
	assert_int_equal(vdpad_rpc_server_create(s.rig->manager, &other), -ENOENT);
	snprintf(s.config->rpc, sizeof(s.config->rpc), "%s/rpc", s.rig->models);
}

/* ---- lines ---- */

static void request_in_single_bytes_is_one_request(void **state)
{
	static const char text[] = SHOW "\n";
	int fd = dial();

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(lines_heard(fd), 0);
		assert_int_equal(send(fd, text + i, 1, 0), 1);
	}
	assert_int_equal(lines_heard(fd), 1);
	close(fd);
}

static void requests_at_once_are_answered_in_their_order(void **state)
{
	char text[64 * 300] = "", want[32];
	char *answers, *at;
	int fd = dial();

	for (int i = 0; i < 200; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"dev.show\"}\n\r\n \n",
			 1000 + i);
	say(fd, text);
	answers = at = hear(fd, NULL);
	for (int i = 0; i < 200; i++) {
		snprintf(want, sizeof(want), "\"id\":%d}", 1000 + i);
		at = strstr(at, want);
		assert_non_null(at);
	}
	assert_int_equal(count(answers, "\n"), 200);
	free(answers);
	close(fd);
}

static void last_line_needs_no_end(void **state)
{
	int fd = dial();
	bool ended;
	char *text;

	say(fd, SHOW "\n" SHOW);
	assert_int_equal(lines_heard(fd), 1);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	text = hear(fd, &ended);
	assert_int_equal(count(text, "\n"), 1);
	assert_true(ended);
	free(text);
	close(fd);
}

static void notification_of_one_who_left_is_done(void **state)
{
	int fd = dial();

	assert_true(send(fd, ADD("vm1") "\n" ADD("vm2"), strlen(ADD("vm1") "\n" ADD("vm2")), 0) >
		    0);
	close(fd);
	serve();
	assert_int_equal(s.rig->manager->n, 2);
}

static void one_who_leaves_answers_unread_is_no_matter(void **state)
{
	int fd = dial(), other = dial();

	say(fd, SHOW "\n");
	/* Its unread answer makes this end a reset one; what it has said is done all the same. */
	assert_true(send(fd, ADD("vm1") "\n", strlen(ADD("vm1") "\n"), 0) > 0);
	close(fd);
	serve();
	assert_int_equal(s.rig->manager->n, 1);
	say(other, SHOW "\n");
	assert_int_equal(lines_heard(other), 1);
	close(other);
}

static void line_too_long_is_refused_once_and_the_next_is_done(void **state)
{
	size_t len = 3 * VDPAD_RPC_REQUEST_MAX, sent = 0;
	char *text = malloc(len), *answers;
	int fd = dial();
	ssize_t n;

	assert_non_null(text);
	memset(text, 'x', len);
	text[len - 1] = '\n';
	while (sent < len) {
		n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
		assert_true(n > 0 || errno == EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		serve();
	}
	say(fd, SHOW "\n");
	answers = hear(fd, NULL);
	assert_int_equal(count(answers, "EMSGSIZE"), 1);
	assert_int_equal(count(answers, "\n"), 2);
	assert_int_equal(count(answers, "\"result\""), 1);
	free(answers);
	free(text);
	close(fd);
}

/* ---- clients that want too much ---- */

static long resident_kb(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void reader_that_stopped_keeps_nobody_and_loses_nothing(void **state)
{
	static const char ask[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}\n";
	int slow = dial(), other = dial();
	unsigned int sent = 0, heard = 0;
	char *answers, rest[sizeof(ask)] = "";
	long before = resident_kb();
	bool ended = false;
	ssize_t n;

	/* Until nothing is taken of it any more: some hundred kilobytes of requests, each of which
	 * has an answer of 30. */
	while ((n = send(slow, ask, sizeof(ask) - 1, MSG_NOSIGNAL)) == sizeof(ask) - 1) {
		sent++;
		serve();
		assert_true(sent < 100000);
	}
	if (n > 0)
		snprintf(rest, sizeof(rest), "%s", ask + n);
	say(other, SHOW "\n");
	assert_int_equal(lines_heard(other), 1);
	assert_true(resident_kb() - before < 64 << 10);
	/* It reads again, and has all its answers. */
	while (heard < sent) {
		answers = hear(slow, &ended);
		heard += count(answers, "\n");
		free(answers);
		assert_false(ended);
	}
	assert_int_equal(heard, sent);
	if (*rest) {
		say(slow, rest);
		assert_int_equal(lines_heard(slow), 1);
	}
	close(slow);
	close(other);
}

static void one_with_many_requests_lets_others_take_their_turn(void **state)
{
	size_t len = 0;
	char *text = calloc(1, 400 * sizeof(SHOW) + 1), *first;
	int busy = dial(), other = dial();

	assert_non_null(text);
	for (int i = 0; i < 400; i++)
		len += (size_t)sprintf(text + len, "%s\n", SHOW);
	assert_int_equal(send(busy, text, len, 0), len);
	assert_int_equal(send(other, SHOW "\n", sizeof(SHOW), 0), sizeof(SHOW));
	vdpad_rpc_server_run(s.server);
	vdpad_rpc_server_run(s.server);
	/* The other's answer is there before those of the first are. */
	first = malloc(1 << 16);
	assert_non_null(first);
	assert_true(recv(other, first, 1 << 16, 0) > 0);
	len = (size_t)recv(busy, first, (1 << 16) - 1, 0);
	first[len] = '\0';
	assert_true(count(first, "\n") < 100);
	assert_int_equal(count(first, "\n") + lines_heard(busy), 400);
	free(first);
	free(text);
	close(busy);
	close(other);
}

static void too_many_clients_cost_the_one_that_is_silent_for_longest(void **state)
{
	struct rlimit limit;
	int fds[MANY];
	bool ended;
	char *text;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * MANY + 100)
		skip();
	for (int i = 0; i < MANY; i++) {
		fds[i] = dial();
		/* The first one speaks now and then. */
		say(fds[0], SHOW "\n");
		assert_int_equal(lines_heard(fds[0]), 1);
	}
	text = hear(fds[1], &ended);
	assert_true(ended);
	free(text);
	text = hear(fds[0], &ended);
	assert_false(ended);
	free(text);
	say(fds[MANY - 1], SHOW "\n");
	assert_int_equal(lines_heard(fds[MANY - 1]), 1);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	serve();
}

/* ---- who it is ---- */

/* A child of that identity asks for a device; what it is answered has that in it. */
static void asks_as(uid_t uid, gid_t gid, gid_t other, const char *want)
{
	int pair[2], status, fd;
	char *text;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};

		snprintf(address.sun_path, sizeof(address.sun_path), "%s", s.config->rpc);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (setgroups(other != (gid_t)-1, &other) || setgid(gid) || setuid(uid) ||
		    connect(fd, (struct sockaddr *)&address, sizeof(address)))
			_exit(1);
		/* It is told to end by the end of this. */
		if (write(fd, ADD("vm1") "\n", sizeof(ADD("vm1"))) < 0 || write(pair[1], "", 1) < 0)
			_exit(1);
		text = malloc(1 << 16);
		status = !text || read(fd, text, 1 << 16) <= 0 || !strstr(text, want);
		_exit(status ? 2 : 0);
	}
	assert_int_equal(read(pair[0], &status, 1), 1);
	serve();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(pair[0]);
	close(pair[1]);
	serve();
}

static void p5_strangers_may_see_and_members_of_the_group_may_change(void **state)
{
	if (geteuid() != 0)
		skip();
	chmod(s.rig->models, 0755);
	chmod(s.config->rpc, 0666);
	asks_as(65534, 65534, (gid_t)-1, "EPERM");
	s.config->rpc_group = 54321;
	asks_as(65534, 65534, (gid_t)-1, "EPERM");
	asks_as(65534, 65534, 54322, "EPERM");
	assert_int_equal(s.rig->manager->n, 0);
	asks_as(65534, 65534, 54321, "\"result\"");
	assert_int_equal(s.rig->manager->n, 1);
	s.rig->manager->n = 0;
	asks_as(65534, 54321, (gid_t)-1, "\"result\"");
	s.rig->manager->n = 0;
	asks_as(0, 65534, (gid_t)-1, "\"result\"");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(socket_has_its_mode_and_is_gone_at_the_end),
	    TEST(socket_that_is_served_or_is_a_file_is_refused),
	    TEST(socket_without_a_server_is_replaced),
	    TEST(directory_that_is_not_there_is_said),
	    TEST(request_in_single_bytes_is_one_request),
	    TEST(requests_at_once_are_answered_in_their_order),
	    TEST(last_line_needs_no_end),
	    TEST(notification_of_one_who_left_is_done),
	    TEST(one_who_leaves_answers_unread_is_no_matter),
	    TEST(line_too_long_is_refused_once_and_the_next_is_done),
	    TEST(reader_that_stopped_keeps_nobody_and_loses_nothing),
	    TEST(one_with_many_requests_lets_others_take_their_turn),
	    TEST(too_many_clients_cost_the_one_that_is_silent_for_longest),
	    TEST(p5_strangers_may_see_and_members_of_the_group_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
