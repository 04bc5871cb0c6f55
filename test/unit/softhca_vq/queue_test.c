/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtqueues: framing, life cycle, indices. */
#include <errno.h>

#include "pair.h"

/* Legacy: a header of 10 bytes. About to wrap. */
static const struct rig_queue_options split_legacy = {.size = 64, .base = 0xfff0};
static const struct rig_queue_options packed_merge = {
    .size = 50, .flags = VQ_F_VERSION_1 | VQ_F_MRG_RXBUF, .base = 45, .packed = true};
static const struct rig_queue_options split_merge = {
    .size = 64, .flags = VQ_F_VERSION_1 | VQ_F_MRG_RXBUF, .base = 0xfff0};

/* Both sides' descriptors cut in many ways, header included, for many sizes. */
static void any_framing_carries_any_frame(void **state)
{
	static const uint32_t cuts[][8] = {
	    {0  }, /* one descriptor */
	    {12 }, /* header alone */
	    {10,  2}, /* header in two */
	    {5,   20, 1, 1, 1, 30}, /* all over */
	    {12,14}, /* header, MACs */
	    {13 }, /* one byte with the header */
	};
	static const uint32_t buffers[][8] = {
	    {9300, 0   },
            { 12,       9200,       0},
            { 1, 9299,       0},
            {   12,     14,   1, 2, 3, 9000, 0},
            {  100,          100, 9000, 0},
	};
	static const size_t sizes[] = {14, 15, 31, 32, 33, 60, 64, 127, 128, 129, 1514, 4096, 9000};
	static struct pair p;
	uint32_t seed = 0;

	pair_create(&p, *state);
	for (unsigned int s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (unsigned int c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
			for (unsigned int b = 0; b < sizeof(buffers) / sizeof(buffers[0]); b++) {
				assert_true(rig_post(p.rx, buffers[b]));
				pair_send(&p, sizes[s], ++seed, cuts[c]);
				pair_expect(&p, sizes[s], seed);
				pair_wait_sent(&p, 1);
			}
		}
	}
	assert_int_equal(rig_status(p.rx).received_desc, rig_status(p.rx).completed_desc);
	assert_int_equal(rig_status(p.tx).received_desc, rig_status(p.tx).completed_desc);
	rig_destroy(&p.rig);
}

static void frame_of_bad_length_is_dropped_not_fatal(void **state)
{
	static const uint32_t small[] = {6, 0};
	static struct pair p;

	pair_create(&p, *state);
	rig_post_all(p.rx, 9300);
	pair_send(&p, 13, 1, NULL);
	pair_send(&p, 1, 1, NULL);
	pair_send(&p, 9239, 1, NULL);
	pair_send(&p, 9239, 1, small);
	pair_wait_sent(&p, 4);
	assert_int_equal(rig_stats(&p.rig).drops_other, 4);
	pair_send(&p, 9238, 2, NULL);
	pair_expect(&p, 9238, 2);
	assert_int_equal(rig_status(p.tx).state, VQ_RDY);
	rig_destroy(&p.rig);
}

/* A chain that is all header, or less. */
static void chain_without_frame_is_dropped(void **state)
{
	struct fe_sg sg = {.len = 12};
	static struct pair p;

	pair_create(&p, *state);
	sg.gpa = p.tx->slot[0].gpa;
	assert_int_equal(fe_ring_add(p.tx->ring, &sg, 1, 0, p.tx->free[--p.tx->n_free]), 0);
	sg.len = 3;
	assert_int_equal(fe_ring_add(p.tx->ring, &sg, 1, 0, p.tx->free[--p.tx->n_free]), 0);
	fe_ring_publish(p.tx->ring);
	rig_ring(&p.rig.guest[0]);
	pair_wait_sent(&p, 2);
	assert_int_equal(rig_stats(&p.rig).drops_other, 2);
	rig_destroy(&p.rig);
}

static void frame_too_long_for_the_buffer_is_dropped(void **state)
{
	static const uint32_t lens[] = {512, 0};
	static struct pair p;

	pair_create(&p, *state);
	assert_true(rig_post(p.rx, lens));
	pair_send(&p, 501, 1, NULL);
	pair_wait_sent(&p, 1);
	assert_int_equal(rig_stats(&p.rig).drops_other, 1);
	/* The buffer is still there. */
	pair_send(&p, 500, 2, NULL);
	pair_expect(&p, 500, 2);
	rig_destroy(&p.rig);
}

