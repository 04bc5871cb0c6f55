/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory keys that join other keys: a list of (length, key, address). */
#ifndef VV_PRM_MKEY_H
#define VV_PRM_MKEY_H

#include "prm.h"

enum { PRM_OP_CREATE_MKEY = 0x200 };

enum {
	PRM_ACCESS_MODE_KLM = 2,     /* each entry says its length */
	PRM_ACCESS_MODE_KLM_FBS = 3, /* all entries have 1 << log_page_size bytes */
};

struct prm_mkc {
	uint8_t rsvd_0[1];
	uint8_t free[1];
	uint8_t rsvd_2[1];
	uint8_t access_mode_4_2[3];
	uint8_t rsvd_6[10];
	uint8_t umr_en[1];
	uint8_t a[1];
	uint8_t rw[1];
	uint8_t rr[1];
	uint8_t lw[1];
	uint8_t lr[1];
	uint8_t access_mode_1_0[2];
	uint8_t rsvd_18[8];
	uint8_t qpn[24];
	uint8_t mkey_7_0[8];
	uint8_t rsvd_40[32];
	uint8_t length64[1];
	uint8_t rsvd_61[7];
	uint8_t pd[24];
	uint8_t start_addr[64];
	uint8_t len[64];
	uint8_t bsf_octword_size[32];
	uint8_t rsvd_120[0x80];
	uint8_t translations_octword_size[32];
	uint8_t rsvd_1c0[0x1b];
	uint8_t log_page_size[5];
	uint8_t rsvd_1e0[32];
};

/* Followed by klm entries, padded to a multiple of four. */
struct prm_create_mkey_in {
	uint8_t opcode[16];
	uint8_t rsvd_10[32];
	uint8_t op_mod[16];
	uint8_t rsvd_40[32];
	uint8_t pg_access[1];
	uint8_t rsvd_61[31];
	struct prm_mkc memory_key_mkey_entry;
	uint8_t rsvd_280[0x80];
	uint8_t translations_octword_actual_size[32];
	uint8_t mkey_umem_id[32];
	uint8_t mkey_umem_offset[64];
	uint8_t rsvd_380[0x500];
};

struct prm_create_mkey_out {
	uint8_t status[8];
	uint8_t rsvd_8[24];
	uint8_t syndrome[32];
	uint8_t rsvd_40[8];
	uint8_t mkey_index[24];
	uint8_t rsvd_60[32];
};

struct prm_klm {
	uint8_t byte_count[32];
	uint8_t mkey[32];
	uint8_t address[64];
};

#endif
