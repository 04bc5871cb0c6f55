/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_profile.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"
#include "launch_ini.h"
#include "launch_number.h"
#include "launch_place.h"
#include "launch_profile_dir.h"

/* ---- keys ---- */

enum kind { SWITCH, NUMBER, POWER, TEXT, OFFLOADS, IGNORED };

#define FIELD(name) offsetof(struct hca_profile, name), sizeof(((struct hca_profile *)0)->name)

/* min and max are of numbers; sizes of fields are those of the struct. */
static const struct key {
	const char *section, *name;
	enum kind kind;
	size_t offset, size;
	uint64_t min, max;
} keys[] = {
    {"device", "description",     IGNORED,  0, 0,                   0,  0     },
    {"device", "pci_device",      NUMBER,   FIELD(pci_device),      1,  0xffff},
    {"device", "fw_version",      TEXT,     FIELD(fw_version),      0,  0     },
    {"device", "max_mtu",         NUMBER,   FIELD(max_mtu),         68, 9216  },
    {"device", "flow_counters",   SWITCH,   FIELD(flow_counters),   0,  0     },
    {"device", "flow_tables",     SWITCH,   FIELD(flow_tables),     0,  0     },
    {"device", "max_ft_level",    NUMBER,   FIELD(max_ft_level),    1,  15    },
    {"device", "log_max_ft_size", NUMBER,   FIELD(log_max_ft_size), 0,  20    },
    {"virtio", "emulation",       SWITCH,   FIELD(virtio),          0,  0     },
    {"virtio", "split",           SWITCH,   FIELD(split),           0,  0     },
    {"virtio", "packed",          SWITCH,   FIELD(packed),          0,  0     },
    {"virtio", "version_1",       SWITCH,   FIELD(version_1),       0,  0     },
    {"virtio", "offloads",        OFFLOADS, FIELD(offloads),        0,  0     },
    {"virtio", "vnet_modify_ext", SWITCH,   FIELD(vnet_modify_ext), 0,  0     },
    {"virtio", "addr_modify",     SWITCH,   FIELD(addr_modify),     0,  0     },
    {"virtio", "index_modify",    SWITCH,   FIELD(index_modify),    0,  0     },
    {"virtio", "freeze_to_rdy",   SWITCH,   FIELD(freeze_to_rdy),   0,  0     },
    {"virtio", "queue_counters",  SWITCH,   FIELD(queue_counters),  0,  0     },
    {"virtio", "dirty_log",       SWITCH,   FIELD(dirty_log),       0,  0     },
    {"virtio", "max_queues",      NUMBER,   FIELD(max_queues),      2,  256   },
    {"virtio", "max_queue_size",  POWER,    FIELD(max_queue_size),  2,  32768 },
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };
_Static_assert(KEYS <= 32, "a bit of struct parse.seen each");

static const struct {
	const char *name;
	uint16_t bit;
} offloads[] = {
    {"mrg_rxbuf",  HCA_OFFLOAD_MRG_RXBUF },
    {"csum",       HCA_OFFLOAD_CSUM      },
    {"guest_csum", HCA_OFFLOAD_GUEST_CSUM},
    {"host_tso4",  HCA_OFFLOAD_HOST_TSO4 },
    {"host_tso6",  HCA_OFFLOAD_HOST_TSO6 },
    {"host_ecn",   HCA_OFFLOAD_HOST_ECN  },
    {"guest_tso4", HCA_OFFLOAD_GUEST_TSO4},
    {"guest_tso6", HCA_OFFLOAD_GUEST_TSO6},
    {"guest_ecn",  HCA_OFFLOAD_GUEST_ECN },
};

enum { OFFLOADS_N = sizeof(offloads) / sizeof(offloads[0]) };

/* ---- one file ---- */

struct parse {
	struct launch_ini ini;
	struct hca_profile profile;
	char *description; /* of size description_len; may be NULL */
	size_t description_len;
	uint32_t seen; /* bit per key */
};

static int set_number(struct parse *p, const struct key *key, const char *value)
{
	void *field = (char *)&p->profile + key->offset;
	uint64_t n;

	if (!launch_number(value, key->min, key->max, &n) ||
	    (key->kind == POWER && (n & (n - 1)) != 0))
		return launch_ini_complain(&p->ini, "%s = %s: not a %s from %llu to %llu",
					   key->name, value,
					   key->kind == POWER ? "power of two" : "number",
					   (unsigned long long)key->min,
					   (unsigned long long)key->max);
	if (key->size == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)n;
	else
		*(uint32_t *)field = (uint32_t)n;
	return 0;
}

