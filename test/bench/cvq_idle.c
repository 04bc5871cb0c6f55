/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cvq_idle [QUEUES]: what a pass of the service costs over control queues on which nothing happens,
 * half of them split and half packed. One line; the median of the rounds, and the fastest.
 *
 * Each queue has memory of its own, as guests have: what is not in the cache counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_log.h>
#include <rte_service.h>

#include "cvq_rig.h"
#include "vv_log.h"
#include "vv_poll.h"

/* vv_driver.c's, which is not linked here. */
int vv_logtype = RTE_LOGTYPE_USER1;

enum { QUEUES = 1000, QUEUES_MAX = 10000, ROUNDS = 41, PASSES = 200 };

struct queue {
	struct cvq_rig rig;
	struct vv_poll_member *member;
};

/* Of this thread: what others do to it meanwhile is not the queues' cost. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void queue_make(struct queue *q, bool packed)
{
	struct cvq_rig_conf conf = {.packed = packed, .size = 64};
	char why[128];

	cvq_rig_open(&q->rig, "cvq_idle", &conf);
	cvq_rig_start(&q->rig);
	if (vv_poll_add(q->rig.cvq, VV_POLL_ANYWHERE, VV_POLL_ANYWHERE, &q->member, why,
			sizeof(why))) {
		fprintf(stderr, "cvq_idle: %s\n", why);
		exit(1);
	}
}

/* Nanoseconds a pass. */
static double round_run(uint32_t service)
{
	double begin = now_ns();
	unsigned int i;

	for (i = 0; i < PASSES; i++)
		rte_service_run_iter_on_app_lcore(service, 0);
	return (now_ns() - begin) / PASSES;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? strtoul(argv[1], NULL, 0) : QUEUES, i;
	char *eal[] = {argv[0],       "--no-huge",      "-m",          "64",   "--no-pci",
		       "--no-shconf", "--no-telemetry", "--log-level", "error"};
	double pass[ROUNDS];
	struct queue *queues;
	uint32_t service;

	if (!n || n > QUEUES_MAX) {
		fprintf(stderr, "usage: cvq_idle [1-%d]\n", QUEUES_MAX);
		return 2;
	}
	queues = calloc(n, sizeof(*queues));
	if (!queues || rte_eal_init(sizeof(eal) / sizeof(eal[0]), eal) < 0)
		return 1;
	for (i = 0; i < n; i++)
		queue_make(&queues[i], i & 1);
	if (rte_service_get_by_name("vdpa_verbs_cvq", &service))
		return 1;
	round_run(service); /* the service takes over, caches fill */
	for (i = 0; i < ROUNDS; i++)
		pass[i] = round_run(service);
	qsort(pass, ROUNDS, sizeof(pass[0]), by_size);
	printf("cvq_idle: %u queues: %.1f ns a queue and pass (fastest %.1f), %.1f us a pass\n", n,
	       pass[ROUNDS / 2] / n, pass[0] / n, pass[ROUNDS / 2] / 1000);
	for (i = 0; i < n; i++) {
		vv_poll_remove(queues[i].member);
		cvq_rig_close(&queues[i].rig);
	}
	free(queues);
	rte_eal_cleanup();
	return 0;
}
