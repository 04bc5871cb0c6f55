/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "offload_scene.h"
#include "random.h"

const uint32_t scene_all_tx = VQ_F_CSUM | VQ_F_HOST_TSO4 | VQ_F_HOST_TSO6 | VQ_F_HOST_ECN;

int scene_choose_seed(void **state)
{
	random_begin(0x5eed0ff1);
	return 0;
}

void scene_cut_up(uint8_t *bytes, uint32_t len, struct mem_piece *piece)
{
	unsigned int n = 0;

	while (len > 0) {
		uint32_t part = n == PIECES_MAX - 1 ? len : 1 + random_below(len);

		piece[n++] = (struct mem_piece){bytes, part};
		bytes += part;
		len -= part;
	}
}

enum offload_kind scene_check(const uint8_t *vnet, uint32_t flags, const uint8_t *frame,
			      uint32_t len, struct offload *o)
{
	uint32_t head_len = len < OFFLOAD_HEAD_TAKEN ? len : OFFLOAD_HEAD_TAKEN;
	uint8_t *head = malloc(head_len);
	enum offload_kind kind;

	/* Exactly as long as it says: a read behind it is seen. */
	assert_non_null(head);
	memcpy(head, frame, head_len);
	kind = offload_check(vnet, flags, head, head_len, len, o);
	free(head);
	return kind;
}

void scene_csum_vnet(const struct packet *p, const struct packet_at *at, uint8_t *vnet)
{
	packet_vnet(vnet, VNET_F_NEEDS_CSUM, 0, 0, 0, (uint16_t)at->l4,
		    p->protocol == PACKET_TCP ? 16 : 6);
}

void scene_gso_vnet(const struct packet *p, const struct packet_at *at, uint16_t gso_size,
		    uint8_t *vnet)
{
	uint8_t type = p->version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;

	if (p->flags & PACKET_CWR)
		type |= VNET_GSO_ECN;
	packet_vnet(vnet, VNET_F_NEEDS_CSUM, type, (uint16_t)at->body, gso_size, (uint16_t)at->l4,
		    16);
}
