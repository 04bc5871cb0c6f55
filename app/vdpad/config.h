/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The INI file (rte_cfgfile), checked; config/vdpad.conf is a sample of all of it.
 *
 *	[daemon]
 *	state_dir, socket_dir, socket_mode, socket_group, rpc, rpc_mode, rpc_group, models,
 *	eal (EAL's arguments, as in a shell without quoting), log (warning|notice|info|debug),
 *	status, narrow (on|off)
 *	[dev NAME]
 *	the words of "dev add": made at start unless the state directory has one of that name
 *
 * Threads: pure functions of files.
 */
#ifndef VDPAD_CONFIG_H
#define VDPAD_CONFIG_H

#include <limits.h>
#include <sys/types.h>

#include "error.h"
#include "spec.h"

struct vdpad_config {
	char state_dir[PATH_MAX], socket_dir[VDPAD_PATH_MAX], models[PATH_MAX];
	char rpc[VDPAD_PATH_MAX];
	mode_t rpc_mode, socket_mode;
	gid_t rpc_group, socket_group; /* (gid_t)-1: as it comes */
	char eal[1024];                /* "": vdpad_eal's own choice */
	char log[16];
	bool status, narrow;        /* as the options of these names (man vdpad) */
	struct vdpad_spec *devices; /* owned */
	unsigned int n_devices;
};

void vdpad_config_init(struct vdpad_config *config); /* what holds without a file */
/* ENOENT, EINVAL: text names file, section and word. Nothing is kept on failure. */
int vdpad_config_read(const char *file, struct vdpad_config *config, struct vdpad_error *error);
/* One word of [daemon], as an option on the command line overrides it. */
int vdpad_config_set(struct vdpad_config *config, const char *word, const char *value,
		     struct vdpad_error *error);
void vdpad_config_destroy(struct vdpad_config *config);

#endif
