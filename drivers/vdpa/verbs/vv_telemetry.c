/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include "vv_dev.h"
#include "vv_ops.h"
#include "vv_plan.h"
#include "vv_telemetry.h"

#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define dict_number rte_tel_data_add_dict_uint
#else
#define dict_number rte_tel_data_add_dict_u64
#endif

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

static void put_mac(struct rte_tel_data *d, const char *name, const uint8_t mac[6])
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
		put_mac(array, NULL, macs->addr[i]);
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
	dict_number(d, "vlans_n", n);
	dict_number(d, "vlans_all", n > VV_PLAN_VLANS_MAX);
	rte_tel_data_add_dict_container(d, "vlans", array, 0);
}

static void put_rss(struct rte_tel_data *d, const struct vv_ctrl_rss *rss)
{
	struct rte_tel_data *array = rte_tel_data_alloc();
	char key[2 * VV_CTRL_RSS_KEY_MAX + 1] = "";
	unsigned int i;

	dict_number(d, "rss_hash_types", rss->hash_types);
	dict_number(d, "rss_unclassified", rss->unclassified);
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

	put_mac(d, "mac", s->mac);
	dict_number(d, "promisc", s->promisc);
	dict_number(d, "allmulti", s->allmulti);
	dict_number(d, "alluni", s->alluni);
	dict_number(d, "nomulti", s->nomulti);
	dict_number(d, "nouni", s->nouni);
	dict_number(d, "nobcast", s->nobcast);
	put_macs(d, "unicast", &s->uni);
	put_macs(d, "multicast", &s->multi);
	put_vlans(d, s->vlans);
	dict_number(d, "announce", s->announce);
	dict_number(d, "pairs", pairs);
	if (s->rss_active)
		put_rss(d, &s->rss);
	snprintf(offloads, sizeof(offloads), "0x%" PRIx64, s->offloads);
	rte_tel_data_add_dict_string(d, "offloads", offloads);
	dict_number(d, "coal_rx_packets", s->coal_rx.packets);
	dict_number(d, "coal_rx_usecs", s->coal_rx.usecs);
	dict_number(d, "coal_tx_packets", s->coal_tx.packets);
	dict_number(d, "coal_tx_usecs", s->coal_tx.usecs);
}

static void put_stats(struct rte_tel_data *d, const struct vv_cvq_stats *stats)
{
	char name[64];
	unsigned int i;

	dict_number(d, "commands", stats->commands);
	for (i = 0; i < VV_CTRL_VERDICT_N; i++) {
		snprintf(name, sizeof(name), "commands_%s", vv_ctrl_verdict_name(i));
		dict_number(d, name, stats->verdict[i]);
	}
	for (i = VV_SWRING_OK + 1; i < VV_SWRING_ERROR_N; i++) {
		snprintf(name, sizeof(name), "ring_%s", vv_swring_error_name(i));
		dict_number(d, name, stats->ring_errors[i]);
	}
	dict_number(d, "short_chains", stats->short_chains);
	dict_number(d, "faults", stats->faults);
	dict_number(d, "needs_reset", stats->needs_reset);
}

struct asked {
	const char *name;
	struct vv_dev_control shown;
};

static int control_find(void *arg, struct vv_dev *dev)
{
	struct asked *asked = arg;

	if (strcmp(vv_dev_name(dev), asked->name))
		return 0;
	return vv_dev_control(dev, &asked->shown) ? -1 : 1;
}

static int control(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct asked *asked;
	int found;

	(void)cmd;
	if (!params || !*params)
		return -EINVAL;
	asked = calloc(1, sizeof(*asked));
	if (!asked)
		return -ENOMEM;
	asked->name = params;
	found = vv_ops_each(control_find, asked);
	if (found > 0) {
		rte_tel_data_start_dict(d);
		dict_number(d, "ring", asked->shown.ring);
		dict_number(d, "running", asked->shown.running);
		put_state(d, &asked->shown.state, asked->shown.pairs);
		put_stats(d, &asked->shown.stats);
	}
	free(asked);
	return found > 0 ? 0 : -ENODEV;
}

void vv_telemetry_register(void)
{
	rte_telemetry_register_cmd("/vdpa_verbs/list", list, "Devices of this driver. No parameter.");
	rte_telemetry_register_cmd("/vdpa_verbs/control", control,
				   "What a guest has chosen by its control queue. Parameter: device");
}
