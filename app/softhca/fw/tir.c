/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "flow.h"
#include "hca_priv.h"
#include "tir.h"

enum { DISP_INDIRECT = 1, HASH_NONE = 0, HASH_TOEPLITZ = 2 };
enum { LB_BLOCK_UC = 1, LB_BLOCK_MC = 2 };
enum { MOD_RQT = 1 << 1, MOD_HASH = 1 << 2, MOD_SELF_LB = 1 << 4 };

static int get_hash(struct cmd *cmd, struct tir *tir)
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

static void get_self_lb(struct cmd *cmd, struct tir *tir)
{
	uint64_t block = cmd_get(cmd, FLD(tirc, self_lb_block));

	tir->block_self_uc = block & LB_BLOCK_UC;
	tir->block_self_mc = block & LB_BLOCK_MC;
}

int tir_create(struct cmd *cmd, struct hca_obj **out)
{
	struct hca_obj *td, *rqt, *obj;
	struct tir args = {0}, *tir;
	int err;

	if (cmd_get(cmd, FLD(tirc, disp_type)) != DISP_INDIRECT ||
	    cmd_get(cmd, FLD(tirc, inline_rqn)))
		return cmd_refuse(cmd, SYND(TIR_DISP), FLD(tirc, disp_type), " ");
	err = cmd_ref(cmd, FLD(tirc, transport_domain), &td);
	if (!err)
		err = cmd_ref(cmd, FLD(tirc, indirect_table), &rqt);
	if (!err)
		err = get_hash(cmd, &args);
	if (err)
		return err;
	err = obj_new(cmd->ctx, OBJ_TIR, sizeof(*tir), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	tir = (struct tir *)obj;
	memcpy(tir->key, args.key, sizeof(tir->key));
	tir->hash_fields = args.hash_fields;
	tir->symmetric = args.symmetric;
	get_self_lb(cmd, tir);
	tir->rqt = (struct rqt *)rqt;
	err = obj_use(obj, td);
	if (!err)
		err = obj_use(obj, rqt);
	if (err) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, err);
	}
	*out = obj;
	return 0;
}

static int modify_rqt(struct cmd *cmd, struct tir *tir)
{
	struct hca_obj *rqt, *old = &tir->rqt->obj;
	int err = cmd_ref(cmd, FLD(tirc, indirect_table), &rqt);

	if (err)
		return err;
	if (obj_use(&tir->obj, rqt))
		return cmd_refuse_errno(cmd, -ENOMEM);
	tir->rqt = (struct rqt *)rqt;
	if (tir->obj.refs && rx_update(tir->obj.ctx->func)) {
		tir->rqt = (struct rqt *)old;
		obj_unuse(&tir->obj, rqt);
		return cmd_refuse_errno(cmd, -ENOMEM);
	}
	obj_unuse(&tir->obj, old);
	return 0;
}

static int modify(struct cmd *cmd, struct tir *tir, uint64_t mask)
{
	int err = 0;

	if (mask & MOD_HASH)
		err = get_hash(cmd, tir);
	if (!err && mask & MOD_SELF_LB)
		get_self_lb(cmd, tir);
	if (!err && mask & MOD_RQT)
		return modify_rqt(cmd, tir);
	if (!err && tir->obj.refs && rx_update(tir->obj.ctx->func))
		return cmd_refuse_errno(cmd, -ENOMEM);
	return err;
}

int tir_modify(struct cmd *cmd, struct hca_obj *obj)
{
	struct tir *tir = (struct tir *)obj, before = *tir;
	uint64_t mask = cmd_get(cmd, FLD(modify_tir_in, modify_bitmask));
	int err;

	if (!mask || mask & ~(uint64_t)(MOD_RQT | MOD_HASH | MOD_SELF_LB))
		return cmd_refuse(cmd, SYND(TIR_MODIFY), FLD(modify_tir_in, modify_bitmask),
				  "0x%llx", (unsigned long long)mask);
	err = modify(cmd, tir, mask);
	if (err) {
		/* The datapath has it as it was; the next update must not bring it what was refused. */
		memcpy(tir->key, before.key, sizeof(tir->key));
		tir->hash_fields = before.hash_fields;
		tir->symmetric = before.symmetric;
		tir->block_self_uc = before.block_self_uc;
		tir->block_self_mc = before.block_self_mc;
	}
	return err;
}
