/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line, of two forms:
 *
 *	vdpad -c FILE [OPTION ...]                             manages devices (config.h)
 *	vdpad [EAL ARGUMENT ...] -- --socket PATH=DEVICE ...   serves devices of any driver
 *
 * A "--" tells which: what comes before it is EAL's, what comes after it is ours. Checked as far as
 * that is possible without looking at the system; pure functions that print.
 */
#ifndef VDPAD_OPTIONS_H
#define VDPAD_OPTIONS_H

#include <stdbool.h>

struct vdpad_pairing {
	char *path;   /* owned */
	char *device; /* owned; DPDK's name of it */
};

struct vdpad_options {
	/* The first form: */
	bool manage;
	const char *config;                /* NULL: without a file. These borrowed from argv */
	const char *state_dir, *rpc, *log; /* NULL: as the file says */
	bool check;                        /* say what would be made, and end */
	/* The second one: */
	int eal_argc;
	char **eal_argv;               /* borrowed from argv */
	struct vdpad_pairing *sockets; /* owned */
	unsigned int n_sockets;
	bool client; /* the front-ends own the sockets, we connect */
	bool status; /* offer the vhost-user protocol feature STATUS */
	bool narrow; /* offer what librte_vhost's own back-end would, instead of all there is */
};

/* 0: go on; 1: the help or version was printed on stdout; -EINVAL, -ENOMEM: said why. */
int vdpad_options_parse(int argc, char **argv, struct vdpad_options *options);

void vdpad_options_destroy(struct vdpad_options *options);

#endif
