/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "notify_scene.h"

const struct rig_queue_options scene_split = {.size = 64, .flags = VQ_F_VERSION_1 | VQ_F_EVENTS};
const struct rig_queue_options scene_packed = {
    .size = 50, .flags = VQ_F_VERSION_1 | VQ_F_EVENTS, .base = 0x8000, .packed = true};

struct scene scene;

void scene_create(const struct rig_queue_options *q)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};

	memset(&scene, 0, sizeof(scene));
	rig_create(&scene.rig, &o);
	for (unsigned int i = 0; i < 2; i++)
		rig_pair(&scene.rig.guest[i], q, &scene.rx[i], &scene.tx[i]);
	fe_ring_irq_disable(scene.tx[0]->ring);
	rig_post_all(scene.rx[1], 2000);
}

void scene_send(unsigned int frames)
{
	uint8_t frame[200];

	for (unsigned int i = 0; i < frames; i++) {
		rig_frame(frame, sizeof(frame), 2, 1, scene.sent++);
		assert_true(rig_send(scene.tx[0], frame, sizeof(frame), NULL));
	}
	rig_ring(&scene.rig.guest[0]);
}

void scene_receive(unsigned int frames)
{
	uint8_t frame[RIG_FRAME_MAX];

	for (unsigned int i = 0; i < frames; i++)
		rig_wait(rig_recv(scene.rx[1], frame) > 0);
	rig_post_all(scene.rx[1], 2000);
	rig_reap(scene.tx[0]);
}

unsigned int scene_notified(const struct rig_queue *q)
{
	return __atomic_load_n(&q->notified, __ATOMIC_ACQUIRE);
}

unsigned int scene_notified_by_now(const struct rig_queue *q)
{
	rig_stats(&scene.rig);
	return scene_notified(q);
}

unsigned int scene_errors(struct rig_queue *q)
{
	return __atomic_load_n(&q->errors, __ATOMIC_ACQUIRE);
}
