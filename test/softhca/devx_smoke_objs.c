/* SPDX-License-Identifier: BSD-3-Clause */
/* Firmware objects of a vDPA device: events, keys, queues, steering. */
#include "devx_smoke.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- events ---- */

void make_cq(struct world *w)
{
	uint8_t in[272] = {0};

	CHECK(!mlx5dv_devx_query_eqn(w->ctx, 0, &w->eqn));
	CHECK(mlx5dv_devx_query_eqn(w->ctx, 1000, &w->eqn));
	mbox_put(in, 0, 16, CREATE_CQ);
	mbox_put(in, 0x80 + 0x0b, 1, 1); /* cc: only the first entry is written */
	mbox_put(in, 0x80 + 0x63, 5, 8); /* log_cq_size */
	mbox_put(in, 0x80 + 0x68, 24, w->uar->page_id);
	mbox_put(in, 0x80 + 0xb8, 8, w->eqn);
	mbox_put(in, 0x80 + 0x20, 32, w->umem->umem_id); /* doorbell record */
	mbox_put(in, 0x80 + 0x1c0, 64, 64 * 256);
	mbox_put(in, 0x280, 64, 0);
	mbox_put(in, 0x2c0, 32, w->umem->umem_id);
	create(w, &w->cq, in, sizeof(in), 0x48, 24);
	/* The queue would not fit into the umem there. */
	mbox_put(in, 0x280, 64, UMEM_LEN - 64);
	check_firmware_refuses(w, in, sizeof(in));
	mbox_put(in, 0x280, 64, 0);
	mbox_put(in, 0x2c0, 32, 0xffff);
	check_firmware_refuses(w, in, sizeof(in));
	check_firmware_refuses(w, in, 16);
}

static void qp_step(struct obj *qp, unsigned int opcode, uint32_t remote)
{
	uint8_t in[272] = {0}, out[16] = {0};
	const unsigned int qpc = 0xc0, path = 0xc0 + 0xc0;

	mbox_put(in, 0, 16, opcode);
	mbox_put(in, 0x48, 24, qp->id);
	if (opcode != RTR2RTS_QP)
		mbox_put(in, path + 0x128, 8, 1); /* vhca_port_num */
	if (opcode == RST2INIT_QP)
		mbox_put(in, qpc + 0x13, 2, 3); /* pm_state */
	if (opcode == INIT2RTR_QP) {
		mbox_put(in, path, 1, 1); /* fl: loop-back */
		mbox_put(in, qpc + 0x40, 3, 1);
		mbox_put(in, qpc + 0x43, 5, 30);
		mbox_put(in, qpc + 0xa8, 24, remote);
	}
	CHECK(!mlx5dv_devx_obj_modify(qp->devx, in, sizeof(in), out, sizeof(out)));
	CHECK(out[0] == 0);
}

void make_qps(struct world *w)
{
	uint8_t in[464] = {0}, out[16] = {0};
	const unsigned int qpc = 0xc0;

	mbox_put(in, 0, 16, CREATE_QP);
	mbox_put(in, qpc + 0x28, 24, w->pdn);
	mbox_put(in, qpc + 0x50, 1, 1);  /* no_sq */
	mbox_put(in, qpc + 0x565, 3, 3); /* no receive queue either */
	create(w, &w->fw_qp, in, sizeof(in), 0x48, 24);

	mbox_put(in, qpc + 0x565, 3, 0);
	mbox_put(in, qpc + 0x13, 2, 3);
	mbox_put(in, qpc + 0x68, 24, w->uar->page_id);
	mbox_put(in, qpc + 0x49, 4, 8); /* 256 entries of 16 bytes */
	mbox_put(in, qpc + 0x4e8, 24, w->cq.id);
	mbox_put(in, qpc + 0x720, 32, w->umem->umem_id);
	mbox_put(in, qpc + 0x500, 64, 0x9000);
	mbox_put(in, 0x840, 32, w->umem->umem_id);
	mbox_put(in, 0x800, 64, 0x8000);
	create(w, &w->sw_qp, in, sizeof(in), 0x48, 24);

	qp_step(&w->fw_qp, RST2INIT_QP, 0);
	qp_step(&w->sw_qp, RST2INIT_QP, 0);
	qp_step(&w->fw_qp, INIT2RTR_QP, w->sw_qp.id);
	qp_step(&w->sw_qp, INIT2RTR_QP, w->fw_qp.id);
	qp_step(&w->fw_qp, RTR2RTS_QP, 0);
	qp_step(&w->sw_qp, RTR2RTS_QP, 0);

	/* A state that is behind it; another object's number; another kind of object. */
	memset(in, 0, sizeof(in));
	mbox_put(in, 0, 16, RST2INIT_QP);
	mbox_put(in, 0x48, 24, w->sw_qp.id);
	CHECK(mlx5dv_devx_obj_modify(w->sw_qp.devx, in, 272, out, sizeof(out)) == EREMOTEIO);
	CHECK(out[0] != 0);
	CHECK(mlx5dv_devx_obj_modify(w->fw_qp.devx, in, 272, out, sizeof(out)) == EINVAL);
	CHECK(mlx5dv_devx_obj_modify(w->cq.devx, in, 272, out, sizeof(out)) == EINVAL);
	CHECK(mlx5dv_devx_obj_query(w->sw_qp.devx, in, 272, out, sizeof(out)) == EINVAL);
}

