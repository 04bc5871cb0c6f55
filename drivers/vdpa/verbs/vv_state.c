/* SPDX-License-Identifier: BSD-3-Clause */
#include "vv_state.h"

#define TO(state) (1u << (state))

static const char *const dev_names[] = {
    [VV_DEV_IDLE] = "idle",
    [VV_DEV_STARTING] = "starting",
    [VV_DEV_RUNNING] = "running",
    [VV_DEV_STOPPING] = "stopping",
};
_Static_assert(sizeof(dev_names) / sizeof(dev_names[0]) == VV_DEV_STATE_N, "a name each");

static const unsigned int dev_steps[VV_DEV_STATE_N] = {
    [VV_DEV_IDLE] = TO(VV_DEV_STARTING),
    [VV_DEV_STARTING] = TO(VV_DEV_RUNNING) | TO(VV_DEV_STOPPING),
    [VV_DEV_RUNNING] = TO(VV_DEV_STOPPING),
    [VV_DEV_STOPPING] = TO(VV_DEV_IDLE),
};

static const char *const queue_names[] = {
    [VV_QUEUE_ABSENT] = "absent",
    [VV_QUEUE_RUNNING] = "running",
    [VV_QUEUE_SUSPENDED] = "suspended",
    [VV_QUEUE_FAILED] = "failed",
};
_Static_assert(sizeof(queue_names) / sizeof(queue_names[0]) == VV_QUEUE_STATE_N, "a name each");

static const unsigned int queue_steps[VV_QUEUE_STATE_N] = {
    [VV_QUEUE_ABSENT] = TO(VV_QUEUE_RUNNING) | TO(VV_QUEUE_FAILED),
    [VV_QUEUE_RUNNING] = TO(VV_QUEUE_SUSPENDED) | TO(VV_QUEUE_ABSENT),
    [VV_QUEUE_SUSPENDED] = TO(VV_QUEUE_RUNNING) | TO(VV_QUEUE_ABSENT),
    [VV_QUEUE_FAILED] = TO(VV_QUEUE_ABSENT),
};

const char *vv_dev_state_name(enum vv_dev_state state)
{
	return state < VV_DEV_STATE_N ? dev_names[state] : "?";
}

const char *vv_queue_state_name(enum vv_queue_state state)
{
	return state < VV_QUEUE_STATE_N ? queue_names[state] : "?";
}

bool vv_dev_state_legal(enum vv_dev_state from, enum vv_dev_state to)
{
	return from < VV_DEV_STATE_N && to < VV_DEV_STATE_N && dev_steps[from] & TO(to);
}

bool vv_queue_state_legal(enum vv_queue_state from, enum vv_queue_state to)
{
	return from < VV_QUEUE_STATE_N && to < VV_QUEUE_STATE_N && queue_steps[from] & TO(to);
}
