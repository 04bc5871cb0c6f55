/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program to be watched: opens a device, then does what it is told, one word a line, and answers
 * in a line each: "pd" allocates a protection domain, "leak" makes a key and a completion queue
 * that nobody destroys, "both" sends a command that is told to be slow and, meanwhile, others by
 * the same context, "close" closes the device. The end of input is its end.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

#include "mbox.h"

enum { MEM = 1 << 16, GUEST = 0x10000000 };

/* Found by name in the report: not inlined, exported. */
int leak_mkey(struct ibv_context *ctx);
int leak_cq(struct ibv_context *ctx);

static int create(struct ibv_context *ctx, const void *in, size_t in_len)
{
	uint8_t out[16] = {0};

	return mlx5dv_devx_obj_create(ctx, in, in_len, out, sizeof(out)) ? 0 : errno;
}

static uint32_t pd_number(struct ibv_pd *pd)
{
	struct mlx5dv_pd dv = {0};
	struct mlx5dv_obj obj = {.pd = {.in = pd, .out = &dv}};

	return mlx5dv_init_obj(&obj, MLX5DV_OBJ_PD) ? 0 : dv.pdn;
}

static void *memory(void)
{
	void *p = mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	return p;
}

__attribute__((noinline, visibility("default"))) int leak_mkey(struct ibv_context *ctx)
{
	uint8_t in[272 + 4 * 16] = {0};
	struct ibv_pd *pd = ibv_alloc_pd(ctx);
	struct ibv_mr *mr = pd ? ibv_reg_mr(pd, memory(), MEM, IBV_ACCESS_LOCAL_WRITE) : NULL;
	int err;

	if (!mr)
		return errno;
	mbox_put(in, 0, 16, 0x200);
	mbox_put(in, 0x80 + 0x14, 2, 3); /* local write and read */
	mbox_put(in, 0x80 + 0x16, 2, 2); /* KLM */
	mbox_put(in, 0x80 + 0x20, 24, 0xffffff);
	mbox_put(in, 0x80 + 0x68, 24, pd_number(pd));
	mbox_put(in, 0x80 + 0x80, 64, GUEST);
	mbox_put(in, 0x80 + 0xc0, 64, MEM);
	mbox_put(in, 0x80 + 0x1a0, 32, 4); /* entries come by four */
	mbox_put(in, 0x300, 32, 1);
	mbox_put(in, 0x880, 32, MEM);
	mbox_put(in, 0x8a0, 32, mr->lkey);
	mbox_put(in, 0x8c0, 64, (uintptr_t)mr->addr);
	err = create(ctx, in, sizeof(in));
	return err;
}

__attribute__((noinline, visibility("default"))) int leak_cq(struct ibv_context *ctx)
{
	struct mlx5dv_devx_umem *umem =
	    mlx5dv_devx_umem_reg(ctx, memory(), MEM, IBV_ACCESS_LOCAL_WRITE);
	struct mlx5dv_devx_uar *uar = mlx5dv_devx_alloc_uar(ctx, MLX5DV_UAR_ALLOC_TYPE_NC);
	uint8_t in[272] = {0};
	uint32_t eqn;
	int err;

	if (!umem || !uar || mlx5dv_devx_query_eqn(ctx, 0, &eqn))
		return errno;
	mbox_put(in, 0, 16, 0x400);
	mbox_put(in, 0x80 + 0x0b, 1, 1); /* one entry is written over and over */
	mbox_put(in, 0x80 + 0x63, 5, 4);
	mbox_put(in, 0x80 + 0x68, 24, uar->page_id);
	mbox_put(in, 0x80 + 0xb8, 8, eqn);
	mbox_put(in, 0x80 + 0x20, 32, umem->umem_id);
	mbox_put(in, 0x80 + 0x1c0, 64, 64 * 16);
	mbox_put(in, 0x2c0, 32, umem->umem_id);
	err = create(ctx, in, sizeof(in));
	return err;
}

struct slow {
	struct ibv_context *ctx;
	atomic_bool begun, done;
	int err;
};

static void *alloc_transport_domain(void *arg)
{
	struct slow *slow = arg;
	uint8_t in[16] = {0};

	mbox_put(in, 0, 16, 0x816);
	atomic_store(&slow->begun, true);
	slow->err = create(slow->ctx, in, sizeof(in));
	atomic_store(&slow->done, true);
	return NULL;
}

static int query(struct ibv_context *ctx)
{
	uint8_t in[16] = {0}, out[16 + 4096] = {0};

	mbox_put(in, 0, 16, 0x100);
	mbox_put(in, 0x30, 16, 1);
	return mlx5dv_devx_general_cmd(ctx, in, sizeof(in), out, sizeof(out));
}

/* ETIME: the others had to wait for the slow one. */
static int both(struct ibv_context *ctx)
{
	struct slow slow = {.ctx = ctx};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, alloc_transport_domain, &slow);

	if (err)
		return err;
	while (!err && !atomic_load(&slow.begun))
		err = query(ctx);
	for (unsigned int i = 0; !err && i < 100; i++)
		err = query(ctx);
	if (!err && atomic_load(&slow.done))
		err = ETIME;
	pthread_join(thread, NULL);
	return err ? err : slow.err;
}

static int obey(struct ibv_context **ctx, const char *word)
{
	int err;

	if (!strcmp(word, "pd"))
		return ibv_alloc_pd(*ctx) ? 0 : errno;
	if (!strcmp(word, "leak")) {
		err = leak_mkey(*ctx);
		return err ? err : leak_cq(*ctx);
	}
	if (!strcmp(word, "both"))
		return both(*ctx);
	if (!strcmp(word, "close")) {
		err = ibv_close_device(*ctx);
		*ctx = NULL;
		return err;
	}
	return EINVAL;
}

int main(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};
	struct ibv_context *ctx = list && list[0] ? mlx5dv_open_device(list[0], &attr) : NULL;
	char line[64];

	if (!ctx) {
		perror("no device");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		int err;

		line[strcspn(line, "\n")] = '\0';
		err = ctx ? obey(&ctx, line) : ENODEV;
		printf("%s: %s\n", line, err ? strerror(err) : "ok");
	}
	return 0;
}
