/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "rte_pmd_vdpa_verbs.h"
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

int rte_pmd_vdpa_verbs_parents(void (*visit)(void *arg, const struct vv_parent *parent),
			       void (*others)(void *arg, const char *name, const char *why),
			       void *arg)
{
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_parent(const char *name, struct vv_parent *parent, char *why,
			      size_t why_len)
{
	snprintf(why, why_len, "not supported");
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_device(const char *device, struct vv_provisioned *provisioned)
{
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_live(const char *device, struct rte_pmd_vdpa_verbs_live *live)
{
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_stats(const char *device, unsigned int ring,
			     struct rte_pmd_vdpa_verbs_stats *stats)
{
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_dump(const char *device, char **text)
{
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_set_mac(const char *device, const uint8_t mac[6], char *why, size_t why_len)
{
	snprintf(why, why_len, "not supported");
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_set_mtu(const char *device, uint16_t mtu, char *why, size_t why_len)
{
	snprintf(why, why_len, "not supported");
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_set_link(const char *device, bool up, char *why, size_t why_len)
{
	snprintf(why, why_len, "not supported");
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_state_get(const char *device, struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len)
{
	snprintf(why, why_len, "not supported");
	return -ENOTSUP;
}

int rte_pmd_vdpa_verbs_state_set(const char *device, const struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len)
{
	snprintf(why, why_len, "not supported");
	return -ENOTSUP;
}
