/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest has chosen, as a value that goes from one device to another with it. The device it
 * goes to has been provisioned as the other one was; what it offers is not taken from a guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_vhost.h>

#include "vv_dev_priv.h"
#include "vv_index.h"

/* What of negotiated bits is between the guest and its device. */
static uint64_t guest_bits(uint64_t features)
{
	return features & ~VV_BIT(VHOST_USER_F_PROTOCOL_FEATURES);
}

int vv_dev_state_get(struct vv_dev *dev, bool connected, struct rte_pmd_vdpa_verbs_state *state,
		     char *why, size_t why_len)
{
	const struct vv_dev_ctrl *c = &dev->ctrl;
	int err = 0;

	vv_lock(&dev->control);
	/* Also of one that its front-end has stopped to move it: then it is the last word. */
	if (dev->state != VV_DEV_RUNNING && !(connected && dev->was_run)) {
		snprintf(why, why_len, "no guest runs");
		err = -EAGAIN;
	} else {
		memset(state, 0, sizeof(*state));
		state->negotiated = VV_FEATURES_OF(guest_bits(c->conf.features));
		state->pairs = c->conf.pairs;
		memcpy(&state->control, &c->state, sizeof(state->control));
	}
	vv_unlock(&dev->control);
	return err;
}

/* What would hold for a guest that says what the state says. */
static int conf_of(const struct vv_dev *dev, const struct rte_pmd_vdpa_verbs_state *state,
		   struct vv_ctrl_conf *conf, char *why, size_t why_len) VV_REQUIRES(dev->control)
{
	struct vv_features offered = VV_FEATURES_OF(guest_bits(dev->offer.features));
	struct vv_features extra = vv_features_without(state->negotiated, offered);
	char names[256];
	int err;

	if (!vv_features_is_empty(extra)) {
		snprintf(why, why_len, "negotiated: the device does not offer %s",
			 vv_features_names(&extra, names, sizeof(names)));
		return -EINVAL;
	}
	err = vv_offer_check(state->negotiated.word[0], &dev->offer, why, why_len);
	if (err)
		return err;
	if (state->pairs != dev->offer.pairs && state->pairs != 1) {
		snprintf(why, why_len, "pairs: the guest knows of %u, the device has %u",
			 state->pairs, dev->offer.pairs);
		return -EINVAL;
	}
	vv_dev_ctrl_conf(dev, state->negotiated.word[0], state->pairs, conf);
	return 0;
}

int vv_dev_state_set(struct vv_dev *dev, const struct rte_pmd_vdpa_verbs_state *state, char *why,
		     size_t why_len)
{
	struct rte_pmd_vdpa_verbs_state *pending = calloc(1, sizeof(*pending));
	struct vv_ctrl_conf conf;
	int err = 0;

	if (!pending) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	pending->negotiated = state->negotiated;
	pending->pairs = state->pairs;
	vv_lock(&dev->control);
	if (dev->state != VV_DEV_IDLE) {
		snprintf(why, why_len, "a guest runs already");
		err = -EBUSY;
	}
	if (!err)
		err = conf_of(dev, state, &conf, why, why_len);
	if (!err)
		err = vv_ctrl_check(&conf, &state->control, &pending->control, why, why_len);
	if (!err) {
		free(dev->pending);
		dev->pending = pending;
		pending = NULL;
	}
	vv_unlock(&dev->control);
	free(pending);
	return err;
}

/* ---- the guest comes ---- */

static bool ring_goes_on(const struct vv_guest *guest, unsigned int ring)
{
	const struct vv_ring *r = &guest->rings[ring];

	return r->enabled && r->size &&
	       r->base != vv_index_initial(guest->features & VV_BIT(VIRTIO_F_RING_PACKED));
}

bool vv_dev_guest_goes_on(const struct vv_guest *guest, unsigned int ring)
{
	unsigned int i;

	if (ring && ring < guest->n_rings && guest->rings[ring].enabled && guest->rings[ring].size)
		return ring_goes_on(guest, ring);
	for (i = 0; i < guest->n_rings; i++)
		if (i != ring && ring_goes_on(guest, i))
			return true;
	return false;
}

bool vv_dev_state_load(struct vv_dev *dev, const struct vv_guest *guest, unsigned int ring)
{
	struct rte_pmd_vdpa_verbs_state *p = dev->pending;
	bool same, goes_on = vv_dev_guest_goes_on(guest, ring);

	if (!p)
		return false;
	dev->pending = NULL;
	same = guest_bits(guest->features) == p->negotiated.word[0] &&
	       dev->ctrl.conf.pairs == p->pairs;
	if (same && goes_on)
		memcpy(&dev->ctrl.state, &p->control, sizeof(p->control));
	else
		VV_LOG(NOTICE, "%s: the state that was loaded is not used: %s", dev->name,
		       same ? "the guest begins anew" : "the guest has negotiated something else");
	free(p);
	return same && goes_on;
}
