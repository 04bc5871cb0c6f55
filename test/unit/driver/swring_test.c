/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtqueues in software against what the specification (virtio 1.2) says of split and packed. */
#include <errno.h>

#include "swring_rig.h"

/* ---- start ---- */

static void start_no_such_ring_is_refused(void **state)
{
	static const uint16_t split_sizes[] = {0, 3, 6, 255, 32769, 65535};
	static const uint16_t packed_sizes[] = {0, 32769, 65535};
	bool packed = rig_is_packed(state);
	const uint16_t *sizes = packed ? packed_sizes : split_sizes;
	unsigned int i, n = packed ? 3 : 6;
	struct vv_swring_conf good, conf;
	struct vv_swring ring;
	struct rig rig;

	rig_open(&rig, state, 8, 0);
	swmock_ring(rig.mock, &good);
	for (i = 0; i < n; i++) {
		conf = good;
		conf.size = sizes[i];
		assert_int_equal(vv_swring_start(&ring, &conf), -EINVAL);
	}
	conf = good;
	conf.desc = (uint8_t *)good.desc + 8;
	assert_int_equal(vv_swring_start(&ring, &conf), -EINVAL);
	conf = good;
	conf.driver = (uint8_t *)good.driver + (packed ? 2 : 1);
	assert_int_equal(vv_swring_start(&ring, &conf), -EINVAL);
	conf = good;
	conf.device = (uint8_t *)good.device + 2;
	assert_int_equal(vv_swring_start(&ring, &conf), -EINVAL);
	if (packed) {
		conf = good;
		conf.base = 8;
		assert_int_equal(vv_swring_start(&ring, &conf), -EINVAL);
		conf.base = 0x8008;
		assert_int_equal(vv_swring_start(&ring, &conf), -EINVAL);
	}
	assert_int_equal(vv_swring_start(&ring, &good), 0);
	rig_close(&rig);
}

/* Split: powers of two; packed: any (§2.8.10.1); both up to 2^15. */
static void spec_2_7_and_2_8_10_1_every_size_works(void **state)
{
	static const uint16_t split[] = {1, 2, 4, 64, 256, 1024, 32768};
	static const uint16_t packed[] = {1, 2, 3, 5, 7, 63, 255, 1000, 32767, 32768};
	bool is_packed = rig_is_packed(state);
	unsigned int i, j, n = is_packed ? 10 : 7;
	struct rig rig;

	for (i = 0; i < n; i++) {
		uint16_t size = is_packed ? packed[i] : split[i];

		rig_open(&rig, state, size, 0);
		for (j = 0; j < 10; j++) {
			rig_add_one(&rig, j);
			swmock_publish(rig.mock);
			rig_serve_one(&rig, j, size > 1 ? 5 : 0);
			vv_swring_publish(&rig.ring);
			rig_reap_one(&rig, j, size > 1 ? 5 : 0);
		}
		rig_close(&rig);
	}
}

/* ---- chains ---- */

/* Readable buffers first, each where our mapping has it, in the driver's order. */
static void spec_2_7_5_and_2_8_6_chain_keeps_its_order(void **state)
{
	static const uint32_t len[] = {1, 2, 30, 4, 500};
	struct rig rig;
	unsigned int i;
	struct swmock_desc d;

	rig_open(&rig, state, 8, 0);
	rig_add(&rig, len, 3, 2, 0, 7);
	swmock_publish(rig.mock);
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
	assert_int_equal(rig.chain.error, VV_SWRING_OK);
	assert_int_equal(rig.chain.n_read, 3);
	assert_int_equal(rig.chain.n_write, 2);
	assert_int_equal(rig.chain.read_len, 33);
	assert_int_equal(rig.chain.write_len, 504);
	for (i = 0; i < 5; i++) {
		swmock_peek(rig.mock, false, i, &d);
		assert_ptr_equal(rig.chain.seg[i].addr, swmock_translate(rig.mock, d.addr, d.len));
		assert_ptr_not_equal(rig.chain.seg[i].addr, swmock_at(rig.mock, d.addr, d.len));
		assert_int_equal(rig.chain.seg[i].len, len[i]);
	}
	vv_swring_used(&rig.ring, &rig.chain, 504);
	vv_swring_publish(&rig.ring);
	rig_reap_one(&rig, 7, 504);
	rig_close(&rig);
}

