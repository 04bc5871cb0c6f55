/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory that vanishes: by MR, by truncation, by munmap; and faults that are not ours. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"
#include "vq/guard.h"

static const struct rig_queue_options split = {.size = 64, .flags = VQ_F_VERSION_1};
static const struct rig_queue_options packed = {
    .size = 50, .flags = VQ_F_VERSION_1, .base = 0x8000, .packed = true};

/*
 * Guest 0 sends to guest 1; guest 2 sends to guest 3 and must not notice anything. Where the rings
 * are: descriptor and device areas in region 0, driver areas in region 1; buffers with even tokens
 * in region 1, odd ones in region 2 (rig.c).
 */
struct scene {
	struct rig rig;
	struct rig_queue *rx[4], *tx[4];
};

static void scene_create(struct scene *s, const struct rig_queue_options *q)
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

static void send(struct scene *s, unsigned int from, uint32_t seed)
{
	uint8_t frame[500], dst[4] = {2, 1, 4, 3};

	rig_frame(frame, sizeof(frame), dst[from], (uint8_t)(from + 1), seed);
	assert_true(rig_send(s->tx[from], frame, sizeof(frame), NULL));
	rig_ring(&s->rig.guest[from]);
}

static void expect(struct scene *s, unsigned int at, uint32_t seed)
{
	uint8_t frame[RIG_FRAME_MAX];
	size_t len = 0;

	rig_wait((len = rig_recv(s->rx[at], frame)) > 0);
	assert_int_equal(len, 500);
	assert_true(rig_frame_ok(frame, len, seed));
}

static unsigned int errors(struct rig_queue *q)
{
	return __atomic_load_n(&q->errors, __ATOMIC_ACQUIRE);
}

static void expect_error(struct rig_queue *q, enum vq_error error)
{
	rig_wait(errors(q) == 1);
	assert_int_equal(q->error, error);
	assert_int_equal(rig_status(q).state, VQ_ERR);
}

/* Everybody but this queue is well, and guests 2 and 3 talk. */
static void expect_others_well(struct scene *s, const struct rig_queue *broken)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (s->rx[i] != broken)
			assert_int_equal(rig_status(s->rx[i]).state, VQ_RDY);
		if (s->tx[i] != broken)
			assert_int_equal(rig_status(s->tx[i]).state, VQ_RDY);
	}
	rig_post_all(s->rx[3], 1600);
	send(s, 2, 77);
	expect(s, 3, 77);
}

/* ---- ways to lose a region ---- */

enum way { REVOKE, TRUNCATE, UNMAP };

struct how {
	enum way way;
	const struct rig_queue_options *queue;
};

static void lose(struct rig_guest *g, unsigned int region, enum way way)
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

/*
 * Which region a frame sent next is in: the buffer that rig_send will take. Some bytes can not be
 * looked at any more after a truncation, so choose before.
 */
static void use_slot_of_region(struct rig_queue *q, unsigned int region)
{
	while (q->n_free > 0 && 1u + q->free[q->n_free - 1] % 2 != region)
		q->n_free--;
	assert_true(q->n_free > 0);
}

static void sender_that_loses_its_buffer_fails_alone(void **state)
{
	const struct how *how = *state;
	static struct scene s;

	scene_create(&s, how->queue);
	rig_post_all(s.rx[1], 1600);
	use_slot_of_region(s.tx[0], 1);
	send(&s, 0, 1);
	expect(&s, 1, 1);
	/* The frame is written, then its memory goes, then the doorbell rings. */
	use_slot_of_region(s.tx[0], 2);
	dp_lock(s.rig.dp);
	send(&s, 0, 2);
	if (how->way == REVOKE)
		dp_mem_revoke(s.rig.guest[0].key, 3);
	else
		lose(&s.rig.guest[0], 2, how->way);
	dp_unlock(s.rig.dp);
	expect_error(s.tx[0], VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(s.tx[0]).invalid_buffer, 1);
	expect_others_well(&s, s.tx[0]);
	rig_destroy(&s.rig);
}

