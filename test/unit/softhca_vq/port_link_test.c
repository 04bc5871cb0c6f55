/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links within one process: the two ends of a memif or wire are the uplink and a representor of the
 * same datapath, and a peer that breaks memif's rules.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/link.h"
#include "port_link_scene.h"
#include "port_memif_peer.h"

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

	snprintf(server, sizeof(server), "memif:%s,id=7,secret=s3", scene_path("memif"));
	snprintf(client, sizeof(client),
		 "memif:%s,role=client,id=7,secret=s3,ring-size=64,buffer-size=256",
		 scene_path("memif"));
	scene_start(server, client);
	exchange();
	assert_int_not_equal(access(scene_path("memif"), F_OK), 0);
}

static void memif_works_with_several_nic_threads(void **state)
{
	scene_threads = 3;
	memif_carries_frames_both_ways(state);
	scene_threads = 1;
}

static void memif_needs_the_right_secret(void **state)
{
	char server[256], client[256];
	uint8_t frame[RIG_FRAME_MAX];

	snprintf(server, sizeof(server), "memif:%s,secret=one", scene_path("memif"));
	snprintf(client, sizeof(client), "memif:%s,role=client,secret=other", scene_path("memif"));
	scene_start(server, client);
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

	snprintf(spec, sizeof(spec), "wire:%s", scene_path("wire"));
	scene_start(spec, spec);
	exchange();
}

/* Somebody's file, by a slip of the pen. */
static void path_that_is_no_socket_is_left_alone(void **state)
{
	static const char *const kinds[] = {"memif", "wire"};
	struct dp_link_config link = {.representor = -1};
	struct dp_config cfg = {.threads = 1, .ports = 1, .links = &link, .n_links = 1};
	struct dp *dp;

	scene_write_capture(scene_path("file"), 1);
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(link.spec, sizeof(link.spec), "%s:%s", kinds[i], scene_path("file"));
		assert_int_equal(dp_create(&cfg, &dp), -ENOTSOCK);
		assert_int_equal(access(scene_path("file"), F_OK), 0);
	}
}

static void links_are_placed_once(void **state)
{
	struct dp_link_config links[2] = {{.representor = -1}, {.representor = -1}};
	struct dp_config cfg = {.threads = 1, .ports = 2, .links = links, .n_links = 2};
	struct dp *dp;

	snprintf(links[0].spec, sizeof(links[0].spec), "wire:%s", scene_path("a"));
	snprintf(links[1].spec, sizeof(links[1].spec), "wire:%s", scene_path("b"));
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
	links[0].representor = links[1].representor = 1;
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
	links[0].representor = 2;
	assert_int_equal(dp_create(&cfg, &dp), -EINVAL);
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

	snprintf(spec, sizeof(spec), "memif:%s", scene_path("memif"));
	scene_start(spec, NULL);
	peer_connect(&peer, scene_path("memif"), PEER_FAULTS);
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

	snprintf(spec, sizeof(spec), "memif:%s", scene_path("memif"));
	scene_start(spec, NULL);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	dial(fd, scene_path("memif"));
	expect_sleep();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	close(fd);
	net_destroy(&net);
}

/* ---- a peer that is not one of ours ---- */

static void memif_survives_a_hostile_client(void **state)
{
	char spec[256];

	snprintf(spec, sizeof(spec), "memif:%s", scene_path("memif"));
	scene_start(spec, NULL);
	for (enum peer_fault fault = 0; fault < PEER_FAULTS; fault++) {
		struct peer peer;

		print_message("%s\n", peer_fault_name(fault));
		peer_connect(&peer, scene_path("memif"), fault);
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

		peer_connect(&peer, scene_path("memif"), PEER_FAULTS);
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
	    cmocka_unit_test(path_that_is_no_socket_is_left_alone),
	    cmocka_unit_test(nic_sleeps_though_half_a_frame_is_there),
	    cmocka_unit_test(nic_sleeps_though_a_connection_waits),
	    cmocka_unit_test(links_are_placed_once),
	    cmocka_unit_test(memif_survives_a_hostile_client),
	    cmocka_unit_test(specifications_are_checked),
	};

	return cmocka_run_group_tests(tests, scene_make_dir, scene_remove_dir);
}
