/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "hca_priv.h"
#include "tir.h"

enum { LIST_VIRTQ = 1, MODIFY_LIST = 1 };

static int check_size(struct cmd *cmd, unsigned int max, unsigned int *n)
{
	uint64_t actual = cmd_get(cmd, FLD(rqtc, rqt_actual_size));

	if (cmd_get(cmd, FLD(rqtc, list_q_type)) != LIST_VIRTQ)
		return cmd_refuse(cmd, SYND(RQT_TYPE), FLD(rqtc, list_q_type), " ");
	if (!max || max > 1u << LIM_LOG_RQT_SZ)
		return cmd_refuse(cmd, SYND(RQT_SIZE), FLD(rqtc, rqt_max_size), "%u", max);
	if (!actual || actual & (actual - 1) || actual > max)
		return cmd_refuse(cmd, SYND(RQT_SIZE), FLD(rqtc, rqt_actual_size), "%u of %u",
				  (unsigned int)actual, max);
	if (actual > cmd_tail_n(cmd))
		return cmd_refuse(cmd, SYND(RQT_LIST), FLD(rqtc, rqt_actual_size),
				  "%u, mailbox has %u", (unsigned int)actual, cmd_tail_n(cmd));
	*n = (unsigned int)actual;
	return 0;
}

static int get_queues(struct cmd *cmd, struct virtq **queues, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t id =
		    (uint32_t)field_get(cmd->in, cmd_tail_base(cmd, i), FLD(rq_num, rq_num));
		struct hca_obj *obj;
		int err = cmd_ref_id(cmd, FLD(rq_num, rq_num), id, &obj);

		if (err)
			return err;
		queues[i] = (struct virtq *)obj;
		if (queues[i]->attr.index & 1)
			return cmd_refuse(cmd, SYND(RQT_QUEUE), FLD(rq_num, rq_num),
					  "entry %u: queue 0x%x has index %u", i, id,
					  queues[i]->attr.index);
	}
	return 0;
}

static bool uses(const struct hca_obj *obj, const struct hca_obj *target)
{
	unsigned int i;

	for (i = 0; i < obj->n_uses; i++)
		if (obj->uses[i] == target)
			return true;
	return false;
}

static bool lists(struct virtq *const *queues, unsigned int n, const struct hca_obj *obj)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (&queues[i]->obj == obj)
			return true;
	return false;
}

/* Drop what is not in a list. */
static void unuse_others(struct hca_obj *obj, struct virtq *const *queues, unsigned int n)
{
	unsigned int i = obj->n_uses;

	while (i--)
		if (!lists(queues, n, obj->uses[i]))
			obj_unuse(obj, obj->uses[i]);
}

/* One reference per queue, however often it is listed. */
static int use_all(struct hca_obj *obj, struct virtq *const *queues, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (uses(obj, &queues[i]->obj))
			continue;
		if (obj_use(obj, &queues[i]->obj))
			return -ENOMEM;
	}
	return 0;
}

static int get_list(struct cmd *cmd, unsigned int n, struct virtq ***queues)
{
	struct virtq **q = calloc(n, sizeof(*q));
	int err;

	if (!q)
		return cmd_refuse_errno(cmd, -ENOMEM);
	err = get_queues(cmd, q, n);
	if (err) {
		free(q);
		return err;
	}
	*queues = q;
	return 0;
}

/* The datapath's queues; NULL where a queue was never in RDY. */
static struct vq **get_vqs(struct virtq *const *queues, unsigned int n)
{
	struct vq **vqs = calloc(n, sizeof(struct vq *));
	unsigned int i;

	for (i = 0; vqs && i < n; i++)
		vqs[i] = queues[i]->vq;
	return vqs;
}

static int fill(struct rqt *rqt)
{
	struct hca_function *func = rqt->obj.ctx->func;
	struct vq **vqs = get_vqs(rqt->queues, rqt->n);
	int err = vqs ? use_all(&rqt->obj, rqt->queues, rqt->n) : -ENOMEM;

	if (!err)
		err = dp_rqt_create(func->port, vqs, rqt->n, &rqt->dp);
	if (!err)
		LIST_INSERT_HEAD(&func->rqts, rqt, in_func);
	free(vqs);
	return err;
}

int rqt_create(struct cmd *cmd, struct hca_obj **out)
{
	unsigned int n, max = (unsigned int)cmd_get(cmd, FLD(rqtc, rqt_max_size));
	struct virtq **queues;
	struct hca_obj *obj;
	struct rqt *rqt;
	int err = check_size(cmd, max, &n);

	if (!err)
		err = get_list(cmd, n, &queues);
	if (err)
		return err;
	err = obj_new(cmd->ctx, OBJ_RQT, sizeof(*rqt), &obj);
	if (err) {
		free(queues);
		return cmd_refuse_errno(cmd, err);
	}
	rqt = (struct rqt *)obj;
	rqt->n = n;
	rqt->max = max;
	rqt->queues = queues;
	err = fill(rqt);
	if (err) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, err);
	}
	*out = obj;
	return 0;
}

/* From the moment this returns, no frame goes to a queue that is not listed. */
static int replace(struct rqt *rqt, struct virtq *const *queues, unsigned int n)
{
	struct dp *dp = rqt->obj.ctx->hca->dp;
	struct vq **vqs = get_vqs(queues, n);
	int err = vqs ? use_all(&rqt->obj, queues, n) : -ENOMEM;

	if (!err) {
		dp_lock(dp);
		err = dp_rqt_set(rqt->dp, vqs, n);
		dp_unlock(dp);
	}
	free(vqs);
	return err;
}

int rqt_modify(struct cmd *cmd, struct hca_obj *obj)
{
	struct rqt *rqt = (struct rqt *)obj;
	struct virtq **queues;
	unsigned int n;
	int err;

	if (cmd_get(cmd, FLD(modify_rqt_in, modify_bitmask)) != MODIFY_LIST)
		return cmd_refuse(cmd, SYND(RQT_MODIFY), FLD(modify_rqt_in, modify_bitmask), " ");
	if (cmd_get(cmd, FLD(rqtc, rqt_max_size)) &&
	    cmd_get(cmd, FLD(rqtc, rqt_max_size)) != rqt->max)
		return cmd_refuse(cmd, SYND(RQT_SIZE), FLD(rqtc, rqt_max_size), "is %u", rqt->max);
	err = check_size(cmd, rqt->max, &n);
	if (!err)
		err = get_list(cmd, n, &queues);
	if (err)
		return err;
	err = replace(rqt, queues, n);
	if (err) {
		unuse_others(obj, rqt->queues, rqt->n);
		free(queues);
		return cmd_refuse_errno(cmd, err);
	}
	unuse_others(obj, queues, n);
	free(rqt->queues);
	rqt->queues = queues;
	rqt->n = n;
	return 0;
}

void rqt_queue_changed(struct hca_function *func, const struct virtq *virtq)
{
	struct rqt *rqt;
	unsigned int i;

	LIST_FOREACH(rqt, &func->rqts, in_func)
	for (i = 0; i < rqt->n; i++)
		if (rqt->queues[i] == virtq)
			dp_rqt_set_queue(rqt->dp, i, virtq->vq);
}

void rqt_fini(struct hca_obj *obj)
{
	struct rqt *rqt = (struct rqt *)obj;

	if (rqt->dp) {
		LIST_REMOVE(rqt, in_func);
		dp_rqt_destroy(rqt->dp);
	}
	free(rqt->queues);
}
