/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of a virtqueue: INIT -> RDY <-> SUSPEND, and ERR from RDY; see dp.h. All calls hold dp_lock,
 * but vq_fail, which a NIC thread calls in its pass.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dp_impl.h"

uint32_t dp_features(void)
{
	return VQ_F_VERSION_1 | VQ_F_MRG_RXBUF | VQ_F_EVENTS | VQ_F_CSUM | VQ_F_HOST_TSO4 |
	       VQ_F_HOST_TSO6 | VQ_F_HOST_ECN | VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4 |
	       VQ_F_GUEST_TSO6 | VQ_F_GUEST_ECN;
}

static void vq_set_state(struct vq *vq, enum vq_state state)
{
	static const uint8_t allowed[] = {
	    [VQ_INIT] = 1u << VQ_RDY,
	    [VQ_RDY] = 1u << VQ_SUSPEND | 1u << VQ_ERR,
	    [VQ_SUSPEND] = 1u << VQ_RDY | 1u << VQ_ERR,
	    [VQ_ERR] = 0,
	};

	if (!(allowed[vq->state] & 1u << state))
		abort();
	vq->state = state;
}

static const struct burst_ops *vq_burst_ops(enum ring_layout layout)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return &burst_ops_avx2[layout];
#endif
	return &burst_ops_base[layout];
}

static int vq_attr_check(const struct vq_attr *a)
{
	uint32_t desc_align = 16, driver_align = a->packed ? 4 : 2;

	if (a->size == 0 || a->size > 32768 || a->max_chain == 0 || a->mem == NULL ||
	    a->ops == NULL || a->ops->notify == NULL || a->ops->error == NULL ||
	    (a->flags & ~dp_features()))
		return -EINVAL;
	if (!a->packed && (a->size & (a->size - 1)) != 0)
		return -EINVAL;
	if (a->packed && (ring_packed_slot(a->avail_index) >= a->size ||
			  ring_packed_slot(a->used_index) >= a->size))
		return -EINVAL;
	/* virtio 1.2 sections 2.7 and 2.8.10.1 */
	if (a->desc_addr % desc_align || a->driver_addr % driver_align || a->device_addr % 4)
		return -EINVAL;
	return 0;
}

void (*vq_link_burst(void))(struct nic *nic, struct vq *vq)
{
	return vq_burst_ops(RING_LINK)->burst;
}

int vq_reserve(struct dp *dp)
{
	unsigned int room = dp->n_vqs + 1;

	if (room <= dp->room_vqs)
		return 0;
	room = room * 2;
	for (unsigned int i = 0; i < dp->cfg.threads; i++) {
		struct nic *nic = dp->nic[i];
		struct vq ***lists[] = {&nic->active, &nic->touched, &nic->pending};

		for (unsigned int j = 0; j < 3; j++) {
			void *p = realloc(*lists[j], room * sizeof(struct vq *));

			if (p == NULL)
				return -ENOMEM;
			*lists[j] = p;
		}
	}
	dp->room_vqs = room;
	return 0;
}

static int vq_add_tx(struct vq *vq)
{
	struct dp_port *port = vq->port;
	struct dp *dp = port->dp;
	void *p = realloc(port->txq, (port->n_txq + 1) * sizeof(port->txq[0]));

	if (p == NULL)
		return -ENOMEM;
	port->txq = p;
	port->txq[port->n_txq++] = vq;
	vq->owner = dp->nic[(port->index + vq->attr.index / 2) % dp->cfg.threads];
	vq->owner->n_own++;
	return 0;
}

int vq_create(struct dp_port *port, const struct vq_attr *attr, struct vq **out)
{
	int err = vq_attr_check(attr);
	struct vq *vq;

	if (err)
		return err;
	err = vq_reserve(port->dp);
	if (err)
		return err;
	vq = aligned_alloc(64, (sizeof(*vq) + 63) / 64 * 64);
	if (vq == NULL)
		return -ENOMEM;
	memset(vq, 0, sizeof(*vq));
	vq->port = port;
	vq->port_index = (uint16_t)port->index;
	vq->attr = *attr;
	vq->layout = attr->packed ? RING_PACKED : RING_SPLIT;
	vq->mrg = attr->flags & VQ_F_MRG_RXBUF;
	vq->events = attr->flags & VQ_F_EVENTS;
	vq->hdr_len = attr->flags & (VQ_F_VERSION_1 | VQ_F_MRG_RXBUF) ? VQ_HDR_LEN : VQ_HDR_LEGACY;
	vq->stopped_avail = attr->avail_index;
	vq->stopped_used = attr->used_index;
	if (attr->index % 2 != 0) {
		vq->burst = vq_burst_ops(vq->layout)->burst;
	} else {
		vq->put = vq_burst_ops(vq->layout)->put;
		vq->settle = vq_burst_ops(vq->layout)->settle;
	}
	vq->offloads =
	    vq->burst != NULL && (attr->flags & (VQ_F_CSUM | VQ_F_HOST_TSO4 | VQ_F_HOST_TSO6));
	if (vq->burst != NULL)
		err = vq_add_tx(vq);
	if (err) {
		free(vq);
		return err;
	}
	vq->mem = dp_mem_get(attr->mem);
	vq->attr.mem = vq->mem;
	port->dp->n_vqs++;
	*out = vq;
	return 0;
}

