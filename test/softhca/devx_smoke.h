/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devx_smoke: what its files share. One device and everything made on it, in the order of
 * struct world; a check that fails ends the program.
 */
#ifndef TEST_SOFTHCA_DEVX_SMOKE_H
#define TEST_SOFTHCA_DEVX_SMOKE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

#include "fw/hca_stat.h"
#include "mbox.h"

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s is false (errno %d)\n", __FILE__, __LINE__,     \
				#cond, errno);                                                     \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

enum {
	QUERY_HCA_CAP = 0x100,
	CREATE_MKEY = 0x200,
	CREATE_CQ = 0x400,
	DESTROY_CQ = 0x401,
	CREATE_QP = 0x500,
	RST2INIT_QP = 0x502,
	INIT2RTR_QP = 0x503,
	RTR2RTS_QP = 0x504,
	ALLOC_TRANSPORT_DOMAIN = 0x816,
	CREATE_TIR = 0x900,
	CREATE_TIS = 0x912,
	CREATE_RQT = 0x916,
	ALLOC_FLOW_COUNTER = 0x939,
	QUERY_FLOW_COUNTER = 0x93b,
	CREATE_GENERAL_OBJECT = 0xa00,
	MODIFY_GENERAL_OBJECT = 0xa01,
	QUERY_GENERAL_OBJECT = 0xa02,
	OBJ_VIRTIO_NET_Q = 0xd,
	OBJ_VIRTIO_Q_COUNTERS = 0x1c,
	EVENT_OBJECT_CHANGE = 0x27,
};

enum { PAGE = 4096, QUEUE_SIZE = 256, MEM_LEN = 1 << 20, UMEM_LEN = 1 << 20 };
/* Where the guest's memory begins in its own view, and what lies where in it. */
static const uint64_t guest_base = 0x100000000ull;
enum { DESC = 0, AVAIL = 0x2000, USED = 0x3000 };

/* A number and the object behind it. */
struct obj {
	struct mlx5dv_devx_obj *devx;
	uint32_t id;
};

struct world {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	uint32_t pdn, eqn, uar_page;
	uint8_t *mem, *umem_mem;
	struct ibv_mr *mr, *null_mr;
	struct mlx5dv_devx_umem *umem;
	struct mlx5dv_devx_uar *uar;
	struct mlx5dv_var *var;
	uint32_t *doorbell;
	struct mlx5dv_devx_event_channel *channel;
	struct obj mkey, cq, fw_qp, sw_qp, td, tis, counters, queue, rqt, tir;
	struct mlx5dv_dr_domain *domain;
	struct mlx5dv_dr_table *table;
	struct mlx5dv_dr_matcher *matcher;
	struct mlx5dv_dr_action *action;
	struct mlx5dv_dr_rule *rule;
	struct mlx5dv_flow_matcher *flow_matcher;
	struct ibv_flow *flow;
};

/* Objects of that kind alive in the NIC now. */
uint64_t alive(enum hca_stat_obj kind);
/* Run a create command that must work; the new number is in the answer at id_bit. */
void create(struct world *w, struct obj *obj, const void *in, size_t in_len, unsigned int id_bit,
	    unsigned int id_width);
/* A create command that firmware refuses: the answer says why. */
void check_firmware_refuses(struct world *w, const void *in, size_t in_len);

/* devx_smoke_tables.c, when there is a TIR and a matcher. */
void check_tables(struct world *w);

/* devx_smoke_objs.c, to be called in this order. */
void make_cq(struct world *w);
void make_qps(struct world *w);
void make_mkey(struct world *w);
void make_transmit(struct world *w);
void make_queue(struct world *w);
void make_channel(struct world *w);
void make_tir(struct world *w);
void make_flows(struct world *w);

#endif
