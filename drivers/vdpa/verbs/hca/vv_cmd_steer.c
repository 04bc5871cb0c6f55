/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands and rules for transmit domains and receive steering. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "vv_hca_priv.h"
#include "../prm/prm_match.h"
#include "../prm/prm_rqt.h"
#include "../prm/prm_tir.h"
#include "../prm/prm_tis.h"

int vv_td_create(struct vv_hca *hca, struct vv_obj *td)
{
	uint8_t in[PRM_SZ(alloc_transport_domain_in)] = {0};
	uint8_t out[PRM_SZ(alloc_transport_domain_out)];
	int err;

	PRM_SET(alloc_transport_domain_in, in, opcode, PRM_OP_ALLOC_TRANSPORT_DOMAIN);
	err = vv_cmd_create(hca, "allocate transport domain", in, sizeof(in), out, sizeof(out),
			    &td->obj);
	if (!err)
		td->id = PRM_GET(alloc_transport_domain_out, out, transport_domain);
	return err;
}

int vv_tis_create(struct vv_hca *hca, uint32_t td, struct vv_obj *tis)
{
	uint8_t in[PRM_SZ(create_tis_in)] = {0};
	uint8_t out[PRM_SZ(create_tis_out)];
	void *tisc = PRM_AT(create_tis_in, in, ctx);
	int err;

	PRM_SET(create_tis_in, in, opcode, PRM_OP_CREATE_TIS);
	PRM_SET(tisc, tisc, transport_domain, td);
	err = vv_cmd_create(hca, "create TIS", in, sizeof(in), out, sizeof(out), &tis->obj);
	if (!err)
		tis->id = PRM_GET(create_tis_out, out, tisn);
	return err;
}

static void rqt_fill(void *rqtc, const uint32_t *queues, unsigned int n, unsigned int size)
{
	uint8_t *entry = (uint8_t *)rqtc + PRM_SZ(rqtc);
	unsigned int i;

	PRM_SET(rqtc, rqtc, list_q_type, PRM_RQT_LIST_VIRTIO_NET_Q);
	PRM_SET(rqtc, rqtc, rqt_actual_size, size);
	for (i = 0; i < size; i++, entry += PRM_SZ(rq_num))
		PRM_SET(rq_num, entry, rq_num, queues[i % n]);
}

int vv_rqt_create(struct vv_hca *hca, const uint32_t *queues, unsigned int n, unsigned int size,
		  struct vv_obj *rqt)
{
	size_t in_len = PRM_SZ(create_rqt_in) + size * PRM_SZ(rq_num);
	uint8_t out[PRM_SZ(create_rqt_out)];
	uint8_t *in = calloc(1, in_len);
	void *rqtc;
	int err;

	if (!in)
		return vv_hca_fail(hca, -ENOMEM, "create RQT: out of memory");
	rqtc = PRM_AT(create_rqt_in, in, rqt_context);
	PRM_SET(create_rqt_in, in, opcode, PRM_OP_CREATE_RQT);
	PRM_SET(rqtc, rqtc, rqt_max_size, size);
	rqt_fill(rqtc, queues, n, size);
	err = vv_cmd_create(hca, "create RQT", in, in_len, out, sizeof(out), &rqt->obj);
	if (!err)
		rqt->id = PRM_GET(create_rqt_out, out, rqtn);
	free(in);
	return err;
}

int vv_rqt_modify(struct vv_hca *hca, struct vv_obj *rqt, const uint32_t *queues, unsigned int n,
		  unsigned int size)
{
	size_t in_len = PRM_SZ(modify_rqt_in) + size * PRM_SZ(rq_num);
	uint8_t *in = calloc(1, in_len);
	int err;

	if (!in)
		return vv_hca_fail(hca, -ENOMEM, "modify RQT: out of memory");
	PRM_SET(modify_rqt_in, in, opcode, PRM_OP_MODIFY_RQT);
	PRM_SET(modify_rqt_in, in, rqtn, rqt->id);
	PRM_SET(modify_rqt_in, in, modify_bitmask, PRM_RQT_MODIFY_LIST);
	rqt_fill(PRM_AT(modify_rqt_in, in, rqt_context), queues, n, size);
	err = vv_cmd_modify(hca, "modify RQT", rqt, in, in_len);
	free(in);
	return err;
}

/*
 * The key of the RSS specification's verification suite, that most drivers use: hash values can be
 * compared with published ones.
 */
static const uint8_t toeplitz_key[PRM_TIR_HASH_KEY_BYTES] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

