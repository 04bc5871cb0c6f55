/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The profile a NIC was made with, inside the firmware.
 * Threads: pure functions; the NIC's copy does not change after hca_create().
 */
#ifndef SOFTHCA_FW_PROFILE_H
#define SOFTHCA_FW_PROFILE_H

#include <stdint.h>

#include "hca_profile.h"

/*
 * Copy a profile (NULL: the default one), without the offloads that the datapath does not have.
 * -EINVAL: it asks for more than there can be.
 */
int profile_take(struct hca_profile *profile, const struct hca_profile *from);

/* HCA_OFFLOAD_* as VQ_F_* of vq/dp.h. */
uint32_t profile_flags(uint16_t offloads);

#endif
