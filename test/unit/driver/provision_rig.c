/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision_rig.h"

struct vv_features rig_features(const char *names)
{
	struct vv_features f = {0};
	char text[1024], *name, *rest = NULL;
	unsigned int bit;

	snprintf(text, sizeof(text), "%s", names);
	for (name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		if (vv_feature_find(name, &bit))
			fail_msg("no such feature: %s", name);
		vv_features_set(&f, bit, true);
	}
	return f;
}

bool rig_has(struct vv_features features, const char *names)
{
	return vv_features_is_empty(vv_features_without(rig_features(names), features));
}

struct vv_parent rig_parent(void)
{
	return (struct vv_parent){
	    .name = "mlx5_0",
	    .vendor_id = 0x15b3,
	    .supported = rig_features(RIG_SUPPORTED),
	    .inherited = rig_features(RIG_SUPPORTED),
	    .attrs = (1u << VV_ATTR_N) - 1,
	    .modes = (1u << VV_MODE_N) - 1,
	    .max_vqs = 65,
	    .max_vqp = 32,
	    .default_vqp = 16,
	    .max_vq_size = 4096,
	    .mac_table_size = 64,
	    .vqs_free = 64,
	    .devices_free = 8,
	    .mac = {0x0c, 0x42, 0xa1, 0, 0, 1},
	    .mtu = 9000,
	    .numa_node = 1,
	};
}

struct vv_request rig_request(const char *words)
{
	char text[1024], why[512], *key, *value, *rest = NULL;
	struct vv_request r;

	vv_request_init(&r);
	snprintf(text, sizeof(text), "%s", words);
	for (key = strtok_r(text, " ", &rest); key; key = strtok_r(NULL, " ", &rest)) {
		value = strtok_r(NULL, " ", &rest);
		if (!value)
			fail_msg("%s without a value", key);
		if (vv_request_set(&r, key, value, why, sizeof(why)))
			fail_msg("%s %s: %s", key, value, why);
	}
	return r;
}

int rig_make(const struct vv_parent *parent, const char *words, struct vv_provisioned *device,
	     char *why, size_t why_len)
{
	struct vv_request request = rig_request(words);

	return vv_provision(parent, &request, device, why, why_len);
}

struct vv_provisioned rig_made(const struct vv_parent *parent, const char *words)
{
	struct vv_provisioned device;
	char why[512] = "";

	if (rig_make(parent, words, &device, why, sizeof(why)))
		fail_msg("%s: %s", words, why);
	return device;
}

void rig_refused(const struct vv_parent *parent, const char *words, int code, const char *text)
{
	struct vv_provisioned device, before;
	char why[512] = "";
	int err;

	memset(&device, 0x5a, sizeof(device));
	memcpy(&before, &device, sizeof(device));
	err = rig_make(parent, words, &device, why, sizeof(why));
	if (err != -code)
		fail_msg("%s: %d and not %d: %s", words, err, -code, why);
	if (!strstr(why, text))
		fail_msg("%s: \"%s\" is not in \"%s\"", words, text, why);
	assert_null(strchr(why, '\n'));
	assert_memory_equal(&device, &before, sizeof(device)); /* nothing is made */
}

bool rig_same(const struct vv_provisioned *a, const struct vv_provisioned *b)
{
	struct vv_provisioned x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	x.set = y.set = 0;
	x.features_set = y.features_set = false;
	return !memcmp(&x, &y, sizeof(x));
}

void rig_assert_features(struct vv_features is, const char *names)
{
	struct vv_features wanted = rig_features(names);
	char text[VV_FEATURES_NAMES_MAX];

	if (!vv_features_equal(is, wanted))
		fail_msg("features are \"%s\" and not \"%s\"",
			 vv_features_names(&is, text, sizeof(text)), names);
}
