/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a plan says of a frame, read from vv_steer.h and the specification alone; plans and frames
 * to try; and the comparison of a NIC with a plan, frame by frame.
 */
#ifndef STEER_FRAMES_H
#define STEER_FRAMES_H

#include "steer_fake.h"
#include "steer_plan.h"

enum { FRAMES_CLASSES = 7 };

/* The address-th address, the tag-th tag, the class-th kind of frame. */
struct fake_frame frames_make(unsigned int address, unsigned int tag, unsigned int class);

/* NULL: nothing is received. */
void frames_expect(const struct vv_steer_plan *plan, const struct fake_frame *frame,
		   struct fake_verdict *verdict);

/* Every frame comes to exactly where the plan says, and no queue but the plan's is referred to. */
void frames_check(const struct vv_hca *hca, const struct vv_steer_plan *plan);
/*
 * Frames that both plans take are taken, those that neither takes are not (unless VLANs change), by
 * a queue of one of them. class: of the frames tried.
 */
void frames_check_between(const struct vv_hca *hca, const struct vv_steer_plan *a,
			  const struct vv_steer_plan *b, unsigned int class);

#endif
