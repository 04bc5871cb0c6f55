/* SPDX-License-Identifier: BSD-3-Clause */
/* Queue pairs and their way from reset to ready-to-send. */
#ifndef VV_PRM_QP_H
#define VV_PRM_QP_H

#include "prm.h"

enum {
	PRM_OP_CREATE_QP = 0x500,
	PRM_OP_RST2INIT_QP = 0x502,
	PRM_OP_INIT2RTR_QP = 0x503,
	PRM_OP_RTR2RTS_QP = 0x504,
	PRM_OP_2RST_QP = 0x50a,
};

enum {
	PRM_QP_ST_RC = 0,
	PRM_QP_PM_MIGRATED = 3,
	PRM_QP_RQ_REGULAR = 0,
	PRM_QP_RQ_ZERO_LEN = 3,
	PRM_QP_TS_FREE_RUNNING = 0,
	PRM_QP_TS_DEFAULT = 1,
	PRM_QP_MTU_256 = 1,
	PRM_QP_LOG_RQ_STRIDE_BASE = 4, /* log_rq_stride counts from here */
	PRM_QP_RQ_WQE_SZ = 16,
};

struct prm_ads {
	uint8_t fl[1];
	uint8_t free_ar[1];
	uint8_t rsvd_2[14];
	uint8_t pkey_index[16];
	uint8_t rsvd_20[8];
	uint8_t grh[1];
	uint8_t mlid[7];
	uint8_t rlid[16];
	uint8_t ack_timeout[5];
	uint8_t rsvd_45[3];
	uint8_t src_addr_index[8];
	uint8_t rsvd_50[16];
	uint8_t rsvd_60[0xc0];
	uint8_t rsvd_120[8];
	uint8_t vhca_port_num[8];
	uint8_t rmac_47_32[16];
	uint8_t rmac_31_0[32];
};

struct prm_qpc {
	uint8_t state[4];
	uint8_t lag_tx_port_affinity[4];
	uint8_t st[8];
	uint8_t rsvd_10[3];
	uint8_t pm_state[2];
	uint8_t rsvd_15[11];
	uint8_t rsvd_20[8];
	uint8_t pd[24];
	uint8_t mtu[3];
	uint8_t log_msg_max[5];
	uint8_t rsvd_48[1];
	uint8_t log_rq_size[4];
	uint8_t log_rq_stride[3];
	uint8_t no_sq[1];
	uint8_t log_sq_size[4];
	uint8_t rsvd_55[3];
	uint8_t ts_format[2];
	uint8_t rsvd_5a[6];
	uint8_t counter_set_id[8];
	uint8_t uar_page[24];
	uint8_t rsvd_80[8];
	uint8_t user_index[24];
	uint8_t rsvd_a0[3];
	uint8_t log_page_size[5];
	uint8_t remote_qpn[24];
	struct prm_ads primary_address_path;
	struct prm_ads secondary_address_path;
	uint8_t log_ack_req_freq[4];
	uint8_t rsvd_384[9];
	uint8_t retry_count[3];
	uint8_t rnr_retry[3];
	uint8_t rsvd_393[13];
	uint8_t rsvd_3a0[0x48];
	uint8_t cqn_snd[24];
	uint8_t rsvd_400[0x90];
	uint8_t rre[1];
	uint8_t rwe[1];
	uint8_t rae[1];
	uint8_t rsvd_493[13];
	uint8_t rsvd_4a0[3];
	uint8_t min_rnr_nak[5];
	uint8_t next_rcv_psn[24];
	uint8_t rsvd_4c0[0x28];
	uint8_t cqn_rcv[24];
	uint8_t dbr_addr[64]; /* offset in the umem */
	uint8_t q_key[32];
	uint8_t rsvd_560[5];
	uint8_t rq_type[3];
	uint8_t srqn_rmpn_xrqn[24];
	uint8_t rsvd_580[0x103];
	uint8_t dbr_umem_valid[1];
	uint8_t rsvd_684[0x9c];
	uint8_t dbr_umem_id[32];
};

struct prm_create_qp_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[64];
	uint8_t opt_param_mask[32];
	uint8_t rsvd_a0[32];
	struct prm_qpc qpc;
	uint8_t wq_umem_offset[64];
	uint8_t wq_umem_id[32];
	uint8_t wq_umem_valid[1];
	uint8_t rsvd_861[0x1f];
};

struct prm_create_qp_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[8];
	uint8_t qpn[24];
	uint8_t rsvd_60[32];
};

/* The three steps share one shape. */
struct prm_rst2init_qp_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[8];
	uint8_t qpn[24];
	uint8_t rsvd_60[32];
	uint8_t opt_param_mask[32];
	uint8_t rsvd_a0[32];
	struct prm_qpc qpc;
	uint8_t rsvd_800[0x80];
};

struct prm_2rst_qp_in {
	uint8_t opcode[16];
	uint8_t uid[16];
	uint8_t rsvd_20[16];
	uint8_t op_mod[16];
	uint8_t rsvd_40[8];
	uint8_t qpn[24];
	uint8_t rsvd_60[32];
};

#endif
