/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "event.h"
#include "flow.h"
#include "hca_priv.h"
#include "virtq.h"

/* modify_field_select */
#define MOD_STATE  (1ull << 0)
#define MOD_DIRTY  (1ull << 3 | 1ull << 4)
#define MOD_PERIOD (1ull << 5)
#define MOD_EXT    (0x1ffull << 6) /* addresses, indices, type, version, key, features, events */

/* virtio_net_q begins here, in a create or modify mailbox and in the answer to a query. */
enum { NET_Q = 0x80, Q = NET_Q + 0x200 };

static const char *const state_names[] = {
    [VQ_INIT] = "INIT", [VQ_RDY] = "RDY", [VQ_SUSPEND] = "SUSPEND", [VQ_ERR] = "ERR"};

static_assert(sizeof(state_names) / sizeof(state_names[0]) == VQ_ERR + 1, "a name per state");

/* From the state of the row to the states whose bits are set, on request. */
static const uint8_t transitions[] = {
    [VQ_INIT] = 1 << VQ_RDY,
    [VQ_RDY] = 1 << VQ_SUSPEND,
    [VQ_SUSPEND] = 1 << VQ_RDY, /* freeze_to_rdy_supported */
    [VQ_ERR] = 0,
};

static int on_notify(void *arg)
{
	const struct virtq *virtq = arg;

	return virtq->event_qp ? qp_notify(virtq->event_qp) : 0;
}

static void on_error(void *arg, enum vq_error error)
{
	struct virtq *virtq = arg;
	struct hca *hca = virtq->obj.ctx->hca;

	(void)error;
	STAT_ADD(hca, queue_errors, 1);
	event_send(hca, &virtq->obj, EVENT_OBJECT_CHANGE);
}

static const struct vq_ops ops = {.notify = on_notify, .error = on_error};

int virtq_create(struct cmd *cmd, struct hca_obj **out)
{
	struct hca_obj *obj;
	struct virtq *virtq;
	int err = obj_new(cmd->ctx, OBJ_VIRTIO_NET_Q, sizeof(*virtq), &obj);

	if (err)
		return cmd_refuse_errno(cmd, err);
	virtq = (struct virtq *)obj;
	err = virtq_check(cmd, virtq);
	if (err) {
		virtq->event_qp = NULL;
		virtq->counters = NULL;
		obj_discard(obj);
		return err;
	}
	virtq->attr.mem = virtq->mem;
	virtq->attr.ops = &ops;
	virtq->attr.ops_arg = virtq;
	memcpy(virtq->ctx, cmd->in + NET_Q / 8, sizeof(virtq->ctx));
	if (virtq->counters)
		virtq->counters->virtq = virtq;
	virtq->counted = true;
	cmd->ctx->func->virtqueues++;
	*out = obj;
	return 0;
}

void virtq_status(const struct virtq *virtq, struct vq_status *status)
{
	if (virtq->vq) {
		vq_status(virtq->vq, status);
		return;
	}
	memset(status, 0, sizeof(*status));
	status->state = VQ_INIT;
	status->avail_index = virtq->attr.avail_index;
	status->used_index = virtq->attr.used_index;
}

/* Under dp_lock. */
static int to_rdy(struct cmd *cmd, struct virtq *virtq)
{
	int err;

	if (virtq->vq) {
		err = vq_resume(virtq->vq);
	} else {
		err = vq_create(virtq->obj.ctx->func->port, &virtq->attr, &virtq->vq);
		if (!err)
			err = vq_start(virtq->vq);
		if (err && virtq->vq) {
			vq_destroy(virtq->vq);
			virtq->vq = NULL;
		}
	}
	if (err)
		return cmd_refuse(cmd, SYND(VQ_START), FLD(virtio_net_q, state), "%s",
				  strerror(-err));
	return 0;
}

static int change_state(struct cmd *cmd, struct virtq *virtq)
{
	uint64_t to = cmd_get(cmd, FLD(virtio_net_q, state));
	bool was_made = virtq->vq;
	struct vq_status status;
	int err = 0;

	virtq_status(virtq, &status);
	if (to > VQ_ERR || !(transitions[status.state] & 1 << to))
		return cmd_refuse(cmd, SYND(VQ_TRANSITION), FLD(virtio_net_q, state),
				  "%s -> %" PRIu64, state_names[status.state], to);
	if (to == VQ_RDY)
		err = to_rdy(cmd, virtq);
	else if (vq_stop(virtq->vq))
		/* It broke while we looked away. */
		err = cmd_refuse(cmd, SYND(VQ_TRANSITION), FLD(virtio_net_q, state), "ERR -> 2");
	if (!err && !was_made && virtq->obj.refs)
		err = rx_update_locked(virtq->obj.ctx->func) ? cmd_refuse_errno(cmd, -ENOMEM) : 0;
	return err;
}

