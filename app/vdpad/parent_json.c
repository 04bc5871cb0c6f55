/* SPDX-License-Identifier: BSD-3-Clause */
#include "parent_json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/vv_provisioned.h"
#include "show_json.h"

enum { PARENTS_MAX = 4096 };

/* By features: what a guest can ask to receive (virtio 1.3 5.1.6.5.1). */
static const struct {
	const char *feature;
	const char *modes[5];
} rx_modes[] = {
    {"CTRL_RX",       {"promisc", "allmulti"}                  },
    {"CTRL_RX_EXTRA", {"alluni", "nomulti", "nouni", "nobcast"}},
};

/* ---- to JSON ---- */

static json_t *modes_json(uint32_t modes)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < VV_MODE_N; i++)
		if (modes >> i & 1)
			vdpad_json_append(&array, json_string(vv_mode_name((enum vv_mode)i)));
	return array;
}

static json_t *attrs_json(uint32_t attrs)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < VV_ATTR_N; i++)
		if (attrs >> i & 1)
			vdpad_json_append(&array, json_string(vv_attr_name((enum vv_attr)i)));
	return array;
}

static json_t *rx_modes_json(const struct vv_features *supported)
{
	json_t *array = json_array();
	unsigned int bit;

	for (unsigned int i = 0; i < sizeof(rx_modes) / sizeof(rx_modes[0]); i++) {
		if (vv_feature_find(rx_modes[i].feature, &bit) || !vv_features_has(supported, bit))
			continue;
		for (unsigned int m = 0; rx_modes[i].modes[m]; m++)
			vdpad_json_append(&array, json_string(rx_modes[i].modes[m]));
	}
	return array;
}

json_t *vdpad_parent_json(const struct vv_parent *p)
{
	json_t *o = json_object();

	vdpad_json_put(&o, "supported_classes", json_pack("[s]", "net"));
	vdpad_json_put(&o, "max_supported_vqs", json_integer(p->max_vqs));
	vdpad_json_put(&o, "dev_features", vdpad_json_features(&p->supported));
	vdpad_json_put(&o, "supported_features", vdpad_json_features(&p->supported));
	vdpad_json_put(&o, "supported_features_mask", vdpad_json_mask(&p->supported));
	vdpad_json_put(&o, "mandatory_features", vdpad_json_features(&p->mandatory));
	vdpad_json_put(&o, "inherited_features", vdpad_json_features(&p->inherited));
	vdpad_json_put(&o, "modes", modes_json(p->modes));
	vdpad_json_put(&o, "endian",
		       p->legacy_big_endian ? json_pack("[ss]", "little", "big")
					    : json_pack("[s]", "little"));
	vdpad_json_put(&o, "max_vqp", json_integer(p->max_vqp));
	vdpad_json_put(&o, "default_vqp", json_integer(p->default_vqp));
	vdpad_json_put(&o, "max_vq_size", json_integer(p->max_vq_size));
	vdpad_json_put(&o, "mac_table_size", json_integer(p->mac_table_size));
	vdpad_json_put(&o, "rx_modes", rx_modes_json(&p->supported));
	vdpad_json_put(&o, "hash_types", json_sprintf("0x%x", p->hash_types));
	vdpad_json_put(&o, "attrs", attrs_json(p->attrs));
	if (memcmp(p->mac, (uint8_t[6]){0}, 6))
		vdpad_json_put(&o, "mac", vdpad_json_mac(p->mac));
	if (p->mtu)
		vdpad_json_put(&o, "mtu", json_integer(p->mtu));
	vdpad_json_put(&o, "numa_node", json_integer(p->numa_node));
	vdpad_json_put(&o, "vqs_free", json_integer(p->vqs_free));
	vdpad_json_put(&o, "devices_free", json_integer(p->devices_free));
	vdpad_json_put(&o, "vendor_id", json_integer(p->vendor_id));
	vdpad_json_put(&o, "device_id", json_integer(p->device_id));
	return o;
}

/* ---- from JSON ---- */

static int missing(const char *name, const char *key, struct vdpad_error *error)
{
	return vdpad_fail(error, EINVAL, key,
			  "parent %.64s: '%s' is missing: give what 'mgmtdev show -j' of vdpactl "
			  "prints",
			  name, key);
}

static int names(const char *parent, const json_t *object, const char *key,
		 struct vv_features *features, struct vdpad_error *error)
{
	const json_t *array = json_object_get(object, key), *item;
	unsigned int bit;
	size_t i;

