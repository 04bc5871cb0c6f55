/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A state from elsewhere: could commands have led to it? The same limits as the commands' own, and
 * what a feature that was not negotiated would have to change is as after a reset.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vv_ctrl_priv.h"

struct check {
	const struct vv_ctrl_conf *conf;
	const struct vv_ctrl_state *state;
	struct vv_ctrl_state reset; /* what the guest began with */
	char *why;
	size_t why_len;
};

static bool has(const struct check *c, unsigned int bit)
{
	return c->conf->features & VV_BIT(bit);
}

__attribute__((format(printf, 3, 4))) static int fail(const struct check *c, int err,
						      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->why, c->why_len, fmt, args);
	va_end(args);
	return err;
}

/* ---- what is received ---- */

static bool mac_equal(const uint8_t *a, const uint8_t *b)
{
	return !memcmp(a, b, 6);
}

static int mac_check(const struct check *c)
{
	static const uint8_t none[6];
	const uint8_t *mac = c->state->mac;

	if (mac_equal(mac, c->reset.mac))
		return 0;
	/* Legacy drivers write it to the configuration space (virtio 1.3 5.1.4.3). */
	if (has(c, VIRTIO_F_VERSION_1) && !has(c, VIRTIO_NET_F_CTRL_MAC_ADDR))
		return fail(c, -EINVAL,
			    "mac: the guest has not negotiated CTRL_MAC_ADDR and cannot have "
			    "changed it: give the device its address (address=)");
	if (mac[0] & 1 || mac_equal(mac, none))
		return fail(c, -EINVAL, "mac: not an address of one station");
	return 0;
}

static int modes_check(const struct check *c)
{
	const struct vv_ctrl_state *s = c->state, *r = &c->reset;

	if (!has(c, VIRTIO_NET_F_CTRL_RX) &&
	    (s->promisc != r->promisc || s->allmulti != r->allmulti))
		return fail(c, -EINVAL, "promisc, allmulti: CTRL_RX is not negotiated");
	if (!has(c, VIRTIO_NET_F_CTRL_RX_EXTRA) &&
	    (s->alluni || s->nomulti || s->nouni || s->nobcast))
		return fail(c, -EINVAL,
			    "alluni, nomulti, nouni, nobcast: CTRL_RX_EXTRA is not negotiated");
	return 0;
}

static int macs_check(const struct check *c, const struct vv_ctrl_macs *macs, const char *name)
{
	if (!has(c, VIRTIO_NET_F_CTRL_RX) && (macs->n || macs->overflow))
		return fail(c, -EINVAL, "%s: CTRL_RX is not negotiated", name);
	if (macs->n > VV_CTRL_MACS_MAX)
		return fail(c, -EINVAL, "%s: %u addresses, no table takes more than %d", name,
			    macs->n, VV_CTRL_MACS_MAX);
	if (macs->overflow && macs->n)
		return fail(c, -EINVAL, "%s: addresses of a table that overflowed", name);
	return 0;
}

static int vlans_check(const struct check *c)
{
	if (!has(c, VIRTIO_NET_F_CTRL_VLAN) &&
	    memcmp(c->state->vlans, c->reset.vlans, sizeof(c->reset.vlans)))
		return fail(c, -EINVAL, "vlans: CTRL_VLAN is not negotiated");
	return 0;
}

static bool macs_equal(const struct vv_ctrl_macs *a, const struct vv_ctrl_macs *b)
{
	return a->n == b->n && a->overflow == b->overflow && !memcmp(a->addr, b->addr, 6 * a->n);
}

