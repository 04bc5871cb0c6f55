/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "../vq/batch.h"
#include "eswitch.h"
#include "fdb.h"
#include "frame.h"
#include "steer.h"

#define ESW_MAC_MASK ((1ULL << 48) - 1)

/* What a frame is remembered with; with more it is counted at once. */
enum { ESW_COUNTERS = DP_RX_LEVEL_MAX + 1 };
enum { ESW_CVLAN = 0x8100, ESW_SVLAN = 0x88a8, ESW_TAG_LEN = 4, ESW_MACS_LEN = 12 };

/* A frame as the e-switch looks at it: its first bytes, copied. */
struct esw_head {
	uint8_t bytes[FRAME_HEADER_MAX + ESW_TAG_LEN];
	size_t len;
	unsigned int tags; /* 0..2 */
	uint16_t vid;      /* the VLAN it travels in; 0: none */
};

/* ---- reading and changing frames ---- */

/* Copy the first bytes of a frame, wherever they are. */
static size_t esw_copy(const struct nic *nic, const struct frame *f, uint8_t *bytes)
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

static uint16_t esw_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool esw_is_tag(uint16_t type)
{
	return type == ESW_CVLAN || type == ESW_SVLAN;
}

static void esw_read(const struct nic *nic, const struct dp_port *from, const struct frame *f,
		     struct esw_head *h)
{
	h->len = esw_copy(nic, f, h->bytes);
	h->tags = 0;
	h->vid = from->policy.vlan;
	if (likely(!esw_is_tag(esw_be16(h->bytes + 12)) || h->len < 18))
		return;
	h->tags = h->len >= 22 && esw_is_tag(esw_be16(h->bytes + 16)) ? 2 : 1;
	if (h->vid == 0 && nic->dp->vlan_aware && esw_be16(h->bytes + 12) == ESW_CVLAN)
		h->vid = esw_be16(h->bytes + 14) & 0xfff;
}

static uint64_t esw_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static enum frame_form esw_form(const struct dp_port *from, const struct dp_port *to)
{
	if (from->policy.vlan == to->policy.vlan)
		return FORM_SAME;
	return to->policy.vlan == 0 ? FORM_TAG : FORM_UNTAG;
}

/* Frame i of the batch becomes origin with a tag more or less; pieces used. */
static unsigned int esw_retag(struct nic *nic, unsigned int i, const struct frame *origin,
			      enum frame_form form, uint16_t vid)
{
	struct mem_piece whole = {(uint8_t *)(uintptr_t)origin->data, origin->len};
	const struct mem_piece *in = origin->n == 1 ? &whole : &nic->pieces[origin->first];
	struct mem_piece *out = &nic->pieces[nic->n_pieces];
	uint32_t head = ESW_MACS_LEN, skip = form == FORM_UNTAG ? ESW_TAG_LEN : 0;
	uint8_t *tag = nic->tag[i];
	unsigned int n = 0;

	for (unsigned int p = 0; p < origin->n; p++) {
		uint8_t *hva = in[p].hva;
		uint32_t len = in[p].len, part = len < head ? len : head;

		if (part > 0)
			out[n++] = (struct mem_piece){hva, part};
		hva += part;
		len -= part;
		if (part > 0 && part == head && form == FORM_TAG) {
			tag[0] = ESW_CVLAN >> 8;
			tag[1] = ESW_CVLAN & 0xff;
			tag[2] = (uint8_t)(vid >> 8);
			tag[3] = (uint8_t)vid;
			out[n++] = (struct mem_piece){tag, ESW_TAG_LEN};
		}
		head -= part;
		if (head > 0)
			continue;
		part = len < skip ? len : skip;
		skip -= part;
		if (len > part)
			out[n++] = (struct mem_piece){hva + part, len - part};
	}
	nic->frame[i].data = out[0].hva;
	nic->frame[i].len = origin->len + (form == FORM_TAG ? ESW_TAG_LEN : -(uint32_t)ESW_TAG_LEN);
	nic->frame[i].n = (uint16_t)n;
	nic->frame[i].first = (uint16_t)nic->n_pieces;
	return n;
}