/* Look the ring areas up; 0 or -EFAULT. */
static int vq_map(struct vq *vq)
{
	const struct vq_attr *a = &vq->attr;
	size_t len[3] = {ring_packed_desc_bytes(a->size), RING_PACKED_EVENT_BYTES,
			 RING_PACKED_EVENT_BYTES};
	uint64_t addr[3] = {a->desc_addr, a->driver_addr, a->device_addr};
	bool write[3] = {a->packed, false, true};
	uintptr_t align[3] = {16, a->packed ? 4 : 2, 4};
	void *hva[3];

	if (!a->packed) {
		len[0] = ring_split_desc_bytes(a->size);
		len[1] = ring_split_avail_bytes(a->size);
		len[2] = ring_split_used_bytes(a->size);
	}
	for (unsigned int i = 0; i < 3; i++) {
		if (mem_range(vq->mem, addr[i], len[i], write[i], &hva[i]) != 0)
			return -EFAULT;
		if ((uintptr_t)hva[i] % align[i] != 0)
			return -EFAULT;
	}
	for (unsigned int i = 0; i < 3; i++) {
		vq->area[i].hva = hva[i];
		vq->area[i].len = len[i];
	}
	vq->mem_gen = vq->mem->gen;
	return 0;
}

bool vq_check_mem(struct vq *vq)
{
	void *desc = vq->area[0].hva, *driver = vq->area[1].hva, *device = vq->area[2].hva;

	mem_view_init(&vq->view, vq->mem);
	if (vq_map(vq) == 0 && vq->area[0].hva == desc && vq->area[1].hva == driver &&
	    vq->area[2].hva == device)
		return true;
	vq_fail(vq, VQ_ERROR_BAD_RING);
	return false;
}

struct vq_guard {
	struct guard guard;
	struct vq *vq;
};

static bool vq_blame(struct guard *guard, const void *addr)
{
	return mem_has_hva(((struct vq_guard *)guard)->vq->mem, addr);
}

/* Tell the driver whether we want kicks; -EFAULT when the ring's memory is gone. */
static int vq_want_kicks(struct vq *vq, bool on)
{
	struct vq_guard g = {.guard.blame = vq_blame, .vq = vq};

	if (sigsetjmp(g.guard.env, 0) != 0)
		return -EFAULT;
	guard_enter(&g.guard);
	if (on)
		ring_kick_on(vq->layout, &vq->ring);
	else
		ring_kick_off(vq->layout, &vq->ring);
	guard_leave();
	return 0;
}

static int vq_run(struct vq *vq)
{
	const struct vq_attr *a = &vq->attr;
	uint16_t max_chain = a->max_chain < DP_CHAIN_MAX ? a->max_chain : DP_CHAIN_MAX;
	int err = vq_map(vq);

	if (err)
		return err;
	mem_view_init(&vq->view, vq->mem);
	if (vq->layout == RING_PACKED)
		ring_packed_init(&vq->ring.packed, vq->area[0].hva, vq->area[1].hva,
				 vq->area[2].hva, a->size, max_chain, vq->stopped_avail,
				 vq->stopped_used);
	else
		ring_split_init(&vq->ring.split, vq->area[0].hva, vq->area[1].hva, vq->area[2].hva,
				a->size, max_chain, vq->stopped_avail, vq->stopped_used);
	/* Receive queues are looked at when a frame comes: nobody needs to ring for them. */
	err = vq_want_kicks(vq, vq->burst != NULL);
	if (err)
		return err;
	memset(&vq->cache, 0, sizeof(vq->cache));
	vq->held_since = 0;
	vq->drop_at_once = false;
	vq_set_state(vq, VQ_RDY);
	return 0;
}

int vq_start(struct vq *vq)
{
	return vq->state == VQ_INIT ? vq_run(vq) : -EINVAL;
}

int vq_resume(struct vq *vq)
{
	return vq->state == VQ_SUSPEND ? vq_run(vq) : -EINVAL;
}

static void vq_cursors(const struct vq *vq, uint16_t *avail, uint16_t *used)
{
	bool packed = vq->layout == RING_PACKED;
	bool ran = vq->area[0].hva != NULL && vq->state != VQ_INIT && vq->state != VQ_SUSPEND;

	*avail = vq->stopped_avail;
	*used = vq->stopped_used;
	if (ran) {
		*avail = packed ? vq->ring.packed.avail_at : vq->ring.split.avail_at;
		*used = packed ? vq->ring.packed.used_at : vq->ring.split.used_at;
	}
}

