/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "say.h"

/* librte_vhost's limit. */
enum { SOCKETS_MAX = 1024 };

static const char help[] =
    "Usage: vdpad [EAL ARGUMENT ...] -- --socket PATH=DEVICE [--socket ...] [OPTION ...]\n"
    "\n"
    "Serve guests by vDPA devices: each vhost-user socket PATH is a virtio NIC whose rings the\n"
    "DPDK vDPA device DEVICE runs. Works with any vDPA driver. It offers guests everything the\n"
    "device offers: a MAC address and a configuration space, the control queue.\n"
    "\n"
    "  -s, --socket PATH=DEVICE  serve the socket PATH by DEVICE, by DPDK's name: vdpa_verbs0 for\n"
    "                            --vdev vdpa_verbs0,..., the address for -a 0000:3b:00.0,...\n"
    "  -c, --client              the front-ends own the sockets (QEMU: server=on) and may come and\n"
    "                            go; vdpad connects, again and again. Otherwise vdpad makes them\n"
    "      --status              offer the vhost-user feature STATUS: a device starts when the\n"
    "                            guest's driver says DRIVER_OK. Not for QEMU's vhost-user-test-\n"
    "                            device-pci, which takes the feature and then never says so\n"
    "      --narrow              offer no more than DPDK's own vhost-user NIC has (no MAC address,\n"
    "                            no configuration space, few control commands). A device then\n"
    "                            starts with its first two rings: for QEMU's -netdev vhost-user\n"
    "                            with queues=N when guests may use fewer than N pairs. Otherwise\n"
    "                            it starts when all rings that the front-end has are enabled\n"
    "  -h, --help                this text\n"
    "  -V, --version             the version\n"
    "\n"
    "Of the EAL arguments (DPDK's documentation has them all):\n"
    "  -d FILE     load a driver that is not in DPDK's directory\n"
    "  --vdev X    a device without a bus of its own, with its arguments;  -a ADDRESS  on PCI\n"
    "  --no-huge -m 64   without huge pages; the rings of guests are in the guests' memory\n"
    "  -l 0,2 -s 0x4     core 2 serves all devices' control queues and does nothing else;\n"
    "                    without a service core each device has a thread that sleeps meanwhile\n"
    "  --log-level lib.vhost.config:info   every message of every guest\n"
    "\n"
    "SIGTERM and SIGINT stop all devices, close the sockets and end vdpad. Lines on standard error\n"
    "tell which guest has connected, is ready, has stopped and is gone.\n"
    "\n"
    "Examples:\n"
    "  vdpad --no-huge --no-pci -m 64 -d build/drivers/librte_vdpa_verbs.so \\\n"
    "      --vdev vdpa_verbs0,ibdev=mlx5_0 -- --socket /run/vdpa0=vdpa_verbs0\n"
    "    The NIC's first function as a virtio NIC at /run/vdpa0.\n"
    "\n"
    "  softhca run --functions 2 -- vdpad --no-huge --no-pci -m 64 \\\n"
    "      -d build/drivers/librte_vdpa_verbs.so --vdev vdpa_verbs0,ibdev=mlx5_0 \\\n"
    "      --vdev vdpa_verbs1,ibdev=mlx5_1 \\\n"
    "      -- --socket /tmp/a=vdpa_verbs0 --socket /tmp/b=vdpa_verbs1\n"
    "  linux.uml virtio_uml.device=/tmp/a:1 ...\n"
    "    Two of them on a NIC that is not there, and a Linux guest.\n"
    "\n"
    "  vdpad -a 0000:3b:00.2,class=vdpa -- --socket /run/vm1=0000:3b:00.2 --client\n"
    "    DPDK's mlx5 driver on a virtual function; QEMU owns the socket.\n";

enum { OPT_STATUS = 256, OPT_NARROW };

static const struct option long_options[] = {
    {"socket",  required_argument, NULL, 's'       },
    {"client",  no_argument,       NULL, 'c'       },
    {"status",  no_argument,       NULL, OPT_STATUS},
    {"narrow",  no_argument,       NULL, OPT_NARROW},
    {"help",    no_argument,       NULL, 'h'       },
    {"version", no_argument,       NULL, 'V'       },
    {NULL,      0,                 NULL, 0         },
};

