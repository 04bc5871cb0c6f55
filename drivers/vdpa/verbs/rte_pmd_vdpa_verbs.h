/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program that manages devices of this driver may ask of it, beyond what every vDPA driver
 * answers (rte_vdpa.h): the parents there are, what a device was provisioned as, what is so now,
 * and the guest's own settings as a value that can be saved and loaded elsewhere. Programs link
 * librte_vdpa_verbs.so for it; devices are made and removed by DPDK's own calls
 * (rte_eal_hotplug_add("vdev", "vdpa_verbs_NAME", "ibdev=...,...")).
 *
 * device: DPDK's name of it ("vdpa_verbs_NAME"). Everything is copied. Any thread; calls wait for
 * the device's control lock, so for a firmware command at most. 0 or -errno; -ENODEV: no such
 * device. why: a line about the cause, also of success undefined.
 */
#ifndef RTE_PMD_VDPA_VERBS_H
#define RTE_PMD_VDPA_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctrl/vv_ctrl.h"
#include "provision/vv_provisioned.h"

/* All that follows is what the library exports; the driver is compiled with hidden symbols. */
#pragma GCC visibility push(default)

#define RTE_PMD_VDPA_VERBS_PREFIX "vdpa_verbs_"

/* ---- parents ---- */

/*
 * Verbs devices of this host that can carry devices, in the order of their names; what each has
 * left now. Those that cannot are told to others (may be NULL), with the reason. Each is opened for
 * it; what it said holds for a moment (a second here, less where only one is asked about), so that
 * who asks again and again is answered quickly.
 */
int rte_pmd_vdpa_verbs_parents(void (*visit)(void *arg, const struct vv_parent *parent),
			       void (*others)(void *arg, const char *name, const char *why),
			       void *arg);
/* One of them. -ENODEV: no such verbs device; -ENOTSUP: it cannot. */
int rte_pmd_vdpa_verbs_parent(const char *name, struct vv_parent *parent, char *why,
			      size_t why_len);

/*
 * Why the last probe of this thread failed, "" if it did not: DPDK only returns a number. One that
 * is -EADDRINUSE means that another device has the address (-EEXIST is no error to DPDK, also where
 * there is a device of that name already, which then is not probed).
 */
const char *rte_pmd_vdpa_verbs_probe_error(void);

/* ---- one device ---- */

int rte_pmd_vdpa_verbs_device(const char *device, struct vv_provisioned *provisioned);

/* What is so now. */
struct rte_pmd_vdpa_verbs_live {
	bool connected;               /* a front-end has the socket */
	bool running;                 /* and its rings run */
	struct vv_features negotiated; /* while running */
	uint8_t mac[6];               /* the guest's own, or the provisioned one */
	uint16_t mtu;
	bool link_up;        /* as guests see it: the port's and the operator's */
	bool link_wanted;    /* the operator's */
	bool link_announce;  /* the guest is asked to announce itself */
	uint32_t speed_mbps; /* 0xffffffff: unknown */
	unsigned int vqp;    /* pairs in use */
	unsigned int cvq;    /* ring of the control queue, 0: none negotiated */
	bool cvq_running, needs_reset;
	unsigned int vqs_running; /* data rings */
	struct vv_ctrl_state control;
	uint64_t cvq_commands, cvq_refused;
	uint64_t memory_bytes; /* the driver's own, for this device: host memory and firmware pages */
};

int rte_pmd_vdpa_verbs_live(const char *device, struct rte_pmd_vdpa_verbs_live *live);

enum { RTE_PMD_VDPA_VERBS_STATS_MAX = 32, RTE_PMD_VDPA_VERBS_STAT_NAME_MAX = 32 };

struct rte_pmd_vdpa_verbs_stats {
	const char *kind; /* "receive", "transmit", "control" */
	const char *state; /* of the queue: "absent", "running", ... */
	bool packed;
	uint16_t size;     /* descriptors; 0: not set up */
	uint16_t base;     /* where it is, as far as known */
	unsigned int n;
	struct {
		const char *name; /* static */
		uint64_t value;
	} stat[RTE_PMD_VDPA_VERBS_STATS_MAX];
};

/* One ring. -ENOENT: it has no such ring. */
int rte_pmd_vdpa_verbs_stats(const char *device, unsigned int ring,
			     struct rte_pmd_vdpa_verbs_stats *stats);

/* Everything, for somebody who looks for a fault: lines of text, to be freed by the caller. */
int rte_pmd_vdpa_verbs_dump(const char *device, char **text);

/* ---- changes by the operator ---- */

/*
 * Another provisioned address; the guest is told if it has none of its own. -EINVAL: not an
 * address; -EEXIST: another device of the same parent has it; -EOPNOTSUPP: no MAC feature.
 */
int rte_pmd_vdpa_verbs_set_mac(const char *device, const uint8_t mac[6], char *why,
			       size_t why_len);
/* -EBUSY: a guest has read it and it must not change then (virtio 1.3 5.1.4.1); -ERANGE. */
int rte_pmd_vdpa_verbs_set_mtu(const char *device, uint16_t mtu, char *why, size_t why_len);
/* Down: the guest sees no link, receives nothing, and what it sends is not sent. */
int rte_pmd_vdpa_verbs_set_link(const char *device, bool up, char *why, size_t why_len);

/* ---- the guest's own settings ---- */

struct rte_pmd_vdpa_verbs_state {
	struct vv_features negotiated;
	unsigned int pairs; /* of the device as the guest knows it */
	struct vv_ctrl_state control;
};

/*
 * Of the guest that runs or, until its front-end is gone, has run: once it has been stopped for a
 * move nothing of it changes any more. -EAGAIN: there is none.
 */
int rte_pmd_vdpa_verbs_state_get(const char *device, struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len);
/*
 * For the guest that comes next, if it has negotiated the same and goes on where it was; one that
 * begins anew begins as always. -EBUSY: a guest runs already; -EINVAL: nothing a guest of this
 * device could have set; -EPERM: trust is off, and it has another address or filters than the
 * provisioned ones (a guest must not get by a migration what it cannot ask for).
 */
int rte_pmd_vdpa_verbs_state_set(const char *device, const struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len);

#pragma GCC visibility pop

#endif
