/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links within one process: the two ends of a memif or wire are the uplink and a representor of the
 * same datapath, capture files are compared byte by byte, and a peer that breaks memif's rules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/link.h"
#include "port_memif_peer.h"
#include "port_rig.h"

static struct net net;
static char dir[64];
static unsigned int threads = 1, delay_drop_ms = 20000;

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/vv_port.XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static const char *path(const char *name)
{
	static char text[4][128];
	static unsigned int next;
	char *p = text[next++ % 4];

	snprintf(p, sizeof(text[0]), "%s/%s", dir, name);
	return p;
}

/* Guests; guest 0 has a representor, if that is not NULL. */
static void start_guests(unsigned int guests, const char *uplink, const char *rep0)
{
	struct dp_link_config links[2] = {{.representor = -1}, {.representor = 0}};
	struct rig_options o = {.threads = threads,
				.ports = guests,
				.delay_drop_ms = delay_drop_ms,
				.n_links = 1,
				.links = links};

	if (uplink != NULL)
		strcpy(links[0].spec, uplink);
	if (rep0 != NULL)
		strcpy(links[1].spec, rep0);
	o.n_links = (uplink != NULL) + (rep0 != NULL);
	if (uplink == NULL)
		o.links = &links[1];
	net_create(&net, &o);
}

static void start(const char *uplink, const char *rep0)
{
	start_guests(2, uplink, rep0);
}

/* ---- memif, wire ---- */

/* Send from guest 0 until something comes by the representor, the cable and the uplink. */
static void wait_connected(void)
{
	uint8_t frame[RIG_FRAME_MAX];
	size_t got = 0;

	for (unsigned int i = 0; got == 0 && i < 2000; i++) {
		net_send(&net, 0, 0xff, 1, 64, 0);
		usleep(5000);
		got = rig_recv(net.rx[1], frame);
	}
	assert_int_equal(got, 64);
	/* What else was on its way: both guests hear what comes by the uplink. */
	net_send(&net, 0, 0xff, 1, 65, 0);
	rig_wait(rig_recv(net.rx[1], frame) == 65);
	rig_wait(rig_recv(net.rx[0], frame) == 65);
	rig_post_all(net.rx[0], 2048);
	rig_post_all(net.rx[1], 2048);
}

static void exchange(void)
{
	static const size_t sizes[] = {60, 64, 255, 256, 257, 1514, 2048, 4096, 9000, 9230};

	wait_connected();
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			uint32_t seed = round * 100 + i + 1;

			/* Out by the representor, in by the uplink. */
			net_send(&net, 0, 0xff, 1, sizes[i], seed);
			net_expect(&net, 1, 0, sizes[i], seed);
			net_expect(&net, 0, 0, sizes[i], seed);
			/* Out by the uplink, in by the representor. */
			net_send(&net, 1, 0xff, 2, sizes[i], seed);
			net_expect(&net, 0, 0, sizes[i], seed);
			net_expect(&net, 0, 0, sizes[i], seed);
			net_expect_none(&net, 1);
		}
	}
	net_destroy(&net);
}

static void memif_carries_frames_both_ways(void **state)
{
	char server[256], client[256];

	snprintf(server, sizeof(server), "memif:%s,id=7,secret=s3", path("memif"));
	snprintf(client, sizeof(client),
		 "memif:%s,role=client,id=7,secret=s3,ring-size=64,buffer-size=256", path("memif"));
	start(server, client);
	exchange();
	assert_int_not_equal(access(path("memif"), F_OK), 0);
}

static void memif_works_with_several_nic_threads(void **state)
{
	threads = 3;
	memif_carries_frames_both_ways(state);
	threads = 1;
}

