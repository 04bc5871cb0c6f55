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
 *   application refused the connection.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <linux/virtio_config.h>

#include <rte_string_fns.h>
#include <rte_vhost.h>
#include <vdpa_driver.h>

#include "vv_dev.h"
#include "vv_lock.h"
#include "vv_log.h"
#include "vv_notifier.h"
#include "vv_ops.h"

#define BIT(n) (1ull << (n))

struct port {
	TAILQ_ENTRY(port) next;
	struct rte_device *rte_dev;   /* borrowed, probe to remove */
	struct rte_vdpa_device *vdpa; /* librte_vhost's */
	struct vv_dev *dev;           /* owned */
	/* Of the connection. */
	bool enabled[VV_QUEUES_MAX];
	struct vv_notifier *notifier; /* NULL: not negotiated */
	int vid;
};

static TAILQ_HEAD(, port) ports = TAILQ_HEAD_INITIALIZER(ports);
static struct vv_lock ports_lock = VV_LOCK_INITIALIZER;

static struct port *port_of_vdpa(const struct rte_vdpa_device *vdpa)
{
	struct port *port;

	vv_lock(&ports_lock);
	TAILQ_FOREACH(port, &ports, next)
	if (port->vdpa == vdpa)
		break;
	vv_unlock(&ports_lock);
	return port;
}

static struct port *port_of_vid(int vid)
{
	const struct rte_vdpa_device *vdpa = rte_vhost_get_vdpa_device(vid);

	return vdpa ? port_of_vdpa(vdpa) : NULL;
}

/* ---- what is offered ---- */

static int get_queue_num(struct rte_vdpa_device *vdpa, uint32_t *pairs)
{
	struct port *port = port_of_vdpa(vdpa);

	if (!port)
		return -ENODEV;
	*pairs = vv_dev_offer(port->dev)->pairs;
	return 0;
}

static int get_features(struct rte_vdpa_device *vdpa, uint64_t *features)
{
	struct port *port = port_of_vdpa(vdpa);

	if (!port)
		return -ENODEV;
	*features = vv_dev_offer(port->dev)->features;
	return 0;
}

static int get_protocol_features(struct rte_vdpa_device *vdpa, uint64_t *features)
{
	struct port *port = port_of_vdpa(vdpa);

	if (!port)
		return -ENODEV;
	*features = vv_dev_offer(port->dev)->protocol_features;
	return 0;
}

/* ---- from librte_vhost's words to ours ---- */

static int ring_read(int vid, unsigned int queue, bool packed, struct vv_ring *ring)
{
	struct rte_vhost_vring v;
	uint16_t used;

	if (rte_vhost_get_vhost_vring(vid, queue, &v) ||
	    rte_vhost_get_vring_base(vid, queue, &ring->base, &used))
		return -EINVAL;
	ring->size = v.size;
	if (packed) {
		ring->desc = v.desc_packed;
		ring->driver = v.driver_event;
		ring->device = v.device_event;
	} else {
		ring->desc = v.desc;
		ring->driver = v.avail;
		ring->device = v.used;
	}
	ring->kick_fd = v.kickfd;
	ring->call_fd = v.callfd;
	ring->enabled = true;
	/* An application or a dead process may have left the guest told not to kick. */
	if (v.size)
		rte_vhost_enable_guest_notification(vid, queue, 1);
	return 0;
}

static bool is_packed(int vid)
{
	uint64_t features;

	return !rte_vhost_get_negotiated_features(vid, &features) &&
	       features & BIT(VIRTIO_F_RING_PACKED);
}

