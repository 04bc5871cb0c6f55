/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What librte_vhost asks when (its lib/vhost/vhost_user.c):
 *
 * - set_vring_state before dev_conf comes with the locks of all rings held, so it only takes a
 * note.
 * - dev_conf comes when the first pair of rings is ready; the others follow as set_vring_state.
 * - set_vring_state while configured holds no locks, and follows any message that changes a ring:
 *   state 0, the change, state 1. The front-end may also change a ring's addresses and position
 *   between a 0 and a 1 of its own, so everything is read again.
 * - dev_close comes before the memory goes away, and before GET_VRING_BASE is answered: positions
 *   must be set in it, for all rings.
 * - dev_cleanup is the end of a connection. dev_close may not have come before, when the
 *   application refused the connection. In that case librte_vhost may also hold the locks of all
 *   rings while we run: so nothing here takes one, ever.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>
#include <rte_vhost.h>
#include <vdpa_driver.h>

#include "vv_guest.h"
#include "vv_log.h"
#include "vv_ops.h"
#include "vv_ops_priv.h"

/* The end of a connection, whatever state it is in. */
static void conn_end(struct conn *conn)
{
	struct port *port = conn->port;

	if (port->owner == conn) {
		vv_dev_stop(port->dev, NULL);
		vv_port_own(port, NULL);
	}
	if (!vv_notifier_stop(conn->notifier))
		port->notifier_lost = true;
	vv_conn_free(conn);
}

/* ---- what is offered ---- */

static int get_queue_num(struct rte_vdpa_device *vdpa, uint32_t *pairs)
{
	struct port *port = vv_port_of_vdpa(vdpa);

	if (!port)
		return -ENODEV;
	*pairs = vv_dev_offer(port->dev)->pairs;
	return 0;
}

static int get_features(struct rte_vdpa_device *vdpa, uint64_t *features)
{
	struct port *port = vv_port_of_vdpa(vdpa);

	if (!port)
		return -ENODEV;
	*features = vv_dev_offer(port->dev)->features;
	return 0;
}

static int get_protocol_features(struct rte_vdpa_device *vdpa, uint64_t *features)
{
	struct port *port = vv_port_of_vdpa(vdpa);

	if (!port)
		return -ENODEV;
	*features = vv_dev_offer(port->dev)->protocol_features;
	return 0;
}

/* ---- life of a connection ---- */

static void report(int vid, const struct vv_stopped *stopped)
{
	unsigned int i;

	for (i = 0; i < VV_RINGS_MAX; i++)
		if (stopped[i].valid)
			rte_vhost_set_vring_base(vid, i, stopped[i].base, stopped[i].base);
}

static void close_and_report(struct conn *conn)
{
	struct vv_stopped stopped[VV_RINGS_MAX];

	vv_dev_stop(conn->port->dev, stopped);
	vv_port_own(conn->port, NULL);
	report(conn->vid, stopped);
}

/* Is the device free, or ours? */
static bool may_start(struct conn *conn)
{
	const struct port *port = conn->port;

	if (!port->owner || port->owner == conn)
		return true;
	if (!conn->told)
		VV_LOG(ERR, "%s: cannot start: another front-end is served (connections %d and %d)",
		       vv_dev_name(port->dev), port->owner->vid, conn->vid);
	conn->told = true;
	return false;
}

static int start(struct conn *conn, const struct vv_guest *guest)
{
	struct vv_stopped stopped[VV_RINGS_MAX];
	struct port *port = conn->port;
	unsigned int i;
	int err = vv_dev_start(port->dev, guest, stopped);

	if (err) {
		report(conn->vid, stopped);
		return err;
	}
	conn->ran = true;
	vv_conn_prepare(conn);
	vv_port_own(port, conn);
	for (i = 0; i < guest->n_rings; i++)
		if (guest->rings[i].enabled && guest->rings[i].size)
			vv_conn_offer_doorbell(conn, i);
	return 0;
}

