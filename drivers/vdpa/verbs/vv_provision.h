/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which features a device offers, from what its parent supports and what the operator asked for.
 * Three words, never mixed: *supported* (the parent), *device* (what we offer), *negotiated* (what
 * the guest took). Pure functions.
 */
#ifndef VV_PROVISION_H
#define VV_PROVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hca/vv_hca.h"
#include "vv_args.h"

enum {
	VV_PAIRS_DEFAULT = 16,
	VV_PAIRS_MAX = 127,    /* kick and call messages carry the ring number in 8 bits */
	VV_MTU_DEFAULT = 1500, /* of a port that does not say */
};

/* Whether there is a control queue if nobody asks: an enum vv_switch, not VV_AUTO. */
#define VV_CVQ_DEFAULT VV_ON

struct vv_device {
	unsigned int pairs;
	uint64_t features;          /* virtio feature bits, and vhost-user's bit 30 */
	uint64_t protocol_features; /* vhost-user */
	uint8_t mac[6];             /* zero: it has none of its own */
	uint16_t mtu;
	bool trusted;        /* the guest may choose what it receives */
	bool cvq;            /* there is a control queue */
	int cvq_core;        /* to poll it; -1: anywhere near the NIC */
	uint32_t hash_types; /* of RSS; 0: not offered */
};

/* -EINVAL: asked for more than there is; why has both, one line. */
int vv_provision(const struct vv_hca_caps *supported, const struct vv_args *asked,
		 struct vv_device *device, char *why, size_t why_len);

/*
 * What a queue object is told, while these of the offloads a guest can switch (VV_GUEST_OFFLOADS)
 * are in force. A guest that negotiates against the specification (virtio 1.3 5.1.3.1) must not get
 * corrupt frames: HOST_TSO brings CSUM with it, GUEST_TSO without GUEST_CSUM is left out.
 */
uint16_t vv_provision_queue_bits(uint64_t negotiated, uint64_t offloads);

/*
 * Which ring is the control queue, if there is one (virtio 1.3 5.1.2); 0: none is. config_readable:
 * the front-end negotiated CONFIG. Without it, and with MQ or RSS, the number of rings that are set
 * up tells who is there: a Linux guest that cannot read how many pairs there are knows of one, and
 * its control queue is the third; a front-end that answers the control queue itself but passes its
 * feature on (Cloud Hypervisor) sets up pairs only.
 */
unsigned int vv_provision_cvq_index(uint64_t negotiated, unsigned int pairs, bool config_readable,
				    unsigned int rings);

/*
 * -EINVAL: a combination no guest may negotiate; why says which. Features that need another one are
 * not among these: front-ends that answer the control queue themselves (virtio-user, QEMU) keep
 * CTRL_VQ back and pass on what depends on it.
 */
int vv_provision_check(uint64_t negotiated, const struct vv_device *device, char *why,
		       size_t why_len);

#endif
