/* SPDX-License-Identifier: BSD-3-Clause */
#include "uverbs_devx.h"

#include <stdbool.h>

/*
 * The commands of each kind, as ranges of opcodes; queries and modifications that have no object
 * of the model behind them are refused by firmware, not here.
 */
struct range {
	uint16_t first, last;
	enum devx_kind kind;
};

static const struct range ranges[] = {
    {0x0100, 0x0101, DEVX_GENERAL}, /* QUERY_HCA_CAP, QUERY_ADAPTER */
    {0x010a, 0x010a, DEVX_GENERAL}, /* QUERY_ISSI */
    {0x0200, 0x0200, DEVX_CREATE }, /* CREATE_MKEY */
    {0x0201, 0x0201, DEVX_QUERY  },
    {0x0400, 0x0400, DEVX_CREATE }, /* CREATE_CQ */
    {0x0402, 0x0402, DEVX_QUERY  },
    {0x0403, 0x0403, DEVX_MODIFY },
    {0x0500, 0x0500, DEVX_CREATE }, /* CREATE_QP */
    {0x0502, 0x0505, DEVX_MODIFY }, /* RST2INIT .. RTS2RTS */
    {0x0506, 0x0507, DEVX_MODIFY }, /* SQERR2RTS, 2ERR */
    {0x050a, 0x050a, DEVX_MODIFY }, /* 2RST */
    {0x050b, 0x050b, DEVX_QUERY  },
    {0x050e, 0x050e, DEVX_MODIFY }, /* INIT2INIT */
    {0x0600, 0x0600, DEVX_CREATE }, /* CREATE_PSV; one at a time, see devx_kind() */
    {0x0700, 0x0700, DEVX_CREATE }, /* CREATE_SRQ */
    {0x0702, 0x0702, DEVX_QUERY  },
    {0x0703, 0x0703, DEVX_MODIFY },
    {0x0705, 0x0705, DEVX_CREATE }, /* CREATE_XRC_SRQ */
    {0x0707, 0x0707, DEVX_QUERY  },
    {0x0708, 0x0708, DEVX_MODIFY },
    {0x0710, 0x0710, DEVX_CREATE }, /* CREATE_DCT */
    {0x0712, 0x0712, DEVX_MODIFY },
    {0x0713, 0x0713, DEVX_QUERY  },
    {0x0717, 0x0717, DEVX_CREATE }, /* CREATE_XRQ */
    {0x0719, 0x0719, DEVX_QUERY  },
    {0x071a, 0x071a, DEVX_MODIFY },
    {0x0750, 0x0750, DEVX_GENERAL}, /* QUERY_VPORT_STATE */
    {0x0752, 0x0752, DEVX_GENERAL}, /* QUERY_ESW_VPORT_CONTEXT */
    {0x0754, 0x0754, DEVX_GENERAL}, /* QUERY_NIC_VPORT_CONTEXT */
    {0x0760, 0x0760, DEVX_GENERAL}, /* QUERY_ROCE_ADDRESS */
    {0x0762, 0x0762, DEVX_GENERAL}, /* QUERY_HCA_VPORT_CONTEXT */
    {0x076f, 0x0770, DEVX_GENERAL}, /* QUERY_VNIC_ENV, QUERY_VPORT_COUNTER */
    {0x0771, 0x0771, DEVX_CREATE }, /* ALLOC_Q_COUNTER */
    {0x0773, 0x0773, DEVX_QUERY  },
    {0x0782, 0x0782, DEVX_CREATE }, /* CREATE_SCHEDULING_ELEMENT */
    {0x0784, 0x0784, DEVX_QUERY  },
    {0x0785, 0x0785, DEVX_MODIFY },
    {0x0800, 0x0800, DEVX_CREATE }, /* ALLOC_PD */
    {0x080d, 0x080d, DEVX_GENERAL}, /* NOP */
    {0x080e, 0x080e, DEVX_CREATE }, /* ALLOC_XRCD */
    {0x0816, 0x0816, DEVX_CREATE }, /* ALLOC_TRANSPORT_DOMAIN */
    {0x0822, 0x0822, DEVX_GENERAL}, /* QUERY_CONG_STATUS */
    {0x0824, 0x0824, DEVX_GENERAL}, /* QUERY_CONG_PARAMS */
    {0x0826, 0x0826, DEVX_GENERAL}, /* QUERY_CONG_STATISTICS */
    {0x0827, 0x0827, DEVX_CREATE }, /* ADD_VXLAN_UDP_DPORT */
    {0x0829, 0x0829, DEVX_CREATE }, /* SET_L2_TABLE_ENTRY */
    {0x082a, 0x082a, DEVX_QUERY  },
    {0x0842, 0x0842, DEVX_GENERAL}, /* QUERY_LAG */
    {0x0900, 0x0900, DEVX_CREATE }, /* CREATE_TIR */
    {0x0901, 0x0901, DEVX_MODIFY },
    {0x0903, 0x0903, DEVX_QUERY  },
    {0x0904, 0x0904, DEVX_CREATE }, /* CREATE_SQ */
    {0x0905, 0x0905, DEVX_MODIFY },
    {0x0907, 0x0907, DEVX_QUERY  },
    {0x0908, 0x0908, DEVX_CREATE }, /* CREATE_RQ */
    {0x0909, 0x0909, DEVX_MODIFY },
    {0x090b, 0x090b, DEVX_QUERY  },
    {0x090c, 0x090c, DEVX_CREATE }, /* CREATE_RMP */
    {0x090d, 0x090d, DEVX_MODIFY },
    {0x090f, 0x090f, DEVX_QUERY  },
    {0x0912, 0x0912, DEVX_CREATE }, /* CREATE_TIS */
    {0x0913, 0x0913, DEVX_MODIFY },
    {0x0915, 0x0915, DEVX_QUERY  },
    {0x0916, 0x0916, DEVX_CREATE }, /* CREATE_RQT */
    {0x0917, 0x0917, DEVX_MODIFY },
    {0x0919, 0x0919, DEVX_QUERY  },
    {0x0930, 0x0930, DEVX_CREATE }, /* CREATE_FLOW_TABLE */
    {0x0932, 0x0932, DEVX_QUERY  },
    {0x0933, 0x0933, DEVX_CREATE }, /* CREATE_FLOW_GROUP */
    {0x0935, 0x0935, DEVX_QUERY  },
    {0x0936, 0x0936, DEVX_CREATE }, /* SET_FLOW_TABLE_ENTRY; with op_mod, see devx_kind() */
    {0x0937, 0x0937, DEVX_QUERY  },
    {0x0939, 0x0939, DEVX_CREATE }, /* ALLOC_FLOW_COUNTER */
    {0x093b, 0x093b, DEVX_QUERY  },
    {0x093c, 0x093c, DEVX_MODIFY }, /* MODIFY_FLOW_TABLE */
    {0x093d, 0x093d, DEVX_CREATE }, /* ALLOC_PACKET_REFORMAT_CONTEXT */
    {0x0940, 0x0940, DEVX_CREATE }, /* ALLOC_MODIFY_HEADER_CONTEXT */
    {0x0a00, 0x0a00, DEVX_CREATE }, /* CREATE_GENERAL_OBJECT */
    {0x0a01, 0x0a01, DEVX_MODIFY },
    {0x0a02, 0x0a02, DEVX_QUERY  },
    {0x0b00, 0x0cff, DEVX_GENERAL}, /* general commands that are not tied to objects */
};