static void long_frame_takes_several_merged_buffers(void **state)
{
	static const uint32_t lens[][8] = {
	    {12,  0 },
            {100, 0 },
            {20,  30, 0},
            {13,   0   },
            {1000,   0},
            {300,   0    }
        };
	static struct pair p;

	pair_create(&p, *state);
	for (uint32_t i = 0; i < 200; i++) {
		size_t len = 14 + i * 7 % 1000;

		/* Sooner or later the ring is full, with more than enough. */
		for (unsigned int b = 0; b < 6; b++)
			rig_post(p.rx, lens[(b + i) % 6]);
		pair_send(&p, len, i, NULL);
		pair_expect(&p, len, i);
		pair_wait_sent(&p, 1);
	}
	rig_destroy(&p.rig);
}

static void merged_frame_waits_for_all_its_buffers(void **state)
{
	static const uint32_t lens[] = {100, 0};
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	static struct pair p;
	unsigned int ticks;

	rig_create(&p.rig, &o);
	rig_pair(&p.rig.guest[0], *state, &p.rx0, &p.tx);
	rig_pair(&p.rig.guest[1], *state, &p.rx, &p.tx1);
	assert_true(rig_post(p.rx, lens));
	pair_send(&p, 150, 1, NULL);
	ticks = __atomic_load_n(&p.rig.ticks, __ATOMIC_RELAXED);
	rig_wait(__atomic_load_n(&p.rig.ticks, __ATOMIC_RELAXED) - ticks > 50);
	assert_false(fe_ring_has_used(p.rx->ring));
	assert_true(rig_post(p.rx, lens));
	pair_expect(&p, 150, 1);
	rig_destroy(&p.rig);
}

/* ---- life cycle ---- */

static void stop(struct rig_queue *q)
{
	dp_lock(q->guest->rig->dp);
	assert_int_equal(vq_stop(q->vq), 0);
	dp_unlock(q->guest->rig->dp);
}

static void resume(struct rig_queue *q)
{
	dp_lock(q->guest->rig->dp);
	assert_int_equal(vq_resume(q->vq), 0);
	dp_unlock(q->guest->rig->dp);
}

/* Stop under traffic, again and again: the indices are what the driver sees. */
static void stopped_queue_has_completed_all_it_took(void **state)
{
	static struct pair p;
	uint32_t sent = 0, received = 0;
	uint8_t frame[RIG_FRAME_MAX];

	pair_create(&p, *state);
	for (unsigned int round = 0; round < 200; round++) {
		struct vq_status tx, rx;
		unsigned int want = sent + 20;

		rig_post_all(p.rx, 1600);
		for (; sent < want && p.tx->ring->free_count > 0; sent++)
			pair_send(&p, 60 + sent % 1000, sent, NULL);
		if (round % 2)
			rig_wait(rig_reap(p.tx) > 0);
		stop(p.tx);
		stop(p.rx);
		tx = rig_status(p.tx);
		rx = rig_status(p.rx);
		assert_int_equal(tx.state, VQ_SUSPEND);
		assert_int_equal(tx.avail_index, tx.used_index);
		assert_int_equal(rx.avail_index, rx.used_index);
		assert_int_equal(tx.received_desc, tx.completed_desc);
		rig_reap(p.tx);
		for (size_t len; (len = rig_recv(p.rx, frame)) > 0; received++)
			assert_true(rig_frame_ok(frame, len, received));
		assert_int_equal(tx.used_index, (uint16_t)fe_ring_base(p.tx->ring));
		assert_int_equal(rx.used_index, (uint16_t)fe_ring_base(p.rx->ring));
		/* Whoever takes the ring over is kicked. */
		if (sent < want)
			continue;
		resume(p.rx);
		resume(p.tx);
		rig_ring(&p.rig.guest[0]);
		rig_wait((rig_reap(p.tx), p.tx->ring->outstanding) == 0);
		for (size_t len; (len = rig_recv(p.rx, frame)) > 0; received++)
			assert_true(rig_frame_ok(frame, len, received));
		assert_int_equal(received, sent);
	}
	assert_int_equal(rig_stats(&p.rig).drops_no_buffer, 0);
	rig_destroy(&p.rig);
}

