/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every way a driver can get a ring wrong: the error it has, that a chain with one comes back with
 * length 0 and the ring goes on, and that a broken ring stays so until it is started anew.
 */
#include <errno.h>

#include "swring_rig.h"

enum { NEXT = VRING_DESC_F_NEXT, WRITE = VRING_DESC_F_WRITE, INDIRECT = VRING_DESC_F_INDIRECT };
enum { ITSELF = 0x10000 /* a descriptor's next: wherever it happens to be */ };

/* One word of one descriptor of a chain of three: read, read, write. */
struct wrong {
	const char *what;
	enum vv_swring_error error;
	enum {
		DIRECT, /* of the ring */
		TABLE,  /* of the ring, for a table with all of the chain */
		ENTRY,  /* of that table */
	} where;
	unsigned int i;
	enum { SET_ADDR, ADD_ADDR, SET_LEN, SET_FLAGS, SET_NEXT } field;
	uint64_t value;
	enum { ANY, ONLY_SPLIT, ONLY_PACKED } layout;
};

static const struct wrong wrongs[] = {
    {"next is itself", VV_SWRING_LOOP, DIRECT, 1, SET_NEXT, ITSELF, ONLY_SPLIT},
    {"next is the size", VV_SWRING_BAD_NEXT, DIRECT, 0, SET_NEXT, 8, ONLY_SPLIT},
    {"next is far away", VV_SWRING_BAD_NEXT, DIRECT, 1, SET_NEXT, 0xffff, ONLY_SPLIT},
    {"a table's next is itself", VV_SWRING_LOOP, ENTRY, 1, SET_NEXT, 1, ONLY_SPLIT},
    {"a table's next is its start", VV_SWRING_LOOP, ENTRY, 0, SET_NEXT, 0, ONLY_SPLIT},
    {"a table's next is its end", VV_SWRING_BAD_NEXT, ENTRY, 0, SET_NEXT, 3, ONLY_SPLIT},
    {"a table's last has a next", VV_SWRING_BAD_NEXT, ENTRY, 2, SET_NEXT, 0xffff, ONLY_SPLIT},

    {"address 0", VV_SWRING_BAD_ADDRESS, DIRECT, 0, SET_ADDR, 0, ANY},
    {"address in a hole", VV_SWRING_BAD_ADDRESS, DIRECT, 1, SET_ADDR, 0x2000000, ANY},
    {"address that wraps", VV_SWRING_BAD_ADDRESS, DIRECT, 2, SET_ADDR, -1ull, ANY},
    {"buffer over an end", VV_SWRING_BAD_ADDRESS, DIRECT, 1, ADD_ADDR, 0xfff8, ANY},
    {"length of everything", VV_SWRING_BAD_ADDRESS, DIRECT, 2, SET_LEN, 0xffffffff, ANY},
    {"table nowhere", VV_SWRING_BAD_ADDRESS, TABLE, 0, SET_ADDR, 16, ANY},
    {"table over an end", VV_SWRING_BAD_ADDRESS, TABLE, 0, ADD_ADDR, 0xffe0, ANY},
    {"table longer than memory", VV_SWRING_BAD_ADDRESS, TABLE, 0, SET_LEN, 0x10000, ONLY_SPLIT},
    {"in a table, nowhere", VV_SWRING_BAD_ADDRESS, ENTRY, 2, SET_ADDR, 1, ANY},

    {"write, then read", VV_SWRING_READ_AFTER_WRITE, DIRECT, 0, SET_FLAGS, NEXT | WRITE, ANY},
    {"write, then read, in a table", VV_SWRING_READ_AFTER_WRITE, ENTRY, 0, SET_FLAGS, NEXT | WRITE,
     ANY},

    {"table in a table", VV_SWRING_INDIRECT_NESTED, ENTRY, 1, SET_FLAGS, INDIRECT, ANY},
    {"table with NEXT", VV_SWRING_INDIRECT_NEXT, DIRECT, 0, SET_FLAGS, INDIRECT | NEXT, ANY},
    {"table at a list's end", VV_SWRING_INDIRECT_NEXT, DIRECT, 2, SET_FLAGS, INDIRECT, ONLY_PACKED},
    {"table of no bytes", VV_SWRING_INDIRECT_LENGTH, TABLE, 0, SET_LEN, 0, ANY},
    {"table of half a descriptor", VV_SWRING_INDIRECT_LENGTH, TABLE, 0, SET_LEN, 8, ANY},
    {"table of a bit more", VV_SWRING_INDIRECT_LENGTH, TABLE, 0, SET_LEN, 49, ANY},
    {"table of everything", VV_SWRING_INDIRECT_LENGTH, TABLE, 0, SET_LEN, 0xffffffff, ANY},
};

