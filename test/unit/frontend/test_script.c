/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts against a back-end whose every answer is known: what they do, and what they notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_bench.h"
#include "control_script.h"
#include "feature_names.h"
#include "log.h"
#include "ref_backend.h"

#define COMMON                                                                                     \
	(FE_BIT(VIRTIO_F_VERSION_1) | FE_BIT(VIRTIO_F_RING_PACKED) |                               \
	 FE_BIT(VIRTIO_NET_F_CTRL_VQ) | FE_BIT(VIRTIO_NET_F_CTRL_RX) | FE_BIT(VIRTIO_NET_F_MAC))

struct scene {
	struct ref_backend b;
	struct fe_dev *dev;
	char out[65536];
	struct fe_script_result res;
};

static int scene_open(struct scene *s, enum fe_layout layout, uint64_t features)
{
	struct fe_dev_config cfg = {.timeout_ms = 5000,
				    .layout = layout,
				    .pairs = 1,
				    .ring_size = 16,
				    .regions = 2,
				    .chain_min = 1,
				    .chain_max = 1,
				    .frame_max = 1514,
				    .cut_bytes = -1,
				    .control = true,
				    .welcome = FE_FEATURES_CONTROL,
				    .control_ring = 32,
				    .framing = FE_FRAMING_RANDOM,
				    .control_seed = 7};

	memset(s, 0, sizeof(*s));
	s->b.features = features;
	ref_backend_start(&s->b);
	cfg.path = s->b.path;
	assert_int_equal(fe_dev_create(&cfg, &s->dev), 0);
	s->b.dev = s->dev;
	return fe_dev_connect(s->dev);
}

static void scene_close(struct scene *s)
{
	fe_dev_disconnect(s->dev);
	ref_backend_stop(&s->b);
	fe_dev_destroy(s->dev);
}

static int run(struct scene *s, const char *text)
{
	struct fe_script_config cfg = {
	    .go_on = true,
	    .dev = s->dev,
	    .mac = {2, 0, 0, 0, 0, 9},
	    .peer_mac = {2, 0, 0, 0, 0, 8},
	    .limit_ms = 2000,
	    .dead_ms = 50
        };
	int err;

	cfg.in = fmemopen((void *)text, strlen(text), "r");
	cfg.out = fmemopen(s->out, sizeof(s->out), "w");
	assert_true(cfg.in && cfg.out);
	err = fe_script_run(&cfg, &s->res);
	fclose(cfg.in);
	fclose(cfg.out);
	return err;
}

static const enum fe_layout layouts[] = {FE_SPLIT, FE_PACKED};
#define EACH_LAYOUT (unsigned int l = 0; l < 2; l++)

static void script_runs_commands_and_sees_the_wire(void **state)
{
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	for
		EACH_LAYOUT
		{
			assert_int_equal(scene_open(s, layouts[l], COMMON), 0);
			assert_int_equal(run(s,
					     "# a comment\n"
					     "\n"
					     "promisc 0\n"
					     "wire to=02:00:00:00:00:77 expect none\n"
					     "wire to=mine expect queue=0\n"
					     "wire vlan=5 expect queue=0\n"
					     "framing bytes\n"
					     "promisc 1 # all\n"
					     "wire to=02:00:00:00:00:77 expect queue=0\n"
					     "flows 14 expect queue=0\n"
					     "mac 02:00:00:00:00:42\n"
					     "config mac=02:00:00:00:00:42 max_virtqueue_pairs=2\n"
					     "raw 7700 expect err\n"
					     "promisc 1 no-ack expect empty\n"
					     "flood 100 promisc 0\n"
					     "marker quiet\n"
					     "wire to=02:00:00:00:00:77 expect none\n"
					     "reset\n"
					     "config mac=02:00:00:00:00:05\n"
					     "wire to=02:00:00:00:00:77 expect queue=0\n"),
					 0);
			if (s->res.wrong)
				print_message("%s", s->out);
			assert_int_equal(s->res.statements, 18);
			assert_int_equal(s->res.wrong, 0);
			/* Without MQ and RSS it is queue 2, whatever the device could have. */
			assert_int_equal(s->b.enabled_control, 2);
			scene_close(s);
		}
	free(s);
}

static void control_queue_is_behind_all_pairs_with_mq(void **state)
{
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_SPLIT, COMMON | FE_BIT(VIRTIO_NET_F_MQ)), 0);
	assert_int_equal(s->b.enabled_control, 2 * REF_BACKEND_PAIRS);
	scene_close(s);
	assert_int_equal(scene_open(s, FE_SPLIT, COMMON | FE_BIT(VIRTIO_NET_F_RSS)), 0);
	assert_int_equal(s->b.enabled_control, 2 * REF_BACKEND_PAIRS);
	scene_close(s);
	free(s);
}

static void device_without_control_queue_is_refused(void **state)
{
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_SPLIT, FE_BIT(VIRTIO_F_VERSION_1)), -EOPNOTSUPP);
	scene_close(s);
	free(s);
}

