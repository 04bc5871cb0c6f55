/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's configuration space (virtio 1.3 5.1.4), as a guest may read it. Fields whose feature
 * is not offered read as zero. Pure functions.
 */
#ifndef VV_CONFIG_H
#define VV_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vv_config {
	uint64_t features; /* offered by the device: a front-end reads before it negotiates */
	uint8_t mac[6];
	bool link_up, announce;
	uint16_t pairs;
	uint16_t mtu;
	uint32_t speed_mbps; /* 0xffffffff: unknown */
	bool full_duplex;
	uint32_t hash_types;
	uint8_t rss_key_max;
	uint16_t rss_table_max;
};

/* All len bytes are written; those behind the end of the space are zero. */
void vv_config_fill(const struct vv_config *config, uint8_t *bytes, size_t len);

#endif
