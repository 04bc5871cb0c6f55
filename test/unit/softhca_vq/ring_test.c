/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side of split and packed rings on its own, section by section of virtio 1.2, and
 * every way in which a driver may lie. The driver is test/frontend's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "guest_mem.h"
#include "ring.h"
#include "vq/dp_impl.h"

enum { DESC_MAX = 64 };

/* One ring between a driver and the device code. */
struct bench {
	enum ring_layout layout;
	struct fe_mem mem;
	struct fe_ring_area area;
	struct fe_ring *driver;
	union ring ring;
	uint16_t at;
	struct ring_desc desc[DESC_MAX];
	struct ring_chain chain;
};

struct setup {
	bool packed;
	uint16_t size, base, max_chain;
};

static void bench_open(struct bench *b, const struct setup *s)
{
	struct fe_ring_config cfg = {
	    .layout = s->packed ? FE_PACKED : FE_SPLIT, .size = s->size, .base = s->base};
	struct fe_ring_layout need;
	uint16_t max_chain = s->max_chain ? s->max_chain : DESC_MAX;

	memset(b, 0, sizeof(*b));
	b->layout = s->packed ? RING_PACKED : RING_SPLIT;
	assert_int_equal(fe_mem_create(&b->mem, 1, 2 << 20), 0);
	assert_int_equal(fe_ring_layout(cfg.layout, s->size, &need), 0);
	assert_int_equal(fe_mem_alloc(&b->mem, 0, need.desc_len, 16, &b->area.desc), 0);
	assert_int_equal(fe_mem_alloc(&b->mem, 0, need.driver_len, 4, &b->area.driver), 0);
	assert_int_equal(fe_mem_alloc(&b->mem, 0, need.device_len, 4, &b->area.device), 0);
	cfg.area = b->area;
	assert_int_equal(fe_ring_create(&cfg, &b->driver), 0);
	b->at = s->base;
	if (s->packed)
		ring_packed_init(&b->ring.packed, b->area.desc.ptr, b->area.driver.ptr,
				 b->area.device.ptr, s->size, max_chain, s->base, s->base);
	else
		ring_split_init(&b->ring.split, b->area.desc.ptr, b->area.driver.ptr,
				b->area.device.ptr, s->size, max_chain, s->base, s->base);
}

static void bench_close(struct bench *b)
{
	fe_ring_destroy(b->driver);
	fe_mem_destroy(&b->mem);
}

static void add(struct bench *b, unsigned int readable, unsigned int writable, uint16_t token)
{
	struct fe_sg sg[8];

	for (unsigned int i = 0; i < 8; i++)
		sg[i] = (struct fe_sg){.gpa = 0x1000 * (i + 1), .len = 100 + i};
	assert_int_equal(fe_ring_add(b->driver, sg, readable, writable, token), 0);
}

/* Look at the chain at b->at: as ring_next and ring_rest say. */
static int look(struct bench *b)
{
	int got = ring_next(b->layout, &b->ring, b->at, &b->chain, b->desc);

	if (got > 0 && b->desc[0].flags & RING_DESC_NEXT) {
		int err = ring_rest(b->layout, &b->ring, b->at, &b->chain, b->desc);

		return err < 0 ? err : 1;
	}
	return got;
}

static void take(struct bench *b, uint32_t len)
{
	assert_int_equal(look(b), 1);
	b->at = ring_step(b->layout, &b->ring, b->at, &b->chain);
	ring_push(b->layout, &b->ring, &b->chain, len);
}

/* The driver gets back exactly this. */
static void expect_used(struct bench *b, uint16_t token, uint32_t len)
{
	struct fe_used used;

	assert_int_equal(fe_ring_get_used(b->driver, &used), 1);
	assert_int_equal(used.token, token);
	assert_int_equal(used.len, len);
}

static const struct setup split = {.size = 8};
static const struct setup packed = {.packed = true, .size = 7, .base = 0x8000};
/* About to wrap: the split ring's index at 16 bits, the packed ring at its end, wrap counter 0. */
static const struct setup split_late = {.size = 8, .base = 0xfffd};
static const struct setup packed_late = {.packed = true, .size = 7, .base = 5};

