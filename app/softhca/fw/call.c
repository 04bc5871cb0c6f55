/* SPDX-License-Identifier: BSD-3-Clause */
#include "call.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cmd.h"
#include "hca_priv.h"
#include "trace.h"

/* What comes without a mailbox. The last is for mailboxes that nobody knows. */
static const char *const others[] = {
    "open_context",  "close_context", "alloc_pd",	 "dealloc_pd",	    "reg_mr",
    "dereg_mr",	     "reg_umem",      "dereg_umem",	 "alloc_uar",	    "dealloc_uar",
    "alloc_var",     "dealloc_var",   "create_matcher", "destroy_matcher", "create_flow",
    "destroy_flow",  "open_channel",  "close_channel",	 "subscribe_event", "destroy",
    "rereg_mr",	     "resize_cq",     "create_rdma_qp", "modify_rdma_qp",  "create_rdma_srq",
    "command",
};

enum { OTHERS = sizeof(others) / sizeof(others[0]) };

uint64_t call_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

bool call_known(const char *name)
{
	for (unsigned int i = 0; i < OTHERS; i++)
		if (!strcasecmp(others[i], name))
			return true;
	return cmd_known(name);
}

static unsigned int index_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < cmd_table_n; i++)
		if (cmd_table[i].name == name || !strcmp(cmd_table[i].name, name))
			return i;
	for (i = 0; i < OTHERS - 1; i++)
		if (!strcmp(others[i], name))
			break;
	return cmd_table_n + i;
}

void call_name_figures(struct hca *hca)
{
	assert(cmd_table_n + OTHERS <= HCA_STAT_COMMANDS);
	for (unsigned int i = 0; i < cmd_table_n + OTHERS; i++)
		snprintf(hca->stat->cmd[i].name, sizeof(hca->stat->cmd[i].name), "%s",
			 i < cmd_table_n ? cmd_table[i].name : others[i - cmd_table_n]);
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000u),
			      .tv_nsec = (long)(ns % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* Firmware works on several commands at once: nobody else waits for this one's time to pass. */
static void slow_down(struct call *call)
{
	struct hca *hca = call->hca;
	int cancel;

	/* A system call that takes its time is no place to end a thread. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	while (sem_wait(&hca->slots) && errno == EINTR)
		;
	call->slot = true;
	pthread_mutex_lock(&hca->lock);
	call->latency_ns = latency_draw(hca->latency, call->name, &hca->rng);
	pthread_mutex_unlock(&hca->lock);
	if (call->latency_ns)
		sleep_until(call_now_ns() + call->latency_ns);
	pthread_setcancelstate(cancel, NULL);
}

/* A command of this thread whose latency has passed already. */
static _Thread_local struct call arrived;

bool hca_takes_time(const struct hca *hca)
{
	return hca->latency != NULL;
}

void hca_arrives(struct hca *hca, const void *in, const char *name)
{
	uint8_t nothing[CMD_HDR_LEN];
	struct hca_ctx ctx = {.hca = hca};
	struct cmd cmd = {.ctx = &ctx,
			  .in = in,
			  .in_len = CMD_HDR_LEN,
			  .out = nothing,
			  .out_len = sizeof(nothing)};

	if (!hca->latency || arrived.hca)
		return;
	arrived = (struct call){.hca = hca,
				.name = in ? cmd_name(&cmd) : name,
				.begun_ns = call_now_ns()};
	slow_down(&arrived);
}

void hca_departs(struct hca *hca)
{
	if (arrived.hca == hca && arrived.slot)
		sem_post(&hca->slots);
	arrived.hca = NULL;
	arrived.slot = false;
}

/* Take over from hca_arrives(), slot and all. */
static bool has_arrived(struct call *call)
{
	if (arrived.hca != call->hca || !arrived.slot || strcmp(arrived.name, call->name))
		return false;
	call->begun_ns = arrived.begun_ns;
	call->latency_ns = arrived.latency_ns;
	call->slot = true;
	arrived.slot = false;
	return true;
}

void call_begin(struct call *call, struct hca *hca, const char *name)
{
	call->hca = hca;
	call->name = name;
	call->index = index_of(name);
	call->begun_ns = call_now_ns();
	call->latency_ns = 0;
	call->slot = false;
	call->injected = false;
	call->origin.n = 0;
	if (hca->track)
		origin_here(&call->origin);
	if (hca->latency && !has_arrived(call))
		slow_down(call);
	pthread_mutex_lock(&hca->lock);
	hca->call = call;
	trace_drain(hca);
}

static unsigned int bucket(uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned int n = us ? 64 - (unsigned int)__builtin_clzll(us) : 0;

	return n < HCA_STAT_BUCKETS ? n : HCA_STAT_BUCKETS - 1;
}

void call_end(struct call *call, int err)
{
	struct hca *hca = call->hca;
	struct hca_stat_command *figures = &hca->stat->cmd[call->index];
	uint64_t ns = call_now_ns() - call->begun_ns;

	FIGURE_ADD(&figures->count, 1);
	if (call->injected)
		FIGURE_ADD(&figures->failed, 1);
	else if (err)
		FIGURE_ADD(&figures->refused, 1);
	FIGURE_ADD(&figures->time_ns, ns);
	if (ns > call->hca->max_ns[call->index]) {
		hca->max_ns[call->index] = ns;
		FIGURE_SET(&figures->max_ns, ns);
	}
	FIGURE_ADD(&figures->bucket[bucket(ns)], 1);
	if (call->latency_ns) {
		FIGURE_ADD(&figures->latency_ns, call->latency_ns);
		STAT_ADD(hca, latency_ns, call->latency_ns);
		STAT_ADD(hca, latency_commands, 1);
	}
	trace_drain(hca);
	hca->call = NULL;
	pthread_mutex_unlock(&hca->lock);
	if (call->slot)
		sem_post(&hca->slots);
}
