/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON made of our own values. NULL is "no memory" and spreads: what takes a NULL becomes NULL, so
 * that a document is looked at once, when it is done.
 *
 * Threads: pure functions.
 */
#ifndef VDPAD_SHOW_JSON_H
#define VDPAD_SHOW_JSON_H

#include <stdint.h>

#include <jansson.h>

#include "provision/vv_features.h"

/* value becomes object's; without it, or without memory, *object is let go and is NULL. */
void vdpad_json_put(json_t **object, const char *key, json_t *value);
void vdpad_json_append(json_t **array, json_t *value);

/* Any bytes: what is not UTF-8 (a line cut short, a file's name) has '?' for what JSON cannot say.
 */
json_t *vdpad_json_text(const char *text);
json_t *vdpad_json_mac(const uint8_t mac[6]);
/* ["CSUM", ...] and "0x...". */
json_t *vdpad_json_features(const struct vv_features *features);
json_t *vdpad_json_mask(const struct vv_features *features);

#endif