void make_channel(struct world *w)
{
	uint16_t completion = 0, change = EVENT_OBJECT_CHANGE, unknown = 0xff;
	struct mlx5dv_devx_event_channel *other;
	struct pollfd poll_fd;
	uint64_t before;
	int fd;

	w->channel = mlx5dv_devx_create_event_channel(
	    w->ctx, MLX5DV_DEVX_CREATE_EVENT_CHANNEL_FLAGS_OMIT_EV_DATA);
	CHECK(w->channel);
	CHECK(!mlx5dv_devx_subscribe_devx_event(w->channel, w->cq.devx, 2, &completion, 0x1234));
	CHECK(mlx5dv_devx_subscribe_devx_event(w->channel, w->cq.devx, 2, &unknown, 0));
	CHECK(mlx5dv_devx_subscribe_devx_event(w->channel, w->cq.devx, 1, &completion, 0));
	fd = eventfd(0, 0);
	CHECK(!mlx5dv_devx_subscribe_devx_event_fd(w->channel, fd, w->queue.devx, change));
	CHECK(mlx5dv_devx_subscribe_devx_event_fd(w->channel, 9999, w->queue.devx, change));
	close(fd);
	poll_fd = (struct pollfd){.fd = w->channel->fd, .events = POLLIN};
	CHECK(poll(&poll_fd, 1, 0) == 0);
	/* A closed channel is gone while the device is still open. */
	before = alive(HCA_STAT_CHAN);
	other = mlx5dv_devx_create_event_channel(w->ctx, 0);
	CHECK(other && alive(HCA_STAT_CHAN) == before + 1);
	mlx5dv_devx_destroy_event_channel(other);
	CHECK(alive(HCA_STAT_CHAN) == before);
}

/* ---- keys, domains, queues ---- */

void make_mkey(struct world *w)
{
	uint8_t in[272 + 4 * 16] = {0};
	const unsigned int mkc = 0x80, klm = 0x880;

	/* Half of the guest's memory, then a hole, then the other half. */
	mbox_put(in, 0, 16, CREATE_MKEY);
	mbox_put(in, mkc + 0x14, 2, 3); /* local write and read */
	mbox_put(in, mkc + 0x16, 2, 2); /* KLM */
	mbox_put(in, mkc + 0x20, 24, 0xffffff);
	mbox_put(in, mkc + 0x68, 24, w->pdn);
	mbox_put(in, mkc + 0x80, 64, guest_base);
	mbox_put(in, mkc + 0xc0, 64, 3 * (MEM_LEN / 2));
	mbox_put(in, mkc + 0x1a0, 32, 4); /* translations_octword_size */
	mbox_put(in, 0x300, 32, 4);
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int at = klm + i * 128;

		mbox_put(in, at, 32, MEM_LEN / 2);
		mbox_put(in, at + 0x20, 32, i == 1 ? w->null_mr->lkey : w->mr->lkey);
		mbox_put(in, at + 0x40, 64, i == 1 ? 0 : guest_base + (i / 2) * (MEM_LEN / 2));
	}
	create(w, &w->mkey, in, sizeof(in), 0x48, 24);
	w->mkey.id <<= 8;
	/* An entry beyond its region; no such key. */
	mbox_put(in, klm + 2 * 128 + 0x40, 64, guest_base + MEM_LEN);
	check_firmware_refuses(w, in, sizeof(in));
	mbox_put(in, klm + 2 * 128 + 0x20, 32, 0xdead00);
	check_firmware_refuses(w, in, sizeof(in));
}

