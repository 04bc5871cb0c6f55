/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices and parents in telemetry: keys are those of iproute2's vdpa where it has them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vv_dev.h"
#include "vv_telemetry_priv.h"

static void put_features(struct rte_tel_data *d, const char *name, const struct vv_features *f)
{
	struct rte_tel_data *array = rte_tel_data_alloc();
	char text[VV_FEATURE_NAME_MAX];
	unsigned int bit;

	if (!array)
		return;
	rte_tel_data_start_array(array, RTE_TEL_STRING_VAL);
	for (bit = 0; bit < VV_FEATURES_MAX; bit++)
		if (vv_features_has(f, bit))
			rte_tel_data_add_array_string(array, vv_feature_name(bit, text));
	rte_tel_data_add_dict_container(d, name, array, 0);
}

static void put_mask(struct rte_tel_data *d, const char *name, const struct vv_features *f)
{
	char text[VV_FEATURES_MASK_MAX];

	rte_tel_data_add_dict_string(d, name, vv_features_mask(f, text));
}

/* ---- provisioned ---- */

int vv_telemetry_dev_info(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct vv_provisioned p;
	struct vv_ops_use use;
	int err = vv_telemetry_use(params, &use, NULL);

	(void)cmd;
	if (err)
		return err;
	vv_dev_provisioned(use.dev, &p);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "name", vv_dev_name(use.dev));
	vv_ops_unuse(&use);
	rte_tel_data_add_dict_string(d, "type", "network");
	rte_tel_data_add_dict_string(d, "mgmtdev", p.parent);
	vv_telemetry_number(d, "max_vqs", vv_provisioned_vqs(&p));
	vv_telemetry_number(d, "max_vq_size", p.max_vq_size);
	vv_telemetry_number(d, "max_vqp", p.max_vqp);
	vv_telemetry_mac(d, "mac", p.mac);
	vv_telemetry_number(d, "mtu", p.mtu);
	vv_telemetry_number(d, "mac_table_size", p.mac_table_size);
	rte_tel_data_add_dict_string(d, "mode", vv_mode_name(p.mode));
	rte_tel_data_add_dict_string(d, "trust", p.trust ? "on" : "off");
	rte_tel_data_add_dict_int(d, "cvq_core", p.cvq_core);
	put_features(d, "device_features", &p.features);
	put_mask(d, "device_features_mask", &p.features);
	rte_tel_data_add_dict_string(d, "features_default",
				     vv_features_default_name(p.features_default));
	if (p.model[0])
		rte_tel_data_add_dict_string(d, "model", p.model);
	return 0;
}

/* ---- live ---- */

static const char *driver_kind(const struct rte_pmd_vdpa_verbs_live *live)
{
	if (!live->running)
		return "none";
	return vv_features_has(&live->negotiated, VIRTIO_F_VERSION_1) ? "modern" : "legacy";
}

static void put_live(struct rte_tel_data *d, const struct rte_pmd_vdpa_verbs_live *live)
{
	vv_telemetry_mac(d, "mac", live->mac);
	rte_tel_data_add_dict_string(d, "link", live->link_up ? "up" : "down");
	rte_tel_data_add_dict_string(d, "link_wanted", live->link_wanted ? "up" : "down");
	vv_telemetry_number(d, "link_announce", live->link_announce);
	vv_telemetry_number(d, "mtu", live->mtu);
	vv_telemetry_number(d, "speed", live->speed_mbps);
	rte_tel_data_add_dict_string(d, "driver", driver_kind(live));
	vv_telemetry_number(d, "connected", live->connected);
	vv_telemetry_number(d, "running", live->running);
	vv_telemetry_number(d, "needs_reset", live->needs_reset);
	vv_telemetry_number(d, "vqp", live->vqp);
	vv_telemetry_number(d, "vqs_running", live->vqs_running);
	vv_telemetry_number(d, "cvq", live->cvq);
	vv_telemetry_number(d, "memory_bytes", live->memory_bytes);
	if (!live->running)
		return;
	put_features(d, "negotiated_features", &live->negotiated);
	put_mask(d, "negotiated_features_mask", &live->negotiated);
}

