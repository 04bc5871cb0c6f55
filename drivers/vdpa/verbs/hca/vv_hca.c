/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening the NIC, and the few objects there is one of per device. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_atomic.h>

#include "vv_hca_priv.h"
#include "../prm/prm_cq.h"

/* ---- opening ---- */

static void names_list(struct ibv_device **list, char *text, size_t len)
{
	size_t used = 0;

	snprintf(text, len, "none");
	for (; *list; list++) {
		int n = snprintf(text + used, len - used, "%s%s", used ? ", " : "",
				 ibv_get_device_name(*list));

		if (n < 0 || (size_t)n >= len - used)
			break;
		used += n;
	}
}

static int context_open(struct vv_hca *hca, const char *ibdev)
{
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};
	struct ibv_device **list = ibv_get_device_list(NULL), **dev;
	char names[160];
	int err = 0;

	if (!list)
		return vv_hca_fail(hca, -errno, "cannot list verbs devices: %s", strerror(errno));
	for (dev = list; *dev; dev++)
		if (!strcmp(ibv_get_device_name(*dev), ibdev))
			break;
	if (!*dev) {
		names_list(list, names, sizeof(names));
		err = vv_hca_fail(hca, -ENODEV, "no such verbs device (%s); there are: %s",
				  ibdev, names);
	} else if (!mlx5dv_is_supported(*dev)) {
		err = vv_hca_fail(hca, -ENOTSUP, "not an mlx5 device (%s)", ibdev);
	} else {
		hca->ctx = mlx5dv_open_device(*dev, &attr);
		if (!hca->ctx)
			err = vv_hca_fail(hca, errno ? -errno : -EIO,
					  "ibdev: cannot open %s with DevX: %s", ibdev,
					  strerror(errno));
	}
	ibv_free_device_list(list);
	return err;
}

static int pd_open(struct vv_hca *hca)
{
	struct mlx5dv_pd dv_pd = {0};
	struct mlx5dv_obj obj = {0};

	hca->pd = ibv_alloc_pd(hca->ctx);
	if (!hca->pd)
		return vv_hca_fail(hca, -errno, "protection domain: %s", strerror(errno));
	obj.pd.in = hca->pd;
	obj.pd.out = &dv_pd;
	if (mlx5dv_init_obj(&obj, MLX5DV_OBJ_PD))
		return vv_hca_fail(hca, -EIO, "protection domain: no number");
	hca->pdn = dv_pd.pdn;

	hca->null_mr = ibv_alloc_null_mr(hca->pd);
	if (!hca->null_mr)
		return vv_hca_fail(hca, -errno, "null memory region: %s", strerror(errno));
	return 0;
}

static int doorbell_open(struct vv_hca *hca)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p;

	hca->var = mlx5dv_alloc_var(hca->ctx, 0);
	if (!hca->var)
		return vv_hca_fail(hca, -errno, "virtqueue doorbell page: %s", strerror(errno));
	p = mmap(NULL, hca->var->length, PROT_READ | PROT_WRITE, MAP_SHARED, hca->ctx->cmd_fd,
		 hca->var->mmap_off);
	if (p == MAP_FAILED)
		return vv_hca_fail(hca, -errno, "virtqueue doorbell page: cannot map: %s",
				   strerror(errno));
	hca->doorbell_page = p;
	/* Pages of 64 KiB hold the doorbells of several devices. */
	hca->doorbell = (volatile uint32_t *)((char *)p + (hca->caps.doorbell_offset & (page - 1)));
	return 0;
}

static int nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/* libibverbs reads events of the port and of fatal errors from it (vv_hca_port.c). */
static int async_open(struct vv_hca *hca)
{
	int err = nonblock(hca->ctx->async_fd);

	return err ? vv_hca_fail(hca, err, "asynchronous events: %s", strerror(-err)) : 0;
}

static int channel_open(struct vv_hca *hca)
{
	int err;

	hca->uar = mlx5dv_devx_alloc_uar(hca->ctx, MLX5DV_UAR_ALLOC_TYPE_NC);
	if (!hca->uar) /* older kernels know only the other kind */
		hca->uar = mlx5dv_devx_alloc_uar(hca->ctx, MLX5DV_UAR_ALLOC_TYPE_BF);
	if (!hca->uar)
		return vv_hca_fail(hca, -errno, "doorbell page (UAR): %s", strerror(errno));
	if (mlx5dv_devx_query_eqn(hca->ctx, 0, &hca->eqn))
		return vv_hca_fail(hca, -EIO, "event queue number: %s", strerror(errno));

	/* Without data, so that the kernel merges events with the same cookie. */
	hca->channel = mlx5dv_devx_create_event_channel(
	    hca->ctx, MLX5DV_DEVX_CREATE_EVENT_CHANNEL_FLAGS_OMIT_EV_DATA);
	if (!hca->channel)
		return vv_hca_fail(hca, -errno, "event channel: %s", strerror(errno));
	err = nonblock(hca->channel->fd);
	return err ? vv_hca_fail(hca, err, "event channel: %s", strerror(-err)) : 0;
}

int vv_hca_open(const char *ibdev, struct vv_hca **hca, char *why, size_t why_len)
{
	struct vv_hca *h = calloc(1, sizeof(*h));
	int err;

	if (!h) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	err = context_open(h, ibdev);
	if (!err)
		err = vv_hca_caps_query(h);
	if (!err)
		err = async_open(h);
	if (!err)
		err = pd_open(h);
	if (!err)
		err = doorbell_open(h);
	if (!err)
		err = channel_open(h);
	if (err) {
		snprintf(why, why_len, "%s", h->error);
		vv_hca_close(h);
		return err;
	}
	*hca = h;
	return 0;
}

