/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vv_ops*.c files share: which connection is served by which device. */
#ifndef VV_OPS_PRIV_H
#define VV_OPS_PRIV_H

#include <stdbool.h>
#include <sys/queue.h>

#include "vv_dev.h"
#include "vv_lock.h"
#include "vv_notifier.h"

struct rte_device;
struct rte_vdpa_device;
struct rte_vdpa_dev_ops;

/*
 * A connection. A socket takes as many as come, and all of them reach the same device; it works for
 * the one that started it, until that one stops it. Here from its features to dev_cleanup.
 */
struct conn {
	TAILQ_ENTRY(conn) next;
	struct port *port;
	int vid;
	bool enabled[VV_RINGS_MAX];
	bool told;                    /* why it is not started: once is enough */
	bool ran;                     /* it has started the device */
	struct vv_notifier *notifier; /* NULL: nothing was to be asked yet */
	bool tells_config;            /* it tells the front-end that the configuration changed */
};

struct port {
	TAILQ_ENTRY(port) next;
	struct rte_device *rte_dev;   /* borrowed, probe to remove */
	struct rte_vdpa_device *vdpa; /* librte_vhost's */
	struct vv_dev *dev;           /* owned */
	TAILQ_HEAD(, conn) conns;     /* owned; with vv_ports_lock */
	struct conn *owner;           /* who started the device; NULL: it is stopped */
	/*
	 * A front-end never answered, and was left waiting: after RESET_OWNER the same connection
	 * may be set up anew, so nobody is asked any more.
	 */
	bool notifier_lost;
	unsigned int users; /* vv_ops_use; with vv_ports_lock */
};

extern struct vv_lock vv_ports_lock;

/* ---- vv_ops_port.c ---- */

struct port *vv_port_of_vdpa(const struct rte_vdpa_device *vdpa); /* NULL: none of ours */
struct port *vv_port_of_vid(int vid);
/* make: or a new one. NULL: there is none, or no memory. */
struct conn *vv_conn_of_vid(struct port *port, int vid, bool make);
void vv_conn_free(struct conn *conn);
void vv_port_own(struct port *port, struct conn *conn); /* NULL: nobody has started the device */
/* Known to librte_vhost from now on. */
int vv_port_add(struct rte_device *rte_dev, struct vv_dev *dev, struct rte_vdpa_dev_ops *ops,
		struct port **added);
/* Out of the list, and used by nobody: the caller's. As vv_ops_unregister. */
int vv_port_withdraw(struct rte_device *rte_dev, struct port **withdrawn);

/* ---- vv_ops_request.c ---- */

/* As the protocol was negotiated: have the front-end told of changes while conn is the owner. */
void vv_conn_prepare(struct conn *conn);
/* Offer the doorbell of a queue that runs. */
void vv_conn_offer_doorbell(struct conn *conn, unsigned int queue);
/* arg: a port. On a thread of its device's, at any time. */
void vv_port_config_changed(void *arg);

#endif