void make_transmit(struct world *w)
{
	uint8_t in[192] = {0};

	mbox_put(in, 0, 16, ALLOC_TRANSPORT_DOMAIN);
	create(w, &w->td, in, 16, 0x48, 24);
	memset(in, 0, sizeof(in));
	mbox_put(in, 0, 16, CREATE_TIS);
	mbox_put(in, 0x228, 24, w->td.id);
	create(w, &w->tis, in, sizeof(in), 0x48, 24);
	mbox_put(in, 0x228, 24, 0xfffff);
	check_firmware_refuses(w, in, sizeof(in));
	CHECK(mlx5dv_devx_obj_destroy(w->td.devx) == EBUSY);
}

static void general_hdr(void *in, unsigned int opcode, unsigned int type, uint32_t id)
{
	mbox_put(in, 0, 16, opcode);
	mbox_put(in, 0x30, 16, type);
	mbox_put(in, 0x40, 32, id);
}

static uint64_t queue_state(struct world *w)
{
	uint8_t in[16] = {0}, out[208] = {0};

	general_hdr(in, QUERY_GENERAL_OBJECT, OBJ_VIRTIO_NET_Q, w->queue.id);
	CHECK(!mlx5dv_devx_obj_query(w->queue.devx, in, sizeof(in), out, sizeof(out)));
	CHECK(out[0] == 0);
	return mbox_get(out, 0x80 + 0x9c, 4);
}

static int queue_set_state(struct world *w, unsigned int state)
{
	uint8_t in[208] = {0}, out[16] = {0};

	general_hdr(in, MODIFY_GENERAL_OBJECT, OBJ_VIRTIO_NET_Q, w->queue.id);
	mbox_put(in, 0x80, 64, 1);
	mbox_put(in, 0x80 + 0x9c, 4, state);
	return mlx5dv_devx_obj_modify(w->queue.devx, in, sizeof(in), out, sizeof(out));
}

void make_queue(struct world *w)
{
	uint8_t in[208] = {0};
	const unsigned int q = 0x80, ctx = 0x80 + 0x200;

	general_hdr(in, CREATE_GENERAL_OBJECT, OBJ_VIRTIO_Q_COUNTERS, 0);
	create(w, &w->counters, in, 74, 0x40, 32);

	general_hdr(in, CREATE_GENERAL_OBJECT, OBJ_VIRTIO_NET_Q, 0);
	mbox_put(in, q + 0xa8, 24, w->tis.id);
	mbox_put(in, ctx + 0x0d, 3, 1); /* events through a QP */
	mbox_put(in, ctx + 0x21, 1, 1); /* virtio 1.0 */
	mbox_put(in, ctx + 0x28, 24, w->fw_qp.id);
	mbox_put(in, ctx + 0x50, 16, QUEUE_SIZE);
	mbox_put(in, ctx + 0x80, 64, guest_base + DESC);
	mbox_put(in, ctx + 0xc0, 64, guest_base + USED);
	mbox_put(in, ctx + 0x100, 64, guest_base + AVAIL);
	mbox_put(in, ctx + 0x140, 32, w->mkey.id);
	for (unsigned int i = 0; i < 3; i++) {
		mbox_put(in, ctx + 0x180 + i * 0x80, 32, w->umem->umem_id);
		mbox_put(in, ctx + 0x1a0 + i * 0x80, 32, UMEM_LEN / 4);
		mbox_put(in, ctx + 0x1c0 + i * 0x80, 64, (i + 1) * (UMEM_LEN / 4));
	}
	mbox_put(in, ctx + 0x300, 32, w->counters.id);
	mbox_put(in, ctx + 0x328, 24, w->pdn);
	create(w, &w->queue, in, sizeof(in), 0x40, 32);
	/* A ring beyond the key; a key that does not exist. */
	mbox_put(in, ctx + 0x80, 64, guest_base + 16ull * MEM_LEN);
	check_firmware_refuses(w, in, sizeof(in));
	mbox_put(in, ctx + 0x140, 32, 0xdead00);
	check_firmware_refuses(w, in, sizeof(in));

	CHECK(queue_state(w) == 0);
	CHECK(queue_set_state(w, 2) == EREMOTEIO); /* INIT -> SUSPEND */
	CHECK(!queue_set_state(w, 1));
	CHECK(queue_state(w) == 1);
	CHECK(!queue_set_state(w, 2));
	CHECK(queue_state(w) == 2);
	CHECK(mlx5dv_devx_obj_destroy(w->counters.devx) == EBUSY);
	CHECK(mlx5dv_devx_obj_destroy(w->mkey.devx) == EBUSY);
}

