/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings and doorbells in memory that vanishes. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "fault_scene.h"

/* Ring areas are in regions 0 and 1; without them also the driver is blind. */
static void sender_that_loses_its_ring_fails_alone(void **state)
{
	const struct how *how = *state;

	for (unsigned int region = 0; region < 2; region++) {
		static struct scene s;

		/* The packed driver area is only read for notifications, which are off. */
		if (region == 1 && how->queue->packed && how->way != REVOKE)
			continue;
		scene_create(&s, how->queue);
		rig_post_all(s.rx[1], 1600);
		dp_lock(s.rig.dp);
		scene_use_slot_of_region(s.tx[0], 2);
		scene_send(&s, 0, 1);
		if (how->way == REVOKE)
			dp_mem_revoke(s.rig.guest[0].key, region + 1);
		else
			scene_lose(&s.rig.guest[0], region, how->way);
		dp_unlock(s.rig.dp);
		scene_expect_error(s.tx[0], VQ_ERROR_BAD_RING);
		/* Its receive queue is gone too, but nobody has looked. */
		assert_int_equal(scene_errors(s.rx[0]), 0);
		scene_expect_others_well(&s, s.tx[0]);
		rig_destroy(&s.rig);
	}
}

static void receiver_that_loses_its_ring_fails_alone(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	unsigned int sent = 0;

	scene_create(&s, how->queue);
	rig_post_all(s.rx[1], 1600);
	scene_lose(&s.rig.guest[1], 0, how->way);
	dp_lock(s.rig.dp);
	for (uint32_t i = 0; i < 5; i++)
		scene_send(&s, 0, i);
	dp_unlock(s.rig.dp);
	scene_expect_error(s.rx[1], VQ_ERROR_BAD_RING);
	rig_wait((sent += rig_reap(s.tx[0])) == 5);
	assert_int_equal(rig_stats(&s.rig).drops_other + rig_stats(&s.rig).drops_no_dest +
			     rig_stats(&s.rig).frames_rx,
			 5);
	scene_expect_others_well(&s, s.rx[1]);
	rig_destroy(&s.rig);
}

static void stop_of_a_queue_without_ring_is_an_error(void **state)
{
	const struct how *how = *state;
	static struct scene s;

	scene_create(&s, how->queue);
	scene_lose(&s.rig.guest[0], 0, how->way);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_stop(s.tx[0]->vq), -EIO);
	dp_unlock(s.rig.dp);
	scene_expect_error(s.tx[0], VQ_ERROR_BAD_RING);
	rig_destroy(&s.rig);
}

/* The queue wakes up, and its ring's flags would be the first that is written to. */
static void ring_that_was_revoked_is_not_written_to(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	uint8_t device[4];

	scene_create(&s, how->queue);
	memcpy(device, s.tx[0]->area.device.ptr, sizeof(device));
	scene_lose(&s.rig.guest[0], 0, how->way);
	rig_ring(&s.rig.guest[0]);
	scene_expect_error(s.tx[0], VQ_ERROR_BAD_RING);
	assert_memory_equal(s.tx[0]->area.device.ptr, device, sizeof(device));
	rig_destroy(&s.rig);
}

/* ---- the used ring is gone, in a page of its own; all else of the queue is there ---- */

static const struct rig_queue_options long_split = {
    .size = 1024, .flags = VQ_F_VERSION_1, .base = 800};

static void lose_used_entries(struct rig_queue *q)
{
	struct rig_guest *g = q->guest;
	uint64_t entry = q->attr.device_addr + 4 + 8ull * q->attr.used_index;
	uint64_t page = (entry - g->mem.region[0].gpa) / 4096 * 4096;

	assert_true(g->mem.region[0].gpa + page >= q->attr.device_addr + 4096);
	assert_int_equal(mprotect(g->device_map[0] + page, 4096, PROT_NONE), 0);
}

