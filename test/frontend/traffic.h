/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs streams over devices until all frames came back or no more can be expected.
 *
 * One thread does everything in turn: take what was received and give the buffers back, take back
 * what was sent, send. Never more frames are in flight than the window allows, so a back-end that
 * loses one has no excuse. Without work it yields (polling) or sleeps on the call eventfds
 * (interrupt); a used buffer that nobody announced is counted as a missed call.
 *
 * Owner: the caller owns devices and streams. Errors: 0 or -errno for what ended the run early; the
 * verdict on the traffic is in the streams and the result.
 */
#ifndef FRONTEND_TRAFFIC_H
#define FRONTEND_TRAFFIC_H

#include "stream.h"

#define FE_MAX_DEVICES 2

struct fe_traffic_config {
	struct fe_dev *dev[FE_MAX_DEVICES];
	unsigned int devs;
	struct fe_stream *stream;
	unsigned int streams;
	unsigned int seconds; /* with streams of unlimited target */
	/* Nothing moves for so long: what is in flight is given up; a call later than that is
	 * missed. */
	unsigned int stall_ms;
	unsigned int restarts; /* stop, disconnect, connect and go on, so many times */
	/* Where the first device goes, alone, and back; NULL: all come back where they were. */
	const char *restart_at;
	unsigned int
	    reconnect_ms; /* 0: a back-end that dies ends the run; else wait for a new one */
	bool interrupt;
	bool moving; /* flows change their queues: order counts on each queue */
	/* Called once when so many frames of the first stream are sent, with traffic under way. */
	int (*hook)(void *arg);
	void *hook_arg;
	uint64_t hook_at;
};

struct fe_traffic_result {
	uint64_t elapsed_ns;
	uint64_t foreign;      /* frames of nobody's */
	uint64_t missed_calls; /* used, wanted a call, none came */
	uint64_t unreturned;   /* transmit buffers the device never gave back */
	unsigned int breaks, restarts, stalls;
	bool bases_differ; /* a stopped device reported another position than its ring shows */
};

int fe_traffic_run(const struct fe_traffic_config *cfg, struct fe_traffic_result *result);

/* Nothing lost, corrupted, out of order, ...; what was in flight at a break is not held against. */
bool fe_traffic_clean(const struct fe_traffic_config *cfg, const struct fe_traffic_result *result);

#endif
