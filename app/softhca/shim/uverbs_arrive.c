/* SPDX-License-Identifier: BSD-3-Clause */
#include "uverbs_arrive.h"

#include <errno.h>

#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "uverbs_attr.h"

/* The first bytes of a mailbox say which command it is. */
enum { HEAD = 16, ATTRS_MAX = 16 };

/* Methods that send a command: in this attribute, or one of this name. */
static const struct arrival {
	uint16_t object, method, attr;
	const char *name;
} arrivals[] = {
    {MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_OTHER, MLX5_IB_ATTR_DEVX_OTHER_CMD_IN, NULL},
    {MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_CREATE, MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_IN,
     NULL},
    {MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_MODIFY, MLX5_IB_ATTR_DEVX_OBJ_MODIFY_CMD_IN,
     NULL},
    {MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_QUERY, MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_IN,
     NULL},
    {MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_DESTROY, 0, "destroy"},
    {MLX5_IB_OBJECT_DEVX_UMEM, MLX5_IB_METHOD_DEVX_UMEM_REG, 0, "reg_umem"},
    {MLX5_IB_OBJECT_DEVX_UMEM, MLX5_IB_METHOD_DEVX_UMEM_DEREG, 0, "dereg_umem"},
};

static const struct arrival *find(const struct ib_uverbs_ioctl_hdr *hdr)
{
	for (unsigned int i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++)
		if (arrivals[i].object == hdr->object_id && arrivals[i].method == hdr->method_id)
			return &arrivals[i];
	return NULL;
}

/* The mailbox in the attribute of that number. */
static int read_head(uint64_t attrs, unsigned int n, uint16_t id, uint8_t head[HEAD])
{
	struct ib_uverbs_attr attr;

	for (unsigned int i = 0; i < n && i < ATTRS_MAX; i++) {
		int rc = copy_from_user(&attr, attrs + i * sizeof(attr), sizeof(attr));

		if (rc)
			return rc;
		/* Shorter ones are refused before they are a command. */
		if (attr.attr_id == id)
			return attr.len < HEAD ? -EINVAL : copy_from_user(head, attr.data, HEAD);
	}
	return -ENOENT;
}

void uverbs_arrives(struct hca *hca, unsigned long cmd, void *arg)
{
	uint64_t user = (uint64_t)(uintptr_t)arg;
	struct ib_uverbs_ioctl_hdr hdr;
	const struct arrival *a;
	uint8_t head[HEAD];

	if (cmd != RDMA_VERBS_IOCTL || !hca_takes_time(hca) ||
	    copy_from_user(&hdr, user, sizeof(hdr)))
		return;
	a = find(&hdr);
	if (!a)
		return;
	if (!a->attr)
		hca_arrives(hca, NULL, a->name);
	else if (!read_head(user + sizeof(hdr), hdr.num_attrs, a->attr, head))
		hca_arrives(hca, head, NULL);
}
