/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything a vDPA driver does with a device, once, through the system's libibverbs and libmlx5:
 * to be run as `softhca run --functions 2 --stat FILE -- devx_smoke FILE`. Refusals are checked where
 * they happen. The first device is taken down object by object, the second is closed with all of
 * it alive; the live figures must be zero after each.
 */
#include "devx_smoke.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct hca_stat *stat_file;

/* ---- figures ---- */

static void stat_map(const char *path)
{
	int fd;

	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	stat_file = mmap(NULL, sizeof(*stat_file), PROT_READ, MAP_SHARED, fd, 0);
	CHECK(stat_file != MAP_FAILED);
	close(fd);
	CHECK(stat_file->magic == HCA_STAT_MAGIC && stat_file->version == HCA_STAT_VERSION);
}

uint64_t alive(enum hca_stat_obj kind)
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

void create(struct world *w, struct obj *obj, const void *in, size_t in_len, unsigned int id_bit,
	    unsigned int id_width)
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
void check_firmware_refuses(struct world *w, const void *in, size_t in_len)
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

/* ---- life ---- */

static void make_world(struct world *w, struct ibv_device *device, const char *stat)
{
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};

	memset(w, 0, sizeof(*w));
	w->ctx = mlx5dv_open_device(device, &attr);
	CHECK(w->ctx);
	if (!stat_file)
		stat_map(stat);
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
	check_tables(w);
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
	/* The library keeps doorbell pages and the file of asynchronous events in the context. */
	for (unsigned int i = 0; i < HCA_STAT_OBJ_N; i++)
		CHECK(i == HCA_STAT_CTX || i == HCA_STAT_UAR || i == HCA_STAT_CHAN ||
		      alive(i) == 0);
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

int main(int argc, char **argv)
{
	struct ibv_device **devices;
	struct world w;
	int n;

	devices = ibv_get_device_list(&n);
	CHECK(devices && n == 2);
	for (int i = 0; i < n; i++) {
		make_world(&w, devices[i], argv[1]);
		if (i == 0)
			destroy_objects(&w);
		close_world(&w);
		printf("%s: ok\n", ibv_get_device_name(devices[i]));
	}
	ibv_free_device_list(devices);
	return 0;
}
