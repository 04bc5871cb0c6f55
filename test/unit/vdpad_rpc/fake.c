/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vdpad_manager *now; /* the driver has no handle */

static const struct vv_parent parents[] = {
    {
     .name = "mlx5_0",
     .vendor_id = 0x15b3,
     .device_id = 0x101e,
     .supported = {{0x1300ff982full | 1ull << 33}},
     .inherited = {{0x1300ff982full}},
     .attrs = (1u << VV_ATTR_N) - 1,
     .modes = 7,
     .max_vqs = 33,
     .max_vqp = 16,
     .default_vqp = 1,
     .max_vq_size = 1024,
     .mac_table_size = 64,
     .vqs_free = 64,
     .devices_free = 8,
     .hash_types = 0x3f,
     .mac = {2, 0, 0, 0, 0, 1},
     .mtu = 1500,
     .numa_node = -1,
     },
    {
     .name = "mlx5_1",
     .supported = {{0x300030020ull}},
     .mandatory = {{1ull << 32}},
     .inherited = {{0x300030020ull}},
     .attrs = 1u << VV_ATTR_MAC,
     .modes = 1u << VV_MODE_MODERN,
     .max_vqs = 3,
     .max_vqp = 1,
     .default_vqp = 1,
     .max_vq_size = 256,
     .vqs_free = 2,
     .devices_free = 1,
     .numa_node = 0,
     },
};

enum { PARENTS = sizeof(parents) / sizeof(parents[0]) };

struct vdpad_manager *fake_manager_create(const char *models)
{
	struct vdpad_manager *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	snprintf(m->config.state_dir, sizeof(m->config.state_dir), "/var/lib/vdpad");
	snprintf(m->config.socket_dir, sizeof(m->config.socket_dir), "/run/vdpad");
	snprintf(m->config.models, sizeof(m->config.models), "%s", models);
	snprintf(m->config.log, sizeof(m->config.log), "info");
	m->config.rpc_mode = 0660;
	m->config.rpc_group = (gid_t)-1;
	now = m;
	return m;
}

void fake_manager_destroy(struct vdpad_manager *m)
{
	free(m);
	now = NULL;
}

/* ---- the manager ---- */

const struct vdpad_config *vdpad_manager_config(const struct vdpad_manager *m)
{
	return &m->config;
}

struct vdpad_device *vdpad_manager_find(struct vdpad_manager *m, const char *name,
					struct vdpad_error *error)
{
	for (unsigned int i = 0; i < m->n; i++)
		if (!strcmp(m->devices[i].spec.name, name))
			return &m->devices[i];
	vdpad_fail(error, ENODEV, "name", "no device %.64s", name);
	return NULL;
}

int vdpad_manager_each(struct vdpad_manager *m, int (*visit)(void *, struct vdpad_device *),
		       void *arg)
{
	int ret = 0;

	for (unsigned int i = 0; i < m->n && !ret; i++)
		ret = visit(arg, &m->devices[i]);
	return ret;
}

const struct vdpad_spec *vdpad_device_spec(const struct vdpad_device *d)
{
	return &d->spec;
}

const char *vdpad_device_dpdk_name(const struct vdpad_device *d)
{
	return d->dpdk_name;
}

const char *vdpad_device_failure(const struct vdpad_device *d)
{
	return d->failure;
}

int vdpad_manager_add(struct vdpad_manager *m, const struct vdpad_spec *spec,
		      struct vdpad_error *error)
{
	struct vdpad_device *d = &m->devices[m->n];
	struct vdpad_error none;
	struct vv_provisioned made;
	struct vv_parent parent;
	char why[512] = "";
	int err;

