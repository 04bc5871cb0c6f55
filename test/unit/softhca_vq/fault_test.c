/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffers in guest memory that vanishes: by MR, by truncation, by munmap; faults that are not ours.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "fault_scene.h"

static void sender_that_loses_its_buffer_fails_alone(void **state)
{
	const struct how *how = *state;
	static struct scene s;

	scene_create(&s, how->queue);
	rig_post_all(s.rx[1], 1600);
	scene_use_slot_of_region(s.tx[0], 1);
	scene_send(&s, 0, 1);
	scene_expect(&s, 1, 1);
	/* The frame is written, then its memory goes, then the doorbell rings. */
	scene_use_slot_of_region(s.tx[0], 2);
	dp_lock(s.rig.dp);
	scene_send(&s, 0, 2);
	if (how->way == REVOKE)
		dp_mem_revoke(s.rig.guest[0].key, 3);
	else
		scene_lose(&s.rig.guest[0], 2, how->way);
	dp_unlock(s.rig.dp);
	scene_expect_error(s.tx[0], VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(s.tx[0]).invalid_buffer, 1);
	scene_expect_others_well(&s, s.tx[0]);
	rig_destroy(&s.rig);
}

static void receiver_that_loses_its_buffers_fails_alone(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	unsigned int sent = 0;

	scene_create(&s, how->queue);
	/* Two buffers that stay, then those that go. */
	scene_use_slot_of_region(s.rx[1], 1);
	assert_true(rig_post(s.rx[1], (const uint32_t[]){1600, 0}));
	scene_use_slot_of_region(s.rx[1], 1);
	assert_true(rig_post(s.rx[1], (const uint32_t[]){1600, 0}));
	scene_use_slot_of_region(s.rx[1], 2);
	assert_true(rig_post(s.rx[1], (const uint32_t[]){1600, 0}));
	scene_lose(&s.rig.guest[1], 2, how->way);
	dp_lock(s.rig.dp);
	for (uint32_t i = 0; i < 5; i++)
		scene_send(&s, 0, i);
	dp_unlock(s.rig.dp);
	scene_expect_error(s.rx[1], VQ_ERROR_BAD_BUFFER);
	rig_wait((sent += rig_reap(s.tx[0])) == 5);
	/* What came before the fault in the same burst has arrived. */
	scene_expect(&s, 1, 0);
	scene_expect(&s, 1, 1);
	assert_int_equal(rig_stats(&s.rig).frames_rx, 2);
	assert_int_equal(rig_stats(&s.rig).drops_other, 1);
	assert_int_equal(rig_stats(&s.rig).drops_no_dest, 2);
	scene_expect_others_well(&s, s.rx[1]);
	rig_destroy(&s.rig);
}

/* Both queues belong to one guest and see one memory: the sender's frame is what is gone. */
static void in_one_memory_the_right_queue_is_blamed(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	uint8_t frame[500];

	scene_create(&s, how->queue);
	scene_use_slot_of_region(s.rx[0], 1);
	assert_true(rig_post(s.rx[0], (const uint32_t[]){1600, 0}));
	scene_use_slot_of_region(s.tx[0], 2);
	rig_frame(frame, sizeof(frame), 1, 1, 1);
	assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	scene_lose(&s.rig.guest[0], 2, how->way);
	rig_ring(&s.rig.guest[0]);
	scene_expect_error(s.tx[0], VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(s.rx[0]).state, VQ_RDY);
	rig_destroy(&s.rig);

	scene_create(&s, how->queue);
	scene_use_slot_of_region(s.rx[0], 2);
	assert_true(rig_post(s.rx[0], (const uint32_t[]){1600, 0}));
	scene_use_slot_of_region(s.tx[0], 1);
	assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	scene_lose(&s.rig.guest[0], 2, how->way);
	rig_ring(&s.rig.guest[0]);
	scene_expect_error(s.rx[0], VQ_ERROR_BAD_BUFFER);
	rig_wait(rig_reap(s.tx[0]) == 1);
	assert_int_equal(rig_status(s.tx[0]).state, VQ_RDY);
	rig_destroy(&s.rig);
}

