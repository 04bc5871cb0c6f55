/* SPDX-License-Identifier: BSD-3-Clause */
/* General objects: one set of commands for many kinds, told apart by obj_type. */
#ifndef VV_PRM_OBJ_H
#define VV_PRM_OBJ_H

#include "prm.h"

enum {
	PRM_OP_CREATE_GENERAL_OBJECT = 0xa00,
	PRM_OP_MODIFY_GENERAL_OBJECT = 0xa01,
	PRM_OP_QUERY_GENERAL_OBJECT = 0xa02,
};

enum {
	PRM_OBJ_VIRTIO_NET_Q = 0x0d,
	PRM_OBJ_VIRTIO_Q_COUNTERS = 0x1c,
};

struct prm_general_obj_in_cmd_hdr {
	uint8_t opcode[16];
	uint8_t rsvd_10[32];
	uint8_t obj_type[16];
	uint8_t obj_id[32];
	uint8_t rsvd_60[32];
};

/* Status and syndrome are here in the answer to every command. */
struct prm_general_obj_out_cmd_hdr {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t obj_id[32];
	uint8_t rsvd_60[32];
};

#endif
