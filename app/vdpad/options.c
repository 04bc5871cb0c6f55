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
    "Usage: vdpad -c FILE [OPTION ...]\n"
    "       vdpad [EAL ARGUMENT ...] -- --socket PATH=DEVICE [--socket ...] [OPTION ...]\n"
    "\n"
    "Give guests virtio NICs whose rings the hardware runs: each is a vDPA device of DPDK behind a\n"
    "vhost-user socket. It offers guests everything the device offers: a MAC address and a\n"
    "configuration space, the control queue.\n"
    "\n"
    "Manage devices: make, change and remove them while guests run (vdpactl does it), remember them\n"
    "over restarts. It stays in the foreground; systemd is told when it is ready.\n"
    "  -c, --config FILE     the INI file (a sample: vdpad.conf): where state and sockets are, and\n"
    "                        devices that there are always\n"
    "      --state-dir DIR   remember devices there instead of what the file says\n"
    "      --rpc PATH        listen there for vdpactl instead\n"
    "      --log LEVEL       warning, notice, info or debug instead\n"
    "      --check           say what the file would make, and end\n"
    "      --foreground      as it is anyway\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "Serve the devices that the command line names, of any driver, as long as it runs:\n"
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
    "\n"
    "Of the EAL arguments (DPDK's documentation has them all; in the file: eal = ...):\n"
    "  -d FILE     load a driver that is not in DPDK's directory\n"
    "  --vdev X    a device without a bus of its own, with its arguments;  -a ADDRESS  on PCI\n"
    "  --no-huge -m 64   without huge pages; the rings of guests are in the guests' memory\n"
    "  -l 0,2 -s 0x4     core 2 serves all devices' control queues and does nothing else;\n"
    "                    without a service core each device has a thread that sleeps meanwhile\n"
    "  --log-level lib.vhost.config:info   every message of every guest\n"
    "\n"
    "SIGTERM and SIGINT disconnect all guests, remove the devices from the NIC and end vdpad; those\n"
    "it manages are made again when it starts. SIGHUP: new devices of the file are made.\n"
    "\n"
    "Examples:\n"
    "  softhca run --functions 8 -- vdpad -c config/vdpad.conf\n"
    "  vdpactl dev add name vm1 mgmtdev mlx5_0 mac 02:00:00:00:00:01\n"
    "    A virtio NIC at /run/vdpad/vm1, on a NIC that is not there.\n"
    "\n"
    "  vdpad --no-huge --no-pci -m 64 --vdev vdpa_verbs0,ibdev=mlx5_0 \\\n"
    "      -- --socket /run/vdpa0=vdpa_verbs0\n"
    "    The NIC's first function as a virtio NIC at /run/vdpa0.\n"
    "\n"
    "  softhca run --functions 2 -- vdpad --no-huge --no-pci -m 64 \\\n"
    "      --vdev vdpa_verbs0,ibdev=mlx5_0 --vdev vdpa_verbs1,ibdev=mlx5_1 \\\n"
    "      -- --socket /tmp/a=vdpa_verbs0 --socket /tmp/b=vdpa_verbs1\n"
    "  linux.uml virtio_uml.device=/tmp/a:1 ...\n"
    "    Two of them on a NIC that is not there, and a Linux guest.\n"
    "\n"
    "  vdpad -a 0000:3b:00.2,class=vdpa -- --socket /run/vm1=0000:3b:00.2 --client\n"
    "    DPDK's mlx5 driver on a virtual function; QEMU owns the socket.\n";

enum { OPT_STATUS = 256, OPT_NARROW, OPT_STATE_DIR, OPT_RPC, OPT_LOG, OPT_CHECK, OPT_FOREGROUND };

