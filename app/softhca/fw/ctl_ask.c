/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "event.h"
#include "hca_priv.h"
#include "link.h"
#include "trace.h"
#include "virtq.h"

static const char *const state_names[] = HCA_STAT_STATES;
static const char *const error_names[] = HCA_STAT_ERRORS;

void ask_name_ports(struct hca *hca, const struct hca_config *cfg)
{
	unsigned int i, n = 0;

	for (i = 0; i < cfg->functions; i++, n++) {
		struct hca_stat_port *port = &hca->stat->port[n];
		const struct hca_func_config *func = cfg->func ? &cfg->func[i] : NULL;

		snprintf(port->name, sizeof(port->name), "fn%u", i);
		port->kind = HCA_STAT_FUNCTION;
		memcpy(port->mac, hca->func[i].mac, sizeof(port->mac));
		port->mtu = hca->func[i].mtu;
		port->vlan = func ? func->vlan : 0;
		port->spoof_check = func && func->spoof_check;
	}
	for (i = 0; i < cfg->n_links && n < HCA_STAT_PORTS; i++, n++) {
		struct hca_stat_port *port = &hca->stat->port[n];

		snprintf(port->name, sizeof(port->name), "%.63s", cfg->links[i].spec);
		port->kind = cfg->links[i].representor < 0 ? HCA_STAT_UPLINK : HCA_STAT_REPRESENTOR;
		port->function = (uint16_t)cfg->links[i].representor;
	}
	hca->stat->n_ports = n;
	hca->ctl.n_ports = n;
}

static void snap_port(struct hca *hca, unsigned int i)
{
	struct hca_stat_port *out = &hca->stat->port[i];
	struct dp_port_stats s;

	dp_port_stats(dp_port(hca->dp, i), &s);
	FIGURE_SET(&out->frames_tx, s.frames_tx);
	FIGURE_SET(&out->bytes_tx, s.bytes_tx);
	FIGURE_SET(&out->frames_rx, s.frames_rx);
	FIGURE_SET(&out->bytes_rx, s.bytes_rx);
	FIGURE_SET(&out->drops_no_buffer, s.drops_no_buffer);
	FIGURE_SET(&out->drops_no_dest, s.drops_no_dest);
	FIGURE_SET(&out->drops_other, s.drops_other);
	FIGURE_SET(&out->drops_spoofed, s.drops_spoofed);
	if (i < hca->functions)
		out->link_down = hca->func[i].link_down;
}

static void snap_queue(const struct virtq *q, struct hca_stat_queue *out)
{
	struct vq_status s;

	virtq_status(q, &s);
	*out = (struct hca_stat_queue){
	    .id = q->obj.id,
	    .ctx = q->obj.ctx->uid,
	    .function = (uint16_t)q->obj.ctx->func->index,
	    .index = q->attr.index,
	    .size = q->attr.size,
	    .packed = q->attr.packed,
	    .state = (uint8_t)s.state,
	    .error = (uint8_t)s.error,
	    .avail_index = s.avail_index,
	    .used_index = s.used_index,
	    .received_desc = s.received_desc,
	    .completed_desc = s.completed_desc,
	    .bad_desc_errors = s.bad_desc_errors,
	    .exceed_max_chain = s.exceed_max_chain,
	    .invalid_buffer = s.invalid_buffer,
	    .flags = q->attr.flags,
	};
}

/* Under both locks. The file's own numbers are not read back. */
static void snap(struct hca *hca)
{
	const struct obj_table *t = &hca->tables[OBJ_VIRTIO_NET_Q];
	uint32_t n = 0, all = 0, i;

	event_stats(hca);
	for (i = 0; i < hca->ctl.n_ports; i++)
		snap_port(hca, i);
	for (i = 0; i < t->cap; i++) {
		if (!t->slot[i] || !t->slot[i]->published)
			continue;
		if (n < HCA_STAT_QUEUES)
			snap_queue((const struct virtq *)t->slot[i], &hca->stat->queue[n++]);
		all++;
	}
	hca->stat->n_queues = n;
	hca->stat->queues_all = all;
	FIGURE_SET(&hca->stat->snapshot_ns, call_now_ns());
}

void ask_snapshot(struct hca *hca)
{
	pthread_mutex_lock(&hca->lock);
	dp_lock(hca->dp);
	snap(hca);
	dp_unlock(hca->dp);
	pthread_mutex_unlock(&hca->lock);
}

/* The queue of that place in its guest: the one that works, if an old one is still there. */
static struct virtq *find_queue(struct hca *hca, uint32_t function, uint32_t index)
{
	const struct obj_table *t = &hca->tables[OBJ_VIRTIO_NET_Q];
	struct virtq *found = NULL;

