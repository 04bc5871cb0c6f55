/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_pmd_vdpa_verbs.h>

#include "rpc_method.h"
#include "show_dev.h"
#include "show_json.h"

/* As iproute2 names the kinds of queues, and Linux' driver of these NICs the first two counters. */
static const struct {
	const char *ours, *theirs;
} kinds[] =
    {
	{"receive",  "rx"        },
        {"transmit", "tx"        },
        {"control",  "control_vq"}
},
  counters[] = {{"received_descriptors", "received_desc"},
		{"completed_descriptors", "completed_desc"}};

static json_t *kind_json(const char *kind)
{
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].ours, kind))
			return json_string(kinds[i].theirs);
	return json_string(kind);
}

static bool is_linux_counter(const char *name, unsigned int *which)
{
	for (*which = 0; *which < sizeof(counters) / sizeof(counters[0]); ++*which)
		if (!strcmp(counters[*which].ours, name))
			return true;
	return false;
}

/* JSON's integers have a sign. */
static json_t *count_json(uint64_t value)
{
	return json_integer((json_int_t)(value & INT64_MAX));
}

static json_t *queue_json(unsigned int ring, const struct rte_pmd_vdpa_verbs_stats *stats)
{
	json_t *o = json_object();
	unsigned int i, which;

	vdpad_json_put(&o, "queue_type", kind_json(stats->kind));
	for (i = 0; i < stats->n; i++)
		if (is_linux_counter(stats->stat[i].name, &which))
			vdpad_json_put(&o, counters[which].theirs,
				       count_json(stats->stat[i].value));
	vdpad_json_put(&o, "queue_index", json_integer(ring));
	vdpad_json_put(&o, "state", json_string(stats->state));
	vdpad_json_put(&o, "layout", json_string(stats->packed ? "packed" : "split"));
	vdpad_json_put(&o, "size", json_integer(stats->size));
	vdpad_json_put(&o, "base", json_integer(stats->base));
	for (i = 0; i < stats->n; i++)
		if (!is_linux_counter(stats->stat[i].name, &which))
			vdpad_json_put(&o, stats->stat[i].name, count_json(stats->stat[i].value));
	return o;
}

/* Of all rings it has, by number: the driver says where they end. */
static json_t *queues_json(const struct vdpad_device *device)
{
	const struct vdpad_spec *spec = vdpad_device_spec(device);
	uint32_t n = spec->made ? vv_provisioned_vqs(&spec->device) : 0;
	struct rte_pmd_vdpa_verbs_stats stats;
	json_t *array = json_array();

	for (uint32_t ring = 0; ring < n; ring++)
		if (!rte_pmd_vdpa_verbs_stats(vdpad_device_dpdk_name(device), ring, &stats))
			vdpad_json_append(&array, queue_json(ring, &stats));
	return array;
}

static int parse_qidx(const json_t *value, unsigned int *ring, struct vdpad_error *error)
{
	char room[VDPAD_RPC_VALUE_MAX], *end;
	const char *text = vdpad_rpc_value(value, room);
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > UINT16_MAX)
		return vdpad_fail(error, EINVAL, "qidx",
				  "qidx '%.32s' is no number of a queue: 0 is the first", text);
	*ring = (unsigned int)n;
	return 0;
}

static int one_queue(struct vdpad_manager *manager, const char *name, unsigned int ring,
		     json_t **result, struct vdpad_error *error)
{
	struct vdpad_device *device = vdpad_manager_find(manager, name, error);
	struct rte_pmd_vdpa_verbs_stats stats;
	const struct vdpad_spec *spec;
	int err = device ? vdpad_show_is_there(device, error) : -error->code;

	if (err)
		return err;
	spec = vdpad_device_spec(device);
	err = rte_pmd_vdpa_verbs_stats(vdpad_device_dpdk_name(device), ring, &stats);
	if (err == -ENOENT)
		return vdpad_fail(error, EINVAL, "qidx",
				  "device %s has no queue %u: it has queues 0 to %u", name, ring,
				  vv_provisioned_vqs(&spec->device) - 1);
	if (err)
		return vdpad_fail(error, -err, "name", "device %s: the driver does not answer: %s",
				  name, strerror(-err));
	*result = json_pack("{s:{s:o}}", "vstats", name, queue_json(ring, &stats));
	return 0;
}

static int all_queues(const struct vdpad_device *device, json_t **told, struct vdpad_error *error)
{
	int err = vdpad_show_is_there(device, error);

	if (err)
		return err;
	*told = queues_json(device);
	return 0;
}

int vdpad_rpc_vstats_show(struct vdpad_manager *manager, const json_t *params, json_t **result,
			  struct vdpad_error *error)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	const json_t *qidx = json_object_get(params, "qidx");
	unsigned int ring = 0;
	int err;

	if (!qidx)
		return vdpad_show(manager, name, "vstats", all_queues, result, error);
	err = parse_qidx(qidx, &ring, error);
	return err ? err : one_queue(manager, name, ring, result, error);
}

/* ---- monitor ---- */

/* Also of one that failed: who watches wants to know. */
static int monitor_one(const struct vdpad_device *device, json_t **told, struct vdpad_error *error)
{
	const struct vdpad_spec *spec = vdpad_device_spec(device);
	const char *reason, *status = vdpad_show_status(device, &reason);
	struct rte_pmd_vdpa_verbs_live live;
	json_t *o = json_object();

	vdpad_json_put(&o, "mgmtdev", vdpad_json_text(spec->mgmtdev));
	vdpad_json_put(&o, "status", json_string(status));
	if (!reason && !rte_pmd_vdpa_verbs_live(vdpad_device_dpdk_name(device), &live)) {
		vdpad_json_put(&o, "link", json_string(live.link_up ? "up" : "down"));
		vdpad_json_put(&o, "vqp", json_integer(live.vqp));
		vdpad_json_put(&o, "cvq_commands", count_json(live.cvq_commands));
		vdpad_json_put(&o, "cvq_refused", count_json(live.cvq_refused));
		vdpad_json_put(&o, "memory_bytes", count_json(live.memory_bytes));
		vdpad_json_put(&o, "queues", queues_json(device));
	}
	*told = o;
	return 0;
}

int vdpad_rpc_monitor(struct vdpad_manager *manager, const json_t *params, json_t **result,
		      struct vdpad_error *error)
{
	struct timespec now;
	json_t *devices = NULL, *o;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &now);
	err = vdpad_show(manager, NULL, "dev", monitor_one, &devices, error);
	if (err)
		return err;
	o = json_object();
	vdpad_json_put(&o, "time_ns", json_integer(now.tv_sec * 1000000000ll + now.tv_nsec));
	vdpad_json_put(&o, "dev", json_incref(json_object_get(devices, "dev")));
	json_decref(devices);
	*result = json_object();
	vdpad_json_put(result, "monitor", o);
	return 0;
}
