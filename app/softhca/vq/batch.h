/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of a NIC thread's batch that ask for something: taking them in, and giving them to a
 * receiver as far as he can have them - whole, with a checksum, or in segments. For receive queues
 * and for whatever else frames leave by.
 *
 * In a pass, under the guard: the frames are the sender's memory, but for their headers.
 */
#ifndef SOFTHCA_VQ_BATCH_H
#define SOFTHCA_VQ_BATCH_H

#include "dp_impl.h"

/*
 * What a burst of large or flooded frames may cost before other queues have their turn, in bytes
 * that are copied; so much more for each frame or segment, however short.
 */
enum { BATCH_WORK_MAX = 256 * 1024, BATCH_WORK_EACH = 256 };

/*
 * The header of frame i of the batch, at live in the guest's memory, is not plain. The frame gets a
 * copy of its headers as its first pieces, or a bad length. Or it stays in its one piece, when all
 * it asks for is a checksum.
 */
void batch_offload(struct nic *nic, struct vq *vq, unsigned int i, const uint8_t *live);

/* Frame i of the batch begins with these bytes, whatever its sender makes of them: len >= 14. */
void batch_keep_head(struct nic *nic, unsigned int i, const uint8_t *bytes, uint32_t len);

/* The length that limits apply to: a large frame's segments count, not itself. */
dp_inline uint32_t batch_wire_len(const struct nic *nic, unsigned int i, uint32_t len)
{
	return likely(!(nic->offloaded >> i & 1)) ? len : offload_wire_len(&nic->offload[i]);
}

/* What frame i of the batch, which asks for something, may cost. */
uint32_t batch_work(const struct nic *nic, unsigned int i);

/* One frame or segment for a receiver: a header, bytes of ours, and the sender's behind them. */
struct batch_part {
	uint8_t vnet[VQ_HDR_LEN]; /* num_buffers is the receiver's to fill in */
	const uint8_t *head;
	uint32_t head_len;
	struct offload_at body;
	uint32_t body_len;
};

typedef int (*batch_emit)(void *arg, struct batch_part *part);

/*
 * Frame i for a receiver with these VQ_F_*; emit is called once or, for a frame that has to be cut,
 * for each segment from nic->segment on. When emit returns non-zero that is the result, and
 * nic->segment says where to go on; else 0.
 */
int batch_parts(struct nic *nic, unsigned int i, uint32_t vq_flags, batch_emit emit, void *arg);

#endif
