/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that leave work to the device (virtio 1.2 section 5.1.6): partial checksums and TCP frames
 * to be segmented, and what may become of them on the way.
 *
 * Every second group of four flows is TCP, if the sender has CSUM. Its frames carry stream and flow
 * in addresses, the frame's number as acknowledgement number and a starting sequence number that
 * follows from it; so each segment says which part of which frame it is. With HOST_TSO most of them
 * are longer than their gso_size, and some come with FIN, PSH, CWR, TCP options.
 *
 * The receiver builds the frame again and accepts exactly what the specification allows: the frame
 * as it was sent, with the header it was sent with, where GUEST_TSO of its family (and GUEST_ECN)
 * was negotiated; else segments, each with the lengths, IP identification, sequence number, flags
 * and checksums that follow. A checksum may stay partial with GUEST_CSUM, and is verified anyway.
 *
 * Pure functions.
 */
#ifndef FRONTEND_OFFLOAD_H
#define FRONTEND_OFFLOAD_H

#include <linux/virtio_net.h>

#include "frame.h"

/* An IPv4 packet of 65535 bytes. */
#define FE_GSO_MAX 65549
/* What a receive buffer must hold with GUEST_TSO and without MRG_RXBUF (section 5.1.6.3.1). */
#define FE_GSO_BUFFER 65550

#define FE_OFFLOADS_TX                                                                             \
	(1ull << VIRTIO_NET_F_CSUM | 1ull << VIRTIO_NET_F_HOST_TSO4 |                              \
	 1ull << VIRTIO_NET_F_HOST_TSO6 | 1ull << VIRTIO_NET_F_HOST_ECN)
#define FE_OFFLOADS_RX                                                                             \
	(1ull << VIRTIO_NET_F_GUEST_CSUM | 1ull << VIRTIO_NET_F_GUEST_TSO4 |                       \
	 1ull << VIRTIO_NET_F_GUEST_TSO6 | 1ull << VIRTIO_NET_F_GUEST_ECN)

static inline bool fe_offload_any(const struct fe_frame_spec *spec)
{
	return spec->offload.tx || spec->offload.rx;
}

/* Segments a frame may arrive in, at most; 1: the receiver takes whole ones. */
unsigned int fe_offload_parts(const struct fe_offload_spec *offload);

/* Writes frame and header; returns the length of the frame, FE_GSO_MAX at most. */
uint32_t fe_offload_build(const struct fe_frame_spec *spec, uint16_t flow, uint32_t seq,
			  uint8_t *out, struct virtio_net_hdr *hdr);

/* Is it one of our TCP frames, or a part of one? As fe_frame_peek. */
bool fe_offload_peek(const uint8_t *data, uint32_t len, struct fe_frame_id *id);

/* Like fe_frame_check; id says which part of the frame it is. */
enum fe_verdict fe_offload_check(const struct fe_frame_spec *spec, const struct virtio_net_hdr *hdr,
				 const uint8_t *data, uint32_t len, struct fe_frame_id *id);

/* "csum,tso4,guest_csum", "tx", "rx", "all", "none": feature bits. -EINVAL: an unknown name. */
int fe_offload_parse(const char *text, uint64_t *features);

#endif
