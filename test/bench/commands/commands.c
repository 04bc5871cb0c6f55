/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * commands: how many firmware commands of a kind a device takes a second, through DevX of the
 * system's libmlx5. For softhca (real hardware takes 0.1 to 1.5 ms each): it tells what starting
 * many queues costs besides what --latency adds.
 *
 *   commands MILLISECONDS   of measuring each kind; lines "NAME COMMANDS-PER-SECOND"
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

#include "mbox.h"

enum {
	QUERY_HCA_CAP = 0x100,
	CREATE_MKEY = 0x200,
	CREATE_CQ = 0x400,
	ALLOC_TRANSPORT_DOMAIN = 0x816,
	CREATE_TIS = 0x912,
	CREATE_GENERAL_OBJECT = 0xa00,
	MODIFY_GENERAL_OBJECT = 0xa01,
	QUERY_GENERAL_OBJECT = 0xa02,
	OBJ_VIRTIO_NET_Q = 0xd,
};
enum { MEM_LEN = 4 << 20, QUEUE_SIZE = 256, RDY = 1, SUSPEND = 2 };
/* What lies where: rings, the firmware's scratch areas for a queue, a CQ and its doorbell record.
 */
enum { DESC = 0, AVAIL = 0x2000, USED = 0x3000, SCRATCH = 0x10000, SCRATCH_LEN = 0x40000 };
enum { CQ_BUFFER = 0x100000, CQ_RECORD = 0x110000, LOG_CQ = 8 };

static struct {
	struct ibv_context *ctx;
	struct mlx5dv_devx_umem *umem;
	struct mlx5dv_devx_uar *uar;
	struct mlx5dv_devx_obj *queue;
	struct ibv_mr *mr;
	uint8_t *mem;
	uint32_t pdn, eqn, tis, queue_id;
	unsigned int state; /* of the queue */
} dev;

