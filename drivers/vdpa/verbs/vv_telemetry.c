/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "vv_dev.h"
#include "vv_plan.h"
#include "vv_telemetry.h"
#include "vv_telemetry_priv.h"

static int list_add(void *arg, struct vv_dev *dev)
{
	rte_tel_data_add_array_string(arg, vv_dev_name(dev));
	return 0;
}

static int list(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_array(d, RTE_TEL_STRING_VAL);
	vv_ops_each(list_add, d);
	return 0;
}

/* ---- one control plane ---- */

void vv_telemetry_mac(struct rte_tel_data *d, const char *name, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	if (name)
		rte_tel_data_add_dict_string(d, name, text);
	else
		rte_tel_data_add_array_string(d, text);
}

static void put_macs(struct rte_tel_data *d, const char *name, const struct vv_ctrl_macs *macs)
{
	struct rte_tel_data *array;
	unsigned int i;

	if (macs->overflow) {
		rte_tel_data_add_dict_string(d, name, "all: more than the table takes");
		return;
	}
	array = rte_tel_data_alloc();
	if (!array)
		return;
	rte_tel_data_start_array(array, RTE_TEL_STRING_VAL);
	for (i = 0; i < macs->n; i++)
		vv_telemetry_mac(array, NULL, macs->addr[i]);
	rte_tel_data_add_dict_container(d, name, array, 0);
}

/* As many as telemetry can carry; vlans_n says how many there are. */
static void put_vlans(struct rte_tel_data *d, const uint64_t *vlans)
{
	struct rte_tel_data *array = rte_tel_data_alloc();
	unsigned int vid, n = 0;

	if (!array)
		return;
	rte_tel_data_start_array(array, RTE_TEL_INT_VAL);
	for (vid = 0; vid < VV_VLANS; vid++) {
		if (!(vlans[vid / 64] & VV_BIT(vid % 64)))
			continue;
		rte_tel_data_add_array_int(array, vid); /* full: not added */
		n++;
	}
	vv_telemetry_number(d, "vlans_n", n);
	vv_telemetry_number(d, "vlans_all", n > VV_PLAN_VLANS_MAX);
	rte_tel_data_add_dict_container(d, "vlans", array, 0);
}

static void put_rss(struct rte_tel_data *d, const struct vv_ctrl_rss *rss)
{
	struct rte_tel_data *array = rte_tel_data_alloc();
	char key[2 * VV_CTRL_RSS_KEY_MAX + 1] = "";
	unsigned int i;

	vv_telemetry_number(d, "rss_hash_types", rss->hash_types);
	vv_telemetry_number(d, "rss_unclassified", rss->unclassified);
	for (i = 0; i < rss->key_len; i++)
		snprintf(key + 2 * i, 3, "%02x", rss->key[i]);
	rte_tel_data_add_dict_string(d, "rss_key", key);
	if (!array)
		return;
	rte_tel_data_start_array(array, RTE_TEL_INT_VAL);
	for (i = 0; i < rss->table_len; i++)
		rte_tel_data_add_array_int(array, rss->table[i]);
	rte_tel_data_add_dict_container(d, "rss_table", array, 0);
}

static void put_state(struct rte_tel_data *d, const struct vv_ctrl_state *s, unsigned int pairs)
{
	char offloads[24];

	vv_telemetry_mac(d, "mac", s->mac);
	vv_telemetry_number(d, "promisc", s->promisc);
	vv_telemetry_number(d, "allmulti", s->allmulti);
	vv_telemetry_number(d, "alluni", s->alluni);
	vv_telemetry_number(d, "nomulti", s->nomulti);
	vv_telemetry_number(d, "nouni", s->nouni);
	vv_telemetry_number(d, "nobcast", s->nobcast);
	put_macs(d, "unicast", &s->uni);
	put_macs(d, "multicast", &s->multi);
	put_vlans(d, s->vlans);
	vv_telemetry_number(d, "announce", s->announce);
	vv_telemetry_number(d, "pairs", pairs);
	if (s->rss_active)
		put_rss(d, &s->rss);
	snprintf(offloads, sizeof(offloads), "0x%" PRIx64, s->offloads);
	rte_tel_data_add_dict_string(d, "offloads", offloads);
	vv_telemetry_number(d, "coal_rx_packets", s->coal_rx.packets);
	vv_telemetry_number(d, "coal_rx_usecs", s->coal_rx.usecs);
	vv_telemetry_number(d, "coal_tx_packets", s->coal_tx.packets);
	vv_telemetry_number(d, "coal_tx_usecs", s->coal_tx.usecs);
}

