/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "show_json.h"

enum { VLANS = 4096, QUEUES = 2 * VV_CTRL_PAIRS_MAX };

/* ---- to JSON ---- */

static json_t *macs_json(const struct vv_ctrl_macs *macs)
{
	json_t *o = json_object(), *addresses = json_array();

	for (unsigned int i = 0; i < macs->n && i < VV_CTRL_MACS_MAX; i++)
		vdpad_json_append(&addresses, vdpad_json_mac(macs->addr[i]));
	vdpad_json_put(&o, "overflow", json_boolean(macs->overflow));
	vdpad_json_put(&o, "addresses", addresses);
	return o;
}

static bool has_vlan(const struct vv_ctrl_state *c, unsigned int vid)
{
	return c->vlans[vid / 64] >> vid % 64 & 1;
}

static json_t *vlans_json(const struct vv_ctrl_state *c)
{
	json_t *array = json_array();
	unsigned int first, vid = 0;

	while (vid < VLANS) {
		if (!has_vlan(c, vid)) {
			vid++;
			continue;
		}
		for (first = vid; vid < VLANS && has_vlan(c, vid); vid++) {
		}
		vdpad_json_append(&array, json_pack("[ii]", (int)first, (int)vid - 1));
	}
	return array;
}

static json_t *rss_json(const struct vv_ctrl_state *c)
{
	json_t *o = json_object(), *table = json_array();
	char key[2 * VV_CTRL_RSS_KEY_MAX + 1] = "";

	for (unsigned int i = 0; i < c->rss.table_len && i < VV_CTRL_RSS_TABLE_MAX; i++)
		vdpad_json_append(&table, json_integer(c->rss.table[i]));
	for (unsigned int i = 0; i < c->rss.key_len && i < VV_CTRL_RSS_KEY_MAX; i++)
		snprintf(key + (size_t)2 * i, 3, "%02x", c->rss.key[i]);
	vdpad_json_put(&o, "active", json_boolean(c->rss_active));
	vdpad_json_put(&o, "hash_types", json_integer(c->rss.hash_types));
	vdpad_json_put(&o, "table", table);
	vdpad_json_put(&o, "unclassified", json_integer(c->rss.unclassified));
	vdpad_json_put(&o, "max_tx", json_integer(c->rss.max_tx));
	vdpad_json_put(&o, "key", json_string(key));
	return o;
}

static json_t *coal_json(const struct vv_ctrl_coal *coal)
{
	return json_pack("{s:I,s:I}", "packets", (json_int_t)coal->packets, "usecs",
			 (json_int_t)coal->usecs);
}

static json_t *coalesce_json(const struct vv_ctrl_state *c)
{
	json_t *o = json_object(), *queues = json_array();

	for (unsigned int i = 0; i < QUEUES; i++) {
		if (!c->coal[i].packets && !c->coal[i].usecs)
			continue;
		vdpad_json_append(&queues, json_pack("{s:i,s:I,s:I}", "queue", (int)i, "packets",
						     (json_int_t)c->coal[i].packets, "usecs",
						     (json_int_t)c->coal[i].usecs));
	}
	vdpad_json_put(&o, "rx", coal_json(&c->coal_rx));
	vdpad_json_put(&o, "tx", coal_json(&c->coal_tx));
	vdpad_json_put(&o, "queues", queues);
	return o;
}

json_t *vdpad_guest_state_json(const struct rte_pmd_vdpa_verbs_state *state)
{
	const struct vv_ctrl_state *c = &state->control;
	struct vv_features offloads = VV_FEATURES_OF(c->offloads);
	json_t *o = json_object();

	vdpad_json_put(&o, "negotiated_features", vdpad_json_features(&state->negotiated));
	vdpad_json_put(&o, "negotiated_features_mask", vdpad_json_mask(&state->negotiated));
	vdpad_json_put(&o, "max_vqp", json_integer(state->pairs));
	vdpad_json_put(&o, "vqp", json_integer(c->pairs));
	vdpad_json_put(&o, "mac", vdpad_json_mac(c->mac));
	vdpad_json_put(&o, "announce", json_boolean(c->announce));
	vdpad_json_put(&o, "rx_modes",
		       json_pack("{s:b,s:b,s:b,s:b,s:b,s:b}", "promisc", c->promisc, "allmulti",
				 c->allmulti, "alluni", c->alluni, "nomulti", c->nomulti, "nouni",
				 c->nouni, "nobcast", c->nobcast));
	vdpad_json_put(&o, "unicast", macs_json(&c->uni));
	vdpad_json_put(&o, "multicast", macs_json(&c->multi));
	vdpad_json_put(&o, "vlans", vlans_json(c));
	vdpad_json_put(&o, "rss", rss_json(c));
	vdpad_json_put(&o, "offloads", vdpad_json_features(&offloads));
	vdpad_json_put(&o, "coalesce", coalesce_json(c));
	return o;
}