static int set_offloads(struct parse *p, const struct key *key, const char *value)
{
	char list[200], *rest = list, *item;
	uint16_t bits = 0;

	snprintf(list, sizeof(list), "%s", value);
	while ((item = strsep(&rest, " ,\t"))) {
		unsigned int i = 0;

		if (!*item || !strcmp(item, "none"))
			continue;
		while (i < OFFLOADS_N && strcmp(item, offloads[i].name) != 0)
			i++;
		if (i == OFFLOADS_N)
			return launch_ini_complain(
			    &p->ini, "%s: '%s' is not an offload (default.ini lists them)",
			    key->name, item);
		bits |= offloads[i].bit;
	}
	p->profile.offloads = bits;
	return 0;
}

static int set_text(struct parse *p, const struct key *key, const char *value)
{
	char *field = (char *)&p->profile + key->offset;
	unsigned int a, b, c;
	int end = 0;

	if (sscanf(value, "%u.%u.%u%n", &a, &b, &c, &end) != 3 || value[end] ||
	    strlen(value) >= key->size)
		return launch_ini_complain(&p->ini, "%s = %s: not a version like 22.35.1012",
					   key->name, value);
	snprintf(field, key->size, "%s", value);
	return 0;
}

static int set(struct parse *p, const struct key *key, const char *value)
{
	switch (key->kind) {
	case SWITCH:
		if (!launch_switch(value, (bool *)((char *)&p->profile + key->offset)))
			return launch_ini_complain(&p->ini, "%s = %s: neither yes nor no",
						   key->name, value);
		return 0;
	case NUMBER:
	case POWER:
		return set_number(p, key, value);
	case TEXT:
		return set_text(p, key, value);
	case OFFLOADS:
		return set_offloads(p, key, value);
	case IGNORED:
		if (p->description)
			snprintf(p->description, p->description_len, "%s", value);
		return 0;
	}
	return -EINVAL;
}

static int take(void *arg, const char *section, const char *name, const char *value)
{
	struct parse *p = arg;
	bool section_known = false;

	for (unsigned int i = 0; i < KEYS; i++) {
		if (strcmp(section, keys[i].section) != 0)
			continue;
		section_known = true;
		if (strcmp(name, keys[i].name) != 0)
			continue;
		if (p->seen >> i & 1)
			return launch_ini_complain(&p->ini, "%s: a second time", name);
		p->seen |= 1u << i;
		return set(p, &keys[i], value);
	}
	if (!section_known)
		return launch_ini_complain(
		    &p->ini, "%s: in section [%s]; there are [device] and [virtio]", name, section);
	return launch_ini_complain(&p->ini,
				   "'%s' is not a key of section [%s] (default.ini lists them)",
				   name, section);
}

static int check(struct parse *p)
{
	const struct hca_profile *profile = &p->profile;

	if (profile->virtio && !profile->split && !profile->packed) {
		launch_complain("%s: emulation = yes, but neither split nor packed queues",
				p->ini.path);
		return -EINVAL;
	}
	return 0;
}

static void set_name(struct hca_profile *profile, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t len;

	base = base ? base + 1 : path;
	len = strlen(base);
	if (len > 4 && !strcmp(base + len - 4, ".ini"))
		len -= 4;
	snprintf(profile->name, sizeof(profile->name), "%.*s", (int)len, base);
}

int launch_profile_read(const char *path, struct hca_profile *profile, char *description,
			size_t description_len)
{
	struct parse p = {.ini = {.path = path},
			  .profile = hca_profile_default,
			  .description = description,
			  .description_len = description_len};

	if (launch_ini_read(&p.ini, "profile", take, &p) || check(&p))
		return -EINVAL;
	set_name(&p.profile, path);
	*profile = p.profile;
	return 0;
}

int launch_profile_load(const char *name, struct hca_profile *profile)
{
	struct profile_dir dir;
	char path[PATH_MAX];
	size_t len = strlen(name);
	int rc;

	if (strchr(name, '/') || (len > 4 && !strcmp(name + len - 4, ".ini")))
		return launch_profile_read(name, profile, NULL, 0);
	rc = profile_dir_open(&dir);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%.*s/%.64s.ini", PATH_MAX - 80, dir.path, name);
	if (len > 64 || access(path, F_OK)) {
		char names[256];

		profile_dir_names(&dir, names, sizeof(names));
		launch_complain("--profile: '%s' is none of %s ('softhca profiles' tells of them); "
				"a file is named with its path",
				name, names);
		rc = -EINVAL;
	} else {
		rc = launch_profile_read(path, profile, NULL, 0);
	}
	profile_dir_close(&dir);
	return rc;
}

void launch_profile_offloads(uint16_t bits, char *list, size_t len)
{
	size_t n = 0;

	list[0] = '\0';
	for (unsigned int i = 0; i < OFFLOADS_N && n < len; i++)
		if (bits & offloads[i].bit)
			n += (size_t)snprintf(list + n, len - n, "%s%s", n ? " " : "",
					      offloads[i].name);
}
