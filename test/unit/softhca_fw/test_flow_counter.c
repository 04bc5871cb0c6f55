/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules that drop and that count, and how their counters are read. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "fw/flow_counter.h"
#include "rig.h"
#include "vq/guard.h"

enum { IMAGE_AT = 0x50000 };

static struct hca_obj *alloc_counters(struct rig *rig, unsigned int bulk)
{
	struct mbox mb;

	mb_begin(&mb, "alloc_flow_counter");
	mb_set(&mb, FLD(alloc_flow_counter_in, flow_counter_bulk), bulk);
	return mb_create(&mb, rig->a);
}

static struct hca_matcher *all_frames(struct rig *rig)
{
	static const uint8_t none[64];
	struct hca_matcher_attr attr = {.mask = none, .mask_len = sizeof(none)};
	struct hca_matcher *matcher;

	assert_int_equal(hca_matcher_create(rig->a, &attr, &matcher), 0);
	return matcher;
}

static int rule(struct hca_matcher *matcher, struct hca_flow_attr attr, struct hca_flow **flow)
{
	static const uint8_t none[64];

	attr.value = none;
	attr.value_len = sizeof(none);
	return hca_flow_create(matcher, &attr, flow);
}

static struct hca_obj *make_tir(struct rig *rig)
{
	struct hca_obj *td, *tis = make_tis(rig, &td), *vq, *rqt;
	struct mbox mb;

	good_virtq(rig, &mb, tis);
	vq = mb_create(&mb, rig->a);
	good_rqt(&mb, vq, 1);
	rqt = mb_create(&mb, rig->a);
	good_tir(&mb, td, rqt);
	return mb_create(&mb, rig->a);
}

static void query(struct hca_obj *fc, int clear, uint64_t *frames, uint64_t *bytes)
{
	struct mbox mb;

	mb_begin(&mb, "query_flow_counter");
	mb.out_len = 32;
	mb_set(&mb, FLD(query_flow_counter_in, clear), (uint64_t)clear);
	mb_query(&mb, fc);
	*frames = mb_answer(&mb, 128, FLD(traffic_counter, packets));
	*bytes = mb_answer(&mb, 128, FLD(traffic_counter, octets));
}

static void create_flow_one_destination(void **state)
{
	const struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_matcher *m = all_frames(rig);
	struct hca_obj *tir = make_tir(rig);
	struct hca_flow *flow;

	assert_int_equal(rule(m, (struct hca_flow_attr){0}, &flow), -EINVAL);
	assert_int_equal(rule(m, (struct hca_flow_attr){.drop = true, .dest = tir}, &flow), -EINVAL);
	assert_int_equal(rule(m, (struct hca_flow_attr){.default_miss = true, .dest = tir}, &flow),
			 -EINVAL);
	assert_int_equal(rule(m, (struct hca_flow_attr){.default_miss = true, .drop = true}, &flow),
			 -EINVAL);
	assert_int_equal(port->n_rules, 0);
	assert_int_equal(rule(m, (struct hca_flow_attr){.drop = true}, &flow), 0);
	assert_true(port->rules[0].drop);
	assert_int_equal(hca_flow_destroy(flow), 0);
	assert_int_equal(rule(m, (struct hca_flow_attr){.default_miss = true}, &flow), 0);
	assert_true(port->rules[0].drop);
	assert_int_equal(hca_flow_destroy(flow), 0);
	assert_int_equal(rule(m, (struct hca_flow_attr){.dest = tir}, &flow), 0);
	assert_false(port->rules[0].drop);
	assert_null(port->rules[0].counter);
}

