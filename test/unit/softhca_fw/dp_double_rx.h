/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of the datapath's double. */
#ifndef SOFTHCA_FW_TEST_DP_DOUBLE_RX_H
#define SOFTHCA_FW_TEST_DP_DOUBLE_RX_H

struct vq;

/* The contract: a queue that is destroyed is in no receive table any more. */
void double_forgets(const struct vq *vq);

#endif
