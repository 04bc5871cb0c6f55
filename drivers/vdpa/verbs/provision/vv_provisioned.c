/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device is, as numbers, words and a request. Making it is vv_provision.c. */
#include <stdio.h>
#include <string.h>

#include "vv_bits.h"
#include "vv_provisioned.h"

uint32_t vv_provisioned_vqs(const struct vv_provisioned *device)
{
	return 2 * device->max_vqp + vv_features_has(&device->features, VV_B_CTRL_VQ);
}

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return !memcmp(mac, none, 6);
}

char *vv_provisioned_attr(const struct vv_provisioned *d, enum vv_attr attr, char *text)
{
	const uint32_t numbers[VV_ATTR_N] = {
	    [VV_ATTR_MAX_VQP] = d->max_vqp,
	    [VV_ATTR_MAX_VQ_SIZE] = d->max_vq_size,
	    [VV_ATTR_MAC_TABLE] = d->mac_table_size,
	};

	*text = 0;
	if (attr == VV_ATTR_MAC && !is_zero(d->mac))
		snprintf(text, VV_ATTR_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", d->mac[0],
			 d->mac[1], d->mac[2], d->mac[3], d->mac[4], d->mac[5]);
	else if (attr == VV_ATTR_MTU && d->mtu)
		snprintf(text, VV_ATTR_TEXT_MAX, "%u", d->mtu);
	else if (attr == VV_ATTR_MODE)
		snprintf(text, VV_ATTR_TEXT_MAX, "%s", vv_mode_name(d->mode));
	else if (attr == VV_ATTR_TRUST)
		snprintf(text, VV_ATTR_TEXT_MAX, "%s", d->trust ? "on" : "off");
	else if (attr == VV_ATTR_CVQ_CORE)
		snprintf(text, VV_ATTR_TEXT_MAX, "%d", d->cvq_core);
	else if (attr != VV_ATTR_MAC && attr != VV_ATTR_MTU)
		snprintf(text, VV_ATTR_TEXT_MAX, "%u", numbers[attr]);
	return text;
}

void vv_provisioned_request(const struct vv_provisioned *d, struct vv_request *request)
{
	char text[VV_ATTR_TEXT_MAX];
	unsigned int i;

	vv_request_init(request);
	request->has_mask = true;
	request->mask = d->features;
	request->has_default = true;
	request->features_default = d->features_default;
	snprintf(request->model, sizeof(request->model), "%s", d->model);
	request->model_features = d->features;
	memcpy(request->mac, d->mac, sizeof(request->mac));
	request->mtu = d->mtu;
	request->max_vqp = d->max_vqp;
	request->max_vq_size = d->max_vq_size;
	request->mac_table_size = d->mac_table_size;
	request->mode = d->mode;
	request->trust = d->trust;
	request->cvq_core = d->cvq_core;
	for (i = 0; i < VV_ATTR_N; i++)
		if (*vv_provisioned_attr(d, i, text))
			request->attrs |= 1u << i;
}
