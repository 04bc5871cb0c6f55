/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which features a device offers, from what its parent supports and what the operator asked for.
 * Three words, never mixed: *supported* (the parent), *device* (what we offer), *negotiated* (what
 * the guest took). Pure functions.
 */
#ifndef VV_PROVISION_H
#define VV_PROVISION_H

#include <stddef.h>
#include <stdint.h>

#include "hca/vv_hca.h"
#include "vv_args.h"

enum {
	VV_PAIRS_DEFAULT = 16,
	VV_PAIRS_MAX = 127, /* kick and call messages carry the ring number in 8 bits */
};

struct vv_device {
	unsigned int pairs;
	uint64_t features;          /* virtio feature bits, and vhost-user's bit 30 */
	uint64_t protocol_features; /* vhost-user */
};

/* -EINVAL: asked for more than there is; why has both, one line. */
int vv_provision(const struct vv_hca_caps *supported, const struct vv_args *asked,
		 struct vv_device *device, char *why, size_t why_len);

/*
 * What a queue object is told. A guest that negotiates against the specification (virtio 1.2
 * 5.1.3.1) must not get corrupt frames: HOST_TSO brings CSUM with it, GUEST_TSO without GUEST_CSUM
 * is left out.
 */
uint16_t vv_provision_queue_bits(uint64_t negotiated);

/* -EINVAL: a combination no guest may negotiate; why says which. */
int vv_provision_check(uint64_t negotiated, const struct vv_device *device, char *why,
		       size_t why_len);

#endif
