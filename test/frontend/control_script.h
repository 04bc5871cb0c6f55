/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A script says what a driver does with its control queue, and what must come of it: commands and
 * the answers expected, probes on the wire and where they must arrive, the configuration space.
 * One statement a line; the text for --help is fe_script_help.
 *
 * Owner: the caller owns devices and stream. Threads: one.
 */
#ifndef FRONTEND_CONTROL_SCRIPT_H
#define FRONTEND_CONTROL_SCRIPT_H

#include <stdio.h>

#include "device.h"
#include "frame.h"

struct fe_script_config {
	FILE *in;
	FILE *out;  /* a line for each statement; NULL: only what is wrong, on stderr */
	bool go_on; /* after a statement whose expectation was not met */
	struct fe_dev *dev, *peer; /* connected; peer NULL: frames come back by the wire */
	uint8_t mac[FE_MAC_LEN], peer_mac[FE_MAC_LEN]; /* mac: if the device does not say its own */
	bool traffic;          /* somebody else serves the connection, and uses the data queues */
	unsigned int limit_ms; /* for whatever must come about */
	/* How long a queue is watched that must be dead, if there is no peer to tell by. */
	unsigned int dead_ms;
};

struct fe_script_result {
	unsigned int statements, wrong;
};

/* 0: it ran to its end, whatever was wrong; else what ended it. */
int fe_script_run(const struct fe_script_config *cfg, struct fe_script_result *result);

extern const char fe_script_help[];

#endif
