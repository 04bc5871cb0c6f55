/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands for transmit domains, and for what receive steering ends at: TIRs and RQTs. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "vv_hca_priv.h"
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

/* What both commands carry behind the context. */
static void rqt_fill(void *rqtc, const uint32_t *queues, unsigned int n)
{
	uint8_t *entry = (uint8_t *)rqtc + PRM_SZ(rqtc);
	unsigned int i;

	PRM_SET(rqtc, rqtc, list_q_type, PRM_RQT_LIST_VIRTIO_NET_Q);
	PRM_SET(rqtc, rqtc, rqt_actual_size, n);
	for (i = 0; i < n; i++, entry += PRM_SZ(rq_num))
		PRM_SET(rq_num, entry, rq_num, queues[i]);
}

int vv_rqt_create(struct vv_hca *hca, const uint32_t *queues, unsigned int n, unsigned int max,
		  struct vv_obj *rqt)
{
	size_t in_len = PRM_SZ(create_rqt_in) + n * PRM_SZ(rq_num);
	uint8_t out[PRM_SZ(create_rqt_out)];
	uint8_t *in = calloc(1, in_len);
	void *rqtc;
	int err;

	if (!in)
		return vv_hca_fail(hca, -ENOMEM, "create RQT: out of memory");
	rqtc = PRM_AT(create_rqt_in, in, rqt_context);
	PRM_SET(create_rqt_in, in, opcode, PRM_OP_CREATE_RQT);
	PRM_SET(rqtc, rqtc, rqt_max_size, max);
	rqt_fill(rqtc, queues, n);
	err = vv_cmd_create(hca, "create RQT", in, in_len, out, sizeof(out), &rqt->obj);
	if (!err)
		rqt->id = PRM_GET(create_rqt_out, out, rqtn);
	free(in);
	return err;
}

int vv_rqt_modify(struct vv_hca *hca, struct vv_obj *rqt, const uint32_t *queues, unsigned int n)
{
	size_t in_len = PRM_SZ(modify_rqt_in) + n * PRM_SZ(rq_num);
	uint8_t *in = calloc(1, in_len);
	int err;

	if (!in)
		return vv_hca_fail(hca, -ENOMEM, "modify RQT: out of memory");
	PRM_SET(modify_rqt_in, in, opcode, PRM_OP_MODIFY_RQT);
	PRM_SET(modify_rqt_in, in, rqtn, rqt->id);
	PRM_SET(modify_rqt_in, in, modify_bitmask, PRM_RQT_MODIFY_LIST);
	rqt_fill(PRM_AT(modify_rqt_in, in, rqt_context), queues, n);
	err = vv_cmd_modify(hca, "modify RQT", rqt, in, in_len);
	free(in);
	return err;
}

static void hash_put(void *tirc, const struct vv_hash *hash)
{
	void *fields = PRM_AT(tirc, tirc, rx_hash_field_selector_outer);
	uint32_t selected = 0;

	_Static_assert(sizeof(hash->key) == PRM_TIR_HASH_KEY_BYTES, "key");
	PRM_SET(tirc, tirc, rx_hash_fn, PRM_TIR_HASH_TOEPLITZ);
	memcpy(PRM_AT(tirc, tirc, rx_hash_toeplitz_key), hash->key, sizeof(hash->key));
	if (hash->ip)
		selected = PRM_HASH_SRC_IP | PRM_HASH_DST_IP;
	if (hash->l4)
		selected |= PRM_HASH_L4_SPORT | PRM_HASH_L4_DPORT;
	PRM_SET(rx_hash_field_select, fields, l3_prot_type,
		hash->ip == 6 ? PRM_HASH_L3_IPV6 : PRM_HASH_L3_IPV4);
	PRM_SET(rx_hash_field_select, fields, l4_prot_type,
		hash->l4 == IPPROTO_UDP ? PRM_HASH_L4_UDP : PRM_HASH_L4_TCP);
	PRM_SET(rx_hash_field_select, fields, selected_fields, selected);
}

int vv_tir_create(struct vv_hca *hca, const struct vv_hash *hash, uint32_t td, uint32_t rqt,
		  struct vv_obj *tir)
{
	uint8_t in[PRM_SZ(create_tir_in)] = {0};
	uint8_t out[PRM_SZ(create_tir_out)];
	void *tirc = PRM_AT(create_tir_in, in, ctx);
	int err;

	PRM_SET(create_tir_in, in, opcode, PRM_OP_CREATE_TIR);
	PRM_SET(tirc, tirc, disp_type, PRM_TIR_DISP_INDIRECT);
	PRM_SET(tirc, tirc, self_lb_block, PRM_TIR_BLOCK_OWN_UNICAST | PRM_TIR_BLOCK_OWN_GROUPS);
	PRM_SET(tirc, tirc, transport_domain, td);
	PRM_SET(tirc, tirc, indirect_table, rqt);
	hash_put(tirc, hash);
	err = vv_cmd_create(hca, "create TIR", in, sizeof(in), out, sizeof(out), &tir->obj);
	if (!err)
		tir->id = PRM_GET(create_tir_out, out, tirn);
	return err;
}

int vv_tir_modify(struct vv_hca *hca, struct vv_obj *tir, const struct vv_hash *hash, uint32_t rqt)
{
	uint8_t in[PRM_SZ(modify_tir_in)] = {0};
	void *tirc = PRM_AT(modify_tir_in, in, ctx);
	uint64_t select = 0;

	PRM_SET(modify_tir_in, in, opcode, PRM_OP_MODIFY_TIR);
	PRM_SET(modify_tir_in, in, tirn, tir->id);
	if (hash) {
		select |= PRM_TIR_MODIFY_HASH;
		hash_put(tirc, hash);
	}
	if (rqt) {
		select |= PRM_TIR_MODIFY_INDIRECT_TABLE;
		PRM_SET(tirc, tirc, indirect_table, rqt);
	}
	PRM_SET(modify_tir_in, in, modify_bitmask, select);
	return vv_cmd_modify(hca, "modify TIR", tir, in, sizeof(in));
}
