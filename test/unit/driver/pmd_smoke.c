/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmd_smoke IN OUT EAL-ARGUMENTS: a program that manages devices by rte_pmd_vdpa_verbs.h, at the
 * word of pmd_smoke.sh: a line of IN (a FIFO) is a command, a line of OUT its answer, "ok ..." or
 * "error NUMBER why".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_vdpa.h>
#include <rte_vhost.h>

#include "rte_pmd_vdpa_verbs.h"

enum { WORDS = 8, SOCKETS = 16, SLOTS = 4 };

static FILE *out;
static struct {
	char device[128], path[108];
} sockets[SOCKETS];
static struct rte_pmd_vdpa_verbs_state slots[SLOTS];

static const char *full(const char *name)
{
	static char device[128];

	snprintf(device, sizeof(device), RTE_PMD_VDPA_VERBS_PREFIX "%s", name);
	return device;
}

static int say(int err, const char *why)
{
	if (err)
		fprintf(out, "error %d %s\n", -err, why);
	return err;
}

static void put_mac(const char *name, const uint8_t mac[6])
{
	fprintf(out, " %s=%02x:%02x:%02x:%02x:%02x:%02x", name, mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
}

static int mac_scan(const char *text, uint8_t mac[6])
{
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2],
		      &mac[3], &mac[4], &mac[5]) == 6
		   ? 0
		   : -EINVAL;
}

/* ---- devices and their sockets ---- */

static int new_device(int vid)
{
	return 0;
}

static void destroy_device(int vid)
{
}

static const struct rte_vhost_device_ops events = {
    .new_device = new_device,
    .destroy_device = destroy_device,
};

static int serve(const char *device, const char *path)
{
	struct rte_vdpa_device *vdpa = rte_vdpa_find_device_by_name(device);
	uint64_t features, protocol;
	unsigned int i;

	for (i = 0; i < SOCKETS && sockets[i].path[0]; i++)
		;
	if (i == SOCKETS || !vdpa || rte_vhost_driver_register(path, 0) ||
	    rte_vhost_driver_callback_register(path, &events) ||
	    rte_vhost_driver_get_protocol_features(path, &protocol) ||
	    rte_vdpa_get_features(vdpa, &features) ||
	    rte_vhost_driver_set_features(path, features) ||
	    rte_vhost_driver_set_protocol_features(
		path, (protocol | 1ull << VHOST_USER_PROTOCOL_F_CONFIG) &
			  ~(1ull << VHOST_USER_PROTOCOL_F_STATUS)) ||
	    rte_vhost_driver_attach_vdpa_device(path, vdpa) || rte_vhost_driver_start(path))
		return -EIO;
	snprintf(sockets[i].device, sizeof(sockets[i].device), "%s", device);
	snprintf(sockets[i].path, sizeof(sockets[i].path), "%s", path);
	return 0;
}

static int add(const char *name, const char *args, const char *path)
{
	int err = rte_eal_hotplug_add("vdev", full(name), args);

	if (err)
		return say(err, rte_pmd_vdpa_verbs_probe_error());
	if (*rte_pmd_vdpa_verbs_probe_error())
		return say(-EPROTO, "an error of a probe that did not fail");
	return path ? say(serve(full(name), path), "socket") : 0;
}

static int del(const char *name)
{
	unsigned int i;

	for (i = 0; i < SOCKETS; i++) {
		if (strcmp(sockets[i].device, full(name)))
			continue;
		rte_vhost_driver_unregister(sockets[i].path);
		memset(&sockets[i], 0, sizeof(sockets[i]));
	}
	return say(rte_eal_hotplug_remove("vdev", full(name)), "remove");
}

/* ---- what is shown ---- */