/* A guest must not get by a move what it may not ask for. */
static int trust_check(const struct check *c)
{
	const struct vv_ctrl_state *s = c->state, *r = &c->reset;

	if (c->conf->trusted)
		return 0;
	if (!mac_equal(s->mac, r->mac))
		return fail(c, -EPERM, "mac: trust is off, and it is not the provisioned one");
	if (s->promisc != r->promisc || s->allmulti != r->allmulti || s->alluni != r->alluni ||
	    s->nomulti != r->nomulti || s->nouni != r->nouni || s->nobcast != r->nobcast)
		return fail(c, -EPERM,
			    "receive modes: trust is off, and they are not as after a "
			    "reset");
	if (!macs_equal(&s->uni, &r->uni) || !macs_equal(&s->multi, &r->multi) ||
	    memcmp(s->vlans, r->vlans, sizeof(r->vlans)))
		return fail(c, -EPERM, "filters: trust is off, and there are some");
	return 0;
}

static int receive_check(const struct check *c)
{
	int err = mac_check(c);

	if (!err)
		err = modes_check(c);
	if (!err)
		err = macs_check(c, &c->state->uni, "unicast");
	if (!err)
		err = macs_check(c, &c->state->multi, "multicast");
	if (!err)
		err = vlans_check(c);
	return err ? err : trust_check(c);
}

/* ---- by which queue, and how ---- */

static int rss_check(const struct check *c)
{
	const struct vv_ctrl_rss *rss = &c->state->rss;
	unsigned int i, pairs = c->conf->pairs;

	if (rss->hash_types & ~c->conf->hash_types)
		return fail(c, -EINVAL, "rss: hash types 0x%x, the device has 0x%x",
			    rss->hash_types, c->conf->hash_types);
	if (rss->key_len > VV_CTRL_RSS_KEY_MAX || (!rss->key_len && rss->hash_types))
		return fail(c, -EINVAL, "rss: a key of %u bytes", rss->key_len);
	if (!c->state->rss_active)
		return rss->table_len ? fail(c, -EINVAL, "rss: a table, and it is not active") : 0;
	if (!rss->table_len || rss->table_len > VV_CTRL_RSS_TABLE_MAX ||
	    rss->table_len & (rss->table_len - 1))
		return fail(c, -EINVAL, "rss: a table of %u entries", rss->table_len);
	if (rss->unclassified >= pairs || !rss->max_tx || rss->max_tx > pairs)
		return fail(c, -EINVAL, "rss: queues that are not there (%u, %u; %u pairs)",
			    rss->unclassified, rss->max_tx, pairs);
	for (i = 0; i < rss->table_len; i++)
		if (rss->table[i] >= pairs)
			return fail(c, -EINVAL, "rss: queue %u, of %u", rss->table[i], pairs);
	return 0;
}

static int pairs_check(const struct check *c)
{
	const struct vv_ctrl_state *s = c->state;

	if (!s->pairs || s->pairs > c->conf->pairs)
		return fail(c, -EINVAL, "pairs: %u in use, of %u", s->pairs, c->conf->pairs);
	if (s->pairs != c->reset.pairs && !has(c, VIRTIO_NET_F_MQ))
		return fail(c, -EINVAL, "pairs: MQ is not negotiated");
	if (s->rss_active && !has(c, VIRTIO_NET_F_RSS))
		return fail(c, -EINVAL, "rss: RSS is not negotiated");
	if (!s->rss_active && !has(c, VIRTIO_NET_F_HASH_REPORT)) {
		if (s->rss.hash_types || s->rss.key_len || s->rss.table_len)
			return fail(c, -EINVAL, "rss: it is not active");
		return 0;
	}
	return rss_check(c);
}

static bool coal_valid(const struct vv_ctrl_coal *coal)
{
	return coal->packets <= VV_CTRL_COAL_PACKETS_MAX && coal->usecs <= VV_CTRL_COAL_USECS_MAX;
}

static bool coal_is_set(const struct vv_ctrl_coal *coal)
{
	return coal->packets || coal->usecs;
}