static void make_wrong(struct swmock *m, const struct wrong *w)
{
	struct swmock_desc d;

	swmock_peek(m, w->where == ENTRY, w->i, &d);
	switch (w->field) {
	case SET_ADDR:
		d.addr = w->value;
		break;
	case ADD_ADDR:
		/* To where so many bytes of the region are behind it. */
		d.addr = (d.addr & ~0xffffull) + w->value;
		break;
	case SET_LEN:
		d.len = w->value;
		break;
	case SET_FLAGS:
		d.flags = w->value;
		break;
	case SET_NEXT:
		d.flags |= NEXT;
		d.next_or_id = w->value == ITSELF ? m->last_slot[w->i] : w->value;
		break;
	}
	swmock_poke(m, w->where == ENTRY, w->i, &d);
}

static void good_chain_passes(struct rig *rig, uintptr_t token)
{
	rig_add_one(rig, token);
	swmock_publish(rig->mock);
	rig_serve_one(rig, token, 3);
	vv_swring_publish(&rig->ring);
	rig_reap_one(rig, token, 3);
}

/* There is one chain, with this error; it comes back, and the next one is served. */
static void wrong_chain_comes_back(struct rig *rig, enum vv_swring_error error, uintptr_t token)
{
	swmock_publish(rig->mock);
	assert_true(vv_swring_pending(&rig->ring));
	assert_int_equal(vv_swring_pop(&rig->ring, &rig->chain), 1);
	assert_string_equal(vv_swring_error_name(rig->chain.error), vv_swring_error_name(error));
	assert_int_equal(rig->chain.n_read + rig->chain.n_write, 0);
	assert_int_equal(rig->chain.read_len + rig->chain.write_len, 0);
	assert_int_equal(vv_swring_read(&rig->chain, 0, &token, 1), 0);
	assert_int_equal(vv_swring_write(&rig->chain, 0, &token, 1), 0);
	assert_int_equal(rig->ring.broken, VV_SWRING_OK);
	vv_swring_used(&rig->ring, &rig->chain, 0);
	vv_swring_publish(&rig->ring);
	rig_reap_one(rig, token, 0);
	good_chain_passes(rig, token + 1000);
}

static void chain_wrong_in_one_word_comes_back(void **state)
{
	static const uint32_t len[] = {16, 16, 16};
	unsigned int i, round;
	struct rig rig;

	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];

		if (w->layout == (rig_is_packed(state) ? ONLY_SPLIT : ONLY_PACKED))
			continue;
		print_message("%s\n", w->what);
		rig_open(&rig, state, 8, RIG_INDIRECT);
		/* Again and again: over the end of the ring too. */
		for (round = 0; round < 9; round++) {
			swmock_free_all(rig.mock);
			rig_add(&rig, len, 2, 1, w->where != DIRECT ? 3 : 0, round);
			make_wrong(rig.mock, w);
			wrong_chain_comes_back(&rig, w->error, round);
		}
		rig_close(&rig);
	}
}

/* Of no bytes, and nowhere: in front, in the middle, at the end; also in a table. */
static void buffers_without_bytes_are_passed_over(void **state)
{
	static const uint32_t len[] = {16, 16, 16};
	unsigned int i, in_table;
	struct swmock_desc d;
	struct rig rig;

	rig_open(&rig, state, 8, RIG_INDIRECT);
	for (in_table = 0; in_table < 2; in_table++) {
		for (i = 0; i < 3; i++) {
			swmock_free_all(rig.mock);
			rig_add(&rig, len, 2, 1, in_table ? 3 : 0, i);
			swmock_peek(rig.mock, in_table, i, &d);
			d.len = 0;
			d.addr = 1;
			swmock_poke(rig.mock, in_table, i, &d);
			swmock_publish(rig.mock);
			assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 1);
			assert_int_equal(rig.chain.error, VV_SWRING_OK);
			assert_int_equal(rig.chain.n_read, i == 2 ? 2 : 1);
			assert_int_equal(rig.chain.n_write, i == 2 ? 0 : 1);
			assert_int_equal(rig.chain.read_len, i == 2 ? 32 : 16);
			assert_int_equal(rig.chain.write_len, i == 2 ? 0 : 16);
			vv_swring_used(&rig.ring, &rig.chain, 0);
			vv_swring_publish(&rig.ring);
			rig_reap_one(&rig, i, 0);
		}
	}
	rig_close(&rig);
}

/* There could be a quarter of a thousand million in a table. */
static void chain_of_257_buffers_without_bytes_comes_back(void **state)
{
	enum { N = VV_SWRING_SEGS_MAX + 1 };
	struct swmock_desc d;
	uint32_t len[N];
	struct rig rig;
	unsigned int i;

	for (i = 0; i < N; i++)
		len[i] = 1;
	rig_open(&rig, state, 512, RIG_INDIRECT);
	rig_add(&rig, len, N, 0, N, 1);
	for (i = 0; i < N; i++) {
		swmock_peek(rig.mock, true, i, &d);
		d.len = 0;
		swmock_poke(rig.mock, true, i, &d);
	}
	wrong_chain_comes_back(&rig, VV_SWRING_LOOP, 1);
	rig_close(&rig);
}

