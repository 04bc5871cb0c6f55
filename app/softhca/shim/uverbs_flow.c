/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering in the root tables: flow matchers and rules. A rule sends frames to a TIR or a flow table
 * made through DevX, or drops them, and may count them; the other destinations and actions of mlx5_ib are
 * refused as "not supported".
 */
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "uverbs_file.h"

/* enum ib_flow_flags */
enum { FLOW_FLAGS_EGRESS = 1 << 2 };
enum { FLOW_ACTIONS_MAX = 16, FLOW_TAG_LIMIT = 1 << 24 };
enum { MATCH_LEN_MAX = sizeof(struct mlx5_ib_match_params) };

static int matcher_create(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_FLOW_MATCHER_CREATE_HANDLE)->obj;
	const struct uattr *mask = ubundle_attr(b, MLX5_IB_ATTR_FLOW_MATCHER_MATCH_MASK);
	const struct uattr *type = ubundle_attr(b, MLX5_IB_ATTR_FLOW_MATCHER_FLOW_TYPE);
	uint64_t flags, ft_type = MLX5_IB_UAPI_FLOW_TABLE_TYPE_NIC_RX;
	struct hca_matcher_attr attr = {.mask = mask->in, .mask_len = mask->len};
	struct hca_ctx *ctx;
	int rc;

	rc = ubundle_flags(b, MLX5_IB_ATTR_FLOW_MATCHER_FLOW_FLAGS, FLOW_FLAGS_EGRESS, &flags);
	if (!rc)
		rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	/* An old and a new way to name the table; never both. */
	if (ubundle_attr(b, MLX5_IB_ATTR_FLOW_MATCHER_FLOW_FLAGS) &&
	    ubundle_attr(b, MLX5_IB_ATTR_FLOW_MATCHER_FT_TYPE))
		return -EINVAL;
	if (flags)
		ft_type = MLX5_IB_UAPI_FLOW_TABLE_TYPE_NIC_TX;
	/* Sniffers and default rules are another way of steering, with priorities of their own. */
	if (type->enum_value != MLX5_IB_FLOW_TYPE_NORMAL)
		return -EOPNOTSUPP;
	if (type->len != sizeof(attr.priority))
		return -EINVAL;
	memcpy(&attr.priority, type->in, sizeof(attr.priority));
	if (ubundle_attr(b, MLX5_IB_ATTR_FLOW_MATCHER_FT_TYPE))
		ft_type = ubundle_const(b, MLX5_IB_ATTR_FLOW_MATCHER_FT_TYPE);
	if (ft_type > MLX5_IB_UAPI_FLOW_TABLE_TYPE_RDMA_TX)
		return -EINVAL;
	attr.ft_type = (uint8_t)ft_type;
	attr.criteria_enable = (uint8_t)ubundle_const(b, MLX5_IB_ATTR_FLOW_MATCHER_MATCH_CRITERIA);
	return hca_matcher_create(ctx, &attr, &obj->matcher);
}

static int matcher_destroy(struct ubundle *b)
{
	return hca_matcher_destroy(
	    ubundle_attr(b, MLX5_IB_ATTR_FLOW_MATCHER_DESTROY_HANDLE)->obj->matcher);
}

/* A counter and its place in the bulk; both optional. */
static int flow_counter(struct ubundle *b, struct hca_flow_attr *attr)
{
	const struct uattr *arr = ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_ARR_COUNTERS_DEVX);
	const struct uattr *offset =
	    ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_ARR_COUNTERS_DEVX_OFFSET);

	if (!arr)
		return 0;
	attr->counter = arr->obj->devx;
	if (!offset)
		return 0;
	if (offset->len != sizeof(attr->counter_offset))
		return -EINVAL;
	memcpy(&attr->counter_offset, offset->in, sizeof(attr->counter_offset));
	return 0;
}

/* Accepted as hardware does; a virtqueue has no completion that would show it. */
static int flow_tag(struct ubundle *b, struct hca_flow_attr *attr)
{
	const struct uattr *tag = ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_TAG);

	if (!tag)
		return 0;
	attr->has_tag = true;
	memcpy(&attr->tag, tag->in, sizeof(attr->tag));
	return attr->tag < FLOW_TAG_LIMIT ? 0 : -EINVAL;
}

static int flow_create(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_HANDLE)->obj;
	struct uobj *matcher = ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_MATCHER)->obj;
	const struct uattr *value = ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_MATCH_VALUE);
	const struct uattr *dest = ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_DEST_DEVX);
	struct hca_flow_attr attr = {.value = value->in, .value_len = value->len};
	struct hca_ctx *ctx;
	uint64_t flags;
	int rc;

	rc = ubundle_flags(b, MLX5_IB_ATTR_CREATE_FLOW_FLAGS,
			   MLX5_IB_ATTR_CREATE_FLOW_FLAGS_DEFAULT_MISS |
			       MLX5_IB_ATTR_CREATE_FLOW_FLAGS_DROP,
			   &flags);
	if (!rc)
		rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	/* A QP is no destination here: none of them receives frames. */
	if (ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_DEST_QP))
		return dest || flags ? -EINVAL : -EOPNOTSUPP;
	if (ubundle_attr(b, MLX5_IB_ATTR_CREATE_FLOW_ARR_FLOW_ACTIONS))
		return -EOPNOTSUPP;
	attr.dest = dest ? dest->obj->devx : NULL;
	attr.drop = flags & MLX5_IB_ATTR_CREATE_FLOW_FLAGS_DROP;
	attr.default_miss = flags & MLX5_IB_ATTR_CREATE_FLOW_FLAGS_DEFAULT_MISS;
	rc = flow_counter(b, &attr);
	if (!rc)
		rc = flow_tag(b, &attr);
	return rc ? rc : hca_flow_create(matcher->matcher, &attr, &obj->flow);
}

