/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vv_hex.h"
#include "vv_line.h"
#include "vv_request.h"

const char *vv_features_default_name(enum vv_features_default which)
{
	static const char *const names[VV_FEATURES_DEFAULT_N] = {
	    [VV_INHERITED] = "inherited",
	    [VV_DEFAULT_ON] = "on",
	    [VV_DEFAULT_OFF] = "off",
	};

	return names[which];
}

void vv_request_init(struct vv_request *r)
{
	memset(r, 0, sizeof(*r));
	r->trust = true;
	r->cvq_core = -1;
}

/* ---- values ---- */

static int number_parse(const char *value, unsigned long max, unsigned long *to)
{
	unsigned long n;
	char *end;

	if (*value < '0' || *value > '9') /* strtoul takes signs and blanks */
		return -EINVAL;
	errno = 0;
	n = strtoul(value, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || n > max)
		return -ERANGE;
	*to = n;
	return 0;
}

static int u32_parse(const char *value, uint32_t *to)
{
	unsigned long n;
	int err = number_parse(value, UINT32_MAX, &n);

	if (!err)
		*to = n;
	return err == -ERANGE ? -EINVAL : err;
}

static int switch_parse(const char *value, bool *on)
{
	if (strcmp(value, "on") && strcmp(value, "off"))
		return -EINVAL;
	*on = !strcmp(value, "on");
	return 0;
}

/* An address a device can have: of one, and not zero. */
static int mac_parse(struct vv_request *r, const char *value)
{
	uint8_t mac[6], any = 0;
	unsigned int i;
	int high, low;

	if (strlen(value) != 6 * 3 - 1)
		return -EINVAL;
	for (i = 0; i < 6; i++, value += 3) {
		high = vv_hex_digit(value[0]);
		low = vv_hex_digit(value[1]);
		if (high < 0 || low < 0 || (i < 5 && value[2] != ':'))
			return -EINVAL;
		mac[i] = high << 4 | low;
		any |= mac[i];
	}
	if (!any || mac[0] & 1)
		return -EINVAL;
	memcpy(r->mac, mac, sizeof(r->mac));
	return 0;
}

static int mtu_parse(struct vv_request *r, const char *value)
{
	unsigned long n;
	int err = number_parse(value, VV_MTU_MAX, &n);

	if (!err && n < VV_MTU_MIN)
		err = -ERANGE;
	if (!err)
		r->mtu = n;
	return err;
}

static int max_vqp_parse(struct vv_request *r, const char *value)
{
	int err = u32_parse(value, &r->max_vqp);

	return !err && !r->max_vqp ? -EINVAL : err;
}

/* Split rings are sized so by specification (virtio 1.3 2.7); packed ones are here, too. */
static int max_vq_size_parse(struct vv_request *r, const char *value)
{
	int err = u32_parse(value, &r->max_vq_size);
	uint32_t n = r->max_vq_size;

	return !err && (!n || n & (n - 1) || n > VV_VQ_SIZE_MAX) ? -EINVAL : err;
}

static int mac_table_parse(struct vv_request *r, const char *value)
{
	return u32_parse(value, &r->mac_table_size);
}