/* ---- from JSON ---- */

/* That it is none of what the key must have. */
static int wrong(const char *key, const char *what, struct vdpad_error *error)
{
	return vdpad_fail(error, EINVAL, key, "the guest's state: '%s' must be %s", key, what);
}

/* An object with these keys, separated by spaces, and no others. */
static int exact(const json_t *object, const char *key, const char *const *keys,
		 struct vdpad_error *error)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	if (!json_is_object(object))
		return wrong(key, "an object", error);
	for (; keys[n]; n++)
		if (!json_object_get(object, keys[n]))
			return vdpad_fail(error, EINVAL, keys[n],
					  "the guest's state: '%s' is missing%s%s", keys[n],
					  *key ? " from " : "", key);
	if (json_object_size(object) == n)
		return 0;
	json_object_foreach((json_t *)object, name, value)
	{
		for (n = 0; keys[n] && strcmp(keys[n], name); n++) {
		}
		if (!keys[n])
			break;
	}
	return vdpad_fail(error, EINVAL, name, "the guest's state: '%.64s' is no word of it", name);
}

static int flag(const json_t *object, const char *key, bool *to, struct vdpad_error *error)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		return wrong(key, "true or false", error);
	*to = json_is_true(value);
	return 0;
}

static int number(const json_t *value, const char *key, uint32_t max, uint32_t *to,
		  struct vdpad_error *error)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > max)
		return vdpad_fail(error, EINVAL, key,
				  "the guest's state: '%s' must be a number from 0 to %u", key,
				  max);
	*to = (uint32_t)json_integer_value(value);
	return 0;
}

