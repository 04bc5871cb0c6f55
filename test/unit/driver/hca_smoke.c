/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hca_smoke all | steer | plain | link: what the driver knows of a NIC, on a NIC that checks every
 * field of every command (hca_smoke.sh). Every call may be refused; what cannot go on then says so
 * and ends with 3, and leaves nothing behind.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "prm/prm_virtq.h"
#include "steer_plan.h"

enum { QUEUES = 4, FIRST_QUEUE = 100, RING = 64, MEMORY = 1 << 20 };

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #what);        \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

struct smoke {
	struct vv_hca *hca;
	struct vv_steer *steer;
	void *memory;
	struct vv_mr mr;
	struct vv_umem umem[QUEUES][3];
	struct vv_obj queues[QUEUES];
};

/* ---- making and unmaking ---- */

static void smoke_close(struct smoke *s)
{
	unsigned int i, k;

	vv_steer_destroy(s->steer);
	for (i = 0; i < QUEUES; i++) {
		vv_obj_destroy(&s->queues[i]);
		for (k = 0; k < 3; k++)
			vv_umem_destroy(&s->umem[i][k]);
	}
	vv_mr_destroy(&s->mr);
	if (s->memory)
		munmap(s->memory, MEMORY);
	vv_hca_close(s->hca);
}

static int queue_create(struct smoke *s, unsigned int i)
{
	const struct vv_hca_caps *caps = vv_hca_caps(s->hca);
	uint64_t at = (uint64_t)i * (MEMORY / QUEUES);
	struct vv_virtq_attr attr = {
	    .index = 2 * i,
	    .size = RING,
	    .version_1 = true,
	    .desc_addr = at,
	    .driver_addr = at + 0x4000,
	    .device_addr = at + 0x8000,
	    .mkey = s->mr.key,
	    .tisn = vv_steer_tisn(s->steer),
	    .period_us = 10,
	    .max_count = i,
	    .umem = s->umem[i],
	};
	unsigned int k;
	int err = 0;

	for (k = 0; k < 3 && !err; k++)
		err = vv_umem_create(s->hca, caps->umem_a[k] * RING + caps->umem_b[k],
				     &s->umem[i][k]);
	return err ? err : vv_virtq_obj_create(s->hca, &attr, &s->queues[i]);
}

static int objects_create(struct smoke *s)
{
	unsigned int i;
	int err = vv_mr_create(s->hca, s->memory, MEMORY, 0, &s->mr);

	if (!err)
		err = vv_steer_create(s->hca, &s->steer);
	for (i = 0; i < QUEUES && !err; i++)
		err = queue_create(s, i);
	return err;
}

static void smoke_open(struct smoke *s)
{
	char why[256] = "";
	int err = vv_hca_open("mlx5_0", &s->hca, why, sizeof(why));

	if (err) {
		REQUIRE(*why);
		printf("not opened: %s\n", why);
		exit(3);
	}
	s->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(s->memory != MAP_FAILED);
	if (objects_create(s)) {
		REQUIRE(*vv_hca_error(s->hca));
		printf("not made: %s\n", vv_hca_error(s->hca));
		smoke_close(s);
		exit(3);
	}
}

/* ---- the NIC ---- */

static void caps_check(const struct smoke *s)
{
	const struct vv_hca_caps *caps = vv_hca_caps(s->hca);
	static const uint8_t zero[6];

	REQUIRE(memcmp(caps->mac, zero, 6) && !(caps->mac[0] & 1));
	REQUIRE(caps->mtu == 1500);
	REQUIRE(caps->numa_node == 0);
	REQUIRE(caps->modify_ext);
	REQUIRE(vv_steer_can_filter(caps));
	printf("mac %02x:%02x:%02x:%02x:%02x:%02x\n", caps->mac[0], caps->mac[1], caps->mac[2],
	       caps->mac[3], caps->mac[4], caps->mac[5]);
}

/* The script looks at the trace for what was modified. */
static void queue_tune(struct smoke *s)
{
	struct vv_virtq_tune was = {.period_us = 10, .max_count = 1}, now = was;
	struct vv_obj *q = &s->queues[1];
	struct vv_virtq_status status;

	REQUIRE(!vv_virtq_obj_modify_state(s->hca, q, PRM_VIRTQ_RDY));
	now.period_us = 4095;
	REQUIRE(vv_virtq_obj_modify_tune(s->hca, q, &was, &now)); /* it runs */
	REQUIRE(!vv_virtq_obj_modify_state(s->hca, q, PRM_VIRTQ_SUSPEND));
	REQUIRE(!vv_virtq_obj_modify_tune(s->hca, q, &was, &was));
	REQUIRE(!vv_virtq_obj_modify_tune(s->hca, q, &was, &now));
	was = now;
	now.feature_bits = 1 << PRM_VIRTQ_F_GUEST_CSUM;
	REQUIRE(!vv_virtq_obj_modify_tune(s->hca, q, &was, &now));
	was = now;
	now.feature_bits |= 1 << PRM_VIRTQ_F_MRG_RXBUF;
	now.period_us = now.max_count = 0;
	REQUIRE(!vv_virtq_obj_modify_tune(s->hca, q, &was, &now));
	REQUIRE(!vv_virtq_obj_modify_state(s->hca, q, PRM_VIRTQ_RDY));
	REQUIRE(!vv_virtq_obj_query(s->hca, q, &status) && status.state == PRM_VIRTQ_RDY);
}

