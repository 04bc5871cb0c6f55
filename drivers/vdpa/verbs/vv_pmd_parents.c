/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parents of this host. What one can do it goes on being able to do; but its port may get
 * another MTU, so it is opened anew when nobody has for a while.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "hca/vv_hca_list.h"
#include "rte_pmd_vdpa_verbs.h"
#include "vv_function.h"
#include "vv_offer.h"
#include "vv_steer.h"

/* For how long an answer holds: of one that a device is to be made on, and in a list. */
enum { FRESH_ONE_MS = 100, FRESH_LIST_MS = 1000 };

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
static int parent_fill(const char *name, unsigned int fresh_ms, struct vv_parent *parent, char *why,
		       size_t why_len)
{
	struct vv_function_facts facts;
	struct vv_function_room room;
	bool known = !vv_function_facts(name, &facts);
	int err = 0;

	if (!known || facts.age_ms >= fresh_ms)
		err = facts_ask(name, &facts, why, why_len);
	if (err && known &&
	    err != -ENODEV) /* it is busy, or we are short of something: as before */
		err = vv_function_facts(name, &facts);
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
		if (!parent_fill(names[i], FRESH_LIST_MS, &parent, why, sizeof(why)))
			visit(arg, &parent);
		else if (others)
			others(arg, names[i], why);
	}
	free(names);
	return 0;
}

int rte_pmd_vdpa_verbs_parent(const char *name, struct vv_parent *parent, char *why, size_t why_len)
{
	int err = parent_fill(name, FRESH_ONE_MS, parent, why, why_len);

	return err && err != -ENODEV && err != -ENOMEM ? -ENOTSUP : err;
}
