/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In place of the driver, DPDK's hotplug and the daemon's sockets: what there is of them, and calls
 * that fail at will (fails.h). One thread.
 */
#ifndef DRIVER_FAKE_H
#define DRIVER_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "spec.h"

enum { LIVE_MAX = 16 };

extern struct live {
	char name[64], args[512]; /* "": free */
	uint8_t mac[6];
	uint16_t mtu;
	bool link_down;
} live[LIVE_MAX];

extern char sockets[LIVE_MAX][VDPAD_PATH_MAX]; /* those served, "": free */
extern char stale[VDPAD_PATH_MAX];             /* the last one that was to be removed */
extern bool no_nics;

void driver_fake_reset(void);
struct live *live_find(const char *name); /* NULL: there is none */

#endif