static void memif_needs_the_right_secret(void **state)
{
	char server[256], client[256];
	uint8_t frame[RIG_FRAME_MAX];

	snprintf(server, sizeof(server), "memif:%s,secret=one", path("memif"));
	snprintf(client, sizeof(client), "memif:%s,role=client,secret=other", path("memif"));
	start(server, client);
	for (unsigned int i = 0; i < 20; i++) {
		net_send(&net, 0, 0xff, 1, 64, 0);
		usleep(5000);
		assert_int_equal(rig_recv(net.rx[1], frame), 0);
	}
	assert_int_equal(net_stats(&net, 0).drops_no_dest, 20);
	net_destroy(&net);
}

static void wire_finds_its_roles(void **state)
{
	char spec[256];

	snprintf(spec, sizeof(spec), "wire:%s", path("wire"));
	start(spec, spec);
	exchange();
}

/* ---- capture files ---- */

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

static void write_words(FILE *f, const uint32_t *words, unsigned int n)
{
	assert_int_equal(fwrite(words, 4, n, f), n);
}

/* frames frames of 60 + 37 * i bytes, from 01 to 02. */
static void write_capture(const char *name, unsigned int frames)
{
	const uint32_t head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	write_words(f, head, 6);
	for (uint32_t i = 0; i < frames; i++) {
		uint32_t len = 60 + 37 * i % 9000, record[4] = {1000, i, len, len};
		uint8_t frame[RIG_FRAME_MAX];

		rig_frame(frame, len, 2, 1, i);
		write_words(f, record, 4);
		assert_int_equal(fwrite(frame, 1, len, f), len);
	}
	fclose(f);
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

	write_capture(path("in.pcap"), FRAMES);
	snprintf(spec, sizeof(spec), "pcap:rx=%s,tx=%s,loop=%u", path("in.pcap"), path("out.pcap"),
		 LOOPS);
	/* It waits for buffers all the same. */
	delay_drop_ms = 0;
	start_guests(1, spec, NULL);
	delay_drop_ms = 20000;
	in = read_file(path("in.pcap"), &n_in);
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
	out = read_file(path("out.pcap"), &n_out);
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

	snprintf(spec, sizeof(spec), "pcap:tx=%s", path("out.pcap"));
	start(spec, NULL);
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
	out = read_file(path("out.pcap"), &n);
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

	write_capture(path("in.pcap"), 5);
	assert_int_equal(truncate(path("in.pcap"), 300), 0);
	snprintf(link.spec, sizeof(link.spec), "pcap:rx=%s", path("in.pcap"));
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
	snprintf(link.spec, sizeof(link.spec), "pcap:rx=%s", path("nothing"));
	assert_int_equal(dp_create(&cfg, &dp), -ENOENT);
	snprintf(link.spec, sizeof(link.spec), "memif:%s", path("no/dir"));
	assert_int_equal(dp_create(&cfg, &dp), -ENOENT);
	snprintf(link.spec, sizeof(link.spec), "nothing:x");
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
}

/* Somebody's file, by a slip of the pen. */
static void path_that_is_no_socket_is_left_alone(void **state)
{
	static const char *const kinds[] = {"memif", "wire"};
	struct dp_link_config link = {.representor = -1};
	struct dp_config cfg = {.threads = 1, .ports = 1, .links = &link, .n_links = 1};
	struct dp *dp;

	write_capture(path("file"), 1);
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(link.spec, sizeof(link.spec), "%s:%s", kinds[i], path("file"));
		assert_int_equal(dp_create(&cfg, &dp), -ENOTSOCK);
		assert_int_equal(access(path("file"), F_OK), 0);
	}
}

/* Passes in a while: some thousand sleeps a second; without, a hundred times as many. */
static void expect_sleep(void)
{
	unsigned int passes;

	usleep(100000);
	passes = __atomic_load_n(&net.rig.ticks, __ATOMIC_RELAXED);
	usleep(200000);
	passes = __atomic_load_n(&net.rig.ticks, __ATOMIC_RELAXED) - passes;
	assert_in_range(passes, 1, 4000);
}

