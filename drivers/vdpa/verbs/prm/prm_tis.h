/* SPDX-License-Identifier: BSD-3-Clause */
/* The transmit side: transport domain and transport interface send object. */
#ifndef VV_PRM_TIS_H
#define VV_PRM_TIS_H

#include "prm.h"

enum { PRM_OP_ALLOC_TRANSPORT_DOMAIN = 0x816, PRM_OP_CREATE_TIS = 0x912 };

struct prm_alloc_transport_domain_in {
	uint8_t opcode[16];
	uint8_t rsvd_10[32];
	uint8_t op_mod[16];
	uint8_t rsvd_40[64];
};

struct prm_alloc_transport_domain_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[8];
	uint8_t transport_domain[24];
	uint8_t rsvd_60[32];
};

struct prm_tisc {
	uint8_t strict_lag_tx_port_affinity[1];
	uint8_t rsvd_1[3];
	uint8_t lag_tx_port_affinity[4];
	uint8_t rsvd_8[4];
	uint8_t prio[4];
	uint8_t rsvd_10[16];
	uint8_t rsvd_20[0x108];
	uint8_t transport_domain[24];
	uint8_t rsvd_140[0x3c0];
};

struct prm_create_tis_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[0xc0];
	struct prm_tisc ctx;
};

struct prm_create_tis_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[8];
	uint8_t tisn[24];
	uint8_t rsvd_60[32];
};

#endif
