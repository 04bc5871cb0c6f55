/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver-side rings against the reference device: what each verb promises, for both layouts.
 * Every test takes its layout from cmocka's state.
 */
#include "ring_fixture.h"

#include <errno.h>
#include <string.h>

static enum fe_layout layout_of(void **state)
{
	return *(const enum fe_layout *)*state;
}

static void open_ring(void **state, struct fixture *f, uint16_t size)
{
	fixture_open(f, layout_of(state), size, false, fe_ring_first_base(layout_of(state)));
}

static void add_publish_shows_chain_as_given(void **state)
{
	const struct fe_sg sg[] = {
	    {0,           12 },
            {0x1000,      100},
            {0x100000000, 64 }
        };
	struct ref_chain chain;
	struct fe_used used;
	struct fixture f;

	open_ring(state, &f, 8);
	assert_int_equal(fe_ring_add(f.ring, sg, 2, 1, 77), 0);
	fe_ring_publish(f.ring);
	assert_true(ref_pop(&f.dev, &chain));
	assert_int_equal(chain.count, 3);
	assert_int_equal(chain.readable, 2);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(chain.sg[i].gpa, sg[i].gpa);
		assert_int_equal(chain.sg[i].len, sg[i].len);
	}
	assert_false(ref_pop(&f.dev, &chain));
	assert_int_equal(fe_ring_get_used(f.ring, &used), 0);
	fixture_close(&f);
}

static void get_used_returns_token_and_length(void **state)
{
	const struct fe_sg sg = {0x1000, 100};
	struct ref_chain chain;
	struct fe_used used;
	struct fixture f;

	open_ring(state, &f, 8);
	assert_int_equal(fe_ring_add(f.ring, &sg, 0, 1, 77), 0);
	fe_ring_publish(f.ring);
	assert_true(ref_pop(&f.dev, &chain));
	ref_push(&f.dev, &chain, 60);
	assert_true(fe_ring_has_used(f.ring));
	assert_int_equal(fe_ring_get_used(f.ring, &used), 1);
	assert_int_equal(used.token, 77);
	assert_int_equal(used.len, 60);
	assert_int_equal(fe_ring_get_used(f.ring, &used), 0);
	assert_int_equal(f.ring->outstanding, 0);
	fixture_close(&f);
}

static void add_without_publish_is_invisible(void **state)
{
	const struct fe_sg sg[] = {
	    {0x1000, 100},
            {0x2000, 100}
        };
	struct ref_chain chain;
	struct fixture f;

	open_ring(state, &f, 8);
	assert_int_equal(fe_ring_add(f.ring, sg, 2, 0, 0), 0);
	assert_int_equal(fe_ring_add(f.ring, sg, 1, 0, 1), 0);
	assert_false(ref_pop(&f.dev, &chain));
	fe_ring_publish(f.ring);
	assert_true(ref_pop(&f.dev, &chain));
	assert_true(ref_pop(&f.dev, &chain));
	assert_false(ref_pop(&f.dev, &chain));
	fixture_close(&f);
}

static void add_to_full_ring_fails(void **state)
{
	const struct fe_sg sg[4] = {
	    {0x1000, 1}
        };
	struct fixture f;

	open_ring(state, &f, 4);
	assert_int_equal(fe_ring_add(f.ring, sg, 0, 0, 0), -EINVAL);
	assert_int_equal(fe_ring_add(f.ring, sg, 3, 0, 0), 0);
	assert_int_equal(fe_ring_add(f.ring, sg, 2, 0, 0), -ENOSPC);
	assert_int_equal(fe_ring_add(f.ring, sg, 1, 0, 0), 0);
	assert_int_equal(fe_ring_add(f.ring, sg, 1, 0, 0), -ENOSPC);
	fixture_close(&f);
}

