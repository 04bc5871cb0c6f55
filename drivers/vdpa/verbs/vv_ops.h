/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between librte_vhost and the device: the vDPA operations, and which device a call is about.
 * The only place that knows connections (vid) and answers in DPDK's way, 0 or negative.
 *
 * Threads: librte_vhost calls the operations of all devices from one thread of its own; statistics
 * and queries come from any thread, and a socket that is unregistered closes the device on the
 * application's.
 */
#ifndef VV_OPS_H
#define VV_OPS_H

#include <stdbool.h>

#include <dev_driver.h>

struct port;
struct vv_dev;

/* Offer the device to librte_vhost under the name of rte_dev. dev: owned from success on. */
int vv_ops_register(struct rte_device *rte_dev, struct vv_dev *dev);
/* Withdraw and destroy. -ENODEV: none of that name; -EBUSY: a front-end is connected. */
int vv_ops_unregister(struct rte_device *rte_dev);

/*
 * Each device in turn, until visit returns something else than 0, and what that was. None is
 * withdrawn meanwhile: visit must not wait for operations.
 */
int vv_ops_each(int (*visit)(void *arg, struct vv_dev *dev), void *arg);

/*
 * The device of that name; it is not withdrawn before unuse. For calls that may wait for it, while
 * operations of others go on. -ENODEV: there is none.
 */
struct vv_ops_use {
	struct vv_dev *dev;
	struct port *port;
	bool connected; /* has a front-end */
};

int vv_ops_use(const char *device, struct vv_ops_use *use);
void vv_ops_unuse(struct vv_ops_use *use);

#endif
