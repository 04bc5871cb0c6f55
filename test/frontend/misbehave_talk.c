/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that are broken, out of order, or cut short, and descriptors that are not eventfds. */
#include "misbehave.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/virtio_config.h>

#include "clock.h"
#include "vhost_user.h"

#define TRAFFIC_MS 200

/* ---- cut short ---- */

static int cut(struct fe_hostile *h, int bytes)
{
	h->dev->cfg.cut_message = h->number;
	h->dev->cfg.cut_bytes = bytes;
	return fe_dev_connect(h->dev);
}

static int disconnect_at(struct fe_hostile *h)
{
	return cut(h, -1);
}

static int half_header_at(struct fe_hostile *h)
{
	return cut(h, 6);
}

static int half_message_at(struct fe_hostile *h)
{
	return cut(h, (int)sizeof(struct fe_vu_header) + 2);
}

/* Half a message, and then nothing: the connection stays open. */
static int half_message_stalled(struct fe_hostile *h)
{
	struct fe_vu_header header = {FE_VU_SET_FEATURES, FE_VU_VERSION, 8};
	int err = fe_hostile_prepare(h, FE_NEGOTIATED);

	if (!err)
		err = fe_conn_send_raw(h->dev->conn, &header, sizeof(header) / 2, NULL);
	fe_sleep_ms(h->cfg->observe_ms);
	fe_dev_disconnect(h->dev);
	return err;
}

static int disconnect_with_traffic(struct fe_hostile *h)
{
	int err = fe_dev_connect(h->dev);

	if (!err)
		fe_hostile_traffic(h, TRAFFIC_MS);
	fe_dev_disconnect(h->dev);
	return err;
}

/* ---- broken headers ---- */

static int send_header(struct fe_hostile *h, uint32_t request, uint32_t flags, uint32_t size)
{
	struct fe_vu_message msg = {
	    .header = {request, flags, size}
        };
	int err = fe_hostile_prepare(h, FE_NEGOTIATED);
	size_t payload = size < sizeof(msg.payload) ? size : sizeof(msg.payload);

	return err ? err : fe_conn_send_raw(h->dev->conn, &msg, sizeof(msg.header) + payload, NULL);
}

static int unknown_request(struct fe_hostile *h)
{
	return send_header(h, 200, FE_VU_VERSION, 8);
}

static int request_zero(struct fe_hostile *h)
{
	return send_header(h, 0, FE_VU_VERSION, 0);
}

static int size_huge(struct fe_hostile *h)
{
	return send_header(h, FE_VU_SET_FEATURES, FE_VU_VERSION, 1u << 30);
}

static int size_short(struct fe_hostile *h)
{
	return send_header(h, FE_VU_SET_VRING_ADDR, FE_VU_VERSION, 4);
}

static int version_wrong(struct fe_hostile *h)
{
	return send_header(h, FE_VU_GET_FEATURES, 2, 0);
}

/* ---- out of order ---- */

static int enable_before_setup(struct fe_hostile *h)
{
	int err = fe_hostile_prepare(h, FE_NEGOTIATED);

	if (!err)
		err = fe_dev_enable(h->dev, true);
	return err ? err : fe_dev_settle(h->dev);
}

static int kick_before_memory(struct fe_hostile *h)
{
	int err = fe_hostile_prepare(h, FE_NEGOTIATED);

	return err ? err
		   : fe_vu_set_vring_fd(h->dev->conn, FE_VU_SET_VRING_KICK, 1,
					h->dev->queue[1].kick);
}

static int rings_before_memory(struct fe_hostile *h)
{
	int err = fe_hostile_prepare(h, FE_NEGOTIATED);

	return err ? err : fe_hostile_go_on(h, FE_RINGS);
}

static int base_before_start(struct fe_hostile *h)
{
	uint32_t base;
	int err = fe_hostile_prepare(h, FE_MEMORY);

	return err ? err : fe_vu_get_vring_base(h->dev->conn, 1, &base);
}

static int reset_owner_running(struct fe_hostile *h)
{
	int err = fe_dev_connect(h->dev);

	if (err)
		return err;
	fe_hostile_traffic(h, TRAFFIC_MS);
	return fe_vu_reset_owner(h->dev->conn);
}

static int features_unoffered(struct fe_hostile *h)
{
	int err = fe_hostile_prepare(h, FE_NEGOTIATED);

	return err ? err : fe_vu_set_features(h->dev->conn, ~h->dev->offered | h->dev->features);
}