/*
 * As above, but the frame's first bytes are there: the fault comes while a receive buffer of the
 * same memory is written to.
 */
static void in_one_memory_the_source_is_told_from_the_destination(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	struct rig_queue *tx;
	struct fe_sg sg[2];
	uint16_t head, tail;

	scene_create(&s, how->queue);
	tx = s.tx[0];
	scene_use_slot_of_region(s.rx[0], 1);
	assert_true(rig_post(s.rx[0], (const uint32_t[]){1600, 0}));
	scene_use_slot_of_region(tx, 1);
	head = tx->free[--tx->n_free];
	scene_use_slot_of_region(tx, 2);
	tail = tx->free[--tx->n_free];
	rig_frame(tx->slot[head].ptr + 12, 200, 1, 1, 1);
	sg[0] = (struct fe_sg){tx->slot[head].gpa, 212};
	sg[1] = (struct fe_sg){tx->slot[tail].gpa, 400};
	assert_int_equal(fe_ring_add(tx->ring, sg, 2, 0, head), 0);
	fe_ring_publish(tx->ring);
	scene_lose(&s.rig.guest[0], 2, how->way);
	rig_ring(&s.rig.guest[0]);
	scene_expect_error(tx, VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(s.rx[0]).state, VQ_RDY);
	assert_false(fe_ring_has_used(s.rx[0]->ring));
	rig_destroy(&s.rig);
}

static void receive_buffer_without_write_right_is_refused(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	struct dp_seg seg[3];
	struct rig_guest *g;
	struct vq_attr attr;
	struct dp_mem *key;
	struct vq *vq;

	scene_create(&s, how->queue);
	g = &s.rig.guest[1];
	for (unsigned int i = 0; i < 3; i++)
		seg[i] = (struct dp_seg){.iova = g->mem.region[i].gpa,
					 .len = g->mem.region[i].size,
					 .hva = g->device_map[i],
					 .local_write = i == 0};
	assert_int_equal(dp_mem_create(seg, 3, &key), 0);
	attr = s.rx[1]->attr;
	attr.mem = key;
	dp_lock(s.rig.dp);
	assert_int_equal(vq_create(g->port, &attr, &vq), 0);
	assert_int_equal(vq_start(vq), 0);
	vq_destroy(s.rx[1]->vq);
	s.rx[1]->vq = vq;
	dp_unlock(s.rig.dp);
	dp_mem_put(key);
	rig_set_rx(g, s.rx[1]);
	rig_post_all(s.rx[1], 1600);
	scene_send(&s, 0, 1);
	scene_expect_error(s.rx[1], VQ_ERROR_BAD_BUFFER);
	scene_expect_others_well(&s, s.rx[1]);
	rig_destroy(&s.rig);
}

/* A frame to everybody: one receiver breaks, the others get it. */
static void flooded_frame_reaches_the_others(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	uint8_t frame[500];

	scene_create(&s, how->queue);
	for (unsigned int i = 1; i < 4; i++) {
		scene_use_slot_of_region(s.rx[i], 2);
		assert_true(rig_post(s.rx[i], (const uint32_t[]){1600, 0}));
	}
	scene_lose(&s.rig.guest[2], 2, how->way);
	rig_frame(frame, sizeof(frame), 0xff, 1, 5);
	assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	rig_ring(&s.rig.guest[0]);
	scene_expect(&s, 1, 5);
	scene_expect(&s, 3, 5);
	scene_expect_error(s.rx[2], VQ_ERROR_BAD_BUFFER);
	rig_wait(rig_reap(s.tx[0]) == 1);
	rig_destroy(&s.rig);
}

