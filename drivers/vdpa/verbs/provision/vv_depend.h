/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Features that mean nothing, or must not be, without others (virtio 1.3 5.1.3.1, 5.1.6.5, 6; for
 * bits above 63 the 1.4 draft). A device without VERSION_1 has 32 bits (virtio 1.3 2.2.3), so all
 * above it need that one. vv_features_check() is in vv_provisioned.h. Pure functions.
 */
#ifndef VV_DEPEND_H
#define VV_DEPEND_H

#include "vv_features.h"

/* features without those that lack what they need, as long as they are not in kept. */
struct vv_features vv_depend_drop(struct vv_features features, struct vv_features kept);

#endif
