/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address handles: the kernel checks them and finds the Ethernet address behind a GID. Nothing of
 * them reaches the firmware.
 */
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "uverbs_dev.h"
#include "uverbs_file.h"
#include "uverbs_write.h"

/*
 * RoCE (IBTA A16, A17): a link-local GID carries the address in its lower half (modified EUI-64), a
 * multicast GID of IPv6 and of mapped IPv4 gives the group's address. Others need a neighbour
 * table, and there is no host with one behind the port.
 */
static int dmac_of(const uint8_t gid[16], uint8_t mac[6])
{
	static const uint8_t link_local[8] = {0xfe, 0x80};

	if (gid[0] == 0xff && gid[1] == 0x0e && gid[10] == 0xff && gid[11] == 0xff) {
		const uint8_t group[6] = {0x01, 0x00, 0x5e, gid[13] & 0x7f, gid[14], gid[15]};

		memcpy(mac, group, sizeof(group));
		return 0;
	}
	if (gid[0] == 0xff) {
		mac[0] = mac[1] = 0x33;
		memcpy(mac + 2, gid + 12, 4);
		return 0;
	}
	if (memcmp(gid, link_local, sizeof(link_local)))
		return -ENETUNREACH;
	memcpy(mac, gid + 8, 3);
	memcpy(mac + 3, gid + 13, 3);
	mac[0] ^= 2;
	return 0;
}

int uverbs_ah_resolve(const struct ib_uverbs_global_route *grh, bool is_global, uint8_t port,
		      uint8_t mac[6])
{
	if (port < 1 || port > UVERBS_PORTS || !is_global || grh->sgid_index >= UVERBS_GIDS)
		return -EINVAL;
	return dmac_of(grh->dgid, mac);
}

int write_create_ah(struct ubundle *b, const void *req, const struct uattr *out)
{
	const struct ib_uverbs_create_ah *cmd = req;
	struct mlx5_ib_create_ah_resp mlx5 = {.response_length = sizeof(mlx5)};
	struct ib_uverbs_create_ah_resp resp;
	struct uobj *ah, *pd;
	int rc;

	rc = uverbs_ah_resolve(&cmd->attr.grh, cmd->attr.is_global, cmd->attr.port_num, mlx5.dmac);
	if (!rc && uobj_find(b->objs, UVERBS_OBJECT_PD, cmd->pd_handle, &pd))
		rc = -EINVAL;
	if (!rc)
		rc = uobj_reserve(b->objs, UVERBS_OBJECT_AH, &ah);
	if (rc)
		return rc;
	resp.ah_handle = ah->id;
	rc = ubundle_out(b, UVERBS_ATTR_UHW_OUT, &mlx5, sizeof(mlx5));
	if (!rc)
		rc = ubundle_out(b, UVERBS_ATTR_CORE_OUT, &resp, sizeof(resp));
	if (rc) {
		uobj_remove(b->objs, ah);
		return rc;
	}
	ah->committed = true;
	return 0;
}

static int ah_destroy(struct ubundle *b)
{
	return 0;
}

static const struct uattr_spec ah_destroy_specs[] = {
    UATTR_OBJ(UVERBS_ATTR_DESTROY_AH_HANDLE, UVERBS_OBJECT_AH, UATTR_DESTROY, true),
};

static const struct umethod methods[] = {
    UMETHOD(UVERBS_OBJECT_AH, UVERBS_METHOD_AH_DESTROY, ah_destroy_specs, ah_destroy),
};

const struct umethod_group uverbs_ah_group = {methods, ARRAY_SIZE(methods)};
