/* SPDX-License-Identifier: BSD-3-Clause */
/* What a connection asks of its front-end, through librte_vhost, on a thread of its own. */
#include <rte_version.h>
#include <rte_vhost.h>
#include <vdpa_driver.h>

#include "vv_log.h"
#include "vv_ops_priv.h"
#include "vv_virtio.h"

#if RTE_VERSION >= RTE_VERSION_NUM(23, 7, 0, 0)
#define config_change rte_vhost_backend_config_change
#else
#define config_change rte_vhost_slave_config_change
#endif

static int notifier_offer(void *arg, unsigned int queue)
{
	const struct conn *conn = arg;

	return rte_vhost_host_notifier_ctrl(conn->vid, queue, true);
}

/* Without waiting for an answer: a front-end that gives none must still be told the next time. */
static void notifier_config(void *arg)
{
	const struct conn *conn = arg;

	config_change(conn->vid, false);
}

static const struct vv_notifier_ops notifier_ops = {
    .offer = notifier_offer,
    .config = notifier_config,
};

/* NULL: there is none, and why has been said. */
static struct vv_notifier *notifier_get(struct conn *conn)
{
	const char *name = vv_dev_name(conn->port->dev);
	int err;

	if (conn->notifier)
		return conn->notifier;
	err = vv_notifier_start(name, &notifier_ops, conn, &conn->notifier);
	if (err)
		VV_LOG(WARNING,
		       "%s: no thread for requests to the front-end (%d): kicks are relayed, the "
		       "guest is not told of changes", name, -err);
	return conn->notifier;
}

void vv_port_config_changed(void *arg)
{
	struct port *port = arg;

	vv_lock(&vv_ports_lock);
	if (port->owner && port->owner->tells_config)
		vv_notifier_config(port->owner->notifier);
	vv_unlock(&vv_ports_lock);
}

void vv_conn_prepare(struct conn *conn)
{
	const uint64_t needed =
	    VV_BIT(VHOST_USER_PROTOCOL_F_SLAVE_REQ) | VV_BIT(VHOST_USER_PROTOCOL_F_CONFIG);
	uint64_t protocol;

	if (conn->port->notifier_lost ||
	    rte_vhost_get_negotiated_protocol_features(conn->vid, &protocol) ||
	    (protocol & needed) != needed)
		return;
	conn->tells_config = notifier_get(conn);
}

void vv_conn_offer_doorbell(struct conn *conn, unsigned int queue)
{
	/* Without REPLY_ACK nobody promises the answer that librte_vhost waits for. */
	const uint64_t needed =
	    VV_BIT(VHOST_USER_PROTOCOL_F_SLAVE_REQ) | VV_BIT(VHOST_USER_PROTOCOL_F_SLAVE_SEND_FD) |
	    VV_BIT(VHOST_USER_PROTOCOL_F_HOST_NOTIFIER) | VV_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK);
	uint64_t features, protocol;

	if (!vv_dev_ring_is_data(conn->port->dev, queue))
		return; /* the control queue has no doorbell on the NIC */
	if (conn->port->notifier_lost || rte_vhost_get_negotiated_features(conn->vid, &features) ||
	    rte_vhost_get_negotiated_protocol_features(conn->vid, &protocol))
		return;
	if (!(features & VV_BIT(VIRTIO_F_VERSION_1)) || (protocol & needed) != needed)
		return;
	vv_notifier_request(notifier_get(conn), queue);
}