enum {
	OP_CREATE_CQ = 0x400,
	OP_CREATE_QP = 0x500,
	OP_CREATE_PSV = 0x600,
	OP_SET_FLOW_TABLE_ENTRY = 0x936,
};

enum devx_kind devx_kind(const void *mbox)
{
	uint16_t opcode = mbox_get16(mbox, MBOX_OPCODE);
	uint16_t op_mod = mbox_get16(mbox, MBOX_OP_MOD);

	if (opcode == OP_SET_FLOW_TABLE_ENTRY)
		return op_mod == 0 ? DEVX_CREATE : op_mod == 1 ? DEVX_MODIFY : DEVX_NONE;
	if (opcode == OP_CREATE_PSV && (((const uint8_t *)mbox)[8] >> 4) != 1)
		return DEVX_NONE;
	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++)
		if (opcode >= ranges[i].first && opcode <= ranges[i].last)
			return ranges[i].kind;
	return DEVX_NONE;
}

void devx_set_umem_valid(void *in, size_t len)
{
	uint8_t *mbox = in;
	enum { CQ_VALID = 0x2e0, CQ_DBR_VALID = 0x86, QP_VALID = 0x860, QP_DBR_VALID = 0x743 };
	enum { QP_RQ_TYPE = 0x625, QP_NO_SQ = 0x110, ZERO_LEN_RQ = 3 };
	uint16_t opcode = mbox_get16(mbox, MBOX_OPCODE);

	if (opcode == OP_CREATE_CQ && len > CQ_VALID / 8) {
		mbox[CQ_VALID / 8] |= 0x80 >> CQ_VALID % 8;
		mbox[CQ_DBR_VALID / 8] |= 0x80 >> CQ_DBR_VALID % 8;
	}
	if (opcode == OP_CREATE_QP && len > QP_VALID / 8) {
		bool no_sq = (mbox[QP_NO_SQ / 8] & 0x80 >> QP_NO_SQ % 8) != 0;
		bool no_rq = (mbox[QP_RQ_TYPE / 8] & 7) == ZERO_LEN_RQ;

		if (no_sq && no_rq)
			return;
		mbox[QP_VALID / 8] |= 0x80 >> QP_VALID % 8;
		mbox[QP_DBR_VALID / 8] |= 0x80 >> QP_DBR_VALID % 8;
	}
}
