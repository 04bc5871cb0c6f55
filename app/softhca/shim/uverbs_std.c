/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Methods of plain verbs objects: the device and its context, and the file of asynchronous events.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "uverbs_dev.h"
#include "uverbs_file.h"

/* ---- context ---- */

static void ucontext_resp(struct uverbs_file *file, uint8_t cqe_version,
			  struct mlx5_ib_alloc_ucontext_resp *resp)
{
	uint32_t page_size = (uint32_t)sysconf(_SC_PAGESIZE);

	memset(resp, 0, sizeof(*resp));
	resp->qp_tab_size = 1 << 18;
	resp->bf_reg_size = 512;
	resp->tot_bfregs = 0; /* doorbell pages are asked for one by one */
	resp->cache_line_size = 64;
	resp->max_sq_desc_sz = 1024;
	resp->max_rq_desc_sz = 512;
	resp->max_send_wqebb = 32768;
	resp->max_recv_wr = 32768;
	resp->max_srq_recv_wr = 32767;
	resp->num_ports = UVERBS_PORTS;
	resp->comp_mask = MLX5_IB_ALLOC_UCONTEXT_RESP_MASK_DUMP_FILL_MKEY;
	resp->response_length = sizeof(*resp);
	resp->cqe_version = cqe_version;
	resp->cmds_supp_uhw =
	    MLX5_USER_CMDS_SUPP_UHW_QUERY_DEVICE | MLX5_USER_CMDS_SUPP_UHW_CREATE_AH;
	resp->eth_min_inline = MLX5_USER_INLINE_MODE_NONE;
	resp->log_uar_size = 12;
	resp->num_uars_per_page = page_size >> 12;
	resp->dump_fill_mkey = hca_null_mkey(file->hca);
}

static int ucontext_req(struct ubundle *b, struct mlx5_ib_alloc_ucontext_req_v2 *req)
{
	const struct uattr *in = ubundle_attr(b, UVERBS_ATTR_UHW_IN);

	memset(req, 0, sizeof(*req));
	if (!in)
		return -EINVAL;
	if (in->len != sizeof(struct mlx5_ib_alloc_ucontext_req) &&
	    in->len < END_OF(struct mlx5_ib_alloc_ucontext_req_v2, max_cqe_version))
		return -EINVAL;
	memcpy(req, in->in, in->len < sizeof(*req) ? in->len : sizeof(*req));
	if (req->flags & ~(uint32_t)MLX5_IB_ALLOC_UCTX_DEVX)
		return -EOPNOTSUPP;
	if (req->comp_mask || req->reserved0 || req->reserved1 || req->reserved2)
		return -EOPNOTSUPP;
	if (!req->total_num_bfregs || req->num_low_latency_bfregs > req->total_num_bfregs - 1)
		return -EINVAL;
	/* Doorbell pages that come with the context are for libraries before rdma-core 29. */
	if (!(req->lib_caps & MLX5_LIB_CAP_DYN_UAR))
		return -EOPNOTSUPP;
	return 0;
}

static int context_out(struct ubundle *b)
{
	uint64_t core = IB_UVERBS_CORE_SUPPORT_OPTIONAL_MR_ACCESS;
	uint32_t vectors = UVERBS_COMP_VECTORS;
	int rc;

	/* The same numbers name these attributes in both methods. */
	rc = ubundle_out(b, UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS, &vectors, sizeof(vectors));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_GET_CONTEXT_CORE_SUPPORT, &core, sizeof(core));
	return rc;
}

static int get_context(struct ubundle *b)
{
	struct uverbs_file *file = b->file;
	struct mlx5_ib_alloc_ucontext_req_v2 req;
	struct mlx5_ib_alloc_ucontext_resp resp;
	struct hca_ctx *ctx;
	int rc;

	if (file->ctx)
		return -EINVAL;
	rc = ucontext_req(b, &req);
	if (!rc)
		rc = context_out(b);
	if (rc)
		return rc;
	ucontext_resp(file, req.max_cqe_version ? 1 : 0, &resp);
	rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &resp, sizeof(resp));
	if (rc)
		return rc;
	rc = hca_ctx_open(file->hca, file->function, &ctx);
	if (rc)
		return rc;
	file->ctx = ctx;
	file->devx = (req.flags & MLX5_IB_ALLOC_UCTX_DEVX) != 0;
	return 0;
}