static int check_pairing(const struct vdpad_options *options, const struct vdpad_pairing *pairing)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	unsigned int i;

	if (strlen(pairing->path) > max) {
		vdpad_say("--socket %s: longer than the %zu bytes that a socket's path can have",
			  pairing->path, max);
		return -EINVAL;
	}
	for (i = 0; i < options->n_sockets; i++) {
		if (!strcmp(options->sockets[i].path, pairing->path)) {
			vdpad_say("--socket %s: given twice", pairing->path);
			return -EINVAL;
		}
		if (!strcmp(options->sockets[i].device, pairing->device)) {
			vdpad_say("--socket %s=%s: the device serves %s already", pairing->path,
				  pairing->device, options->sockets[i].path);
			return -EINVAL;
		}
	}
	if (options->n_sockets == SOCKETS_MAX) {
		vdpad_say("--socket %s: librte_vhost has no more than %d sockets", pairing->path,
			  SOCKETS_MAX);
		return -EINVAL;
	}
	return 0;
}

static int add_socket(struct vdpad_options *options, const char *text)
{
	/* The last one: a path may contain the character, a device's name does not. */
	const char *equals = strrchr(text, '=');
	struct vdpad_pairing *sockets, pairing;
	int err;

	if (!equals || equals == text || !equals[1]) {
		vdpad_say("--socket %s: not PATH=DEVICE, such as /run/vdpa0=vdpa_verbs0", text);
		return -EINVAL;
	}
	pairing.path = strndup(text, equals - text);
	pairing.device = strdup(equals + 1);
	err = pairing.path && pairing.device ? check_pairing(options, &pairing) : -ENOMEM;
	if (!err) {
		sockets = reallocarray(options->sockets, options->n_sockets + 1, sizeof(*sockets));
		err = sockets ? 0 : -ENOMEM;
	}
	if (err) {
		free(pairing.path);
		free(pairing.device);
		return err;
	}
	options->sockets = sockets;
	options->sockets[options->n_sockets++] = pairing;
	return 0;
}

/* What is ours is at argv[1..]; argv[0] is whatever comes before. */
static int parse_ours(int argc, char **argv, struct vdpad_options *options)
{
	int opt, err = 0;

	optind = 0; /* glibc: begin anew, with "+" and ":" read again */
	opterr = 0;
	while (!err && (opt = getopt_long(argc, argv, "+:s:chV", long_options, NULL)) != -1) {
		switch (opt) {
		case 's':
			err = add_socket(options, optarg);
			break;
		case 'c':
			options->client = true;
			break;
		case OPT_STATUS:
			options->status = true;
			break;
		case OPT_NARROW:
			options->narrow = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 1;
		case 'V':
			puts("vdpad " VDPAD_VERSION);
			return 1;
		case ':':
			vdpad_say("%s: what? 'vdpad --help' has examples", argv[optind - 1]);
			return -EINVAL;
		default:
			vdpad_say("%s: no such option; 'vdpad --help' has them all (those of EAL "
				  "come before the --)",
				  argv[optind - 1]);
			return -EINVAL;
		}
	}
	if (!err && optind < argc) {
		vdpad_say("%s: not an option; sockets are given as --socket PATH=DEVICE",
			  argv[optind]);
		return -EINVAL;
	}
	return err;
}

/* Ours among EAL's arguments: EAL would understand something else, or nothing. */
static int check_eal(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(help, stdout);
			return 1;
		}
		if (!strcmp(argv[i], "--version") || !strcmp(argv[i], "-V")) {
			puts("vdpad " VDPAD_VERSION);
			return 1;
		}
		if (!strncmp(argv[i], "--socket=", 9) || !strcmp(argv[i], "--socket") ||
		    !strcmp(argv[i], "--client") || !strcmp(argv[i], "--narrow") ||
		    !strcmp(argv[i], "--status")) {
			vdpad_say("%s: comes after the --: vdpad [EAL ARGUMENT ...] -- --socket "
				  "PATH=DEVICE",
				  argv[i]);
			return -EINVAL;
		}
	}
	return 0;
}

int vdpad_options_parse(int argc, char **argv, struct vdpad_options *options)
{
	int mine = 0, err;

	*options = (struct vdpad_options){.eal_argv = argv};
	while (mine < argc && strcmp(argv[mine], "--"))
		mine++;
	options->eal_argc = mine;
	err = check_eal(mine, argv);
	if (!err && mine < argc)
		err = parse_ours(argc - mine, argv + mine, options);
	if (!err && !options->n_sockets) {
		vdpad_say("which sockets? vdpad [EAL ARGUMENT ...] -- --socket PATH=DEVICE; "
			  "'vdpad --help' has examples");
		err = -EINVAL;
	}
	if (err == -ENOMEM)
		vdpad_say("no memory");
	if (err)
		vdpad_options_destroy(options);
	return err;
}

void vdpad_options_destroy(struct vdpad_options *options)
{
	unsigned int i;

	for (i = 0; i < options->n_sockets; i++) {
		free(options->sockets[i].path);
		free(options->sockets[i].device);
	}
	free(options->sockets);
	options->sockets = NULL;
	options->n_sockets = 0;
}