static void get_used_refuses_what_the_device_does_not_hold(void **state)
{
	const struct fe_sg sg = {0x1000, 100};
	struct ref_chain chain, lie;
	struct fe_used used;
	struct fixture f;
	const struct {
		uint16_t id;
		uint32_t len;
	} lies[] = {
	    {8,      1  },
            {0xffff, 1  },
            {5,      1  },
            {5,      0  },
            {0,      101}
        };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		open_ring(state, &f, 8);
		assert_int_equal(fe_ring_add(f.ring, &sg, 0, 1, 0), 0);
		fe_ring_publish(f.ring);
		assert_true(ref_pop(&f.dev, &chain));
		assert_int_equal(chain.id, 0);
		lie = chain;
		lie.id = lies[i].id;
		ref_push(&f.dev, &lie, lies[i].len);
		assert_int_equal(fe_ring_get_used(f.ring, &used), -EPROTO);
		fixture_close(&f);
	}
}

static void used_without_write_has_no_length(void **state)
{
	const struct fe_sg sg = {0x1000, 100};
	struct vring_packed_desc *desc;
	struct ref_chain chain;
	struct fe_used used;
	struct fixture f;

	if (layout_of(state) == FE_SPLIT)
		return; /* split rings always say a length */
	open_ring(state, &f, 8);
	assert_int_equal(fe_ring_add(f.ring, &sg, 1, 0, 3), 0);
	fe_ring_publish(f.ring);
	assert_true(ref_pop(&f.dev, &chain));
	ref_push(&f.dev, &chain, 0);
	desc = (struct vring_packed_desc *)f.ring->area.desc.ptr;
	desc->len = 100;
	assert_int_equal(fe_ring_get_used(f.ring, &used), 1);
	assert_int_equal(used.len, 0);
	fixture_close(&f);
}

static void need_kick_follows_the_device(void **state)
{
	const struct fe_sg sg = {0x1000, 100};
	struct fixture f;

	for (int event_idx = 0; event_idx < 2; event_idx++) {
		fixture_open(&f, layout_of(state), 8, event_idx,
			     fe_ring_first_base(layout_of(state)));
		assert_false(fe_ring_need_kick(f.ring));
		ref_set_notify(&f.dev, true);
		fe_ring_add(f.ring, &sg, 1, 0, 0);
		fe_ring_publish(f.ring);
		assert_true(fe_ring_need_kick(f.ring));
		/* Asked and answered: nothing new since. */
		assert_false(fe_ring_need_kick(f.ring));
		ref_set_notify(&f.dev, false);
		fe_ring_add(f.ring, &sg, 1, 0, 1);
		fe_ring_publish(f.ring);
		assert_false(fe_ring_need_kick(f.ring));
		fixture_close(&f);
	}
}

/* Each chain goes round the ring; with an event index only the one asked for is announced. */
static void event_index_names_the_chain_to_announce(void **state)
{
	const struct fe_sg sg = {0x1000, 100};
	struct ref_chain chain;
	struct fe_used used;
	struct fixture f;

	fixture_open(&f, layout_of(state), 4, true, fe_ring_first_base(layout_of(state)));
	for (int i = 0; i < 50; i++) {
		ref_set_notify(&f.dev, true);
		fe_ring_irq_enable(f.ring);
		for (int n = 0; n < 2; n++) {
			assert_int_equal(fe_ring_add(f.ring, &sg, 1, 0, 0), 0);
			fe_ring_publish(f.ring);
			assert_int_equal(fe_ring_need_kick(f.ring), n == 0);
			assert_true(ref_pop(&f.dev, &chain));
			ref_push(&f.dev, &chain, 0);
			assert_int_equal(ref_wants_interrupt(&f.dev), n == 0);
		}
		while (fe_ring_get_used(f.ring, &used) == 1)
			;
		assert_int_equal(f.ring->outstanding, 0);
	}
	fixture_close(&f);
}

/* The event lies inside a batch, or before it; batches cross the end of the ring in all ways. */
static void event_index_is_found_inside_a_batch(void **state)
{
	const struct fe_sg sg = {0x1000, 100};
	struct ref_chain chain;
	struct fe_used used;
	struct fixture f;

	fixture_open(&f, layout_of(state), 8, true, fe_ring_first_base(layout_of(state)));
	for (int i = 0; i < 60; i++) {
		bool passed = i % 3 != 2;

		/* In every third round the event stays where it was passed before. */
		if (passed)
			ref_set_notify(&f.dev, true);
		for (int n = 0; n < 3; n++)
			assert_int_equal(fe_ring_add(f.ring, &sg, 1, 0, 0), 0);
		fe_ring_publish(f.ring);
		assert_int_equal(fe_ring_need_kick(f.ring), passed);
		for (int n = 0; n < 3; n++) {
			assert_true(ref_pop(&f.dev, &chain));
			ref_push(&f.dev, &chain, 0);
		}
		while (fe_ring_get_used(f.ring, &used) == 1)
			;
		assert_int_equal(f.ring->outstanding, 0);
	}
	fixture_close(&f);
}