int vv_telemetry_dev_config(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct rte_pmd_vdpa_verbs_live *live;
	struct vv_provisioned p;
	struct vv_ops_use use;
	int err = vv_telemetry_use(params, &use, NULL);

	(void)cmd;
	if (err)
		return err;
	live = malloc(sizeof(*live));
	if (live) {
		vv_dev_provisioned(use.dev, &p);
		vv_dev_live(use.dev, use.connected, live);
	}
	vv_ops_unuse(&use);
	if (!live)
		return -ENOMEM;
	rte_tel_data_start_dict(d);
	put_live(d, live);
	put_features(d, "device_features", &p.features);
	vv_telemetry_number(d, "max_vq_pairs", p.max_vqp);
	rte_tel_data_add_dict_string(d, "mode", vv_mode_name(p.mode));
	free(live);
	return 0;
}

/* ---- counters ---- */

static void put_ring(struct rte_tel_data *d, const struct rte_pmd_vdpa_verbs_stats *stats)
{
	unsigned int i;

	rte_tel_data_add_dict_string(d, "queue_type", stats->kind);
	rte_tel_data_add_dict_string(d, "state", stats->state);
	vv_telemetry_number(d, "packed", stats->packed);
	vv_telemetry_number(d, "size", stats->size);
	for (i = 0; i < stats->n; i++)
		vv_telemetry_number(d, stats->stat[i].name, stats->stat[i].value);
}

/*
 * Of the whole device, sums over its data rings, as all rings by themselves would not fit in an
 * answer.
 */
static void put_sums(struct rte_tel_data *d, struct vv_dev *dev)
{
	static const char *const kinds[] = {"receive", "transmit"};
	struct rte_pmd_vdpa_verbs_stats sum, ring;
	unsigned int side, i, k;
	char name[64];

	vv_telemetry_number(d, "rings", vv_dev_rings(dev));
	for (side = 0; side < 2; side++) {
		if (vv_dev_ring_stats(dev, side, &sum))
			continue;
		for (i = side + 2; i < vv_dev_rings(dev); i += 2) {
			if (vv_dev_ring_stats(dev, i, &ring) || strcmp(ring.kind, kinds[side]))
				continue;
			for (k = 0; k < sum.n; k++)
				sum.stat[k].value += ring.stat[k].value;
		}
		for (k = 0; k < sum.n; k++) {
			snprintf(name, sizeof(name), "%s_%s", kinds[side], sum.stat[k].name);
			vv_telemetry_number(d, name, sum.stat[k].value);
		}
	}
}

int vv_telemetry_dev_stats(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct rte_pmd_vdpa_verbs_stats stats;
	struct vv_ops_use use;
	const char *ring;
	unsigned long n = 0;
	char *end;
	int err = vv_telemetry_use(params, &use, &ring);

	(void)cmd;
	if (err)
		return err;
	if (ring) {
		n = strtoul(ring, &end, 10);
		if (*ring < '0' || *ring > '9' || *end || n >= VV_RINGS_MAX)
			err = -EINVAL;
		else
			err = vv_dev_ring_stats(use.dev, (unsigned int)n, &stats);
	}
	if (!err) {
		rte_tel_data_start_dict(d);
		if (ring)
			put_ring(d, &stats);
		else
			put_sums(d, use.dev);
	}
	vv_ops_unuse(&use);
	return err;
}

/* ---- parents ---- */

static void put_parent(void *arg, const struct vv_parent *p)
{
	struct rte_tel_data *d = rte_tel_data_alloc();

	if (!d)
		return;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "supported_classes", "net");
	vv_telemetry_number(d, "max_supported_vqs", p->max_vqs);
	put_mask(d, "supported_features_mask", &p->supported);
	put_mask(d, "mandatory_features_mask", &p->mandatory);
	vv_telemetry_number(d, "max_vqp", p->max_vqp);
	vv_telemetry_number(d, "max_vq_size", p->max_vq_size);
	vv_telemetry_number(d, "mac_table_size", p->mac_table_size);
	vv_telemetry_mac(d, "mac", p->mac);
	vv_telemetry_number(d, "mtu", p->mtu);
	rte_tel_data_add_dict_int(d, "numa_node", p->numa_node);
	vv_telemetry_number(d, "vqs_free", p->vqs_free);
	vv_telemetry_number(d, "devices_free", p->devices_free);
	rte_tel_data_add_dict_container(arg, p->name, d, 0);
}

int vv_telemetry_parents(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	return rte_pmd_vdpa_verbs_parents(put_parent, NULL, d);
}
