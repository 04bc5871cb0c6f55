/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vv_bits.h"
#include "vv_depend.h"
#include "vv_line.h"
#include "vv_provisioned.h"

/* What is in the way, a line each. */
struct reasons {
	char *why;
	size_t why_len, at;
	unsigned int n;
};

static void say(struct reasons *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct reasons *r, const char *fmt, ...)
{
	va_list args;
	int len;

	if (r->n++ && r->at + 1 < r->why_len)
		r->why[r->at++] = '\n';
	if (r->at >= r->why_len)
		return;
	va_start(args, fmt);
	len = vsnprintf(r->why + r->at, r->why_len - r->at, fmt, args);
	va_end(args);
	vv_line_clean(r->why + r->at);
	if (len > 0)
		r->at += (size_t)len < r->why_len - r->at ? (size_t)len : r->why_len - r->at - 1;
}

static struct reasons reasons_of(char *why, size_t why_len)
{
	if (why_len)
		*why = 0;
	return (struct reasons){.why = why, .why_len = why_len};
}

/* before, the features, behind. Nothing is said of none. */
static void features_say(struct reasons *r, const char *name, const char *before,
			 struct vv_features features, const char *behind)
{
	char names[512];

	if (!vv_features_is_empty(features))
		say(r, "features: %s %s %s%s", name, before,
		    vv_features_names(&features, names, sizeof(names)), behind);
}

static void number_say(struct reasons *r, const char *what, uint32_t device, const char *parent,
		       uint32_t there)
{
	if (device > there)
		say(r, "%s: the device has %u, %s has %u at most", what, device, parent, there);
}

/* Attributes the parent has in one way only. */
static void fixed_say(struct reasons *r, const struct vv_provisioned *d, const struct vv_parent *p)
{
	bool mtu_fixed = !(p->attrs & 1u << VV_ATTR_MTU);

	if (d->mtu && mtu_fixed && p->mtu && d->mtu < p->mtu)
		say(r, "mtu: the device has %u, %s has %u and cannot set it", d->mtu, p->name,
		    p->mtu);
	if (!(p->modes & 1u << d->mode))
		say(r, "mode: the device is %s, %s has no such mode", vv_mode_name(d->mode),
		    p->name);
	if (!d->trust && !p->mac_table_size)
		say(r, "trust: the device is off, %s cannot filter by address", p->name);
}

int vv_compat_parent(const struct vv_provisioned *device, const struct vv_parent *parent,
		     unsigned int choices, char *why, size_t why_len)
{
	struct reasons r = reasons_of(why, why_len);
	struct vv_provisioned again;
	struct vv_request request;
	char line[512];

	features_say(&r, parent->name, "does not support",
		     vv_features_without(device->features, parent->supported), " of the device");
	features_say(&r, parent->name, "has mandatory",
		     vv_features_without(parent->mandatory, device->features),
		     ", which the device has not");
	if (parent->mtu)
		number_say(&r, "mtu", device->mtu, parent->name, parent->mtu);
	number_say(&r, "max_vqp", device->max_vqp, parent->name, parent->max_vqp);
	number_say(&r, "max_vq_size", device->max_vq_size, parent->name, parent->max_vq_size);
	if (!(choices & VV_COMPAT_MAC_TABLE))
		number_say(&r, "mac_table_size", device->mac_table_size, parent->name,
			   parent->mac_table_size);
	fixed_say(&r, device, parent);
	if (r.n)
		return -EINVAL;
	/* And what else making it again would say. */
	vv_provisioned_request(device, &request);
	if (choices & VV_COMPAT_MAC_TABLE && request.mac_table_size > parent->mac_table_size)
		request.mac_table_size = parent->mac_table_size;
	if (!vv_provision(parent, &request, &again, line, sizeof(line)))
		return 0;
	say(&r, "%s", line);
	return -EINVAL;
}

int vv_compat_device(const struct vv_provisioned *a, const struct vv_provisioned *b,
		     unsigned int choices, char *why, size_t why_len)
{
	struct reasons r = reasons_of(why, why_len);
	char of_a[VV_ATTR_TEXT_MAX], of_b[VV_ATTR_TEXT_MAX];
	unsigned int i;

	features_say(&r, "the other device", "has not",
		     vv_features_without(a->features, b->features), "");
	features_say(&r, "the other device", "has", vv_features_without(b->features, a->features),
		     " in addition");
	for (i = 0; i < VV_ATTR_N; i++) {
		if (i == VV_ATTR_CVQ_CORE) /* of the host, nothing a guest sees */
			continue;
		if (i == VV_ATTR_MAC_TABLE && choices & VV_COMPAT_MAC_TABLE)
			continue;
		vv_provisioned_attr(a, i, of_a);
		vv_provisioned_attr(b, i, of_b);
		if (strcmp(of_a, of_b))
			say(&r, "%s: the device has %s, the other has %s", vv_attr_name(i),
			    *of_a ? of_a : "none", *of_b ? of_b : "none");
	}
	return r.n ? -EINVAL : 0;
}

/* ---- what several hosts have in common ---- */

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void merge(struct vv_parent *c, const struct vv_parent *p)
{
	static const uint8_t none[6];

	c->supported = vv_features_and(c->supported, p->supported);
	c->mandatory = vv_features_or(c->mandatory, p->mandatory);
	c->inherited = vv_features_and(c->inherited, p->inherited);
	c->attrs &= p->attrs;
	c->modes &= p->modes;
	c->hash_types &= p->hash_types;
	c->max_vqs = lesser(c->max_vqs, p->max_vqs);
	c->max_vqp = lesser(c->max_vqp, p->max_vqp);
	c->default_vqp = lesser(c->default_vqp, p->default_vqp);
	c->max_vq_size = lesser(c->max_vq_size, p->max_vq_size);
	c->mac_table_size = lesser(c->mac_table_size, p->mac_table_size);
	c->vqs_free = lesser(c->vqs_free, p->vqs_free);
	c->devices_free = lesser(c->devices_free, p->devices_free);
	if (p->mtu && (!c->mtu || p->mtu < c->mtu))
		c->mtu = p->mtu;
	if (c->vendor_id != p->vendor_id)
		c->vendor_id = 0;
	if (c->device_id != p->device_id)
		c->device_id = 0;
	memcpy(c->mac, none, sizeof(c->mac)); /* each has its own */
	c->numa_node = -1;
	c->legacy_big_endian &= p->legacy_big_endian;
}

int vv_baseline(const struct vv_parent *parents, unsigned int n, struct vv_parent *common,
		char *why, size_t why_len)
{
	struct reasons r = reasons_of(why, why_len);
	struct vv_parent c = parents[0];
	unsigned int i;

	for (i = 1; i < n; i++)
		merge(&c, &parents[i]);
	if (n > 1)
		snprintf(c.name, sizeof(c.name), "baseline");
	/* A feature is of no use where what it needs is not common. */
	c.supported = vv_depend_drop(c.supported, (struct vv_features){0});
	c.inherited = vv_features_and(vv_features_or(c.inherited, c.mandatory), c.supported);
	if (!vv_features_has(&c.supported, VV_B_VERSION_1))
		c.modes &= 1u << VV_MODE_LEGACY;
	for (i = 0; i < n; i++)
		features_say(&r, parents[i].name, "has mandatory",
			     vv_features_without(parents[i].mandatory, c.supported),
			     ", which is not common to all");
	if (!c.modes)
		say(&r, "mode: there is none that all of them have");
	if (!c.max_vqp)
		say(&r, "max_vqp: there is one that has none");
	if (r.n)
		return -EINVAL;
	*common = c;
	return 0;
}