static bool vq_blame_notify(struct guard *guard, const void *addr)
{
	const struct vq *vq = ((struct vq_guard *)guard)->vq;

	return vq->attr.ops->owns != NULL && vq->attr.ops->owns(vq->attr.ops_arg, addr);
}

/* What a NIC thread was to tell later. False: the memory behind notify is gone. */
static bool vq_notify_last(struct vq *vq)
{
	struct vq_guard g = {.guard.blame = vq_blame_notify, .vq = vq};

	if (sigsetjmp(g.guard.env, 0) != 0)
		return false;
	guard_enter(&g.guard);
	vq->attr.ops->notify(vq->attr.ops_arg);
	guard_leave();
	return true;
}

/* A burst leaves nothing taken and not completed, and none is running. */
int vq_stop(struct vq *vq)
{
	if (vq->state != VQ_RDY)
		return -EINVAL;
	if (vq->mem_gen != vq->mem->gen && !vq_check_mem(vq))
		return -EIO;
	/* Whoever runs the ring next starts with a driver that kicks. */
	if (vq_want_kicks(vq, true) != 0) {
		vq_fail(vq, VQ_ERROR_BAD_RING);
		return -EIO;
	}
	if (vq->notify_pending && !vq_notify_last(vq)) {
		nic_forget(vq);
		vq_fail(vq, VQ_ERROR_CQ);
		return -EIO;
	}
	nic_forget(vq);
	vq_cursors(vq, &vq->stopped_avail, &vq->stopped_used);
	vq_set_state(vq, VQ_SUSPEND);
	return 0;
}

void vq_status(const struct vq *vq, struct vq_status *s)
{
	*s = (struct vq_status){
	    .state = vq->state,
	    .error = vq->error,
	    .received_desc = vq->received_desc,
	    .completed_desc = vq->completed_desc,
	    .bad_desc_errors = vq->bad_desc_errors,
	    .exceed_max_chain = vq->exceed_max_chain,
	    .invalid_buffer = vq->invalid_buffer,
	};
	vq_cursors(vq, &s->avail_index, &s->used_index);
}

void vq_destroy(struct vq *vq)
{
	struct dp_port *port;

	if (vq == NULL)
		return;
	port = vq->port;
	nic_forget(vq);
	for (unsigned int i = 0; i < port->n_txq; i++) {
		if (port->txq[i] == vq) {
			memmove(&port->txq[i], &port->txq[i + 1],
				(port->n_txq - i - 1) * sizeof(port->txq[0]));
			port->n_txq--;
			vq->owner->n_own--;
		}
	}
	port->dp->n_vqs--;
	dp_mem_put(vq->dirty.mem);
	dp_mem_put(vq->mem);
	free(vq);
}

void vq_fail(struct vq *vq, enum vq_error error)
{
	if (vq->state != VQ_RDY)
		return;
	vq->error = error;
	vq_set_state(vq, VQ_ERR);
	vq->attr.ops->error(vq->attr.ops_arg, error);
}

int vq_inject(struct vq *vq, enum vq_error error)
{
	if ((vq->state != VQ_RDY && vq->state != VQ_SUSPEND) || error <= VQ_ERROR_NONE ||
	    error > VQ_ERROR_CQ)
		return -EINVAL;
	vq->bad_desc_errors += error == VQ_ERROR_BAD_DESC;
	vq->invalid_buffer += error == VQ_ERROR_BAD_BUFFER;
	nic_forget(vq);
	vq->error = error;
	vq_set_state(vq, VQ_ERR);
	vq->attr.ops->error(vq->attr.ops_arg, error);
	return 0;
}

static void vq_choose_put(struct vq *vq)
{
	const struct burst_ops *ops = vq_burst_ops(vq->layout);

	if (vq->attr.index % 2 == 0)
		vq->put = vq->dirty.on ? ops->put_logged : ops->put;
}

int vq_set_dirty_log(struct vq *vq, const struct vq_dirty_log *log)
{
	int err = dirty_set(&vq->dirty, log);

	if (!err)
		vq_choose_put(vq);
	return err;
}

void vq_fail_ring(struct vq *vq, int ring_error)
{
	switch (ring_error) {
	case RING_E_JUMP:
		vq_fail(vq, VQ_ERROR_BAD_RING);
		return;
	case RING_E_TOO_LONG:
		vq->exceed_max_chain++;
		break;
	case -EFAULT:
		vq->invalid_buffer++;
		vq_fail(vq, VQ_ERROR_BAD_BUFFER);
		return;
	default:
		vq->bad_desc_errors++;
		break;
	}
	vq_fail(vq, VQ_ERROR_BAD_DESC);
}
