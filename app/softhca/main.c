/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "launch.h"

static const char usage[] =
    "Usage: softhca COMMAND [OPTIONS] [ARGUMENTS]\n"
    "\n"
    "A model of a ConnectX-6 Dx class NIC under unmodified programs, which find one RDMA device\n"
    "per function (mlx5_0, mlx5_1, ...) through the system's libibverbs and libmlx5, or through\n"
    "DPDK as PCI device 0000:3b:00.0, .1, ...\n"
    "\n"
    "  run        run a program on such a NIC\n"
    "  stat       show what a running one does\n"
    "  inject     make something of a running one fail\n"
    "  profiles   list the kinds of NIC it can be\n"
    "\n"
    "  softhca run -- ibv_devinfo -v\n"
    "  softhca run --functions 2 --trace - -- my_program\n"
    "  softhca run -- my_program &  softhca stat $!\n"
    "\n"
    "'softhca COMMAND --help' says more, softhca(1) all.\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"run",      launch_run     },
    {"stat",     launch_stat    },
    {"inject",   launch_inject  },
    {"profiles", launch_profiles},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

int main(int argc, char **argv)
{
	const char *name = argc >= 2 ? argv[1] : "";

	for (unsigned int i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		puts("softhca " SOFTHCA_VERSION);
		return 0;
	}
	if (argc < 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	fprintf(stderr, "softhca: '%s' is not a command (", name);
	for (unsigned int i = 0; i < COMMANDS; i++)
		fprintf(stderr, "%s%s", i ? ", " : "", commands[i].name);
	fputs(")\n", stderr);
	return EXIT_USAGE;
}
