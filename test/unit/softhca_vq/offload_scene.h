/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames and virtio_net_hdrs for the tests of offloads as functions. Failures end the test
 * (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_OFFLOAD_SCENE_H
#define TEST_SOFTHCA_VQ_OFFLOAD_SCENE_H

#include "packet.h"
#include "vq/offload.h"

enum { FRAME_MAX = 66000, PIECES_MAX = 64 };

/* All that a sender can have negotiated. */
extern const uint32_t scene_all_tx;

/* For cmocka: the group's setup. */
int scene_choose_seed(void **state);

/* Bytes as up to PIECES_MAX pieces of any lengths. */
void scene_cut_up(uint8_t *bytes, uint32_t len, struct mem_piece *piece);
/* offload_check() of a head that is exactly as long as it says: a read behind it is seen. */
enum offload_kind scene_check(const uint8_t *vnet, uint32_t flags, const uint8_t *frame,
			      uint32_t len, struct offload *o);

/* The header a driver puts in front of p for the checksum alone. */
void scene_csum_vnet(const struct packet *p, const struct packet_at *at, uint8_t *vnet);
/* And for segments of gso_size bytes. */
void scene_gso_vnet(const struct packet *p, const struct packet_at *at, uint16_t gso_size,
		    uint8_t *vnet);

#endif
