/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands for virtqueues and their counters. */
#include <errno.h>

#include "vv_hca_priv.h"
#include "../prm/prm_counters.h"
#include "../prm/prm_virtq.h"

static void hdr_fill(void *hdr, unsigned int opcode, unsigned int type, uint32_t id)
{
	PRM_SET(general_obj_in_cmd_hdr, hdr, opcode, opcode);
	PRM_SET(general_obj_in_cmd_hdr, hdr, obj_type, type);
	PRM_SET(general_obj_in_cmd_hdr, hdr, obj_id, id);
}

static void features_put(void *netq, uint16_t feature_bits)
{
	PRM_SET(virtio_net_q, netq, queue_feature_bit_mask_12_3, feature_bits >> 3);
	PRM_SET(virtio_net_q, netq, queue_feature_bit_mask_2_0, feature_bits & 7);
}

static void period_put(void *virtq, uint16_t period_us, uint16_t max_count)
{
	bool moderated = period_us || max_count;

	PRM_SET(virtio_q, virtq, queue_period_mode,
		moderated ? PRM_VIRTQ_PERIOD_FROM_FIRST : PRM_VIRTQ_PERIOD_DEFAULT);
	PRM_SET(virtio_q, virtq, queue_period_us, period_us);
	PRM_SET(virtio_q, virtq, queue_max_count, max_count);
}

int vv_virtq_obj_create(struct vv_hca *hca, const struct vv_virtq_attr *attr, struct vv_obj *q)
{
	uint8_t in[PRM_SZ(create_virtq_in)] = {0};
	uint8_t out[PRM_SZ(general_obj_out_cmd_hdr)];
	void *netq = PRM_AT(create_virtq_in, in, virtq);
	void *virtq = PRM_AT(virtio_net_q, netq, virtio_q_context);
	int err;

	hdr_fill(in, PRM_OP_CREATE_GENERAL_OBJECT, PRM_OBJ_VIRTIO_NET_Q, 0);
	features_put(netq, attr->feature_bits);
	PRM_SET(virtio_net_q, netq, tisn_or_qpn, attr->tisn);
	PRM_SET(virtio_net_q, netq, hw_available_index, attr->hw_avail);
	PRM_SET(virtio_net_q, netq, hw_used_index, attr->hw_used);

	PRM_SET(virtio_q, virtq, virtio_q_type, attr->packed ? PRM_VIRTQ_PACKED : PRM_VIRTQ_SPLIT);
	PRM_SET(virtio_q, virtq, event_mode,
		attr->event_qpn ? PRM_VIRTQ_EVENT_QP : PRM_VIRTQ_EVENT_NONE);
	PRM_SET(virtio_q, virtq, event_qpn_or_msix, attr->event_qpn);
	PRM_SET(virtio_q, virtq, queue_index, attr->index);
	PRM_SET(virtio_q, virtq, queue_size, attr->size);
	PRM_SET(virtio_q, virtq, virtio_version_1_0, attr->version_1);
	PRM_SET(virtio_q, virtq, desc_addr, attr->desc_addr);
	PRM_SET(virtio_q, virtq, available_addr, attr->driver_addr);
	PRM_SET(virtio_q, virtq, used_addr, attr->device_addr);
	PRM_SET(virtio_q, virtq, virtio_q_mkey, attr->mkey);
	PRM_SET(virtio_q, virtq, umem_1_id, attr->umem[0].id);
	PRM_SET(virtio_q, virtq, umem_1_size, attr->umem[0].len);
	PRM_SET(virtio_q, virtq, umem_2_id, attr->umem[1].id);
	PRM_SET(virtio_q, virtq, umem_2_size, attr->umem[1].len);
	PRM_SET(virtio_q, virtq, umem_3_id, attr->umem[2].id);
	PRM_SET(virtio_q, virtq, umem_3_size, attr->umem[2].len);
	PRM_SET(virtio_q, virtq, counter_set_id, attr->counters);
	PRM_SET(virtio_q, virtq, pd, hca->pdn);
	period_put(virtq, attr->period_us, attr->max_count);

	err = vv_cmd_create(hca, "create VIRTIO_NET_Q", in, sizeof(in), out, sizeof(out), &q->obj);
	if (!err)
		q->id = PRM_GET(general_obj_out_cmd_hdr, out, obj_id);
	return err;
}

int vv_virtq_obj_modify_state(struct vv_hca *hca, struct vv_obj *q, unsigned int state)
{
	uint8_t in[PRM_SZ(create_virtq_in)] = {0};
	void *netq = PRM_AT(create_virtq_in, in, virtq);

	hdr_fill(in, PRM_OP_MODIFY_GENERAL_OBJECT, PRM_OBJ_VIRTIO_NET_Q, q->id);
	PRM_SET(virtio_net_q, netq, modify_field_select, PRM_VIRTQ_MODIFY_STATE);
	PRM_SET(virtio_net_q, netq, state, state);
	return vv_cmd_modify(
	    hca, state == PRM_VIRTQ_RDY ? "VIRTIO_NET_Q to ready" : "VIRTIO_NET_Q to suspend", q,
	    in, sizeof(in));
}

