/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Verbs queue pairs between two functions of the model, through the system's libibverbs and
 * libmlx5; to be run as `softhca run --functions 2 -- verbs_smoke`. Data, events, and what happens
 * when something is wrong: a peer that is not there, memory that vanishes, a queue that overruns.
 */
#include <infiniband/verbs.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Data is ordered by libmlx5's barriers, of which the thread sanitizer knows nothing. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)
#endif

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #cond);        \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

enum { BUF_LEN = 4096, DEPTH = 16, WAIT_MS = 20000 };

struct end {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_mr *mr;
	uint8_t *buf;
	union ibv_gid gid;
};

static struct ibv_qp *make_qp(struct end *e, struct ibv_cq *cq)
{
	struct ibv_qp_init_attr init = {
	    .send_cq = cq,
	    .recv_cq = e->cq,
	    .cap = {.max_send_wr = DEPTH,
		    .max_recv_wr = DEPTH,
		    .max_send_sge = 1,
		    .max_recv_sge = 1,
		    .max_inline_data = 32},
	    .qp_type = IBV_QPT_RC,
	};

	return ibv_create_qp(e->pd, &init);
}

static void make_end(struct end *e, struct ibv_device *device)
{
	memset(e, 0, sizeof(*e));
	e->ctx = ibv_open_device(device);
	CHECK(e->ctx);
	e->buf = mmap(NULL, BUF_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(e->buf != MAP_FAILED);
	e->pd = ibv_alloc_pd(e->ctx);
	CHECK(e->pd);
	e->mr = ibv_reg_mr(e->pd, e->buf, BUF_LEN,
			   IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
			       IBV_ACCESS_REMOTE_READ);
	CHECK(e->mr);
	e->channel = ibv_create_comp_channel(e->ctx);
	CHECK(e->channel);
	e->cq = ibv_create_cq(e->ctx, DEPTH, e, e->channel, 0);
	CHECK(e->cq);
	e->qp = make_qp(e, e->cq);
	CHECK(e->qp);
	CHECK(!ibv_query_gid(e->ctx, 1, 0, &e->gid));
}

static void end_end(struct end *e)
{
	CHECK(!ibv_destroy_qp(e->qp));
	CHECK(!ibv_destroy_cq(e->cq));
	CHECK(!ibv_destroy_comp_channel(e->channel));
	CHECK(!ibv_dereg_mr(e->mr));
	CHECK(!ibv_dealloc_pd(e->pd));
	CHECK(!ibv_close_device(e->ctx));
	munmap(e->buf, BUF_LEN);
}

static void connect_qp(struct ibv_qp *qp, uint32_t remote, const union ibv_gid *gid)
{
	struct ibv_qp_attr reset = {.qp_state = IBV_QPS_RESET};
	struct ibv_qp_attr attr = {
	    .qp_state = IBV_QPS_INIT,
	    .port_num = 1,
	    .qp_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ,
	    .path_mtu = IBV_MTU_1024,
	    .dest_qp_num = remote,
	    .max_dest_rd_atomic = 1,
	    .max_rd_atomic = 1,
	    .min_rnr_timer = 1,
	    .timeout = 8,
	    .retry_cnt = 1,
	    .rnr_retry = 7,
	    .ah_attr = {.is_global = 1, .port_num = 1, .grh = {.dgid = *gid, .hop_limit = 1}},
	};

	CHECK(!ibv_modify_qp(qp, &reset, IBV_QP_STATE));
	CHECK(!ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
				 IBV_QP_ACCESS_FLAGS));
	attr.qp_state = IBV_QPS_RTR;
	CHECK(!ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
				 IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
				 IBV_QP_MIN_RNR_TIMER));
	attr.qp_state = IBV_QPS_RTS;
	/* What a state needs is needed. */
	CHECK(ibv_modify_qp(qp, &attr, IBV_QP_STATE));
	CHECK(!ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
				 IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC));
}

static void post_recv(struct end *e, uint32_t offset, uint32_t len)
{
	struct ibv_sge sge = {
	    .addr = (uintptr_t)e->buf + offset, .length = len, .lkey = e->mr->lkey};
	struct ibv_recv_wr wr = {.wr_id = offset, .sg_list = &sge, .num_sge = 1}, *bad;

	CHECK(!ibv_post_recv(e->qp, &wr, &bad));
}

static unsigned int send_flags = IBV_SEND_SIGNALED;

