/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vv_dev*.c files share: the device and its queues. */
#ifndef VV_DEV_PRIV_H
#define VV_DEV_PRIV_H

#include <stdio.h>

#include "vv_cvq.h"
#include "vv_dev.h"
#include "vv_event.h"
#include "vv_function.h"
#include "vv_kick.h"
#include "vv_lock.h"
#include "vv_log.h"
#include "vv_loop.h"
#include "vv_mem.h"
#include "vv_poll.h"
#include "vv_recovery.h"
#include "vv_state.h"
#include "vv_steer.h"
#include "vv_virtq.h"

/*
 * Two locks. The device's control lock covers everything a firmware command may follow from, and
 * is held while they run. A queue's notify lock covers what the notifier needs to carry a kick or
 * a completion, and is held for a few stores or one write(); so traffic of other queues goes on
 * while a queue is set up. Order: control, then notify.
 */
struct vv_queue {
	struct vv_dev *dev;
	uint16_t index;
	struct vv_virtq *virtq; /* owned, probe to remove */
	struct vv_event *event; /* owned, probe to remove */

	/* Under the control lock. */
	enum vv_queue_state state;
	uint32_t generation; /* of the queue object; events of older ones are ignored */
	bool event_dirty;    /* the event's QPs went to error with the last queue object */
	struct vv_virtq_conf conf;
	const void *used; /* of a split ring: where the used index is, when the NIC cannot tell */
	uint16_t base;    /* where it stopped; known in SUSPENDED and FAILED, and if held */
	bool held;        /* RUNNING for its front-end; on the NIC there is no object */
	struct vv_recovery recovery;
	struct vv_virtq_counters nic, nic_zero; /* last read; subtracted since a reset */
	struct vv_counters own_zero;

	struct vv_lock notify;
	bool attached VV_GUARDED_BY(notify); /* event belongs to the notifier */
	struct vv_call call VV_GUARDED_BY(notify);
	int kick_fd; /* owned, -1: none; control only, the loop has it registered */

	struct vv_counters own;
};

/* The control queue, and what the guest has chosen by it (vv_dev_ctrl.c). Under the control lock. */
struct vv_dev_ctrl {
	struct vv_cvq *cvq;            /* owned, probe to remove; NULL: not offered */
	struct vv_poll_member *member; /* owned: who polls it */
	unsigned int ring;             /* its number; 0: not negotiated */
	bool running;
	bool config_readable; /* negotiated: the guest reads the configuration space from us */
	uint16_t base;        /* where it stopped */
	uint16_t size;        /* when it runs */
	/*
	 * The guest is notified by the device's own thread, not by who polls for all, as a
	 * front-end can make a write to its eventfd block.
	 */
	struct vv_lock notify; /* of call */
	struct vv_call call VV_GUARDED_BY(notify);
	struct vv_ctrl_conf conf;
	struct vv_ctrl_state state;  /* in force */
	/* An address that a legacy guest is about to write (vv_dev_config.c). */
	bool is_written;
	uint8_t written[6];
	bool enabled[VV_QUEUES_MAX]; /* for one command */
	uint64_t zero[VV_STATS_N];   /* counters at the last reset */
	int kick_fd;                 /* owned, -1: none */
	/* For the log: how often since start, each told less often the more there are. */
	unsigned int refusals, writes;
};

/* What is left to the notifier thread. */
enum vv_poke {
	VV_POKE_SETTLE = 1 << 0, /* events ready for the next start */
	VV_POKE_CALL = 1 << 1,   /* the control queue's guest */
	VV_POKE_STEER = 1 << 2,  /* receive again (deaf) */
	VV_POKE_SHARE = 1 << 3,  /* receive as one of several on the function */
};

struct vv_dev {
	char name[64];
	struct vv_device offer; /* const after create, but for mac and mtu: under the control lock */
	struct vv_hca *hca;     /* owned */
	struct vv_seat *seat;   /* owned: its place on the function */
	struct vv_loop *loop;   /* owned */
	unsigned int pokes;     /* enum vv_poke, atomic */
	struct vv_event_pool *pool;
	struct vv_steer *steer;
	unsigned int n_queues; /* const after create: 2 * offer.pairs */