void vv_hca_close(struct vv_hca *hca)
{
	if (!hca)
		return;
	if (hca->channel)
		mlx5dv_devx_destroy_event_channel(hca->channel);
	if (hca->uar)
		mlx5dv_devx_free_uar(hca->uar);
	if (hca->doorbell_page)
		munmap(hca->doorbell_page, hca->var->length);
	if (hca->var)
		mlx5dv_free_var(hca->var);
	if (hca->null_mr)
		ibv_dereg_mr(hca->null_mr);
	if (hca->pd)
		ibv_dealloc_pd(hca->pd);
	if (hca->ctx)
		ibv_close_device(hca->ctx);
	free(hca);
}

/* ---- small answers ---- */

const struct vv_hca_caps *vv_hca_caps(const struct vv_hca *hca)
{
	return &hca->caps;
}

uint32_t vv_hca_null_key(const struct vv_hca *hca)
{
	return hca->null_mr->lkey;
}

void vv_hca_doorbell_area(const struct vv_hca *hca, uint64_t *offset, uint64_t *size)
{
	*offset = hca->var->mmap_off;
	*size = hca->var->length;
}

int vv_hca_fd(const struct vv_hca *hca)
{
	return hca->ctx->cmd_fd;
}

void vv_hca_doorbell(struct vv_hca *hca, uint16_t queue)
{
	/* Whatever made the ring worth looking at was written before; pairs with the NIC's read. */
	rte_wmb();
	__atomic_store_n(hca->doorbell, queue, __ATOMIC_RELAXED);
}

/* ---- memory ---- */

/* Bytes that all contexts of the process have pinned; atomic. */
static uint64_t pinned;

uint64_t vv_hca_pinned(void)
{
	return __atomic_load_n(&pinned, __ATOMIC_RELAXED);
}

static void pin_count(int64_t bytes)
{
	__atomic_fetch_add(&pinned, (uint64_t)bytes, __ATOMIC_RELAXED);
}

int vv_umem_create(struct vv_hca *hca, size_t len, struct vv_umem *umem)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct mlx5dv_devx_umem *u;
	void *p;
	int err;

	len = (len + page - 1) / page * page;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return vv_hca_fail(hca, -errno, "memory for the NIC: %s", strerror(errno));
	u = mlx5dv_devx_umem_reg(hca->ctx, p, len, IBV_ACCESS_LOCAL_WRITE);
	if (!u) {
		err = vv_hca_fail_pin(hca, errno ? -errno : -EIO, len, "memory for the NIC");
		munmap(p, len);
		return err;
	}
	/* A child of fork() would otherwise make the pinned pages ours no more. */
	madvise(p, len, MADV_DONTFORK);
	*umem = (struct vv_umem){.addr = p, .len = len, .id = u->umem_id, .umem = u};
	pin_count((int64_t)len);
	return 0;
}

void vv_umem_destroy(struct vv_umem *umem)
{
	if (umem->umem) {
		mlx5dv_devx_umem_dereg(umem->umem);
		pin_count(-(int64_t)umem->len);
	}
	if (umem->addr)
		munmap(umem->addr, umem->len);
	*umem = (struct vv_umem){0};
}

int vv_mr_create(struct vv_hca *hca, void *hva, size_t len, uint64_t gpa, struct vv_mr *mr)
{
	struct ibv_mr *m = ibv_reg_mr_iova(hca->pd, hva, len, gpa, IBV_ACCESS_LOCAL_WRITE);

	if (!m)
		return vv_hca_fail_pin(hca, errno ? -errno : -EIO, len, "guest memory");
	*mr = (struct vv_mr){.mr = m, .key = m->lkey};
	pin_count((int64_t)len);
	return 0;
}

void vv_mr_destroy(struct vv_mr *mr)
{
	if (mr->mr) {
		pin_count(-(int64_t)mr->mr->length);
		ibv_dereg_mr(mr->mr);
	}
	*mr = (struct vv_mr){0};
}

/* ---- events ---- */

int vv_hca_subscribe(struct vv_hca *hca, struct vv_obj *obj, uint16_t event, uint64_t cookie)
{
	if (mlx5dv_devx_subscribe_devx_event(hca->channel, obj->obj, sizeof(event), &event, cookie))
		return vv_hca_fail(hca, errno ? -errno : -EIO, "subscribe to event 0x%x: %s", event,
				   strerror(errno));
	return 0;
}

int vv_hca_event_fd(const struct vv_hca *hca)
{
	return hca->channel->fd;
}

int vv_hca_next_event(struct vv_hca *hca, uint64_t *cookie)
{
	union {
		struct mlx5dv_devx_async_event_hdr hdr;
		uint8_t room[256];
	} event;
	ssize_t n = mlx5dv_devx_get_event(hca->channel, &event.hdr, sizeof(event));

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if ((size_t)n < sizeof(event.hdr.cookie))
		return -EIO;
	*cookie = event.hdr.cookie;
	return 0;
}

void vv_hca_cq_arm(struct vv_hca *hca, uint32_t cqn, volatile uint32_t *record, uint32_t sn,
		   uint32_t ci)
{
	uint32_t arm = (sn & 3) << 28 | (ci & 0xffffff);
	uint64_t doorbell = htobe64((uint64_t)arm << 32 | cqn);

	__atomic_store_n(&record[PRM_CQ_DBR_ARM_WORD], htobe32(arm), __ATOMIC_RELAXED);
	rte_wmb(); /* the NIC reads the record when the doorbell rings */
	__atomic_store_n((volatile uint64_t *)((char *)hca->uar->base_addr + PRM_CQ_UAR_DOORBELL),
			 doorbell, __ATOMIC_RELAXED);
}
