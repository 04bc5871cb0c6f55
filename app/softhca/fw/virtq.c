/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "event.h"
#include "hca_priv.h"
#include "tir.h"
#include "trace.h"
#include "virtq.h"

const char *const virtq_state_names[] = {
    [VQ_INIT] = "INIT", [VQ_RDY] = "RDY", [VQ_SUSPEND] = "SUSPEND", [VQ_ERR] = "ERR"};

static_assert(sizeof(virtq_state_names) / sizeof(virtq_state_names[0]) == VQ_ERR + 1,
	      "a name per state");

static int on_notify(void *arg)
{
	const struct virtq *virtq = arg;

	return virtq->event_qp ? qp_notify(virtq->event_qp) : 0;
}

void virtq_note_state(struct virtq *virtq, enum vq_state to, enum vq_error error)
{
	trace_state(&virtq->obj, virtq->attr.index, virtq->noted, to, error);
	virtq->noted = to;
}

static void on_error(void *arg, enum vq_error error)
{
	struct virtq *virtq = arg;
	struct hca *hca = virtq->obj.ctx->hca;

	if (error == VQ_ERROR_CQ && virtq->event_qp)
		qp_tell_lost(virtq->event_qp);
	STAT_ADD(hca, queue_errors, 1);
	virtq_note_state(virtq, VQ_ERR, error);
	event_send(hca, &virtq->obj, EVENT_OBJECT_CHANGE);
}

static bool on_owns(void *arg, const void *addr)
{
	const struct virtq *virtq = arg;

	return virtq->event_qp && qp_fault(virtq->event_qp, addr);
}

static const struct vq_ops ops = {.notify = on_notify, .error = on_error, .owns = on_owns};

int virtq_create(struct cmd *cmd, struct hca_obj **out)
{
	struct hca_obj *obj;
	struct virtq *virtq;
	int err = obj_new(cmd->ctx, OBJ_VIRTIO_NET_Q, sizeof(*virtq), &obj);

	if (err)
		return cmd_refuse_errno(cmd, err);
	virtq = (struct virtq *)obj;
	err = virtq_check(cmd, virtq, NULL);
	if (err) {
		obj_discard(obj);
		return err;
	}
	memcpy(virtq->ctx, cmd->in + VIRTQ_NET_Q / 8, sizeof(virtq->ctx));
	if (virtq->counters)
		virtq->counters->virtq = virtq;
	virtq->counted = true;
	cmd->ctx->func->virtqueues++;
	*out = obj;
	return 0;
}

void virtq_status(const struct virtq *virtq, struct vq_status *status)
{
	if (virtq->vq)
		vq_status(virtq->vq, status);
	else
		memset(status, 0, sizeof(*status));
	if (!virtq->vq || virtq->changed) {
		status->avail_index = virtq->attr.avail_index;
		status->used_index = virtq->attr.used_index;
	}
}

/* The datapath's queue, running, as `as` says. */
static int make_vq(struct virtq *virtq, const struct virtq *as, struct vq **out)
{
	struct vq_attr attr = as->attr;
	struct vq *vq;
	int err;

	attr.mem = as->mem;
	attr.ops = &ops;
	attr.ops_arg = virtq;
	err = vq_create(virtq->obj.ctx->func->port, &attr, &vq);
	if (err)
		return err;
	vq_set_moderation(vq, &as->moderation);
	if (as->log.on)
		err = vq_set_dirty_log(vq, &as->log);
	if (!err)
		err = vq_start(vq);
	if (err) {
		vq_destroy(vq);
		return err;
	}
	*out = vq;
	return 0;
}

static int replace_vq(struct virtq *virtq, const struct virtq *as)
{
	struct vq *old = virtq->vq, *new;
	struct vq_status status;
	int err = make_vq(virtq, as, &new);

	if (err)
		return err;
	virtq->vq = new;
	rqt_queue_changed(virtq->obj.ctx->func, virtq);
	if (old) {
		vq_status(old, &status);
		vq_destroy(old);
		if (virtq->counters)
			vq_counters_add(virtq->counters, &status);
	}
	virtq->changed = false;
	return 0;
}

int virtq_start(struct cmd *cmd, struct virtq *virtq, struct virtq *as)
{
	int err;

	if (!as->mem)
		return cmd_refuse(cmd, SYND(VQ_INCOMPLETE), FLD(virtio_net_q, state), " ");
	if (virtq->vq && !virtq->changed && !as->changed)
		err = vq_resume(virtq->vq);
	else
		err = replace_vq(virtq, as);
	as->changed = err ? as->changed : false;
	if (err == -ENOMEM)
		return cmd_refuse_errno(cmd, err);
	if (err)
		return cmd_refuse(cmd, SYND(VQ_START), FLD(virtio_net_q, state), "%s",
				  strerror(-err));
	return 0;
}

int virtq_query(struct cmd *cmd, struct hca_obj *obj)
{
	struct virtq *virtq = (struct virtq *)obj;
	struct vq_status status;

	dp_lock(obj->ctx->hca->dp);
	virtq_status(virtq, &status);
	dp_unlock(obj->ctx->hca->dp);
	memcpy(cmd->out + VIRTQ_NET_Q / 8, virtq->ctx, sizeof(virtq->ctx));
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_net_q, state), status.state);
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_net_q, hw_available_index), status.avail_index);
	cmd_put(cmd, VIRTQ_NET_Q, FLD(virtio_net_q, hw_used_index), status.used_index);
	cmd_put(cmd, VIRTQ_Q, FLD(virtio_q, error_type), status.error);
	return 0;
}

void virtq_fini(struct hca_obj *obj)
{
	struct virtq *virtq = (struct virtq *)obj;
	struct hca *hca = obj->ctx->hca;
	struct vq_status status;

	if (virtq->vq) {
		dp_lock(hca->dp);
		vq_status(virtq->vq, &status);
		vq_destroy(virtq->vq);
		dp_unlock(hca->dp);
		if (virtq->counters)
			vq_counters_add(virtq->counters, &status);
	}
	/* One that was refused leaves what it names alone. */
	if (virtq->counted) {
		if (virtq->counters)
			virtq->counters->virtq = NULL;
		/* As real firmware does; the driver resets the QP to use it again. */
		if (virtq->event_qp)
			qp_to_err(virtq->event_qp);
		obj->ctx->func->virtqueues--;
	}
	virtq_release(virtq);
}
