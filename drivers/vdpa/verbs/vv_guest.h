/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From librte_vhost's words to ours: a guest's features, memory and rings as its front-end gave
 * them. Nothing of it is checked here but what librte_vhost itself would stumble over.
 *
 * Takes no lock of librte_vhost (vv_ops.c). Threads: those of the operations.
 * Source: lib/vhost of DPDK 22.11, vhost.c and vhost_user.c.
 */
#ifndef VV_GUEST_H
#define VV_GUEST_H

#include "vv_dev.h"

/*
 * guest: zeroed. enabled: rings of them, which to read. -EINVAL: librte_vhost does not know them;
 * -E2BIG: too many regions; -EFAULT: their memory is gone.
 */
int vv_guest_read(int vid, const bool *enabled, unsigned int rings, struct vv_guest *guest);
int vv_guest_read_ring(int vid, unsigned int queue, struct vv_ring *ring);

#endif
