/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices there are and the connections they have: which device a call is about, and that it
 * stays for as long as the call.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_vhost.h>
#include <vdpa_driver.h>

#include "vv_log.h"
#include "vv_ops.h"
#include "vv_ops_priv.h"

static TAILQ_HEAD(, port) ports = TAILQ_HEAD_INITIALIZER(ports);
struct vv_lock vv_ports_lock = VV_LOCK_INITIALIZER;
static pthread_cond_t unused = PTHREAD_COND_INITIALIZER; /* with vv_ports_lock: users went */

struct port *vv_port_of_vdpa(const struct rte_vdpa_device *vdpa)
{
	struct port *port;

	vv_lock(&vv_ports_lock);
	TAILQ_FOREACH(port, &ports, next)
	if (port->vdpa == vdpa)
		break;
	vv_unlock(&vv_ports_lock);
	return port;
}

struct port *vv_port_of_vid(int vid)
{
	const struct rte_vdpa_device *vdpa = rte_vhost_get_vdpa_device(vid);

	return vdpa ? vv_port_of_vdpa(vdpa) : NULL;
}

struct conn *vv_conn_of_vid(struct port *port, int vid, bool make)
{
	struct conn *conn;

	vv_lock(&vv_ports_lock);
	TAILQ_FOREACH(conn, &port->conns, next)
	if (conn->vid == vid)
		break;
	if (!conn && make) {
		conn = calloc(1, sizeof(*conn));
		if (conn) {
			conn->port = port;
			conn->vid = vid;
			TAILQ_INSERT_TAIL(&port->conns, conn, next);
		}
	}
	vv_unlock(&vv_ports_lock);
	return conn;
}

void vv_conn_free(struct conn *conn)
{
	vv_lock(&vv_ports_lock);
	TAILQ_REMOVE(&conn->port->conns, conn, next);
	vv_unlock(&vv_ports_lock);
	free(conn);
}

/* Read without the lock on the threads of the operations, which alone set it. */
void vv_port_own(struct port *port, struct conn *conn)
{
	vv_lock(&vv_ports_lock);
	port->owner = conn;
	vv_unlock(&vv_ports_lock);
}

int vv_port_add(struct rte_device *rte_dev, struct vv_dev *dev, struct rte_vdpa_dev_ops *ops,
		struct port **added)
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port)
		return -ENOMEM;
	port->rte_dev = rte_dev;
	port->dev = dev;
	TAILQ_INIT(&port->conns);
	vv_lock(&vv_ports_lock);
	port->vdpa = rte_vdpa_register_device(rte_dev, ops);
	if (port->vdpa)
		TAILQ_INSERT_TAIL(&ports, port, next);
	vv_unlock(&vv_ports_lock);
	if (!port->vdpa) {
		free(port);
		return -EEXIST;
	}
	*added = port;
	return 0;
}

int vv_port_withdraw(struct rte_device *rte_dev, struct port **withdrawn)
{
	struct port *port;
	bool busy;

	vv_lock(&vv_ports_lock);
	TAILQ_FOREACH(port, &ports, next)
	if (port->rte_dev == rte_dev)
		break;
	/* librte_vhost keeps what it knows of the device as long as a front-end is connected. */
	busy = port && !TAILQ_EMPTY(&port->conns);
	if (port && !busy) {
		TAILQ_REMOVE(&ports, port, next);
		while (port->users)
			pthread_cond_wait(&unused, &vv_ports_lock.mutex);
	}
	vv_unlock(&vv_ports_lock);
	if (!port)
		return -ENODEV;
	if (busy) {
		VV_LOG(ERR, "%s: remove: a front-end is connected: unregister its socket first",
		       vv_dev_name(port->dev));
		return -EBUSY;
	}
	*withdrawn = port;
	return 0;
}

int vv_ops_each(int (*visit)(void *arg, struct vv_dev *dev), void *arg)
{
	struct port *port;
	int answer = 0;

	vv_lock(&vv_ports_lock);
	TAILQ_FOREACH(port, &ports, next)
	if ((answer = visit(arg, port->dev)))
		break;
	vv_unlock(&vv_ports_lock);
	return answer;
}

int vv_ops_use(const char *device, struct vv_ops_use *use)
{
	struct port *port;

	vv_lock(&vv_ports_lock);
	TAILQ_FOREACH(port, &ports, next)
	if (!strcmp(vv_dev_name(port->dev), device))
		break;
	if (port) {
		port->users++;
		*use = (struct vv_ops_use){
		    .dev = port->dev,
		    .port = port,
		    .connected = !TAILQ_EMPTY(&port->conns),
		};
	}
	vv_unlock(&vv_ports_lock);
	return port ? 0 : -ENODEV;
}

void vv_ops_unuse(struct vv_ops_use *use)
{
	vv_lock(&vv_ports_lock);
	use->port->users--;
	pthread_cond_broadcast(&unused);
	vv_unlock(&vv_ports_lock);
	use->port = NULL;
	use->dev = NULL;
}
