/* SPDX-License-Identifier: BSD-3-Clause */
/* Guests that break their own queue, and nothing else. */
#include <errno.h>
#include <string.h>

#include "pair.h"

struct lie {
	enum vq_error error;
	unsigned int n;
	struct fe_raw_desc desc[4];
};

enum { AUTO = FE_NEXT_AUTO, NEXT = 1, WRITE = 2, INDIRECT = 4 };
/* Stand for addresses that differ from guest to guest. */
enum { GOOD = 1, HOLE = 2, OUTSIDE = 3, END = 4 };

static const struct lie lies[] = {
    {VQ_ERROR_BAD_BUFFER, 1, {{HOLE, 100, 0, AUTO}}								     },
    {VQ_ERROR_BAD_BUFFER, 1, {{OUTSIDE, 100, 0, AUTO}}								  },
    {VQ_ERROR_BAD_BUFFER, 1, {{END, 100, 0, AUTO}}								      },
    {VQ_ERROR_BAD_BUFFER, 1, {{UINT64_MAX, 100, 0, AUTO}}							       },
    {VQ_ERROR_BAD_BUFFER, 1, {{GOOD, UINT32_MAX, 0, AUTO}}							      },
    {VQ_ERROR_BAD_BUFFER, 2, {{GOOD, 12, NEXT, AUTO}, {HOLE, 100, 0, AUTO}}                                             },
    {VQ_ERROR_BAD_BUFFER, 2, {{HOLE, 12, NEXT, AUTO}, {GOOD, 100, 0, AUTO}}                                             },
    {VQ_ERROR_BAD_DESC,   1, {{GOOD, 100, INDIRECT, AUTO}}							      },
    {VQ_ERROR_BAD_DESC,   1, {{GOOD, 0, 0, AUTO}}								       },
    {VQ_ERROR_BAD_DESC,   2, {{GOOD, 12, NEXT, AUTO}, {GOOD, 0, 0, AUTO}}                                               },
    {VQ_ERROR_BAD_DESC,
     4,		      {{GOOD, 1, NEXT, AUTO}, {GOOD, 1, NEXT, AUTO}, {GOOD, 1, NEXT, AUTO}, {GOOD, 100, 0, AUTO}}},
 /* For a receive queue the flag is turned round. */
    {VQ_ERROR_BAD_DESC,   1, {{GOOD, 100, WRITE, AUTO}}								 },
    {VQ_ERROR_BAD_DESC,   2, {{GOOD, 12, NEXT, AUTO}, {GOOD, 100, WRITE, AUTO}}                                         },
    {VQ_ERROR_BAD_DESC,   2, {{GOOD, 12, NEXT | WRITE, AUTO}, {GOOD, 100, 0, AUTO}}                                     },
};

static void add_lie(struct rig_queue *q, const struct lie *lie)
{
	const struct fe_mem *mem = &q->guest->mem;
	const struct fe_mem_region *last = &mem->region[mem->count - 1];
	uint64_t where[] = {0, q->slot[0].gpa, fe_mem_hole_gpa(mem), fe_mem_outside_gpa(mem),
			    last->gpa + last->size - 99};
	struct fe_raw_desc d[4];

	memcpy(d, lie->desc, sizeof(d));
	for (unsigned int i = 0; i < lie->n; i++) {
		if (d[i].addr <= END)
			d[i].addr = where[d[i].addr];
		if (q->attr.index % 2 == 0)
			d[i].flags ^= WRITE;
	}
	assert_int_equal(fe_ring_add_raw(q->ring, d, lie->n, 0), 0);
	fe_ring_publish(q->ring);
}

static unsigned int errors(struct rig_queue *q)
{
	return __atomic_load_n(&q->errors, __ATOMIC_ACQUIRE);
}

