/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this driver's parents support, and from what a device was provisioned as (provision/) to
 * what a front-end is offered and what its guest may take. Three words, never mixed: *supported*
 * (the parent), *device* (what we offer), *negotiated* (what the guest took). Pure functions.
 */
#ifndef VV_OFFER_H
#define VV_OFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hca/vv_hca.h"
#include "provision/vv_provisioned.h"
#include "vv_args.h"

enum {
	VV_PAIRS_DEFAULT = 16,
	VV_PAIRS_MAX = 127, /* kick and call messages carry the ring number in 8 bits */
};

/* Whether there is a control queue if nobody asks: an enum vv_switch, not VV_AUTO. */
#define VV_CVQ_DEFAULT VV_ON

/*
 * The parent that a function is: all this driver can do with it, which is also what devices have if
 * nothing is said. max_vq_size is the largest there is, so that no guest is limited unasked.
 * vqs_free, devices_free: what other devices have left. PCI ids are the caller's.
 */
void vv_parent_of(const struct vv_hca_caps *caps, const char *ibdev, uint32_t vqs_free,
		  uint32_t devices_free, struct vv_parent *parent);

struct vv_device {
	struct vv_provisioned provisioned;
	unsigned int pairs;
	uint64_t features;          /* virtio feature bits, and vhost-user's bit 30 */
	uint64_t protocol_features; /* vhost-user */
	uint8_t mac[6];             /* zero: it has none of its own */
	uint16_t mtu;               /* 0: guests are not told */
	uint32_t max_vq_size;       /* longer rings are refused */
	uint32_t mac_table_size;    /* of each kind */
	enum vv_mode mode;
	bool trusted;        /* the guest may choose what it receives */
	bool cvq;            /* there is a control queue */
	int cvq_core;        /* to poll it; -1: anywhere near the NIC */
	uint32_t hash_types; /* of RSS; 0: not offered */
};

/* Errors and why: those of vv_provision(), and -EINVAL for packed=on and offloads=on in vain. */
int vv_offer_make(const struct vv_parent *parent, const struct vv_args *args,
		  struct vv_device *device, char *why, size_t why_len);

/*
 * What a queue object is told, while these of the offloads a guest can switch (VV_GUEST_OFFLOADS)
 * are in force. A guest that negotiates against the specification (virtio 1.3 5.1.3.1) must not get
 * corrupt frames: HOST_TSO brings CSUM with it, GUEST_TSO without GUEST_CSUM is left out.
 */
uint16_t vv_offer_queue_bits(uint64_t negotiated, uint64_t offloads);

/*
 * Which ring is the control queue, if there is one (virtio 1.3 5.1.2); 0: none is. config_readable:
 * the front-end negotiated CONFIG. Without it, and with MQ or RSS, the number of rings that are set
 * up tells who is there: a Linux guest that cannot read how many pairs there are knows of one, and
 * its control queue is the third; a front-end that answers the control queue itself but passes its
 * feature on (Cloud Hypervisor) sets up pairs only.
 */
unsigned int vv_offer_cvq_index(uint64_t negotiated, unsigned int pairs, bool config_readable,
				unsigned int rings);

/*
 * -EINVAL: a combination no guest of this device may negotiate; why says which. Features that need
 * another one are not among these: front-ends that answer the control queue themselves
 * (virtio-user, QEMU) keep CTRL_VQ back and pass on what depends on it.
 */
int vv_offer_check(uint64_t negotiated, const struct vv_device *device, char *why, size_t why_len);

#endif
