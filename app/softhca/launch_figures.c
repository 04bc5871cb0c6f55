/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_figures.h"

#define FIGURE(name)                                                                               \
	{                                                                                          \
#name, offsetof(struct hca_stat, name)                                             \
	}

const struct figure figure_list[] = {
    FIGURE(commands),	   FIGURE(commands_refused), FIGURE(commands_failed),
    FIGURE(latency_ns),	   FIGURE(latency_commands), FIGURE(queue_errors),
    FIGURE(frames_tx),	   FIGURE(bytes_tx),	     FIGURE(frames_rx),
    FIGURE(bytes_rx),	   FIGURE(drops_no_buffer),  FIGURE(drops_no_dest),
    FIGURE(drops_other),   FIGURE(busy_cycles),
};

const unsigned int figure_n = sizeof(figure_list) / sizeof(figure_list[0]);

const char *const figure_objects[HCA_STAT_OBJ_N] = {
    [HCA_STAT_CTX] = "context",
    [HCA_STAT_PD] = "pd",
    [HCA_STAT_MR] = "mr",
    [HCA_STAT_UMEM] = "umem",
    [HCA_STAT_UAR] = "uar",
    [HCA_STAT_VAR] = "var",
    [HCA_STAT_MKEY] = "mkey",
    [HCA_STAT_CQ] = "cq",
    [HCA_STAT_QP] = "qp",
    [HCA_STAT_TD] = "td",
    [HCA_STAT_TIS] = "tis",
    [HCA_STAT_TIR] = "tir",
    [HCA_STAT_RQT] = "rqt",
    [HCA_STAT_VIRTIO_NET_Q] = "virtio_net_q",
    [HCA_STAT_VIRTIO_Q_COUNTERS] = "virtio_q_counters",
    [HCA_STAT_MATCHER] = "flow_matcher",
    [HCA_STAT_FLOW] = "flow",
    [HCA_STAT_FLOW_TABLE] = "flow_table",
    [HCA_STAT_FLOW_GROUP] = "flow_group",
    [HCA_STAT_FLOW_ENTRY] = "flow_entry",
    [HCA_STAT_CHAN] = "event_channel",
    [HCA_STAT_OTHER] = "other",
};

uint64_t figure_get(const struct hca_stat *stat, const struct figure *figure)
{
	return *(const uint64_t *)(const void *)((const char *)stat + figure->offset);
}

double figures_interval(const struct figures *now, const struct figures *before)
{
	return before ? (double)(now->taken_ns - before->taken_ns) / 1e9 : 0;
}

const struct hca_stat_queue *figures_queue(const struct figures *f, const struct hca_stat_queue *q)
{
	for (uint32_t i = 0; i < f->stat.n_queues; i++)
		if (f->stat.queue[i].id == q->id && f->stat.queue[i].ctx == q->ctx)
			return &f->stat.queue[i];
	return NULL;
}

double figures_quantile(const struct hca_stat_command *command, double part)
{
	uint64_t sum = 0, seen = 0;
	double max = (double)command->max_ns / 1e3;

	for (unsigned int i = 0; i < HCA_STAT_BUCKETS; i++)
		sum += command->bucket[i];
	for (unsigned int i = 0; i < HCA_STAT_BUCKETS - 1; i++) {
		double upper = (double)(1u << i);

		seen += command->bucket[i];
		if ((double)seen >= part * (double)sum)
			return upper < max ? upper : max;
	}
	return max;
}
