/* SPDX-License-Identifier: BSD-3-Clause */
/* How long commands take: what the option may say, what is drawn, who waits for whom. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "fw/call.h"
#include "fw/latency.h"
#include "rig.h"

enum { US = 1000, MS = 1000000, DRAWS = 20000, SEED = 12345 };

static struct latency *plan(const char *text)
{
	struct latency *p;
	char why[256] = "";

	if (latency_parse(text, &p, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	return p;
}

static uint64_t draw_once(const char *text, const char *command)
{
	struct latency_rng rng = {SEED};
	struct latency *p = plan(text);
	uint64_t ns = latency_draw(p, command, &rng);

	latency_free(p);
	return ns;
}

static void refused(const char *text, const char *named)
{
	struct latency *p = (struct latency *)1;
	char why[256] = "";

	assert_int_equal(latency_parse(text, &p, why, sizeof(why)), -EINVAL);
	assert_null(p);
	if (!strstr(why, named) || strchr(why, '\n'))
		fail_msg("%s: says '%s'", text, why);
}

static void parse_bad_names_the_item(void **state)
{
	(void)state;
	refused("create", "'create' is not CLASS=TIME");
	refused("any=1ms,", "'' is not CLASS=TIME");
	refused("fly=1ms", "'fly' is neither");
	refused("=1ms", "'' is neither");
	refused("create=", "create=: not a time");
	refused("create=1", "create=1: not a time");
	refused("create=-1ms", "create=-1ms: not a time");
	refused("create=ms", "create=ms: not a time");
	refused("create=0x10ms", "not a time");
	refused("create=infms", "not a time");
	refused("create=1msec", "not a time");
	refused("create=3ms-1ms", "not a time");
	refused("create=1ms~", "not a time");
	refused("create=1ms+1ms", "not a time");
	refused("any=1ms,query=61s", "query=61s: more than 60s");
	refused("query=1ms-99999999999999999999s", "more than 60s");
	/* Nobody has to want to know why. */
	assert_int_equal(latency_parse("create", &(struct latency *){NULL}, NULL, 0), -EINVAL);
}

static void parse_nothing_is_no_plan(void **state)
{
	struct latency_rng rng = {SEED};

	(void)state;
	assert_null(plan(NULL));
	assert_null(plan(""));
	assert_int_equal(latency_draw(NULL, "create_cq", &rng), 0);
}

static void draw_fixed_units(void **state)
{
	(void)state;
	assert_int_equal(draw_once("any=250ns", "create_cq"), 250);
	assert_int_equal(draw_once("any=100us", "create_cq"), 100 * US);
	assert_int_equal(draw_once("any=1.5ms", "create_cq"), 1500 * US);
	assert_int_equal(draw_once("ANY=1s", "create_cq"), 1000 * MS);
	assert_int_equal(draw_once("any=60s", "create_cq"), 60000ull * MS);
}

static void draw_most_particular_item_counts(void **state)
{
	static const char text[] = "any=1us,create_cq=4us,create=2us,modify=3us";

	(void)state;
	assert_int_equal(draw_once(text, "create_cq"), 4 * US);
	assert_int_equal(draw_once(text, "create_qp"), 2 * US);
	assert_int_equal(draw_once(text, "modify_rqt"), 3 * US);
	assert_int_equal(draw_once(text, "query_hca_cap"), 1 * US);
	assert_int_equal(draw_once("create=2us", "query_hca_cap"), 0);
	assert_int_equal(draw_once("CREATE_CQ=4us", "create_cq"), 4 * US);
	assert_int_equal(draw_once("dereg_mr=4us", "dereg_mr"), 4 * US);
}

