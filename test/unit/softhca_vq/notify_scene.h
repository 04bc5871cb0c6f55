/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two guests of which one sends to the other, for the tests of notifications. One scene a program.
 * Failures end the test (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_NOTIFY_SCENE_H
#define TEST_SOFTHCA_VQ_NOTIFY_SCENE_H

#include "rig.h"

struct scene {
	struct rig rig;
	struct rig_queue *rx[2], *tx[2];
	uint32_t sent;
};

extern struct scene scene;
extern const struct rig_queue_options scene_split, scene_packed;

/* Guest 1 has receive buffers; guest 0 does not ask to be told of what it sent. */
void scene_create(const struct rig_queue_options *q);

/* Guest 0 sends. One pass moves them all: the doorbell rings behind the last. */
void scene_send(unsigned int frames);
/* Guest 1 takes them, as soon as they come. */
void scene_receive(unsigned int frames);

unsigned int scene_notified(const struct rig_queue *q);
/* Behind the lock no pass is half done. */
unsigned int scene_notified_by_now(const struct rig_queue *q);
unsigned int scene_errors(struct rig_queue *q);

/* A test for each layout. */
#define BOTH(f)                                                                                    \
	{#f "/split", f, NULL, NULL, (void *)&scene_split},                                        \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&scene_packed                                 \
	}

#endif
