/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "steer_frames.h"

static const struct {
	uint8_t version, protocol;
	uint32_t l4_type, ip_type;
} kinds[FRAMES_CLASSES] = {
    {0, 0,	      0,			      0			    },
    {4, IPPROTO_TCP,    VIRTIO_NET_RSS_HASH_TYPE_TCPv4, VIRTIO_NET_RSS_HASH_TYPE_IPv4},
    {4, IPPROTO_UDP,    VIRTIO_NET_RSS_HASH_TYPE_UDPv4, VIRTIO_NET_RSS_HASH_TYPE_IPv4},
    {4, IPPROTO_ICMP,   0,			      VIRTIO_NET_RSS_HASH_TYPE_IPv4},
    {6, IPPROTO_TCP,    VIRTIO_NET_RSS_HASH_TYPE_TCPv6, VIRTIO_NET_RSS_HASH_TYPE_IPv6},
    {6, IPPROTO_UDP,    VIRTIO_NET_RSS_HASH_TYPE_UDPv6, VIRTIO_NET_RSS_HASH_TYPE_IPv6},
    {6, IPPROTO_ICMPV6, 0,			      VIRTIO_NET_RSS_HASH_TYPE_IPv6},
};

struct fake_frame frames_make(unsigned int address, unsigned int tag, unsigned int class)
{
	struct fake_frame f = {
	    .tagged = plan_tags[tag] >= 0,
	    .vid = plan_tags[tag] < 0 ? 0 : plan_tags[tag],
	    .ip_version = kinds[class].version,
	    .ip_protocol = kinds[class].protocol,
	};

	plan_address(address, f.dmac);
	return f;
}

/* ---- what a plan says ---- */

static bool address_is_wanted(const struct vv_steer_plan *plan, const uint8_t mac[6])
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	unsigned int i;

	if (!memcmp(mac, broadcast, 6))
		return plan->broadcast;
	if (mac[0] & 1 ? plan->all_groups : plan->all_unicast)
		return true;
	for (i = 0; i < plan->n_macs; i++)
		if (!memcmp(plan->macs[i], mac, 6))
			return true;
	return false;
}

static bool is_wanted(const struct vv_steer_plan *plan, const struct fake_frame *f)
{
	if (!plan || !plan->table_len)
		return false;
	if (plan->all)
		return true;
	if (plan->vlan_filter && f->tagged && !(plan->vlans[f->vid / 64] >> f->vid % 64 & 1))
		return false;
	return address_is_wanted(plan, f->dmac);
}

void frames_expect(const struct vv_steer_plan *plan, const struct fake_frame *f,
		   struct fake_verdict *v)
{
	unsigned int i;

	memset(v, 0, sizeof(*v));
	if (!is_wanted(plan, f))
		return;
	v->taken = true;
	for (i = 0; i < FRAMES_CLASSES; i++)
		if (kinds[i].version == f->ip_version && kinds[i].protocol == f->ip_protocol)
			break;
	if (plan->hash_types & (kinds[i].l4_type | kinds[i].ip_type)) {
		v->hash.ip = f->ip_version;
		v->hash.l4 = plan->hash_types & kinds[i].l4_type ? f->ip_protocol : 0;
		memcpy(v->hash.key, plan->key, sizeof(v->hash.key));
		v->n = plan->table_len;
		memcpy(v->queues, plan->table, v->n * sizeof(v->queues[0]));
	} else {
		v->n = 1;
		v->queues[0] = plan->unclassified;
	}
}

/* ---- comparison ---- */

static void frame_fail(const struct fake_frame *f, const char *what)
{
	fail_msg("%s: to %02x:..:%02x, %s %u, IP version %u protocol %u", what, f->dmac[0],
		 f->dmac[5], f->tagged ? "VLAN" : "untagged", f->vid, f->ip_version,
		 f->ip_protocol);
}

static bool has_queue(const struct vv_steer_plan *plan, uint32_t queue)
{
	unsigned int i;

	for (i = 0; plan && i < plan->table_len; i++)
		if (plan->table[i] == queue)
			return true;
	return plan && plan->table_len && plan->unclassified == queue;
}

/* Others may be destroyed once the plan is in force. */
static void check_references(const struct vv_hca *hca, const struct vv_steer_plan *plan)
{
	const struct fake_object *o;
	unsigned int i;

	for (o = hca->objects; o; o = o->next)
		for (i = 0; o->kind == FAKE_RQT && i < o->n; i++)
			if (!has_queue(plan, o->queues[i]))
				fail_msg("queue %u is referred to", o->queues[i]);
}

void frames_check(const struct vv_hca *hca, const struct vv_steer_plan *plan)
{
	struct fake_verdict is, should;
	unsigned int a, t, c;

	check_references(hca, plan);
	for (a = 0; a < PLAN_ADDRESSES; a++)
		for (t = 0; t < PLAN_TAGS; t++)
			for (c = 0; c < FRAMES_CLASSES; c++) {
				struct fake_frame f = frames_make(a, t, c);

				fake_receive(hca, &f, &is);
				frames_expect(plan, &f, &should);
				if (is.taken != should.taken)
					frame_fail(&f, is.taken ? "taken" : "lost");
				if (memcmp(&is, &should, sizeof(is)))
					frame_fail(&f, "another hash, or other queues");
			}
}

/* The old plan's VLANs may meet the new one's addresses for a moment. */
static bool may_mix(const struct vv_steer_plan *a, const struct vv_steer_plan *b)
{
	if (!a || !b || a->all || b->all)
		return false;
	return a->vlan_filter != b->vlan_filter || memcmp(a->vlans, b->vlans, sizeof(a->vlans));
}

void frames_check_between(const struct vv_hca *hca, const struct vv_steer_plan *a,
			  const struct vv_steer_plan *b, unsigned int class)
{
	struct fake_verdict is;
	unsigned int ad, t, i;

	for (ad = 0; ad < PLAN_ADDRESSES; ad++)
		for (t = 0; t < PLAN_TAGS; t++) {
			struct fake_frame f = frames_make(ad, t, class);

			fake_receive(hca, &f, &is);
			if (!is.taken && is_wanted(a, &f) && is_wanted(b, &f))
				frame_fail(&f, "lost in between");
			if (is.taken && !is_wanted(a, &f) && !is_wanted(b, &f) && !may_mix(a, b))
				frame_fail(&f, "taken in between");
			for (i = 0; i < is.n; i++)
				if (!has_queue(a, is.queues[i]) && !has_queue(b, is.queues[i]))
					frame_fail(&f, "to a queue of neither plan");
		}
}