static void put_parent(void *arg, const struct vv_parent *p)
{
	char mask[VV_FEATURES_MASK_MAX];

	fprintf(out,
		" [%s supported=%s max_vqs=%u modes=%u attrs=%x mac_table=%u vqs_free=%u "
		"devices_free=%u big_endian=%d vendor=%x]",
		p->name, vv_features_mask(&p->supported, mask), p->max_vqs, p->modes, p->attrs,
		p->mac_table_size, p->vqs_free, p->devices_free, p->legacy_big_endian,
		p->vendor_id);
}

static void put_other(void *arg, const char *name, const char *why)
{
	fprintf(out, " {%s %s}", name, why);
}

static int parents(void)
{
	fprintf(out, "ok");
	return rte_pmd_vdpa_verbs_parents(put_parent, put_other, NULL);
}

static int parent(const char *name)
{
	struct vv_parent p;
	char why[300];
	int err = rte_pmd_vdpa_verbs_parent(name, &p, why, sizeof(why));

	if (err)
		return say(err, why);
	fprintf(out, "ok");
	put_parent(NULL, &p);
	return 0;
}

static int device(const char *name)
{
	char mask[VV_FEATURES_MASK_MAX], text[VV_ATTR_TEXT_MAX];
	struct vv_provisioned p;
	unsigned int attr;
	int err = rte_pmd_vdpa_verbs_device(full(name), &p);

	if (err)
		return say(err, "device");
	fprintf(out, "ok parent=%s features=%s", p.parent, vv_features_mask(&p.features, mask));
	for (attr = 0; attr < VV_ATTR_N; attr++)
		fprintf(out, " %s=%s%s", vv_attr_name(attr), vv_provisioned_attr(&p, attr, text),
			p.set & 1u << attr ? "(set)" : "");
	return 0;
}

static int live(const char *name)
{
	struct rte_pmd_vdpa_verbs_live l;
	char mask[VV_FEATURES_MASK_MAX];
	int err = rte_pmd_vdpa_verbs_live(full(name), &l);

	if (err)
		return say(err, "live");
	fprintf(out, "ok connected=%d running=%d negotiated=%s", l.connected, l.running,
		vv_features_mask(&l.negotiated, mask));
	put_mac("mac", l.mac);
	fprintf(out, " mtu=%u link=%d wanted=%d announce=%d speed=%u vqp=%u cvq=%u cvq_running=%d",
		l.mtu, l.link_up, l.link_wanted, l.link_announce, l.speed_mbps, l.vqp, l.cvq,
		l.cvq_running);
	fprintf(out, " vqs=%u reset=%d promisc=%d uni=%u commands=%llu refused=%llu memory=%s",
		l.vqs_running, l.needs_reset, l.control.promisc, l.control.uni.n,
		(unsigned long long)l.cvq_commands, (unsigned long long)l.cvq_refused,
		l.memory_bytes > 4096 ? "some" : "none");
	return 0;
}

static int stats(const char *name, const char *ring)
{
	struct rte_pmd_vdpa_verbs_stats s;
	unsigned int i;
	int err = rte_pmd_vdpa_verbs_stats(full(name), (unsigned int)atoi(ring), &s);

	if (err)
		return say(err, "stats");
	fprintf(out, "ok %s %s size=%u", s.kind, s.state, s.size);
	for (i = 0; i < s.n; i++)
		fprintf(out, " %s=%llu", s.stat[i].name, (unsigned long long)s.stat[i].value);
	return 0;
}

/* In one line. */
static int dump(const char *name)
{
	char *text, *c;
	int err = rte_pmd_vdpa_verbs_dump(full(name), &text);

	if (err)
		return say(err, "dump");
	for (c = text; *c; c++)
		if (*c == '\n')
			*c = '|';
	fprintf(out, "ok %s", text);
	free(text);
	return 0;
}

/* ---- changes ---- */

static int set(const char *name, const char *word, const char *value)
{
	char why[300] = "?";
	uint8_t mac[6];
	int err;

	if (!strcmp(word, "mac"))
		err = mac_scan(value, mac)
			  ? -EPROTO
			  : rte_pmd_vdpa_verbs_set_mac(full(name), mac, why, sizeof(why));
	else if (!strcmp(word, "mtu"))
		err =
		    rte_pmd_vdpa_verbs_set_mtu(full(name), (uint16_t)atoi(value), why, sizeof(why));
	else
		err =
		    rte_pmd_vdpa_verbs_set_link(full(name), !strcmp(value, "up"), why, sizeof(why));
	return say(err, why);
}