/* 2.7.13, 2.8.21: nothing is seen before the driver publishes it. */
static void spec_2_7_13_chain_is_seen_when_published(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	assert_int_equal(look(&b), 0);
	add(&b, 1, 2, 5);
	assert_int_equal(look(&b), 0);
	fe_ring_publish(b.driver);
	assert_int_equal(look(&b), 1);
	assert_int_equal(b.chain.ndesc, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(b.desc[i].addr, 0x1000 * (i + 1));
		assert_int_equal(b.desc[i].len, 100 + i);
		assert_int_equal(!!(b.desc[i].flags & RING_DESC_WRITE), i > 0);
	}
	bench_close(&b);
}

/* 2.7.8, 2.8.6: looking ahead takes nothing; pushing is seen when published. */
static void spec_2_7_8_used_is_seen_when_published(void **state)
{
	struct bench b;
	struct fe_used used;

	bench_open(&b, *state);
	add(&b, 1, 0, 1);
	add(&b, 0, 1, 2);
	fe_ring_publish(b.driver);
	assert_int_equal(look(&b), 1);
	assert_false(ring_publish(b.layout, &b.ring));
	take(&b, 0);
	take(&b, 77);
	assert_int_equal(look(&b), 0);
	assert_int_equal(fe_ring_get_used(b.driver, &used), 0);
	assert_true(ring_publish(b.layout, &b.ring));
	expect_used(&b, 1, 0);
	expect_used(&b, 2, 77);
	assert_int_equal(fe_ring_get_used(b.driver, &used), 0);
	assert_false(ring_publish(b.layout, &b.ring));
	bench_close(&b);
}

/* 2.8.1, 2.7.6: many laps, chains of changing length, batches of changing size. */
static void spec_2_8_1_ring_wraps(void **state)
{
	const struct setup *s = *state;
	unsigned int added = 0, done = 0, looked = 0;
	struct bench b;

	bench_open(&b, s);
	while (done < 70000) {
		unsigned int batch = done % 3 + 1;

		while (b.driver->free_count >= 2 && added - done < 5) {
			add(&b, 1 + added % 2, 0, (uint16_t)added);
			added++;
		}
		fe_ring_publish(b.driver);
		for (unsigned int i = 0; i < batch && looked < added; i++, looked++)
			take(&b, 0);
		ring_publish(b.layout, &b.ring);
		for (; done < looked; done++)
			expect_used(&b, (uint16_t)done, 0);
	}
	bench_close(&b);
}

/* Where a ring is taken up again it goes on: 16-bit index, or slot and wrap counter. */
static void ring_goes_on_at_its_cursors(void **state)
{
	const struct setup *s = *state;
	struct bench b;

	bench_open(&b, s);
	for (unsigned int i = 0; i < 100; i++) {
		uint16_t avail, used;

		add(&b, 1 + i % 3, 0, (uint16_t)i);
		fe_ring_publish(b.driver);
		take(&b, 0);
		ring_publish(b.layout, &b.ring);
		expect_used(&b, (uint16_t)i, 0);
		if (s->packed) {
			avail = b.ring.packed.avail_at;
			used = b.ring.packed.used_at;
			assert_int_equal(avail, fe_ring_base(b.driver) & 0xffff);
			ring_packed_init(&b.ring.packed, b.area.desc.ptr, b.area.driver.ptr,
					 b.area.device.ptr, s->size, DESC_MAX, avail, used);
		} else {
			avail = b.ring.split.avail_at;
			used = b.ring.split.used_at;
			assert_int_equal(avail, fe_ring_base(b.driver));
			ring_split_init(&b.ring.split, b.area.desc.ptr, b.area.driver.ptr,
					b.area.device.ptr, s->size, DESC_MAX, avail, used);
		}
	}
	bench_close(&b);
}

/* 2.7.7, 2.8.14: the driver's wish to be interrupted. */
static void spec_2_7_7_interrupts_can_be_suppressed(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	assert_true(ring_call_wanted(b.layout, &b.ring));
	fe_ring_irq_disable(b.driver);
	assert_false(ring_call_wanted(b.layout, &b.ring));
	fe_ring_irq_enable(b.driver);
	assert_true(ring_call_wanted(b.layout, &b.ring));
	bench_close(&b);
}

/* 2.8.14: DESC needs a feature that was not offered; the driver is told rather too often. */
static void spec_2_8_14_desc_without_feature_counts_as_enable(void **state)
{
	struct bench b;
	uint16_t flags = RING_EVENT_DESC;

	bench_open(&b, &packed);
	memcpy(b.area.driver.ptr + 2, &flags, 2);
	assert_true(ring_call_wanted(b.layout, &b.ring));
	flags = 3;
	memcpy(b.area.driver.ptr + 2, &flags, 2);
	assert_true(ring_call_wanted(b.layout, &b.ring));
	bench_close(&b);
}

