/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices by their names, for programs that manage them. */
#include <errno.h>
#include <stdio.h>

#include "rte_pmd_vdpa_verbs.h"
#include "vv_dev.h"
#include "vv_ops.h"
#include "vv_pmd.h"

static __thread char probe_error[1024];

const char *rte_pmd_vdpa_verbs_probe_error(void)
{
	return probe_error;
}

void vv_pmd_probe_error(const char *why)
{
	snprintf(probe_error, sizeof(probe_error), "%s", why);
}

/* why may be NULL. */
static int use(const char *device, struct vv_ops_use *u, char *why, size_t why_len)
{
	int err = vv_ops_use(device, u);

	if (err && why)
		snprintf(why, why_len, "no such device (%s)", device);
	return err;
}

int rte_pmd_vdpa_verbs_device(const char *device, struct vv_provisioned *provisioned)
{
	struct vv_ops_use u;
	int err = use(device, &u, NULL, 0);

	if (err)
		return err;
	vv_dev_provisioned(u.dev, provisioned);
	vv_ops_unuse(&u);
	return 0;
}

int rte_pmd_vdpa_verbs_live(const char *device, struct rte_pmd_vdpa_verbs_live *live)
{
	struct vv_ops_use u;
	int err = use(device, &u, NULL, 0);

	if (err)
		return err;
	vv_dev_live(u.dev, u.connected, live);
	vv_ops_unuse(&u);
	return 0;
}

int rte_pmd_vdpa_verbs_stats(const char *device, unsigned int ring,
			     struct rte_pmd_vdpa_verbs_stats *stats)
{
	struct vv_ops_use u;
	int err = use(device, &u, NULL, 0);

	if (err)
		return err;
	err = vv_dev_ring_stats(u.dev, ring, stats);
	vv_ops_unuse(&u);
	return err;
}

int rte_pmd_vdpa_verbs_dump(const char *device, char **text)
{
	struct vv_ops_use u;
	int err = use(device, &u, NULL, 0);

	if (err)
		return err;
	err = vv_dev_dump(u.dev, u.connected, text);
	vv_ops_unuse(&u);
	return err;
}

int rte_pmd_vdpa_verbs_set_mac(const char *device, const uint8_t mac[6], char *why, size_t why_len)
{
	struct vv_ops_use u;
	int err = use(device, &u, why, why_len);

	if (err)
		return err;
	err = vv_dev_set_mac(u.dev, mac, why, why_len);
	vv_ops_unuse(&u);
	return err;
}

int rte_pmd_vdpa_verbs_set_mtu(const char *device, uint16_t mtu, char *why, size_t why_len)
{
	struct vv_ops_use u;
	int err = use(device, &u, why, why_len);

	if (err)
		return err;
	err = vv_dev_set_mtu(u.dev, mtu, u.connected, why, why_len);
	vv_ops_unuse(&u);
	return err;
}

int rte_pmd_vdpa_verbs_set_link(const char *device, bool up, char *why, size_t why_len)
{
	struct vv_ops_use u;
	int err = use(device, &u, why, why_len);

	if (err)
		return err;
	err = vv_dev_set_link(u.dev, up, why, why_len);
	vv_ops_unuse(&u);
	return err;
}

int rte_pmd_vdpa_verbs_state_get(const char *device, struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len)
{
	struct vv_ops_use u;
	int err = use(device, &u, why, why_len);

	if (err)
		return err;
	err = vv_dev_state_get(u.dev, u.connected, state, why, why_len);
	vv_ops_unuse(&u);
	return err;
}

int rte_pmd_vdpa_verbs_state_set(const char *device, const struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len)
{
	struct vv_ops_use u;
	int err = use(device, &u, why, why_len);

	if (err)
		return err;
	err = vv_dev_state_set(u.dev, state, why, why_len);
	vv_ops_unuse(&u);
	return err;
}