static int coal_check(const struct check *c)
{
	const struct vv_ctrl_state *s = c->state;
	unsigned int i;

	if (!coal_valid(&s->coal_rx) || !coal_valid(&s->coal_tx))
		return fail(c, -EINVAL, "coalescing: more than the device can");
	if (!has(c, VIRTIO_NET_F_NOTF_COAL) &&
	    (coal_is_set(&s->coal_rx) || coal_is_set(&s->coal_tx)))
		return fail(c, -EINVAL, "coalescing: NOTF_COAL is not negotiated");
	for (i = 0; i < 2 * VV_CTRL_PAIRS_MAX; i++) {
		if (!coal_valid(&s->coal[i]))
			return fail(c, -EINVAL, "coalescing: queue %u: more than the device can",
				    i);
		if (!coal_is_set(&s->coal[i]))
			continue;
		if (i >= 2 * c->conf->pairs)
			return fail(c, -EINVAL, "coalescing: queue %u is not there", i);
		if (!has(c, VIRTIO_NET_F_NOTF_COAL) && !has(c, VIRTIO_NET_F_VQ_NOTF_COAL))
			return fail(c, -EINVAL,
				    "coalescing: neither NOTF_COAL nor VQ_NOTF_COAL is negotiated");
	}
	return 0;
}

static int tune_check(const struct check *c)
{
	const struct vv_ctrl_state *s = c->state;

	if (s->announce && !has(c, VIRTIO_NET_F_GUEST_ANNOUNCE))
		return fail(c, -EINVAL, "announce: GUEST_ANNOUNCE is not negotiated");
	if (s->offloads & ~(c->conf->features & VV_GUEST_OFFLOADS))
		return fail(
		    c, -EINVAL, "offloads: 0x%llx are not negotiated",
		    (unsigned long long)(s->offloads & ~(c->conf->features & VV_GUEST_OFFLOADS)));
	if (s->offloads != c->reset.offloads && !has(c, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
		return fail(c, -EINVAL, "offloads: CTRL_GUEST_OFFLOADS is not negotiated");
	return coal_check(c);
}

/* ---- as bytes ---- */

/* What a larger table held is here as if the guest had asked for it here: all of that kind. */
static void macs_copy(const struct vv_ctrl_macs *from, unsigned int max, struct vv_ctrl_macs *to)
{
	if (from->n > max) {
		to->overflow = true;
		return;
	}
	to->n = from->n;
	to->overflow = from->overflow;
	memcpy(to->addr, from->addr, 6 * from->n);
}

static void rss_copy(const struct vv_ctrl_rss *from, struct vv_ctrl_rss *to)
{
	to->hash_types = from->hash_types;
	to->table_len = from->table_len;
	to->unclassified = from->unclassified;
	to->max_tx = from->max_tx;
	to->key_len = from->key_len;
	memcpy(to->key, from->key, from->key_len);
	memcpy(to->table, from->table, from->table_len * sizeof(to->table[0]));
}

/* Nothing between or behind what counts. */
static void copy(const struct vv_ctrl_state *from, unsigned int macs_max, struct vv_ctrl_state *to)
{
	memset(to, 0, sizeof(*to));
	memcpy(to->mac, from->mac, 6);
	to->promisc = from->promisc;
	to->allmulti = from->allmulti;
	to->alluni = from->alluni;
	to->nomulti = from->nomulti;
	to->nouni = from->nouni;
	to->nobcast = from->nobcast;
	macs_copy(&from->uni, macs_max, &to->uni);
	macs_copy(&from->multi, macs_max, &to->multi);
	memcpy(to->vlans, from->vlans, sizeof(to->vlans));
	to->announce = from->announce;
	to->rss_active = from->rss_active;
	to->pairs = from->pairs;
	rss_copy(&from->rss, &to->rss);
	to->offloads = from->offloads;
	to->coal_rx = from->coal_rx;
	to->coal_tx = from->coal_tx;
	memcpy(to->coal, from->coal, sizeof(to->coal));
}

int vv_ctrl_check(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state,
		  struct vv_ctrl_state *clean, char *why, size_t why_len)
{
	struct check c = {.conf = conf, .state = state, .why = why, .why_len = why_len};
	int err;

	vv_ctrl_reset(conf, &c.reset);
	err = receive_check(&c);
	if (!err)
		err = pairs_check(&c);
	if (!err)
		err = tune_check(&c);
	if (!err)
		copy(state, conf->macs_max, clean);
	return err;
}
