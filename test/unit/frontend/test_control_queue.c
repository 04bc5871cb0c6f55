/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's control queue against the smallest device there can be: commands arrive whole in
 * whatever descriptors, answers come back, and a device that does wrong is found out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control_hostile.h"
#include "control_queue.h"
#include "ref_device.h"

struct bench {
	struct fe_mem mem;
	struct fe_ctrl_queue *c;
	struct ref_device dev;
	struct ref_chain chain;
	uint8_t readable[FE_CTRL_COMMAND_MAX];
	size_t read_len, write_len;
};

static uint64_t seed;

static void bench_open(struct bench *b, enum fe_layout layout, unsigned int size,
		       enum fe_framing framing)
{
	struct fe_ctrl_config cfg = {
	    .index = 2, .layout = layout, .ring_size = size, .framing = framing, .seed = seed};

	memset(b, 0, sizeof(*b));
	assert_int_equal(fe_mem_create(&b->mem, 2, fe_ctrl_footprint(&cfg)), 0);
	assert_int_equal(fe_ctrl_create(&cfg, &b->mem, &b->c), 0);
	ref_init(&b->dev, b->c->q.ring, fe_ring_first_base(layout));
}

static void bench_close(struct bench *b)
{
	fe_ctrl_destroy(b->c);
	fe_mem_destroy(&b->mem);
}

static uint8_t *at(struct bench *b, uint64_t gpa)
{
	for (unsigned int i = 0; i < b->mem.count; i++) {
		struct fe_mem_region *r = &b->mem.region[i];

		if (gpa >= r->gpa && gpa < r->gpa + r->size)
			return r->base + (gpa - r->gpa);
	}
	fail();
	return NULL;
}

/* The device takes a chain and puts its readable bytes together. */
static void bench_pop(struct bench *b)
{
	assert_true(ref_pop(&b->dev, &b->chain));
	assert_true(b->chain.count <= REF_CHAIN_MAX);
	b->read_len = b->write_len = 0;
	for (unsigned int i = 0; i < b->chain.count; i++) {
		const struct fe_sg *sg = &b->chain.sg[i];

		if (i < b->chain.readable) {
			memcpy(b->readable + b->read_len, at(b, sg->gpa), sg->len);
			b->read_len += sg->len;
		} else {
			b->write_len += sg->len;
		}
	}
}

/* ... and answers. */
static void bench_answer(struct bench *b, const uint8_t *bytes, uint32_t len, uint32_t said)
{
	uint32_t done = 0;

	for (unsigned int i = b->chain.readable; i < b->chain.count && done < len; i++) {
		uint32_t part = b->chain.sg[i].len < len - done ? b->chain.sg[i].len : len - done;

		memcpy(at(b, b->chain.sg[i].gpa), bytes + done, part);
		done += part;
	}
	ref_push(&b->dev, &b->chain, said);
}

static void fill(struct fe_command *command, size_t len, size_t room)
{
	command->len = len;
	command->room = room;
	command->no_ack = false;
	for (size_t i = 0; i < len; i++)
		command->bytes[i] = (uint8_t)(i * 7 + 3);
}

static const enum fe_layout layouts[] = {FE_SPLIT, FE_PACKED};
static const enum fe_framing framings[] = {FE_FRAMING_JOINED, FE_FRAMING_LINUX, FE_FRAMING_BYTES,
					   FE_FRAMING_RANDOM};
#define EACH(i, array) (unsigned int i = 0; i < sizeof(array) / sizeof(array[0]); i++)

static void round_trip(enum fe_layout layout, enum fe_framing framing)
{
	static const size_t lengths[] = {2, 3, 8, 28, 400};
	static const uint8_t reply[] = {0, 11, 22, 33, 44};
	struct fe_command *command = malloc(sizeof(*command));
	struct fe_answer *answer = malloc(sizeof(*answer));
	struct bench b;
	unsigned int posted, slot;

	assert_true(command && answer);
	bench_open(&b, layout, 32, framing);
	for
		EACH(i, lengths)
		{
			size_t room = i % 2 ? 4 : 0;

			fill(command, lengths[i], room);
			assert_int_equal(fe_ctrl_post(b.c, command, &posted), 0);
			assert_int_equal(fe_ctrl_take(b.c, &slot, answer), 0);
			fe_ctrl_publish(b.c);
			bench_pop(&b);
			assert_int_equal(b.read_len, lengths[i]);
			assert_memory_equal(b.readable, command->bytes, lengths[i]);
			assert_int_equal(b.write_len, 1 + room);
			bench_answer(&b, reply, (uint32_t)(1 + room), (uint32_t)(1 + room));
			assert_int_equal(fe_ctrl_take(b.c, &slot, answer), 1);
			assert_int_equal(slot, posted);
			assert_int_equal(answer->ack, 0);
			assert_int_equal(answer->result_len, room);
			assert_memory_equal(answer->result, reply + 1, room);
		}
	assert_int_equal(b.c->busy, 0);
	bench_close(&b);
	free(command);
	free(answer);
}

