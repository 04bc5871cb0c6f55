/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything a vDPA driver does with a device, once, through the system's libibverbs and libmlx5:
 * to be run as `softhca run --functions 2 --stat FILE -- devx_smoke`. Refusals are checked where
 * they happen. The first device is taken down object by object, the second is closed with all of
 * it alive; the live figures must be zero after each.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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

static const struct hca_stat *stat_file;

/* ---- figures ---- */

static void stat_map(void)
{
	const char *path = getenv("SOFTHCA_STAT");
	int fd;

	CHECK(path);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	stat_file = mmap(NULL, sizeof(*stat_file), PROT_READ, MAP_SHARED, fd, 0);
	CHECK(stat_file != MAP_FAILED);
	close(fd);
	CHECK(stat_file->magic == HCA_STAT_MAGIC && stat_file->version == HCA_STAT_VERSION);
}

static uint64_t alive(enum hca_stat_obj kind)
{
	return __atomic_load_n(&stat_file->objects[kind], __ATOMIC_RELAXED);
}

static void check_nothing_alive(void)
{
	for (unsigned int i = 0; i < HCA_STAT_OBJ_N; i++) {
		if (alive(i))
			fprintf(stderr, "kind %u: %llu alive\n", i, (unsigned long long)alive(i));
		CHECK(alive(i) == 0);
	}
}

/* ---- commands ---- */

static void create(struct world *w, struct obj *obj, const void *in, size_t in_len,
		   unsigned int id_bit, unsigned int id_width)
{
	uint8_t out[16] = {0};

	obj->devx = mlx5dv_devx_obj_create(w->ctx, in, in_len, out, sizeof(out));
	if (!obj->devx)
		fprintf(stderr, "command 0x%x: status 0x%x syndrome 0x%x\n",
			(unsigned int)mbox_get(in, 0, 16), out[0],
			(unsigned int)mbox_get(out, 32, 32));
	CHECK(obj->devx);
	CHECK(out[0] == 0);
	obj->id = (uint32_t)mbox_get(out, id_bit, id_width);
}

/* A command that the kernel does not even pass on. */
static void check_kernel_refuses(struct world *w, unsigned int opcode)
{
	uint8_t in[64] = {0}, out[16] = {0};

	mbox_put(in, 0, 16, opcode);
	errno = 0;
	CHECK(!mlx5dv_devx_obj_create(w->ctx, in, sizeof(in), out, sizeof(out)));
	CHECK(errno == EINVAL);
}

/* A command that firmware refuses: the answer says why. */
static void check_firmware_refuses(struct world *w, const void *in, size_t in_len)
{
	uint8_t out[16] = {0};

	errno = 0;
	CHECK(!mlx5dv_devx_obj_create(w->ctx, in, in_len, out, sizeof(out)));
	CHECK(errno == EREMOTEIO);
	CHECK(out[0] != 0);
	CHECK(mbox_get(out, 32, 32) != 0);
}

static void check_caps(struct world *w)
{
	uint8_t in[16] = {0}, out[16 + 4096] = {0};
	uint64_t types;

	mbox_put(in, 0, 16, QUERY_HCA_CAP);
	mbox_put(in, 48, 16, 1); /* general, current */
	CHECK(!mlx5dv_devx_general_cmd(w->ctx, in, sizeof(in), out, sizeof(out)));
	CHECK(out[0] == 0);
	types = mbox_get(out, 0x80 + 0x400, 64);
	CHECK(types >> OBJ_VIRTIO_NET_Q & 1);
	CHECK(types >> OBJ_VIRTIO_Q_COUNTERS & 1);
	mbox_put(in, 48, 16, 0x13 << 1 | 1); /* virtio emulation */
	memset(out, 0, sizeof(out));
	CHECK(!mlx5dv_devx_general_cmd(w->ctx, in, sizeof(in), out, sizeof(out)));
	CHECK((mbox_get(out, 0x80 + 0x18, 8) & 3) == 3); /* split and packed */
	CHECK(mbox_get(out, 0x80 + 0x88, 24) >= 2);
	/* No such group of capabilities. */
	mbox_put(in, 48, 16, 0xfff << 1);
	CHECK(mlx5dv_devx_general_cmd(w->ctx, in, sizeof(in), out, sizeof(out)) == EREMOTEIO);
	CHECK(out[0] != 0);
	/* Commands on objects are no general commands. */
	mbox_put(in, 0, 16, ALLOC_TRANSPORT_DOMAIN);
	mbox_put(in, 48, 16, 0);
	CHECK(mlx5dv_devx_general_cmd(w->ctx, in, sizeof(in), out, sizeof(out)) == EINVAL);
}