/* Guest 0 to guest 1: its headers are elsewhere. */
static void send_with_tail_in_region_2(struct scene *s)
{
	struct rig_queue *tx = s->tx[0];
	struct fe_sg sg[2];
	uint16_t head, tail;

	scene_use_slot_of_region(tx, 1);
	head = tx->free[--tx->n_free];
	scene_use_slot_of_region(tx, 2);
	tail = tx->free[--tx->n_free];
	rig_frame(tx->slot[head].ptr + 12, 200, 2, 1, 9);
	sg[0] = (struct fe_sg){tx->slot[head].gpa, 212};
	sg[1] = (struct fe_sg){tx->slot[tail].gpa, 400};
	assert_int_equal(fe_ring_add(tx->ring, sg, 2, 0, head), 0);
	fe_ring_publish(tx->ring);
	rig_ring(&s->rig.guest[0]);
}

/* The receiver's pages are logged; a frame behind others is gone: what it got is those others. */
static void logged_receiver_is_not_touched_by_a_lost_frame(void **state)
{
	const struct how *how = *state;
	static uint8_t bitmap[1 << 20];
	struct dp_seg seg = {
	    .iova = 0, .len = sizeof(bitmap), .hva = bitmap, .mr = 9, .local_write = true};
	struct vq_dirty_log log = {.on = true, .size = sizeof(bitmap), .log_page = 20};
	static struct scene s;

	scene_create(&s, how->queue);
	assert_int_equal(dp_mem_create(&seg, 1, &log.mem), 0);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_set_dirty_log(s.rx[1]->vq, &log), 0);
	dp_unlock(s.rig.dp);
	rig_post_all(s.rx[1], 1600);
	dp_lock(s.rig.dp);
	for (uint32_t i = 0; i < 2; i++) {
		scene_use_slot_of_region(s.tx[0], 1);
		scene_send(&s, 0, i);
	}
	send_with_tail_in_region_2(&s);
	scene_lose(&s.rig.guest[0], 2, how->way);
	dp_unlock(s.rig.dp);
	scene_expect_error(s.tx[0], VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(s.rx[1]).completed_desc, 2);
	assert_int_equal(rig_stats(&s.rig).frames_rx, 2);
	scene_expect(&s, 1, 0);
	scene_expect(&s, 1, 1);
	assert_false(fe_ring_has_used(s.rx[1]->ring));
	scene_expect_others_well(&s, s.tx[0]);
	rig_destroy(&s.rig);
	dp_mem_put(log.mem);
}

/* ---- faults that are none of ours ---- */

static sigjmp_buf other_env;
static volatile sig_atomic_t other_faults;

static void other_handler(int sig)
{
	other_faults++;
	siglongjmp(other_env, 1);
}

static void faults_of_others_reach_the_handler_before_ours(void **state)
{
	struct sigaction sa = {.sa_handler = other_handler, .sa_flags = SA_NODEFER}, old;
	char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static struct rig rig;
	struct rig_options o = {.ports = 1};

	assert_ptr_not_equal(page, MAP_FAILED);
	sigaction(SIGSEGV, &sa, &old);
	rig_create(&rig, &o);
	if (sigsetjmp(other_env, 0) == 0)
		*(volatile char *)page = 1;
	assert_int_equal(other_faults, 1);
	rig_destroy(&rig);
	/* Ours are gone, his is back. */
	if (sigsetjmp(other_env, 0) == 0)
		*(volatile char *)page = 1;
	assert_int_equal(other_faults, 2);
	sigaction(SIGSEGV, &old, NULL);
	munmap(page, 4096);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    ALL(sender_that_loses_its_buffer_fails_alone),
	    ALL(receiver_that_loses_its_buffers_fails_alone),
	    ALL(in_one_memory_the_right_queue_is_blamed),
	    ALL(in_one_memory_the_source_is_told_from_the_destination),
	    ONE(receive_buffer_without_write_right_is_refused, revoke_split),
	    ONE(logged_receiver_is_not_touched_by_a_lost_frame, truncate_split),
	    ONE(logged_receiver_is_not_touched_by_a_lost_frame, unmap_packed),
	    ONE(receive_buffer_without_write_right_is_refused, revoke_packed),
	    ALL(flooded_frame_reaches_the_others),
	    cmocka_unit_test(faults_of_others_reach_the_handler_before_ours),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