/* The number of the handle attribute differs between the two methods that destroy. */
static int flow_destroy(struct ubundle *b)
{
	return hca_flow_destroy(b->attrs[0].obj->flow);
}

static const struct uattr_spec matcher_create_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_FLOW_MATCHER_CREATE_HANDLE, MLX5_IB_OBJECT_FLOW_MATCHER, UATTR_NEW,
	      true),
    UATTR_IN_SIZE(MLX5_IB_ATTR_FLOW_MATCHER_MATCH_MASK, 1, MATCH_LEN_MAX, true),
    {.id = MLX5_IB_ATTR_FLOW_MATCHER_FLOW_TYPE,
								    .type = UATTR_ENUM,
								    .mandatory = true,
								    .min_len = 0,
								    .max_len = sizeof(uint16_t),
								    .enums = MLX5_IB_FLOW_TYPE_MC_DEFAULT + 1},
    UATTR_IN_TYPE(MLX5_IB_ATTR_FLOW_MATCHER_MATCH_CRITERIA, uint8_t, true),
    UATTR_IN_FLAGS(MLX5_IB_ATTR_FLOW_MATCHER_FLOW_FLAGS, false),
    UATTR_IN_CONST(MLX5_IB_ATTR_FLOW_MATCHER_FT_TYPE, false),
};

static const struct uattr_spec matcher_destroy_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_FLOW_MATCHER_DESTROY_HANDLE, MLX5_IB_OBJECT_FLOW_MATCHER, UATTR_DESTROY,
	      true),
};

static const struct uattr_spec flow_create_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_CREATE_FLOW_HANDLE, UVERBS_OBJECT_FLOW, UATTR_NEW, true),
    UATTR_IN_SIZE(MLX5_IB_ATTR_CREATE_FLOW_MATCH_VALUE, 1, MATCH_LEN_MAX, true),
    UATTR_OBJ(MLX5_IB_ATTR_CREATE_FLOW_MATCHER, MLX5_IB_OBJECT_FLOW_MATCHER, UATTR_READ, true),
    UATTR_OBJ(MLX5_IB_ATTR_CREATE_FLOW_DEST_QP, UVERBS_OBJECT_QP, UATTR_READ, false),
    UATTR_OBJ(MLX5_IB_ATTR_CREATE_FLOW_DEST_DEVX, MLX5_IB_OBJECT_DEVX_OBJ, UATTR_READ, false),
    {.id = MLX5_IB_ATTR_CREATE_FLOW_ARR_FLOW_ACTIONS,
										      .type = UATTR_IDRS,
										      .min_len = 1,
										      .max_len = FLOW_ACTIONS_MAX,
										      .obj_type = UVERBS_OBJECT_FLOW_ACTION},
    UATTR_IN_TYPE(MLX5_IB_ATTR_CREATE_FLOW_TAG, uint32_t, false),
    {.id = MLX5_IB_ATTR_CREATE_FLOW_ARR_COUNTERS_DEVX,
										      .type = UATTR_IDRS,
										      .min_len = 1,
										      .max_len = 1,
										      .obj_type = MLX5_IB_OBJECT_DEVX_OBJ  },
    UATTR_IN_MIN(MLX5_IB_ATTR_CREATE_FLOW_ARR_COUNTERS_DEVX_OFFSET, sizeof(uint32_t), false),
    UATTR_IN_FLAGS(MLX5_IB_ATTR_CREATE_FLOW_FLAGS, false),
};

static const struct uattr_spec flow_destroy_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_DESTROY_FLOW_HANDLE, UVERBS_OBJECT_FLOW, UATTR_DESTROY, true),
};

static const struct uattr_spec mlx5_flow_destroy_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DESTROY_FLOW_HANDLE, UVERBS_OBJECT_FLOW, UATTR_DESTROY, true),
};

static const struct umethod methods[] = {
    UMETHOD(MLX5_IB_OBJECT_FLOW_MATCHER, MLX5_IB_METHOD_FLOW_MATCHER_CREATE, matcher_create_specs,
	    matcher_create),
    UMETHOD(MLX5_IB_OBJECT_FLOW_MATCHER, MLX5_IB_METHOD_FLOW_MATCHER_DESTROY, matcher_destroy_specs,
	    matcher_destroy),
    UMETHOD(UVERBS_OBJECT_FLOW, MLX5_IB_METHOD_CREATE_FLOW, flow_create_specs, flow_create),
    UMETHOD(UVERBS_OBJECT_FLOW, UVERBS_METHOD_FLOW_DESTROY, flow_destroy_specs, flow_destroy),
    UMETHOD(UVERBS_OBJECT_FLOW, MLX5_IB_METHOD_DESTROY_FLOW, mlx5_flow_destroy_specs, flow_destroy),
};

const struct umethod_group uverbs_flow_group = {methods, ARRAY_SIZE(methods)};