/* 2.7.10, 2.8.14: our wish to be notified. */
static void spec_2_7_10_kicks_can_be_suppressed(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	for (unsigned int i = 0; i < 4; i++) {
		add(&b, 1, 0, 1);
		fe_ring_publish(b.driver);
		if (i % 2)
			ring_kick_on(b.layout, &b.ring);
		else
			ring_kick_off(b.layout, &b.ring);
		assert_int_equal(fe_ring_need_kick(b.driver), i % 2);
	}
	bench_close(&b);
}

/* 2.8.6: the id of a list is in its last descriptor. */
static void spec_2_8_6_id_is_in_the_last_descriptor(void **state)
{
	struct fe_raw_desc d[2] = {
	    {.addr = 1, .len = 1, .flags = RING_DESC_NEXT, .next = 0x7777},
	    {.addr = 2,         .len = 2,         .next = FE_NEXT_AUTO               }
        };
	struct bench b;

	bench_open(&b, &packed);
	assert_int_equal(fe_ring_add_raw(b.driver, d, 2, 9), 0);
	fe_ring_publish(b.driver);
	take(&b, 0);
	ring_publish(b.layout, &b.ring);
	expect_used(&b, 9, 0);
	bench_close(&b);
}

/* ---- drivers that lie ---- */

/* One chain exactly as given: what the device makes of it. */
static int look_raw(const struct setup *s, struct fe_raw_desc *d, unsigned int n)
{
	struct bench b;
	int got;

	bench_open(&b, s);
	assert_int_equal(fe_ring_add_raw(b.driver, d, n, 0), 0);
	fe_ring_publish(b.driver);
	got = look(&b);
	bench_close(&b);
	return got;
}

static void indirect_descriptor_is_refused(void **state)
{
	struct fe_raw_desc d[2] = {
	    {1, 16, RING_DESC_INDIRECT, FE_NEXT_AUTO}
        };

	assert_int_equal(look_raw(*state, d, 1), RING_E_INDIRECT);
	d[1] = d[0];
	d[0].flags = RING_DESC_NEXT;
	assert_int_equal(look_raw(*state, d, 2), RING_E_INDIRECT);
}

static void descriptor_of_no_bytes_is_refused(void **state)
{
	struct fe_raw_desc d[2] = {
	    {1, 0, 0, FE_NEXT_AUTO},
            {1, 0, 0, FE_NEXT_AUTO}
        };

	assert_int_equal(look_raw(*state, d, 1), RING_E_ZERO);
	d[0].len = 1;
	d[0].flags = RING_DESC_NEXT;
	assert_int_equal(look_raw(*state, d, 2), RING_E_ZERO);
}

static void readable_behind_writable_is_refused(void **state)
{
	struct fe_raw_desc d[2] = {
	    {1, 1, RING_DESC_NEXT | RING_DESC_WRITE, FE_NEXT_AUTO},
            {1, 1, 0,                                FE_NEXT_AUTO}
        };

	assert_int_equal(look_raw(*state, d, 2), RING_E_ORDER);
}

static void next_outside_the_table_is_refused(void **state)
{
	struct fe_raw_desc d[2] = {
	    {1, 1, RING_DESC_NEXT, 8           },
            {1, 1, 0,              FE_NEXT_AUTO}
        };

	assert_int_equal(look_raw(&split, d, 2), RING_E_NEXT);
	d[0].next = 0xffff;
	assert_int_equal(look_raw(&split, d, 2), RING_E_NEXT);
}

static void loop_is_refused(void **state)
{
	struct fe_raw_desc d[7];

	for (unsigned int i = 0; i < 7; i++)
		d[i] = (struct fe_raw_desc){1, 1, RING_DESC_NEXT, FE_NEXT_AUTO};
	if (!((const struct setup *)*state)->packed)
		d[1].next = 0;
	assert_int_equal(look_raw(*state, d, 7), RING_E_LOOP);
}

