/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive queue table: the queues that a hash may choose from. */
#ifndef VV_PRM_RQT_H
#define VV_PRM_RQT_H

#include "prm.h"

enum { PRM_OP_CREATE_RQT = 0x916, PRM_OP_MODIFY_RQT = 0x917 };
enum { PRM_RQT_LIST_VIRTIO_NET_Q = 1 };
enum { PRM_RQT_MODIFY_LIST = 1 };

/* One entry of the list. */
struct prm_rq_num {
	uint8_t rsvd_0[8];
	uint8_t rq_num[24];
};

/* Followed by rqt_actual_size entries. */
struct prm_rqtc {
	uint8_t rsvd_0[0xa5];
	uint8_t list_q_type[3];
	uint8_t rsvd_a8[8];
	uint8_t rqt_max_size[16];
	uint8_t rsvd_c0[16];
	uint8_t rqt_actual_size[16];
	uint8_t rsvd_e0[0x6a0];
};

struct prm_create_rqt_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[0xc0];
	struct prm_rqtc rqt_context;
};

struct prm_create_rqt_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[8];
	uint8_t rqtn[24];
	uint8_t rsvd_60[32];
};

struct prm_modify_rqt_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[8];
	uint8_t rqtn[24];
	uint8_t rsvd_60[32];
	uint8_t modify_bitmask[64];
	uint8_t rsvd_c0[64];
	struct prm_rqtc rqt_context;
};

#endif
