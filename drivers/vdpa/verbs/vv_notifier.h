/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests to the front-end: the news that the configuration space has changed, and host notifiers:
 * handing the NIC's doorbell page over, so that the guest's kicks go straight to the hardware. Kicks
 * are relayed (vv_loop) all the time too; a guest that uses the page just does not send them.
 *
 * Asking means waiting for the front-end's answer, which may itself be waiting for us, or never
 * come; telling means writing to a socket that it may not read. So it has a thread of its own, for
 * as long as a front-end that negotiated it is connected;
 * and whoever ends it waits VV_NOTIFIER_PATIENCE_MS and then cancels the thread in its wait. The
 * connection is going away then, and with it what the canceled call has locked.
 *
 * Threads: start and stop: control; request and config: any. ops run on the thread.
 */
#ifndef VV_NOTIFIER_H
#define VV_NOTIFIER_H

#include <stdbool.h>

enum { VV_NOTIFIER_PATIENCE_MS = 1000 };

struct vv_notifier;

struct vv_notifier_ops {
	/* 0: the front-end has mapped the page for this queue. Otherwise: do not ask again. */
	int (*offer)(void *arg, unsigned int queue);
	/* The configuration has changed. */
	void (*config)(void *arg);
};

/* name: of the device, borrowed until stop; ops: static. */
int vv_notifier_start(const char *name, const struct vv_notifier_ops *ops, void *arg,
		      struct vv_notifier **notifier);
/* Ask for this queue, soon. NULL is legal. */
void vv_notifier_request(struct vv_notifier *notifier, unsigned int queue);
/* Tell of a change, soon; several may become one. NULL is legal. */
void vv_notifier_config(struct vv_notifier *notifier);
/*
 * False: the thread had to be canceled. librte_vhost's lock for requests of this connection stays
 * taken then: nobody may ask on it again. NULL is legal.
 */
bool vv_notifier_stop(struct vv_notifier *notifier);

#endif