static void command_arrives_whole_in_any_framing(void **state)
{
	for
		EACH(l, layouts)
		for
			EACH(f, framings)
		round_trip(layouts[l], framings[f]);
}

static void framing_is_as_asked(void **state)
{
	struct fe_command *command = malloc(sizeof(*command));
	struct bench b;
	unsigned int slot;

	assert_non_null(command);
	fill(command, 8, 3);
	bench_open(&b, FE_SPLIT, 64, FE_FRAMING_JOINED);
	assert_int_equal(fe_ctrl_post(b.c, command, &slot), 0);
	fe_ctrl_publish(b.c);
	bench_pop(&b);
	assert_int_equal(b.chain.count, 2);
	b.c->cfg.framing = FE_FRAMING_LINUX;
	assert_int_equal(fe_ctrl_post(b.c, command, &slot), 0);
	fe_ctrl_publish(b.c);
	bench_pop(&b);
	assert_int_equal(b.chain.count, 4);
	assert_int_equal(b.chain.sg[0].len, 2);
	assert_int_equal(b.chain.sg[2].len, 1);
	b.c->cfg.framing = FE_FRAMING_BYTES;
	assert_int_equal(fe_ctrl_post(b.c, command, &slot), 0);
	fe_ctrl_publish(b.c);
	bench_pop(&b);
	assert_int_equal(b.chain.count, 12);
	bench_close(&b);
	free(command);
}

static void random_framing_covers_all_bytes_within_its_limit(void **state)
{
	uint64_t random = seed;
	uint32_t piece[FE_CTRL_PIECES_MAX];

	for (unsigned int i = 0; i < 2000; i++) {
		uint32_t len = fe_next_random(&random) % 300, sum = 0;
		unsigned int most = 2 + fe_next_random(&random) % 20, n;

		n = fe_framing_cut(FE_FRAMING_RANDOM, &random, 2, len, most, piece);
		assert_true(n <= most);
		for (unsigned int k = 0; k < n; k++) {
			assert_true(piece[k] > 0);
			sum += piece[k];
		}
		assert_int_equal(sum, len);
	}
}

/* One command under way, and what the device makes of it. */
static int after(enum fe_layout layout, const uint8_t *bytes, uint32_t len, uint32_t said,
		 struct fe_answer *answer)
{
	struct fe_command *command = malloc(sizeof(*command));
	struct bench b;
	unsigned int slot;
	int got;

	assert_non_null(command);
	fill(command, 3, 4);
	bench_open(&b, layout, 16, FE_FRAMING_LINUX);
	assert_int_equal(fe_ctrl_post(b.c, command, &slot), 0);
	fe_ctrl_publish(b.c);
	bench_pop(&b);
	bench_answer(&b, bytes, len, said);
	got = fe_ctrl_take(b.c, &slot, answer);
	bench_close(&b);
	free(command);
	return got;
}

static void wrong_answers_are_found_out(void **state)
{
	static const uint8_t err[] = {1, 2, 3, 4, 5, 6};
	struct fe_answer *answer = malloc(sizeof(*answer));

	assert_non_null(answer);
	for
		EACH(l, layouts)
		{
			assert_int_equal(after(layouts[l], err, 1, 1, answer), 1);
			assert_int_equal(answer->ack, 1);
			assert_int_equal(after(layouts[l], err, 0, 0, answer), 1);
			assert_int_equal(answer->ack, -1);
			/* More written than said, and more said than there is room for. */
			assert_int_equal(after(layouts[l], err, 3, 1, answer), -EPROTO);
			assert_int_equal(after(layouts[l], err, 5, 6, answer), -EPROTO);
		}
	free(answer);
}

