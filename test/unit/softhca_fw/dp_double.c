/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dp_double.h"
#include "dp_double_rx.h"

struct dp *double_dp;
static unsigned int mems;

int dp_create(const struct dp_config *cfg, struct dp **out)
{
	struct dp *dp = calloc(1, sizeof(*dp));
	unsigned int i;

	if (!dp)
		return -ENOMEM;
	dp->cfg = *cfg;
	for (i = 0; i < 64; i++) {
		dp->ports[i].index = i;
		dp->ports[i].dp = dp;
		dp->ports[i].root.port = &dp->ports[i];
	}
	double_dp = dp;
	*out = dp;
	return 0;
}

void dp_destroy(struct dp *dp)
{
	unsigned int i;

	assert(!dp->vqs);
	assert(!mems);
	for (i = 0; i < 64; i++)
		assert(!dp->ports[i].root.entries && !dp->ports[i].tables && !dp->ports[i].rqts);
	double_dp = NULL;
	free(dp);
}

void dp_lock(struct dp *dp)
{
	assert(!dp->locked);
	dp->locked = 1;
}

void dp_unlock(struct dp *dp)
{
	assert(dp->locked);
	dp->locked = 0;
}

struct dp_port *dp_port(struct dp *dp, unsigned int index)
{
	return &dp->ports[index];
}

void dp_stats(struct dp *dp, struct dp_stats *stats)
{
	(void)dp;
	memset(stats, 0, sizeof(*stats));
	stats->frames_tx = 7;
}

int dp_port_set_mac(struct dp_port *port, const uint8_t mac[6])
{
	assert(port->dp->locked);
	memcpy(port->mac, mac, 6);
	return 0;
}

int dp_port_set_policy(struct dp_port *port, const struct dp_port_policy *policy)
{
	assert(port->dp->locked);
	port->policy = *policy;
	return 0;
}

void dp_port_set_loopback(struct dp_port *port, bool on)
{
	assert(port->dp->locked);
	port->loopback = on;
}

void dp_port_set_link(struct dp_port *port, bool up)
{
	assert(port->dp->locked);
	port->down = !up;
}

void dp_port_stats(const struct dp_port *port, struct dp_port_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->frames_tx = 100 + port->index;
}

int dp_port_add_doorbell(struct dp_port *port, uint32_t *word)
{
	unsigned int i;

	assert(port->dp->locked);
	for (i = 0; i < DOUBLE_WORDS; i++) {
		if (!port->words[i]) {
			port->words[i] = word;
			return 0;
		}
	}
	return -ENOSPC;
}

void dp_port_remove_doorbell(struct dp_port *port, uint32_t *word)
{
	unsigned int i;

	assert(port->dp->locked);
	for (i = 0; i < DOUBLE_WORDS; i++)
		if (port->words[i] == word)
			port->words[i] = NULL;
}

int dp_mem_create(const struct dp_seg *segs, unsigned int n, struct dp_mem **out)
{
	struct dp_mem *mem = calloc(1, sizeof(*mem));
	unsigned int i;

	assert(mem);
	for (i = 1; i < n; i++)
		assert(segs[i - 1].iova + segs[i - 1].len <= segs[i].iova);
	mem->segs = calloc(n, sizeof(*segs));
	assert(mem->segs);
	memcpy(mem->segs, segs, n * sizeof(*segs));
	mem->n = n;
	mem->refs = 1;
	mems++;
	*out = mem;
	return 0;
}

struct dp_mem *dp_mem_get(struct dp_mem *mem)
{
	mem->refs++;
	return mem;
}

void dp_mem_put(struct dp_mem *mem)
{
	if (--mem->refs)
		return;
	free(mem->segs);
	free(mem);
	mems--;
}

void dp_mem_revoke(struct dp_mem *mem, uint32_t mr)
{
	unsigned int i;

	assert(double_dp->locked);
	for (i = 0; i < mem->n; i++)
		if (mem->segs[i].mr == mr)
			mem->segs[i].hva = NULL;
}

