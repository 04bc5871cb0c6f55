/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The e-switch: who gets a frame. Contract of its behaviour in vq/dp.h. Runs in NIC threads, in a
 * pass; the frames are the batch of the thread (struct nic, vq/dp_impl.h).
 */
#ifndef SOFTHCA_PORT_ESWITCH_H
#define SOFTHCA_PORT_ESWITCH_H

#include "../vq/dp_impl.h"

/*
 * Decide on frame i of the batch of transmit queue tx: nic->dst[i] (also nic_flood and
 * nic_drop_*) and nic->wait[i]. Learns. Fills tx->cache if the
 * frames that look like this one go the same way.
 */
void esw_route(struct nic *nic, struct vq *tx, unsigned int i);

/*
 * The next receive queue for a frame with several receivers: nic->flood says where to go on and is
 * advanced. NULL: that was all.
 */
struct vq *esw_flood_next(struct nic *nic, struct vq *tx, unsigned int i);

#endif