static void create_flow_counted(void **state)
{
	const struct dp_port *port = &double_dp->ports[0];
	struct rig *rig = *state;
	struct hca_matcher *m = all_frames(rig), *behind, *foreign;
	struct hca_obj *tir = make_tir(rig), *one = alloc_counters(rig, 0);
	struct hca_obj *many = alloc_counters(rig, 1);
	struct hca_flow *flow, *flow2;
	struct hca_matcher_attr attr = {0}, last = {.priority = 1};
	uint64_t frames, bytes;

	assert_int_equal(
	    rule(m, (struct hca_flow_attr){.dest = tir, .counter = one, .counter_offset = 1}, &flow),
	    -EINVAL);
	assert_int_equal(rule(m, (struct hca_flow_attr){.dest = tir, .counter_offset = 1}, &flow),
			 -EINVAL);
	assert_int_equal(rule(m, (struct hca_flow_attr){.dest = tir, .counter = tir}, &flow),
			 -EINVAL);
	assert_int_equal(
	    rule(m, (struct hca_flow_attr){.drop = true, .counter = many, .counter_offset = 128},
		 &flow),
	    -EINVAL);
	assert_int_equal(hca_matcher_create(rig->b, &attr, &foreign), 0);
	assert_int_equal(rule(foreign, (struct hca_flow_attr){.drop = true, .counter = one}, &flow),
			 -EINVAL);
	assert_int_equal(rule(m, (struct hca_flow_attr){.dest = tir, .counter = one}, &flow), 0);
	assert_int_equal(hca_matcher_create(rig->a, &last, &behind), 0);
	assert_int_equal(
	    rule(behind,
		 (struct hca_flow_attr){.drop = true, .counter = many, .counter_offset = 127},
		 &flow2),
	    0);
	assert_ptr_equal(port->rules[0].counter, ((struct flow_counter *)one)->counters);
	assert_ptr_equal(port->rules[1].counter, ((struct flow_counter *)many)->counters + 127);
	port->rules[0].counter->frames = 3;
	port->rules[0].counter->bytes = 180;
	query(one, 0, &frames, &bytes);
	assert_int_equal(frames, 3);
	assert_int_equal(bytes, 180);
	query(one, 1, &frames, &bytes);
	assert_int_equal(frames, 3);
	query(one, 0, &frames, &bytes);
	assert_int_equal(frames, 0);
	assert_int_equal(bytes, 0);
	/* The rule holds the counter. */
	assert_int_equal(hca_obj_destroy(one), -EBUSY);
	assert_int_equal(hca_flow_destroy(flow), 0);
	destroy(one);
}

static void alloc_bad_bulk_refused(void **state)
{
	static const uint8_t bad[] = {0x20, 0x80, 0x03, 0x11};
	struct rig *rig = *state;
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(bad); i++) {
		mb_begin(&mb, "alloc_flow_counter");
		mb_set(&mb, FLD(alloc_flow_counter_in, flow_counter_bulk), bad[i]);
		mb_create_refused(&mb, rig->a, SYND(FC_BULK));
	}
	for (i = 0; i < 5; i++)
		assert_int_equal(((struct flow_counter *)alloc_counters(rig, 1u << i))->n,
				 128u << i);
}

static void dump_mailbox(struct rig *rig, struct mbox *mb, unsigned int n)
{
	mb_begin(mb, "query_flow_counter");
	mb_set(mb, FLD(query_flow_counter_in, dump_to_memory), 1);
	mb_set(mb, FLD(query_flow_counter_in, num_of_counters), n);
	mb_set(mb, FLD(query_flow_counter_in, mkey), rig->key);
	mb_set(mb, FLD(query_flow_counter_in, address), RIG_IOVA + IMAGE_AT);
}