/* ---- steering ---- */

void make_tir(struct world *w)
{
	uint8_t in[272 + 4] = {0};
	const unsigned int ctx = 0x100;

	mbox_put(in, 0, 16, CREATE_RQT);
	mbox_put(in, ctx + 0xa5, 3, 1);  /* of virtio queues */
	mbox_put(in, ctx + 0xb0, 16, 1); /* max size */
	mbox_put(in, ctx + 0xd0, 16, 1);
	mbox_put(in, ctx + 0x780, 32, w->queue.id);
	create(w, &w->rqt, in, sizeof(in), 0x48, 24);
	mbox_put(in, ctx + 0x780, 32, 0xffff);
	check_firmware_refuses(w, in, sizeof(in));

	memset(in, 0, sizeof(in));
	mbox_put(in, 0, 16, CREATE_TIR);
	mbox_put(in, ctx + 0x20, 4, 1); /* indirect */
	mbox_put(in, ctx + 0x108, 24, w->rqt.id);
	mbox_put(in, ctx + 0x120, 4, 2); /* Toeplitz */
	mbox_put(in, ctx + 0x128, 24, w->td.id);
	for (unsigned int i = 0; i < 40; i++)
		mbox_put(in, ctx + 0x140 + 8 * i, 8, i + 1);
	mbox_put(in, ctx + 0x280 + 2, 30, 3);
	create(w, &w->tir, in, 272, 0x48, 24);
}

/*
 * Rules that count and drop; they live and end here. At another priority than those that are there:
 * of the same one they would be one entry with these, and that cannot lead on and drop.
 */
static void check_counted_flows(struct world *w, struct mlx5dv_flow_match_parameters *match)
{
	struct mlx5dv_flow_matcher_attr attr = {
	    .type = IBV_FLOW_ATTR_NORMAL, .match_mask = match, .priority = 8};
	struct mlx5dv_flow_matcher *matcher = mlx5dv_create_flow_matcher(w->ctx, &attr);
	struct mlx5dv_flow_action_attr action[2] = {{.type = MLX5DV_FLOW_ACTION_DROP},
						    {.type = MLX5DV_FLOW_ACTION_COUNTERS_DEVX}};
	uint8_t in[16] = {0}, query[32] = {0}, out[32];
	struct ibv_flow *flow;
	struct obj counter;

	mbox_put(in, 0, 16, ALLOC_FLOW_COUNTER);
	CHECK(matcher);
	create(w, &counter, in, sizeof(in), 0x40, 32);
	mbox_put(in, 0x78, 8, 0x80); /* more at once than offered */
	check_firmware_refuses(w, in, sizeof(in));
	action[1].obj = counter.devx;
	CHECK(!mlx5dv_create_flow(w->flow_matcher, match, 2, action) && errno == EEXIST);
	flow = mlx5dv_create_flow(matcher, match, 2, action);
	CHECK(flow);
	CHECK(mlx5dv_devx_obj_destroy(counter.devx) == EBUSY);
	mbox_put(query, 0, 16, QUERY_FLOW_COUNTER);
	mbox_put(query, 0xe0, 32, counter.id);
	CHECK(!mlx5dv_devx_obj_query(counter.devx, query, sizeof(query), out, sizeof(out)));
	CHECK(mbox_get(out, 0, 8) == 0 && mbox_get(out, 0x80, 32) == 0);
	CHECK(!ibv_destroy_flow(flow));
	action[0].type = MLX5DV_FLOW_ACTION_DEFAULT_MISS;
	flow = mlx5dv_create_flow(matcher, match, 2, action);
	CHECK(flow);
	CHECK(!ibv_destroy_flow(flow));
	/* A TIR does not count. */
	action[1].obj = w->tir.devx;
	CHECK(!mlx5dv_create_flow(matcher, match, 2, action) && errno == EINVAL);
	CHECK(!mlx5dv_devx_obj_destroy(counter.devx));
	CHECK(!mlx5dv_destroy_flow_matcher(matcher));
}

