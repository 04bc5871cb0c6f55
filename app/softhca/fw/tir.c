/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "hca_priv.h"
#include "tir.h"

enum { DISP_INDIRECT = 1, HASH_NONE = 0, HASH_TOEPLITZ = 2 };
enum { LB_BLOCK_UC = 1, LB_BLOCK_MC = 2 };
enum { MOD_RQT = 1 << 1, MOD_HASH = 1 << 2, MOD_SELF_LB = 1 << 4 };

static int get_hash(struct cmd *cmd, struct dp_tir *tir)
{
	uint64_t fn = cmd_get(cmd, FLD(tirc, rx_hash_fn));
	uint64_t sel = cmd_get(cmd, FLD(rx_hash_field_select, selected_fields));

	if (fn != HASH_NONE && fn != HASH_TOEPLITZ)
		return cmd_refuse(cmd, SYND(TIR_HASH_FN), FLD(tirc, rx_hash_fn), "%u",
				  (unsigned int)fn);
	/* The PRM's first four bits: source and destination address, source and destination port.
	 */
	if (sel & ~15ull)
		return cmd_refuse(cmd, SYND(TIR_HASH_FIELDS),
				  FLD(rx_hash_field_select, selected_fields), "0x%x",
				  (unsigned int)sel);
	tir->hash_fields = fn == HASH_NONE
			       ? 0
			       : (sel & 1 ? DP_HASH_SRC_IP : 0) | (sel & 2 ? DP_HASH_DST_IP : 0) |
				     (sel & 4 ? DP_HASH_SPORT : 0) | (sel & 8 ? DP_HASH_DPORT : 0);
	tir->symmetric = cmd_get(cmd, FLD(tirc, rx_hash_symmetric));
	memcpy(tir->key,
	       field_bytes(cmd->in, cmd_base(cmd, LAY(tirc)), FLD(tirc, rx_hash_toeplitz_key)),
	       sizeof(tir->key));
	return 0;
}

static void get_self_lb(struct cmd *cmd, struct dp_tir *tir)
{
	uint64_t block = cmd_get(cmd, FLD(tirc, self_lb_block));

	tir->block_self_uc = block & LB_BLOCK_UC;
	tir->block_self_mc = block & LB_BLOCK_MC;
}

int tir_create(struct cmd *cmd, struct hca_obj **out)
{
	struct hca_obj *td, *rqt, *obj;
	struct dp_tir attr = {0};
	struct tir *tir;
	int err;

	if (cmd_get(cmd, FLD(tirc, disp_type)) != DISP_INDIRECT ||
	    cmd_get(cmd, FLD(tirc, inline_rqn)))
		return cmd_refuse(cmd, SYND(TIR_DISP), FLD(tirc, disp_type), " ");
	err = cmd_ref(cmd, FLD(tirc, transport_domain), &td);
	if (!err)
		err = cmd_ref(cmd, FLD(tirc, indirect_table), &rqt);
	if (!err)
		err = get_hash(cmd, &attr);
	if (err)
		return err;
	get_self_lb(cmd, &attr);
	attr.domain = td->id;
	err = obj_new(cmd->ctx, OBJ_TIR, sizeof(*tir), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	tir = (struct tir *)obj;
	tir->attr = attr;
	tir->rqt = (struct rqt *)rqt;
	err = obj_use(obj, td);
	if (!err)
		err = obj_use(obj, rqt);
	if (!err)
		err = dp_tir_create(cmd->ctx->func->port, &attr, tir->rqt->dp, &tir->dp);
	if (err) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, err);
	}
	*out = obj;
	return 0;
}

/* All or nothing, in the datapath and here. */
static int apply(struct tir *tir, const struct dp_tir *attr, struct rqt *rqt)
{
	struct dp *dp = tir->obj.ctx->hca->dp;
	struct rqt *old = tir->rqt;
	int err = rqt != old ? obj_use(&tir->obj, &rqt->obj) : 0;

	if (err)
		return err;
	dp_lock(dp);
	err = dp_tir_set(tir->dp, attr, rqt->dp);
	dp_unlock(dp);
	if (rqt != old)
		obj_unuse(&tir->obj, err ? &rqt->obj : &old->obj);
	if (err)
		return err;
	tir->attr = *attr;
	tir->rqt = rqt;
	return 0;
}

int tir_modify(struct cmd *cmd, struct hca_obj *obj)
{
	struct tir *tir = (struct tir *)obj;
	struct hca_obj *rqt = &tir->rqt->obj;
	struct dp_tir attr = tir->attr;
	uint64_t mask = cmd_get(cmd, FLD(modify_tir_in, modify_bitmask));
	int err = 0;

	if (!mask || mask & ~(uint64_t)(MOD_RQT | MOD_HASH | MOD_SELF_LB))
		return cmd_refuse(cmd, SYND(TIR_MODIFY), FLD(modify_tir_in, modify_bitmask),
				  "0x%llx", (unsigned long long)mask);
	if (mask & MOD_HASH)
		err = get_hash(cmd, &attr);
	if (!err && mask & MOD_SELF_LB)
		get_self_lb(cmd, &attr);
	if (!err && mask & MOD_RQT)
		err = cmd_ref(cmd, FLD(tirc, indirect_table), &rqt);
	if (err)
		return err;
	return apply(tir, &attr, (struct rqt *)rqt) ? cmd_refuse_errno(cmd, -ENOMEM) : 0;
}

void tir_fini(struct hca_obj *obj)
{
	dp_tir_destroy(((struct tir *)obj)->dp);
}
