/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors from front-ends, the notifier thread, and asking for host notifiers. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_eal.h>

#include "vv_kick.h"
#include "vv_log.h"
#include "vv_loop.h"
#include "vv_notifier.h"

/* vv_driver.c's, which is not linked here. */
int vv_logtype = RTE_LOGTYPE_USER1;

enum { LIMIT_S = 30 };

static void wait_for(sem_t *sem)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += LIMIT_S;
	assert_int_equal(sem_timedwait(sem, &limit), 0);
}

/* ---- call ---- */

static void call_to_eventfd_and_socket_arrives(void **state)
{
	struct vv_call call;
	uint64_t value;
	int pair[2], efd = eventfd(0, EFD_NONBLOCK);

	assert_int_equal(vv_call_open(efd, &call), 0);
	vv_call_signal(&call);
	vv_call_signal(&call);
	assert_int_equal(read(efd, &value, sizeof(value)), 8);
	assert_int_equal(value, 2);
	vv_call_close(&call);
	assert_int_equal(call.fd, -1);
	assert_int_equal(fcntl(efd, F_GETFD), 0); /* ours was a duplicate */
	close(efd);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(vv_call_open(pair[0], &call), 0);
	vv_call_signal(&call);
	assert_int_equal(read(pair[1], &value, sizeof(value)), 8);
	close(pair[1]);
	vv_call_signal(&call); /* the reader is gone: no signal kills us */
	vv_call_close(&call);
	close(pair[0]);
}

static void call_when_full_does_not_block(void **state)
{
	uint64_t full = UINT64_MAX - 1;
	struct vv_call call;
	int efd = eventfd(0, 0); /* blocking */

	assert_int_equal(vv_call_open(efd, &call), 0);
	assert_int_equal(write(efd, &full, sizeof(full)), 8);
	vv_call_signal(&call);
	vv_call_close(&call);
	close(efd);
}

static void call_to_other_kinds_is_refused(void **state)
{
	struct vv_call call = VV_CALL_NONE;
	int pipes[2], file = open("/dev/null", O_WRONLY), kick;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(vv_call_open(pipes[1], &call), -EINVAL);
	assert_int_equal(vv_call_open(file, &call), -EINVAL);
	assert_int_equal(vv_kick_open(pipes[0], &kick), -EINVAL);
	close(file);
	assert_int_equal(vv_call_open(file, &call), -EBADF);
	assert_int_equal(call.fd, -1);
	/* None given, and not yet given. */
	assert_int_equal(vv_call_open(-1, &call), 0);
	assert_int_equal(vv_call_open(-2, &call), 0);
	vv_call_signal(&call);
	vv_call_close(&call);
	close(pipes[0]);
	close(pipes[1]);
}

/* ---- loop ---- */

struct heard {
	sem_t kick[2], event, poke;
	int event_fd, event_result;
};

static void heard_kick(void *arg, unsigned int queue)
{
	struct heard *h = arg;

	sem_post(&h->kick[queue]);
}

static int heard_event(void *arg)
{
	struct heard *h = arg;
	uint64_t value;

	if (!h->event_result)
		assert_int_equal(read(h->event_fd, &value, sizeof(value)), 8);
	sem_post(&h->event);
	return h->event_result;
}

static void heard_poke(void *arg)
{
	struct heard *h = arg;

	sem_post(&h->poke);
}

static const struct vv_loop_ops heard_ops = {heard_kick, heard_event, heard_poke};

static struct vv_loop *heard_start(struct heard *h, int event_result)
{
	struct vv_loop *loop;

	sem_init(&h->kick[0], 0, 0);
	sem_init(&h->kick[1], 0, 0);
	sem_init(&h->event, 0, 0);
	sem_init(&h->poke, 0, 0);
	h->event_fd = eventfd(0, EFD_NONBLOCK);
	h->event_result = event_result;
	assert_int_equal(vv_loop_start("test", h->event_fd, &heard_ops, h, &loop), 0);
	return loop;
}

static void loop_hears_kicks_of_unread_eventfds(void **state)
{
	struct heard h;
	struct vv_loop *loop = heard_start(&h, 0);
	int a = eventfd(1, 0), b = eventfd(0, 0), i;

	assert_int_equal(vv_loop_add(loop, 0, a), 0);
	assert_int_equal(vv_loop_add(loop, 1, b), 0);
	wait_for(&h.kick[0]); /* was there before */
	for (i = 0; i < 3; i++) {
		assert_int_equal(eventfd_write(a, 1), 0);
		wait_for(&h.kick[0]);
		assert_int_equal(eventfd_write(b, 1), 0);
		wait_for(&h.kick[1]);
	}
	assert_int_equal(eventfd_write(h.event_fd, 1), 0);
	wait_for(&h.event);
	vv_loop_poke(loop);
	wait_for(&h.poke);

	/* A removed one is not heard: whatever comes later is of the other. */
	vv_loop_remove(loop, a);
	assert_int_equal(eventfd_write(a, 1), 0);
	assert_int_equal(eventfd_write(b, 1), 0);
	wait_for(&h.kick[1]);
	vv_loop_stop(loop);
	assert_int_equal(sem_trywait(&h.kick[0]), -1);
	close(a);
	close(b);
	close(h.event_fd);
}

