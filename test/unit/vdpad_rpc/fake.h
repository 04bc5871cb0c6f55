/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A manager of devices and a driver without NIC, at link time in the places of the daemon's and of
 * librte_vdpa_verbs: two parents, devices that are provisioned as real ones are but do nothing, and
 * guests that a test makes up.
 */
#ifndef VDPAD_RPC_FAKE_H
#define VDPAD_RPC_FAKE_H

#include <stdbool.h>

#include <rte_pmd_vdpa_verbs.h>

#include "config.h"
#include "manager.h"

enum { FAKE_DEVICES = 8 };

struct vdpad_device {
	struct vdpad_spec spec;
	char dpdk_name[64];
	const char *failure; /* static */
	struct rte_pmd_vdpa_verbs_live live;
	bool has_state;
	struct rte_pmd_vdpa_verbs_state state;
};

struct vdpad_manager {
	struct vdpad_config config;
	struct vdpad_device devices[FAKE_DEVICES];
	unsigned int n;
	unsigned int changes; /* how often something was changed, or tried to */
	int fails;            /* -errno that the driver answers with; 0: none */
};

/* One at a time; models are looked for in that directory. */
struct vdpad_manager *fake_manager_create(const char *models);
void fake_manager_destroy(struct vdpad_manager *manager);

/* A guest with these features, and settings of each kind. */
void fake_guest_runs(struct vdpad_device *device, uint64_t negotiated);
void fake_state(struct rte_pmd_vdpa_verbs_state *state);

#endif
