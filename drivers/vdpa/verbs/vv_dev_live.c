/* SPDX-License-Identifier: BSD-3-Clause */
/* How a device is now: for programs that manage it, and as text for who looks for a fault. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_vhost.h>

#include "vv_dev_priv.h"

/* What was allocated for it, and what firmware and NIC hold of host memory. */
static uint64_t memory_bytes(const struct vv_dev *dev)
{
	uint64_t sum = sizeof(*dev) + dev->n_queues * sizeof(dev->queues[0]);
	unsigned int i;

	sum += vv_event_pool_bytes(dev->pool);
	for (i = 0; i < dev->n_queues; i++)
		sum += vv_virtq_bytes(dev->queues[i].virtq);
	if (dev->ctrl.cvq)
		sum += vv_cvq_bytes();
	if (dev->pending)
		sum += sizeof(*dev->pending);
	return sum;
}

/* Pairs that the guest uses, as far as it says so. */
static unsigned int pairs_in_use(const struct vv_dev *dev) VV_REQUIRES(dev->control)
{
	unsigned int i, n = 0;

	if (dev->ctrl.ring)
		return vv_ctrl_pairs(&dev->ctrl.conf, &dev->ctrl.state);
	for (i = 0; i < dev->n_queues; i += 2)
		n += dev->queues[i].state == VV_QUEUE_RUNNING;
	return n;
}

static void live_fill(struct vv_dev *dev, struct rte_pmd_vdpa_verbs_live *live)
    VV_REQUIRES(dev->control)
{
	struct vv_cvq_stats stats;
	unsigned int i;

	live->running = dev->state == VV_DEV_RUNNING;
	memcpy(live->mac, vv_dev_mac(dev), sizeof(live->mac));
	live->mtu = dev->offer.mtu;
	live->link_wanted = !dev->link_down;
	live->link_up = dev->port.up && live->link_wanted;
	live->speed_mbps = dev->port.speed_mbps;
	live->memory_bytes = memory_bytes(dev);
	if (dev->ctrl.cvq) {
		vv_cvq_stats(dev->ctrl.cvq, &stats);
		live->cvq_commands = stats.commands;
		live->cvq_refused = stats.commands - stats.verdict[VV_CTRL_OK];
		live->needs_reset = dev->ctrl.running && stats.needs_reset;
	}
	if (!live->running)
		return;
	live->negotiated = VV_FEATURES_OF(dev->features & ~VV_BIT(VHOST_USER_F_PROTOCOL_FEATURES));
	live->link_announce = dev->ctrl.state.announce;
	live->vqp = pairs_in_use(dev);
	live->cvq = dev->ctrl.ring;
	live->cvq_running = dev->ctrl.running;
	for (i = 0; i < dev->n_queues; i++)
		live->vqs_running += dev->queues[i].state == VV_QUEUE_RUNNING;
	memcpy(&live->control, &dev->ctrl.state, sizeof(live->control));
}

void vv_dev_live(struct vv_dev *dev, bool connected, struct rte_pmd_vdpa_verbs_live *live)
{
	memset(live, 0, sizeof(*live));
	live->connected = connected;
	vv_lock(&dev->control);
	live_fill(dev, live);
	vv_unlock(&dev->control);
}

/* ---- as text ---- */