static void die(const char *what)
{
	fprintf(stderr, "commands: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct mlx5dv_devx_obj *create(const char *what, const void *in, size_t len, uint32_t *id)
{
	uint8_t out[16] = {0};
	struct mlx5dv_devx_obj *obj;

	obj = mlx5dv_devx_obj_create(dev.ctx, in, len, out, sizeof(out));
	if (!obj)
		die(what);
	if (id)
		*id = (uint32_t)mbox_get(out, 0x48, 24);
	return obj;
}

static void destroy(const char *what, struct mlx5dv_devx_obj *obj)
{
	if (mlx5dv_devx_obj_destroy(obj))
		die(what);
}

/* ---- the commands: each returns how many it issued ---- */

static unsigned int query_cap(void)
{
	static uint8_t out[16 + 4096];
	uint8_t in[16] = {0};

	mbox_put(in, 0, 16, QUERY_HCA_CAP);
	mbox_put(in, 0x30, 16, 1); /* general capabilities, current */
	if (mlx5dv_devx_general_cmd(dev.ctx, in, sizeof(in), out, sizeof(out)))
		die("QUERY_HCA_CAP");
	return 1;
}

static unsigned int turn_mkey(void)
{
	uint8_t in[272 + 4 * 16] = {0}; /* entries come by four */
	const unsigned int mkc = 0x80, klm = 0x880;

	mbox_put(in, 0, 16, CREATE_MKEY);
	mbox_put(in, mkc + 0x14, 2, 3); /* local write and read */
	mbox_put(in, mkc + 0x16, 2, 2); /* indirect */
	mbox_put(in, mkc + 0x20, 24, 0xffffff);
	mbox_put(in, mkc + 0x68, 24, dev.pdn);
	mbox_put(in, mkc + 0xc0, 64, MEM_LEN);
	mbox_put(in, mkc + 0x1a0, 32, 4);
	mbox_put(in, 0x300, 32, 4);
	for (unsigned int i = 0; i < 2; i++) {
		mbox_put(in, klm + i * 128, 32, MEM_LEN / 2);
		mbox_put(in, klm + i * 128 + 0x20, 32, dev.mr->lkey);
		mbox_put(in, klm + i * 128 + 0x40, 64, (uintptr_t)dev.mem + i * (MEM_LEN / 2));
	}
	destroy("DESTROY_MKEY", create("CREATE_MKEY", in, sizeof(in), NULL));
	return 2;
}

static unsigned int turn_cq(void)
{
	uint8_t in[272] = {0};
	const unsigned int cqc = 0x80;

	mbox_put(in, 0, 16, CREATE_CQ);
	mbox_put(in, cqc + 0x0b, 1, 1);
	mbox_put(in, cqc + 0x63, 5, LOG_CQ);
	mbox_put(in, cqc + 0x68, 24, dev.uar->page_id);
	mbox_put(in, cqc + 0xb8, 8, dev.eqn);
	mbox_put(in, cqc + 0x20, 32, dev.umem->umem_id);
	mbox_put(in, cqc + 0x1c0, 64, CQ_RECORD);
	mbox_put(in, 0x280, 64, CQ_BUFFER);
	mbox_put(in, 0x2c0, 32, dev.umem->umem_id);
	destroy("DESTROY_CQ", create("CREATE_CQ", in, sizeof(in), NULL));
	return 2;
}

static struct mlx5dv_devx_obj *create_queue(uint32_t *id)
{
	uint8_t in[208] = {0};
	const unsigned int q = 0x80, ctx = 0x80 + 0x200;

	mbox_put(in, 0, 16, CREATE_GENERAL_OBJECT);
	mbox_put(in, 0x30, 16, OBJ_VIRTIO_NET_Q);
	mbox_put(in, q + 0xa8, 24, dev.tis);
	mbox_put(in, ctx + 0x21, 1, 1);  /* virtio 1.0 */
	mbox_put(in, ctx + 0x10, 16, 1); /* a transmit queue */
	mbox_put(in, ctx + 0x50, 16, QUEUE_SIZE);
	mbox_put(in, ctx + 0x80, 64, (uintptr_t)dev.mem + DESC);
	mbox_put(in, ctx + 0xc0, 64, (uintptr_t)dev.mem + USED);
	mbox_put(in, ctx + 0x100, 64, (uintptr_t)dev.mem + AVAIL);
	mbox_put(in, ctx + 0x140, 32, dev.mr->lkey);
	for (unsigned int i = 0; i < 3; i++) {
		mbox_put(in, ctx + 0x180 + i * 0x80, 32, dev.umem->umem_id);
		mbox_put(in, ctx + 0x1a0 + i * 0x80, 32, SCRATCH_LEN);
		mbox_put(in, ctx + 0x1c0 + i * 0x80, 64, SCRATCH + i * SCRATCH_LEN);
	}
	mbox_put(in, ctx + 0x328, 24, dev.pdn);
	return create("CREATE_VIRTIO_NET_Q", in, sizeof(in), id);
}

static unsigned int turn_queue(void)
{
	destroy("DESTROY_VIRTIO_NET_Q", create_queue(NULL));
	return 2;
}

static unsigned int query_queue(void)
{
	uint8_t in[16] = {0}, out[208] = {0};

	mbox_put(in, 0, 16, QUERY_GENERAL_OBJECT);
	mbox_put(in, 0x30, 16, OBJ_VIRTIO_NET_Q);
	mbox_put(in, 0x40, 32, dev.queue_id);
	if (mlx5dv_devx_obj_query(dev.queue, in, sizeof(in), out, sizeof(out)))
		die("QUERY_VIRTIO_NET_Q");
	return 1;
}

/* A queue that has been stopped can not be started again everywhere: make another then. */
static unsigned int modify_queue(void)
{
	uint8_t in[208] = {0}, out[16] = {0};

	if (dev.state == SUSPEND) {
		destroy("DESTROY_VIRTIO_NET_Q", dev.queue);
		dev.queue = create_queue(&dev.queue_id);
		dev.state = 0;
		return 2;
	}
	mbox_put(in, 0, 16, MODIFY_GENERAL_OBJECT);
	mbox_put(in, 0x30, 16, OBJ_VIRTIO_NET_Q);
	mbox_put(in, 0x40, 32, dev.queue_id);
	mbox_put(in, 0x80, 64, 1); /* the state */
	mbox_put(in, 0x80 + 0x9c, 4, ++dev.state);
	if (mlx5dv_devx_obj_modify(dev.queue, in, sizeof(in), out, sizeof(out)))
		die("MODIFY_VIRTIO_NET_Q");
	return 1;
}

static const struct {
	const char *name;
	unsigned int (*issue)(void);
} kinds[] = {
    {"query_hca_cap",               query_cap   },
    {"create+destroy_mkey",         turn_mkey   },
    {"create+destroy_cq",           turn_cq     },
    {"create+destroy_virtio_net_q", turn_queue  },
    {"query_virtio_net_q",          query_queue },
    {"virtio_net_q_life",           modify_queue},
};

/* ---- set-up ---- */

static void open_device(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};
	struct mlx5dv_pd pd_out;
	struct mlx5dv_obj obj = {0};
	struct ibv_pd *pd;

	if (!list || !list[0])
		die("no device");
	dev.ctx = mlx5dv_open_device(list[0], &attr);
	if (!dev.ctx)
		die("open");
	pd = ibv_alloc_pd(dev.ctx);
	dev.mem = aligned_alloc(4096, MEM_LEN);
	if (!pd || !dev.mem)
		die("PD");
	obj.pd.in = pd;
	obj.pd.out = &pd_out;
	if (mlx5dv_init_obj(&obj, MLX5DV_OBJ_PD))
		die("PD number");
	dev.pdn = pd_out.pdn;
	memset(dev.mem, 0, MEM_LEN);
	dev.mr = ibv_reg_mr(pd, dev.mem, MEM_LEN, IBV_ACCESS_LOCAL_WRITE);
	dev.umem = mlx5dv_devx_umem_reg(dev.ctx, dev.mem, MEM_LEN, IBV_ACCESS_LOCAL_WRITE);
	dev.uar = mlx5dv_devx_alloc_uar(dev.ctx, MLX5DV_UAR_ALLOC_TYPE_NC);
	if (!dev.mr || !dev.umem || !dev.uar)
		die("memory");
	if (mlx5dv_devx_query_eqn(dev.ctx, 0, &dev.eqn))
		die("event queue");
}

static void make_queue(void)
{
	uint8_t in[192] = {0};
	uint32_t td;

	mbox_put(in, 0, 16, ALLOC_TRANSPORT_DOMAIN);
	create("ALLOC_TRANSPORT_DOMAIN", in, 16, &td);
	memset(in, 0, sizeof(in));
	mbox_put(in, 0, 16, CREATE_TIS);
	mbox_put(in, 0x228, 24, td);
	create("CREATE_TIS", in, sizeof(in), &dev.tis);
	dev.queue = create_queue(&dev.queue_id);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t ns = argc == 2 ? strtoull(argv[1], NULL, 10) * 1000000u : 0;

	if (ns == 0) {
		fprintf(stderr, "Usage: commands MILLISECONDS\n");
		return 2;
	}
	open_device();
	make_queue();
	for (unsigned int k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		uint64_t start = now_ns(), now = start, issued = 0;

		while (now - start < ns) {
			for (unsigned int i = 0; i < 16; i++)
				issued += kinds[k].issue();
			now = now_ns();
		}
		printf("%s %.0f\n", kinds[k].name, (double)issued * 1e9 / (double)(now - start));
	}
	return 0;
}
