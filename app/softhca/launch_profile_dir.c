/* SPDX-License-Identifier: BSD-3-Clause */
/* softhca profiles: which there are; and where they are. */
#include "launch_profile_dir.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"
#include "launch_place.h"
#include "launch_profile.h"

static int find_files(struct profile_dir *dir)
{
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%.*s/*.ini", PATH_MAX - 16, dir->path);
	return glob(pattern, 0, NULL, &dir->files);
}

int profile_dir_open(struct profile_dir *dir)
{
	char exe[PATH_MAX], beside[PATH_MAX];
	int rc = launch_exe_dir(exe);

	if (rc)
		return rc;
	memset(dir, 0, sizeof(*dir));
	snprintf(beside, sizeof(beside), "%.*s/../../config/softhca", PATH_MAX / 2, exe);
	if (!realpath(beside, dir->path) || find_files(dir)) {
		globfree(&dir->files);
		launch_installed(beside, exe, SOFTHCA_PROFILEDIR);
		snprintf(dir->path, sizeof(dir->path), "%s", beside);
		if (find_files(dir)) {
			globfree(&dir->files);
			launch_complain("no profiles in %s", dir->path);
			return -ENOENT;
		}
	}
	return 0;
}

void profile_dir_close(struct profile_dir *dir)
{
	globfree(&dir->files);
}

static int base_len(const char *path, const char **base)
{
	*base = strrchr(path, '/') + 1;
	return (int)strlen(*base) - 4;
}

void profile_dir_names(const struct profile_dir *dir, char *names, size_t len)
{
	const char *base;
	size_t n = 0;

	names[0] = '\0';
	for (size_t i = 0; i < dir->files.gl_pathc && n < len; i++) {
		int l = base_len(dir->files.gl_pathv[i], &base);

		n += (size_t)snprintf(names + n, len - n, "%s%.*s", i ? ", " : "", l, base);
	}
}

/* ---- the command ---- */

static const char usage[] = "Usage: softhca profiles [-j]\n"
			    "\n"
			    "List the kinds of NIC that 'softhca run --profile NAME' can be.\n"
			    "\n"
			    "  -j, --json   as a JSON array, with all that a profile says\n"
			    "  -h, --help   this text\n";

static const char *layouts(const struct hca_profile *p)
{
	if (!p->virtio)
		return "none";
	return p->split && p->packed ? "split, packed" : p->split ? "split" : "packed";
}

static json_t *as_json(const struct hca_profile *p, const char *description, const char *path)
{
	char list[256];

	launch_profile_offloads(p->offloads, list, sizeof(list));
	return json_pack(
	    "{s:s, s:s, s:s, s:i, s:s, s:i, s:b, s:b, s:i, s:i, s:b, s:b, s:b, s:b, s:s, s:b, s:b, "
	    "s:b, s:b, s:b, s:b, s:i, s:i}",
	    "name", p->name, "description", description, "file", path, "pci_device", p->pci_device,
	    "fw_version", p->fw_version, "max_mtu", p->max_mtu, "flow_counters", p->flow_counters,
	    "flow_tables", p->flow_tables, "max_ft_level", p->max_ft_level, "log_max_ft_size",
	    p->log_max_ft_size,
	    "emulation", p->virtio, "split", p->split, "packed", p->packed, "version_1",
	    p->version_1, "offloads", list, "vnet_modify_ext", p->vnet_modify_ext, "addr_modify",
	    p->addr_modify, "index_modify", p->index_modify, "freeze_to_rdy", p->freeze_to_rdy,
	    "queue_counters", p->queue_counters, "dirty_log", p->dirty_log, "max_queues",
	    p->max_queues, "max_queue_size", p->max_queue_size);
}

static int list(const struct profile_dir *dir, bool json)
{
	json_t *all = json ? json_array() : NULL;
	struct hca_profile p;
	char description[128];
	int status = 0;

	if (!json)
		printf("%-12s %-8s %-12s %-14s %s\n", "profile", "device", "firmware", "queues",
		       "what it is");
	for (size_t i = 0; i < dir->files.gl_pathc; i++) {
		const char *path = dir->files.gl_pathv[i];

		description[0] = '\0';
		if (launch_profile_read(path, &p, description, sizeof(description))) {
			status = 1;
			continue;
		}
		if (json)
			json_array_append_new(all, as_json(&p, description, path));
		else
			printf("%-12s 0x%04x   %-12s %-14s %s\n", p.name, p.pci_device,
			       p.fw_version, layouts(&p), description);
	}
	if (json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	}
	return status;
}

int launch_profiles(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json",       no_argument, NULL, 'j'},
	    {"help",        no_argument, NULL, 'h'},
	    {},
	};
	struct profile_dir dir;
	bool json = false;
	int option, status;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (option != 'j') {
			launch_complain("'%s' is not an option, try 'softhca profiles --help'",
					argv[optind - 1]);
			return EXIT_USAGE;
		}
		json = true;
	}
	if (optind != argc) {
		launch_complain("'%s': profiles takes no arguments", argv[optind]);
		return EXIT_USAGE;
	}
	if (profile_dir_open(&dir))
		return EXIT_LAUNCH;
	status = list(&dir, json);
	profile_dir_close(&dir);
	return status;
}