	m->changes++;
	if (vdpad_manager_find(m, spec->name, &none))
		return vdpad_fail(error, EEXIST, "name", "%s is there already", spec->name);
	if (m->n == FAKE_DEVICES)
		return vdpad_fail(error, ENOSPC, "", "full");
	err = rte_pmd_vdpa_verbs_parent(spec->mgmtdev, &parent, why, sizeof(why));
	if (!err)
		err = vv_provision(&parent, &spec->request, &made, why, sizeof(why));
	if (err)
		return vdpad_fail(error, -err, "", "%s", why);
	memset(d, 0, sizeof(*d));
	d->spec = *spec;
	vdpad_spec_made(&d->spec, &made, parent.vendor_id);
	if (!d->spec.socket[0])
		snprintf(d->spec.socket, sizeof(d->spec.socket), "/run/vdpad/%s", spec->name);
	snprintf(d->dpdk_name, sizeof(d->dpdk_name), RTE_PMD_VDPA_VERBS_PREFIX "%s", spec->name);
	d->live = (struct rte_pmd_vdpa_verbs_live){
	    .mtu = made.mtu, .link_up = true, .link_wanted = true, .speed_mbps = 100000, .vqp = 1};
	memcpy(d->live.mac, made.mac, sizeof(d->live.mac));
	m->n++;
	return 0;
}

int vdpad_manager_del(struct vdpad_manager *m, const char *name, struct vdpad_error *error)
{
	struct vdpad_device *d = vdpad_manager_find(m, name, error);

	m->changes++;
	if (!d)
		return -error->code;
	m->n--;
	memmove(d, d + 1, (size_t)(&m->devices[m->n] - d) * sizeof(*d));
	return 0;
}

int vdpad_manager_retry(struct vdpad_manager *m, const char *name, struct vdpad_error *error)
{
	struct vdpad_device *d = vdpad_manager_find(m, name, error);

	m->changes++;
	if (!d)
		return -error->code;
	if (!d->failure)
		return vdpad_fail(error, EEXIST, "name", "%s has not failed", name);
	d->failure = NULL;
	return 0;
}

int vdpad_manager_set(struct vdpad_manager *m, const char *name, const char *word,
		      const char *value, struct vdpad_error *error)
{
	struct vdpad_device *d = vdpad_manager_find(m, name, error);

	m->changes++;
	if (!d)
		return -error->code;
	if (strcmp(word, "link"))
		return vdpad_fail(error, EOPNOTSUPP, word, "%s %.64s: only the link", word, value);
	d->spec.link_down = !strcmp(value, "down");
	return 0;
}

/* ---- the driver ---- */

static struct vdpad_device *device_of(const char *dpdk_name)
{
	for (unsigned int i = 0; i < now->n; i++)
		if (!strcmp(now->devices[i].dpdk_name, dpdk_name))
			return &now->devices[i];
	return NULL;
}

/* 0 and the device, or what the driver answers. */
static int reach(const char *dpdk_name, struct vdpad_device **d)
{
	*d = device_of(dpdk_name);
	return now->fails ? now->fails : *d ? 0 : -ENODEV;
}

int rte_pmd_vdpa_verbs_parents(void (*visit)(void *arg, const struct vv_parent *parent),
			       void (*others)(void *arg, const char *name, const char *why),
			       void *arg)
{
	for (unsigned int i = 0; i < PARENTS && !now->fails; i++)
		visit(arg, &parents[i]);
	return now->fails;
}

int rte_pmd_vdpa_verbs_parent(const char *name, struct vv_parent *parent, char *why, size_t why_len)
{
	for (unsigned int i = 0; i < PARENTS; i++)
		if (!strcmp(parents[i].name, name)) {
			*parent = parents[i];
			return 0;
		}
	snprintf(why, why_len, "no such verbs device");
	return -ENODEV;
}

int rte_pmd_vdpa_verbs_device(const char *device, struct vv_provisioned *provisioned)
{
	struct vdpad_device *d;
	int err = reach(device, &d);

	if (!err)
		*provisioned = d->spec.device;
	return err;
}

int rte_pmd_vdpa_verbs_live(const char *device, struct rte_pmd_vdpa_verbs_live *live)
{
	struct vdpad_device *d;
	int err = reach(device, &d);

	if (!err)
		*live = d->live;
	return err;
}

