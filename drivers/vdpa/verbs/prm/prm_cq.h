/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion queues. */
#ifndef VV_PRM_CQ_H
#define VV_PRM_CQ_H

#include "prm.h"

enum { PRM_OP_CREATE_CQ = 0x400 };

/* What the software sees of a queue: entries, doorbell record and the arming doorbell. */
enum {
	PRM_CQE_SZ = 64,
	PRM_CQE_WQE_COUNTER_BYTE = 0x3c, /* be16 */
	PRM_CQE_OP_OWN_BYTE = 0x3f,      /* opcode in bits 4-7 */
	PRM_CQE_OP_REQ_ERR = 0xd,
	PRM_CQE_OP_RESP_ERR = 0xe,
	PRM_CQE_OP_INVALID = 0xf,
	PRM_CQ_DBR_CI_WORD = 0,  /* be32, 24 bits */
	PRM_CQ_DBR_ARM_WORD = 1, /* be32: sequence number << 28 | command << 24 | consumer index */
	PRM_CQ_UAR_DOORBELL = 0x20, /* be64: arm word << 32 | CQ number */
};

struct prm_cqc {
	uint8_t status[4];
	uint8_t as_notify[1];
	uint8_t initiator_src_dct[1];
	uint8_t dbr_umem_valid[1];
	uint8_t rsvd_7[1];
	uint8_t cqe_sz[3]; /* 0: 64 bytes */
	uint8_t cc[1];     /* collapsed: always the first entry is written */
	uint8_t rsvd_c[2];
	uint8_t oi[1];
	uint8_t cq_period_mode[2];
	uint8_t rsvd_11[3];
	uint8_t st[4];
	uint8_t rsvd_18[8];
	uint8_t dbr_umem_id[32];
	uint8_t rsvd_40[0x14];
	uint8_t page_offset[6];
	uint8_t rsvd_5a[9];
	uint8_t log_cq_size[5];
	uint8_t uar_page[24];
	uint8_t rsvd_80[4];
	uint8_t cq_period[12];
	uint8_t cq_max_count[16];
	uint8_t rsvd_a0[0x18];
	uint8_t c_eqn[8];
	uint8_t rsvd_c0[3];
	uint8_t log_page_size[5];
	uint8_t rsvd_c8[0x38];
	uint8_t rsvd_100[0xc0];
	uint8_t dbr_addr[64]; /* offset in the umem */
};

struct prm_create_cq_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[64];
	struct prm_cqc cq_context;
	uint8_t cq_umem_offset[64];
	uint8_t cq_umem_id[32];
	uint8_t cq_umem_valid[1];
	uint8_t rsvd_2e1[0x1f];
	uint8_t rsvd_300[0x580];
};

struct prm_create_cq_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[8];
	uint8_t cqn[24];
	uint8_t rsvd_60[32];
};

#endif
