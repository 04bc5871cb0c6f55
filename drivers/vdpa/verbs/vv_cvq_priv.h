/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vv_cvq*.c files share: vv_cvq.c answers commands, vv_cvq_life.c is all else. */
#ifndef VV_CVQ_PRIV_H
#define VV_CVQ_PRIV_H

#include "vv_cvq.h"
#include "vv_fault.h"

struct vv_cvq {
	/* Who holds it may use all that follows; atomic. */
	bool busy;
	bool running;  /* atomic: a look at it without busy spares one */
	bool stopping; /* atomic: stop waits for busy */
	bool kicks;    /* atomic: what the one who polls wants of the guest */

	struct vv_swring ring;
	bool dead;     /* until start */
	uint16_t base; /* when it does not run */
	uint32_t told;
	unsigned int n_regions;

	/* What was written last: a used entry, or descriptor, of this number. */
	struct {
		bool valid;
		uint16_t slot, id;
		uint32_t len;
	} last;

	/* Results of what ran under the guard, which may end anywhere. */
	bool found, call;
	int popped;

	const struct vv_cvq_ops *ops; /* borrowed, static */
	void *arg;
	char *name; /* owned */
	struct vv_cvq_stats stats;

	struct vv_region regions[VV_REGIONS_MAX];
	struct vv_fault_range ranges[VV_REGIONS_MAX]; /* the same, as the guard wants them */

	uint64_t burst_us; /* of the NIC, in this poll */

	/* The command in work. */
	struct vv_swring_chain chain;
	uint32_t command_len, answer_len;
	uint8_t command[VV_CTRL_COMMAND_MAX];
	uint8_t answer[1 + VV_CTRL_RESULT_MAX]; /* ack and result */
	struct vv_ctrl_state next;
	struct vv_ctrl_reply reply;
};

static inline bool vv_cvq_busy_try(struct vv_cvq *c)
{
	return !__atomic_exchange_n(&c->busy, true, __ATOMIC_ACQUIRE);
}

static inline void vv_cvq_busy_leave(struct vv_cvq *c)
{
	__atomic_store_n(&c->busy, false, __ATOMIC_RELEASE);
}

/* In guest memory: ask for kicks or not, as the queue's poller wants it. True: there is something. */
bool vv_cvq_kicks_ask(struct vv_cvq *c);
/* For the ring: a piece of guest memory. NULL: it is none. */
void *vv_cvq_translate(void *arg, uint64_t gpa, uint64_t len);

#endif