/* A message of 24 bytes to read and 24 to write, cut at every pair of places. */
static void spec_2_7_4_framing_does_not_matter(void **state)
{
	uint8_t message[24], answer[24], got[24];
	uint32_t a, b, i, at, len[6];
	struct rig rig;
	struct swmock_desc d;

	for (i = 0; i < 24; i++) {
		message[i] = i + 1;
		answer[i] = 100 + i;
	}
	rig_open(&rig, state, 8, RIG_INDIRECT);
	for (a = 1; a < 23; a++) {
		for (b = a + 1; b < 24; b++) {
			bool table = (a + b) % 2;

			len[0] = len[3] = a;
			len[1] = len[4] = b - a;
			len[2] = len[5] = 24 - b;
			swmock_free_all(rig.mock);
			rig_add(&rig, len, 3, 3, table ? 6 : 0, a);
			for (i = at = 0; i < 3; at += len[i++]) {
				swmock_peek(rig.mock, table, i, &d);
				memcpy(swmock_at(rig.mock, d.addr, d.len), message + at, len[i]);
			}
			swmock_publish(rig.mock);
			assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
			assert_int_equal(rig.chain.error, VV_SWRING_OK);
			assert_int_equal(rig.chain.read_len, 24);

			assert_int_equal(vv_swring_read(&rig.chain, 0, got, 24), 24);
			assert_memory_equal(got, message, 24);
			assert_int_equal(vv_swring_read(&rig.chain, a / 2, got, 24), 24 - a / 2);
			assert_memory_equal(got, message + a / 2, 24 - a / 2);
			assert_int_equal(vv_swring_read(&rig.chain, a, got, 24), 24 - a);
			assert_memory_equal(got, message + a, 24 - a);
			assert_int_equal(vv_swring_read(&rig.chain, b - 1, got, 1), 1);
			assert_int_equal(got[0], message[b - 1]);
			assert_int_equal(vv_swring_read(&rig.chain, 24, got, 24), 0);
			assert_int_equal(vv_swring_read(&rig.chain, 1000, got, 24), 0);

			assert_int_equal(vv_swring_write(&rig.chain, b, answer + b, 100), 24 - b);
			assert_int_equal(vv_swring_write(&rig.chain, 0, answer, b), b);
			assert_int_equal(vv_swring_write(&rig.chain, 24, answer, 1), 0);
			for (i = at = 0; i < 3; at += len[i++]) {
				swmock_peek(rig.mock, table, 3 + i, &d);
				assert_memory_equal(swmock_at(rig.mock, d.addr, d.len), answer + at,
						    len[i]);
			}
			vv_swring_used(&rig.ring, &rig.chain, 24);
			vv_swring_publish(&rig.ring);
			rig_reap_one(&rig, a, 24);
		}
	}
	rig_close(&rig);
}

static void chain_of_256_buffers_is_taken(void **state)
{
	uint32_t len[VV_SWRING_SEGS_MAX];
	struct rig rig;
	unsigned int i;

	for (i = 0; i < VV_SWRING_SEGS_MAX; i++)
		len[i] = 1 + i % 3;
	rig_open(&rig, state, 256, RIG_INDIRECT);
	for (i = 0; i < 2; i++) {
		rig_add(&rig, len, 200, 56, i ? 256 : 0, i);
		swmock_publish(rig.mock);
		assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
		assert_int_equal(rig.chain.error, VV_SWRING_OK);
		assert_int_equal(rig.chain.n_read, 200);
		assert_int_equal(rig.chain.n_write, 56);
		vv_swring_used(&rig.ring, &rig.chain, 1);
		vv_swring_publish(&rig.ring);
		rig_reap_one(&rig, i, 1);
	}
	rig_close(&rig);
}

/* ---- indirect tables ---- */