	struct vv_lock control;
	enum vv_dev_state state VV_GUARDED_BY(control);
	uint64_t features VV_GUARDED_BY(control); /* negotiated */
	struct vv_mem *mem VV_GUARDED_BY(control);
	/* The last receive queue, suspended: the receive table still refers to it (vv_dev_steer). */
	const struct vv_queue *parked VV_GUARDED_BY(control);
	/*
	 * Nothing is received although it should be: the NIC refused, and refused to go back. The
	 * notifier thread tries again once, and whatever steers next.
	 */
	bool deaf VV_GUARDED_BY(control);
	/* Receive steering in force hashes. */
	bool hashed VV_GUARDED_BY(control);
	/* The last start failed: the next attempts of the same guest fail quietly (vv_dev.c). */
	bool quiet VV_GUARDED_BY(control);
	bool link_down VV_GUARDED_BY(control); /* by the operator */
	/* A guest has run since the front-end came: what it has chosen is there, also stopped. */
	bool was_run VV_GUARDED_BY(control);
	/* Owned, NULL: none. What the guest that comes has chosen elsewhere. */
	struct rte_pmd_vdpa_verbs_state *pending VV_GUARDED_BY(control);
	struct vv_dev_ctrl ctrl VV_GUARDED_BY(control);
	struct vv_port port VV_GUARDED_BY(control); /* as last told */
	vv_dev_config_changed *changed VV_GUARDED_BY(control);
	void *changed_arg VV_GUARDED_BY(control);

	struct vv_queue queues[];
};

/* The longest table of receive queues a guest may give. */
static inline unsigned int vv_dev_rss_table_max(const struct vv_dev *dev)
{
	unsigned int log = vv_hca_caps(dev->hca)->log_max_rqt_size;

	return log < 7 ? 1u << log : VV_CTRL_RSS_TABLE_MAX;
}

static inline bool vv_queue_is_rx(const struct vv_queue *q)
{
	return q->index % 2 == 0;
}

/* More than was provisioned? Then why says so. */
static inline bool vv_dev_ring_too_long(const struct vv_dev *dev, const struct vv_ring *ring,
					char *why, size_t why_len)
{
	if (ring->size <= dev->offer.max_vq_size)
		return false;
	snprintf(why, why_len,
		 "ring: %u entries, the device is provisioned for %u (max_vq_size): have the "
		 "front-end use less, or make the device with more", ring->size,
		 dev->offer.max_vq_size);
	return true;
}

/* ---- vv_dev_queue.c: one queue; all under the control lock ---- */

int vv_queue_create(struct vv_dev *dev, uint16_t index) VV_REQUIRES(dev->control);
void vv_queue_destroy(struct vv_queue *q);

/*
 * Make it run as ring says. steer: also receive with it at once (else the caller does, for all
 * queues in one). On failure it is ABSENT, or FAILED if it ran, and why says the cause.
 */
int vv_queue_start(struct vv_queue *q, const struct vv_ring *ring, bool steer, char *why,
		   size_t why_len) VV_REQUIRES(q->dev->control);
/* To SUSPENDED or, if the NIC is not able to, ABSENT. The position is reported in any case. */
void vv_queue_stop(struct vv_queue *q, struct vv_stopped *stopped) VV_REQUIRES(q->dev->control);
/* And give back the queue object, and the firmware's memory. */
void vv_queue_release(struct vv_queue *q) VV_REQUIRES(q->dev->control);
/* A transmit queue that runs: keep back what the guest sends, and go on with it. */
void vv_queue_hold(struct vv_queue *q) VV_REQUIRES(q->dev->control);
int vv_queue_unhold(struct vv_queue *q) VV_REQUIRES(q->dev->control); /* or it stays so */
/* A queue whose object is in error: make it again where it stopped, or give up. */
void vv_queue_recover(struct vv_queue *q, const struct vv_virtq_status *status)
    VV_REQUIRES(q->dev->control);
/*
 * Bring a queue that runs to tune, with as short a pause as the NIC allows; nothing if it does not
 * run. On failure it runs as before or, if the NIC refuses that too, is FAILED.
 */
int vv_queue_tune(struct vv_queue *q, const struct vv_virtq_tune *tune)
    VV_REQUIRES(q->dev->control);
/* Make the event usable for the next queue object. */
int vv_queue_settle(struct vv_queue *q) VV_REQUIRES(q->dev->control);

/* Receive nothing. */
void vv_dev_unsteer(struct vv_dev *dev) VV_REQUIRES(dev->control);

/* Rings of data queues: those in front of the control queue, if there is one. */
static inline unsigned int vv_dev_data_rings(const struct vv_dev *dev) VV_REQUIRES(dev->control)
{
	return dev->ctrl.ring ? dev->ctrl.ring : dev->n_queues;
}