static void irq_enable_and_disable_reach_the_device(void **state)
{
	const struct fe_sg sg = {0x1000, 100};
	struct ref_chain chain;
	struct fe_used used;
	struct fixture f;

	for (int event_idx = 0; event_idx < 2; event_idx++) {
		fixture_open(&f, layout_of(state), 8, event_idx,
			     fe_ring_first_base(layout_of(state)));
		for (int enable = 0; enable < 2; enable++) {
			if (enable)
				fe_ring_irq_enable(f.ring);
			else
				fe_ring_irq_disable(f.ring);
			fe_ring_add(f.ring, &sg, 1, 0, 0);
			fe_ring_publish(f.ring);
			assert_true(ref_pop(&f.dev, &chain));
			ref_push(&f.dev, &chain, 0);
			assert_int_equal(ref_wants_interrupt(&f.dev), enable);
			assert_int_equal(fe_ring_get_used(f.ring, &used), 1);
		}
		fixture_close(&f);
	}
}

static void raw_descriptors_stand_as_given(void **state)
{
	const struct fe_raw_desc lie[] = {
	    {.addr = UINT64_MAX - 5,
	     .len = UINT32_MAX,
	     .flags = VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT,
	     .next = 4711},
	    {.addr = 1,                      .len = 0,       .next = 4712        }
        };
	struct fixture f;

	open_ring(state, &f, 8);
	assert_int_equal(fe_ring_add_raw(f.ring, lie, 2, 0), 0);
	fe_ring_publish(f.ring);
	if (layout_of(state) == FE_SPLIT) {
		const struct vring_desc *d = (void *)f.ring->area.desc.ptr;

		assert_int_equal(d[0].addr, lie[0].addr);
		assert_int_equal(d[0].len, lie[0].len);
		assert_int_equal(d[0].flags, lie[0].flags);
		assert_int_equal(d[0].next, 4711);
	} else {
		const struct vring_packed_desc *d = (void *)f.ring->area.desc.ptr;

		assert_int_equal(d[0].addr, lie[0].addr);
		assert_int_equal(d[0].len, lie[0].len);
		assert_int_equal(d[0].flags & 0x7f, lie[0].flags);
		assert_int_equal(d[0].id, 4711);
		assert_int_equal(d[1].id, 4712);
	}
	fixture_close(&f);
}

static void create_refuses_bad_sizes(void **state)
{
	struct fe_ring_layout need;

	assert_int_equal(fe_ring_layout(layout_of(state), 0, &need), -EINVAL);
	assert_int_equal(fe_ring_layout(layout_of(state), 32769, &need), -EINVAL);
	assert_int_equal(fe_ring_layout(FE_SPLIT, 100, &need), -EINVAL);
	assert_int_equal(fe_ring_layout(FE_PACKED, 100, &need), 0);
}

#define ON(test, layout)                                                                           \
	{                                                                                          \
#test "/" #layout, test, NULL, NULL, &layout                                       \
	}
#define BOTH(test) ON(test, split), ON(test, packed)

int main(void)
{
	static enum fe_layout split = FE_SPLIT, packed = FE_PACKED;
	const struct CMUnitTest tests[] = {
	    BOTH(add_publish_shows_chain_as_given),
	    BOTH(get_used_returns_token_and_length),
	    BOTH(add_without_publish_is_invisible),
	    BOTH(add_to_full_ring_fails),
	    BOTH(get_used_refuses_what_the_device_does_not_hold),
	    BOTH(used_without_write_has_no_length),
	    BOTH(need_kick_follows_the_device),
	    BOTH(event_index_names_the_chain_to_announce),
	    BOTH(event_index_is_found_inside_a_batch),
	    BOTH(irq_enable_and_disable_reach_the_device),
	    BOTH(raw_descriptors_stand_as_given),
	    BOTH(create_refuses_bad_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