/* ---- memory and pages ---- */

static void make_memory(struct world *w)
{
	struct mlx5dv_pd pd = {0};
	struct mlx5dv_obj dv = {0};
	struct ibv_mr *mr;

	w->pd = ibv_alloc_pd(w->ctx);
	CHECK(w->pd);
	dv.pd.in = w->pd;
	dv.pd.out = &pd;
	CHECK(!mlx5dv_init_obj(&dv, MLX5DV_OBJ_PD));
	w->pdn = pd.pdn;
	w->mem = mmap(NULL, MEM_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(w->mem != MAP_FAILED);
	w->mr = ibv_reg_mr_iova(w->pd, w->mem, MEM_LEN, guest_base, IBV_ACCESS_LOCAL_WRITE);
	CHECK(w->mr && w->mr->lkey);
	mr = ibv_reg_mr(w->pd, w->mem, PAGE, IBV_ACCESS_LOCAL_WRITE);
	CHECK(mr && mr->lkey != w->mr->lkey);
	CHECK(!ibv_dereg_mr(mr));
	w->null_mr = ibv_alloc_null_mr(w->pd);
	CHECK(w->null_mr);
	/* Remote write without local write; nothing mapped; different offsets in a page. */
	CHECK(!ibv_reg_mr(w->pd, w->mem, PAGE, IBV_ACCESS_REMOTE_WRITE) && errno == EINVAL);
	CHECK(!ibv_reg_mr(w->pd, (void *)(uintptr_t)PAGE, PAGE, 0) && errno == EFAULT);
	CHECK(!ibv_reg_mr_iova(w->pd, w->mem, PAGE, guest_base + 1, 0) && errno == EINVAL);
	CHECK(!ibv_reg_mr(w->pd, w->mem, 0, 0) && errno == EINVAL);
	CHECK(ibv_dealloc_pd(w->pd) == EBUSY);

	w->umem_mem = aligned_alloc(PAGE, UMEM_LEN);
	CHECK(w->umem_mem);
	memset(w->umem_mem, 0, UMEM_LEN);
	w->umem = mlx5dv_devx_umem_reg(w->ctx, w->umem_mem, UMEM_LEN, IBV_ACCESS_LOCAL_WRITE);
	CHECK(w->umem);
	CHECK(!mlx5dv_devx_umem_reg(w->ctx, w->umem_mem, 0, IBV_ACCESS_LOCAL_WRITE));
	CHECK(errno == EINVAL);
	CHECK(!mlx5dv_devx_umem_reg(w->ctx, w->umem_mem, PAGE, IBV_ACCESS_MW_BIND));
	CHECK(errno == EINVAL);
}

static void make_pages(struct world *w)
{
	struct mlx5dv_devx_uar *bf;
	struct mlx5dv_var *other;
	struct stat st;

	w->uar = mlx5dv_devx_alloc_uar(w->ctx, MLX5DV_UAR_ALLOC_TYPE_NC);
	CHECK(w->uar && w->uar->base_addr);
	bf = mlx5dv_devx_alloc_uar(w->ctx, MLX5DV_UAR_ALLOC_TYPE_BF);
	CHECK(bf && bf->page_id != w->uar->page_id);
	mlx5dv_devx_free_uar(bf);
	w->var = mlx5dv_alloc_var(w->ctx, 0);
	CHECK(w->var && w->var->length == PAGE && w->var->mmap_off != 0);
	other = mlx5dv_alloc_var(w->ctx, 0);
	CHECK(other && other->mmap_off != w->var->mmap_off && other->page_id != w->var->page_id);
	mlx5dv_free_var(other);
	w->doorbell = mmap(NULL, w->var->length, PROT_WRITE, MAP_SHARED, w->ctx->cmd_fd,
			   (off_t)w->var->mmap_off);
	CHECK(w->doorbell != MAP_FAILED);
	*(volatile uint32_t *)w->doorbell = 0;
	CHECK(!fstat(w->ctx->cmd_fd, &st) && S_ISCHR(st.st_mode) && major(st.st_rdev) == 231);
}

/* ---- events ---- */

static void make_cq(struct world *w)
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

static void make_qps(struct world *w)
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

static void make_channel(struct world *w)
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

static void make_mkey(struct world *w)
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

static void make_transmit(struct world *w)
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

static void make_queue(struct world *w)
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

static void make_tir(struct world *w)
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

/* The two ways a program has: the steering library, and rules of its own. */
static void make_flows(struct world *w)
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
}

