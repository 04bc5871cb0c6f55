/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests whose memory vanishes, for the tests of faults: guest 0 sends to guest 1; guest 2 sends to
 * guest 3 and must not notice anything. Where the rings are: descriptor and device areas in region
 * 0, driver areas in region 1; buffers with even tokens in region 1, odd ones in region 2 (rig.c).
 * Failures end the test (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_FAULT_SCENE_H
#define TEST_SOFTHCA_VQ_FAULT_SCENE_H

#include "rig.h"

struct scene {
	struct rig rig;
	struct rig_queue *rx[4], *tx[4];
};

void scene_create(struct scene *s, const struct rig_queue_options *q);
/* A frame of 500 bytes to the guest's peer, and its doorbell. */
void scene_send(struct scene *s, unsigned int from, uint32_t seed);
void scene_expect(struct scene *s, unsigned int at, uint32_t seed);

unsigned int scene_errors(struct rig_queue *q);
void scene_expect_error(struct rig_queue *q, enum vq_error error);
/* Everybody but this queue is well, and guests 2 and 3 talk. */
void scene_expect_others_well(struct scene *s, const struct rig_queue *broken);

/* Ways to lose a region: by MR, by truncation, by munmap. */
enum way { REVOKE, TRUNCATE, UNMAP };

struct how {
	enum way way;
	const struct rig_queue_options *queue;
};

void scene_lose(struct rig_guest *g, unsigned int region, enum way way);

/*
 * Which region a frame sent next is in: the buffer that rig_send will take. Some bytes can not be
 * looked at any more after a truncation, so choose before.
 */
void scene_use_slot_of_region(struct rig_queue *q, unsigned int region);

extern const struct how revoke_split, revoke_packed, truncate_split, truncate_packed, unmap_split,
    unmap_packed;

/* A test by one way, by all. */
#define ONE(f, how)                                                                                \
	{                                                                                          \
#f "/" #how, f, NULL, NULL, (void *)&how                                           \
	}
#define ALL(f)                                                                                     \
	ONE(f, revoke_split), ONE(f, revoke_packed), ONE(f, truncate_split),                       \
	    ONE(f, truncate_packed), ONE(f, unmap_split), ONE(f, unmap_packed)

#endif
