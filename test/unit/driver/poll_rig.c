/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_service.h>

#include "poll_rig.h"
#include "vv_log.h"

/* vv_driver.c's, which is not linked here. */
int vv_logtype = RTE_LOGTYPE_USER1;

enum { LIMIT_S = 60 };

/* ---- a guest that kicks only when it has to ---- */

void poll_guest_open(struct poll_guest *g, bool packed, bool event_idx)
{
	struct cvq_rig_conf conf = {
	    .packed = packed, .event_idx = event_idx, .heap = true, .size = 256};

	cvq_rig_open(&g->rig, "poll_test", &conf);
	g->kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	g->kicks = 0;
	g->member = NULL;
}

void poll_guest_join(struct poll_guest *g)
{
	char why[128];

	assert_int_equal(vv_poll_add(g->rig.cvq, VV_POLL_ANYWHERE, 0, &g->member, why, sizeof(why)),
			 0);
}

void poll_guest_start(struct poll_guest *g)
{
	cvq_rig_start(&g->rig);
	assert_int_equal(vv_poll_kick_on(g->member, g->kick_fd), 0);
}

void poll_guest_open_and_start(struct poll_guest *g, bool packed, bool event_idx)
{
	poll_guest_open(g, packed, event_idx);
	poll_guest_join(g);
	poll_guest_start(g);
}

void poll_guest_close(struct poll_guest *g)
{
	vv_poll_remove(g->member);
	cvq_rig_close(&g->rig);
	close(g->kick_fd);
}

void poll_guest_send(struct poll_guest *g, bool add, uint16_t vid)
{
	uint64_t one = 1;

	cvq_rig_send_vlan(&g->rig, add, vid);
	if (swmock_kick_needed(g->rig.mock)) {
		g->kicks++;
		assert_int_equal(write(g->kick_fd, &one, sizeof(one)), sizeof(one));
	}
}

time_t poll_limit(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + LIMIT_S;
}

bool poll_is_over(time_t end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > end;
}

uint8_t poll_guest_wait(struct poll_guest *g)
{
	time_t end = poll_limit();
	uint8_t ack;

	while (!cvq_rig_reap_one(&g->rig, &ack)) {
		if (poll_is_over(end))
			fail_msg("a command is lost");
		usleep(10);
	}
	return ack;
}

void poll_guest_command(struct poll_guest *g, bool add, uint16_t vid)
{
	poll_guest_send(g, add, vid);
	assert_int_equal(poll_guest_wait(g), VIRTIO_NET_OK);
}

/* ---- service cores ---- */

uint32_t poll_service(void)
{
	uint32_t id;

	assert_int_equal(rte_service_get_by_name("vdpa_verbs_cvq", &id), 0);
	return id;
}

static unsigned int service_lcore(unsigned int i)
{
	unsigned int lcore = rte_get_main_lcore();

	do
		lcore = rte_get_next_lcore(lcore, 1, 1);
	while (i--);
	return lcore;
}

static unsigned int lcores[POLL_CORES];

void poll_cores_map(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		assert_int_equal(rte_service_lcore_add(lcores[i]), 0);
		assert_int_equal(rte_service_map_lcore_set(poll_service(), lcores[i], 1), 0);
	}
}

void poll_cores_start(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		assert_int_equal(rte_service_lcore_start(lcores[i]), 0);
}

void poll_cores_stop(unsigned int n)
{
	unsigned int i;

	/* EAL refuses to take away a service's last core. */
	rte_service_runstate_set(poll_service(), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(rte_service_lcore_stop(lcores[i]), 0);
		rte_eal_wait_lcore(lcores[i]);
	}
	rte_service_runstate_set(poll_service(), 1);
}

void poll_cores_unmap(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		assert_int_equal(rte_service_map_lcore_set(poll_service(), lcores[i], 0), 0);
		assert_int_equal(rte_service_lcore_del(lcores[i]), 0);
	}
}

void poll_cores_leave(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		assert_int_equal(rte_service_lcore_stop(lcores[i]), 0);
		rte_eal_wait_lcore(lcores[i]);
		assert_int_equal(rte_service_lcore_del(lcores[i]), 0);
	}
}

/* Lcores share the processors there are. */
int poll_eal_start(void)
{
	char cpus[100] = "", map[128];
	char *args[] = {"poll_test",   "--no-huge",      "-m",       "64", "--no-pci",
			"--no-shconf", "--no-telemetry", "--lcores", map};
	size_t used = 0;
	cpu_set_t there;
	unsigned int i;

	sched_getaffinity(0, sizeof(there), &there);
	for (i = 0; i < 16; i++) {
		if (CPU_ISSET(i, &there))
			used +=
			    snprintf(cpus + used, sizeof(cpus) - used, "%s%u", used ? "," : "", i);
	}
	snprintf(map, sizeof(map), "(0-2)@(%s)", cpus);
	if (rte_eal_init(sizeof(args) / sizeof(args[0]), args) < 0)
		return -1;
	for (i = 0; i < POLL_CORES; i++)
		lcores[i] = service_lcore(i);
	return 0;
}
