/* SPDX-License-Identifier: BSD-3-Clause */
#include "spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In "set" it stands for all that decides on features. */
static const char features_word[] = "device_features";

bool vdpad_name_is_valid(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++) {
		/* Not isalnum(): a name is part of a file's and of DPDK's device arguments. */
		bool plain = (name[n] >= 'a' && name[n] <= 'z') ||
			     (name[n] >= 'A' && name[n] <= 'Z') ||
			     (name[n] >= '0' && name[n] <= '9');

		if (!plain && (!n || !strchr("._-", name[n])))
			return false;
	}
	return n && n < VDPAD_NAME_MAX;
}

/* ---- from JSON ---- */

/* Keys that a show adds, and that decide nothing. There is a feature called status, too. */
static bool only_tells(const char *key, const json_t *value)
{
	static const char *const keys[] = {"type", "vendor_id", "max_vqs", "reason"};
	const char *text = json_string_value(value);

	if (!strcmp(key, "status"))
		return text && strcmp(text, "on") && strcmp(text, "off");

	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(key, keys[i]))
			return true;
	}
	return false;
}

enum { TEXT_MAX = 256 };

/* What is said of it later is one line, and no command to a terminal. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

/* A value as the words' parsers take it. */
static int text_of(const char *key, const json_t *value, char text[TEXT_MAX],
		   struct vdpad_error *error)
{
	if (json_is_string(value)) {
		size_t len = json_string_length(value);

		if (len >= TEXT_MAX || strlen(json_string_value(value)) != len)
			return vdpad_fail(error, EINVAL, key, "%s: not a text of at most %d bytes",
					  key, TEXT_MAX - 1);
		memcpy(text, json_string_value(value), len + 1);
		if (!is_plain(text))
			return vdpad_fail(error, EINVAL, key,
					  "%s: a text without control characters is wanted",
					  key);
	} else if (json_is_integer(value)) {
		snprintf(text, TEXT_MAX, "%lld", (long long)json_integer_value(value));
	} else if (json_is_boolean(value)) {
		strcpy(text, json_is_true(value) ? "on" : "off");
	} else {
		return vdpad_fail(error, EINVAL, key,
				  "%s: a text, a number, true or false is wanted", key);
	}
	return 0;
}

static int copy_text(const char *key, const char *text, char *to, size_t size,
		     struct vdpad_error *error)
{
	if (!text[0] || strlen(text) >= size)
		return vdpad_fail(error, EINVAL, key, "%s: a text of 1 to %zu bytes is wanted", key,
				  size - 1);
	strcpy(to, text);
	return 0;
}

static int one_of(const char *key, const char *text, const char *yes, const char *no, bool *is_yes,
		  struct vdpad_error *error)
{
	*is_yes = !strcmp(text, yes);
	if (*is_yes || !strcmp(text, no))
		return 0;
	return vdpad_fail(error, EINVAL, key, "%s %s: %s or %s is wanted", key, text, yes, no);
}

/* What is the daemon's and not the driver's. 1: it is none of these. */
static int parse_own(const char *key, const char *text, struct vdpad_spec *spec,
		     struct vdpad_error *error)
{
	if (!strcmp(key, "name")) {
		if (!vdpad_name_is_valid(text))
			return vdpad_fail(
			    error, EINVAL, key,
			    "name %.64s: a letter or digit, then those and \"._-\" are "
			    "allowed, %d at most",
			    text, VDPAD_NAME_MAX - 1);
		return copy_text(key, text, spec->name, sizeof(spec->name), error);
	}
	if (!strcmp(key, "mgmtdev"))
		return copy_text(key, text, spec->mgmtdev, sizeof(spec->mgmtdev), error);
	if (!strcmp(key, "socket"))
		return copy_text(key, text, spec->socket, sizeof(spec->socket), error);
	if (!strcmp(key, "client"))
		return one_of(key, text, "on", "off", &spec->client, error);
	if (!strcmp(key, "link"))
		return one_of(key, text, "down", "up", &spec->link_down, error);
	return 1;
}