/* A sender that lies loses its queue; what it sent before arrives; nobody else notices. */
static void lying_sender_breaks_only_its_queue(void **state)
{
	struct rig_queue_options qo = *(const struct rig_queue_options *)*state;

	qo.max_chain = 3;
	for (unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct vq_status s;
		static struct pair p;

		pair_create(&p, &qo);
		rig_post_all(p.rx, 1600);
		rig_post_all(p.rx0, 1600);
		pair_send(&p, 100, 1, NULL);
		add_lie(p.tx, &lies[i]);
		rig_ring(&p.rig.guest[0]);
		rig_wait(errors(p.tx) == 1);
		assert_int_equal(p.tx->error, lies[i].error);
		pair_expect(&p, 100, 1);
		s = rig_status(p.tx);
		assert_int_equal(s.state, VQ_ERR);
		assert_int_equal(s.error, lies[i].error);
		assert_int_equal(s.bad_desc_errors + s.exceed_max_chain + s.invalid_buffer, 1);
		assert_int_equal(s.exceed_max_chain, lies[i].n > 3);
		assert_int_equal(s.invalid_buffer, lies[i].error == VQ_ERROR_BAD_BUFFER);
		assert_int_equal(s.received_desc, 1);
		assert_int_equal(rig_status(p.rx).state, VQ_RDY);
		assert_int_equal(errors(p.rx), 0);
		dp_lock(p.rig.dp);
		assert_int_equal(vq_stop(p.tx->vq), -EINVAL);
		dp_unlock(p.rig.dp);
		rig_destroy(&p.rig);
	}
}

/* A receiver that lies loses its queue; the sender goes on and its frame counts as dropped. */
static void lying_receiver_breaks_only_its_queue(void **state)
{
	struct rig_queue_options qo = *(const struct rig_queue_options *)*state;

	qo.max_chain = 3;
	for (unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct dp_stats stats;
		static struct pair p;

		pair_create(&p, &qo);
		rig_post_all(p.rx0, 1600);
		add_lie(p.rx, &lies[i]);
		pair_send(&p, 60, 1, NULL);
		pair_wait_sent(&p, 1);
		rig_wait(errors(p.rx) == 1);
		assert_int_equal(p.rx->error, lies[i].error);
		stats = rig_stats(&p.rig);
		assert_int_equal(stats.drops_other, 1);
		assert_int_equal(rig_status(p.rx).state, VQ_ERR);
		/* The sender's next frame has nobody to go to. */
		pair_send(&p, 60, 2, NULL);
		pair_wait_sent(&p, 1);
		assert_int_equal(rig_stats(&p.rig).drops_no_dest, 1);
		assert_int_equal(rig_status(p.tx).state, VQ_RDY);
		assert_int_equal(errors(p.tx), 0);
		rig_destroy(&p.rig);
	}
}

static void receive_buffer_shorter_than_the_header_is_an_error(void **state)
{
	static const uint32_t lens[] = {11, 0};
	static struct pair p;

	pair_create(&p, *state);
	assert_true(rig_post(p.rx, lens));
	pair_send(&p, 60, 1, NULL);
	rig_wait(errors(p.rx) == 1);
	assert_int_equal(p.rx->error, VQ_ERROR_BAD_DESC);
	rig_destroy(&p.rig);
}

static void available_index_that_jumps_is_a_bad_ring(void **state)
{
	static struct pair p;
	uint16_t idx = 1000;

	pair_create(&p, &pair_split);
	memcpy(p.tx->area.driver.ptr + 2, &idx, 2);
	rig_ring(&p.rig.guest[0]);
	rig_wait(errors(p.tx) == 1);
	assert_int_equal(p.tx->error, VQ_ERROR_BAD_RING);
	rig_destroy(&p.rig);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BOTH(lying_sender_breaks_only_its_queue),
	    BOTH(lying_receiver_breaks_only_its_queue),
	    BOTH(receive_buffer_shorter_than_the_header_is_an_error),
	    cmocka_unit_test(available_index_that_jumps_is_a_bad_ring),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
