/* SPDX-License-Identifier: BSD-3-Clause */
/* The program's channels: subscriptions, what an event says, channels that are full or gone. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fw/link.h"
#include "path.h"

static void queue_error_object_change(void **state)
{
	struct path p;
	uint8_t buf[256];
	uint64_t cookie;
	uint32_t id;

	path_make(&p, *state, true, false);
	hca_chan_close(p.chan);
	close(p.fd);
	path_open_channel(&p, false);
	path_subscribe(&p, p.queue, EVENT_OBJECT_CHANGE, 0x1122334455667788);
	double_error(p.vq, VQ_ERROR_BAD_DESC);
	assert_int_equal(read(p.fd, buf, sizeof(buf)), 8 + 64);
	memcpy(&cookie, buf, sizeof(cookie));
	assert_int_equal(cookie, 0x1122334455667788);
	assert_int_equal(buf[8 + 1], 0x27);
	assert_int_equal(buf[8 + 32 + 3], 0x0d);
	memcpy(&id, buf + 8 + 32 + 4, sizeof(id));
	assert_int_equal(be32toh(id), p.queue->id);
	close(p.fd);
}

static void subscribe_bad_einval(void **state)
{
	struct path p;
	uint16_t ev;
	struct hca_chan *foreign;
	int fd;

	path_make(&p, *state, true, false);
	ev = EVENT_OBJECT_CHANGE;
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, NULL, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, p.queue, &ev, 0, 1, -1), -EINVAL);
	ev = EVENT_COMP;
	assert_int_equal(hca_chan_subscribe(p.chan, p.queue, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, p.sw, &ev, 1, 1, -1), -EINVAL);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, 99999), -EBADF);
	assert_int_equal(hca_chan_open(p.rig->b, true, &foreign, &fd), 0);
	assert_int_equal(hca_chan_subscribe(foreign, p.cq, &ev, 1, 1, -1), -EINVAL);
	ev = EVENT_PORT_CHANGE;
	assert_int_equal(hca_chan_subscribe(p.chan, NULL, &ev, 1, 1, -1), 0);
	close(fd);
	close(p.fd);
}

static void set_link(struct rig *rig, unsigned int function, bool up, bool changed)
{
	pthread_mutex_lock(&rig->hca->lock);
	dp_lock(rig->hca->dp);
	assert_true(link_set(&rig->hca->func[function], up) == changed);
	dp_unlock(rig->hca->dp);
	pthread_mutex_unlock(&rig->hca->lock);
}

/* The verbs event at fd, of port 1; 0: none. */
static uint32_t port_event(int fd)
{
	struct {
		uint64_t element;
		uint32_t event, reserved;
	} desc;
	ssize_t n = recv(fd, &desc, sizeof(desc), MSG_DONTWAIT);

	if (n < 0)
		return 0;
	assert_int_equal(n, sizeof(desc));
	assert_int_equal(desc.element, 1);
	return desc.event;
}

static void link_change_reaches_all_contexts_of_the_function(void **state)
{
	struct rig *rig = *state;
	struct hca_ctx *ctx[3] = {rig->a, rig->b, rig->other};
	struct hca_chan *chan[3], *devx;
	uint16_t ev = EVENT_PORT_CHANGE;
	int fd[3], devx_fd;
	uint8_t buf[256];

	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(hca_chan_open(ctx[i], HCA_CHAN_ASYNC, &chan[i], &fd[i]), 0);
	assert_int_equal(hca_chan_open(rig->b, HCA_CHAN_DATA, &devx, &devx_fd), 0);
	assert_int_equal(hca_chan_subscribe(devx, NULL, &ev, 1, 77, -1), 0);
	assert_true(hca_link_up(rig->a));
	set_link(rig, 0, true, false);
	set_link(rig, 0, false, true);
	set_link(rig, 0, false, false);
	assert_false(hca_link_up(rig->a));
	assert_true(hca_link_up(rig->other));
	assert_true(double_dp->ports[0].down);
	set_link(rig, 0, true, true);
	assert_false(double_dp->ports[0].down);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(port_event(fd[i]), 10); /* IBV_EVENT_PORT_ERR */
		assert_int_equal(port_event(fd[i]), 9);  /* IBV_EVENT_PORT_ACTIVE */
		assert_int_equal(port_event(fd[i]), 0);
	}
	assert_int_equal(port_event(fd[2]), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(read(devx_fd, buf, sizeof(buf)), 8 + 64);
		assert_int_equal(buf[0], 77);
		assert_int_equal(buf[8 + 1], 0x09);
		assert_int_equal(buf[8 + 3], i ? 4 : 1); /* ACTIVE, DOWN */
		assert_int_equal(buf[8 + 32 + 8], 0x10);
	}
	/* A channel that is gone is told nothing. */
	hca_chan_close(chan[0]);
	set_link(rig, 0, false, true);
	assert_int_equal(port_event(fd[1]), 10);
	set_link(rig, 0, true, true);
	for (unsigned int i = 0; i < 3; i++)
		close(fd[i]);
	close(devx_fd);
}

static void subscribe_redirect_to_eventfd(void **state)
{
	struct path p;
	uint16_t ev = EVENT_COMP;
	uint64_t count;
	int efd = eventfd(0, EFD_NONBLOCK);

	path_make(&p, *state, true, false);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, efd), 0);
	path_post(&p, 1);
	path_arm(&p, 1, 0);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(read(efd, &count, sizeof(count)), 8);
	assert_int_equal(count, 1);
	assert_int_equal(path_event(&p), PATH_COOKIE); /* the first subscription, too */
	close(efd);
	close(p.fd);
}