static void chain_longer_than_allowed_is_refused(void **state)
{
	struct setup s = *(const struct setup *)*state;
	struct fe_raw_desc d[4];

	for (unsigned int i = 0; i < 4; i++)
		d[i] = (struct fe_raw_desc){1, 1, i < 3 ? RING_DESC_NEXT : 0, FE_NEXT_AUTO};
	s.max_chain = 4;
	assert_int_equal(look_raw(&s, d, 4), 1);
	s.max_chain = 3;
	assert_int_equal(look_raw(&s, d, 4), RING_E_TOO_LONG);
}

static void head_outside_the_table_is_refused(void **state)
{
	struct bench b;
	uint16_t head = 8;

	bench_open(&b, &split);
	add(&b, 1, 0, 0);
	fe_ring_publish(b.driver);
	memcpy(b.area.driver.ptr + 4, &head, 2);
	assert_int_equal(look(&b), RING_E_HEAD);
	bench_close(&b);
}

static void store_avail_idx(struct bench *b, uint16_t idx)
{
	memcpy(b->area.driver.ptr + 2, &idx, 2);
}

static void index_jump_is_refused(void **state)
{
	const struct setup *s = *state;
	struct bench b;

	bench_open(&b, s);
	store_avail_idx(&b, (uint16_t)(s->base + 9));
	assert_int_equal(look(&b), RING_E_JUMP);
	store_avail_idx(&b, (uint16_t)(s->base - 1));
	assert_int_equal(look(&b), RING_E_JUMP);
	store_avail_idx(&b, (uint16_t)(s->base + 8));
	add(&b, 1, 0, 0);
	assert_int_equal(look(&b), 1);
	bench_close(&b);
}

/* While we read ahead the index goes back behind us. */
static void index_that_goes_back_is_refused(void **state)
{
	const struct setup *s = *state;
	struct bench b;

	bench_open(&b, s);
	add(&b, 1, 0, 0);
	add(&b, 1, 0, 0);
	fe_ring_publish(b.driver);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(look(&b), 1);
		b.at = ring_step(b.layout, &b.ring, b.at, &b.chain);
	}
	store_avail_idx(&b, (uint16_t)(s->base + 1));
	assert_int_equal(look(&b), RING_E_JUMP);
	bench_close(&b);
}

#define LAYOUTS(f)                                                                                 \
	{#f "/split", f, NULL, NULL, (void *)&split},                                              \
	{                                                                                          \
#f "/packed", f, NULL, NULL, (void *)&packed                                       \
	}
#define LATE(f)                                                                                    \
	{#f "/split late", f, NULL, NULL, (void *)&split_late},                                    \
	{                                                                                          \
#f "/packed late", f, NULL, NULL, (void *)&packed_late                             \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    LAYOUTS(spec_2_7_13_chain_is_seen_when_published),
	    LATE(spec_2_7_13_chain_is_seen_when_published),
	    LAYOUTS(spec_2_7_8_used_is_seen_when_published),
	    LATE(spec_2_7_8_used_is_seen_when_published),
	    LAYOUTS(spec_2_8_1_ring_wraps),
	    LATE(spec_2_8_1_ring_wraps),
	    LAYOUTS(ring_goes_on_at_its_cursors),
	    LATE(ring_goes_on_at_its_cursors),
	    LAYOUTS(spec_2_7_7_interrupts_can_be_suppressed),
	    cmocka_unit_test(spec_2_8_14_desc_without_feature_counts_as_enable),
	    LAYOUTS(spec_2_7_10_kicks_can_be_suppressed),
	    cmocka_unit_test(spec_2_8_6_id_is_in_the_last_descriptor),
	    LAYOUTS(indirect_descriptor_is_refused),
	    LAYOUTS(descriptor_of_no_bytes_is_refused),
	    LAYOUTS(readable_behind_writable_is_refused),
	    cmocka_unit_test(next_outside_the_table_is_refused),
	    LAYOUTS(loop_is_refused),
	    LAYOUTS(chain_longer_than_allowed_is_refused),
	    cmocka_unit_test(head_outside_the_table_is_refused),
	    cmocka_unit_test_prestate(index_jump_is_refused, (void *)&split),
	    {"index_jump_is_refused/late",           index_jump_is_refused,           NULL, NULL, (void *)&split_late},
	    cmocka_unit_test_prestate(index_that_goes_back_is_refused, (void *)&split),
	    {"index_that_goes_back_is_refused/late", index_that_goes_back_is_refused, NULL, NULL,
						     (void *)&split_late										     },
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
