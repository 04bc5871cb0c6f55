/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "launch.h"

static const char usage[] =
    "Usage: softhca run [OPTIONS] [--] COMMAND [ARGUMENTS]\n"
    "       softhca stat [-j] FILE\n"
    "\n"
    "A model of a ConnectX-6 Dx class NIC under unmodified programs. COMMAND finds one RDMA\n"
    "device per function (mlx5_0, mlx5_1, ...) through the system's libibverbs and libmlx5,\n"
    "or through DPDK as PCI device 0000:3b:00.0, .1, ...\n"
    "\n"
    "  softhca run -- ibv_devinfo -v\n"
    "  softhca run --functions 2 --trace - -- my_program\n"
    "  softhca run --stat /tmp/nic.stat -- my_program &  softhca stat /tmp/nic.stat\n"
    "\n"
    "'softhca run --help' and 'softhca stat --help' say more.\n";

int main(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "run"))
		return launch_run(argc - 1, argv + 1);
	if (argc >= 2 && !strcmp(argv[1], "stat"))
		return launch_stat(argc - 1, argv + 1);
	if (argc >= 2 &&
	    (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc >= 2 && !strcmp(argv[1], "--version")) {
		puts("softhca " SOFTHCA_VERSION);
		return 0;
	}
	if (argc >= 2)
		fprintf(stderr, "softhca: '%s' is not a command (run, stat)\n", argv[1]);
	else
		fputs(usage, stderr);
	return EXIT_USAGE;
}