/* ---- vv_dev_ctrl.c: the control plane; all under the control lock, but for create and destroy ---- */

int vv_dev_ctrl_create(struct vv_dev *dev, char *why, size_t why_len);
void vv_dev_ctrl_destroy(struct vv_dev *dev); /* of a stopped device */

/* What holds for a guest that negotiated these features, and knows of so many pairs. */
void vv_dev_ctrl_conf(const struct vv_dev *dev, uint64_t features, unsigned int pairs,
		      struct vv_ctrl_conf *conf) VV_REQUIRES(dev->control);
/* A guest has negotiated: dev->features is set. Keeps the state of the same guest, else begins anew. */
void vv_dev_ctrl_negotiated(struct vv_dev *dev, const struct vv_guest *guest)
    VV_REQUIRES(dev->control);
/* A ring is to start; it may turn out to be the control queue (vv_offer_cvq_index). */
void vv_dev_ctrl_appears(struct vv_dev *dev, unsigned int ring, unsigned int there)
    VV_REQUIRES(dev->control);
/* Would a control queue that starts so be that of a guest that begins anew? */
bool vv_dev_ctrl_begins(const struct vv_dev *dev, const struct vv_ring *ring)
    VV_REQUIRES(dev->control);
int vv_dev_ctrl_start(struct vv_dev *dev, const struct vv_ring *ring, char *why, size_t why_len)
    VV_REQUIRES(dev->control);
/* Of a device that runs: stop if it runs, to the beginning if the guest begins anew, start. */
int vv_dev_ctrl_restart(struct vv_dev *dev, const struct vv_ring *ring, char *why, size_t why_len)
    VV_REQUIRES(dev->control);
void vv_dev_ctrl_stop(struct vv_dev *dev, struct vv_stopped *stopped) VV_REQUIRES(dev->control);
/* Signal the guest of the control queue. */
void vv_dev_ctrl_call(struct vv_dev *dev);
/* The NIC follows to next, or stays as it is: -errno, and it has been said. Of a device that runs. */
int vv_dev_ctrl_change(struct vv_dev *dev, const struct vv_ctrl_state *next)
    VV_REQUIRES(dev->control);

/*
 * Receive as the state says with all queues that run now, but for one that is about to stop (NULL:
 * none); the last one in use is parked (dev->parked).
 */
int vv_dev_steer(struct vv_dev *dev, const struct vv_queue *except) VV_REQUIRES(dev->control);
/* How a data queue shall be by the state. */
void vv_dev_tune(const struct vv_dev *dev, unsigned int queue, struct vv_virtq_tune *tune)
    VV_REQUIRES(dev->control);

/* ---- vv_dev_config.c ---- */

/* The address as a guest would read it. */
const uint8_t *vv_dev_mac(const struct vv_dev *dev) VV_REQUIRES(dev->control);
/* Have the guest look at its configuration space. */
void vv_dev_tell(struct vv_dev *dev) VV_EXCLUDES(dev->control);
/* And there find that it shall announce itself: false: it does not know that. */
bool vv_dev_announce_ask(struct vv_dev *dev) VV_REQUIRES(dev->control);
/* The NIC says that the port may have changed. */
void vv_dev_port_changed(struct vv_dev *dev) VV_EXCLUDES(dev->control);

/* ---- vv_dev_move.c ---- */

/*
 * Does a guest go on where it was, elsewhere or before? By its control queue (ring, 0: none) if
 * that is there, else by its data rings.
 */
bool vv_dev_guest_goes_on(const struct vv_guest *guest, unsigned int ring);
/*
 * What has been loaded, if it is for this guest, is in force; it is used up in any case. After
 * ctrl.conf is known. False: nothing of it is used.
 */
bool vv_dev_state_load(struct vv_dev *dev, const struct vv_guest *guest, unsigned int ring)
    VV_REQUIRES(dev->control);

/* ---- vv_dev_notify.c: what happens on the notifier thread ---- */

/* The NIC's port, among the descriptors of the loop, where a queue has its number. */
enum { VV_LOOP_PORT = 0xffff };

extern const struct vv_loop_ops vv_dev_loop_ops;

void vv_dev_poke(struct vv_dev *dev, enum vv_poke poke);
uint64_t vv_dev_cookie(const struct vv_queue *q, bool error);
/* Carry what has completed to the guest. */
void vv_queue_complete(struct vv_queue *q);

#endif