static int mac(const json_t *value, const char *key, uint8_t to[6], struct vdpad_error *error)
{
	const char *text = json_string_value(value);
	static const char digits[] = "0123456789abcdef";

	if (!text || strlen(text) != 17)
		return wrong(key, "an address, as 02:00:00:00:00:01", error);
	for (unsigned int i = 0; i < 6; i++, text += 3) {
		const char *high = strchr(digits, text[0]), *low = strchr(digits, text[1]);

		if (!high || !low || text[2] != (i < 5 ? ':' : '\0'))
			return wrong(key, "an address, as 02:00:00:00:00:01", error);
		to[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return 0;
}

static int features(const json_t *array, const char *key, struct vv_features *to,
		    struct vdpad_error *error)
{
	const json_t *item;
	unsigned int bit;
	size_t i;

	memset(to, 0, sizeof(*to));
	if (!json_is_array(array))
		return wrong(key, "an array of names of features", error);
	json_array_foreach(array, i, item)
	{
		const char *name = json_string_value(item);

		if (!name || vv_feature_find(name, &bit) || vv_features_has(to, bit))
			return vdpad_fail(
			    error, EINVAL, key,
			    "the guest's state: '%s': '%.32s' is no name of a feature, "
			    "or there twice",
			    key, name ? name : "?");
		vv_features_set(to, bit, true);
	}
	return 0;
}

static int macs(const json_t *object, const char *key, struct vv_ctrl_macs *to,
		struct vdpad_error *error)
{
	static const char *const keys[] = {"overflow", "addresses", NULL};
	const json_t *addresses, *item;
	int err = exact(object, key, keys, error);
	size_t i;

	if (!err)
		err = flag(object, "overflow", &to->overflow, error);
	if (err)
		return err;
	addresses = json_object_get(object, "addresses");
	if (!json_is_array(addresses) || json_array_size(addresses) > VV_CTRL_MACS_MAX ||
	    (to->overflow && json_array_size(addresses)))
		return wrong(key, "at most 64 addresses, none of them with an overflow", error);
	json_array_foreach(addresses, i, item)
	{
		err = mac(item, key, to->addr[i], error);
		if (err)
			return err;
	}
	to->n = (uint16_t)json_array_size(addresses);
	return 0;
}

static int vlans(const json_t *array, uint64_t to[VV_VLANS / 64], struct vdpad_error *error)
{
	static const char what[] = "ranges [first, last] from 0 to 4095, in their order, apart";
	json_int_t from = 0, first, last;
	const json_t *item;
	size_t i;

	if (!json_is_array(array))
		return wrong("vlans", what, error);
	json_array_foreach(array, i, item)
	{
		if (json_unpack((json_t *)item, "[II!]", &first, &last) || first < from ||
		    last < first || last >= VLANS)
			return wrong("vlans", what, error);
		for (json_int_t vid = first; vid <= last; vid++)
			to[vid / 64] |= 1ull << vid % 64;
		from = last + 2;
	}
	return 0;
}

static int rss_key(const json_t *value, struct vv_ctrl_rss *to, struct vdpad_error *error)
{
	static const char what[] = "at most 40 bytes in hexadecimal digits";
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : 1;
	static const char digits[] = "0123456789abcdef";

	if (len % 2 || len / 2 > VV_CTRL_RSS_KEY_MAX || strspn(text, digits) != len)
		return wrong("key", what, error);
	for (size_t i = 0; i < len / 2; i++)
		to->key[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
				       (strchr(digits, text[2 * i + 1]) - digits));
	to->key_len = (uint8_t)(len / 2);
	return 0;
}

static int rss(const json_t *object, struct vv_ctrl_state *c, struct vdpad_error *error)
{
	static const char *const keys[] = {"active", "hash_types", "table", "unclassified",
					   "max_tx", "key",        NULL};
	const json_t *table, *item;
	uint32_t value = 0;
	int err = exact(object, "rss", keys, error);
	size_t i, n;

	if (!err)
		err = flag(object, "active", &c->rss_active, error);
	if (!err)
		err = number(json_object_get(object, "hash_types"), "hash_types", UINT32_MAX,
			     &c->rss.hash_types, error);
	if (!err)
		err = number(json_object_get(object, "unclassified"), "unclassified", UINT16_MAX,
			     &value, error);
	c->rss.unclassified = (uint16_t)value;
	if (!err)
		err =
		    number(json_object_get(object, "max_tx"), "max_tx", UINT16_MAX, &value, error);
	c->rss.max_tx = (uint16_t)value;
	if (!err)
		err = rss_key(json_object_get(object, "key"), &c->rss, error);
	if (err)
		return err;
	table = json_object_get(object, "table");
	n = json_array_size(table);
	if (!json_is_array(table) || n > VV_CTRL_RSS_TABLE_MAX || (n & (n - 1)))
		return wrong("table", "a power of two of queues, at most 128, or none", error);
	json_array_foreach(table, i, item)
	{
		err = number(item, "table", UINT16_MAX, &value, error);
		if (err)
			return err;
		c->rss.table[i] = (uint16_t)value;
	}
	c->rss.table_len = (uint16_t)n;
	return 0;
}

static int coal_values(const json_t *object, struct vv_ctrl_coal *to, struct vdpad_error *error)
{
	int err =
	    number(json_object_get(object, "packets"), "packets", UINT32_MAX, &to->packets, error);

	return err ? err
		   : number(json_object_get(object, "usecs"), "usecs", UINT32_MAX, &to->usecs,
			    error);
}

static int coalesce(const json_t *object, struct vv_ctrl_state *c, struct vdpad_error *error)
{
	static const char *const keys[] = {"rx", "tx", "queues", NULL};
	static const char *const values[] = {"packets", "usecs", NULL};
	static const char *const of_queue[] = {"queue", "packets", "usecs", NULL};
	const json_t *queues, *item;
	uint32_t queue = 0, from = 0;
	int err = exact(object, "coalesce", keys, error);
	size_t i;

	if (!err)
		err = exact(json_object_get(object, "rx"), "rx", values, error);
	if (!err)
		err = exact(json_object_get(object, "tx"), "tx", values, error);
	if (!err)
		err = coal_values(json_object_get(object, "rx"), &c->coal_rx, error);
	if (!err)
		err = coal_values(json_object_get(object, "tx"), &c->coal_tx, error);
	if (err)
		return err;
	queues = json_object_get(object, "queues");
	if (!json_is_array(queues))
		return wrong("queues", "an array", error);
	json_array_foreach(queues, i, item)
	{
		err = exact(item, "queues", of_queue, error);
		if (!err)
			err = number(json_object_get(item, "queue"), "queue", QUEUES - 1, &queue,
				     error);
		if (!err && queue < from)
			err = wrong("queue", "in the order of numbers", error);
		if (!err)
			err = coal_values(item, &c->coal[queue], error);
		if (err)
			return err;
		from = queue + 1;
	}
	return 0;
}

static int modes(const json_t *object, struct vv_ctrl_state *c, struct vdpad_error *error)
{
	static const char *const keys[] = {"promisc", "allmulti", "alluni", "nomulti",
					   "nouni",   "nobcast",  NULL};
	bool *const to[] = {&c->promisc, &c->allmulti, &c->alluni,
			    &c->nomulti, &c->nouni,    &c->nobcast};
	int err = exact(object, "rx_modes", keys, error);

	for (unsigned int i = 0; keys[i] && !err; i++)
		err = flag(object, keys[i], to[i], error);
	return err;
}

static int negotiated(const json_t *object, struct vv_features *to, struct vdpad_error *error)
{
	const char *mask = json_string_value(json_object_get(object, "negotiated_features_mask"));
	struct vv_features bits;
	int err = features(json_object_get(object, "negotiated_features"), "negotiated_features",
			   to, error);

	if (err)
		return err;
	if (!mask || vv_features_parse(mask, &bits) || !vv_features_equal(bits, *to))
		return wrong("negotiated_features_mask", "the mask of negotiated_features", error);
	return 0;
}

static int filters(const json_t *object, struct vv_ctrl_state *c, struct vdpad_error *error)
{
	int err = mac(json_object_get(object, "mac"), "mac", c->mac, error);

	if (!err)
		err = modes(json_object_get(object, "rx_modes"), c, error);
	if (!err)
		err = macs(json_object_get(object, "unicast"), "unicast", &c->uni, error);
	if (!err)
		err = macs(json_object_get(object, "multicast"), "multicast", &c->multi, error);
	return err ? err : vlans(json_object_get(object, "vlans"), c->vlans, error);
}

int vdpad_guest_state_parse(const json_t *object, struct rte_pmd_vdpa_verbs_state *state,
			    struct vdpad_error *error)
{
	static const char *const keys[] = {"negotiated_features",
					   "negotiated_features_mask",
					   "max_vqp",
					   "vqp",
					   "mac",
					   "announce",
					   "rx_modes",
					   "unicast",
					   "multicast",
					   "vlans",
					   "rss",
					   "offloads",
					   "coalesce",
					   NULL};
	struct vv_features offloads = {0};
	uint32_t max_vqp = 0, vqp = 0;
	struct vv_ctrl_state *c = &state->control;
	int err;

	memset(state, 0, sizeof(*state));
	err = exact(object, "", keys, error);
	if (!err)
		err = negotiated(object, &state->negotiated, error);
	if (!err)
		err = number(json_object_get(object, "max_vqp"), "max_vqp", VV_CTRL_PAIRS_MAX,
			     &max_vqp, error);
	if (!err)
		err = number(json_object_get(object, "vqp"), "vqp", VV_CTRL_PAIRS_MAX, &vqp, error);
	state->pairs = max_vqp;
	c->pairs = (uint16_t)vqp;
	if (!err)
		err = flag(object, "announce", &c->announce, error);
	if (!err)
		err = filters(object, c, error);
	if (!err)
		err = rss(json_object_get(object, "rss"), c, error);
	if (!err)
		err = features(json_object_get(object, "offloads"), "offloads", &offloads, error);
	if (!err && offloads.word[1])
		err = wrong("offloads", "offloads a guest can choose", error);
	c->offloads = offloads.word[0];
	return err ? err : coalesce(json_object_get(object, "coalesce"), c, error);
}
