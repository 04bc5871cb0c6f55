/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The message layer against back-ends that answer wrongly. A thread plays the back-end: for each
 * request it receives it performs the next act of its script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "device.h"
#include "log.h"
#include "vhost_user.h"

#define ACTS 8

enum act {
	END,
	REPLY_U64, /* a right reply, 42 */
	WRONG_REQUEST,
	NO_REPLY_FLAG,
	WRONG_VERSION,
	SHORT_REPLY,
	HUGE_REPLY,
	HANG_UP,
	SILENCE,
	HALF_HEADER,
	ACK,
	NACK,
	WRONG_INDEX,
	TAKE_CHANNEL, /* keep the descriptor that came along */
	ASK_NOTIFIER, /* ask for a doorbell page over the channel, then reply */
	TELL_CHANGE,  /* tell over the channel that the configuration changed, then reply */
	CONFIG_ECHO,  /* what was asked for, filled with 5 */
	CONFIG_OTHER, /* of another offset */
};

struct backend {
	char dir[32], path[64];
	int listener;
	enum act script[ACTS];
	pthread_t thread;
	struct fe_vu_message last; /* the last request received */
	unsigned int fds;
	uint64_t channel_answer;
};

static void reply(int sock, const struct fe_vu_message *request, uint64_t value, enum act act)
{
	struct fe_vu_message m = *request;
	size_t len = sizeof(m.header) + 8;

	m.header.flags = FE_VU_VERSION | FE_VU_REPLY;
	m.header.size = 8;
	m.payload.u64 = value;
	switch (act) {
	case WRONG_REQUEST:
		m.header.request++;
		break;
	case NO_REPLY_FLAG:
		m.header.flags = FE_VU_VERSION;
		break;
	case WRONG_VERSION:
		m.header.flags = FE_VU_REPLY | 2;
		break;
	case SHORT_REPLY:
		m.header.size = 4;
		len -= 4;
		break;
	case HUGE_REPLY:
		m.header.size = 1 << 20;
		break;
	case HALF_HEADER:
		len = 5;
		break;
	case WRONG_INDEX:
		m.payload.state.index = request->payload.state.index + 1;
		break;
	default:
		break;
	}
	fe_wire_send(sock, &m, len, NULL);
}

static void ask_notifier(struct backend *b, int channel)
{
	struct fe_vu_message m = {
	    .header = {FE_VU_BACKEND_HOST_NOTIFIER, FE_VU_VERSION | FE_VU_NEED_REPLY,
		       sizeof(m.payload.area)						       },
	    .payload.area = {.index_flags = 1,            .size = 4096,                     .offset = 8192}
        };
	struct fe_wire_fds fds = {.count = 1, .fd = {b->listener}};

	fe_wire_send(channel, &m, sizeof(m.header) + m.header.size, &fds);
	if (fe_wire_recv(channel, 2000, &m, &fds) == 0)
		b->channel_answer = m.payload.u64;
}

static void tell_change(int channel)
{
	struct fe_vu_message m = {
	    .header = {FE_VU_BACKEND_CONFIG_CHANGE, FE_VU_VERSION, 0}
        };

	fe_wire_send(channel, &m, sizeof(m.header), NULL);
}

static void reply_config(int sock, const struct fe_vu_message *request, bool other)
{
	struct fe_vu_message m = *request;

	m.header.flags = FE_VU_VERSION | FE_VU_REPLY;
	m.payload.config.offset += other;
	memset(m.payload.config.region, 5, m.payload.config.size);
	fe_wire_send(sock, &m, sizeof(m.header) + m.header.size, NULL);
}