static void post_send(struct end *e, struct ibv_qp *qp, enum ibv_wr_opcode opcode, uint32_t len,
		      const struct end *to, uint32_t to_offset)
{
	struct ibv_sge sge = {.addr = (uintptr_t)e->buf, .length = len, .lkey = e->mr->lkey};
	struct ibv_send_wr wr = {.wr_id = 77,
				 .sg_list = &sge,
				 .num_sge = 1,
				 .opcode = opcode,
				 .send_flags = send_flags,
				 .imm_data = 0x12345678},
			   *bad;

	wr.wr.rdma.remote_addr = (uintptr_t)to->buf + to_offset;
	wr.wr.rdma.rkey = to->mr->rkey;
	CHECK(!ibv_post_send(qp, &wr, &bad));
}

static struct ibv_wc next_wc(struct ibv_cq *cq)
{
	struct ibv_wc wc;
	int n = 0;

	for (int ms = 0; ms < WAIT_MS; ms++) {
		n = ibv_poll_cq(cq, 1, &wc);
		if (n)
			break;
		usleep(1000);
	}
	CHECK(n == 1);
	return wc;
}

static bool readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) == 1;
}

static void data(struct end *a, struct end *b)
{
	struct ibv_wc wc;

	for (volatile uint8_t *p = a->buf; p < a->buf + 100; p++)
		*p = 0xa5;
	post_recv(b, 1000, 200);
	post_send(a, a->qp, IBV_WR_SEND_WITH_IMM, 100, b, 0);
	wc = next_wc(b->cq);
	CHECK(wc.status == IBV_WC_SUCCESS && wc.opcode == IBV_WC_RECV && wc.byte_len == 100);
	CHECK(wc.wr_id == 1000 && wc.imm_data == 0x12345678 && wc.src_qp == a->qp->qp_num);
	CHECK(b->buf[1000] == 0xa5 && b->buf[1099] == 0xa5 && b->buf[1100] == 0);
	wc = next_wc(a->cq);
	CHECK(wc.status == IBV_WC_SUCCESS && wc.wr_id == 77);

	a->buf[0] = 0x11;
	post_send(a, a->qp, IBV_WR_RDMA_WRITE, 4, b, 2000);
	CHECK(next_wc(a->cq).status == IBV_WC_SUCCESS && b->buf[2000] == 0x11);
	b->buf[3000] = 0x22;
	post_send(a, a->qp, IBV_WR_RDMA_READ, 4, b, 3000);
	CHECK(next_wc(a->cq).status == IBV_WC_SUCCESS && a->buf[0] == 0x22);
}

static void events(struct end *a, struct end *b)
{
	struct ibv_cq *cq;
	void *context;

	CHECK(!ibv_req_notify_cq(b->cq, 0));
	CHECK(!readable(b->channel->fd, 0));
	post_recv(b, 0, 10);
	post_send(a, a->qp, IBV_WR_SEND, 10, b, 0);
	CHECK(readable(b->channel->fd, WAIT_MS));
	CHECK(!ibv_get_cq_event(b->channel, &cq, &context) && cq == b->cq && context == b);
	ibv_ack_cq_events(cq, 1);
	CHECK(next_wc(b->cq).status == IBV_WC_SUCCESS && next_wc(a->cq).status == IBV_WC_SUCCESS);
	/* One request, one event. */
	post_recv(b, 0, 10);
	post_send(a, a->qp, IBV_WR_SEND, 10, b, 0);
	CHECK(next_wc(b->cq).status == IBV_WC_SUCCESS && next_wc(a->cq).status == IBV_WC_SUCCESS);
	CHECK(!readable(b->channel->fd, 0));
}

/* Only what the sender marks wakes the receiver. */
static void solicited(struct end *a, struct end *b)
{
	struct ibv_cq *cq;
	void *context;

	CHECK(!ibv_req_notify_cq(b->cq, 1));
	for (int i = 0; i < 2; i++) {
		post_recv(b, 0, 10);
		if (i == 1)
			send_flags |= IBV_SEND_SOLICITED;
		post_send(a, a->qp, IBV_WR_SEND, 10, b, 0);
		CHECK(next_wc(b->cq).status == IBV_WC_SUCCESS);
		CHECK(next_wc(a->cq).status == IBV_WC_SUCCESS);
		CHECK(readable(b->channel->fd, 0) == (i == 1));
	}
	send_flags = IBV_SEND_SIGNALED;
	CHECK(!ibv_get_cq_event(b->channel, &cq, &context));
	ibv_ack_cq_events(cq, 1);
}

