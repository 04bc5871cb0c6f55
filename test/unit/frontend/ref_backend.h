/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vhost-user back-end of one device in a thread: answers messages, runs the control queue as the
 * specification says for a few commands (any other is refused), and loops frames back to receive
 * queue 0, as far as promiscuous mode or their address lets them. It shares the guest's memory by
 * being in the same process.
 *
 * Owner: the test; start before the device connects, stop after it has disconnected.
 */
#ifndef UNIT_FRONTEND_REF_BACKEND_H
#define UNIT_FRONTEND_REF_BACKEND_H

#include <pthread.h>

#include "device.h"

#define REF_BACKEND_PAIRS 2

struct ref_backend {
	char dir[32], path[64];
	struct fe_dev *dev; /* borrowed; set before it connects */
	uint64_t features;
	int listener;
	pthread_t thread;
	unsigned int enabled_control; /* index the front-end enabled last, above the data queues */
	bool promisc, silent;         /* silent: answers no command */
	bool no_calls;
	unsigned int commands;
	int channel;
	uint8_t config[24];
};

void ref_backend_start(struct ref_backend *b);
void ref_backend_stop(struct ref_backend *b);

#endif