static int query_context(struct ubundle *b)
{
	struct mlx5_ib_alloc_ucontext_resp resp;
	struct hca_ctx *ctx;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (!rc)
		rc = context_out(b);
	if (rc)
		return rc;
	ucontext_resp(b->file, 1, &resp);
	return ubundle_out(b, MLX5_IB_ATTR_QUERY_CONTEXT_RESP_UCTX, &resp, sizeof(resp));
}

static const struct uattr_spec get_context_specs[] = {
    UATTR_OUT_TYPE(UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS, uint32_t, false),
    UATTR_OUT_TYPE(UVERBS_ATTR_GET_CONTEXT_CORE_SUPPORT, uint64_t, false),
    UATTR_IN_MIN(UVERBS_ATTR_UHW_IN, 0, false),
    UATTR_OUT_MIN(UVERBS_ATTR_UHW_OUT, 0, false),
};

static const struct uattr_spec query_context_specs[] = {
    UATTR_OUT_TYPE(UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS, uint32_t, false),
    UATTR_OUT_TYPE(UVERBS_ATTR_QUERY_CONTEXT_CORE_SUPPORT, uint64_t, false),
    UATTR_OUT_STRUCT(MLX5_IB_ATTR_QUERY_CONTEXT_RESP_UCTX,
		     END_OF(struct mlx5_ib_alloc_ucontext_resp, dump_fill_mkey),
		     struct mlx5_ib_alloc_ucontext_resp, true),
};

/* ---- port and GIDs ---- */

static int query_port(struct ubundle *b)
{
	struct ib_uverbs_query_port_resp_ex resp;
	struct hca_ctx *ctx;
	uint64_t port;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	port = ubundle_const(b, UVERBS_ATTR_QUERY_PORT_PORT_NUM);
	if (port < 1 || port > UVERBS_PORTS)
		return -EINVAL;
	uverbs_port_attr(b->file->function, hca_link_up(ctx), &resp);
	return ubundle_out(b, UVERBS_ATTR_QUERY_PORT_RESP, &resp, sizeof(resp));
}

static int query_gid_entry(struct ubundle *b)
{
	struct ib_uverbs_gid_entry entry;
	struct hca_ctx *ctx;
	uint64_t port, index, flags;
	int rc;

	rc = ubundle_flags(b, UVERBS_ATTR_QUERY_GID_ENTRY_FLAGS, 0, &flags);
	if (!rc)
		rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	port = ubundle_const(b, UVERBS_ATTR_QUERY_GID_ENTRY_PORT);
	index = ubundle_const(b, UVERBS_ATTR_QUERY_GID_ENTRY_GID_INDEX);
	if (port < 1 || port > UVERBS_PORTS || index >= UVERBS_GID_TABLE)
		return -EINVAL;
	if (index >= UVERBS_GIDS)
		return -ENODATA;
	uverbs_gid(b->file->function, (unsigned int)index, &entry);
	return ubundle_out(b, UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY, &entry, sizeof(entry));
}

static int query_gid_table(struct ubundle *b)
{
	const struct uattr *out = ubundle_attr(b, UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES);
	struct ib_uverbs_gid_entry entry;
	uint8_t table[UVERBS_GIDS * 64] = {0};
	uint64_t size, flags, n = UVERBS_GIDS;
	struct hca_ctx *ctx;
	int rc;

	rc = ubundle_flags(b, UVERBS_ATTR_QUERY_GID_TABLE_FLAGS, 0, &flags);
	if (!rc)
		rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	size = ubundle_const(b, UVERBS_ATTR_QUERY_GID_TABLE_ENTRY_SIZE);
	if (size < sizeof(entry) || size > 64 || out->len / size < UVERBS_GIDS)
		return -EINVAL;
	for (unsigned int i = 0; i < UVERBS_GIDS; i++) {
		uverbs_gid(b->file->function, i, &entry);
		memcpy(table + i * size, &entry, sizeof(entry));
	}
	rc = ubundle_out(b, UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES, table, UVERBS_GIDS * size);
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, &n, sizeof(n));
	return rc;
}