/* The two ways a program has: the steering library, and rules of its own. */
void make_flows(struct world *w)
{
	struct {
		size_t size;
		uint64_t bits[64];
	} match = {.size = 64 * 3};
	struct mlx5dv_flow_match_parameters *param = (void *)&match;
	struct mlx5dv_flow_matcher_attr attr = {
	    .type = IBV_FLOW_ATTR_NORMAL, .match_mask = param, .priority = 7};
	struct mlx5dv_flow_action_attr action = {.type = MLX5DV_FLOW_ACTION_DEST_DEVX,
						 .obj = w->tir.devx};

	w->domain = mlx5dv_dr_domain_create(w->ctx, MLX5DV_DR_DOMAIN_TYPE_NIC_RX);
	CHECK(w->domain);
	w->table = mlx5dv_dr_table_create(w->domain, 0);
	CHECK(w->table);
	w->matcher = mlx5dv_dr_matcher_create(w->table, 5, 0, param);
	CHECK(w->matcher);
	w->action = mlx5dv_dr_action_create_dest_devx_tir(w->tir.devx);
	CHECK(w->action);
	w->rule = mlx5dv_dr_rule_create(w->matcher, param, 1, &w->action);
	CHECK(w->rule);

	w->flow_matcher = mlx5dv_create_flow_matcher(w->ctx, &attr);
	CHECK(w->flow_matcher);
	w->flow = mlx5dv_create_flow(w->flow_matcher, param, 1, &action);
	CHECK(w->flow);
	CHECK(alive(HCA_STAT_MATCHER) == 2 && alive(HCA_STAT_FLOW) == 2);
	CHECK(mlx5dv_destroy_flow_matcher(w->flow_matcher) == EBUSY);
	/* A CQ is no destination; a rule needs one. */
	action.obj = w->cq.devx;
	CHECK(!mlx5dv_create_flow(w->flow_matcher, param, 1, &action) && errno == EINVAL);
	CHECK(!mlx5dv_create_flow(w->flow_matcher, param, 0, NULL) && errno == EINVAL);
	CHECK(mlx5dv_devx_obj_destroy(w->tir.devx) == EBUSY);
	check_counted_flows(w, param);
	/* Tables that are not there: transmit, asked for in either way, and the e-switch. */
	attr.flags = IBV_FLOW_ATTR_FLAGS_EGRESS;
	CHECK(!mlx5dv_create_flow_matcher(w->ctx, &attr) && errno == EOPNOTSUPP);
	attr.flags = 0;
	attr.comp_mask = MLX5DV_FLOW_MATCHER_MASK_FT_TYPE;
	attr.ft_type = MLX5DV_FLOW_TABLE_TYPE_NIC_TX;
	CHECK(!mlx5dv_create_flow_matcher(w->ctx, &attr) && errno == EOPNOTSUPP);
	attr.ft_type = MLX5DV_FLOW_TABLE_TYPE_FDB;
	CHECK(!mlx5dv_create_flow_matcher(w->ctx, &attr) && errno == EOPNOTSUPP);
}