int vv_virtq_obj_modify_tune(struct vv_hca *hca, struct vv_obj *q, const struct vv_virtq_tune *now,
			     const struct vv_virtq_tune *tune)
{
	uint8_t in[PRM_SZ(create_virtq_in)] = {0};
	void *netq = PRM_AT(create_virtq_in, in, virtq);
	uint64_t select = 0;

	if (tune->feature_bits != now->feature_bits) {
		if (!hca->caps.modify_ext)
			return vv_hca_fail(hca, -ENOTSUP,
					   "VIRTIO_NET_Q: the device cannot change the features of "
					   "a queue (vnet_modify_ext)");
		select |= PRM_VIRTQ_MODIFY_FEATURE_MASK;
		features_put(netq, tune->feature_bits);
	}
	if (tune->period_us != now->period_us || tune->max_count != now->max_count) {
		select |= PRM_VIRTQ_MODIFY_PERIOD;
		period_put(PRM_AT(virtio_net_q, netq, virtio_q_context), tune->period_us,
			   tune->max_count);
	}
	if (!select)
		return 0;
	hdr_fill(in, PRM_OP_MODIFY_GENERAL_OBJECT, PRM_OBJ_VIRTIO_NET_Q, q->id);
	PRM_SET(virtio_net_q, netq, modify_field_select, select);
	return vv_cmd_modify(hca, "tune VIRTIO_NET_Q", q, in, sizeof(in));
}

int vv_virtq_obj_query(struct vv_hca *hca, struct vv_obj *q, struct vv_virtq_status *status)
{
	uint8_t in[PRM_SZ(general_obj_in_cmd_hdr)] = {0};
	uint8_t out[PRM_SZ(query_virtq_out)];
	void *netq = PRM_AT(query_virtq_out, out, virtq);
	int err;

	hdr_fill(in, PRM_OP_QUERY_GENERAL_OBJECT, PRM_OBJ_VIRTIO_NET_Q, q->id);
	err = vv_cmd_query(hca, "query VIRTIO_NET_Q", q, in, sizeof(in), out, sizeof(out));
	if (err)
		return err;
	status->state = PRM_GET(virtio_net_q, netq, state);
	status->error_type = PRM_GET(virtio_net_q, netq, virtio_q_context.error_type);
	status->hw_avail = PRM_GET(virtio_net_q, netq, hw_available_index);
	status->hw_used = PRM_GET(virtio_net_q, netq, hw_used_index);
	return 0;
}

int vv_counters_obj_create(struct vv_hca *hca, struct vv_obj *counters)
{
	uint8_t in[PRM_SZ(create_virtio_q_counters_in) + 6] = {0}; /* whole words */
	uint8_t out[PRM_SZ(general_obj_out_cmd_hdr)];
	int err;

	hdr_fill(in, PRM_OP_CREATE_GENERAL_OBJECT, PRM_OBJ_VIRTIO_Q_COUNTERS, 0);
	err = vv_cmd_create(hca, "create VIRTIO_Q_COUNTERS", in, sizeof(in), out, sizeof(out),
			    &counters->obj);
	if (!err)
		counters->id = PRM_GET(general_obj_out_cmd_hdr, out, obj_id);
	return err;
}

int vv_counters_obj_query(struct vv_hca *hca, struct vv_obj *counters,
			  struct vv_virtq_counters *values)
{
	uint8_t in[PRM_SZ(general_obj_in_cmd_hdr)] = {0};
	uint8_t out[PRM_SZ(query_virtio_q_counters_out) + 6];
	void *c = PRM_AT(query_virtio_q_counters_out, out, virtio_q_counters);
	int err;

	hdr_fill(in, PRM_OP_QUERY_GENERAL_OBJECT, PRM_OBJ_VIRTIO_Q_COUNTERS, counters->id);
	err = vv_cmd_query(hca, "query VIRTIO_Q_COUNTERS", counters, in, sizeof(in), out,
			   sizeof(out));
	if (err)
		return err;
	*values = (struct vv_virtq_counters){
	    .received_desc = PRM_GET(virtio_q_counters, c, received_desc),
	    .completed_desc = PRM_GET(virtio_q_counters, c, completed_desc),
	    .error_cqes = PRM_GET(virtio_q_counters, c, error_cqes),
	    .bad_desc = PRM_GET(virtio_q_counters, c, bad_desc_errors),
	    .exceed_max_chain = PRM_GET(virtio_q_counters, c, exceed_max_chain),
	    .invalid_buffer = PRM_GET(virtio_q_counters, c, invalid_buffer),
	};
	return 0;
}
