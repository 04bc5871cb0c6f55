/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that sends and one that receives, for the tests of virtqueues. Failures end the test
 * (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_PAIR_H
#define TEST_SOFTHCA_VQ_PAIR_H

#include "rig.h"

/* Guest 0 sends by tx, guest 1 receives by rx. */
struct pair {
	struct rig rig;
	struct rig_queue *rx, *tx, *rx0, *tx1;
};

extern const struct rig_queue_options pair_split, pair_packed;

void pair_create(struct pair *p, const struct rig_queue_options *q);
/* A frame in descriptors of these lengths, as rig_send has it; the doorbell rings. */
void pair_send(struct pair *p, size_t len, uint32_t seed, const uint32_t *lens);
void pair_expect(struct pair *p, size_t want, uint32_t seed);
/* The device has sent so many more, and not one above. */
void pair_wait_sent(struct pair *p, unsigned int n);

/* A test for each layout. */
#define BOTH(f)                                                                                    \
	{#f "/split", f, NULL, NULL, (void *)&pair_split},                                         \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&pair_packed                                  \
	}

#endif