/* WRITE means nothing beside INDIRECT; a table may lie at any address. */
static void spec_2_7_5_3_and_2_8_7_table_is_a_chain(void **state)
{
	static const uint32_t len[] = {3, 5, 7};
	struct swmock_desc d;
	struct rig rig;
	unsigned int i, j;

	rig_open(&rig, state, 4, RIG_INDIRECT);
	for (i = 0; i < 16; i++) {
		if (swmock_outstanding(rig.mock) == 0)
			swmock_free_all(rig.mock);
		/* Moves the table a byte further. */
		if (i > 0) {
			swmock_alloc(rig.mock, i);
			swmock_alloc(rig.mock, i);
		}
		rig_add(&rig, len, 1, 2, 3, i);
		swmock_peek(rig.mock, false, 0, &d);
		assert_int_equal(d.flags, VRING_DESC_F_INDIRECT);
		d.flags |= VRING_DESC_F_WRITE;
		swmock_poke(rig.mock, false, 0, &d);
		swmock_publish(rig.mock);

		assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
		assert_int_equal(rig.chain.error, VV_SWRING_OK);
		assert_int_equal(rig.chain.n_read, 1);
		assert_int_equal(rig.chain.n_write, 2);
		assert_int_equal(rig.chain.skip, 1);
		for (j = 0; j < 3; j++)
			assert_int_equal(rig.chain.seg[j].len, len[j]);
		vv_swring_used(&rig.ring, &rig.chain, 12);
		vv_swring_publish(&rig.ring);
		rig_reap_one(&rig, i, 12);
	}
	rig_close(&rig);
}

/* Zero or more descriptors followed by a table. */
static void spec_2_7_5_3_2_chain_may_end_in_a_table(void **state)
{
	static const uint32_t len[] = {3, 5, 7, 11};
	struct rig rig;
	unsigned int table, i;

	rig_open(&rig, state, 4, RIG_INDIRECT);
	for (table = 1; table <= 4; table++) {
		rig_add(&rig, len, 2, 2, table, table);
		swmock_publish(rig.mock);
		assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
		assert_int_equal(rig.chain.error, VV_SWRING_OK);
		assert_int_equal(rig.chain.n_read, 2);
		assert_int_equal(rig.chain.n_write, 2);
		for (i = 0; i < 4; i++)
			assert_int_equal(rig.chain.seg[i].len, len[i]);
		vv_swring_used(&rig.ring, &rig.chain, 0);
		vv_swring_publish(&rig.ring);
		rig_reap_one(&rig, table, 0);
	}
	rig_close(&rig);
}

/* In a packed ring's table NEXT and the id are ignored: all of it counts. */
static void spec_2_8_7_next_in_a_table_is_ignored(void **state)
{
	static const uint32_t len[] = {3, 5, 7, 11};
	struct swmock_desc d;
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, 4, RIG_INDIRECT);
	rig_add(&rig, len, 2, 2, 4, 9);
	for (i = 0; i < 4; i++) {
		swmock_peek(rig.mock, true, i, &d);
		d.flags |= i % 2 ? VRING_DESC_F_NEXT : 0;
		d.next_or_id = 0xffff;
		swmock_poke(rig.mock, true, i, &d);
	}
	swmock_publish(rig.mock);
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
	assert_int_equal(rig.chain.error, VV_SWRING_OK);
	assert_int_equal(rig.chain.n_read + rig.chain.n_write, 4);
	vv_swring_used(&rig.ring, &rig.chain, 18);
	vv_swring_publish(&rig.ring);
	rig_reap_one(&rig, 9, 18);
	rig_close(&rig);
}

/* The driver's side itself: a chain that could not be added leaves the one before as the last. */
static void mock_add_without_room_for_its_table_changes_nothing(void **state)
{
	static const uint32_t len[] = {8, 8};
	struct swmock_desc before, after;
	struct swmock_buf buf[2];
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, 8, RIG_INDIRECT);
	rig_add(&rig, len, 1, 1, 2, 1);
	swmock_peek(rig.mock, true, 1, &before);
	for (i = 0; i < 2; i++)
		buf[i] = (struct swmock_buf){swmock_alloc(rig.mock, 8), 8, i > 0};
	while (swmock_alloc(rig.mock, 1))
		;
	assert_int_equal(swmock_add(rig.mock, buf, 2, 2, 2), -ENOSPC);
	swmock_peek(rig.mock, true, 1, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(swmock_outstanding(rig.mock), 1);
	rig_close(&rig);
}

/* ---- used ---- */

static void used_is_seen_when_it_is_published(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, 8, 0);
	for (i = 0; i < 4; i++)
		rig_add_one(&rig, i);
	assert_false(vv_swring_pending(&rig.ring));
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 0);
	swmock_publish(rig.mock);
	for (i = 0; i < 4; i++) {
		rig_serve_one(&rig, i, i);
		rig_reap_nothing(&rig);
	}
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 0);
	vv_swring_publish(&rig.ring);
	for (i = 0; i < 4; i++)
		rig_reap_one(&rig, i, i);
	vv_swring_publish(&rig.ring);
	rig_reap_nothing(&rig);
	rig_close(&rig);
}

