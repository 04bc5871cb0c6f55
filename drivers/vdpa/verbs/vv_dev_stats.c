/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters of a device's rings, and how each of them is. */
#include <errno.h>
#include <string.h>

#include "vv_dev_priv.h"

/* Firmware may answer for running queues only; otherwise what it last said holds. */
static void counters_read(struct vv_queue *q) VV_REQUIRES(q->dev->control)
{
	struct vv_virtq_counters now;

	if (!vv_virtq_counters(q->virtq, &now))
		q->nic = now;
}

/* Of the control queue, by whatever number it has. */
static void control_stats(struct vv_dev *dev, uint64_t values[VV_STATS_N]) VV_REQUIRES(dev->control)
{
	struct vv_cvq_stats stats;
	unsigned int i;

	memset(values, 0, VV_STATS_N * sizeof(values[0]));
	vv_cvq_stats(dev->ctrl.cvq, &stats);
	values[VV_STAT_COMMANDS] = stats.commands;
	for (i = VV_CTRL_OK + 1; i < VV_CTRL_VERDICT_N; i++)
		values[VV_STAT_COMMANDS_REFUSED] += stats.verdict[i];
	values[VV_STAT_BAD_CHAINS] = stats.short_chains + stats.faults;
	for (i = VV_SWRING_OK + 1; i < VV_SWRING_ERROR_N; i++)
		values[VV_STAT_BAD_CHAINS] += stats.ring_errors[i];
}

/* The control queue? The last ring always is: also when it has another number, or none. */
static bool is_control(const struct vv_dev *dev, unsigned int queue) VV_REQUIRES(dev->control)
{
	return dev->ctrl.cvq &&
	       (queue == dev->n_queues || (dev->ctrl.ring && queue == dev->ctrl.ring));
}

int vv_dev_stats(struct vv_dev *dev, unsigned int queue, uint64_t values[VV_STATS_N])
{
	uint64_t zero[VV_STATS_N];
	struct vv_queue *q;
	unsigned int i;

	if (queue >= vv_dev_rings(dev))
		return -E2BIG;
	vv_lock(&dev->control);
	if (is_control(dev, queue)) {
		control_stats(dev, values);
		memcpy(zero, dev->ctrl.zero, sizeof(zero));
	} else {
		q = &dev->queues[queue];
		vv_lock_alias(&q->dev->control);
		counters_read(q);
		vv_stats_fill(&q->nic, &q->own, values);
		vv_stats_fill(&q->nic_zero, &q->own_zero, zero);
	}
	vv_unlock(&dev->control);
	for (i = 0; i < VV_STATS_N; i++)
		values[i] -= zero[i];
	return 0;
}

int vv_dev_stats_reset(struct vv_dev *dev, unsigned int queue)
{
	struct vv_queue *q;

	if (queue >= vv_dev_rings(dev))
		return -E2BIG;
	vv_lock(&dev->control);
	if (is_control(dev, queue)) {
		control_stats(dev, dev->ctrl.zero);
	} else {
		q = &dev->queues[queue];
		vv_lock_alias(&q->dev->control);
		counters_read(q);
		q->nic_zero = q->nic;
		vv_counters_copy(&q->own, &q->own_zero);
	}
	vv_unlock(&dev->control);
	return 0;
}

/* ---- as a management program sees a ring ---- */

/* Why commands were refused, each by itself. */
static const char *const verdict_names[VV_CTRL_VERDICT_N] = {
    [VV_CTRL_TRUNCATED] = "refused_truncated", [VV_CTRL_OVERLONG] = "refused_overlong",
    [VV_CTRL_UNKNOWN] = "refused_unknown",     [VV_CTRL_NOT_NEGOTIATED] = "refused_not_negotiated",
    [VV_CTRL_BAD_VALUE] = "refused_bad_value", [VV_CTRL_NOT_TRUSTED] = "refused_not_trusted",
    [VV_CTRL_NO_ROOM] = "refused_no_room",     [VV_CTRL_REFUSED] = "refused_by_the_nic",
};

static void stat_add(struct rte_pmd_vdpa_verbs_stats *stats, const char *name, uint64_t value)
{
	stats->stat[stats->n].name = name;
	stats->stat[stats->n].value = value;
	stats->n++;
}

static void control_facts(struct vv_dev *dev, struct rte_pmd_vdpa_verbs_stats *stats)
    VV_REQUIRES(dev->control)
{
	struct vv_cvq_stats all;
	unsigned int i;

	vv_cvq_stats(dev->ctrl.cvq, &all);
	stats->kind = "control";
	stats->state = !dev->ctrl.running ? "absent" : all.needs_reset ? "failed" : "running";
	if (dev->ctrl.running) {
		stats->size = dev->ctrl.size;
		stats->packed = dev->features & VV_BIT(VIRTIO_F_RING_PACKED);
	}
	stats->base = dev->ctrl.base;
	for (i = VV_CTRL_OK + 1; i < VV_CTRL_VERDICT_N; i++)
		stat_add(stats, verdict_names[i], all.verdict[i]);
}

static void queue_facts(const struct vv_queue *q, struct rte_pmd_vdpa_verbs_stats *stats)
{
	stats->kind = vv_queue_is_rx(q) ? "receive" : "transmit";
	stats->state = q->held ? "held" : vv_queue_state_name(q->state);
	if (q->state != VV_QUEUE_RUNNING) {
		stats->base = q->base;
		return;
	}
	stats->size = q->conf.size;
	stats->packed = q->conf.packed;
	stats->base = q->conf.base;
}

int vv_dev_ring_stats(struct vv_dev *dev, unsigned int ring, struct rte_pmd_vdpa_verbs_stats *stats)
{
	uint64_t values[VV_STATS_N];
	unsigned int i;
	bool control;

	if (vv_dev_stats(dev, ring, values))
		return -ENOENT;
	memset(stats, 0, sizeof(*stats));
	vv_lock(&dev->control);
	control = is_control(dev, ring);
	for (i = 0; i < VV_STATS_N; i++)
		if (control == (i >= VV_STAT_COMMANDS))
			stat_add(stats, vv_stat_name(i), values[i]);
	if (control)
		control_facts(dev, stats);
	else
		queue_facts(&dev->queues[ring], stats);
	vv_unlock(&dev->control);
	return 0;
}
_Static_assert(VV_STATS_N + VV_CTRL_VERDICT_N <= RTE_PMD_VDPA_VERBS_STATS_MAX, "all fit");
