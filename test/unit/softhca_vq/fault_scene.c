/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/mman.h>
#include <unistd.h>

#include "fault_scene.h"

static const struct rig_queue_options scene_split = {.size = 64, .flags = VQ_F_VERSION_1};
static const struct rig_queue_options scene_packed = {
    .size = 50, .flags = VQ_F_VERSION_1, .base = 0x8000, .packed = true};

const struct how revoke_split = {REVOKE, &scene_split}, revoke_packed = {REVOKE, &scene_packed};
const struct how truncate_split = {TRUNCATE, &scene_split},
		 truncate_packed = {TRUNCATE, &scene_packed};
const struct how unmap_split = {UNMAP, &scene_split}, unmap_packed = {UNMAP, &scene_packed};

void scene_create(struct scene *s, const struct rig_queue_options *q)
{
	struct rig_options o = {.ports = 4, .delay_drop_ms = 1000};

	rig_create(&s->rig, &o);
	for (unsigned int i = 0; i < 4; i++) {
		static const uint8_t peer[4] = {1, 0, 3, 2};
		uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)(peer[peer[i]] + 1)};

		rig_pair(&s->rig.guest[i], q, &s->rx[i], &s->tx[i]);
		dp_lock(s->rig.dp);
		assert_int_equal(dp_port_set_mac(s->rig.guest[i].port, mac), 0);
		dp_unlock(s->rig.dp);
	}
}

void scene_send(struct scene *s, unsigned int from, uint32_t seed)
{
	uint8_t frame[500], dst[4] = {2, 1, 4, 3};

	rig_frame(frame, sizeof(frame), dst[from], (uint8_t)(from + 1), seed);
	assert_true(rig_send(s->tx[from], frame, sizeof(frame), NULL));
	rig_ring(&s->rig.guest[from]);
}

void scene_expect(struct scene *s, unsigned int at, uint32_t seed)
{
	uint8_t frame[RIG_FRAME_MAX];
	size_t len = 0;

	rig_wait((len = rig_recv(s->rx[at], frame)) > 0);
	assert_int_equal(len, 500);
	assert_true(rig_frame_ok(frame, len, seed));
}

unsigned int scene_errors(struct rig_queue *q)
{
	return __atomic_load_n(&q->errors, __ATOMIC_ACQUIRE);
}

void scene_expect_error(struct rig_queue *q, enum vq_error error)
{
	rig_wait(scene_errors(q) == 1);
	assert_int_equal(q->error, error);
	assert_int_equal(rig_status(q).state, VQ_ERR);
}

void scene_expect_others_well(struct scene *s, const struct rig_queue *broken)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (s->rx[i] != broken)
			assert_int_equal(rig_status(s->rx[i]).state, VQ_RDY);
		if (s->tx[i] != broken)
			assert_int_equal(rig_status(s->tx[i]).state, VQ_RDY);
	}
	rig_post_all(s->rx[3], 1600);
	scene_send(s, 2, 77);
	scene_expect(s, 3, 77);
}

void scene_lose(struct rig_guest *g, unsigned int region, enum way way)
{
	struct fe_mem_region *r = &g->mem.region[region];

	switch (way) {
	case REVOKE:
		dp_lock(g->rig->dp);
		dp_mem_revoke(g->key, region + 1);
		dp_unlock(g->rig->dp);
		break;
	case TRUNCATE:
		assert_int_equal(ftruncate(r->fd, 0), 0);
		break;
	case UNMAP:
		/* Keep the address: nobody else may get it, and the rig unmaps it. */
		assert_ptr_not_equal(mmap(g->device_map[region], r->size, PROT_NONE,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
				     MAP_FAILED);
		break;
	}
}

void scene_use_slot_of_region(struct rig_queue *q, unsigned int region)
{
	while (q->n_free > 0 && 1u + q->free[q->n_free - 1] % 2 != region)
		q->n_free--;
	assert_true(q->n_free > 0);
}
