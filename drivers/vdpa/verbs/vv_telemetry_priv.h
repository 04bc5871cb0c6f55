/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vv_telemetry*.c files share. */
#ifndef VV_TELEMETRY_PRIV_H
#define VV_TELEMETRY_PRIV_H

#include <stdint.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include "vv_ops.h"

static inline void vv_telemetry_number(struct rte_tel_data *d, const char *name, uint64_t value)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	rte_tel_data_add_dict_uint(d, name, value);
#else
	rte_tel_data_add_dict_u64(d, name, value);
#endif
}

/* name NULL: d is an array. */
void vv_telemetry_mac(struct rte_tel_data *d, const char *name, const uint8_t mac[6]);

/*
 * The device that params begins with, with or without this driver's prefix; rest: what follows its
 * comma, NULL: nothing. rest itself NULL: nothing may. As vv_ops_use.
 */
int vv_telemetry_use(const char *params, struct vv_ops_use *use, const char **rest);

int vv_telemetry_dev_info(const char *cmd, const char *params, struct rte_tel_data *d);
int vv_telemetry_dev_config(const char *cmd, const char *params, struct rte_tel_data *d);
int vv_telemetry_dev_stats(const char *cmd, const char *params, struct rte_tel_data *d);
int vv_telemetry_parents(const char *cmd, const char *params, struct rte_tel_data *d);

#endif