static void indirect_table_that_is_not_negotiated_comes_back(void **state)
{
	static const uint32_t len[] = {16, 16};
	struct rig rig;

	rig_open(&rig, state, 8, RIG_INDIRECT);
	rig.ring.conf.indirect = false;
	rig_add(&rig, len, 1, 1, 2, 1);
	wrong_chain_comes_back(&rig, VV_SWRING_INDIRECT_OFF, 1);
	rig_close(&rig);
}

static void chain_of_257_buffers_comes_back(void **state)
{
	enum { N = VV_SWRING_SEGS_MAX + 1 };
	uint32_t len[N];
	struct rig rig;
	unsigned int i;

	for (i = 0; i < N; i++)
		len[i] = 1;
	rig_open(&rig, state, 512, RIG_INDIRECT);
	for (i = 0; i < 4; i++) {
		rig_add(&rig, len, N, 0, i % 2 ? N : 0, i);
		wrong_chain_comes_back(&rig, VV_SWRING_LOOP, i);
	}
	rig_close(&rig);
}

/* ---- the ring itself ---- */

/* It says so from then on; started anew where the driver is now, it works. */
static void ring_is_broken(struct rig *rig, enum vv_swring_error error)
{
	struct vv_swring_conf conf;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		/* Also when it looks better. */
		if (i == 2)
			memset(rig->mock->region[SWMOCK_DRIVER].guest, 0,
			       rig->mock->region[SWMOCK_DRIVER].size);
		if (i == 2 && rig->mock->packed)
			memset(rig->mock->packed, 0, rig->mock->region[SWMOCK_DESC].size);
		assert_int_equal(vv_swring_pop(&rig->ring, &rig->chain), -EIO);
		assert_int_equal(rig->ring.broken, error);
		assert_true(vv_swring_is_broken(rig->ring.broken));
		assert_false(vv_swring_pending(&rig->ring));
	}
	/* Harmless on a broken ring, and needed for what was popped before. */
	vv_swring_publish(&rig->ring);
	vv_swring_call_needed(&rig->ring);
	vv_swring_kicks(&rig->ring, false);

	swmock_ring(rig->mock, &conf);
	assert_int_equal(vv_swring_start(&rig->ring, &conf), 0);
	assert_int_equal(rig->ring.broken, VV_SWRING_OK);
}

static void split_index_far_ahead_breaks_the_ring(void **state)
{
	static const uint16_t ahead[] = {9, 10, 0x8000, 0xffff};
	struct rig rig;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		rig_open_at(&rig, state, 8, 0xfffc, 0);
		good_chain_passes(&rig, 1);
		rig.mock->avail->idx = rig.mock->next_avail + ahead[i];
		assert_true(vv_swring_pending(&rig.ring));
		ring_is_broken(&rig, VV_SWRING_BAD_INDEX);
		rig_close(&rig);
	}
}

static void split_head_outside_breaks_the_ring(void **state)
{
	static const uint16_t head[] = {8, 9, 0x8000, 0xffff};
	struct rig rig;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		rig_open_at(&rig, state, 8, 0xffff, 0);
		good_chain_passes(&rig, 1);
		rig_add_one(&rig, 2);
		rig.mock->avail->ring[0] = head[i];
		swmock_publish(rig.mock);
		ring_is_broken(&rig, VV_SWRING_BAD_HEAD);
		rig_close(&rig);
	}
}

/* The same head twice is the driver's own loss: each is served, none is written outside. */
static void split_head_twice_is_served_twice(void **state)
{
	struct rig rig;

	rig_open(&rig, state, 8, 0);
	rig_add_one(&rig, 5);
	rig.mock->avail->ring[1] = rig.mock->avail->ring[0];
	rig.mock->avail->idx = 2;
	rig_serve_one(&rig, 5, 1);
	rig_serve_one(&rig, 5, 2);
	vv_swring_publish(&rig.ring);
	assert_int_equal(rig.mock->used->idx, 2);
	rig_close(&rig);
}

static void packed_id_outside_breaks_the_ring(void **state)
{
	static const uint16_t id[] = {7, 8, 0x8000, 0xffff};
	static const uint32_t len[] = {8, 8};
	struct swmock_desc d;
	struct rig rig;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		rig_open_at(&rig, state, 7, 5, 0);
		good_chain_passes(&rig, 1);
		rig_add(&rig, len, 1, 1, 0, 2);
		swmock_peek(rig.mock, false, 1, &d);
		d.next_or_id = id[i];
		swmock_poke(rig.mock, false, 1, &d);
		swmock_publish(rig.mock);
		ring_is_broken(&rig, VV_SWRING_BAD_ID);
		rig_close(&rig);
	}
}