static int dev_conf(int vid)
{
	struct port *port = vv_port_of_vid(vid);
	struct vv_guest *guest;
	struct conn *conn;
	int err;

	if (!port)
		return -ENODEV;
	conn = vv_conn_of_vid(port, vid, true);
	if (!conn)
		return -ENOMEM;
	if (!may_start(conn))
		return -EBUSY;
	if (port->owner)
		close_and_report(conn); /* as a rule it is stopped already */
	guest = calloc(1, sizeof(*guest));
	if (!guest)
		return -ENOMEM;
	err = vv_guest_read(vid, conn->enabled, vv_dev_rings(port->dev), guest);
	if (!err)
		err = start(conn, guest);
	else if (!conn->told)
		VV_LOG(ERR, "%s: cannot start: rings or memory unreadable (%d)",
		       vv_dev_name(port->dev), -err);
	conn->told = err;
	free(guest);
	return err;
}

static int dev_close(int vid)
{
	struct port *port = vv_port_of_vid(vid);
	struct conn *conn;

	if (!port)
		return -ENODEV;
	conn = vv_conn_of_vid(port, vid, false);
	if (conn && port->owner == conn)
		close_and_report(conn);
	return 0;
}

static int dev_cleanup(int vid)
{
	struct port *port = vv_port_of_vid(vid);
	struct conn *conn;
	bool ran;

	if (!port)
		return -ENODEV;
	conn = vv_conn_of_vid(port, vid, false);
	ran = conn && conn->ran;
	if (conn)
		conn_end(conn);
	vv_dev_disconnected(port->dev, ran);
	return 0;
}

static int ring_enable(struct conn *conn, unsigned int queue)
{
	struct vv_stopped stopped;
	struct vv_ring ring;
	int err = vv_guest_read_ring(conn->vid, queue, &ring);

	if (err)
		return err;
	err = vv_dev_ring_start(conn->port->dev, queue, &ring, rte_vhost_get_vring_num(conn->vid),
				&stopped);
	if (stopped.valid)
		rte_vhost_set_vring_base(conn->vid, queue, stopped.base, stopped.base);
	if (!err)
		vv_conn_offer_doorbell(conn, queue);
	return err;
}

static int ring_disable(struct conn *conn, unsigned int queue)
{
	struct vv_stopped stopped;
	int err = vv_dev_ring_stop(conn->port->dev, queue, &stopped);

	if (!err && stopped.valid)
		rte_vhost_set_vring_base(conn->vid, queue, stopped.base, stopped.base);
	return err;
}

static int set_vring_state(int vid, int vring, int state)
{
	struct port *port = vv_port_of_vid(vid);
	unsigned int there;
	struct conn *conn;

	if (!port)
		return -ENODEV;
	there = vv_dev_rings(port->dev);
	if (vring < 0 || (unsigned int)vring >= there) {
		if (state)
			VV_LOG(ERR, "%s/%d: enable: no such queue (%u there)",
			       vv_dev_name(port->dev), vring, there);
		return -E2BIG;
	}
	conn = vv_conn_of_vid(port, vid, true);
	if (!conn)
		return -ENOMEM;
	conn->enabled[vring] = state;
	if (port->owner != conn)
		return 0;
	return state ? ring_enable(conn, vring) : ring_disable(conn, vring);
}

/* Taken at dev_conf, none can change later. But this is the first that is heard of a vid. */
static int set_features(int vid)
{
	struct port *port = vv_port_of_vid(vid);

	if (!port)
		return -ENODEV;
	return vv_conn_of_vid(port, vid, true) ? 0 : -ENOMEM;
}

/* ---- host notifier, the other half: called from inside rte_vhost_host_notifier_ctrl ---- */

static int get_device_fd(int vid)
{
	struct port *port = vv_port_of_vid(vid);

	return port ? vv_dev_doorbell_fd(port->dev) : -ENODEV;
}

static int get_notify_area(int vid, int qid, uint64_t *offset, uint64_t *size)
{
	struct port *port = vv_port_of_vid(vid);

	(void)qid; /* one page for all queues: the value written says which */
	if (!port)
		return -ENODEV;
	vv_dev_doorbell_area(port->dev, offset, size);
	return 0;
}

/* ---- configuration space ---- */