static void class_of_command(void **state)
{
	(void)state;
	assert_int_equal(latency_class("create_virtio_net_q"), LATENCY_CREATE);
	assert_int_equal(latency_class("alloc_pd"), LATENCY_CREATE);
	assert_int_equal(latency_class("reg_mr"), LATENCY_CREATE);
	assert_int_equal(latency_class("modify_virtio_net_q"), LATENCY_MODIFY);
	assert_int_equal(latency_class("rst2init_qp"), LATENCY_MODIFY);
	assert_int_equal(latency_class("query_virtio_net_q"), LATENCY_QUERY);
	assert_int_equal(latency_class("destroy"), LATENCY_DESTROY);
	assert_int_equal(latency_class("dereg_mr"), LATENCY_DESTROY);
	assert_int_equal(latency_class("subscribe_event"), LATENCY_OTHER);
}

static void draw_uniform_stays_between(void **state)
{
	struct latency *p = plan("any=1ms-3ms");
	struct latency_rng rng = {SEED};
	double sum = 0;
	unsigned int low = 0;

	(void)state;
	for (unsigned int i = 0; i < DRAWS; i++) {
		uint64_t ns = latency_draw(p, "create_cq", &rng);

		assert_in_range(ns, 1 * MS, 3 * MS);
		low += ns < 3 * MS / 2;
		sum += (double)ns;
	}
	latency_free(p);
	assert_in_range((uint64_t)(sum / DRAWS), 1980 * US, 2020 * US);
	assert_in_range(low, DRAWS / 4 - DRAWS / 50, DRAWS / 4 + DRAWS / 50);
}

static void draw_normal_mean_and_deviation(void **state)
{
	struct latency *p = plan("any=1ms~200us");
	struct latency_rng rng = {SEED};
	unsigned int within = 0;
	double sum = 0;

	(void)state;
	for (unsigned int i = 0; i < DRAWS; i++) {
		uint64_t ns = latency_draw(p, "create_cq", &rng);

		within += ns > 800 * US && ns < 1200 * US;
		sum += (double)ns;
	}
	latency_free(p);
	assert_in_range((uint64_t)(sum / DRAWS), 990 * US, 1010 * US);
	/* 68.3 % are within one deviation. */
	assert_in_range(within, DRAWS * 66 / 100, DRAWS * 70 / 100);
}

static void draw_normal_never_below_zero(void **state)
{
	struct latency *p = plan("any=1us~10ms");
	struct latency_rng rng = {SEED};
	unsigned int zero = 0;

	(void)state;
	for (unsigned int i = 0; i < DRAWS; i++) {
		uint64_t ns = latency_draw(p, "create_cq", &rng);

		assert_true(ns < 100 * MS);
		zero += !ns;
	}
	latency_free(p);
	assert_in_range(zero, DRAWS / 3, DRAWS * 2 / 3);
}

static void draw_same_seed_same_times(void **state)
{
	struct latency *p = plan("any=1us-1s");
	struct latency_rng a = {SEED}, b = {SEED}, c = {SEED + 1};
	unsigned int differ = 0;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t ns = latency_draw(p, "create_cq", &a);

		assert_int_equal(ns, latency_draw(p, "create_cq", &b));
		differ += ns != latency_draw(p, "create_cq", &c);
	}
	latency_free(p);
	assert_true(differ > 90);
}

/* ---- in a NIC ---- */

static struct hca *slow_nic(const char *latency, uint64_t seed)
{
	struct hca_config cfg = {.functions = 1, .threads = 1, .latency = latency, .seed = seed};
	struct hca *hca;

	assert_int_equal(hca_create(&cfg, &hca), 0);
	return hca;
}

static void create_bad_plan_einval(void **state)
{
	struct hca_config cfg = {.functions = 1, .threads = 1, .latency = "any"};
	struct hca *hca;

	(void)state;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
}

