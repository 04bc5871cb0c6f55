/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver-side rings against the reference device over many laps: random chains, completion in
 * and out of order, odd sizes, any starting position, a device that dies, and two threads.
 */
#include "ring_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEPS     20000
#define CHAIN_MAX 4

struct walk {
	struct fixture f;
	uint64_t random;
	bool shuffle;
	struct ref_chain held[256]; /* popped and not yet pushed */
	unsigned int held_count;
	bool expected[65536]; /* tokens in flight */
	uint32_t len[65536];
	unsigned int chains[65536];
	uint16_t next_token;
};

static struct fe_sg segment(uint16_t token, unsigned int i)
{
	return (struct fe_sg){.gpa = (uint64_t)token << 20 | i << 12, .len = 100 + i};
}

static void driver_adds(struct walk *w)
{
	unsigned int i, count = 1 + next_random(&w->random) % CHAIN_MAX;
	unsigned int readable = next_random(&w->random) % (count + 1);
	struct fe_sg sg[CHAIN_MAX];
	uint16_t token = w->next_token;
	int ret;

	for (i = 0; i < count; i++)
		sg[i] = segment(token, i);
	ret = fe_ring_add(w->f.ring, sg, readable, count - readable, token);
	if (ret == -ENOSPC)
		return;
	assert_int_equal(ret, 0);
	w->expected[token] = true;
	w->chains[token] = count;
	w->next_token++;
	if (next_random(&w->random) % 3)
		fe_ring_publish(w->f.ring);
}

static void device_takes(struct walk *w)
{
	struct ref_chain *chain = &w->held[w->held_count];
	unsigned int i;
	uint16_t token;

	if (!ref_pop(&w->f.dev, chain))
		return;
	token = (uint16_t)(chain->sg[0].gpa >> 20);
	assert_true(w->expected[token]);
	assert_int_equal(chain->count, w->chains[token]);
	for (i = 0; i < chain->count; i++) {
		struct fe_sg sg = segment(token, i);

		assert_int_equal(chain->sg[i].gpa, sg.gpa);
		assert_int_equal(chain->sg[i].len, sg.len);
	}
	w->held_count++;
}

static void device_returns(struct walk *w)
{
	unsigned int pick = 0, last = w->held_count - 1;
	struct ref_chain chain;
	uint32_t len;

	if (w->held_count == 0)
		return;
	if (w->shuffle)
		pick = next_random(&w->random) % w->held_count;
	chain = w->held[pick];
	memmove(&w->held[pick], &w->held[pick + 1], (last - pick) * sizeof(chain));
	w->held_count--;
	len = chain.count > chain.readable ? 1 + next_random(&w->random) % 50 : 0;
	w->len[chain.sg[0].gpa >> 20] = len;
	ref_push(&w->f.dev, &chain, len);
}

static void driver_takes_back(struct walk *w)
{
	struct fe_used used;
	int ret = fe_ring_get_used(w->f.ring, &used);

	if (ret == 0)
		return;
	assert_int_equal(ret, 1);
	assert_true(w->expected[used.token]);
	assert_int_equal(used.len, w->len[used.token]);
	w->expected[used.token] = false;
}

static void step(struct walk *w)
{
	switch (next_random(&w->random) % 4) {
	case 0:
		driver_adds(w);
		break;
	case 1:
		device_takes(w);
		break;
	case 2:
		device_returns(w);
		break;
	default:
		driver_takes_back(w);
		break;
	}
}

static void drain(struct walk *w)
{
	fe_ring_publish(w->f.ring);
	for (int i = 0; i < 4 * 256; i++) {
		device_takes(w);
		device_returns(w);
		driver_takes_back(w);
	}
	assert_int_equal(w->f.ring->outstanding, 0);
	assert_int_equal(w->f.ring->free_count, w->f.ring->size);
	for (unsigned int token = 0; token < 65536; token++)
		assert_false(w->expected[token]);
}

/*
 * The device is lost with all it holds. A new one starts where the driver says and must see all
 * that was outstanding, oldest first; even what the old one had begun to write.
 */