static void sender_outlives_a_receiver_without_used_ring(void **state)
{
	static struct scene s;
	unsigned int sent = 0;

	scene_create(&s, &long_split);
	rig_post_all(s.rx[1], 1600);
	lose_used_entries(s.rx[1]);
	dp_lock(s.rig.dp);
	for (uint32_t i = 0; i < 5; i++)
		scene_send(&s, 0, i);
	dp_unlock(s.rig.dp);
	scene_expect_error(s.rx[1], VQ_ERROR_BAD_RING);
	rig_wait((sent += rig_reap(s.tx[0])) >= 5);
	/* The sender's ring has advanced by what was sent and no more. */
	assert_int_equal(rig_status(s.tx[0]).completed_desc, 5);
	scene_send(&s, 0, 6);
	rig_wait((sent += rig_reap(s.tx[0])) >= 6);
	assert_int_equal(sent, 6);
	assert_int_equal(rig_stats(&s.rig).frames_rx, 0);
	assert_int_equal(rig_stats(&s.rig).drops_other, 5);
	assert_int_equal(rig_stats(&s.rig).drops_no_dest, 1);
	scene_expect_others_well(&s, s.rx[1]);
	rig_destroy(&s.rig);
}

static void flooded_frames_outlive_a_receiver_without_used_ring(void **state)
{
	static struct scene s;
	uint8_t frame[500];

	scene_create(&s, &long_split);
	for (unsigned int i = 1; i < 4; i++)
		rig_post_all(s.rx[i], 1600);
	lose_used_entries(s.rx[1]);
	dp_lock(s.rig.dp);
	for (uint32_t seed = 5; seed < 8; seed++) {
		rig_frame(frame, sizeof(frame), 0xff, 1, seed);
		assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	}
	rig_ring(&s.rig.guest[0]);
	dp_unlock(s.rig.dp);
	for (uint32_t seed = 5; seed < 8; seed++) {
		scene_expect(&s, 2, seed);
		scene_expect(&s, 3, seed);
	}
	scene_expect_error(s.rx[1], VQ_ERROR_BAD_RING);
	rig_destroy(&s.rig);
}

/* ---- doorbells ---- */

/* A doorbell page that is gone does not ring, and does no harm. */
static void doorbell_page_can_vanish(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	uint32_t *word =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int ticks;

	assert_ptr_not_equal(word, MAP_FAILED);
	scene_create(&s, how->queue);
	dp_lock(s.rig.dp);
	assert_int_equal(dp_port_add_doorbell(s.rig.guest[0].port, word), 0);
	dp_unlock(s.rig.dp);
	/* Without access but not free: nobody else shall get the address. */
	assert_int_equal(mprotect(word, 4096, PROT_NONE), 0);
	ticks = __atomic_load_n(&s.rig.ticks, __ATOMIC_RELAXED);
	rig_wait(__atomic_load_n(&s.rig.ticks, __ATOMIC_RELAXED) - ticks > 20);
	/* What comes in its place is somebody else's: it is not read, nor written to. */
	assert_ptr_equal(mmap(word, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 word);
	ticks = __atomic_load_n(&s.rig.ticks, __ATOMIC_RELAXED);
	rig_wait(__atomic_load_n(&s.rig.ticks, __ATOMIC_RELAXED) - ticks > 20);
	assert_int_equal(*word, 0);
	assert_int_equal(mprotect(word, 4096, PROT_NONE), 0);
	/* Others' doorbells behind it ring, while it is there and when it was taken away. */
	scene_expect_others_well(&s, NULL);
	dp_lock(s.rig.dp);
	dp_port_remove_doorbell(s.rig.guest[0].port, word);
	dp_unlock(s.rig.dp);
	scene_expect_others_well(&s, NULL);
	rig_destroy(&s.rig);
	munmap(word, 4096);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    ALL(sender_that_loses_its_ring_fails_alone),
	    ALL(receiver_that_loses_its_ring_fails_alone),
	    cmocka_unit_test(sender_outlives_a_receiver_without_used_ring),
	    cmocka_unit_test(flooded_frames_outlive_a_receiver_without_used_ring),
	    ALL(stop_of_a_queue_without_ring_is_an_error),
	    ONE(ring_that_was_revoked_is_not_written_to, revoke_split),
	    ONE(ring_that_was_revoked_is_not_written_to, revoke_packed),
	    ONE(doorbell_page_can_vanish, unmap_split),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
