/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of somebody's traffic: unicast frames go back where they came from, with exchanged
 * MAC addresses and otherwise untouched. A sender that verifies (vfront does) can so check a path
 * there and back. Group frames are taken and dropped, else two reflectors would feed each other.
 *
 * Threads: one. The device is borrowed and connected.
 */
#ifndef FRONTEND_REFLECT_H
#define FRONTEND_REFLECT_H

#include "device.h"

struct fe_reflect_config {
	struct fe_dev *dev;
	uint64_t frames;      /* 0: not limited */
	unsigned int seconds; /* 0: not limited */
};

struct fe_reflect_result {
	uint64_t received, reflected, group, dropped; /* dropped: no transmit buffer was free */
	uint64_t elapsed_ns;
};

/* Until a limit, a signal, or the back-end leaves (-ECONNRESET). */
int fe_reflect_run(const struct fe_reflect_config *cfg, struct fe_reflect_result *res);

/* One broadcast frame from `mac`, for switches that learn addresses. Waits until it was taken. */
int fe_announce(struct fe_dev *dev, const uint8_t *mac);

#endif