static void replace_device(struct walk *w)
{
	uint16_t previous = 0;
	unsigned int i, outstanding;
	struct fe_used used;

	fe_ring_publish(w->f.ring);
	while (fe_ring_get_used(w->f.ring, &used) == 1)
		w->expected[used.token] = false;
	outstanding = w->f.ring->outstanding;
	if (w->f.ring->layout == FE_PACKED && outstanding) {
		struct vring_packed_desc *d = (void *)w->f.ring->area.desc.ptr;

		d[w->f.ring->used].id = 0xdead;
		d[w->f.ring->used].len = 0xdead;
	}
	fe_ring_rewind(w->f.ring);
	ref_init(&w->f.dev, w->f.ring, fe_ring_base(w->f.ring));
	w->held_count = 0;
	for (i = 0; i < outstanding; i++) {
		uint16_t token;

		device_takes(w);
		assert_int_equal(w->held_count, i + 1);
		token = (uint16_t)(w->held[i].sg[0].gpa >> 20);
		if (i > 0)
			assert_true((int16_t)(token - previous) > 0);
		previous = token;
	}
	device_takes(w);
	assert_int_equal(w->held_count, outstanding);
}

static void walk(enum fe_layout layout, uint16_t size, uint32_t base, bool shuffle, bool die)
{
	struct walk *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->shuffle = shuffle;
	w->random = (uint64_t)time(NULL) ^ size;
	print_message("layout %d size %u base %#x shuffle %d: seed %llu\n", layout, size, base,
		      shuffle, (unsigned long long)w->random);
	fixture_open(&w->f, layout, size, false, base);
	for (int i = 0; i < STEPS; i++) {
		step(w);
		if (die && i % 97 == 0)
			replace_device(w);
	}
	drain(w);
	fixture_close(&w->f);
	free(w);
}

static void walk_many_laps_keeps_chains(void **state)
{
	static const uint16_t split[] = {4, 8, 256}, packed[] = {4, 5, 7, 100, 256};

	for (int shuffle = 0; shuffle < 2; shuffle++) {
		for (size_t i = 0; i < sizeof(split) / sizeof(split[0]); i++)
			walk(FE_SPLIT, split[i], 0, shuffle, false);
		for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
			walk(FE_PACKED, packed[i], 0x80008000, shuffle, false);
	}
}

static void walk_from_any_base_keeps_chains(void **state)
{
	walk(FE_SPLIT, 8, 0xfffe, false, false);
	walk(FE_SPLIT, 8, 5, true, false);
	walk(FE_PACKED, 7, 0x00060006, false, false); /* last slot, wrap 0 */
	walk(FE_PACKED, 7, 0x80038003, true, false);
	walk(FE_PACKED, 8, 0, true, false);
}

static void walk_with_dying_devices_keeps_chains(void **state)
{
	for (int shuffle = 0; shuffle < 2; shuffle++) {
		walk(FE_SPLIT, 16, 0xfff0, shuffle, true);
		walk(FE_PACKED, 13, 0x80008000, shuffle, true);
		walk(FE_PACKED, 16, 0x000f000f, shuffle, true);
	}
}

#define THREAD_CHAINS 20000

struct device_thread {
	struct ref_device dev;
	unsigned int done;
};

static void *run_device(void *arg)
{
	struct device_thread *t = arg;
	struct ref_chain chain;

	while (t->done < THREAD_CHAINS) {
		if (!ref_pop(&t->dev, &chain)) {
			sched_yield();
			continue;
		}
		ref_push(&t->dev, &chain, chain.count > chain.readable ? 7 : 0);
		t->done++;
	}
	return NULL;
}

static void threads(enum fe_layout layout)
{
	const struct fe_sg sg[] = {
	    {0x1000, 10},
            {0x2000, 20}
        };
	unsigned int added = 0, back = 0;
	struct device_thread t = {.done = 0};
	struct fe_used used;
	struct fixture f;
	pthread_t thread;

	fixture_open(&f, layout, 16, false, fe_ring_first_base(layout));
	t.dev = f.dev;
	assert_int_equal(pthread_create(&thread, NULL, run_device, &t), 0);
	while (back < THREAD_CHAINS) {
		while (added < THREAD_CHAINS && fe_ring_add(f.ring, sg, 1, 1, 9) == 0)
			added++;
		fe_ring_publish(f.ring);
		fe_ring_need_kick(f.ring);
		while (fe_ring_get_used(f.ring, &used) == 1) {
			assert_int_equal(used.token, 9);
			assert_int_equal(used.len, 7);
			back++;
		}
		sched_yield();
	}
	pthread_join(thread, NULL);
	fixture_close(&f);
}

static void device_in_another_thread_sees_whole_chains(void **state)
{
	threads(FE_SPLIT);
	threads(FE_PACKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(walk_many_laps_keeps_chains),
	    cmocka_unit_test(walk_from_any_base_keeps_chains),
	    cmocka_unit_test(walk_with_dying_devices_keeps_chains),
	    cmocka_unit_test(device_in_another_thread_sees_whole_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