/* One used descriptor for the list, with WRITE only if something was written. */
static void spec_2_8_3_and_2_8_6_used_descriptor(void **state)
{
	static const uint32_t len[] = {8, 8, 8};
	struct vring_packed_desc before[4], *d;
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, 4, 0);
	rig_add(&rig, len, 1, 2, 0, 0);
	swmock_publish(rig.mock);
	d = rig.mock->packed;
	memcpy(before, d, sizeof(before));
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
	assert_int_equal(rig.chain.skip, 3);
	assert_int_equal(rig.chain.id, before[2].id);
	assert_memory_equal(before, d, sizeof(before));
	vv_swring_used(&rig.ring, &rig.chain, 9);
	vv_swring_publish(&rig.ring);
	assert_int_equal(d[0].id, before[2].id);
	assert_int_equal(d[0].len, 9);
	assert_int_equal(d[0].flags, 1 << 7 | 1 << 15 | VRING_DESC_F_WRITE);
	assert_memory_equal(&before[1], &d[1], 3 * sizeof(*d));
	rig_reap_one(&rig, 0, 9);

	/* Over the end: places 3, 0 and 1. */
	rig_add(&rig, len, 1, 2, 0, 1);
	swmock_publish(rig.mock);
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
	vv_swring_used(&rig.ring, &rig.chain, 0);
	vv_swring_publish(&rig.ring);
	assert_int_equal(d[3].flags, 1 << 7 | 1 << 15);
	rig_reap_one(&rig, 1, 0);

	/* The other round: both flags 0. */
	for (i = 2; i < 4; i++) {
		rig_add(&rig, len, 1, 0, 0, i);
		swmock_publish(rig.mock);
		assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
		vv_swring_used(&rig.ring, &rig.chain, 0);
		vv_swring_publish(&rig.ring);
		assert_int_equal(d[i].flags, 0);
		rig_reap_one(&rig, i, 0);
	}
	rig_close(&rig);
}

static void spec_2_7_8_used_entry(void **state)
{
	static const uint32_t len[] = {8, 8, 8};
	uint16_t head;
	struct rig rig;

	rig_open_at(&rig, state, 4, 0xffff, 0);
	rig_add(&rig, len, 1, 2, 0, 0);
	head = rig.mock->last_slot[0];
	swmock_publish(rig.mock);
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
	vv_swring_used(&rig.ring, &rig.chain, 9);
	assert_int_equal(rig.mock->used->idx, 0xffff);
	vv_swring_publish(&rig.ring);
	assert_int_equal(rig.mock->used->idx, 0);
	assert_int_equal(rig.mock->used->ring[3].id, head);
	assert_int_equal(rig.mock->used->ring[3].len, 9);
	rig_close(&rig);
}

/* ---- positions ---- */

/* All the ring at once, and again, to beyond 2^16 chains, or to many rounds of an odd size. */
static void full_ring_runs_through_every_wrap(void **state)
{
	static const struct {
		uint16_t split, packed;
		unsigned int rounds;
	} sizes[] = {{1, 1, 70000}, {2, 3, 35000}, {8, 7, 9000}, {256, 255, 300}};
	unsigned int i, j, k, batch;
	uintptr_t token = 0, back = 0;
	struct rig rig;

	for (i = 0; i < 4; i++) {
		uint16_t size = rig_is_packed(state) ? sizes[i].packed : sizes[i].split;
		uint32_t len = 8;

		rig_open(&rig, state, size, RIG_EVENT_IDX);
		for (j = 0; j < sizes[i].rounds; j++) {
			/* Of one descriptor each: the ring is full. */
			batch = j % 5 ? size : (size + 1) / 2;
			swmock_free_all(rig.mock);
			for (k = 0; k < batch; k++)
				rig_add(&rig, &len, 0, 1, 0, token++);
			swmock_publish(rig.mock);
			for (k = 0; k < batch; k++) {
				if (vv_swring_pop(&rig.ring, &rig.chain) != 1)
					fail();
				vv_swring_used(&rig.ring, &rig.chain, 8);
			}
			if (vv_swring_pending(&rig.ring))
				fail();
			vv_swring_publish(&rig.ring);
			for (k = 0; k < batch; k++)
				rig_reap_one(&rig, back++, 8);
		}
		rig_close(&rig);
	}
}

