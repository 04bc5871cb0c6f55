/* SPDX-License-Identifier: BSD-3-Clause */
/* The port as verbs have it: its state, its speed, and news of both. */
#include <errno.h>
#include <string.h>

#include "vv_hca_priv.h"

enum { PORT = 1 };
enum { SPEED_UNKNOWN = 0xffffffff };

/* Of one lane, in Mb/s (InfiniBand specification, PortInfo). 0: unknown. */
static uint32_t lane_speed(unsigned int code)
{
	switch (code) {
	case 1:
		return 2500;
	case 2:
		return 5000;
	case 4:
	case 8:
		return 10000;
	case 16:
		return 14000;
	case 32:
		return 25000;
	case 64:
		return 50000;
	case 128:
		return 100000;
	}
	return 0;
}

static uint32_t lanes(unsigned int code)
{
	switch (code) {
	case 1:
		return 1;
	case 2:
		return 4;
	case 4:
		return 8;
	case 8:
		return 12;
	case 16:
		return 2;
	}
	return 0;
}

int vv_hca_port(struct vv_hca *hca, struct vv_port *port)
{
	struct ibv_port_attr attr;
	int err = ibv_query_port(hca->ctx, PORT, &attr);
	uint32_t mbps;

	if (err)
		return vv_hca_fail(hca, -err, "query the port: %s", strerror(err));
	mbps = lane_speed(attr.active_speed) * lanes(attr.active_width);
	*port = (struct vv_port){
	    .up = attr.state == IBV_PORT_ACTIVE,
	    .speed_mbps = mbps ? mbps : SPEED_UNKNOWN,
	};
	return 0;
}

int vv_hca_async_fd(const struct vv_hca *hca)
{
	return hca->ctx->async_fd;
}

int vv_hca_async_drain(struct vv_hca *hca, bool *port_changed)
{
	struct ibv_async_event event;
	bool changed = false, fatal = false;

	errno = 0;
	while (!ibv_get_async_event(hca->ctx, &event)) {
		switch (event.event_type) {
		case IBV_EVENT_PORT_ACTIVE:
		case IBV_EVENT_PORT_ERR:
			changed = true;
			break;
		case IBV_EVENT_DEVICE_FATAL:
			fatal = true;
			break;
		default: /* addresses, partitions: of no concern to a virtqueue */
			break;
		}
		ibv_ack_async_event(&event);
		errno = 0;
	}
	if (fatal)
		return -EIO;
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		return errno ? -errno : -EIO;
	*port_changed = changed;
	return 0;
}