/* The same with the copied bytes. */
static void esw_retag_head(struct esw_head *h, enum frame_form form)
{
	uint8_t *at = h->bytes + ESW_MACS_LEN;

	if (form == FORM_TAG) {
		memmove(at + ESW_TAG_LEN, at, h->len - ESW_MACS_LEN);
		at[0] = ESW_CVLAN >> 8;
		at[1] = ESW_CVLAN & 0xff;
		at[2] = (uint8_t)(h->vid >> 8);
		at[3] = (uint8_t)h->vid;
		h->len += ESW_TAG_LEN;
	} else if (form == FORM_UNTAG) {
		memmove(at, at + ESW_TAG_LEN, h->len - ESW_MACS_LEN - ESW_TAG_LEN);
		h->len -= ESW_TAG_LEN;
	}
}

static void esw_count(struct dp_counter *counter, uint64_t len)
{
	__atomic_fetch_add(&counter->frames, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&counter->bytes, len, __ATOMIC_RELAXED);
}

/* What is to be done when frame i is completed. */
static void esw_remember(struct nic *nic, unsigned int i, int8_t grown,
			 const struct rx_result *result)
{
	struct frame_extra *e = &nic->extra[nic->n_extra++];

	e->i = (uint8_t)i;
	e->grown = grown;
	e->len = nic->frame[i].len;
	e->n_counters = (uint8_t)result->n_counters;
	memcpy(e->counter, result->counter, result->n_counters * sizeof(e->counter[0]));
}

uint64_t esw_complete(struct nic *nic)
{
	int64_t grown = 0;

	for (unsigned int n = 0; n < nic->n_extra; n++) {
		const struct frame_extra *e = &nic->extra[n];

		if (e->i >= nic->pos)
			continue;
		grown += e->grown;
		for (unsigned int c = 0; c < e->n_counters; c++)
			esw_count(e->counter[c], e->len);
	}
	nic->n_extra = 0;
	return (uint64_t)grown;
}

/* ---- policy ---- */

static bool esw_fits(const struct dp_port *port, const struct esw_head *h, uint32_t len)
{
	return port->policy.mtu == DP_MTU_MAX ||
	       len - DP_FRAME_MIN - h->tags * ESW_TAG_LEN <= port->policy.mtu;
}

/* NULL: the port may send this. */
static struct vq *esw_refuse(const struct dp_port *from, const struct esw_head *h, uint32_t len)
{
	if (from->down)
		return &nic_drop_other;
	if (from->policy.spoof_check && esw_load64(h->bytes + 4) >> 16 != from->mac)
		return &nic_drop_spoofed;
	if (from->policy.vlan != 0 && h->tags > 0)
		return &nic_drop_spoofed;
	return esw_fits(from, h, len) ? NULL : &nic_drop_other;
}

/* ---- who gets it ---- */

/* The sender's domain if the frame comes straight back: rx_table_find. */
static int64_t esw_self(const struct vq *tx, bool self)
{
	return self ? (int64_t)tx->attr.domain : RX_FROM_OTHERS;
}

static bool esw_receives(const struct dp *dp, const struct dp_port *from, unsigned int index,
			 uint16_t vid)
{
	const struct dp_port *port = &dp->port[index];

	return port->rx != NULL && !port->down && !port->representor &&
	       (port != from || dp->loopback || from->local_loopback) &&
	       (port->policy.vlan == 0 || port->policy.vlan == vid);
}

/*
 * The only port a flooded frame can reach, or NULL when there is none or several. The sender's own
 * counts as several if the frame also leaves.
 */