static void *play(void *arg)
{
	struct backend *b = arg;
	struct fe_wire_fds fds;
	int sock = accept(b->listener, NULL, NULL), channel = -1;

	for (const enum act *act = b->script; *act != END && *act != HANG_UP; act++) {
		if (fe_wire_recv(sock, 5000, &b->last, &fds))
			break;
		b->fds = fds.count;
		if (*act == TAKE_CHANNEL && fds.count == 1) {
			channel = fds.fd[0];
			fds.count = 0;
		}
		fe_wire_close_fds(&fds);
		if (*act == ASK_NOTIFIER)
			ask_notifier(b, channel);
		if (*act == TELL_CHANGE)
			tell_change(channel);
		if (*act == CONFIG_ECHO || *act == CONFIG_OTHER) {
			reply_config(sock, &b->last, *act == CONFIG_OTHER);
			continue;
		}
		if (*act == SILENCE || *act == TAKE_CHANNEL)
			continue;
		reply(sock, &b->last, *act == NACK ? 1 : *act == ACK ? 0 : 42, *act);
	}
	close(sock);
	if (channel >= 0)
		close(channel);
	return NULL;
}

static void start(struct backend *b, const enum act *script, size_t acts)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	memset(b, 0, sizeof(*b));
	b->channel_answer = UINT64_MAX;
	memcpy(b->script, script, acts * sizeof(*script));
	strcpy(b->dir, "/tmp/vfront.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/s", b->dir);
	strcpy(addr.sun_path, b->path);
	b->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(b->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(b->listener, 1), 0);
	assert_int_equal(pthread_create(&b->thread, NULL, play, b), 0);
}

static void stop(struct backend *b)
{
	pthread_join(b->thread, NULL);
	close(b->listener);
	unlink(b->path);
	rmdir(b->dir);
}

static struct fe_conn *dial(struct backend *b, const struct fe_conn_ops *ops, void *arg)
{
	struct fe_conn_config cfg = {
	    .path = b->path, .timeout_ms = 200, .cut_bytes = -1, .ops = ops, .ops_arg = arg};
	struct fe_conn *c = NULL;

	assert_int_equal(fe_conn_open(&cfg, &c), 0);
	return c;
}

static int query(enum act act)
{
	const enum act script[] = {act};
	struct backend b;
	struct fe_conn *c;
	uint64_t value;
	int err;

	start(&b, script, 1);
	c = dial(&b, NULL, NULL);
	err = fe_vu_get_features(c, &value);
	if (!err)
		assert_int_equal(value, 42);
	fe_conn_close(c);
	stop(&b);
	return err;
}

static void query_takes_only_right_replies(void **state)
{
	assert_int_equal(query(REPLY_U64), 0);
	assert_int_equal(query(WRONG_REQUEST), -EPROTO);
	assert_int_equal(query(NO_REPLY_FLAG), -EPROTO);
	assert_int_equal(query(WRONG_VERSION), -EPROTO);
	assert_int_equal(query(SHORT_REPLY), -EPROTO);
	assert_int_equal(query(HUGE_REPLY), -EMSGSIZE);
	assert_int_equal(query(HANG_UP), -ECONNRESET);
	assert_int_equal(query(HALF_HEADER), -ECONNRESET);
}

static void query_without_answer_times_out(void **state)
{
	const enum act script[] = {SILENCE, REPLY_U64};
	struct backend b;
	struct fe_conn *c;
	uint64_t value;

	start(&b, script, 2);
	c = dial(&b, NULL, NULL);
	assert_int_equal(fe_vu_get_features(c, &value), -ETIMEDOUT);
	fe_conn_close(c);
	stop(&b);
}

static void request_waits_for_the_acknowledgement(void **state)
{
	const enum act script[] = {SILENCE, ACK, NACK, WRONG_REQUEST};
	struct backend b;
	struct fe_conn *c;

	start(&b, script, 4);
	c = dial(&b, NULL, NULL);
	assert_int_equal(fe_vu_set_owner(c), 0);
	fe_conn_set_reply_ack(c, true);
	assert_int_equal(fe_vu_set_owner(c), 0);
	assert_int_equal(fe_vu_set_vring_num(c, 0, 16), -EREMOTEIO);
	assert_int_equal(fe_vu_set_vring_num(c, 0, 16), -EPROTO);
	fe_conn_close(c);
	stop(&b);
	assert_int_equal(b.last.header.flags, FE_VU_VERSION | FE_VU_NEED_REPLY);
}

static void get_vring_base_checks_the_index(void **state)
{
	const enum act script[] = {WRONG_INDEX};
	struct backend b;
	struct fe_conn *c;
	uint32_t base;

	start(&b, script, 1);
	c = dial(&b, NULL, NULL);
	assert_int_equal(fe_vu_get_vring_base(c, 1, &base), -EPROTO);
	fe_conn_close(c);
	stop(&b);
}

