/* SPDX-License-Identifier: BSD-3-Clause */
#include "show_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vdpad_json_put(json_t **object, const char *key, json_t *value)
{
	if (!*object) {
		json_decref(value);
		return;
	}
	if (json_object_set_new(*object, key, value)) {
		json_decref(*object);
		*object = NULL;
	}
}

void vdpad_json_append(json_t **array, json_t *value)
{
	if (!*array) {
		json_decref(value);
		return;
	}
	if (json_array_append_new(*array, value)) {
		json_decref(*array);
		*array = NULL;
	}
}

json_t *vdpad_json_text(const char *text)
{
	json_t *json = json_string(text);
	char *plain;

	if (json)
		return json;
	plain = strdup(text);
	if (!plain)
		return NULL;
	for (char *at = plain; *at; at++)
		if (*at & 0x80)
			*at = '?';
	json = json_string(plain);
	free(plain);
	return json;
}

json_t *vdpad_json_mac(const uint8_t mac[6])
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			    mac[5]);
}

json_t *vdpad_json_features(const struct vv_features *features)
{
	json_t *array = json_array();
	char name[VV_FEATURE_NAME_MAX];

	for (unsigned int bit = 0; bit < VV_FEATURES_MAX; bit++)
		if (vv_features_has(features, bit))
			vdpad_json_append(&array, json_string(vv_feature_name(bit, name)));
	return array;
}

json_t *vdpad_json_mask(const struct vv_features *features)
{
	char text[VV_FEATURES_MASK_MAX];

	return json_string(vv_features_mask(features, text));
}
