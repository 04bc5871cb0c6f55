/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command on its way through the firmware, with a mailbox or without one: how long it takes, who
 * sent it, what it adds to the figures.
 *
 * call_begin() waits for the latency that was asked for (latency.h) and takes the firmware lock;
 * call_end() counts and gives the lock back. In between the call is hca->call, so that what happens
 * can be told with it: objects remember who made them, the trace knows when it began.
 *
 * Threads: any. Several commands wait at once, LATENCY_SLOTS at most, and are executed one by one.
 */
#ifndef SOFTHCA_FW_CALL_H
#define SOFTHCA_FW_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "leaks.h"

struct hca;

struct call {
	struct hca *hca;
	const char *name;   /* static */
	unsigned int index; /* in hca_stat.cmd */
	uint64_t begun_ns, latency_ns;
	bool slot;	    /* holds one of LATENCY_SLOTS */
	bool injected;	    /* failed on request */
	struct origin origin;
};

/* name: of a command that call_known() knows; others count as "command". */
void call_begin(struct call *call, struct hca *hca, const char *name);
void call_end(struct call *call, int err);

/* Is it the name of a command, as the trace prints it, in upper or lower case? */
bool call_known(const char *name);

/* The names into hca->stat->cmd. */
void call_name_figures(struct hca *hca);

uint64_t call_now_ns(void); /* CLOCK_MONOTONIC */

#endif
