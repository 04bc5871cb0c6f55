/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's part of DPDK's telemetry (dpdk-telemetry.py): /vdpa_verbs/list names the devices,
 * /vdpa_verbs/control,NAME shows what a guest has chosen by its control queue, and what became of
 * its commands. Registered when the plugin is loaded. Threads: telemetry's, which takes the list's
 * lock and a device's.
 */
#ifndef VV_TELEMETRY_H
#define VV_TELEMETRY_H

void vv_telemetry_register(void);

#endif