static void loop_leaves_dead_event_channel_alone(void **state)
{
	struct heard h;
	struct vv_loop *loop = heard_start(&h, -EIO);

	assert_int_equal(eventfd_write(h.event_fd, 1), 0); /* never read: stays readable */
	wait_for(&h.event);
	vv_loop_poke(loop);
	wait_for(&h.poke);
	vv_loop_stop(loop);
	assert_int_equal(sem_trywait(&h.event), -1);
	close(h.event_fd);
}

/* ---- host notifiers ---- */

struct frontend {
	sem_t asked;
	int asked_for[8], n, told;
	int answer;
	int never; /* an eventfd that nobody writes */
};

static int frontend_offer(void *arg, unsigned int queue)
{
	struct frontend *f = arg;
	uint64_t value;

	f->asked_for[f->n++] = queue;
	sem_post(&f->asked);
	if (f->never >= 0 && read(f->never, &value, sizeof(value)) < 0)
		return -EIO;
	return f->answer;
}

static void frontend_config(void *arg)
{
	struct frontend *f = arg;

	f->told++;
	sem_post(&f->asked);
}

static const struct vv_notifier_ops frontend_ops = {
    .offer = frontend_offer,
    .config = frontend_config,
};

static void notifier_asks_once_for_each_request(void **state)
{
	struct frontend f = {.never = -1};
	struct vv_notifier *n;

	sem_init(&f.asked, 0, 0);
	assert_int_equal(vv_notifier_start("test", &frontend_ops, &f, &n), 0);
	vv_notifier_request(n, 0);
	wait_for(&f.asked);
	vv_notifier_request(n, 200);
	wait_for(&f.asked);
	vv_notifier_request(n, 999); /* no such queue */
	assert_true(vv_notifier_stop(n));
	assert_int_equal(f.n, 2);
	assert_int_equal(f.asked_for[0], 0);
	assert_int_equal(f.asked_for[1], 200);
}

static void notifier_refused_once_does_not_ask_again(void **state)
{
	struct frontend f = {.never = -1, .answer = -1};
	struct vv_notifier *n;

	sem_init(&f.asked, 0, 0);
	assert_int_equal(vv_notifier_start("test", &frontend_ops, &f, &n), 0);
	vv_notifier_request(n, 3);
	wait_for(&f.asked);
	vv_notifier_request(n, 4);
	assert_true(vv_notifier_stop(n));
	assert_int_equal(f.n, 1);
}

static void notifier_without_answer_is_given_up(void **state)
{
	struct frontend f = {.never = eventfd(0, 0)};
	struct vv_notifier *n;

	sem_init(&f.asked, 0, 0);
	assert_int_equal(vv_notifier_start("test", &frontend_ops, &f, &n), 0);
	vv_notifier_request(n, 0);
	wait_for(&f.asked);
	assert_false(vv_notifier_stop(n)); /* returns, and says that it had to cancel */
	close(f.never);
	assert_true(vv_notifier_stop(NULL));
	vv_notifier_request(NULL, 0);
}

static void notifier_tells_of_changes_also_when_doorbells_are_refused(void **state)
{
	struct frontend f = {.never = -1, .answer = -1};
	struct vv_notifier *n;

	sem_init(&f.asked, 0, 0);
	assert_int_equal(vv_notifier_start("test", &frontend_ops, &f, &n), 0);
	vv_notifier_request(n, 3);
	wait_for(&f.asked);
	vv_notifier_config(n);
	wait_for(&f.asked);
	vv_notifier_config(n);
	wait_for(&f.asked);
	assert_true(vv_notifier_stop(n));
	assert_int_equal(f.told, 2);
	assert_int_equal(f.n, 1);
	vv_notifier_config(NULL);
}

/* Control threads go where EAL says. */
static int eal_start(void **state)
{
	char *argv[] = {
	    "notify_test",    "--no-huge",           "-m", "16", "--no-pci", "--no-shconf",
	    "--no-telemetry", "--log-level=*:error", NULL};

	return rte_eal_init(sizeof(argv) / sizeof(argv[0]) - 1, argv) < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(call_to_eventfd_and_socket_arrives),
	    cmocka_unit_test(call_when_full_does_not_block),
	    cmocka_unit_test(call_to_other_kinds_is_refused),
	    cmocka_unit_test(loop_hears_kicks_of_unread_eventfds),
	    cmocka_unit_test(loop_leaves_dead_event_channel_alone),
	    cmocka_unit_test(notifier_asks_once_for_each_request),
	    cmocka_unit_test(notifier_refused_once_does_not_ask_again),
	    cmocka_unit_test(notifier_without_answer_is_given_up),
	    cmocka_unit_test(notifier_tells_of_changes_also_when_doorbells_are_refused),
	};

	return cmocka_run_group_tests_name("notify", tests, eal_start, NULL);
}