static void dump_mac(FILE *f, const char *name, const uint8_t mac[6])
{
	fprintf(f, "%s %02x:%02x:%02x:%02x:%02x:%02x\n", name, mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
}

static void dump_features(FILE *f, const char *name, const struct vv_features *features)
{
	char mask[VV_FEATURES_MASK_MAX], names[VV_FEATURES_NAMES_MAX];

	fprintf(f, "%s %s %s\n", name, vv_features_mask(features, mask),
		vv_features_names(features, names, sizeof(names)));
}

static void dump_provisioned(FILE *f, const struct vv_provisioned *p)
{
	char text[VV_ATTR_TEXT_MAX];
	unsigned int attr;

	fprintf(f, "\nprovisioned\n  parent %s\n", p->parent);
	for (attr = 0; attr < VV_ATTR_N; attr++)
		fprintf(f, "  %s %s%s\n", vv_attr_name(attr), vv_provisioned_attr(p, attr, text),
			p->set & 1u << attr ? " (set)" : "");
	fprintf(f, "  features_default %s\n", vv_features_default_name(p->features_default));
	if (p->model[0])
		fprintf(f, "  model %s\n", p->model);
	dump_features(f, "  device_features", &p->features);
}

static void dump_macs(FILE *f, const char *name, const struct vv_ctrl_macs *macs)
{
	unsigned int i;

	if (macs->overflow)
		fprintf(f, "  %s all: more than the table takes\n", name);
	for (i = 0; i < macs->n; i++) {
		fprintf(f, "  ");
		dump_mac(f, name, macs->addr[i]);
	}
}

static void dump_chosen(FILE *f, const struct vv_ctrl_state *s)
{
	unsigned int vid;

	fprintf(f, "\nchosen by the guest\n  ");
	dump_mac(f, "mac", s->mac);
	fprintf(f, "  promisc %d allmulti %d alluni %d nomulti %d nouni %d nobcast %d\n",
		s->promisc, s->allmulti, s->alluni, s->nomulti, s->nouni, s->nobcast);
	dump_macs(f, "unicast", &s->uni);
	dump_macs(f, "multicast", &s->multi);
	for (vid = 0; vid < VV_VLANS; vid++)
		if (s->vlans[vid / 64] & VV_BIT(vid % 64))
			fprintf(f, "  vlan %u\n", vid);
	fprintf(f, "  pairs %u rss %d offloads 0x%" PRIx64 "\n", s->pairs, s->rss_active,
		s->offloads);
	fprintf(f, "  coalesce rx %u us %u packets, tx %u us %u packets\n", s->coal_rx.usecs,
		s->coal_rx.packets, s->coal_tx.usecs, s->coal_tx.packets);
}

static void dump_live(FILE *f, const struct rte_pmd_vdpa_verbs_live *l)
{
	fprintf(f, "\nnow\n  connected %d running %d vqs_running %u vqp %u\n", l->connected,
		l->running, l->vqs_running, l->vqp);
	fprintf(f, "  ");
	dump_mac(f, "mac", l->mac);
	fprintf(f, "  mtu %u link_up %d link_wanted %d announce %d speed_mbps %u\n", l->mtu,
		l->link_up, l->link_wanted, l->link_announce, l->speed_mbps);
	fprintf(f, "  cvq %u running %d needs_reset %d commands %" PRIu64 " refused %" PRIu64 "\n",
		l->cvq, l->cvq_running, l->needs_reset, l->cvq_commands, l->cvq_refused);
	fprintf(f, "  memory_bytes %" PRIu64 "\n", l->memory_bytes);
	if (!l->running)
		return;
	dump_features(f, "  negotiated_features", &l->negotiated);
	dump_chosen(f, &l->control);
}

static void dump_ring(FILE *f, struct vv_dev *dev, unsigned int ring)
{
	struct rte_pmd_vdpa_verbs_stats stats;
	unsigned int i;

	if (vv_dev_ring_stats(dev, ring, &stats))
		return;
	fprintf(f, "\nring %u %s %s %s size %u base 0x%x\n", ring, stats.kind, stats.state,
		stats.packed ? "packed" : "split", stats.size, stats.base);
	for (i = 0; i < stats.n; i++)
		if (stats.stat[i].value)
			fprintf(f, "  %s %" PRIu64 "\n", stats.stat[i].name, stats.stat[i].value);
}

static void dump_inside(FILE *f, struct vv_dev *dev)
{
	vv_lock(&dev->control);
	fprintf(f, "device %s\n  state %s features 0x%" PRIx64 " deaf %d parked %d hashed %d\n",
		dev->name, vv_dev_state_name(dev->state), dev->features, dev->deaf,
		dev->parked ? dev->parked->index : -1, dev->hashed);
	fprintf(f, "  steering %s refusals %u writes %u pending %d\n",
		vv_steer_is_set(dev->steer) ? "in force" : "none", dev->ctrl.refusals,
		dev->ctrl.writes, dev->pending != NULL);
	vv_unlock(&dev->control);
}

int vv_dev_dump(struct vv_dev *dev, bool connected, char **text)
{
	struct rte_pmd_vdpa_verbs_live *live = malloc(sizeof(*live));
	struct vv_provisioned provisioned;
	unsigned int ring;
	bool failed;
	size_t size;
	FILE *f;

	f = live ? open_memstream(text, &size) : NULL;
	if (!f) {
		free(live);
		return -ENOMEM;
	}
	dump_inside(f, dev);
	vv_dev_provisioned(dev, &provisioned);
	dump_provisioned(f, &provisioned);
	vv_dev_live(dev, connected, live);
	dump_live(f, live);
	for (ring = 0; ring < vv_dev_rings(dev); ring++)
		dump_ring(f, dev, ring);
	free(live);
	failed = ferror(f);
	if (fclose(f) || failed) {
		free(*text);
		*text = NULL;
		return -ENOMEM;
	}
	return 0;
}
