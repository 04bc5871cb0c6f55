/* SPDX-License-Identifier: BSD-3-Clause */
/* Links as the datapath sees them: two queues each, polled and serviced by their NIC thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../vq/copy.h"
#include "eswitch.h"
#include "link_impl.h"
#include "steer.h"

enum {
	LINK_SERVICE_US = 1000,
	LINKS_WOKEN_MAX = 64, /* in a row, and no frame */
};

#define link_of(vq, member) ((struct link *)((char *)(vq)-offsetof(struct link, member)))

int link_errno(struct link *link, int err, const char *what, const char *which)
{
	snprintf(link->error, sizeof(link->error), "%s%s%s: %s", what, which[0] ? " " : "", which,
		 strerror(err));
	return -err;
}

void link_lock(struct link *link)
{
	vq_lock(link->owner, &link->out);
}

void link_unlock(struct link *link)
{
	vq_unlock(link->owner, &link->out);
}

static const struct dp_seg link_no_seg;

void link_set_mem(struct link *link, struct dp_mem *mem)
{
	struct vq *queues[] = {&link->in, &link->out};

	for (unsigned int i = 0; i < 2; i++) {
		dp_mem_put(queues[i]->mem);
		queues[i]->mem = dp_mem_get(mem);
	}
}

uint32_t link_next(struct link_cursor *c, uint32_t max, const uint8_t **bytes)
{
	uint32_t part = c->part->head_len - c->head_at;

	if (part > 0) {
		part = part < max ? part : max;
		*bytes = c->part->head + c->head_at;
		c->head_at += part;
		return part;
	}
	while (c->body.off == c->body.piece->len) {
		c->body.piece++;
		c->body.off = 0;
	}
	part = c->body.piece->len - c->body.off;
	part = part < max ? part : max;
	*bytes = c->body.piece->hva + c->body.off;
	c->body.off += part;
	return part;
}

void link_copy(const struct batch_part *part, uint8_t *to)
{
	struct link_cursor c = link_cursor(part);
	uint32_t left = link_frame_len(part);

	while (left > 0) {
		const uint8_t *bytes;
		uint32_t n = link_next(&c, left, &bytes);

		copy_bytes(to, bytes, n);
		to += n;
		left -= n;
	}
}

/* ---- bursts ---- */

unsigned int link_take(struct nic *nic, struct vq *in)
{
	struct link *link = link_of(in, in);

	return link->ops->peek(link, nic);
}

void link_complete(struct nic *nic, struct vq *in)
{
	struct link *link = link_of(in, in);
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < nic->pos; i++)
		bytes += nic->frame[i].len;
	if (nic->n_extra > 0)
		bytes -= esw_complete(nic);
	link->ops->take(link, nic->pos);
	in->held_since = 0;
	nic->moved = true;
	nic->frames_tx += nic->pos;
	stat_add(&nic_count(nic, in)->frames_tx, nic->pos);
	stat_add(&nic_count(nic, in)->bytes_tx, bytes);
}

struct link_put {
	struct link *link;
	struct nic *nic;
};

/* One frame, or one segment of a large one. */
static int link_emit(void *arg, struct batch_part *part)
{
	const struct link_put *put = arg;
	struct nic_port_stats *stats = nic_count(put->nic, &put->link->out);
	int err = put->link->ops->send(put->link, part);

	nic_commit();
	if (err == 0) {
		stat_add(&stats->frames_rx, 1);
		stat_add(&stats->bytes_rx, link_frame_len(part));
	}
	return err;
}

/* struct vq.put */
static void link_put(struct nic *nic, struct vq *out, unsigned int end)
{
	struct link *link = link_of(out, out);
	struct link_put put = {link, nic};

	vq_lock(nic, out);
	nic->settled = nic->pos;
	nic->rx = out;
	nic_commit();
	if (!out->unpublished) {
		out->unpublished = true;
		nic->touched[nic->n_touched++] = out;
	}
	while (nic->pos < end) {
		int err = -ENETDOWN;

		if (out->state == VQ_RDY)
			err = batch_parts(nic, nic->pos, out->attr.flags, link_emit, &put);
		if (err == -EAGAIN)
			break;
		if (err == 0)
			vq_has_buffers(out);
		else if (err == -ENETDOWN)
			stat_add(&nic_count(nic, nic->tx)->drops_no_dest, 1);
		else
			stat_add(&nic_count(nic, out)->drops_other, 1);
		nic->pos++;
		nic->segment = 0;
		nic->settled = nic->pos;
	}
	nic_commit();
	nic->rx = NULL;
	vq_unlock(nic, out);
}