/* ---- life ---- */

static void make_world(struct world *w, struct ibv_device *device)
{
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};

	memset(w, 0, sizeof(*w));
	w->ctx = mlx5dv_open_device(device, &attr);
	CHECK(w->ctx);
	if (!stat_file)
		stat_map();
	CHECK(alive(HCA_STAT_CTX) == 1);
	check_caps(w);
	check_kernel_refuses(w, DESTROY_CQ);
	check_kernel_refuses(w, QUERY_HCA_CAP);
	check_kernel_refuses(w, MODIFY_GENERAL_OBJECT);
	check_kernel_refuses(w, 0xffff);
	make_memory(w);
	make_pages(w);
	make_cq(w);
	make_qps(w);
	make_mkey(w);
	make_transmit(w);
	make_queue(w);
	make_channel(w);
	make_tir(w);
	make_flows(w);
}

static void destroy_objects(struct world *w)
{
	struct obj *objs[] = {&w->tir, &w->rqt,  &w->queue, &w->counters, &w->tis,
			      &w->td,  &w->mkey, &w->sw_qp, &w->fw_qp,    &w->cq};

	CHECK(!ibv_destroy_flow(w->flow));
	CHECK(!mlx5dv_destroy_flow_matcher(w->flow_matcher));
	CHECK(!mlx5dv_dr_rule_destroy(w->rule));
	CHECK(!mlx5dv_dr_action_destroy(w->action));
	CHECK(!mlx5dv_dr_matcher_destroy(w->matcher));
	CHECK(!mlx5dv_dr_table_destroy(w->table));
	CHECK(!mlx5dv_dr_domain_destroy(w->domain));
	for (unsigned int i = 0; i < sizeof(objs) / sizeof(objs[0]); i++)
		CHECK(!mlx5dv_devx_obj_destroy(objs[i]->devx));
	mlx5dv_devx_destroy_event_channel(w->channel);
	munmap(w->doorbell, w->var->length);
	mlx5dv_free_var(w->var);
	mlx5dv_devx_free_uar(w->uar);
	CHECK(!mlx5dv_devx_umem_dereg(w->umem));
	CHECK(!ibv_dereg_mr(w->null_mr));
	CHECK(!ibv_dereg_mr(w->mr));
	CHECK(!ibv_dealloc_pd(w->pd));
	/* The library keeps a doorbell page of its own in the context. */
	for (unsigned int i = 0; i < HCA_STAT_OBJ_N; i++)
		CHECK(i == HCA_STAT_CTX || i == HCA_STAT_UAR || alive(i) == 0);
}

static void close_world(struct world *w)
{
	int copy = dup(w->ctx->cmd_fd);

	CHECK(!ibv_close_device(w->ctx));
	/* The device is open as long as any descriptor of it is. */
	CHECK(alive(HCA_STAT_CTX) == 1);
	CHECK(!close(copy));
	check_nothing_alive();
	munmap(w->mem, MEM_LEN);
	free(w->umem_mem);
}

int main(void)
{
	struct ibv_device **devices;
	struct world w;
	int n;

	devices = ibv_get_device_list(&n);
	CHECK(devices && n == 2);
	for (int i = 0; i < n; i++) {
		make_world(&w, devices[i]);
		if (i == 0)
			destroy_objects(&w);
		close_world(&w);
		printf("%s: ok\n", ibv_get_device_name(devices[i]));
	}
	ibv_free_device_list(devices);
	return 0;
}