static void query_bulk_into_memory(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *obj = alloc_counters(rig, 4), *mkey;
	struct flow_counter *fc = (struct flow_counter *)obj;
	uint64_t *image = (uint64_t *)(rig->mem + IMAGE_AT), word;
	struct mbox mb;
	unsigned int i;

	assert_int_equal(fc->n, 512);
	for (i = 0; i < fc->n; i++)
		fc->counters[i] = (struct dp_counter){.frames = i, .bytes = 1000ull * i};
	dump_mailbox(rig, &mb, 512);
	mb_query(&mb, obj);
	for (i = 0; i < fc->n; i++) {
		assert_int_equal(be64toh(image[2 * i]), i);
		assert_int_equal(be64toh(image[2 * i + 1]), 1000ull * i);
	}
	/* Through a key of two pieces, some only, and cleared. */
	good_mkey(rig, &mb);
	mb.n_tail = 0;
	mb.in_len = mb.desc->in_len;
	mb_key(&mb, IMAGE_AT + 24, rig->key, RIG_IOVA);
	mb_key(&mb, RIG_MEM - IMAGE_AT - 24, rig->key, RIG_IOVA + 0x10);
	mkey = mb_create(&mb, rig->a);
	memset(image, 0xff, 64);
	dump_mailbox(rig, &mb, 2);
	mb_set(&mb, FLD(query_flow_counter_in, mkey), mkey->id << 8);
	mb_set(&mb, FLD(query_flow_counter_in, clear), 1);
	mb_query(&mb, obj);
	assert_int_equal(be64toh(image[2]), 1);
	memcpy(&word, rig->mem + 0x10, sizeof(word));
	assert_int_equal(be64toh(word), 1000);
	assert_int_equal(image[3], UINT64_MAX);
	assert_int_equal(fc->counters[1].frames, 0);
	assert_int_equal(fc->counters[2].frames, 2);
	/* In the second piece alone. */
	fc->counters[0].frames = 99;
	dump_mailbox(rig, &mb, 1);
	mb_set(&mb, FLD(query_flow_counter_in, mkey), mkey->id << 8);
	mb_set(&mb, FLD(query_flow_counter_in, address), RIG_IOVA + IMAGE_AT + 40);
	mb_query(&mb, obj);
	memcpy(&word, rig->mem + 0x20, sizeof(word));
	assert_int_equal(be64toh(word), 99);
}

static void query_bulk_bad_refused(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *obj = alloc_counters(rig, 1);
	struct flow_counter *fc = (struct flow_counter *)obj;
	uint32_t ro, gone, rkey;
	struct mbox mb;
	uint8_t *p;

	dump_mailbox(rig, &mb, 129);
	mb_modify_refused(&mb, rig->a, obj, SYND(FC_COUNT));
	dump_mailbox(rig, &mb, 0);
	mb_modify_refused(&mb, rig->a, obj, SYND(FC_COUNT));
	dump_mailbox(rig, &mb, 1);
	mb_set(&mb, FLD(query_flow_counter_in, dump_to_memory), 0);
	mb_modify_refused(&mb, rig->a, obj, SYND(FC_COUNT));
	mb_begin(&mb, "query_flow_counter");
	mb_modify_refused(&mb, rig->a, obj, SYND(OUTPUT_LENGTH)); /* no room for one */
	dump_mailbox(rig, &mb, 128);
	mb_set(&mb, FLD(query_flow_counter_in, mkey), 0x77700);
	mb_modify_refused(&mb, rig->a, obj, SYND(NO_SUCH_OBJECT));
	dump_mailbox(rig, &mb, 128);
	mb_set(&mb, FLD(query_flow_counter_in, address), RIG_IOVA + RIG_MEM - 128 * 16 + 1);
	mb_modify_refused(&mb, rig->a, obj, SYND(FC_MEMORY));
	mb_set(&mb, FLD(query_flow_counter_in, address), UINT64_MAX - 15);
	mb_modify_refused(&mb, rig->a, obj, SYND(FC_MEMORY));
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, rig->mem, RIG_MEM, RIG_IOVA, 0, &ro, &rkey),
			 0);
	dump_mailbox(rig, &mb, 128);
	mb_set(&mb, FLD(query_flow_counter_in, mkey), ro);
	mb_modify_refused(&mb, rig->a, obj, SYND(FC_MEMORY));
	/* Memory that is registered and not there any more; the figures stay. */
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, p, 4096, 0, 1, &gone, &rkey), 0);
	munmap(p, 4096);
	fc->counters[0].frames = 7;
	mb_set(&mb, FLD(query_flow_counter_in, mkey), gone);
	mb_set(&mb, FLD(query_flow_counter_in, address), 0);
	mb_set(&mb, FLD(query_flow_counter_in, clear), 1);
	assert_int_equal(guard_install(), 0);
	mb_modify_refused(&mb, rig->a, obj, SYND(FC_MEMORY));
	guard_remove();
	assert_int_equal(fc->counters[0].frames, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(create_flow_one_destination), T(create_flow_counted),    T(alloc_bad_bulk_refused),
	    T(query_bulk_into_memory),      T(query_bulk_bad_refused),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
