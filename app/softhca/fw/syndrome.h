/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a command is refused: statuses as the PRM numbers them, and syndromes of this device
 * (syndrome.def).
 */
#ifndef SOFTHCA_FW_SYNDROME_H
#define SOFTHCA_FW_SYNDROME_H

#include <stdint.h>

enum cmd_status {
	ST_OK = 0x0,
	ST_INTERNAL_ERR = 0x1,
	ST_BAD_OP = 0x2,
	ST_BAD_PARAM = 0x3,
	ST_BAD_RES = 0x5,
	ST_RES_BUSY = 0x6,
	ST_LIM_ERR = 0x8,
	ST_BAD_RES_STATE = 0x9,
	ST_NO_RES = 0xf,
	ST_BAD_QP_STATE = 0x10,
	ST_BAD_INPUT_LEN = 0x50,
	ST_BAD_OUTPUT_LEN = 0x51,
};

#define SYND(name) SYND_##name

enum syndrome {
#define S(name, number, status, text) SYND_##name = number,
#include "syndrome.def"
#undef S
};

struct syndrome_info {
	enum syndrome number;
	enum cmd_status status;
	const char *name, *status_name, *text;
};

/* Never NULL for a member of the enum. */
const struct syndrome_info *syndrome_info(enum syndrome s);

#endif
