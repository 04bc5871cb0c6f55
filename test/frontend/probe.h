/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame that asks a question of the NIC: who receives this, on which queue? It carries a number
 * all through its payload, so that each segment of it can be told. Pure functions.
 */
#ifndef FRONTEND_PROBE_H
#define FRONTEND_PROBE_H

#include <stddef.h>
#include <linux/virtio_net.h>

#include "frame.h"

enum fe_probe_kind {
	FE_PROBE_UDP4,
	FE_PROBE_TCP4,
	FE_PROBE_IP4,
	FE_PROBE_UDP6,
	FE_PROBE_TCP6,
	FE_PROBE_IP6,
	FE_PROBE_ETHER, /* nothing that can be hashed */
	FE_PROBE_KINDS,
};

#define FE_PROBE_LEN_MIN 100

struct fe_probe {
	uint8_t dst[FE_MAC_LEN], src[FE_MAC_LEN];
	int vlan; /* -1: no tag */
	enum fe_probe_kind kind;
	uint32_t flow;   /* addresses and ports follow from it */
	uint32_t len;    /* of the frame */
	uint32_t mss;    /* TCP payload of its segments, a multiple of 8; 0: whole */
	uint32_t number; /* of the probe */
};

/* "udp4", ...; -EINVAL: no such kind. */
int fe_probe_kind_parse(const char *text, size_t len, enum fe_probe_kind *kind);
const char *fe_probe_kind_name(enum fe_probe_kind kind);

/* Writes probe->len bytes, and what the device is asked to do. */
void fe_probe_build(const struct fe_probe *probe, uint8_t *out, struct virtio_net_hdr *hdr);

/* The number it carries; false: not a probe. */
bool fe_probe_read(const uint8_t *frame, uint32_t len, uint32_t *number);

#endif
