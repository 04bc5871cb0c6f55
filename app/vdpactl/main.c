/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vdpactl: what vdpad does, on a command line, in the manner of iproute2's vdpa. A thin client: it
 * makes requests of words and text of answers; what words mean is the daemon's business.
 */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "print.h"

int main(int argc, char **argv)
{
	struct ctl ctl = {.client = {.fd = -1}};
	int err = ctl_options_parse(argc, argv, &ctl.options);

	if (err)
		return EXIT_FAILURE;
	if (ctl.options.version) {
		puts("vdpactl " VDPACTL_VERSION);
	} else {
		ctl.client.path = ctl.options.socket;
		ctl.client.timeout_s = ctl.options.timeout_s;
		ctl.n_words = ctl.options.n_words;
		ctl.words = ctl.options.words;
		err = ctl_command_run(&ctl);
		ctl_client_close(&ctl.client);
	}
	if (ctl_print_flush())
		err = -1;
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