static void receiver_that_loses_its_buffers_fails_alone(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	unsigned int sent = 0;

	scene_create(&s, how->queue);
	/* Two buffers that stay, then those that go. */
	use_slot_of_region(s.rx[1], 1);
	assert_true(rig_post(s.rx[1], (const uint32_t[]){1600, 0}));
	use_slot_of_region(s.rx[1], 1);
	assert_true(rig_post(s.rx[1], (const uint32_t[]){1600, 0}));
	use_slot_of_region(s.rx[1], 2);
	assert_true(rig_post(s.rx[1], (const uint32_t[]){1600, 0}));
	lose(&s.rig.guest[1], 2, how->way);
	dp_lock(s.rig.dp);
	for (uint32_t i = 0; i < 5; i++)
		send(&s, 0, i);
	dp_unlock(s.rig.dp);
	expect_error(s.rx[1], VQ_ERROR_BAD_BUFFER);
	rig_wait((sent += rig_reap(s.tx[0])) == 5);
	/* What came before the fault in the same burst has arrived. */
	expect(&s, 1, 0);
	expect(&s, 1, 1);
	assert_int_equal(rig_stats(&s.rig).frames_rx, 2);
	assert_int_equal(rig_stats(&s.rig).drops_other, 1);
	assert_int_equal(rig_stats(&s.rig).drops_no_dest, 2);
	expect_others_well(&s, s.rx[1]);
	rig_destroy(&s.rig);
}

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
		use_slot_of_region(s.tx[0], 2);
		send(&s, 0, 1);
		if (how->way == REVOKE)
			dp_mem_revoke(s.rig.guest[0].key, region + 1);
		else
			lose(&s.rig.guest[0], region, how->way);
		dp_unlock(s.rig.dp);
		expect_error(s.tx[0], VQ_ERROR_BAD_RING);
		/* Its receive queue is gone too, but nobody has looked. */
		assert_int_equal(errors(s.rx[0]), 0);
		expect_others_well(&s, s.tx[0]);
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
	lose(&s.rig.guest[1], 0, how->way);
	dp_lock(s.rig.dp);
	for (uint32_t i = 0; i < 5; i++)
		send(&s, 0, i);
	dp_unlock(s.rig.dp);
	expect_error(s.rx[1], VQ_ERROR_BAD_RING);
	rig_wait((sent += rig_reap(s.tx[0])) == 5);
	assert_int_equal(rig_stats(&s.rig).drops_other + rig_stats(&s.rig).drops_no_dest +
			     rig_stats(&s.rig).frames_rx,
			 5);
	expect_others_well(&s, s.rx[1]);
	rig_destroy(&s.rig);
}

/* Both queues belong to one guest and see one memory: the sender's frame is what is gone. */
static void in_one_memory_the_right_queue_is_blamed(void **state)
{
	const struct how *how = *state;
	static struct scene s;
	uint8_t frame[500];

	scene_create(&s, how->queue);
	use_slot_of_region(s.rx[0], 1);
	assert_true(rig_post(s.rx[0], (const uint32_t[]){1600, 0}));
	use_slot_of_region(s.tx[0], 2);
	rig_frame(frame, sizeof(frame), 1, 1, 1);
	assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	lose(&s.rig.guest[0], 2, how->way);
	rig_ring(&s.rig.guest[0]);
	expect_error(s.tx[0], VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(s.rx[0]).state, VQ_RDY);
	rig_destroy(&s.rig);

	scene_create(&s, how->queue);
	use_slot_of_region(s.rx[0], 2);
	assert_true(rig_post(s.rx[0], (const uint32_t[]){1600, 0}));
	use_slot_of_region(s.tx[0], 1);
	assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	lose(&s.rig.guest[0], 2, how->way);
	rig_ring(&s.rig.guest[0]);
	expect_error(s.rx[0], VQ_ERROR_BAD_BUFFER);
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
	use_slot_of_region(s.rx[0], 1);
	assert_true(rig_post(s.rx[0], (const uint32_t[]){1600, 0}));
	use_slot_of_region(tx, 1);
	head = tx->free[--tx->n_free];
	use_slot_of_region(tx, 2);
	tail = tx->free[--tx->n_free];
	rig_frame(tx->slot[head].ptr + 12, 200, 1, 1, 1);
	sg[0] = (struct fe_sg){tx->slot[head].gpa, 212};
	sg[1] = (struct fe_sg){tx->slot[tail].gpa, 400};
	assert_int_equal(fe_ring_add(tx->ring, sg, 2, 0, head), 0);
	fe_ring_publish(tx->ring);
	lose(&s.rig.guest[0], 2, how->way);
	rig_ring(&s.rig.guest[0]);
	expect_error(tx, VQ_ERROR_BAD_BUFFER);
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
	send(&s, 0, 1);
	expect_error(s.rx[1], VQ_ERROR_BAD_BUFFER);
	expect_others_well(&s, s.rx[1]);
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
		use_slot_of_region(s.rx[i], 2);
		assert_true(rig_post(s.rx[i], (const uint32_t[]){1600, 0}));
	}
	lose(&s.rig.guest[2], 2, how->way);
	rig_frame(frame, sizeof(frame), 0xff, 1, 5);
	assert_true(rig_send(s.tx[0], frame, sizeof(frame), NULL));
	rig_ring(&s.rig.guest[0]);
	expect(&s, 1, 5);
	expect(&s, 3, 5);
	expect_error(s.rx[2], VQ_ERROR_BAD_BUFFER);
	rig_wait(rig_reap(s.tx[0]) == 1);
	rig_destroy(&s.rig);
}