/* struct vq.settle: every send is complete in itself. */
static void link_settle(struct nic *nic, struct vq *out)
{
	nic->settled = nic->pos;
}

void link_publish(struct vq *out)
{
	struct link *link = link_of(out, out);

	if (out->state == VQ_RDY && link->ops->flush != NULL)
		link->ops->flush(link);
}

static int link_notify(void *arg)
{
	return 0;
}

static void link_failed(void *arg, enum vq_error error)
{
	struct link *link = arg;

	__atomic_store_n(&link->failed, true, __ATOMIC_RELAXED);
}

static const struct vq_ops link_vq_ops = {.notify = link_notify, .error = link_failed};

/* ---- passes ---- */

static void link_restart(struct link *link)
{
	link_lock(link);
	__atomic_store_n(&link->failed, false, __ATOMIC_RELAXED);
	if (link->ops->reset != NULL)
		link->ops->reset(link);
	link->in.state = VQ_RDY;
	link->out.state = VQ_RDY;
	link_unlock(link);
}

void links_poll(struct nic *nic)
{
	nic->links_held = false;
	for (unsigned int i = 0; i < nic->n_links; i++) {
		struct link *link = nic->links[i];

		if (unlikely(__atomic_load_n(&link->failed, __ATOMIC_RELAXED)))
			link_restart(link);
		if (nic->now >= link->service_at) {
			link->service_at = nic->now + LINK_SERVICE_US * nic->dp->cycles_per_us;
			if (link->ops->service != NULL)
				link->ops->service(link);
		}
		if (link->in.state == VQ_RDY)
			nic_burst(nic, &link->in);
		nic->links_held |= link->in.held_since != 0;
	}
}

struct link_guard {
	struct guard guard;
	struct link *link;
};

static bool link_blame(struct guard *guard, const void *addr)
{
	return mem_has_hva(((struct link_guard *)guard)->link->in.mem, addr);
}

int link_guarded(struct link *link, int (*access)(void *arg), void *arg)
{
	struct link_guard g = {.guard.blame = link_blame, .link = link};
	int result;

	if (sigsetjmp(g.guard.env, 0) != 0) {
		link_failed(link, VQ_ERROR_BAD_BUFFER);
		return -EFAULT;
	}
	guard_enter(&g.guard);
	result = access(arg);
	guard_leave();
	return result;
}

/*
 * There is something; but that may last whatever is done: a device that was deleted, EMFILE, half a
 * frame of a peer's. False: it has slept, instead.
 */
static bool links_wake(struct nic *nic, const struct timespec *ts)
{
	if (nic->woken < LINKS_WOKEN_MAX) {
		nic->woken++;
		return true;
	}
	nanosleep(ts, NULL);
	return false;
}

bool links_sleep(struct nic *nic, uint64_t ns)
{
	struct pollfd fds[LINK_FDS_MAX * DP_LINKS_MAX];
	struct timespec ts = {.tv_nsec = (long)ns};
	nfds_t n = 0;

	for (unsigned int i = 0; i < nic->n_links; i++) {
		struct link *link = nic->links[i];
		int more = link->ops->fds != NULL ? link->ops->fds(link, &fds[n]) : 0;

		if (more < 0)
			return links_wake(nic, &ts);
		n += (nfds_t)more;
	}
	if (ppoll(fds, n, &ts, NULL) == 0) {
		nic->woken = 0;
		return false;
	}
	for (unsigned int i = 0; i < nic->n_links; i++)
		nic->links[i]->service_at = 0;
	return links_wake(nic, &ts);
}

/* ---- life ---- */

static void link_queue_init(struct link *link, struct vq *vq, uint16_t index, uint32_t flags)
{
	vq->layout = RING_LINK;
	vq->state = VQ_RDY;
	vq->port = link->port;
	vq->port_index = (uint16_t)link->port->index;
	vq->owner = link->owner;
	vq->attr =
	    (struct vq_attr){.index = index, .flags = flags, .ops = &link_vq_ops, .ops_arg = link};
}