/* A serial program cannot be faster than what was counted. */
static void commands_take_what_is_counted(void **state)
{
	struct hca *hca = slow_nic("create=1ms-2ms,dealloc_pd=500us", SEED);
	uint64_t begun = call_now_ns(), counted;
	struct hca_ctx *ctx;
	uint32_t pdn;

	(void)state;
	assert_int_equal(hca_ctx_open(hca, 0, &ctx), 0);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(hca_pd_alloc(ctx, &pdn), 0);
		assert_int_equal(hca_pd_free(ctx, pdn), 0);
	}
	hca_ctx_close(ctx);
	counted = hca->stat->latency_ns;
	assert_true(call_now_ns() - begun >= counted);
	assert_int_equal(hca->stat->latency_commands, 11 + 10);
	assert_in_range(counted, 11 * MS + 10 * 500 * US, 22 * MS + 10 * 500 * US);
	hca_destroy(hca);
}

static void same_seed_same_sum(void **state)
{
	uint64_t sum[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct hca *hca = slow_nic("any=1us-200us", SEED);
		struct hca_ctx *ctx;
		uint32_t pdn;

		assert_int_equal(hca_ctx_open(hca, 0, &ctx), 0);
		assert_int_equal(hca_pd_alloc(ctx, &pdn), 0);
		hca_ctx_close(ctx);
		sum[i] = hca->stat->latency_ns;
		hca_destroy(hca);
	}
	assert_int_equal(sum[0], sum[1]);
}

struct worker {
	pthread_t thread;
	struct hca_ctx *ctx;
	atomic_bool done;
};

static void *alloc_one(void *arg)
{
	struct worker *w = arg;
	uint32_t pdn;

	assert_int_equal(hca_pd_alloc(w->ctx, &pdn), 0);
	atomic_store(&w->done, true);
	return NULL;
}

static void slow_command_holds_nobody_up(void **state)
{
	struct hca *hca = slow_nic("alloc_pd=1500ms", SEED);
	struct worker w = {};
	struct mbox mb;

	(void)state;
	assert_int_equal(hca_ctx_open(hca, 0, &w.ctx), 0);
	assert_int_equal(pthread_create(&w.thread, NULL, alloc_one, &w), 0);
	mb_begin(&mb, "query_hca_cap");
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(hca_cmd(w.ctx, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	assert_false(atomic_load(&w.done));
	pthread_join(w.thread, NULL);
	hca_ctx_close(w.ctx);
	hca_destroy(hca);
}

/* One more than there is room for: it waits for another's end, then for its own. */
static void slots_are_limited(void **state)
{
	struct hca *hca = slow_nic("alloc_pd=50ms", SEED);
	struct worker w[LATENCY_SLOTS + 1] = {};
	struct hca_ctx *ctx;
	uint64_t begun = call_now_ns();

	(void)state;
	assert_int_equal(hca_ctx_open(hca, 0, &ctx), 0);
	for (unsigned int i = 0; i <= LATENCY_SLOTS; i++) {
		w[i].ctx = ctx;
		assert_int_equal(pthread_create(&w[i].thread, NULL, alloc_one, &w[i]), 0);
	}
	for (unsigned int i = 0; i <= LATENCY_SLOTS; i++)
		pthread_join(w[i].thread, NULL);
	assert_true(call_now_ns() - begun >= 2 * 50 * MS);
	hca_ctx_close(ctx);
	hca_destroy(hca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parse_bad_names_the_item),
	    cmocka_unit_test(parse_nothing_is_no_plan),
	    cmocka_unit_test(draw_fixed_units),
	    cmocka_unit_test(draw_most_particular_item_counts),
	    cmocka_unit_test(class_of_command),
	    cmocka_unit_test(draw_uniform_stays_between),
	    cmocka_unit_test(draw_normal_mean_and_deviation),
	    cmocka_unit_test(draw_normal_never_below_zero),
	    cmocka_unit_test(draw_same_seed_same_times),
	    cmocka_unit_test(create_bad_plan_einval),
	    cmocka_unit_test(commands_take_what_is_counted),
	    cmocka_unit_test(same_seed_same_sum),
	    cmocka_unit_test(slow_command_holds_nobody_up),
	    cmocka_unit_test(slots_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