static struct dp_port *esw_only_receiver(const struct dp *dp, const struct dp_port *from,
					 uint16_t vid, unsigned int *n)
{
	struct dp_port *only = NULL;

	*n = 0;
	for (unsigned int i = 0; i < dp->n_ports && *n < 2; i++) {
		if (esw_receives(dp, from, i, vid)) {
			only = &dp->port[i];
			++*n;
		}
	}
	return *n == 1 && (only != from || dp->loopback) ? only : NULL;
}

/* A function without a VLAN has its own MAC in all of them. */
static int esw_find(const struct dp *dp, uint64_t mac, uint16_t vid)
{
	int index = FDB_MISS;

	if (unlikely(vid != 0)) {
		index = fdb_find_pinned(dp->fdb, fdb_key(mac, vid));
		if (index == FDB_MISS)
			index = fdb_find_pinned(dp->fdb, fdb_key(mac, 0));
	}
	return index != FDB_MISS ? index : fdb_find(dp->fdb, fdb_key(mac, vid));
}

/* By destination MAC: fill all of the route but its queue. False: nobody gets it. */
static bool esw_lookup(struct dp *dp, struct dp_port *from, const struct esw_head *h, uint64_t dmac,
		       struct route_cache *r)
{
	bool group = dmac & 1;
	unsigned int n;
	int index = FDB_MISS;

	r->may_wait = !group;
	r->self = false;
	if (unlikely(from->representor)) {
		r->port = from->peer;
		r->gen = fdb_port_gen(dp->fdb, r->port->index);
		r->gen_seen = __atomic_load_n(r->gen, __ATOMIC_ACQUIRE);
		return true;
	}
	if (!group) {
		r->gen = fdb_gen(dp->fdb);
		r->gen_seen = __atomic_load_n(r->gen, __ATOMIC_ACQUIRE);
		index = esw_find(dp, dmac, h->vid);
	}
	if (index != FDB_MISS) {
		r->gen = fdb_port_gen(dp->fdb, (unsigned int)index);
		r->gen_seen = __atomic_load_n(r->gen, __ATOMIC_ACQUIRE);
		/* Again: it may have left before the generation was read. */
		if (esw_find(dp, dmac, h->vid) != index)
			r->gen_seen--;
		r->port = &dp->port[index];
		r->self = r->port == from;
		return true;
	}
	/* Unknown or a group: all others and the wire, which may bring it back to all. */
	r->gen = fdb_gen(dp->fdb);
	if (group)
		r->gen_seen = __atomic_load_n(r->gen, __ATOMIC_ACQUIRE);
	if (unlikely(from->peer != NULL)) {
		r->port = from->peer;
		return true;
	}
	r->port = esw_only_receiver(dp, from, h->vid, &n);
	return n > 0;
}

/*
 * One queue for all frames of the route? By their MACs; if those do not settle it, by what follows
 * them, and then the route is for frames that have the same there.
 */
static struct vq *esw_one_queue(const struct rx_table *rx, const struct esw_head *h, int64_t self,
				struct route_cache *r)
{
	struct rx_known known;
	struct rx_result result;
	bool settled;

	memset(&known, 0, sizeof(known));
	memset(known.mask.key.dmac, 0xff, sizeof(known.mask.key.dmac));
	memset(known.mask.key.smac, 0xff, sizeof(known.mask.key.smac));
	memcpy(known.value.key.dmac, h->bytes, sizeof(known.value.key.dmac));
	memcpy(known.value.key.smac, h->bytes + 6, sizeof(known.value.key.smac));
	known.group = h->bytes[0] & 1;
	known.self = self;
	settled = rx_table_known(rx, &known, &result);
	if (!settled && !esw_is_tag(esw_be16(h->bytes + 12))) {
		known.mask.key.ethertype = 0xffff;
		known.mask.key.vid = 0xffff;
		known.mask.key.cvlan_tag = 0xff;
		known.mask.key.svlan_tag = 0xff;
		known.value.key.ethertype = esw_be16(h->bytes + 12);
		settled = rx_table_known(rx, &known, &result);
		if (settled)
			r->key_mask = UINT64_MAX;
	}
	return settled ? result.vq : NULL;
}