static int mode_parse(struct vv_request *r, const char *value)
{
	unsigned int i;

	for (i = 0; i < VV_MODE_N; i++) {
		if (!strcmp(value, vv_mode_name(i))) {
			r->mode = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int trust_parse(struct vv_request *r, const char *value)
{
	return switch_parse(value, &r->trust);
}

static int cvq_core_parse(struct vv_request *r, const char *value)
{
	unsigned long n;
	int err;

	if (!strcmp(value, "-1")) {
		r->cvq_core = -1;
		return 0;
	}
	err = number_parse(value, CPU_SETSIZE - 1, &n);
	if (!err)
		r->cvq_core = n;
	return err ? -EINVAL : 0;
}

/* ---- words ---- */

static const struct {
	const char *key, *synonym, *allowed;
	int (*parse)(struct vv_request *r, const char *value);
} attrs[VV_ATTR_N] = {
    [VV_ATTR_MAC] = {"mac",            "address", "a unicast address as 02:00:00:00:00:01, not zero",
		     mac_parse										       },
    [VV_ATTR_MTU] = {"mtu",            NULL,      "68 to 9216",                                       mtu_parse      },
    [VV_ATTR_MAX_VQP] = {"max_vqp",        "queues",  "a number of queue pairs, 1 at least",              max_vqp_parse  },
    [VV_ATTR_MAX_VQ_SIZE] = {"max_vq_size",    NULL,      "a power of two, 32768 at most",
                     max_vq_size_parse									       },
    [VV_ATTR_MAC_TABLE] = {"mac_table_size", NULL,      "a number of addresses",                            mac_table_parse},
    [VV_ATTR_MODE] = {"mode",           NULL,      "transitional, modern or legacy",                   mode_parse     },
    [VV_ATTR_TRUST] = {"trust",          NULL,      "on or off",                                        trust_parse    },
    [VV_ATTR_CVQ_CORE] = {"cvq_core",       NULL,      "the number of a CPU, -1: any near the NIC",
                     cvq_core_parse										  },
};

static int attr_find(const char *key, enum vv_attr *attr)
{
	unsigned int i;

	for (i = 0; i < VV_ATTR_N; i++) {
		if (!strcmp(key, attrs[i].key) ||
		    (attrs[i].synonym && !strcmp(key, attrs[i].synonym))) {
			*attr = i;
			return 0;
		}
	}
	return -ENOENT;
}

static int twice(const char *key, char *why, size_t why_len)
{
	snprintf(why, why_len, "%s: given twice", key);
	return -EINVAL;
}

static int attr_set(struct vv_request *r, enum vv_attr attr, const char *key, const char *value,
		    char *why, size_t why_len)
{
	struct vv_request next = *r;
	int err;

	if (r->attrs & 1u << attr)
		return twice(key, why, why_len);
	err = attrs[attr].parse(&next, value);
	if (err) {
		snprintf(why, why_len, "%s: bad value (%s=%s), must be %s", key, key, value,
			 attrs[attr].allowed);
		return err;
	}
	next.attrs |= 1u << attr;
	*r = next;
	return 0;
}

static int feature_set(struct vv_request *r, unsigned int bit, const char *key, const char *value,
		       char *why, size_t why_len)
{
	bool on;

	if (switch_parse(value, &on)) {
		snprintf(why, why_len, "%s: bad value (%s=%s), a feature is on or off", key, key,
			 value);
		return -EINVAL;
	}
	if (vv_features_has(&r->on, bit) || vv_features_has(&r->off, bit))
		return twice(key, why, why_len);
	vv_features_set(on ? &r->on : &r->off, bit, true);
	return 0;
}

static int mask_set(struct vv_request *r, const char *value, char *why, size_t why_len)
{
	int err;

	if (r->has_mask)
		return twice("device_features", why, why_len);
	if (r->model[0]) {
		snprintf(why, why_len,
			 "device_features: there is model already, give one of the two");
		return -EINVAL;
	}
	err = vv_features_parse(value, &r->mask);
	if (err) {
		snprintf(
		    why, why_len,
		    "device_features: bad value (device_features=%s), must be a mask of %u bits "
		    "at most as 0x100020000",
		    value, VV_FEATURES_MAX);
		return err;
	}
	r->has_mask = true;
	return 0;
}

static int model_set(struct vv_request *r, const char *value, char *why, size_t why_len)
{
	if (r->model[0])
		return twice("model", why, why_len);
	if (r->has_mask) {
		snprintf(why, why_len,
			 "model: there is device_features already, give one of the two");
		return -EINVAL;
	}
	if (!*value || strlen(value) >= sizeof(r->model)) {
		snprintf(why, why_len,
			 "model: bad value (model=%s), must be a name, %d letters at most", value,
			 VV_MODEL_NAME_MAX - 1);
		return -EINVAL;
	}
	strcpy(r->model, value);
	return 0;
}

static int default_set(struct vv_request *r, const char *value, char *why, size_t why_len)
{
	unsigned int i;

	if (r->has_default)
		return twice("features_default", why, why_len);
	for (i = 0; i < VV_FEATURES_DEFAULT_N; i++) {
		if (!strcmp(value, vv_features_default_name(i))) {
			r->features_default = i;
			r->has_default = true;
			return 0;
		}
	}
	snprintf(why, why_len,
		 "features_default: bad value (features_default=%s), must be on, off or inherited",
		 value);
	return -EINVAL;
}

/* Those that are about all features at once. */
static const struct {
	const char *key;
	int (*set)(struct vv_request *r, const char *value, char *why, size_t why_len);
} sets[] = {
    {"device_features",  mask_set   },
    {"model",            model_set  },
    {"features_default", default_set},
};

enum { SETS_N = sizeof(sets) / sizeof(sets[0]) };

static bool is_switch(const char *value)
{
	bool ignored;

	return !switch_parse(value, &ignored);
}

static int word_set(struct vv_request *r, const char *key, const char *value, char *why,
		    size_t why_len)
{
	bool is_attr, is_feature;
	enum vv_attr attr;
	unsigned int bit, i;

	for (i = 0; i < SETS_N; i++)
		if (!strcmp(key, sets[i].key))
			return sets[i].set(r, value, why, why_len);
	is_attr = !attr_find(key, &attr);
	is_feature = !vv_feature_find(key, &bit);
	if (is_feature && (!is_attr || is_switch(value)))
		return feature_set(r, bit, key, value, why, why_len);
	if (is_attr)
		return attr_set(r, attr, key, value, why, why_len);
	snprintf(
	    why, why_len,
	    "%s: unknown; known: device_features, model, features_default, mac, mtu, max_vqp, "
	    "max_vq_size, mac_table_size, mode, trust, cvq_core, or a feature's name with on or "
	    "off (csum, bit_60)",
	    key);
	return -EINVAL;
}

int vv_request_set(struct vv_request *r, const char *key, const char *value, char *why,
		   size_t why_len)
{
	int err = word_set(r, key, value, why, why_len);

	if (err)
		vv_line_clean(why);
	return err;
}

bool vv_request_knows(const char *key)
{
	enum vv_attr attr;
	unsigned int bit, i;

	for (i = 0; i < SETS_N; i++)
		if (!strcmp(key, sets[i].key))
			return true;
	return !attr_find(key, &attr) || !vv_feature_find(key, &bit);
}
