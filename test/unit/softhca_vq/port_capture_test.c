/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files, compared byte by byte, and what representors pass to them and from them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port_link_scene.h"

static uint8_t *read_file(const char *name, size_t *len)
{
	FILE *f = fopen(name, "r");
	uint8_t *bytes = malloc(4 << 20);

	assert_non_null(f);
	assert_non_null(bytes);
	*len = fread(bytes, 1, 4 << 20, f);
	fclose(f);
	return bytes;
}

/* The next frame in a capture file, NULL: none. */
static const uint8_t *next_frame(const uint8_t *bytes, size_t n, size_t *at, uint32_t *len)
{
	const uint8_t *frame;

	if (*at == 0)
		*at = 24;
	if (*at + 16 > n)
		return NULL;
	memcpy(len, bytes + *at + 8, 4);
	frame = bytes + *at + 16;
	*at += 16 + *len;
	return *at <= n ? frame : NULL;
}

static void capture_is_played_and_recorded_unchanged(void **state)
{
	enum { FRAMES = 300, LOOPS = 2 };
	size_t n_in, n_out = 0, at_in = 0, at_out = 0;
	uint8_t *in, *out, frame[RIG_FRAME_MAX];
	uint32_t len_in, len_out;
	const uint8_t *want, *got;
	char spec[256];

	scene_write_capture(scene_path("in.pcap"), FRAMES);
	snprintf(spec, sizeof(spec), "pcap:rx=%s,tx=%s,loop=%u", scene_path("in.pcap"),
		 scene_path("out.pcap"), LOOPS);
	/* It waits for buffers all the same. */
	scene_delay_drop_ms = 0;
	scene_start_guests(1, spec, NULL);
	scene_delay_drop_ms = 20000;
	in = read_file(scene_path("in.pcap"), &n_in);
	for (unsigned int i = 0; i < FRAMES * LOOPS; i++) {
		size_t len = 0;

		if (i % FRAMES == 0)
			at_in = 0;
		want = next_frame(in, n_in, &at_in, &len_in);
		rig_wait((len = rig_recv(net.rx[0], frame)) > 0);
		assert_int_equal(len, len_in);
		assert_memory_equal(frame, want, len);
		rig_post_all(net.rx[0], 2048);
	}
	at_in = 0;
	while ((want = next_frame(in, n_in, &at_in, &len_in)) != NULL)
		net_send_bytes(&net, 0, want, len_in);
	net_destroy(&net);
	out = read_file(scene_path("out.pcap"), &n_out);
	assert_int_equal(n_out, n_in);
	at_in = 0;
	while ((want = next_frame(in, n_in, &at_in, &len_in)) != NULL) {
		got = next_frame(out, n_out, &at_out, &len_out);
		assert_non_null(got);
		assert_int_equal(len_out, len_in);
		assert_memory_equal(got, want, len_in);
	}
	free(in);
	free(out);
}

/* A child of the program's that exits in good order, and flushes what it finds. */
static void child_does_not_write_to_the_capture(void **state)
{
	size_t n, at = 0, frames = 0;
	uint8_t *out;
	uint32_t len;
	char spec[256];

	snprintf(spec, sizeof(spec), "pcap:tx=%s", scene_path("out.pcap"));
	scene_start(spec, NULL);
	for (uint32_t i = 0; i < 100; i++) {
		net_send(&net, 0, 0xff, 1, 100, i);
		if (i % 10 == 5) {
			pid_t child = fork();

			assert_true(child >= 0);
			/* As exit() does it. */
			if (child == 0) {
				fflush(NULL);
				_exit(0);
			}
			assert_int_equal(waitpid(child, NULL, 0), child);
		}
		while (rig_recv(net.rx[1], (uint8_t[RIG_FRAME_MAX]){0}) > 0)
			rig_post_all(net.rx[1], 2048);
	}
	net_destroy(&net);
	out = read_file(scene_path("out.pcap"), &n);
	while (next_frame(out, n, &at, &len) != NULL)
		frames++;
	free(out);
	assert_int_equal(frames, 100);
}