static int regions_read(int vid, struct vv_guest *guest)
{
	struct rte_vhost_memory *mem;
	uint32_t i;

	if (rte_vhost_get_mem_table(vid, &mem))
		return -EINVAL;
	if (mem->nregions > VV_REGIONS_MAX) {
		free(mem);
		return -E2BIG;
	}
	for (i = 0; i < mem->nregions; i++)
		guest->regions[i] = (struct vv_region){
		    .gpa = mem->regions[i].guest_phys_addr,
		    .size = mem->regions[i].size,
		    .hva = (void *)(uintptr_t)mem->regions[i].host_user_addr,
		};
	guest->n_regions = mem->nregions;
	free(mem);
	return 0;
}

static int guest_read(int vid, const struct port *port, struct vv_guest *guest)
{
	unsigned int i, n = rte_vhost_get_vring_num(vid);
	unsigned int there = 2 * vv_dev_offer(port->dev)->pairs;
	bool packed = is_packed(vid);
	int err;

	if (rte_vhost_get_negotiated_features(vid, &guest->features))
		return -EINVAL;
	err = regions_read(vid, guest);
	if (err)
		return err;
	guest->n_rings = n < there ? n : there;
	for (i = 0; i < guest->n_rings; i++) {
		if (!port->enabled[i])
			continue;
		err = ring_read(vid, i, packed, &guest->rings[i]);
		if (err)
			return err;
	}
	return 0;
}

/* ---- host notifiers ---- */

static int notifier_offer(void *arg, unsigned int queue)
{
	const struct port *port = arg;

	return rte_vhost_host_notifier_ctrl(port->vid, queue, true);
}

static void notifier_request(struct port *port, unsigned int queue)
{
	/* Without REPLY_ACK nobody promises the answer that librte_vhost waits for. */
	const uint64_t needed =
	    BIT(VHOST_USER_PROTOCOL_F_SLAVE_REQ) | BIT(VHOST_USER_PROTOCOL_F_SLAVE_SEND_FD) |
	    BIT(VHOST_USER_PROTOCOL_F_HOST_NOTIFIER) | BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK);
	uint64_t features, protocol;
	int err;

	if (rte_vhost_get_negotiated_features(port->vid, &features) ||
	    rte_vhost_get_negotiated_protocol_features(port->vid, &protocol))
		return;
	if (!(features & BIT(VIRTIO_F_VERSION_1)) || (protocol & needed) != needed)
		return;
	if (!port->notifier) {
		err = vv_notifier_start(vv_dev_name(port->dev), notifier_offer, port,
					&port->notifier);
		if (err) {
			VV_LOG(WARNING, "%s: host notifier: no thread (%d), kicks are relayed",
			       vv_dev_name(port->dev), -err);
			return;
		}
	}
	vv_notifier_request(port->notifier, queue);
}

/* ---- life of a connection ---- */

static void close_and_report(int vid, struct port *port)
{
	struct vv_stopped *stopped = calloc(VV_QUEUES_MAX, sizeof(*stopped));
	unsigned int i;

	vv_dev_stop(port->dev, stopped);
	for (i = 0; stopped && i < VV_QUEUES_MAX; i++)
		if (stopped[i].valid)
			rte_vhost_set_vring_base(vid, i, stopped[i].base, stopped[i].base);
	free(stopped);
}

static int dev_conf(int vid)
{
	struct port *port = port_of_vid(vid);
	struct vv_guest *guest;
	unsigned int i;
	int err;

	if (!port)
		return -ENODEV;
	close_and_report(vid, port); /* as a rule it is stopped already */
	guest = calloc(1, sizeof(*guest));
	if (!guest)
		return -ENOMEM;
	port->vid = vid;
	err = guest_read(vid, port, guest);
	if (err)
		VV_LOG(ERR, "%s: cannot start: rings or memory unreadable (%d)",
		       vv_dev_name(port->dev), -err);
	else
		err = vv_dev_start(port->dev, guest);
	for (i = 0; i < guest->n_rings && !err; i++)
		if (guest->rings[i].enabled && guest->rings[i].size)
			notifier_request(port, i);
	free(guest);
	return err;
}

