/* SPDX-License-Identifier: BSD-3-Clause */
/* How queues work: offloads and when to notify (virtio 1.3 5.1.6.5.8, 5.1.6.5.9). */
#include "vv_ctrl_priv.h"

enum vv_ctrl_verdict vv_ctrl_offloads(const struct vv_ctrl_call *call)
{
	uint64_t offloads = vv_ctrl_get64(call->data);

	if (offloads & ~(call->conf->features & VV_GUEST_OFFLOADS))
		return VV_CTRL_BAD_VALUE;
	call->next->offloads = offloads;
	return VV_CTRL_OK;
}

/* What a queue object cannot hold is refused rather than cut: the guest would be told of it. */
static enum vv_ctrl_verdict coal_parse(const uint8_t *data, struct vv_ctrl_coal *coal)
{
	coal->packets = vv_ctrl_get32(data);
	coal->usecs = vv_ctrl_get32(data + 4);
	if (coal->packets > VV_CTRL_COAL_PACKETS_MAX || coal->usecs > VV_CTRL_COAL_USECS_MAX)
		return VV_CTRL_BAD_VALUE;
	return VV_CTRL_OK;
}

enum vv_ctrl_verdict vv_ctrl_coal_all(const struct vv_ctrl_call *call)
{
	bool tx = call->command == VV_CTRL_NOTF_COAL_TX_SET;
	struct vv_ctrl_coal coal;
	enum vv_ctrl_verdict verdict = coal_parse(call->data, &coal);
	unsigned int i;

	if (verdict)
		return verdict;
	*(tx ? &call->next->coal_tx : &call->next->coal_rx) = coal;
	for (i = tx; i < 2 * call->conf->pairs; i += 2)
		call->next->coal[i] = coal;
	return VV_CTRL_OK;
}

/* The queue that data begins with; NULL: it is none, or not enabled. */
static struct vv_ctrl_coal *coal_find(const struct vv_ctrl_call *call)
{
	uint16_t queue = vv_ctrl_get16(call->data);

	if (queue >= 2 * call->conf->pairs || !call->facts->enabled[queue])
		return NULL;
	return &call->next->coal[queue];
}

enum vv_ctrl_verdict vv_ctrl_coal_set(const struct vv_ctrl_call *call)
{
	struct vv_ctrl_coal *coal = coal_find(call);

	return coal ? coal_parse(call->data + 4, coal) : VV_CTRL_BAD_VALUE;
}

enum vv_ctrl_verdict vv_ctrl_coal_get(const struct vv_ctrl_call *call)
{
	const struct vv_ctrl_coal *coal = coal_find(call);

	if (!coal)
		return VV_CTRL_BAD_VALUE;
	vv_ctrl_reply_put(call->reply, coal->packets, 4);
	vv_ctrl_reply_put(call->reply, coal->usecs, 4);
	return VV_CTRL_OK;
}

/*
 * With either zero, every packet is told of (virtio 1.3 5.1.6.5.9.1). A NIC that is given a number
 * of packets alone might wait for some that never come.
 */
struct vv_ctrl_coal vv_ctrl_coal(const struct vv_ctrl_state *state, unsigned int ring)
{
	struct vv_ctrl_coal coal = state->coal[ring];

	if (!coal.packets || !coal.usecs)
		coal = (struct vv_ctrl_coal){0};
	return coal;
}
