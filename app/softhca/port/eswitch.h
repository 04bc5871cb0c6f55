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
 * nic_drop_*) and nic->wait[i]. Learns. Fills tx->cache if the frames that look like this one go
 * the same way. What the receiver gets may have a VLAN tag more or less: then nic->frame[i] has,
 * too.
 */
enum { ESW_SELF = 1 << 15 }; /* in nic->only: the frame comes straight back to its sender's port */

void esw_route(struct nic *nic, struct vq *tx, unsigned int i);

/*
 * The next receive queue for a frame with several receivers: nic->flood says where to go on and is
 * advanced. Frame i is what this receiver gets. NULL: that was all, frame i is the sender's again.
 */
struct vq *esw_flood_next(struct nic *nic, struct vq *tx, unsigned int i);

/*
 * The frames before nic->pos are done: count them in the counters of the rules they matched. How
 * much longer they became by VLAN tags.
 */
uint64_t esw_complete(struct nic *nic);

#endif