/* The rest of a new route: what it does to frames, and whether the hot path may know it. */
static void esw_fill(struct nic *nic, const struct vq *tx, const struct esw_head *h,
		     struct route_cache *r)
{
	const struct dp_port *from = tx->port;
	uint16_t mtu;

	r->valid = h->tags == 0 || !nic->dp->vlan_aware;
	r->form = FORM_SAME;
	if (r->port == NULL)
		return;
	r->form = esw_form(from, r->port);
	mtu = from->policy.mtu < r->port->policy.mtu ? from->policy.mtu : r->port->policy.mtu;
	r->len_span = mtu < DP_MTU_MAX ? mtu : DP_FRAME_MAX - DP_FRAME_MIN;
	if (!r->valid || r->form != FORM_SAME || from->policy.spoof_check)
		return;
	if (r->port->rx != NULL && !r->port->down)
		r->vq = esw_one_queue(r->port->rx, h, esw_self(tx, r->self), r);
	if (r->vq == NULL) {
		r->hashed = true;
		flow_cache_clear(&r->flows);
	}
}

/* The queue for a frame that goes to r->port. */
static struct vq *esw_steer(struct nic *nic, const struct vq *tx, struct route_cache *r,
			    struct esw_head *h, unsigned int i)
{
	struct rx_result result;
	struct frame *f = &nic->frame[i], origin = *f;
	int8_t grown = 0;

	result.vq = NULL;
	result.n_more = 0;
	result.n_counters = 0;

	if (unlikely(!esw_fits(r->port, h, batch_wire_len(nic, i, f->len))))
		return &nic_drop_other;
	if (unlikely(r->form != FORM_SAME)) {
		nic->n_pieces += esw_retag(nic, i, &origin, r->form, h->vid);
		esw_retag_head(h, r->form);
		grown = r->form == FORM_TAG ? ESW_TAG_LEN : -ESW_TAG_LEN;
	}
	if (r->port->rx != NULL && !r->port->down)
		rx_table_find(r->port->rx, h->bytes, h->len, esw_self(tx, r->self), &result);
	if (unlikely(result.n_more > 0 || result.n_counters > ESW_COUNTERS)) {
		*f = origin;
		nic->only[i] = (uint16_t)(r->port->index + 1) | (r->self ? ESW_SELF : 0);
		return &nic_flood;
	}
	if (unlikely(grown != 0 || result.n_counters > 0))
		esw_remember(nic, i, grown, &result);
	if (result.vq == NULL)
		return &nic_drop_dest;
	/* What is counted is looked for each time. */
	if (r->hashed && f->n == 1 && result.n_counters == 0)
		flow_cache_add(&r->flows, h->bytes, h->len, result.vq);
	return result.vq;
}

