/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device: what is between a guest's front-end and the NIC. It puts queues, memory, steering
 * and events together; it knows nothing of vhost (vv_ops.c speaks with librte_vhost and hands over
 * plain facts).
 *
 * Life: create (probe) makes all that does not depend on a guest: NIC context, doorbell page,
 * transmit domain, event objects and counters, and the notifier thread, asleep. start takes the
 * guest's memory and rings; stop gives back everything made since start, and only that. After
 * either, and after a start that failed, the device can be started again.
 *
 * Threads: all calls are control (any thread, one lock). A queue in error is made again by the
 * notifier thread, under the same lock.
 *
 * Errors: -errno, and one log line each where they are handled, here.
 */
#ifndef VV_DEV_H
#define VV_DEV_H

#include <stdbool.h>
#include <stdint.h>

#include "vv_args.h"
#include "rte_pmd_vdpa_verbs.h"
#include "vv_cvq.h"
#include "vv_mem_plan.h"
#include "vv_offer.h"
#include "vv_stats.h"

enum {
	VV_QUEUES_MAX = 2 * VV_PAIRS_MAX, /* data queues */
	VV_RINGS_MAX = VV_QUEUES_MAX + 1, /* and the control queue */
};

struct vv_dev;

/* A ring as the front-end described it. All pointers are our own mapping of guest memory. */
struct vv_ring {
	bool enabled;
	uint16_t size;                      /* 0: there is none */
	const void *desc, *driver, *device; /* split: table, available, used */
	int kick_fd, call_fd;               /* borrowed for the call; negative: none */
	uint16_t base;                      /* vv_index.h */
};

struct vv_guest {
	uint64_t features; /* negotiated */
	uint16_t mtu;      /* what the front-end tells the guest; 0: nothing */
	bool config_readable; /* the front-end asks us for the configuration space */
	unsigned int n_regions, n_rings; /* rings that are set up */
	struct vv_region regions[VV_REGIONS_MAX];
	struct vv_ring rings[VV_RINGS_MAX];
};

/* name: of the vdev, copied. why: the cause of a failure, one line. */
int vv_dev_create(const char *name, const struct vv_args *args, struct vv_dev **dev, char *why,
		  size_t why_len);
void vv_dev_destroy(struct vv_dev *dev); /* stops it; NULL is legal */

const char *vv_dev_name(const struct vv_dev *dev);
const struct vv_device *vv_dev_offer(const struct vv_dev *dev);
bool vv_dev_link_up(struct vv_dev *dev);
/* How many rings a front-end may set up, the control queue among them. */
unsigned int vv_dev_rings(const struct vv_dev *dev);
/* Is it a data queue, with a doorbell on the NIC, as things were negotiated? */
bool vv_dev_ring_is_data(struct vv_dev *dev, unsigned int ring);
/* The doorbell page, for a front-end that takes it. */
int vv_dev_doorbell_fd(const struct vv_dev *dev);
void vv_dev_doorbell_area(const struct vv_dev *dev, uint64_t *offset, uint64_t *size);

/* What stop reports of one ring, and a start that failed behind it. */
struct vv_stopped {
	bool valid;    /* it was running since start, or since its last start */
	uint16_t base; /* where it stopped, drained */
};

/*
 * Start all enabled rings that have a size. -EALREADY: is running. stopped: room for VV_RINGS_MAX;
 * rings that ran until another one failed have moved.
 */
int vv_dev_start(struct vv_dev *dev, const struct vv_guest *guest, struct vv_stopped *stopped);
bool vv_dev_is_running(struct vv_dev *dev);

/*
 * stopped: room for VV_RINGS_MAX, or NULL. Legal in any state. What nobody needs to wait for, to
 * make event objects ready for the next start, goes on behind on the notifier thread.
 */
void vv_dev_stop(struct vv_dev *dev, struct vv_stopped *stopped);

/*
 * Another device may have come to its function: a guest without control queue, that has received all
 * (vv_plan.h), goes on with what is its own. Does not wait for it.
 */
void vv_dev_shares(struct vv_dev *dev);

/*
 * A front-end is gone: what failed with it may be said again with the next one. ran: it was its guest
 * that the device has run for, and what that has chosen is nobody's any more.
 */
void vv_dev_disconnected(struct vv_dev *dev, bool ran);

/*
 * One ring of a running device. The ring may be new in all its parts. there: how many rings the
 * front-end has set up so far. -ENODEV: not running.
 */
int vv_dev_ring_start(struct vv_dev *dev, unsigned int queue, const struct vv_ring *ring,
		      unsigned int there, struct vv_stopped *stopped);
int vv_dev_ring_stop(struct vv_dev *dev, unsigned int queue, struct vv_stopped *stopped);

/* The configuration space from its beginning; all len bytes are written. Any state. */
void vv_dev_config(struct vv_dev *dev, uint8_t *bytes, size_t len);
/*
 * A guest writes to it: a legacy one may so set its address. -EINVAL: nothing else can be written;
 * -EPERM: it is not trusted.
 */
int vv_dev_config_write(struct vv_dev *dev, const uint8_t *bytes, size_t offset, size_t len);
/*
 * Who tells the guest that the configuration space has changed; NULL: nobody. Called on the
 * notifier thread, or that of vv_dev_announce, without locks.
 */
typedef void vv_dev_config_changed(void *arg);
void vv_dev_listen(struct vv_dev *dev, vv_dev_config_changed *changed, void *arg);
/*
 * Ask the guest to announce itself on the network (it was moved, or the link was down). -ENOTSUP:
 * it has no control queue, or has not negotiated that.
 */
int vv_dev_announce(struct vv_dev *dev);

/* ---- management (rte_pmd_vdpa_verbs.h says what each means) ---- */

void vv_dev_provisioned(struct vv_dev *dev, struct vv_provisioned *provisioned);
void vv_dev_live(struct vv_dev *dev, bool connected, struct rte_pmd_vdpa_verbs_live *live);
int vv_dev_ring_stats(struct vv_dev *dev, unsigned int ring,
		      struct rte_pmd_vdpa_verbs_stats *stats);
int vv_dev_dump(struct vv_dev *dev, bool connected, char **text);
int vv_dev_set_mac(struct vv_dev *dev, const uint8_t mac[6], char *why, size_t why_len);
int vv_dev_set_mtu(struct vv_dev *dev, uint16_t mtu, bool connected, char *why, size_t why_len);
int vv_dev_set_link(struct vv_dev *dev, bool up, char *why, size_t why_len);
int vv_dev_state_get(struct vv_dev *dev, bool connected, struct rte_pmd_vdpa_verbs_state *state,
		     char *why, size_t why_len);
int vv_dev_state_set(struct vv_dev *dev, const struct rte_pmd_vdpa_verbs_state *state, char *why,
		     size_t why_len);

/* What a guest has chosen by its control queue, and what became of its commands. */
struct vv_dev_control {
	unsigned int ring, pairs; /* ring 0: not negotiated */
	bool running;
	struct vv_ctrl_state state;
	struct vv_cvq_stats stats;
};

/* -ENOTSUP: the device offers no control queue. */
int vv_dev_control(struct vv_dev *dev, struct vv_dev_control *control);

/* Counters of one queue, by enum vv_stat. */
int vv_dev_stats(struct vv_dev *dev, unsigned int queue, uint64_t values[VV_STATS_N]);
int vv_dev_stats_reset(struct vv_dev *dev, unsigned int queue);

#endif