/* What fits in the message that librte_vhost answers with; it does not look itself. */
enum { CONFIG_MAX = 256 };

static int get_config(int vid, uint8_t *config, uint32_t size)
{
	struct port *port = vv_port_of_vid(vid);

	if (!port)
		return -ENODEV;
	if (size > CONFIG_MAX) {
		VV_LOG(ERR, "%s: get_config: too long (%u bytes, at most %u)",
		       vv_dev_name(port->dev), size, CONFIG_MAX);
		return -EINVAL;
	}
	vv_dev_config(port->dev, config, size);
	return 0;
}

/*
 * Legacy guests set their address by writing it to the configuration space (virtio 1.3 5.1.4.3);
 * nothing else of it can be written, and guests that try have not read the specification.
 */
static int set_config(int vid, uint8_t *config, uint32_t offset, uint32_t size, uint32_t flags)
{
	struct port *port = vv_port_of_vid(vid);

	(void)flags; /* set by a guest, or by a migration: the same */
	if (!port)
		return -ENODEV;
	if (size)
		vv_dev_config_write(port->dev, config, offset, size);
	return 0; /* or librte_vhost would say so, each time */
}

static int migration_done(int vid)
{
	struct port *port = vv_port_of_vid(vid);

	if (!port)
		return -ENODEV;
	vv_dev_announce(port->dev); /* a guest that cannot has announced itself by other means */
	return 0;
}

/* ---- statistics ---- */

static int get_stats_names(struct rte_vdpa_device *vdpa, struct rte_vdpa_stat_name *names,
			   unsigned int size)
{
	unsigned int i;

	(void)vdpa;
	if (!names)
		return VV_STATS_N;
	for (i = 0; i < VV_STATS_N && i < size; i++)
		strlcpy(names[i].name, vv_stat_name(i), sizeof(names[i].name));
	return i;
}

static int get_stats(struct rte_vdpa_device *vdpa, int qid, struct rte_vdpa_stat *stats,
		     unsigned int n)
{
	struct port *port = vv_port_of_vdpa(vdpa);
	uint64_t values[VV_STATS_N];
	unsigned int i;
	int err;

	if (!port)
		return -ENODEV;
	err = qid < 0 ? -EINVAL : vv_dev_stats(port->dev, qid, values);
	if (err)
		return err;
	for (i = 0; i < VV_STATS_N && i < n; i++)
		stats[i] = (struct rte_vdpa_stat){.id = i, .value = values[i]};
	return i;
}

static int reset_stats(struct rte_vdpa_device *vdpa, int qid)
{
	struct port *port = vv_port_of_vdpa(vdpa);

	if (!port)
		return -ENODEV;
	return qid < 0 ? -EINVAL : vv_dev_stats_reset(port->dev, qid);
}

static struct rte_vdpa_dev_ops ops = {
    .get_queue_num = get_queue_num,
    .get_features = get_features,
    .get_protocol_features = get_protocol_features,
    .dev_conf = dev_conf,
    .dev_close = dev_close,
    .dev_cleanup = dev_cleanup,
    .set_vring_state = set_vring_state,
    .set_features = set_features,
    .migration_done = migration_done,
    .get_config = get_config,
    .set_config = set_config,
    .get_vfio_device_fd = get_device_fd,
    .get_notify_area = get_notify_area,
    .get_stats_names = get_stats_names,
    .get_stats = get_stats,
    .reset_stats = reset_stats,
};

/* ---- probe and remove ---- */

int vv_ops_register(struct rte_device *rte_dev, struct vv_dev *dev)
{
	struct port *port;
	int err = vv_port_add(rte_dev, dev, &ops, &port);

	if (!err)
		vv_dev_listen(dev, vv_port_config_changed, port);
	return err;
}

int vv_ops_unregister(struct rte_device *rte_dev)
{
	struct port *port;
	int err = vv_port_withdraw(rte_dev, &port);

	if (err)
		return err;
	rte_vdpa_unregister_device(port->vdpa);
	vv_dev_listen(port->dev, NULL, NULL);
	vv_dev_destroy(port->dev);
	free(port);
	return 0;
}
