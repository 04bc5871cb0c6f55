/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every mailbox layout of the driver against those of DPDK's mlx5 driver, which run on hardware.
 * The reference is read from a DPDK source tree at build time; nothing of it is kept here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "mlx5_prm.h"

#include "prm/prm_cap.h"
#include "prm/prm_counters.h"
#include "prm/prm_cq.h"
#include "prm/prm_flow.h"
#include "prm/prm_match.h"
#include "prm/prm_mkey.h"
#include "prm/prm_obj.h"
#include "prm/prm_qp.h"
#include "prm/prm_rqt.h"
#include "prm/prm_tir.h"
#include "prm/prm_tis.h"
#include "prm/prm_virtq.h"
#include "prm/prm_vport.h"

#define THEIR_OFF(layout, field) offsetof(struct mlx5_ifc_##layout##_bits, field)
#define THEIR_LEN(layout, field) sizeof(((struct mlx5_ifc_##layout##_bits *)0)->field)

struct field {
	const char *name;
	size_t our_off, our_len, their_off, their_len;
};

#define FIELD(layout, field)                                                                       \
	{#layout "." #field, PRM_OFF(layout, field), PRM_LEN(layout, field),                       \
	 THEIR_OFF(layout, field), THEIR_LEN(layout, field)},
#define SIZE(layout)                                                                               \
	{#layout " (size)", 0, sizeof(struct prm_##layout), 0,                                     \
	 sizeof(struct mlx5_ifc_##layout##_bits)},
#define SKIPPED(what)
static const struct field fields[] = {
#include "layout_fields.h"
};
#undef FIELD
#undef SIZE
#undef SKIPPED

#define FIELD(layout, field)
#define SIZE(layout)
#define SKIPPED(what) what,
static const char *const skipped[] = {
#include "layout_fields.h"
};

static void compare_each_field_same(void **state)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *f = &fields[i];

		if (f->our_off == f->their_off && f->our_len == f->their_len)
			continue;
		print_error("%s: 0x%zx/%zu here, 0x%zx/%zu there\n", f->name, f->our_off,
			    f->our_len, f->their_off, f->their_len);
		bad++;
	}
	print_message("%zu fields and sizes compared; not in the reference:\n", i);
	for (i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
		print_message("  %s\n", skipped[i]);
	assert_int_equal(bad, 0);
}

/* One 13-bit field here, the first bit at the top; single bits there. */
static size_t feature_off(size_t field_off, unsigned int bit)
{
	return field_off + 12 - bit;
}

static void compare_feature_bits_same(void **state)
{
	size_t cap = PRM_OFF(virtio_emulation_cap, device_features_bits_mask);
	size_t q = PRM_OFF(virtio_net_q, queue_feature_bit_mask_12_3);

	assert_int_equal(feature_off(cap, PRM_VIRTQ_F_HOST_TSO4),
			 THEIR_OFF(virtio_emulation_cap, tso_ipv4));
	assert_int_equal(feature_off(cap, PRM_VIRTQ_F_HOST_TSO6),
			 THEIR_OFF(virtio_emulation_cap, tso_ipv6));
	assert_int_equal(feature_off(cap, PRM_VIRTQ_F_CSUM),
			 THEIR_OFF(virtio_emulation_cap, tx_csum));
	assert_int_equal(feature_off(cap, PRM_VIRTQ_F_GUEST_CSUM),
			 THEIR_OFF(virtio_emulation_cap, rx_csum));
	assert_int_equal(feature_off(q, PRM_VIRTQ_F_HOST_TSO4), THEIR_OFF(virtio_net_q, tso_ipv4));
	assert_int_equal(feature_off(q, PRM_VIRTQ_F_HOST_TSO6), THEIR_OFF(virtio_net_q, tso_ipv6));
	assert_int_equal(feature_off(q, PRM_VIRTQ_F_CSUM), THEIR_OFF(virtio_net_q, tx_csum));
	assert_int_equal(feature_off(q, PRM_VIRTQ_F_GUEST_CSUM), THEIR_OFF(virtio_net_q, rx_csum));
}

static void compare_values_same(void **state)
{
	assert_int_equal(PRM_OP_QUERY_HCA_CAP, MLX5_CMD_OP_QUERY_HCA_CAP);
	assert_int_equal(PRM_OP_QUERY_NIC_VPORT_CONTEXT, MLX5_CMD_OP_QUERY_NIC_VPORT_CONTEXT);
	assert_int_equal(PRM_OP_CREATE_MKEY, MLX5_CMD_OP_CREATE_MKEY);
	assert_int_equal(PRM_OP_CREATE_CQ, MLX5_CMD_OP_CREATE_CQ);
	assert_int_equal(PRM_OP_CREATE_QP, MLX5_CMD_OP_CREATE_QP);
	assert_int_equal(PRM_OP_RST2INIT_QP, MLX5_CMD_OP_RST2INIT_QP);
	assert_int_equal(PRM_OP_INIT2RTR_QP, MLX5_CMD_OP_INIT2RTR_QP);
	assert_int_equal(PRM_OP_RTR2RTS_QP, MLX5_CMD_OP_RTR2RTS_QP);
	assert_int_equal(PRM_OP_2RST_QP, MLX5_CMD_OP_QP_2RST);
	assert_int_equal(PRM_OP_ALLOC_TRANSPORT_DOMAIN, MLX5_CMD_OP_ALLOC_TRANSPORT_DOMAIN);
	assert_int_equal(PRM_OP_CREATE_TIS, MLX5_CMD_OP_CREATE_TIS);
	assert_int_equal(PRM_OP_CREATE_TIR, MLX5_CMD_OP_CREATE_TIR);
	assert_int_equal(PRM_OP_MODIFY_TIR, MLX5_CMD_OP_MODIFY_TIR);
	assert_int_equal(PRM_OP_CREATE_RQT, MLX5_CMD_OP_CREATE_RQT);
	assert_int_equal(PRM_OP_MODIFY_RQT, MLX5_CMD_OP_MODIFY_RQT);
	assert_int_equal(PRM_OP_CREATE_FLOW_TABLE, MLX5_CMD_OP_CREATE_FLOW_TABLE);
	assert_int_equal(PRM_OP_CREATE_FLOW_GROUP, MLX5_CMD_OP_CREATE_FLOW_GROUP);
	assert_int_equal(PRM_OP_SET_FLOW_TABLE_ENTRY, MLX5_CMD_OP_SET_FLOW_TABLE_ENTRY);
	assert_int_equal(PRM_OP_CREATE_GENERAL_OBJECT, MLX5_CMD_OP_CREATE_GENERAL_OBJECT);
	assert_int_equal(PRM_OP_MODIFY_GENERAL_OBJECT, MLX5_CMD_OP_MODIFY_GENERAL_OBJECT);
	assert_int_equal(PRM_OP_QUERY_GENERAL_OBJECT, MLX5_CMD_OP_QUERY_GENERAL_OBJECT);

	assert_int_equal(PRM_CAP_GENERAL,
			 MLX5_GET_HCA_CAP_OP_MOD_GENERAL_DEVICE | MLX5_HCA_CAP_OPMOD_GET_CUR);
	assert_int_equal(PRM_CAP_ROCE, MLX5_GET_HCA_CAP_OP_MOD_ROCE | MLX5_HCA_CAP_OPMOD_GET_CUR);
	assert_int_equal(PRM_CAP_NIC_FLOW_TABLE,
			 MLX5_GET_HCA_CAP_OP_MOD_NIC_FLOW_TABLE | MLX5_HCA_CAP_OPMOD_GET_CUR);
	assert_int_equal(PRM_CAP_VDPA_EMULATION,
			 MLX5_GET_HCA_CAP_OP_MOD_VDPA_EMULATION | MLX5_HCA_CAP_OPMOD_GET_CUR);
	assert_int_equal(PRM_ACCESS_MODE_KLM, MLX5_MKC_ACCESS_MODE_KLM);
	assert_int_equal(PRM_ACCESS_MODE_KLM_FBS, MLX5_MKC_ACCESS_MODE_KLM_FBS);
	assert_int_equal(PRM_QP_ST_RC, MLX5_QP_ST_RC);
	assert_int_equal(PRM_QP_PM_MIGRATED, MLX5_QP_PM_MIGRATED);
	assert_int_equal(PRM_QP_RQ_REGULAR, MLX5_NON_ZERO_RQ);
	assert_int_equal(PRM_QP_RQ_ZERO_LEN, MLX5_ZERO_LEN_RQ);
	assert_int_equal(PRM_QP_TS_DEFAULT, MLX5_QPC_TIMESTAMP_FORMAT_DEFAULT);
	assert_int_equal(PRM_RQT_LIST_VIRTIO_NET_Q, MLX5_INLINE_Q_TYPE_VIRTQ);
	assert_int_equal(PRM_TIR_DISP_INDIRECT, MLX5_TIRC_DISP_TYPE_INDIRECT);
	assert_int_equal(PRM_TIR_HASH_TOEPLITZ, MLX5_RX_HASH_FN_TOEPLITZ);
	assert_int_equal(PRM_TIR_HASH_KEY_BYTES, MLX5_RSS_HASH_KEY_LEN);
	assert_int_equal(PRM_TIR_MODIFY_INDIRECT_TABLE,
			 MLX5_MODIFY_TIR_IN_MODIFY_BITMASK_INDIRECT_TABLE);
	assert_int_equal(PRM_TIR_MODIFY_HASH, MLX5_MODIFY_TIR_IN_MODIFY_BITMASK_HASH);
	assert_int_equal(PRM_FLOW_TABLE_NIC_RX, FS_FT_NIC_RX);
	assert_int_equal(PRM_FLOW_MISS_DEFAULT, MLX5_IFC_MODIFY_FLOW_TABLE_MISS_ACTION_DEFAULT);
	assert_int_equal(PRM_FLOW_ACTION_FWD_DEST, MLX5_FLOW_CONTEXT_ACTION_FWD_DEST);
	assert_int_equal(PRM_HASH_L3_IPV6, MLX5_L3_PROT_TYPE_IPV6);
	assert_int_equal(PRM_HASH_L4_TCP, MLX5_L4_PROT_TYPE_TCP);
	assert_int_equal(PRM_HASH_L4_UDP, MLX5_L4_PROT_TYPE_UDP);
	assert_int_equal(PRM_HASH_L4_DPORT,
			 1 << MLX5_RX_HASH_FIELD_SELECT_SELECTED_FIELDS_L4_DPORT);
	assert_int_equal(PRM_MATCH_OUTER_HEADERS, 1 << MLX5_MATCH_CRITERIA_ENABLE_OUTER_BIT);
	assert_int_equal(PRM_OBJ_VIRTIO_NET_Q, MLX5_GENERAL_OBJ_TYPE_VIRTQ);
	assert_int_equal(PRM_OBJ_VIRTIO_Q_COUNTERS, MLX5_GENERAL_OBJ_TYPE_VIRTIO_Q_COUNTERS);
	assert_int_equal(PRM_VIRTQ_PACKED, MLX5_VIRTQ_TYPE_PACKED);
	assert_int_equal(PRM_VIRTQ_EVENT_QP, MLX5_VIRTQ_EVENT_MODE_QP);
	assert_int_equal(PRM_VIRTQ_RDY, MLX5_VIRTQ_STATE_RDY);
	assert_int_equal(PRM_VIRTQ_SUSPEND, MLX5_VIRTQ_STATE_SUSPEND);
	assert_int_equal(PRM_VIRTQ_ERR, MLX5_VIRTQ_STATE_ERROR);
	assert_int_equal(PRM_VIRTQ_MODIFY_STATE, MLX5_VIRTQ_MODIFY_TYPE_STATE);
	assert_int_equal(PRM_VIRTQ_MODIFY_PERIOD, MLX5_VIRTQ_MODIFY_TYPE_QUEUE_PERIOD);
	assert_int_equal(PRM_VIRTQ_MODIFY_FEATURE_MASK,
			 MLX5_VIRTQ_MODIFY_TYPE_QUEUE_FEATURE_BIT_MASK);
	assert_int_equal(PRM_CQE_SZ, sizeof(struct mlx5_cqe));
	assert_int_equal(PRM_CQE_WQE_COUNTER_BYTE, offsetof(struct mlx5_cqe, wqe_counter));
	assert_int_equal(PRM_CQE_OP_OWN_BYTE, offsetof(struct mlx5_cqe, op_own));
	assert_int_equal(PRM_CQE_OP_REQ_ERR, MLX5_CQE_REQ_ERR);
	assert_int_equal(PRM_CQE_OP_RESP_ERR, MLX5_CQE_RESP_ERR);
	assert_int_equal(PRM_CQE_OP_INVALID, MLX5_CQE_INVALID);
	assert_int_equal(PRM_CQ_UAR_DOORBELL, MLX5_CQ_DOORBELL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compare_each_field_same),
	    cmocka_unit_test(compare_feature_bits_same),
	    cmocka_unit_test(compare_values_same),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