static void state_machine_refuses_wrong_steps(void **state)
{
	struct rig_options o = {.ports = 1};
	struct rig_queue *q;
	static struct rig rig;

	rig_create(&rig, &o);
	q = rig_queue(&rig.guest[0], 0, *state);
	dp_lock(rig.dp);
	assert_int_equal(vq_stop(q->vq), -EINVAL);
	assert_int_equal(vq_resume(q->vq), -EINVAL);
	assert_int_equal(vq_start(q->vq), 0);
	assert_int_equal(vq_start(q->vq), -EINVAL);
	assert_int_equal(vq_resume(q->vq), -EINVAL);
	assert_int_equal(vq_stop(q->vq), 0);
	assert_int_equal(vq_stop(q->vq), -EINVAL);
	assert_int_equal(vq_start(q->vq), -EINVAL);
	assert_int_equal(vq_resume(q->vq), 0);
	dp_unlock(rig.dp);
	rig_destroy(&rig);
}

static int try_create(struct rig_queue *q, const struct vq_attr *attr)
{
	struct vq *vq;
	int err;

	dp_lock(q->guest->rig->dp);
	err = vq_create(q->guest->port, attr, &vq);
	if (err == 0) {
		err = vq_start(vq);
		vq_destroy(vq);
	}
	dp_unlock(q->guest->rig->dp);
	return err;
}

#define TRY(field, value, want)                                                                    \
	do {                                                                                       \
		struct vq_attr try_attr = q->attr;                                                 \
		try_attr.field = (value);                                                          \
		assert_int_equal(try_create(q, &try_attr), (want));                                \
	} while (0)

static void attributes_are_checked(void **state)
{
	const struct rig_queue_options *qo = *state;
	struct rig_options o = {.ports = 1};
	struct rig_queue *q;
	static struct rig rig;

	rig_create(&rig, &o);
	q = rig_queue(&rig.guest[0], 0, qo);
	TRY(index, 7, 0);
	TRY(size, 0, -EINVAL);
	TRY(size, 32769, -EINVAL);
	TRY(size, 33, qo->packed ? 0 : -EINVAL);
	TRY(max_chain, 0, -EINVAL);
	TRY(flags, 1 << 11, -EINVAL);
	TRY(mem, NULL, -EINVAL);
	TRY(ops, NULL, -EINVAL);
	TRY(desc_addr, q->attr.desc_addr + 8, -EINVAL);
	TRY(driver_addr, q->attr.driver_addr + 1, -EINVAL);
	TRY(device_addr, q->attr.device_addr + 2, -EINVAL);
	TRY(desc_addr, fe_mem_hole_gpa(&rig.guest[0].mem), -EFAULT);
	TRY(driver_addr, fe_mem_outside_gpa(&rig.guest[0].mem), -EFAULT);
	TRY(device_addr, UINT64_MAX - 3, -EFAULT);
	if (qo->packed) {
		TRY(avail_index, 50, -EINVAL);
		TRY(used_index, 0x8000 | 50, -EINVAL);
		TRY(used_index, 49, 0);
	}
	rig_destroy(&rig);
}

#define WITH(f, options)                                                                           \
	{                                                                                          \
#f "/" #options, f, NULL, NULL, (void *)&options                                   \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BOTH(any_framing_carries_any_frame),
	    WITH(any_framing_carries_any_frame, split_legacy),
	    WITH(any_framing_carries_any_frame, packed_merge),
	    BOTH(frame_of_bad_length_is_dropped_not_fatal),
	    BOTH(chain_without_frame_is_dropped),
	    BOTH(frame_too_long_for_the_buffer_is_dropped),
	    WITH(long_frame_takes_several_merged_buffers, split_merge),
	    WITH(long_frame_takes_several_merged_buffers, packed_merge),
	    WITH(merged_frame_waits_for_all_its_buffers, split_merge),
	    WITH(merged_frame_waits_for_all_its_buffers, packed_merge),
	    BOTH(stopped_queue_has_completed_all_it_took),
	    WITH(stopped_queue_has_completed_all_it_took, split_legacy),
	    BOTH(state_machine_refuses_wrong_steps),
	    BOTH(attributes_are_checked),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
