/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device's control virtqueue, run in software on whatever core polls it.
 *
 * Theory of operation. One poll takes a few commands at most, so that a guest that floods its queue
 * delays nobody by more than that. Each command is copied once out of the guest's buffers into
 * private memory, whatever descriptors they lie in; checked and turned into a new state
 * (ctrl/vv_ctrl.h); brought to the NIC by the device (apply); and only then answered: "applied
 * before used". A command whose answer cannot be given (no byte for it, less than two to read, or a
 * chain that leads nowhere) is completed with length 0, and from then on the queue is dead until a
 * reset: the device needs one. So is a ring or memory that is broken.
 *
 * Locks. The queue has its own (busy), taken by trying only: who polls never waits. Around each
 * command, not around an idle look, the device's own is needed, and also only tried (enter): a
 * device that is being set up is visited again later, and who waits for the device waits for one
 * command. stop waits for a poll that is under way, and may be called with the device's lock held,
 * as that poll cannot have it.
 *
 * Owner: the device, probe to remove; start and stop in between as the guest's ring comes and goes.
 * Threads: create, destroy, start, stop: control. poll, idle: any poller, several at a time.
 */
#ifndef VV_CVQ_H
#define VV_CVQ_H

#include <stdbool.h>
#include <stdint.h>

#include "ctrl/vv_ctrl.h"
#include "ring/vv_swring.h"
#include "vv_mem_plan.h"

struct vv_cvq;

/* What the device does for its control queue; all on the polling thread. */
struct vv_cvq_ops {
	/* Take the device's lock if nobody has it. false: later. leave gives it back. */
	bool (*enter)(void *arg);
	void (*leave)(void *arg);
	/* Between enter and leave. */
	const struct vv_ctrl_conf *(*conf)(void *arg);
	void (*facts)(void *arg, struct vv_ctrl_facts *facts); /* .enabled, the rest is filled */
	/* The state in force, owned by the device. */
	const struct vv_ctrl_state *(*state)(void *arg);
	/* The device is not as that state says: apply also if nothing changes. May be NULL: never. */
	bool (*stale)(void *arg);
	/*
	 * Bring the NIC from the state in force to next, and make it the state in force; or leave
	 * all as it was: -errno (logged there).
	 */
	int (*apply)(void *arg, const struct vv_ctrl_state *next);
	/* Notify the guest; may be called without enter. */
	void (*call)(void *arg);
};

/* Counters, each with one writer at a time (busy), read relaxed by anybody. */
struct vv_cvq_stats {
	uint64_t commands, verdict[VV_CTRL_VERDICT_N]; /* by what became of them; [0] is ok */
	uint64_t ring_errors[VV_SWRING_ERROR_N];
	uint64_t short_chains; /* fewer than two bytes to read, or none to write the answer to */
	uint64_t faults;       /* memory of the guest's that was gone */
	uint64_t polls_busy;   /* visits that found the device's lock taken */
	bool needs_reset;
};

struct vv_cvq_ring {
	bool packed, event_idx, indirect;
	uint16_t size, base;
	void *desc, *driver, *device; /* in one of the regions each, checked by the caller */
	const struct vv_region *regions; /* copied */
	unsigned int n_regions;
};

/* name: of the device, copied, for the log. ops: borrowed, static. */
int vv_cvq_create(const char *name, const struct vv_cvq_ops *ops, void *arg, struct vv_cvq **cvq);
void vv_cvq_destroy(struct vv_cvq *cvq); /* stopped; NULL is legal */

size_t vv_cvq_bytes(void); /* of host memory, each */

/* -EINVAL: no such ring. -EALREADY: it runs. Kicks are asked for; one look follows at once. */
int vv_cvq_start(struct vv_cvq *cvq, const struct vv_cvq_ring *ring);
/* Returns where it stopped; if it does not run (legal): where it did last, or was to start. */
uint16_t vv_cvq_stop(struct vv_cvq *cvq);

/*
 * Is what this queue wrote last still where it was, in a ring that stands where it stopped? A guest
 * that has begun anew has cleared its ring. where: of its descriptors if packed, else used entries.
 * False too if nothing was written yet, or memory is gone.
 */
bool vv_cvq_continues(const struct vv_cvq *cvq, bool packed, const void *where);

/* Commands one poll takes at most; and none more when the NIC has taken so long over them. */
enum { VV_CVQ_BURST = 8, VV_CVQ_BURST_US = 100 };

/*
 * Commands answered. *again: there may be more: the queue or the device was busy, or the burst is
 * over.
 */
unsigned int vv_cvq_poll(struct vv_cvq *cvq, bool *again);
/*
 * Who polls it from now on needs kicks (a thread that sleeps) or not. True: something is there
 * already, poll before sleeping.
 */
bool vv_cvq_want_kicks(struct vv_cvq *cvq, bool kicks);

/* It is polled soon: what a look reads first may be fetched. */
static inline void vv_cvq_prefetch(const struct vv_cvq *cvq)
{
	__builtin_prefetch(cvq, 1);
	__builtin_prefetch((const char *)cvq + 64, 1);
}

void vv_cvq_stats(const struct vv_cvq *cvq, struct vv_cvq_stats *stats);

#endif
