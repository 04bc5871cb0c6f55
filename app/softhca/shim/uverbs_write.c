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
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "uverbs_dev.h"
#include "uverbs_file.h"

/* What ib_check_mr_access() lets pass on a device without on-demand paging. */
enum {
	ACCESS_REMOTE_ANY = IB_UVERBS_ACCESS_REMOTE_WRITE | IB_UVERBS_ACCESS_REMOTE_ATOMIC,
	ACCESS_KNOWN = IB_UVERBS_ACCESS_LOCAL_WRITE | IB_UVERBS_ACCESS_REMOTE_WRITE |
		       IB_UVERBS_ACCESS_REMOTE_READ | IB_UVERBS_ACCESS_REMOTE_ATOMIC |
		       IB_UVERBS_ACCESS_MW_BIND | IB_UVERBS_ACCESS_ZERO_BASED |
		       IB_UVERBS_ACCESS_HUGETLB | IB_UVERBS_ACCESS_OPTIONAL_RANGE,
};

static int query_device(struct ubundle *b, const void *req, const struct uattr *out)
{
	struct ib_uverbs_ex_query_device_resp attr;

	uverbs_dev_attr(b->file->function, &attr);
	return ubundle_out(b, UVERBS_ATTR_CORE_OUT, &attr.base, sizeof(attr.base));
}

static int query_device_ex(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_ex_query_device *cmd = req;
	struct ib_uverbs_ex_query_device_resp attr;

	if (cmd->comp_mask || cmd->reserved)
		return -EINVAL;
	uverbs_dev_attr(b->file->function, &attr);
	if (out->len < attr.response_length)
		attr.response_length = out->len;
	return ubundle_out(b, UVERBS_ATTR_CORE_OUT, &attr, sizeof(attr));
}

static int alloc_pd(struct ubundle *b, const void *req, const struct uattr *out)
{
	struct mlx5_ib_alloc_pd_resp mlx5;
	struct ib_uverbs_alloc_pd_resp resp;
	struct uobj *pd;
	int rc;

	rc = uobj_reserve(b->objs, UVERBS_OBJECT_PD, &pd);
	if (rc)
		return rc;
	rc = hca_pd_alloc(b->file->ctx, &pd->pdn);
	if (rc)
		goto remove;
	mlx5.pdn = pd->pdn;
	resp.pd_handle = pd->id;
	rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &mlx5, sizeof(mlx5));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
	if (rc)
		goto free;
	pd->committed = true;
	return 0;
free:
	hca_pd_free(b->file->ctx, pd->pdn);
remove:
	uobj_remove(b->objs, pd);
	return rc;
}

static int reg_mr_check(const struct ib_uverbs_reg_mr *cmd)
{
	uint64_t page_mask = (uint64_t)sysconf(_SC_PAGESIZE) - 1;

	if ((cmd->start & page_mask) != (cmd->hca_va & page_mask))
		return -EINVAL;
	if ((cmd->access_flags & ACCESS_REMOTE_ANY) &&
	    !(cmd->access_flags & IB_UVERBS_ACCESS_LOCAL_WRITE))
		return -EINVAL;
	if (cmd->access_flags & ~(uint32_t)ACCESS_KNOWN)
		return -EOPNOTSUPP;
	if (!cmd->length || cmd->start + cmd->length < cmd->start ||
	    cmd->start + cmd->length > UINT64_MAX - page_mask)
		return -EINVAL;
	return 0;
}

static int reg_mr(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_reg_mr *cmd = req;
	struct ib_uverbs_reg_mr_resp resp;
	struct uobj *mr, *pd;
	int rc;

	rc = reg_mr_check(cmd);
	if (!rc)
		rc = uobj_find(b->objs, UVERBS_OBJECT_PD, cmd->pd_handle, &pd);
	if (!rc)
		rc = uobj_reserve(b->objs, UVERBS_OBJECT_MR, &mr);
	if (rc)
		return rc == -ENOENT ? -EINVAL : rc;
	rc = hca_mr_reg(b->file->ctx, pd->pdn, (void *)(uintptr_t)cmd->start, cmd->length,
			cmd->hca_va, cmd->access_flags, &resp.lkey, &resp.rkey);
	if (rc)
		goto remove;
	mr->mr.lkey = resp.lkey;
	resp.mr_handle = mr->id;
	rc = ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
	if (rc)
		goto dereg;
	mr->committed = true;
	return 0;
dereg:
	hca_mr_dereg(b->file->ctx, mr->mr.lkey);
remove:
	uobj_remove(b->objs, mr);
	return rc;
}

struct write_cmd {
	uint32_t number;
	size_t req_len, resp_len; /* at least */
	int (*handler)(struct ubundle *b, const void *req, const struct uattr *out);
};

static const struct write_cmd cmds[] = {
    {IB_USER_VERBS_CMD_QUERY_DEVICE,				      sizeof(struct ib_uverbs_query_device),
     sizeof(struct ib_uverbs_query_device_resp),											query_device    },
    {IB_USER_VERBS_CMD_FLAG_EXTENDED | IB_USER_VERBS_EX_CMD_QUERY_DEVICE,
     sizeof(struct ib_uverbs_ex_query_device),
     END_OF(struct ib_uverbs_ex_query_device_resp,										      response_length), query_device_ex},
    {IB_USER_VERBS_CMD_ALLOC_PD,								   sizeof(struct ib_uverbs_alloc_pd),
     sizeof(struct ib_uverbs_alloc_pd_resp), alloc_pd													     },
    {IB_USER_VERBS_CMD_REG_MR,								   sizeof(struct ib_uverbs_reg_mr),
     sizeof(struct ib_uverbs_reg_mr_resp),     reg_mr													       },
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
	if (!cmd)
		return -EOPNOTSUPP;
	/* libibverbs asks for a command without its structs to learn whether this method exists. */
	if (!in || in->len < cmd->req_len || !out || out->len < cmd->resp_len)
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