/* A ring goes on where another one was told to stop, at every position. */
static void base_is_where_a_successor_goes_on(void **state)
{
	uint16_t base = rig_is_packed(state) ? 0x8000 : 0xfff0, next;
	struct vv_swring_conf conf;
	struct rig rig;
	unsigned int i;

	for (i = 0; i < 40; i++) {
		rig_open_at(&rig, state, rig_is_packed(state) ? 7 : 8, base, 0);
		rig_add_one(&rig, i);
		swmock_publish(rig.mock);
		rig_serve_one(&rig, i, 1);
		vv_swring_publish(&rig.ring);
		next = vv_swring_base(&rig.ring);

		/* The same memory, another device. */
		swmock_ring(rig.mock, &conf);
		conf.base = next;
		memset(&rig.ring, 0xa5, sizeof(rig.ring));
		assert_int_equal(vv_swring_start(&rig.ring, &conf), 0);
		rig_add_one(&rig, 1000 + i);
		swmock_publish(rig.mock);
		rig_serve_one(&rig, 1000 + i, 2);
		vv_swring_publish(&rig.ring);
		rig_reap_one(&rig, i, 1);
		rig_reap_one(&rig, 1000 + i, 2);
		assert_int_equal(vv_swring_base(&rig.ring), rig.mock->next_avail);
		assert_false(vv_swring_pending(&rig.ring));
		rig_close(&rig);

		/* And other memory, as after a migration. */
		base = next;
	}
}

/* An idle look, an empty pop, and a used nobody published leave the ring as it was. */
static void looking_writes_nothing(void **state)
{
	struct swmock_region *r;
	uint8_t before[3][256];
	unsigned int i;
	struct rig rig;

	rig_open(&rig, state, 8, RIG_EVENT_IDX);
	for (i = 0; i < 3; i++)
		memcpy(before[i], rig.mock->region[i].guest, rig.mock->region[i].size);
	assert_false(vv_swring_pending(&rig.ring));
	assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 0);
	assert_false(vv_swring_call_needed(&rig.ring));
	vv_swring_publish(&rig.ring);
	for (i = 0; i < 3; i++) {
		r = &rig.mock->region[i];
		assert_true(r->size <= sizeof(before[i]));
		assert_memory_equal(before[i], r->guest, r->size);
	}
	rig_close(&rig);
}

static void error_each_has_a_name_and_a_text(void **state)
{
	unsigned int i, j;

	for (i = 0; i < VV_SWRING_ERROR_N; i++) {
		assert_non_null(vv_swring_error_name(i));
		assert_non_null(vv_swring_error_text(i));
		assert_null(strchr(vv_swring_error_name(i), ' '));
		for (j = 0; j < i; j++) {
			assert_string_not_equal(vv_swring_error_name(i), vv_swring_error_name(j));
			assert_string_not_equal(vv_swring_error_text(i), vv_swring_error_text(j));
		}
	}
	assert_string_equal(vv_swring_error_name(VV_SWRING_ERROR_N), "unknown");
	assert_string_equal(vv_swring_error_text(VV_SWRING_ERROR_N), "unknown");
	assert_false(vv_swring_is_broken(VV_SWRING_INDIRECT_LENGTH));
	assert_true(vv_swring_is_broken(VV_SWRING_BAD_INDEX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(start_no_such_ring_is_refused),
	    BOTH(spec_2_7_and_2_8_10_1_every_size_works),
	    BOTH(spec_2_7_5_and_2_8_6_chain_keeps_its_order),
	    BOTH(spec_2_7_4_framing_does_not_matter),
	    BOTH(chain_of_256_buffers_is_taken),
	    BOTH(spec_2_7_5_3_and_2_8_7_table_is_a_chain),
	    SPLIT(spec_2_7_5_3_2_chain_may_end_in_a_table),
	    PACKED(spec_2_8_7_next_in_a_table_is_ignored),
	    BOTH(mock_add_without_room_for_its_table_changes_nothing),
	    BOTH(used_is_seen_when_it_is_published),
	    PACKED(spec_2_8_3_and_2_8_6_used_descriptor),
	    SPLIT(spec_2_7_8_used_entry),
	    BOTH(full_ring_runs_through_every_wrap),
	    BOTH(base_is_where_a_successor_goes_on),
	    BOTH(looking_writes_nothing),
	    cmocka_unit_test(error_each_has_a_name_and_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
