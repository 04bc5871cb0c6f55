/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the order of vv_provision(): the set to begin with; what attributes bring with them; single
 * bits; what those that are gone take with them; then the attributes, which have their defaults by
 * what is there. asked are the bits that the operator has named, by a mask, a model or one by one:
 * what is asked for comes, or the request fails; the rest may go.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vv_bits.h"
#include "vv_depend.h"
#include "vv_provisioned.h"

enum { MTU_DEFAULT = 1500 }; /* of a port that does not say */

struct work {
	const struct vv_parent *parent;
	const struct vv_request *request;
	struct vv_features features, asked;
	struct vv_provisioned *device;
	char *why;
	size_t why_len;
};

static int fail(struct work *w, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct work *w, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(w->why, w->why_len, fmt, args);
	va_end(args);
	return -code;
}

static bool is_asked(const struct work *w, enum vv_attr attr)
{
	return w->request->attrs & 1u << attr;
}

/* A mask or a model: the operator has said it all. */
static bool is_exact(const struct vv_request *request)
{
	return request->has_mask || request->model[0];
}

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return !memcmp(mac, none, 6);
}

static const char *feature_word(unsigned int bit, char word[VV_FEATURE_NAME_MAX])
{
	char name[VV_FEATURE_NAME_MAX], *c;

	snprintf(word, VV_FEATURE_NAME_MAX, "%s", vv_feature_name(bit, name));
	for (c = word; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return word;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Of those who do not say, and where something is left. */
static uint32_t default_vqp(const struct vv_parent *p)
{
	return lesser(lesser(p->default_vqp, p->max_vqp), p->vqs_free / 2);
}

/* ---- features ---- */

static void begin(struct work *w)
{
	const struct vv_request *r = w->request;

	if (r->has_mask)
		w->features = w->asked = r->mask;
	else if (r->model[0])
		w->features = w->asked = r->model_features;
	else if (r->features_default == VV_DEFAULT_ON)
		w->features = w->parent->supported;
	else if (r->features_default == VV_DEFAULT_OFF)
		w->features = w->parent->mandatory;
	else
		w->features = vv_features_or(w->parent->inherited, w->parent->mandatory);
	w->features = vv_features_without(vv_features_or(w->features, r->on), r->off);
	w->asked = vv_features_without(vv_features_or(w->asked, r->on), r->off);
}

/* There, or said not to be: then somebody else complains. */
static void imply(struct work *w, unsigned int bit)
{
	if (is_exact(w->request) || vv_features_has(&w->request->off, bit))
		return;
	vv_features_set(&w->features, bit, true);
	vv_features_set(&w->asked, bit, true);
}

static int require(struct work *w, const char *attr, unsigned int bit)
{
	const struct vv_request *r = w->request;
	char name[VV_FEATURE_NAME_MAX], word[VV_FEATURE_NAME_MAX];

	imply(w, bit);
	if (vv_features_has(&w->features, bit))
		return 0;
	feature_word(bit, word);
	if (vv_features_has(&r->off, bit))
		return fail(w, EINVAL,
			    "%s needs the feature %s, which is switched off: leave out "
			    "\"%s off\", or %s",
			    attr, vv_feature_name(bit, name), word, attr);
	return fail(w, EINVAL, "%s needs the feature %s, which is not in %s%s: add \"%s on\"", attr,
		    vv_feature_name(bit, name), r->has_mask ? "device_features" : "model ",
		    r->has_mask ? "" : r->model, word);
}

/* Attributes that a guest learns of, or that work, by a feature only. */
static int attrs_require(struct work *w)
{
	const struct vv_request *r = w->request;
	int err = 0;

	if (is_asked(w, VV_ATTR_MAC))
		err = require(w, "mac", VV_B_MAC);
	if (!err && is_asked(w, VV_ATTR_MTU))
		err = require(w, "mtu", VV_B_MTU);
	/* RSS tells of many pairs as well (virtio 1.3 5.1.4), if it is all there is. */
	if (!err && is_asked(w, VV_ATTR_MAX_VQP) && r->max_vqp > 1 &&
	    !(is_exact(r) && vv_features_has(&w->features, VV_B_RSS))) {
		err = require(w, "max_vqp above 1", VV_B_MQ);
		if (!err)
			err = require(w, "max_vqp above 1", VV_B_CTRL_VQ);
	}
	if (!err && is_asked(w, VV_ATTR_MAC_TABLE) && r->mac_table_size) {
		err = require(w, "mac_table_size", VV_B_CTRL_RX);
		if (!err)
			err = require(w, "mac_table_size", VV_B_CTRL_VQ);
	}
	if (!err && is_asked(w, VV_ATTR_MODE) && r->mode != VV_MODE_LEGACY)
		err = require(w, r->mode == VV_MODE_MODERN ? "mode modern" : "mode transitional",
			      VV_B_VERSION_1);
	if (!err && is_asked(w, VV_ATTR_TRUST) && !r->trust)
		err = require(w, "trust off", VV_B_MAC);
	return err;
}

static int supported_check(struct work *w)
{
	struct vv_features extra = vv_features_without(w->features, w->parent->supported);
	char names[256];

	if (vv_features_is_empty(extra))
		return 0;
	return fail(w, EINVAL,
		    "%s does not support %s: leave out what it has not (see its "
		    "supported_features)",
		    w->parent->name, vv_features_names(&extra, names, sizeof(names)));
}

/* A legacy device has the first 32 bits (virtio 1.3 2.2.3). */
static int legacy_check(struct work *w)
{
	struct vv_features high = w->features;
	char names[256];

	if (!is_asked(w, VV_ATTR_MODE) || w->request->mode != VV_MODE_LEGACY)
		return 0;
	high.word[0] &= ~0xffffffffull;
	w->features = vv_features_without(w->features, high);
	high = vv_features_and(high, w->asked);
	if (vv_features_is_empty(high))
		return 0;
	return fail(w, EINVAL,
		    "mode legacy: a legacy device has 32 features, and not %s: leave them "
		    "out, or take mode transitional",
		    vv_features_names(&high, names, sizeof(names)));
}

static void feature_drop(struct work *w, unsigned int bit)
{
	if (!vv_features_has(&w->asked, bit))
		vv_features_set(&w->features, bit, false);
}

/* What nobody asked for and is of no use; Linux refuses a device that has MQ for one pair. */
static void useless_drop(struct work *w)
{
	uint32_t vqp = is_asked(w, VV_ATTR_MAX_VQP) ? w->request->max_vqp : default_vqp(w->parent);

	if (vqp < 2) {
		feature_drop(w, VV_B_MQ);
		feature_drop(w, VV_B_RSS);
	}
	if (!is_asked(w, VV_ATTR_MAC) && is_zero(w->parent->mac))
		feature_drop(w, VV_B_MAC);
	w->features = vv_depend_drop(w->features, w->asked);
}

static int mandatory_check(struct work *w)
{
	struct vv_features missing = vv_features_without(w->parent->mandatory, w->features);
	char names[256], word[VV_FEATURE_NAME_MAX];
	unsigned int bit;

	if (vv_features_is_empty(missing))
		return 0;
	for (bit = 0; !vv_features_has(&missing, bit); bit++)
		;
	return fail(w, EINVAL, "%s has mandatory features, and %s is missing: add \"%s on\"",
		    w->parent->name, vv_features_names(&missing, names, sizeof(names)),
		    feature_word(bit, word));
}

static int features_decide(struct work *w)
{
	int err;

	begin(w);
	err = attrs_require(w);
	if (!err)
		err = supported_check(w);
	if (!err)
		err = legacy_check(w);
	if (err)
		return err;
	useless_drop(w);
	err = mandatory_check(w);
	if (!err)
		err = vv_features_check(w->features, w->why, w->why_len);
	return err;
}

/* ---- attributes ---- */

static int mode_decide(struct work *w)
{
	const struct vv_parent *p = w->parent;
	struct vv_provisioned *d = w->device;
	bool version_1 = vv_features_has(&w->features, VV_B_VERSION_1);

	if (is_asked(w, VV_ATTR_MODE))
		d->mode = w->request->mode;
	else if (!version_1)
		d->mode = VV_MODE_LEGACY;
	else if (p->modes & 1u << VV_MODE_TRANSITIONAL)
		d->mode = VV_MODE_TRANSITIONAL;
	else
		d->mode = VV_MODE_MODERN;
	if (p->modes & 1u << d->mode)
		return 0;
	if (d->mode == VV_MODE_LEGACY && !is_asked(w, VV_ATTR_MODE))
		return fail(w, EINVAL,
			    "VERSION_1 is missing, and %s has no mode legacy: add "
			    "\"version_1 on\"",
			    p->name);
	return fail(w, EINVAL, "mode: %s has no mode %s (see its modes)", p->name,
		    vv_mode_name(d->mode));
}

/* Room for max_vqp pairs on the parent. */
static int room_check(struct work *w)
{
	const struct vv_parent *p = w->parent;
	uint32_t vqp = w->device->max_vqp;

	if (!p->devices_free)
		return fail(w, ENOSPC, "%s takes no more devices (devices_free is 0): remove one",
			    p->name);
	if (vqp && vqp <= p->vqs_free / 2)
		return 0;
	return fail(w, ENOSPC,
		    "max_vqp: %s has no rings left for that (%u pairs need %u, vqs_free "
		    "is %u): ask for less, or remove a device",
		    p->name, vqp ? vqp : 1, 2 * (vqp ? vqp : 1), p->vqs_free);
}

static int vqp_decide(struct work *w)
{
	const struct vv_parent *p = w->parent;
	struct vv_provisioned *d = w->device;

	if (is_asked(w, VV_ATTR_MAX_VQP)) {
		d->max_vqp = w->request->max_vqp;
		if (!d->max_vqp)
			return fail(w, EINVAL, "max_vqp: must be 1 at least (0 asked)");
		if (d->max_vqp > p->max_vqp)
			return fail(w, EINVAL,
				    "max_vqp: more pairs of queues than %s has (%u asked, %u "
				    "there)",
				    p->name, d->max_vqp, p->max_vqp);
	} else if (vv_features_has(&w->features, VV_B_MQ) ||
		   vv_features_has(&w->features, VV_B_RSS)) {
		d->max_vqp = default_vqp(p);
	} else {
		d->max_vqp = 1;
	}
	return room_check(w);
}

static int mac_decide(struct work *w)
{
	struct vv_provisioned *d = w->device;

	if (!vv_features_has(&w->features, VV_B_MAC))
		return 0;
	memcpy(d->mac, is_asked(w, VV_ATTR_MAC) ? w->request->mac : w->parent->mac, sizeof(d->mac));
	if (is_zero(d->mac))
		return fail(w, EINVAL, "MAC: the port of %s does not say its address: give mac",
			    w->parent->name);
	if (d->mac[0] & 1)
		return fail(w, EINVAL, "mac: the address of a group (must be a unicast address)");
	return 0;
}

static int mtu_decide(struct work *w)
{
	const struct vv_parent *p = w->parent;
	struct vv_provisioned *d = w->device;

	if (!vv_features_has(&w->features, VV_B_MTU))
		return 0;
	d->mtu = p->mtu ? p->mtu : MTU_DEFAULT;
	if (!is_asked(w, VV_ATTR_MTU))
		return 0;
	d->mtu = w->request->mtu;
	if (d->mtu < VV_MTU_MIN || d->mtu > VV_MTU_MAX)
		return fail(w, ERANGE, "mtu: %u is out of range, must be %d to %d", d->mtu,
			    VV_MTU_MIN, VV_MTU_MAX);
	if (p->mtu && d->mtu > p->mtu)
		return fail(w, EINVAL,
			    "mtu: more than the port's of %s (%u asked, %u there); raise "
			    "that",
			    p->name, d->mtu, p->mtu);
	return 0;
}

static int size_decide(struct work *w)
{
	const struct vv_parent *p = w->parent;
	uint32_t n = is_asked(w, VV_ATTR_MAX_VQ_SIZE) ? w->request->max_vq_size : p->max_vq_size;

	if (!n || n & (n - 1))
		return fail(w, EINVAL, "max_vq_size: must be a power of two (%u asked)", n);
	if (n > p->max_vq_size)
		return fail(w, EINVAL,
			    "max_vq_size: more than rings of %s have (%u asked, %u there)", p->name,
			    n, p->max_vq_size);
	w->device->max_vq_size = n;
	return 0;
}

static int filter_decide(struct work *w)
{
	const struct vv_parent *p = w->parent;
	struct vv_provisioned *d = w->device;

	d->trust = is_asked(w, VV_ATTR_TRUST) ? w->request->trust : true;
	/* Else an untrusted guest would receive everybody's frames. */
	if (!d->trust && !p->mac_table_size)
		return fail(w, EOPNOTSUPP, "trust: %s cannot filter by address (trust off)",
			    p->name);
	if (!vv_features_has(&w->features, VV_B_CTRL_RX))
		return 0;
	d->mac_table_size =
	    is_asked(w, VV_ATTR_MAC_TABLE) ? w->request->mac_table_size : p->mac_table_size;
	if (d->mac_table_size > p->mac_table_size)
		return fail(w, EINVAL, "mac_table_size: more than %s has (%u asked, %u there)",
			    p->name, d->mac_table_size, p->mac_table_size);
	return 0;
}

static int attrs_decide(struct work *w)
{
	int err = mode_decide(w);

	if (!err)
		err = mac_decide(w);
	if (!err)
		err = mtu_decide(w);
	if (!err)
		err = size_decide(w);
	if (!err)
		err = filter_decide(w);
	if (!err)
		err = vqp_decide(w);
	w->device->cvq_core = is_asked(w, VV_ATTR_CVQ_CORE) ? w->request->cvq_core : -1;
	return err;
}

/* ---- all of it ---- */

static struct vv_provisioned as_asked(const struct vv_request *r)
{
	struct vv_provisioned d = {
	    .mtu = r->mtu,
	    .max_vqp = r->max_vqp,
	    .max_vq_size = r->max_vq_size,
	    .mac_table_size = r->mac_table_size,
	    .mode = r->mode,
	    .trust = r->trust,
	    .cvq_core = r->cvq_core,
	};

	memcpy(d.mac, r->mac, sizeof(d.mac));
	return d;
}

/*
 * Attributes the parent cannot set (P38). Who asks for just what it is anyway gets it: so what was
 * shown of a device can be asked for again.
 */
static int fixed_check(struct work *w, const struct vv_request *request)
{
	struct vv_provisioned asked = as_asked(request);
	char is[VV_ATTR_TEXT_MAX], wanted[VV_ATTR_TEXT_MAX];
	unsigned int i;

	for (i = 0; i < VV_ATTR_N; i++) {
		if (!(request->attrs & ~w->parent->attrs & 1u << i))
			continue;
		vv_provisioned_attr(w->device, i, is);
		vv_provisioned_attr(&asked, i, wanted);
		if (strcmp(is, wanted))
			return fail(
			    w, EOPNOTSUPP,
			    "%s: %s cannot set it (%s asked, it is %s): leave it out (see its "
			    "attrs)",
			    vv_attr_name(i), w->parent->name, wanted, *is ? is : "not there");
	}
	return 0;
}

int vv_provision(const struct vv_parent *parent, const struct vv_request *request,
		 struct vv_provisioned *device, char *why, size_t why_len)
{
	struct vv_request r = *request;
	struct vv_provisioned d;
	struct work w = {
	    .parent = parent, .request = &r, .device = &d, .why = why, .why_len = why_len};
	int err;

	memset(&d, 0, sizeof(d)); /* compared as bytes */
	r.attrs &= parent->attrs;
	snprintf(d.parent, sizeof(d.parent), "%s", parent->name);
	snprintf(d.model, sizeof(d.model), "%s", r.model);
	d.features_default = r.features_default;
	d.features_set = is_exact(&r) || r.has_default || !vv_features_is_empty(r.on) ||
			 !vv_features_is_empty(r.off);
	d.set = request->attrs;
	err = features_decide(&w);
	if (!err)
		err = attrs_decide(&w);
	if (!err)
		err = fixed_check(&w, request);
	if (err)
		return err;
	d.features = w.features;
	*device = d;
	return 0;
}