static int save(const char *name, const char *slot)
{
	char why[300] = "?";

	return say(rte_pmd_vdpa_verbs_state_get(full(name), &slots[atoi(slot)], why, sizeof(why)),
		   why);
}

static int load(const char *name, const char *slot)
{
	char why[300] = "?";

	return say(rte_pmd_vdpa_verbs_state_set(full(name), &slots[atoi(slot)], why, sizeof(why)),
		   why);
}

static int change(const char *slot, const char *word, const char *value)
{
	struct rte_pmd_vdpa_verbs_state *s = &slots[atoi(slot)];

	if (!strcmp(word, "mac"))
		return say(mac_scan(value, s->control.mac), "change");
	if (!strcmp(word, "promisc"))
		s->control.promisc = atoi(value);
	else if (!strcmp(word, "pairs"))
		s->pairs = (unsigned int)atoi(value);
	else if (!strcmp(word, "in_use"))
		s->control.pairs = (uint16_t)atoi(value);
	else if (!strcmp(word, "without"))
		vv_features_set(&s->negotiated, (unsigned int)atoi(value), false);
	else if (!strcmp(word, "with"))
		vv_features_set(&s->negotiated, (unsigned int)atoi(value), true);
	else
		return say(-EPROTO, "change");
	return 0;
}

/* ---- */

static int run(char **w, unsigned int n)
{
	const char *c = w[0];

	if (!strcmp(c, "add") && n >= 3)
		return add(w[1], w[2], n > 3 ? w[3] : NULL);
	if (!strcmp(c, "del") && n == 2)
		return del(w[1]);
	if (!strcmp(c, "parents") && n == 1)
		return parents();
	if (!strcmp(c, "parent") && n == 2)
		return parent(w[1]);
	if (!strcmp(c, "device") && n == 2)
		return device(w[1]);
	if (!strcmp(c, "live") && n == 2)
		return live(w[1]);
	if (!strcmp(c, "stats") && n == 3)
		return stats(w[1], w[2]);
	if (!strcmp(c, "dump") && n == 2)
		return dump(w[1]);
	if (!strcmp(c, "set") && n == 4)
		return set(w[1], w[2], w[3]);
	if (!strcmp(c, "save") && n == 3)
		return save(w[1], w[2]);
	if (!strcmp(c, "load") && n == 3)
		return load(w[1], w[2]);
	if (!strcmp(c, "change") && n == 4)
		return change(w[1], w[2], w[3]);
	return say(-EPROTO, "no such command");
}

int main(int argc, char **argv)
{
	char line[1024], *word[WORDS], *rest;
	unsigned int n;
	FILE *in;

	if (argc < 4)
		return 2;
	/* Both ends, so that whoever asks can come and go. */
	in = fopen(argv[1], "r+");
	out = fopen(argv[2], "r+");
	if (!in || !out || rte_eal_init(argc - 2, argv + 2) < 0)
		return 2;
	fprintf(out, "ok ready\n");
	fflush(out);
	while (fgets(line, sizeof(line), in) && strcmp(line, "quit\n")) {
		const char *shown = "parents parent device live stats dump";

		for (n = 0, rest = line; n < WORDS && (word[n] = strtok_r(rest, " \n", &rest)); n++)
			;
		if (!n)
			continue;
		if (!run(word, n))
			fprintf(out, strstr(shown, word[0]) ? "\n" : "ok\n");
		fflush(out);
	}
	for (n = 0; n < SOCKETS; n++)
		if (sockets[n].path[0])
			rte_vhost_driver_unregister(sockets[n].path);
	return rte_eal_cleanup() ? 1 : 0;
}
