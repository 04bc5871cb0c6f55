/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair.h"

const struct rig_queue_options pair_split = {.size = 64, .flags = VQ_F_VERSION_1};
const struct rig_queue_options pair_packed = {
    .size = 50, .flags = VQ_F_VERSION_1, .base = 0x8000, .packed = true};

void pair_create(struct pair *p, const struct rig_queue_options *q)
{
	struct rig_options o = {.ports = 2};

	rig_create(&p->rig, &o);
	rig_pair(&p->rig.guest[0], q, &p->rx0, &p->tx);
	rig_pair(&p->rig.guest[1], q, &p->rx, &p->tx1);
}

void pair_send(struct pair *p, size_t len, uint32_t seed, const uint32_t *lens)
{
	uint8_t frame[RIG_FRAME_MAX];

	rig_frame(frame, len, 2, 1, seed);
	assert_true(rig_send(p->tx, frame, len, lens));
	rig_ring(&p->rig.guest[0]);
}

void pair_expect(struct pair *p, size_t want, uint32_t seed)
{
	uint8_t frame[RIG_FRAME_MAX];
	size_t len = 0;

	rig_wait((len = rig_recv(p->rx, frame)) > 0);
	assert_int_equal(len, want);
	assert_true(rig_frame_ok(frame, len, seed));
}

void pair_wait_sent(struct pair *p, unsigned int n)
{
	unsigned int sent = 0;

	rig_wait((sent += rig_reap(p->tx)) >= n);
	assert_int_equal(sent, n);
}