	for (uint32_t i = 0; i < t->cap; i++) {
		struct virtq *q = (struct virtq *)t->slot[i];
		struct vq_status s;

		if (!q || !q->obj.published || q->obj.ctx->func->index != function ||
		    q->attr.index != index)
			continue;
		virtq_status(q, &s);
		if (!found || s.state == VQ_RDY)
			found = q;
	}
	return found;
}

static int refuse(struct hca_stat_ask *ask, int err, const char *text)
{
	snprintf(ask->text, sizeof(ask->text), "%s", text);
	return err;
}

static bool no_function(const struct hca *hca, struct hca_stat_ask *ask)
{
	if (ask->function < hca->functions)
		return false;
	snprintf(ask->text, sizeof(ask->text), "there are functions 0 to %u only",
		 hca->functions - 1);
	return true;
}

/* Under both locks. */
static int inject_queue(struct hca *hca, struct hca_stat_ask *ask)
{
	struct vq_status s;
	struct virtq *q;
	int err;

	if (no_function(hca, ask))
		return -ENOENT;
	if (ask->error <= VQ_ERROR_NONE || ask->error > VQ_ERROR_CQ)
		return refuse(ask, -EINVAL, "no such error");
	q = find_queue(hca, ask->function, ask->index);
	if (!q) {
		snprintf(ask->text, sizeof(ask->text), "function %u has no queue of index %u",
			 ask->function, ask->index);
		return -ENOENT;
	}
	virtq_status(q, &s);
	if (!q->vq || (s.state != VQ_RDY && s.state != VQ_SUSPEND)) {
		snprintf(ask->text, sizeof(ask->text), "queue 0x%x is %s, not RDY or SUSPEND",
			 q->obj.id, state_names[s.state]);
		return -EBUSY;
	}
	trace_note(hca, "inject queue 0x%x (function %u, index %u) %s", q->obj.id, ask->function,
		   ask->index, error_names[ask->error]);
	err = vq_inject(q->vq, (enum vq_error)ask->error);
	if (err)
		return refuse(ask, err, strerror(-err));
	snprintf(ask->text, sizeof(ask->text), "queue 0x%x (function %u, index %u): %s -> ERR, %s",
		 q->obj.id, ask->function, ask->index, state_names[s.state],
		 error_names[ask->error]);
	return 0;
}

/* Under the firmware lock. */
static int inject_fail(struct hca *hca, struct hca_stat_ask *ask)
{
	char text[sizeof(ask->text)];
	int err;

	memcpy(text, ask->text, sizeof(text));
	err = strchr(text, ',') ? -EINVAL : fail_add(&hca->fail, text);
	if (err == -EINVAL)
		return refuse(ask, err, "not COMMAND or COMMAND:N of a firmware command");
	if (err)
		return refuse(ask, err, strerror(-err));
	trace_note(hca, "inject fail %s", text);
	snprintf(ask->text, sizeof(ask->text), "%.100s will fail", text);
	return 0;
}

/* Under both locks. */
static int inject_link(struct hca *hca, struct hca_stat_ask *ask)
{
	const char *state = ask->index ? "up" : "down";

	if (no_function(hca, ask))
		return -ENOENT;
	if (ask->index > 1)
		return refuse(ask, -EINVAL, "a link is up or down");
	trace_note(hca, "inject link (function %u) %s", ask->function, state);
	if (link_set(&hca->func[ask->function], ask->index))
		snprintf(ask->text, sizeof(ask->text), "link of function %u is %s", ask->function,
			 state);
	else
		snprintf(ask->text, sizeof(ask->text), "link of function %u was %s already",
			 ask->function, state);
	return 0;
}

void ask_handle(struct hca *hca, struct hca_stat_ask *ask)
{
	pthread_mutex_lock(&hca->lock);
	dp_lock(hca->dp);
	switch (ask->verb) {
	case HCA_STAT_SNAPSHOT:
		snap(hca);
		ask->text[0] = '\0';
		ask->result = 0;
		break;
	case HCA_STAT_INJECT_QUEUE:
		ask->result = inject_queue(hca, ask);
		break;
	case HCA_STAT_INJECT_FAIL:
		ask->result = inject_fail(hca, ask);
		break;
	case HCA_STAT_INJECT_LINK:
		ask->result = inject_link(hca, ask);
		break;
	default:
		ask->result = refuse(ask, -EINVAL, "this NIC does not know what it was asked");
	}
	dp_unlock(hca->dp);
	trace_drain(hca);
	pthread_mutex_unlock(&hca->lock);
}