uint32_t dp_features(void)
{
	return VQ_F_VERSION_1 | VQ_F_MRG_RXBUF | VQ_F_EVENTS | VQ_F_CSUM | VQ_F_HOST_TSO4 |
	       VQ_F_HOST_TSO6 | VQ_F_HOST_ECN | VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4 |
	       VQ_F_GUEST_TSO6 | VQ_F_GUEST_ECN;
}

int vq_create(struct dp_port *port, const struct vq_attr *attr, struct vq **out)
{
	struct vq *vq = calloc(1, sizeof(*vq));

	assert(vq && port->dp->locked);
	vq->attr = *attr;
	vq->attr.mem = dp_mem_get(attr->mem);
	vq->port = port;
	vq->status.avail_index = attr->avail_index;
	vq->status.used_index = attr->used_index;
	vq->next = port->dp->vqs;
	port->dp->vqs = vq;
	*out = vq;
	return 0;
}

int vq_start(struct vq *vq)
{
	int err = vq->port->dp->fail_start;

	assert(vq->port->dp->locked);
	vq->port->dp->fail_start = 0;
	if (err)
		return err;
	assert(vq->status.state == VQ_INIT);
	vq->status.state = VQ_RDY;
	return 0;
}

int vq_stop(struct vq *vq)
{
	assert(vq->port->dp->locked);
	assert(vq->status.state == VQ_RDY);
	vq->status.state = VQ_SUSPEND;
	return 0;
}

int vq_resume(struct vq *vq)
{
	assert(vq->port->dp->locked);
	assert(vq->status.state == VQ_SUSPEND);
	vq->status.state = VQ_RDY;
	return 0;
}

void vq_status(const struct vq *vq, struct vq_status *status)
{
	assert(vq->port->dp->locked);
	*status = vq->status;
}

void vq_destroy(struct vq *vq)
{
	struct vq **at = &vq->port->dp->vqs;

	assert(vq->port->dp->locked);
	double_forgets(vq);
	while (*at != vq)
		at = &(*at)->next;
	*at = vq->next;
	if (vq->log.on)
		dp_mem_put(vq->log.mem);
	dp_mem_put(vq->attr.mem);
	free(vq);
}

int vq_set_dirty_log(struct vq *vq, const struct vq_dirty_log *log)
{
	int err = vq->port->dp->fail_log;

	assert(vq->port->dp->locked);
	vq->port->dp->fail_log = 0;
	if (err)
		return err;
	if (log->on)
		dp_mem_get(log->mem);
	if (vq->log.on)
		dp_mem_put(vq->log.mem);
	vq->log = *log;
	return 0;
}

void vq_set_moderation(struct vq *vq, const struct vq_moderation *moderation)
{
	assert(vq->port->dp->locked);
	vq->moderation = *moderation;
}

int vq_inject(struct vq *vq, enum vq_error error)
{
	assert(vq->port->dp->locked);
	if (vq->status.state != VQ_RDY && vq->status.state != VQ_SUSPEND)
		return -EINVAL;
	double_error(vq, error);
	return 0;
}

int double_notify(struct vq *vq)
{
	assert(vq->attr.flags & VQ_F_EVENTS);
	return vq->attr.ops->notify(vq->attr.ops_arg);
}

void double_error(struct vq *vq, enum vq_error error)
{
	vq->status.state = VQ_ERR;
	vq->status.error = error;
	vq->attr.ops->error(vq->attr.ops_arg, error);
}

void double_tick(void)
{
	double_dp->cfg.tick(double_dp->cfg.tick_arg);
}

struct vq *double_vq(unsigned int port, unsigned int index)
{
	struct vq *vq;

	for (vq = double_dp->vqs; vq; vq = vq->next)
		if (vq->port->index == port && vq->attr.index == index)
			return vq;
	return NULL;
}

unsigned int double_vqs(void)
{
	struct vq *vq;
	unsigned int n = 0;

	for (vq = double_dp->vqs; vq; vq = vq->next)
		n++;
	return n;
}