static const struct option serve_options[] = {
    {"socket",  required_argument, NULL, 's'       },
    {"client",  no_argument,       NULL, 'c'       },
    {"status",  no_argument,       NULL, OPT_STATUS},
    {"narrow",  no_argument,       NULL, OPT_NARROW},
    {"help",    no_argument,       NULL, 'h'       },
    {"version", no_argument,       NULL, 'V'       },
    {NULL,      0,                 NULL, 0         },
};

static const struct option manage_options[] = {
    {"config",     required_argument, NULL, 'c'           },
    {"state-dir",  required_argument, NULL, OPT_STATE_DIR },
    {"rpc",        required_argument, NULL, OPT_RPC       },
    {"log",        required_argument, NULL, OPT_LOG       },
    {"check",      no_argument,       NULL, OPT_CHECK     },
    {"foreground", no_argument,       NULL, OPT_FOREGROUND},
    {"help",       no_argument,       NULL, 'h'           },
    {"version",    no_argument,       NULL, 'V'           },
    {NULL,         0,                 NULL, 0             },
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
	while (!err && (opt = getopt_long(argc, argv, "+:s:chV", serve_options, NULL)) != -1) {
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

static int parse_serve(int argc, char **argv, int dashes, struct vdpad_options *options)
{
	int err = check_eal(dashes, argv);

	options->eal_argc = dashes;
	if (!err)
		err = parse_ours(argc - dashes, argv + dashes, options);
	if (!err && !options->n_sockets) {
		vdpad_say("which sockets? vdpad [EAL ARGUMENT ...] -- --socket PATH=DEVICE; "
			  "'vdpad --help' has examples");
		err = -EINVAL;
	}
	return err;
}

/* *to: where it belongs. */
static int take(const char **to, const char *option)
{
	if (*to) {
		vdpad_say("%s: given twice", option);
		return -EINVAL;
	}
	*to = optarg;
	return 0;
}

static int take_managing(int opt, const char *text, struct vdpad_options *options)
{
	switch (opt) {
	case 'c':
		return take(&options->config, "--config");
	case OPT_STATE_DIR:
		return take(&options->state_dir, "--state-dir");
	case OPT_RPC:
		return take(&options->rpc, "--rpc");
	case OPT_LOG:
		return take(&options->log, "--log");
	case OPT_CHECK:
		options->check = true;
		return 0;
	case OPT_FOREGROUND:
		return 0;
	case 'h':
		fputs(help, stdout);
		return 1;
	case 'V':
		puts("vdpad " VDPAD_VERSION);
		return 1;
	case ':':
		vdpad_say("%s: what? 'vdpad --help' has examples", text);
		return -EINVAL;
	default:
		vdpad_say("%s: no such option; 'vdpad --help' has them all (those of EAL are in "
			  "the file: eal = ..., or before a --)",
			  text);
		return -EINVAL;
	}
}

static int parse_manage(int argc, char **argv, struct vdpad_options *options)
{
	int opt, err = check_eal(argc, argv);

	options->manage = true;
	optind = 0;
	opterr = 0;
	while (!err && (opt = getopt_long(argc, argv, "+:c:hV", manage_options, NULL)) != -1)
		err = take_managing(opt, argv[optind - 1], options);
	if (!err && optind < argc) {
		vdpad_say("%s: not an option; 'vdpad --help' has them all", argv[optind]);
		err = -EINVAL;
	}
	if (!err && argc == 1) {
		vdpad_say("what is to be served? vdpad -c FILE, or vdpad [EAL ARGUMENT ...] -- "
			  "--socket PATH=DEVICE; 'vdpad --help' has examples");
		err = -EINVAL;
	}
	return err;
}

int vdpad_options_parse(int argc, char **argv, struct vdpad_options *options)
{
	int dashes = 0, err;

	*options = (struct vdpad_options){.eal_argv = argv};
	while (dashes < argc && strcmp(argv[dashes], "--"))
		dashes++;
	err = dashes < argc ? parse_serve(argc, argv, dashes, options)
			    : parse_manage(argc, argv, options);
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