/* ---- steering ---- */

/* Plans are of queues FIRST_QUEUE and on; here those that there are. */
static struct vv_steer_plan plan_here(const struct smoke *s, struct vv_steer_plan plan)
{
	unsigned int i;

	for (i = 0; i < plan.table_len; i++)
		plan.table[i] = s->queues[(plan.table[i] - FIRST_QUEUE) % QUEUES].id;
	plan.unclassified = s->queues[(plan.unclassified - FIRST_QUEUE) % QUEUES].id;
	return plan;
}

/* If it is refused the old plan or none is in force, and the second time it is not. */
static void plan_set(struct smoke *s, const struct vv_steer_plan *plan, bool was_set)
{
	int err = vv_steer_set(s->steer, plan);

	if (err) {
		REQUIRE(*vv_hca_error(s->hca));
		REQUIRE(vv_steer_is_set(s->steer) == was_set);
		printf("refused: %s\n", vv_hca_error(s->hca));
		REQUIRE(!vv_steer_set(s->steer, plan));
	}
	REQUIRE(vv_steer_is_set(s->steer) == (plan->table_len > 0));
}

static void steer_each_kind(struct smoke *s)
{
	struct vv_steer_plan plan = plan_here(s, plan_simple()), hashed = plan;
	bool set = false;
	unsigned int i;

	plan_spread(&hashed, FIRST_QUEUE, QUEUES, 8, PLAN_ALL_TYPES);
	hashed = plan_here(s, hashed);
	for (i = 0; i < 9; i++) {
		switch (i) {
		case 1:
			plan_mac_add(&plan, 7);
			plan.all_groups = true;
			plan.broadcast = false;
			break;
		case 2:
			memcpy(plan.table, hashed.table, sizeof(plan.table));
			plan.table_len = hashed.table_len;
			plan.hash_types = hashed.hash_types;
			break;
		case 3:
			plan.key[0] ^= 1;
			plan.unclassified = s->queues[2].id;
			break;
		case 4:
			plan.vlan_filter = true;
			plan_vlan_put(&plan, 5, true);
			plan_vlan_put(&plan, 4095, true);
			break;
		case 5:
			plan.all = true;
			break;
		case 6:
			plan.all = plan.all_groups = false;
			plan.all_unicast = plan.broadcast = true;
			plan_vlan_put(&plan, 5, false);
			break;
		case 7:
			plan.hash_types = VIRTIO_NET_RSS_HASH_TYPE_UDPv6;
			plan.vlan_filter = false;
			break;
		case 8:
			plan.table_len = 0;
			break;
		}
		plan_set(s, &plan, set);
		set = true;
	}
}

static void steer_at_random(struct smoke *s)
{
	bool filters = vv_steer_can_filter(vv_hca_caps(s->hca)), set = false;
	unsigned int seed = 1, i;

	for (i = 0; i < 100; i++) {
		struct vv_steer_plan plan = plan_here(s, plan_random(&seed));

		plan.all = plan.all || !filters;
		plan_set(s, &plan, set);
		set = plan.table_len > 0;
	}
}

/* ---- the port ---- */

static void port_print(struct smoke *s)
{
	struct vv_port port;

	REQUIRE(!vv_hca_port(s->hca, &port));
	printf("%s %u\n", port.up ? "up" : "down", port.speed_mbps);
	fflush(stdout);
}

/* Say how the port is, now and after each of two changes. */
static void port_watch(struct smoke *s)
{
	struct pollfd fd = {.fd = vv_hca_async_fd(s->hca), .events = POLLIN};
	bool changed = true;
	unsigned int i;

	REQUIRE(!vv_hca_async_drain(s->hca, &changed) && !changed);
	port_print(s);
	for (i = 0; i < 2;) {
		REQUIRE(poll(&fd, 1, 60000) == 1);
		REQUIRE(!vv_hca_async_drain(s->hca, &changed));
		if (!changed)
			continue;
		port_print(s);
		i++;
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct smoke s = {0};

	smoke_open(&s);
	if (!strcmp(what, "all")) {
		caps_check(&s);
		queue_tune(&s);
		steer_each_kind(&s);
		steer_at_random(&s);
	} else if (!strcmp(what, "steer")) {
		steer_each_kind(&s);
	} else if (!strcmp(what, "plain")) {
		REQUIRE(!vv_steer_can_filter(vv_hca_caps(s.hca)));
		steer_at_random(&s);
	} else {
		REQUIRE(!strcmp(what, "link"));
		port_watch(&s);
	}
	smoke_close(&s);
	return 0;
}