static void put_stats(struct rte_tel_data *d, const struct vv_cvq_stats *stats)
{
	char name[64];
	unsigned int i;

	vv_telemetry_number(d, "commands", stats->commands);
	for (i = 0; i < VV_CTRL_VERDICT_N; i++) {
		snprintf(name, sizeof(name), "commands_%s", vv_ctrl_verdict_name(i));
		vv_telemetry_number(d, name, stats->verdict[i]);
	}
	for (i = VV_SWRING_OK + 1; i < VV_SWRING_ERROR_N; i++) {
		snprintf(name, sizeof(name), "ring_%s", vv_swring_error_name(i));
		vv_telemetry_number(d, name, stats->ring_errors[i]);
	}
	vv_telemetry_number(d, "short_chains", stats->short_chains);
	vv_telemetry_number(d, "faults", stats->faults);
	vv_telemetry_number(d, "needs_reset", stats->needs_reset);
}

int vv_telemetry_use(const char *params, struct vv_ops_use *use, const char **rest)
{
	char name[128];
	size_t len;

	if (!params || !*params)
		return -EINVAL;
	len = strcspn(params, ",");
	if (rest)
		*rest = params[len] ? params + len + 1 : NULL;
	else if (params[len])
		return -EINVAL;
	if (!len || len >= sizeof(name) - sizeof(RTE_PMD_VDPA_VERBS_PREFIX))
		return -ENODEV;
	snprintf(name, sizeof(name), "%.*s", (int)len, params);
	if (!vv_ops_use(name, use))
		return 0;
	snprintf(name, sizeof(name), "%s%.*s", RTE_PMD_VDPA_VERBS_PREFIX, (int)len, params);
	return vv_ops_use(name, use);
}

/* *shown: to be freed, also on failure. */
static int control_read(const char *params, struct vv_dev_control **shown)
{
	struct vv_ops_use use;
	int err;

	*shown = NULL;
	err = vv_telemetry_use(params, &use, NULL);
	if (err)
		return err;
	*shown = calloc(1, sizeof(**shown));
	err = *shown ? vv_dev_control(use.dev, *shown) : -ENOMEM;
	vv_ops_unuse(&use);
	return err;
}

static int control(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct vv_dev_control *shown;
	int err = control_read(params, &shown);

	(void)cmd;
	if (!err) {
		rte_tel_data_start_dict(d);
		vv_telemetry_number(d, "ring", shown->ring);
		vv_telemetry_number(d, "running", shown->running);
		put_state(d, &shown->state, shown->pairs);
		put_stats(d, &shown->stats);
	}
	free(shown);
	return err;
}

static int cvq_stats(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct vv_dev_control *shown;
	int err = control_read(params, &shown);

	(void)cmd;
	if (!err) {
		rte_tel_data_start_dict(d);
		put_stats(d, &shown->stats);
	}
	free(shown);
	return err;
}

void vv_telemetry_register(void)
{
	rte_telemetry_register_cmd("/vdpa_verbs/list", list, "Devices of this driver. No parameter.");
	rte_telemetry_register_cmd("/vdpa_verbs/dev/list", list,
				   "Devices of this driver. No parameter.");
	rte_telemetry_register_cmd("/vdpa_verbs/control", control,
				   "What a guest has chosen by its control queue. Parameter: device");
	rte_telemetry_register_cmd("/vdpa_verbs/cvq/stats", cvq_stats,
				   "What became of a guest's commands. Parameter: device");
	rte_telemetry_register_cmd("/vdpa_verbs/dev/info", vv_telemetry_dev_info,
				   "What a device was provisioned as. Parameter: device");
	rte_telemetry_register_cmd("/vdpa_verbs/dev/config", vv_telemetry_dev_config,
				   "What is so now of a device. Parameter: device");
	rte_telemetry_register_cmd("/vdpa_verbs/dev/stats", vv_telemetry_dev_stats,
				   "Counters of a device's rings. Parameters: device[,ring]");
	rte_telemetry_register_cmd("/vdpa_verbs/mgmtdev/list", vv_telemetry_parents,
				   "What of this host can carry devices. No parameter.");
}