static void mem_table_carries_regions_and_descriptors(void **state)
{
	const enum act script[] = {ACK};
	struct backend b;
	struct fe_conn *c;
	struct fe_mem mem;

	assert_int_equal(fe_mem_create(&mem, 3, 10000), 0);
	start(&b, script, 1);
	c = dial(&b, NULL, NULL);
	fe_conn_set_reply_ack(c, true);
	assert_int_equal(fe_vu_set_mem_table(c, &mem), 0);
	fe_conn_close(c);
	stop(&b);
	assert_int_equal(b.fds, 3);
	assert_int_equal(b.last.header.size, 8 + 3 * 32);
	assert_int_equal(b.last.payload.mem.count, 3);
	assert_int_equal(b.last.payload.mem.region[1].gpa, mem.region[1].gpa);
	assert_int_equal(b.last.payload.mem.region[1].uva, mem.region[1].uva);
	assert_int_equal(b.last.payload.mem.region[1].fd_offset, mem.region[1].fd_offset);
	fe_mem_destroy(&mem);
}

static int notifier_seen(void *arg, unsigned int queue, int fd, uint64_t offset, uint64_t size)
{
	assert_int_equal(queue, 1);
	assert_true(fd >= 0);
	assert_int_equal(offset, 8192);
	assert_int_equal(size, 4096);
	++*(int *)arg;
	return 0;
}

/* The back-end asks for something before it replies: the front-end must answer while it waits. */
static void back_end_request_is_answered_inside_a_wait(void **state)
{
	const enum act script[] = {TAKE_CHANNEL, ASK_NOTIFIER};
	const struct fe_conn_ops ops = {.host_notifier = notifier_seen};
	struct backend b;
	struct fe_conn *c;
	uint64_t value;
	int seen = 0;

	start(&b, script, 2);
	c = dial(&b, &ops, &seen);
	assert_int_equal(fe_vu_set_backend_channel(c), 0);
	assert_int_equal(fe_vu_get_features(c, &value), 0);
	fe_conn_close(c);
	stop(&b);
	assert_int_equal(seen, 1);
	assert_int_equal(b.channel_answer, 0);
}

static int change_seen(void *arg)
{
	++*(int *)arg;
	return 0;
}

static void notice_of_a_change_is_taken_inside_a_wait_and_between(void **state)
{
	const enum act script[] = {TAKE_CHANNEL, TELL_CHANGE, TELL_CHANGE};
	const struct fe_conn_ops ops = {.config_change = change_seen};
	struct backend b;
	struct fe_conn *c;
	uint64_t value;
	int seen = 0;

	start(&b, script, 3);
	c = dial(&b, &ops, &seen);
	assert_int_equal(fe_vu_set_backend_channel(c), 0);
	assert_int_equal(fe_vu_get_features(c, &value), 0);
	assert_int_equal(fe_vu_get_features(c, &value), 0);
	fe_conn_service(c);
	assert_int_equal(seen, 2);
	fe_conn_close(c);
	stop(&b);
}

static void get_config_checks_what_it_gets(void **state)
{
	const enum act script[] = {CONFIG_ECHO, CONFIG_ECHO, CONFIG_OTHER, SHORT_REPLY};
	uint8_t bytes[FE_VU_CONFIG_MAX] = {0};
	struct backend b;
	struct fe_conn *c;

	start(&b, script, 4);
	c = dial(&b, NULL, NULL);
	assert_int_equal(fe_vu_get_config(c, 0, 7, bytes), 0);
	assert_int_equal(bytes[6], 5);
	assert_int_equal(bytes[7], 0);
	assert_int_equal(fe_vu_get_config(c, 0, FE_VU_CONFIG_MAX, bytes), 0);
	assert_int_equal(bytes[FE_VU_CONFIG_MAX - 1], 5);
	assert_int_equal(fe_vu_get_config(c, 0, 8, bytes), -EPROTO);
	assert_int_equal(fe_vu_get_config(c, 0, 8, bytes), -EPROTO);
	assert_int_equal(fe_vu_get_config(c, 0, 0, bytes), -EINVAL);
	assert_int_equal(fe_vu_get_config(c, 0, FE_VU_CONFIG_MAX + 1, bytes), -EINVAL);
	fe_conn_close(c);
	stop(&b);
	assert_int_equal(b.last.header.size, 12 + 8);
}