int rte_pmd_vdpa_verbs_stats(const char *device, unsigned int ring,
			     struct rte_pmd_vdpa_verbs_stats *stats)
{
	struct vdpad_device *d;
	int err = reach(device, &d);
	uint32_t n;

	if (err)
		return err;
	n = vv_provisioned_vqs(&d->spec.device);
	if (ring >= n)
		return -ENOENT;
	*stats = (struct rte_pmd_vdpa_verbs_stats){
	    .kind = ring + 1 == n && n % 2 ? "control"
		    : ring % 2             ? "transmit"
					   : "receive",
	    .state = d->live.running ? "running" : "absent",
	    .n = 3,
	    .stat = {{"calls", 7},
		     {"received_descriptors", 100 + ring},
		     {"queue_errors", UINT64_MAX}},
	};
	return 0;
}

int rte_pmd_vdpa_verbs_dump(const char *device, char **text)
{
	struct vdpad_device *d;
	int err = reach(device, &d);

	if (err)
		return err;
	*text = strdup("a line\nand another, with \xff in it\n");
	return *text ? 0 : -ENOMEM;
}

int rte_pmd_vdpa_verbs_state_get(const char *device, struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len)
{
	struct vdpad_device *d;
	int err = reach(device, &d);

	if (!err && !d->has_state) {
		snprintf(why, why_len, "no guest runs");
		return -EAGAIN;
	}
	if (!err)
		*state = d->state;
	return err;
}

int rte_pmd_vdpa_verbs_state_set(const char *device, const struct rte_pmd_vdpa_verbs_state *state,
				 char *why, size_t why_len)
{
	struct vdpad_device *d;
	int err = reach(device, &d);

	now->changes++;
	if (err)
		return err;
	if (d->live.running) {
		snprintf(why, why_len, "a guest runs");
		return -EBUSY;
	}
	d->state = *state;
	d->has_state = true;
	return 0;
}

/* ---- guests ---- */

void fake_state(struct rte_pmd_vdpa_verbs_state *s)
{
	struct vv_ctrl_state *c = &s->control;

	memset(s, 0, sizeof(*s));
	s->negotiated = (struct vv_features){
	    {0x1300ff982full, 5}
        };
	s->pairs = 16;
	memcpy(c->mac, (uint8_t[]){2, 0, 0xab, 0, 0, 9}, 6);
	c->allmulti = c->nouni = c->announce = true;
	c->uni.n = 2;
	c->uni.addr[0][0] = 2;
	c->uni.addr[1][5] = 0xfe;
	c->multi.overflow = true;
	c->vlans[0] = 1 | 6ull << 10;
	c->vlans[63] = 1ull << 63;
	c->pairs = 3;
	c->rss_active = true;
	c->rss = (struct vv_ctrl_rss){
	    .hash_types = 0x3f,
	    .table_len = 4,
	    .unclassified = 1,
	    .max_tx = 4,
	    .key_len = 40,
	    .key = {0x6d, 0x5a, [39] = 0xfa},
	    .table = { 0,   2,    1,           3}
        };
	c->offloads = 1 << 1 | 1 << 7;
	c->coal_rx = (struct vv_ctrl_coal){4, 8};
	c->coal[1] = (struct vv_ctrl_coal){1, 2};
	c->coal[2 * VV_CTRL_PAIRS_MAX - 1] = (struct vv_ctrl_coal){0xffff, 0xfff};
}

void fake_guest_runs(struct vdpad_device *d, uint64_t negotiated)
{
	fake_state(&d->state);
	d->state.negotiated = VV_FEATURES_OF(negotiated);
	d->has_state = true;
	d->live.connected = d->live.running = true;
	d->live.negotiated = d->state.negotiated;
	d->live.control = d->state.control;
	d->live.cvq = 2;
	d->live.cvq_running = true;
	memcpy(d->live.mac, d->state.control.mac, 6);
}
