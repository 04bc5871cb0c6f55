/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's log type, pmd.vdpa.verbs. One line where an error is handled, in the form
 * "device: what: cause (value)" or "device/queue: ...". Nothing per packet.
 */
#ifndef VV_LOG_H
#define VV_LOG_H

#include <rte_log.h>

extern int vv_logtype;

#define VV_LOG(level, fmt, ...)                                                                    \
	rte_log(RTE_LOG_##level, vv_logtype, "vdpa-verbs: " fmt "\n", ##__VA_ARGS__)

#endif