static void bad_capture_is_refused(void **state)
{
	struct dp_link_config link = {.representor = -1};
	struct dp_config cfg = {.threads = 1, .ports = 1, .links = &link, .n_links = 1};
	struct dp *dp;

	scene_write_capture(scene_path("in.pcap"), 5);
	assert_int_equal(truncate(scene_path("in.pcap"), 300), 0);
	snprintf(link.spec, sizeof(link.spec), "pcap:rx=%s", scene_path("in.pcap"));
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
	snprintf(link.spec, sizeof(link.spec), "pcap:rx=%s", scene_path("nothing"));
	assert_int_equal(dp_create(&cfg, &dp), -ENOENT);
	snprintf(link.spec, sizeof(link.spec), "memif:%s", scene_path("no/dir"));
	assert_int_equal(dp_create(&cfg, &dp), -ENOENT);
	snprintf(link.spec, sizeof(link.spec), "nothing:x");
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
}

static void memory_gone_under_a_link_costs_its_sender(void **state)
{
	struct rig_guest *g = &net.rig.guest[0];
	uint8_t frame[100];
	char spec[256];

	snprintf(spec, sizeof(spec), "pcap:tx=%s", scene_path("out.pcap"));
	scene_start(spec, NULL);
	/* The first buffer that is used is in this region, and no ring. */
	assert_ptr_equal(mmap(g->device_map[2], g->mem.region[2].size, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 g->device_map[2]);
	rig_frame(frame, sizeof(frame), 0xff, 1, 1);
	assert_true(rig_send(net.tx[0], frame, sizeof(frame), NULL));
	rig_ring(g);
	rig_wait(__atomic_load_n(&net.tx[0]->errors, __ATOMIC_ACQUIRE) == 1);
	assert_int_equal(net.tx[0]->error, VQ_ERROR_BAD_BUFFER);
	/* The link goes on with others. */
	net_send(&net, 1, 0xff, 2, 100, 2);
	assert_int_equal(net_stats(&net, 2).frames_rx, 1);
	net_destroy(&net);
}

/* ---- representors ---- */

static void representor_gets_what_nobody_else_does(void **state)
{
	size_t n, at = 0;
	uint8_t *out;
	uint32_t len;
	char spec[256];

	snprintf(spec, sizeof(spec), "pcap:tx=%s", scene_path("rep.pcap"));
	scene_start(NULL, spec);
	net_mac(&net, 1, 2);
	net_send(&net, 0, 0xff, 1, 100, 1); /* broadcast */
	net_send(&net, 0, 9, 1, 110, 2);    /* unknown */
	net_expect_none(&net, 1);
	net_send(&net, 0, 2, 1, 120, 3); /* known: as ever */
	net_expect(&net, 1, 0, 120, 3);
	net_send(&net, 1, 0xff, 2, 130, 4); /* not its function's */
	net_expect(&net, 0, 0, 130, 4);
	net_destroy(&net);
	out = read_file(scene_path("rep.pcap"), &n);
	assert_non_null(next_frame(out, n, &at, &len));
	assert_int_equal(len, 100);
	assert_non_null(next_frame(out, n, &at, &len));
	assert_int_equal(len, 110);
	assert_null(next_frame(out, n, &at, &len));
	free(out);
}

static void representor_speaks_to_its_function_only(void **state)
{
	char spec[256];

	scene_write_capture(scene_path("in.pcap"), 3);
	snprintf(spec, sizeof(spec), "pcap:rx=%s", scene_path("in.pcap"));
	scene_start(NULL, spec);
	/* To the MAC of guest 1, all the same. */
	for (uint32_t i = 0; i < 3; i++)
		net_expect(&net, 0, 0, 60 + 37 * i, i);
	net_expect_none(&net, 1);
	net_destroy(&net);
}

static void representor_stands_in_its_functions_vlan(void **state)
{
	size_t n, at = 0;
	uint32_t len;
	uint8_t *out;
	char spec[256];

	snprintf(spec, sizeof(spec), "pcap:tx=%s", scene_path("rep.pcap"));
	scene_start(NULL, spec);
	net_policy(&net, 0, 10, false, 9216);
	net_send(&net, 0, 0xff, 1, 100, 1);
	net_destroy(&net);
	out = read_file(scene_path("rep.pcap"), &n);
	assert_non_null(next_frame(out, n, &at, &len));
	assert_int_equal(len, 100);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(capture_is_played_and_recorded_unchanged),
	    cmocka_unit_test(child_does_not_write_to_the_capture),
	    cmocka_unit_test(bad_capture_is_refused),
	    cmocka_unit_test(memory_gone_under_a_link_costs_its_sender),
	    cmocka_unit_test(representor_gets_what_nobody_else_does),
	    cmocka_unit_test(representor_speaks_to_its_function_only),
	    cmocka_unit_test(representor_stands_in_its_functions_vlan),
	};

	return cmocka_run_group_tests(tests, scene_make_dir, scene_remove_dir);
}
