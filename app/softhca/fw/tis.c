/* SPDX-License-Identifier: BSD-3-Clause */
#include "hca_priv.h"
#include "tis.h"

int td_create(struct cmd *cmd, struct hca_obj **out)
{
	int err = obj_new(cmd->ctx, OBJ_TD, sizeof(struct hca_obj), out);

	return err ? cmd_refuse_errno(cmd, err) : 0;
}

int tis_create(struct cmd *cmd, struct hca_obj **out)
{
	struct hca_obj *td, *obj;
	int err = cmd_ref(cmd, FLD(tisc, transport_domain), &td);

	if (err)
		return err;
	if (cmd_get(cmd, FLD(tisc, lag_tx_port_affinity)) > LIM_LAG_PORTS)
		return cmd_refuse(cmd, SYND(TIS_PORT), FLD(tisc, lag_tx_port_affinity), " ");
	err = obj_new(cmd->ctx, OBJ_TIS, sizeof(struct tis), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	((struct tis *)obj)->domain = td->id;
	err = obj_use(obj, td);
	if (err) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, err);
	}
	*out = obj;
	return 0;
}