static void stop_of_a_queue_without_ring_is_an_error(void **state)
{
	const struct how *how = *state;
	static struct scene s;

	scene_create(&s, how->queue);
	lose(&s.rig.guest[0], 0, how->way);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_stop(s.tx[0]->vq), -EIO);
	dp_unlock(s.rig.dp);
	expect_error(s.tx[0], VQ_ERROR_BAD_RING);
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
	lose(&s.rig.guest[0], 0, how->way);
	rig_ring(&s.rig.guest[0]);
	expect_error(s.tx[0], VQ_ERROR_BAD_RING);
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
		send(&s, 0, i);
	dp_unlock(s.rig.dp);
	expect_error(s.rx[1], VQ_ERROR_BAD_RING);
	rig_wait((sent += rig_reap(s.tx[0])) >= 5);
	/* The sender's ring has advanced by what was sent and no more. */
	assert_int_equal(rig_status(s.tx[0]).completed_desc, 5);
	send(&s, 0, 6);
	rig_wait((sent += rig_reap(s.tx[0])) >= 6);
	assert_int_equal(sent, 6);
	assert_int_equal(rig_stats(&s.rig).frames_rx, 0);
	assert_int_equal(rig_stats(&s.rig).drops_other, 5);
	assert_int_equal(rig_stats(&s.rig).drops_no_dest, 1);
	expect_others_well(&s, s.rx[1]);
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
		expect(&s, 2, seed);
		expect(&s, 3, seed);
	}
	expect_error(s.rx[1], VQ_ERROR_BAD_RING);
	rig_destroy(&s.rig);
}

/* Guest 0 to guest 1: its headers are elsewhere. */
static void send_with_tail_in_region_2(struct scene *s)
{
	struct rig_queue *tx = s->tx[0];
	struct fe_sg sg[2];
	uint16_t head, tail;

	use_slot_of_region(tx, 1);
	head = tx->free[--tx->n_free];
	use_slot_of_region(tx, 2);
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
		use_slot_of_region(s.tx[0], 1);
		send(&s, 0, i);
	}
	send_with_tail_in_region_2(&s);
	lose(&s.rig.guest[0], 2, how->way);
	dp_unlock(s.rig.dp);
	expect_error(s.tx[0], VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig_status(s.rx[1]).completed_desc, 2);
	assert_int_equal(rig_stats(&s.rig).frames_rx, 2);
	expect(&s, 1, 0);
	expect(&s, 1, 1);
	assert_false(fe_ring_has_used(s.rx[1]->ring));
	expect_others_well(&s, s.tx[0]);
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
	expect_others_well(&s, NULL);
	dp_lock(s.rig.dp);
	dp_port_remove_doorbell(s.rig.guest[0].port, word);
	dp_unlock(s.rig.dp);
	expect_others_well(&s, NULL);
	rig_destroy(&s.rig);
	munmap(word, 4096);
}

static const struct how revoke_split = {REVOKE, &split}, revoke_packed = {REVOKE, &packed};
static const struct how truncate_split = {TRUNCATE, &split}, truncate_packed = {TRUNCATE, &packed};
static const struct how unmap_split = {UNMAP, &split}, unmap_packed = {UNMAP, &packed};

#define ONE(f, how)                                                                                \
	{                                                                                          \
#f "/" #how, f, NULL, NULL, (void *)&how                                           \
	}
#define ALL(f)                                                                                     \
	ONE(f, revoke_split), ONE(f, revoke_packed), ONE(f, truncate_split),                       \
	    ONE(f, truncate_packed), ONE(f, unmap_split), ONE(f, unmap_packed)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    ALL(sender_that_loses_its_buffer_fails_alone),
	    ALL(receiver_that_loses_its_buffers_fails_alone),
	    ALL(sender_that_loses_its_ring_fails_alone),
	    ALL(receiver_that_loses_its_ring_fails_alone),
	    ALL(in_one_memory_the_right_queue_is_blamed),
	    ALL(in_one_memory_the_source_is_told_from_the_destination),
	    ONE(receive_buffer_without_write_right_is_refused, revoke_split),
	    cmocka_unit_test(sender_outlives_a_receiver_without_used_ring),
	    cmocka_unit_test(flooded_frames_outlive_a_receiver_without_used_ring),
	    ONE(logged_receiver_is_not_touched_by_a_lost_frame, truncate_split),
	    ONE(logged_receiver_is_not_touched_by_a_lost_frame, unmap_packed),
	    ONE(receive_buffer_without_write_right_is_refused, revoke_packed),
	    ALL(flooded_frame_reaches_the_others),
	    ALL(stop_of_a_queue_without_ring_is_an_error),
	    ONE(ring_that_was_revoked_is_not_written_to, revoke_split),
	    ONE(ring_that_was_revoked_is_not_written_to, revoke_packed),
	    ONE(doorbell_page_can_vanish, unmap_split),
	    cmocka_unit_test(faults_of_others_reach_the_handler_before_ours),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