static void cut_breaks_after_the_given_bytes(void **state)
{
	const enum act script[] = {REPLY_U64, REPLY_U64};
	struct backend b;
	struct fe_conn_config cfg = {.timeout_ms = 200, .cut_message = 2, .cut_bytes = 5};
	struct fe_conn *c;
	uint64_t value;

	start(&b, script, 2);
	cfg.path = b.path;
	assert_int_equal(fe_conn_open(&cfg, &c), 0);
	assert_int_equal(fe_vu_get_features(c, &value), 0);
	assert_int_equal(fe_vu_get_features(c, &value), -ECANCELED);
	assert_int_equal(fe_vu_get_features(c, &value), -ECONNRESET);
	assert_int_equal(fe_conn_messages_sent(c), 2);
	fe_conn_close(c);
	stop(&b);
}

static void service_notices_a_closed_peer(void **state)
{
	const enum act script[] = {HANG_UP};
	struct backend b;
	struct fe_conn *c;

	start(&b, script, 1);
	c = dial(&b, NULL, NULL);
	assert_true(fe_conn_wait_closed(c, 5000));
	assert_int_equal(fe_conn_service(c), -ECONNRESET);
	fe_conn_close(c);
	stop(&b);
}

static void open_without_back_end_fails(void **state)
{
	struct fe_conn_config cfg = {.path = "/nonexistent/socket", .timeout_ms = 50};
	struct fe_conn *c;

	assert_int_equal(fe_conn_open(&cfg, &c), -ENOENT);
	cfg.path = "/tmp/a-path-that-is-longer-than-a-unix-socket-address-can-hold-"
		   "because-sun-path-has-only-a-hundred-and-eight-bytes";
	assert_int_equal(fe_conn_open(&cfg, &c), -ENAMETOOLONG);
}

static void device_refuses_bad_configurations(void **state)
{
	const struct fe_dev_config good = {.path = "x",
					   .pairs = 1,
					   .ring_size = 16,
					   .regions = 1,
					   .chain_min = 1,
					   .chain_max = 1,
					   .frame_max = 100};
	struct fe_dev_config cfg = good;
	struct fe_dev *dev;

	assert_int_equal(fe_dev_create(&cfg, &dev), 0);
	fe_dev_destroy(dev);
	cfg.pairs = 0;
	assert_int_equal(fe_dev_create(&cfg, &dev), -EINVAL);
	cfg = good;
	cfg.ring_size = 100;
	assert_int_equal(fe_dev_create(&cfg, &dev), -EINVAL);
	cfg = good;
	cfg.layout = FE_PACKED;
	cfg.legacy = true;
	assert_int_equal(fe_dev_create(&cfg, &dev), -EINVAL);
	cfg = good;
	cfg.chain_max = FE_CHAIN_MAX + 1;
	assert_int_equal(fe_dev_create(&cfg, &dev), -EINVAL);
	fe_dev_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(query_takes_only_right_replies),
	    cmocka_unit_test(query_without_answer_times_out),
	    cmocka_unit_test(request_waits_for_the_acknowledgement),
	    cmocka_unit_test(get_vring_base_checks_the_index),
	    cmocka_unit_test(mem_table_carries_regions_and_descriptors),
	    cmocka_unit_test(back_end_request_is_answered_inside_a_wait),
	    cmocka_unit_test(notice_of_a_change_is_taken_inside_a_wait_and_between),
	    cmocka_unit_test(get_config_checks_what_it_gets),
	    cmocka_unit_test(cut_breaks_after_the_given_bytes),
	    cmocka_unit_test(service_notices_a_closed_peer),
	    cmocka_unit_test(open_without_back_end_fails),
	    cmocka_unit_test(device_refuses_bad_configurations),
	};

	fe_log_level = FE_LOG_NONE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