	memset(features, 0, sizeof(*features));
	if (!array)
		return missing(parent, key, error);
	if (!json_is_array(array))
		return vdpad_fail(error, EINVAL, key,
				  "parent %.64s: '%s' must be an array of names", parent, key);
	json_array_foreach(array, i, item)
	{
		const char *name = json_string_value(item);

		if (!name || vv_feature_find(name, &bit))
			return vdpad_fail(
			    error, EINVAL, key,
			    "parent %.64s: '%s': '%.32s' is no name of a feature; one "
			    "without a name is bit_N",
			    parent, key, name ? name : "?");
		vv_features_set(features, bit, true);
	}
	return 0;
}

static int supported(const char *parent, const json_t *object, struct vv_features *features,
		     struct vdpad_error *error)
{
	const char *key =
	    json_object_get(object, "supported_features") ? "supported_features" : "dev_features";
	const json_t *mask = json_object_get(object, "supported_features_mask");
	struct vv_features bits;
	int err = names(parent, object, key, features, error);

	if (err || !mask)
		return err;
	if (!json_is_string(mask) || vv_features_parse(json_string_value(mask), &bits) ||
	    !vv_features_equal(bits, *features))
		return vdpad_fail(
		    error, EINVAL, "supported_features_mask",
		    "parent %.64s: 'supported_features_mask' and '%s' are not the same "
		    "features",
		    parent, key);
	return 0;
}

static int number(const char *parent, const json_t *object, const char *key, bool may_miss,
		  json_int_t min, json_int_t max, json_int_t *value, struct vdpad_error *error)
{
	const json_t *item = json_object_get(object, key);

	if (!item && may_miss)
		return 0;
	if (!item)
		return missing(parent, key, error);
	if (!json_is_integer(item) || json_integer_value(item) < min ||
	    json_integer_value(item) > max)
		return vdpad_fail(error, EINVAL, key,
				  "parent %.64s: '%s' must be a number from %lld to %lld", parent,
				  key, (long long)min, (long long)max);
	*value = json_integer_value(item);
	return 0;
}

static int u32(const char *parent, const json_t *object, const char *key, uint32_t *to,
	       struct vdpad_error *error)
{
	json_int_t value = 0;
	int err = number(parent, object, key, false, 0, UINT32_MAX, &value, error);

	*to = (uint32_t)value;
	return err;
}

/* Words of a set, by their number: its names come from NAME_OF. */
static int words(const char *parent, const json_t *object, const char *key,
		 const char *(*name_of)(unsigned int), unsigned int n, uint32_t *set,
		 struct vdpad_error *error)
{
	const json_t *array = json_object_get(object, key), *item;
	unsigned int which;
	size_t i;

	if (!array)
		return missing(parent, key, error);
	if (!json_is_array(array))
		return vdpad_fail(error, EINVAL, key,
				  "parent %.64s: '%s' must be an array of words", parent, key);
	*set = 0;
	json_array_foreach(array, i, item)
	{
		const char *word = json_string_value(item);

		for (which = 0; which < n; which++)
			if (word && !strcmp(word, name_of(which)))
				break;
		/* One that we do not have is of no use here. */
		if (which < n)
			*set |= 1u << which;
		else if (!word)
			return vdpad_fail(error, EINVAL, key,
					  "parent %.64s: '%s' must be an array of words", parent,
					  key);
	}
	return 0;
}

static const char *mode_word(unsigned int which)
{
	return vv_mode_name((enum vv_mode)which);
}

static const char *attr_word(unsigned int which)
{
	return vv_attr_name((enum vv_attr)which);
}

static const char *endian_word(unsigned int which)
{
	return which ? "big" : "little";
}

static int hash_types(const char *parent, const json_t *object, uint32_t *types,
		      struct vdpad_error *error)
{
	const char *text = json_string_value(json_object_get(object, "hash_types"));
	struct vv_features bits;

	*types = 0;
	if (!json_object_get(object, "hash_types"))
		return 0;
	if (!text || vv_features_parse(text, &bits) || bits.word[0] > UINT32_MAX || bits.word[1])
		return vdpad_fail(error, EINVAL, "hash_types",
				  "parent %.64s: 'hash_types' must be a mask of 32 bits, as text",
				  parent);
	*types = (uint32_t)bits.word[0];
	return 0;
}

static int mac(const char *parent, const json_t *object, uint8_t to[6], struct vdpad_error *error)
{
	const json_t *item = json_object_get(object, "mac");
	char end;

	if (!item)
		return 0;
	if (!json_is_string(item) || json_string_length(item) != 17 ||
	    sscanf(json_string_value(item), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &to[0], &to[1],
		   &to[2], &to[3], &to[4], &to[5], &end) != 6)
		return vdpad_fail(error, EINVAL, "mac",
				  "parent %.64s: 'mac' must be an address, as 02:00:00:00:00:01",
				  parent);
	return 0;
}

