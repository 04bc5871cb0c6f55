/* SPDX-License-Identifier: BSD-3-Clause */
#include "link.h"

#include "event.h"
#include "hca_priv.h"

bool link_set(struct hca_function *func, bool up)
{
	if (func->link_down == !up)
		return false;
	func->link_down = !up;
	dp_port_set_link(func->port, up);
	event_send_link(func);
	return true;
}

bool hca_link_up(struct hca_ctx *ctx)
{
	bool up;

	pthread_mutex_lock(&ctx->hca->lock);
	up = !ctx->func->link_down;
	pthread_mutex_unlock(&ctx->hca->lock);
	return up;
}
