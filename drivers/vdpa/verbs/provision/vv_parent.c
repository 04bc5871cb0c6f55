/* SPDX-License-Identifier: BSD-3-Clause */
#include "vv_parent.h"

const char *vv_mode_name(enum vv_mode mode)
{
	static const char *const names[VV_MODE_N] = {
	    [VV_MODE_TRANSITIONAL] = "transitional",
	    [VV_MODE_MODERN] = "modern",
	    [VV_MODE_LEGACY] = "legacy",
	};

	return names[mode];
}

const char *vv_attr_name(enum vv_attr attr)
{
	static const char *const names[VV_ATTR_N] = {
	    [VV_ATTR_MAC] = "mac",
	    [VV_ATTR_MTU] = "mtu",
	    [VV_ATTR_MAX_VQP] = "max_vqp",
	    [VV_ATTR_MAX_VQ_SIZE] = "max_vq_size",
	    [VV_ATTR_MAC_TABLE] = "mac_table_size",
	    [VV_ATTR_MODE] = "mode",
	    [VV_ATTR_TRUST] = "trust",
	    [VV_ATTR_CVQ_CORE] = "cvq_core",
	};

	return names[attr];
}
