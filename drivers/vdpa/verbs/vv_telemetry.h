/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's part of DPDK's telemetry (dpdk-telemetry.py), all of it read-only. NAME is a device,
 * with or without "vdpa_verbs_".
 *
 *	/vdpa_verbs/mgmtdev/list         the parents of this host, what they can and have left
 *	/vdpa_verbs/dev/list             names of the devices; also /vdpa_verbs/list
 *	/vdpa_verbs/dev/info,NAME        what it was provisioned as
 *	/vdpa_verbs/dev/config,NAME      what is so now
 *	/vdpa_verbs/dev/stats,NAME[,Q]   counters of ring Q, or sums over the data rings
 *	/vdpa_verbs/cvq/stats,NAME       what became of the guest's commands
 *	/vdpa_verbs/control,NAME         that, and what the guest has chosen by them
 *
 * Registered when the plugin is loaded. Threads: telemetry's, which waits for the device's lock.
 */
#ifndef VV_TELEMETRY_H
#define VV_TELEMETRY_H

void vv_telemetry_register(void);

#endif