static int numbers(const char *name, const json_t *object, struct vv_parent *p,
		   struct vdpad_error *error)
{
	json_int_t mtu = 0, node = -1;
	const struct {
		const char *key;
		uint32_t *to;
	} all[] = {
	    {"max_supported_vqs", &p->max_vqs       },
            {"max_vqp",           &p->max_vqp       },
	    {"default_vqp",       &p->default_vqp   },
            {"max_vq_size",       &p->max_vq_size   },
	    {"mac_table_size",    &p->mac_table_size},
            {"vqs_free",          &p->vqs_free      },
	    {"devices_free",      &p->devices_free  },
            {"vendor_id",         &p->vendor_id     },
	    {"device_id",         &p->device_id     },
	};
	int err = 0;

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]) && !err; i++)
		err = u32(name, object, all[i].key, all[i].to, error);
	if (!err)
		err = number(name, object, "mtu", true, 0, UINT16_MAX, &mtu, error);
	if (!err)
		err = number(name, object, "numa_node", true, -1, 1 << 16, &node, error);
	p->mtu = (uint16_t)mtu;
	p->numa_node = (int)node;
	return err;
}

int vdpad_parent_parse(const char *name, const json_t *object, struct vv_parent *parent,
		       struct vdpad_error *error)
{
	struct vv_parent p = {0};
	uint32_t endian = 0;
	int err;

	if (!json_is_object(object))
		return vdpad_fail(error, EINVAL, "", "parent %.64s must be an object", name);
	if (strlen(name) >= sizeof(p.name))
		return vdpad_fail(error, EINVAL, "",
				  "parent %.64s...: a name has at most %zu bytes", name,
				  sizeof(p.name) - 1);
	snprintf(p.name, sizeof(p.name), "%s", name);
	err = supported(name, object, &p.supported, error);
	if (!err)
		err = names(name, object, "mandatory_features", &p.mandatory, error);
	if (!err)
		err = names(name, object, "inherited_features", &p.inherited, error);
	if (!err)
		err = numbers(name, object, &p, error);
	if (!err)
		err = words(name, object, "modes", mode_word, VV_MODE_N, &p.modes, error);
	if (!err)
		err = words(name, object, "attrs", attr_word, VV_ATTR_N, &p.attrs, error);
	if (!err)
		err = words(name, object, "endian", endian_word, 2, &endian, error);
	if (!err)
		err = hash_types(name, object, &p.hash_types, error);
	if (!err)
		err = mac(name, object, p.mac, error);
	if (err)
		return err;
	p.legacy_big_endian = endian >> 1 & 1;
	*parent = p;
	return 0;
}

/* ---- what several have in common ---- */

static int collect(const json_t *documents, struct vv_parent *parents, unsigned int *n,
		   struct vdpad_error *error)
{
	const json_t *document;
	const char *name;
	json_t *object;
	size_t i;
	int err;

	json_array_foreach(documents, i, document)
	{
		const json_t *all = json_object_get(document, "mgmtdev");

		if (!json_is_object(all) || json_object_size(all) == 0)
			return vdpad_fail(error, EINVAL, "mgmtdev",
					  "document %zu has no parents: give what 'mgmtdev show "
					  "-j' of vdpactl prints",
					  i + 1);
		json_object_foreach((json_t *)all, name, object)
		{
			if (*n == PARENTS_MAX)
				return vdpad_fail(error, E2BIG, "", "more than %d parents",
						  PARENTS_MAX);
			err = vdpad_parent_parse(name, object, &parents[*n], error);
			if (err)
				return err;
			++*n;
		}
	}
	if (*n == 0)
		return vdpad_fail(error, EINVAL, "mgmtdevs", "there are no parents to compare");
	return 0;
}

int vdpad_parent_baseline(const json_t *documents, json_t **common, struct vdpad_error *error)
{
	struct vv_parent *parents = calloc(PARENTS_MAX, sizeof(*parents)), least;
	char why[sizeof(error->text)] = "";
	unsigned int n = 0;
	int err;

	if (!parents)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	err = collect(documents, parents, &n, error);
	if (!err) {
		err = vv_baseline(parents, n, &least, why, sizeof(why));
		if (err)
			vdpad_fail(error, -err, "", "%s", why);
	}
	free(parents);
	if (err)
		return err;
	*common = json_pack("{s:{s:o}}", "mgmtdev", "baseline", vdpad_parent_json(&least));
	return *common ? 0 : vdpad_fail(error, ENOMEM, "", "no memory");
}