static int dev_close(int vid)
{
	struct port *port = port_of_vid(vid);

	if (!port)
		return -ENODEV;
	close_and_report(vid, port);
	return 0;
}

static int dev_cleanup(int vid)
{
	struct port *port = port_of_vid(vid);

	if (!port)
		return -ENODEV;
	vv_dev_stop(port->dev, NULL);
	vv_notifier_stop(port->notifier);
	port->notifier = NULL;
	memset(port->enabled, 0, sizeof(port->enabled));
	vv_dev_disconnected(port->dev);
	return 0;
}

static int set_vring_state(int vid, int vring, int state)
{
	struct port *port = port_of_vid(vid);
	struct vv_stopped stopped;
	struct vv_ring ring;
	unsigned int there;
	int err;

	if (!port)
		return -ENODEV;
	there = 2 * vv_dev_offer(port->dev)->pairs;
	if (vring < 0 || (unsigned int)vring >= there) {
		if (state)
			VV_LOG(ERR, "%s/%d: enable: no such queue (%u there)",
			       vv_dev_name(port->dev), vring, there);
		return -E2BIG;
	}
	port->enabled[vring] = state;
	if (!vv_dev_is_running(port->dev))
		return 0;

	if (!state) {
		err = vv_dev_ring_stop(port->dev, vring, &stopped);
		if (!err && stopped.valid)
			rte_vhost_set_vring_base(vid, vring, stopped.base, stopped.base);
		return err;
	}
	err = ring_read(vid, vring, is_packed(vid), &ring);
	if (!err)
		err = vv_dev_ring_start(port->dev, vring, &ring);
	if (!err)
		notifier_request(port, vring);
	return err;
}

static int set_features(int vid)
{
	return port_of_vid(vid) ? 0 : -ENODEV; /* taken at dev_conf; none can change later */
}

/* ---- host notifier, the other half: called from inside rte_vhost_host_notifier_ctrl ---- */

static int get_device_fd(int vid)
{
	struct port *port = port_of_vid(vid);

	return port ? vv_dev_doorbell_fd(port->dev) : -ENODEV;
}

static int get_notify_area(int vid, int qid, uint64_t *offset, uint64_t *size)
{
	struct port *port = port_of_vid(vid);

	(void)qid; /* one page for all queues: the value written says which */
	if (!port)
		return -ENODEV;
	vv_dev_doorbell_area(port->dev, offset, size);
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
	struct port *port = port_of_vdpa(vdpa);
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
	struct port *port = port_of_vdpa(vdpa);

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
    .get_vfio_device_fd = get_device_fd,
    .get_notify_area = get_notify_area,
    .get_stats_names = get_stats_names,
    .get_stats = get_stats,
    .reset_stats = reset_stats,
};

/* ---- probe and remove ---- */

int vv_ops_register(struct rte_device *rte_dev, struct vv_dev *dev)
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port)
		return -ENOMEM;
	port->rte_dev = rte_dev;
	port->dev = dev;
	vv_lock(&ports_lock);
	port->vdpa = rte_vdpa_register_device(rte_dev, &ops);
	if (port->vdpa)
		TAILQ_INSERT_TAIL(&ports, port, next);
	vv_unlock(&ports_lock);
	if (!port->vdpa) {
		free(port);
		return -EEXIST;
	}
	return 0;
}

int vv_ops_unregister(struct rte_device *rte_dev)
{
	struct port *port;

	vv_lock(&ports_lock);
	TAILQ_FOREACH(port, &ports, next)
	if (port->rte_dev == rte_dev)
		break;
	if (port)
		TAILQ_REMOVE(&ports, port, next);
	vv_unlock(&ports_lock);
	if (!port)
		return -ENODEV;
	rte_vdpa_unregister_device(port->vdpa);
	vv_dev_stop(port->dev, NULL);
	vv_notifier_stop(port->notifier);
	vv_dev_destroy(port->dev);
	free(port);
	return 0;
}
