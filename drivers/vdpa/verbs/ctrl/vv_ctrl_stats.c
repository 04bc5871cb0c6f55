/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics (virtio 1.4 draft, Device Statistics). There are the control queue's own: of data
 * queues the NIC counts descriptors, and not the packets and bytes that a guest asks for.
 */
#include "vv_ctrl_priv.h"

enum vv_ctrl_verdict vv_ctrl_stats_query(const struct vv_ctrl_call *call)
{
	vv_ctrl_reply_put(call->reply, VV_STATS_TYPE_CVQ, 8);
	return VV_CTRL_OK;
}

static unsigned int cvq_index(const struct vv_ctrl_conf *conf)
{
	bool mq = conf->features & (VV_BIT(VIRTIO_NET_F_MQ) | VV_BIT(VIRTIO_NET_F_RSS));

	return mq ? 2 * conf->pairs : 2;
}

enum { REQUEST_SIZE = 2 + 3 * 2 + 8, CVQ_SIZE = 8 + 8 + 8 };

static void cvq_put(const struct vv_ctrl_call *call, uint16_t queue)
{
	struct vv_ctrl_reply *reply = call->reply;

	vv_ctrl_reply_put(reply, VV_STATS_REPLY_CVQ, 2); /* type, reserved */
	vv_ctrl_reply_put(reply, queue, 2);
	vv_ctrl_reply_put(reply, 0, 2); /* reserved */
	vv_ctrl_reply_put(reply, CVQ_SIZE, 2);
	/* This command included, and it succeeds. */
	vv_ctrl_reply_put(reply, call->facts->commands + 1, 8);
	vv_ctrl_reply_put(reply, call->facts->commands_ok + 1, 8);
}

/* One request: to nothing of a queue, or to the control queue's. */
static bool request_is_good(const struct vv_ctrl_conf *conf, uint16_t queue, uint64_t types)
{
	if (queue == cvq_index(conf))
		return !(types & ~VV_STATS_TYPE_CVQ);
	return queue < cvq_index(conf) && !types;
}

/*
 * The guest may leave less room than the answers take, and gets those that fit then; but one at
 * least, so that it can tell.
 */
enum vv_ctrl_verdict vv_ctrl_stats_get(const struct vv_ctrl_call *call)
{
	size_t room = call->room < VV_CTRL_RESULT_MAX ? call->room : VV_CTRL_RESULT_MAX, at;

	if (call->len % REQUEST_SIZE)
		return VV_CTRL_TRUNCATED;
	/* All of them first: one that is wrong, and there is no answer for any. */
	for (at = 0; at < call->len; at += REQUEST_SIZE)
		if (!request_is_good(call->conf, vv_ctrl_get16(call->data + at),
				     vv_ctrl_get64(call->data + at + 8)))
			return VV_CTRL_BAD_VALUE;
	for (at = 0; at < call->len; at += REQUEST_SIZE) {
		if (!vv_ctrl_get64(call->data + at + 8))
			continue;
		if (room - call->reply->len < CVQ_SIZE)
			return call->reply->len ? VV_CTRL_OK : VV_CTRL_NO_ROOM;
		cvq_put(call, vv_ctrl_get16(call->data + at));
	}
	return VV_CTRL_OK;
}
