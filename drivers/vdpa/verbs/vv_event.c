/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include <rte_atomic.h>

#include "prm/prm_cq.h"
#include "prm/prm_qp.h"
#include "vv_event.h"

/*
 * One event's share of the pool: a page for the completion queue, one for the receive queue and
 * behind it both doorbell records.
 */
enum {
	DEPTH = 1 << VV_EVENT_LOG_DEPTH,
	PAGE = 4096,
	CQ_AT = 0,
	RQ_AT = PAGE,
	QP_RECORD_AT = RQ_AT + 2048,
	CQ_RECORD_AT = QP_RECORD_AT + 64,
	SHARE = 2 * PAGE,
};
_Static_assert(PRM_CQE_WQE_COUNTER_BYTE == PRM_CQE_SZ - 4 && PRM_CQE_OP_OWN_BYTE == PRM_CQE_SZ - 1,
	       "counter and opcode are in the last word");
_Static_assert(DEPTH *PRM_CQE_SZ <= RQ_AT - CQ_AT, "completion queue fits");
_Static_assert(DEPTH *PRM_QP_RQ_WQE_SZ <= QP_RECORD_AT - RQ_AT, "receive queue fits");

struct vv_event_pool {
	struct vv_hca *hca; /* borrowed from the device */
	struct vv_umem umem;
};

struct vv_event {
	struct vv_hca *hca; /* borrowed from the device */
	struct vv_obj cq, fw_qp, sw_qp;
	volatile uint32_t *cqe_last; /* the last word of the first entry: counter, opcode */
	volatile uint32_t *cq_record, *qp_record;
	uint32_t ci; /* completions taken, ever */
	uint32_t arm_sn;
	uint16_t posted; /* messages taken since the last reset */
};

int vv_event_pool_create(struct vv_hca *hca, unsigned int n, struct vv_event_pool **pool)
{
	struct vv_event_pool *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->hca = hca;
	err = vv_umem_create(hca, (size_t)n * SHARE, &p->umem);
	if (err) {
		free(p);
		return err;
	}
	*pool = p;
	return 0;
}

size_t vv_event_pool_bytes(const struct vv_event_pool *pool)
{
	return sizeof(*pool) + pool->umem.len +
	       pool->umem.len / SHARE * sizeof(struct vv_event);
}

void vv_event_pool_destroy(struct vv_event_pool *pool)
{
	if (!pool)
		return;
	vv_umem_destroy(&pool->umem);
	free(pool);
}

/* From two QPs in reset to a pair that works: nothing sent yet, DEPTH credits. */
static int connect_pair(struct vv_event *e)
{
	int err;

	__atomic_store_n(e->cqe_last, htobe32(PRM_CQE_OP_INVALID << 4 | 1), __ATOMIC_RELAXED);
	e->posted = 0;
	__atomic_store_n(e->qp_record, 0, __ATOMIC_RELAXED);
	rte_wmb(); /* all that before the NIC looks */
	err = vv_qp_connect(e->hca, &e->fw_qp, &e->sw_qp);
	if (!err)
		__atomic_store_n(e->qp_record, htobe32(DEPTH), __ATOMIC_RELAXED);
	return err;
}

static void arm(struct vv_event *e)
{
	vv_hca_cq_arm(e->hca, e->cq.id, e->cq_record, e->arm_sn++, e->ci);
}

int vv_event_create(struct vv_event_pool *pool, unsigned int i, uint64_t cookie,
		    struct vv_event **event)
{
	struct vv_event *e = calloc(1, sizeof(*e));
	size_t share = (size_t)i * SHARE;
	uint8_t *at = (uint8_t *)pool->umem.addr + share;
	struct vv_qp_conf fw = {0}, sw = {.log_rq_entries = VV_EVENT_LOG_DEPTH,
					  .umem = &pool->umem,
					  .buffer = share + RQ_AT,
					  .record = share + QP_RECORD_AT};
	int err;

	if (!e)
		return -ENOMEM;
	e->hca = pool->hca;
	e->cqe_last = (uint32_t *)(at + CQ_AT + PRM_CQE_WQE_COUNTER_BYTE);
	e->cq_record = (uint32_t *)(at + CQ_RECORD_AT);
	e->qp_record = (uint32_t *)(at + QP_RECORD_AT);

	err = vv_cq_create(e->hca, VV_EVENT_LOG_DEPTH, &pool->umem, share + CQ_AT,
			   share + CQ_RECORD_AT, &e->cq);
	if (!err)
		err = vv_hca_subscribe(e->hca, &e->cq, VV_EVENT_COMPLETION, cookie);
	if (!err)
		err = vv_qp_create(e->hca, &fw, &e->fw_qp);
	sw.cqn = e->cq.id;
	if (!err)
		err = vv_qp_create(e->hca, &sw, &e->sw_qp);
	if (!err)
		err = connect_pair(e);
	if (err) {
		vv_event_destroy(e);
		return err;
	}
	arm(e);
	*event = e;
	return 0;
}

void vv_event_destroy(struct vv_event *event)
{
	if (!event)
		return;
	vv_obj_destroy(&event->sw_qp);
	vv_obj_destroy(&event->fw_qp);
	vv_obj_destroy(&event->cq);
	free(event);
}

uint32_t vv_event_qpn(const struct vv_event *event)
{
	return event->fw_qp.id;
}

int vv_event_reset(struct vv_event *event)
{
	unsigned int errors = 0;
	int err = vv_qp_reset(event->hca, &event->fw_qp);

	if (!err)
		err = vv_qp_reset(event->hca, &event->sw_qp);
	if (err)
		return err;
	/* In reset nothing comes any more: take the rest, so that the CQ is even with us. */
	vv_event_poll(event, &errors);
	return connect_pair(event);
}

unsigned int vv_event_poll(struct vv_event *event, unsigned int *errors)
{
	/* One read for counter and opcode: they belong together. */
	uint32_t last = be32toh(__atomic_load_n(event->cqe_last, __ATOMIC_ACQUIRE));
	unsigned int opcode = last >> 4 & 0xf;
	uint16_t n = (uint16_t)((last >> 16) + 1 - event->posted);

	if (opcode == PRM_CQE_OP_INVALID)
		n = 0; /* nothing was ever written since reset */
	if (n) {
		if (opcode == PRM_CQE_OP_REQ_ERR || opcode == PRM_CQE_OP_RESP_ERR)
			(*errors)++;
		event->ci += n;
		event->posted += n;
		__atomic_store_n(&event->cq_record[PRM_CQ_DBR_CI_WORD],
				 htobe32(event->ci & 0xffffff), __ATOMIC_RELAXED);
		rte_wmb(); /* room in the CQ before the credits to fill it */
		__atomic_store_n(event->qp_record, htobe32((uint16_t)(event->posted + DEPTH)),
				 __ATOMIC_RELAXED);
	}
	arm(event);
	return n;
}