/* What is fixed while the device runs, VERSION_1 for one. */
static int features_changed_running(struct fe_hostile *h)
{
	int err = fe_dev_connect(h->dev);

	return err ? err
		   : fe_vu_set_features(h->dev->conn,
					h->dev->features ^ (1ull << VIRTIO_F_VERSION_1));
}

static int index_huge(struct fe_hostile *h)
{
	int err = fe_hostile_prepare(h, FE_MEMORY);

	if (!err)
		err = fe_vu_set_vring_num(h->dev->conn, 255, h->dev->cfg.ring_size);
	return err ? err : fe_vu_set_vring_num(h->dev->conn, 70000, h->dev->cfg.ring_size);
}

/* Another front-end comes to a socket that is in use. What becomes of it is for the back-end. */
static int second_connection(struct fe_hostile *h)
{
	struct fe_dev *second;
	int err = fe_dev_connect(h->dev);

	if (err)
		return err;
	fe_hostile_traffic(h, TRAFFIC_MS);
	err = fe_dev_create(&h->cfg->dev, &second);
	if (err)
		return err;
	fe_dev_connect(second);
	fe_hostile_traffic(h, TRAFFIC_MS);
	fe_dev_disconnect(second);
	fe_dev_destroy(second);
	fe_hostile_traffic(h, TRAFFIC_MS);
	return 0;
}

/* ---- descriptors ---- */

static int kick_message_with(struct fe_hostile *h, unsigned int fds_count, uint64_t value)
{
	struct fe_wire_fds fds = {.count = fds_count};
	int err = fe_hostile_prepare(h, FE_MEMORY);

	for (unsigned int i = 0; i < fds_count; i++)
		fds.fd[i] = h->dev->queue[0].kick;
	return err ? err
		   : fe_conn_request(h->dev->conn, FE_VU_SET_VRING_KICK, &value, sizeof(value),
				     &fds);
}

static int fd_missing(struct fe_hostile *h)
{
	return kick_message_with(h, 0, 1);
}

static int fd_too_many(struct fe_hostile *h)
{
	return kick_message_with(h, 3, 1);
}

static int fd_denied_but_there(struct fe_hostile *h)
{
	return kick_message_with(h, 1, 1 | FE_VU_VRING_NO_FD);
}

static int fd_unexpected(struct fe_hostile *h)
{
	struct fe_vu_vring_state state = {.index = 0, .num = h->dev->cfg.ring_size};
	struct fe_wire_fds fds = {
	    .count = 2, .fd = {h->dev->queue[0].kick, h->dev->queue[0].call}
        };
	int err = fe_hostile_prepare(h, FE_MEMORY);

	return err ? err
		   : fe_conn_request(h->dev->conn, FE_VU_SET_VRING_NUM, &state, sizeof(state),
				     &fds);
}

/* Runs with another descriptor in place of the eventfds of one kind; takes it over. */
static int run_with_fd(struct fe_hostile *h, enum fe_vu_request which, int fd)
{
	int err;

	if (fd < 0)
		return -errno;
	err = fe_hostile_prepare(h, FE_RINGS);
	for (unsigned int i = 0; i < h->dev->queues && !err; i++) {
		fe_ring_irq_enable(h->dev->queue[i].ring);
		err = fe_vu_set_vring_fd(h->dev->conn, which, i, fd);
	}
	if (!err)
		err = fe_hostile_go_on(h, FE_RUNNING);
	if (!err)
		fe_hostile_traffic(h, TRAFFIC_MS);
	close(fd);
	return err;
}

/* One end of a pair whose other end is closed: reads as end of file, writes raise SIGPIPE. */
static int orphan(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	close(pair[1]);
	return pair[0];
}

static int kick_fd_closed(struct fe_hostile *h)
{
	return run_with_fd(h, FE_VU_SET_VRING_KICK, orphan());
}

static int kick_fd_file(struct fe_hostile *h)
{
	return run_with_fd(h, FE_VU_SET_VRING_KICK, memfd_create("kick", MFD_CLOEXEC));
}

/* Readable for ever: each read takes one of four thousand million away. */
static int kick_fd_storm(struct fe_hostile *h)
{
	return run_with_fd(h, FE_VU_SET_VRING_KICK, eventfd(UINT32_MAX, EFD_SEMAPHORE));
}

