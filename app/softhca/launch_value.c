/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"
#include "launch_number.h"
#include "port/link.h"

enum { MTU_MIN = 68 };

/* The next item of a list at *rest, its value behind '='; false: none is left. */
static bool next_item(char **rest, char **name, char **value)
{
	*name = strsep(rest, ",");
	if (!*name)
		return false;
	*value = strchr(*name, '=');
	if (*value)
		*(*value)++ = '\0';
	return true;
}

/* ---- shape ---- */

static int shape_item(const char *name, const char *value, struct shape *shape)
{
	uint32_t *counts[] = {&shape->pfs, &shape->vfs, &shape->sfs};
	static const char *const names[] = {"pf", "vf", "sf"};
	uint64_t n;

	for (unsigned int i = 0; i < 3; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		if (!value || !launch_number(value, i == 0, HCA_FUNCS_MAX, &n)) {
			launch_complain("--shape: %s=%s: not a number from %d to %d", name,
					value ? value : "", i == 0, HCA_FUNCS_MAX);
			return -EINVAL;
		}
		*counts[i] = (uint32_t)n;
		return 0;
	}
	launch_complain("--shape: '%s' is none of pf=N, vf=N, sf=N", name);
	return -EINVAL;
}

int launch_shape(const char *text, struct shape *shape)
{
	struct shape s = {.pfs = 1};
	char *copy = strdup(text), *rest = copy, *name, *value;
	int rc = copy ? 0 : -ENOMEM;

	while (!rc && next_item(&rest, &name, &value))
		rc = shape_item(name, value, &s);
	free(copy);
	if (rc)
		return rc;
	if (!shape_valid(&s)) {
		launch_complain("--shape: '%s' are %u functions, there can be %d", text,
				shape_functions(&s), HCA_FUNCS_MAX);
		return -EINVAL;
	}
	*shape = s;
	return 0;
}

/* ---- one function ---- */

static bool parse_mac(const char *text, uint8_t mac[6])
{
	unsigned int b[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6 ||
	    text[end] != '\0' || end != 17)
		return false;
	for (unsigned int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return true;
}

static int function_item(unsigned int function, const char *name, const char *value,
			 struct hca_func_config *func)
{
	static const uint8_t zero[6];
	const char *want = NULL;
	uint64_t n;

	if (!value)
		value = "";
	if (!strcmp(name, "mac")) {
		if (!parse_mac(value, func->mac))
			want = "an address like 02:00:00:00:00:01";
		else if (func->mac[0] & 1 || !memcmp(func->mac, zero, 6))
			want = "the address of one station";
	} else if (!strcmp(name, "vlan")) {
		if (!launch_number(value, 0, 4094, &n))
			want = "a VLAN, 1 to 4094, or 0 for all";
		else
			func->vlan = (uint16_t)n;
	} else if (!strcmp(name, "mtu")) {
		/* The upper end is the profile's. */
		if (!launch_number(value, MTU_MIN, UINT16_MAX, &n))
			want = "a number from 68";
		else
			func->mtu = (uint16_t)n;
	} else if (!strcmp(name, "spoof-check")) {
		if (!launch_switch(value, &func->spoof_check))
			want = "on or off";
	} else {
		launch_complain("--function %u: '%s' is none of mac=, vlan=, spoof-check=, mtu=",
				function, name);
		return -EINVAL;
	}
	if (want) {
		launch_complain("--function %u: %s=%s: not %s", function, name, value, want);
		return -EINVAL;
	}
	return 0;
}

int launch_function(const char *text, struct nic_config *cfg, uint64_t *given)
{
	char *copy = strdup(text), *rest = copy, *name, *value;
	uint64_t n;
	int rc = 0;

	if (!copy)
		return -ENOMEM;
	if (!next_item(&rest, &name, &value) || value ||
	    !launch_number(name, 0, HCA_FUNCS_MAX - 1, &n)) {
		launch_complain("--function: '%s' does not start with the number of a function, "
				"0 to %d",
				text, HCA_FUNCS_MAX - 1);
		rc = -EINVAL;
	} else if (!rest) {
		launch_complain("--function %s: what about it? (mac=, vlan=, spoof-check=, mtu=)",
				name);
		rc = -EINVAL;
	}
	while (!rc && next_item(&rest, &name, &value))
		rc = function_item((unsigned int)n, name, value, &cfg->func[n]);
	if (!rc)
		*given |= 1ull << n;
	free(copy);
	return rc;
}

/* ---- ports to the outside ---- */

static bool port_name(const char *text, size_t len, int *representor)
{
	char number[8];
	uint64_t n;

	if (len == 6 && !strncmp(text, "uplink", 6)) {
		*representor = -1;
		return true;
	}
	if (len <= 3 || len >= sizeof(number) || strncmp(text, "rep", 3) != 0)
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)len - 3, text + 3);
	if (!launch_number(number, 0, HCA_FUNCS_MAX - 1, &n))
		return false;
	*representor = (int)n;
	return true;
}

int launch_port(const char *text, struct nic_config *cfg)
{
	const char *spec = strchr(text, '=');
	struct dp_link_config *link;
	char error[LINK_ERROR_MAX];
	int representor, len;

	if (!spec || !port_name(text, (size_t)(spec - text), &representor)) {
		launch_complain("--port: '%s' is neither uplink=KIND[:ARGUMENTS] nor "
				"repN=KIND[:ARGUMENTS] of a function N",
				text);
		return -EINVAL;
	}
	len = (int)(spec++ - text);
	for (uint32_t i = 0; i < cfg->n_links; i++) {
		if (cfg->links[i].representor == representor) {
			launch_complain("--port %.*s: there is one already", len, text);
			return -EINVAL;
		}
	}
	if (link_parse(spec, NULL, error)) {
		launch_complain("--port %.*s: %s", len, text, error);
		return -EINVAL;
	}
	if (strlen(spec) >= sizeof(link->spec)) {
		launch_complain("--port %.*s: longer than %zu bytes", len, text,
				sizeof(link->spec) - 1);
		return -EINVAL;
	}
	/* One uplink and as many representors as there can be functions fit. */
	link = &cfg->links[cfg->n_links++];
	snprintf(link->spec, sizeof(link->spec), "%s", spec);
	link->representor = representor;
	return 0;
}

_Static_assert(DP_LINKS_MAX >= HCA_FUNCS_MAX + 1, "room for all that have different names");

/* ---- processors ---- */

int launch_cpus(const char *text, struct nic_config *cfg)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	char *copy = strdup(text), *rest = copy, *item;
	uint64_t last = cpus > 0 ? (uint64_t)cpus - 1 : 0, from, to;
	int rc = 0;

	if (!copy)
		return -ENOMEM;
	if (last >= NIC_CPUS_MAX)
		last = NIC_CPUS_MAX - 1;
	memset(cfg->cpus, 0, sizeof(cfg->cpus));
	while (!rc && (item = strsep(&rest, ","))) {
		char *dash = strchr(item, '-');

		if (dash)
			*dash++ = '\0';
		if (!launch_number(item, 0, last, &from) ||
		    !launch_number(dash ? dash : item, from, last, &to)) {
			launch_complain("--cpus: '%s' is not a list of processors like 0,2-3; this "
					"machine has 0 to %llu",
					text, (unsigned long long)last);
			rc = -EINVAL;
			break;
		}
		for (uint64_t cpu = from; cpu <= to; cpu++)
			cfg->cpus[cpu / 64] |= 1ull << (cpu % 64);
	}
	cfg->pinned = !rc;
	free(copy);
	return rc;
}
