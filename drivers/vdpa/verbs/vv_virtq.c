/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prm/prm_virtq.h"
#include "vv_index.h"
#include "vv_virtq.h"

struct vv_virtq {
	struct vv_hca *hca; /* borrowed from the device */
	uint16_t index;
	struct vv_obj counters;
	struct vv_umem umem[3];
	struct vv_obj obj;
	struct vv_virtq_conf conf; /* of obj */
	uint16_t stopped_at;       /* position of a suspended obj */
};

int vv_virtq_create(struct vv_hca *hca, uint16_t index, struct vv_virtq **q)
{
	struct vv_virtq *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	v->hca = hca;
	v->index = index;
	if (vv_hca_caps(hca)->queue_counters) {
		err = vv_counters_obj_create(hca, &v->counters);
		if (err) {
			free(v);
			return err;
		}
	}
	*q = v;
	return 0;
}

void vv_virtq_destroy(struct vv_virtq *q)
{
	if (!q)
		return;
	vv_virtq_release(q);
	vv_obj_destroy(&q->counters);
	free(q);
}

/* Firmware's own memory for a queue of that size; kept while it is big enough. */
static int umems_prepare(struct vv_virtq *q, uint16_t size)
{
	const struct vv_hca_caps *caps = vv_hca_caps(q->hca);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		size_t len = (size_t)caps->umem_a[i] * size + caps->umem_b[i];
		int err;

		if (q->umem[i].len >= len && q->umem[i].umem) {
			memset(q->umem[i].addr, 0, q->umem[i].len);
			continue;
		}
		vv_umem_destroy(&q->umem[i]);
		err = vv_umem_create(q->hca, len ? len : 1, &q->umem[i]);
		if (err)
			return err;
	}
	return 0;
}

int vv_virtq_make(struct vv_virtq *q, const struct vv_virtq_conf *conf, uint64_t cookie)
{
	uint16_t hw = vv_index_to_hw(conf->packed, conf->base);
	struct vv_virtq_attr attr = {
	    .index = q->index,
	    .size = conf->size,
	    .packed = conf->packed,
	    .version_1 = conf->version_1,
	    .feature_bits = conf->tune.feature_bits,
	    .period_us = conf->tune.period_us,
	    .max_count = conf->tune.max_count,
	    .desc_addr = conf->desc,
	    .driver_addr = conf->driver,
	    .device_addr = conf->device,
	    .hw_avail = hw,
	    .hw_used = hw, /* drained: a stopped queue has nothing in flight */
	    .mkey = conf->mkey,
	    .tisn = conf->tisn,
	    .counters = q->counters.id,
	    .event_qpn = conf->event_qpn,
	    .umem = q->umem,
	};
	int err = umems_prepare(q, conf->size);

	if (!err)
		err = vv_virtq_obj_create(q->hca, &attr, &q->obj);
	if (err)
		return err;
	q->conf = *conf;
	return vv_hca_subscribe(q->hca, &q->obj, VV_EVENT_OBJECT_CHANGE, cookie);
}

int vv_virtq_run(struct vv_virtq *q)
{
	return vv_virtq_obj_modify_state(q->hca, &q->obj, PRM_VIRTQ_RDY);
}

int vv_virtq_suspend(struct vv_virtq *q, uint16_t *base)
{
	struct vv_virtq_status status;
	int err = vv_virtq_obj_modify_state(q->hca, &q->obj, PRM_VIRTQ_SUSPEND);
	int query_err = vv_virtq_obj_query(q->hca, &q->obj, &status);

	if (query_err)
		return query_err;
	/* A queue in error refuses to be suspended, but has stopped all the same. */
	if (err && status.state != PRM_VIRTQ_ERR)
		return err;
	q->stopped_at = vv_index_from_hw(q->conf.packed, status.hw_used);
	*base = q->stopped_at;
	return 0;
}

int vv_virtq_status(struct vv_virtq *q, struct vv_virtq_status *status)
{
	return vv_virtq_obj_query(q->hca, &q->obj, status);
}

bool vv_virtq_can_tune(const struct vv_virtq *q, const struct vv_virtq_tune *tune)
{
	const struct vv_hca_caps *caps = vv_hca_caps(q->hca);

	return q->obj.obj && caps->freeze_to_rdy &&
	       (caps->modify_ext || tune->feature_bits == q->conf.tune.feature_bits);
}

int vv_virtq_tune(struct vv_virtq *q, const struct vv_virtq_tune *tune)
{
	int err = 0;

	if (!vv_virtq_tune_equal(tune, &q->conf.tune))
		err = vv_virtq_obj_modify_tune(q->hca, &q->obj, &q->conf.tune, tune);
	if (!err)
		q->conf.tune = *tune;
	return err;
}

bool vv_virtq_can_resume(const struct vv_virtq *q, const struct vv_virtq_conf *conf)
{
	const struct vv_virtq_conf *was = &q->conf;

	return q->obj.obj && vv_hca_caps(q->hca)->freeze_to_rdy && conf->base == q->stopped_at &&
	       conf->size == was->size && conf->packed == was->packed &&
	       conf->version_1 == was->version_1 && vv_virtq_tune_equal(&conf->tune, &was->tune) &&
	       conf->desc == was->desc && conf->driver == was->driver &&
	       conf->device == was->device && conf->mkey == was->mkey && conf->tisn == was->tisn &&
	       conf->event_qpn == was->event_qpn;
}

void vv_virtq_unmake(struct vv_virtq *q)
{
	vv_obj_destroy(&q->obj);
}

void vv_virtq_release(struct vv_virtq *q)
{
	unsigned int i;

	vv_virtq_unmake(q);
	for (i = 0; i < 3; i++)
		vv_umem_destroy(&q->umem[i]);
}

size_t vv_virtq_bytes(const struct vv_virtq *q)
{
	return sizeof(*q) + q->umem[0].len + q->umem[1].len + q->umem[2].len;
}

bool vv_virtq_exists(const struct vv_virtq *q)
{
	return q->obj.obj;
}

uint32_t vv_virtq_number(const struct vv_virtq *q)
{
	return q->obj.id;
}

int vv_virtq_counters(struct vv_virtq *q, struct vv_virtq_counters *counters)
{
	if (!q->counters.obj)
		return -ENOTSUP;
	return vv_counters_obj_query(q->hca, &q->counters, counters);
}
