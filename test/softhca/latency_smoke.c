/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * latency_smoke CREATES MODIFIES: that many firmware commands of the two kinds, one after the
 * other; prints how long they took, in microseconds. Objects are left to the end of the process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

#include "mbox.h"

enum { CREATE_QP = 0x500, RST2INIT_QP = 0x502, QP_2RST = 0x50a, ALLOC_TRANSPORT_DOMAIN = 0x816 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct mlx5dv_devx_obj *create(struct ibv_context *ctx, const void *in, size_t len,
				      uint32_t *id)
{
	uint8_t out[16] = {0};
	struct mlx5dv_devx_obj *obj = mlx5dv_devx_obj_create(ctx, in, len, out, sizeof(out));

	if (!obj)
		die("create");
	*id = (uint32_t)mbox_get(out, 0x48, 24);
	return obj;
}

static struct mlx5dv_devx_obj *create_qp(struct ibv_context *ctx, uint32_t *id)
{
	const unsigned int qpc = 0xc0;
	struct mlx5dv_pd pd = {0};
	struct mlx5dv_obj dv = {0};
	uint8_t in[464] = {0};

	dv.pd.in = ibv_alloc_pd(ctx);
	dv.pd.out = &pd;
	if (!dv.pd.in || mlx5dv_init_obj(&dv, MLX5DV_OBJ_PD))
		die("PD");
	mbox_put(in, 0, 16, CREATE_QP);
	mbox_put(in, qpc + 0x28, 24, pd.pdn);
	mbox_put(in, qpc + 0x50, 1, 1);  /* no_sq */
	mbox_put(in, qpc + 0x565, 3, 3); /* no receive queue either */
	return create(ctx, in, sizeof(in), id);
}

static void modify_qp(struct mlx5dv_devx_obj *qp, uint32_t id, bool init)
{
	uint8_t in[272] = {0}, out[16] = {0};
	const unsigned int qpc = 0xc0, path = 0xc0 + 0xc0;

	mbox_put(in, 0, 16, init ? RST2INIT_QP : QP_2RST);
	mbox_put(in, 0x48, 24, id);
	if (init) {
		mbox_put(in, path + 0x128, 8, 1);
		mbox_put(in, qpc + 0x13, 2, 3);
	}
	if (mlx5dv_devx_obj_modify(qp, in, init ? sizeof(in) : 16, out, sizeof(out)))
		die("modify");
}

int main(int argc, char **argv)
{
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};
	int creates = argc > 1 ? atoi(argv[1]) : 1, modifies = argc > 2 ? atoi(argv[2]) : 1;
	struct ibv_device **devices = ibv_get_device_list(NULL);
	struct timespec from, to;
	struct mlx5dv_devx_obj *qp;
	struct ibv_context *ctx;
	uint8_t td[16] = {0};
	uint32_t id, other;

	ctx = devices && devices[0] ? mlx5dv_open_device(devices[0], &attr) : NULL;
	if (!ctx)
		die("no device");
	qp = create_qp(ctx, &id);
	mbox_put(td, 0, 16, ALLOC_TRANSPORT_DOMAIN);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < creates; i++)
		create(ctx, td, sizeof(td), &other);
	for (int i = 0; i < modifies; i++)
		modify_qp(qp, id, i % 2 == 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%lld\n",
	       (to.tv_sec - from.tv_sec) * 1000000ll + (to.tv_nsec - from.tv_nsec) / 1000);
	return 0;
}
