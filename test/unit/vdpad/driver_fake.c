/* SPDX-License-Identifier: BSD-3-Clause */
#include "driver_fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_dev.h>
#include <rte_pmd_vdpa_verbs.h>

#include "fails.h"
#include "socket.h"

struct live live[LIVE_MAX];
char sockets[LIVE_MAX][VDPAD_PATH_MAX];
char stale[VDPAD_PATH_MAX];
bool no_nics;

void driver_fake_reset(void)
{
	memset(live, 0, sizeof(live));
	memset(sockets, 0, sizeof(sockets));
	stale[0] = 0;
	no_nics = false;
}

struct live *live_find(const char *name)
{
	for (unsigned int i = 0; i < LIVE_MAX; i++) {
		if (!strcmp(live[i].name, name))
			return &live[i];
	}
	return NULL;
}

int rte_eal_hotplug_add(const char *bus, const char *name, const char *args)
{
	struct live *l = live_find("");
	const char *address = strstr(args, "address=");

	assert_string_equal(bus, "vdev");
	assert_null(live_find(name));
	assert_non_null(l);
	if (fails(HOTPLUG))
		return -errno;
	*l = (struct live){.mtu = 1500};
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->args, sizeof(l->args), "%s", args);
	assert_non_null(address);
	assert_int_equal(sscanf(address, "address=%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &l->mac[0],
				&l->mac[1], &l->mac[2], &l->mac[3], &l->mac[4], &l->mac[5]),
			 6);
	if (strstr(args, "mtu="))
		l->mtu = atoi(strstr(args, "mtu=") + 4);
	return 0;
}

int rte_eal_hotplug_remove(const char *bus, const char *name)
{
	struct live *l = live_find(name);

	assert_string_equal(bus, "vdev");
	assert_non_null(l);
	if (fail_nth[UNPLUG] && fails(UNPLUG))
		return -errno;
	l->name[0] = 0;
	return 0;
}

int rte_pmd_vdpa_verbs_parent(const char *name, struct vv_parent *p, char *why, size_t len)
{
	if (strncmp(name, "mlx5_", 5) || no_nics) {
		snprintf(why, len, "%s: no such verbs device", name);
		return -ENODEV;
	}
	*p = (struct vv_parent){
	    .vendor_id = 0x15b3,
	    .supported = VV_FEATURES_OF(0x3300cfffabull),
	    .inherited = VV_FEATURES_OF(0x1 | 1ull << 3 | 1ull << 5 | 1ull << 17 | 1ull << 32),
	    .attrs = (1u << VV_ATTR_N) - 1,
	    .modes = 7,
	    .max_vqs = 33,
	    .max_vqp = 16,
	    .default_vqp = 1,
	    .max_vq_size = 1024,
	    .mac_table_size = 64,
	    .vqs_free = 256,
	    .devices_free = 8,
	    .mac = {2, 0, 0, 0, 0, name[5]},
	    .mtu = 1500,
	    .numa_node = -1,
	};
	snprintf(p->name, sizeof(p->name), "%s", name);
	return 0;
}

const char *rte_pmd_vdpa_verbs_probe_error(void)
{
	return "probe: it does not want to";
}

static struct live *live_set(const char *name, char *why, size_t len)
{
	struct live *l = live_find(name);

	assert_non_null(l);
	if (fails(SET_LIVE)) {
		snprintf(why, len, "it does not want to");
		return NULL;
	}
	return l;
}

int rte_pmd_vdpa_verbs_set_mac(const char *name, const uint8_t mac[6], char *why, size_t len)
{
	struct live *l = live_set(name, why, len);

	if (!l)
		return -errno;
	memcpy(l->mac, mac, 6);
	return 0;
}

int rte_pmd_vdpa_verbs_set_mtu(const char *name, uint16_t mtu, char *why, size_t len)
{
	struct live *l = live_set(name, why, len);

	if (!l)
		return -errno;
	l->mtu = mtu;
	return 0;
}

int rte_pmd_vdpa_verbs_set_link(const char *name, bool up, char *why, size_t len)
{
	struct live *l = live_set(name, why, len);

	if (!l)
		return -errno;
	l->link_down = !up;
	return 0;
}

int vdpad_socket_open(const struct vdpad_socket_args *args, struct vdpad_socket **opened,
		      struct vdpad_error *error)
{
	unsigned int i;

	assert_non_null(live_find(args->device));
	if (fails(SOCKET))
		return vdpad_fail(error, errno, "socket", "%s: no", args->path);
	for (i = 0; sockets[i][0]; i++)
		assert_string_not_equal(sockets[i], args->path);
	strcpy(sockets[i], args->path);
	*opened = (struct vdpad_socket *)sockets[i];
	return 0;
}

void vdpad_socket_close(struct vdpad_socket *socket)
{
	if (socket)
		((char *)socket)[0] = 0;
}

void vdpad_socket_remove_stale(const char *path)
{
	snprintf(stale, sizeof(stale), "%s", path);
}