/* A statement whose expectation is wrong has to be found out, each on its own. */
static void wrong_expectations_are_counted(void **state)
{
	static const char *const wrong[] = {
	    "promisc 1 expect err",
	    "raw 7700",
	    "raw 7700 expect empty",
	    "promisc 0 expect ok result=00",
	    "promisc 0 expect dead",
	    "wire to=mine expect none",
	    "wire to=mine expect queue=1",
	    "wire to=mine expect whole",
	    "wire to=mine expect segments",
	    "flows 7 expect none",
	    "flows 7 expect queue=1",
	    "config mac=02:00:00:00:00:06",
	    "features lacks=ctrl_rx",
	    "features has=rss",
	    "features offered=0x100000000",
	    "flood 10 raw 7700",
	    "run false",
	    "wait-config status=77",
	};
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_PACKED, COMMON), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(run(s, wrong[i]), 0);
		if (s->res.wrong != 1)
			print_message("%s: %s", wrong[i], s->out);
		assert_int_equal(s->res.wrong, 1);
		assert_memory_equal(s->out, "WRONG 1: ", 9);
	}
	scene_close(s);
	free(s);
}

static void frame_that_is_filtered_is_missed(void **state)
{
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_SPLIT, COMMON), 0);
	assert_int_equal(run(s, "promisc 0\nwire to=02:00:00:00:00:77 expect queue=0"), 0);
	assert_int_equal(s->res.wrong, 1);
	assert_int_equal(run(s, "flows 7 to=02:00:00:00:00:77 expect queue=0"), 0);
	assert_int_equal(s->res.wrong, 1);
	assert_int_equal(run(s, "flows 7 to=02:00:00:00:00:77 expect none"), 0);
	assert_int_equal(s->res.wrong, 0);
	scene_close(s);
	free(s);
}

static void notice_of_a_change_is_waited_for(void **state)
{
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_SPLIT, COMMON | FE_BIT(VIRTIO_NET_F_CTRL_VLAN)), 0);
	assert_int_equal(run(s, "vlan del 5\nwait-config status=0\nvlan add 5\nwait-config "
				"status=1\n"),
			 0);
	assert_int_equal(s->res.wrong, 0);
	/* It is so already, and nobody tells. */
	assert_int_equal(run(s, "config status=1\n"), 0);
	assert_int_equal(s->res.wrong, 0);
	scene_close(s);
	free(s);
}

static void silent_device_is_dead(void **state)
{
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_SPLIT, COMMON), 0);
	__atomic_store_n(&s->b.silent, true, __ATOMIC_RELAXED);
	assert_int_equal(run(s, "promisc 0 expect dead\n"), 0);
	assert_int_equal(s->res.wrong, 0);
	scene_close(s);
	free(s);
}

static void what_is_no_statement_ends_the_script(void **state)
{
	static const char *const bad[] = {"dance",      "wire to=nobody",     "promisc",
					  "reset now",  "features has=x",     "inject promisc 1",
					  "injector x", "flood x promisc 1",  "hostile unheard-of",
					  "config x=1", "features offered=x", "write-config mac=x",
					  "move"};
	struct scene *s = malloc(sizeof(*s));
	char text[100];

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_SPLIT, COMMON), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "%s\npromisc 1\n", bad[i]);
		assert_int_equal(run(s, text), -EINVAL);
		assert_int_equal(s->res.statements, 1);
		assert_memory_equal(s->out, "ERROR 1: ", 9);
	}
	scene_close(s);
	free(s);
}

static void bench_measures_what_is_offered(void **state)
{
	struct fe_ctrl_bench_result res;
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	assert_int_equal(scene_open(s, FE_SPLIT, COMMON), 0);
	assert_int_equal(fe_ctrl_bench_run(s->dev, 5, 0, &res), 0);
	/* promisc, allmulti, two of macs, and the refused one; not all of them are obeyed. */
	assert_int_equal(res.rows, 5);
	assert_string_equal(res.row[0].kind, "promisc");
	assert_int_equal(res.row[0].refused, 0);
	assert_int_equal(res.row[1].refused, 5);
	assert_true(res.row[0].min_ns > 0 && res.row[0].min_ns <= res.row[0].p50_ns &&
		    res.row[0].p99_ns <= res.row[0].max_ns);
	scene_close(s);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(script_runs_commands_and_sees_the_wire),
	    cmocka_unit_test(control_queue_is_behind_all_pairs_with_mq),
	    cmocka_unit_test(device_without_control_queue_is_refused),
	    cmocka_unit_test(wrong_expectations_are_counted),
	    cmocka_unit_test(frame_that_is_filtered_is_missed),
	    cmocka_unit_test(notice_of_a_change_is_waited_for),
	    cmocka_unit_test(silent_device_is_dead),
	    cmocka_unit_test(what_is_no_statement_ends_the_script),
	    cmocka_unit_test(bench_measures_what_is_offered),
	};

	fe_log_level = FE_LOG_NONE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