static int parse_names(const char *key, const json_t *names, struct vv_features *features,
		       struct vdpad_error *error)
{
	const json_t *name;
	unsigned int bit;
	size_t i;

	*features = VV_FEATURES_OF(0);
	json_array_foreach(names, i, name)
	{
		if (!json_is_string(name))
			return vdpad_fail(error, EINVAL, key, "%s: names of features are wanted",
					  key);
		if (vv_feature_find(json_string_value(name), &bit))
			return vdpad_fail(error, EINVAL, key, "%s: %.64s: no such feature", key,
					  json_string_value(name));
		vv_features_set(features, bit, true);
	}
	return 0;
}

static int parse_word(const char *key, const char *text, struct vdpad_spec *spec,
		      struct vdpad_error *error)
{
	char why[512];
	int err = vv_request_set(&spec->request, key, text, why, sizeof(why));

	return err ? vdpad_fail(error, -err, key, "%s", why) : 0;
}

/* Features as a mask or as a list of names; a device that is shown has both. */
static int parse_features(const json_t *attributes, struct vdpad_spec *spec,
			  struct vdpad_error *error)
{
	const json_t *named = json_object_get(attributes, features_word);
	const json_t *mask = json_object_get(attributes, "device_features_mask");
	struct vv_features names;
	char text[TEXT_MAX];
	int err = 0;

	if (mask) {
		err = text_of("device_features_mask", mask, text, error);
		if (!err)
			err = parse_word(features_word, text, spec, error);
	}
	if (err || !named)
		return err;
	if (!json_is_array(named)) {
		err = text_of(features_word, named, text, error);
		return err ? err : parse_word(features_word, text, spec, error);
	}
	err = parse_names(features_word, named, &names, error);
	if (err)
		return err;
	if (mask && !vv_features_equal(names, spec->request.mask))
		return vdpad_fail(
		    error, EINVAL, features_word,
		    "device_features and device_features_mask are not the same; leave "
		    "one of them out");
	spec->request.has_mask = true;
	spec->request.mask = names;
	return 0;
}

static int parse_set(const json_t *set, struct vdpad_spec *spec, struct vdpad_error *error)
{
	const json_t *name;
	unsigned int attr;
	size_t i;

	if (!json_is_array(set))
		return vdpad_fail(error, EINVAL, "set", "set: a list of attributes is wanted");
	json_array_foreach(set, i, name)
	{
		const char *word = json_is_string(name) ? json_string_value(name) : "?";

		if (!strcmp(word, features_word)) {
			spec->device.features_set = true;
			continue;
		}
		for (attr = 0; attr < VV_ATTR_N && strcmp(word, vv_attr_name(attr)); attr++)
			;
		if (attr == VV_ATTR_N)
			return vdpad_fail(error, EINVAL, "set", "set: %.64s: no such attribute",
					  word);
		spec->device.set |= 1u << attr;
	}
	spec->again = true;
	return 0;
}

/*
 * How the features of a device had been chosen. They are exactly what its mask says, so these words
 * are not asked for a second time.
 */
static int parse_chosen(const char *key, const char *text, struct vdpad_spec *spec,
			struct vdpad_error *error)
{
	unsigned int i;

	if (!strcmp(key, "model"))
		return copy_text(key, text, spec->device.model, sizeof(spec->device.model), error);
	for (i = 0; i < VV_FEATURES_DEFAULT_N; i++) {
		if (!strcmp(text, vv_features_default_name(i))) {
			spec->device.features_default = i;
			return 0;
		}
	}
	return vdpad_fail(error, EINVAL, key, "%s %s: on, off or inherited is wanted", key, text);
}

static int parse_member(const char *key, const json_t *value, struct vdpad_spec *spec,
			struct vdpad_error *error)
{
	char text[TEXT_MAX];
	int err;