/* Nothing may be set that is not selected; the queue's own index may. */
static int check_unselected(struct cmd *cmd, const struct virtq *virtq, uint64_t select)
{
	static const uint8_t parts[] = {LAY(virtio_net_q), LAY(virtio_q)};
	uint64_t index = cmd_get(cmd, FLD(virtio_q, queue_index));
	unsigned int i;

	if (index && index != virtq->attr.index)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_INDEX), FLD(virtio_q, queue_index),
				  "%" PRIu64 ", is %u", index, virtq->attr.index);
	for (i = 0; i < sizeof(parts); i++) {
		enum field_id id;

		for (id = layouts[parts[i]].first; id < layouts[parts[i]].end; id++) {
			if (id == FLD(virtio_net_q, modify_field_select) ||
			    id == FLD(virtio_q, queue_index) ||
			    (id == FLD(virtio_net_q, state) && select & MOD_STATE) ||
			    ((id == FLD(virtio_q, queue_period_mode) ||
			      id == FLD(virtio_q, queue_period_us) ||
			      id == FLD(virtio_q, queue_max_count)) &&
			     select & MOD_PERIOD))
				continue;
			if (cmd_get(cmd, id))
				return cmd_refuse(cmd, SYND(VQ_MODIFY_EXTRA), id, " ");
		}
	}
	return 0;
}

static int check_modify(struct cmd *cmd, const struct virtq *virtq, uint64_t select)
{
	const enum field_id f = FLD(virtio_net_q, modify_field_select);

	if (!select)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_NOTHING), f, " ");
	if (select & MOD_DIRTY)
		return cmd_refuse(cmd, SYND(VQ_DIRTY_LOG), f, "0x%" PRIx64, select);
	if (select & MOD_EXT)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_EXT), f, "0x%" PRIx64, select);
	if (select & ~(MOD_STATE | MOD_PERIOD))
		return cmd_refuse(cmd, SYND(VQ_MODIFY_UNKNOWN), f, "0x%" PRIx64, select);
	return check_unselected(cmd, virtq, select);
}

/* Interrupt moderation is a hint that this NIC notes and does not follow. */
static void set_period(struct cmd *cmd, struct virtq *virtq)
{
	static const uint16_t f[] = {FLD(virtio_q, queue_period_mode),
				     FLD(virtio_q, queue_period_us),
				     FLD(virtio_q, queue_max_count)};
	unsigned int i;

	for (i = 0; i < sizeof(f) / sizeof(f[0]); i++)
		field_set(virtq->ctx, Q - NET_Q, f[i], cmd_get(cmd, f[i]));
}

int virtq_modify(struct cmd *cmd, struct hca_obj *obj)
{
	struct virtq *virtq = (struct virtq *)obj;
	uint64_t select = cmd_get(cmd, FLD(virtio_net_q, modify_field_select));
	struct vq_status status;
	int err = check_modify(cmd, virtq, select);

	if (err)
		return err;
	dp_lock(obj->ctx->hca->dp);
	virtq_status(virtq, &status);
	if (select & MOD_PERIOD && status.state != VQ_INIT && status.state != VQ_SUSPEND)
		err = cmd_refuse(cmd, SYND(VQ_MODIFY_STATE), FLD(virtio_net_q, modify_field_select),
				 "%s", state_names[status.state]);
	if (!err && select & MOD_STATE)
		err = change_state(cmd, virtq);
	dp_unlock(obj->ctx->hca->dp);
	if (!err && select & MOD_PERIOD)
		set_period(cmd, virtq);
	return err;
}

int virtq_query(struct cmd *cmd, struct hca_obj *obj)
{
	struct virtq *virtq = (struct virtq *)obj;
	struct vq_status status;

	dp_lock(obj->ctx->hca->dp);
	virtq_status(virtq, &status);
	dp_unlock(obj->ctx->hca->dp);
	memcpy(cmd->out + NET_Q / 8, virtq->ctx, sizeof(virtq->ctx));
	cmd_put(cmd, NET_Q, FLD(virtio_net_q, state), status.state);
	cmd_put(cmd, NET_Q, FLD(virtio_net_q, hw_available_index), status.avail_index);
	cmd_put(cmd, NET_Q, FLD(virtio_net_q, hw_used_index), status.used_index);
	cmd_put(cmd, Q, FLD(virtio_q, error_type), status.error);
	return 0;
}

static void counters_add(struct vq_counters *c, const struct vq_status *status)
{
	c->received_desc += status->received_desc;
	c->completed_desc += status->completed_desc;
	c->error_cqes += status->error == VQ_ERROR_CQ;
	c->bad_desc_errors += status->bad_desc_errors;
	c->exceed_max_chain += status->exceed_max_chain;
	c->invalid_buffer += status->invalid_buffer;
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
			counters_add(virtq->counters, &status);
	}
	if (virtq->counters)
		virtq->counters->virtq = NULL;
	/* As real firmware does; the driver resets the QP to use it again. */
	if (virtq->event_qp)
		qp_to_err(virtq->event_qp);
	if (virtq->mem)
		dp_mem_put(virtq->mem);
	if (virtq->counted)
		obj->ctx->func->virtqueues--;
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
					  sum.virtq->obj.id, state_names[status.state]);
		counters_add(&sum, &status);
	}
	cmd_put(cmd, NET_Q, FLD(virtio_q_counters, received_desc), sum.received_desc);
	cmd_put(cmd, NET_Q, FLD(virtio_q_counters, completed_desc), sum.completed_desc);
	cmd_put(cmd, NET_Q, FLD(virtio_q_counters, error_cqes), sum.error_cqes);
	cmd_put(cmd, NET_Q, FLD(virtio_q_counters, bad_desc_errors), sum.bad_desc_errors);
	cmd_put(cmd, NET_Q, FLD(virtio_q_counters, exceed_max_chain), sum.exceed_max_chain);
	cmd_put(cmd, NET_Q, FLD(virtio_q_counters, invalid_buffer), sum.invalid_buffer);
	return 0;
}