static void all_slots_and_descriptors_come_back(void **state)
{
	static const uint8_t ok;
	struct fe_command *command = malloc(sizeof(*command));
	struct fe_answer *answer = malloc(sizeof(*answer));
	struct bench b;
	unsigned int slot, under_way;

	assert_true(command && answer);
	fill(command, 3, 0);
	for
		EACH(l, layouts)
		{
			bench_open(&b, layouts[l], 16, FE_FRAMING_LINUX);
			for (unsigned int round = 0; round < 100; round++) {
				for (under_way = 0; fe_ctrl_post(b.c, command, &slot) == 0;
				     under_way++)
					;
				assert_int_equal(under_way, 16 / 3);
				fe_ctrl_publish(b.c);
				for (; under_way > 0; under_way--) {
					bench_pop(&b);
					bench_answer(&b, &ok, 1, 1);
					assert_int_equal(fe_ctrl_take(b.c, &slot, answer), 1);
				}
			}
			bench_close(&b);
		}
	free(command);
	free(answer);
}

static void run_without_answer_times_out(void **state)
{
	struct fe_command *command = malloc(sizeof(*command));
	struct fe_answer *answer = malloc(sizeof(*answer));
	struct bench b;

	assert_true(command && answer);
	fill(command, 3, 0);
	bench_open(&b, FE_PACKED, 16, FE_FRAMING_LINUX);
	assert_int_equal(fe_ctrl_run(b.c, command, FE_CTRL_SPIN, 1, answer), -ETIMEDOUT);
	assert_int_equal(fe_ctrl_run(b.c, command, FE_CTRL_SLEEP, 1, answer), -ETIMEDOUT);
	/* After a reset all is as at the beginning. */
	assert_int_equal(fe_ctrl_reset(b.c), 0);
	assert_int_equal(b.c->busy, 0);
	assert_int_equal(b.c->q.ring->free_count, 16);
	bench_close(&b);
	free(command);
	free(answer);
}

/* What is answered while the driver sleeps has to be called out. */
static int answer_in_time(void *arg)
{
	static const uint8_t ok;
	struct bench *b = arg;

	if (b->write_len == 0) {
		bench_pop(b);
		bench_answer(b, &ok, 1, 1);
	}
	return 0;
}

static void used_without_a_call_is_an_error(void **state)
{
	struct fe_command *command = malloc(sizeof(*command));
	struct fe_answer *answer = malloc(sizeof(*answer));
	struct bench b;

	assert_true(command && answer);
	fill(command, 3, 0);
	bench_open(&b, FE_SPLIT, 16, FE_FRAMING_LINUX);
	b.c->idle = answer_in_time;
	b.c->idle_arg = &b;
	assert_int_equal(fe_ctrl_run(b.c, command, FE_CTRL_SLEEP, 50, answer), -ENOMSG);
	bench_close(&b);
	free(command);
	free(answer);
}

static void hostile_rings_are_posted_or_unknown(void **state)
{
	struct bench b;
	bool completed;

	for
		EACH(l, layouts)
		{
			for (unsigned int i = 0; fe_ctrl_hostile_name(layouts[l], i); i++) {
				bench_open(&b, layouts[l], 16, FE_FRAMING_LINUX);
				assert_int_equal(
				    fe_ctrl_hostile(b.c, &b.mem,
						    fe_ctrl_hostile_name(layouts[l], i),
						    &completed),
				    0);
				assert_true(b.c->busy >= completed);
				bench_close(&b);
			}
			bench_open(&b, layouts[l], 16, FE_FRAMING_LINUX);
			assert_int_equal(fe_ctrl_hostile(b.c, &b.mem, "kind", &completed), -ENOENT);
			bench_close(&b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(command_arrives_whole_in_any_framing),
	    cmocka_unit_test(framing_is_as_asked),
	    cmocka_unit_test(random_framing_covers_all_bytes_within_its_limit),
	    cmocka_unit_test(wrong_answers_are_found_out),
	    cmocka_unit_test(all_slots_and_descriptors_come_back),
	    cmocka_unit_test(run_without_answer_times_out),
	    cmocka_unit_test(used_without_a_call_is_an_error),
	    cmocka_unit_test(hostile_rings_are_posted_or_unknown),
	};
	const char *given = getenv("VV_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	print_message("seed %llu (VV_SEED)\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