static void nic_sleeps_though_half_a_frame_is_there(void **state)
{
	struct peer peer;
	char spec[256];

	snprintf(spec, sizeof(spec), "memif:%s", path("memif"));
	start(spec, NULL);
	peer_connect(&peer, path("memif"), PEER_FAULTS);
	peer_send_half(&peer);
	expect_sleep();
	peer_close(&peer);
	net_destroy(&net);
}

static void dial(int fd, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

/* Somebody knocks who cannot be let in for want of descriptors. */
static void nic_sleeps_though_a_connection_waits(void **state)
{
	struct rlimit limit, none;
	char spec[256];
	int fd;

	snprintf(spec, sizeof(spec), "memif:%s", path("memif"));
	start(spec, NULL);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	dial(fd, path("memif"));
	expect_sleep();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	close(fd);
	net_destroy(&net);
}

static void memory_gone_under_a_link_costs_its_sender(void **state)
{
	struct rig_guest *g = &net.rig.guest[0];
	uint8_t frame[100];
	char spec[256];

	snprintf(spec, sizeof(spec), "pcap:tx=%s", path("out.pcap"));
	start(spec, NULL);
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

	snprintf(spec, sizeof(spec), "pcap:tx=%s", path("rep.pcap"));
	start(NULL, spec);
	net_mac(&net, 1, 2);
	net_send(&net, 0, 0xff, 1, 100, 1); /* broadcast */
	net_send(&net, 0, 9, 1, 110, 2);    /* unknown */
	net_expect_none(&net, 1);
	net_send(&net, 0, 2, 1, 120, 3); /* known: as ever */
	net_expect(&net, 1, 0, 120, 3);
	net_send(&net, 1, 0xff, 2, 130, 4); /* not its function's */
	net_expect(&net, 0, 0, 130, 4);
	net_destroy(&net);
	out = read_file(path("rep.pcap"), &n);
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

	write_capture(path("in.pcap"), 3);
	snprintf(spec, sizeof(spec), "pcap:rx=%s", path("in.pcap"));
	start(NULL, spec);
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

	snprintf(spec, sizeof(spec), "pcap:tx=%s", path("rep.pcap"));
	start(NULL, spec);
	net_policy(&net, 0, 10, false, 9216);
	net_send(&net, 0, 0xff, 1, 100, 1);
	net_destroy(&net);
	out = read_file(path("rep.pcap"), &n);
	assert_non_null(next_frame(out, n, &at, &len));
	assert_int_equal(len, 100);
	free(out);
}

static void links_are_placed_once(void **state)
{
	struct dp_link_config links[2] = {{.representor = -1}, {.representor = -1}};
	struct dp_config cfg = {.threads = 1, .ports = 2, .links = links, .n_links = 2};
	struct dp *dp;

	snprintf(links[0].spec, sizeof(links[0].spec), "wire:%s", path("a"));
	snprintf(links[1].spec, sizeof(links[1].spec), "wire:%s", path("b"));
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
	links[0].representor = links[1].representor = 1;
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
	links[0].representor = 2;
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
}

/* ---- a peer that is not one of ours ---- */

static void memif_survives_a_hostile_client(void **state)
{
	char spec[256];

	snprintf(spec, sizeof(spec), "memif:%s", path("memif"));
	start(spec, NULL);
	for (enum peer_fault fault = 0; fault < PEER_FAULTS; fault++) {
		struct peer peer;

		print_message("%s\n", peer_fault_name(fault));
		peer_connect(&peer, path("memif"), fault);
		/* Frames on their way to it, while it does what it does. */
		if (fault >= PEER_BAD_RINGS) {
			peer_misbehave(&peer);
			for (unsigned int i = 0; i < 5; i++)
				net_send(&net, 1, 0xff, 2, 1000, i);
		}
		peer_expect_end(&peer);
		peer_close(&peer);
	}
	/* And one that behaves. */
	for (unsigned int i = 0; i < 2; i++) {
		struct peer peer;
		uint8_t frame[100];

		peer_connect(&peer, path("memif"), PEER_FAULTS);
		rig_frame(frame, sizeof(frame), 0xff, 5, i);
		peer_send(&peer, frame, sizeof(frame));
		while (rig_recv(net.rx[0], (uint8_t[RIG_FRAME_MAX]){0}) > 0)
			rig_post_all(net.rx[0], 2048);
		net_expect(&net, 1, 0, sizeof(frame), i);
		peer_close(&peer);
	}
	net_destroy(&net);
}

static void specifications_are_checked(void **state)
{
	static const struct {
		const char *spec, *says;
	} bad[] = {
	    {"",					  "no kind of port"             },
	    {"tun:x",				     "\"tun\" is no kind"          },
	    {"tap",				       "tap:NAME"                    },
	    {"tap:",				      "is empty"                    },
	    {"tap:0123456789abcdef",                      "longer than 15"              },
	    {"tap:a/b",				   "tap:NAME"                    },
	    {"memif",				     "path of a socket"            },
	    {"memif:/x,role=master",                      "server or client"            },
	    {"memif:/x,ring-size=100",                    "power of two"                },
	    {"memif:/x,ring-size=32768",                  "from 16 to 16384"            },
	    {"memif:/x,id=-1",                            "id=-1"                       },
	    {"memif:/x,id=4294967296",                    "id=4294967296"               },
	    {"memif:/x,secret=1234567890123456789012345", "longer than 24"              },
	    {"memif:/x,zero-copy=1",                      "unknown option \"zero-copy\""},
	    {"memif:/x,role",                             "not OPTION=VALUE"            },
	    {"pcap:",				     "rx=FILE or tx=FILE"          },
	    {"pcap:rx=a,loop=0",                          "loop=0"                      },
	    {"pcap:rx=a,rate=fast",                       "rate=fast"                   },
	    {"wire:/x,id=1",			      "no options"                  },
	};
	char error[LINK_ERROR_MAX];
	struct link_options o;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(link_parse(bad[i].spec, NULL, error), -EINVAL);
		if (strstr(error, bad[i].says) == NULL)
			fail_msg("\"%s\": \"%s\"", bad[i].spec, error);
	}
	assert_int_equal(link_parse("pcap:rx=a,tx=b,loop=infinite,rate=recorded", &o, error), 0);
	assert_int_equal(o.loops, 0);
	assert_true(o.recorded);
	assert_int_equal(link_parse("memif:/x,role=client,id=4294967295", &o, error), 0);
	assert_int_equal(o.id, UINT32_MAX);
	assert_int_equal(o.role, LINK_CLIENT);
	assert_int_equal(link_parse("tap:vv0", &o, error), 0);
	assert_string_equal(o.path, "vv0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memif_carries_frames_both_ways),
	    cmocka_unit_test(memif_works_with_several_nic_threads),
	    cmocka_unit_test(memif_needs_the_right_secret),
	    cmocka_unit_test(wire_finds_its_roles),
	    cmocka_unit_test(capture_is_played_and_recorded_unchanged),
	    cmocka_unit_test(child_does_not_write_to_the_capture),
	    cmocka_unit_test(bad_capture_is_refused),
	    cmocka_unit_test(path_that_is_no_socket_is_left_alone),
	    cmocka_unit_test(nic_sleeps_though_half_a_frame_is_there),
	    cmocka_unit_test(nic_sleeps_though_a_connection_waits),
	    cmocka_unit_test(memory_gone_under_a_link_costs_its_sender),
	    cmocka_unit_test(representor_gets_what_nobody_else_does),
	    cmocka_unit_test(representor_speaks_to_its_function_only),
	    cmocka_unit_test(representor_stands_in_its_functions_vlan),
	    cmocka_unit_test(links_are_placed_once),
	    cmocka_unit_test(memif_survives_a_hostile_client),
	    cmocka_unit_test(specifications_are_checked),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