	if (!is_plain(key))
		return vdpad_fail(error, EINVAL, "",
				  "a word with control characters: no such word");
	if (only_tells(key, value) || !strcmp(key, "set") || !strcmp(key, features_word) ||
	    !strcmp(key, "device_features_mask"))
		return 0;
	err = text_of(key, value, text, error);
	if (err)
		return err;
	err = parse_own(key, text, spec, error);
	if (err <= 0)
		return err;
	if (spec->again && spec->request.has_mask &&
	    (!strcmp(key, "model") || !strcmp(key, "features_default")))
		return parse_chosen(key, text, spec, error);
	return parse_word(key, text, spec, error);
}

int vdpad_spec_parse(const json_t *attributes, struct vdpad_spec *spec, struct vdpad_error *error)
{
	const json_t *set = json_object_get(attributes, "set");
	struct vdpad_spec s = {.name = ""};
	const char *key;
	json_t *value;
	int err = 0;

	if (!json_is_object(attributes))
		return vdpad_fail(error, EINVAL, "", "a device is an object with its attributes");
	vv_request_init(&s.request);
	if (set)
		err = parse_set(set, &s, error);
	if (!err)
		err = parse_features(attributes, &s, error);
	if (err)
		return err;
	json_object_foreach((json_t *)attributes, key, value)
	{
		err = parse_member(key, value, &s, error);
		if (err)
			return err;
	}
	*spec = s;
	return 0;
}

int vdpad_spec_parse_named(const char *name, const json_t *attributes, struct vdpad_spec *spec,
			   struct vdpad_error *error)
{
	struct vdpad_spec s;
	int err = vdpad_spec_parse(attributes, &s, error);

	if (err)
		return err;
	if (s.name[0] && strcmp(s.name, name))
		return vdpad_fail(error, EINVAL, "name", "name %s: it is called %.64s already",
				  s.name, name);
	err = parse_own("name", name, &s, error);
	if (!err)
		*spec = s;
	return err;
}

void vdpad_spec_made(struct vdpad_spec *spec, const struct vv_provisioned *device,
		     uint32_t vendor_id)
{
	struct vv_provisioned before = spec->device;

	spec->device = *device;
	spec->vendor_id = vendor_id;
	if (spec->again) {
		spec->device.set = before.set;
		spec->device.features_set = before.features_set;
		spec->device.features_default = before.features_default;
		memcpy(spec->device.model, before.model, sizeof(before.model));
	}
	spec->made = true;
}

/* ---- to JSON ---- */

/* Numbers are numbers in JSON; everything else is a text. */
static json_t *attr_json(const struct vv_provisioned *device, enum vv_attr attr)
{
	char text[VV_ATTR_TEXT_MAX];

	switch (attr) {
	case VV_ATTR_MTU:
		return json_integer(device->mtu);
	case VV_ATTR_MAX_VQP:
		return json_integer(device->max_vqp);
	case VV_ATTR_MAX_VQ_SIZE:
		return json_integer(device->max_vq_size);
	case VV_ATTR_MAC_TABLE:
		return json_integer(device->mac_table_size);
	case VV_ATTR_CVQ_CORE:
		return json_integer(device->cvq_core);
	case VV_ATTR_MAC:
	case VV_ATTR_MODE:
	case VV_ATTR_TRUST:
	case VV_ATTR_N:
		break;
	}
	return json_string(vv_provisioned_attr(device, attr, text));
}

static json_t *names_json(const struct vv_features *features)
{
	json_t *names = json_array();
	char name[VV_FEATURE_NAME_MAX];
	unsigned int bit;

	for (bit = 0; bit < VV_FEATURES_MAX; bit++) {
		if (vv_features_has(features, bit))
			json_array_append_new(names, json_string(vv_feature_name(bit, name)));
	}
	return names;
}

static json_t *set_json(const struct vv_provisioned *device)
{
	json_t *set = json_array();
	unsigned int attr;

	for (attr = 0; attr < VV_ATTR_N; attr++) {
		if (device->set >> attr & 1)
			json_array_append_new(set, json_string(vv_attr_name(attr)));
	}
	if (device->features_set)
		json_array_append_new(set, json_string(features_word));
	return set;
}