void esw_route(struct nic *nic, struct vq *tx, unsigned int i)
{
	uint32_t len = batch_wire_len(nic, i, nic->frame[i].len);
	struct route_cache *r = &tx->cache;
	struct dp_port *from = tx->port;
	struct dp *dp = nic->dp;
	uint64_t key[2], dmac, smac;
	struct esw_head h;
	struct vq *refused;

	esw_read(nic, from, &nic->frame[i], &h);
	refused = esw_refuse(from, &h, len);
	if (unlikely(refused != NULL)) {
		nic->dst[i] = refused;
		return;
	}
	/* What was checked is what is sent, and the hot path does not know the route. */
	if (unlikely(from->policy.spoof_check)) {
		/* A tag may have come since the offload was checked: see offload_check. */
		if ((nic->offloaded >> i & 1) &&
		    nic->offload[i].csum_start < DP_FRAME_MIN + h.tags * ESW_TAG_LEN) {
			nic->dst[i] = &nic_drop_other;
			return;
		}
		batch_keep_head(nic, i, h.bytes, (uint32_t)h.len);
	}
	key[0] = esw_load64(h.bytes);
	key[1] = esw_load64(h.bytes + 6);
	dmac = key[0] & ESW_MAC_MASK;
	smac = key[1] & ESW_MAC_MASK;
	if (!r->valid || r->key[0] != key[0] || ((r->key[1] ^ key[1]) & r->key_mask) != 0) {
		r->valid = false;
		r->hashed = false;
		r->vq = NULL;
		if (!(smac & 1) && smac != 0 && !from->representor)
			fdb_learn(dp->fdb, fdb_key(smac, h.vid), from->index);
		if (!esw_lookup(dp, from, &h, dmac, r)) {
			/* A frame that leaves by an open wire is not lost. */
			nic->dst[i] = dp->open_wire ? NULL : &nic_drop_dest;
			return;
		}
		r->key[0] = key[0];
		r->key[1] = key[1];
		r->key_mask = dp->vlan_aware ? UINT64_MAX : ESW_MAC_MASK;
		esw_fill(nic, tx, &h, r);
	}
	nic->wait[i] = r->may_wait;
	nic->only[i] = 0;
	if (r->port == NULL)
		nic->dst[i] = &nic_flood;
	else if (r->vq != NULL && esw_fits(r->port, &h, len))
		nic->dst[i] = r->vq;
	else
		nic->dst[i] = esw_steer(nic, tx, r, &h, i);
}

/* Who at the port gets the flooded frame: the first, the others are in nic->more. */
static struct vq *esw_flood_port(struct nic *nic, const struct vq *tx, unsigned int i,
				 const struct dp_port *to, struct esw_head *h)
{
	uint32_t len = nic->flood_frame.len, head = (uint32_t)h->len;
	enum frame_form form = esw_form(tx->port, to);
	/* What comes back by the wire comes from outside. */
	bool self = nic->only[i] ? nic->only[i] & ESW_SELF : to == tx->port && !nic->dp->loopback;
	struct rx_result result;

	if (unlikely(!esw_fits(to, h, batch_wire_len(nic, i, len)))) {
		stat_add(&nic->port_stats[to->index].drops_other, 1);
		return NULL;
	}
	esw_retag_head(h, form);
	rx_table_find(to->rx, h->bytes, h->len, esw_self(tx, self), &result);
	for (unsigned int c = 0; c < result.n_counters; c++)
		esw_count(result.counter[c], len + (uint32_t)h->len - head);
	if (result.vq == NULL)
		return NULL;
	if (unlikely(form != FORM_SAME))
		esw_retag(nic, i, &nic->flood_frame, form, h->vid);
	memcpy(nic->more, result.more, result.n_more * sizeof(nic->more[0]));
	nic->n_more = result.n_more;
	nic->more_at = 0;
	return result.vq;
}

struct vq *esw_flood_next(struct nic *nic, struct vq *tx, unsigned int i)
{
	unsigned int only = nic->only[i] & ~(unsigned int)ESW_SELF;
	const struct dp *dp = nic->dp;
	unsigned int end = only ? only : dp->n_ports;
	struct esw_head origin;

	if (nic->flood == 0) {
		nic->flood_frame = nic->frame[i];
		nic->flood = only ? only - 1 : 0;
		nic->n_more = 0;
		nic->more_at = 0;
	}
	if (nic->more_at < nic->n_more)
		return nic->more[nic->more_at++];
	nic->frame[i] = nic->flood_frame;
	nic_commit();
	esw_read(nic, tx->port, &nic->frame[i], &origin);
	while (nic->flood < end) {
		unsigned int index = nic->flood++;
		const struct dp_port *to = &dp->port[index];
		struct esw_head h = origin;
		struct vq *vq;

		if (only ? to->rx == NULL || to->down : !esw_receives(dp, tx->port, index, h.vid))
			continue;
		vq = esw_flood_port(nic, tx, i, to, &h);
		if (vq != NULL)
			return vq;
	}
	return NULL;
}