/* Everything that comes to the port goes out by the link. */
static int link_steer(struct link *link)
{
	struct vq *queue = &link->out;
	struct dp_tir tir = {.n = 1, .queues = &queue};
	struct dp_rx_rule rule = {.tir = &tir};

	return rx_table_create(&rule, 1, &link->port->rx);
}

static int link_attach(struct link *link)
{
	struct dp_port *port = link->port;
	struct nic *nic = link->owner;
	void *p = realloc(nic->links, (nic->n_links + 1) * sizeof(nic->links[0]));

	if (p == NULL)
		return -ENOMEM;
	nic->links = p;
	port->txq = malloc(sizeof(port->txq[0]));
	if (port->txq == NULL)
		return -ENOMEM;
	nic->links[nic->n_links++] = link;
	nic->n_own++;
	port->txq[0] = &link->in;
	port->n_txq = 1;
	port->link = link;
	return 0;
}

static void link_destroy(struct link *link)
{
	if (link == NULL)
		return;
	if (link->ops != NULL)
		link->ops->close(link);
	dp_mem_put(link->in.mem);
	dp_mem_put(link->out.mem);
	free(link);
}

static int link_create(struct dp_port *port, const struct dp_link_config *cfg)
{
	static const struct link_ops *kinds[] = {
	    [LINK_TAP] = &link_tap_ops,
	    [LINK_MEMIF] = &link_memif_ops,
	    [LINK_PCAP] = &link_pcap_ops,
	    [LINK_WIRE] = &link_memif_ops,
	};
	struct link *link = aligned_alloc(64, (sizeof(*link) + 63) / 64 * 64);
	struct dp *dp = port->dp;
	struct dp_mem *mem;
	int err;

	if (link == NULL)
		return -ENOMEM;
	memset(link, 0, sizeof(*link));
	snprintf(link->spec, sizeof(link->spec), "%s", cfg->spec);
	link->port = port;
	link->owner = dp->nic[port->index % dp->cfg.threads];
	err = link_parse(link->spec, &link->options, link->error);
	if (err)
		goto fail;
	link->ops = kinds[link->options.kind];
	link_queue_init(link, &link->in, 1, link->ops->in_flags);
	link_queue_init(link, &link->out, 0, link->ops->out_flags);
	link->in.offloads = link->ops->in_flags != 0;
	link->in.burst = vq_link_burst();
	link->out.put = link_put;
	link->out.settle = link_settle;
	err = dp_mem_create(&link_no_seg, 0, &mem);
	if (err)
		goto fail;
	link_set_mem(link, mem);
	dp_mem_put(mem);
	err = link->ops->open(link);
	if (err == 0)
		err = vq_reserve(dp);
	if (err == 0)
		err = link_steer(link);
	if (err == 0)
		err = link_attach(link);
	if (err == 0) {
		dp->n_vqs++;
		return 0;
	}
fail:
	fprintf(stderr, "softhca: port %s: %s\n", link->spec,
		link->error[0] ? link->error : strerror(-err));
	link_destroy(link);
	return err;
}

/* Whose the link is; -EINVAL if it is taken. */
static int link_place(struct dp *dp, struct dp_port *port, const struct dp_link_config *cfg)
{
	struct dp_port *function;

	if (cfg->representor < 0) {
		for (unsigned int i = dp->cfg.ports; i < port->index; i++) {
			if (!dp->port[i].representor)
				return -EINVAL;
		}
		dp->open_wire = false;
		dp->loopback = false;
		return 0;
	}
	if ((unsigned int)cfg->representor >= dp->cfg.ports)
		return -EINVAL;
	function = &dp->port[cfg->representor];
	if (function->peer != NULL)
		return -EINVAL;
	function->peer = port;
	port->peer = function;
	port->representor = true;
	return 0;
}

int links_create(struct dp *dp)
{
	for (unsigned int i = 0; i < dp->cfg.n_links; i++) {
		struct dp_port *port = &dp->port[dp->cfg.ports + i];
		int err = link_place(dp, port, &dp->cfg.links[i]);

		if (err == 0)
			err = link_create(port, &dp->cfg.links[i]);
		if (err)
			return err;
	}
	return 0;
}

void links_destroy(struct dp *dp)
{
	for (unsigned int i = dp->cfg.ports; dp->port != NULL && i < dp->n_ports; i++)
		link_destroy(dp->port[i].link);
}
