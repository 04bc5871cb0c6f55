/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what a guest asked for to what the NIC shall receive: a control-plane state and the receive
 * queues there are, as a plan for steering. Pure functions.
 */
#ifndef VV_PLAN_H
#define VV_PLAN_H

#include "ctrl/vv_ctrl.h"
#include "vv_steer.h"

/*
 * A guest that wants more VLANs than these receives all, as with addresses: a rule each would take
 * the NIC, and whoever waits for it, too long to bring about or to remove at once.
 */
enum { VV_PLAN_VLANS_MAX = VV_STEER_VLANS_MAX };

/* The receive queues as they are. */
struct vv_plan_queues {
	unsigned int pairs;                     /* of the device */
	unsigned int table_max;                 /* entries of a table the NIC has, a power of two */
	bool hashed;                            /* it hashes already: one queue costs no less then */
	uint32_t number[VV_CTRL_PAIRS_MAX];     /* queue object; counts where running */
	bool running[VV_CTRL_PAIRS_MAX];
};

/*
 * controlled: the guest chooses its pairs by a control queue; otherwise all that run are used.
 * own: NULL, or the device's address if it shares its function; then a guest that has no control
 * queue to say what it wants receives what is for that and for groups, not the other devices'
 * frames as well; one that was told an address, or has written one (legacy), has that instead.
 * plan->table_len 0: no queue in use runs.
 */
void vv_plan_fill(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state,
		  bool controlled, const uint8_t *own, const struct vv_plan_queues *queues,
		  struct vv_steer_plan *plan);

#endif
