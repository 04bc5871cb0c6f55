/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two state machines of the driver, their names, and which steps are legal.
 *
 * A setter lives with each object (vv_dev.c); it asserts vv_*_state_legal() and logs OLD -> NEW.
 * Pure functions.
 */
#ifndef VV_STATE_H
#define VV_STATE_H

#include <stdbool.h>

/*
 * A device: IDLE has probe-time objects only. STARTING and STOPPING are seen by others never (the
 * control lock is held), but by the destructor, which runs on what a failed start has made.
 */
enum vv_dev_state {
	VV_DEV_IDLE,
	VV_DEV_STARTING,
	VV_DEV_RUNNING,
	VV_DEV_STOPPING,
	VV_DEV_STATE_N,
};

/*
 * A queue: ABSENT has no firmware queue. SUSPENDED keeps it, with its position known, so that a
 * front-end that only changes a file descriptor costs little. FAILED is ABSENT with a history: it
 * had too many errors, or got somewhere in a start that failed; its position is yet to be reported.
 */
enum vv_queue_state {
	VV_QUEUE_ABSENT,
	VV_QUEUE_RUNNING,
	VV_QUEUE_SUSPENDED,
	VV_QUEUE_FAILED,
	VV_QUEUE_STATE_N,
};

const char *vv_dev_state_name(enum vv_dev_state state);
const char *vv_queue_state_name(enum vv_queue_state state);
bool vv_dev_state_legal(enum vv_dev_state from, enum vv_dev_state to);
bool vv_queue_state_legal(enum vv_queue_state from, enum vv_queue_state to);

#endif