/* The numbers that were asked for, where those of a device are looked for. */
static void asked(const struct vv_request *request, struct vv_provisioned *device)
{
	memcpy(device->mac, request->mac, sizeof(device->mac));
	device->mtu = request->mtu;
	device->max_vqp = request->max_vqp;
	device->max_vq_size = request->max_vq_size;
	device->mac_table_size = request->mac_table_size;
	device->mode = request->mode;
	device->trust = request->trust;
	device->cvq_core = request->cvq_core;
}

static void put_features(json_t *object, const struct vv_features *features)
{
	char mask[VV_FEATURES_MASK_MAX];

	json_object_set_new(object, features_word, names_json(features));
	json_object_set_new(object, "device_features_mask",
			    json_string(vv_features_mask(features, mask)));
}

static void put_switches(json_t *object, const struct vv_features *features, const char *value)
{
	char unknown[VV_FEATURE_NAME_MAX], name[VV_FEATURE_NAME_MAX];
	unsigned int bit;
	size_t i;

	for (bit = 0; bit < VV_FEATURES_MAX; bit++) {
		if (!vv_features_has(features, bit))
			continue;
		snprintf(name, sizeof(name), "%s", vv_feature_name(bit, unknown));
		for (i = 0; name[i]; i++)
			name[i] = tolower((unsigned char)name[i]);
		/* "mtu" and "mac" are attributes first: with a value of their own they are implied.
		 */
		if (!json_object_get(object, name))
			json_object_set_new(object, name, json_string(value));
	}
}

static void put_choice(json_t *object, const char *model, const char *features_default)
{
	json_object_set_new(object, "features_default", json_string(features_default));
	if (model[0])
		json_object_set_new(object, "model", json_string(model));
}

static void put_request(json_t *object, const struct vdpad_spec *spec)
{
	const struct vv_request *r = &spec->request;

	if (r->has_mask)
		put_features(object, &r->mask);
	put_switches(object, &r->on, "on");
	put_switches(object, &r->off, "off");
	if (spec->again) {
		put_choice(object, spec->device.model,
			   vv_features_default_name(spec->device.features_default));
		json_object_set_new(object, "set", set_json(&spec->device));
		return;
	}
	if (r->has_default)
		json_object_set_new(object, "features_default",
				    json_string(vv_features_default_name(r->features_default)));
	if (r->model[0])
		json_object_set_new(object, "model", json_string(r->model));
}

json_t *vdpad_spec_json(const struct vdpad_spec *spec)
{
	struct vv_provisioned device = spec->device;
	json_t *object = json_object();
	struct vv_request request;
	unsigned int attr;

	if (!object)
		return NULL;
	if (spec->made) {
		vv_provisioned_request(&device, &request);
	} else {
		request = spec->request;
		asked(&request, &device);
	}
	json_object_set_new(object, "type", json_string("network"));
	json_object_set_new(object, "mgmtdev", json_string(spec->mgmtdev));
	if (spec->made) {
		json_object_set_new(object, "vendor_id", json_integer(spec->vendor_id));
		json_object_set_new(object, "max_vqs", json_integer(vv_provisioned_vqs(&device)));
		json_object_set_new(object, vv_attr_name(VV_ATTR_MAX_VQ_SIZE),
				    attr_json(&device, VV_ATTR_MAX_VQ_SIZE));
	}
	if (spec->socket[0])
		json_object_set_new(object, "socket", json_string(spec->socket));
	json_object_set_new(object, "client", json_boolean(spec->client));
	json_object_set_new(object, "link", json_string(spec->link_down ? "down" : "up"));
	for (attr = 0; attr < VV_ATTR_N; attr++) {
		if (request.attrs >> attr & 1 && !json_object_get(object, vv_attr_name(attr)))
			json_object_set_new(object, vv_attr_name(attr), attr_json(&device, attr));
	}
	if (spec->made) {
		put_features(object, &device.features);
		put_choice(object, device.model, vv_features_default_name(device.features_default));
		json_object_set_new(object, "set", set_json(&device));
	} else {
		put_request(object, spec);
	}
	return object;
}