int vv_tir_create(struct vv_hca *hca, const struct vv_flow_class *cls, uint32_t td, uint32_t rqt,
		  struct vv_obj *tir)
{
	uint8_t in[PRM_SZ(create_tir_in)] = {0};
	uint8_t out[PRM_SZ(create_tir_out)];
	void *tirc = PRM_AT(create_tir_in, in, ctx);
	void *hash = PRM_AT(tirc, tirc, rx_hash_field_selector_outer);
	int err;

	PRM_SET(create_tir_in, in, opcode, PRM_OP_CREATE_TIR);
	PRM_SET(tirc, tirc, disp_type, PRM_TIR_DISP_INDIRECT);
	PRM_SET(tirc, tirc, transport_domain, td);
	PRM_SET(tirc, tirc, indirect_table, rqt);
	PRM_SET(tirc, tirc, rx_hash_fn, PRM_TIR_HASH_TOEPLITZ);
	memcpy(PRM_AT(tirc, tirc, rx_hash_toeplitz_key), toeplitz_key, sizeof(toeplitz_key));
	if (cls->ip) {
		uint32_t selected = PRM_HASH_SRC_IP | PRM_HASH_DST_IP;

		if (cls->l4)
			selected |= PRM_HASH_L4_SPORT | PRM_HASH_L4_DPORT;
		PRM_SET(rx_hash_field_select, hash, l3_prot_type,
			cls->ip == 6 ? PRM_HASH_L3_IPV6 : PRM_HASH_L3_IPV4);
		PRM_SET(rx_hash_field_select, hash, l4_prot_type,
			cls->l4 == IPPROTO_UDP ? PRM_HASH_L4_UDP : PRM_HASH_L4_TCP);
		PRM_SET(rx_hash_field_select, hash, selected_fields, selected);
	}
	err = vv_cmd_create(hca, "create TIR", in, sizeof(in), out, sizeof(out), &tir->obj);
	if (!err)
		tir->id = PRM_GET(create_tir_out, out, tirn);
	return err;
}

struct match {
	size_t size;
	uint8_t outer[PRM_SZ(fte_match_set_lyr_2_4)];
};
_Static_assert(offsetof(struct match, outer) == sizeof(struct mlx5dv_flow_match_parameters),
	       "struct match is a mlx5dv_flow_match_parameters with room");

int vv_rule_create(struct vv_hca *hca, const struct vv_flow_class *cls, struct vv_obj *tir,
		   struct vv_rule *rule)
{
	struct match mask = {.size = sizeof(mask.outer)}, value = {.size = sizeof(value.outer)};
	struct mlx5dv_flow_matcher_attr attr = {
	    .type = IBV_FLOW_ATTR_NORMAL,
	    .priority = cls->priority,
	    .match_criteria_enable = cls->ip ? PRM_MATCH_OUTER_HEADERS : 0,
	    .match_mask = (struct mlx5dv_flow_match_parameters *)&mask,
	};
	struct mlx5dv_flow_action_attr action = {
	    .type = MLX5DV_FLOW_ACTION_DEST_DEVX,
	    .obj = tir->obj,
	};
	int err;

	if (cls->ip) {
		PRM_SET(fte_match_set_lyr_2_4, mask.outer, ip_version, 0xf);
		PRM_SET(fte_match_set_lyr_2_4, value.outer, ip_version, cls->ip);
	}
	if (cls->l4) {
		PRM_SET(fte_match_set_lyr_2_4, mask.outer, ip_protocol, 0xff);
		PRM_SET(fte_match_set_lyr_2_4, value.outer, ip_protocol, cls->l4);
	}

	rule->matcher = mlx5dv_create_flow_matcher(hca->ctx, &attr);
	if (!rule->matcher)
		return vv_hca_fail(hca, errno ? -errno : -EIO, "create flow matcher: %s",
				   strerror(errno));
	rule->flow = mlx5dv_create_flow(rule->matcher,
					(struct mlx5dv_flow_match_parameters *)&value, 1, &action);
	if (!rule->flow) {
		err = vv_hca_fail(hca, errno ? -errno : -EIO, "create flow rule: %s",
				  strerror(errno));
		vv_rule_destroy(rule);
		return err;
	}
	return 0;
}

void vv_rule_destroy(struct vv_rule *rule)
{
	if (rule->flow)
		ibv_destroy_flow(rule->flow);
	if (rule->matcher)
		mlx5dv_destroy_flow_matcher(rule->matcher);
	*rule = (struct vv_rule){0};
}
