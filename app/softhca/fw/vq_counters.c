/* SPDX-License-Identifier: BSD-3-Clause */
/* VIRTIO_Q_COUNTERS: they outlive the queues that count in them. */
#include "hca_priv.h"
#include "virtq.h"

void vq_counters_add(struct vq_counters *c, const struct vq_status *status)
{
	c->received_desc += status->received_desc;
	c->completed_desc += status->completed_desc;
	c->error_cqes += status->error == VQ_ERROR_CQ;
	c->bad_desc_errors += status->bad_desc_errors;
	c->exceed_max_chain += status->exceed_max_chain;
	c->invalid_buffer += status->invalid_buffer;
}

int vq_counters_create(struct cmd *cmd, struct hca_obj **out)
{
	int err = obj_new(cmd->ctx, OBJ_VIRTIO_Q_COUNTERS, sizeof(struct vq_counters), out);

	return err ? cmd_refuse_errno(cmd, err) : 0;
}

int vq_counters_query(struct cmd *cmd, struct hca_obj *obj)
{
	struct vq_counters sum = *(struct vq_counters *)obj;
	struct vq_status status;

	if (sum.virtq) {
		dp_lock(obj->ctx->hca->dp);
		virtq_status(sum.virtq, &status);
		dp_unlock(obj->ctx->hca->dp);
		if (status.state != VQ_RDY && status.state != VQ_ERR)
			return cmd_refuse(cmd, SYND(VQ_COUNTERS_STATE), F_NONE, "queue 0x%x is %s",
					  sum.virtq->obj.id, virtq_state_names[status.state]);
		vq_counters_add(&sum, &status);
	}
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_q_counters, received_desc), sum.received_desc);
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_q_counters, completed_desc), sum.completed_desc);
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_q_counters, error_cqes), sum.error_cqes);
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_q_counters, bad_desc_errors), sum.bad_desc_errors);
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_q_counters, exceed_max_chain), sum.exceed_max_chain);
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_q_counters, invalid_buffer), sum.invalid_buffer);
	return 0;
}
