/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "eswitch.h"
#include "fdb.h"
#include "frame.h"
#include "steer.h"

#define ESW_MAC_MASK ((1ULL << 48) - 1)

/* Copy the first bytes of a frame, wherever they are. */
static size_t esw_copy_header(const struct nic *nic, const struct frame *f, uint8_t *bytes)
{
	const struct mem_piece *piece = &nic->pieces[f->first];
	size_t n = 0;

	if (likely(f->n == 1)) {
		n = f->len < FRAME_HEADER_MAX ? f->len : FRAME_HEADER_MAX;
		memcpy(bytes, f->data, n);
		return n;
	}
	for (unsigned int i = 0; i < f->n && n < FRAME_HEADER_MAX; i++) {
		size_t part = piece[i].len;

		if (part > FRAME_HEADER_MAX - n)
			part = FRAME_HEADER_MAX - n;
		memcpy(bytes + n, piece[i].hva, part);
		n += part;
	}
	return n;
}

static uint64_t esw_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool esw_receives(const struct dp *dp, const struct dp_port *from, unsigned int index)
{
	const struct dp_port *port = &dp->port[index];

	return port->rx != NULL && (port != from || dp->cfg.wire_loopback);
}

/* The only port a flooded frame can reach, or NULL when there is none or several. */
static struct dp_port *esw_only_receiver(const struct dp *dp, const struct dp_port *from,
					 unsigned int *n)
{
	struct dp_port *only = NULL;

	*n = 0;
	for (unsigned int i = 0; i < dp->cfg.ports && *n < 2; i++) {
		if (esw_receives(dp, from, i)) {
			only = &dp->port[i];
			++*n;
		}
	}
	return *n == 1 ? only : NULL;
}

/* By destination MAC: fill all of the route but its queue. False: nobody gets it. */
static bool esw_lookup(struct dp *dp, struct dp_port *from, uint64_t dmac, struct route_cache *r)
{
	bool group = dmac & 1;
	unsigned int n;
	int index = FDB_MISS;

	if (!group) {
		r->gen = fdb_gen(dp->fdb);
		r->gen_seen = __atomic_load_n(r->gen, __ATOMIC_ACQUIRE);
		index = fdb_find(dp->fdb, dmac);
	}
	r->may_wait = !group;
	if (index != FDB_MISS) {
		r->gen = fdb_port_gen(dp->fdb, (unsigned int)index);
		r->gen_seen = __atomic_load_n(r->gen, __ATOMIC_ACQUIRE);
		/* Again: it may have left before the generation was read. */
		if (fdb_find(dp->fdb, dmac) != index)
			r->gen_seen--;
		r->port = &dp->port[index];
		r->self = r->port == from;
		return true;
	}
	/* Unknown or a group: all others and the wire, which may bring it back to all. */
	r->gen = fdb_gen(dp->fdb);
	if (group)
		r->gen_seen = __atomic_load_n(r->gen, __ATOMIC_ACQUIRE);
	r->self = false;
	r->port = esw_only_receiver(dp, from, &n);
	return n > 0;
}

static void esw_learn(struct dp *dp, const struct dp_port *from, uint64_t smac)
{
	if (!(smac & 1) && smac != 0 && fdb_find(dp->fdb, smac) != (int)from->index)
		fdb_learn(dp->fdb, smac, from->index);
}

void esw_route(struct nic *nic, struct vq *tx, unsigned int i)
{
	uint8_t bytes[FRAME_HEADER_MAX];
	size_t len = esw_copy_header(nic, &nic->frame[i], bytes);
	struct route_cache *r = &tx->cache;
	struct dp_port *from = tx->port;
	struct dp *dp = nic->dp;
	uint64_t key[2] = {esw_load64(bytes), esw_load64(bytes + 4)};
	uint64_t dmac = key[0] & ESW_MAC_MASK, smac = key[1] >> 16;
	struct rx_result result = {NULL, false};
	bool group = dmac & 1;

	if (!r->valid || r->key[0] != key[0] || r->key[1] != key[1]) {
		r->valid = false;
		r->hashed = false;
		r->vq = NULL;
		esw_learn(dp, from, smac);
		if (!esw_lookup(dp, from, dmac, r)) {
			/* A frame that leaves by an open wire is not lost. */
			nic->dst[i] = dp->cfg.wire_loopback ? &nic_drop_dest : NULL;
			return;
		}
		r->key[0] = key[0];
		r->key[1] = key[1];
		r->valid = true;
		if (r->port != NULL && r->port->rx != NULL &&
		    rx_table_single(r->port->rx, group, &result) && !(r->self && result.block_self))
			r->vq = result.vq;
		if (r->port != NULL && r->vq == NULL) {
			r->hashed = true;
			flow_cache_clear(&r->flows);
		}
	}
	nic->wait[i] = r->may_wait;
	if (r->port == NULL) {
		nic->dst[i] = &nic_flood;
		return;
	}
	if (r->vq != NULL) {
		nic->dst[i] = r->vq;
		return;
	}
	if (r->port->rx != NULL)
		rx_table_find(r->port->rx, bytes, len, &result);
	if (r->self && result.block_self)
		result.vq = NULL;
	nic->dst[i] = result.vq != NULL ? result.vq : &nic_drop_dest;
	if (result.vq != NULL && nic->frame[i].n == 1)
		flow_cache_add(&r->flows, bytes, len, result.vq);
}

struct vq *esw_flood_next(struct nic *nic, struct vq *tx, unsigned int i)
{
	uint8_t bytes[FRAME_HEADER_MAX];
	size_t len = esw_copy_header(nic, &nic->frame[i], bytes);
	struct dp *dp = nic->dp;

	while (nic->flood < dp->cfg.ports) {
		unsigned int index = nic->flood++;
		struct rx_result result;

		if (!esw_receives(dp, tx->port, index))
			continue;
		rx_table_find(dp->port[index].rx, bytes, len, &result);
		if (result.vq != NULL)
			return result.vq;
	}
	return NULL;
}

int dp_port_set_mac(struct dp_port *port, const uint8_t mac[6])
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	if (v == 0 || (v & 1))
		return -EINVAL;
	return fdb_pin(port->dp->fdb, v, port->index);
}

int dp_port_set_rx(struct dp_port *port, const struct dp_rx_rule *rules, unsigned int n)
{
	struct rx_table *table = NULL;

	for (unsigned int i = 0; i < n; i++) {
		const struct dp_tir *tir = rules[i].tir;

		for (unsigned int q = 0; q < tir->n; q++) {
			if (tir->queues[q] != NULL && tir->queues[q]->attr.index % 2 != 0)
				return -EINVAL;
		}
	}
	if (n > 0) {
		int err = rx_table_create(rules, n, &table);

		if (err)
			return err;
	}
	rx_table_destroy(port->rx);
	port->rx = table;
	/* A function that receives nothing is gone: what it showed is no longer reached there. */
	if (n == 0)
		fdb_flush(port->dp->fdb, port->index);
	fdb_touch(port->dp->fdb, port->index);
	return 0;
}
