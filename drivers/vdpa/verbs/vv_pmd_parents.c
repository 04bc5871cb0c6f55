/* SPDX-License-Identifier: BSD-3-Clause */
/* The parents of this host. Each is opened once; what it can do, it goes on being able to do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hca/vv_hca_list.h"
#include "rte_pmd_vdpa_verbs.h"
#include "vv_function.h"
#include "vv_offer.h"
#include "vv_steer.h"

static int facts_ask(const char *name, struct vv_function_facts *facts, char *why, size_t why_len)
{
	struct vv_hca *hca;
	int err = vv_hca_open(name, &hca, why, why_len);

	if (err)
		return err;
	*facts = (struct vv_function_facts){
	    .caps = *vv_hca_caps(hca),
	    .devices_max = vv_steer_share_max(vv_hca_caps(hca)),
	    .nic = vv_hca_nic(name),
	};
	vv_hca_close(hca);
	err = vv_function_remember(name, facts);
	if (err)
		snprintf(why, why_len, "out of memory");
	return err;
}

/* Of a verbs device that is there. */
static int parent_fill(const char *name, struct vv_parent *parent, char *why, size_t why_len)
{
	struct vv_function_facts facts;
	struct vv_function_room room;
	int err = 0;

	if (vv_function_facts(name, &facts))
		err = facts_ask(name, &facts, why, why_len);
	if (err)
		return err;
	vv_function_room(name, &room);
	vv_parent_of(&facts.caps, name, room.rings, room.devices, parent);
	vv_hca_pci_ids(name, &parent->vendor_id, &parent->device_id);
	return 0;
}

int rte_pmd_vdpa_verbs_parents(void (*visit)(void *arg, const struct vv_parent *parent),
			       void (*others)(void *arg, const char *name, const char *why),
			       void *arg)
{
	char(*names)[VV_HCA_NAME_MAX];
	struct vv_parent parent;
	char why[320];
	unsigned int i, n;
	int err = vv_hca_list(&names, &n);

	if (err)
		return err;
	for (i = 0; i < n; i++) {
		if (!parent_fill(names[i], &parent, why, sizeof(why)))
			visit(arg, &parent);
		else if (others)
			others(arg, names[i], why);
	}
	free(names);
	return 0;
}

/* It may have been unplugged since it was opened. */
static bool is_there(const char *name)
{
	char(*names)[VV_HCA_NAME_MAX];
	bool found = false;
	unsigned int i, n;

	if (vv_hca_list(&names, &n))
		return false;
	for (i = 0; i < n && !found; i++)
		found = !strcmp(names[i], name);
	free(names);
	return found;
}

int rte_pmd_vdpa_verbs_parent(const char *name, struct vv_parent *parent, char *why, size_t why_len)
{
	struct vv_function_facts facts;
	int err;

	/* Opening says what there is instead. */
	if (!vv_function_facts(name, &facts) && !is_there(name)) {
		snprintf(why, why_len, "%s is not there any more", name);
		return -ENODEV;
	}
	err = parent_fill(name, parent, why, why_len);
	return err && err != -ENODEV && err != -ENOMEM ? -ENOTSUP : err;
}
