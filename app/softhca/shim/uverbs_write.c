/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands of the older write() interface, as programs send them through the ioctl: one method
 * (INVOKE_WRITE) that carries the number of a command and its request and response structs.
 *
 * Commands that are not here are those of verbs objects that the model does not have.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "uverbs_dev.h"
#include "uverbs_file.h"
#include "uverbs_write.h"

static int query_device(struct ubundle *b, const void *req, const struct uattr *out)
{
	struct ib_uverbs_ex_query_device_resp attr;

	uverbs_dev_attr(b->file->function, &attr);
	return ubundle_out(b, UVERBS_ATTR_CORE_OUT, &attr.base, sizeof(attr.base));
}

static int query_device_ex(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_ex_query_device *cmd = req;
	struct mlx5_ib_query_device_resp mlx5 = {0}; /* none of the offloads of data queue pairs */
	struct ib_uverbs_ex_query_device_resp attr;
	int rc;

	if (cmd->comp_mask || cmd->reserved)
		return -EINVAL;
	uverbs_dev_attr(b->file->function, &attr);
	if (out->len < attr.response_length)
		attr.response_length = out->len;
	mlx5.response_length = sizeof(mlx5);
	rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &mlx5, sizeof(mlx5));
	return rc ? rc : ubundle_out(b, UVERBS_ATTR_CORE_OUT, &attr, sizeof(attr));
}

struct write_cmd {
	uint32_t number;
	size_t req_len, resp_len; /* at least; resp_len 0: no response */
	write_handler handler;
};

#define CMD(_cmd, _req, _resp_len, _handler)                                                       \
	{                                                                                          \
		.number = (_cmd), .req_len = sizeof(struct _req), .resp_len = (_resp_len),         \
		.handler = (_handler)                                                              \
	}
#define EX(_cmd) (IB_USER_VERBS_CMD_FLAG_EXTENDED | (_cmd))

static const struct write_cmd cmds[] = {
    CMD(IB_USER_VERBS_CMD_QUERY_DEVICE, ib_uverbs_query_device,
	sizeof(struct ib_uverbs_query_device_resp), query_device),
    CMD(EX(IB_USER_VERBS_EX_CMD_QUERY_DEVICE), ib_uverbs_ex_query_device,
	END_OF(struct ib_uverbs_ex_query_device_resp, response_length), query_device_ex),
    CMD(IB_USER_VERBS_CMD_ALLOC_PD, ib_uverbs_alloc_pd, sizeof(struct ib_uverbs_alloc_pd_resp),
	write_alloc_pd),
    CMD(IB_USER_VERBS_CMD_REG_MR, ib_uverbs_reg_mr, sizeof(struct ib_uverbs_reg_mr_resp),
	write_reg_mr),
    CMD(IB_USER_VERBS_CMD_REREG_MR, ib_uverbs_rereg_mr, sizeof(struct ib_uverbs_rereg_mr_resp),
	write_rereg_mr),
    CMD(IB_USER_VERBS_CMD_ALLOC_MW, ib_uverbs_alloc_mw, sizeof(struct ib_uverbs_alloc_mw_resp),
	write_alloc_mw),
    CMD(IB_USER_VERBS_CMD_RESIZE_CQ, ib_uverbs_resize_cq, sizeof(struct ib_uverbs_resize_cq_resp),
	write_resize_cq),
    CMD(IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL, ib_uverbs_create_comp_channel,
	sizeof(struct ib_uverbs_create_comp_channel_resp), write_create_comp_channel),
    CMD(IB_USER_VERBS_CMD_CREATE_AH, ib_uverbs_create_ah, sizeof(struct ib_uverbs_create_ah_resp),
	write_create_ah),
    CMD(IB_USER_VERBS_CMD_MODIFY_QP, ib_uverbs_modify_qp, 0, write_modify_qp),
    CMD(EX(IB_USER_VERBS_EX_CMD_MODIFY_QP), ib_uverbs_ex_modify_qp,
	sizeof(struct ib_uverbs_ex_modify_qp_resp), write_ex_modify_qp),
    CMD(IB_USER_VERBS_CMD_QUERY_QP, ib_uverbs_query_qp, sizeof(struct ib_uverbs_query_qp_resp),
	write_query_qp),
    CMD(IB_USER_VERBS_CMD_MODIFY_SRQ, ib_uverbs_modify_srq, 0, write_modify_srq),
    CMD(IB_USER_VERBS_CMD_QUERY_SRQ, ib_uverbs_query_srq, sizeof(struct ib_uverbs_query_srq_resp),
	write_query_srq),
};

static int invoke_write(struct ubundle *b)
{
	const struct uattr *in = ubundle_attr(b, UVERBS_ATTR_CORE_IN);
	const struct uattr *out = ubundle_attr(b, UVERBS_ATTR_CORE_OUT);
	uint64_t number = ubundle_const(b, UVERBS_ATTR_WRITE_CMD);
	const struct write_cmd *cmd = NULL;
	struct hca_ctx *ctx;
	int rc;

	for (unsigned int i = 0; i < ARRAY_SIZE(cmds); i++)
		if (cmds[i].number == number)
			cmd = &cmds[i];
	if (!cmd) {
		hca_note(b->file->hca, b->file->ctx, "uverbs", -EOPNOTSUPP, "write command 0x%x",
			 (unsigned int)number);
		return -EOPNOTSUPP;
	}
	/* libibverbs asks for a command without its structs to learn whether this method exists. */
	if (!in || in->len < cmd->req_len || (cmd->resp_len && (!out || out->len < cmd->resp_len)))
		return -ENOSPC;
	rc = ubundle_ctx(b, &ctx);
	return rc ? rc : cmd->handler(b, in->in, out);
}

static const struct uattr_spec invoke_write_specs[] = {
    UATTR_IN_CONST(UVERBS_ATTR_WRITE_CMD, true),
    UATTR_IN_MIN(UVERBS_ATTR_CORE_IN, sizeof(uint32_t), false),
    UATTR_OUT_MIN(UVERBS_ATTR_CORE_OUT, 0, false),
    UATTR_IN_MIN(UVERBS_ATTR_UHW_IN, 0, false),
    UATTR_OUT_MIN(UVERBS_ATTR_UHW_OUT, 0, false),
};

static const struct umethod methods[] = {
    {
     .name = "UVERBS_METHOD_INVOKE_WRITE",
     .object = UVERBS_OBJECT_DEVICE,
     .method = UVERBS_METHOD_INVOKE_WRITE,
     .specs = invoke_write_specs,
     .n_specs = ARRAY_SIZE(invoke_write_specs),
     .handler = invoke_write,
     },
};

const struct umethod_group uverbs_write_group = {methods, ARRAY_SIZE(methods)};