static void packed_list_without_end_breaks_the_ring(void **state)
{
	static const uint32_t len[] = {8, 8, 8, 8, 8};
	struct swmock_desc d;
	struct rig rig;
	unsigned int i;

	/* Of the whole ring, and of a part of it: then what is behind it has NEXT too. */
	for (i = 0; i < 2; i++) {
		rig_open_at(&rig, state, 5, 0x8003, 0);
		rig_add(&rig, len, 2, 3, 0, 2);
		swmock_peek(rig.mock, false, 4, &d);
		d.flags |= NEXT;
		swmock_poke(rig.mock, false, 4, &d);
		if (i == 1) {
			swmock_peek(rig.mock, false, 1, &d);
			d.len = 0; /* no shorter way out */
			swmock_poke(rig.mock, false, 1, &d);
		}
		swmock_publish(rig.mock);
		ring_is_broken(&rig, VV_SWRING_ENDLESS);
		rig_close(&rig);
	}
}

/* ---- anything at all ---- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void segments_are_in_memory(const struct rig *rig)
{
	const struct vv_swring_chain *c = &rig->chain;
	unsigned int i, j, n = c->n_read + c->n_write;

	assert_in_range(n, 0, VV_SWRING_SEGS_MAX);
	for (i = 0; i < n; i++) {
		for (j = 0; j < SWMOCK_REGIONS; j++) {
			const struct swmock_region *r = &rig->mock->region[j];

			if (c->seg[i].addr >= r->device &&
			    c->seg[i].addr + c->seg[i].len <= r->device + r->size)
				break;
		}
		assert_true(j < SWMOCK_REGIONS);
	}
}

/* Good chains into which random words are written: it ends, inside memory, with errors it knows. */
static void random_words_do_no_harm(void **state)
{
	uint64_t seed = 1 + (uint64_t)time(NULL) * 2654435761u, r;
	unsigned int seen[VV_SWRING_ERROR_N] = {0}, i, j, n;
	static const uint32_t len[] = {16, 16, 16, 16};
	struct rig rig;
	int ret;

	print_message("seed %#jx\n", (uintmax_t)seed);
	for (i = 0; i < 3000; i++) {
		rig_open(&rig, state, 16, (int)(next_random(&seed) % 4));
		for (j = 0; j < 4; j++) {
			bool table = rig.mock->conf.indirect && j % 2;

			rig_add(&rig, len, 2, 2, table ? 4 : 0, j);
			n = table ? 1 : 4;
			r = next_random(&seed);
			if (r % 3 == 0) {
				struct swmock_desc d;
				bool in_table = table && r % 2;
				unsigned int at = r / 8 % (in_table ? 4 : n);

				swmock_peek(rig.mock, in_table, at, &d);
				r = next_random(&seed);
				switch (r % 5) {
				case 0:
					d.addr += (int64_t)(r >> 8) >> (r / 8 % 64);
					break;
				case 1:
					d.len = (uint32_t)(r >> 8) >> (r / 8 % 32);
					break;
				case 2:
					d.flags ^= 1 << (r / 8 % 3);
					break;
				default:
					d.next_or_id = (r >> 8) % (r & 8 ? 0x10000 : 17);
				}
				swmock_poke(rig.mock, in_table, at, &d);
			}
		}
		swmock_publish(rig.mock);
		for (j = 0; j < 64; j++) {
			ret = vv_swring_pop(&rig.ring, &rig.chain);
			if (ret <= 0)
				break;
			seen[rig.chain.error]++;
			segments_are_in_memory(&rig);
			vv_swring_used(&rig.ring, &rig.chain, 0);
			vv_swring_publish(&rig.ring);
			vv_swring_call_needed(&rig.ring);
		}
		assert_true(j < 64);
		seen[rig.ring.broken]++;
		rig_close(&rig);
	}
	for (i = 0; i < VV_SWRING_ERROR_N; i++)
		print_message("%s: %u\n", vv_swring_error_name(i), seen[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(chain_wrong_in_one_word_comes_back),
	    BOTH(buffers_without_bytes_are_passed_over),
	    BOTH(chain_of_257_buffers_without_bytes_comes_back),
	    BOTH(indirect_table_that_is_not_negotiated_comes_back),
	    BOTH(chain_of_257_buffers_comes_back),
	    SPLIT(split_index_far_ahead_breaks_the_ring),
	    SPLIT(split_head_outside_breaks_the_ring),
	    SPLIT(split_head_twice_is_served_twice),
	    PACKED(packed_id_outside_breaks_the_ring),
	    PACKED(packed_list_without_end_breaks_the_ring),
	    BOTH(random_words_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