/* An event that nobody has read goes with its queue; others stay in the channel. */
static void unread_event(struct end *a, struct end *b)
{
	struct ibv_cq *cq = ibv_create_cq(b->ctx, DEPTH, NULL, b->channel, 0), *other;
	struct ibv_qp *qp = make_qp(b, cq);
	void *context;

	CHECK(cq && qp);
	connect_qp(qp, 0xffff, &a->gid);
	CHECK(!ibv_req_notify_cq(cq, 0));
	post_send(b, qp, IBV_WR_SEND, 1, a, 0);
	CHECK(next_wc(cq).status == IBV_WC_RETRY_EXC_ERR);
	CHECK(readable(b->channel->fd, WAIT_MS));
	CHECK(!ibv_req_notify_cq(b->cq, 0));
	post_recv(b, 0, 10);
	post_send(a, a->qp, IBV_WR_SEND, 10, b, 0);
	CHECK(next_wc(b->cq).status == IBV_WC_SUCCESS && next_wc(a->cq).status == IBV_WC_SUCCESS);
	CHECK(ibv_destroy_cq(cq)); /* used */
	CHECK(!ibv_destroy_qp(qp));
	CHECK(!ibv_destroy_cq(cq));
	CHECK(readable(b->channel->fd, WAIT_MS));
	CHECK(!ibv_get_cq_event(b->channel, &other, &context) && other == b->cq);
	ibv_ack_cq_events(other, 1);
	CHECK(!readable(b->channel->fd, 0));
}

static void overrun(struct end *a, struct end *b)
{
	struct ibv_cq *cq = ibv_create_cq(a->ctx, 1, NULL, NULL, 0);
	struct ibv_qp *qp = make_qp(a, cq);
	struct ibv_async_event event;

	CHECK(cq && qp);
	connect_qp(qp, b->qp->qp_num, &b->gid);
	for (int i = 0; i < 8; i++)
		post_send(a, qp, IBV_WR_RDMA_WRITE, 4, b, 0);
	CHECK(readable(a->ctx->async_fd, WAIT_MS));
	CHECK(!ibv_get_async_event(a->ctx, &event));
	CHECK(event.event_type == IBV_EVENT_CQ_ERR && event.element.cq == cq);
	ibv_ack_async_event(&event);
	CHECK(!ibv_destroy_qp(qp));
	CHECK(!ibv_destroy_cq(cq));
}

/* A key that nobody has: both ends hear of it. */
static void wrong_key(struct end *a, struct end *b)
{
	struct ibv_mr *mr = b->mr, wrong = *b->mr;
	struct ibv_async_event event;

	wrong.rkey ^= 1;
	b->mr = &wrong;
	post_send(a, a->qp, IBV_WR_RDMA_WRITE, 4, b, 0);
	b->mr = mr;
	CHECK(next_wc(a->cq).status == IBV_WC_REM_ACCESS_ERR);
	CHECK(readable(b->ctx->async_fd, WAIT_MS));
	CHECK(!ibv_get_async_event(b->ctx, &event));
	CHECK(event.event_type == IBV_EVENT_QP_ACCESS_ERR && event.element.qp == b->qp);
	ibv_ack_async_event(&event);
}

/* What a program has unmapped without telling ends the queue pairs, and nothing else. */
static void vanished(struct end *a, struct end *b)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	post_recv(b, 0, 10);
	CHECK(!munmap(b->buf, BUF_LEN));
	post_send(a, a->qp, IBV_WR_SEND, 10, b, 0);
	CHECK(next_wc(a->cq).status == IBV_WC_REM_OP_ERR);
	CHECK(next_wc(b->cq).status == IBV_WC_LOC_PROT_ERR);
	CHECK(!ibv_query_qp(a->qp, &attr, IBV_QP_STATE, &init) && attr.qp_state == IBV_QPS_ERR);
	/* What is posted now comes back. */
	post_send(a, a->qp, IBV_WR_SEND, 10, b, 0);
	CHECK(next_wc(a->cq).status == IBV_WC_WR_FLUSH_ERR);
}

int main(void)
{
	struct ibv_device **devices;
	struct end a, b;
	int n;

	devices = ibv_get_device_list(&n);
	CHECK(devices && n == 2);
	make_end(&a, devices[0]);
	make_end(&b, devices[1]);
	connect_qp(a.qp, b.qp->qp_num, &b.gid);
	connect_qp(b.qp, a.qp->qp_num, &a.gid);
	data(&a, &b);
	events(&a, &b);
	solicited(&a, &b);
	unread_event(&a, &b);
	overrun(&a, &b);
	connect_qp(a.qp, b.qp->qp_num, &b.gid);
	connect_qp(b.qp, a.qp->qp_num, &a.gid);
	wrong_key(&a, &b);
	connect_qp(a.qp, b.qp->qp_num, &b.gid);
	connect_qp(b.qp, a.qp->qp_num, &a.gid);
	vanished(&a, &b);
	end_end(&a);
	end_end(&b);
	ibv_free_device_list(devices);
	return 0;
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