/* mlx5's own port query is about the e-switch, which no function here manages: nothing to say. */
static int mlx5_query_port(struct ubundle *b)
{
	struct mlx5_ib_uapi_query_port resp = {0};
	struct hca_ctx *ctx;
	uint64_t port;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	port = ubundle_const(b, MLX5_IB_ATTR_QUERY_PORT_PORT_NUM);
	if (port < 1 || port > UVERBS_PORTS)
		return -EINVAL;
	return ubundle_out(b, MLX5_IB_ATTR_QUERY_PORT, &resp, sizeof(resp));
}

static const struct uattr_spec query_port_specs[] = {
    UATTR_IN_CONST(UVERBS_ATTR_QUERY_PORT_PORT_NUM, true),
    UATTR_OUT_STRUCT(UVERBS_ATTR_QUERY_PORT_RESP,
		     END_OF(struct ib_uverbs_query_port_resp_ex, reserved),
		     struct ib_uverbs_query_port_resp_ex, true),
};

static const struct uattr_spec gid_entry_specs[] = {
    UATTR_IN_CONST(UVERBS_ATTR_QUERY_GID_ENTRY_PORT, true),
    UATTR_IN_CONST(UVERBS_ATTR_QUERY_GID_ENTRY_GID_INDEX, true),
    UATTR_IN_FLAGS(UVERBS_ATTR_QUERY_GID_ENTRY_FLAGS, true),
    UATTR_OUT_STRUCT(UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY,
		     END_OF(struct ib_uverbs_gid_entry, netdev_ifindex), struct ib_uverbs_gid_entry,
		     true),
};

static const struct uattr_spec gid_table_specs[] = {
    UATTR_IN_CONST(UVERBS_ATTR_QUERY_GID_TABLE_ENTRY_SIZE, true),
    UATTR_IN_FLAGS(UVERBS_ATTR_QUERY_GID_TABLE_FLAGS, true),
    UATTR_OUT_MIN(UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES, 0, true),
    UATTR_OUT_TYPE(UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, uint64_t, true),
};

static const struct uattr_spec mlx5_query_port_specs[] = {
    UATTR_IN_TYPE(MLX5_IB_ATTR_QUERY_PORT_PORT_NUM, uint32_t, true),
    UATTR_OUT_STRUCT(MLX5_IB_ATTR_QUERY_PORT, END_OF(struct mlx5_ib_uapi_query_port, reg_c0),
		     struct mlx5_ib_uapi_query_port, true),
};

/* ---- asynchronous events ---- */

/* Broken completion queues are told here, and the port's link; this device never fails. */
static int async_event_alloc(struct ubundle *b)
{
	return uverbs_channel_make(b, UVERBS_ATTR_ASYNC_EVENT_ALLOC_FD_HANDLE, HCA_CHAN_ASYNC);
}

static const struct uattr_spec async_event_specs[] = {
    UATTR_FILE(UVERBS_ATTR_ASYNC_EVENT_ALLOC_FD_HANDLE, UVERBS_OBJECT_ASYNC_EVENT, UATTR_NEW, true),
};

static const struct umethod methods[] = {
    UMETHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_GET_CONTEXT, get_context_specs, get_context),
    UMETHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_CONTEXT, query_context_specs, query_context),
    UMETHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_PORT, query_port_specs, query_port),
    UMETHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_ENTRY, gid_entry_specs, query_gid_entry),
    UMETHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_TABLE, gid_table_specs, query_gid_table),
    UMETHOD(UVERBS_OBJECT_DEVICE, MLX5_IB_METHOD_QUERY_PORT, mlx5_query_port_specs,
	    mlx5_query_port),
    UMETHOD(UVERBS_OBJECT_ASYNC_EVENT, UVERBS_METHOD_ASYNC_EVENT_ALLOC, async_event_specs,
	    async_event_alloc),
};

const struct umethod_group uverbs_std_group = {methods, ARRAY_SIZE(methods)};