/* The program's eventfd blocks and is full: no NIC thread may wait for its reader. */
static void eventfd_full_does_not_block(void **state)
{
	uint64_t count = UINT64_MAX - 1;
	uint16_t ev = EVENT_COMP;
	int efd = eventfd(0, 0);
	struct path p;

	path_make(&p, *state, true, false);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, &ev, 1, 1, efd), 0);
	assert_int_equal(write(efd, &count, sizeof(count)), sizeof(count));
	path_post(&p, 2);
	path_arm(&p, 1, 0);
	alarm(20); /* ends the test, should it hang */
	assert_int_equal(double_notify(p.vq), 0);
	alarm(0);
	assert_int_equal(read(efd, &count, sizeof(count)), 8);
	assert_int_equal(count, UINT64_MAX - 1);
	/* With room again it counts again. */
	p.cq_dbr[0] = htobe32(1);
	path_arm(&p, 2, 1);
	assert_int_equal(double_notify(p.vq), 0);
	assert_int_equal(read(efd, &count, sizeof(count)), 8);
	assert_int_equal(count, 1);
	close(efd);
	close(p.fd);
}

static unsigned int subscriptions(struct rig *rig)
{
	struct event_sub *sub;
	unsigned int n = 0;

	SLIST_FOREACH(sub, &rig->hca->ev.subs, in_all)
	n++;
	return n;
}

/* Both events or none: the second one finds no file descriptor. */
static void subscribe_half_leaves_nothing(void **state)
{
	uint16_t ev[] = {EVENT_COMP, EVENT_CQ_ERROR};
	struct rlimit had, tight;
	struct path p;
	int efd, next;

	path_make(&p, *state, true, false);
	efd = eventfd(0, EFD_NONBLOCK);
	next = dup(efd);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &had), 0);
	tight = had;
	tight.rlim_cur = (rlim_t)next + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, ev, 2, 1, efd), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	assert_int_equal(subscriptions(p.rig), 1); /* path_make's own */
	/* Nor is the descriptor of the first half still open. */
	assert_int_equal(dup(efd), next);
	close(next);
	assert_int_equal(hca_chan_subscribe(p.chan, p.cq, ev, 2, 1, efd), 0);
	assert_int_equal(subscriptions(p.rig), 3);
	close(efd);
	close(p.fd);
}

/* A full channel loses nothing: the event comes when there is room. */
static void channel_full_event_pending(void **state)
{
	struct path p;
	int size = 1;
	uint64_t n = 0;
	uint32_t sn = 1;

	path_make(&p, *state, true, true);
	assert_int_equal(
	    setsockopt(((struct chan *)p.chan)->sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
	    0);
	path_post(&p, 30000);
	while (!p.rig->hca->ev.pending) {
		path_arm(&p, sn++ & 15, 0xfff000);
		assert_int_equal(double_notify(p.vq), 0);
		assert_true(++n < 20000);
	}
	while (path_event(&p))
		n--;
	assert_int_equal(n, 1);
	path_tick();
	assert_int_equal(path_event(&p), PATH_COOKIE);
	assert_int_equal(p.rig->hca->ev.pending, 0);
	close(p.fd);
}

static void channel_reader_gone_ignored(void **state)
{
	struct path p;

	path_make(&p, *state, true, false);
	close(p.fd);
	path_post(&p, 2);
	path_arm(&p, 1, 0);
	assert_int_equal(double_notify(p.vq), 0);
	path_arm(&p, 2, 0);
	assert_int_equal(double_notify(p.vq), 0);
	hca_chan_close(p.chan);
}

/* Subscriptions end with the object and with the channel, in any order. */
static void subscriptions_end_with_either(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *cq;
	struct mbox mb;
	struct path p = {.rig = rig}, other = {.rig = rig};

	path_open_channel(&other, true);
	path_open_channel(&p, true);
	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	path_subscribe(&p, cq, EVENT_COMP, 1);
	path_subscribe(&p, cq, EVENT_COMP, 2);
	destroy(cq);
	assert_true(SLIST_EMPTY(&rig->hca->ev.subs));
	cq = mb_create(&mb, rig->a);
	path_subscribe(&p, cq, EVENT_COMP, 3);
	path_subscribe(&other, cq, EVENT_COMP, 4);
	hca_chan_close(p.chan);
	assert_int_equal(SLIST_FIRST(&cq->subs)->cookie, 4);
	assert_null(SLIST_NEXT(SLIST_FIRST(&cq->subs), in_obj));
	hca_chan_close(other.chan);
	assert_true(SLIST_EMPTY(&rig->hca->ev.subs));
	assert_true(SLIST_EMPTY(&cq->subs));
	destroy(cq);
	close(other.fd);
	close(p.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(queue_error_object_change),     T(subscribe_bad_einval),
	    T(link_change_reaches_all_contexts_of_the_function),
	    T(subscribe_redirect_to_eventfd), T(eventfd_full_does_not_block),
	    T(subscribe_half_leaves_nothing), T(channel_full_event_pending),
	    T(channel_reader_gone_ignored),   T(subscriptions_end_with_either),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