static int call_fd_closed(struct fe_hostile *h)
{
	return run_with_fd(h, FE_VU_SET_VRING_CALL, orphan());
}

/* The next write blocks, unless the writer takes precautions. */
static int call_fd_full(struct fe_hostile *h)
{
	uint64_t most = UINT64_MAX - 1;
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd >= 0 && write(fd, &most, sizeof(most)) < 0)
		return -errno;
	return run_with_fd(h, FE_VU_SET_VRING_CALL, fd);
}

static int call_fd_file(struct fe_hostile *h)
{
	return run_with_fd(h, FE_VU_SET_VRING_CALL, memfd_create("call", MFD_CLOEXEC));
}

const struct fe_misbehaviour fe_misbehave_talk[] = {
    {"disconnect-at-message",                 "closes the socket after the N-th message", FE_FOR_BOTH, true,
     .talk = disconnect_at},
    {"half-message",			    "closes it inside the N-th message's payload", FE_FOR_BOTH, true,
     .talk = half_message_at},
    {"half-header",                   "closes it inside the N-th message's header", FE_FOR_BOTH, true,
     .talk = half_header_at},
    {"half-message-stalled",                          "half a message, then silence for a while", FE_FOR_BOTH,
     .talk = half_message_stalled},
    {"disconnect-with-traffic",                            "closes it while frames are in flight", FE_FOR_BOTH,
     .talk = disconnect_with_traffic},
    {"unknown-request",                 "a request nobody defined", FE_FOR_BOTH, .talk = unknown_request},
    {"request-zero",			   "request number 0", FE_FOR_BOTH, .talk = request_zero},
    {"size-huge",			    "a payload of 1 GiB announced", FE_FOR_BOTH, .talk = size_huge},
    {"size-short",                  "ring addresses in 4 bytes", FE_FOR_BOTH, .talk = size_short},
    {"version-wrong",                  "protocol version 2", FE_FOR_BOTH, .talk = version_wrong},
    {"enable-before-setup",			    "enables rings that do not exist", FE_FOR_BOTH,
     .talk = enable_before_setup},
    {"kick-before-memory",				       "a kick descriptor before anything else", FE_FOR_BOTH,
     .talk = kick_before_memory},
    {"rings-before-memory","starts rings without a memory table", FE_FOR_BOTH,
     .talk = rings_before_memory},
    {"base-before-start",         "asks where a ring stopped that never ran", FE_FOR_BOTH,
     .talk = base_before_start},
    {"reset-owner-running",                       "RESET_OWNER with frames in flight", FE_FOR_BOTH,
     .talk = reset_owner_running},
    {"features-unoffered",			    "accepts features that were not offered", FE_FOR_BOTH,
     .talk = features_unoffered},
    {"features-changed-running",				       "other features while it runs", FE_FOR_BOTH,
     .talk = features_changed_running},
    {"index-huge","rings number 255 and 70000", FE_FOR_BOTH, .talk = index_huge},
    {"second-connection",                   "a second front-end on the socket", FE_FOR_BOTH,
     .talk = second_connection},
    {"fd-missing",			     "a kick message without descriptor", FE_FOR_BOTH, .talk = fd_missing},
    {"fd-too-many",			    "a kick message with three descriptors", FE_FOR_BOTH, .talk = fd_too_many},
    {"fd-denied-but-there",				       "says that there is no descriptor, sends one", FE_FOR_BOTH,
     .talk = fd_denied_but_there},
    {"fd-unexpected","descriptors with a message that has none", FE_FOR_BOTH,
     .talk = fd_unexpected},
    {"kick-fd-closed",                     "a kick descriptor at end of file", FE_FOR_BOTH, .talk = kick_fd_closed},
    {"kick-fd-file",			 "a kick descriptor that cannot be polled", FE_FOR_BOTH, .talk = kick_fd_file},
    {"kick-fd-storm",			    "a kick descriptor that never becomes empty", FE_FOR_BOTH,
     .talk = kick_fd_storm},
    {"call-fd-closed",				       "a call descriptor nobody reads: SIGPIPE", FE_FOR_BOTH,
     .talk = call_fd_closed},
    {"call-fd-full","a call descriptor that blocks its writer", FE_FOR_BOTH, .talk = call_fd_full},
    {"call-fd-file",             "a call descriptor that is a file", FE_FOR_BOTH, .talk = call_fd_file},
    {0		   },
};
